//! The shape of a spectrum in a few numbers: where it lies, how wide it is, how much like noise.
//!
//! For one frame of a magnitude spectrogram, `S[k]` >= 0 at the frequencies `f[k]`, k = 0 ... bins - 1:
//!
//! ```text
//! p[k]       = S[k] / sum of S                                  0 in silence
//! centroid   c = sum of f[k] p[k]                               Hz: the spectrum's centre of gravity, "brightness"
//! bandwidth  sqrt(sum of p[k] (f[k] - c)^2)                     Hz: its width around the centroid
//! roll-off   the lowest f[k] with S[0] + ... + S[k] >= r (S[0] + ... + S[bins - 1])        Hz; r = 0.85
//! flatness   exp(mean of ln P[k]) / mean of P[k],  P[k] = max(1e-10, S[k]^2)               1 for white noise, near 0 for a tone
//! ```
//!
//! Each is a function of one frame, for streams, and of a whole spectrogram `[bins, frames]`, with the same bits. Silence has centroid,
//! bandwidth and roll-off 0 and flatness 1. Sums are taken in double precision, except for the roll-off: it is a step function, and
//! librosa's step is that of single precision sums.
//!
//! Sources: conventions and defaults of librosa's `feature.spectral_*` (0.11). Tzanetakis, Cook (2002), "Musical genre classification of
//! audio signals", IEEE Transactions on Speech and Audio Processing 10(5); flatness: Dubnov (2004), "Generalization of spectral flatness
//! measure for non-Gaussian linear processes", IEEE Signal Processing Letters 11(8).

use ndarray::Array2;

use crate::{AudioError, columns};

/// The share of the magnitudes that lies below the roll-off frequency, by default.
pub const ROLLOFF: f32 = 0.85;

/// Powers below this count as this in the flatness, by default.
pub const FLATNESS_AMIN: f32 = 1e-10;

/// The frequencies of the bins of a transform in Hz, k * sample_rate / n_fft: `[floor(n_fft / 2) + 1]`.
///
/// ```
/// assert_eq!(dlmir_audio::fft_frequencies(8000, 4), [0.0, 2000.0, 4000.0]);
/// ```
pub fn fft_frequencies(sample_rate: u32, n_fft: usize) -> Vec<f64> {
    let step = f64::from(sample_rate) / n_fft.max(1) as f64;
    (0..=n_fft / 2).map(|k| k as f64 * step).collect()
}

/// The centroid of one frame in Hz. `magnitude` and `frequencies`: `[bins]`.
pub fn frame_centroid(magnitude: &[f32], frequencies: &[f64]) -> f32 {
    centroid(magnitude, frequencies) as f32
}

fn centroid(magnitude: &[f32], frequencies: &[f64]) -> f64 {
    weighted_mean(magnitude, frequencies, |f| f)
}

/// The mean of `value(f)`, weighted by the magnitudes; 0 in silence.
fn weighted_mean(magnitude: &[f32], frequencies: &[f64], value: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut total) = (0.0, 0.0);
    for (&s, &f) in magnitude.iter().zip(frequencies) {
        sum += f64::from(s) * value(f);
        total += f64::from(s);
    }
    // What librosa calls silence: the smallest normal number of single precision.
    if total < f64::from(f32::MIN_POSITIVE) { sum } else { sum / total }
}

/// The bandwidth of one frame in Hz. `magnitude` and `frequencies`: `[bins]`.
pub fn frame_bandwidth(magnitude: &[f32], frequencies: &[f64]) -> f32 {
    let c = centroid(magnitude, frequencies);
    weighted_mean(magnitude, frequencies, |f| (f - c) * (f - c)).sqrt() as f32
}

/// The roll-off of one frame in Hz: below it lies the share `roll`, 0 to 1, of the magnitudes. `magnitude` and `frequencies`: `[bins]`.
pub fn frame_rolloff(magnitude: &[f32], frequencies: &[f64], roll: f32) -> f32 {
    let threshold = roll * magnitude.iter().sum::<f32>();
    let mut sum = 0.0f32;
    for (&s, &f) in magnitude.iter().zip(frequencies) {
        sum += s;
        if sum >= threshold {
            return f as f32;
        }
    }
    frequencies.last().map_or(0.0, |&f| f as f32)
}

/// The flatness of one frame, 0 to 1. `magnitude`: `[bins]`; squares below `amin` count as `amin`.
pub fn frame_flatness(magnitude: &[f32], amin: f32) -> f32 {
    let (mut logs, mut sum) = (0.0f64, 0.0f64);
    for &s in magnitude {
        let power = f64::from((s * s).max(amin));
        logs += power.ln();
        sum += power;
    }
    let n = magnitude.len() as f64;
    ((logs / n).exp() / (sum / n)) as f32
}

/// The centroid of every frame in Hz, `[frames]`. `magnitude`: `[bins, frames]`; `frequencies`: `[bins]`, as [`fft_frequencies`] gives.
///
/// ```
/// use dlmir_audio::{Stft, StftConfig, fft_frequencies, spectral_centroid, synth};
///
/// let stft = Stft::new(StftConfig::default())?;
/// let tone = stft.magnitude(synth::sine(1000.0, 1.0, 22_050).samples());
/// let hz = spectral_centroid(&tone, &fft_frequencies(22_050, 2048));
/// assert!((hz[20] - 1000.0).abs() < 10.0);
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Panics
/// If there is not one frequency for each row.
#[track_caller]
pub fn spectral_centroid(magnitude: &Array2<f32>, frequencies: &[f64]) -> Vec<f32> {
    check(magnitude, frequencies);
    columns::map_to_one(magnitude.view(), |frame| frame_centroid(frame, frequencies))
}

/// The bandwidth of every frame in Hz, `[frames]`. `magnitude`: `[bins, frames]`; `frequencies`: `[bins]`.
///
/// # Panics
/// If there is not one frequency for each row.
#[track_caller]
pub fn spectral_bandwidth(magnitude: &Array2<f32>, frequencies: &[f64]) -> Vec<f32> {
    check(magnitude, frequencies);
    columns::map_to_one(magnitude.view(), |frame| frame_bandwidth(frame, frequencies))
}

/// The roll-off of every frame in Hz, `[frames]`. `magnitude`: `[bins, frames]`; `frequencies`: `[bins]`; `roll`: usually [`ROLLOFF`].
///
/// # Errors
/// [`AudioError::Setting`] if `roll` is not between 0 and 1.
///
/// # Panics
/// If there is not one frequency for each row.
#[track_caller]
pub fn spectral_rolloff(
    magnitude: &Array2<f32>,
    frequencies: &[f64],
    roll: f32,
) -> Result<Vec<f32>, AudioError> {
    check(magnitude, frequencies);
    if !(roll > 0.0 && roll < 1.0) {
        return Err(AudioError::setting("roll", roll, "it must be between 0 and 1"));
    }
    Ok(columns::map_to_one(magnitude.view(), |frame| frame_rolloff(frame, frequencies, roll)))
}

/// The flatness of every frame, `[frames]`. `magnitude`: `[bins, frames]`; `amin`: usually [`FLATNESS_AMIN`].
///
/// # Errors
/// [`AudioError::Setting`] if `amin` is not above 0.
pub fn spectral_flatness(magnitude: &Array2<f32>, amin: f32) -> Result<Vec<f32>, AudioError> {
    if !(amin > 0.0 && amin.is_finite()) {
        return Err(AudioError::setting("amin", amin, "it must be above 0"));
    }
    Ok(columns::map_to_one(magnitude.view(), |frame| frame_flatness(frame, amin)))
}

#[track_caller]
fn check(magnitude: &Array2<f32>, frequencies: &[f64]) {
    let (rows, count) = (magnitude.nrows(), frequencies.len());
    assert_eq!(rows, count, "spectral shape: {rows} rows and {count} frequencies");
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    const HZ: [f64; 5] = [0.0, 100.0, 200.0, 300.0, 400.0];

    #[test]
    fn a_line_has_a_place_and_no_width() {
        let line = [0.0, 0.0, 0.0, 2.0, 0.0];
        assert_eq!((frame_centroid(&line, &HZ), frame_bandwidth(&line, &HZ)), (300.0, 0.0));
        assert_eq!(frame_rolloff(&line, &HZ, 0.85), 300.0);
        assert!(frame_flatness(&line, 1e-10) < 1e-7);
    }

    #[test]
    fn two_lines_by_hand() {
        let lines = [0.0, 3.0, 0.0, 1.0, 0.0];
        assert_eq!(frame_centroid(&lines, &HZ), 150.0); // 3/4 of 100 and 1/4 of 300
        assert!((frame_bandwidth(&lines, &HZ) - 7500f32.sqrt()).abs() < 1e-4);
        assert_eq!(frame_rolloff(&lines, &HZ, 0.7), 100.0);
        assert_eq!(frame_rolloff(&lines, &HZ, 0.8), 300.0);
    }

    #[test]
    fn noise_is_flat_and_silence_is_a_number() {
        assert!((frame_flatness(&[0.3; 5], 1e-10) - 1.0).abs() < 1e-6);
        let silence = [0.0; 5];
        assert_eq!((frame_centroid(&silence, &HZ), frame_bandwidth(&silence, &HZ)), (0.0, 0.0));
        assert_eq!(frame_rolloff(&silence, &HZ, 0.85), 0.0);
        assert!((frame_flatness(&silence, 1e-10) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn every_setting_has_its_range() {
        let s = array![[1.0f32], [2.0]];
        for roll in [0.0, 1.0, f32::NAN] {
            let error = spectral_rolloff(&s, &[0.0, 1.0], roll).expect_err("no share");
            assert!(error.to_string().starts_with("roll is"), "{error}");
        }
        assert!(spectral_flatness(&s, 0.0).expect_err("0").to_string().starts_with("amin is 0"));
    }

    #[test]
    #[should_panic(expected = "2 rows and 3 frequencies")]
    fn frequencies_of_another_transform_are_a_bug() {
        spectral_centroid(&array![[1.0f32], [2.0]], &[0.0, 1.0, 2.0]);
    }

    proptest! {
        // Loudness has no say, and a frame alone is what it is in the array.
        #[test]
        fn shape_is_not_loudness(s in prop::collection::vec(0.01f32..1.0, 5), power in -3i32..3) {
            let louder: Vec<f32> = s.iter().map(|v| v * 2f32.powi(power)).collect();
            let all = Array2::from_shape_fn((5, 3), |(k, _)| louder[k]);
            let c = frame_centroid(&s, &HZ);
            prop_assert_eq!(spectral_centroid(&all, &HZ), vec![c; 3]);
            prop_assert_eq!(spectral_bandwidth(&all, &HZ), vec![frame_bandwidth(&s, &HZ); 3]);
            let rolloff = spectral_rolloff(&all, &HZ, ROLLOFF).expect("valid");
            prop_assert_eq!(rolloff, vec![frame_rolloff(&s, &HZ, ROLLOFF); 3]);
            let flat = spectral_flatness(&all, FLATNESS_AMIN).expect("valid");
            prop_assert!((flat[0] - frame_flatness(&s, FLATNESS_AMIN)).abs() < 1e-5);
            prop_assert!((0.0..=400.0).contains(&c) && frame_bandwidth(&s, &HZ) <= 200.0);
        }
    }
}
