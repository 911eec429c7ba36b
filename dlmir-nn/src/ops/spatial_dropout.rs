//! Spatial dropout: whole channels are dropped at random. Neighbours in a feature map say nearly the same, so dropping single
//! elements would hide little.
//!
//! ```text
//! y[n, ..., c] = x[n, ..., c] m[n, c],    m = 0 with probability rate, else 1 / (1 - rate)
//!
//! dL/dx[n, ..., c] = dL/dy[n, ..., c] m[n, c]            x, y: [batch, ..., channels], m: [batch, channels]
//! ```
//!
//! Everything else is as in [`crate::ops::dropout`]. Tompson, Goroshin, Jain, LeCun, Bregler (2015), arXiv:1411.4280, section
//! 3.2. Keras: `SpatialDropout1D`, `SpatialDropout2D`; PyTorch: `Dropout1d`, `Dropout2d`.

use crate::op::{At, Op};
use crate::ops::dropout::{assert_rate, draw_mask};
use crate::ops::elementwise::Cost;
use crate::parallel;
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Training, Var};
use crate::tensor::Tensor;

/// The definition, for one item `[positions, channels]` and a uniform random number in [0, 1) for each channel.
pub fn reference(x: &[f64], rate: f64, uniform: &[f64]) -> Vec<f64> {
    let mask = |c: usize| if uniform[c] < rate { 0.0 } else { 1.0 / (1.0 - rate) };
    x.iter().enumerate().map(|(i, x)| x * mask(i % uniform.len())).collect()
}

/// Spatial dropout as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct SpatialDropoutOp {
    /// The probability that a channel is dropped, in [0, 1).
    pub rate: f32,
    /// The seed, the epoch and the items of the batch.
    pub training: Training,
    /// Which of the network's sources of randomness this is.
    pub stream: u64,
}

impl Op<1> for SpatialDropoutOp {
    /// The mask m.
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        "spatial_dropout"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, Tensor) {
        assert_rate("spatial_dropout", self.rate);
        let shape = x.shape();
        assert!(shape.len() >= 2, "spatial_dropout: x {} has no channel axis", Show(shape));
        let len = self.training.item_len("spatial_dropout", x);
        let channels = shape[shape.len() - 1];
        let (mut y, mut mask) = (pool.copy_of(x), pool.take(&[shape[0], channels]));
        for (n, mask) in mask.as_mut_slice().chunks_mut(channels.max(1)).enumerate() {
            draw_mask(mask, self.rate, &mut self.training.rng(n, self.stream));
        }
        scale_channels(y.as_mut_slice(), len, &mask);
        (y, mask)
    }

    fn backward(
        &self,
        at: At<'_, 1, Tensor>,
        mut grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 1] {
        let len = self.training.item_len("spatial_dropout", &grad);
        scale_channels(grad.as_mut_slice(), len, &at.saved);
        pool.give(at.saved);
        [Some(grad)]
    }
}

/// x[n, ..., c] *= mask[n, c], for items of `len` elements.
fn scale_channels(x: &mut [f32], len: usize, mask: &Tensor) {
    let (mask, channels) = (mask.as_slice(), mask.shape()[1].max(1));
    let work_ns = x.len() * Cost::Plain as usize / 10;
    parallel::for_each_chunk(x, len.max(1), work_ns, |n, x| {
        let mask = &mask[n * channels..][..channels];
        for x in x.chunks_exact_mut(channels) {
            x.iter_mut().zip(mask).for_each(|(x, m)| *x *= m);
        }
    });
}

impl Tape<'_> {
    /// x with channels dropped at random, `[batch, ..., channels]`; x itself while the network is only used.
    ///
    /// # Panics
    /// If the rate is not in [0, 1), or x has no channel axis, or its first axis is not that of the batch.
    #[track_caller]
    pub fn spatial_dropout(&mut self, x: Var, rate: f32) -> Var {
        assert_rate("spatial_dropout", rate);
        let stream = self.next_stream();
        match self.training().cloned() {
            Some(training) if rate > 0.0 => {
                self.apply(SpatialDropoutOp { rate, training, stream }, [x])
            }
            _ => x,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{
        assert_close, assert_gradient, dot, for_many, length, run, shape, wide,
    };
    use crate::rng::Rng;
    use proptest::prelude::*;

    fn op(rate: f32, items: &[u64]) -> SpatialDropoutOp {
        let training = Training { seed: 3, epoch: 1, items: items.into() };
        SpatialDropoutOp { rate, training, stream: 2 }
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many(
            (shape(), length(), any::<u32>(), 0.0..0.95f32),
            |(mut shape, channels, first, rate)| {
                shape.push(channels);
                let items: Vec<u64> =
                    (0..shape[0] as u64).map(|n| u64::from(first / 2) + n).collect();
                let mut rng = Rng::new(u64::from(first), 0);
                let (x, grad) = (random(&shape, 0.0, &mut rng), random(&shape, 0.0, &mut rng));
                let (y, [grad_x]) = run(&op(rate, &items), [&x], &grad, [true]);
                let len = shape[1..].iter().product::<usize>();
                let define = |x: &Tensor| -> Vec<f64> {
                    let x = wide(x);
                    let rows = x.chunks(len.max(1)).zip(&items).flat_map(|(x, &item)| {
                        let mut rng = Rng::at(3, 1, item, 2);
                        let uniform: Vec<f64> =
                            (0..channels).map(|_| f64::from(rng.uniform())).collect();
                        reference(x, f64::from(rate), &uniform)
                    });
                    rows.collect()
                };
                // As for dropout.
                assert_close(&y, &define(&x), 3e-6);
                assert_close(&grad_x.unwrap(), &define(&grad), 3e-6);
            },
        );
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (x, g) = ([0.3, -1.0, 2.0, 0.1], [1.0, 0.5, -2.0, 3.0]);
        let grad = reference(&g, 0.4, &[0.1, 0.6]);
        assert_eq!(grad[..2], [0.0, 0.5 / 0.6]);
        assert_gradient(|x| dot(&reference(x, 0.4, &[0.1, 0.6]), &g), &x, &grad);
    }

    #[test]
    fn the_operation_passes_the_check() {
        check_op(&op(0.4, &[4, 9, 11]), [&random(&[3, 2, 2, 5], 0.0, &mut Rng::new(1, 0))])
            .unwrap();
    }

    #[test]
    #[should_panic(expected = "spatial_dropout: x [4] has no channel axis")]
    fn an_input_without_channels_is_refused() {
        op(0.5, &[1, 2, 3, 4]).forward([&Tensor::zeros(&[4])], &mut Pool::new());
    }
}
