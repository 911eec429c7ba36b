//! Batch normalisation whose maps are max-pooled at once.
//!
//! ```text
//! y = max_pool2d(batch_norm(x)),     channels on the last axis, windows side by side: their stride is their size
//! ```
//!
//! The same numbers as [`batch_norm`](super) and [`max_pool2d`](crate::ops::max_pool2d) give one after the other. But the
//! normalised map is never stored, and on the way back only the winner of each window has a gradient g of its own; the
//! others get what comes through the moments:
//!
//! ```text
//! dL/dx = -(shift_c + slope_c (x - mean_c))  + factor_c g  where x has won
//!
//! factor = gamma / sqrt(variance + epsilon),   shift = factor dL/dbeta / m,   slope = factor dL/dgamma / (m sqrt(variance + epsilon))
//! ```
//!
//! An activation that never falls (ReLU, ELU, tanh) may follow instead of preceding the pooling, with the same result and
//! for a fraction of the work.

use super::{BatchNormOp, Layout, Moments, moments};
use crate::op::{At, Op, Saved};
use crate::ops::max_pool2d::{Strip, add_to_winners, largest};
use crate::ops::windows::WindowGeometry;
use crate::parallel::{for_each_chunk, for_each_chunk3};
use crate::pool::Pool;
use crate::simd::{self, Kernel};
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// Batch normalisation with the moments of the batch and max-pooling, as an operation of x, gamma and beta. See the module's
/// text.
#[derive(Debug, Clone, Copy)]
pub struct BatchNormMaxPoolOp {
    /// Added to the variance, so that a channel that never changes is not divided by 0.
    pub epsilon: f32,
    /// The size of the pooling's windows, which lie side by side, `[freq, time]`.
    pub window: [usize; 2],
}

/// What is kept for the way back.
#[derive(Debug)]
pub struct Won {
    mean: Tensor,
    variance: Tensor,
    /// For each number of y the tap of its window that it came from, and the number of x there.
    winners: Tensor,
    x: Tensor,
}

impl Saved for Won {
    fn give_back(self, pool: &mut Pool) {
        let Won { mean, variance, winners, x } = self;
        [mean, variance, winners, x].into_iter().for_each(|t| pool.give(t));
    }
}

impl BatchNormMaxPoolOp {
    #[track_caller]
    fn geometry(&self, x: &Tensor) -> WindowGeometry {
        WindowGeometry::new("batch_norm_max_pool", x.shape(), self.window, self.window)
    }

    fn norm(&self) -> BatchNormOp {
        BatchNormOp { axis: 3, epsilon: self.epsilon }
    }
}

impl Op<3> for BatchNormMaxPoolOp {
    type Saved = Won;

    fn name(&self) -> &'static str {
        "batch_norm_max_pool"
    }

    fn forward(&self, [x, gamma, beta]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, Won) {
        let (norm, geo) = (self.norm(), self.geometry(x));
        assert!(geo.taps() <= 1 << 24, "batch_norm_max_pool: a window of {}", geo.taps());
        let layout = norm.layout(x, &[gamma, beta]);
        let [mean, variance] = moments(&layout, x, gamma, pool);
        let factors = norm.factors(gamma, &variance, pool);
        let [mut y, mut winners, mut won] = [(); 3].map(|()| pool.take(&geo.y_shape()));
        let (map, len) = (geo.input_len(), geo.output_len().max(1));
        for_each_chunk3(
            (y.as_mut_slice(), len),
            (winners.as_mut_slice(), len),
            (won.as_mut_slice(), len),
            geo.work_ns(),
            |n, y, winners, won| {
                let x = &x.as_slice()[n * map..][..map];
                let lines = [&mean, &factors, beta].map(Tensor::as_slice);
                simd::run(simd::level(), Forward { geo: &geo, lines, x, y, winners, won });
            },
        );
        pool.give(factors);
        (y, Won { mean, variance, winners, x: won })
    }

    fn backward(&self, at: At<'_, 3, Won>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 3] {
        let ([x, gamma, _], won) = (at.inputs, at.saved);
        let (norm, geo) = (self.norm(), self.geometry(x));
        let layout = norm.layout(x, &[gamma]);
        let pooled = Layout::new(grad.shape(), 3);
        let moments = [&won.x, &won.mean, &won.variance];
        let grads = norm.grad_parameters(&pooled, moments, &grad, pool);
        let factors = norm.factors(gamma, &won.variance, pool);
        let lines = norm.lines(&layout, &factors, &won.variance, grads.each_ref(), pool);
        let (shifts, slopes) = lines.as_slice().split_at(layout.channels);
        let (mut grad_x, len) = (pool.take(x.shape()), geo.output_len());
        let map = geo.input_len().max(1);
        for_each_chunk(grad_x.as_mut_slice(), map, grad_len_ns(&geo), |n, grad_x| {
            let [grad_y, winners] = [&grad, &won.winners].map(|t| &t.as_slice()[n * len..][..len]);
            let x = &x.as_slice()[n * map..][..grad_x.len()];
            let of_channel = [won.mean.as_slice(), factors.as_slice(), shifts, slopes];
            let geo = &geo;
            simd::run(simd::level(), Backward { geo, of_channel, x, grad_y, winners, grad_x });
        });
        [factors, lines, grad].into_iter().for_each(|t| pool.give(t));
        won.give_back(pool);
        let [grad_gamma, grad_beta] = grads;
        [Some(grad_x), Some(grad_gamma), Some(grad_beta)]
    }
}

/// The time of the way back on one core: about a number a nanosecond.
fn grad_len_ns(geo: &WindowGeometry) -> usize {
    geo.batch * geo.input_len()
}

/// One map forward; `lines` are mean, factor and beta of each channel.
struct Forward<'a> {
    geo: &'a WindowGeometry,
    lines: [&'a [f32]; 3],
    x: &'a [f32],
    y: &'a mut [f32],
    winners: &'a mut [f32],
    won: &'a mut [f32],
}

impl Forward<'_> {
    /// W channels from `c` on of the window that begins at element `window` of the map.
    #[inline(always)]
    fn strip<const W: usize>(&mut self, window: usize, to: usize, c: usize) {
        let [mean, factor, beta]: [[f32; W]; 3] =
            self.lines.map(|line| *line[c..].first_chunk().expect("W channels from c on"));
        let (geo, x) = (self.geo, self.x);
        let line = |l: usize, x: f32| (x - mean[l]) * factor[l] + beta[l];
        let (best, winner) = largest::<W>(geo, x, window + c, line);
        let to = to + c;
        self.y[to..to + W].copy_from_slice(&best);
        self.winners[to..to + W].copy_from_slice(&winner);
        for l in 0..W {
            let (tap, width) = (winner[l] as u32, geo.window[1] as u32);
            let place = (tap / width) as usize * geo.input[1] + (tap % width) as usize;
            self.won[to + l] = x[window + place * geo.channels + c + l];
        }
    }
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let (geo, mut to) = (self.geo, 0);
        for h in 0..geo.output[0] {
            for w in 0..geo.output[1] {
                let window = geo.at([h, w], [0, 0]);
                let mut c = 0;
                while c < geo.channels {
                    let strip = Strip::of(geo.channels - c);
                    match strip {
                        Strip::Sixteen => self.strip::<16>(window, to, c),
                        Strip::Four => self.strip::<4>(window, to, c),
                        Strip::One => self.strip::<1>(window, to, c),
                    }
                    c += strip as usize;
                }
                to += geo.channels;
            }
        }
    }
}

/// One map back; of each channel mean, factor, shift and slope.
struct Backward<'a> {
    geo: &'a WindowGeometry,
    of_channel: [&'a [f32]; 4],
    x: &'a [f32],
    grad_y: &'a [f32],
    winners: &'a [f32],
    grad_x: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Backward { geo, of_channel, x, grad_y, winners, grad_x } = self;
        let channels = geo.channels;
        if channels == 0 {
            return;
        }
        let [mean, factor, shift, slope] = of_channel.map(|numbers| &numbers[..channels]);
        for (grad_x, x) in grad_x.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            for c in 0..channels {
                grad_x[c] = -(shift[c] + slope[c] * (x[c] - mean[c]));
            }
        }
        add_to_winners(geo, grad_y, winners, grad_x, |c| factor[c]);
    }
}

impl Tape<'_> {
    /// Normalises x `[batch, freq, time, channels]` with the moments of this batch, and takes the largest number of each
    /// window: the same as [`batch_norm`](Tape::batch_norm) and then [`max_pool2d`](Tape::max_pool2d). Returns the moments
    /// as well, in buffers of the pool.
    ///
    /// # Panics
    /// If the shapes do not fit, the batch is empty, or the window is larger than the map.
    #[track_caller]
    pub fn batch_norm_max_pool(
        &mut self,
        x: Var,
        [gamma, beta]: [Var; 2],
        op: BatchNormMaxPoolOp,
    ) -> (Var, Moments) {
        self.apply_and_look(op, [x, gamma, beta], |won, pool| Moments {
            mean: pool.copy_of(&won.mean),
            variance: pool.copy_of(&won.variance),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::{reference, reference_grad, reference_moments};
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::max_pool2d;
    use crate::ops::testing::{assert_close, for_many, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_operation_is_normalisation_and_pooling() {
        let maps = (1..4usize, [4..9usize, 4..20], prop_oneof![1..4usize, 15..18usize]);
        let cases = (maps, [1..5usize, 1..5], any::<u64>());
        for_many(cases, |((batch, [h, w], channels), window, seed)| {
            let mut rng = Rng::new(seed, 0);
            let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
            let inputs = [draw(&[batch, h, w, channels]), draw(&[channels]), draw(&[channels])];
            let op = BatchNormMaxPoolOp { epsilon: 1e-3, window };
            let geo = op.geometry(&inputs[0]);
            let grad = draw(&geo.y_shape());
            let (y, grads) = run(&op, inputs.each_ref(), &grad, [true; 3]);

            // Forward to the bit what the two operations give.
            let mut pool = Pool::poisoned();
            let norm = op.norm();
            let (map, _) = Op::<3>::forward(&norm, inputs.each_ref(), &mut pool);
            let pooling = crate::ops::MaxPool2dOp { window, stride: window };
            let (want, winners) = pooling.forward([&map], &mut pool);
            assert_eq!(y, want);

            // Backward by the definitions in 64 bits.
            let layout = Layout::new(inputs[0].shape(), 3);
            let [x, gamma, beta] = inputs.each_ref().map(wide);
            let [mean, variance] = reference_moments(&layout, &x);
            let moments = [&mean[..], &variance];
            let epsilon = f64::from(op.epsilon);
            let winners: Vec<usize> = winners.as_slice().iter().map(|&tap| tap as usize).collect();
            let grad_map = max_pool2d::reference_grad(&geo, &winners, &wide(&grad));
            let want = reference_grad(&layout, &x, &gamma, moments, epsilon, &grad_map, true);
            for (got, want) in grads.iter().zip(want) {
                // With few numbers a channel may have a tiny deviation, which divides the gradient.
                let largest = want.iter().fold(1.0f64, |a, b| a.max(b.abs()));
                let want: Vec<f64> = want.iter().map(|x| x / largest).collect();
                let mut got = got.as_ref().unwrap().clone();
                got.as_mut_slice().iter_mut().for_each(|x| *x /= largest as f32);
                assert_close(&got, &want, 1e-4);
            }
            let map = reference(&layout, &x, [&gamma, &beta], moments, epsilon);
            assert_close(&y, &max_pool2d::reference(&geo, &map).0, 1e-4);
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        // No two numbers of a window lie near each other, so that no step of the check changes a winner.
        let mut x: Vec<f32> = (0..96).map(|i| i as f32 / 20.0).collect();
        Rng::new(3, 0).shuffle(&mut x);
        let x = Tensor::from_vec(&[2, 4, 6, 2], x);
        let gamma = Tensor::from_vec(&[2], vec![1.2, -0.7]);
        let beta = Tensor::from_vec(&[2], vec![0.3, -0.2]);
        let op = BatchNormMaxPoolOp { epsilon: 1e-3, window: [2, 4] };
        check_op(&op, [&x, &gamma, &beta]).unwrap();
    }
}
