"""Writes the small models that the tests of the importer read, `tests/fixtures/onnx`.

    python tests/interop/tiny_models.py FOLDER

Values are drawn from a fixed seed; nothing here needs more than the package onnx.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

generator = np.random.default_rng(7)


class Model:
    def __init__(self):
        self.nodes, self.tensors, self.count = [], [], 0

    def weight(self, name, *shape, values=None):
        if values is None:
            values = generator.standard_normal(shape).astype(np.float32) * 0.3
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def node(self, kind, *inputs, name="", output=None, **attributes):
        self.count += 1
        output = output or f"v{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=name, **attributes))
        return output

    def conv(self, value, path, channels_in, channels_out, kernel, bias=True, **attributes):
        inputs = [value, self.weight(f"{path}.weight", channels_out, channels_in, kernel, kernel)]
        if bias:
            inputs.append(self.weight(f"{path}.bias", channels_out))
        return self.node("Conv", *inputs, name="/" + path.replace(".", "/") + "/Conv", **attributes)

    def bn(self, value, path, channels):
        names = [self.weight(f"{path}.{part}", channels) for part in ("weight", "bias", "running_mean")]
        names.append(self.weight(f"{path}.running_var", values=np.full(channels, 0.7, np.float32)))
        return self.node("BatchNormalization", value, *names)

    def save(self, path, inputs, outputs, opset=17, **options):
        value = lambda name, shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        graph = helper.make_graph(self.nodes, "g", [value(*one) for one in inputs],
                                  [value(name, None) for name in outputs], self.tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        model.producer_name = ""
        onnx.save(model, path, **options)


def residual(folder):
    """Two residual blocks, the second with a projection; a pool and a classifier."""
    m = Model()
    x = m.node("Relu", m.bn(m.conv("x", "conv1", 3, 4, 3, bias=False, pads=[1, 1, 1, 1]), "bn1", 4))
    channels = 4
    for path, width, stride in (("layer1.0", 4, 1), ("layer2.0", 8, 2), ("layer2.1", 8, 1)):
        y = m.conv(x, f"{path}.conv1", channels, width, 3, bias=False, pads=[1] * 4, strides=[stride] * 2)
        y = m.node("Relu", m.bn(y, f"{path}.bn1", width))
        y = m.bn(m.conv(y, f"{path}.conv2", width, width, 3, bias=False, pads=[1] * 4), f"{path}.bn2", width)
        if stride != 1:
            x = m.bn(m.conv(x, f"{path}.downsample.0", channels, width, 1, bias=False, strides=[stride] * 2),
                     f"{path}.downsample.1", width)
        x, channels = m.node("Relu", m.node("Add", y, x)), width
    x = m.node("Flatten", m.node("GlobalAveragePool", x))
    weight, bias = m.weight("fc.weight", 5, 8), m.weight("fc.bias", 5)
    m.node("Gemm", x, weight, bias, output="y", transB=1)
    m.save(os.path.join(folder, "residual.onnx"), [("x", ["batch", 3, 8, 8])], ["y"])


def shuffle(folder):
    """Shape arithmetic, a split, a channel shuffle and a depthwise convolution."""
    m = Model()
    shape = m.node("Shape", "x")
    m.weight("zero", values=np.array(0, np.int64))
    batch = m.node("Unsqueeze", m.node("Gather", shape, "zero"), m.weight("axis", values=np.array([0], np.int64)))
    m.count += 2
    m.nodes.append(helper.make_node("Split", ["x"], ["left", "right"], axis=1))
    y = m.node("Conv", "right", m.weight("branch.weight", 4, 1, 3, 3), group=4, pads=[1] * 4)
    y = m.node("Concat", "left", y, axis=1)
    target = m.node("Concat", batch, m.weight("five", values=np.array([2, 4, 6, 6], np.int64)), axis=0)
    y = m.node("Transpose", m.node("Reshape", y, target), perm=[0, 2, 1, 3, 4])
    m.node("Reshape", y, m.weight("four", values=np.array([0, -1, 6, 6], np.int64)), output="y")
    m.save(os.path.join(folder, "shuffle.onnx"), [("x", [1, 8, 6, 6])], ["y"])


def channels_last(folder):
    """A model as TensorFlow's exporters write it: transpositions, and normalisation as products and sums."""
    m = Model()
    x = m.node("Transpose", "image", perm=[0, 3, 1, 2])
    x = m.node("Conv", x, m.weight("stem/kernel", 4, 3, 3, 3), auto_pad="SAME_UPPER", strides=[2, 2])
    x = m.node("Transpose", x, perm=[0, 2, 3, 1])
    x = m.node("Mul", x, m.weight("stem/scale", values=generator.random(4, np.float32) + 0.5))
    x = m.node("Add", x, m.weight("stem/shift", 4))
    x = m.node("Relu", x)
    x = m.node("ReduceMean", x, axes=[1, 2], keepdims=0)
    m.node("Add", m.node("MatMul", x, m.weight("top/kernel", 4, 3)), m.weight("top/bias", 3), output="y")
    m.save(os.path.join(folder, "channels_last.onnx"), [("image", [1, 8, 8, 3])], ["y"])


def activations(folder):
    """Activations as exporters write them out."""
    m = Model()
    number = lambda value: m.weight(f"c{len(m.tensors)}", values=np.array(value, np.float32))
    x = m.node("Mul", "x", m.node("Sigmoid", "x"))
    half = m.node("Erf", m.node("Div", x, number(2 ** 0.5)))
    x = m.node("Mul", m.node("Mul", x, m.node("Add", half, number(1))), number(0.5))
    gate = m.node("Clip", m.node("Add", x, number(3)), number(0), number(6))
    x = m.node("Div", m.node("Mul", x, gate), number(6))
    m.node("HardSigmoid", x, alpha=1 / 6, output="y")
    m.save(os.path.join(folder, "activations.onnx"), [("x", [1, 4, 5, 5])], ["y"])


def constants(folder):
    """Arithmetic with constants, and an input that is an output, too."""
    m = Model()
    value = m.node("Mul", "x", m.weight("third", values=np.float32(0.3)))
    value = m.node("Add", m.node("Relu", value), m.weight("two", values=np.float32(2)))
    m.node("Div", value, m.weight("four", values=np.float32(4)), output="y")
    m.node("Identity", "x", output="same")
    m.save(os.path.join(folder, "constants.onnx"), [("x", [1, 3, 4, 4])], ["y", "same"])


def refused(folder):
    """A convolutional part that can be written, and a product of two values behind it."""
    m = Model()
    x = m.node("Relu", m.conv("x", "conv1", 3, 4, 3), name="/relu/Relu", output="features")
    flat = m.node("Reshape", x, m.weight("shape", values=np.array([1, 4, 36], np.int64)))
    m.node("MatMul", flat, m.node("Transpose", flat, perm=[0, 2, 1]), name="/attention/MatMul", output="y")
    m.save(os.path.join(folder, "refused.onnx"), [("x", [1, 3, 8, 8])], ["y"])


def unread_attribute(folder):
    """An attribute that no rule reads."""
    m = Model()
    m.node("Pad", "x", m.weight("pads", values=np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)), mode="wrong", output="y")
    m.save(os.path.join(folder, "unread_attribute.onnx"), [("x", [1, 3, 8, 8])], ["y"], opset=13)


def fractional_corners(folder):
    """Corners aligned over 2.4 columns: the standard rounds the size down, but not the positions."""
    m = Model()
    m.weight("scales", values=np.array([1, 1, 0.6, 0.6], np.float32))
    m.node("Resize", "x", "", "scales", output="y", mode="linear", coordinate_transformation_mode="align_corners")
    m.save(os.path.join(folder, "fractional_corners.onnx"), [("x", [1, 1, 2, 4])], ["y"])


def training_statistics(folder):
    """Opset 6: without `is_test` a batch normalisation computes its own statistics."""
    m = Model()
    m.node("Relu", m.bn("x", "bn", 2), output="y")
    m.save(os.path.join(folder, "training_statistics.onnx"), [("x", [1, 2, 4, 4])], ["y"], opset=6)


def channel_attention(folder):
    """Efficient channel attention: a convolution of one axis over the channels, spread over the map."""
    m = Model()
    ints = lambda name, *values: m.weight(name, values=np.array(values, np.int64))
    y = m.node("Reshape", m.node("ReduceMean", "x", axes=[2, 3], keepdims=0), ints("line", 1, 1, -1))
    y = m.node("Conv", y, m.weight("attn.conv.weight", 1, 1, 3), name="/attn/conv/Conv", pads=[1, 1])
    y = m.node("Reshape", m.node("Sigmoid", y), ints("map", 1, -1, 1, 1))
    y = m.node("Expand", y, m.node("Shape", "x"))
    m.node("Mul", "x", y, output="y")
    m.save(os.path.join(folder, "channel_attention.onnx"), [("x", [1, 8, 6, 6])], ["y"])


def spread(folder):
    """A value that is repeated over a map, and taken by a sum."""
    m = Model()
    y = m.node("Expand", m.node("GlobalAveragePool", "x"), m.node("Shape", "x"), name="/Expand")
    m.node("Add", "x", y, name="/Add", output="y")
    m.save(os.path.join(folder, "spread.onnx"), [("x", [1, 8, 6, 6])], ["y"])


def focus(folder):
    """Every second row and column in four ways, as the first layer of a detector has them."""
    m = Model()
    for axis in (2, 3):
        m.weight(f"axis{axis}", values=np.array([axis], np.int64))
    for number in (0, 1, 2, 2**31 - 1):
        m.weight(f"n{number}", values=np.array([number], np.int64))
    every = lambda value, axis, first: m.node("Slice", value, f"n{first}", f"n{2**31 - 1}", f"axis{axis}", "n2")
    rows = [every("x", 2, 0), every("x", 2, 1)]
    parts = [every(rows[row], 3, column) for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
    m.conv(m.node("Concat", *parts, axis=1), "stem", 12, 4, 1)
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "focus.onnx"), [("x", [1, 3, 8, 8])], ["y"])


def response(folder):
    """Global response normalisation: lengths of channels over a map, and factors that stand as single numbers."""
    m = Model()
    x = m.conv("x", "conv", 3, 4, 3)
    x = m.node("Add", m.node("Mul", m.weight("factor", 1), x), m.weight("shift", 1))
    m.weight("places", values=np.array([2, 3], np.int64))
    length = m.node("ReduceL2", x, "places")
    mean = m.node("ReduceMean", length, axes=[1])
    share = m.node("Div", length, m.node("Add", mean, m.weight("eps", values=np.array(1e-6, np.float32))))
    m.node("Mul", x, share, output="y")
    m.save(os.path.join(folder, "response.onnx"), [("x", [1, 3, 8, 8])], ["y"])


def no_bias(folder):
    """A product without a bias, but with a factor for it."""
    m = Model()
    m.node("Gemm", "x", m.weight("fc.weight", 5, 8), output="y", transB=1, beta=1.0)
    m.save(os.path.join(folder, "no_bias.onnx"), [("x", [1, 8])], ["y"])


def open_extents(folder):
    """An input of open height and width."""
    m = Model()
    m.node("Relu", m.conv("x", "conv1", 3, 4, 3), output="y")
    m.save(os.path.join(folder, "open_extents.onnx"), [("x", ["n", 3, "height", "width"])], ["y"])


def several(folder):
    """Two inputs and two outputs."""
    m = Model()
    left = m.conv("left", "enc_left", 3, 4, 3)
    right = m.conv("right", "enc_right", 3, 4, 3)
    both = m.node("Concat", left, right, axis=1, output="both")
    m.conv(both, "head", 8, 2, 1)
    m.nodes[-1].output[0] = "score"
    m.save(os.path.join(folder, "several.onnx"), [("left", [1, 3, 8, 8]), ("right", [1, 3, 8, 8])], ["both", "score"])


def external(folder):
    """Weights in a file beside the model."""
    m = Model()
    m.node("Relu", m.conv("x", "conv1", 3, 4, 3), output="y")
    data = os.path.join(folder, "external.onnx.data")
    if os.path.exists(data):
        os.remove(data)
    m.save(os.path.join(folder, "external.onnx"), [("x", [1, 3, 8, 8])], ["y"], save_as_external_data=True,
           location="external.onnx.data", size_threshold=0)


def written_out(folder):
    """Sums, picked channels, a factor, a normalisation and a softmax as functions and exporters write them out."""
    m = Model()
    number = lambda value: m.weight(f"c{len(m.tensors)}", values=np.array(value, np.float32))
    whole = lambda *values: m.weight(f"i{len(m.tensors)}", values=np.array(values, np.int64))
    x = m.node("ReduceSum", "x", whole(2), keepdims=1)
    x = m.node("Gather", x, whole(0, 1, 4, 5), axis=1)
    x = m.node("Mul", m.node("Tanh", x), number(3))
    x = m.node("Gemm", m.node("Flatten", x), m.weight("fc.weight", 5, 24), alpha=0.5, transB=1)
    mean = m.node("ReduceMean", m.node("Mul", x, x), axes=[1])
    x = m.node("Div", x, m.node("Sqrt", m.node("Add", mean, number(1e-6))))
    x = m.node("Mul", x, m.weight("norm.weight", 5))
    x = m.node("Sub", x, m.node("ReduceMax", x, axes=[-1]))
    above = m.node("Exp", x)
    m.node("Div", above, m.node("ReduceSum", above, whole(-1)), output="y")
    m.save(os.path.join(folder, "written_out.onnx"), [("x", [1, 8, 4, 6])], ["y"])


def mean_less_value(folder):
    """A value less its mean over the channels, which no form of the language says."""
    m = Model()
    m.node("Sub", "x", m.node("ReduceMean", "x", axes=[1]), output="y")
    m.save(os.path.join(folder, "mean_less_value.onnx"), [("x", [1, 8, 4, 6])], ["y"])


def named_out(folder):
    """An output called `out` that is not the last value."""
    m = Model()
    m.conv("x", "head", 3, 4, 1)
    m.nodes[-1].output[0] = "out"
    m.node("Relu", m.conv("out", "mask", 4, 2, 1), output="score")
    m.save(os.path.join(folder, "named_out.onnx"), [("x", [1, 3, 8, 8])], ["out", "score"])


def parted(folder):
    """A convolution whose bias is added behind a `Pad`: two operators with tensors of one module."""
    m = Model()
    x = m.conv("x", "conv1", 3, 4, 3, bias=False)
    x = m.node("Pad", x, m.weight("pads", values=np.array([0, 0, 0, 0, 0, 0, 1, 1], np.int64)))
    m.node("Add", x, m.weight("conv1.bias", 4, 1, 1), output="y")
    m.save(os.path.join(folder, "parted.onnx"), [("x", [1, 3, 8, 8])], ["y"])


def padded_at_the_end(folder):
    """Windows of stride 2 that pad at the end only, as TensorFlow does for even extents, beside those of stride 1."""
    m = Model()
    x = m.conv("x", "stem", 3, 4, 3, pads=[0, 0, 1, 1], strides=[2, 2])
    for path, stride, pads in (("blocks.0", 2, [1, 1, 2, 2]), ("blocks.1", 1, [2, 2, 2, 2])):
        x = m.node("Relu", m.conv(x, f"{path}.conv", 4, 4, 5, pads=pads, strides=[stride] * 2))
        x = m.conv(x, f"{path}.point", 4, 4, 1)
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "padded_at_the_end.onnx"), [("x", [1, 3, 16, 16])], ["y"])


def rounded_up_pools(folder):
    """Maxima that pad at the end by what a framework adds that rounds the number of windows up."""
    m = Model()
    x = m.node("MaxPool", m.conv("x", "conv1", 3, 4, 3, pads=[1] * 4), kernel_shape=[3, 3], strides=[2, 2],
               pads=[0, 0, 1, 1])
    m.node("MaxPool", m.conv(x, "conv2", 4, 4, 3, pads=[1] * 4), kernel_shape=[4, 3], strides=[3, 2],
           pads=[1, 0, 3, 1], output="y")
    m.save(os.path.join(folder, "rounded_up_pools.onnx"), [("x", [1, 3, 16, 16])], ["y"])


def pooled_shortcuts(folder):
    """Residual blocks whose shortcuts pool before they convolve, and whose bodies pool too, but for the first stage."""
    m = Model()
    x, channels = "x", 4
    for path, width, stride in (("layer1.0", 4, 1), ("layer2.0", 8, 2), ("layer3.0", 16, 2)):
        pool = lambda value: m.node("AveragePool", value, kernel_shape=[2, 2], strides=[2, 2]) if stride > 1 else value
        y = m.node("Relu", m.conv(x, f"{path}.conv1", channels, width, 3, pads=[1] * 4))
        y = m.conv(pool(y), f"{path}.conv2", width, width, 1)
        short = m.conv(pool(x), f"{path}.downsample.1", channels, width, 1)
        x, channels = m.node("Relu", m.node("Add", y, short)), width
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "pooled_shortcuts.onnx"), [("x", [1, 4, 8, 8])], ["y"])


def numbered_from_one(folder):
    """Blocks that are numbered from 1, the first of which changes the shape and so has no skip."""
    m = Model()
    x, channels = "x", 3
    for number, width, stride in ((1, 8, 2), (2, 8, 1), (3, 8, 1)):
        path = f"s1.b{number}"
        y = m.node("Relu", m.conv(x, f"{path}.conv1", channels, 16, 1))
        y = m.conv(y, f"{path}.conv2", 16, width, 3, pads=[1] * 4, strides=[stride] * 2)
        x, channels = y if stride > 1 else m.node("Add", y, x), width
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "numbered_from_one.onnx"), [("x", [1, 3, 8, 8])], ["y"])


def normalised_picture(folder):
    """A picture whose channels stand last, normalised before they are put first."""
    m = Model()
    x = m.node("Mul", "picture", m.weight("scale", values=np.array(0.25, np.float32)))
    x = m.node("Sub", x, m.weight("mean", values=np.array([[[[0.5, 0.25, 0.125]]]], np.float32)))
    m.conv(m.node("Transpose", x, perm=[0, 3, 1, 2]), "stem", 3, 4, 3)
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "normalised_picture.onnx"), [("picture", [1, 6, 8, 3])], ["y"])


def outputs_of_modules(folder):
    """Outputs that are made in the middle of modules, called by the paths of their nodes."""
    m = Model()
    x = m.conv("x", "trunk.0", 3, 4, 3)
    x = m.node("Relu", m.conv(x, "trunk.1.first", 4, 4, 3), output="/trunk/1/Relu.out")
    x = m.conv(x, "trunk.1.second", 4, 4, 1)
    m.conv(m.node("Relu", x, output="/trunk/Relu.out"), "trunk.2", 4, 2, 1)
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "outputs_of_modules.onnx"), [("x", [1, 3, 8, 8])],
           ["/trunk/1/Relu.out", "/trunk/Relu.out", "y"])


def two_activations(folder):
    """Blocks that differ in their activation, in one word of the author."""
    m = Model()
    x, kinds = "x", ("Relu", "Relu", "Sigmoid")
    for number, kind in enumerate(kinds):
        y = m.node(kind, m.conv(x, f"layers.{number}.first", 4, 8, 1))
        y = m.node(kind, m.conv(y, f"layers.{number}.second", 8, 8, 3, pads=[1] * 4))
        x = m.node("Add", m.conv(y, f"layers.{number}.third", 8, 4, 1), x)
    m.nodes[-1].output[0] = "y"
    m.save(os.path.join(folder, "two_activations.onnx"), [("x", [1, 4, 8, 8])], ["y"])


def partial_stages(folder):
    """Two stages of a detector, whose values are all put together at the end of each, and two heads of numbered modules."""
    m = Model()
    zero, two, four, axis = (m.weight(f"n{number}", values=np.array([number], np.int64)) for number in (0, 2, 4, 1))
    x = "x"
    for stage, kept in (("1", 1), ("2", 2)):
        x = m.conv(x, f"stages.{stage}.cv1", 4, 4, 1)
        parts = [m.node("Slice", x, zero, two, axis), m.node("Slice", x, two, four, axis)]
        for number in range(kept):
            path = f"stages.{stage}.m.{number}"
            y = m.node("Relu", m.conv(parts[-1], f"{path}.cv1", 2, 2, 3, pads=[1] * 4))
            parts.append(m.node("Add", parts[-1], m.conv(y, f"{path}.cv2", 2, 2, 3, pads=[1] * 4),
                                name=f"/stages/{stage}/m/{number}/Add"))
        x = m.node("Concat", *parts, axis=1, name=f"/stages/{stage}/Concat")
        x = m.conv(x, f"stages.{stage}.cv2", 2 * len(parts), 4, 1)
    for head, width in (("box", 8), ("class", 3)):
        y = m.node("Relu", m.conv(x, f"{head}.0.conv", 4, 4, 3), name=f"/{head}/0/act/Relu")
        y = m.node("Relu", m.conv(y, f"{head}.1.conv", 4, 4, 3), name=f"/{head}/1/act/Relu")
        m.conv(y, f"{head}.2", 4, width, 1)
        m.nodes[-1].output[0] = head + "es"
    m.save(os.path.join(folder, "partial_stages.onnx"), [("x", [1, 4, 8, 8])], ["boxes", "classes"])


def read_differently(folder):
    """A pool that runtimes pad in different ways, and an output whose rows and columns are exchanged."""
    m = Model()
    m.node("MaxPool", "x", name="/pool/MaxPool", output="pooled", kernel_shape=[3, 3], dilations=[2, 2], auto_pad="SAME_UPPER")
    m.node("Transpose", m.node("Relu", "x"), output="turned", perm=[0, 1, 3, 2])
    m.save(os.path.join(folder, "read_differently.onnx"), [("x", [1, 2, 8, 6])], ["pooled", "turned"])


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    for make in (residual, shuffle, channels_last, activations, constants, refused, unread_attribute, open_extents, several,
                 external, fractional_corners, training_statistics, written_out, mean_less_value, channel_attention,
                 spread, focus, response, no_bias, named_out, parted, padded_at_the_end, pooled_shortcuts,
                 numbered_from_one, normalised_picture, outputs_of_modules, two_activations, partial_stages,
                 rounded_up_pools, read_differently):
        make(sys.argv[1])
