"""Golden cases for dlmir-audio's onset detection, computed by madmom.

    pip install numpy==1.26.4 scipy==1.17.1 cython==3.3.1 "setuptools<70" wheel mido==1.3.3
    pip install --no-build-isolation madmom==0.16.1
    python tools/golden/madmom_onsets.py

Writes dlmir-audio/tests/golden/onsets/*.npy: float32 arrays [bands, frames] and [frames], and float64 times in
seconds. madmom 0.16.1 is older than current Pythons; a few names that it expects are put back first. Only its code
is used, none of its trained models.
"""

import collections
import collections.abc
import warnings
from pathlib import Path

import numpy as np
import scipy

for name in ["Iterable", "Mapping", "MutableMapping", "MutableSequence", "Sequence"]:
    setattr(collections, name, getattr(collections.abc, name))
for name in ["bool", "complex", "float", "int", "object"]:
    if name not in np.__dict__:
        setattr(np, name, __builtins__.__dict__[name])
warnings.simplefilter("ignore")

import madmom  # noqa: E402
from madmom.audio.filters import LogarithmicFilterbank  # noqa: E402
from madmom.audio.signal import Signal  # noqa: E402
from madmom.audio.spectrogram import FilteredSpectrogram, LogarithmicSpectrogram, Spectrogram  # noqa: E402
from madmom.features.onsets import (  # noqa: E402
    OnsetPeakPickingProcessor, complex_flux, spectral_flux, superflux)
from madmom.utils import combine_events  # noqa: E402

assert np.__version__ == "1.26.4", np.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
assert madmom.__version__ == "0.16.1", madmom.__version__

OUT = Path(__file__).parents[2] / "dlmir-audio/tests/golden/onsets"
OUT.mkdir(exist_ok=True)
rng = np.random.default_rng(1)


def put(name, array, dtype=np.float32):
    np.save(OUT / f"{name}.npy", np.ascontiguousarray(array, dtype))


# The signal: a plucked tone, one with vibrato, one with tremolo, a burst of noise; hiss below all.
RATE = 44100
n = np.arange(22050)
t = n / RATE


def note(start, duration, frequency, vibrato=0.0, tremolo=0.0):
    s = np.clip(t - start, 0, None)
    phase = frequency * s + vibrato * np.sin(2 * np.pi * 12 * s)
    tone = sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 9))
    level = np.where((t >= start) & (t < start + duration), np.minimum(s / 0.003, 1.0), 0.0)
    return 0.2 * tone * level * np.exp(-3 * s) * (1 + tremolo * np.sin(2 * np.pi * 15 * s))


signal = note(0.03, 0.15, 330) + note(0.15, 0.2, 494, vibrato=0.8) + note(0.31, 0.18, 220, tremolo=0.6)
signal += np.where((t > 0.25) & (t < 0.4), 0.3 * np.exp(-60 * (t - 0.25)), 0) * rng.standard_normal(n.size)
signal += 1e-4 * rng.standard_normal(n.size)
signal = signal.astype(np.float32)
put("signal", signal)


def spectrogram(rate, fps, bands, norm=False, mul=1, fft=2048, circular=False):
    spectra = Spectrogram(Signal(signal, sample_rate=rate), frame_size=fft, fps=fps, circular_shift=circular)
    filtered = FilteredSpectrogram(
        spectra, filterbank=LogarithmicFilterbank, num_bands=bands, fmin=30, fmax=17000, norm_filters=norm)
    return LogarithmicSpectrogram(filtered, log=np.log10, mul=mul, add=1)


# Spectrograms; of the finest only every third frame.
put("logfilt_100fps", spectrogram(44100, 100, 12).T)
put("logfilt_200fps", spectrogram(44100, 200, 24).T[:, ::3])
put("logfilt_22050_normalized", spectrogram(22050, 100, 6, norm=True, mul=5, fft=1024).T[:, ::3])

# Onset functions with the settings of madmom's programs.
put("spectral_flux", spectral_flux(spectrogram(44100, 100, 12)))
put("superflux", superflux(spectrogram(44100, 200, 24)))
put("complex_flux", complex_flux(spectrogram(44100, 200, 24, circular=True)))
put("superflux_22050", superflux(spectrogram(22050, 200, 24)))
put("complex_flux_22050", complex_flux(spectrogram(22050, 200, 24, circular=True)))

# Peak picking of a made-up activation: smoothed noise in 0 ... 2, its values far enough from all thresholds.
activation = np.convolve(rng.uniform(0, 1, 1000), [0.3, 0.5, 1, 0.5, 0.3], "same").astype(np.float32)
put("activation", activation)
CASES = {
    "flux": dict(fps=100, threshold=0.3, pre_max=0.01, post_max=0.05, pre_avg=0.15, post_avg=0, combine=0.03),
    "superflux": dict(fps=200, threshold=0.2, pre_max=0.01, post_max=0.05, pre_avg=0.15, post_avg=0, combine=0.03),
    "network": dict(fps=100, threshold=4.4, smooth=0.07, pre_max=0.01, post_max=0.01, combine=0.03),
    "no_maximum": dict(fps=100, threshold=1.5, combine=0.04),
    "everything": dict(fps=100, threshold=0.5, smooth=0.05, pre_max=0.02, post_max=0.03, pre_avg=0.1,
                       post_avg=0.07, combine=0.05, delay=0.2),
}
for name, settings in CASES.items():
    put(f"peaks_{name}", OnsetPeakPickingProcessor(**settings)(activation), np.float64)
events = np.sort(rng.uniform(0, 2, 60))
put("events", events, np.float64)
put("events_left", combine_events(events, 0.03, "left"), np.float64)

# Annotations are joined by their mean; that is a matter of evaluation.
lines = ["# made by tools/golden/madmom_onsets.py with madmom 0.16.1 and numpy 1.26.4", ""]
for i, within in enumerate([0.03, 0.01, 0.1]):
    lines.append(f"joining {i}")
    for key, values in [("within", [within]), ("times", events), ("joined", combine_events(events, within, "mean"))]:
        lines.append(" ".join([key, *(repr(v) for v in np.asarray(values).tolist())]))
    lines.append("")
(OUT.parents[3] / "dlmir-eval/tests/golden/onset_joining.txt").write_text("\n".join(lines))
