"""Checks metrics.json files against docs/metrics.schema.json, and fails unless all are right.

    pip install jsonschema==4.26.0
    python tools/check_metrics.py FILE...
    python tools/check_metrics.py --self-test

Beyond what a schema can say: numbers are finite, an interval's ends are in order and it belongs to a
metric, and the model chosen is one of those compared, its metrics repeated at the top. --self-test checks
the check: good examples must pass, and each of them with one thing wrong must not. Exit code 1 on failure.
"""

import copy
import json
import sys
from pathlib import Path

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[1] / "docs/metrics.schema.json").read_text())


def strict(text):
    """JSON as the standard has it: Python would take NaN and Infinity for numbers."""

    def refuse(constant):
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def problems(document):
    """What is wrong with a document, a line each; nothing if it is right."""
    validator = jsonschema.Draft202012Validator(SCHEMA)
    found = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]
    if found:
        return sorted(found)

    metrics = document["metrics"]
    models = {name: value for name, value in metrics.items() if isinstance(value, dict)}
    for name, value in document["intervals"].items():
        nested = isinstance(value, dict)
        known = models.get(name, {}) if nested else metrics
        for metric, (low, high) in value.items() if nested else [(name, value)]:
            where = f"$.intervals.{name}" + (f".{metric}" if nested else "")
            if low > high:
                found.append(f"{where}: {low} is above {high}")
            if isinstance(known.get(metric), dict) or metric not in known:
                found.append(f"{where}: no such metric")
    chosen = document.get("chosen")
    if models and chosen is None:
        found.append("$.chosen: models are compared, but none is chosen")
    if chosen is not None and chosen not in models:
        found.append(f"$.chosen: no metrics of {chosen!r}")
    for metric, value in models.get(chosen, {}).items():
        if metrics.get(metric) != value:
            found.append(f"$.metrics.{metric}: not that of the chosen model")
    return found


def self_test():
    one = {
        "lesson": "lesson2_music_speech",
        "version": "0.1.0",
        "seed": 1,
        "data": "generated",
        "metrics": {"accuracy": 0.97, "roc_auc": 0.99, "loss": 1.7},
        "baselines": {"largest class": {"accuracy": 0.5}},
        "intervals": {"accuracy": [0.93, 1.0]},
        "train_seconds": 12.5,
        "receipt": "0123456789abcdef" * 4,
    }
    compared = copy.deepcopy(one) | {
        "chosen": "cnn",
        "metrics": {"accuracy": 0.9, "cnn": {"accuracy": 0.9}, "fully connected": {"accuracy": 0.8}},
        "intervals": {"accuracy": [0.8, 0.95], "cnn": {"accuracy": [0.8, 0.95]}},
    }
    nothing_trained = copy.deepcopy(one) | {
        "lesson": "lesson0_audio_basics",
        "chosen": None,
        "metrics": {},
        "baselines": {},
        "intervals": {},
        "train_seconds": 0,
    }
    good = [one, compared, nothing_trained, one | {"chosen": None}, one | {"more": "is welcome"}]

    bad = [{key: value for key, value in one.items() if key != missing} for missing in one]
    changes = [
        ("lesson", "mir"),
        ("lesson", 2),
        ("version", "new"),
        ("seed", -1),
        ("seed", 1.5),
        ("seed", "1"),
        ("data", ""),
        ("data", None),
        ("chosen", "cnn"),
        ("chosen", 3),
        ("metrics", []),
        ("metrics", {"accuracy": "0.9"}),
        ("metrics", {"accuracy": 1.01}),
        ("metrics", {"accuracy": 0.9, "roc_auc": -0.1}),
        ("metrics", {"accuracy": None}),
        ("metrics", {"accuracy": 0.9, "cnn": {"accuracy": 0.9}}),
        ("metrics", {"accuracy": 0.9, "cnn": {"cnn": {"accuracy": 0.9}}}),
        ("baselines", {"accuracy": 0.5}),
        ("baselines", {"largest class": {"accuracy": 2}}),
        ("intervals", {"accuracy": 0.9}),
        ("intervals", {"accuracy": [0.9]}),
        ("intervals", {"accuracy": [0.8, 0.9, 1.0]}),
        ("intervals", {"accuracy": [None, None]}),
        ("intervals", {"accuracy": [0.9, 0.8]}),
        ("intervals", {"f1": [0.8, 0.9]}),
        ("train_seconds", -1),
        ("train_seconds", "fast"),
        ("receipt", "0123456789abcdef"),
        ("receipt", "0123456789ABCDEF" * 4),
        ("receipt", "0123456789abcdeg" * 4),
    ]
    bad += [one | {key: value} for key, value in changes]
    bad += [
        compared | {"chosen": None},
        compared | {"chosen": "another"},
        compared | {"metrics": compared["metrics"] | {"accuracy": 0.8}},
        compared | {"metrics": compared["metrics"] | {"cnn": {"accuracy": 9}}},
        compared | {"intervals": {"cnn": {"accuracy": [0.95, 0.8]}}},
        compared | {"intervals": {"rnn": {"accuracy": [0.8, 0.95]}}},
        [one],
        None,
    ]
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    failed = [f"refused, but right: {d}: {problems(d)}" for d in good if problems(d)]
    failed += [f"accepted, but wrong: {document}" for document in bad if not problems(document)]
    for text in ['{"x": NaN}', '{"x": -Infinity}', "{", ""]:
        try:
            failed.append(f"read, but not JSON: {strict(text)}")
        except ValueError:
            pass
    print(f"{len(good)} good and {len(bad)} bad documents", file=sys.stderr)
    return failed


def main(arguments):
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    if arguments == ["--self-test"]:
        failed = self_test()
    else:
        failed = []
        for path in arguments:
            try:
                failed += [f"{path}: {problem}" for problem in problems(strict(Path(path).read_text()))]
            except (OSError, ValueError) as error:
                failed.append(f"{path}: {error}")
    for line in failed:
        print(line, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
