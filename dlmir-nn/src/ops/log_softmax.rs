//! The logarithm of softmax: log-probabilities along the last axis, without the detour over tiny numbers.
//!
//! ```text
//! y[.., c] = x[.., c] - ln(sum over k of exp(x[.., k]))             x, y: [..., classes]
//!
//! dL/dx[.., c] = dL/dy[.., c] - exp(y[.., c]) sum over k of dL/dy[.., k]        (needs y, not x)
//! ```
//!
//! As for [`crate::ops::softmax`], the row's maximum is subtracted first.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, zip_rows};
use crate::ops::softmax::{exponentials, row_len};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for one row.
pub fn reference<F: Float>(x: &[F]) -> Vec<F> {
    let sum = x.iter().fold(F::zero(), |sum, x| sum + x.exp());
    x.iter().map(|&x| x - sum.ln()).collect()
}

/// The gradient of the definition for one row, from its value and g = dL/dy.
pub fn reference_grad<F: Float>(y: &[F], g: &[F]) -> Vec<F> {
    let sum = g.iter().fold(F::zero(), |sum, &g| sum + g);
    y.iter().zip(g).map(|(&y, &g)| g - y.exp() * sum).collect()
}

/// The logarithm of softmax over the last axis as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct LogSoftmax;

impl Op<1> for LogSoftmax {
    type Saved = ();

    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let len = row_len("log_softmax", x);
        let mut y = pool.take(x.shape());
        zip_rows(y.as_mut_slice(), x.as_slice(), len, Cost::Exp, |y, x| {
            let (max, sum) = exponentials(y, x);
            let log = sum.ln();
            y.iter_mut().zip(x).for_each(|(y, x)| *y = (x - max) - log);
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, mut grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        let (y, len) = (at.output.as_slice(), row_len("log_softmax", &grad));
        zip_rows(grad.as_mut_slice(), y, len, Cost::Exp, |g, y| {
            let sum: f32 = g.iter().sum();
            g.iter_mut().zip(y).for_each(|(g, y)| *g -= y.exp() * sum);
        });
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// Log-probabilities along the last axis of x `[..., classes]`.
    ///
    /// # Panics
    /// If x has no axis.
    #[track_caller]
    pub fn log_softmax(&mut self, x: Var) -> Var {
        self.apply(LogSoftmax, [x])
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
        // As softmax; the gradient has a sum of up to 17 terms of up to 5.
        let grad = |x: &[f64], g: &[f64]| reference_grad(&reference(x), g);
        testing::row_by_row(&LogSoftmax, reference, grad, 3e-6);
        check_op(&LogSoftmax, [&random(&[4, 5], 0.0, &mut Rng::new(1, 0))]).unwrap();
    }

    #[test]
    fn small_probabilities_keep_their_digits() {
        let x = Tensor::from_vec(&[1, 2], vec![-500.0, 500.0]);
        let (y, ()) = LogSoftmax.forward([&x], &mut Pool::poisoned());
        assert_eq!(y.as_slice(), [-1000.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "log_softmax: x [] has no axis")]
    fn a_scalar_is_refused() {
        LogSoftmax.forward([&Tensor::scalar(1.0)], &mut Pool::new());
    }
}
