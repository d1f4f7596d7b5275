"""AugSeg as a framework invites to write it."""

import copy
import math
import random

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peers.losses import IGNORE


def full(logits: Tensor, size: torch.Size) -> Tensor:
    return F.interpolate(logits, size, mode="bilinear", align_corners=False)


def box(ratio: float, height: int, width: int) -> tuple[slice, slice]:
    """A box of that share of each side, about a centre anywhere but near the upper and left border."""

    def span(extent: int) -> slice:
        centre, half = random.randrange(extent // 8, extent), int(ratio * extent) // 2
        return slice(max(centre - half, 0), min(centre + half, extent))

    return span(height), span(width)


class AugSeg:
    def __init__(self, student: nn.Module, classes: int, decay: float = 0.999, threshold: float = 0.95) -> None:
        self.student, self.classes = student, classes
        self.teacher = copy.deepcopy(student).eval().requires_grad_(False)
        self.decay, self.threshold = decay, threshold

    def loss(self, images: Tensor, labels: Tensor, weak: Tensor, strong: Tensor) -> Tensor:
        with torch.no_grad():
            p = full(self.teacher(weak)[0], labels.shape[1:]).softmax(1)
            sure, said = p.max(1)
            entropy = -(p * (p + 1e-12).log()).sum(1)
            trust = (sure * (1 - entropy / math.log(self.classes))).mean((1, 2))
            order = torch.randperm(len(weak)).tolist()
            height, width = labels.shape[1:]
            sources = [strong.clone(), said.clone(), sure.clone()]
            ratio = math.sqrt(1 - random.betavariate(8, 2))
            for i, j in enumerate(order):
                if random.random() > trust[i]:
                    rows, columns = box(ratio, height, width)
                    sources[0][i, :, rows, columns] = images[j, :, rows, columns]
                    sources[1][i, rows, columns] = labels[j, rows, columns]
                    sources[2][i, rows, columns] = 1
            mixed = [strong.clone(), said.clone(), sure.clone()]
            ratio = math.sqrt(1 - random.betavariate(4, 4))
            for i, j in enumerate(order):
                rows, columns = box(ratio, height, width)
                mixed[0][i, :, rows, columns] = sources[0][j, :, rows, columns]
                for target, source in zip(mixed[1:], sources[1:]):
                    target[i, rows, columns] = source[j, rows, columns]
            target = mixed[1].masked_fill(mixed[2] < self.threshold, IGNORE)
        logits = full(self.student(torch.cat([images, mixed[0]]))[0].float(), labels.shape[1:])
        ours, theirs = logits.split([len(images), len(weak)])
        supervised = F.cross_entropy(ours, labels, ignore_index=IGNORE)
        unsupervised = F.cross_entropy(theirs, target, ignore_index=IGNORE, reduction="none").mean()
        return supervised + unsupervised

    @torch.no_grad()
    def follow(self) -> None:
        mine = [*self.teacher.parameters(), *(b for b in self.teacher.buffers() if b.is_floating_point())]
        theirs = [*self.student.parameters(), *(b for b in self.student.buffers() if b.is_floating_point())]
        torch._foreach_lerp_(mine, theirs, 1 - self.decay)
