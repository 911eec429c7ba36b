//! The mean squared error, a loss for regression.
//!
//! ```text
//! L = 1 / n  sum over i of (a[i] - b[i])^2          a, b: any shape of n elements, the same for both
//!
//! dL/da[i] = 2 / n (a[i] - b[i]),   dL/db[i] = -dL/da[i]
//! ```
//!
//! Over all elements, as in Keras and PyTorch: an output of twice as many features does not double the loss. Of no elements it
//! is 0. Legendre (1805) and Gauss (1809) for the method of least squares; as a network's loss Rumelhart, Hinton,
//! Williams (1986), "Learning representations by back-propagating errors", Nature 323, which halve the sum.

use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, map, map2};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
///
/// # Panics
/// Never: every count is a float.
pub fn reference<F: Float + FromPrimitive>(a: &[F], b: &[F]) -> F {
    let n = F::from_usize(a.len().max(1)).expect("a count is a float");
    a.iter().zip(b).fold(F::zero(), |sum, (&a, &b)| sum + (a - b) * (a - b)) / n
}

/// dL/da of the definition.
///
/// # Panics
/// Never: every count is a float.
pub fn reference_grad<F: Float + FromPrimitive>(a: &[F], b: &[F]) -> Vec<F> {
    let factor = F::from_f64(2.0 / a.len().max(1) as f64).expect("a quotient is a float");
    a.iter().zip(b).map(|(&a, &b)| factor * (a - b)).collect()
}

/// The mean squared error as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Mse;

impl Op<2> for Mse {
    type Saved = ();

    fn name(&self) -> &'static str {
        "mse"
    }

    fn forward(&self, [a, b]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        let (left, right) = (a.shape(), b.shape());
        assert!(left == right, "mse: the output is {}, the target {}", Show(left), Show(right));
        let pairs = a.as_slice().iter().zip(b.as_slice());
        let sum: f64 = pairs.map(|(a, b)| f64::from(a - b).powi(2)).sum();
        let mut loss = pool.take(&[]);
        loss.as_mut_slice()[0] = (sum / a.len().max(1) as f64) as f32;
        (loss, ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let factor = 2.0 / at.inputs[0].len() as f32 * grad.item();
        pool.give(grad);
        let grad_a = map2("mse", at.inputs, pool, |a, b| factor * (a - b));
        let grad_b = at.needs[1].then(|| map(&grad_a, pool, Cost::Plain, |g| -g));
        [Some(grad_a), grad_b]
    }
}

impl Tape<'_> {
    /// The mean squared difference of an output and its target, a single number.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn mse(&mut self, output: Var, target: Var) -> Var {
        self.apply(Mse, [output, target])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, for_many, run, shape, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (a, b) = ([0.3, -1.0, 2.0], [1.0, 0.5, -2.0]);
        assert_gradient(|a| reference(a, &b), &a, &reference_grad(&a, &b));
        let grad_b: Vec<f64> = reference_grad(&a, &b).iter().map(|g| -g).collect();
        assert_gradient(|b| reference(&a, b), &b, &grad_b);
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((shape(), any::<u64>()), |(shape, seed)| {
            let mut rng = Rng::new(seed, 0);
            let (a, b) = (random(&shape, 0.0, &mut rng), random(&shape, 0.0, &mut rng));
            let (y, [grad_a, grad_b]) = run(&Mse, [&a, &b], &Tensor::scalar(0.5), [true; 2]);
            let (a, b) = (wide(&a), wide(&b));
            // One rounded difference, squared; the sum is in 64 bits. The gradient is three roundings of at most 20.
            assert_close(&y, &[reference(&a, &b)], 3e-7);
            let want: Vec<f64> = reference_grad(&a, &b).iter().map(|g| 0.5 * g).collect();
            assert_close(&grad_a.unwrap(), &want, 2e-6);
            let want: Vec<f64> = want.iter().map(|g| -g).collect();
            assert_close(&grad_b.unwrap(), &want, 2e-6);
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(1, 0);
        let (a, b) = (random(&[3, 4], 0.0, &mut rng), random(&[3, 4], 0.0, &mut rng));
        check_op(&Mse, [&a, &b]).unwrap();
    }

    #[test]
    #[should_panic(expected = "mse: the output is [2, 1], the target [2]")]
    fn a_misfit_names_both_shapes() {
        Mse.forward([&Tensor::zeros(&[2, 1]), &Tensor::zeros(&[2])], &mut Pool::new());
    }
}
