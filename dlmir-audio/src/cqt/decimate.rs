//! Half the sample rate: a low-pass filter, then every second sample.
//!
//! ```text
//! y[n] = sqrt(2) sum over j of h[j] x[2 n - j]        h[j] = sin(w j) / (pi j) v[j],  j = -J ... J
//! ```
//!
//! The edge w lies in the middle between 0.913 of the new Nyquist frequency and that frequency itself, v is a Kaiser window: up to the
//! first the level is right within 1e-5, from the second on nothing is left above -100 dB. These are the figures of the filter that others
//! use (soxr at its setting HQ), and the filters of an octave see the difference. The factor sqrt(2) keeps the energy of a frame, as
//! librosa's recursion does.
//!
//! So steep an edge takes 2 J + 1 = 361 taps, too many to add up one by one (that is the test's reference). Blocks of N samples are
//! filtered by a product of spectra instead (overlap-save), and every second sample is taken before the way back, where it costs nothing:
//! with Y = H X,
//!
//! ```text
//! spectrum of the even samples [k] = (Y[k] + Y[k + N / 2]) / 2 = (Y[k] + conj(Y[N / 2 - k])) / 2        k = 0 ... N / 4
//! ```
//!
//! The product wraps around at the ends of a block, so J samples at either side are thrown away and the blocks overlap by 2 J.

use std::f64::consts::{PI, SQRT_2};

use rayon::prelude::*;
use rustfft::num_complex::Complex32;

use crate::fft::RealFft;

/// Taps at either side of the middle; even.
const REACH: usize = 180;

/// Samples in a block.
const BLOCK: usize = 4096;

/// Samples that a block yields.
const YIELD: usize = (BLOCK - 2 * REACH) / 2;

/// The planned filter.
#[derive(Clone, Debug)]
pub(super) struct Halver {
    forward: RealFft,
    inverse: RealFft,
    /// H, real because h is even, times sqrt(2) / 2: `[BLOCK / 2 + 1]`.
    response: Vec<f32>,
}

impl Halver {
    pub fn new() -> Halver {
        let forward = RealFft::new(BLOCK);
        let mut circle = vec![0.0f32; BLOCK];
        for (j, tap) in taps().into_iter().enumerate() {
            circle[j] = tap as f32;
            circle[(BLOCK - j) % BLOCK] = tap as f32;
        }
        let mut spectrum = vec![Complex32::default(); forward.bins()];
        forward.forward(&circle, &mut spectrum, &mut forward.scratch());
        let response = spectrum.iter().map(|h| h.re * (SQRT_2 / 2.0) as f32).collect();
        Halver { forward, inverse: RealFft::new(BLOCK / 2), response }
    }

    /// `x`, `[n]`, at half its rate, `[ceil(n / 2)]`; silence is assumed around it.
    pub fn halve(&self, x: &[f32]) -> Vec<f32> {
        let mut y = vec![0.0f32; x.len().div_ceil(2)];
        let prepare = || Buffers {
            block: vec![0.0; BLOCK],
            spectrum: vec![Complex32::default(); self.forward.bins()],
            scratch: self.forward.scratch(),
            half_spectrum: vec![Complex32::default(); self.inverse.bins()],
            half_scratch: self.inverse.scratch(),
        };
        let task = |buffers: &mut Buffers, (b, y): (usize, &mut [f32])| {
            self.block(x, 2 * b * YIELD, buffers, y);
        };
        if y.len() <= YIELD {
            y.chunks_mut(YIELD).enumerate().for_each(|block| task(&mut prepare(), block));
        } else {
            y.par_chunks_mut(YIELD).enumerate().for_each_init(prepare, task);
        }
        y
    }

    /// The outputs `y` of which the first belongs to sample `first` of `x`.
    fn block(&self, x: &[f32], first: usize, buffers: &mut Buffers, y: &mut [f32]) {
        let Buffers { block, spectrum, scratch, half_spectrum, half_scratch } = buffers;
        // Sample i of the block is x[first - REACH + i].
        let missing = REACH.saturating_sub(first);
        let available = &x[first.saturating_sub(REACH)..];
        let count = available.len().min(BLOCK - missing);
        block[..missing].fill(0.0);
        block[missing..missing + count].copy_from_slice(&available[..count]);
        block[missing + count..].fill(0.0);

        self.forward.forward(block, spectrum, scratch);
        for (value, h) in spectrum.iter_mut().zip(&self.response) {
            *value *= h;
        }
        let mirrored = spectrum.iter().rev();
        for ((even, value), mirror) in half_spectrum.iter_mut().zip(spectrum.iter()).zip(mirrored) {
            *even = value + mirror.conj();
        }
        let even = &mut block[..BLOCK / 2];
        self.inverse.inverse(half_spectrum, even, half_scratch);
        y.iter_mut().zip(&even[REACH / 2..]).for_each(|(y, value)| *y = *value);
    }
}

/// What one task needs.
struct Buffers {
    block: Vec<f32>,
    spectrum: Vec<Complex32>,
    scratch: Vec<Complex32>,
    half_spectrum: Vec<Complex32>,
    half_scratch: Vec<Complex32>,
}

/// The filter h from its middle on, `[REACH + 1]`.
fn taps() -> Vec<f64> {
    // Kaiser's formula for 110 dB.
    let beta = 0.1102 * (110.0 - 8.7);
    let edge = PI / 2.0 * (0.913 + 1.0) / 2.0;
    let tap = |j: usize| {
        let t = j as f64;
        let window = bessel_i0(beta * (1.0 - (t / (REACH + 1) as f64).powi(2)).sqrt());
        let ideal = if j == 0 { edge / PI } else { (edge * t).sin() / (PI * t) };
        ideal * window / bessel_i0(beta)
    };
    (0..=REACH).map(tap).collect()
}

/// The modified Bessel function of the first kind and order 0, by its series.
fn bessel_i0(x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..60 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The filter's gain at a frequency in units of the new Nyquist frequency.
    fn gain(frequency: f64) -> f64 {
        let cosine = |(j, tap): (usize, &f64)| 2.0 * tap * (PI / 2.0 * frequency * j as f64).cos();
        let taps = taps();
        taps.iter().enumerate().map(cosine).sum::<f64>() - taps[0]
    }

    #[test]
    fn the_pass_band_is_flat_and_the_stop_band_silent() {
        for i in 0..=1000 {
            let (low, high) = (0.913 * f64::from(i) / 1000.0, 1.0 + f64::from(i) / 1000.0);
            assert!((gain(low) - 1.0).abs() < 1e-5, "{low}: {}", gain(low));
            assert!(gain(high).abs() < 1e-5, "{high}: {}", gain(high));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        // The definition, tap by tap. Transforms of 4096 samples of at most 1 are off by some roundings of their sum's size.
        #[test]
        fn blocks_of_spectra_compute_the_definition(
            x in prop::collection::vec(-1.0f32..1.0, 0..5000)
        ) {
            let h = taps();
            let y = Halver::new().halve(&x);
            prop_assert_eq!(y.len(), x.len().div_ceil(2));
            for (n, &y) in y.iter().enumerate() {
                let near = (2 * n).saturating_sub(REACH)..(2 * n + REACH + 1).min(x.len());
                let sum: f64 = near.map(|i| h[i.abs_diff(2 * n)] * f64::from(x[i])).sum();
                prop_assert!((f64::from(y) - SQRT_2 * sum).abs() < 4e-6, "{} {}", y, sum);
            }
        }
    }
}
