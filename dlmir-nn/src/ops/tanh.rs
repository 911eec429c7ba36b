//! The hyperbolic tangent: squeezes any number into (-1, 1).
//!
//! ```text
//! y = tanh(x) = (exp(x) - exp(-x)) / (exp(x) + exp(-x))        x, y: any shape
//!
//! dL/dx = dL/dy (1 - y^2)                                      (needs y, not x)
//! ```
//!
//! Unlike the sigmoid it is 0 at 0, which keeps the signals between layers centred: LeCun, Bottou, Orr, Mueller (1998),
//! "Efficient BackProp", section 4.4.

use num_traits::Float;

use crate::math::tanh_slice;
use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, zip};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(x: F) -> F {
    x.tanh()
}

/// The slope of the definition, from its value.
pub fn reference_slope<F: Float>(y: F) -> F {
    F::one() - y * y
}

/// The hyperbolic tangent as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Tanh;

impl Op<1> for Tanh {
    type Saved = ();

    fn name(&self) -> &'static str {
        "tanh"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let mut y = pool.take(x.shape());
        zip(y.as_mut_slice(), x.as_slice(), Cost::Exp, |y, x| tanh_slice(x, y));
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(chain(grad, at.output, Cost::Plain, reference_slope))]
    }
}

impl Tape<'_> {
    /// tanh(x), element by element.
    #[track_caller]
    pub fn tanh(&mut self, x: Var) -> Var {
        self.apply(Tanh, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        // 2 units in the last place.
        testing::elementwise(&Tanh, reference, |x| reference_slope(reference(x)), 2e-7);
    }
}
