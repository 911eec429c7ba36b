"""Golden cases for dlmir-eval's onset metrics, computed by mir_eval.

    pip install numpy==2.4.6 scipy==1.17.1 mir_eval==0.8.2
    python tools/golden/mir_eval_onset.py

Writes dlmir-eval/tests/golden/onset.txt. Each case is a block of lines `key value value ...` ended by an empty
line; floats are written with repr, which loses nothing.
"""

import warnings
from pathlib import Path

import mir_eval
import numpy as np
import scipy

assert np.__version__ == "2.4.6", np.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
assert mir_eval.__version__ == "0.8.2", mir_eval.__version__

OUT = Path(__file__).parents[2] / "dlmir-eval/tests/golden/onset.txt"
warnings.simplefilter("ignore")  # no onsets at all are among the cases
rng = np.random.default_rng(1)
lines = ["# made by tools/golden/mir_eval_onset.py with mir_eval 0.8.2, numpy 2.4.6 and scipy 1.17.1", ""]


def put(key, values):
    lines.append(" ".join([key, *(repr(v) for v in np.asarray(values, float).ravel().tolist())]))


def case(name, reference, estimate, windows=(0.025, 0.05, 0.1)):
    reference, estimate = np.asarray(reference, float), np.asarray(estimate, float)
    for window in windows:
        lines.append(f"onset {name}_{round(1000 * window)}ms")
        put("window", window)
        if reference.size:
            put("reference", reference)
        if estimate.size:
            put("estimate", estimate)
        both = reference.size and estimate.size
        put("hits", len(mir_eval.util.match_events(reference, estimate, window)) if both else 0)
        put("f_precision_recall", mir_eval.onset.f_measure(reference, estimate, window=window))
        lines.append("")


# The times of madmom's own test of onset evaluation.
case("madmom", [1, 1.02, 1.5, 2, 2.03, 2.05, 2.5, 3], [0.99999999, 1.02999999, 1.45, 2.01, 2.02, 2.5, 3.025000001])

# A recording: most onsets found a little off, some missed, some invented.
reference = np.cumsum(rng.uniform(0.05, 0.6, 80))
found = reference[rng.uniform(size=80) < 0.8]
found = np.sort(np.concatenate([found + rng.normal(0, 0.02, found.size), rng.uniform(0, reference[-1], 15)]))
case("recording", reference, found)

# Times on grids of 10 and 5 ms, as annotations and detections are: many pairs lie exactly on a window's edge.
for i, (step, other) in enumerate([(0.01, 0.005), (0.01, 0.01), (0.005, 0.01)]):
    case(f"grid_{i}", np.unique(rng.integers(0, 300, 60)) * step, np.unique(rng.integers(0, 600, 90)) * other)

# So dense that windows overlap: the best matching is not obvious.
for i in range(4):
    case(f"dense_{i}", np.sort(rng.uniform(0, 2, 40 + 10 * i)), np.sort(rng.uniform(0, 2, 70 - 10 * i)))

case("doubled", [1, 1, 2, 3], [1, 2, 2, 3.04])
case("no_reference", [], [1, 2])
case("no_estimate", [1, 2], [])
case("nothing", [], [])
OUT.write_text("\n".join(lines))
