//! Slower at the same pitch, higher at the same speed: the phase vocoder.
//!
//! Played at another speed, the magnitudes of a spectrogram are read between its columns. Phases can't be interpolated; but from one column
//! to the next each tells how fast its bin really turns, and that speed is kept. For output frame u at the time s = u rate of the input, t
//! = floor(s):
//!
//! ```text
//! Y[k, u]     = ((1 - a) |X[k, t]| + a |X[k, t + 1]|) exp(i phi[k, u])                   a = s - t
//! phi[k, 0]   = arg X[k, 0]
//! phi[k, u+1] = phi[k, u] + w[k] + wrap(arg X[k, t + 1] - arg X[k, t] - w[k])            w[k] = 2 pi k hop_length / n_fft
//! ```
//!
//! wrap takes to -pi ... pi. Rates above 1 are faster. [`pitch_shift`] stretches, and then plays the result at another rate.
//!
//! Sources: Flanagan, Golden (1966), "Phase vocoder", Bell System Technical Journal 45; Ellis (2002), "A phase vocoder in Matlab";
//! conventions of librosa's `phase_vocoder`, `effects.time_stretch` and `effects.pitch_shift` (0.11), here with phases in double precision
//! (in single precision they lose a tenth of a turn within a minute).

use std::f64::consts::TAU;

use ndarray::Array2;
use rayon::prelude::*;

use crate::signal::MAX_SAMPLE_RATE;
use crate::stft::{Stft, StftConfig};
use crate::{AudioError, Complex32, Signal, resample};

/// Spectra at `rate` times the speed: from `[bins, frames]` to `[bins, ceil(frames / rate)]`, both with frames every `hop_length` samples
/// of transforms of `n_fft`.
///
/// # Errors
/// [`AudioError::Setting`] if `rate` is not between 0.01 and 100.
///
/// # Panics
/// If the number of rows is not floor(n_fft / 2) + 1.
#[track_caller]
pub fn phase_vocoder(
    spectra: &Array2<Complex32>,
    rate: f64,
    hop_length: usize,
    n_fft: usize,
) -> Result<Array2<Complex32>, AudioError> {
    if !(0.01..=100.0).contains(&rate) {
        return Err(AudioError::setting("rate", rate, "it must be 0.01 to 100"));
    }
    let (bins, frames) = spectra.dim();
    assert_eq!(bins, n_fft / 2 + 1, "phase_vocoder: rows of the spectra, bins of n_fft {n_fft}");
    let count = (frames as f64 / rate).ceil() as usize;
    let mut out = Array2::default((bins, count));
    let rows: Vec<_> = out.outer_iter_mut().enumerate().collect();
    rows.into_par_iter().for_each(|(k, mut row)| {
        // Magnitude and phase; two frames of silence follow the last.
        let polar: Vec<(f64, f64)> = spectra
            .row(k)
            .iter()
            .map(|x| {
                (f64::from(x.re).hypot(f64::from(x.im)), f64::from(x.im).atan2(f64::from(x.re)))
            })
            .chain([(0.0, 0.0); 2])
            .collect();
        let advance = TAU * (k * hop_length) as f64 / n_fft as f64;
        let mut phase = polar[0].1;
        for (u, y) in row.iter_mut().enumerate() {
            let time = u as f64 * rate;
            let t = (time as usize).min(frames - 1);
            let ((m0, p0), (m1, p1)) = (polar[t], polar[t + 1]);
            let a = time.fract();
            let (sin, cos) = phase.sin_cos();
            let magnitude = (1.0 - a) * m0 + a * m1;
            *y = Complex32::new((magnitude * cos) as f32, (magnitude * sin) as f32);
            let beyond = p1 - p0 - advance;
            phase += advance + beyond - TAU * (beyond / TAU).round_ties_even();
        }
    });
    Ok(out)
}

/// The signal at `rate` times its speed and the same pitch: round(n / rate) samples. 1.25: a quarter faster.
///
/// ```
/// use dlmir_audio::{StftConfig, synth, time_stretch};
///
/// let a4 = synth::sine(440.0, 1.0, 22_050);
/// let slow = time_stretch(&a4, 0.5, &StftConfig::default())?;
/// assert_eq!(slow.len(), 2 * a4.len());
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] if `rate` is not between 0.01 and 100, or a setting of the transform is outside its range.
///
/// # Panics
/// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
#[track_caller]
pub fn time_stretch(signal: &Signal, rate: f64, stft: &StftConfig) -> Result<Signal, AudioError> {
    let (stft, hop, n_fft) = (Stft::new(*stft)?, stft.hop_length, stft.n_fft);
    let spectra = phase_vocoder(&stft.complex(signal.samples()), rate, hop, n_fft)?;
    let length = (signal.len() as f64 / rate).round() as usize;
    Ok(Signal::new(stft.inverse(&spectra, length), signal.sample_rate()))
}

/// The signal `semitones` higher (lower, if negative) at the same speed and of the same length.
///
/// The rate in between is a whole number of Hz, which is below a tenth of a cent from the pitch asked for at 8 kHz and above.
///
/// # Errors
/// [`AudioError::Setting`] if `semitones` is not between -24 and 24, or a setting of the transform is outside its range.
///
/// # Panics
/// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
#[track_caller]
pub fn pitch_shift(
    signal: &Signal,
    semitones: f64,
    stft: &StftConfig,
) -> Result<Signal, AudioError> {
    if !(-24.0..=24.0).contains(&semitones) {
        return Err(AudioError::setting("semitones", semitones, "it must be -24 to 24"));
    }
    let sample_rate = signal.sample_rate();
    let higher = (f64::from(sample_rate) * (semitones / 12.0).exp2()).round();
    if !(1.0..=f64::from(MAX_SAMPLE_RATE)).contains(&higher) {
        let rule = format!("{higher} Hz is no rate to go through");
        return Err(AudioError::setting("semitones", semitones, rule));
    }
    let stretched = time_stretch(signal, f64::from(sample_rate) / higher, stft)?;
    let fast = Signal::new(stretched.into_samples(), higher as u32);
    let mut shifted = resample(&fast, sample_rate)?.into_samples();
    shifted.resize(signal.len(), 0.0);
    Ok(Signal::new(shifted, sample_rate))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth;

    /// The frequency of a tone by its zero crossings between a third and two thirds of it.
    fn frequency(signal: &Signal) -> f64 {
        let middle = &signal.samples()[signal.len() / 3..signal.len() * 2 / 3];
        let rate = crate::frame_zero_crossing_rate(middle);
        f64::from(rate) * f64::from(signal.sample_rate()) / 2.0
    }

    #[test]
    fn speed_leaves_the_pitch_and_pitch_the_length() {
        let a4 = synth::sine(440.0, 2.0, 22_050);
        let config = StftConfig::default();
        for rate in [0.7, 1.0, 1.3] {
            let y = time_stretch(&a4, rate, &config).expect("valid");
            assert_eq!(y.len(), (44_100.0 / rate).round() as usize);
            assert!((frequency(&y) - 440.0).abs() < 2.0, "{rate}: {}", frequency(&y));
        }
        for semitones in [-5.0, 0.0, 7.0, 12.0] {
            let y = pitch_shift(&a4, semitones, &config).expect("valid");
            let expected = 440.0 * (semitones / 12.0).exp2();
            assert_eq!((y.len(), y.sample_rate()), (44_100, 22_050));
            assert!((frequency(&y) - expected).abs() < 3.0, "{semitones}: {}", frequency(&y));
        }
    }

    #[test]
    fn at_its_own_speed_nothing_changes() {
        let x = synth::chirp(200.0, 3000.0, 1.0, 22_050);
        let y = time_stretch(&x, 1.0, &StftConfig::default()).expect("valid");
        assert!(x.samples().iter().zip(y.samples()).all(|(a, b)| (a - b).abs() < 1e-3));
        let empty = Signal::new(vec![], 22_050);
        assert!(time_stretch(&empty, 2.0, &StftConfig::default()).expect("valid").is_empty());
    }

    #[test]
    fn every_setting_has_its_range() {
        let x = synth::silence(0.1, 22_050);
        let config = StftConfig::default();
        let error = time_stretch(&x, 0.0, &config).expect_err("no speed").to_string();
        assert!(error.starts_with("rate is 0"), "{error}");
        let error = pitch_shift(&x, f64::NAN, &config).expect_err("no pitch").to_string();
        assert!(error.starts_with("semitones is NaN"), "{error}");
    }
}
