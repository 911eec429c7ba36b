"""The audio workloads of `dlmir-benches` in librosa and PyTorch, for BENCHMARKS.md.

    pip install librosa==0.11.0 soxr==1.1.0 torch==2.15.0 numpy==2.4.6
    python tools/peers/audio_workloads.py [--runs N] [--only NAME]

One thread. One JSON line for each peer and workload, as `workloads` prints them. For a comparison run both programs in
turn, `--only` one workload, several times, and take the medians.
"""

import argparse
import json
import statistics
import time

import librosa
import numpy as np
import torch

SECONDS, RATE = 30, 22_050


def median_seconds(step, runs):
    """The median seconds of `runs` runs, after two that do not count."""
    seconds = []
    for _ in range(runs + 2):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds[2:])


def workloads():
    """(peer, workload, step): the same settings as in benches/src/workloads.rs."""
    noise = np.random.default_rng(0).uniform(-1, 1, SECONDS * 2 * RATE).astype(np.float32)
    half = noise[: SECONDS * RATE]
    signal, window = torch.from_numpy(half), torch.hann_window(2048)
    bank = torch.from_numpy(librosa.filters.mel(sr=RATE, n_fft=2048, n_mels=80))

    def torch_stft():
        return torch.stft(signal, 2048, 512, window=window, return_complex=True)

    def torch_logmel():
        bands = bank @ torch_stft().abs().square()
        return 10 * torch.log10(torch.clamp(bands, min=1e-10))

    def librosa_logmel():
        return librosa.power_to_db(librosa.feature.melspectrogram(y=half, sr=RATE, n_fft=2048, hop_length=512, n_mels=80))

    yield "librosa", "logmel_30s", librosa_logmel
    yield "torch", "logmel_30s", torch_logmel
    yield "librosa", "stft_30s", lambda: librosa.stft(half, n_fft=2048, hop_length=512)
    yield "torch", "stft_30s", torch_stft
    yield "librosa", "cqt_30s", lambda: librosa.cqt(half, sr=RATE)
    yield "librosa", "resample_44100_22050_30s", lambda: librosa.resample(noise, orig_sr=2 * RATE, target_sr=RATE)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--only")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    for peer, name, step in workloads():
        if flags.only in (None, name):
            print(json.dumps({"workload": name, "peer": peer, "threads": 1, "median_s": median_seconds(step, flags.runs)}))


if __name__ == "__main__":
    main()
