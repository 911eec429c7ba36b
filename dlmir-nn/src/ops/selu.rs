//! SELU, the scaled exponential linear unit: an ELU whose two constants draw the mean of a deep network's values to 0 and
//! their deviation to 1.
//!
//! ```text
//! y = lambda x                       where x > 0
//! y = lambda alpha (exp(x) - 1)      elsewhere            x, y: any shape
//!
//! dL/dx = dL/dy lambda               where y > 0
//! dL/dx = dL/dy (y + lambda alpha)   elsewhere            (needs y, not x)
//!
//! lambda = 1.0507009873554805, alpha = 1.6732632423543772
//! ```
//!
//! Klambauer, Unterthiner, Mayr, Hochreiter (2017), arXiv:1706.02515, equation 2; the constants are the solution of its equations 4
//! and 5 for mean 0 and variance 1. They hold for weights drawn with variance 1 / inputs
//! ([`Init::LeCunNormal`](crate::Init::LeCunNormal)).

use num_traits::Float;

use crate::math::expm1_slice;
use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, zip};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The scale of the positive side.
pub const LAMBDA: f64 = 1.050_700_987_355_480_5;

/// The limit of the negative side is -lambda alpha.
pub const ALPHA: f64 = 1.673_263_242_354_377_2;

fn constant<F: Float>(x: f64) -> F {
    F::from(x).expect("a float type holds the constants")
}

/// The definition.
pub fn reference<F: Float>(x: F) -> F {
    let (lambda, alpha): (F, F) = (constant(LAMBDA), constant(ALPHA));
    if x > F::zero() { lambda * x } else { lambda * alpha * x.exp_m1() }
}

/// The slope of the definition, from its value.
pub fn reference_slope<F: Float>(y: F) -> F {
    if y > F::zero() { constant(LAMBDA) } else { y + constant(LAMBDA * ALPHA) }
}

/// SELU as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Selu;

impl Op<1> for Selu {
    type Saved = ();

    fn name(&self) -> &'static str {
        "selu"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let (lambda, low) = (LAMBDA as f32, (LAMBDA * ALPHA) as f32);
        let mut y = pool.take(x.shape());
        zip(y.as_mut_slice(), x.as_slice(), Cost::Exp, |y, x| {
            expm1_slice(x, y);
            y.iter_mut()
                .zip(x)
                .for_each(|(y, &x)| *y = if x > 0.0 { lambda * x } else { low * *y });
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(chain(grad, at.output, Cost::Plain, reference_slope))]
    }
}

impl Tape<'_> {
    /// lambda x where it is positive, lambda alpha (exp(x) - 1) elsewhere.
    pub fn selu(&mut self, x: Var) -> Var {
        self.apply(Selu, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        // An exponential less 1 (2e-7) and a product by up to 1.76.
        testing::elementwise(&Selu, reference, |x| reference_slope(reference(x)), 6e-7);
    }

    /// The integrals of y and y^2 over the normal distribution, by sums over a fine grid: what the constants are made for.
    #[test]
    fn normal_numbers_keep_mean_and_deviation() {
        let (mut mean, mut square, step) = (0.0, 0.0, 1e-3);
        for i in -12_000..12_000 {
            let x = (f64::from(i) + 0.5) * step;
            let weight = (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt() * step;
            let y: f64 = reference(x);
            mean += weight * y;
            square += weight * y * y;
        }
        assert!(mean.abs() < 1e-6 && (square - 1.0).abs() < 1e-6, "{mean} {square}");
    }
}
