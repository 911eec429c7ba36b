//! The contrastive loss of a siamese network: pairs that belong together are drawn near, others pushed apart.
//!
//! ```text
//! L = 1/n  sum over pairs of  y d^2 + (1 - y) max(0, margin - d)^2          d, y: [batch], n = batch
//!
//! dL/dd = 2/n (y d - (1 - y) max(0, margin - d))
//! ```
//!
//! d is the distance of a pair's two embeddings, y is 1 for a pair that belongs together and 0 for another; values between
//! are allowed. Others are pushed only until they are `margin` apart, or the network would blow up its embeddings for ever.
//! Of no pairs the loss is 0. Targets get no gradient.
//!
//! Hadsell, Chopra, LeCun (2006), "Dimensionality reduction by learning an invariant mapping", CVPR, equation 4; there a
//! half stands before each square, and y is 0 for pairs that belong together.

use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::ops::elementwise::map2;
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
///
/// # Panics
/// Never: every count is a float.
pub fn reference<F: Float + FromPrimitive>(d: &[F], y: &[F], margin: F) -> F {
    let n = F::from_usize(d.len().max(1)).expect("a count is a float");
    let term = |d: F, y: F| y * d * d + (F::one() - y) * (margin - d).max(F::zero()).powi(2);
    d.iter().zip(y).fold(F::zero(), |sum, (&d, &y)| sum + term(d, y)) / n
}

/// dL/dd of the definition.
///
/// # Panics
/// Never: every count is a float.
pub fn reference_grad<F: Float + FromPrimitive>(d: &[F], y: &[F], margin: F) -> Vec<F> {
    let factor = F::from_f64(2.0 / d.len().max(1) as f64).expect("a quotient is a float");
    let slope = |d: F, y: F| factor * (y * d - (F::one() - y) * (margin - d).max(F::zero()));
    d.iter().zip(y).map(|(&d, &y)| slope(d, y)).collect()
}

/// The contrastive loss as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Contrastive {
    /// How far pairs that do not belong together are pushed apart.
    pub margin: f32,
}

impl Op<2> for Contrastive {
    type Saved = ();

    fn name(&self) -> &'static str {
        "contrastive"
    }

    fn forward(&self, [d, y]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        let (left, right) = (d.shape(), y.shape());
        let fits = left == right && left.len() == 1;
        assert!(fits, "contrastive: distances {}, targets {}", Show(left), Show(right));
        let [d, y] = [d, y].map(|x| x.as_slice().iter().map(|&x| f64::from(x)));
        let (d, y): (Vec<_>, Vec<_>) = (d.collect(), y.collect());
        let mut loss = pool.take(&[]);
        loss.as_mut_slice()[0] = reference(&d, &y, f64::from(self.margin)) as f32;
        (loss, ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        assert!(!at.needs[1], "contrastive: targets have no gradient");
        let factor = 2.0 / at.inputs[0].len() as f32 * grad.item();
        pool.give(grad);
        let margin = self.margin;
        let slope = |d: f32, y: f32| factor * (y * d - (1.0 - y) * (margin - d).max(0.0));
        [Some(map2("contrastive", at.inputs, pool, slope)), None]
    }
}

impl Tape<'_> {
    /// The contrastive loss of distances and targets, both `[batch]`: a single number. Targets are 1 for pairs that belong
    /// together and 0 for others, which are pushed `margin` apart.
    ///
    /// # Panics
    /// If the shapes differ or are not those of two vectors.
    #[track_caller]
    pub fn contrastive(&mut self, distances: Var, targets: Var, margin: f32) -> Var {
        self.apply(Contrastive { margin }, [distances, targets])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;
    use crate::ops::testing::{assert_close, assert_gradient, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn an_example_by_hand() {
        // Together and 0.5 apart: 0.25. Not together: 0.25 short of the margin, and beyond it.
        assert_eq!(reference(&[0.5, 0.75, 2.0], &[1.0, 0.0, 0.0], 1.0), (0.25 + 0.0625) / 3.0);
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (d, y) = ([0.5, 0.75, 2.0, 0.1], [1.0, 0.0, 0.0, 0.3]);
        assert_gradient(|d| reference(d, &y, 1.0), &d, &reference_grad(&d, &y, 1.0));
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((length(), any::<u64>()), |(batch, seed)| {
            let mut rng = Rng::new(seed, 0);
            let mut d = random(&[batch], 0.0, &mut rng);
            d.as_mut_slice().iter_mut().for_each(|d| *d = d.abs());
            let y = Tensor::from_vec(&[batch], (0..batch).map(|_| rng.uniform()).collect());
            let op = Contrastive { margin: 1.5 };
            let (loss, [grad, none]) = run(&op, [&d, &y], &Tensor::scalar(0.5), [true, false]);
            assert!(none.is_none());
            let (d, y) = (wide(&d), wide(&y));
            assert_close(&loss, &[reference(&d, &y, 1.5)], 1e-7);
            let want: Vec<f64> = reference_grad(&d, &y, 1.5).iter().map(|g| 0.5 * g).collect();
            assert_close(&grad.unwrap(), &want, 2e-6);
        });
    }

    #[test]
    #[should_panic(expected = "contrastive: distances [2], targets [3]")]
    fn a_misfit_names_both_shapes() {
        let (d, y) = (Tensor::zeros(&[2]), Tensor::zeros(&[3]));
        Contrastive { margin: 1.0 }.forward([&d, &y], &mut Pool::new());
    }
}
