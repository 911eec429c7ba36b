//! Multiplication of two tensors of one shape, element by element.
//!
//! ```text
//! y = a b                                 a, b, y: any shape, the same for all
//!
//! dL/da = dL/dy b,  dL/db = dL/dy a
//! ```

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, map2};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for one element of each.
pub fn reference<F: Float>(a: F, b: F) -> F {
    a * b
}

/// The slopes of the definition along a and along b.
pub fn reference_slopes<F: Float>(a: F, b: F) -> [F; 2] {
    [b, a]
}

/// The product as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Multiply;

impl Op<2> for Multiply {
    type Saved = ();

    fn name(&self) -> &'static str {
        "multiply"
    }

    fn forward(&self, inputs: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        (map2("multiply", inputs, pool, |a, b| a * b), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let [a, b] = at.inputs;
        let grad_b = at.needs[1].then(|| map2("multiply", [&grad, a], pool, |g, a| g * a));
        [Some(chain(grad, b, Cost::Plain, |b| b)), grad_b]
    }
}

impl Tape<'_> {
    /// a b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn multiply(&mut self, a: Var, b: Var) -> Var {
        self.apply(Multiply, [a, b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::pairwise;

    #[test]
    fn definition_operation_and_gradient_agree() {
        pairwise(&Multiply, reference, reference_slopes);
    }

    #[test]
    #[should_panic(expected = "multiply: a is [2, 3], b is [3, 2]")]
    fn both_shapes_are_named() {
        Multiply.forward([&Tensor::zeros(&[2, 3]), &Tensor::zeros(&[3, 2])], &mut Pool::new());
    }
}
