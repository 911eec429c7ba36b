//! Harmonic and percussive parts: what lasts, and what strikes.
//!
//! In a spectrogram a held note is a horizontal line and a drum a vertical one. A median along time keeps the first and wipes out the
//! second, a median along frequency the other way round:
//!
//! ```text
//! H[k, t] = median of S[k, t - 15 ... t + 15]          P[k, t] = median of S[k - 15 ... k + 15, t]
//! harmonic mask   = H^p / (H^p + (m_h P)^p)            percussive mask = P^p / (P^p + (m_p H)^p)        p = 2
//! ```
//!
//! The parts are S times the masks; with margins m of 1 they add up to S, with larger ones something is left that is neither. Beyond its
//! edges the spectrogram is mirrored, the edge repeated (`c b a | a b c`). For even sizes the upper of both middle values is taken, and the
//! window reaches one further back.
//!
//! [`median_filter`] keeps the values under its window in order: from one place to the next, one leaves and one comes.
//!
//! Sources: Fitzgerald (2010), "Harmonic/percussive separation using median filtering", DAFx; margins: Driedger, Mueller, Disch (2014),
//! "Extending harmonic-percussive separation of audio signals", ISMIR; conventions of librosa's `decompose.hpss` (0.11).

use ndarray::{Array2, Zip};

use crate::stft::{Stft, StftConfig};
use crate::{AudioError, Signal, columns};

/// Settings of the separation. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HpssConfig {
    /// Frames under the median along time, at least 1; 31.
    pub harmonic_size: usize,
    /// Bins under the median along frequency, at least 1; 31.
    pub percussive_size: usize,
    /// Exponent of the masks, above 0; 2. Infinity: all or nothing.
    pub power: f32,
    /// How much stronger the harmonic median must be to count, at least 1; 1.
    pub harmonic_margin: f32,
    /// How much stronger the percussive median must be to count, at least 1; 1.
    pub percussive_margin: f32,
}

impl Default for HpssConfig {
    fn default() -> HpssConfig {
        HpssConfig {
            harmonic_size: 31,
            percussive_size: 31,
            power: 2.0,
            harmonic_margin: 1.0,
            percussive_margin: 1.0,
        }
    }
}

impl HpssConfig {
    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        for (name, value) in
            [("harmonic_size", self.harmonic_size), ("percussive_size", self.percussive_size)]
        {
            if value == 0 {
                return Err(AudioError::setting(name, value, "it must be at least 1"));
            }
        }
        for (name, value) in [
            ("harmonic_margin", self.harmonic_margin),
            ("percussive_margin", self.percussive_margin),
        ] {
            if !(value >= 1.0 && value.is_finite()) {
                return Err(AudioError::setting(name, value, "it must be at least 1"));
            }
        }
        if self.power > 0.0 {
            Ok(())
        } else {
            Err(AudioError::setting("power", self.power, "it must be above 0"))
        }
    }
}

/// The harmonic and the percussive mask, 0 to 1, of a magnitude spectrogram, all of shape `[bins, frames]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn hpss_masks(
    magnitude: &Array2<f32>,
    config: &HpssConfig,
) -> Result<(Array2<f32>, Array2<f32>), AudioError> {
    config.validate()?;
    let along_time = columns::map(magnitude.t(), magnitude.ncols(), |row, out| {
        median_filter(row, config.harmonic_size, out);
    });
    let mut harmonic = along_time.reversed_axes();
    let mut percussive = columns::map(magnitude.view(), magnitude.nrows(), |column, out| {
        median_filter(column, config.percussive_size, out);
    });
    let (of_harmonic, of_percussive) = (config.harmonic_margin, config.percussive_margin);
    // Where neither is there, both get half, unless margins leave room for a third part.
    let nothing = if of_harmonic == 1.0 && of_percussive == 1.0 { 0.5 } else { 0.0 };
    Zip::from(&mut harmonic).and(&mut percussive).for_each(|h, p| {
        let masks = [
            soft_mask(*h, *p * of_harmonic, config.power, nothing),
            soft_mask(*p, *h * of_percussive, config.power, nothing),
        ];
        [*h, *p] = masks;
    });
    Ok((harmonic, percussive))
}

/// `a^p / (a^p + b^p)`, and `nothing` where both are 0.
fn soft_mask(a: f32, b: f32, power: f32, nothing: f32) -> f32 {
    if power.is_infinite() {
        return if a > b { 1.0 } else { 0.0 };
    }
    let largest = a.max(b);
    if largest < f32::MIN_POSITIVE {
        return nothing;
    }
    let raise = |v: f32| if power == 2.0 { v * v } else { v.powf(power) };
    let (a, b) = (raise(a / largest), raise(b / largest));
    a / (a + b)
}

/// The harmonic and the percussive part of a magnitude spectrogram, `[bins, frames]`: two arrays of that shape.
///
/// ```
/// use dlmir_audio::{HpssConfig, hpss};
/// use ndarray::Array2;
///
/// // A note in bin 20, a stroke in frame 30.
/// let s = Array2::from_shape_fn((50, 60), |(k, t)| if k == 20 || t == 30 { 1.0f32 } else { 0.0 });
/// let (harmonic, percussive) = hpss(&s, &HpssConfig::default())?;
/// assert_eq!((harmonic[[20, 10]], harmonic[[10, 30]]), (1.0, 0.0));
/// assert_eq!((percussive[[20, 10]], percussive[[10, 30]]), (0.0, 1.0));
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn hpss(
    magnitude: &Array2<f32>,
    config: &HpssConfig,
) -> Result<(Array2<f32>, Array2<f32>), AudioError> {
    let (harmonic, percussive) = hpss_masks(magnitude, config)?;
    Ok((harmonic * magnitude, percussive * magnitude))
}

/// The harmonic and the percussive part of a signal, as long as it: its spectra times the masks, transformed back.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
///
/// # Panics
/// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
#[track_caller]
pub fn hpss_signal(
    signal: &Signal,
    stft: &StftConfig,
    config: &HpssConfig,
) -> Result<(Signal, Signal), AudioError> {
    let stft = Stft::new(*stft)?;
    let spectra = stft.complex(signal.samples());
    let (harmonic, percussive) = hpss_masks(&spectra.mapv(|x| x.norm_sqr().sqrt()), config)?;
    let part = |mask: &Array2<f32>| {
        let mut masked = spectra.clone();
        masked.zip_mut_with(mask, |x, m| *x *= m);
        Signal::new(stft.inverse(&masked, signal.len()), signal.sample_rate())
    };
    Ok((part(&harmonic), part(&percussive)))
}

/// The running median of `x` over `size` places around each, to `out`; both of the same length.
///
/// # Panics
/// If the lengths differ, or `size` is 0.
#[track_caller]
pub fn median_filter(x: &[f32], size: usize, out: &mut [f32]) {
    assert!(size > 0, "median_filter: a window of no values");
    assert_eq!(x.len(), out.len(), "median_filter: values in and out");
    if x.is_empty() {
        return;
    }
    // x, mirrored beyond its edges.
    let at = |i: isize| {
        let phase = i.rem_euclid(2 * x.len() as isize) as usize;
        x[phase.min(2 * x.len() - 1 - phase)]
    };
    let before = (size / 2) as isize;
    let mut sorted: Vec<f32> = (0..size as isize).map(|i| at(i - before)).collect();
    sorted.sort_unstable_by(f32::total_cmp);
    out[0] = sorted[size / 2];
    for (i, y) in out.iter_mut().enumerate().skip(1) {
        let first = i as isize - before;
        replace(&mut sorted, at(first - 1), at(first + size as isize - 1));
        *y = sorted[size / 2];
    }
}

/// Takes `old` out of the ordered values and puts `new` in, moving only what lies between.
fn replace(sorted: &mut [f32], old: f32, new: f32) {
    let from = sorted.partition_point(|v| v.total_cmp(&old).is_lt());
    let to = sorted.partition_point(|v| v.total_cmp(&new).is_lt());
    if to > from {
        sorted.copy_within(from + 1..to, from);
        sorted[to - 1] = new;
    } else {
        sorted.copy_within(to..from, to + 1);
        sorted[to] = new;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synth;

    #[test]
    fn a_tone_with_clicks_comes_apart() {
        let mut x = synth::sine(440.0, 1.0, 22_050);
        for n in [5000, 10_000, 15_000] {
            x.samples_mut()[n] += 5.0;
        }
        let parts = hpss_signal(&x, &StftConfig::default(), &HpssConfig::default());
        let (harmonic, percussive) = parts.expect("valid");
        assert!(harmonic.samples()[10_000].abs() < 1.5 && percussive.samples()[10_000] > 3.5);
        // They add up to the signal.
        for ((h, p), x) in harmonic.samples().iter().zip(percussive.samples()).zip(x.samples()) {
            assert!((h + p - x).abs() < 1e-4, "{h} {p} {x}");
        }
    }

    #[test]
    fn every_setting_has_its_range() {
        let good = HpssConfig::default();
        let field = |config| match hpss(&Array2::zeros((2, 2)), &config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(HpssConfig { harmonic_size: 0, ..good }), "harmonic_size");
        assert_eq!(field(HpssConfig { percussive_size: 0, ..good }), "percussive_size");
        assert_eq!(field(HpssConfig { power: 0.0, ..good }), "power");
        assert_eq!(field(HpssConfig { harmonic_margin: 0.5, ..good }), "harmonic_margin");
        assert_eq!(field(HpssConfig { percussive_margin: f32::NAN, ..good }), "percussive_margin");
    }

    #[test]
    fn hard_masks_are_all_or_nothing() {
        let s = Array2::from_shape_fn((9, 9), |(k, t)| ((k * 7 + t * 3) % 5) as f32);
        let config = HpssConfig { power: f32::INFINITY, ..HpssConfig::default() };
        let (harmonic, percussive) = hpss_masks(&s, &config).expect("valid");
        assert!(
            harmonic.iter().zip(&percussive).all(|(h, p)| [0.0, 1.0].contains(h) && h * p == 0.0)
        );
    }

    proptest! {
        // The definition: sort every window.
        #[test]
        fn the_running_median_is_the_median(
            x in prop::collection::vec(prop::sample::select(vec![0.0f32, 1.0, 2.0, 2.5, 7.0]), 1..40),
            size in 1usize..50
        ) {
            let n = x.len();
            let mirrored = [x.clone(), x.iter().rev().copied().collect()].concat();
            let mut out = vec![f32::NAN; n];
            median_filter(&x, size, &mut out);
            for (i, &y) in out.iter().enumerate() {
                let place = |j: usize| (i + j + 100 * 2 * n - size / 2) % (2 * n);
                let mut window: Vec<f32> = (0..size).map(|j| mirrored[place(j)]).collect();
                window.sort_by(f32::total_cmp);
                prop_assert_eq!(y, window[size / 2]);
            }
        }
    }
}
