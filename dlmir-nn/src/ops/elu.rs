//! ELU, the exponential linear unit: a rectifier whose negative side flattens out at -alpha.
//!
//! ```text
//! y = x                       where x > 0
//! y = alpha (exp(x) - 1)      elsewhere            x, y: any shape;  alpha >= 0
//!
//! dL/dx = dL/dy               where y > 0
//! dL/dx = dL/dy (y + alpha)   elsewhere            (needs y, not x: y + alpha = alpha exp(x))
//! ```
//!
//! Clevert, Unterthiner, Hochreiter (2016), arXiv:1511.07289, equation 15. Keras and PyTorch have the
//! paper's alpha = 1.

use num_traits::Float;

use crate::math::expm1_slice;
use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, zip};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(x: F, alpha: F) -> F {
    if x > F::zero() { x } else { alpha * x.exp_m1() }
}

/// The slope of the definition, from its value.
pub fn reference_slope<F: Float>(y: F, alpha: F) -> F {
    if y > F::zero() { F::one() } else { y + alpha }
}

/// ELU as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Elu {
    /// The limit on the negative side is -alpha.
    pub alpha: f32,
}

impl Default for Elu {
    /// alpha = 1, the only one whose slope has no jump at 0.
    fn default() -> Elu {
        Elu { alpha: 1.0 }
    }
}

impl Op<1> for Elu {
    type Saved = ();

    fn name(&self) -> &'static str {
        "elu"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let alpha = self.alpha;
        assert!(alpha >= 0.0, "elu: alpha is {alpha}, it must not be negative");
        let mut y = pool.take(x.shape());
        zip(y.as_mut_slice(), x.as_slice(), Cost::Exp, |y, x| {
            expm1_slice(x, y);
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = if x > 0.0 { x } else { alpha * *y });
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(chain(grad, at.output, Cost::Plain, |y| reference_slope(y, self.alpha)))]
    }
}

impl Tape<'_> {
    /// x where it is positive, alpha (exp(x) - 1) elsewhere.
    ///
    /// # Panics
    /// If alpha is negative.
    #[track_caller]
    pub fn elu(&mut self, x: Var, alpha: f32) -> Var {
        self.apply(Elu { alpha }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        for op in [Elu::default(), Elu { alpha: 0.3 }] {
            let alpha = f64::from(op.alpha);
            let value = |x| reference(x, alpha);
            // An exponential less 1 (2e-7) and a product.
            testing::elementwise(&op, value, |x| reference_slope(value(x), alpha), 3e-7);
        }
    }

    #[test]
    #[should_panic(expected = "elu: alpha is -1, it must not be negative")]
    fn a_negative_alpha_is_refused() {
        Elu { alpha: -1.0 }.forward([&Tensor::zeros(&[1])], &mut Pool::new());
    }
}
