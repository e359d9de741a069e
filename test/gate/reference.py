"""Reference values for the gate, computed apart from it: writes reference.json beside this file.

Run by hand with scipy and numpy (1.17 and 2.x were used); CI only compares with the committed numbers.
The rank law is counted with whole numbers (Mann and Whitney's recursion, no rounding) and checked against scipy's exact
test; the other laws are scipy's. Samples are drawn without ties, since scipy's exact test wants none.
"""
import json
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import stats


@lru_cache(maxsize=None)
def counts(m, n):
    """Number of arrangements of m and n values with each count U."""
    if m == 0 or n == 0:
        return (1,)
    total = [0] * (m * n + 1)
    for u, c in enumerate(counts(m - 1, n)):
        total[u + n] += c
    for u, c in enumerate(counts(m, n - 1)):
        total[u] += c
    return tuple(total)


def rank_tail(u, m, n):
    c = counts(m, n)
    return Fraction(sum(c[max(u, 0):]), sum(c)) if u <= m * n else Fraction(0)


def critical(level, m, n):
    """Smallest u with P(U >= u) <= level, the level being the exact value of the binary number."""
    level = Fraction(level)
    c = counts(m, n)
    total, tail, u = sum(c), 0, m * n + 1
    while u > 0 and Fraction(tail + c[u - 1], total) <= level:
        tail += c[u - 1]
        u -= 1
    return u


def laws(rng):
    ranks, criticals = [], []
    for m, n in [(1, 1), (2, 3), (5, 8), (7, 7), (7, 30), (10, 10), (10, 12), (15, 15), (20, 19), (30, 30), (45, 60), (100, 97)]:
        for u in sorted({0, 1, m * n // 3, m * n // 2, m * n * 3 // 4, m * n - 1, m * n, m * n + 1}):
            ranks.append([u, m, n, float(rank_tail(u, m, n))])
        for level in [0.5, 0.025, 0.01, 0.025 / 9, 0.01 / 9, 0.01 * 5 / 36, 0.01 * 7 / 36, 0.025 * 5 / 9, 1e-6]:
            criticals.append([level, m, n, critical(level, m, n)])
    fisher = []
    for m, n in [(7, 7), (10, 10), (15, 17), (30, 30), (60, 40)]:
        for a in [0, 1, 3, m // 2, m]:
            for b in [0, 1, n // 3]:
                p = stats.fisher_exact([[a, m - a], [b, n - b]], alternative="greater").pvalue
                fisher.append([a, m, b, n, float(p)])
    binomial = [
        [k, m, float(stats.binom.sf(k - 1, m, 0.05)), float(stats.beta.ppf(0.95, k + 1, m - k)) if k < m else 1.0]
        for m in [1, 7, 10, 30, 58, 59, 100]
        for k in sorted({0, 1, 2, 4, 6, m // 2, m})
        if k <= m
    ]
    return {"ranks": ranks, "criticals": criticals, "fisher": fisher, "binomial": binomial}


def arm(rng, n, factor, sd, tail):
    values = 300 * factor * np.exp(sd * rng.standard_normal(n))
    slow = rng.random(n) < tail
    return np.where(slow, values * (2 + 2 * rng.random(n)), values)


def case(rng):
    m, n = int(rng.integers(7, 31)), int(rng.integers(7, 31))
    c = arm(rng, m, rng.choice([0.8, 1, 1.05, 1.15, 1.25, 1.5]), rng.choice([0.04, 0.15, 0.4]), rng.choice([0, 0.05, 0.4]))
    b = arm(rng, n, 1, rng.choice([0.04, 0.15, 0.4]), rng.choice([0, 0.05]))
    c, b = np.round(c, 3), np.round(b, 3)
    floor = float(rng.choice([0, 10, 40]))
    g, h = b + np.maximum(0.05 * b, floor), b + np.maximum(0.25 * b, 2 * floor)
    above = stats.mannwhitneyu(c, g, alternative="greater", method="exact")
    below = stats.mannwhitneyu(h, c, alternative="greater", method="exact")
    assert abs(above.pvalue - float(rank_tail(int(above.statistic), m, n))) < 1e-12
    bound = 2 * np.median(np.concatenate([c, g]))
    slow = [int((c > bound).sum()), int((g > bound).sum())]
    tail = stats.fisher_exact([[slow[0], m - slow[0]], [slow[1], n - slow[1]]], alternative="greater").pvalue
    limit = int(rng.choice([400, 600, 5000]))
    over = int((c > limit).sum())
    slo = stats.binom.sf(over - 1, m, 0.05)
    ratios = np.sort(np.divide.outer(c, b).ravel())
    kb, kp = critical(0.025, m, n), critical(0.01, m, n)
    if above.pvalue <= 0.025:
        verdict, reason = "regression", "shift"
    elif tail <= 0.01:
        verdict, reason = "regression", "tail"
    elif slo <= 0.01:
        verdict, reason = "regression", "slo"
    elif below.pvalue <= 0.01 and tail >= 0.1:
        verdict, reason = "pass", "clear"
    else:
        verdict, reason = "inconclusive", "unsure"
    return {
        "candidate": c.tolist(),
        "baseline": b.tolist(),
        "minEffectMs": floor,
        "sloMs": limit,
        "verdict": verdict,
        "reason": reason,
        "block": float(above.pvalue),
        "pass": float(below.pvalue),
        "tail": float(tail),
        "slo": float(slo),
        "slow": slow,
        "over": over,
        "ratio": float(np.median(ratios)),
        "lower": float(ratios[m * n - kb]),
        "upper": float(ratios[kp - 1]),
    }


rng = np.random.default_rng(20260112)
document = {"laws": laws(rng), "cases": [case(rng) for _ in range(100)]}
Path(__file__).with_name("reference.json").write_text(json.dumps(document, indent=1) + "\n")
