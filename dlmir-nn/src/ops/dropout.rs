//! Dropout: in training, each element is set to 0 with probability `rate`, so that no unit can rely on another.
//!
//! ```text
//! y = x m,    m = 0 with probability rate, else 1 / (1 - rate)          x, m, y: [batch, ...]
//!
//! dL/dx = dL/dy m
//! ```
//!
//! The factor 1 / (1 - rate) keeps the expectation of y at x ("inverted" dropout, as in Keras and PyTorch), so that
//! nothing has to be done when the network is used: then y = x, and nothing is recorded.
//!
//! The mask of an item is drawn at its address (seed, epoch, item, layer): it does not depend on which other items are in the
//! batch, nor on the number of threads, and a resumed run draws what the interrupted one would have drawn.
//!
//! Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov (2014), "Dropout", JMLR 15, section 4.

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain};
use crate::parallel;
use crate::pool::Pool;
use crate::rng::Rng;
use crate::shape::Show;
use crate::tape::{Tape, Training, Var};
use crate::tensor::Tensor;

/// The definition, for one item and its uniform random numbers in [0, 1): an element stays where the number is not below the
/// rate.
pub fn reference(x: &[f64], rate: f64, uniform: &[f64]) -> Vec<f64> {
    let mask = uniform.iter().map(|&u| if u < rate { 0.0 } else { 1.0 / (1.0 - rate) });
    x.iter().zip(mask).map(|(x, m)| x * m).collect()
}

/// Dropout as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct DropoutOp {
    /// The probability that an element is dropped, in [0, 1).
    pub rate: f32,
    /// The seed, the epoch and the items of the batch.
    pub training: Training,
    /// Which of the network's sources of randomness this is.
    pub stream: u64,
}

impl Training {
    /// The random numbers that sample `n` of the batch gets from source `stream`.
    pub(crate) fn rng(&self, n: usize, stream: u64) -> Rng {
        Rng::at(self.seed, self.epoch, self.items[n], stream)
    }

    /// How many elements of x belong to each item.
    ///
    /// # Panics
    /// If axis 0 of x is not as long as there are items.
    #[track_caller]
    pub(crate) fn item_len(&self, name: &str, x: &Tensor) -> usize {
        let (shape, items) = (x.shape(), self.items.len());
        assert!(
            shape.first() == Some(&items),
            "{name}: the batch has {items} items, but x is {}",
            Show(shape)
        );
        shape[1..].iter().product()
    }
}

/// Fills `mask` with what one item's random numbers make of `rate`.
pub(super) fn draw_mask(mask: &mut [f32], rate: f32, rng: &mut Rng) {
    let kept = 1.0 / (1.0 - rate);
    rng.fill_uniform(mask);
    mask.iter_mut().for_each(|m| *m = if *m < rate { 0.0 } else { kept });
}

#[track_caller]
pub(super) fn assert_rate(name: &str, rate: f32) {
    assert!((0.0..1.0).contains(&rate), "{name}: the rate is {rate}, it must be in [0, 1)");
}

impl Op<1> for DropoutOp {
    /// The mask m.
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        "dropout"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, Tensor) {
        assert_rate("dropout", self.rate);
        let len = self.training.item_len("dropout", x);
        let (mut y, mut mask) = (pool.take(x.shape()), pool.take(x.shape()));
        let work_ns = x.len() * Cost::Random as usize / 10;
        let (rows, masks) = ((y.as_mut_slice(), len.max(1)), (mask.as_mut_slice(), len.max(1)));
        parallel::for_each_chunk2(rows, masks, work_ns, |n, y, mask| {
            draw_mask(mask, self.rate, &mut self.training.rng(n, self.stream));
            let x = &x.as_slice()[n * len..][..len];
            y.iter_mut().zip(x.iter().zip(mask)).for_each(|(y, (x, m))| *y = x * *m);
        });
        (y, mask)
    }

    fn backward(
        &self,
        at: At<'_, 1, Tensor>,
        grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 1] {
        let grad = chain(grad, &at.saved, Cost::Plain, |m| m);
        pool.give(at.saved);
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// x with elements dropped at random, `[batch, ...]`; x itself while the network is only used.
    ///
    /// # Panics
    /// If the rate is not in [0, 1) or the first axis of x is not that of the batch.
    #[track_caller]
    pub fn dropout(&mut self, x: Var, rate: f32) -> Var {
        assert_rate("dropout", rate);
        let stream = self.next_stream();
        match self.training().cloned() {
            Some(training) if rate > 0.0 => self.apply(DropoutOp { rate, training, stream }, [x]),
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

    fn op(rate: f32, items: &[u64]) -> DropoutOp {
        DropoutOp { rate, training: Training { seed: 3, epoch: 1, items: items.into() }, stream: 2 }
    }

    #[test]
    fn the_operation_is_the_definition() {
        let strategy = (shape(), 0.0..0.95f32, any::<u32>());
        for_many(strategy, |(shape, rate, first)| {
            let items: Vec<u64> = (0..shape[0] as u64).map(|n| u64::from(first / 2) + n).collect();
            let op = op(rate, &items);
            let mut rng = Rng::new(u64::from(first), 0);
            let (x, grad) = (random(&shape, 0.0, &mut rng), random(&shape, 0.0, &mut rng));
            let (y, [grad_x]) = run(&op, [&x], &grad, [true]);
            let len = shape[1..].iter().product::<usize>();
            let define = |x: &Tensor| -> Vec<f64> {
                let x = wide(x);
                let rows = x.chunks(len.max(1)).zip(&items).flat_map(|(x, &item)| {
                    let mut rng = Rng::at(3, 1, item, 2);
                    let uniform: Vec<f64> = x.iter().map(|_| f64::from(rng.uniform())).collect();
                    reference(x, f64::from(rate), &uniform)
                });
                rows.collect()
            };
            // 1 / (1 - rate) is rounded twice, and 1 - rate loses what the rate's own rounding lost: 20 times that
            // at a rate of 0.95; then a product.
            assert_close(&y, &define(&x), 3e-6);
            assert_close(&grad_x.unwrap(), &define(&grad), 3e-6);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (x, g) = ([0.3, -1.0, 2.0, 0.1], [1.0, 0.5, -2.0, 3.0]);
        let uniform = [0.1, 0.6, 0.3, 0.9];
        let grad = reference(&g, 0.4, &uniform);
        assert_gradient(|x| dot(&reference(x, 0.4, &uniform), &g), &x, &grad);
    }

    #[test]
    fn the_operation_passes_the_check() {
        check_op(&op(0.5, &[4, 9, 11]), [&random(&[3, 6], 0.0, &mut Rng::new(1, 0))]).unwrap();
    }

    #[test]
    fn the_mask_belongs_to_the_item_not_to_its_place() {
        let x = Tensor::full(&[2, 50], 1.0);
        let rows = |items: &[u64]| op(0.3, items).forward([&x], &mut Pool::poisoned()).0.into_vec();
        let (a, b) = (rows(&[7, 8]), rows(&[8, 5]));
        assert_eq!(a[50..], b[..50]);
        assert_ne!(a[..50], b[50..]);
    }

    #[test]
    fn the_expected_share_is_dropped_and_the_mean_kept() {
        let items: Vec<u64> = (0..100).collect();
        let x = Tensor::full(&[100, 1000], 1.0);
        let (y, _) = op(0.3, &items).forward([&x], &mut Pool::poisoned());
        let dropped = y.as_slice().iter().filter(|&&y| y == 0.0).count() as f64 / 1e5;
        // Five standard deviations of 100 000 draws: 5 sqrt(0.3 0.7 / 1e5).
        assert!((dropped - 0.3).abs() < 0.0073, "{dropped}");
        let mean = wide(&y).iter().sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.0073 / 0.7, "{mean}");
    }

    #[test]
    fn without_training_nothing_is_recorded_and_streams_still_count() {
        let params = crate::Params::new();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.leaf(Tensor::zeros(&[5, 2]));
        assert_eq!(tape.dropout(x, 0.5), x);
        assert_eq!(tape.next_stream(), 2);
    }

    #[test]
    #[should_panic(expected = "dropout: the batch has 3 items, but x is [4, 2]")]
    fn a_batch_of_another_size_is_refused() {
        op(0.5, &[1, 2, 3]).forward([&Tensor::zeros(&[4, 2])], &mut Pool::new());
    }

    #[test]
    #[should_panic(expected = "dropout: the rate is 1, it must be in [0, 1)")]
    fn a_rate_of_one_is_refused() {
        op(1.0, &[]).forward([&Tensor::zeros(&[0, 2])], &mut Pool::new());
    }
}
