//! Sounds from formulas, for tests and lessons: everything is known about them.
//!
//! All have full scale (amplitude 1); scale them with [`Signal::samples_mut`]. Lengths are given in seconds and rounded to the
//! nearest sample.

use std::f64::consts::TAU;

use crate::Signal;

/// A sine: `x[n] = sin(2 pi f n / sample_rate)`.
///
/// ```
/// let a4 = dlmir_audio::synth::sine(440.0, 0.5, 22_050);
/// assert_eq!(a4.len(), 11_025);
/// ```
///
/// # Panics
/// If the rate is one that [`Signal::new`] refuses.
#[track_caller]
pub fn sine(frequency_hz: f64, duration_s: f64, sample_rate: u32) -> Signal {
    from_fn(duration_s, sample_rate, |t| (TAU * frequency_hz * t).sin())
}

/// A sine that glides from one frequency to another, linearly in time: its frequency at time t is `f_0 + (f_1 - f_0) t / duration`.
///
/// # Panics
/// If the rate is one that [`Signal::new`] refuses.
#[track_caller]
pub fn chirp(f_start_hz: f64, f_end_hz: f64, duration_s: f64, sample_rate: u32) -> Signal {
    let slope = (f_end_hz - f_start_hz) / duration_s;
    // The phase is the integral of the frequency.
    from_fn(duration_s, sample_rate, |t| (TAU * (f_start_hz * t + 0.5 * slope * t * t)).sin())
}

/// Clicks at the given times: 1 kHz bursts of 1 full scale that fall to 1/1000 in 20 ms. Times outside the signal are left out.
///
/// Each click begins at the nearest sample. Overlapping clicks add up.
///
/// # Panics
/// If the rate is one that [`Signal::new`] refuses.
#[track_caller]
pub fn click_train(times_s: &[f64], duration_s: f64, sample_rate: u32) -> Signal {
    const CLICK_S: f64 = 0.02;
    let mut clicks = silence(duration_s, sample_rate);
    let click = from_fn(CLICK_S, sample_rate, |t| {
        (TAU * 1000.0 * t).cos() * (-t / CLICK_S * 1000f64.ln()).exp()
    });
    for &time in times_s {
        let start = (time * f64::from(sample_rate)).round();
        if start < 0.0 || start >= clicks.len() as f64 {
            continue;
        }
        let rest = &mut clicks.samples_mut()[start as usize..];
        for (y, x) in rest.iter_mut().zip(click.samples()) {
            *y += x;
        }
    }
    clicks
}

/// White noise: independent samples, uniform between -1 and 1, the same for the same seed everywhere.
///
/// The generator is SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
///
/// # Panics
/// If the rate is one that [`Signal::new`] refuses.
#[track_caller]
pub fn noise(duration_s: f64, sample_rate: u32, seed: u64) -> Signal {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    // The upper 24 bits fill an f32's mantissa exactly.
    from_fn(duration_s, sample_rate, |_| (next() >> 40) as f64 / f64::from(1u32 << 23) - 1.0)
}

/// Nothing.
///
/// # Panics
/// If the rate is one that [`Signal::new`] refuses.
#[track_caller]
pub fn silence(duration_s: f64, sample_rate: u32) -> Signal {
    from_fn(duration_s, sample_rate, |_| 0.0)
}

/// `x[n] = f(n / sample_rate)`.
#[track_caller]
fn from_fn(duration_s: f64, sample_rate: u32, mut f: impl FnMut(f64) -> f64) -> Signal {
    let rate = f64::from(sample_rate);
    let length = (duration_s * rate).round() as usize;
    Signal::new((0..length).map(|n| f(n as f64 / rate) as f32).collect(), sample_rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sine_has_two_zeros_a_period() {
        let x = sine(100.0, 1.0, 8000);
        let crossings = x.samples().windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
        assert_eq!(x.len(), 8000);
        assert_eq!(crossings, 99, "one upward crossing a period; the first lies before the start");
    }

    #[test]
    fn a_chirp_ends_at_its_end_frequency() {
        let x = chirp(100.0, 1000.0, 1.0, 48_000);
        let upward =
            |part: &Signal| part.samples().windows(2).filter(|w| w[0] < 0.0 && w[1] >= 0.0).count();
        // Mean frequencies of the first and last tenth: 145 Hz and 955 Hz.
        assert!(upward(&x.slice_s(0.0, 0.1)).abs_diff(14) <= 1);
        assert!(upward(&x.slice_s(0.9, 1.0)).abs_diff(95) <= 1);
    }

    #[test]
    fn clicks_begin_where_they_should() {
        let x = click_train(&[0.1, 0.5, -1.0, 9.0], 0.6, 10_000);
        assert_eq!(x.samples()[999], 0.0);
        assert_eq!(x.samples()[1000], 1.0);
        assert_eq!(x.samples()[1300], 0.0);
        assert_eq!(x.samples()[5000], 1.0);
        assert_eq!(x.samples().iter().filter(|&&v| v == 1.0).count(), 2);
    }

    #[test]
    #[should_panic(expected = "sample rate")]
    fn a_rate_of_zero_is_a_bug() {
        silence(1.0, 0);
    }

    #[test]
    fn noise_is_white_bounded_and_repeatable() {
        let x = noise(1.0, 50_000, 7);
        assert_eq!(x, noise(1.0, 50_000, 7));
        assert_ne!(x, noise(1.0, 50_000, 8));
        assert!(x.samples().iter().all(|v| (-1.0..1.0).contains(v)));
        // Mean 0 with deviation 1/sqrt(3 n), power 1/3, neighbours uncorrelated: four deviations each.
        let n = x.len() as f64;
        let mean = x.samples().iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let power = x.samples().iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / n;
        let lag = x.samples().windows(2).map(|w| f64::from(w[0] * w[1])).sum::<f64>() / n;
        assert!(mean.abs() < 4.0 / (3.0 * n).sqrt());
        assert!((power - 1.0 / 3.0).abs() < 4.0 * (4.0 / 45.0 / n).sqrt());
        assert!(lag.abs() < 4.0 / (3.0 * n.sqrt()));
    }
}
