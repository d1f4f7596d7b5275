"""The losses of "Jaccard Metric Losses" by their definitions, in PyTorch, differentiated by it."""

import torch
import torch.nn.functional as F


def one_hot(label, classes):
    """[B, H, W] to one-hot [B, C, H, W] and the mask of kept pixels [B, H, W]; others are 0 in all classes."""
    target = torch.stack([label == index for index in range(classes)], 1)
    return target, target.any(1)


def cross_entropy(logits, target, keep):
    """Mean over kept pixels of -sum_c y_c log p_c."""
    return -(target * F.log_softmax(logits, 1)).sum(1)[keep].mean()


def divergence(logits, target, keep):
    """Mean over kept pixels of KL(y || p), with 0 log 0 = 0."""
    return cross_entropy(logits, target, keep) + torch.xlogy(target, target).sum(1)[keep].mean()


def jaccard(logits, target, keep, active, smooth, alpha=1, beta=1, dataset=1, image=0, classwise=0):
    """Jaccard metric loss (JML1), or Dice for alpha = beta = 0.5.

    1 - (tp + s) / (tp + alpha fp + beta fn + s) with the norms over kept pixels tp = (|p| + |y| - |p - y|) / 2,
    fp = |p| - tp, fn = |y| - tp. Form D (weight `dataset`) sums these over the batch, form I takes the mean over
    classes of each image, form C over images of each class. `active`: "ALL", or "PRESENT" for classes of which
    some label is above 0.01."""
    mask = keep[:, None].to(logits.dtype)
    p, y = (logits.softmax(1) * mask).flatten(2), (target * mask).flatten(2)
    tp = (p.sum(2) + y.sum(2) - (p - y).abs().sum(2)) / 2
    fp, fn = p.sum(2) - tp, y.sum(2) - tp  # [B, C]
    is_active = y.amax(2) > 0.01 if active == "PRESENT" else torch.ones_like(tp, dtype=torch.bool)

    def loss(tp, fp, fn):
        return 1 - (tp + smooth) / (tp + alpha * fp + beta * fn + smooth)

    total = dataset * loss(tp.sum(0), fp.sum(0), fn.sum(0))[is_active.any(0)].mean()
    each = loss(tp, fp, fn)
    for share, values, chosen in [(image, each, is_active), (classwise, each.T, is_active.T)]:
        total = total + share * torch.stack([v[c].mean() for v, c in zip(values, chosen) if c.any()]).mean()
    return total


def training_losses(main, auxiliary, label, classes):
    """The two shares of the training loss: 0.25 (0.5 CE(main) + 0.5 CE(auxiliary)), and 0.75 JML1(main)."""
    target, keep = one_hot(label, classes)
    target = target.to(main.dtype)
    entropy = 0.5 * cross_entropy(main, target, keep) + 0.5 * cross_entropy(auxiliary, target, keep)
    return 0.25 * entropy, 0.75 * jaccard(main, target, keep, "PRESENT", smooth=1)
