//! GELU, the Gaussian error linear unit: a smooth rectifier, x times the chance that a normal number is below x.
//!
//! ```text
//! y = x Phi(x),    Phi(x) = (1 + erf(x / sqrt(2))) / 2              x, y: any shape
//!
//! dL/dx = dL/dy (Phi(x) + x phi(x)),    phi(x) = exp(-x^2 / 2) / sqrt(2 pi)
//! ```
//!
//! and the approximation by tanh that some models were trained with,
//!
//! ```text
//! y = x (1 + tanh(u)) / 2,    u = sqrt(2 / pi) (x + 0.044715 x^3)
//!
//! dL/dx = dL/dy ((1 + tanh(u)) / 2 + x (1 - tanh(u)^2) u' / 2),    u' = sqrt(2 / pi) (1 + 0.134145 x^2)
//! ```
//!
//! The two differ by up to 5e-4, so which one is meant must be said: [`Gelu`] has no default.
//!
//! The error of y and of its slope is below 3e-7 times max(1, |y|): absolute, not relative, for small y. Far
//! out on the left, where y is tiny itself (y = -9e-7 at x = -5.5), its digits are lost.
//!
//! Hendrycks, Gimpel (2016), arXiv:1606.08415, section 2. PyTorch's `gelu` and Keras 3's are exact unless told otherwise.

use num_traits::{Float, FromPrimitive};

use crate::math;
use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, zip};
use crate::pool::Pool;
use crate::simd::{self, Kernel};
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
/// Abramowitz, Stegun (1964), eq. 7.1.6. All terms have one sign, so nothing cancels.
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

/// y = GELU(x), compiled for each instruction set. For tanh, (1 + tanh(u)) / 2 is the sigmoid of 2 u, where nothing cancels.
struct Forward<'a>(Gelu, &'a [f32], &'a mut [f32]);

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Forward(form, x, y) = self;
        let pairs = y.iter_mut().zip(x);
        match form {
            Gelu::Exact => pairs.for_each(|(y, &x)| *y = x * below::<FUSED>(x)),
            Gelu::Tanh => pairs.for_each(|(y, &x)| *y = x * below_by_tanh::<FUSED>(x)),
        }
    }
}

/// grad *= slope of GELU at x.
struct Backward<'a>(Gelu, &'a [f32], &'a mut [f32]);

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Backward(form, x, grad) = self;
        for (grad, &x) in grad.iter_mut().zip(x) {
            *grad *= match form {
                Gelu::Exact => {
                    let phi = 0.398942280401432678 * math::exp::<FUSED>(-0.5 * x * x);
                    below::<FUSED>(x) + x * phi
                }
                Gelu::Tanh => {
                    // With s = (1 + tanh(u)) / 2, (1 - tanh(u)^2) / 2 is 2 s (1 - s).
                    let s = below_by_tanh::<FUSED>(x);
                    // Beyond |x| = 100, s (1 - s) is 0; times the infinity that x^3 may be, it were NaN.
                    let x = x.clamp(-100.0, 100.0);
                    s + x * 2.0 * s * (1.0 - s) * SQRT_2_OVER_PI as f32 * (1.0 + 0.134145 * x * x)
                }
            };
        }
    }
}

/// Phi(x).
#[inline(always)]
fn below<const FUSED: bool>(x: f32) -> f32 {
    0.5 + 0.5 * math::erf::<FUSED>(x * std::f32::consts::FRAC_1_SQRT_2)
}

/// (1 + tanh(u)) / 2.
#[inline(always)]
fn below_by_tanh<const FUSED: bool>(x: f32) -> f32 {
    math::sigmoid::<FUSED>(2.0 * SQRT_2_OVER_PI as f32 * (x + 0.044715 * x * x * x))
}

impl Op<1> for Gelu {
    type Saved = ();

    fn name(&self) -> &'static str {
        "gelu"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let mut y = pool.take(x.shape());
        zip(y.as_mut_slice(), x.as_slice(), Cost::Exp, |y, x| {
            simd::run(simd::level(), Forward(*self, x, y));
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, mut grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        zip(grad.as_mut_slice(), at.inputs[0].as_slice(), Cost::Exp, |grad, x| {
            simd::run(simd::level(), Backward(*self, x, grad));
        });
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// x Phi(x), element by element, exact or approximated.
    #[track_caller]
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
            // 1 + erf is exact to 1e-7 and less than 1e-8 from its end at |x| > 5.5; a few products on top.
            let slope = |x: f64| reference_slope(x, form);
            testing::elementwise(&form, |x| reference(x, form), slope, 3e-7);
        }
    }

    /// Values of Abramowitz, Stegun (1964), table 7.1.
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
        let x = Tensor::from_vec(&[4], vec![-3e38, -40.0, 40.0, 3e38]);
        for form in [Gelu::Exact, Gelu::Tanh] {
            let grad = Tensor::full(&[4], 1.0);
            let (y, [grad]) = testing::run(&form, [&x], &grad, [true]);
            assert_eq!(y.as_slice(), [-0.0, -0.0, 40.0, 3e38], "{form:?}");
            assert_eq!(grad.unwrap().as_slice(), [0.0, 0.0, 1.0, 1.0], "{form:?}");
        }
    }
}
