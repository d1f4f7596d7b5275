"""Records metrics.h5: accuracy, IoU, Dice and calibration errors of five images, in all their forms."""

import numpy as np
import torch

import fill
import fixture

IMAGES, CLASSES, HEIGHT, WIDTH = 5, 7, 48, 64
IGNORE = CLASSES
BINS = 10


def samples():
    """Probabilities [C, H, W] float32 and label [H, W] of each image: noise, with the true class lifted at
    65 % of the pixels. Every second image lacks the last two classes."""
    for index in range(IMAGES):
        stream = f"metric{index}"
        classes = CLASSES - 2 if index % 2 == 0 else CLASSES
        label = fill.labels(f"{stream}/label", (1, HEIGHT, WIDTH), classes, IGNORE)[0]
        logits = fill.symmetric(f"{stream}/logits", (CLASSES, HEIGHT, WIDTH), 3).astype(np.float32)
        lifted = fill.uniform(f"{stream}/mix", (HEIGHT, WIDTH)) >= 0.35
        # Ignored pixels count as the last class here; no metric looks at their scores.
        true = np.minimum(label, CLASSES - 1) == np.arange(CLASSES)[:, None, None]
        logits += 3 * (true & lifted)
        yield torch.from_numpy(logits).softmax(0).numpy(), label


def lowest(values, percent):
    """Mean of the lowest q percent of the values, but at least of one."""
    values = np.sort(np.asarray(values))
    return values[: max(1, len(values) * percent // 100)].mean()


def scores(counts, name):
    """counts: [..., 3], true positives, false positives, false negatives."""
    tp, fp, fn = np.moveaxis(counts.astype(float), -1, 0)
    top, bottom = {
        "Acc": (tp, tp + fn), "IoU": (tp, tp + fp + fn), "Dice": (2 * tp, 2 * tp + fp + fn)}[name]
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)


def class_scores(counts):
    """The forms of mAcc, mIoU and mDice in percent: D, over counts summed over images; I, the mean over the
    classes in an image's label, then over images; C, the mean over the images whose label has the class, then
    over classes. "5" is over the lowest 5 percent of the images, "Q" the mean over the lowest 10, 20, ...,
    100 percent.

    counts: [images, classes, 3]."""
    labelled = counts[..., 0] + counts[..., 2] > 0
    forms = {}
    for name in ("Acc", "IoU", "Dice"):
        values = scores(counts, name)
        per_image = [row[seen].mean() for row, seen in zip(values, labelled)]
        per_class = [column[seen] for column, seen in zip(values.T, labelled.T) if seen.any()]

        def image_form(percent):
            return lowest(per_image, percent)

        def class_form(percent):
            return np.mean([lowest(column, percent) for column in per_class])

        forms[f"m{name}D"] = 100 * scores(counts.sum(0), name).mean()
        for letter, form in [("I", image_form), ("C", class_form)]:
            forms[f"m{name}{letter}"] = 100 * form(100)
            forms[f"m{name}{letter}5"] = 100 * form(5)
            forms[f"m{name}{letter}Q"] = 100 * np.mean([form(percent) for percent in range(10, 101, 10)])
    return forms


def calibration_error(confidence, hit):
    """Sum over bins of n_b / n |rate of hits - mean confidence|. Bins are [b / 10, (b + 1) / 10); the last has
    its upper end."""
    bin = np.minimum((confidence * BINS).astype(int), BINS - 1)
    gap = np.bincount(bin, hit, BINS) - np.bincount(bin, confidence, BINS)
    return np.abs(gap).sum() / len(confidence)


def calibration(pixels):
    """ECE in percent, SCE in per mille, pooled over the data set (D) and as means over images (I). A hit of
    class c is a pixel that is labelled and predicted as c.

    pixels: of each image, probabilities [C, N] of labelled pixels, their labels [N], whether others are
    ignored."""

    def expected(p, label):
        return calibration_error(p.max(0), p.argmax(0) == label)

    def static(p, label, classes):
        return np.mean([calibration_error(p[c], (label == c) & (p.argmax(0) == c)) for c in classes])

    def seen(label, has_ignored):
        # The authors' code clamps the ignore index to the last class, which so counts too.
        return sorted({*label.tolist(), *([CLASSES - 1] if has_ignored else [])})

    pooled = np.concatenate([p for p, *_ in pixels], 1), np.concatenate([label for _, label, _ in pixels])
    return {
        "ECED": 100 * expected(*pooled),
        "ECEI": 100 * np.mean([expected(p, label) for p, label, _ in pixels]),
        "SCED": 1000 * static(*pooled, range(CLASSES)),
        "SCEI": 1000 * np.mean([static(p, label, seen(label, ignored)) for p, label, ignored in pixels]),
    }


def record(file):
    probabilities, labels = map(np.stack, zip(*samples()))
    file["prob"], file["label"] = probabilities, labels
    counts = np.zeros((IMAGES, CLASSES, 3), dtype=int)
    pixels = []
    for index, (prob, label) in enumerate(zip(probabilities, labels)):
        keep = label != IGNORE
        p, y = prob[:, keep].astype(float), label[keep]
        prediction = p.argmax(0)
        for c in range(CLASSES):
            counts[index, c] = [
                ((prediction == c) & (y == c)).sum(), ((prediction == c) & (y != c)).sum(),
                ((prediction != c) & (y == c)).sum()]
        pixels.append((p, y, not keep.all()))
    results = {"Acc": 100 * counts[..., 0].sum() / counts[..., [0, 2]].sum()}
    results |= class_scores(counts) | calibration(pixels)
    # The test takes every attribute for a metric: no remarks in this file.
    for name, value in results.items():
        file.attrs[name] = float(value)


RULES = [
    fixture.Rule("prob", fixture.absolute(1e-6)),
    fixture.Rule("label", fixture.exact),
    fixture.Rule("@(Acc|mAcc|mIoU|mDice|ECE|SCE).*", fixture.absolute(1e-3)),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES)
