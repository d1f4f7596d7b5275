"""Records Tests/DatasetsTests/Fixtures/resize.h5: images and labels as OpenCV's resize scales them when it is called
with a factor (fx, fy), which is how the authors' data pipeline scales them. Run by hand:
python record_resize.py OUTPUT (needs opencv-python-headless 4, numpy, h5py)."""

import sys

import cv2
import h5py
import numpy as np

rng = np.random.default_rng(11)
SIZES = [(7, 11), (13, 9), (1, 17), (23, 5), (17, 15), (18, 2)]
# Sizes whose half is no whole number, and factors at which rounding up and rounding to even differ.
HALVES = [((5, 9), 0.5), ((13, 7), 1.5), ((3, 11), 0.5), ((9, 21), 1.5)]
DRAWS = [(size, factor) for size in SIZES for factor in rng.uniform(0.5, 2.0, 6)]

with h5py.File(sys.argv[1], "w", libver="latest") as out:
    out.attrs["opencv"] = cv2.__version__
    for index, ((height, width), factor) in enumerate(DRAWS + HALVES):
        image = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
        label = rng.integers(0, 19, (height, width)).astype(np.uint8)
        label[rng.random((height, width)) < 0.1] = 255

        def resize(array, kind):
            return cv2.resize(array, None, fx=factor, fy=factor, interpolation=kind)

        group = out.create_group(f"{index:02d}")
        group["factor"] = np.array([factor])
        group["image"] = image
        group["label"] = label
        # Of floats: OpenCV rounds 8-bit images to whole numbers, and interpolates them in fixed point.
        group["linear"] = resize(image.astype(np.float32), cv2.INTER_LINEAR)
        group["linear8"] = resize(image, cv2.INTER_LINEAR)
        group["nearest"] = resize(label, cv2.INTER_NEAREST)
    out["count"] = np.array([len(DRAWS + HALVES)], dtype=np.int32)
