//! GELU, the Gaussian error linear unit: a smooth rectifier, x times the chance that a normal number is below x.
//!
//!   y = x Phi(x),    Phi(x) = (1 + erf(x / sqrt(2))) / 2              x, y: any shape
//!
//!   dL/dx = dL/dy (Phi(x) + x phi(x)),    phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
//!
//! and the approximation by tanh that some models were trained with,
//!
//!   y = x (1 + tanh(u)) / 2,    u = sqrt(2 / pi) (x + 0.044715 x^3)
//!
//!   dL/dx = dL/dy ((1 + tanh(u)) / 2 + x (1 - tanh(u)^2) u' / 2),    u' = sqrt(2 / pi) (1 + 0.134145 x^2)
//!
//! The two differ by up to 5e-4, so which one is meant must be said: [`Gelu`] has no default.
//! Hendrycks, Gimpel (2016), arXiv:1606.08415, section 2. PyTorch's `gelu` and Keras 3's are exact unless told otherwise.

use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, chain, map};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// GELU as an operation. See the module's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gelu {
    /// By the error function: the definition.
    Exact,
    /// By tanh: the approximation.
    Tanh,
}

fn constant<F: FromPrimitive>(x: f64) -> F {
    F::from_f64(x).expect("floats hold rounded constants")
}

/// The error function by its series, erf(z) = 2 / sqrt(pi) exp(-z^2) sum over n of 2^n z^(2n+1) / (1 * 3 * ... * (2n+1)):
/// Abramowitz and Stegun (1964), eq. 7.1.6. All terms have one sign, so nothing cancels.
pub fn reference_erf<F: Float + FromPrimitive>(z: F) -> F {
    if z.abs() > constant(6.0) {
        return z.signum(); // 1 - erf(6) is 2e-17
    }
    let (mut term, mut sum, mut odd) = (z, z, F::one());
    while term.abs() > sum.abs() * F::epsilon() {
        odd = odd + constant(2.0);
        term = term * constant::<F>(2.0) * z * z / odd;
        sum = sum + term;
    }
    constant::<F>(std::f64::consts::FRAC_2_SQRT_PI) * (-z * z).exp() * sum
}

/// The definition.
pub fn reference<F: Float + FromPrimitive>(x: F, form: Gelu) -> F {
    let half = constant::<F>(0.5);
    match form {
        Gelu::Exact => {
            half * x * (F::one() + reference_erf(x * constant(std::f64::consts::FRAC_1_SQRT_2)))
        }
        Gelu::Tanh => half * x * (F::one() + inner(x).tanh()),
    }
}

/// The slope of the definition.
pub fn reference_slope<F: Float + FromPrimitive>(x: F, form: Gelu) -> F {
    let half = constant::<F>(0.5);
    match form {
        Gelu::Exact => {
            let below = F::one() + reference_erf(x * constant(std::f64::consts::FRAC_1_SQRT_2));
            half * below + x * density(x)
        }
        Gelu::Tanh => {
            let t = inner(x).tanh();
            half * (F::one() + t) + half * x * (F::one() - t * t) * inner_slope(x)
        }
    }
}

/// phi(x).
fn density<F: Float + FromPrimitive>(x: F) -> F {
    constant::<F>(0.398942280401432678) * (constant::<F>(-0.5) * x * x).exp()
}

const SQRT_2_OVER_PI: f64 = 0.797884560802865356;

/// u.
fn inner<F: Float + FromPrimitive>(x: F) -> F {
    constant::<F>(SQRT_2_OVER_PI) * (x + constant::<F>(0.044715) * x * x * x)
}

/// u'.
fn inner_slope<F: Float + FromPrimitive>(x: F) -> F {
    constant::<F>(SQRT_2_OVER_PI) * (F::one() + constant::<F>(0.134145) * x * x)
}

/// (1 + tanh(u)) / 2 in 32 bits: the same as 1 / (1 + exp(-2 u)), where nothing cancels.
fn below_by_tanh(x: f32) -> f32 {
    1.0 / (1.0 + (-2.0 * inner(x)).exp())
}

/// Phi(x) in 32 bits. With z = |x| / sqrt(2) and t = 1 / (1 + z / 2), the tail is
///
///   1 - Phi(|x|) = erfc(z) / 2 = t exp(-z^2 + P(t)) / 2
///
/// where the polynomial P fits ln(erfc(z) exp(z^2) / t) at 400 Chebyshev points of 1/8 < t < 1 (z < 14) to 7e-8.
fn below(x: f32) -> f32 {
    const P: [f32; 10] = [
        -1.265497523,
        0.9996863549,
        0.3772234077,
        0.08116460876,
        -0.1396314828,
        0.1914623019,
        -1.03165751,
        1.413203105,
        -0.7914630948,
        0.165509898,
    ];
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let p = P.iter().rev().fold(0.0, |sum, c| sum * t + c);
    let tail = 0.5 * t * (p - z * z).exp();
    if x < 0.0 { tail } else { 1.0 - tail }
}

impl Op<1> for Gelu {
    type Saved = ();

    fn name(&self) -> &'static str {
        "gelu"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let y = match self {
            Gelu::Exact => map(x, pool, Cost::Exp, |x| x * below(x)),
            Gelu::Tanh => map(x, pool, Cost::Exp, |x| x * below_by_tanh(x)),
        };
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        let x = at.inputs[0];
        let grad = match self {
            Gelu::Exact => chain(grad, x, Cost::Exp, |x| below(x) + x * density(x)),
            // With s = (1 + tanh(u)) / 2, (1 - tanh(u)^2) / 2 is 2 s (1 - s).
            Gelu::Tanh => chain(grad, x, Cost::Exp, |x| {
                let s = below_by_tanh(x);
                s + x * 2.0 * s * (1.0 - s) * inner_slope(x)
            }),
        };
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// x Phi(x), element by element, exact or approximated.
    pub fn gelu(&mut self, x: Var, form: Gelu) -> Var {
        self.apply(form, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing;

    #[test]
    fn definition_operation_and_gradient_agree() {
        for form in [Gelu::Exact, Gelu::Tanh] {
            // The tail is exact to 3e-7 of itself, and x times it at most 0.17; the sigmoid likewise.
            let slope = |x: f64| reference_slope(x, form);
            testing::elementwise(&form, |x| reference(x, form), slope, 3e-7);
        }
    }

    /// Values of Abramowitz and Stegun (1964), table 7.1.
    #[test]
    fn the_error_function_has_the_tabulated_values() {
        for (z, erf) in [(0.0, 0.0), (0.5, 0.5204998778), (1.0, 0.8427007929), (2.0, 0.9953222650)]
        {
            assert!((reference_erf(z) - erf).abs() < 1e-10);
            assert!((reference_erf(-z) + erf).abs() < 1e-10);
        }
        assert_eq!(reference_erf(7.0f64), 1.0);
    }

    #[test]
    fn both_ends_are_finite() {
        let x = Tensor::from_vec(&[4], vec![-1e6, -40.0, 40.0, 1e6]);
        for form in [Gelu::Exact, Gelu::Tanh] {
            let grad = Tensor::full(&[4], 1.0);
            let (y, [grad]) = testing::run(&form, [&x], &grad, [true]);
            assert_eq!(y.as_slice(), [-0.0, -0.0, 40.0, 1e6], "{form:?}");
            assert_eq!(grad.unwrap().as_slice(), [0.0, 0.0, 1.0, 1.0], "{form:?}");
        }
    }
}
