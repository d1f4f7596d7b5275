"""Runs jml and its peers in turn, pair by pair, and writes results/bench/.

Usage: compare.py --jml .build/release/jml [--rows head,labels] [--pairs 3] [--threads N] [--skip bfloat16] [--out results/bench]

Within a pair, every program runs in a process of its own, one after the other, so that both meet the machine in
the same state. The first pair tries every mode of the peer; later pairs repeat float32 and the fastest mode.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import report
from rows import Row, select

HERE = Path(__file__).resolve().parent
# A mode that is this many times slower than float32 is not worth repeating.
HOPELESS = 3
# Kinds that are measured on one thread.
SINGLE = ("loader", "views")
# Seconds that torch.compile and the start of a process may take besides.
START_LIMIT = 180


class Failure(Exception):
    """A measurement that did not end well; its text says why."""


def run(command: list[str], limit: float | None) -> dict:
    try:
        process = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        raise Failure(f"took more than {limit:.0f} s") from None
    if process.returncode != 0:
        lines = [line for line in process.stderr.splitlines() if line.strip()]
        raise Failure(lines[-1] if lines else f"exit code {process.returncode}")
    return json.loads(process.stdout)


def flags(options: dict[str, str]) -> list[str]:
    return [text for name, value in options.items() for text in (f"--{name}", value)]


class Comparison:
    def __init__(self, jml: str, threads: int, data: str, skipped: list[str]) -> None:
        self.jml = jml
        self.skipped = skipped
        self.threads = threads
        self.data = data

    def ours(self, row: Row) -> dict:
        options = row.options | row.extra | {"steps": str(row.steps), "warm-up": "2" if row.steps > 3 else "1"}
        # The loader makes its own data where no folder is named.
        options |= {"threads": "1" if row.kind in SINGLE else str(self.threads)}
        if row.kind == "loader" and self.data:
            options["data"] = self.data
        return run([self.jml, "bench", row.kind, *flags(options), "--json"], None)

    def peer(self, row: Row, mode: str, ours: dict, limit: float | None) -> dict:
        options = row.options | {"mode": mode, "steps": str(row.peer_steps), "warm-up": "1"}
        options["threads"] = "1" if row.kind in SINGLE else str(self.threads)
        if row.kind in ("metrics", "frame"):
            options["counted"] = ",".join(ours["counted"])
        if row.kind == "frame":
            options |= {"rows": ours["rows"], "columns": ours["columns"]}
        if row.kind == "loader":
            options["data"] = ours["root"]
        if row.kind == "views":
            options["operations"] = ours["operations"]
        result = run([sys.executable, str(HERE / "peer.py"), row.kind, *flags(options)], limit)
        if "parameters" in result and result["parameters"] != ours["parameters"]:
            raise SystemExit(
                f"compare: {row.name}: the peer has {result['parameters']} parameters, jml {ours['parameters']}"
            )
        return result

    def row(self, row: Row, pairs: int) -> dict:
        """All pairs of a row: measurements and what there is to note. A row without a peer has none in its pairs."""
        measured = []
        modes = [mode for mode in row.modes if mode not in self.skipped]
        notes = [f"{mode} was not tried" for mode in row.modes if mode in self.skipped]
        for number in range(1, pairs + 1):
            pair = {"ours": self.ours(row), "peers": {}}
            say(row, number, pairs, "jml", pair["ours"])
            limit = None
            for mode in [] if row.alone else ["float32", *modes]:
                begin = time.monotonic()
                try:
                    pair["peers"][mode] = self.peer(row, mode, pair["ours"], limit)
                    if mode == "float32":
                        limit = HOPELESS * (time.monotonic() - begin) + START_LIMIT
                    say(row, number, pairs, mode, pair["peers"][mode])
                except Failure as failure:
                    if mode == "float32":
                        raise SystemExit(f"compare: {row.name}: PyTorch float32: {failure}") from None
                    notes.append(f"{mode} failed: {failure}")
            # Where the data lies and what is done to it is for the peer, and no measurement.
            for name in ("root", "operations"):
                pair["ours"].pop(name, None)
            measured.append(pair)
            if number == 1 and not row.alone:
                modes = self.worth_repeating(pair["peers"], notes)
        return {"name": row.name, "pairs": measured, "notes": notes}

    @staticmethod
    def worth_repeating(peers: dict[str, dict], notes: list[str]) -> list[str]:
        """The fastest mode besides float32, if there is one that is not slower."""
        plain = peers["float32"]["seconds_per_step"]
        for mode, result in peers.items():
            if result["seconds_per_step"] > HOPELESS * plain:
                notes.append(f"{mode} dropped: {result['seconds_per_step'] / plain:.1f} times slower than float32")
        fastest = min(peers, key=lambda mode: peers[mode]["seconds_per_step"])
        return [] if fastest == "float32" else [fastest]


def say(row: Row, number: int, pairs: int, what: str, result: dict) -> None:
    seconds, memory = result["seconds_per_step"], result["peak_memory_bytes"] / 1e6
    print(f"{row.name} {number}/{pairs}: {what}: {seconds:.4g} s, {memory:.0f} MB", file=sys.stderr, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jml", required=True)
    parser.add_argument("--rows", default="", help="names or kinds, separated by commas; default: all")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--skip", default="", help="modes of the peer that are not tried, such as bfloat16")
    parser.add_argument("--data", default="", help="folder with Cityscapes; default: drawn scenes")
    parser.add_argument("--out", default="results/bench")
    options = parser.parse_args()
    if options.pairs < 1 or options.threads < 1:
        parser.error("--pairs and --threads: at least 1")
    comparison = Comparison(options.jml, options.threads, options.data, [mode for mode in options.skip.split(",") if mode])
    document = report.Document(Path(options.out), options.threads)
    failed = []
    for row in select(options.rows):
        try:
            document.add(comparison.row(row, options.pairs))
        except Failure as failure:
            # jml's own: a CPU without bfloat16, for one. The other rows take hours and do not depend on it.
            failed.append(row.name)
            print(f"compare: {row.name}: {failure}", file=sys.stderr)
    print(f"compare: wrote {options.out}/README.md", file=sys.stderr)
    if failed:
        raise SystemExit(f"compare: not measured: {', '.join(failed)}")


if __name__ == "__main__":
    main()
