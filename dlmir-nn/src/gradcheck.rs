//! Checking gradients against the definition of a derivative.
//!
//! A gradient that is slightly wrong still trains, only worse, and nobody notices. So the gradient of every
//! operation is compared with central differences,
//!
//! ```text
//! df/dx ~ (f(x + h) - f(x - h)) / (2 h),        error of order h^2,
//! ```
//!
//! twice: the *formula* in 64 bits with [`numeric_slope`] and [`numeric_gradient`] (relative error
//! below 1e-6), and the *operation on the tape*, which computes in 32 bits, with [`check_op`] and
//! [`check_tape`]. The latter compare derivatives along directions, where rounding averages out; they
//! allow 1 %. Each check then plants an error of 5 % in the gradient and demands that it is caught.

use crate::op::{At, Op};
use crate::params::Params;
use crate::pool::Pool;
use crate::rng::Rng;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The largest deviation that [`check_op`] and [`check_tape`] let pass, relative to the gradient's length;
/// 1e-4 is added for the rounding of gradients near 0.
pub const TOLERANCE: f64 = 0.01;

/// Directions tried per input.
const DIRECTIONS: u64 = 6;

/// The slope of a function of one number by central differences.
pub fn numeric_slope(f: impl Fn(f64) -> f64, x: f64) -> f64 {
    let h = 1e-6 * x.abs().max(1.0);
    (f(x + h) - f(x - h)) / (2.0 * h)
}

/// The gradient of a function of many numbers by central differences, one number at a time.
pub fn numeric_gradient(f: impl Fn(&[f64]) -> f64, x: &[f64]) -> Vec<f64> {
    let (n, mut x) = (x.len(), x.to_vec());
    let mut slope = |i: usize| {
        let (middle, h) = (x[i], 1e-6 * x[i].abs().max(1.0));
        x[i] = middle + h;
        let above = f(&x);
        x[i] = middle - h;
        let below = f(&x);
        x[i] = middle;
        (above - below) / (2.0 * h)
    };
    (0..n).map(&mut slope).collect()
}

/// A tensor of random numbers for tests: normal, but pushed away from 0 by `gap`, so that a kink at 0
/// (as that of ReLU) does not fall between x - h and x + h.
pub fn random(shape: &[usize], gap: f32, rng: &mut Rng) -> Tensor {
    let len = shape.iter().product();
    let draw = |_| {
        let x = rng.normal();
        x + gap.copysign(x)
    };
    Tensor::from_vec(shape, (0..len).map(draw).collect())
}

/// What a gradient check found.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GradientError {
    /// The gradient does not agree with central differences.
    #[error(
        "input {input}: the derivative is {numeric} by differences, {analytic} by the gradient"
    )]
    Wrong {
        /// Which input, from 0.
        input: usize,
        /// The derivative along the direction in question by central differences.
        numeric: f64,
        /// The same by the gradient under test.
        analytic: f64,
    },
    /// The gradient agrees, but so would one that is 5 % larger: these inputs prove nothing.
    #[error("input {input}: the gradient is so flat here that an error of 5 % would not be seen")]
    Blind {
        /// Which input, from 0.
        input: usize,
    },
}

/// Checks the backward pass of one operation at the given inputs, each input by itself.
///
/// The loss is a weighted sum of the outputs with fixed random weights. Every buffer comes from a
/// poisoned pool.
///
/// # Errors
/// The first input whose gradient is off by more than [`TOLERANCE`].
pub fn check_op<const N: usize, O: Op<N>>(op: &O, x: [&Tensor; N]) -> Result<(), GradientError> {
    check_op_inputs(op, x, [true; N])
}

/// As [`check_op`], for those inputs only that `needs` marks; the others are data such as labels.
///
/// # Errors
/// The first input whose gradient is off by more than [`TOLERANCE`].
pub fn check_op_inputs<const N: usize, O: Op<N>>(
    op: &O,
    x: [&Tensor; N],
    needs: [bool; N],
) -> Result<(), GradientError> {
    let mut pool = Pool::poisoned();
    let (y, saved) = op.forward(x, &mut pool);
    let weights = random(y.shape(), 0.5, &mut Rng::new(17, 0));
    let at = At { inputs: x, output: &y, saved, needs };
    let grads = op.backward(at, weights.clone(), &mut pool);
    for (input, grad) in grads.iter().enumerate().filter(|(input, _)| needs[*input]) {
        let zero = Tensor::zeros(x[input].shape());
        let grad = grad.as_ref().unwrap_or(&zero);
        check_along_directions(input, x[input], grad, |moved| {
            let mut inputs = x;
            inputs[input] = moved;
            dot(op.forward(inputs, &mut Pool::poisoned()).0.as_slice(), weights.as_slice())
        })?;
    }
    Ok(())
}

/// Checks the gradients of a whole computation on the tape: those of every trainable parameter first,
/// then those of `leaves`. `loss` records the computation and returns its loss.
///
/// # Errors
/// The first gradient that is off by more than [`TOLERANCE`]; parameters are counted first.
pub fn check_tape(
    params: &Params,
    leaves: &[Tensor],
    loss: impl Fn(&mut Tape<'_>, &[Var]) -> Var,
) -> Result<(), GradientError> {
    let value = |params: &Params, leaves: &[Tensor]| {
        let mut pool = Pool::poisoned();
        let mut tape = Tape::record(params, &mut pool);
        let vars: Vec<Var> = leaves.iter().map(|leaf| tape.leaf(leaf.clone())).collect();
        let loss = loss(&mut tape, &vars);
        f64::from(tape.value(loss).item())
    };
    let mut pool = Pool::poisoned();
    let mut tape = Tape::record(params, &mut pool);
    let vars: Vec<Var> = leaves.iter().map(|leaf| tape.leaf(leaf.clone())).collect();
    let end = loss(&mut tape, &vars);
    let grads = tape.backward(end);

    for id in params.ids().filter(|&id| params.is_trainable(id)) {
        let x = params.value(id);
        let zero = Tensor::zeros(x.shape());
        let grad = grads.of_param(id).unwrap_or(&zero);
        check_along_directions(id.index(), x, grad, |moved| {
            let mut params = params.clone();
            params.set(id, moved.clone());
            value(&params, leaves)
        })?;
    }
    for (i, leaf) in leaves.iter().enumerate() {
        let zero = Tensor::zeros(leaf.shape());
        let grad = grads.of(vars[i]).unwrap_or(&zero);
        check_along_directions(params.len() + i, leaf, grad, |moved| {
            let mut leaves = leaves.to_vec();
            leaves[i] = moved.clone();
            value(params, &leaves)
        })?;
    }
    Ok(())
}

/// Passes if `grad` agrees with the differences of `f` and a gradient 5 % larger would not.
fn check_along_directions(
    input: usize,
    x: &Tensor,
    grad: &Tensor,
    f: impl Fn(&Tensor) -> f64,
) -> Result<(), GradientError> {
    compare_along_directions(input, x, grad, &f)?;
    let planted = grad.as_slice().iter().map(|g| 1.05 * g).collect();
    match compare_along_directions(input, x, &Tensor::from_vec(grad.shape(), planted), &f) {
        Ok(()) => Err(GradientError::Blind { input }),
        Err(_) => Ok(()),
    }
}

/// Compares the derivatives of `f` at `x` along several directions with those that `grad` predicts.
///
/// Half of the directions follow the gradient with random strides, so that the derivative is large and
/// a wrong scale shows; the other half ignore it, so that an element wrongly called flat shows.
fn compare_along_directions(
    input: usize,
    x: &Tensor,
    grad: &Tensor,
    f: impl Fn(&Tensor) -> f64,
) -> Result<(), GradientError> {
    let length = |v: &[f32]| dot(v, v).sqrt();
    let steepness = length(grad.as_slice());
    for i in 0..DIRECTIONS {
        let mut rng = Rng::new(i, 1);
        let mut direction: Vec<f32> = if i % 2 == 0 && steepness > 0.0 {
            grad.as_slice().iter().map(|g| g * rng.uniform_in(0.5, 1.5)).collect()
        } else {
            (0..x.len()).map(|_| rng.normal()).collect()
        };
        // Length sqrt(n): each number moves by about h.
        let scale = ((x.len() as f64).sqrt() / length(&direction).max(1e-30)) as f32;
        direction.iter_mut().for_each(|d| *d *= scale);
        let h = 4e-3;
        let moved = |h: f32| {
            let steps = x.as_slice().iter().zip(&direction).map(|(x, d)| x + h * d);
            Tensor::from_vec(x.shape(), steps.collect())
        };
        let numeric = (f(&moved(h)) - f(&moved(-h))) / (2.0 * f64::from(h));
        let analytic = dot(grad.as_slice(), &direction);
        // Along a random direction of this length, a derivative is about as large as the gradient.
        let allowed = TOLERANCE * steepness.max(analytic.abs()) + 1e-4;
        let error = (numeric - analytic).abs();
        if error.is_nan() || error > allowed {
            return Err(GradientError::Wrong { input, numeric, analytic });
        }
    }
    Ok(())
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Relu;

    /// ReLU with a gradient that is wrong by a factor.
    struct Planted(f32);

    impl Op<1> for Planted {
        type Saved = ();
        fn name(&self) -> &'static str {
            "planted"
        }
        fn forward(&self, x: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
            Relu.forward(x, pool)
        }
        fn backward(&self, at: At<'_, 1, ()>, g: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
            let mut grads = Relu.backward(at, g, pool);
            let grad = grads[0].iter_mut().flat_map(|g| g.as_mut_slice());
            grad.for_each(|g| *g *= self.0);
            grads
        }
    }

    #[test]
    fn a_gradient_wrong_by_five_percent_is_caught() {
        let x = random(&[4, 5], 0.1, &mut Rng::new(1, 0));
        check_op(&Planted(1.0), [&x]).unwrap();
        for factor in [0.95, 1.05, -1.0, 0.0, f32::NAN] {
            assert!(check_op(&Planted(factor), [&x]).is_err(), "factor {factor}");
        }
    }

    #[test]
    fn inputs_that_prove_nothing_are_refused() {
        let negative = Tensor::full(&[4], -1.0);
        assert_eq!(check_op(&Relu, [&negative]), Err(GradientError::Blind { input: 0 }));
    }

    #[test]
    fn numeric_derivatives_of_known_functions() {
        assert!((numeric_slope(f64::exp, 1.0) - 1f64.exp()).abs() < 1e-8);
        let gradient = numeric_gradient(|x| x[0] * x[1] + x[1] * x[1], &[2.0, 3.0]);
        assert!((gradient[0] - 3.0).abs() < 1e-8 && (gradient[1] - 8.0).abs() < 1e-8);
    }
}
