//! Batch normalisation: each channel is brought to mean beta and standard deviation gamma.
//!
//! ```text
//! y = gamma_c (x - mean_c) / sqrt(variance_c + epsilon) + beta_c        for each element x of channel c
//! ```
//!
//! ```text
//! x, y: [batch, ...]     gamma, beta, mean, variance: [channels]
//! ```
//!
//! The channels are one chosen axis, usually the last; over axis 1 of `[batch, freq, time, channels]`, each
//! frequency band is normalised by itself. A channel has m elements, those with index c on that axis.
//!
//! *In training* the moments are those of the batch, with the biased variance,
//!
//! ```text
//! mean_c = 1/m sum of x,     variance_c = 1/m sum of (x - mean_c)^2
//! ```
//!
//! and change with x. With g = dL/dy, h = (x - mean_c) / sqrt(variance_c + epsilon):
//!
//! ```text
//! dL/dgamma_c = sum of g h,     dL/dbeta_c = sum of g
//! dL/dx       = gamma_c / sqrt(variance_c + epsilon) (g - dL/dbeta_c / m - h dL/dgamma_c / m)
//! ```
//!
//! *In use* the moments are given constants, and dL/dx = gamma_c / sqrt(variance_c + epsilon) g.
//!
//! The sums are taken over eight fixed chunks of samples, which are added as a binary tree; see
//! [`crate::parallel`]. Running moments are the layer's matter: [`crate::BatchNorm`].
//!
//! Ioffe, Szegedy (2015), arXiv:1502.03167, algorithm 1.

mod kernel;
pub mod pooled;
mod reference;
#[cfg(test)]
mod tests;

pub use pooled::BatchNormMaxPoolOp;
pub use reference::{reference, reference_grad, reference_moments};

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// Where the channels of a tensor lie: it is read as `[batch, outer, channels, inner]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Samples.
    pub batch: usize,
    /// Elements of all axes between the batch and the channels.
    pub outer: usize,
    /// Channels.
    pub channels: usize,
    /// Elements of all axes after the channels: neighbours that belong to one channel.
    pub inner: usize,
}

impl Layout {
    /// The layout of a tensor of this shape with the channels on `axis`; the batch is axis 0.
    ///
    /// # Panics
    /// If there is no such axis, or it is the batch axis.
    #[track_caller]
    pub fn new(shape: &[usize], axis: usize) -> Layout {
        assert!(
            axis > 0 && axis < shape.len(),
            "batch_norm: x {} has no channels on axis {axis}",
            Show(shape)
        );
        Layout {
            batch: shape[0],
            outer: shape[1..axis].iter().product(),
            channels: shape[axis],
            inner: shape[axis + 1..].iter().product(),
        }
    }

    /// How many elements each channel has.
    pub fn count(&self) -> usize {
        self.batch * self.outer * self.inner
    }

    /// The channel of element i.
    pub fn channel(&self, i: usize) -> usize {
        i / self.inner % self.channels
    }

    fn sample_len(&self) -> usize {
        self.outer * self.channels * self.inner
    }
}

/// Batch normalisation as an operation: of x, gamma and beta with the moments of the batch, or of x, gamma,
/// beta, mean and variance with given ones. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct BatchNormOp {
    /// The axis of the channels; the batch is axis 0.
    pub axis: usize,
    /// Added to the variance, so that a channel that never changes is not divided by 0.
    pub epsilon: f32,
}

impl BatchNormOp {
    #[track_caller]
    fn layout(&self, x: &Tensor, of_channel: &[&Tensor]) -> Layout {
        let epsilon = self.epsilon;
        assert!(epsilon >= 0.0, "batch_norm: epsilon is {epsilon}, it must not be negative");
        let layout = Layout::new(x.shape(), self.axis);
        for tensor in of_channel {
            assert!(
                tensor.shape() == [layout.channels],
                "batch_norm: x {} has {} channels on axis {}, a parameter is {}",
                Show(x.shape()),
                layout.channels,
                self.axis,
                Show(tensor.shape())
            );
        }
        layout
    }

    /// factor_c = gamma_c / sqrt(variance_c + epsilon).
    fn factors(&self, gamma: &Tensor, variance: &Tensor, pool: &mut Pool) -> Tensor {
        let mut factors = pool.take(gamma.shape());
        let pairs = gamma.as_slice().iter().zip(variance.as_slice());
        for (factor, (gamma, variance)) in factors.as_mut_slice().iter_mut().zip(pairs) {
            *factor = gamma / (variance + self.epsilon).sqrt();
        }
        factors
    }

    fn normalize(
        &self,
        layout: &Layout,
        [x, gamma, beta, mean, variance]: [&Tensor; 5],
        pool: &mut Pool,
    ) -> Tensor {
        let (mut y, factors) = (pool.take(x.shape()), self.factors(gamma, variance, pool));
        let of_channel = [mean, &factors, beta].map(Tensor::as_slice);
        let line = |x, _, [mean, factor, beta]: [f32; 3]| (x - mean) * factor + beta;
        kernel::map_channels(layout, x.as_slice(), y.as_mut_slice(), of_channel, line);
        pool.give(factors);
        y
    }

    /// (dL/dgamma, dL/dbeta).
    fn grad_parameters(
        &self,
        layout: &Layout,
        [x, mean, variance]: [&Tensor; 3],
        grad: &Tensor,
        pool: &mut Pool,
    ) -> [Tensor; 2] {
        let pair = [grad, x].map(Tensor::as_slice);
        let term = |g, x, mean| [g * (x - mean), g];
        let sums = kernel::channel_sums(layout, pair, mean.as_slice(), term, pool);
        let (of_gamma, of_beta) = sums.as_slice().split_at(layout.channels);
        let mut grads = [(); 2].map(|()| pool.take(mean.shape()));
        let pairs = of_gamma.iter().zip(variance.as_slice());
        for (grad, (sum, variance)) in grads[0].as_mut_slice().iter_mut().zip(pairs) {
            *grad = sum / (variance + self.epsilon).sqrt();
        }
        grads[1].as_mut_slice().copy_from_slice(of_beta);
        pool.give(sums);
        grads
    }

    /// The way of dL/dx through the moments: dL/dx = factor g - shift - slope (x - mean), with the numbers of each channel
    ///
    /// ```text
    /// shift = factor dL/dbeta / m      slope = factor dL/dgamma / (m sqrt(variance + epsilon))
    /// ```
    ///
    /// as `[2, channels]`.
    fn lines(
        &self,
        layout: &Layout,
        factors: &Tensor,
        variance: &Tensor,
        [grad_gamma, grad_beta]: [&Tensor; 2],
        pool: &mut Pool,
    ) -> Tensor {
        let mut lines = pool.take(&[2, layout.channels]);
        let (shifts, slopes) = lines.as_mut_slice().split_at_mut(layout.channels);
        for c in 0..layout.channels {
            let share = factors.as_slice()[c] / layout.count() as f32;
            let deviation = (variance.as_slice()[c] + self.epsilon).sqrt();
            shifts[c] = share * grad_beta.as_slice()[c];
            slopes[c] = share * grad_gamma.as_slice()[c] / deviation;
        }
        lines
    }
}

/// Mean and biased variance of each channel over the batch; `of_channel` has one number for each.
#[track_caller]
fn moments(layout: &Layout, x: &Tensor, of_channel: &Tensor, pool: &mut Pool) -> [Tensor; 2] {
    let count = layout.count();
    assert!(count > 0, "batch_norm: x {} has no elements to take the mean of", Show(x.shape()));
    let mean_of = |sums: Tensor| {
        let mut mean = sums.reshape(&[layout.channels]);
        mean.as_mut_slice().iter_mut().for_each(|sum| *sum /= count as f32);
        mean
    };
    let pair = [x.as_slice(); 2];
    // The mean first, then the squares around it: E[x^2] - E[x]^2 loses all digits of a small variance.
    let sums = kernel::channel_sums(layout, pair, of_channel.as_slice(), |x, _, _| [x], pool);
    let mean = mean_of(sums);
    let square = |x: f32, _, mean: f32| [(x - mean) * (x - mean)];
    let sums = kernel::channel_sums(layout, pair, mean.as_slice(), square, pool);
    [mean, mean_of(sums)]
}

impl Op<3> for BatchNormOp {
    /// Mean and biased variance of the batch.
    type Saved = (Tensor, Tensor);

    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(
        &self,
        [x, gamma, beta]: [&Tensor; 3],
        pool: &mut Pool,
    ) -> (Tensor, (Tensor, Tensor)) {
        let layout = self.layout(x, &[gamma, beta]);
        let [mean, variance] = moments(&layout, x, gamma, pool);
        let y = self.normalize(&layout, [x, gamma, beta, &mean, &variance], pool);
        (y, (mean, variance))
    }

    fn backward(
        &self,
        at: At<'_, 3, (Tensor, Tensor)>,
        mut grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 3] {
        let ([x, gamma, _], (mean, variance)) = (at.inputs, at.saved);
        let layout = self.layout(x, &[gamma]);
        let [grad_gamma, grad_beta] =
            self.grad_parameters(&layout, [x, &mean, &variance], &grad, pool);
        let factors = self.factors(gamma, &variance, pool);
        let lines = self.lines(&layout, &factors, &variance, [&grad_gamma, &grad_beta], pool);
        let (shifts, slopes) = lines.as_slice().split_at(layout.channels);
        let of_channel = [factors.as_slice(), mean.as_slice(), shifts, slopes];
        let line =
            |x, g, [factor, mean, shift, slope]: [f32; 4]| factor * g - shift - slope * (x - mean);
        kernel::map_channels(&layout, x.as_slice(), grad.as_mut_slice(), of_channel, line);
        [mean, variance, factors, lines].into_iter().for_each(|t| pool.give(t));
        [Some(grad), Some(grad_gamma), Some(grad_beta)]
    }
}

impl Op<5> for BatchNormOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(&self, inputs: [&Tensor; 5], pool: &mut Pool) -> (Tensor, ()) {
        let layout = self.layout(inputs[0], &inputs[1..]);
        (self.normalize(&layout, inputs, pool), ())
    }

    fn backward(
        &self,
        at: At<'_, 5, ()>,
        mut grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 5] {
        let [x, gamma, _, mean, variance] = at.inputs;
        let layout = self.layout(x, &[gamma]);
        let [grad_gamma, grad_beta] = if at.needs[1] || at.needs[2] {
            self.grad_parameters(&layout, [x, mean, variance], &grad, pool).map(Some)
        } else {
            [None, None]
        };
        let factors = self.factors(gamma, variance, pool);
        let line = |_, g, [factor]: [f32; 1]| factor * g;
        let of_channel = [factors.as_slice()];
        kernel::map_channels(&layout, x.as_slice(), grad.as_mut_slice(), of_channel, line);
        pool.give(factors);
        // The moments are counted, not learnt.
        [Some(grad), grad_gamma, grad_beta, None, None]
    }
}

/// What a batch was normalised with, in buffers of the pool.
#[derive(Debug)]
pub struct Moments {
    /// The mean of each channel.
    pub mean: Tensor,
    /// The biased variance of each channel.
    pub variance: Tensor,
}

impl Tape<'_> {
    /// Normalises x `[batch, ...]` with the moments of this batch, over the channels on `axis`; gamma and
    /// beta are `[channels]`. Returns the moments as well, in buffers of the pool: give them back to it
    /// ([`Tape::pool`], [`Pool::give`]) or hand them on to [`Tape::update_state`].
    ///
    /// # Panics
    /// If the shapes do not fit or the batch is empty.
    #[track_caller]
    pub fn batch_norm(
        &mut self,
        x: Var,
        [gamma, beta]: [Var; 2],
        axis: usize,
        epsilon: f32,
    ) -> (Var, Moments) {
        let op = BatchNormOp { axis, epsilon };
        self.apply_and_look(op, [x, gamma, beta], |(mean, variance), pool| Moments {
            mean: pool.copy_of(mean),
            variance: pool.copy_of(variance),
        })
    }

    /// Normalises x with given moments; no gradient is passed to these.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn batch_norm_with(
        &mut self,
        x: Var,
        [gamma, beta]: [Var; 2],
        [mean, variance]: [Var; 2],
        axis: usize,
        epsilon: f32,
    ) -> Var {
        self.apply(BatchNormOp { axis, epsilon }, [x, gamma, beta, mean, variance])
    }
}
