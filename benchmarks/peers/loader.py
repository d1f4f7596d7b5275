"""One training sample of Cityscapes with OpenCV."""

from pathlib import Path

import cv2
import numpy as np

# Raw ids of the 19 classes, in the order of the train ids.
RAW_IDS = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33]
TRAIN_IDS = np.full(256, 255, np.uint8)
TRAIN_IDS[RAW_IDS] = np.arange(len(RAW_IDS))
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
STD = np.array([58.395, 57.12, 57.375], np.float32)


def pairs(root: str) -> list[tuple[str, str]]:
    base = Path(root)
    base = base / "cityscapes" if (base / "cityscapes").is_dir() else base
    images = sorted((base / "leftImg8bit" / "train").glob("*/*_leftImg8bit.png"))
    found = []
    for image in images:
        stem = image.name.removesuffix("_leftImg8bit.png")
        label = base / "gtFine" / "train" / image.parent.name / f"{stem}_gtFine_labelIds.png"
        found.append((str(image), str(label)))
    return found


def sample(
    image_path: str, label_path: str, crop: tuple[int, int], random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Random scale 0.5 to 2, random crop, random mirror, normalisation: [3, H, W] float32 and [H, W] uint8."""
    image = cv2.cvtColor(cv2.imread(image_path, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    label = cv2.LUT(cv2.imread(label_path, cv2.IMREAD_GRAYSCALE), TRAIN_IDS)

    scale = random.uniform(0.5, 2.0)
    size = (round(image.shape[1] * scale), round(image.shape[0] * scale))
    image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    label = cv2.resize(label, size, interpolation=cv2.INTER_NEAREST)

    height, width = crop
    below, right = max(height - size[1], 0), max(width - size[0], 0)
    if below or right:
        edges = (below // 2, below - below // 2, right // 2, right - right // 2)
        image = cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT, value=MEAN.tolist())
        label = cv2.copyMakeBorder(label, *edges, cv2.BORDER_CONSTANT, value=255)

    top = random.integers(image.shape[0] - height + 1)
    left = random.integers(image.shape[1] - width + 1)
    image = image[top : top + height, left : left + width]
    label = label[top : top + height, left : left + width]
    if random.random() < 0.5:
        # Of the crop rather than of the whole image, which is the same draw and less work.
        image, label = cv2.flip(image, 1), cv2.flip(label, 1)

    image = (image.astype(np.float32) - MEAN) / STD
    return np.ascontiguousarray(image.transpose(2, 0, 1)), np.ascontiguousarray(label)
