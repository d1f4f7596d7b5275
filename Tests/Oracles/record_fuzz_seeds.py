"""Records inputs that a fuzzing run begins with and that this project's own encoders do not write: Tests/Fuzz/Seeds."""

from pathlib import Path

from PIL import Image, PngImagePlugin

OUT = Path(__file__).resolve().parent.parent / "Fuzz" / "Seeds"


def picture() -> Image.Image:
    image = Image.new("RGB", (17, 11))
    image.putdata([(x * 15 % 256, y * 23 % 256, (x * y * 7) % 256) for y in range(11) for x in range(17)])
    return image


def main() -> None:
    image = picture()
    for folder in ("jpeg", "png"):
        (OUT / folder).mkdir(parents=True, exist_ok=True)
    for sampling in (0, 1, 2):
        image.save(OUT / "jpeg" / f"progressive-{sampling}.jpg", quality=70, progressive=True, subsampling=sampling)
    image.save(OUT / "jpeg" / "restart.jpg", quality=70, restart_marker_blocks=1, comment=b"c")
    image.convert("CMYK").save(OUT / "jpeg" / "cmyk.jpg", quality=70)
    text = PngImagePlugin.PngInfo()
    text.add_text("a", "b")
    text.add_text("c", "d" * 40, zip=True)
    text.add_itxt("e", "f", "g", "h")
    image.save(OUT / "png" / "text.png", pnginfo=text)
    image.convert("RGBA").save(OUT / "png" / "alpha.png")
    image.convert("LA").save(OUT / "png" / "grey-alpha.png")
    image.convert("1").save(OUT / "png" / "one-bit.png")
    image.quantize(4).save(OUT / "png" / "palette-2.png", transparency=1)
    Image.new("I;16", (5, 7), 40000).save(OUT / "png" / "grey-16.png")


if __name__ == "__main__":
    main()
