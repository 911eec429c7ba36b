"""Reads a log folder as TensorBoard does, and fails unless it finds what should be there.

    pip install tensorboard==2.21.0
    python tools/check_events.py DIR [--histograms] [--images] [--audio] [--text] [--all] [--projector]

Goes through DIR and the folders in it (each folder with event files is a run) with TensorBoard's own
loaders, after their conversion of older kinds of records, so that a plugin name below is the dashboard
that would show the values. Prints a line per run and tag. Exit code 1 if there is no run, if a run has
no scalars, if no run has a kind that was asked for, if the steps of a tag do not rise (a resumed run
shows each step once), or if a value can't be decoded.

--projector wants points for the embedding projector too: a projector_config.pbtxt whose files TensorBoard
reads, at least two finite coordinates a point, and a label line for each point.
"""

import argparse
import math
import struct
import sys
from pathlib import Path

import numpy as np
from google.protobuf import text_format
from tensorboard.backend.event_processing import plugin_event_multiplexer
from tensorboard.plugins.projector import ProjectorConfig, metadata, projector_plugin
from tensorboard.util import tensor_util

KINDS = ["scalars", "histograms", "images", "audio", "text"]


def check_scalars(value):
    assert value.shape == (), f"shape {value.shape}"
    assert math.isfinite(value), f"value {value}"
    return f"{float(value):.6g}"


def check_histograms(value):
    assert value.ndim == 2 and value.shape[1] == 3, f"shape {value.shape}"
    left, right, count = value.T
    assert (left <= right).all() and (count >= 0).all(), "buckets are not in order"
    return f"{len(value)} buckets, {count.sum():.0f} values from {left[0]:.4g} to {right[-1]:.4g}"


def check_images(value):
    width, height, *pictures = value.tolist()
    assert pictures, "no picture"
    for picture in pictures:
        assert picture[:8] == b"\x89PNG\r\n\x1a\n", "no PNG file"
        size = struct.unpack(">II", picture[16:24])
        assert size == (int(width), int(height)), f"{size}, announced as {width} x {height}"
    return f"{size[0]} x {size[1]} pixels"


def check_audio(value):
    clips = value.reshape(-1, value.shape[-1])[:, 0].tolist()
    assert clips, "no clip"
    for clip in clips:
        assert clip[:4] == b"RIFF" and clip[8:12] == b"WAVE", "no WAV file"
    return f"{len(clips[0])} bytes"


def check_text(value):
    texts = [text.decode("utf-8") for text in value.reshape(-1).tolist()]
    assert texts and all(texts), "no text"
    return repr(texts[0][:40])


def check_tag(run, kind, tag, events):
    """Decodes every value; prints the last."""
    assert events, "no values"
    steps = [event.step for event in events]
    assert steps == sorted(set(steps)), f"steps do not rise: {steps}"
    check = globals()[f"check_{kind}"]
    for event in events:
        last = check(tensor_util.make_ndarray(event.tensor_proto))
    print(f"{run}\t{kind}\t{tag}\t{len(steps)} steps, last {steps[-1]}\t{last}")


def count_labels(path):
    """Counts the points that have labels, as the projector's page does."""
    # The page drops empty lines, and takes the first for names of columns if it has a tab.
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    return len(lines) - ("\t" in lines[0] if lines else 0)


def check_embedding(folder, embedding):
    tensor = projector_plugin._read_tensor_tsv_file(str(folder / embedding.tensor_path))
    assert tensor.ndim == 2 and tensor.shape[1] > 1, f"shape {tensor.shape}"
    assert np.isfinite(tensor).all(), "coordinates are not finite"
    if embedding.metadata_path:
        labels = count_labels(folder / embedding.metadata_path)
        assert labels == len(tensor), f"{labels} label lines for {len(tensor)} points"
    print(f"{folder}\tprojector\t{embedding.tensor_name}\t{len(tensor)} points x {tensor.shape[1]}")


def check_projector(root):
    """Checks the points of all folders; returns the problems."""
    problems = []
    found = 0
    for path in sorted(Path(root).rglob(metadata.PROJECTOR_FILENAME)):
        try:
            config = text_format.Parse(path.read_text(encoding="utf-8"), ProjectorConfig())
        except text_format.ParseError as problem:
            problems.append(f"{path}: {problem}")
            continue
        for embedding in config.embeddings:
            found += 1
            try:
                check_embedding(path.parent, embedding)
            except Exception as problem:  # whatever TensorBoard stumbles over
                problems.append(f"{path}: {embedding.tensor_name}: {problem}")
    return problems if found else [*problems, "no points for the projector"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dir")
    for kind in KINDS[1:]:
        parser.add_argument(f"--{kind}", action="store_true", help=f"{kind} must be there")
    parser.add_argument("--all", action="store_true", help="every kind of record must be there")
    parser.add_argument("--projector", action="store_true", help="points for the projector must be there")
    arguments = parser.parse_args()
    wanted = [kind for kind in KINDS[1:] if arguments.all or getattr(arguments, kind)]

    # 0: keep every value instead of a sample of them.
    guidance = {"tensors": 0}
    multiplexer = plugin_event_multiplexer.EventMultiplexer(
        size_guidance=guidance, tensor_size_guidance={kind: 0 for kind in KINDS}
    )
    multiplexer.AddRunsFromDirectory(arguments.dir)
    multiplexer.Reload()

    problems = []
    found = set()
    runs = sorted(multiplexer.Runs())
    if not runs:
        problems.append("no event files")
    for run in runs:
        for kind in KINDS:
            tags = multiplexer.GetAccumulator(run).ActivePlugins()
            tags = multiplexer.PluginRunToTagToContent(kind).get(run, {}) if kind in tags else {}
            if kind == "scalars" and not tags:
                problems.append(f"{run}: no scalars")
            for tag in sorted(tags):
                found.add(kind)
                try:
                    check_tag(run, kind, tag, multiplexer.Tensors(run, tag))
                except Exception as problem:  # whatever TensorBoard stumbles over
                    problems.append(f"{run}: {kind} {tag}: {problem}")
    problems += [f"no {kind} in any run" for kind in wanted if kind not in found]
    if arguments.projector:
        problems += check_projector(arguments.dir)
    for problem in problems:
        print(f"{arguments.dir}: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
