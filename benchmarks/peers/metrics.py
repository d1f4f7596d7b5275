"""What an evaluation counts of one image: accuracy, intersections and unions, calibration errors."""

import torch
from torch import Tensor

BINS = 10


def _bins(confidence: Tensor) -> Tensor:
    return (confidence * BINS).long().clamp_(max=BINS - 1)


def _error(confidence: Tensor, event: Tensor) -> Tensor:
    """Sum over bins of |events - summed confidence|."""
    index = _bins(confidence)
    events = torch.bincount(index, weights=event.double(), minlength=BINS)
    sums = torch.bincount(index, weights=confidence.double(), minlength=BINS)
    return (events - sums).abs().sum()


def evaluate(logits: Tensor, label: Tensor, counted: list[str]) -> dict[str, Tensor]:
    """
    logits: [C, H, W]; label: [H, W], 255 where ignored; counted: which of accuracy, iou, ece, sce.
    """
    classes = logits.shape[0]
    keep = label != 255
    probabilities = logits.softmax(dim=0)
    target = label[keep]
    confidence, prediction = (part[keep] for part in probabilities.max(dim=0))
    correct = prediction == target
    result: dict[str, Tensor] = {}
    if "accuracy" in counted:
        result["accuracy"] = correct.double().mean()
    if "iou" in counted:
        confusion = torch.bincount(target * classes + prediction, minlength=classes * classes)
        confusion = confusion.view(classes, classes)
        hits = confusion.diagonal()
        result["iou"] = torch.stack([hits, confusion.sum(0) - hits, confusion.sum(1) - hits])
    if "ece" in counted:
        result["ece"] = _error(confidence, correct) / target.numel()
    if "sce" in counted:
        kept = probabilities[:, keep]
        errors = [_error(kept[c], correct & (target == c)) for c in range(classes)]
        result["sce"] = torch.stack(errors).mean() / target.numel()
    return result
