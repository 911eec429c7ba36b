"""Runs our workloads and those of the peers in turn, and prints a Markdown table for BENCHMARKS.md.

    cargo build --release -p dlmir-benches --bin workloads
    python tools/peers/compare.py [--rounds 3] [--threads 1 2] [--only NAME ...] [--runs 15]
        [--ours target/release/workloads] [--keras PYTHON] [--keras-backend torch] [--candle BINARY] [--json FILE]

A round is: for each number of threads and each workload, one process of each program after the other. So a machine whose
load changes is unfair to none. The figure of a program is the median over the rounds; of PyTorch's four ways (eager or
compiled, contiguous or channels-last) the best one counts. Without --keras and --candle these are left out. A program
that fails at a workload is reported on standard error, and its cell stays empty.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NETWORKS = (
    "mlp_train_b128",
    "compact_cnn_train_b32",
    "siamese_train_b64",
    "triplet_train_b64",
    "onset_cnn_train_b256",
    "vgg_train_b8",
    "vgg_infer_b8",
)
PRODUCTS = ("sgemm_256", "sgemm_512", "sgemm_1024", "sgemm_2048")
# Not every peer has every workload.
CANDLE = {"mlp_train_b128", "compact_cnn_train_b32", "vgg_train_b8", "vgg_infer_b8", *PRODUCTS}


def programs(flags):
    """Name and command of each program; ours comes first."""
    torch = [flags.torch, str(HERE / "torch_workloads.py")]
    found = [("dlmir", [flags.ours])]
    for compiled in ([], ["--compile"]):
        for layout in ([], ["--channels-last"]):
            name = "torch" + "-compile" * bool(compiled) + "-channels-last" * bool(layout)
            found.append((name, torch + compiled + layout))
    if flags.keras:
        keras = [flags.keras, str(HERE / "keras_workloads.py"), "--backend", flags.keras_backend]
        found.append((f"keras-{flags.keras_backend}", keras))
    if flags.candle:
        found.append(("candle", [flags.candle]))
    return found


def applies(name, workload):
    """False where a way of running a program makes no difference, or the program lacks the workload."""
    if name.startswith("torch-"):
        plain = workload.startswith(("sgemm", "mlp"))
        return not (workload.startswith("sgemm") or ("channels-last" in name and plain))
    return name != "candle" or workload in CANDLE


def measure(command, workload, threads, runs):
    """The line that a program prints for one workload, or None if it fails."""
    command = [*command, "--only", workload, "--threads", str(threads), "--runs", str(runs)]
    environment = os.environ | {"RAYON_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        print(f"{' '.join(command)}: exit {done.returncode}: {reason}", file=sys.stderr)
        return None
    return json.loads(lines[-1])


def collect(flags):
    """{(workload, threads): {program: [line of each round]}}, in the order of the table."""
    found = {(w, t): {} for t in flags.threads for w in flags.only}
    for round_ in range(flags.rounds):
        for (workload, threads), lines in found.items():
            for name, command in programs(flags):
                if not applies(name, workload):
                    continue
                print(f"round {round_ + 1}: {workload}, {threads} threads, {name}", file=sys.stderr)
                line = measure(command, workload, threads, flags.runs)
                if line is not None:
                    lines.setdefault(name, []).append(line)
    return found


def middle(lines, field):
    values = [line[field] for line in lines if line.get(field) is not None]
    return statistics.median(values) if values else None


def number(value, unit=1):
    return "" if value is None else f"{value * unit:.3g}"


def ratio(ours, theirs):
    return "" if ours is None or not theirs else f"{ours / theirs:.2f}"


def table(found, others):
    """Milliseconds and MiB: medians over the rounds, ratios below 1 in our favour."""
    head = ["workload", "threads", "dlmir, ms", "best PyTorch, ms", "which", "dlmir / PyTorch"]
    head += ["dlmir, MiB", "PyTorch, MiB"]
    for other in others:
        head += [f"{other}, ms", f"dlmir / {other}"]
    rows = [head, ["---"] * len(head)]
    for (workload, threads), lines in found.items():
        ours = middle(lines.get("dlmir", []), "median_s")
        torch = {name: middle(of, "median_s") for name, of in lines.items() if name.startswith("torch")}
        best = min(torch, key=torch.get, default=None)
        row = [f"`{workload}`", str(threads), number(ours, 1000), number(torch.get(best), 1000)]
        row += [best or "", ratio(ours, torch.get(best))]
        row += [number(middle(lines.get(name, []), "peak_mib")) for name in ("dlmir", best)]
        for other in others:
            theirs = middle(lines.get(other, []), "median_s")
            row += [number(theirs, 1000), ratio(ours, theirs)]
        rows.append(row)
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", nargs="+", choices=NETWORKS + PRODUCTS, default=NETWORKS + PRODUCTS)
    parser.add_argument("--ours", default="target/release/workloads")
    parser.add_argument("--torch", default=sys.executable, help="a Python with torch")
    parser.add_argument("--keras", help="a Python with keras and its backend")
    parser.add_argument("--keras-backend", choices=("torch", "jax", "tensorflow"), default="torch")
    parser.add_argument("--candle", help="the program built from tools/peers/candle")
    parser.add_argument("--json", help="writes every line of every round to this file")
    flags = parser.parse_args()
    found = collect(flags)
    if flags.json:
        with open(flags.json, "w") as file:
            for lines in found.values():
                for name, of in lines.items():
                    file.writelines(json.dumps({"program": name} | line) + "\n" for line in of)
    others = [name for name, _ in programs(flags) if name != "dlmir" and not name.startswith("torch")]
    print(table(found, others))


if __name__ == "__main__":
    main()
