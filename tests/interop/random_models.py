"""Imports random ONNX models of one or a few operators with `cnnc` and compares what the texts compute with ONNX Runtime.

    python random_models.py CNNC [--cases 3000] [--seed 1] [--only WORD] [--list] [--keep FOLDER]

Each model has one operator in one of the operator sets 7 to 21 with random attributes, the unusual ones too, and random
constants; some have an operator before or behind it. A case is right where the outputs have the runtime's extents and
values, to 1e-4 of the largest; refused where `cnnc import` ends with code 1 and a reason; not run where the runtime itself
refuses the model. Anything else is wrong: then this script ends with code 1. `--list` prints each refusal, `--keep`
writes the wrong models into a folder.
"""
import argparse
import collections
import glob
import os
import random
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from backend import computed

ort.set_default_logger_severity(4)
TOLERANCE = 1e-4
UNARY = {
    "Relu": 7, "Sigmoid": 7, "Tanh": 7, "Softplus": 7, "Softsign": 7, "Exp": 7, "Abs": 7, "Neg": 7, "Identity": 7, "Erf": 9,
    "HardSwish": 14, "Mish": 18, "Sign": 9, "Reciprocal": 7, "Floor": 7, "Ceil": 7, "Sqrt": 7, "Log": 7, "Round": 11,
}
WITH_ALPHA = {"LeakyRelu": 7, "Elu": 7, "Celu": 12, "ThresholdedRelu": 10}


class Model:
    """A model in the making: its nodes, its constants, and the value that flows."""

    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.numbers = np.random.default_rng(seed)
        self.opset = self.rng.randint(7, 21)
        self.nodes, self.constants, self.value, self.shape = [], [], "input", None

    def pick(self, *choices):
        return self.rng.choice(choices)

    def maybe(self, share=0.5):
        return self.rng.random() < share

    def floats(self, *shape, low=-1.0, high=1.0):
        return self.constant(self.numbers.uniform(low, high, shape).astype(np.float32))

    def scalar(self, value):
        return self.constant(np.array(value, np.float32))

    def integers(self, values):
        return self.constant(np.array(values, np.int64))

    def constant(self, array):
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, kind, *inputs, outputs=1, **attributes):
        """Adds a node behind the current value; the first of its outputs becomes current."""
        name = f"v{len(self.nodes)}"
        others = [f"{name}_{index}" for index in range(1, outputs)]
        given = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(helper.make_node(kind, [self.value, *inputs], [name, *others], name=f"n{len(self.nodes)}", **given))
        self.value = name
        return [name, *others]

    def model(self):
        ports = [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.input)]
        outputs = [helper.make_empty_tensor_value_info(self.value)]
        outputs[0].type.tensor_type.elem_type = TensorProto.FLOAT
        graph = helper.make_graph(self.nodes, "net", ports, outputs, self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    # Inputs.

    def begin(self, rank):
        rng = self.rng
        channels = rng.choice([1, 2, 3, 4, 6, 8])
        sizes = [rng.choice([1, 2, 3, 5, 6, 7, 8, 9, 10, 12]) for _ in range(2)]
        if self.maybe(0.3):
            sizes[1] = sizes[0]
        self.input = self.shape = [1, channels, *sizes] if rank == 4 else [1, channels * sizes[0]]

    def axis(self, axis, rank=None):
        """The axis, or the same counted from the end."""
        return axis - (rank or len(self.shape)) if self.maybe(0.4) else axis

    # Operators. Each adds its nodes; what the runtime makes of them is the runtime's affair.

    def window(self, most):
        """Attributes of a window: kernel, strides, dilations, pads."""
        rng, kernel = self.rng, [self.rng.choice([1, 2, 3, 3, 4, 5]) for _ in range(2)]
        if self.maybe(0.5):
            kernel[1] = kernel[0]
        given = {"kernel_shape": kernel}
        if self.maybe(0.6):
            given["strides"] = [rng.choice([1, 2, 3]) for _ in range(2)] if self.maybe(0.4) else [self.pick(1, 2)] * 2
        pads = self.pick("none", "equal", "equal", "uneven", "auto")
        if pads == "equal":
            given["pads"] = [self.pick(0, 1, 2)] * 4
        elif pads == "uneven":
            given["pads"] = [rng.randint(0, most) for _ in range(4)]
        elif pads == "auto":
            given["auto_pad"] = self.pick("SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET")
        return given

    def conv(self):
        given, channels = self.window(3), self.shape[1]
        group = self.pick(*[g for g in (1, 1, 1, 2, 3, channels) if channels % g == 0])
        filters = group * self.pick(1, 2, 3)
        if self.maybe(0.3):
            given["dilations"] = [self.pick(1, 2, 3) for _ in range(2)]
        kernel = given["kernel_shape"]
        if self.maybe(0.15):
            del given["kernel_shape"]
        weight = self.floats(filters, channels // group, *kernel)
        bias = [self.floats(filters)] if self.maybe() else []
        if group > 1 or self.maybe(0.3):
            given["group"] = group
        self.node("Conv", weight, *bias, **given)

    def deconv(self):
        given, channels = self.window(2), self.shape[1]
        group = self.pick(*[g for g in (1, 1, 1, 2, channels) if channels % g == 0])
        filters = self.pick(1, 2, 3)
        if self.maybe(0.2):
            given["dilations"] = [self.pick(1, 2) for _ in range(2)]
        strides = given.get("strides", [1, 1])
        if self.maybe(0.3):
            given["output_padding"] = [self.rng.randrange(max(strides)) for _ in range(2)]
        if self.maybe(0.2):
            given["output_shape"] = [size * stride + self.pick(0, 0, 1, -1) for size, stride in zip(self.shape[2:], strides)]
        weight = self.floats(channels, filters, *given["kernel_shape"])
        bias = [self.floats(filters * group)] if self.maybe() else []
        self.node("ConvTranspose", weight, *bias, group=group, **given)

    def pool(self):
        kind = self.pick("MaxPool", "AveragePool", "AveragePool", "LpPool")
        given = self.window(2)
        if self.opset >= (18 if kind == "LpPool" else 10) and self.maybe(0.4):
            given["ceil_mode"] = 1
        if self.opset >= {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}[kind] and self.maybe(0.3):
            given["dilations"] = [self.pick(1, 2) for _ in range(2)]
        if kind == "AveragePool" and self.maybe():
            given["count_include_pad"] = self.pick(0, 1)
        if kind == "LpPool":
            given["p"] = self.pick(1, 2, 3)
        if kind == "MaxPool" and self.opset >= 8 and self.maybe(0.1):
            given["storage_order"] = 1
        self.node(kind, **given)

    def global_pool(self):
        self.node(self.pick("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"))

    def pad(self):
        rank = len(self.shape)
        low = -1 if self.maybe(0.4) else 0
        pads = [self.rng.randint(low, 2) if axis >= 2 or rank == 2 and axis == 1 or self.maybe(0.05) and axis else 0
                for axis in [*range(rank)] * 2]
        mode = self.pick("constant", "constant", "constant", "reflect", "edge", *(["wrap"] if self.opset >= 19 else []))
        value = self.pick(None, 0.0, 1.5, -2.0)
        mode = None if mode == "constant" and self.maybe() else mode
        if self.opset < 11:
            return self.node("Pad", pads=pads, mode=mode, value=value)
        axes = []
        if self.opset >= 18 and self.maybe(0.4):
            kept = [axis for axis in range(rank) if pads[axis] or pads[axis + rank]] or [rank - 1]
            self.rng.shuffle(kept)
            pads = [pads[axis] for axis in kept] + [pads[axis + rank] for axis in kept]
            axes = [self.integers([self.axis(axis) for axis in kept])]
        value = [] if value is None and not axes else [self.scalar(value or 0.0)]
        self.node("Pad", self.integers(pads), *value, *axes, mode=mode)

    def resize(self):
        sizes = self.shape[2:]
        if self.opset < 10:
            scales = [1.0, 1.0, float(self.pick(1, 2, 3)), float(self.pick(1, 2, 3, 1.5))]
            mode = self.pick("nearest", "linear", None)
            if self.opset < 9:
                return self.node("Upsample", mode=mode, scales=scales)
            return self.node("Upsample", self.constant(np.array(scales, np.float32)), mode=mode)
        factors = [self.pick(1, 2, 2, 3, 0.5, 1.5, 0.7, 4 / 3) for _ in range(2)]
        if self.maybe(0.6):
            factors[1] = factors[0]
        scales = np.array([1.0, 1.0, *factors], np.float32)
        if self.opset == 10:
            return self.node("Resize", self.constant(scales), mode=self.pick("nearest", "linear", None))
        given = {"mode": self.pick("nearest", "linear", "cubic", None)}
        places = ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", None]
        if self.opset >= 19:
            places.append("half_pixel_symmetric")
        given["coordinate_transformation_mode"] = self.rng.choice(places)
        if given["mode"] in (None, "nearest"):
            given["nearest_mode"] = self.pick("round_prefer_floor", "round_prefer_ceil", "floor", "ceil", None)
        if given["mode"] == "cubic":
            given["cubic_coeff_a"] = self.pick(-0.75, -0.5, None)
            given["exclude_outside"] = self.pick(0, 0, 1, None)
        if self.opset >= 18 and self.maybe(0.15):
            given["antialias"] = 1
        empty = self.constant(np.array([], np.float32))
        wanted = [1, self.shape[1], *[max(1, int(size * factor) + self.pick(0, 0, 1)) for size, factor in zip(sizes, factors)]]
        by_sizes = self.maybe()
        if self.opset >= 18 and self.maybe(0.4):
            given["axes"] = [self.axis(2), self.axis(3)]
            scales, wanted = scales[2:], wanted[2:]
            if by_sizes and self.maybe(0.3):
                given["keep_aspect_ratio_policy"] = self.pick("stretch", "not_larger", "not_smaller")
        roi = self.pick(empty, "") if self.opset >= 13 else empty
        if by_sizes:
            return self.node("Resize", roi, "" if self.opset >= 13 else empty, self.integers(wanted), **given)
        return self.node("Resize", roi, self.constant(scales), **given)

    def slice(self):
        rank = len(self.shape)
        axes = self.rng.sample(range(1, rank), self.rng.randint(1, rank - 1))
        starts, ends, steps = [], [], []
        for axis in axes:
            size = self.shape[axis]
            start, end = sorted(self.rng.sample(range(size + 1), 2)) if size > 0 else (0, 1)
            step = self.pick(1, 1, 1, 2, 3)
            if self.maybe(0.1) and self.opset >= 10:
                start, end, step = end - 1, (start - 1 if start else -size - 1), -step
            else:
                start = start - size if self.maybe(0.3) and start < size else start
                end = self.pick(end, end, 2**31 - 1, 2**63 - 1) if end == size else end - size if self.maybe(0.3) else end
            starts, ends, steps = [*starts, start], [*ends, end], [*steps, step]
        shown = [self.axis(axis) for axis in axes]
        if self.opset < 10:
            return self.node("Slice", starts=starts, ends=ends, axes=axes)
        last = [self.integers(steps)] if any(step != 1 for step in steps) or self.maybe(0.3) else []
        self.node("Slice", self.integers(starts), self.integers(ends), self.integers(shown), *last)

    def reshape(self):
        shape = self.shape
        count = int(np.prod(shape[1:]))
        wanted = self.pick([1, count], [1, -1], [0, -1], [-1, count], [1, count, 1, 1], [1, shape[1], -1], [0, 0, -1])
        if len(shape) == 4 and self.maybe():
            _, c, h, w = shape
            wanted = self.pick([0, c, w, h], [1, h, w, c], [1, c, h * w, 1], [1, c * h, w, 1], [1, 1, c * h, w], [0, 0, 0, 0],
                               [1, c, 1, h * w], [0, c * h * w], [-1, c, h, w], [1, -1, 1, 1])
        elif len(shape) == 2 and count % 2 == 0 and self.maybe():
            wanted = self.pick([1, 2, count // 2], [1, 2, 1, count // 2], [1, count // 2, 2, 1], [1, 1, 2, -1], [0, 2, -1, 1])
        allow = 1 if self.opset >= 14 and 0 not in wanted and self.maybe(0.2) else None
        self.node("Reshape", self.integers(wanted), allowzero=allow)

    def flatten(self):
        rank = len(self.shape)
        axis = self.pick(None, 1, 1, 0, 2, rank)
        if axis and self.opset >= 11 and self.maybe(0.4):
            axis = axis - rank if axis < rank else axis
        self.node("Flatten", axis=axis)

    def transpose(self):
        rank = len(self.shape)
        perm = list(range(rank))
        rest = perm[1:]
        self.rng.shuffle(rest)
        self.node("Transpose", perm=self.pick([0, *rest], [0, *rest], None))

    def squeeze(self):
        rank = len(self.shape)
        axes = [self.axis(axis) if self.opset >= 11 else axis for axis in range(1, rank) if self.shape[axis] == 1]
        if not axes or self.maybe(0.3):
            axes = sorted(self.rng.sample(range(1, rank + 2), 2 if self.maybe() else 1))
            if self.opset < 13:
                return self.node("Unsqueeze", axes=axes)
            return self.node("Unsqueeze", self.integers(axes))
        if self.opset < 13:
            return self.node("Squeeze", axes=axes)
        self.node("Squeeze", self.integers(axes))

    def reduce(self):
        kind = self.pick("ReduceMean", "ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1",
                         "ReduceSumSquare", "ReduceLogSumExp", "ReduceProd", "ReduceLogSum")
        rank = len(self.shape)
        axes = self.pick([2, 3], [1], [2], [3], [1, 2, 3], [1, 3], [3, 2]) if rank == 4 else [1]
        axes = [self.axis(axis) if self.opset >= 11 else axis for axis in axes]
        keep = self.pick(None, 0, 1)
        if self.opset >= (13 if kind == "ReduceSum" else 18):
            return self.node(kind, self.integers(axes), keepdims=keep, noop_with_empty_axes=self.pick(None, 0, 1))
        self.node(kind, axes=axes, keepdims=keep)

    def gemm(self):
        if len(self.shape) == 4:
            if self.maybe():
                return self.node("MatMul", self.floats(self.shape[3], self.pick(1, 2, 5)))
            self.node("Flatten")
            self.shape = [1, int(np.prod(self.shape))]
        size, outs = self.shape[1], self.pick(1, 2, 3, 7)
        if self.maybe(0.3):
            return self.node("MatMul", self.floats(size, outs))
        given = {"transB": self.pick(None, 0, 1), "alpha": self.pick(None, None, 0.5), "beta": self.pick(None, None, 2.0, 0.0)}
        if self.maybe(0.1):
            given["transA"] = self.pick(0, 1)
        weight = self.floats(*((outs, size) if given["transB"] else (size, outs)))
        bias = self.pick([outs], [1, outs], [1], [1, 1], [])
        third = [] if self.opset >= 11 and self.maybe(0.2) else [self.floats(*bias)]
        self.node("Gemm", weight, *third, **given)

    def norm(self):
        channels, kind = self.shape[1], self.pick("bn", "bn", "instance", "layer", "group", "lrn", "lp", "mvn")
        epsilon = self.pick(None, 1e-3, 1e-5)
        if kind == "instance" and len(self.shape) == 4:
            return self.node("InstanceNormalization", self.floats(channels), self.floats(channels), epsilon=epsilon)
        if kind == "layer" and self.opset >= 17:
            axis = self.pick(*range(1, len(self.shape)))
            sizes = self.shape[axis:]
            bias = [self.floats(*sizes)] if self.maybe() else []
            return self.node("LayerNormalization", self.floats(*sizes), *bias, epsilon=epsilon, axis=self.axis(axis))
        if kind == "group" and self.opset >= 18 and len(self.shape) == 4:
            groups = self.pick(*[g for g in (1, 2, 3, 4, channels) if channels % g == 0])
            size = groups if self.opset < 21 else channels
            given = self.floats(size), self.floats(size)
            return self.node("GroupNormalization", *given, num_groups=groups, epsilon=epsilon)
        if kind == "lrn" and len(self.shape) == 4:
            return self.node("LRN", size=self.pick(1, 2, 3, 4, 5), alpha=self.pick(None, 0.1), beta=self.pick(None, 0.5), bias=self.pick(None, 2.0))
        if kind == "lp":
            return self.node("LpNormalization", axis=self.pick(None, 1, -1, 2 if len(self.shape) == 4 else 1), p=self.pick(None, 1, 2))
        if kind == "mvn" and self.opset >= 9 and len(self.shape) == 4:
            return self.node("MeanVarianceNormalization", axes=self.pick(None, [2, 3], [1], [1, 2, 3]))
        spread = self.floats(channels, low=0.2, high=2.0)
        more = {"training_mode": 0} if self.opset >= 14 and self.maybe(0.3) else {}
        more |= {"momentum": 0.8} if self.maybe(0.3) else {}
        given = self.floats(channels), self.floats(channels), self.floats(channels), spread
        self.node("BatchNormalization", *given, epsilon=epsilon, **more)

    def unary(self):
        kinds = [kind for kind, since in UNARY.items() if since <= self.opset]
        self.node(self.rng.choice(kinds))

    def with_numbers(self):
        channels, rank = self.shape[1], len(self.shape)
        kind = self.pick("alpha", "clip", "hard", "selu", "prelu", "softmax", "gelu", "dropout", "shrink", "cast", "alpha")
        if kind == "clip":
            low, high = self.pick(None, 0.0, -0.5, -1.0), self.pick(None, 6.0, 0.5, 1.0)
            if self.opset < 11:
                return self.node("Clip", min=low, max=high)
            inputs = ["" if limit is None else self.scalar(limit) for limit in (low, high)]
            while inputs and not inputs[-1]:
                inputs.pop()
            return self.node("Clip", *inputs)
        if kind == "hard":
            return self.node("HardSigmoid", alpha=self.pick(None, 1 / 6, 0.5), beta=self.pick(None, 0.5, 0.4))
        if kind == "selu":
            return self.node("Selu", alpha=self.pick(None, 1.5), gamma=self.pick(None, 1.1))
        if kind == "prelu":
            shape = self.pick([1], [channels, 1, 1], [1, channels, 1, 1]) if rank == 4 else self.pick([1], [channels])
            return self.node("PRelu", self.floats(*shape))
        if kind == "softmax":
            axis = self.pick(None, 1, -1, 2, 3, -3) if rank == 4 else self.pick(None, 1, -1)
            if axis is not None and axis < 0 and self.opset < 11:
                axis = 1
            return self.node(self.pick("Softmax", "LogSoftmax", "Hardmax"), axis=axis)
        if kind == "gelu" and self.opset >= 20:
            return self.node("Gelu", approximate=self.pick(None, "none", "tanh"))
        if kind == "dropout":
            return self.node("Dropout", **({"ratio": 0.3} if self.opset < 12 else {}))
        if kind == "shrink" and self.opset >= 9:
            return self.node("Shrink", lambd=0.2, bias=self.pick(None, 0.1))
        if kind == "cast":
            return self.node("Cast", to=self.pick(TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT64))
        kinds = [one for one, since in WITH_ALPHA.items() if since <= self.opset]
        self.node(self.rng.choice(kinds), alpha=self.pick(None, 0.3, 0.7))

    def binary(self):
        kind = self.pick("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "PRelu", "Sum", "Mean")
        shape = self.shape
        if len(shape) == 4:
            _, c, h, w = shape
            other = self.pick([], [1], [c, 1, 1], [1, c, 1, 1], [1, 1, 1, 1], [w], [h, 1], [1, 1, h, w], [c, h, w], shape, [1, w])
        else:
            other = self.pick([], [1], [shape[1]], shape, [1, 1])
        number = self.pick("small", "whole")
        positive = kind in ("Div", "Pow")
        name = self.floats(*other, low=0.5 if positive else -1.0, high=2.0)
        if kind == "Pow" or number == "whole" and not other:
            name = self.constant(np.full(other, self.pick(1.0, 2.0, 0.5, 3.0), np.float32))
        swapped = kind not in ("PRelu",) and self.maybe(0.3)
        self.node(kind, name)
        if swapped:
            self.nodes[-1].input[:] = reversed(self.nodes[-1].input)

    def joined(self):
        """Two values that come from the same one."""
        first = self.value
        self.unary()
        second = self.value
        kind = self.pick("Add", "Sub", "Mul", "Div", "Max", "Min", "Concat", "Concat", "Sum", "Mean", "MatMul")
        self.value = first
        if kind != "Concat":
            return self.node(kind, second)
        self.node(kind, *self.pick([second], [second, first], [first]), axis=self.axis(self.pick(*range(1, len(self.shape))), None) if self.opset >= 11 else 1)

    def parts(self):
        rank = len(self.shape)
        axis = self.pick(*range(1, rank))
        size = self.shape[axis]
        if size < 2:
            return self.unary()
        cut = self.rng.randint(1, size - 1)
        sizes = [size // 2, size // 2] if size % 2 == 0 and self.maybe() else [cut, size - cut]
        shown = self.axis(axis) if self.opset >= 11 else axis
        if self.opset < 13:
            names = self.node("Split", outputs=2, axis=shown, split=sizes)
        else:
            names = self.node("Split", self.integers(sizes), outputs=2, axis=shown)
        names = self.pick(names, names[::-1])
        self.value = names[0]
        if self.maybe():
            self.node("Concat", names[1], axis=self.pick(axis, axis, 1))

    def gather(self):
        rank = len(self.shape)
        axis = self.pick(*range(1, rank))
        size = self.shape[axis]
        kind = self.pick("run", "one", "reverse", "any", "scalar")
        first = self.rng.randrange(size)
        index = {"run": list(range(first, size)), "one": [first], "reverse": list(range(size))[::-1],
                 "any": [self.rng.randrange(-size if self.opset >= 11 else 0, size) for _ in range(3)], "scalar": first}[kind]
        self.node("Gather", self.integers(index), axis=self.axis(axis) if self.opset >= 11 else axis)

    def squares(self):
        _, c, h, w = self.shape
        block = self.pick(2, 2, 3)
        if self.maybe():
            return self.node("SpaceToDepth", blocksize=block)
        self.node("DepthToSpace", blocksize=block, mode=self.pick("DCR", "CRD", None) if self.opset >= 11 else None)

    def tile(self):
        if self.maybe() or self.opset < 8:
            repeats = [1] * len(self.shape)
            repeats[self.pick(*range(1, len(repeats)))] = self.pick(1, 2)
            return self.node("Tile", self.integers(repeats))
        wanted = [max(size, self.pick(1, 1, 2) if size == 1 else size) for size in self.shape]
        self.node("Expand", self.integers(wanted))

    def few(self):
        """A node that the importer may join with its neighbour."""
        kind = self.pick("relu", "conv", "bn", "add", "mul", "pad", "pool", "flatten", "transpose")
        channels = self.shape[1]
        {
            "relu": lambda: self.node("Relu"),
            "conv": self.conv,
            "bn": self.norm,
            "add": lambda: self.node("Add", self.floats(channels, 1, 1)),
            "mul": lambda: self.node("Mul", self.floats(channels, 1, 1)),
            "pad": self.pad,
            "pool": self.pool,
            "flatten": lambda: self.node("Flatten"),
            "transpose": self.transpose,
        }[kind]()


MAPS = """conv conv conv conv deconv deconv pool pool pool pool global_pool pad pad resize resize resize slice slice reshape
reshape transpose reduce reduce norm norm unary with_numbers with_numbers binary binary joined parts gather squares tile flatten
squeeze gemm""".split()
VECTORS = "pad slice reshape transpose reduce gemm gemm norm unary with_numbers binary joined parts gather tile flatten squeeze".split()


def shape_behind(built):
    """The extents of the current value, if `onnx` can tell."""
    try:
        inferred = onnx.shape_inference.infer_shapes(built.model())
    except Exception:  # noqa: BLE001: an ill-formed model
        return None
    dims = [dim.dim_value for dim in inferred.graph.output[0].type.tensor_type.shape.dim]
    return dims if dims and min(dims) > 0 else None


def random_model(seed):
    """A word for the operator, and a model; `None` where the nodes do not fit together."""
    built = Model(seed)
    rank = 4 if built.maybe(0.8) else 2
    built.begin(rank)
    word = built.rng.choice(MAPS if rank == 4 else VECTORS)
    around = built.pick("alone", "alone", "before", "behind", "both")
    steps = [built.few] * (around in ("before", "both")) + [getattr(built, word)] + [built.few] * (around in ("behind", "both"))
    for step in steps:
        if len(built.shape) not in (2, 4) or len(built.shape) == 2 and step == built.few:
            break
        if len(built.shape) == 2 and step != built.few and word not in VECTORS:
            break
        step()
        shape = shape_behind(built)
        if shape is None:
            break
        built.shape = shape
    return (word, built) if built.nodes else None


def channels_last(built, text):
    """Whether the text has the channels of the model's input where they stand last."""
    shape = [int(size) for size in re.search(r"input ([0-9x]+)", text)[1].split("x")]
    first = [node for node in built.nodes if "input" in node.input]
    transposes = all(node.op_type == "Transpose" and node.attribute and list(node.attribute[0].ints) == [0, 3, 1, 2] for node in first)
    return len(shape) == 3 and shape == built.input[1:] and (transposes or shape != [*built.input[2:], built.input[1]])


def verdict(cnnc, built, folder):
    model = built.model()
    path, text = os.path.join(folder, "net.onnx"), os.path.join(folder, "net.cnn")
    for old in glob.glob(os.path.join(folder, "*")):
        os.remove(old)
    onnx.save(model, path)
    value = built.numbers.standard_normal(built.input).astype(np.float32)
    try:
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        session = ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        expected = session.run(None, {"input": value})[0]
    except Exception as error:  # noqa: BLE001: whatever the runtime says
        expected = f"{type(error).__name__}: {str(error)[:200]}"
    done = subprocess.run([cnnc, "import", path, "-o", text], capture_output=True, text=True)
    if done.returncode == 1:
        return ("refused" if "note:" in done.stderr or "help:" in done.stderr or "E0" in done.stderr else "WRONG"), done.stderr
    if done.returncode:
        return "WRONG", f"import ends with code {done.returncode}: {done.stderr}"
    if isinstance(expected, str):
        return "not run", expected + "\n" + open(text).read()
    if channels_last(built, open(text).read()):
        value = value.transpose(0, 3, 1, 2)
    outputs, failure = computed(cnnc, text, value)
    if outputs is None:
        return "WRONG", failure
    ours = outputs[0]
    if expected.dtype != np.float32:
        return "WRONG", f"the model gives {expected.dtype}\n{open(text).read()}"
    if expected.ndim == 4 and ours.shape != expected.shape:
        # The channels of an output may stand last in the model; the text has the same map.
        ours = ours.transpose(0, 2, 3, 1)
    if ours.shape != expected.shape and not (expected.ndim not in (2, 4) and ours.size == expected.size):
        return "WRONG", f"extents {ours.shape} instead of {expected.shape}\n{open(text).read()}"
    ours = ours.reshape(expected.shape)
    scale = max(1e-6, float(np.abs(expected[np.isfinite(expected)]).max(initial=0)))
    if not np.allclose(ours, expected, rtol=0, atol=TOLERANCE * scale, equal_nan=True):
        return "WRONG", f"differs by {np.nanmax(np.abs(ours - expected)) / scale:.1e}\n{open(text).read()}"
    return "right", ""


def reason(text):
    """What a refusal says of the first node, without names and numbers."""
    notes = [line.split("note: ", 1)[1] for line in text.splitlines() if "note: " in line]
    first = notes[0] if notes else text.strip().splitlines()[0]
    return re.sub(r"-?\d+(\.\d+)?(e-?\d+)?", "n", re.sub(r"`[^`]*`", "…", first))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cnnc")
    parser.add_argument("--cases", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep")
    given = parser.parse_args()
    table, reasons = {}, collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.seed * 1_000_000, given.seed * 1_000_000 + given.cases):
            made = random_model(seed)
            if made is None or given.only not in made[0]:
                continue
            word, built = made
            kind, said = verdict(given.cnnc, built, folder)
            table.setdefault(word, collections.Counter())[kind] += 1
            nodes = " → ".join(node.op_type for node in built.nodes)
            if kind == "refused":
                reasons[reason(said)] += 1
            if kind == "WRONG" or given.list and kind != "right":
                print(f"{kind}: {seed} {nodes}, operator set {built.opset}, {built.input}: {said.strip()[:800]}", flush=True)
            if kind == "WRONG" and given.keep:
                os.makedirs(given.keep, exist_ok=True)
                onnx.save(built.model(), os.path.join(given.keep, f"{seed}.onnx"))
    for said, count in reasons.most_common():
        print(f"{count} refused: {said}")
    kinds = ("right", "refused", "not run", "WRONG")
    print("| operator | " + " | ".join(kinds) + " |\n|" + "---|" * (len(kinds) + 1))
    for word, counts in sorted(table.items()):
        print(f"| {word} | " + " | ".join(str(counts[kind]) for kind in kinds) + " |")
    totals = [sum(counts[kind] for counts in table.values()) for kind in kinds]
    print("| all | " + " | ".join(map(str, totals)) + " |")
    return totals[-1] > 0


if __name__ == "__main__":
    sys.exit(main())
