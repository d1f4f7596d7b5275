"""A baseline JPEG writer for what Pillow does not write: any sampling factors, restart intervals, a scan for each
component. Quantization and Huffman tables are those that Pillow writes."""

import io

import numpy as np
from PIL import Image

ZIGZAG = sorted(range(64), key=lambda k: (k // 8 + k % 8, k // 8 if (k // 8 + k % 8) % 2 else k % 8))
COSINES = np.array([[np.sqrt((2 if u else 1) / 8) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)]
                    for u in range(8)])


def segment(marker, content):
    return bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + bytes(content)


def tables(quality):
    """Pillow's segments of tables; [table, 64] of quantization, zigzag; {(class, id): {symbol: (code, length)}}."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=quality)
    data, place, kept, quantization, codes = file.getvalue(), 2, b"", [], {}
    while data[place + 1] != 0xDA:
        marker, length = data[place + 1], int.from_bytes(data[place + 2:place + 4], "big")
        body, whole = data[place + 4:place + 2 + length], data[place:place + 2 + length]
        if marker in (0xDB, 0xC4):
            kept += whole
        while marker == 0xDB and body:
            quantization.append(np.frombuffer(body[1:65], np.uint8).astype(int))
            body = body[65:]
        while marker == 0xC4 and body:
            counts, symbols, code = body[1:17], body[17:17 + sum(body[1:17])], 0
            table = codes.setdefault((body[0] >> 4, body[0] & 15), {})
            body = body[17 + len(symbols):]
            for length_of_code, count in enumerate(counts, 1):
                for symbol in symbols[:count]:
                    table[symbol] = (code, length_of_code)
                    code += 1
                symbols, code = symbols[count:], code << 1
        place += 2 + length
    return kept, quantization, codes


class Bits:
    def __init__(self):
        self.bits = []

    def put(self, value, length):
        self.bits += [value >> i & 1 for i in reversed(range(length))]

    def bytes(self):
        padded = self.bits + [1] * (-len(self.bits) % 8)
        return np.packbits(np.array(padded, np.uint8)).tobytes().replace(b"\xFF", b"\xFF\x00")


def put_number(bits, table, run, value):
    size = int(abs(value)).bit_length()
    bits.put(*table[run << 4 | size])
    bits.put(value if value > 0 else value + (1 << size) - 1, size)


def put_block(bits, block, before, dc, ac):
    put_number(bits, dc, 0, block[0] - before)
    run, last = 0, max([k for k in range(64) if block[k]], default=0)
    for value in block[1:last + 1]:
        if value == 0:
            run += 1
            continue
        while run > 15:
            bits.put(*ac[0xF0])
            run -= 16
        put_number(bits, ac, run, value)
        run = 0
    if last < 63:
        bits.put(*ac[0])


def planes(picture, factors):
    """Quantizable components of a [H, W, 3] RGB picture, each [H, W] averaged to its sampling factors."""
    r, g, b = np.moveaxis(picture.astype(float), 2, 0)
    full = [0.299 * r + 0.587 * g + 0.114 * b, 128 - 0.168736 * r - 0.331264 * g + 0.5 * b,
            128 + 0.5 * r - 0.418688 * g - 0.081312 * b]
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    height, width = picture.shape[:2]
    rows, columns = -height % (8 * down), -width % (8 * across)
    for plane, (h, v) in zip(full, factors):
        padded = np.pad(plane, ((0, rows), (0, columns)), "edge")
        y, x = (np.arange(n) * f // m for n, f, m in [(padded.shape[0], v, down), (padded.shape[1], h, across)])
        sums = np.zeros((y[-1] + 1, x[-1] + 1, 2))
        np.add.at(sums, (y[:, None], x[None]), np.stack([padded, np.ones_like(padded)], axis=2))
        yield sums[..., 0] / sums[..., 1]


def blocks(plane, quantization):
    """[rows, columns, 64] in zigzag order."""
    rows, columns = plane.shape[0] // 8, plane.shape[1] // 8
    cut = (plane - 128).reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
    waves = (COSINES @ cut @ COSINES.T).reshape(rows, columns, 64)[..., ZIGZAG]
    return np.rint(waves / quantization).astype(int)


def scan(coefficients, chosen, factors, picture, restart, codes):
    """The entropy-coded data of the components `chosen`, restart markers included."""
    height, width = picture.shape[:2]
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    if len(chosen) > 1:
        rows, columns = -(-height // (8 * down)), -(-width // (8 * across))
    else:
        # Blocks that hold pixels alone.
        h, v = factors[chosen[0]]
        rows, columns = -(-(-(-height * v // down)) // 8), -(-(-(-width * h // across)) // 8)
    data, bits, before = b"", Bits(), [0] * len(factors)
    for unit in range(rows * columns):
        if restart and unit and unit % restart == 0:
            data += bits.bytes() + bytes([0xFF, 0xD0 + (unit // restart - 1) % 8])
            bits, before = Bits(), [0] * len(factors)
        row, column = divmod(unit, columns)
        for c in chosen:
            h, v = factors[c] if len(chosen) > 1 else (1, 1)
            for y in range(v):
                for x in range(h):
                    block = [int(n) for n in coefficients[c][row * v + y, column * h + x]]
                    put_block(bits, block, before[c], codes[0, min(c, 1)], codes[1, min(c, 1)])
                    before[c] = block[0]
    return data + bits.bytes()


def write(picture, factors, quality=90, restart=0, scans=None, spectral=(0, 63, 0)):
    """Bytes of a [H, W, 3] RGB picture as a baseline JPEG.

    factors: (across, down) of Y, Cb and Cr. scans: lists of components; default: one scan of all. spectral: the last
    bytes of a scan's header."""
    kept, quantization, codes = tables(quality)
    height, width = picture.shape[:2]
    coefficients = [blocks(plane, quantization[min(c, 1)]) for c, plane in enumerate(planes(picture, factors))]
    file = b"\xFF\xD8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0") + kept
    frame = b"\x08" + height.to_bytes(2, "big") + width.to_bytes(2, "big") + bytes([len(factors)])
    file += segment(0xC0, frame + b"".join(bytes([c + 1, h << 4 | v, min(c, 1)]) for c, (h, v) in enumerate(factors)))
    if restart:
        file += segment(0xDD, restart.to_bytes(2, "big"))
    for chosen in scans or [range(len(factors))]:
        head = bytes([len(chosen)]) + b"".join(bytes([c + 1, 0x11 * min(c, 1)]) for c in chosen)
        file += segment(0xDA, head + bytes(spectral))
        file += scan(coefficients, list(chosen), factors, picture, restart, codes)
    return file + b"\xFF\xD9"
