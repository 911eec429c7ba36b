"""Golden cases for dlmir-eval's bootstrap, computed by scipy.stats.bootstrap(method="percentile").

    pip install numpy==2.4.6 scipy==1.17.1
    python tools/golden/scipy_bootstrap.py

Writes dlmir-eval/tests/golden/bootstrap.txt: per case the data, the statistic, the interval from
200 000 resamples (so that its own Monte Carlo error is small) and the standard error of the statistic.
"""

from pathlib import Path

import numpy as np
import scipy
from scipy import stats

assert np.__version__ == "2.4.6", np.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__

OUT = Path(__file__).parents[2] / "dlmir-eval/tests/golden/bootstrap.txt"
rng = np.random.default_rng(1)
lines = ["# made by tools/golden/scipy_bootstrap.py with scipy 1.17.1 and numpy 2.4.6", ""]


def case(name, statistic, level, data):
    found = stats.bootstrap(
        (data,), getattr(np, statistic), confidence_level=level, n_resamples=200_000,
        method="percentile", rng=rng, batch=10_000,
    )
    lines.extend([
        f"case {name}",
        f"statistic {statistic}",
        f"level {level!r}",
        "data " + " ".join(repr(x) for x in data.tolist()),
        f"low {float(found.confidence_interval.low)!r}",
        f"high {float(found.confidence_interval.high)!r}",
        f"standard_error {float(found.standard_error)!r}",
        "",
    ])


case("mean_of_skewed", "mean", 0.95, rng.exponential(1.0, 60))
case("mean_90", "mean", 0.9, rng.normal(3.0, 2.0, 40))
case("median", "median", 0.95, rng.normal(size=101))
case("proportion", "mean", 0.95, (rng.random(64) < 0.9).astype(float))

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines))
