"""Golden cases for dlmir-audio's spectra, computed by librosa and scipy.

    pip install numpy==2.4.6 scipy==1.17.1 librosa==0.11.0 soxr==1.1.0
    python tools/golden/librosa_features.py

Writes dlmir-audio/tests/golden/*.npy: float32 and complex64 arrays as librosa returns them (windows and mel
frequencies: float64). Only some rows of the large filter banks are kept. The settings of a case are repeated
next to its name in tests/golden/features.rs.
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

OUT = Path(__file__).parents[2] / "dlmir-audio/tests/golden"
warnings.simplefilter("ignore")  # short signals and empty mel bands are among the cases
rng = np.random.default_rng(1)


def put(name, array):
    np.save(OUT / f"{name}.npy", np.ascontiguousarray(array))


# The signal: tones 60 dB apart, a click, noise that fades in, silence at the end.
RATE = 22050
n = np.arange(4000)
signal = 0.5 * np.sin(2 * np.pi * 440 * n / RATE) + 5e-4 * np.sin(2 * np.pi * 5000 * n / RATE)
signal += 1e-2 * rng.standard_normal(n.size) * n / n.size
signal[1500] += 0.8
signal[3500:] = 0
signal = signal.astype(np.float32)
put("signal", signal)
constant = np.ones(700, np.float32)

# Frames and down-mix of parts of the signal.
frame = librosa.util.frame
put("frames", frame(signal[1400:1700], frame_length=32, hop_length=20))
put("frames_reflect", frame(np.pad(signal[1400:1700], 15, mode="reflect"), frame_length=31, hop_length=40))
put("mono_of_two", librosa.to_mono(signal[1000:2000].reshape(-1, 2).T))
put("mono_of_three", librosa.to_mono(signal[1000:1999].reshape(-1, 3).T))

# Windows: rows hann, hamming, blackman, boxcar.
SHAPES = ["hann", "hamming", "blackman", "boxcar"]
for length in [32, 33]:
    for kind, periodic in [("periodic", True), ("symmetric", False)]:
        rows = [scipy.signal.get_window(shape, length, fftbins=periodic) for shape in SHAPES]
        put(f"window_{kind}_{length}", np.stack(rows))

# Short-time spectra.
stft = librosa.stft
put("stft_centered", stft(signal, n_fft=512, hop_length=256))
put("stft_window_400", stft(signal, n_fft=512, win_length=400, hop_length=320, center=False))
put("stft_odd_reflect", stft(signal, n_fft=255, hop_length=200, pad_mode="reflect"))
put("stft_odd_window", stft(signal, n_fft=200, win_length=101, hop_length=300, window="hamming"))
put("stft_hop_beyond_frame", stft(signal, n_fft=128, hop_length=500, window="blackman", center=False))
put("stft_shorter_than_frame", stft(signal[1000:2500], n_fft=2048, hop_length=512))
put("stft_much_shorter_reflect", stft(signal[:50], n_fft=256, hop_length=20, pad_mode="reflect"))
put("stft_one_sample", stft(signal[1500:1501], n_fft=64, hop_length=16))
put("stft_one_sample_reflect", stft(signal[1500:1501], n_fft=64, hop_length=16, pad_mode="reflect"))
put("stft_silence", stft(np.zeros(100, np.float32), n_fft=64, hop_length=16))
put("stft_constant", stft(constant, n_fft=256, hop_length=64))
put("stft_constant_inside", stft(constant, n_fft=256, hop_length=64, center=False))
put("magnitude", np.abs(stft(signal, n_fft=512, hop_length=512)))
put("power", np.abs(stft(signal, n_fft=512, hop_length=512)) ** 2)

# Mel.
for htk, name in [(False, "slaney"), (True, "htk")]:
    put(f"mel_frequencies_{name}", librosa.mel_frequencies(n_mels=50, fmin=30.0, fmax=12000.0, htk=htk))
mel = librosa.filters.mel
put("filters_default", mel(sr=22050, n_fft=2048)[::32])
put("filters_htk", mel(sr=22050, n_fft=512, n_mels=40, htk=True)[::3])
put("filters_htk_no_norm", mel(sr=16000, n_fft=400, n_mels=23, fmin=64.0, fmax=7600.0, htk=True, norm=None))
put("filters_limits", mel(sr=44100, n_fft=1024, n_mels=80, fmin=27.5, fmax=16000.0)[::9])
put("filters_beyond_nyquist", mel(sr=8000, n_fft=256, n_mels=20, fmax=8000.0, norm=None))

melspectrogram = librosa.feature.melspectrogram
bands = melspectrogram(y=signal, sr=RATE, n_mels=80)
put("mel_default", bands)
put("mel_htk", melspectrogram(y=signal, sr=RATE, n_fft=1024, hop_length=441, n_mels=40, fmin=50.0, fmax=8000.0, htk=True))
put("mel_reflect", melspectrogram(
    y=signal, sr=RATE, n_fft=1024, win_length=800, hop_length=220, n_mels=40, pad_mode="reflect", norm=None))
put("mel_uncentered", melspectrogram(y=signal, sr=RATE, n_fft=600, hop_length=600, n_mels=30, center=False, window="hamming"))

# Decibels.
db = librosa.power_to_db
put("logmel_default", db(bands))
put("logmel_max", db(bands, ref=np.max))
put("logmel_unlimited", db(bands, top_db=None))
put("logmel_settings", db(bands, ref=0.3, amin=1e-6, top_db=60.0))
put("logmel_silence", db(melspectrogram(y=np.zeros(2000, np.float32), sr=RATE, n_mels=80)))
amplitude = np.abs(stft(signal, n_fft=512, hop_length=512))
put("amplitude_db", librosa.amplitude_to_db(amplitude))
put("amplitude_db_max", librosa.amplitude_to_db(amplitude, ref=np.max, amin=1e-3, top_db=50.0))

# Resampling by 2: noise below 0.9 of the lower Nyquist frequency, faded in and out.
spectrum = np.fft.rfft(rng.standard_normal(6000))
spectrum[int(0.9 * spectrum.size / 2):] = 0
wide = np.fft.irfft(spectrum) * np.hanning(6000)
wide = (wide / np.abs(wide).max()).astype(np.float32)
put("resample_44100", wide)
put("resample_44100_to_22050", librosa.resample(wide, orig_sr=44100, target_sr=22050, res_type="soxr_vhq"))
narrow = (0.5 * wide[::2]).astype(np.float32)
put("resample_22050_to_44100", librosa.resample(narrow, orig_sr=22050, target_sr=44100, res_type="soxr_vhq"))
