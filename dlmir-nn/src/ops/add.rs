//! Addition of two tensors of one shape.
//!
//! ```text
//! y = a + b                               a, b, y: any shape, the same for all
//!
//! dL/da = dL/dy,  dL/db = dL/dy
//! ```

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::map2;
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for one element of each.
pub fn reference<F: Float>(a: F, b: F) -> F {
    a + b
}

/// The slopes of the definition along a and along b.
pub fn reference_slopes<F: Float>(_: F, _: F) -> [F; 2] {
    [F::one(), F::one()]
}

/// The sum as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Add;

impl Op<2> for Add {
    type Saved = ();

    fn name(&self) -> &'static str {
        "add"
    }

    fn forward(&self, inputs: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        (map2("add", inputs, pool, |a, b| a + b), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let grad_b = at.needs[1].then(|| pool.copy_of(&grad));
        [Some(grad), grad_b]
    }
}

impl Tape<'_> {
    /// a + b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn add(&mut self, a: Var, b: Var) -> Var {
        self.apply(Add, [a, b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::pairwise;

    #[test]
    fn definition_operation_and_gradient_agree() {
        pairwise(&Add, reference, reference_slopes);
    }

    #[test]
    #[should_panic(expected = "add: a is [2, 3], b is [3, 2]")]
    fn both_shapes_are_named() {
        Add.forward([&Tensor::zeros(&[2, 3]), &Tensor::zeros(&[3, 2])], &mut Pool::new());
    }
}
