//! Leaky ReLU: a rectifier that lets a little through on the negative side, so that no unit dies.
//!
//! ```text
//! y = x          where x > 0
//! y = alpha x    elsewhere                x, y: any shape
//!
//! dL/dx = dL/dy          where x > 0
//! dL/dx = dL/dy alpha    elsewhere
//! ```
//!
//! Maas, Hannun, Ng (2013), "Rectifier nonlinearities improve neural network acoustic models", with
//! alpha = 0.01. PyTorch took this value ([`LeakyRelu::PYTORCH`]); the layers of Keras have 0.3
//! ([`LeakyRelu::KERAS`]), with which the parallel CNNs of the MIR literature were trained.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, map};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(x: F, alpha: F) -> F {
    if x > F::zero() { x } else { alpha * x }
}

/// The slope of the definition.
pub fn reference_slope<F: Float>(x: F, alpha: F) -> F {
    if x > F::zero() { F::one() } else { alpha }
}

/// Leaky ReLU as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct LeakyRelu {
    /// The slope on the negative side.
    pub alpha: f32,
}

impl LeakyRelu {
    /// The slope of Keras's layer.
    pub const KERAS: LeakyRelu = LeakyRelu { alpha: 0.3 };
    /// The slope of the paper and of PyTorch.
    pub const PYTORCH: LeakyRelu = LeakyRelu { alpha: 0.01 };
}

impl Op<1> for LeakyRelu {
    type Saved = ();

    fn name(&self) -> &'static str {
        "leaky_relu"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        (map(x, pool, Cost::Plain, |x| reference(x, self.alpha)), ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(chain(grad, at.inputs[0], Cost::Plain, |x| reference_slope(x, self.alpha)))]
    }
}

impl Tape<'_> {
    /// x where it is positive, alpha x elsewhere.
    #[track_caller]
    pub fn leaky_relu(&mut self, x: Var, alpha: f32) -> Var {
        self.apply(LeakyRelu { alpha }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        for op in [LeakyRelu::KERAS, LeakyRelu::PYTORCH, LeakyRelu { alpha: -0.5 }] {
            let alpha = f64::from(op.alpha);
            let value = |x| reference(x, alpha);
            // One product: half a unit in the last place.
            testing::elementwise(&op, value, |x| reference_slope(x, alpha), 1e-7);
        }
    }
}
