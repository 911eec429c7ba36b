//! ReLU, the rectified linear unit.
//!
//! ```text
//! y = max(x, 0)                           x, y: any shape
//!
//! dL/dx = dL/dy  where y > 0
//! dL/dx = 0      elsewhere                (needs y, not x; at x = 0 the slope is taken as 0)
//! ```
//!
//! Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, map};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(x: F) -> F {
    // Not `x.max(0)`, which would turn a NaN into 0 and hide it.
    if x < F::zero() { F::zero() } else { x }
}

/// The slope of the definition, from its value.
pub fn reference_slope<F: Float>(y: F) -> F {
    if y > F::zero() { F::one() } else { F::zero() }
}

/// ReLU as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Relu;

impl Op<1> for Relu {
    type Saved = ();

    fn name(&self) -> &'static str {
        "relu"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        (map(x, pool, Cost::Plain, reference), ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(chain(grad, at.output, Cost::Plain, reference_slope))]
    }
}

impl Tape<'_> {
    /// max(x, 0), element by element.
    #[track_caller]
    pub fn relu(&mut self, x: Var) -> Var {
        self.apply(Relu, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        testing::elementwise(&Relu, reference, |x| reference_slope(reference(x)), 0.0);
    }

    #[test]
    fn a_nan_stays_one() {
        assert!(reference(f32::NAN).is_nan());
    }
}
