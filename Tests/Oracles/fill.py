"""Numbers that follow from a name alone: recorder and test hold the same inputs and weights without a file.

A stream is that of the tests' `FillRule`: splitmix64 from the FNV-1a hash of the name."""

import numpy as np
import torch

IGNORED_ROWS = 4


def hash_of(name):
    """FNV-1a, 64 bits."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) % 2**64
    return state


def _mix(z):
    """The output mix of splitmix64, on an array of uint64."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def uniform(name, shape):
    """The first values of the named stream, in [0, 1), 53 bits each, row-major."""
    counter = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return ((_mix(counter + np.uint64(hash_of(name))) >> np.uint64(11)) / 2.0**53).reshape(shape)


def symmetric(name, shape, bound):
    """Uniform in [-bound, bound)."""
    return (2 * uniform(name, shape) - 1) * bound


def weight(name, shape):
    """A parameter or running statistic by its dotted name. Weights keep the variance of their input."""
    if name.endswith("running_var"):
        return 1 + 0.5 * uniform(name, shape)
    if name.endswith(("running_mean", "bias")):
        return symmetric(name, shape, 0.1)
    if len(shape) == 1:
        return 1 + symmetric(name, shape, 0.1)
    return symmetric(name, shape, (3 / np.prod(shape[1:])) ** 0.5)


@torch.no_grad()
def fill(model):
    """Sets every parameter and floating-point buffer of the model."""
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        if tensor.is_floating_point():
            tensor.copy_(torch.from_numpy(weight(name, tuple(tensor.shape)).astype(np.float32)))
    return model


def blocks(name, shape, classes, side=8):
    """A label map [B, H, W] of squares of one class each, uint8."""
    batch, height, width = shape
    coarse = (uniform(name, (batch, height // side, width // side)) * classes).astype(np.uint8)
    return coarse.repeat(side, 1).repeat(side, 2)


def labels(name, shape, classes, ignore):
    """`blocks` under a few rows of ignored pixels."""
    label = blocks(name, shape, classes)
    label[:, :IGNORED_ROWS] = ignore
    return label


def images(name, label):
    """[B, 3, H, W] float32: noise in [-1, 1), brighter by the label, so that there is something to learn."""
    batch, height, width = label.shape
    noise = symmetric(name, (batch, 3, height, width), 1)
    return (noise + 0.1 * (label % 7)[:, None]).astype(np.float32)
