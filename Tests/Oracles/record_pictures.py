"""Records pictures.h5: small pictures, and what Pillow makes of them by each operation of strong augmentation."""

import h5py
import numpy as np
import PIL
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

import fixture

FACTORS = (-0.5, 0.0, 0.05, 0.95, 1.0, 1.9)
SIGMAS = (0.0, 0.1, 0.7, 1.3, 2.0, 2.5, 7.5)
BITS = (1, 4, 7, 8)
THRESHOLDS = (0, 1, 128, 255, 256)
TURNS = (-0.5, -0.31, -0.003, 0.0, 0.004, 0.1, 0.25, 0.5)


def noise(seed, height, width, levels=256):
    """[H, W, 3], `levels` levels from 0 to 255."""
    level = np.random.default_rng(seed).integers(0, levels, (height, width, 3))
    return (level * 255 // (levels - 1)).astype(np.uint8)


def smooth(height, width):
    """Slopes, each channel in part of the levels, so that there is something to stretch, and greys among them."""
    y, x = np.mgrid[:height, :width]
    channels = [40 + 2 * x + y, 60 + 2 * y + 2 * x, 90 + np.abs(3 * x - 2 * y)]
    picture = np.stack(channels, axis=2).astype(np.uint8)
    picture[::5] = picture[::5, :, :1]
    return picture


def pictures():
    """Odd sizes, a row longer than the strips of a blur, rows and columns of one pixel, little to equalise."""
    return {
        "noise": noise(1, 13, 89),
        "smooth": smooth(53, 37),
        "levels": noise(2, 13, 17, levels=4),
        "constant": np.full((7, 9, 3), (31, 200, 114), np.uint8),
        "column": noise(3, 31, 1),
        "row": noise(4, 1, 27),
        "square": noise(5, 2, 2),
        "pixel": noise(6, 1, 1),
    }


def hue(image, turns):
    """As torchvision turns the hues of a Pillow image: 8-bit hues that run over."""
    h, s, v = image.convert("HSV").split()
    shift = np.int32(turns * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(np.asarray(h) + shift), s, v)).convert("RGB")


def operations():
    """Name to function; a number in a name is the operation's."""
    found = {
        "identity": lambda image: image,
        "autocontrast": ImageOps.autocontrast,
        "equalize": ImageOps.equalize,
        "invert": ImageOps.invert,
        "grayscale": lambda image: image.convert("L").convert("RGB"),
    }
    for name, enhancer in [("contrast", ImageEnhance.Contrast), ("brightness", ImageEnhance.Brightness),
                           ("color", ImageEnhance.Color), ("sharpness", ImageEnhance.Sharpness)]:
        for factor in FACTORS:
            found[f"{name} {factor}"] = lambda image, e=enhancer, f=factor: e(image).enhance(f)
    for sigma in SIGMAS:
        found[f"gaussianBlur {sigma}"] = lambda image, s=sigma: image.filter(ImageFilter.GaussianBlur(s))
    for bits in BITS:
        found[f"posterize {bits}"] = lambda image, b=bits: ImageOps.posterize(image, b)
    for threshold in THRESHOLDS:
        found[f"solarize {threshold}"] = lambda image, t=threshold: ImageOps.solarize(image, t)
    for turns in TURNS:
        found[f"hue {turns}"] = lambda image, t=turns: hue(image, t)
    return found


def record(file):
    file.attrs["pillow"] = PIL.__version__
    functions = operations()
    file["operations"] = np.array(list(functions), dtype=h5py.string_dtype())
    for name, picture in pictures().items():
        file[f"{name}/picture"] = picture
        results = np.stack([np.asarray(function(Image.fromarray(picture))) for function in functions.values()])
        # [operations, H, W, 3]
        file.create_dataset(f"{name}/results", data=results, chunks=results.shape, compression="gzip")


RULES = [fixture.Rule(".*", fixture.exact)]

if __name__ == "__main__":
    fixture.run(__doc__, record, RULES)
