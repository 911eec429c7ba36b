//! Every container and codec, from files written by libsndfile.

use std::path::{Path, PathBuf};

use dlmir_audio::{Problem, decode, decode_lenient, load, load_at};
use ndarray::Array2;

use crate::npy;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats").join(name)
}

/// The samples that went in, `[frames, 2]`.
fn tone() -> Array2<f32> {
    npy::matrix("formats/tone")
}

/// Integer formats: libsndfile multiplies by 2^(bits - 1) and rounds, to the nearest (FLAC) or down (the others).
#[test]
fn integer_samples_are_within_their_step() {
    let cases = [
        ("tone_u8.wav", 1, 8),
        ("tone_s16.wav", 2, 16),
        ("tone_s24.wav", 1, 24),
        ("tone_s32.wav", 1, 32),
        ("tone_s16.aiff", 2, 16),
        ("tone_s8.au", 1, 8),
        ("tone_s16.au", 2, 16),
        ("tone_s24.au", 1, 24),
        ("tone_s32.au", 1, 32),
        ("tone_s16.flac", 2, 16),
        ("tone_s24.flac", 1, 24),
    ];
    let tone = tone();
    for (name, channels, bits) in cases {
        let audio = decode(file(name)).unwrap_or_else(|e| panic!("{e}"));
        let frames = if name.ends_with("flac") { 4410 } else { 1000 };
        assert_eq!(
            (audio.channels(), audio.sample_rate(), audio.frames()),
            (channels, 22_050, frames),
            "{name}"
        );
        let full_scale = f64::from(bits - 1).exp2();
        for (i, &y) in audio.interleaved().iter().enumerate() {
            let x = f64::from(tone[[i / channels, i % channels]]);
            let steps = (f64::from(y) - x) * full_scale;
            // 24 and 32 bits are rounded to the 24 bits of an f32 once more.
            let rounding = full_scale / f64::from(1u32 << 25);
            let range = if name.ends_with("flac") { -0.5..=0.5 } else { -1.0..=0.0 };
            assert!(
                (range.start() - rounding..=range.end() + rounding).contains(&steps),
                "{name}, sample {i}: {y} is {steps} steps from {x}"
            );
        }
    }
}

#[test]
fn floating_point_samples_are_bit_exact() {
    for name in ["tone_f32.wav", "tone_f64.wav", "tone_f32.au", "tone_f64.au"] {
        let signal = load(file(name)).unwrap_or_else(|e| panic!("{e}"));
        let left = tone().column(0).to_vec();
        assert_eq!(signal.samples(), &left[..1000], "{name}");
    }
}

/// G.711 has 4 bits of mantissa: half a step is a 32nd of the value, and about 1e-3 near zero.
#[test]
fn telephone_codes_are_near_and_agree_between_containers() {
    let tone = tone();
    for law in ["ulaw", "alaw"] {
        let au = load(file(&format!("tone_{law}.au"))).unwrap_or_else(|e| panic!("{e}"));
        let wav = load(file(&format!("tone_{law}.wav"))).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(au, wav, "our table and the decoding library's");
        for (y, x) in au.samples().iter().zip(tone.column(0)) {
            assert!((y - x).abs() <= x.abs() / 32.0 + 1e-3, "{law}: {y} {x}");
        }
    }
}

#[test]
fn six_channels_keep_their_order() {
    let audio = decode(file("tone_6ch_extensible.wav")).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((audio.channels(), audio.frames()), (6, 1000));
    let left = audio.channel(0);
    let left_negative = audio.channel(4);
    assert!(left.samples().iter().any(|&x| x > 0.5));
    assert!(audio.channel(2).samples().iter().all(|&x| x == 0.0));
    let sums = left.samples().iter().zip(left_negative.samples()).map(|(a, b)| (a + b).abs());
    assert!(sums.fold(0.0, f32::max) <= 1.0 / 32_768.0);
    assert!(audio.to_mono().samples().iter().all(|x| x.abs() < 1e-4), "the channels cancel");
}

/// Signal-to-noise ratio in dB of `y[n + lag]` as an estimate of `x[n]`, where both exist.
fn snr_db(x: &[f32], y: &[f32], lag: isize) -> f64 {
    let (mut signal, mut noise) = (1e-20, 1e-20);
    for (n, &x) in x.iter().enumerate() {
        if let Some(&y) = usize::try_from(n as isize + lag).ok().and_then(|m| y.get(m)) {
            signal += f64::from(x).powi(2);
            noise += f64::from(x - y).powi(2);
        }
    }
    10.0 * (signal / noise).log10()
}

/// The encoder's delay and padding are removed to the sample.
#[test]
fn lossy_files_are_in_place() {
    let tone = tone();
    for name in ["tone_stereo.mp3", "tone_mono.mp3", "tone_stereo.ogg", "tone_mono.ogg"] {
        let decoded = decode_lenient(file(name)).unwrap_or_else(|e| panic!("{e}"));
        assert!(decoded.lossy && decoded.problems.is_empty(), "{name}: {:?}", decoded.problems);
        assert_eq!(decoded.audio.frames(), 4410, "{name}");
        for c in 0..decoded.audio.channels() {
            let (x, y) = (tone.column(c).to_vec(), decoded.audio.channel(c));
            let best = (-40..=40)
                .max_by(|&a, &b| snr_db(&x, y.samples(), a).total_cmp(&snr_db(&x, y.samples(), b)));
            assert_eq!(best, Some(0), "{name}, channel {c}: lag");
            let snr = snr_db(&x, y.samples(), 0);
            assert!(snr > 20.0, "{name}, channel {c}: {snr} dB");
        }
    }
}

/// Without the Info frame nobody knows the delay: the sound is 1105 samples late, and we say so.
#[test]
fn an_mp3_without_its_info_frame_is_late_and_reported() {
    let bytes = std::fs::read(file("tone_mono.mp3")).expect("a fixture of the repository");
    let info = bytes.windows(4).position(|w| w == b"Info" || w == b"Xing").expect("a tag");
    // The next frame begins with the same two bytes of synchronisation, version and layer.
    let start = (info..).find(|&i| bytes[i..i + 2] == bytes[..2]).expect("a second frame");
    let path = std::env::temp_dir().join(format!("dlmir-audio-{}.mp3", std::process::id()));
    std::fs::write(&path, &bytes[start..]).expect("room for a small file");
    let decoded = decode_lenient(&path);
    std::fs::remove_file(&path).expect("the file just written");
    let decoded = decoded.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(decoded.problems, [Problem::NoEncoderDelay]);
    let left = tone().column(0).to_vec();
    assert!(snr_db(&left, decoded.audio.interleaved(), 1105) > 20.0);
}

#[test]
fn loading_at_another_rate() {
    let signal = load_at(file("tone_s16.flac"), 44_100).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!((signal.sample_rate(), signal.len()), (44_100, 8820));
}
