//! Multiplication of two tensors of one shape, element by element.
//!
//! ```text
//! y = a b                                 a, b, y: any shape, the same for all
//!
//! dL/da = dL/dy b,  dL/db = dL/dy a
//! ```

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, map2};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

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
    use crate::gradcheck::{check_op, random};
    use crate::rng::Rng;

    #[test]
    fn multiplies_and_passes_the_check() {
        let mut rng = Rng::new(2, 0);
        let (a, b) = (random(&[2, 3], 0.0, &mut rng), random(&[2, 3], 0.0, &mut rng));
        let (y, ()) = Multiply.forward([&a, &b], &mut Pool::poisoned());
        assert_eq!(y.view()[[1, 2]], a.view()[[1, 2]] * b.view()[[1, 2]]);
        check_op(&Multiply, [&a, &b]).unwrap();
    }

    #[test]
    fn a_square_is_a_product_with_itself() {
        let params = crate::Params::new();
        let x = [random(&[1], 0.5, &mut Rng::new(2, 1))];
        crate::gradcheck::check_tape(&params, &x, |tape, x| tape.multiply(x[0], x[0])).unwrap();
    }

    #[test]
    #[should_panic(expected = "multiply: a is [2, 3], b is [3, 2]")]
    fn both_shapes_are_named() {
        Multiply.forward([&Tensor::zeros(&[2, 3]), &Tensor::zeros(&[3, 2])], &mut Pool::new());
    }
}
