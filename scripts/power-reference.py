#!/usr/bin/env python3
"""What `jml regress power mini` prints, by numpy and scipy: the nights of PowerStudy, drawn by the same Philox numbers around
the published tables, and judged by another implementation of CellTests. Tests/RegressionTests has its numbers.

    scripts/power-reference.py [--seeds 3] [--trials 1000]
"""
import argparse
import json
import pathlib

import numpy as np
from scipy import stats
from scipy.special import digamma, polygamma

ROOT = pathlib.Path(__file__).resolve().parent.parent
ALPHA, MINIMUM_EFFECT = 0.005, 0.5
EFFECTS = [0.5, 1, 2, 3, 4, 6, 8, 12]
WORD = 2**64 - 1
TITLES = {"accuracy": ("Acc", 1), "miou": ("mIoU", 1), "ece": ("ECE", -1), "bece": ("BECE", -1)}


def cells():
    """Metric and values of every cell of experiments/regression/mini.yaml, in its order."""
    found = []
    for number in (1, 2):
        table = json.loads((ROOT / f"results/mini/table{number:02d}.json").read_text())
        for row in table["rows"]:
            if row["labels"][0] == "DL3-R18":
                found += [(row["cells"][c]["metric"], np.array(row["cells"][c]["values"])) for c in table["columns"]]
    return found


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


def uniforms(trials, seeds, count):
    """[trials, count] of RandomSource(seed: 0, purpose: "regression power", trial, seeds)."""
    purpose = 0xCBF29CE484222325
    for byte in b"regression power":
        purpose = ((purpose ^ byte) * 0x100000001B3) & WORD
    key = mix(mix((0x9E3779B97F4A7C15 * 3) & WORD) ^ purpose)
    k0, k1 = key & 0xFFFFFFFF, key >> 32
    low, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    c0 = np.tile(np.arange((count + 1) // 2, dtype=np.uint64), (trials, 1))
    c1, c3 = np.zeros_like(c0), np.full_like(c0, seeds)
    c2 = np.broadcast_to(np.arange(trials, dtype=np.uint64)[:, None], c0.shape)
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> half) ^ c1 ^ np.uint64(k0), p1 & low, (p0 >> half) ^ c3 ^ np.uint64(k1), p0 & low
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    words = np.stack([(c1 << half) | c0, (c3 << half) | c2], 2).reshape(trials, -1)[:, :count]
    return (words >> np.uint64(11)).astype(float) * 2.0**-53


def normals(u):
    """Box and Muller, as RandomSource.normal."""
    radius, angle = np.sqrt(-2 * np.log(1 - u[..., 0::2])), 2 * np.pi * u[..., 1::2]
    z = np.empty_like(u)
    z[..., 0::2] = (radius * np.cos(angle)).astype(np.float32)
    z[..., 1::2] = (radius * np.sin(angle)).astype(np.float32)
    return z


def correlation(values):
    scaled = np.array([(v - v.mean()) / v.std(ddof=1) for v in values])
    count = len(scaled)
    return min(1, max(0, (count * scaled.mean(0).var(ddof=1) - 1) / (count - 1)))


def moderated(variances, freedom):
    """[nights, cells] of variances to posterior variances and degrees of freedom (Smyth 2004)."""
    count = variances.shape[1]
    floor = 1e-5 * np.sort(variances, 1)[:, count // 2][:, None]
    logs = np.log(np.maximum(variances, floor)) - digamma(freedom / 2) + np.log(freedom / 2)
    mean, excess = logs.mean(1), logs.var(1, ddof=1) - polygamma(1, freedom / 2)
    low, high = np.full(len(mean), -18.0), np.full(len(mean), 18.0)
    for _ in range(80):
        middle = (low + high) / 2
        above = polygamma(1, np.exp(middle)) > excess
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    is_known = excess > 0
    prior = np.where(is_known, 2 * np.exp((low + high) / 2), 1.0)
    centre = np.exp(mean + np.where(is_known, digamma(prior / 2) - np.log(prior / 2), 0))
    prior, centre, is_known = prior[:, None], centre[:, None], is_known[:, None]
    posterior = np.where(is_known, (prior * centre + freedom * variances) / (prior + freedom), centre)
    return posterior, np.where(is_known, np.minimum(prior + freedom, count * freedom), count * freedom)


def holm(p):
    order = np.argsort(p, 1, kind="stable")
    steps = np.take_along_axis(p, order, 1) * (p.shape[1] - np.arange(p.shape[1]))
    result = np.empty_like(p)
    np.put_along_axis(result, order, np.maximum.accumulate(np.minimum(1, steps), 1), 1)
    return result


class Study:
    def __init__(self, found, seeds, trials):
        self.seeds = seeds
        self.metrics = [metric for metric, _ in found]
        self.names = list(dict.fromkeys(self.metrics))
        self.deviations = np.array([values.std(ddof=1) for _, values in found])
        shared = {n: correlation([v for m, v in found if m == n]) for n in self.names}
        z = normals(uniforms(trials, seeds, 2 * seeds * (len(self.names) + len(found))).reshape(trials, -1, 2 * seeds))
        common = z[:, [self.names.index(m) for m in self.metrics]]
        rho = np.array([shared[m] for m in self.metrics])[None, :, None]
        self.values = self.deviations[None, :, None] * (
            np.sqrt(rho) * common + np.sqrt(1 - rho) * z[:, len(self.names):])
        self.signs = np.array([TITLES[m][1] for m in self.metrics])

    def alarms(self, shift):
        """Share of nights with an alarm where cells are worse by `shift`, [cells]."""
        n = self.seeds
        reference = self.signs[:, None] * self.values[:, :, :n]
        night = self.signs[:, None] * self.values[:, :, n:] - shift[:, None]
        worse = reference.mean(2) - night.mean(2)
        variances = (reference.var(2, ddof=1) + night.var(2, ddof=1)) / 2
        p, means, p_means = np.ones_like(worse), [], []
        for name in self.names:
            places = [i for i, m in enumerate(self.metrics) if m == name]
            variance, freedom = moderated(variances[:, places], 2 * n - 2)
            p[:, places] = stats.t.sf(worse[:, places] / np.sqrt(variance * 2 / n), freedom)
            a, b = reference[:, places].mean(1), night[:, places].mean(1)
            pooled = np.sqrt((a.var(1, ddof=1) + b.var(1, ddof=1)) / 2)
            means.append(a.mean(1) - b.mean(1))
            p_means.append(stats.t.sf(means[-1] / (pooled * np.sqrt(2 / n)), 2 * n - 2))
        mean_worse = np.stack(means, 1)
        cells_hit = (holm(p) <= ALPHA / 2) & (worse > 0) & (worse >= MINIMUM_EFFECT)
        means_hit = (holm(np.stack(p_means, 1)) <= ALPHA / 2) & (mean_worse > 0) & (mean_worse >= MINIMUM_EFFECT)
        return (cells_hit.any(1) | means_hit.any(1)).mean()

    def rows(self):
        for name in self.names:
            places = sorted(
                (i for i, m in enumerate(self.metrics) if m == name), key=lambda i: (self.deviations[i], i))
            middle = places[len(places) // 2]
            for change, hit in (("one cell", [middle]), (f"all {len(places)} cells", places)):
                power = []
                for effect in EFFECTS:
                    shift = np.zeros(len(self.metrics))
                    shift[hit] = effect
                    power.append(self.alarms(shift))
                yield TITLES[name][0], change, self.deviations[middle], power


def seen(power):
    place = next((i for i, share in enumerate(power) if share >= 0.8), None)
    if place is None:
        return "more"
    if place == 0:
        return f"{EFFECTS[0]:.2f}"
    low, high = power[place - 1], power[place]
    return f"{EFFECTS[place - 1] + (0.8 - low) / (high - low) * (EFFECTS[place] - EFFECTS[place - 1]):.2f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=1000)
    given = parser.parse_args()
    study = Study(cells(), given.seeds, given.trials)
    header = ["metric", "worse", "deviation of a run"] + [f"by {e:g}" for e in EFFECTS] + ["seen in 4 of 5 nights from"]
    print("| " + " | ".join(header) + " |\n| " + " | ".join("---" for _ in header) + " |")
    for title, change, deviation, power in study.rows():
        shares = [f"{int(100 * share + 0.5)} %" for share in power]
        print("| " + " | ".join([f"{title} (%)", change, f"{deviation:.2f}"] + shares + [seen(power)]) + " |")
    quiet = study.alarms(np.zeros(len(study.metrics)))
    print(
        f"\n{given.seeds} runs a cell on both sides, {given.trials} nights each; in {100 * quiet:.2f} % of nights in which "
        "nothing has changed there is an alarm.")


main()
