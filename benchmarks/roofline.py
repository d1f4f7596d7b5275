"""The table of limits: what jml's work needs at least, beside what the machine does at most."""

import statistics

from rows import Row
from text import number, percent, seconds, table

INTRODUCTION = """\
What limits jml: arithmetic of a step (forward, backward, optimiser) and the bytes that it moves at least, beside the
machine's peaks in the same process: a large matrix product of the row's precision, and a triad a = b + s c of arrays that
no cache holds. Shares are of those peaks; the larger one names the limit. Arithmetic is that of the definition of
convolutions and products, of which Winograd needs fewer, so that its share can exceed 100 %. Bytes are those of
[Roofline.swift](../../Sources/Benchmarks/Roofline.swift).
"""


def section(rows: list[tuple[Row, dict]]) -> list[str]:
    """Lines of Markdown; none where no row has a roofline."""
    found = [(row, rooflines) for row, measured in rows if (rooflines := of(measured))]
    if not found:
        return []
    head = ["work", "GFLOP", "GB at least", "peak, GFLOP/s", "peak, GB/s", "share of arithmetic", "share of memory",
            "limited by", "seconds at least"]
    return [INTRODUCTION, *table(head, [cells(*row) for row in found]), ""]


def of(measured: dict) -> list[dict]:
    """Of each pair; empty where jml has none, as in numbers of before there were rooflines."""
    found = [pair["ours"].get("roofline") for pair in measured["pairs"]]
    return [one for one in found if one]


def cells(row: Row, rooflines: list[dict]) -> list[str]:
    def middle(key: str) -> float:
        return statistics.median(one[key] for one in rooflines)

    arithmetic, memory = middle("arithmetic_share"), middle("memory_share")
    return [
        row.title, number(middle("gflop")) if arithmetic else "-", number(middle("gigabytes")),
        f"{middle('peak_gflops'):.0f} ({rooflines[0]['precision']})", f"{middle('peak_gigabytes_per_second'):.1f}",
        percent(arithmetic) if arithmetic else "-", percent(memory),
        "arithmetic" if arithmetic >= memory else "memory", seconds(middle("least_seconds")),
    ]
