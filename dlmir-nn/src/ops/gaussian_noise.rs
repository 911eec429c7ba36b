//! Gaussian noise: in training, each element gets a normal random number added, so that a network cannot learn its
//! training items by heart.
//!
//! ```text
//! y = x + stddev z,    z normal with mean 0 and variance 1          x, y: [batch, ...]
//!
//! dL/dx = dL/dy
//! ```
//!
//! As in Keras's `GaussianNoise` (PyTorch has no such layer), and like [`crate::ops::dropout`] drawn at the address
//! (seed, epoch, item, layer) and absent while the network is only used. For small deviations it acts like a penalty on the
//! slopes of the network: Bishop (1995), "Training with noise is equivalent to Tikhonov regularization", Neural
//! Computation 7(1).

use crate::op::{At, Op};
use crate::ops::elementwise::Cost;
use crate::parallel;
use crate::pool::Pool;
use crate::tape::{Tape, Training, Var};
use crate::tensor::Tensor;

/// The definition, for one item and its normal random numbers z.
pub fn reference(x: &[f64], stddev: f64, z: &[f64]) -> Vec<f64> {
    x.iter().zip(z).map(|(x, z)| x + stddev * z).collect()
}

/// Gaussian noise as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct GaussianNoiseOp {
    /// The standard deviation of what is added.
    pub stddev: f32,
    /// The seed, the epoch and the items of the batch.
    pub training: Training,
    /// Which of the network's sources of randomness this is.
    pub stream: u64,
}

#[track_caller]
fn assert_stddev(stddev: f32) {
    let valid = stddev >= 0.0 && stddev.is_finite();
    assert!(valid, "gaussian_noise: the deviation is {stddev}, it must be finite and not negative");
}

impl Op<1> for GaussianNoiseOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "gaussian_noise"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        assert_stddev(self.stddev);
        let len = self.training.item_len("gaussian_noise", x);
        let mut y = pool.take(x.shape());
        let work_ns = x.len() * Cost::Normal as usize / 10;
        parallel::for_each_chunk(y.as_mut_slice(), len.max(1), work_ns, |n, y| {
            let mut rng = self.training.rng(n, self.stream);
            let x = &x.as_slice()[n * len..][..len];
            rng.fill_normal(y);
            y.iter_mut().zip(x).for_each(|(y, x)| *y = x + self.stddev * *y);
        });
        (y, ())
    }

    fn backward(&self, _: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// x with noise added, `[batch, ...]`; x itself while the network is only used.
    ///
    /// # Panics
    /// If the standard deviation is negative or the first axis of x is not that of the batch.
    #[track_caller]
    pub fn gaussian_noise(&mut self, x: Var, stddev: f32) -> Var {
        assert_stddev(stddev);
        let stream = self.next_stream();
        match self.training().cloned() {
            Some(training) if stddev > 0.0 => {
                self.apply(GaussianNoiseOp { stddev, training, stream }, [x])
            }
            _ => x,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, run, shape, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    fn op(stddev: f32, items: &[u64]) -> GaussianNoiseOp {
        let training = Training { seed: 3, epoch: 1, items: items.into() };
        GaussianNoiseOp { stddev, training, stream: 2 }
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((shape(), 0.0..3f32, any::<u32>()), |(shape, stddev, first)| {
            let items: Vec<u64> = (0..shape[0] as u64).map(|n| u64::from(first / 2) + n).collect();
            let mut rng = Rng::new(u64::from(first), 0);
            let (x, grad) = (random(&shape, 0.0, &mut rng), random(&shape, 0.0, &mut rng));
            let (y, [grad_x]) = run(&op(stddev, &items), [&x], &grad, [true]);
            let len = shape[1..].iter().product::<usize>().max(1);
            let rows = wide(&x);
            let want = rows.chunks(len).zip(&items).flat_map(|(x, &item)| {
                let mut rng = Rng::at(3, 1, item, 2);
                let z: Vec<f64> = x.iter().map(|_| f64::from(rng.normal())).collect();
                reference(x, f64::from(stddev), &z)
            });
            // A product and a sum of terms up to 20, one of them with the error of `fill_normal` times up to 3.
            assert_close(&y, &want.collect::<Vec<_>>(), 20.0 * 1.2e-7 + 3.0 * 2.2e-6);
            assert_eq!(grad_x.unwrap(), grad);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (x, z, g) = ([0.3, -1.0], [0.7, -0.1], [1.0, 0.5]);
        assert_gradient(|x| dot(&reference(x, 0.2, &z), &g), &x, &g);
    }

    #[test]
    fn the_operation_passes_the_check() {
        check_op(&op(0.3, &[4, 9, 11]), [&random(&[3, 6], 0.0, &mut Rng::new(1, 0))]).unwrap();
    }

    #[test]
    #[should_panic(expected = "gaussian_noise: the batch has 1 items, but x is [2, 2]")]
    fn a_batch_of_another_size_is_refused() {
        op(0.5, &[1]).forward([&Tensor::zeros(&[2, 2])], &mut Pool::new());
    }
}
