"""Golden cases for dlmir-eval's event files, made by TensorBoard.

    pip install numpy==2.4.6 tensorboard==2.21.0
    python tools/golden/tensorboard_events.py

Writes dlmir-eval/tests/golden/histograms.txt (values and the buckets that TensorBoard makes of them) and
tensorboard.tfevents (an event file written by TensorBoard's own writer, for our reader).
"""

from pathlib import Path

import numpy as np
import tensorboard
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.plugins.histogram import summary_v2 as histogram
from tensorboard.plugins.text import summary_v2 as text
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util import tensor_util

assert np.__version__ == "2.4.6", np.__version__
assert tensorboard.__version__ == "2.21.0", tensorboard.__version__

OUT = Path(__file__).parents[2] / "dlmir-eval/tests/golden"
rng = np.random.default_rng(1)
CASES = {
    "normal": rng.normal(size=300),
    "whole_numbers": rng.integers(-5, 6, 100),
    "two_values": [0.25, 0.75],
    "equal": [2.5] * 7,
    "one": [-1.0],
    "wide": [-3e38, 1.0, 3e38],
}

lines = ["# made by tools/golden/tensorboard_events.py with tensorboard 2.21.0", ""]
for name, values in CASES.items():
    values = np.asarray(values, dtype=np.float32)
    (summary,) = histogram.histogram_pb("tag", values).value
    buckets = tensor_util.make_ndarray(summary.tensor)
    lines += [
        f"histogram {name}",
        "values " + " ".join(repr(float(v)) for v in values),
        "buckets " + " ".join(repr(float(b)) for b in buckets.ravel()),
        "",
    ]
(OUT / "histograms.txt").write_text("\n".join(lines))

scalar = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag="loss", simple_value=0.25)])
EVENTS = [
    event_pb2.Event(wall_time=1.7e9, file_version="brain.Event:2"),
    event_pb2.Event(wall_time=1.7e9, step=1, summary=scalar),
    event_pb2.Event(wall_time=1.7e9, step=2, summary=histogram.histogram_pb("weights", [1.0, 2.0, 3.0])),
    event_pb2.Event(wall_time=1.7e9, step=3, summary=text.text_pb("note", "**bold**")),
]
with open(OUT / "tensorboard.tfevents", "wb") as file:
    writer = RecordWriter(file)
    for event in EVENTS:
        writer.write(event.SerializeToString(deterministic=True))
    writer.flush()
