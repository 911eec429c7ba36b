//! The logistic sigmoid: squeezes any number into (0, 1), so that it can be read as a probability.
//!
//! ```text
//! y = 1 / (1 + exp(-x))                   x, y: any shape
//!
//! dL/dx = dL/dy y (1 - y)                 (needs y, not x)
//! ```
//!
//! As the last activation of a network it is left out in training: [`crate::ops::bce`] takes its input.
//! Verhulst (1845) named the curve; as an activation Rumelhart, Hinton, Williams (1986), Nature 323.

use num_traits::Float;

use crate::math::sigmoid_slice;
use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, zip};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(x: F) -> F {
    F::one() / (F::one() + (-x).exp())
}

/// The slope of the definition, from its value.
pub fn reference_slope<F: Float>(y: F) -> F {
    y * (F::one() - y)
}

/// The sigmoid as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Sigmoid;

impl Op<1> for Sigmoid {
    type Saved = ();

    fn name(&self) -> &'static str {
        "sigmoid"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let mut y = pool.take(x.shape());
        zip(y.as_mut_slice(), x.as_slice(), Cost::Exp, |y, x| sigmoid_slice(x, y));
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(chain(grad, at.output, Cost::Plain, reference_slope))]
    }
}

impl Tape<'_> {
    /// 1 / (1 + exp(-x)), element by element.
    #[track_caller]
    pub fn sigmoid(&mut self, x: Var) -> Var {
        self.apply(Sigmoid, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        // An exponential (2 units in the last place), a sum, a quotient.
        let slope = |x| reference_slope(reference(x));
        testing::elementwise(&Sigmoid, reference, slope, 3e-7);
    }

    #[test]
    fn the_ends_are_reached_without_infinities() {
        let x = Tensor::from_vec(&[4], vec![-1e4, -100.0, 100.0, 1e4]);
        let (y, ()) = Sigmoid.forward([&x], &mut Pool::poisoned());
        assert!(y.as_slice()[..2].iter().all(|&y| (0.0..1e-37).contains(&y)), "{y}");
        assert_eq!(y.as_slice()[2..], [1.0, 1.0]);
    }
}
