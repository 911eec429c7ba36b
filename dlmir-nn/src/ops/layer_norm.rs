//! Layer normalisation: each row is brought to mean 0 and deviation 1, then scaled and shifted.
//!
//! ```text
//! y[n, c] = gamma[c] h[n, c] + beta[c],    h[n, c] = (x[n, c] - mean_n) / sqrt(variance_n + epsilon)
//! ```
//!
//! ```text
//! x, y: [..., channels], all axes but the last are rows n     gamma, beta: [channels]
//! ```
//!
//! with the mean and the biased variance of the row's own C numbers, so that training and use are the same.
//! With g = dL/dy:
//!
//! ```text
//! dL/dgamma[c] = sum over n of g[n, c] h[n, c],     dL/dbeta[c] = sum over n of g[n, c]
//! dL/dx[n, c]  = (u[n, c] - 1/C sum over k of u[n, k] - h[n, c] 1/C sum over k of u[n, k] h[n, k])
//!                / sqrt(variance_n + epsilon),      u[n, c] = gamma[c] g[n, c]
//! ```
//!
//! The sums over n are taken over eight fixed ranges of samples (axis 0 of x; a sample of
//! `[batch, time, channels]` has `time` rows), which are added as a binary tree; see [`crate::parallel`].
//!
//! PyTorch's epsilon is 1e-5, Keras's 1e-3. Ba, Kiros, Hinton (2016), arXiv:1607.06450, section 3.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::reduce::{add_columns, sum_row};
use crate::parallel::{
    SAMPLE_CHUNKS, for_each_chunk, for_each_chunk2, for_each_chunk3, sample_ranges, tree_sum,
};
use crate::pool::Pool;
use crate::shape::Show;
use crate::simd::{self, Kernel};
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: `x` `[rows, channels]` row by row.
pub fn reference<F: Float>(x: &[F], gamma: &[F], beta: &[F], epsilon: F) -> Vec<F> {
    let rows = x.chunks(gamma.len().max(1));
    let y = |row| {
        let (h, _) = reference_row(row, epsilon);
        (0..row.len()).map(|c| gamma[c] * h[c] + beta[c]).collect::<Vec<_>>()
    };
    rows.flat_map(y).collect()
}

/// h and 1 / sqrt(variance + epsilon) of one row.
fn reference_row<F: Float>(x: &[F], epsilon: F) -> (Vec<F>, F) {
    let count = x.iter().fold(F::zero(), |n, _| n + F::one());
    let mean = x.iter().fold(F::zero(), |sum, &x| sum + x) / count;
    let variance = x.iter().fold(F::zero(), |sum, &x| sum + (x - mean).powi(2)) / count;
    let factor = F::one() / (variance + epsilon).sqrt();
    (x.iter().map(|&x| (x - mean) * factor).collect(), factor)
}

/// The gradients of the definition for g = dL/dy: (dL/dx, dL/dgamma, dL/dbeta).
pub fn reference_grad<F: Float>(x: &[F], gamma: &[F], g: &[F], epsilon: F) -> [Vec<F>; 3] {
    let channels = gamma.len();
    let count = gamma.iter().fold(F::zero(), |n, _| n + F::one());
    let mut grads = [Vec::new(), vec![F::zero(); channels], vec![F::zero(); channels]];
    let [grad_x, grad_gamma, grad_beta] = &mut grads;
    for (x, g) in x.chunks(channels.max(1)).zip(g.chunks(channels.max(1))) {
        let (h, factor) = reference_row(x, epsilon);
        let (mut mean_u, mut mean_uh) = (F::zero(), F::zero());
        for c in 0..channels {
            mean_u = mean_u + gamma[c] * g[c] / count;
            mean_uh = mean_uh + gamma[c] * g[c] * h[c] / count;
            grad_gamma[c] = grad_gamma[c] + g[c] * h[c];
            grad_beta[c] = grad_beta[c] + g[c];
        }
        let row = (0..channels).map(|c| factor * (gamma[c] * g[c] - mean_u - h[c] * mean_uh));
        grad_x.extend(row);
    }
    grads
}

/// Layer normalisation as an operation of x, gamma and beta. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct LayerNormOp {
    /// Added to the variance, so that a constant row is not divided by 0.
    pub epsilon: f32,
}

/// Rows of one task. A fixed number, so that results do not depend on the number of threads.
const ROWS: usize = 64;

/// (rows, channels) of a call, after the check that settings and shapes fit.
#[track_caller]
fn geometry(epsilon: f32, x: &Tensor, parameters: [&Tensor; 2]) -> (usize, usize) {
    assert!(epsilon >= 0.0, "layer_norm: epsilon is {epsilon}, it must not be negative");
    let channels = *x.shape().last().unwrap_or(&0);
    let fits = channels > 0 && parameters.iter().all(|p| p.shape() == [channels]);
    assert!(
        fits,
        "layer_norm: x {} does not fit gamma {} and beta {} (x [..., channels], both [channels])",
        Show(x.shape()),
        Show(parameters[0].shape()),
        Show(parameters[1].shape())
    );
    (x.len() / channels, channels)
}

impl Op<3> for LayerNormOp {
    /// h, and 1 / sqrt(variance + epsilon) of each row.
    type Saved = (Tensor, Tensor);

    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn forward(
        &self,
        [x, gamma, beta]: [&Tensor; 3],
        pool: &mut Pool,
    ) -> (Tensor, (Tensor, Tensor)) {
        let (rows, channels) = geometry(self.epsilon, x, [gamma, beta]);
        let epsilon = self.epsilon;
        let (mut y, mut h) = (pool.take(x.shape()), pool.take(x.shape()));
        let mut factors = pool.take(&[rows]);
        for_each_chunk3(
            (y.as_mut_slice(), ROWS * channels),
            (h.as_mut_slice(), ROWS * channels),
            (factors.as_mut_slice(), ROWS),
            x.len(),
            |i, y, h, factors| {
                let x = &x.as_slice()[i * ROWS * channels..][..y.len()];
                let (gamma, beta) = (gamma.as_slice(), beta.as_slice());
                simd::run(simd::level(), Forward { x, gamma, beta, epsilon, y, h, factors });
            },
        );
        (y, (h, factors))
    }

    fn backward(
        &self,
        at: At<'_, 3, (Tensor, Tensor)>,
        mut grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 3] {
        let ([x, gamma, beta], (h, mut factors)) = (at.inputs, at.saved);
        let (_, channels) = geometry(self.epsilon, x, [gamma, beta]);
        let samples = if x.shape().len() > 1 { x.shape()[0] } else { 1 };
        let sample_len = x.len() / samples.max(1);
        let mut partials = pool.take_zeroed(&[SAMPLE_CHUNKS, 2, channels]);
        for_each_chunk(partials.as_mut_slice(), 2 * channels, x.len() / 2, |range, sums| {
            let samples = sample_ranges(samples)[range].clone();
            let elements = samples.start * sample_len..samples.end * sample_len;
            let (g, h) = (&grad.as_slice()[elements.clone()], &h.as_slice()[elements]);
            let (of_gamma, of_beta) = sums.split_at_mut(channels);
            let term = |g, h, _| [g * h, g];
            add_columns(g, h, gamma.as_slice(), term, [of_gamma, of_beta]);
        });
        let mut sums = pool.take(&[2, channels]);
        tree_sum(partials.as_slice(), sums.as_mut_slice());
        let of_each = [0, 1].map(|i| {
            let mut sum = pool.take(&[channels]);
            sum.as_mut_slice().copy_from_slice(&sums.as_slice()[i * channels..][..channels]);
            sum
        });
        for_each_chunk2(
            (grad.as_mut_slice(), ROWS * channels),
            (factors.as_mut_slice(), ROWS),
            x.len(),
            |i, grad, factors| {
                let h = &h.as_slice()[i * ROWS * channels..][..grad.len()];
                simd::run(simd::level(), Backward { h, gamma: gamma.as_slice(), factors, grad });
            },
        );
        [partials, sums, h, factors].into_iter().for_each(|t| pool.give(t));
        let [grad_gamma, grad_beta] = of_each;
        [Some(grad), Some(grad_gamma), Some(grad_beta)]
    }
}

/// y, h and factors of some rows.
struct Forward<'a> {
    x: &'a [f32],
    gamma: &'a [f32],
    beta: &'a [f32],
    epsilon: f32,
    y: &'a mut [f32],
    h: &'a mut [f32],
    factors: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Forward { x, gamma, beta, epsilon, y, h, factors } = self;
        let channels = gamma.len();
        let outputs = y.chunks_exact_mut(channels).zip(h.chunks_exact_mut(channels));
        for ((x, (y, h)), factor) in x.chunks_exact(channels).zip(outputs).zip(factors) {
            let count = channels as f32;
            let [sum] = sum_row(x, x, |x, _| [x]);
            let mean = sum / count;
            let [squares] = sum_row(x, x, |x, _| [(x - mean) * (x - mean)]);
            *factor = 1.0 / (squares / count + epsilon).sqrt();
            for c in 0..channels {
                h[c] = (x[c] - mean) * *factor;
                y[c] = gamma[c] * h[c] + beta[c];
            }
        }
    }
}

/// From dL/dy to dL/dx of some rows, in place.
struct Backward<'a> {
    h: &'a [f32],
    gamma: &'a [f32],
    factors: &'a [f32],
    grad: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Backward { h, gamma, factors, grad } = self;
        let channels = gamma.len();
        let rows = grad.chunks_exact_mut(channels).zip(h.chunks_exact(channels));
        for ((grad, h), factor) in rows.zip(factors) {
            grad.iter_mut().zip(gamma).for_each(|(u, gamma)| *u *= gamma);
            let means = sum_row(grad, h, |u, h| [u, u * h]).map(|sum| sum / channels as f32);
            for (u, h) in grad.iter_mut().zip(h) {
                *u = factor * (*u - means[0] - h * means[1]);
            }
        }
    }
}

impl Tape<'_> {
    /// Normalises each row of x `[..., channels]`; gamma and beta are `[channels]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn layer_norm(&mut self, x: Var, [gamma, beta]: [Var; 2], epsilon: f32) -> Var {
        self.apply(LayerNormOp { epsilon }, [x, gamma, beta])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;
    use proptest::sample::select;

    const OP: LayerNormOp = LayerNormOp { epsilon: 1e-5 };

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(13, 0);
        let mut draw = |shape: &[usize]| wide(&random(shape, 0.0, &mut rng));
        let (x, gamma, beta, g) = (draw(&[4, 5]), draw(&[5]), draw(&[5]), draw(&[4, 5]));
        let loss =
            |x: &[f64], gamma: &[f64], beta: &[f64]| dot(&reference(x, gamma, beta, 1e-5), &g);
        let [grad_x, grad_gamma, grad_beta] = reference_grad(&x, &gamma, &g, 1e-5);
        assert_gradient(|x| loss(x, &gamma, &beta), &x, &grad_x);
        assert_gradient(|gamma| loss(&x, gamma, &beta), &gamma, &grad_gamma);
        assert_gradient(|beta| loss(&x, &gamma, beta), &beta, &grad_beta);
    }

    #[test]
    fn the_operation_is_the_definition() {
        let channels = select(vec![1, 2, 3, 7, 8, 9, 15, 16, 17, 33, 1100]);
        let rows = (length(), select(vec![0usize, 1, 9, 17]));
        for_many((rows, channels, any::<u64>()), |((a, b), channels, seed)| {
            let mut rng = Rng::new(seed, 0);
            let shape = [a, b, channels];
            let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
            let (gamma, beta, g) = (draw(&[channels]), draw(&[channels]), draw(&shape));
            // A deviation of at least 0.5, so that rounding errors of x are not blown up.
            let mut x = draw(&shape);
            for row in x.as_mut_slice().chunks_mut(channels) {
                if let [first, second, ..] = row {
                    *first = *second + 3.0 * first.signum();
                }
            }
            let (y, grads) = run(&OP, [&x, &gamma, &beta], &g, [true; 3]);
            let epsilon = f64::from(OP.epsilon);
            let [x, gamma, beta, g] = [&x, &gamma, &beta, &g].map(wide);
            // The mean of numbers below 10 in chains of 64 links, over the deviation, times gamma below 5.
            let tolerance = 64.0 * 10.0 * 6e-8 * 5.0 / 0.1;
            assert_close(&y, &reference(&x, &gamma, &beta, epsilon), tolerance);
            let want = reference_grad(&x, &gamma, &g, epsilon);
            for (got, want) in grads.iter().zip(&want) {
                assert_close(got.as_ref().unwrap(), want, tolerance);
            }
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(13, 1);
        let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
        check_op(&OP, [&draw(&[2, 3, 6]), &draw(&[6]), &draw(&[6])]).unwrap();
    }

    #[test]
    fn the_sums_are_cut_between_samples() {
        // Two samples of three rows: 1, then twice 2^-24, which 1 swallows. Were the rows shared out
        // to the ranges one by one, the two small ones would be added to each other first, and count.
        let tiny = 2f32.powi(-24);
        let g = Tensor::from_vec(&[2, 3, 1], vec![1.0, tiny, tiny, 1.0, tiny, tiny]);
        let (x, one) = (Tensor::zeros(&[2, 3, 1]), Tensor::full(&[1], 1.0));
        let (_, [_, _, grad_beta]) = run(&OP, [&x, &one, &one], &g, [true; 3]);
        assert_eq!(grad_beta.unwrap().item(), 2.0);
    }

    #[test]
    #[should_panic(expected = "layer_norm: epsilon is -1, it must not be negative")]
    fn a_negative_epsilon_is_refused() {
        let x = Tensor::zeros(&[2, 3]);
        let one = Tensor::full(&[3], 1.0);
        LayerNormOp { epsilon: -1.0 }.forward([&x, &one, &one], &mut Pool::new());
    }

    #[test]
    #[should_panic(expected = "layer_norm: x [2, 3] does not fit gamma [4] and beta [3]")]
    fn a_misfit_names_all_shapes() {
        let shapes: [&[usize]; 3] = [&[2, 3], &[4], &[3]];
        let [x, gamma, beta] = shapes.map(Tensor::zeros);
        OP.forward([&x, &gamma, &beta], &mut Pool::new());
    }
}
