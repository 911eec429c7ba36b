//! From power to loudness: logarithms.
//!
//! Power spans ten orders of magnitude between a whisper and an orchestra, and hearing answers to ratios: ten times the power sounds
//! as one step more. The logarithm turns ratios into differences.
//!
//! ```text
//! power in dB        10 log10(max(S, amin)) - 10 log10(max(ref, amin))
//! amplitude in dB    the same of S^2, ref^2 and amin^2 (10 log10(a^2) = 20 log10(a))
//! top_db             values more than top_db below the loudest are raised to that floor
//! log1p              ln(1 + gain * S): 0 for silence, linear for soft sounds, logarithmic for loud ones
//! ```
//!
//! The floor makes silence a number (amin) and keeps the noise of a recording from filling most of the range (top_db). Since it hangs
//! on the loudest value of the array, the same frame can differ between a file and an excerpt. The defaults are librosa's: ref 1,
//! amin 1e-10 (for amplitudes 1e-5), top_db 80.

use ndarray::Array2;

use crate::{AudioError, math};

/// What counts as 0 dB.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DbReference {
    /// A fixed power.
    Value(f32),
    /// The loudest value of the array.
    Max,
}

/// Settings of [`power_to_db`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DbConfig {
    /// The power that becomes 0 dB.
    pub reference: DbReference,
    /// The smallest power that is told from silence, above 0. 1e-10: 100 dB below a power of 1.
    pub amin: f32,
    /// Range below the loudest value in dB, at least 0; `None`: no limit.
    pub top_db: Option<f32>,
}

impl Default for DbConfig {
    fn default() -> DbConfig {
        DbConfig { reference: DbReference::Value(1.0), amin: 1e-10, top_db: Some(80.0) }
    }
}

impl DbConfig {
    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        if !(self.amin >= f32::MIN_POSITIVE && self.amin.is_finite()) {
            return Err(AudioError::setting("amin", self.amin, "it must be at least 1.2e-38"));
        }
        if let DbReference::Value(value) = self.reference
            && !(value >= 0.0 && value.is_finite())
        {
            return Err(AudioError::setting("reference", value, "it must be at least 0"));
        }
        match self.top_db {
            Some(top_db) if top_db.is_nan() || top_db < 0.0 => {
                Err(AudioError::setting("top_db", top_db, "it must be at least 0"))
            }
            _ => Ok(()),
        }
    }

    /// The first step, value by value: `factor * log10(max(value, amin))`.
    #[inline(always)]
    pub(crate) fn decibels(&self, factor: f32, value: f32) -> f32 {
        factor * (math::ln(value.max(self.amin)) * std::f32::consts::LOG10_E)
    }

    /// A power in dB, if that does not depend on other powers: no `top_db`, and a reference that is a number.
    pub(crate) fn value(&self, power: f32) -> f32 {
        let reference = match self.reference {
            DbReference::Value(value) => self.decibels(POWER, value),
            DbReference::Max => 0.0,
        };
        self.decibels(POWER, power) - reference
    }

    /// The second step, over all values: subtracts the reference and raises what is below the floor.
    pub(crate) fn finish(&self, factor: f32, decibels: &mut Array2<f32>) {
        let loudest = decibels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let reference = match self.reference {
            DbReference::Value(value) => self.decibels(factor, value),
            DbReference::Max => loudest,
        };
        let floor = self.top_db.map_or(f32::NEG_INFINITY, |top_db| loudest - reference - top_db);
        decibels.mapv_inplace(|value| (value - reference).max(floor));
    }

    fn convert(&self, factor: f32, values: &Array2<f32>) -> Result<Array2<f32>, AudioError> {
        self.validate()?;
        // `max` would quietly put amin in the place of a NaN, and an infinity would lift the floor to itself.
        if let Some(((band, frame), &value)) = values.indexed_iter().find(|(_, x)| !x.is_finite()) {
            return Err(AudioError::NotPower { band, frame, value });
        }
        let mut decibels = values.mapv(|value| self.decibels(factor, value));
        self.finish(factor, &mut decibels);
        Ok(decibels)
    }
}

/// Decibels per factor of ten, for powers and for amplitudes.
pub(crate) const POWER: f32 = 10.0;
const AMPLITUDE: f32 = 20.0;

/// A power spectrogram in dB, `[bands, frames]`.
///
/// ```
/// use dlmir_audio::{DbConfig, power_to_db};
/// use ndarray::array;
///
/// let db = power_to_db(&array![[100.0, 1.0, 0.0]], &DbConfig::default())?;
/// assert_eq!(db, array![[20.0, 0.0, -60.0]]); // 80 dB below the loudest
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range, [`AudioError::NotPower`] for a NaN or an infinity.
pub fn power_to_db(power: &Array2<f32>, config: &DbConfig) -> Result<Array2<f32>, AudioError> {
    config.convert(POWER, power)
}

/// A magnitude spectrogram in dB. `reference` and `amin` are amplitudes here (librosa's default for `amin` is then 1e-5).
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range, [`AudioError::NotPower`] for a NaN or an infinity.
pub fn amplitude_to_db(
    amplitude: &Array2<f32>,
    config: &DbConfig,
) -> Result<Array2<f32>, AudioError> {
    config.convert(AMPLITUDE, amplitude)
}

/// `ln(1 + gain * S)`. A gain of 10000 on a power spectrogram is common for networks that tag music.
pub fn log1p(power: &Array2<f32>, gain: f32) -> Array2<f32> {
    power.mapv(|p| log1p_value(p, gain))
}

#[inline(always)]
pub(crate) fn log1p_value(power: f32, gain: f32) -> f32 {
    math::ln_1p(gain * power)
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn amplitudes_and_their_squares_have_the_same_level() {
        let amplitude = array![[0.5f32, 2.0], [1e-3, 0.0]];
        let config = DbConfig { amin: 1e-5, reference: DbReference::Value(0.1), top_db: None };
        let of_power = DbConfig { amin: 1e-10, reference: DbReference::Value(0.01), top_db: None };
        let a = amplitude_to_db(&amplitude, &config).expect("valid");
        let b = power_to_db(&amplitude.mapv(|v| v * v), &of_power).expect("valid");
        assert!(a.iter().zip(&b).all(|(x, y)| (x - y).abs() < 1e-4), "{a} {b}");
    }

    #[test]
    fn the_loudest_value_can_be_the_reference() {
        let config = DbConfig { reference: DbReference::Max, ..DbConfig::default() };
        let db = power_to_db(&array![[1e3, 1e2], [1e-9, 0.0]], &config).expect("valid");
        assert_eq!(db, array![[0.0, -10.0], [-80.0, -80.0]]);
        let silence = power_to_db(&Array2::zeros((1, 2)), &config).expect("valid");
        assert_eq!(silence, array![[0.0, 0.0]]);
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let power = array![[1.0, 2.0, 3.0], [4.0, value, 6.0]];
            for convert in [power_to_db, amplitude_to_db] {
                let error = convert(&power, &DbConfig::default()).expect_err("no number");
                assert!(error.to_string().starts_with("decibels: band 1, frame 1 is "), "{error}");
            }
        }
    }

    #[test]
    fn an_array_without_values_stays_one() {
        let db = power_to_db(&Array2::zeros((3, 0)), &DbConfig::default()).expect("valid");
        assert_eq!(db.dim(), (3, 0));
    }

    #[test]
    fn log1p_keeps_silence_at_zero() {
        let y = log1p(&array![[0.0, 1e-8, 1.0]], 1e4);
        assert_eq!(y[[0, 0]], 0.0);
        assert!((y[[0, 1]] - 1e-4).abs() < 1e-8, "linear for soft sounds");
        assert!((y[[0, 2]] - 10_001f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: DbConfig| match config.validate() {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let good = DbConfig::default();
        assert_eq!(field(DbConfig { amin: 0.0, ..good }), "amin");
        assert_eq!(field(DbConfig { amin: f32::NAN, ..good }), "amin");
        assert_eq!(field(DbConfig { reference: DbReference::Value(-1.0), ..good }), "reference");
        assert_eq!(field(DbConfig { top_db: Some(-1.0), ..good }), "top_db");
        assert_eq!(field(DbConfig { top_db: Some(f32::NAN), ..good }), "top_db");
    }
}
