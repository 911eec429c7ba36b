//! ReLU, the rectified linear unit.
//!
//!   y = max(x, 0)                           x, y: any shape
//!
//!   dL/dx = dL/dy  where y > 0
//!   dL/dx = 0      elsewhere                (needs y, not x; at x = 0 the slope is taken as 0)
//!
//! Nair and Hinton (2010), "Rectified linear units improve restricted Boltzmann machines".

use num_traits::Float;

use crate::op::{At, Op};
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
        let mut y = pool.take(x.shape());
        for (y, &x) in y.as_mut_slice().iter_mut().zip(x.as_slice()) {
            *y = reference(x);
        }
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, mut grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        for (grad, &y) in grad.as_mut_slice().iter_mut().zip(at.output.as_slice()) {
            *grad *= reference_slope(y);
        }
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// max(x, 0), element by element.
    pub fn relu(&mut self, x: Var) -> Var {
        self.apply(Relu, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, numeric_slope};
    use crate::rng::Rng;

    #[test]
    fn the_slope_is_that_of_the_definition() {
        for x in [-2.0, -0.3, 0.4, 5.0f64] {
            let slope = reference_slope(reference(x));
            assert!((numeric_slope(reference, x) - slope).abs() < 1e-6);
        }
    }

    #[test]
    fn the_operation_agrees_with_the_definition_and_passes_the_check() {
        let x = crate::gradcheck::random(&[3, 7], 0.1, &mut Rng::new(1, 0));
        let (y, ()) = Relu.forward([&x], &mut Pool::poisoned());
        for (y, &x) in y.as_slice().iter().zip(x.as_slice()) {
            assert_eq!(f64::from(*y), reference(f64::from(x)));
        }
        check_op(&Relu, [&x]).unwrap();
    }

    #[test]
    fn a_nan_stays_one() {
        assert!(reference(f32::NAN).is_nan());
    }
}
