"""Exports networks of torchvision as docs/from-pytorch.md says, and writes their graphs without the weights.

    python graphs.py CNNC        writes tests/fixtures/graphs/*.onnx

README and docs/from-pytorch.md show what `cnnc import` prints of these models; `tests/it/shown_imports.rs` imports the graphs and
compares. Here the texts of the whole model and of its graph are compared, which must be the same.
"""
import os
import subprocess
import sys
import tempfile

import onnx
import torch
import torchvision

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "graphs")
NETWORKS = ("resnet18", "resnet50")
# Constants of shapes and the like stay.
MOST_ELEMENTS = 8


def without_weights(model):
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT and max(tensor.dims, default=0) > MOST_ELEMENTS:
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
    return model


def text_of(cnnc, path):
    return subprocess.run([cnnc, "import", path], capture_output=True, text=True, check=True).stdout


def main(cnnc):
    os.makedirs(FIXTURES, exist_ok=True)
    for name in NETWORKS:
        model = getattr(torchvision.models, name)(weights=None).eval()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"{name}.onnx")
            torch.onnx.export(model, (torch.zeros(1, 3, 224, 224),), path, dynamo=False,
                              do_constant_folding=False, training=torch.onnx.TrainingMode.EVAL)
            graph = os.path.join(FIXTURES, f"{name}.onnx")
            onnx.save(without_weights(onnx.load(path)), graph)
            texts = text_of(cnnc, path), text_of(cnnc, graph)
        assert texts[0] == texts[1], name
        print(f"{name}: {len(texts[0].splitlines())} lines, graph of {os.path.getsize(graph)} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
