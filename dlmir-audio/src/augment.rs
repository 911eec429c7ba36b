//! Other recordings of the same thing: gain, noise and filters.
//!
//! A network that has heard each song at one level, in one room and through one loudspeaker learns the level, the room and the loudspeaker,
//! too. These functions change what does not matter to the label; [`time_stretch`](crate::time_stretch) and
//! [`pitch_shift`](crate::pitch_shift) change tempo and key. What is random, a level or a frequency, is drawn by the caller, as a function
//! of (seed, epoch, item).
//!
//! ```text
//! gain     y[n] = 10^(g / 20) x[n]
//! noise    y[n] = x[n] + c v[n],     c^2 = mean of x^2 / (mean of v^2 10^(snr / 10))
//! biquad   y[n] = b0 x[n] + b1 x[n - 1] + b2 x[n - 2] - a1 y[n - 1] - a2 y[n - 2]
//! ```
//!
//! Source of the biquads: Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients" (W3C note, 2021); computed in
//! the transposed direct form II.

use std::f64::consts::TAU;

use crate::AudioError;

/// Makes `x` louder by `gain_db`: 6 doubles it, -6 halves it. Values beyond full scale are kept.
///
/// # Errors
/// [`AudioError::Setting`] if `gain_db` is not between -120 and 120.
pub fn gain(x: &mut [f32], gain_db: f32) -> Result<(), AudioError> {
    if !(-120.0..=120.0).contains(&gain_db) {
        return Err(AudioError::setting("gain_db", gain_db, "it must be -120 to 120"));
    }
    let factor = 10f32.powf(gain_db / 20.0);
    x.iter_mut().for_each(|x| *x *= factor);
    Ok(())
}

/// Adds `noise` to `x` so that x is `snr_db` louder than it. A shorter noise is repeated, of a longer one the beginning is taken.
///
/// If one of both is silent, nothing is added: there is no such ratio.
///
/// ```
/// use dlmir_audio::{add_noise, frame_rms, synth};
///
/// let mut x = synth::silence(1.0, 8000).into_samples();
/// x.fill(0.5);
/// let noise = synth::noise(0.3, 8000, 1);
/// let before = x.clone();
/// add_noise(&mut x, noise.samples(), 20.0)?;
/// let added: Vec<f32> = x.iter().zip(&before).map(|(y, x)| y - x).collect();
/// assert!((frame_rms(&added) - 0.05).abs() < 1e-4);
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] if `snr_db` is not between -120 and 120.
pub fn add_noise(x: &mut [f32], noise: &[f32], snr_db: f32) -> Result<(), AudioError> {
    if !(-120.0..=120.0).contains(&snr_db) {
        return Err(AudioError::setting("snr_db", snr_db, "it must be -120 to 120"));
    }
    let energy = |v: &mut dyn Iterator<Item = f32>| v.map(|v| f64::from(v).powi(2)).sum::<f64>();
    let signal = energy(&mut x.iter().copied());
    let added = energy(&mut noise.iter().copied().cycle().take(x.len()));
    if signal == 0.0 || added == 0.0 {
        return Ok(());
    }
    let factor = (signal / added / 10f64.powf(f64::from(snr_db) / 10.0)).sqrt() as f32;
    x.iter_mut().zip(noise.iter().cycle()).for_each(|(x, v)| *x += factor * v);
    Ok(())
}

/// What a filter does to the spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FilterKind {
    /// Keeps what is below the frequency; 12 dB per octave above it.
    LowPass,
    /// Keeps what is above the frequency; 12 dB per octave below it.
    HighPass,
    /// Keeps what is around the frequency, there unchanged.
    BandPass,
    /// Raises or lowers what is around the frequency.
    Peak {
        /// Level at the frequency in dB, -60 to 60.
        gain_db: f64,
    },
}

/// A filter of second order, with its memory: a signal can be passed in pieces of any size, with the same bits.
///
/// ```
/// use dlmir_audio::{Biquad, FilterKind, frame_rms, synth};
///
/// // A telephone keeps 1 kHz and loses 50 Hz.
/// let level = |hz| -> Result<f32, dlmir_audio::AudioError> {
///     let mut x = synth::sine(hz, 1.0, 8000).into_samples();
///     Biquad::new(FilterKind::HighPass, 300.0, 0.7071, 8000)?.process(&mut x);
///     Ok(frame_rms(&x[4000..]))
/// };
/// assert!(level(1000.0)? > 0.69 && level(50.0)? < 0.03);
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    memory: [f64; 2],
}

impl Biquad {
    /// A filter at `frequency_hz` of quality `q` (0.7071: no peak at the edge; higher is narrower) for signals of `sample_rate`.
    ///
    /// # Errors
    /// [`AudioError::Setting`] if the frequency is not between 0 and half the rate, `q` not 0.01 to 100, or the gain of a peak not -60 to
    /// 60 dB.
    pub fn new(
        kind: FilterKind,
        frequency_hz: f64,
        q: f64,
        sample_rate: u32,
    ) -> Result<Biquad, AudioError> {
        let nyquist = f64::from(sample_rate) / 2.0;
        if !(frequency_hz > 0.0 && frequency_hz < nyquist) {
            let rule = format!("it must be between 0 and half the rate, {nyquist}");
            return Err(AudioError::setting("frequency_hz", frequency_hz, rule));
        }
        if !(0.01..=100.0).contains(&q) {
            return Err(AudioError::setting("q", q, "it must be 0.01 to 100"));
        }
        let (sin, cos) = (TAU * frequency_hz / f64::from(sample_rate)).sin_cos();
        let alpha = sin / (2.0 * q);
        let (b, a) = match kind {
            FilterKind::LowPass => {
                let half = (1.0 - cos) / 2.0;
                ([half, 1.0 - cos, half], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
            }
            FilterKind::HighPass => {
                let half = (1.0 + cos) / 2.0;
                ([half, -1.0 - cos, half], [1.0 + alpha, -2.0 * cos, 1.0 - alpha])
            }
            FilterKind::BandPass => ([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]),
            FilterKind::Peak { gain_db } => {
                if !(-60.0..=60.0).contains(&gain_db) {
                    return Err(AudioError::setting("gain_db", gain_db, "it must be -60 to 60"));
                }
                let root = 10f64.powf(gain_db / 40.0);
                let (up, down) = (alpha * root, alpha / root);
                ([1.0 + up, -2.0 * cos, 1.0 - up], [1.0 + down, -2.0 * cos, 1.0 - down])
            }
        };
        Ok(Biquad { b: b.map(|v| v / a[0]), a: [a[1] / a[0], a[2] / a[0]], memory: [0.0; 2] })
    }

    /// Filters the next samples in place.
    pub fn process(&mut self, x: &mut [f32]) {
        let ([b0, b1, b2], [a1, a2], [mut s1, mut s2]) = (self.b, self.a, self.memory);
        for x in x {
            let input = f64::from(*x);
            let y = b0 * input + s1;
            s1 = b1 * input - a1 * y + s2;
            s2 = b2 * input - a2 * y;
            *x = y as f32;
        }
        self.memory = [s1, s2];
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{frame_rms, synth};

    /// The level of a sine of `hz` after the filter, in dB, once it has settled.
    fn level_db(mut filter: Biquad, hz: f64) -> f32 {
        let mut x = synth::sine(hz, 1.0, 8000).into_samples();
        filter.process(&mut x);
        20.0 * (frame_rms(&x[4000..]) * 2f32.sqrt()).log10()
    }

    #[test]
    fn levels_are_those_of_the_formulae() {
        let filter = |kind, q| Biquad::new(kind, 1000.0, q, 8000).expect("valid");
        let butterworth = 0.5f64.sqrt();
        for (kind, kept, lost) in
            [(FilterKind::LowPass, 100.0, 3500.0), (FilterKind::HighPass, 3500.0, 100.0)]
        {
            assert!((level_db(filter(kind, butterworth), 1000.0) + 3.01).abs() < 0.02, "{kind:?}");
            assert!(level_db(filter(kind, butterworth), kept).abs() < 0.1, "{kind:?}");
            assert!(level_db(filter(kind, butterworth), lost) < -25.0, "{kind:?}");
        }
        assert!(level_db(filter(FilterKind::BandPass, 2.0), 1000.0).abs() < 0.02);
        assert!(level_db(filter(FilterKind::BandPass, 2.0), 200.0) < -15.0);
        let peak = FilterKind::Peak { gain_db: 9.0 };
        assert!((level_db(filter(peak, 2.0), 1000.0) - 9.0).abs() < 0.02);
        assert!(level_db(filter(peak, 2.0), 50.0).abs() < 0.1);
    }

    #[test]
    fn gain_is_in_decibels_and_silence_has_no_ratio() {
        let mut x = [0.5, -0.25];
        gain(&mut x, 20.0).expect("valid");
        assert_eq!(x, [5.0, -2.5]);
        let mut silence = [0.0; 4];
        add_noise(&mut silence, &[1.0], 0.0).expect("valid");
        add_noise(&mut x, &[], 0.0).expect("valid");
        add_noise(&mut x, &[0.0], 0.0).expect("valid");
        assert_eq!((silence, x), ([0.0; 4], [5.0, -2.5]));
    }

    #[test]
    fn every_setting_has_its_range() {
        let of = |kind, hz, q| Biquad::new(kind, hz, q, 8000).expect_err("bad").to_string();
        assert!(of(FilterKind::LowPass, 4000.0, 1.0).starts_with("frequency_hz"));
        assert!(of(FilterKind::LowPass, f64::NAN, 1.0).starts_with("frequency_hz"));
        assert!(of(FilterKind::LowPass, 100.0, 0.0).starts_with("q is 0"));
        assert!(of(FilterKind::Peak { gain_db: 99.0 }, 100.0, 1.0).starts_with("gain_db"));
        assert!(gain(&mut [], f32::NAN).is_err() && add_noise(&mut [], &[], 200.0).is_err());
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_bits(
            x in prop::collection::vec(-1.0f32..1.0, 1..200), chunk in 1usize..50, hz in 1.0f64..3999.0
        ) {
            let filter = Biquad::new(FilterKind::Peak { gain_db: -6.0 }, hz, 0.7, 8000);
            let filter = filter.expect("valid");
            let (mut whole, mut pieces) = (x.clone(), x);
            filter.clone().process(&mut whole);
            let mut stream = filter;
            pieces.chunks_mut(chunk).for_each(|piece| stream.process(piece));
            prop_assert_eq!(whole, pieces);
        }

        #[test]
        fn noise_has_the_ratio_asked_for(
            x in prop::collection::vec(-1.0f32..1.0, 50..100),
            noise in prop::collection::vec(0.1f32..1.0, 1..150), snr in -20.0f32..40.0
        ) {
            prop_assume!(frame_rms(&x) > 0.01);
            let mut y = x.clone();
            add_noise(&mut y, &noise, snr).expect("valid");
            let added: Vec<f32> = y.iter().zip(&x).map(|(y, x)| y - x).collect();
            let found = 20.0 * (frame_rms(&x) / frame_rms(&added)).log10();
            prop_assert!((found - snr).abs() < 0.05, "{} and {}", found, snr);
        }
    }
}
