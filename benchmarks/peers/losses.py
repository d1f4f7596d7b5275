"""Cross entropy and the Jaccard metric loss, written the way a framework invites to: on full-resolution tensors."""

import torch
import torch.nn.functional as F
from torch import Tensor

IGNORE = 255


def jaccard(probabilities: Tensor, target: Tensor, active: Tensor, smooth: float = 1.0) -> Tensor:
    """JML of the paper's equation for soft labels, [B, C, H, W] both and 0 where ignored; the mean over active classes."""
    over = (0, 2, 3)
    sum_p, sum_y = probabilities.sum(over), target.sum(over)
    distance = (probabilities - target).abs().sum(over)
    intersection = (sum_p + sum_y - distance) / 2
    union = (sum_p + sum_y + distance) / 2
    return (1 - (intersection + smooth) / (union + smooth))[active].mean()


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """[B, C, H, W], all 0 where ignored."""
    target = F.one_hot(labels.masked_fill(labels == IGNORE, 0), classes).permute(0, 3, 1, 2)
    return target * (labels != IGNORE).unsqueeze(1)


def jaccard_metric_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Against hard labels, over the classes that the batch has."""
    target = one_hot(labels, logits.shape[1])
    probabilities = logits.softmax(dim=1) * (labels != IGNORE).unsqueeze(1)
    return jaccard(probabilities, target, target.sum((0, 2, 3)) > 0)


def segmentation_loss(main: Tensor, auxiliary: Tensor | None, labels: Tensor) -> Tensor:
    """0.25 cross entropy (half of it from the auxiliary head, if there is one) and 0.75 Jaccard metric loss."""

    def full(logits: Tensor) -> Tensor:
        return F.interpolate(logits.float(), labels.shape[1:], mode="bilinear", align_corners=False)

    main = full(main)
    cross_entropy = F.cross_entropy(main, labels, ignore_index=IGNORE)
    if auxiliary is not None:
        second = F.cross_entropy(full(auxiliary), labels, ignore_index=IGNORE)
        cross_entropy = (cross_entropy + second) / 2
    return 0.25 * cross_entropy + 0.75 * jaccard_metric_loss(main, labels)


def boundary_label_smoothing(labels: Tensor, classes: int, kernel: int = 3, epsilon: float = 0.5) -> Tensor:
    """Soft labels [B, C, H, W]: smoothed where the window around a pixel has another class and no ignored pixel."""
    one_hot = F.one_hot(labels.masked_fill(labels == IGNORE, classes), classes + 1)
    one_hot = one_hot.permute(0, 3, 1, 2).float()

    def widest(x: Tensor) -> Tensor:
        return F.max_pool2d(x, kernel, stride=1, padding=kernel // 2)

    target, ignored = one_hot[:, :classes], one_hot[:, classes:]
    smallest = -widest(-target)
    boundary = ((target == 1) & (smallest == 0)).any(dim=1, keepdim=True) & (widest(ignored) == 0)
    return torch.where(boundary, (1 - epsilon) * target + epsilon / classes, target)
