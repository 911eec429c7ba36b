//! Bands of equal width in octaves: the spectrum on a ruler of semitones.
//!
//! A musical interval is a ratio of frequencies, so the bins of a spectrum are too few for low notes and far too many for high ones. A
//! logarithmic filter bank has B bands per octave everywhere; 12 of them are semitones, 24 quarter tones. It is the bank of the onset and
//! beat detectors of Boeck and colleagues, and its recipe goes by bins, not by hertz:
//!
//! ```text
//! 1. frequencies   440 * 2^(m / B) for whole m, from f_min to f_max            tuned to A4
//! 2. bins          the nearest bin b of each; of equal neighbours only one     below about 300 Hz bins are coarser than semitones
//! 3. triangles     band j rises from bin b[j] to 1 at b[j + 1] and falls to b[j + 2]:
//!
//!                  w[j, k] = (k - start) / (centre - start)          start  <= k < centre
//!                  w[j, k] = 1 - (k - centre) / (stop - centre)      centre <= k < stop
//! ```
//!
//! The first and the last bin are only corners: n of them make n - 2 bands. Bin k is k * sample_rate / n_fft Hz, k = 0 ... n_fft / 2 - 1;
//! the last one of a Fourier transform, at half the sample rate, is left out. At equal distance the upper bin is the nearest.
//!
//! ```text
//! not normalised   each triangle has peak 1: high bands, which hear more bins, are louder
//! normalised       each triangle has sum 1: a band is a mean over its bins
//! ```
//!
//! Source: madmom's `LogarithmicFilterbank` (0.16.1); Boeck, Krebs, Schedl (2012), "Evaluating the online capabilities of onset detection
//! methods", ISMIR.

use ndarray::{Array2, s};

use crate::AudioError;
use crate::band_runs::BandRuns;

/// The frequency that the bands are tuned to, in Hz.
const TUNING_HZ: f64 = 440.0;

/// A cent apart; no spectrum tells more.
const MAX_BANDS_PER_OCTAVE: usize = 1200;

/// Settings of a logarithmic filter bank.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogFilterBankConfig {
    /// Rate of the signal in Hz.
    pub sample_rate: u32,
    /// Length of the transform; the bank expects floor(n_fft / 2) bins.
    pub n_fft: usize,
    /// Bands per octave. 12: semitones.
    pub bands_per_octave: usize,
    /// No corner lies below.
    pub f_min_hz: f64,
    /// No corner lies above. Frequencies that the spectrum does not reach go to its last bin.
    pub f_max_hz: f64,
    /// Whether each band's weights add up to 1; otherwise their peak is 1.
    pub normalize: bool,
    /// Whether frequencies with the same nearest bin give a single corner; otherwise there are bands of a single bin, several alike.
    pub unique: bool,
}

impl LogFilterBankConfig {
    /// The bank of the hand-crafted onset detectors: 12 bands per octave from 30 to 17 000 Hz, each with peak 1, none twice.
    pub fn new(sample_rate: u32, n_fft: usize) -> LogFilterBankConfig {
        LogFilterBankConfig {
            sample_rate,
            n_fft,
            bands_per_octave: 12,
            f_min_hz: 30.0,
            f_max_hz: 17_000.0,
            normalize: false,
            unique: true,
        }
    }

    /// Bins that the bank expects.
    pub fn bins(&self) -> usize {
        self.n_fft / 2
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        for (name, value, least) in
            [("sample_rate", self.sample_rate as usize, 1), ("n_fft", self.n_fft, 4)]
        {
            if value < least {
                let rule = format!("it must be at least {least}");
                return Err(AudioError::setting(name, value, rule));
            }
        }
        if !(1..=MAX_BANDS_PER_OCTAVE).contains(&self.bands_per_octave) {
            let rule = format!("it must be 1 to {MAX_BANDS_PER_OCTAVE}");
            return Err(AudioError::setting("bands_per_octave", self.bands_per_octave, rule));
        }
        if !(self.f_min_hz > 0.0 && self.f_min_hz.is_finite()) {
            return Err(AudioError::setting("f_min_hz", self.f_min_hz, "it must be above 0"));
        }
        if !(self.f_max_hz > self.f_min_hz && self.f_max_hz.is_finite()) {
            let rule = format!("it must be above f_min_hz, {}", self.f_min_hz);
            return Err(AudioError::setting("f_max_hz", self.f_max_hz, rule));
        }
        let corners = self.corner_bins().len();
        if corners < 3 {
            let rule = format!(
                "a band has three corner bins, but from {} to {} Hz there are {corners}",
                self.f_min_hz, self.f_max_hz
            );
            return Err(AudioError::setting("bands_per_octave", self.bands_per_octave, rule));
        }
        Ok(())
    }

    /// The corner bins, step 1 and 2 of the recipe.
    fn corner_bins(&self) -> Vec<usize> {
        let per_octave = self.bands_per_octave as f64;
        let step = |hz: f64| (hz / TUNING_HZ).log2() * per_octave;
        let (first, end) = (step(self.f_min_hz).floor() as i64, step(self.f_max_hz).ceil() as i64);
        let mut corners: Vec<usize> = (first..end)
            .map(|m| TUNING_HZ * (m as f64 / per_octave).exp2())
            .filter(|hz| (self.f_min_hz..=self.f_max_hz).contains(hz))
            .map(|hz| self.nearest_bin(hz))
            .collect();
        if self.unique {
            corners.dedup();
        }
        corners
    }

    /// The bin nearest to a frequency, the upper one of two.
    fn nearest_bin(&self, hz: f64) -> usize {
        let frequency = |k: usize| k as f64 * f64::from(self.sample_rate) / self.n_fft as f64;
        let (mut below, mut upper) = (0, self.bins());
        while below < upper {
            let middle = (below + upper) / 2;
            if frequency(middle) < hz { below = middle + 1 } else { upper = middle }
        }
        let upper = upper.clamp(1, self.bins() - 1);
        if hz - frequency(upper - 1) < frequency(upper) - hz { upper - 1 } else { upper }
    }
}

/// The definition: all weights in double precision, `[bands, bins]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn reference(config: &LogFilterBankConfig) -> Result<Array2<f64>, AudioError> {
    config.validate()?;
    let corners = config.corner_bins();
    let mut weights = Array2::zeros((corners.len() - 2, config.bins()));
    for (band, mut row) in weights.rows_mut().into_iter().enumerate() {
        let [start, mut centre, mut stop] = [corners[band], corners[band + 1], corners[band + 2]];
        if stop - start < 2 {
            // No room for a triangle: the one bin.
            (centre, stop) = (start, start + 1);
        }
        for k in start..centre {
            row[k] = (k - start) as f64 / (centre - start) as f64;
        }
        for k in centre..stop {
            row[k] = 1.0 - (k - centre) as f64 / (stop - centre) as f64;
        }
        if config.normalize {
            let sum = row.sum();
            row.slice_mut(s![start..stop]).mapv_inplace(|w| w / sum);
        }
    }
    Ok(weights)
}

/// A logarithmic filter bank ready for use.
///
/// ```
/// use dlmir_audio::{LogFilterBank, LogFilterBankConfig};
///
/// let bank = LogFilterBank::new(LogFilterBankConfig::new(44_100, 2048))?;
/// assert_eq!(bank.bands(), 81); // of the 110 semitones from 30 to 17 000 Hz: low ones share bins
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogFilterBank {
    config: LogFilterBankConfig,
    runs: BandRuns,
}

impl LogFilterBank {
    /// Computes the weights.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: LogFilterBankConfig) -> Result<LogFilterBank, AudioError> {
        let weights = reference(&config)?.mapv(|w| w as f32);
        Ok(LogFilterBank { config, runs: BandRuns::new(weights.view()) })
    }

    /// The settings.
    pub fn config(&self) -> &LogFilterBankConfig {
        &self.config
    }

    /// Number of bands.
    pub fn bands(&self) -> usize {
        self.runs.used().len()
    }

    /// The bins with a weight above 0 of each band, `[bands]`.
    pub(crate) fn used(&self) -> &[std::ops::Range<usize>] {
        self.runs.used()
    }

    /// The bands of one spectrum: `y[j] = sum over k of w[j, k] magnitude[k]`; `magnitude`, `[bins]`, and `y`, `[bands]`.
    ///
    /// # Panics
    /// If a slice has another length.
    #[track_caller]
    pub fn apply(&self, magnitude: &[f32], y: &mut [f32]) {
        self.runs.apply("logarithmic filter bank", magnitude, y);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synth;

    /// Sizes of madmom's banks, which its trained networks confirm.
    #[test]
    fn as_many_bands_as_there_should_be() {
        let bands = |n_fft, bands_per_octave, f_max_hz| {
            let config = LogFilterBankConfig::new(44_100, n_fft);
            let config = LogFilterBankConfig { bands_per_octave, f_max_hz, ..config };
            LogFilterBank::new(config).expect("valid").bands()
        };
        assert_eq!(bands(512, 6, 17_000.0), 34);
        assert_eq!([3, 6, 12].map(|b| bands(1024, b, 17_000.0)), [21, 39, 69]);
        assert_eq!([3, 6, 12, 24].map(|b| bands(2048, b, 17_000.0)), [23, 45, 81, 140]);
        assert_eq!([3, 6, 12].map(|b| bands(4096, b, 17_000.0)), [25, 49, 91]);
        assert_eq!(bands(4096, 24, 10_000.0), 144);
    }

    #[test]
    fn centres_of_the_semitones() {
        let config = LogFilterBankConfig::new(44_100, 2048);
        let centres: Vec<f64> =
            config.corner_bins().iter().map(|&k| k as f64 * 44_100.0 / 2048.0).collect();
        let near = |a: f64, b: f64| (a - b).abs() < 0.05;
        assert!(centres[1..].iter().zip([43.07, 64.60, 86.13, 107.67]).all(|(&a, b)| near(a, b)));
        assert!(near(centres[centres.len() - 2], 15_805.4));
    }

    #[test]
    fn a_triangle_by_hand() {
        // Bins of 40 Hz: 440, 880 and 1760 Hz are bins 11, 22 and 44.
        let config = LogFilterBankConfig {
            bands_per_octave: 1,
            f_min_hz: 400.0,
            f_max_hz: 2000.0,
            ..LogFilterBankConfig::new(8000, 200)
        };
        let weights = reference(&config).expect("valid");
        assert_eq!(weights.dim(), (1, 100));
        let row = weights.row(0);
        assert_eq!((row[11], row[12], row[22], row[33], row[44]), (0.0, 1.0 / 11.0, 1.0, 0.5, 0.0));
        assert!((row.sum() - (5.0 + 11.5)).abs() < 1e-12);
        let mean = reference(&LogFilterBankConfig { normalize: true, ..config }).expect("valid");
        assert!((mean.sum() - 1.0).abs() < 1e-12);
    }

    #[test]
    fn at_equal_distance_the_upper_bin_is_nearest() {
        // 440 Hz lies in the middle of the bins 400 and 480 Hz.
        let config = LogFilterBankConfig::new(8000, 100);
        assert_eq!(config.nearest_bin(440.0), 6);
        assert_eq!(config.nearest_bin(439.0), 5);
        assert_eq!((config.nearest_bin(1.0), config.nearest_bin(9000.0)), (0, 49));
    }

    #[test]
    fn frequencies_beyond_the_spectrum_make_no_band_of_their_own() {
        let at = |unique| {
            let config = LogFilterBankConfig { unique, ..LogFilterBankConfig::new(8000, 2048) };
            let weights = reference(&config).expect("valid");
            assert!(weights.rows().into_iter().all(|row| row.sum() > 0.0), "a silent band");
            weights.nrows()
        };
        assert!(at(true) < at(false));
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: LogFilterBankConfig| match LogFilterBank::new(config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let good = LogFilterBankConfig::new(44_100, 2048);
        assert_eq!(field(LogFilterBankConfig { sample_rate: 0, ..good }), "sample_rate");
        assert_eq!(field(LogFilterBankConfig { n_fft: 3, ..good }), "n_fft");
        assert_eq!(field(LogFilterBankConfig { bands_per_octave: 0, ..good }), "bands_per_octave");
        assert_eq!(field(LogFilterBankConfig { f_min_hz: 0.0, ..good }), "f_min_hz");
        assert_eq!(field(LogFilterBankConfig { f_max_hz: 30.0, ..good }), "f_max_hz");
        assert_eq!(field(LogFilterBankConfig { f_max_hz: f64::NAN, ..good }), "f_max_hz");
        // Everything lies above the spectrum, in its last bin.
        assert_eq!(field(LogFilterBankConfig { sample_rate: 50, ..good }), "bands_per_octave");
    }

    proptest! {
        // A sum of at most 512 non-negative products, as for mel bands.
        #[test]
        fn the_runs_give_the_matrix_product(
            n_fft in 64usize..1025, bands_per_octave in 1usize..30, normalize: bool, unique: bool, seed: u64
        ) {
            let config = LogFilterBankConfig {
                bands_per_octave, normalize, unique, ..LogFilterBankConfig::new(16_000, n_fft)
            };
            let noise = synth::noise(config.bins() as f64 / 1000.0, 1000, seed);
            let magnitude: Vec<f32> = noise.samples().iter().map(|x| x.abs()).collect();
            let bank = LogFilterBank::new(config).expect("valid");
            let mut bands = vec![f32::NAN; bank.bands()];
            bank.apply(&magnitude, &mut bands);
            for (y, weights) in bands.iter().zip(reference(&config).expect("valid").rows()) {
                let sum: f64 = weights.iter().zip(&magnitude).map(|(w, &x)| w * f64::from(x)).sum();
                prop_assert!((f64::from(*y) - sum).abs() <= 80.0 * 2f64.powi(-24) * sum);
            }
        }
    }
}
