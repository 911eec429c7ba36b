//! Mel-frequency cepstral coefficients: the outline of a spectrum in a few numbers, and how they move.
//!
//! The cosine transform (DCT-II, orthonormal) of a log-mel spectrum x, B bands, keeps the slow changes along the bands, which are timbre,
//! in its first coefficients; the fine structure, which is pitch, is in the higher ones and is left out:
//!
//! ```text
//! c[i] = s[i] sum over b of x[b] cos(pi i (b + 1/2) / B)        s[0] = sqrt(1 / B), s[i] = sqrt(2 / B);   i = 0 ... n_mfcc - 1
//! ```
//!
//! Higher coefficients are smaller; a lifter L > 0 lifts them: `c[i]` is multiplied by 1 + L / 2 sin(pi (i + 1) / L).
//!
//! [`delta`] is how fast each coefficient changes: the derivative, at the middle of `width` frames, of the polynomial that fits them best
//! (Savitzky, Golay). With the polynomial p_n orthogonal to all of lower degree on the frames -h ... h, leading coefficient 1,
//!
//! ```text
//! d[t] = n! sum over j of p_n(j) x[t + j] / sum over j of p_n(j)^2        n the order; n = 1: sum of j x[t + j] / sum of j^2
//! ```
//!
//! The n-th derivative of a polynomial of degree n is the same everywhere, so the first and last h frames take the value of the first and
//! last full window.
//!
//! Sources: Davis, Mermelstein (1980), "Comparison of parametric representations for monosyllabic word recognition in continuously spoken
//! sentences", IEEE Transactions on Acoustics, Speech, and Signal Processing 28(4); Savitzky, Golay (1964), "Smoothing and differentiation
//! of data by simplified least squares procedures", Analytical Chemistry 36(8); conventions of librosa's `feature.mfcc` and `feature.delta`
//! (0.11).

use std::f64::consts::PI;

use ndarray::{Array2, s};

use crate::{AudioError, columns};

/// Settings of the coefficients. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MfccConfig {
    /// Number of coefficients, at least 1 and at most as many as there are bands. 20.
    pub n_mfcc: usize,
    /// The lifter, at least 0; 0: none. 22 is usual with speech.
    pub lifter: f64,
}

impl Default for MfccConfig {
    fn default() -> MfccConfig {
        MfccConfig { n_mfcc: 20, lifter: 0.0 }
    }
}

/// A planned cosine transform for log-mel spectra of a number of bands.
#[derive(Clone, Debug)]
pub struct Mfcc {
    n_mfcc: usize,
    n_mels: usize,
    /// What each band adds to each coefficient, `[n_mels, n_mfcc]`.
    weights: Vec<f32>,
}

impl Mfcc {
    /// Plans it for `n_mels` bands.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(n_mels: usize, config: &MfccConfig) -> Result<Mfcc, AudioError> {
        let MfccConfig { n_mfcc, lifter } = *config;
        if !(1..=n_mels).contains(&n_mfcc) {
            let rule = format!("it must be 1 to the number of bands, {n_mels}");
            return Err(AudioError::setting("n_mfcc", n_mfcc, rule));
        }
        if !(lifter >= 0.0 && lifter.is_finite()) {
            return Err(AudioError::setting("lifter", lifter, "it must be at least 0"));
        }
        let bands = n_mels as f64;
        let mut weights = Vec::with_capacity(n_mels * n_mfcc);
        for b in 0..n_mels {
            for i in 0..n_mfcc {
                let norm = if i == 0 { 1.0 / bands } else { 2.0 / bands }.sqrt();
                let cosine = (PI * i as f64 * (b as f64 + 0.5) / bands).cos();
                let lift = match lifter {
                    0.0 => 1.0,
                    l => 1.0 + l / 2.0 * (PI * (i + 1) as f64 / l).sin(),
                };
                weights.push((norm * cosine * lift) as f32);
            }
        }
        Ok(Mfcc { n_mfcc, n_mels, weights })
    }

    /// The coefficients, `[n_mfcc]`, of one frame of log-mel values, `[n_mels]`.
    ///
    /// # Panics
    /// If a slice has another length.
    #[track_caller]
    pub fn apply(&self, log_mel: &[f32], mfcc: &mut [f32]) {
        assert_eq!(log_mel.len(), self.n_mels, "mfcc: number of bands");
        assert_eq!(mfcc.len(), self.n_mfcc, "mfcc: number of coefficients");
        mfcc.fill(0.0);
        for (x, weights) in log_mel.iter().zip(self.weights.chunks_exact(self.n_mfcc)) {
            for (c, w) in mfcc.iter_mut().zip(weights) {
                *c += w * x;
            }
        }
    }

    /// The coefficients of every frame, `[n_mfcc, frames]`, of a log-mel spectrogram, `[n_mels, frames]`.
    ///
    /// # Panics
    /// If there is another number of bands.
    #[track_caller]
    pub fn compute(&self, log_mel: &Array2<f32>) -> Array2<f32> {
        assert_eq!(log_mel.nrows(), self.n_mels, "mfcc: number of bands");
        columns::map(log_mel.view(), self.n_mfcc, |frame, mfcc| self.apply(frame, mfcc))
    }
}

/// The coefficients of a log-mel spectrogram, `[n_mels, frames]`: `[n_mfcc, frames]`.
///
/// ```
/// use dlmir_audio::{LogMel, LogMelConfig, MfccConfig, mfcc, synth};
///
/// let log_mel = LogMel::new(LogMelConfig::new(22_050))?.compute(&synth::noise(1.0, 22_050, 1));
/// let coefficients = mfcc(&log_mel, &MfccConfig::default())?;
/// assert_eq!(coefficients.dim(), (20, 44));
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn mfcc(log_mel: &Array2<f32>, config: &MfccConfig) -> Result<Array2<f32>, AudioError> {
    Ok(Mfcc::new(log_mel.nrows(), config)?.compute(log_mel))
}

/// The change of each row over time, per frame: `[rows, frames]`, as `x`.
///
/// `width` frames (usually 9: 209 ms at a hop of 512 and 22.05 kHz) are fitted by a polynomial of degree `order`, of which the derivative
/// of that order is taken: 1 is speed, 2 acceleration.
///
/// ```
/// use dlmir_audio::delta;
/// use ndarray::Array2;
///
/// let ramp = Array2::from_shape_fn((1, 20), |(_, t)| 3.0 * t as f32);
/// assert!(delta(&ramp, 9, 1)?.iter().all(|d| (d - 3.0).abs() < 1e-5));
/// assert!(delta(&ramp, 9, 2)?.iter().all(|d| d.abs() < 1e-5));
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] if `width` is even, below 3 or larger than the number of frames, or `order` is not 1 to `width` - 1.
pub fn delta(x: &Array2<f32>, width: usize, order: usize) -> Result<Array2<f32>, AudioError> {
    if width < 3 || width.is_multiple_of(2) {
        return Err(AudioError::setting("width", width, "it must be odd and at least 3"));
    }
    if width > x.ncols() {
        let rule = format!("it must be at most the number of frames, {}", x.ncols());
        return Err(AudioError::setting("width", width, rule));
    }
    if !(1..width).contains(&order) {
        let rule = format!("it must be 1 to {}, the width less 1", width - 1);
        return Err(AudioError::setting("order", order, rule));
    }
    let weights = delta_weights(width, order);
    let mut out = Array2::zeros(x.dim());
    let (half, frames) = (width / 2, x.ncols());
    let mut row_values = vec![0.0; frames];
    for (row, mut out) in x.rows().into_iter().zip(out.rows_mut()) {
        row_values.iter_mut().zip(row).for_each(|(y, x)| *y = f64::from(*x));
        for (window, d) in row_values.windows(width).zip(out.slice_mut(s![half..]).iter_mut()) {
            *d = window.iter().zip(&weights).map(|(x, w)| x * w).sum::<f64>() as f32;
        }
        let (first, last) = (out[half], out[frames - 1 - half]);
        out.slice_mut(s![..half]).fill(first);
        out.slice_mut(s![frames - half..]).fill(last);
    }
    Ok(out)
}

/// `n! p_n(j) / sum of p_n^2` for j = -h ... h.
fn delta_weights(width: usize, order: usize) -> Vec<f64> {
    let half = (width / 2) as f64;
    let x: Vec<f64> = (0..width).map(|j| j as f64 - half).collect();
    let product = |p: &[f64], q: &[f64]| p.iter().zip(q).map(|(p, q)| p * q).sum::<f64>();
    // Orthogonal polynomials on symmetric points: p_0 = 1, p_(n+1)(x) = x p_n(x) - b p_(n-1)(x), b = <p_n, p_n> / <p_(n-1), p_(n-1)>.
    let mut before = vec![0.0; width];
    let mut p = vec![1.0; width];
    let mut factorial = 1.0;
    for n in 1..=order {
        let norm = product(&before, &before);
        let b = if norm == 0.0 { 0.0 } else { product(&p, &p) / norm };
        let next = (0..width).map(|j| x[j] * p[j] - b * before[j]).collect();
        before = std::mem::replace(&mut p, next);
        factorial *= n as f64;
    }
    let norm = product(&p, &p);
    p.iter().map(|v| factorial * v / norm).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::array;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_flat_spectrum_has_one_coefficient() {
        let c = mfcc(&array![[2.0], [2.0], [2.0], [2.0]], &MfccConfig { n_mfcc: 4, lifter: 0.0 });
        let c = c.expect("valid");
        assert!((c[[0, 0]] - 4.0).abs() < 1e-6); // 2 sqrt(4)
        assert!(c.iter().skip(1).all(|v| v.abs() < 1e-6));
    }

    #[test]
    fn weights_of_the_literature() {
        // Savitzky and Golay's tables for five points: -2 -1 0 1 2 over 10, and 2 -1 -2 -1 2 over 7.
        let close = |weights: Vec<f64>, table: [f64; 5], by: f64| {
            weights.iter().zip(table).all(|(w, t)| (w - t / by).abs() < 1e-12)
        };
        assert!(close(delta_weights(5, 1), [-2.0, -1.0, 0.0, 1.0, 2.0], 10.0));
        assert!(close(delta_weights(5, 2), [2.0, -1.0, -2.0, -1.0, 2.0], 7.0));
    }

    #[test]
    fn every_setting_has_its_range() {
        let x = Array2::zeros((4, 9));
        let field = |result: Result<Array2<f32>, AudioError>| match result {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(mfcc(&x, &MfccConfig { n_mfcc: 0, lifter: 0.0 })), "n_mfcc");
        assert_eq!(field(mfcc(&x, &MfccConfig { n_mfcc: 5, lifter: 0.0 })), "n_mfcc");
        assert_eq!(field(mfcc(&x, &MfccConfig { n_mfcc: 4, lifter: -1.0 })), "lifter");
        assert_eq!(field(delta(&x, 4, 1)), "width");
        assert_eq!(field(delta(&x, 11, 1)), "width");
        assert_eq!(field(delta(&x, 3, 0)), "order");
        assert_eq!(field(delta(&x, 3, 3)), "order");
        assert!(delta(&x, 9, 2).is_ok());
    }

    proptest! {
        // An orthonormal transform keeps the length of every vector.
        #[test]
        fn all_coefficients_together_keep_the_energy(
            x in prop::collection::vec(-80.0f32..20.0, 1..60)
        ) {
            let n = x.len();
            let bands = Array2::from_shape_vec((n, 1), x.clone()).expect("a column");
            let c = mfcc(&bands, &MfccConfig { n_mfcc: n, lifter: 0.0 }).expect("valid");
            let energy = |v: &mut dyn Iterator<Item = f32>| v.map(|v| f64::from(v).powi(2)).sum::<f64>();
            let (a, b) = (energy(&mut x.iter().copied()), energy(&mut c.iter().copied()));
            prop_assert!((a - b).abs() <= 1e-5 * a + 1e-6, "{} and {}", a, b);
        }

        // A polynomial of the order's degree is fitted exactly.
        #[test]
        fn the_derivative_of_a_polynomial_is_its_own(
            order in 1usize..4, half in 2usize..6, slope in -3i32..4
        ) {
            let power = |t: usize| (t as f64 / 10.0).powi(order as i32) * f64::from(slope);
            let x = Array2::from_shape_fn((2, 25), |(_, t)| power(t) as f32);
            let factorial: f64 = (1..=order).map(|n| n as f64 / 10.0).product();
            for d in delta(&x, 2 * half + 1, order).expect("valid") {
                prop_assert!((f64::from(d) - factorial * f64::from(slope)).abs() < 1e-4);
            }
        }
    }
}
