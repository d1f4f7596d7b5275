#!/usr/bin/env python3
"""Prints the numbers that Tests/ClaimsTests/StatisticsTests.swift expects, by another way than the program's: the density
of Student's t is integrated by Simpson's rule. Python's standard library alone."""
import math

# Student (1908): hours of sleep gained with two drugs by ten patients, as in R's data set `sleep`.
FIRST = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
SECOND = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def upper_tail(t, freedom, steps=200_000):
    """P(T > t): 1/2 minus the integral of the density from 0 to t."""
    log_norm = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2) - 0.5 * math.log(freedom * math.pi)

    def density(x):
        return math.exp(log_norm - (freedom + 1) / 2 * math.log1p(x * x / freedom))

    h = t / steps
    inner = sum((4 if i % 2 else 2) * density(i * h) for i in range(1, steps))
    return 0.5 - h / 3 * (density(0) + density(t) + inner)


def mean(values):
    return math.fsum(values) / len(values)


def variance(values):
    m = mean(values)
    return math.fsum((v - m) ** 2 for v in values) / (len(values) - 1)


def welch(a, b, shift=0.0):
    x, y = variance(a) / len(a), variance(b) / len(b)
    freedom = (x + y) ** 2 / (x * x / (len(a) - 1) + y * y / (len(b) - 1))
    return (mean(a) - mean(b) - shift) / math.sqrt(x + y), freedom


def paired(a, b, shift=0.0):
    differences = [x - y for x, y in zip(a, b)]
    return (mean(differences) - shift) / math.sqrt(variance(differences) / len(a)), float(len(a) - 1)


for name, (t, freedom) in {
    "Welch": welch(SECOND, FIRST),
    "paired": paired(SECOND, FIRST),
    "paired, by 1": paired(SECOND, FIRST, 1.0),
    "Welch, first over second": welch(FIRST, SECOND),
    "Welch, 3 against 10": welch(SECOND[:3], FIRST),
}.items():
    print(f"{name:26} t {t:.10f}  freedom {freedom:.10f}  one-sided p {upper_tail(t, freedom):.10f}")
pooled = math.sqrt((9 * variance(FIRST) + 9 * variance(SECOND)) / 18)
print(f"pooled deviation           {pooled:.10f}")

# Two one-sided tests: differences of five seeds, within 0.3, and a mean that lies further away.
FIVE = [0.1, -0.05, 0.2, 0.0, 0.05]


def quantile(p, freedom):
    """The t with P(T > t) = p, by halving."""
    low, high = 0.0, 64.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if upper_tail(middle, freedom, 20_000) > p else (low, middle)
    return low


for name, shift in {"five seeds": 0.0, "0.2 more": 0.2}.items():
    values = [v + shift for v in FIVE]
    error = math.sqrt(variance(values) / len(values))
    ps = [upper_tail((0.3 + sign * mean(values)) / error, len(values) - 1) for sign in (1, -1)]
    half = quantile(0.05, len(values) - 1) * error
    print(f"{name:26} mean {mean(values):+.10f}  larger p {max(ps):.10f}  90 %: {mean(values) - half:+.10f} to {mean(values) + half:+.10f}")
for freedom in (1, 4, 9):
    print(f"5 % of {freedom} degrees          t {quantile(0.05, freedom):.8f}")
