"""Times `cnnc import` on generated graphs of growing size: seconds per node should stay the same.

    python large_graphs.py CNNC FOLDER [chain|residual|skips|fork|branches]... [--nodes N,N...]

`chain` is convolutions with activations; `residual` sums of a body and its input; `skips` a chain whose values are
added far behind, the first made last used; `fork` one value that every later one adds; `branches` wide concatenations
behind each other. Weights are one tensor each of one channel, and the files are kept in FOLDER.
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import speed

SIZES = [12_500, 25_000, 50_000, 99_000]  # a network has at most 100,000 nodes, its input among them


class Graph:
    """Nodes over maps of one channel, and the weights of the convolutions."""

    def __init__(self):
        self.nodes, self.tensors = [], []

    def node(self, kind, *inputs, **attributes):
        output = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=output, **attributes))
        return output

    def conv(self, value, inputs=1):
        name = f"c{len(self.tensors)}.weight"
        self.tensors.append(numpy_helper.from_array(np.full((1, inputs, 1, 1), 0.5, np.float32), name))
        return self.node("Conv", value, name)

    def save(self, value, path):
        port = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, 1, 4, 4])
        graph = helper.make_graph(self.nodes, "large", [port("x")], [port(value)], self.tensors)
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def chain(graph, count):
    value = "x"
    while len(graph.nodes) < count:
        value = graph.node("Relu", graph.conv(value))
    return value


def residual(graph, count):
    value = "x"
    while len(graph.nodes) < count:
        value = graph.node("Add", graph.conv(graph.node("Relu", graph.conv(value))), value)
    return value


def skips(graph, count):
    """A chain down, and one up that adds the values of the first in turn, the last first."""
    values = ["x"]
    while len(graph.nodes) < count // 2:
        values.append(graph.node("Relu", graph.conv(values[-1])))
    value = values[-1]
    for other in reversed(values[:-1]):
        value = graph.node("Add", graph.conv(value), other)
    return value


def fork(graph, count):
    first = value = graph.conv("x")
    while len(graph.nodes) < count:
        value = graph.node("Add", graph.node("Relu", graph.conv(value)), first)
    return value


def branches(graph, count):
    value = "x"
    while len(graph.nodes) < count:
        parts = [graph.node("Relu", graph.conv(value)) for _ in range(16)]
        value = graph.conv(graph.node("Concat", *parts, axis=1), 16)
    return value


KINDS = {kind.__name__: kind for kind in (chain, residual, skips, fork, branches)}


def main():
    cnnc, folder, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    sizes = SIZES
    if "--nodes" in rest:
        at = rest.index("--nodes")
        sizes, rest = [int(size) for size in rest[at + 1].split(",")], rest[:at] + rest[at + 2:]
    os.makedirs(folder, exist_ok=True)
    for kind in rest or KINDS:
        for size in sizes:
            path = os.path.join(folder, f"{kind}{size}.onnx")
            if not os.path.exists(path):
                graph = Graph()
                graph.save(KINDS[kind](graph, size), path)
            seconds, memory = speed.measured([cnnc, "import", path], times=1)
            print(f"{kind:10s} {size:8,} nodes  {seconds:7.2f} s  {memory:6.0f} MiB", flush=True)


if __name__ == "__main__":
    main()
