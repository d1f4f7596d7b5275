"""What an evaluation counts of one image: accuracy, intersections and unions, calibration errors.

`Separate` has an object for each metric, fed one after the other, as evaluation code usually has and as the paper's
published code does. `fused` is the same merged by hand into one function that shares what the metrics have in common.
"""

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


def fused(
    logits: Tensor, label: Tensor, counted: list[str], boundary: Tensor | None = None
) -> dict[str, Tensor]:
    """
    logits: [C, H, W]; label: [H, W], 255 where ignored; counted: which of accuracy, iou, ece, bece, sce; boundary:
    [H, W], true where bece counts.
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
    if "bece" in counted and boundary is not None:
        edge = boundary[keep]
        result["bece"] = _error(confidence[edge], correct[edge]) / edge.sum()
    if "sce" in counted:
        kept = probabilities[:, keep]
        errors = [_error(kept[c], correct & (target == c)) for c in range(classes)]
        result["sce"] = torch.stack(errors).mean() / target.numel()
    return result


class Accuracy:
    """Correct pixels and all pixels of each class."""

    def __init__(self, classes: int) -> None:
        self.correct = torch.zeros(classes, dtype=torch.long)
        self.total = torch.zeros(classes, dtype=torch.long)

    def add(self, prediction: Tensor, label: Tensor) -> None:
        keep = label != 255
        prediction, label = prediction[keep], label[keep]
        for c in label.unique().tolist():
            mine = label == c
            self.correct[c] += (mine & (prediction == c)).sum()
            self.total[c] += mine.sum()


class Confusion:
    """Pixels by label and prediction, for intersections and unions."""

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self.counts = torch.zeros(classes, classes, dtype=torch.long)

    def add(self, prediction: Tensor, label: Tensor) -> None:
        keep = label != 255
        index = label[keep] * self.classes + prediction[keep]
        self.counts += torch.bincount(index, minlength=self.classes**2).view(self.classes, self.classes)


class Reliability:
    """Pixels, events and confidence by bin of confidence."""

    def __init__(self) -> None:
        self.edges = torch.arange(1, BINS) / BINS
        self.sums = torch.zeros(3, BINS)

    def add(self, confidence: Tensor, event: Tensor) -> None:
        index = torch.bucketize(confidence, self.edges, right=True)
        self.sums[0] += torch.bincount(index, minlength=BINS)
        self.sums[1] += torch.bincount(index, weights=event, minlength=BINS)
        self.sums[2] += torch.bincount(index, weights=confidence, minlength=BINS)


class TopCalibration:
    """Of the predicted class: ECE."""

    def __init__(self) -> None:
        self.bins = Reliability()

    def add(self, probabilities: Tensor, label: Tensor) -> None:
        correct = probabilities.argmax(dim=0) == label
        confidence = probabilities.max(dim=0)[0]
        keep = label != 255
        self.bins.add(confidence[keep], correct[keep])


class ClasswiseCalibration:
    """Of every class: SCE, with the event of the paper's code."""

    def __init__(self, classes: int) -> None:
        self.bins = [Reliability() for _ in range(classes)]

    def add(self, probabilities: Tensor, label: Tensor) -> None:
        correct = probabilities.argmax(dim=0) == label
        keep = label != 255
        for c, bins in enumerate(self.bins):
            event = correct & (label == c)
            bins.add(probabilities[c][keep], event[keep])


class Separate:
    """The metrics in `counted`, of accuracy, iou, ece, sce."""

    def __init__(self, classes: int, counted: list[str]) -> None:
        of_predictions = {"accuracy": Accuracy(classes), "iou": Confusion(classes)}
        of_probabilities = {"ece": TopCalibration(), "sce": ClasswiseCalibration(classes)}
        self.of_predictions = [metric for name, metric in of_predictions.items() if name in counted]
        self.of_probabilities = [metric for name, metric in of_probabilities.items() if name in counted]

    def add(self, logits: Tensor, label: Tensor) -> None:
        """logits: [C, H, W]; label: [H, W], 255 where ignored."""
        probabilities = logits.softmax(dim=0)
        prediction = probabilities.argmax(dim=0)
        for metric in self.of_predictions:
            metric.add(prediction, label)
        for metric in self.of_probabilities:
            metric.add(probabilities, label)
