"""Small sound files of a generated tone, for dlmir-audio's decoders, written by libsndfile.

    pip install numpy==2.4.6 soundfile==0.14.0
    python tools/golden/librosa_formats.py

(soundfile is what librosa.load reads with.) Writes dlmir-audio/tests/golden/formats/tone.* and the samples that
went in, tone.npy, float32 [frames, 2]. Mono files hold the left channel, six channels hold
left, right, 0, 0, -left, -right.
"""

from pathlib import Path

import numpy as np
import soundfile

assert np.__version__ == "2.4.6", np.__version__
assert soundfile.__version__ == "0.14.0", soundfile.__version__

OUT = Path(__file__).parents[2] / "dlmir-audio/tests/golden/formats"
RATE = 22050

# Left a decaying tone with a start at sample 300, right a soft second one without pause: 60 ms and 200 ms.
n = np.arange(4410)
left = 0.8 * np.sin(2 * np.pi * 700 * (n - 300) / RATE) * np.exp(-n / 1500) * (n >= 300)
right = 0.25 * np.sin(2 * np.pi * 330 * n / RATE)
tone = np.stack([left, right], axis=1).astype(np.float32)
np.save(OUT / "tone.npy", tone)
short = tone[:1000]
silence = np.zeros_like(short)


def put(name, data, container, subtype, **kwargs):
    soundfile.write(OUT / name, data, RATE, format=container, subtype=subtype, **kwargs)


put("tone_u8.wav", short[:, 0], "WAV", "PCM_U8")
put("tone_s16.wav", short, "WAV", "PCM_16")
put("tone_s24.wav", short[:, 0], "WAV", "PCM_24")
put("tone_s32.wav", short[:, 0], "WAV", "PCM_32")
put("tone_f32.wav", short[:, 0], "WAV", "FLOAT")
put("tone_f64.wav", short[:, 0], "WAV", "DOUBLE")
put("tone_ulaw.wav", short[:, 0], "WAV", "ULAW")
put("tone_alaw.wav", short[:, 0], "WAV", "ALAW")
put("tone_6ch_extensible.wav", np.concatenate([short, silence, -short], axis=1), "WAVEX", "PCM_16")
put("tone_s16.aiff", short, "AIFF", "PCM_16")
put("tone_ulaw.au", short[:, 0], "AU", "ULAW")
put("tone_alaw.au", short[:, 0], "AU", "ALAW")
put("tone_s8.au", short[:, 0], "AU", "PCM_S8")
put("tone_s16.au", short, "AU", "PCM_16")
put("tone_s24.au", short[:, 0], "AU", "PCM_24")
put("tone_s32.au", short[:, 0], "AU", "PCM_32")
put("tone_f32.au", short[:, 0], "AU", "FLOAT")
put("tone_f64.au", short[:, 0], "AU", "DOUBLE")
put("tone_s16.flac", tone, "FLAC", "PCM_16")
put("tone_s24.flac", tone[:, 0], "FLAC", "PCM_24")
put("tone_stereo.mp3", tone, "MP3", "MPEG_LAYER_III", bitrate_mode="CONSTANT", compression_level=0.2)
put("tone_mono.mp3", tone[:, 0], "MP3", "MPEG_LAYER_III", bitrate_mode="VARIABLE", compression_level=0.2)
put("tone_stereo.ogg", tone, "OGG", "VORBIS", compression_level=0.2)
put("tone_mono.ogg", tone[:, 0], "OGG", "VORBIS", compression_level=0.2)
