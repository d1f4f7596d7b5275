"""results/bench/: bench.json with every measurement, README.md with the table."""

import json
import statistics
from pathlib import Path

import alone
import roofline
from rows import ROWS, Row
from text import number, seconds, table

INTRODUCTION = """\
# Speed beside PyTorch

Written by `make bench`. Seconds are medians over pairs, of the median step of each process; a pair runs jml, PyTorch
in float32 and PyTorch's fastest mode one after the other. Ratios are taken pair by pair: PyTorch's seconds over
jml's, as median (least to most). jml computes in float32 where a row does not say otherwise. Memory is the largest resident size of the
process; PyTorch's starts at that of its libraries, some {base} MB.

PyTorch's modes: `channels_last`; `bfloat16` (autocast and channels_last); `compile` (`torch.compile`, inductor, and
channels_last; its compilation is not counted). Every mode is tried in the first pair, and the fastest is repeated.
Its code is in [benchmarks/](../../benchmarks). The bar under "PyTorch best" is against the faster of float32 and of
that mode.
"""


class Document:
    """Keeps rows of earlier invocations on the same machine with the same versions and threads."""

    def __init__(self, folder: Path, threads: int) -> None:
        self.folder = folder
        self.threads = threads
        self.path = folder / "bench.json"
        self.rows: dict[str, dict] = {}
        if self.path.exists():
            old = json.loads(self.path.read_text())
            if old["threads"] == threads:
                # A row whose work has changed has another title, and its numbers are of other work.
                titles = {row.name: row.title for row in ROWS}
                self.rows = {
                    row["name"]: row for row in old["rows"] + old.get("alone", [])
                    if row.get("title") == titles.get(row["name"])
                }

    def add(self, measured: dict) -> None:
        """Replaces a row and writes both files, so that an interrupted comparison keeps what it has."""
        ours = measured["pairs"][0]["ours"]
        self.rows = {
            name: row for name, row in self.rows.items() if row["pairs"][0]["ours"]["versions"] == ours["versions"]
            and row["pairs"][0]["ours"]["cpu"] == ours["cpu"]
        }
        self.rows[measured["name"]] = measured
        self.folder.mkdir(parents=True, exist_ok=True)
        content = {"threads": self.threads, "rows": self.titled(False), "alone": self.titled(True)}
        text = json.dumps(content, indent=1, sort_keys=True) + "\n"
        self.path.write_text(text)
        (self.folder / "README.md").write_text(self.markdown())

    def present(self, alone: bool) -> list[tuple[Row, dict]]:
        """Rows that have been measured, those without a peer or the others."""
        return [(row, self.rows[row.name]) for row in ROWS if row.name in self.rows and bool(row.alone) == alone]

    def titled(self, alone: bool) -> list[dict]:
        return [measured | {"title": row.title} for row, measured in self.present(alone)]

    def relative(self, row: Row) -> list[str]:
        """What jml takes here beside what it takes in another row."""
        if row.relative_to is None or (other := self.rows.get(row.relative_to)) is None:
            return []
        parts = []
        for what, measure, limit in [
            ("seconds", ours_seconds, row.relative_seconds), ("memory", ours_memory, row.relative_memory),
        ]:
            factor = measure(self.rows[row.name]["pairs"]) / measure(other["pairs"])
            parts.append(f"{what} x {factor:.2f} (bar {limit:g}: {'reached' if factor <= limit else 'missed'})")
        title = next(one.title for one in ROWS if one.name == row.relative_to)
        return [f"jml beside its own \"{title}\": {', '.join(parts)}."]

    def markdown(self) -> str:
        head = ["work", "jml", "PyTorch float32", "ratio", "bar", "PyTorch best", "ratio", "bar", "memory, jml",
                "memory, PyTorch"]
        compared = self.present(False)
        lines = table(head, [cells(row, measured) for row, measured in compared])
        notes = []
        versions: dict[str, str] = {}
        for row, measured in compared + self.present(True):
            texts = ([row.note] if row.note else []) + measured["notes"] + self.relative(row)
            notes += [f"- {row.title}: {text}" for text in texts]
            for peer in measured["pairs"][0]["peers"].values():
                versions |= peer["versions"]
        first = next(iter(self.rows.values()))["pairs"][0]["ours"]
        rate = max(row["pairs"][0]["ours"]["machine_gflops"] for row in self.rows.values())
        machine = (
            f"Machine: {first['cpu']}, {self.threads} threads; a large single-precision matrix product reaches "
            f"{rate:.0f} GFLOP/s here. jml: "
            + ", ".join(f"{name} {version}" for name, version in sorted(first["versions"].items()))
            + ". Peers: " + ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) + "."
        )
        if notes:
            notes = ["Notes:", "", *notes, ""]
        by_itself = alone.section(self.present(True))
        limits = roofline.section(compared + self.present(True))
        return "\n".join([INTRODUCTION.format(base=400), *lines, "", *by_itself, *limits, *notes, machine, ""])


def cells(row: Row, measured: dict) -> list[str]:
    pairs = measured["pairs"]
    ours = ours_seconds(pairs)
    plain = statistics.median(pair["peers"]["float32"]["seconds_per_step"] for pair in pairs)
    best = fastest(pairs)
    memory = ours_memory(pairs)
    peer_memory = min(pair["peers"]["float32"]["peak_memory_bytes"] for pair in pairs)
    ours_text = seconds(ours)
    if row.seconds is not None:
        ours_text += f" (bar {seconds(row.seconds)}: {'reached' if ours <= row.seconds else 'missed'})"
    result = [row.title, ours_text, seconds(plain), *ratio(pairs, "float32", row.bar)]
    if best == "float32":
        result += ["-", "-", "-"] if row.bar_best is None else ["float32", *ratio(pairs, best, row.bar_best)]
    else:
        best_seconds = statistics.median(seconds_of(pairs, best))
        result += [f"{seconds(best_seconds)} ({best})", *ratio(pairs, best, row.bar_best)]
    limit = row.memory_bytes or (row.memory_share * peer_memory if row.memory_share else None)
    memory_text = f"{memory / 1e6:.0f} MB"
    if limit is not None:
        memory_text += f" (bar {limit / 1e6:.0f}: {'reached' if memory <= limit else 'missed'})"
    return [*result, memory_text, f"{peer_memory / 1e6:.0f} MB"]


def ours_seconds(pairs: list[dict]) -> float:
    return statistics.median(pair["ours"]["seconds_per_step"] for pair in pairs)


def ours_memory(pairs: list[dict]) -> int:
    return max(pair["ours"]["peak_memory_bytes"] for pair in pairs)


def fastest(pairs: list[dict]) -> str:
    """Of the modes of the first pair, the one that was repeated."""
    peers = pairs[0]["peers"]
    return min(peers, key=lambda mode: peers[mode]["seconds_per_step"])


def seconds_of(pairs: list[dict], mode: str) -> list[float]:
    return [pair["peers"][mode]["seconds_per_step"] for pair in pairs if mode in pair["peers"]]


def ratio(pairs: list[dict], mode: str, bar: float | None) -> list[str]:
    ratios = [
        pair["peers"][mode]["seconds_per_step"] / pair["ours"]["seconds_per_step"]
        for pair in pairs
        if mode in pair["peers"]
    ]
    middle = statistics.median(ratios)
    text = f"**{number(middle)}** ({number(min(ratios))} to {number(max(ratios))})"
    if bar is None:
        return [text, "-"]
    return [text, f"{bar:g}: {'reached' if middle >= bar else 'missed'}"]
