"""Evaluation of one image as jml does it: the same windows, scores averaged where they overlap, counts of the whole."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from peers.losses import IGNORE
from peers.metrics import fused

Network = Callable[[Tensor], Tensor]
# Windows that go through the network at once, as in jml.
AT_ONCE = 4


def boundary_pixels(label: Tensor, kernel: int) -> Tensor:
    """[H, W]: whether the window around a pixel has another class and no ignored pixel."""
    plane = label[None, None].float()
    most = F.max_pool2d(plane, kernel, stride=1, padding=kernel // 2)
    least = -F.max_pool2d(-plane, kernel, stride=1, padding=kernel // 2)
    return ((most != least) & (most != IGNORE))[0, 0]


class Frame:
    """
    rows, columns: the first pixel of each window; window: height and width; counted: metrics by jml's names.
    """

    def __init__(
        self, classes: int, rows: list[int], columns: list[int], window: tuple[int, int], counted: list[str],
        kernel: int,
    ) -> None:
        self.classes, self.window, self.counted, self.kernel = classes, window, counted, kernel
        self.places = [(row, column) for row in rows for column in columns]

    def groups(self) -> Iterator[list[tuple[slice, slice]]]:
        height, width = self.window
        areas = [(slice(row, row + height), slice(column, column + width)) for row, column in self.places]
        for first in range(0, len(areas), AT_ONCE):
            yield areas[first : first + AT_ONCE]

    def scores(self, image: Tensor, network: Network) -> Tensor:
        """Of an image [3, H, W], class scores [C, H, W]: the mean over the windows that cover a pixel."""
        total = torch.zeros(self.classes, *image.shape[1:])
        windows = torch.zeros(image.shape[1:])
        for group in self.groups():
            crops = torch.stack([image[:, rows, columns] for rows, columns in group])
            logits = network(crops).float()
            full = F.interpolate(logits, self.window, mode="bilinear", align_corners=False)
            for (rows, columns), crop in zip(group, full):
                total[:, rows, columns] += crop
                windows[rows, columns] += 1
        return total.div_(windows)

    def evaluate(self, image: Tensor, label: Tensor, network: Network) -> dict[str, Tensor]:
        edges = boundary_pixels(label, self.kernel)
        return fused(self.scores(image, network), label, self.counted, edges)
