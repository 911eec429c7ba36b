//! The discrete Fourier transform: how much of each frequency a frame holds.
//!
//! ```text
//! X[k] = sum over n of x[n] exp(-2 pi i k n / N),      n, k = 0 ... N - 1
//! ```
//!
//! Bin k is the frequency k * sample_rate / N. For real x the upper half repeats the lower, `X[N - k] = conj(X[k])`, so only the bins
//! 0 ... floor(N / 2) are kept. Nothing is normalised: a sine of amplitude 1 in the middle of a bin gives `|X[k]| = N / 2`.
//!
//! [`dft`] is the definition, N^2 / 2 multiplications. [`RealFft`] gives the same numbers in about N log2(N) of them: rustfft transforms
//! complex numbers, and the step from there to real samples is ours.

mod kernel;

use std::f64::consts::TAU;
use std::fmt;
use std::sync::Arc;

use rustfft::num_complex::{Complex, Complex32};
use rustfft::num_traits::{Float, cast};
use rustfft::{Fft, FftPlanner};

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
            let angle = -TAU * j as f64 / x.len() as f64;
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

/// A plan for transforms of one length N and back, in single precision; cheap to clone and shared by threads.
///
/// For even N, half the work is saved by taking pairs of samples for complex numbers, M = N / 2 of them, `z[n] = x[2n] + i x[2n + 1]`.
/// Of their spectrum Z the even samples' spectrum E and the odd samples' O can be told apart, because both are of real signals:
///
/// ```text
/// E[k] = (Z[k] + conj(Z[M - k])) / 2          i O[k] = (Z[k] - conj(Z[M - k])) / 2
/// X[k] = E[k] + exp(-2 pi i k / N) O[k]       X[M - k] = conj(E[k] - exp(-2 pi i k / N) O[k])
/// ```
///
/// The way back solves these for Z. It is the same formula with the conjugate factors, so one loop serves both (`kernel.rs`).
///
/// Source: Sorensen, Jones, Heideman, Burrus (1987), "Real-valued fast Fourier transform algorithms", IEEE Transactions on Acoustics,
/// Speech, and Signal Processing 35(6).
#[derive(Clone)]
pub struct RealFft {
    length: usize,
    forward: Arc<dyn Fft<f32>>,
    inverse: Arc<dyn Fft<f32>>,
    /// `-i / 2 exp(-2 pi i k / N)` for k = 1 ... floor(M / 2); none where N is odd.
    twiddles: Arc<[Complex32]>,
    conjugate_twiddles: Arc<[Complex32]>,
}

impl RealFft {
    /// A plan for `length` samples. Powers of two, and products of small primes, are fastest.
    ///
    /// # Panics
    /// If `length` is 0.
    #[track_caller]
    pub fn new(length: usize) -> RealFft {
        assert!(length > 0, "RealFft: zero samples");
        let points = if length.is_multiple_of(2) { length / 2 } else { length };
        let mut planner = FftPlanner::new();
        let twiddle = |k: usize| {
            let angle = -TAU * k as f64 / length as f64;
            Complex32::new((0.5 * angle.sin()) as f32, (-0.5 * angle.cos()) as f32)
        };
        let count = if length.is_multiple_of(2) { points / 2 } else { 0 };
        let twiddles: Arc<[Complex32]> = (1..=count).map(twiddle).collect();
        RealFft {
            length,
            forward: planner.plan_fft_forward(points),
            inverse: planner.plan_fft_inverse(points),
            conjugate_twiddles: twiddles.iter().map(Complex32::conj).collect(),
            twiddles,
        }
    }

    /// Samples, N.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Bins, floor(N / 2) + 1.
    pub fn bins(&self) -> usize {
        self.length / 2 + 1
    }

    /// The memory a thread needs for [`forward`](RealFft::forward) and [`inverse`](RealFft::inverse).
    pub fn scratch(&self) -> Vec<Complex32> {
        let work =
            self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len());
        vec![Complex32::default(); self.forward.len() + work]
    }

    /// From samples `x`, `[N]`, to `bins`, `[floor(N / 2) + 1]`.
    ///
    /// # Panics
    /// If a buffer has another length.
    #[track_caller]
    pub fn forward(&self, x: &[f32], bins: &mut [Complex32], scratch: &mut [Complex32]) {
        self.check(x.len(), bins.len());
        if self.length.is_multiple_of(2) {
            for (z, &[even, odd]) in bins.iter_mut().zip(x.as_chunks::<2>().0) {
                *z = Complex32::new(even, odd);
            }
            self.transform_pairs(bins, scratch);
        } else {
            for (z, &x) in scratch.iter_mut().zip(x) {
                *z = Complex32::new(x, 0.0);
            }
            self.transform_samples(bins, scratch);
        }
    }

    /// [`forward`](RealFft::forward) of the products of `x` and `window`, both `[N]`.
    #[track_caller]
    pub(crate) fn forward_windowed(
        &self,
        x: &[f32],
        window: &[f32],
        bins: &mut [Complex32],
        scratch: &mut [Complex32],
    ) {
        self.check(x.len(), bins.len());
        self.check(window.len(), bins.len());
        if self.length.is_multiple_of(2) {
            kernel::windowed_pairs(x, window, &mut bins[..self.length / 2]);
            self.transform_pairs(bins, scratch);
        } else {
            for (z, (&x, &w)) in scratch.iter_mut().zip(x.iter().zip(window)) {
                *z = Complex32::new(x * w, 0.0);
            }
            self.transform_samples(bins, scratch);
        }
    }

    /// From pairs of samples in the first M of `bins`, where they are transformed and told apart: no other memory is touched but the work
    /// space of the transform.
    fn transform_pairs(&self, bins: &mut [Complex32], scratch: &mut [Complex32]) {
        let m = self.forward.len();
        self.forward.process_with_scratch(&mut bins[..m], &mut scratch[m..]);
        let first = bins[0];
        bins[0] = Complex32::new(first.re + first.im, 0.0);
        bins[m] = Complex32::new(first.re - first.im, 0.0);
        kernel::recombine(&mut bins[1..m], &self.twiddles);
    }

    /// From samples, one by one in the first part of `scratch`: for odd N.
    fn transform_samples(&self, bins: &mut [Complex32], scratch: &mut [Complex32]) {
        let (z, work) = scratch.split_at_mut(self.forward.len());
        self.forward.process_with_scratch(z, work);
        bins.copy_from_slice(&z[..bins.len()]);
    }

    /// From `bins`, `[floor(N / 2) + 1]`, to samples `x`, `[N]`: the inverse of [`forward`](RealFft::forward), 1 / N included. What cannot
    /// be of a real signal, the imaginary parts of the first bin and (where N is even) of the last, is taken for zero.
    ///
    /// # Panics
    /// If a buffer has another length.
    #[track_caller]
    pub fn inverse(&self, bins: &[Complex32], x: &mut [f32], scratch: &mut [Complex32]) {
        self.check(x.len(), bins.len());
        let (z, work) = scratch.split_at_mut(self.forward.len());
        let scale = 1.0 / z.len() as f32;
        if !self.length.is_multiple_of(2) {
            z[0] = Complex32::new(bins[0].re, 0.0);
            let (low, high) = z[1..].split_at_mut(bins.len() - 1);
            low.copy_from_slice(&bins[1..]);
            for (z, bin) in high.iter_mut().rev().zip(&bins[1..]) {
                *z = bin.conj();
            }
            self.inverse.process_with_scratch(z, work);
            for (x, z) in x.iter_mut().zip(z.iter()) {
                *x = z.re * scale;
            }
            return;
        }
        let m = z.len();
        z[0] = Complex32::new(bins[0].re + bins[m].re, bins[0].re - bins[m].re) * 0.5;
        z[1..].copy_from_slice(&bins[1..m]);
        kernel::recombine(&mut z[1..], &self.conjugate_twiddles);
        self.inverse.process_with_scratch(z, work);
        for ([even, odd], z) in x.as_chunks_mut::<2>().0.iter_mut().zip(z.iter()) {
            (*even, *odd) = (z.re * scale, z.im * scale);
        }
    }

    #[track_caller]
    fn check(&self, samples: usize, bins: usize) {
        assert!(
            (samples, bins) == (self.length, self.bins()),
            "RealFft of {} samples and {} bins: given {samples} samples and {bins} bins",
            self.length,
            self.bins()
        );
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

    /// Through the plan and back; rubbish in the buffers must not matter.
    fn there_and_back(x: &[f32]) -> (Vec<Complex32>, Vec<f32>) {
        let plan = RealFft::new(x.len());
        let nan = Complex32::new(f32::NAN, f32::NAN);
        let (mut bins, mut scratch) = (vec![nan; plan.bins()], plan.scratch());
        scratch.fill(nan);
        plan.forward(x, &mut bins, &mut scratch);
        scratch.fill(nan);
        let mut back = vec![f32::NAN; x.len()];
        plan.inverse(&bins, &mut back, &mut scratch);
        (bins, back)
    }

    #[test]
    fn a_cosine_falls_into_its_bin() {
        let x: Vec<f32> = (0..64).map(|n| (TAU * 5.0 * f64::from(n) / 64.0).cos() as f32).collect();
        for (k, bin) in there_and_back(&x).0.iter().enumerate() {
            let expected = if k == 5 { 32.0 } else { 0.0 };
            assert!((bin.norm() - expected).abs() < 1e-5, "bin {k}: {bin}");
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
    fn what_no_real_signal_has_is_taken_for_zero() {
        for n in [1, 2, 5, 8] {
            let plan = RealFft::new(n);
            let mut bins = vec![Complex32::default(); plan.bins()];
            bins[0].im = 1.0;
            if n % 2 == 0 {
                bins[n / 2].im = 1.0;
            }
            let mut x = vec![f32::NAN; n];
            plan.inverse(&bins, &mut x, &mut plan.scratch());
            assert!(x.iter().all(|&v| v == 0.0), "{n}: {x:?}");
        }
    }

    #[test]
    #[should_panic(expected = "RealFft of 8 samples and 5 bins: given 8 samples and 4 bins")]
    fn buffers_of_another_length_are_a_bug() {
        let plan = RealFft::new(8);
        plan.forward(&[0.0; 8], &mut [Complex32::default(); 4], &mut plan.scratch());
    }

    proptest! {
        // Each of the log2(N) stages (and as many again for lengths with large prime factors) rounds numbers of the size of the whole
        // spectrum: its root mean square over all bins is at most sqrt(N) for samples up to 1, and no single error should be five
        // times the usual one.
        #[test]
        fn the_fast_transform_computes_the_definition_and_its_inverse(
            x in prop::collection::vec(-1.0f32..1.0, 1..400)
        ) {
            let n = x.len() as f32;
            let tolerance = 2f32.powi(-24) * 5.0 * (2.0 * n.log2() + 3.0) * n.sqrt();
            let exact: Vec<f64> = x.iter().copied().map(f64::from).collect();
            let (bins, back) = there_and_back(&x);
            for (a, b) in bins.iter().zip(&dft(&exact)) {
                let b = Complex32::new(b.re as f32, b.im as f32);
                prop_assert!((a - b).norm() <= tolerance, "{} and {}", a, b);
            }
            for (a, b) in back.iter().zip(&x) {
                prop_assert!((a - b).abs() <= tolerance, "{} and {}", a, b);
            }
        }
    }
}
