//! Spectral contrast: how far the peaks stand out of the valleys, octave by octave.
//!
//! The spectrum is cut into n_bands + 1 bands: from 0 to f_min, then octave by octave, f_min 2^(b - 1) to f_min 2^b; the last goes on to
//! half the sample rate. In each,
//!
//! ```text
//! n        = max(1, round(quantile * bins in the band))
//! peak     = mean of the n largest magnitudes           valley = mean of the n smallest
//! contrast = dB(peak) - dB(valley)                      dB as power_to_db: ref 1, amin 1e-10, top_db 80
//! ```
//!
//! A band of a tone has a high contrast, a band of noise a low one. Neighbouring bands share their border bin; `n` counts it, the lower
//! band then leaves its uppermost bin out (librosa's rule, bin for bin). Since top_db hangs on the loudest value of the array, contrasts in
//! dB are no function of one frame; with `linear` (peak - valley) they are.
//!
//! Sources: Jiang, Lu, Zhang, Tao, Cai (2002), "Music type classification by spectral contrast feature", ICME; conventions of librosa's
//! `feature.spectral_contrast` (0.11).

use std::ops::Range;

use ndarray::{Array2, s};

use crate::{AudioError, DbConfig, columns, power_to_db};

/// Settings of the spectral contrast. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContrastConfig {
    /// Upper end of the lowest band. 200 Hz.
    pub f_min_hz: f64,
    /// Octaves above it, at least 1. 6: up to 12.8 kHz and what is beyond.
    pub n_bands: usize,
    /// Share of a band's bins that make a peak or a valley, between 0 and 1. 0.02.
    pub quantile: f64,
    /// The difference itself instead of decibels.
    pub linear: bool,
}

impl Default for ContrastConfig {
    fn default() -> ContrastConfig {
        ContrastConfig { f_min_hz: 200.0, n_bands: 6, quantile: 0.02, linear: false }
    }
}

/// One band: its bins, and how many of them make a peak.
struct Band {
    bins: Range<usize>,
    count: usize,
}

/// The spectral contrast of a magnitude spectrogram, `[bins, frames]`, with the bins' `frequencies`, ascending: `[n_bands + 1, frames]`.
///
/// ```
/// use dlmir_audio::{ContrastConfig, Stft, StftConfig, fft_frequencies, spectral_contrast, synth};
///
/// let stft = Stft::new(StftConfig::default())?;
/// let hz = fft_frequencies(22_050, 2048);
/// let tone = stft.magnitude(synth::sine(1000.0, 1.0, 22_050).samples());
/// let noise = stft.magnitude(synth::noise(1.0, 22_050, 1).samples());
/// let of = |s| spectral_contrast(&s, &hz, &ContrastConfig::default());
/// let (tone, noise) = (of(tone)?, of(noise)?);
/// assert_eq!(tone.dim(), (7, 44));
/// assert!(tone[[3, 20]] > noise[[3, 20]] + 20.0); // 800 to 1600 Hz
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range, or if a band lies above all frequencies; [`AudioError::NotPower`] if
/// a magnitude is no number.
///
/// # Panics
/// If there is not one frequency for each row.
#[track_caller]
pub fn spectral_contrast(
    magnitude: &Array2<f32>,
    frequencies: &[f64],
    config: &ContrastConfig,
) -> Result<Array2<f32>, AudioError> {
    let (rows, count) = (magnitude.nrows(), frequencies.len());
    assert_eq!(rows, count, "spectral contrast: {rows} rows and {count} frequencies");
    let bands = bands(frequencies, config)?;
    // Peaks in the upper half, valleys in the lower.
    let ends = columns::map(magnitude.view(), 2 * bands.len(), |frame, ends| {
        let (peaks, valleys) = ends.split_at_mut(bands.len());
        for ((band, peak), valley) in bands.iter().zip(peaks).zip(valleys) {
            let mut values = frame[band.bins.clone()].to_vec();
            let n = band.count.min(values.len());
            let mean =
                |part: &[f32]| (part.iter().map(|&v| f64::from(v)).sum::<f64>() / n as f64) as f32;
            // The n smallest to the front, the n largest to the back: the rest need not be sorted.
            values.select_nth_unstable_by(n - 1, f32::total_cmp);
            *valley = mean(&values[..n]);
            let rest = values.len() - n;
            values.select_nth_unstable_by(rest, f32::total_cmp);
            *peak = mean(&values[rest..]);
        }
    });
    let peaks = ends.slice(s![..bands.len(), ..]).to_owned();
    let valleys = ends.slice(s![bands.len().., ..]).to_owned();
    if config.linear {
        return Ok(peaks - valleys);
    }
    let db = DbConfig::default();
    Ok(power_to_db(&peaks, &db)? - power_to_db(&valleys, &db)?)
}

/// Which bins belong to which band.
fn bands(frequencies: &[f64], config: &ContrastConfig) -> Result<Vec<Band>, AudioError> {
    let ContrastConfig { f_min_hz, n_bands, quantile, .. } = *config;
    if !(f_min_hz > 0.0 && f_min_hz.is_finite()) {
        return Err(AudioError::setting("f_min_hz", f_min_hz, "it must be above 0"));
    }
    if !(quantile > 0.0 && quantile < 1.0) {
        return Err(AudioError::setting("quantile", quantile, "it must be between 0 and 1"));
    }
    if n_bands == 0 {
        return Err(AudioError::setting("n_bands", n_bands, "it must be at least 1"));
    }
    let octave = |b: usize| if b == 0 { 0.0 } else { f_min_hz * 2f64.powi(b as i32 - 1) };
    let mut bands = Vec::with_capacity(n_bands + 1);
    for b in 0..=n_bands {
        // Both ends belong to the band.
        let mut start = frequencies.partition_point(|&f| f < octave(b));
        let mut end = frequencies.partition_point(|&f| f <= octave(b + 1));
        if start >= end {
            let rule = format!("no bin lies between {} and {} Hz", octave(b), octave(b + 1));
            return Err(AudioError::setting("n_bands", n_bands, rule));
        }
        if b > 0 {
            start = start.saturating_sub(1);
        }
        if b == n_bands {
            end = frequencies.len();
        }
        let count = (quantile * (end - start) as f64).round_ties_even().max(1.0) as usize;
        if b < n_bands {
            end -= 1;
        }
        if start >= end {
            let rule = format!("one bin only lies between {} and {} Hz", octave(b), octave(b + 1));
            return Err(AudioError::setting("f_min_hz", f_min_hz, rule));
        }
        bands.push(Band { bins: start..end, count });
    }
    Ok(bands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fft_frequencies;

    #[test]
    fn bands_are_octaves_that_share_a_bin() {
        let bands = bands(&fft_frequencies(22_050, 2048), &ContrastConfig::default());
        let bins: Vec<_> = bands.expect("valid").into_iter().map(|b| (b.bins, b.count)).collect();
        assert_eq!(bins[0], (0..18, 1)); // 0 to 194 Hz; the last bin is the next band's
        assert_eq!(bins[1].0, 18..37);
        assert_eq!(bins[6].0.end, 1025);
    }

    #[test]
    fn a_flat_spectrum_has_no_contrast_and_a_line_has_its_height() {
        let hz = fft_frequencies(22_050, 2048);
        let mut s = Array2::from_elem((1025, 2), 0.01f32);
        s[[60, 1]] = 1.0; // 646 Hz
        let contrast = spectral_contrast(&s, &hz, &ContrastConfig::default()).expect("valid");
        assert!(contrast.column(0).iter().all(|v| v.abs() < 1e-5));
        assert!((contrast[[2, 1]] - 20.0).abs() < 1e-4, "{contrast}");
        let linear = ContrastConfig { linear: true, ..ContrastConfig::default() };
        let linear = spectral_contrast(&s, &hz, &linear).expect("valid");
        assert!((linear[[2, 1]] - 0.99).abs() < 1e-6);
    }

    #[test]
    fn every_setting_has_its_range() {
        let (hz, good) = (fft_frequencies(22_050, 2048), ContrastConfig::default());
        let field = |config: ContrastConfig| match bands(&hz, &config) {
            Err(AudioError::Setting { name, .. }) => name,
            _ => panic!("{config:?} was taken"),
        };
        assert_eq!(field(ContrastConfig { f_min_hz: 0.0, ..good }), "f_min_hz");
        assert_eq!(field(ContrastConfig { f_min_hz: 1.0, ..good }), "f_min_hz");
        assert_eq!(field(ContrastConfig { quantile: 1.0, ..good }), "quantile");
        assert_eq!(field(ContrastConfig { n_bands: 0, ..good }), "n_bands");
        assert_eq!(field(ContrastConfig { n_bands: 9, ..good }), "n_bands");
    }
}
