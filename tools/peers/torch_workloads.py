"""The workloads of `dlmir-benches` in PyTorch, for BENCHMARKS.md.

    pip install torch==2.15.0 numpy==2.4.6
    python tools/peers/torch_workloads.py [--threads N] [--runs N] [--only NAME] [--compile]

One JSON line for each workload, as `workloads` prints them, with the peer's name and version. Without --only each
workload runs in a process of its own, so that its peak of memory is its own.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import torch
from torch import nn

WARM_UP = 3


def median_seconds(step, runs):
    """The median seconds of `runs` runs, after a few that do not count."""
    for _ in range(WARM_UP):
        step()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def memory_mib(field):
    """`VmRSS` (now) or `VmHWM` (peak) of this process; None where there is no /proc."""
    try:
        with open("/proc/self/status") as status:
            line = next(line for line in status if line.startswith(field + ":"))
    except OSError:
        return None
    return int(line.split()[1]) / 1024


def sgemm(n, _):
    a, b, c = torch.randn(n, n), torch.randn(n, n), torch.empty(n, n)
    return lambda: torch.matmul(a, b, out=c)


def mlp_train_b128(_, compiled):
    model = nn.Sequential(
        nn.Linear(3200, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 2)
    )
    x, classes = torch.randn(128, 3200), torch.arange(128) % 2
    optimizer, loss = torch.optim.Adam(model.parameters(), 1e-3), nn.CrossEntropyLoss()
    forward = torch.compile(model) if compiled else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(forward(x), classes).backward()
        optimizer.step()

    return step


WORKLOADS = {"mlp_train_b128": (mlp_train_b128, None)}
WORKLOADS |= {f"sgemm_{n}": (sgemm, n) for n in (256, 512, 1024, 2048)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", choices=WORKLOADS)
    parser.add_argument("--compile", action="store_true")
    flags = parser.parse_args()
    if flags.only is None:
        for name in WORKLOADS:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--only", name], check=True)
        return
    torch.set_num_threads(flags.threads)
    torch.manual_seed(1)
    before = memory_mib("VmRSS")
    build, size = WORKLOADS[flags.only]
    seconds = median_seconds(build(size, flags.compile), flags.runs)
    peak = None if before is None else round(memory_mib("VmHWM") - before, 1)
    peer = "torch-compile" if flags.compile else "torch"
    line = {"peer": peer, "version": torch.__version__, "workload": flags.only, "threads": flags.threads}
    print(json.dumps(line | {"median_s": seconds, "peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
