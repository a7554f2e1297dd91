"""Small models as PyTorch exports them: tests/fixtures/onnx/repeated_{module,step,layer}.onnx, modules that run several
times, and unit_length.onnx, `F.normalize`.

    python tests/interop/torch_models.py
"""

import os
import warnings

import torch
from torch import nn

FOLDER = os.path.join(os.path.dirname(__file__), "..", "fixtures", "onnx")


class Module(nn.Module):
    """A tower and a head over three sizes of one map."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.tower = nn.Sequential(
            nn.Conv2d(8, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(),
            nn.Conv2d(8, 8, 3, padding=1),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(8, 4, 1)

    def forward(self, x):
        outputs = []
        x = self.stem(x)
        for level in range(3):
            outputs.append(self.head(self.tower(x)))
            x = nn.functional.max_pool2d(x, 2)
        return outputs


class Step(nn.Module):
    """A residual step that runs three times."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 1)
        self.c = nn.Conv2d(8, 8, 3, padding=1)
        self.bn = nn.BatchNorm2d(8)
        self.r = nn.ReLU()

    def forward(self, x):
        x = self.stem(x)
        for _ in range(3):
            x = self.r(self.bn(self.c(x))) + x
        return x


class Layer(nn.Module):
    """One convolution that runs three times, with another function behind it each time."""

    def __init__(self):
        super().__init__()
        self.c = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        return self.c(torch.relu(self.c(torch.tanh(self.c(x)))))


class UnitLength(nn.Module):
    """Each position by the norm of its channels."""

    def forward(self, x):
        return nn.functional.normalize(x, dim=1)


def main():
    warnings.filterwarnings("ignore")
    torch.manual_seed(0)
    models = ((Module(), "repeated_module"), (Step(), "repeated_step"), (Layer(), "repeated_layer"))
    for model, name in models:
        torch.onnx.export(
            model.eval(),
            torch.randn(1, 3, 32, 32),
            os.path.join(FOLDER, f"{name}.onnx"),
            dynamo=False,
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
        )
    path = os.path.join(FOLDER, "unit_length.onnx")
    torch.onnx.export(UnitLength(), torch.randn(1, 8, 4, 4), path, dynamo=False)


if __name__ == "__main__":
    main()
