//! Loudness and noisiness straight from the samples: root mean square and zero crossings.
//!
//! For one frame of N samples,
//!
//! ```text
//! RMS                  sqrt(mean of x[n]^2)
//! zero crossing rate   (number of n in 1 ... N - 1 where x[n - 1] and x[n] have different signs) / N
//! ```
//!
//! A tone of f Hz crosses zero 2 f times a second, its rate is 2 f / sample_rate; noise crosses at random, about every second sample. Zero,
//! and what is within 1e-10 of it, counts as positive. By Parseval's theorem the RMS is also in the spectrum of the same frame (no window,
//! or one whose loss is accepted):
//!
//! ```text
//! RMS = sqrt(2 sum of c[k] |X[k]|^2) / N        c[k] = 1, but 1/2 for k = 0 and, where N is even, for k = N / 2
//! ```
//!
//! Conventions are those of librosa's `feature.rms` and `feature.zero_crossing_rate` (0.11): frames of 2048 samples every 512, centred;
//! outside of the signal are zeros for the RMS, and the first and last sample repeated for the crossings, so that the edges add none.

use ndarray::Array2;

use crate::{Framing, columns};

/// What lies this close to zero is zero.
const THRESHOLD: f32 = 1e-10;

/// The root mean square of one frame; 0 for an empty one.
pub fn frame_rms(frame: &[f32]) -> f32 {
    let sum: f64 = frame.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    (sum / frame.len().max(1) as f64).sqrt() as f32
}

/// The root mean square of every frame of `x`, `[frames]`.
///
/// ```
/// use dlmir_audio::{Framing, PadMode, rms, synth};
///
/// let tone = synth::sine(441.0, 1.0, 22_050); // 50 samples a period
/// let level = rms(tone.samples(), &Framing::new(2000, 500).centered(PadMode::Zero));
/// assert!((level[20] - 0.5f32.sqrt()).abs() < 1e-4); // a sine of amplitude 1
/// ```
pub fn rms(x: &[f32], framing: &Framing) -> Vec<f32> {
    columns::map_to_one(framing.frames(x).view(), frame_rms)
}

/// The root mean square of one frame of `frame_length` samples from its magnitude spectrum, `[floor(frame_length / 2) + 1]`.
///
/// # Panics
/// If the number of bins does not belong to `frame_length`.
#[track_caller]
pub fn frame_rms_of_spectrum(magnitude: &[f32], frame_length: usize) -> f32 {
    let bins = magnitude.len();
    assert_eq!(bins, frame_length / 2 + 1, "rms: bins of frames of {frame_length} samples");
    let mut sum = 0.0;
    for (k, &s) in magnitude.iter().enumerate() {
        let once = k == 0 || 2 * k == frame_length;
        sum += f64::from(s) * f64::from(s) * if once { 0.5 } else { 1.0 };
    }
    ((2.0 * sum).sqrt() / frame_length as f64) as f32
}

/// The root mean square of every frame from the magnitude spectrogram, `[bins, frames]`, of frames of `frame_length` samples: `[frames]`.
///
/// # Panics
/// If the number of bins does not belong to `frame_length`.
#[track_caller]
pub fn rms_of_spectrogram(magnitude: &Array2<f32>, frame_length: usize) -> Vec<f32> {
    let bins = magnitude.nrows();
    assert_eq!(bins, frame_length / 2 + 1, "rms: bins of frames of {frame_length} samples");
    columns::map_to_one(magnitude.view(), |frame| frame_rms_of_spectrum(frame, frame_length))
}

/// The zero crossings of one frame, per sample: 0 to 1.
pub fn frame_zero_crossing_rate(frame: &[f32]) -> f32 {
    rate(crossings(frame), frame.len())
}

fn crossings(x: &[f32]) -> usize {
    x.windows(2).filter(|pair| (pair[0] < -THRESHOLD) != (pair[1] < -THRESHOLD)).count()
}

fn rate(crossings: usize, length: usize) -> f32 {
    (crossings as f64 / length.max(1) as f64) as f32
}

/// The zero crossing rate of every frame of `frame_length` samples, `hop_length` apart: `[frames]`.
///
/// Where frames are centred (`center`), the first and the last sample stand for what is outside of the signal.
///
/// ```
/// use dlmir_audio::{synth, zero_crossing_rate};
///
/// let tone = synth::sine(1000.0, 1.0, 22_050);
/// let rate = zero_crossing_rate(tone.samples(), 2048, 512, true);
/// assert!((rate[20] * 22_050.0 / 2.0 - 1000.0).abs() < 10.0);
/// ```
///
/// # Panics
/// If one of the lengths is 0.
#[track_caller]
pub fn zero_crossing_rate(
    x: &[f32],
    frame_length: usize,
    hop_length: usize,
    center: bool,
) -> Vec<f32> {
    assert!(
        frame_length > 0 && hop_length > 0,
        "zero_crossing_rate: frames of {frame_length} samples, {hop_length} apart"
    );
    // Repeated samples cross nothing: what is outside can be left out.
    let lead = if center { frame_length / 2 } else { 0 };
    let padded = x.len() + 2 * lead;
    if x.is_empty() || padded < frame_length {
        return Vec::new();
    }
    (0..=(padded - frame_length) / hop_length)
        .map(|t| {
            let start = (t * hop_length).saturating_sub(lead).min(x.len());
            let end = (t * hop_length + frame_length).saturating_sub(lead).min(x.len());
            rate(crossings(&x[start..end]), frame_length)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{PadMode, Stft, StftConfig, Window};

    #[test]
    fn by_hand() {
        assert_eq!(frame_rms(&[3.0, -4.0, 0.0, 0.0]), 2.5);
        assert_eq!((frame_rms(&[]), frame_zero_crossing_rate(&[])), (0.0, 0.0));
        // Zero is positive; the step from -1 to 0 is a crossing.
        assert_eq!(
            frame_zero_crossing_rate(&[0.0, 1.0, -1.0, 0.0, -1e-11, 2.0, -2.0, -1.0]),
            3.0 / 8.0
        );
    }

    #[test]
    fn short_and_silent_signals() {
        assert!(zero_crossing_rate(&[], 8, 2, true).is_empty());
        assert!(zero_crossing_rate(&[1.0; 3], 8, 2, false).is_empty());
        assert_eq!(zero_crossing_rate(&[-1.0], 8, 2, true), [0.0]);
        assert_eq!(rms(&[0.0; 9], &Framing::new(4, 4)), [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "rms: bins of frames of 10 samples")]
    fn bins_of_another_length_are_a_bug() {
        frame_rms_of_spectrum(&[0.0; 5], 10);
    }

    proptest! {
        // The definition: pad with the edge samples, cut, count.
        #[test]
        fn crossings_of_padded_frames(
            x in prop::collection::vec(prop::sample::select(vec![-1.0f32, 0.0, 0.5]), 1..60),
            length in 1usize..20, hop in 1usize..9, center: bool
        ) {
            let lead = if center { length / 2 } else { 0 };
            let last = x[x.len() - 1];
            let padded = [vec![x[0]; lead], x.clone(), vec![last; lead]].concat();
            let expected: Vec<f32> =
                padded.windows(length).step_by(hop).map(frame_zero_crossing_rate).collect();
            prop_assert_eq!(zero_crossing_rate(&x, length, hop, center), expected);
        }

        // Parseval: the same level from samples and from their spectrum.
        #[test]
        fn the_spectrum_has_the_same_level(
            x in prop::collection::vec(-1.0f32..1.0, 64..200), length in 2usize..64
        ) {
            let framing = Framing::new(length, 16).centered(PadMode::Zero);
            let config = StftConfig { window: Window::Rectangular, ..StftConfig::new(length, 16) };
            let spectra = Stft::new(config).expect("valid").magnitude(&x);
            let of_spectra = rms_of_spectrogram(&spectra, length);
            for (a, b) in rms(&x, &framing).iter().zip(of_spectra) {
                prop_assert!((a - b).abs() < 1e-5, "{} and {}", a, b);
            }
        }
    }
}
