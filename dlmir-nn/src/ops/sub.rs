//! Subtraction of two tensors of one shape.
//!
//! ```text
//! y = a - b                               a, b, y: any shape, the same for all
//!
//! dL/da = dL/dy,  dL/db = -dL/dy
//! ```

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, map, map2};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The difference as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Sub;

impl Op<2> for Sub {
    type Saved = ();

    fn name(&self) -> &'static str {
        "sub"
    }

    fn forward(&self, inputs: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        (map2("sub", inputs, pool, |a, b| a - b), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let grad_b = at.needs[1].then(|| map(&grad, pool, Cost::Plain, |g| -g));
        [Some(grad), grad_b]
    }
}

impl Tape<'_> {
    /// a - b, element by element.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn sub(&mut self, a: Var, b: Var) -> Var {
        self.apply(Sub, [a, b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::rng::Rng;

    #[test]
    fn subs_and_passes_the_check() {
        let mut rng = Rng::new(2, 0);
        let (a, b) = (random(&[2, 3], 0.0, &mut rng), random(&[2, 3], 0.0, &mut rng));
        let (y, ()) = Sub.forward([&a, &b], &mut Pool::poisoned());
        assert_eq!(y.view()[[1, 2]], a.view()[[1, 2]] - b.view()[[1, 2]]);
        check_op(&Sub, [&a, &b]).unwrap();
    }

    #[test]
    #[should_panic(expected = "sub: a is [2, 3], b is [3, 2]")]
    fn both_shapes_are_named() {
        Sub.forward([&Tensor::zeros(&[2, 3]), &Tensor::zeros(&[3, 2])], &mut Pool::new());
    }
}
