"""What the tests of the PyTorch hooks share: small models on the digits, and gradients one example at a time."""
import os
import pathlib
import sys

import numpy as np

SOURCE = pathlib.Path(os.environ["ASSAY_SOURCE"])
sys.path[:0] = [str(SOURCE / "tests/end_to_end"), str(SOURCE / "src/capture/python")]

import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

torch.set_num_threads(1)


def digits(dtype=torch.float32):
    """Images n × 64 of values 0 to 1, and labels."""
    images = np.load(SOURCE / "data/digits-images.npy").astype(np.float64) / 16
    return torch.tensor(images, dtype=dtype), torch.tensor(np.load(SOURCE / "data/digits-labels.npy").astype(np.int64))


def mlp():
    return nn.Sequential(nn.Linear(64, 24), nn.ReLU(inplace=True), nn.Linear(24, 16), nn.Tanh(), nn.Linear(16, 10))


class Convolutions(nn.Module):
    """Padding, strides, dilation and circular padding: what a patch may be."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3, padding=1)
        self.second = nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding="valid")
        self.third = nn.Conv2d(6, 5, 2, dilation=2, padding="same", padding_mode="circular")
        self.last = nn.Linear(5 * 3 * 7, 10)

    def forward(self, images):
        x = functional.relu(self.first(images.reshape(-1, 1, 8, 8)), inplace=True)
        return self.last(torch.tanh(self.third(functional.relu(self.second(x)))).flatten(1))


class Attention(nn.Module):
    """The rows of an image as a sequence; `shared` is used twice in a pass."""

    def __init__(self, width=12):
        super().__init__()
        self.embed, self.key, self.query = nn.Linear(8, width), nn.Linear(width, width), nn.Linear(width, width)
        self.value, self.shared, self.last = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, 10)
        self.norm = nn.LayerNorm(width)
        self.position = nn.Parameter(torch.randn(8, width) * 0.1)

    def forward(self, images):
        x = self.embed(images.reshape(len(images), -1, 8)) + self.position
        scores = self.query(x) @ self.key(x).transpose(1, 2) / x.shape[-1] ** 0.5
        x = x + self.shared(torch.softmax(scores, -1) @ self.value(x))
        x = x + functional.gelu(self.shared(self.norm(x)))
        return self.last(x.mean(1))


MODELS = {"mlp": mlp, "convolutions": Convolutions, "attention": Attention}


def make(name, dtype=torch.float32, seed=1):
    torch.manual_seed(seed)
    return MODELS[name]().to(dtype)


def losses_of(model, x, y):
    return functional.cross_entropy(model(x), y, reduction="none")


def gradients_one_by_one(model, x, y):
    """For each example, the gradient of its loss by parameter name: what everything else must agree with."""
    made = []
    for i in range(len(x)):
        model.zero_grad()
        losses_of(model, x[i:i + 1], y[i:i + 1]).sum().backward()
        made.append({name: parameter.grad.clone() for name, parameter in model.named_parameters()})
    model.zero_grad()
    return made
