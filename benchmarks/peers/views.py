"""Strong views of a picture with Pillow."""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Function = Callable[[Image.Image], Image.Image]


def picture(height: int, width: int) -> Image.Image:
    """Slopes under noise."""
    y, x = np.mgrid[:height, :width]
    noise = np.random.default_rng(0).integers(0, 64, (height, width, 3))
    levels = noise + ((x + y)[:, :, None] // 8 + np.array([0, 20, 40])) % 192
    return Image.fromarray(levels.astype(np.uint8))


def hue(image: Image.Image, turns: float) -> Image.Image:
    """As torchvision turns the hues of a Pillow image."""
    h, s, v = image.convert("HSV").split()
    shift = np.int32(turns * 255).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(np.asarray(h) + shift), s, v)).convert("RGB")


def operation(text: str) -> Function:
    """Of a name and its number, such as `contrast 0.5`."""
    name, _, rest = text.partition(" ")
    number = float(rest) if rest else 0.0
    functions: dict[str, Function] = {
        "identity": lambda image: image,
        "autocontrast": ImageOps.autocontrast,
        "equalize": ImageOps.equalize,
        "gaussianBlur": lambda image: image.filter(ImageFilter.GaussianBlur(number)),
        "contrast": lambda image: ImageEnhance.Contrast(image).enhance(number),
        "brightness": lambda image: ImageEnhance.Brightness(image).enhance(number),
        "color": lambda image: ImageEnhance.Color(image).enhance(number),
        "sharpness": lambda image: ImageEnhance.Sharpness(image).enhance(number),
        "posterize": lambda image: ImageOps.posterize(image, int(number)),
        "solarize": lambda image: ImageOps.solarize(image, int(number)),
        "hue": lambda image: hue(image, number),
    }
    return functions[name]


def views(text: str) -> list[list[Function]]:
    """Views are separated by semicolons, operations of a view by plus signs."""
    return [[operation(name) for name in view.split("+")] for view in text.split(";")]
