//! A fixed factor; with -1 the negative, with a loss its weight in a sum of losses.
//!
//! ```text
//! y = factor x                            x, y: any shape
//!
//! dL/dx = factor dL/dy
//! ```

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, map};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(x: F, factor: F) -> F {
    factor * x
}

/// Multiplication by a fixed number as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Scale {
    /// The number.
    pub factor: f32,
}

impl Op<1> for Scale {
    type Saved = ();

    fn name(&self) -> &'static str {
        "scale"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        (map(x, pool, Cost::Plain, |x| self.factor * x), ())
    }

    fn backward(&self, _: At<'_, 1, ()>, mut grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        grad.as_mut_slice().iter_mut().for_each(|g| *g *= self.factor);
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// factor x, element by element.
    #[track_caller]
    pub fn scale(&mut self, x: Var, factor: f32) -> Var {
        self.apply(Scale { factor }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        for factor in [-1.0, 0.25] {
            let wide = f64::from(factor);
            testing::elementwise(&Scale { factor }, |x| reference(x, wide), |_| wide, 1e-7);
        }
    }
}
