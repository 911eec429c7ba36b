//! Tuning: how far the notes of a recording lie beside those of A4 = 440 Hz.
//!
//! Every tone is a peak of the spectrum, whose true place lies between the bins: the top of the parabola through it and its neighbours. Of all
//! peaks from 150 to 4000 Hz that reach a tenth of the largest value of their frame, the louder half say by which fraction of a class they
//! miss the nearest note, and the fraction that most of them agree on, to a hundredth, is the tuning.
//!
//! ```text
//! a = S[k+1] + S[k-1] - 2 S[k],   b = (S[k+1] - S[k-1]) / 2,   d = -b / a (0 where |b| >= |a|)
//! f = (k + d) sample_rate / n_fft                 frequency of the peak at bin k
//! S[k] + b d / 2                                  its height
//! n log2(f / 27.5) modulo 1, from -1/2 to 1/2     what it misses in an octave of n classes
//! ```
//!
//! Sources: Smith (2011), "Spectral audio signal processing", section "Quadratic interpolation of spectral peaks"; conventions of librosa's
//! `piptrack`, `pitch_tuning` and `estimate_tuning` (0.11).

use ndarray::Array2;

/// Lowest and highest frequency of the peaks that count, in Hz.
const RANGE_HZ: (f64, f64) = (150.0, 4000.0);

/// The least height of a peak, as a share of the largest value of its frame.
const LEAST: f32 = 0.1;

/// The steps of the answer are 1 / STEPS of a class.
const STEPS: usize = 100;

/// The deviation from A4 = 440 Hz as a fraction of a class, -0.5 to 0.49 in steps of 0.01, of a power or magnitude spectrogram,
/// `[floor(n_fft / 2) + 1, frames]`. 0 where nothing has a pitch.
///
/// ```
/// use dlmir_audio::{Stft, StftConfig, estimate_tuning, synth};
///
/// // 30 hundredths of a semitone above A4; between bins a parabola is a little beside the peak.
/// let sharp = synth::sine(440.0 * 2f64.powf(0.3 / 12.0), 1.0, 22_050);
/// let power = Stft::new(StftConfig::default())?.power(sharp.samples());
/// assert!((estimate_tuning(&power, 22_050, 2048, 12) - 0.3).abs() < 0.1);
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Panics
/// If there is another number of bins, or no class.
#[track_caller]
pub fn estimate_tuning(
    spectrogram: &Array2<f32>,
    sample_rate: u32,
    n_fft: usize,
    classes: usize,
) -> f64 {
    assert_eq!(spectrogram.nrows(), n_fft / 2 + 1, "estimate_tuning: number of bins");
    assert!(classes > 0, "estimate_tuning: an octave of no classes");
    let peaks = peaks(spectrogram, f64::from(sample_rate), n_fft);
    let mut heights: Vec<f32> = peaks.iter().map(|peak| peak.height).collect();
    let least = median(&mut heights);
    let mut counts = [0u32; STEPS];
    for peak in peaks.iter().filter(|peak| peak.height >= least) {
        let octaves = (peak.frequency_hz / 27.5).log2();
        let mut miss = (classes as f32 * octaves).rem_euclid(1.0);
        if miss >= 0.5 {
            miss -= 1.0;
        }
        let step = ((f64::from(miss) + 0.5) * STEPS as f64) as usize;
        counts[step.min(STEPS - 1)] += 1;
    }
    // Of several steps with as many peaks, the first.
    let most = counts.iter().copied().max().unwrap_or(0);
    match counts.iter().position(|&count| count == most && most > 0) {
        Some(step) => step as f64 / STEPS as f64 - 0.5,
        None => 0.0,
    }
}

struct Peak {
    frequency_hz: f32,
    height: f32,
}

/// The peaks of all frames.
fn peaks(spectrogram: &Array2<f32>, sample_rate: f64, n_fft: usize) -> Vec<Peak> {
    let (low, high) = (RANGE_HZ.0, RANGE_HZ.1.min(sample_rate / 2.0));
    let hz = |k: f64| k * sample_rate / n_fft as f64;
    let mut peaks = Vec::new();
    let mut frame = vec![0.0; spectrogram.nrows()];
    for column in spectrogram.columns() {
        frame.iter_mut().zip(column).for_each(|(y, x)| *y = *x);
        let least = LEAST * frame.iter().copied().fold(0.0, f32::max);
        for k in 1..frame.len().saturating_sub(1) {
            let [left, middle, right] = [frame[k - 1], frame[k], frame[k + 1]];
            // Neighbours below the least height count as nothing, and so cannot be higher.
            let peak = middle > least && middle > left && middle >= right;
            if !peak || !(low..high).contains(&hz(k as f64)) {
                continue;
            }
            let (a, b) = (right + left - 2.0 * middle, 0.5 * (right - left));
            let shift = if b.abs() >= a.abs() { 0.0 } else { -b / a };
            let frequency_hz = hz(k as f64 + f64::from(shift)) as f32;
            peaks.push(Peak { frequency_hz, height: middle + 0.5 * b * shift });
        }
    }
    peaks
}

/// The middle value, or the mean of the two in the middle; 0 of nothing.
fn median(values: &mut [f32]) -> f32 {
    values.sort_unstable_by(f32::total_cmp);
    let n = values.len();
    match n {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => 0.5 * (values[n / 2 - 1] + values[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Stft, StftConfig, synth};

    fn power(x: &[f32]) -> Array2<f32> {
        Stft::new(StftConfig::default()).expect("librosa's settings").power(x)
    }

    #[test]
    fn detuned_notes_are_told_to_a_few_hundredths() {
        for tuning in [-0.45, -0.2, 0.0, 0.1, 0.37] {
            let mut x = vec![0.0; 44_100];
            for note in [0, 4, 7, 12, 19] {
                let frequency = 440.0 * 2f64.powf((f64::from(note) + tuning) / 12.0);
                let tone = synth::sine(frequency, 2.0, 22_050);
                x.iter_mut().zip(tone.samples()).for_each(|(y, x)| *y += x / 5.0);
            }
            let found = estimate_tuning(&power(&x), 22_050, 2048, 12);
            assert!((found - tuning).abs() < 0.05, "{tuning}: {found}");
        }
    }

    #[test]
    fn what_has_no_pitch_is_in_tune() {
        assert_eq!(estimate_tuning(&power(&[0.0; 5000]), 22_050, 2048, 12), 0.0);
        assert_eq!(estimate_tuning(&Array2::zeros((1025, 0)), 22_050, 2048, 12), 0.0);
        assert_eq!(estimate_tuning(&Array2::from_elem((2, 3), 1.0), 22_050, 2, 12), 0.0);
    }

    #[test]
    #[should_panic(expected = "estimate_tuning: number of bins")]
    fn bins_must_fit() {
        estimate_tuning(&Array2::zeros((4, 3)), 22_050, 2048, 12);
    }
}
