//! Features that people thought up for telling music from speech, as a baseline for networks.
//!
//! After E. Scheirer and M. Slaney, "Construction and evaluation of a robust multifeature speech/music
//! discriminator" (ICASSP 1997), who list thirteen. The eight here need no tuning and explain
//! themselves: speech comes in syllables, about four a second, with pauses between them and hiss
//! between the vowels, so loudness, brightness and zero crossings jump about; music holds its notes.

use dlmir_audio::Signal;
use ndarray::Array2;

/// The names of the features, in order.
pub const NAMES: [&str; 8] = [
    "low-energy frames",
    "loudness variation",
    "modulation at 4 Hz",
    "zero crossings",
    "zero-crossing variation",
    "centroid",
    "centroid variation",
    "flux",
];

/// The features of a recording; `power` is its power spectrogram, `[bins, frames]`.
///
/// - low-energy frames: share of 20 ms frames whose RMS is below half of the mean RMS, 0 to 1
/// - loudness variation: standard deviation of the RMS over its mean
/// - modulation at 4 Hz: share of the RMS curve's variation between 2.5 and 6 Hz, 0 to 1
/// - zero crossings per sample, mean and standard deviation over frames
/// - spectral centroid as a share of the band, 0 to 1, mean and standard deviation over frames
/// - flux: mean distance of neighbouring spectra, each scaled to length 1
pub fn features(signal: &Signal, power: &Array2<f32>) -> [f32; 8] {
    let frame = (signal.sample_rate() as usize / 50).max(1);
    let rms: Vec<f64> = signal.samples().chunks(frame).map(root_mean_square).collect();
    let crossings: Vec<f64> = signal.samples().chunks(frame).map(zero_crossings).collect();
    let (level, spread) = mean_and_deviation(&rms);
    let quiet = rms.iter().filter(|&&x| x < 0.5 * level).count();
    let (crossing, crossing_spread) = mean_and_deviation(&crossings);
    let (centroids, flux) = spectral(power);
    let (centroid, centroid_spread) = mean_and_deviation(&centroids);
    [
        quiet as f64 / rms.len().max(1) as f64,
        spread / level.max(1e-9),
        syllabic_share_of_parts(&rms, 50.0),
        crossing,
        crossing_spread,
        centroid,
        centroid_spread,
        mean_and_deviation(&flux).0,
    ]
    .map(|x| x as f32)
}

fn root_mean_square(frame: &[f32]) -> f64 {
    (frame.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() / frame.len() as f64).sqrt()
}

fn zero_crossings(frame: &[f32]) -> f64 {
    let changes = frame.windows(2).filter(|pair| (pair[0] < 0.0) != (pair[1] < 0.0)).count();
    changes as f64 / frame.len() as f64
}

fn mean_and_deviation(x: &[f64]) -> (f64, f64) {
    let n = x.len().max(1) as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    (mean, variance.sqrt())
}

/// The mean of [`syllabic_share`] over parts of ten seconds; what is left over goes with the last part.
fn syllabic_share_of_parts(curve: &[f64], rate: f64) -> f64 {
    let part = (10.0 * rate) as usize;
    let parts = (curve.len() / part).max(1);
    let ends = |i: usize| if i + 1 == parts { curve.len() } else { (i + 1) * part };
    let shares = (0..parts).map(|i| syllabic_share(&curve[i * part..ends(i)], rate));
    shares.sum::<f64>() / parts as f64
}

/// How much of a curve's variation lies between 2.5 and 6 Hz, by the definition of the DFT: bin k of n
/// values at `rate` per second stands for k rate / n Hz.
fn syllabic_share(curve: &[f64], rate: f64) -> f64 {
    let n = curve.len();
    let (mean, deviation) = mean_and_deviation(curve);
    let total = deviation.powi(2) * (n as f64).powi(2) / 2.0;
    let bin = |hz: f64| (hz * n as f64 / rate).round() as usize;
    let energy = |k: usize| {
        let angle = std::f64::consts::TAU * k as f64 / n as f64;
        let (re, im) = curve.iter().enumerate().fold((0.0, 0.0), |(re, im), (t, x)| {
            let (sin, cos) = (angle * t as f64).sin_cos();
            (re + (x - mean) * cos, im - (x - mean) * sin)
        });
        re * re + im * im
    };
    if total <= 0.0 { 0.0 } else { (bin(2.5)..=bin(6.0)).map(energy).sum::<f64>() / total }
}

/// Centroid of each frame and flux between each frame and the next.
fn spectral(power: &Array2<f32>) -> (Vec<f64>, Vec<f64>) {
    let (mut centroids, mut fluxes) = (Vec::new(), Vec::new());
    let mut before: Option<Vec<f64>> = None;
    for frame in power.columns() {
        let mut spectrum: Vec<f64> = frame.iter().map(|&power| f64::from(power).sqrt()).collect();
        let sum = spectrum.iter().sum::<f64>().max(1e-12);
        let weighted: f64 = spectrum.iter().enumerate().map(|(bin, m)| bin as f64 * m).sum();
        centroids.push(weighted / sum / spectrum.len() as f64);
        let length = spectrum.iter().map(|m| m * m).sum::<f64>().sqrt().max(1e-12);
        spectrum.iter_mut().for_each(|m| *m /= length);
        if let Some(before) = &before {
            let squares = spectrum.iter().zip(before).map(|(a, b)| (a - b).powi(2));
            fluxes.push(squares.sum::<f64>().sqrt());
        }
        before = Some(spectrum);
    }
    (centroids, fluxes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u32 = 8000;

    fn of(f: impl Fn(f64) -> f64) -> [f32; 8] {
        let samples = (0..2 * RATE).map(|i| f(f64::from(i) / f64::from(RATE)) as f32).collect();
        features(&Signal::new(samples, RATE), &Array2::ones((2, 2)))
    }

    fn tone(t: f64) -> f64 {
        (std::f64::consts::TAU * 440.0 * t).sin()
    }

    #[test]
    fn a_steady_tone_has_no_pauses_and_crosses_zero_twice_a_period() {
        let [quiet, variation, _, crossings, ..] = of(tone);
        assert_eq!(quiet, 0.0);
        assert!(variation < 0.02, "{variation}");
        assert!((crossings - 880.0 / 8000.0).abs() < 0.005, "{crossings}");
    }

    #[test]
    fn a_tone_in_syllables_is_modulated_at_four_hertz() {
        let syllables =
            |hz: f64| move |t: f64| tone(t) * (std::f64::consts::PI * hz * t).sin().abs();
        assert!(of(syllables(4.0))[2] > 0.8, "{:?}", of(syllables(4.0)));
        assert!(of(syllables(15.0))[2] < 0.1);
        // |sin| is below half of its mean, 1/pi, for 2 asin(1/pi) / pi = 0.206 of the time; frames of
        // 20 ms round that to whole frames of a syllable's 12.5.
        let quiet = of(syllables(4.0))[0];
        assert!((quiet - 0.206).abs() < 0.08, "{quiet}");
    }

    #[test]
    fn ten_seconds_at_a_time_tell_the_same() {
        let curve = |n: usize| -> Vec<f64> {
            (0..n).map(|t| (std::f64::consts::TAU * 4.0 * t as f64 / 50.0).sin()).collect()
        };
        for n in [100, 499, 500, 999, 1000, 2613] {
            assert!(syllabic_share_of_parts(&curve(n), 50.0) > 0.9, "{n}");
        }
    }

    #[test]
    fn silence_gives_numbers() {
        assert!(of(|_| 0.0).iter().all(|x| x.is_finite()));
    }
}
