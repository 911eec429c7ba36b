"""The workloads of `dlmir-benches` in PyTorch, for BENCHMARKS.md.

    pip install torch==2.15.0 numpy==2.4.6
    python tools/peers/torch_workloads.py [--threads N] [--runs N] [--only NAME] [--compile] [--channels-last]

One JSON line for each workload, as `workloads` prints them, with the peer's name and version. Without --only each
workload runs in a process of its own, so that its peak of memory is its own. What counts for PyTorch is the best of
four: with and without --compile, with and without --channels-last; `compare.py` takes it.

The networks are those of benches/src/networks.rs. A training step is forward, loss, backward and an update by Adam.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

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


class Bands(nn.Module):
    """Batch norm over the bands of [batch, 1, bands, frames]."""

    def __init__(self, bands):
        super().__init__()
        self.norm = nn.BatchNorm1d(bands)

    def forward(self, x):
        return self.norm(x.squeeze(1)).unsqueeze(1)


def mlp():
    return nn.Sequential(
        nn.Linear(3200, 512), nn.ReLU(), nn.Dropout(0.2), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 2)
    )


def compact_cnn():
    """Three blocks of convolution, batch norm, ELU and max-pooling; a hidden layer of 128; eight classes."""
    layers = [Bands(80)]
    for n_in, n_out, pool in [(1, 32, (2, 4)), (32, 64, (3, 4)), (64, 64, (2, 5))]:
        layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ELU(), nn.MaxPool2d(pool)]
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(6 * 64, 128), nn.ReLU(), nn.Linear(128, 8)]
    return nn.Sequential(*layers)


class Tower(nn.Module):
    """Noise, batch norm, two branches with kernels along time and along frequency, 256 numbers."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(1, 16, kernel, padding=(kernel[0] // 2, kernel[1] // 2)),
                nn.ReLU(),
                nn.MaxPool2d(pool),
                nn.BatchNorm2d(16),
                nn.Flatten(),
            )
            for kernel, pool in [((21, 11), (20, 4)), ((11, 21), (4, 20))]
        )
        self.output = nn.Linear(2 * 16 * 4 * 20, 256)

    def forward(self, x):
        x = self.norm(x + 0.2 * torch.randn_like(x))
        return F.elu(self.output(torch.cat([branch(x) for branch in self.branches], dim=1)))


def onset_cnn():
    """Schlueter and Boeck (2014): 15 frames of 80 bands in three resolutions."""
    layers = []
    for n_in, n_out, kernel in [(3, 10, (7, 3)), (10, 20, (3, 3))]:
        layers += [nn.Conv2d(n_in, n_out, kernel), nn.ReLU(), nn.MaxPool2d((1, 3))]
    layers += [nn.Flatten(), nn.Dropout(0.5), nn.Linear(20 * 7 * 8, 256), nn.Sigmoid(), nn.Linear(256, 1)]
    return nn.Sequential(*layers)


def vgg():
    """Eight convolutions of 3 x 3, a mean over each map, ten classes."""
    layers, n_in = [], 1
    for n_out in (32, 64, 128, 256):
        for _ in range(2):
            layers += [nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU()]
            n_in = n_out
        layers.append(nn.MaxPool2d(2))
    layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 10)]
    return nn.Sequential(*layers)


def contrastive(forward, a, b, same):
    """Squared distance of equal pairs, squared lack of distance up to 1 of others."""
    distance = ((forward(a) - forward(b)).square().sum(1) + 1e-7).sqrt()
    return (same * distance.square() + (1 - same) * F.relu(1 - distance).square()).mean()


def triplet(forward, a, p, q):
    u, v, w = forward(a), forward(p), forward(q)
    return F.relu((u - v).square().sum(1) - (u - w).square().sum(1) + 0.2).mean()


def cross_entropy(forward, x, classes):
    return F.cross_entropy(forward(x), classes)


def bce(forward, x, targets):
    return F.binary_cross_entropy_with_logits(forward(x), targets)


def cycle(n, classes):
    return torch.arange(n) % classes


def laid_out(tensor, flags):
    last = flags.channels_last and tensor.dim() == 4
    return tensor.contiguous(memory_format=torch.channels_last) if last else tensor


def training(network, loss, shapes, targets, flags):
    model = network()
    if flags.channels_last:
        model = model.to(memory_format=torch.channels_last)
    data = [laid_out(torch.randn(*shape), flags) for shape in shapes] + targets
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    forward = torch.compile(model) if flags.compile else model

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(forward, *data).backward()
        optimizer.step()

    return step


def inference(network, shape, flags):
    model = network().eval()
    if flags.channels_last:
        model = model.to(memory_format=torch.channels_last)
    x = laid_out(torch.randn(*shape), flags)
    forward = torch.compile(model) if flags.compile else model

    def step():
        with torch.inference_mode():
            forward(x)

    return step


def sgemm(n, _):
    a, b, c = torch.randn(n, n), torch.randn(n, n), torch.empty(n, n)
    return lambda: torch.matmul(a, b, out=c)


SQUARE, MAP = (64, 1, 80, 80), (8, 1, 96, 128)
WORKLOADS = {
    "mlp_train_b128": lambda flags: training(mlp, cross_entropy, [(128, 3200)], [cycle(128, 2)], flags),
    "compact_cnn_train_b32": lambda flags: training(
        compact_cnn, cross_entropy, [(32, 1, 80, 80)], [cycle(32, 8)], flags
    ),
    "siamese_train_b64": lambda flags: training(Tower, contrastive, [SQUARE] * 2, [cycle(64, 2).float()], flags),
    "triplet_train_b64": lambda flags: training(Tower, triplet, [SQUARE] * 3, [], flags),
    "onset_cnn_train_b256": lambda flags: training(
        onset_cnn, bce, [(256, 3, 15, 80)], [cycle(256, 2).float().unsqueeze(1)], flags
    ),
    "vgg_train_b8": lambda flags: training(vgg, cross_entropy, [MAP], [cycle(8, 10)], flags),
    "vgg_infer_b8": lambda flags: inference(vgg, MAP, flags),
}
WORKLOADS |= {f"sgemm_{n}": lambda flags, n=n: sgemm(n, flags) for n in (256, 512, 1024, 2048)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--only", choices=WORKLOADS)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--channels-last", action="store_true")
    flags = parser.parse_args()
    if flags.only is None:
        for name in WORKLOADS:
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--only", name], check=True)
        return
    torch.set_num_threads(flags.threads)
    torch.manual_seed(1)
    before = memory_mib("VmRSS")
    seconds = median_seconds(WORKLOADS[flags.only](flags), flags.runs)
    peak = None if before is None else round(memory_mib("VmHWM") - before, 1)
    peer = "torch" + "-compile" * flags.compile + "-channels-last" * flags.channels_last
    line = {"peer": peer, "version": torch.__version__, "workload": flags.only, "threads": flags.threads}
    print(json.dumps(line | {"median_s": seconds, "peak_mib": peak}), flush=True)


if __name__ == "__main__":
    main()
