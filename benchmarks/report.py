"""results/bench/: bench.json with every measurement, README.md with the table."""

import json
import statistics
from pathlib import Path

from rows import ROWS, Row

INTRODUCTION = """\
# Speed beside PyTorch

Written by `make bench`. Seconds are medians over pairs, of the median step of each process; a pair runs jml, PyTorch
in float32 and PyTorch's fastest mode one after the other. Ratios are taken pair by pair: PyTorch's seconds over
jml's, as median (least to most). jml computes in float32 where a row does not say otherwise. Memory is the largest resident size of the
process; PyTorch's starts at that of its libraries, some {base} MB.

PyTorch's modes: `channels_last`; `bfloat16` (autocast and channels_last); `compile` (`torch.compile`, inductor, and
channels_last; its compilation is not counted). Every mode is tried in the first pair, and the fastest is repeated.
Its code is in [benchmarks/](../../benchmarks).
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
                self.rows = {row["name"]: row for row in old["rows"]}

    def add(self, measured: dict) -> None:
        """Replaces a row and writes both files, so that an interrupted comparison keeps what it has."""
        ours = measured["pairs"][0]["ours"]
        self.rows = {
            name: row for name, row in self.rows.items() if row["pairs"][0]["ours"]["versions"] == ours["versions"]
            and row["pairs"][0]["ours"]["cpu"] == ours["cpu"]
        }
        self.rows[measured["name"]] = measured
        rows = [self.rows[row.name] | {"title": row.title} for row in ROWS if row.name in self.rows]
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"threads": self.threads, "rows": rows}, indent=1, sort_keys=True) + "\n"
        self.path.write_text(text)
        (self.folder / "README.md").write_text(self.markdown())

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
        lines = [" | ".join(["", *head, ""]).strip(), "|" + " --- |" * len(head)]
        notes = []
        versions: dict[str, str] = {}
        for row in ROWS:
            if (measured := self.rows.get(row.name)) is None:
                continue
            lines.append("| " + " | ".join(cells(row, measured)) + " |")
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
        return "\n".join([INTRODUCTION.format(base=400), *lines, "", *notes, machine, ""])


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
        result += ["-", "-", "-"]
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


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 20 else f"{value:.1f}" if value >= 5 else f"{value:.2f}"


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value >= 1 else f"{value * 1e3:.0f} ms" if value >= 0.1 else f"{value * 1e3:.1f} ms"
