//! Mixup: examples between the examples.
//!
//! ```text
//! x = l x1 + (1 - l) x2        y = l y1 + (1 - l) y2        l ~ Beta(alpha, alpha)
//! ```
//!
//! x are pictures or sounds, y their labels, one-hot or several-hot. A small alpha (0.2) leaves most mixtures close to one of both, alpha =
//! 1 makes every share equally likely. Random numbers are given by the caller, so that they can be a function of (seed, epoch, item).
//!
//! Beta is drawn as Joehnk did: of two uniform numbers, with a = u^(1/alpha) and b = v^(1/alpha), l = a / (a + b) if a + b <= 1, else two
//! more.
//!
//! Sources: Zhang, Cisse, Dauphin, Lopez-Paz (2018), "mixup: beyond empirical risk minimization", ICLR, equation 1; Joehnk (1964),
//! "Erzeugung von betaverteilten und gammaverteilten Zufallszahlen", Metrika 8.

use crate::AudioError;

/// The share l of the first example, 0 to 1: a number distributed as Beta(alpha, alpha). `uniform` gives random numbers, 0 <= u < 1, two at
/// a time.
///
/// # Errors
/// [`AudioError::Setting`] if `alpha` is not above 0 and at most 4 (the paper has 0.1 to 0.4).
pub fn mixup_share(alpha: f32, mut uniform: impl FnMut() -> f32) -> Result<f32, AudioError> {
    if !(alpha > 0.0 && alpha <= 4.0) {
        return Err(AudioError::setting("alpha", alpha, "it must be above 0 and at most 4"));
    }
    // A pair fits with a probability of 1/70 for alpha = 4, and more for less. That 10000 in a row don't will not be seen; then it is a half.
    for _ in 0..10_000 {
        // 1 - u is never 0. Logarithms, because u^(1/alpha) can be smaller than any number.
        let (log_a, log_b) = (log_power(uniform(), alpha), log_power(uniform(), alpha));
        let largest = log_a.max(log_b);
        let (a, b) = ((log_a - largest).exp(), (log_b - largest).exp());
        if largest + (a + b).ln() <= 0.0 {
            return Ok((a / (a + b)) as f32);
        }
    }
    Ok(0.5)
}

fn log_power(u: f32, alpha: f32) -> f64 {
    (1.0 - f64::from(u)).ln() / f64::from(alpha)
}

/// `share` of `first`, and the rest of `second`, to `first`: for features and, with the same share, for labels.
///
/// ```
/// let (mut sound, mut label) = ([1.0, 2.0], [1.0, 0.0]);
/// dlmir_audio::mixup(&mut sound, &[3.0, 2.0], 0.75);
/// dlmir_audio::mixup(&mut label, &[0.0, 1.0], 0.75);
/// assert_eq!((sound, label), ([1.5, 2.0], [0.75, 0.25]));
/// ```
///
/// # Panics
/// If the lengths differ, or `share` is not 0 to 1.
#[track_caller]
pub fn mixup(first: &mut [f32], second: &[f32], share: f32) {
    assert_eq!(first.len(), second.len(), "mixup: values of both examples");
    assert!((0.0..=1.0).contains(&share), "mixup: a share of {share}");
    for (x, y) in first.iter_mut().zip(second) {
        *x = share * *x + (1.0 - share) * y;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth;

    /// Beta(a, a) has the mean 1/2 and the variance 1 / (4 (2 a + 1)).
    #[test]
    fn shares_have_the_moments_of_beta() {
        // Noise is uniform in -1 ... 1.
        let noise = synth::noise(8.0, 44_100, 7);
        for alpha in [0.1f32, 0.2, 0.4, 1.0, 2.0] {
            let mut numbers =
                noise.samples().iter().map(|v| (0.5 * (v + 1.0)).clamp(0.0, 0.999_999));
            let mut draw =
                || mixup_share(alpha, || numbers.next().expect("enough")).expect("valid");
            let shares: Vec<f64> = (0..20_000).map(|_| f64::from(draw())).collect();
            let mean = shares.iter().sum::<f64>() / 20_000.0;
            let variance = shares.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / 20_000.0;
            let expected = 0.25 / (2.0 * f64::from(alpha) + 1.0);
            // Five standard errors of a mean of 20000 numbers in 0 ... 1.
            assert!((mean - 0.5).abs() < 0.018, "{alpha}: mean {mean}");
            assert!((variance - expected).abs() < 0.008, "{alpha}: {variance}, not {expected}");
        }
    }

    #[test]
    fn every_setting_has_its_range() {
        for alpha in [0.0, -1.0, f32::NAN, 4.5] {
            assert!(mixup_share(alpha, || 0.5).is_err(), "{alpha}");
        }
        // Numbers that never fit end in a half.
        assert_eq!(mixup_share(1.0, || 0.0).expect("valid"), 0.5);
    }

    #[test]
    #[should_panic(expected = "mixup: values of both examples")]
    fn examples_of_different_size_are_a_bug() {
        mixup(&mut [0.0], &[0.0, 1.0], 0.5);
    }
}
