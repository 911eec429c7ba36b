"""Golden cases for dlmir-eval's metrics of agreement, calibration, several labels and rankings.

    pip install numpy==2.4.6 scikit-learn==1.9.1
    python tools/golden/sklearn_metrics.py

Writes dlmir-eval/tests/golden/metrics.txt, in the form of classification.txt. All figures are
scikit-learn's, but for the expected calibration error, which it does not have: that is computed here
from the bins of its definition.
"""

import warnings
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.calibration import calibration_curve

assert np.__version__ == "2.4.6", np.__version__
assert sklearn.__version__ == "1.9.1", sklearn.__version__

OUT = Path(__file__).parents[2] / "dlmir-eval/tests/golden/metrics.txt"
rng = np.random.default_rng(2)
lines = ["# made by tools/golden/sklearn_metrics.py with scikit-learn 1.9.1 and numpy 2.4.6", ""]


def put(key, *values):
    lines.append(" ".join([key, *(repr(v) for v in np.asarray(values).ravel().tolist())]))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def expected_calibration_error(truth, p, n_bins):
    """Mean of |share - mean probability| over bins ((k - 1) / n, k / n], weighted by their items."""
    edges = np.linspace(0, 1, n_bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (p > low) & (p <= high) if low > 0 else p <= high
        if inside.any():
            error += inside.mean() * abs(truth[inside].mean() - p[inside].mean())
    return error


def agreement(name, n_classes, truth, predicted):
    lines.append(f"agreement {name}")
    put("n_classes", n_classes)
    put("truth", truth)
    put("predicted", predicted)
    classes = list(range(n_classes))
    put("balanced_accuracy", metrics.balanced_accuracy_score(truth, predicted))
    kappas = [metrics.cohen_kappa_score(truth, predicted, labels=classes, weights=weights)
              for weights in [None, "linear", "quadratic"]]
    put("kappas", kappas)
    put("mcc", metrics.matthews_corrcoef(truth, predicted))
    lines.append("")


def probability(name, truth, p):
    """A probability for the positive class."""
    truth, p = np.asarray(truth), np.asarray(p)
    lines.append(f"probability {name}")
    put("truth", truth)
    put("p", p)
    put("average_precision", metrics.average_precision_score(truth, p))
    precision, recall, thresholds = metrics.precision_recall_curve(truth, p)
    put("precision", precision)
    put("recall", recall)
    put("thresholds", thresholds)
    put("log_loss", metrics.log_loss(truth, p, labels=[0, 1]))
    put("log_loss_f32", metrics.log_loss(truth, p.astype(np.float32), labels=[0, 1]))
    put("brier", metrics.brier_score_loss(truth, p, labels=[0, 1], pos_label=1))
    for n_bins in [3, 10]:
        for strategy in ["uniform", "quantile"]:
            shares, means = calibration_curve(truth, p, n_bins=n_bins, strategy=strategy, pos_label=1)
            put(f"{strategy}_{n_bins}_shares", shares)
            put(f"{strategy}_{n_bins}_means", means)
        put(f"ece_{n_bins}", expected_calibration_error(truth, p, n_bins))
    lines.append("")


def classes(name, n_classes, truth, p):
    """A probability for each class."""
    truth = np.asarray(truth)
    lines.append(f"classes {name}")
    put("n_classes", n_classes)
    put("truth", truth)
    put("p", p)
    names = list(range(n_classes))
    put("brier", metrics.brier_score_loss(truth, p, labels=names, scale_by_half=False))
    put("average_precision", metrics.average_precision_score(np.eye(n_classes, dtype=int)[truth], p))
    put("top_k", [metrics.top_k_accuracy_score(truth, p, k=k, labels=names) for k in range(1, n_classes + 1)])
    lines.append("")


def labels(name, truth, scores, threshold=0.5):
    """Several labels per item."""
    truth, scores = np.asarray(truth), np.asarray(scores)
    predicted = (scores >= threshold).astype(int)
    lines.append(f"labels {name}")
    put("n_labels", truth.shape[1])
    put("truth", truth)
    put("predicted", predicted)
    put("scores", scores)
    scored = metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    for key, values in zip(["precision", "recall", "f1", "support"], scored):
        put(key, values.astype(int) if key == "support" else values)
    for average in ["macro", "weighted", "micro", "samples"]:
        put(average, metrics.precision_recall_fscore_support(
            truth, predicted, zero_division=0, average=average)[:3])
    put("hamming_loss", metrics.hamming_loss(truth, predicted))
    put("subset_accuracy", metrics.accuracy_score(truth, predicted))
    put("average_precision", metrics.average_precision_score(truth, scores, average=None))
    put("lrap", metrics.label_ranking_average_precision_score(truth, scores))
    put("coverage_error", metrics.coverage_error(truth, scores))
    put("ranking_loss", metrics.label_ranking_loss(truth, scores))
    lines.append("")


def ranked(name, gains, scores):
    """One list of answers with graded relevance."""
    gains, scores = np.asarray(gains, float), np.asarray(scores, float)
    lines.append(f"ranked {name}")
    put("gains", gains)
    put("scores", scores)
    put("ndcg", [metrics.ndcg_score([gains], [scores], k=k) for k in [1, 3, 5, None]])
    if len(set(scores.tolist())) == len(scores):
        # Precision at every relevant place; without ties that is scikit-learn's average precision.
        put("average_precision", metrics.average_precision_score(gains > 0, scores))
    lines.append("")


with warnings.catch_warnings():
    # scikit-learn warns where a class never occurs, and goes on with a stated value: that is what we want.
    warnings.simplefilter("ignore", sklearn.exceptions.UndefinedMetricWarning)
    warnings.filterwarnings("ignore", message="No positive class found")
    warnings.filterwarnings("ignore", message="y_pred contains classes not in y_true")
    warnings.filterwarnings("ignore", message="A single label was found")
    warnings.filterwarnings("ignore", category=RuntimeWarning)
    warnings.filterwarnings("ignore", message="'k' .* greater than or equal to")

    truth = rng.integers(0, 5, 150)
    agreement("five_classes", 5, truth, np.where(rng.random(150) < 0.6, truth, rng.integers(0, 5, 150)))
    agreement("unbalanced", 3, np.repeat([0, 1, 2], [90, 9, 1]), np.repeat([0, 1, 0, 2], [85, 8, 6, 1]))
    agreement("class_never_occurs", 4, [0, 1, 3, 3, 0], [0, 1, 1, 3, 1])
    agreement("class_never_true", 3, [0, 0, 1, 1], [0, 2, 1, 2])
    agreement("constant_answer", 3, [0, 1, 2, 2], [2, 2, 2, 2])
    agreement("all_wrong", 2, [0, 1, 0], [1, 0, 1])
    agreement("single_class", 2, [1, 1, 1], [1, 1, 1])

    truth = rng.integers(0, 2, 120)
    p = 1 / (1 + np.exp(-rng.normal(2 * truth - 1, 1.5)))
    probability("usual", truth, p)
    probability("on_the_edges", truth, np.round(p * 10) / 10)
    probability("many_ties", truth, np.round(p * 4) / 4)
    probability("thirds", truth, np.round(p * 3) / 3)
    probability("all_tied", [0, 1, 1, 0, 1], [0.5] * 5)
    probability("certain", [0, 1, 0, 1], [0.0, 1.0, 1.0, 0.0])
    probability("never_positive", [0, 0, 0], [0.2, 0.7, 0.7])
    probability("always_positive", [1, 1, 1], [0.2, 0.7, 0.4])
    probability("one_item", [1], [0.3])
    probability("rare", [0] * 40 + [1, 1], np.r_[np.linspace(0.01, 0.9, 40), 0.6, 0.95])

    truth = rng.integers(0, 4, 90)
    classes("four_classes", 4, truth, softmax(rng.normal(size=(90, 4)) + 1.2 * np.eye(4)[truth]))
    classes("ties", 4, truth, rng.permuted(np.tile([0.125, 0.375, 0.375, 0.125], (90, 1)), axis=1))
    classes("all_tied", 3, [0, 1, 2, 2], np.full((4, 3), 1 / 3))
    classes("class_never_occurs", 3, [0, 1, 0], np.array([[0.2, 0.3, 0.5], [0.25, 0.5, 0.25], [1.0, 0.0, 0.0]]))

    truth = (rng.random((60, 6)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.4]).astype(int)
    labels("six_tags", truth, np.clip(0.35 * truth + 0.7 * rng.random((60, 6)), 0, 1))
    labels("ties", truth, np.round(np.clip(0.3 * truth + 0.7 * rng.random((60, 6)), 0, 1) * 4) / 4)
    never = truth.copy()
    never[:, 2] = 0
    never[:, 4] = 1
    never[0] = 0
    labels("never_and_always", never, rng.random((60, 6)))
    labels("nothing_found", [[1, 0], [0, 1], [0, 0]], [[0.1, 0.2], [0.3, 0.3], [0.0, 0.4]])
    labels("all_right", [[1, 0], [0, 1], [1, 1]], [[0.9, 0.2], [0.3, 0.8], [0.6, 0.7]])
    labels("all_and_none", [[1, 1, 1], [0, 0, 0]], [[0.9, 0.2, 0.5], [0.3, 0.8, 0.8]])

    ranked("graded", [3, 2, 3, 0, 1, 2], [6, 5, 4, 3, 2, 1])
    ranked("shuffled", rng.integers(0, 4, 30), rng.random(30))
    ranked("ties", rng.integers(0, 4, 30), rng.integers(0, 5, 30))
    ranked("all_tied", [1, 0, 2, 0], [0.5] * 4)
    ranked("nothing_relevant", [0, 0, 0], [3, 2, 1])
    ranked("binary", rng.integers(0, 2, 25), rng.permutation(25))
    ranked("two_items", [0, 1], [1, 0])

OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_text("\n".join(lines))
