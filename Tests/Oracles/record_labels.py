"""Records labels.h5: boundaries of label maps, and the labels that boundary label smoothing makes of them."""

import numpy as np
import torch
import torch.nn.functional as F

import fill
import fixture

SHAPE, CLASSES = (2, 40, 56), 7  # [B, H, W]
IGNORE = CLASSES


def label_maps():
    """An ignored rectangle inside the first map, ignored rows at the top of the second."""
    label = fill.blocks("bls/label", SHAPE, CLASSES)
    label[0, 10:14, 20:30] = IGNORE
    label[1, :3] = IGNORE
    return label


def boundary(label, kernel):
    """[B, H, W] bool: labelled pixels with another class and no ignored pixel in the window kernel x kernel
    around them. Cells outside of the map do not count."""
    hot = F.one_hot(label.long(), CLASSES + 1).movedim(3, 1).float()
    # Maximum pooling pads with minus infinity: nothing outside is a greatest or, by the sign, a least value.
    largest = F.max_pool2d(hot, kernel, stride=1, padding=kernel // 2)
    least = -F.max_pool2d(-hot, kernel, stride=1, padding=kernel // 2)
    has_neighbour = ((hot == 1) & (least == 0))[:, :CLASSES].any(1)
    sees_ignored = largest[:, IGNORE] == 1
    return has_neighbour & ~sees_ignored


def smoothed(label, mask, epsilon):
    """[B, C, H, W] float32: (1 - epsilon) onehot + epsilon / C on the boundary, else one-hot; 0 if ignored."""
    hot = F.one_hot(label.long(), CLASSES + 1).movedim(3, 1)[:, :CLASSES].float()
    return torch.where(mask[:, None], hot * (1 - epsilon) + epsilon / CLASSES, hot)


def record(file):
    label = label_maps()
    file.attrs["torch"] = str(torch.__version__)
    file.attrs["num_classes"] = CLASSES
    file.attrs["ignore"] = IGNORE
    file["label"] = label
    for kernel in (3, 5, 7):
        mask = boundary(torch.from_numpy(label), kernel)
        file[f"k{kernel}/boundary"] = mask.numpy().astype(np.uint8)
        for epsilon in (0.1, 0.5):
            file[f"k{kernel}/eps{epsilon}/soft"] = smoothed(torch.from_numpy(label), mask, epsilon).numpy()


RULES = [fixture.Rule("(.*)", fixture.exact)]

if __name__ == "__main__":
    torch.set_num_threads(1)
    fixture.run(__doc__, record, RULES)
