//! Softmax: turns the numbers along the last axis into probabilities that sum to 1.
//!
//! ```text
//! y[.., c] = exp(x[.., c]) / sum over k of exp(x[.., k])            x, y: [..., classes]
//!
//! dL/dx[.., c] = y[.., c] (dL/dy[.., c] - sum over k of dL/dy[.., k] y[.., k])        (needs y, not x)
//! ```
//!
//! A constant added to all x of a row changes nothing, so the row's maximum is subtracted first: then no exponential
//! overflows. As the last activation of a network it is left out in training, because [`crate::ops::cross_entropy`] takes its
//! input. Bridle (1990), "Probabilistic interpretation of feedforward classification network outputs".

use num_traits::Float;

use crate::math::exp_in_place;
use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, zip_rows};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for one row.
pub fn reference<F: Float>(x: &[F]) -> Vec<F> {
    let sum = x.iter().fold(F::zero(), |sum, x| sum + x.exp());
    x.iter().map(|x| x.exp() / sum).collect()
}

/// The gradient of the definition for one row, from its value and g = dL/dy.
pub fn reference_grad<F: Float>(y: &[F], g: &[F]) -> Vec<F> {
    let sum = y.iter().zip(g).fold(F::zero(), |sum, (&y, &g)| sum + y * g);
    y.iter().zip(g).map(|(&y, &g)| y * (g - sum)).collect()
}

/// Softmax over the last axis as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Softmax;

/// The length of the last axis.
#[track_caller]
pub(super) fn row_len(name: &str, x: &Tensor) -> usize {
    let last = x.shape().last().copied();
    last.unwrap_or_else(|| panic!("{name}: x {} has no axis", Show(x.shape())))
}

/// y = exp(x - m) with m the maximum of x; returns m and the sum of y.
pub(super) fn exponentials(y: &mut [f32], x: &[f32]) -> (f32, f32) {
    let max = x.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    y.iter_mut().zip(x).for_each(|(y, x)| *y = x - max);
    exp_in_place(y);
    (max, y.iter().sum())
}

impl Op<1> for Softmax {
    type Saved = ();

    fn name(&self) -> &'static str {
        "softmax"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let len = row_len("softmax", x);
        let mut y = pool.take(x.shape());
        zip_rows(y.as_mut_slice(), x.as_slice(), len, Cost::Exp, |y, x| {
            let (_, sum) = exponentials(y, x);
            y.iter_mut().for_each(|y| *y /= sum);
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, mut grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        let (y, len) = (at.output.as_slice(), row_len("softmax", &grad));
        zip_rows(grad.as_mut_slice(), y, len, Cost::Plain, |g, y| {
            let sum: f32 = g.iter().zip(y).map(|(g, y)| g * y).sum();
            g.iter_mut().zip(y).for_each(|(g, y)| *g = y * (*g - sum));
        });
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// Probabilities along the last axis of x `[..., classes]`.
    ///
    /// # Panics
    /// If x has no axis.
    #[track_caller]
    pub fn softmax(&mut self, x: Var) -> Var {
        self.apply(Softmax, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{self, assert_gradient, dot, wide};
    use crate::rng::Rng;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(1, 0);
        let (x, g) = (wide(&random(&[5], 0.0, &mut rng)), wide(&random(&[5], 0.0, &mut rng)));
        let grad = reference_grad(&reference(&x), &g);
        assert_gradient(|x| dot(&reference(x), &g), &x, &grad);
    }

    #[test]
    fn the_operation_is_the_definition() {
        // An exponential of a rounded difference (up to 30 wide) and a sum of up to 17: values of at most 1.
        testing::row_by_row(&Softmax, reference, |x, g| reference_grad(&reference(x), g), 3e-6);
        check_op(&Softmax, [&random(&[4, 5], 0.0, &mut Rng::new(1, 0))]).unwrap();
    }

    #[test]
    fn large_numbers_do_not_overflow() {
        let x = Tensor::from_vec(&[2, 2], vec![1000.0, 1000.0, -1000.0, 1000.0]);
        let (y, ()) = Softmax.forward([&x], &mut Pool::poisoned());
        assert_eq!(y.as_slice(), [0.5, 0.5, 0.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "softmax: x [] has no axis")]
    fn a_scalar_is_refused() {
        Softmax.forward([&Tensor::scalar(1.0)], &mut Pool::new());
    }
}
