//! The discrete Fourier transform: how much of each frequency a frame holds.
//!
//! ```text
//! X[k] = sum over n of x[n] exp(-2 pi i k n / N),      n, k = 0 ... N - 1
//! ```
//!
//! Bin k is the frequency k * sample_rate / N. For real x the upper half repeats the lower, `X[N - k] = conj(X[k])`, so only the bins
//! 0 ... floor(N / 2) are kept. Nothing is normalised: a sine of amplitude 1 in the middle of a bin gives `|X[k]| = N / 2`.
//!
//! [`dft`] is the definition, N^2 / 2 multiplications. [`RealFft`] gives the same numbers in about N log2(N) of them, by realfft and
//! rustfft; lesson 0 shows the idea.

use std::fmt;
use std::sync::Arc;

use realfft::{RealFftPlanner, RealToComplex};
use rustfft::num_complex::Complex;
use rustfft::num_traits::{Float, cast};

/// The definition, for real `x` of any length: `[floor(N / 2) + 1]` bins, none for an empty `x`.
///
/// ```
/// use dlmir_audio::dft;
///
/// let bins = dft(&[1.0, 0.0, -1.0, 0.0]); // one period of a cosine
/// assert!((bins[1].re - 2.0f64).abs() < 1e-12);
/// assert!(bins[0].norm() < 1e-12 && bins[2].norm() < 1e-12);
/// ```
pub fn dft<F: Float>(x: &[F]) -> Vec<Complex<F>> {
    if x.is_empty() {
        return Vec::new();
    }
    // One turn of the unit circle: entry j is exp(-2 pi i j / N).
    let circle: Vec<Complex<F>> = (0..x.len())
        .map(|j| {
            let angle = -std::f64::consts::TAU * j as f64 / x.len() as f64;
            Complex::new(real(angle.cos()), real(angle.sin()))
        })
        .collect();
    let bin = |k: usize| {
        let mut sum = Complex::new(F::zero(), F::zero());
        for (n, &x_n) in x.iter().enumerate() {
            sum = sum + circle[k * n % x.len()] * x_n;
        }
        sum
    };
    (0..=x.len() / 2).map(bin).collect()
}

fn real<F: Float>(value: f64) -> F {
    cast(value).expect("a sine fits into any float")
}

/// A plan for transforms of one length, in double precision; cheap to clone and shared by threads.
#[derive(Clone)]
pub struct RealFft {
    plan: Arc<dyn RealToComplex<f64>>,
}

impl RealFft {
    /// A plan for `length` samples. Powers of two, and products of small primes, are fastest.
    ///
    /// # Panics
    /// If `length` is 0.
    #[track_caller]
    pub fn new(length: usize) -> RealFft {
        assert!(length > 0, "RealFft: zero samples");
        RealFft { plan: RealFftPlanner::new().plan_fft_forward(length) }
    }

    /// Samples in, N.
    pub fn length(&self) -> usize {
        self.plan.len()
    }

    /// Bins out, floor(N / 2) + 1.
    pub fn bins(&self) -> usize {
        self.plan.len() / 2 + 1
    }

    /// The memory a thread needs for [`process`](RealFft::process).
    pub fn scratch(&self) -> Vec<Complex<f64>> {
        self.plan.make_scratch_vec()
    }

    /// Transforms `x`, `[N]`, to `bins`, `[floor(N / 2) + 1]`. `x` holds rubbish afterwards.
    ///
    /// # Panics
    /// If a buffer has another length.
    #[track_caller]
    pub fn process(&self, x: &mut [f64], bins: &mut [Complex<f64>], scratch: &mut [Complex<f64>]) {
        let result = self.plan.process_with_scratch(x, bins, scratch);
        assert!(result.is_ok(), "RealFft of {} samples: {result:?}", self.length());
    }
}

impl fmt::Debug for RealFft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RealFft").field("length", &self.length()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fft(x: &[f64]) -> Vec<Complex<f64>> {
        let plan = RealFft::new(x.len());
        // Rubbish in the buffers must not matter.
        let mut bins = vec![Complex::new(f64::NAN, f64::NAN); plan.bins()];
        let mut scratch = plan.scratch();
        scratch.fill(Complex::new(f64::NAN, f64::NAN));
        plan.process(&mut x.to_vec(), &mut bins, &mut scratch);
        bins
    }

    #[test]
    fn a_cosine_falls_into_its_bin() {
        let x: Vec<f64> =
            (0..64).map(|n| (std::f64::consts::TAU * 5.0 * f64::from(n) / 64.0).cos()).collect();
        for (k, bin) in fft(&x).iter().enumerate() {
            let expected = if k == 5 { 32.0 } else { 0.0 };
            assert!((bin.norm() - expected).abs() < 1e-12, "bin {k}: {bin}");
        }
    }

    #[test]
    fn an_impulse_holds_every_frequency_alike() {
        let mut x = vec![0.0; 12];
        x[0] = 1.0;
        assert!(dft(&x).iter().all(|bin| *bin == Complex::new(1.0f64, 0.0)));
        assert!(dft::<f64>(&[]).is_empty());
    }

    #[test]
    #[should_panic(expected = "RealFft of 8 samples")]
    fn buffers_of_another_length_are_a_bug() {
        let plan = RealFft::new(8);
        plan.process(&mut [0.0; 8], &mut [Complex::default(); 4], &mut plan.scratch());
    }

    proptest! {
        // The definition's rounding errors grow with the number of terms, those of the fast transform with its logarithm: each is
        // at most N times 2^-53 of a sum of at most N.
        #[test]
        fn the_fast_transform_computes_the_definition(
            x in prop::collection::vec(-1.0f64..1.0, 1..200)
        ) {
            let tolerance = 2.0 * (x.len() as f64).powi(2) * 2f64.powi(-53);
            for (a, b) in fft(&x).iter().zip(&dft(&x)) {
                prop_assert!((a - b).norm() <= tolerance, "{} and {}", a, b);
            }
        }
    }
}
