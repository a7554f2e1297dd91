"""Trains lenet5.cnn with PyTorch on scikit-learn's handwritten digits and writes everything beside this file.

    python -m venv venv && venv/bin/pip install torch scikit-learn safetensors "pillow<13"
    venv/bin/python examples/digits/train.py

Written with torch 2.15, scikit-learn 1.x, Pillow 12. The data are the 1 797 pictures of `load_digits`, 8x8 with
values 0..16, as 8-bit pictures (value * 255 / 16, rounded) enlarged to 32x32 by Pillow's bilinear filter. A fixed,
stratified split holds 20 % out; the held-out pictures are never seen in training.
"""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

HERE = Path(__file__).parent
EPOCHS = 60


def pictures():
    """N x 32 x 32 pictures of 8 bits and their labels."""
    digits = load_digits()
    small = np.floor(digits.images * 255 / 16 + 0.5).astype(np.uint8)
    large = [np.asarray(Image.fromarray(one).resize((32, 32), Image.Resampling.BILINEAR)) for one in small]
    return np.stack(large), digits.target


class LeNet5(nn.Module):
    """The network of lenet5.cnn without its softmax; the attribute names are the weight keys."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.dense1 = nn.Linear(400, 120)
        self.dense2 = nn.Linear(120, 84)
        self.dense3 = nn.Linear(84, 10)

    def forward(self, x):
        x = nn.functional.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = nn.functional.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.tanh(self.dense1(x.flatten(1)))
        return self.dense3(torch.tanh(self.dense2(x)))


def shifted(batch, generator):
    """Each picture moved by up to two pixels, zeros moving in."""
    padded = nn.functional.pad(batch, (2, 2, 2, 2))
    offsets = torch.randint(0, 5, (len(batch), 2), generator=generator)
    return torch.stack([one[:, y : y + 32, x : x + 32] for one, (y, x) in zip(padded, offsets)])


def main():
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    images, labels = pictures()
    train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=0.2, random_state=0, stratify=labels)
    tensor = lambda array: torch.from_numpy(array.astype(np.float32) / np.float32(255))[:, None]
    train_x, train_y = tensor(train_x), torch.from_numpy(train_y)
    model = LeNet5()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    generator = torch.Generator().manual_seed(0)
    for _ in range(EPOCHS):
        order = torch.randperm(len(train_x), generator=generator)
        for chosen in order.split(64):
            loss = nn.functional.cross_entropy(model(shifted(train_x[chosen], generator)), train_y[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    model.eval()
    with torch.no_grad():
        predicted = model(tensor(test_x)).argmax(1).numpy()
    correct = int((predicted == test_y).sum())
    print(f"held out: {correct} of {len(test_y)} right, accuracy {correct / len(test_y):.4f}")

    save_file(model.state_dict(), HERE / "lenet5.safetensors")
    np.save(HERE / "held_out.npy", test_x[:, None])
    summary = {
        "pictures": len(test_y),
        "correct": correct,
        "labels": test_y.tolist(),
        "predicted": predicted.tolist(),
    }
    (HERE / "held_out.json").write_text(json.dumps(summary, separators=(",", ":")) + "\n")
    for digit in range(10):
        index = next(i for i in range(len(test_y)) if test_y[i] == digit and predicted[i] == digit)
        Image.fromarray(test_x[index]).save(HERE / "samples" / f"{digit}.png")


if __name__ == "__main__":
    main()
