"""JML-KD: the paper's equations (12) and (13), with the weights of its Table 4."""

import torch
import torch.nn.functional as F
from torch import Tensor

from peers.distillation import divergence
from peers.losses import IGNORE, jaccard, one_hot

CROSS_ENTROPY, REGION = 0.25, 0.75
# Of what is said by the labels; the teacher has the rest.
LABELS = 0.5
THRESHOLD = 0.01


def full(logits: Tensor, labels: Tensor) -> Tensor:
    return F.interpolate(logits.float(), labels.shape[1:], mode="bilinear", align_corners=False)


def jml_kd_loss(student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
    """Cross entropy of both heads and Jaccard metric loss of the main one, each against labels and teacher."""
    keep = labels != IGNORE
    students = [full(logits, labels) for logits in student]
    with torch.no_grad():
        teachers = [full(logits, labels) for logits in teacher]
        taught = teachers[0].softmax(1) * keep.unsqueeze(1)
        active = taught.amax((0, 2, 3)) > THRESHOLD
    cross_entropy = torch.zeros(())
    for ours, theirs in zip(students, teachers):
        hard = F.cross_entropy(ours, labels, ignore_index=IGNORE)
        soft = (divergence(ours, theirs, 1) * keep).sum() / keep.sum()
        cross_entropy = cross_entropy + 0.5 * (LABELS * hard + (1 - LABELS) * soft)
    probabilities = students[0].softmax(1) * keep.unsqueeze(1)
    target = one_hot(labels, probabilities.shape[1])
    region = LABELS * jaccard(probabilities, target, target.sum((0, 2, 3)) > 0)
    region = region + (1 - LABELS) * jaccard(probabilities, taught, active)
    return CROSS_ENTROPY * cross_entropy + REGION * region
