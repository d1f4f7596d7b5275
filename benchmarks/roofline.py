"""The table of limits: what jml's work needs at least, beside what the machine does at most."""

import statistics

from rows import Row
from text import number, percent, seconds, table

INTRODUCTION = """\
What limits jml: arithmetic of a step (forward, backward, optimiser) and the bytes that it moves at least, beside the
machine's peaks in the same process: large matrix products in float32 and bfloat16, and a triad a = b + s c of arrays that
no cache holds. Shares are of the time that either would take at its peak; the larger one names the limit. Arithmetic is
given by the definition of convolutions and products, and as the algorithms do it, which the share speaks of: Winograd does
fewer products, and dilated layers leave out those with padding. Bytes are those of
[Roofline.swift](../../Sources/Benchmarks/Roofline.swift).
"""


def section(rows: list[tuple[Row, dict]]) -> list[str]:
    """Lines of Markdown; none where no row has a roofline."""
    found = [(row, rooflines) for row, measured in rows if (rooflines := of(measured))]
    if not found:
        return []
    head = ["work", "GFLOP by definition", "done in float32", "in bfloat16", "GB at least", "peaks, GFLOP/s", "peak, GB/s",
            "share of arithmetic", "share of memory", "limited by", "seconds at least"]
    return [INTRODUCTION, *table(head, [cells(*row) for row in found]), ""]


def of(measured: dict) -> list[dict]:
    """Of each pair; empty where jml has none, as in numbers of before it counted what is done."""
    found = [pair["ours"].get("roofline") for pair in measured["pairs"]]
    return [one for one in found if one and "gflop_float32" in one]


def cells(row: Row, rooflines: list[dict]) -> list[str]:
    def middle(key: str) -> float:
        return statistics.median(one[key] for one in rooflines)

    arithmetic, memory = middle("arithmetic_share"), middle("memory_share")
    peaks = f"{middle('peak_float32_gflops'):.0f}"
    if middle("gflop_bfloat16"):
        peaks += f", {middle('peak_bfloat16_gflops'):.0f}"
    return [
        row.title, *(number(middle(key)) if middle(key) else "-" for key in ("gflop", "gflop_float32", "gflop_bfloat16")),
        number(middle("gigabytes")), peaks, f"{middle('peak_gigabytes_per_second'):.1f}",
        percent(arithmetic) if arithmetic else "-", percent(memory),
        "arithmetic" if arithmetic >= memory else "memory", seconds(middle("least_seconds")),
    ]
