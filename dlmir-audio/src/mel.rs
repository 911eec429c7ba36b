//! Mel bands: the spectrum at the resolution of the ear.
//!
//! The mel scale measures pitch as heard: equal steps in mel sound equally far apart. It is about linear below 1 kHz, logarithmic above.
//! Two formulas are in use:
//!
//! ```text
//! Slaney    m = f / (200/3)                              below 1000 Hz (m = 15)
//!           m = 15 + 27 ln(f / 1000) / ln(6.4)           above
//! HTK       m = 2595 log10(1 + f / 700)
//! ```
//!
//! A bank has n_mels triangles. Their n_mels + 2 corner frequencies c are spaced evenly in mel from f_min to f_max; triangle b rises from
//! `c[b]` to its peak at `c[b + 1]` and falls to `c[b + 2]`. At the frequency f of a bin,
//!
//! ```text
//! w[b, f] = max(0, min((f - c[b]) / (c[b + 1] - c[b]), (c[b + 2] - f) / (c[b + 2] - c[b + 1]))) * g[b]
//! ```
//!
//! ```text
//! g[b] = 2 / (c[b + 2] - c[b])    Slaney's norm: every triangle has area 1 (in Hz), white noise gives equal bands
//! g[b] = 1                        no norm: every triangle has peak 1
//! ```
//!
//! A mel spectrogram is the product of these weights, [n_mels, bins], and a power spectrogram, [bins, frames]. Each triangle covers a short
//! run of bins, so [`MelBank`] keeps just the runs.
//!
//! Low bands can be narrower than the distance of bins; a triangle between two bins is empty, and its band always silent
//! ([`MelBank::empty_bands`]). Use longer frames, fewer bands or a higher f_min then.
//!
//! Sources: Slaney (1998), Auditory Toolbox; Young et al., The HTK Book, section 5.4; conventions of librosa's `filters.mel` (0.11).

use ndarray::Array2;

use crate::AudioError;
use crate::band_runs::BandRuns;

/// The formula between hertz and mel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MelScale {
    /// Linear below 1 kHz, logarithmic above.
    #[default]
    Slaney,
    /// One logarithm.
    Htk,
}

/// The height of the triangles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MelNorm {
    /// Area 1.
    #[default]
    Slaney,
    /// Peak 1.
    None,
}

const SLANEY_HZ_PER_MEL: f64 = 200.0 / 3.0;
const SLANEY_LOG_FROM_HZ: f64 = 1000.0;
const SLANEY_LOG_FROM_MEL: f64 = SLANEY_LOG_FROM_HZ / SLANEY_HZ_PER_MEL;

/// Mels per factor e of frequency above 1 kHz.
fn slaney_mel_per_log() -> f64 {
    27.0 / 6.4f64.ln()
}

/// Frequency in Hz to mel.
///
/// ```
/// use dlmir_audio::{MelScale, hz_to_mel};
///
/// assert!((hz_to_mel(1000.0, MelScale::Slaney) - 15.0).abs() < 1e-9);
/// assert!((hz_to_mel(1000.0, MelScale::Htk) - 1000.0).abs() < 0.02);
/// ```
pub fn hz_to_mel(hz: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
        MelScale::Slaney if hz < SLANEY_LOG_FROM_HZ => hz / SLANEY_HZ_PER_MEL,
        MelScale::Slaney => {
            SLANEY_LOG_FROM_MEL + slaney_mel_per_log() * (hz / SLANEY_LOG_FROM_HZ).ln()
        }
    }
}

/// Mel to frequency in Hz, the inverse of [`hz_to_mel`].
pub fn mel_to_hz(mel: f64, scale: MelScale) -> f64 {
    match scale {
        MelScale::Htk => 700.0 * (10f64.powf(mel / 2595.0) - 1.0),
        MelScale::Slaney if mel < SLANEY_LOG_FROM_MEL => mel * SLANEY_HZ_PER_MEL,
        MelScale::Slaney => {
            SLANEY_LOG_FROM_HZ * ((mel - SLANEY_LOG_FROM_MEL) / slaney_mel_per_log()).exp()
        }
    }
}

/// `count` frequencies in Hz from `f_min_hz` to `f_max_hz`, evenly spaced in mel.
pub fn mel_frequencies(count: usize, f_min_hz: f64, f_max_hz: f64, scale: MelScale) -> Vec<f64> {
    let (low, high) = (hz_to_mel(f_min_hz, scale), hz_to_mel(f_max_hz, scale));
    let step = (high - low) / count.saturating_sub(1).max(1) as f64;
    (0..count).map(|i| mel_to_hz(low + step * i as f64, scale)).collect()
}

/// Settings of a mel filter bank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MelConfig {
    /// Rate of the signal in Hz.
    pub sample_rate: u32,
    /// Length of the transform; the bank expects floor(n_fft / 2) + 1 bins.
    pub n_fft: usize,
    /// Number of bands.
    pub n_mels: usize,
    /// Lower edge of the lowest band.
    pub f_min_hz: f64,
    /// Upper edge of the highest band. Bins end at sample_rate / 2; bands beyond are empty.
    pub f_max_hz: f64,
    /// The mel formula.
    pub scale: MelScale,
    /// The height of the triangles.
    pub norm: MelNorm,
}

impl MelConfig {
    /// librosa's defaults: 128 bands from 0 to sample_rate / 2, Slaney's scale and norm.
    pub fn new(sample_rate: u32, n_fft: usize) -> MelConfig {
        MelConfig {
            sample_rate,
            n_fft,
            n_mels: 128,
            f_min_hz: 0.0,
            f_max_hz: f64::from(sample_rate) / 2.0,
            scale: MelScale::Slaney,
            norm: MelNorm::Slaney,
        }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        for (name, value) in [
            ("sample_rate", self.sample_rate as usize),
            ("n_fft", self.n_fft),
            ("n_mels", self.n_mels),
        ] {
            if value == 0 {
                return Err(AudioError::setting(name, value, "it must be at least 1"));
            }
        }
        if !(self.f_min_hz >= 0.0 && self.f_min_hz.is_finite()) {
            return Err(AudioError::setting("f_min_hz", self.f_min_hz, "it must be at least 0"));
        }
        if !(self.f_max_hz > self.f_min_hz && self.f_max_hz.is_finite()) {
            let rule = format!("it must be above f_min_hz, {}", self.f_min_hz);
            return Err(AudioError::setting("f_max_hz", self.f_max_hz, rule));
        }
        Ok(())
    }
}

/// The definition: all weights in double precision, `[n_mels, bins]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn reference(config: &MelConfig) -> Result<Array2<f64>, AudioError> {
    config.validate()?;
    let MelConfig { sample_rate, n_fft, n_mels, f_min_hz, f_max_hz, scale, norm } = *config;
    let corners = mel_frequencies(n_mels + 2, f_min_hz, f_max_hz, scale);
    let mut weights = Array2::zeros((n_mels, n_fft / 2 + 1));
    for ((band, bin), weight) in weights.indexed_iter_mut() {
        let f = bin as f64 * f64::from(sample_rate) / n_fft as f64;
        let [low, peak, high] = [corners[band], corners[band + 1], corners[band + 2]];
        let gain = match norm {
            MelNorm::Slaney => 2.0 / (high - low),
            MelNorm::None => 1.0,
        };
        let (rising, falling) = ((f - low) / (peak - low), (high - f) / (high - peak));
        *weight = rising.min(falling).max(0.0) * gain;
    }
    Ok(weights)
}

/// The weights as an array, `[n_mels, bins]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn mel_filter_bank(config: &MelConfig) -> Result<Array2<f32>, AudioError> {
    Ok(reference(config)?.mapv(|w| w as f32))
}

/// A filter bank ready for use: for each band its run of bins and their weights.
#[derive(Clone, Debug)]
pub struct MelBank {
    config: MelConfig,
    runs: BandRuns,
}

impl MelBank {
    /// Computes the weights.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: MelConfig) -> Result<MelBank, AudioError> {
        Ok(MelBank { config, runs: BandRuns::new(mel_filter_bank(&config)?.view()) })
    }

    /// The settings.
    pub fn config(&self) -> &MelConfig {
        &self.config
    }

    /// Number of bands.
    pub fn n_mels(&self) -> usize {
        self.runs.used().len()
    }

    /// Bands that no bin falls into, counted from 0; they are silent whatever the sound.
    pub fn empty_bands(&self) -> Vec<usize> {
        (0..self.n_mels()).filter(|&b| self.runs.used()[b].is_empty()).collect()
    }

    /// The bands of one spectrum: `mel[b] = sum over k of w[b, k] power[k]`; `power`, `[bins]`, and `mel`, `[n_mels]`.
    ///
    /// # Panics
    /// If a slice has another length.
    #[track_caller]
    pub fn apply(&self, power: &[f32], mel: &mut [f32]) {
        self.runs.apply("mel", power, mel);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synth;

    #[test]
    fn slaney_triangles_have_area_one() {
        // 1 Hz between bins: the sum over bins is nearly the integral.
        let config = MelConfig { n_mels: 20, ..MelConfig::new(16_000, 16_000) };
        for row in mel_filter_bank(&config).expect("valid").rows() {
            assert!((row.sum() - 1.0).abs() < 1e-3, "{}", row.sum());
        }
    }

    #[test]
    fn triangles_of_height_one_add_up_to_one_between_the_outer_peaks() {
        let config = MelConfig { n_mels: 24, norm: MelNorm::None, ..MelConfig::new(22_050, 2048) };
        let corners = mel_frequencies(26, 0.0, 11_025.0, MelScale::Slaney);
        let weights = reference(&config).expect("valid");
        for (k, bin) in weights.columns().into_iter().enumerate() {
            let f = k as f64 * 22_050.0 / 2048.0;
            if f >= corners[1] && f <= corners[24] {
                assert!((bin.sum() - 1.0).abs() < 1e-12, "{f} Hz: {}", bin.sum());
            }
        }
    }

    #[test]
    fn bands_narrower_than_a_bin_are_named() {
        let bank = MelBank::new(MelConfig::new(44_100, 512)).expect("valid");
        let weights = mel_filter_bank(bank.config()).expect("valid");
        let empty = bank.empty_bands();
        assert!(!empty.is_empty());
        for (b, row) in weights.rows().into_iter().enumerate() {
            assert_eq!(row.iter().all(|w| *w == 0.0), empty.contains(&b));
        }
        let wide = MelConfig { n_mels: 40, ..MelConfig::new(44_100, 2048) };
        assert!(MelBank::new(wide).expect("valid").empty_bands().is_empty());
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: MelConfig| match MelBank::new(config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let good = MelConfig::new(22_050, 512);
        assert_eq!(field(MelConfig { sample_rate: 0, ..good }), "sample_rate");
        assert_eq!(field(MelConfig { n_fft: 0, ..good }), "n_fft");
        assert_eq!(field(MelConfig { n_mels: 0, ..good }), "n_mels");
        assert_eq!(field(MelConfig { f_min_hz: -1.0, ..good }), "f_min_hz");
        assert_eq!(field(MelConfig { f_max_hz: 0.0, ..good }), "f_max_hz");
        assert_eq!(field(MelConfig { f_max_hz: f64::NAN, ..good }), "f_max_hz");
    }

    #[test]
    #[should_panic(expected = "mel: number of bins")]
    fn a_spectrum_of_another_length_is_a_bug() {
        let bank = MelBank::new(MelConfig::new(22_050, 512)).expect("valid");
        bank.apply(&[0.0; 256], &mut [0.0; 128]);
    }

    proptest! {
        #[test]
        fn hertz_and_mel_are_inverse(hz in 0.0f64..30_000.0) {
            for scale in [MelScale::Slaney, MelScale::Htk] {
                let back = mel_to_hz(hz_to_mel(hz, scale), scale);
                prop_assert!((back - hz).abs() < 1e-9 * hz.max(1.0));
            }
        }

        // A sum of at most 513 non-negative products: each rounding is at most 2^-24 of the sum, 64 + 8 of them in a row.
        #[test]
        fn the_runs_give_the_matrix_product(
            n_fft in 1usize..1025, n_mels in 1usize..50, f_min_hz in 0.0f64..3000.0,
            htk: bool, unit: bool, seed: u64
        ) {
            let config = MelConfig {
                n_mels,
                f_min_hz,
                scale: if htk { MelScale::Htk } else { MelScale::Slaney },
                norm: if unit { MelNorm::None } else { MelNorm::Slaney },
                ..MelConfig::new(16_000, n_fft)
            };
            let noise = synth::noise((n_fft / 2 + 1) as f64 / 1000.0, 1000, seed);
            let power: Vec<f32> = noise.samples().iter().map(|x| x * x).collect();
            let bank = MelBank::new(config).expect("valid");
            let mut mel = vec![f32::NAN; n_mels];
            bank.apply(&power, &mut mel);
            for (y, weights) in mel.iter().zip(reference(&config).expect("valid").rows()) {
                let sum: f64 = weights.iter().zip(&power).map(|(w, &p)| w * f64::from(p)).sum();
                prop_assert!((f64::from(*y) - sum).abs() <= 80.0 * 2f64.powi(-24) * sum);
            }
        }
    }
}
