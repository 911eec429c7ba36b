"""Golden cases for dlmir-eval's paired comparison of two models, computed by scipy.

    pip install numpy==2.4.6 scipy==1.17.1
    python tools/golden/scipy_comparison.py

Writes dlmir-eval/tests/golden/comparison.txt: McNemar's test by the binomial and chi-squared distributions
(the formulae of statsmodels' `mcnemar`), and the paired percentile bootstrap of a difference of means by
scipy.stats.bootstrap with 200 000 resamples.
"""

from pathlib import Path

import numpy as np
import scipy
from scipy import stats

assert np.__version__ == "2.4.6", np.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__

OUT = Path(__file__).parents[2] / "dlmir-eval/tests/golden/comparison.txt"
rng = np.random.default_rng(3)
lines = ["# made by tools/golden/scipy_comparison.py with scipy 1.17.1 and numpy 2.4.6", ""]


def mcnemar(b, c):
    statistic = max(abs(b - c) - 1, 0) ** 2 / (b + c)
    lines.extend([
        f"mcnemar {b}_{c}",
        f"counts {b} {c}",
        f"p_exact {float(stats.binomtest(min(b, c), b + c).pvalue)!r}",
        f"statistic {statistic!r}",
        f"p_corrected {float(stats.chi2.sf(statistic, 1))!r}",
        "",
    ])


def paired(name, level, first, second):
    """The difference of the means, items drawn in pairs."""
    found = stats.bootstrap(
        (first, second), lambda a, b, axis: (b - a).mean(axis=axis), paired=True, vectorized=True,
        confidence_level=level, n_resamples=200_000, method="percentile", rng=rng, batch=10_000,
    )
    d = found.bootstrap_distribution
    lines.extend([
        f"paired {name}",
        f"level {level!r}",
        "first " + " ".join(repr(x) for x in first.tolist()),
        "second " + " ".join(repr(x) for x in second.tolist()),
        f"difference {float((second - first).mean())!r}",
        f"low {float(found.confidence_interval.low)!r}",
        f"high {float(found.confidence_interval.high)!r}",
        f"standard_error {float(found.standard_error)!r}",
        f"p_value {float(min(1, 2 * (1 + min((d <= 0).sum(), (d >= 0).sum())) / (len(d) + 1)))!r}",
        "",
    ])


for b, c in [(1, 0), (5, 5), (6, 2), (3, 10), (25, 26), (40, 22), (121, 59), (9, 200), (1500, 1630), (0, 60)]:
    mcnemar(b, c)

hard = rng.random(60)
paired("better", 0.95, hard, np.clip(hard + rng.normal(0.03, 0.08, 60), 0, 1))
paired("the_same", 0.95, hard, hard + rng.normal(0.0, 0.1, 60))
paired("right_or_wrong", 0.9, (rng.random(80) < 0.7).astype(float), (rng.random(80) < 0.8).astype(float))
paired("worse", 0.99, hard, hard - np.abs(rng.normal(0.01, 0.05, 60)) + 0.02)

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines))
