"""Golden cases for dlmir-audio's features beyond log-mel, computed by librosa.

    pip install numpy==2.4.6 scipy==1.17.1 librosa==0.11.0 soxr==1.1.0
    python tools/golden/librosa_parity.py

Writes dlmir-audio/tests/golden/parity/*.npy: float32 and complex64 arrays. The name of a file is the function and the
case; the settings are repeated next to the name in tests/golden/parity/.
"""

import warnings
from pathlib import Path

import librosa
import numpy as np
import scipy
import soxr

assert np.__version__ == "2.4.6", np.__version__
assert scipy.__version__ == "1.17.1", scipy.__version__
assert librosa.__version__ == "0.11.0", librosa.__version__
assert soxr.__version__ == "1.1.0", soxr.__version__

GOLDEN = Path(__file__).parents[2] / "dlmir-audio/tests/golden"
OUT = GOLDEN / "parity"
OUT.mkdir(exist_ok=True)
warnings.simplefilter("ignore")  # short signals are among the cases
feature = librosa.feature


def put(name, array):
    array = np.atleast_2d(array)
    kind = np.complex64 if np.iscomplexobj(array) else np.float32
    np.save(OUT / f"{name}.npy", np.ascontiguousarray(array.astype(kind)))


# The signals: tones 60 dB apart with a click, noise and silence (librosa_features.py), and the edge cases.
RATE = 22050
whole = np.load(GOLDEN / "signal.npy")
SIGNALS = {
    "whole": whole,
    "short": whole[1000:1300],  # shorter than a frame
    "one": whole[1500:1501],
    "silence": np.zeros(3000, np.float32),
    "dc": np.full(3000, 0.25, np.float32),
}

# From the samples, and from the spectrograms of each signal. In the spectrum of silence and of a constant everything
# but one value is rounding noise: where a feature is made of that noise, the case says nothing and is left out.
for name, y in SIGNALS.items():
    put(f"rms_{name}", feature.rms(y=y))
    put(f"rms_odd_{name}", feature.rms(y=y, frame_length=255, hop_length=100, pad_mode="reflect"))
    put(f"zero_crossing_rate_{name}", feature.zero_crossing_rate(y))
    put(f"zero_crossing_rate_odd_{name}", feature.zero_crossing_rate(y, frame_length=127, hop_length=50))
    for suffix, n_fft, hop, window in [("", 2048, 512, "hann"), ("_hamming", 600, 700, "hamming")]:
        S = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=hop, window=window))
        put(f"rms_of_spectrogram{suffix}_{name}", feature.rms(S=S, frame_length=n_fft))
        put(f"spectral_flatness{suffix}_{name}", feature.spectral_flatness(S=S))
        put(f"spectral_centroid{suffix}_{name}", feature.spectral_centroid(S=S, sr=RATE, n_fft=n_fft))
        put(f"spectral_bandwidth{suffix}_{name}", feature.spectral_bandwidth(S=S, sr=RATE, n_fft=n_fft))
        put(f"spectral_rolloff{suffix}_{name}", feature.spectral_rolloff(S=S, sr=RATE, n_fft=n_fft))
        put(f"chroma_stft{suffix}_{name}", feature.chroma_stft(S=S**2, sr=RATE, n_fft=n_fft, tuning=0.0))
        put(f"magnitude{suffix}_{name}", S)
        if name != "dc":
            put(f"spectral_contrast{suffix}_{name}", feature.spectral_contrast(S=S, sr=RATE, n_fft=n_fft))
    log_mel = librosa.power_to_db(feature.melspectrogram(y=y, sr=RATE))
    put(f"mfcc_{name}", feature.mfcc(S=log_mel))
    put(f"mfcc_lifter_{name}", feature.mfcc(S=log_mel, n_mfcc=13, lifter=22))

S = np.abs(librosa.stft(whole, n_fft=512, hop_length=100))
put("spectral_rolloff_low_whole", feature.spectral_rolloff(S=S, sr=RATE, n_fft=512, roll_percent=0.1))
put("spectral_flatness_amin_whole", feature.spectral_flatness(S=S, amin=1e-4))
put("spectral_contrast_linear_whole", feature.spectral_contrast(S=S, sr=RATE, n_fft=512, fmin=100.0, n_bands=4, quantile=0.1, linear=True))
put("chroma_stft_24_whole", feature.chroma_stft(S=S**2, sr=RATE, n_fft=512, tuning=0.3, n_chroma=24, octwidth=None))
put("chroma_filters_default", librosa.filters.chroma(sr=RATE, n_fft=2048)[:, ::8])
put("chroma_filters_settings", librosa.filters.chroma(sr=16000, n_fft=400, n_chroma=24, tuning=-0.2, ctroct=4.0, octwidth=1.0))

# Deltas and PCEN of a small array of known values.
rng = np.random.default_rng(2)
small = np.abs(rng.standard_normal((6, 40))).astype(np.float32)
put("small", small)
for width, order in [(9, 1), (9, 2), (3, 1), (15, 2), (5, 3)]:
    put(f"delta_{width}_{order}", feature.delta(small, width=width, order=order))
put("delta_narrow", feature.delta(small[:, :9]))
loud = small * np.float32(2**31)
put("pcen_default", librosa.pcen(loud))
put("pcen_unscaled", librosa.pcen(small))
put("pcen_settings", librosa.pcen(loud, sr=16000, hop_length=160, gain=0.8, bias=10.0, power=0.25, time_constant=0.06, eps=1e-3))
put("pcen_max", librosa.pcen(loud, max_size=3))
put("pcen_max_even", librosa.pcen(loud, max_size=4))
put("pcen_log", librosa.pcen(loud, power=0))
put("pcen_no_bias", librosa.pcen(loud, bias=0))
put("pcen_silence", librosa.pcen(np.zeros((2, 30), np.float32)))

# Harmonic and percussive parts, and the phase vocoder.
S = np.abs(librosa.stft(whole, n_fft=256, hop_length=64))[::2]
put("hpss_spectrogram", S)
for name, settings in {
    "default": {},
    "margin": {"margin": (2.0, 3.0), "kernel_size": (17, 10)},
    "mask": {"mask": True, "power": 1.0},
    "silence": {},
}.items():
    harmonic, percussive = librosa.decompose.hpss(S * (name != "silence"), **settings)
    put(f"hpss_{name}_harmonic", harmonic)
    put(f"hpss_{name}_percussive", percussive)
# The vocoder works in double precision here; in single precision its phases are off by hundredths after some frames.
D = librosa.stft(whole, n_fft=256, hop_length=64)[:, :40]
put("phase_vocoder_spectra", D)
for name, rate in [("faster", 1.7), ("slower", 0.6), ("same", 1.0)]:
    put(f"phase_vocoder_{name}", librosa.phase_vocoder(D.astype(np.complex128), rate=rate, hop_length=64, n_fft=256))

# The constant-Q transform of half a second of noise, tones and a click.
n = np.arange(11025)
sound = 0.02 * rng.standard_normal(n.size) + 0.3 * np.sin(2 * np.pi * 110 * n / RATE)
sound += 0.2 * np.sin(2 * np.pi * 1000 * n / RATE * (1 + n / n.size))
sound[6000] += 0.9
sound = sound.astype(np.float32)
put("cqt_signal", sound)
cqt = librosa.cqt
put("cqt_default", cqt(sound, sr=RATE))
put("cqt_44100", cqt(sound, sr=44100))
put("cqt_36", cqt(sound, sr=RATE, n_bins=90, bins_per_octave=36, fmin=110.0, hop_length=1024))
put("cqt_settings", cqt(sound, sr=16000, n_bins=50, bins_per_octave=12, fmin=55.0, hop_length=441, filter_scale=0.5, sparsity=0.0, scale=False, window="hamming"))
put("cqt_reflect", cqt(sound, sr=RATE, pad_mode="reflect", hop_length=1024, n_bins=40, fmin=220.0))
put("cqt_early_no_scale", cqt(sound, sr=RATE, n_bins=13, fmin=100.0, scale=False))
put("cqt_one", cqt(sound[:1], sr=RATE))
put("cqt_short", cqt(sound[:300], sr=RATE))
put("cqt_silence", cqt(np.zeros(3000, np.float32), sr=RATE))
put("cqt_dc", cqt(np.full(3000, 0.25, np.float32), sr=RATE))
put("chroma_cqt_default", feature.chroma_cqt(y=sound, sr=RATE, tuning=0.0))
put("chroma_cqt_fold", feature.chroma_cqt(C=np.abs(cqt(sound, sr=RATE)), bins_per_octave=12))

# Tuning of the spectra above, of that sound, and of chords that are out of tune, in octaves of 12 and 36.
tunings = []
for classes in [12, 36]:
    for name in SIGNALS:
        for suffix, n_fft in [("", 2048), ("_hamming", 600)]:
            S = np.load(OUT / f"magnitude{suffix}_{name}.npy") ** 2
            tunings.append(librosa.estimate_tuning(S=S, sr=RATE, n_fft=n_fft, bins_per_octave=classes))
    chord = [np.sin(2 * np.pi * 220 * 2 ** ((k + 0.33) / 12) * n / RATE) for k in (0, 3, 7, 14)]
    for x in [sound, np.sum(chord, axis=0).astype(np.float32) / 8]:
        tunings.append(librosa.estimate_tuning(S=np.abs(librosa.stft(x)) ** 2, sr=RATE, bins_per_octave=classes))
put("tuning", tunings)
put("tuning_chord", np.sum(chord, axis=0).astype(np.float32) / 8)

# Ways to pad, where the frame is longer than half of the signal; and the inverse transform, with its own length and others.
for mode in ["constant", "edge", "linear_ramp", "reflect", "symmetric"]:
    put(f"pad_{mode}", librosa.stft(whole[1000:1300], n_fft=400, hop_length=90, pad_mode=mode))
changed = librosa.stft(whole[:3000], n_fft=256, hop_length=64, window="hamming")
changed[20:40] *= 0.1j  # the spectra of no signal
put("inverse_spectra", changed)
for name, center, length in [("default", True, None), ("longer", True, 4000), ("shorter", True, 777), ("causal", False, None)]:
    put(f"inverse_{name}", librosa.istft(changed, hop_length=64, window="hamming", center=center, length=length))
