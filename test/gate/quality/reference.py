"""Reference values for the quality gate, computed apart from it: writes reference.json beside this file.

Run by hand with scipy and numpy (1.17 and 2.x were used); CI only compares with the committed numbers.
Right or wrong: the chance is an integral over the laws of two gamma variables, with scipy's survival function of the third
in it; where one of them is nothing it is scipy's beta or binomial law. Losses: the law of a sum of weighted exponentials
with distinct weights by partial fractions, in exact rational numbers.
"""
import json
import random
from fractions import Fraction
from pathlib import Path

import numpy as np
from scipy import stats

nodes, weights = np.polynomial.legendre.leggauss(600)
u, du = (nodes + 1) / 2, weights / 2


def loss_tail(lost, gained, same, d):
    """P((1-d) G(lost) - (1+d) G(gained) - d G(same) > 0) by an integral in the space of probabilities."""
    y = stats.gamma.ppf(u, gained) if gained > 0 else np.zeros(1)
    z = stats.gamma.ppf(u, same) if same > 0 and d > 0 else np.zeros(1)
    wy = du if gained > 0 else np.ones(1)
    wz = du if same > 0 and d > 0 else np.ones(1)
    at = ((1 + d) * y[:, None] + d * z[None, :]) / (1 - d)
    return float(wy @ stats.gamma.sf(at, lost) @ wz)


def shares():
    rng = random.Random(7)
    found = []
    for n in [20, 30, 50, 60, 100, 113, 200, 400, 1000, 2000]:
        for _ in range(8):
            lost = rng.randint(1, max(1, n // 8))
            gained = rng.choice([0, rng.randint(0, max(1, n // 12))])
            for d in [0, 0.005, 0.01, 0.04]:
                same = n - lost - gained
                found.append(
                    dict(lost=lost, gained=gained, same=same, d=d,
                         passing=loss_tail(lost + 1, gained, same, d),
                         blocking=1 - loss_tail(lost, gained + 0.5, same, d)))
    return found


def beta_and_binomial():
    """No item gained: Clopper-Pearson's upper bound. Margin 0: the sign test."""
    found = []
    for lost, same, d in [(0, 113, 0.04), (0, 112, 0.04), (3, 397, 0.02), (12, 988, 0.01), (1, 19, 0.1)]:
        # P(more than `lost` of lost + same at share d would have been 0) = Clopper-Pearson at d.
        found.append(dict(lost=lost + 1, gained=0, same=same, d=d, tail=float(stats.binom.cdf(lost, lost + same, d))))
    for lost, gained in [(5, 3), (13, 2), (1, 1), (40, 22)]:
        # At margin 0 the race of lost + 1 against gained is a fair coin's.
        found.append(dict(lost=lost + 1, gained=gained, same=100, d=0,
                          tail=float(stats.binom.sf(gained - 1, lost + gained, 0.5)) if gained else 1.0))
    return found


def losses():
    rng = random.Random(11)
    found = []
    for n in [3, 5, 8, 13, 20, 40, 60]:
        for _ in range(4):
            values = set()
            while len(values) < n:
                value = Fraction(rng.randint(-900, 700), 1000)
                if value != 0:
                    values.add(value)
            if max(values) < 0:
                continue
            tail = Fraction(0)
            for a in values:
                if a < 0:
                    continue
                product = Fraction(1)
                for b in values:
                    if b != a:
                        product *= a / (a - b)
                tail += product
            found.append(dict(values=[float(v) for v in values], tail=float(tail)))
    return found


def first_release():
    return [dict(right=k, n=n, share=p, atMost=float(stats.binom.cdf(k, n, p)), atLeast=float(stats.binom.sf(k - 1, n, p)))
            for k, n, p in [(180, 200, 0.95), (190, 200, 0.95), (20, 20, 0.9), (0, 50, 0.1), (960, 1000, 0.99), (99_100, 100_000, 0.99)]]


here = Path(__file__).parent
data = dict(shares=shares(), special=beta_and_binomial(), losses=losses(), binomial=first_release())
(here / "reference.json").write_text(json.dumps(data, indent=0) + "\n")
