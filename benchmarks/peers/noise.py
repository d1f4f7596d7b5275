"""Input for measurements, as jml's own."""

import torch
from torch import Tensor


def block_labels(count: int, height: int, width: int, classes: int, side: int) -> Tensor:
    """Blocks of side x side pixels, every class among them; a row of every 16 blocks is ignored."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    across = (width + side - 1) // side
    label = (y // side * across + x // side) % classes
    label[:: 16 * side] = 255
    return label.expand(count, -1, -1).contiguous()
