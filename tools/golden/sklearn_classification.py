"""Golden cases for dlmir-eval's classification metrics, computed by scikit-learn.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python tools/golden/sklearn_classification.py

Writes dlmir-eval/tests/golden/classification.txt. Each case is a block of lines `key value value ...`
ended by an empty line; floats are written with repr, which loses nothing.
"""

import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics

assert np.__version__ == "2.4.6", np.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__

OUT = Path(__file__).parents[2] / "dlmir-eval/tests/golden/classification.txt"
rng = np.random.default_rng(1)
lines = ["# made by tools/golden/sklearn_classification.py with scikit-learn 1.9.1 and numpy 2.4.6", ""]


def put(key, *values):
    lines.append(" ".join([key, *(repr(v) for v in np.asarray(values).ravel().tolist())]))


def average(key, *args, **kwargs):
    put(key, *metrics.precision_recall_fscore_support(*args, zero_division=0, **kwargs)[:3])


def labels(name, n_classes, truth, predicted):
    """Hard decisions."""
    lines.append(f"labels {name}")
    put("n_classes", n_classes)
    put("truth", truth)
    put("predicted", predicted)
    all_classes = list(range(n_classes))
    put("matrix", metrics.confusion_matrix(truth, predicted, labels=all_classes))
    put("accuracy", metrics.accuracy_score(truth, predicted))
    scores = metrics.precision_recall_fscore_support(truth, predicted, labels=all_classes, zero_division=0)
    for key, values in zip(["precision", "recall", "f1", "support"], scores):
        put(key, values.astype(int) if key == "support" else values)
    average("macro", truth, predicted, average="macro")
    average("macro_of_all", truth, predicted, average="macro", labels=all_classes)
    average("weighted", truth, predicted, average="weighted")
    average("micro", truth, predicted, average="micro")
    lines.append("")


def binary(name, truth, scores):
    """A score for the positive class."""
    lines.append(f"binary {name}")
    put("truth", truth)
    put("scores", scores)
    put("roc_auc", metrics.roc_auc_score(truth, scores))
    for prefix, drop in [("all", False), ("corners", True)]:
        curve = metrics.roc_curve(truth, scores, drop_intermediate=drop)
        for key, values in zip(["false_positive_rate", "true_positive_rate", "thresholds"], curve):
            put(f"{prefix}_{key}", values)
    lines.append("")


def multiclass(name, n_classes, truth, scores):
    """A probability for every class."""
    lines.append(f"multiclass {name}")
    put("n_classes", n_classes)
    put("truth", truth)
    put("scores", scores)
    if len(set(truth)) == n_classes:
        auc = metrics.roc_auc_score(truth, scores if n_classes > 2 else scores[:, 1], multi_class="ovr")
        put("roc_auc", auc)
    put("log_loss", metrics.log_loss(truth, scores, labels=list(range(n_classes))))
    lines.append("")


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


with warnings.catch_warnings():
    warnings.simplefilter("error")  # an undefined metric is not a golden value

    truth = rng.integers(0, 5, 200)
    predicted = np.where(rng.random(200) < 0.6, truth, rng.integers(0, 5, 200))
    labels("five_classes", 5, truth, predicted)
    labels("unbalanced", 3, np.repeat([0, 1, 2], [90, 9, 1]), np.repeat([0, 1, 0, 2], [85, 8, 6, 1]))
    labels("class_never_occurs", 4, [0, 1, 3, 3, 0], [0, 1, 1, 3, 1])
    labels("class_never_true", 3, [0, 0, 1, 1], [0, 2, 1, 2])
    labels("class_never_predicted", 3, [0, 1, 2, 2], [0, 1, 1, 0])
    labels("all_wrong", 2, [0, 1, 0], [1, 0, 1])
    labels("single_class", 3, [1, 1, 1], [1, 1, 1])
    labels("one_item_wrong", 2, [0], [1])

    truth = rng.integers(0, 2, 100)
    binary("normal", truth, rng.normal(truth, 1.0))
    binary("many_ties", truth, np.round(rng.normal(truth, 1.0) * 2) / 2)
    binary("all_tied", [0, 1, 1, 0, 1], [0.5] * 5)
    binary("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    binary("upside_down", [1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4])
    binary("two_items", [1, 0], [0.3, 0.3])
    binary("one_positive", [0] * 30 + [1], np.r_[np.linspace(0, 1, 30), 0.6])
    binary("float32", truth, rng.random(100, dtype=np.float32).astype(float))

    truth = rng.integers(0, 4, 120)
    multiclass("four_classes", 4, truth, softmax(rng.normal(size=(120, 4)) + 1.5 * np.eye(4)[truth]))
    multiclass("two_classes", 2, truth % 2, softmax(rng.normal(size=(120, 2))))
    coarse = np.round(softmax(rng.normal(size=(120, 4))) * 8) + 1
    multiclass("ties", 4, truth, coarse / coarse.sum(axis=1, keepdims=True))
    multiclass("class_never_occurs", 3, [0, 1, 0], np.array([[0.2, 0.3, 0.5], [0.25, 0.5, 0.25], [1.0, 0.0, 0.0]]))
    multiclass("certain", 2, [0, 1, 0], np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]]))

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines))
