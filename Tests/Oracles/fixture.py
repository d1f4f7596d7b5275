"""The command line that recorders share, and the comparison of a recording with a fixture.

A recording is one HDF5 file. An entry is a dataset, "group/name", or an attribute, "group@name"."""

import argparse
import os
import re
import sys

import h5py
import numpy as np


class Rule:
    """How far the entries whose whole path matches may lie apart. The pattern's groups, if any, name the row
    of the report."""

    def __init__(self, pattern, measure):
        self.pattern, self.measure = re.compile(pattern), measure


# A measure takes what was recorded, what the fixture holds, and (file, path) of the fixture; it gives the
# deviation of every value and the bound on it.


def absolute(bound):
    return lambda new, old, *_: (np.abs(new - old), bound)


def relative(bound, floor):
    return lambda new, old, *_: (np.abs(new - old) / np.maximum(np.abs(old), floor), bound)


def of_deviation(bound):
    """In units of the fixture's standard deviation."""
    return lambda new, old, *_: (np.abs(new - old) / old.std(), bound)


def exact(new, old, *_):
    return np.asarray(new != old, dtype=float), 0.0


def _entries(file, skipped):
    """Path to value of all that the file holds, but for the top-level groups `skipped` and remarks."""
    entries = {}

    def visit(name, node):
        if name.split("/")[0] in skipped:
            return
        if isinstance(node, h5py.Dataset):
            entries[name] = node[()]
        for key, value in node.attrs.items():
            entries[f"{name}@{key}"] = value

    file.visititems(visit)
    remarks = {"about", "script", "torch", "timm", "pillow"}
    entries.update({f"@{key}": value for key, value in file.attrs.items() if key not in remarks})
    return entries


def compare(recording, fixture, rules, skipped=()):
    """Prints the worst deviation of each row; true if all entries are in both files and within bounds."""
    new, old = _entries(recording, skipped), _entries(fixture, skipped)
    for path in sorted(new.keys() ^ old.keys()):
        print(f"{path}: only in the {'recording' if path in new else 'fixture'}")
    agrees, rows = new.keys() == old.keys(), {}
    for path in sorted(new.keys() & old.keys()):
        match, rule = next(((m, r) for r in rules if (m := r.pattern.fullmatch(path))), (None, None))
        if rule is None:
            raise SystemExit(f"{path}: no rule says how far it may deviate")
        recorded, expected = np.asarray(new[path]), np.asarray(old[path])
        if recorded.shape != expected.shape:
            print(f"{path}: shape {recorded.shape}, fixture {expected.shape}")
            agrees = False
            continue
        if expected.dtype.kind == "f":
            recorded, expected = recorded.astype(float), expected.astype(float)
        deviation, bound = np.broadcast_arrays(*rule.measure(recorded, expected, fixture, path))
        if deviation.size == 0:
            continue
        # NaN is outside of every bound; the epsilon lets a bound of 0 take part in the ratio.
        ratio = np.nan_to_num(deviation, nan=np.inf) / (bound + 1e-300)
        place = np.unravel_index(ratio.argmax(), ratio.shape)
        agrees = agrees and bool(np.nan_to_num(deviation[place], nan=np.inf) <= bound[place])
        row = " ".join(match.groups()) or path
        if row not in rows or ratio[place] > rows[row][0]:
            rows[row] = (ratio[place], deviation[place], bound[place], path, place)
    for row, (ratio, deviation, bound, path, place) in rows.items():
        mark = "" if ratio <= 1 else "  OUTSIDE"
        where = "" if deviation == 0 else f"  at {path}{[int(i) for i in place] if place else ''}"
        print(f"{row:<48} {deviation:9.2e} of {bound:7.0e}{where}{mark}")
    return agrees


def run(description, record, rules, parts=()):
    """Command line of a recorder: --output FILE writes a fixture, --check FILE compares with one (exit status
    1 if a value lies outside its bound). --models selects some of the `parts` to check; `record` gets their
    names."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--output", metavar="FILE", help="write the fixture")
    mode.add_argument("--check", metavar="FILE", help="recompute, compare with this fixture")
    if parts:
        parser.add_argument(
            "--models", metavar="NAME", nargs="+", choices=parts, help="check these alone: " + ", ".join(parts))
    options = parser.parse_args()
    if parts and options.models and options.output:
        parser.error("--models goes with --check: a fixture holds every network")
    chosen = [options.models or list(parts)] if parts else []
    if options.output:
        # An old fixture is replaced once the new one is complete.
        with h5py.File(f"{options.output}.partial", "w") as file:
            record(file, *chosen)
        os.replace(f"{options.output}.partial", options.output)
        return
    with h5py.File("recording", "w", driver="core", backing_store=False) as recording:
        record(recording, *chosen)
        with h5py.File(options.check, "r") as fixture:
            skipped = set(parts) - set(*chosen) if parts else ()
            if not compare(recording, fixture, rules, skipped):
                sys.exit(1)
