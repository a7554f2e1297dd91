"""Variants of a few networks: opsets, names removed, half precision, external data, several outputs.

    python variants.py CNNC [opsets|nameless|half|external|heads|opset19]...      one line a file, all kinds without a name
    TF_PYTHON variants.py CNNC keras --export FOLDER                      with tensorflow and tf2onnx: writes the files
    python variants.py CNNC keras --compare FOLDER                        with onnxruntime: compares them
"""
import os
import sys
import tempfile

OPSET_MODELS = ["resnet18", "mobilenet_v3_small", "efficientnet_b0", "shufflenet_v2_x1_0", "squeezenet1_0", "googlenet"]
NAMELESS_MODELS = ["resnet18", "resnet50", "mobilenet_v2", "mobilenet_v3_small", "efficientnet_b0", "densenet121",
                   "googlenet", "shufflenet_v2_x1_0", "squeezenet1_0", "regnet_y_400mf"]
KERAS_MODELS = ["MobileNetV2", "ResNet50V2", "EfficientNetB0"]


def strip_names(path, to):
    """Nodes and values are numbered; metadata is dropped."""
    import onnx
    model = onnx.load(path)
    graph = model.graph
    names = {port.name for port in list(graph.input) + list(graph.output)}
    new = {name: name for name in names}
    short = lambda name: new.setdefault(name, f"v{len(new)}") if name else ""
    for tensor in graph.initializer:
        tensor.name = short(tensor.name)
    for node in graph.node:
        node.name, node.doc_string = "", ""
        del node.metadata_props[:]
        node.input[:] = [short(name) for name in node.input]
        node.output[:] = [short(name) for name in node.output]
    del graph.value_info[:]
    onnx.save(model, to)


def with_floats(path, to, source, target, dtype):
    """The model with its weights, inputs and outputs of one floating-point type in another."""
    import onnx
    from onnx import numpy_helper

    def converted(tensor):
        return numpy_helper.from_array(numpy_helper.to_array(tensor).astype(dtype), tensor.name)

    model = onnx.load(path)
    for tensor in model.graph.initializer:
        if tensor.data_type == source:
            tensor.CopyFrom(converted(tensor))
    for port in list(model.graph.input) + list(model.graph.output):
        port.type.tensor_type.elem_type = target
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t") and attribute.t.data_type == source:
                attribute.t.CopyFrom(converted(attribute.t))
    del model.graph.value_info[:]
    onnx.save(model, to)


def halve(path, to):
    """Weights, inputs and outputs in half precision."""
    from onnx import TensorProto
    with_floats(path, to, TensorProto.FLOAT, TensorProto.FLOAT16, "float16")


def widened(path, to):
    """The same model with its half-precision weights as floats, for a runtime whose arithmetic is compared."""
    from onnx import TensorProto
    with_floats(path, to, TensorProto.FLOAT16, TensorProto.FLOAT, "float32")


def heads():
    """Networks with several outputs: of torchvision, and a U-Net written here."""
    import torch
    import torchvision
    from torch import nn

    class Heads(nn.Module):
        """A detector without its boxes: features of several sizes, and the two heads over them."""

        def __init__(self, detector):
            super().__init__()
            self.backbone, self.head = detector.backbone, detector.head

        def forward(self, x):
            outputs = []
            for features in self.backbone(x).values():
                for head in self.head.children():
                    if hasattr(head, "conv"):
                        last = getattr(head, "cls_logits", None) or head.bbox_reg
                        outputs.append(last(head.conv(features)))
            return tuple(outputs)

    class Ssd(nn.Module):
        def __init__(self, detector):
            super().__init__()
            self.backbone, self.head = detector.backbone, detector.head

        def forward(self, x):
            outputs = []
            for index, features in enumerate(self.backbone(x).values()):
                for head in (self.head.classification_head, self.head.regression_head):
                    outputs.append(head.module_list[index](features))
            return tuple(outputs)

    class Segments(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            return tuple(self.model(x).values())

    def twice(inputs, outputs):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(),
                             nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            widths = [16, 32, 64, 128]
            self.down = nn.ModuleList(twice(a, b) for a, b in zip([3] + widths, widths))
            self.up = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(widths, widths[1:]))
            self.merge = nn.ModuleList(twice(2 * a, a) for a in widths[:-1])
            self.head, self.pool = nn.Conv2d(widths[0], 2, 1), nn.MaxPool2d(2)

        def forward(self, x):
            kept = []
            for index, down in enumerate(self.down):
                x = down(self.pool(x) if index else x)
                kept.append(x)
            for index in (2, 1, 0):
                x = self.merge[index](torch.cat([kept[index], self.up[index](x)], 1))
            return self.head(x)

    detection, segmentation = torchvision.models.detection, torchvision.models.segmentation
    plain = {"weights": None, "weights_backbone": None}
    return [
        ("unet", UNet(), 64),
        ("ssd300_vgg16", Ssd(detection.ssd300_vgg16(**plain)), 300),
        ("ssdlite320_mobilenet_v3_large", Ssd(detection.ssdlite320_mobilenet_v3_large(**plain)), 320),
        ("retinanet_resnet50_fpn", Heads(detection.retinanet_resnet50_fpn(**plain)), 256),
        ("deeplabv3_mobilenet_v3_large", Segments(segmentation.deeplabv3_mobilenet_v3_large(aux_loss=True, **plain)), 224),
        ("fcn_resnet50", Segments(segmentation.fcn_resnet50(aux_loss=True, **plain)), 224),
        ("lraspp_mobilenet_v3_large", Segments(segmentation.lraspp_mobilenet_v3_large(**plain)), 224),
    ]


def files(kind, folder):
    """Name, file, and the file that ONNX Runtime is to run instead, if any."""
    import onnx.version_converter
    import export_models
    path = lambda name: os.path.join(folder, name + ".onnx")
    torchvision = export_models.torchvision_model
    if kind in ("opsets", "opset19"):
        for name in OPSET_MODELS:
            for opset in [19] if kind == "opset19" else range(9, 21):
                to = path(f"{name}_{opset}")
                if opset == 19:  # torch does not write it
                    export_models.export(torchvision(name), (3, 224, 224), to, opset=18)
                    onnx.save(onnx.version_converter.convert_version(onnx.load(to), opset), to)
                else:
                    export_models.export(torchvision(name), (3, 224, 224), to, opset=opset)
                yield f"{name} opset {opset}", to, None
    elif kind == "nameless":
        for name in NAMELESS_MODELS:
            export_models.export(torchvision(name), (3, 224, 224), path(name))
            strip_names(path(name), path("n_" + name))
            yield name, path("n_" + name), None
    elif kind == "half":
        for name in ("resnet18", "mobilenet_v3_small"):
            export_models.export(torchvision(name), (3, 224, 224), path(name))
            halve(path(name), path("h_" + name))
            widened(path("h_" + name), path("w_" + name))
            yield name, path("h_" + name), path("w_" + name)
    elif kind == "external":
        for name in ("resnet18", "mobilenet_v3_small"):
            export_models.export(torchvision(name), (3, 224, 224), path(name))
            onnx.save(onnx.load(path(name)), path("e_" + name), save_as_external_data=True, size_threshold=0,
                      location=name + ".data")
            yield name, path("e_" + name), None
    elif kind == "heads":
        for name, model, size in heads():
            export_models.export(model, (3, size, size), path(name), opset=17)
            yield name, path(name), None


def keras_files(folder):
    import keras
    import tensorflow as tf
    import tf2onnx
    os.makedirs(folder, exist_ok=True)
    for name in KERAS_MODELS:
        model = getattr(keras.applications, name)(weights=None)
        for weight in model.weights:
            if "moving_variance" in weight.path:
                weight.assign(tf.random.uniform(weight.shape, 0.75, 1.25))
        function = tf.function(lambda x: model(x, training=False),
                               input_signature=[tf.TensorSpec((1, *model.input_shape[1:]), tf.float32, name="image")])
        tf2onnx.convert.from_function(function, input_signature=function.input_signature, opset=17,
                                      output_path=os.path.join(folder, name + ".onnx"))


def main():
    cnnc, kinds = sys.argv[1], sys.argv[2:]
    if "--export" in kinds:
        return keras_files(kinds[-1])
    import compare
    if "--compare" in kinds:
        found = ((name, os.path.join(kinds[-1], name + ".onnx"), None) for name in KERAS_MODELS)
        for name, path, other in found:
            with tempfile.TemporaryDirectory() as folder:
                compare.show(name, compare.compare(cnnc, path, folder, (), other))
        return None
    for kind in kinds or ["opsets", "nameless", "half", "external", "heads"]:
        with tempfile.TemporaryDirectory() as folder:
            for name, path, other in files(kind, folder):
                with tempfile.TemporaryDirectory() as inner:
                    try:
                        result = compare.compare(cnnc, path, inner, (), other)
                    except Exception as error:
                        result = {"verdict": "failed", "why": f"{type(error).__name__}: {str(error)[:200]}"}
                compare.show(f"{kind}: {name}", result)
                for file in os.listdir(folder):
                    os.remove(os.path.join(folder, file))
    return None


if __name__ == "__main__":
    main()
