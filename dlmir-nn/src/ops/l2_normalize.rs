//! L2 normalisation: each row becomes a direction, a vector of length 1.
//!
//! ```text
//! y = x / r,    r = sqrt(max(sum over the row of x^2, epsilon))        x, y: [..., features]
//!
//! dL/dx = (g - y (y . g)) / r        g = dL/dy;  y . g: the sum over the row of y g
//! dL/dx = g / r                      where the sum of squares is below epsilon
//! ```
//!
//! What is left of a Euclidean distance between such vectors is their angle: |a - b|^2 = 2 - 2 a . b. Embeddings are compared
//! so in Schroff, Kalenichenko, Philbin (2015), arXiv:1503.03832, section 3. The bound epsilon on the squared length is that of
//! TensorFlow's `l2_normalize`; PyTorch's `normalize` bounds the length itself.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, zip_rows};
use crate::ops::reduce::sum_row;
use crate::pool::Pool;
use crate::shape::Show;
use crate::simd::{self, Kernel};
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for one row.
pub fn reference<F: Float>(x: &[F], epsilon: F) -> Vec<F> {
    let squares = x.iter().fold(F::zero(), |sum, &x| sum + x * x);
    let r = squares.max(epsilon).sqrt();
    x.iter().map(|&x| x / r).collect()
}

/// The gradient of the definition for g = dL/dy of one row: dL/dx.
pub fn reference_grad<F: Float>(x: &[F], g: &[F], epsilon: F) -> Vec<F> {
    let squares = x.iter().fold(F::zero(), |sum, &x| sum + x * x);
    let (y, r) = (reference(x, epsilon), squares.max(epsilon).sqrt());
    let along = y.iter().zip(g).fold(F::zero(), |sum, (&y, &g)| sum + y * g);
    let along = if squares < epsilon { F::zero() } else { along };
    y.iter().zip(g).map(|(&y, &g)| (g - y * along) / r).collect()
}

/// The normalisation as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct L2Normalize {
    /// The least squared length that is divided by.
    pub epsilon: f32,
}

impl Default for L2Normalize {
    /// epsilon = 1e-12, as in TensorFlow.
    fn default() -> L2Normalize {
        L2Normalize { epsilon: 1e-12 }
    }
}

/// y of one row.
struct Direction<'a> {
    x: &'a [f32],
    y: &'a mut [f32],
    epsilon: f32,
}

impl Kernel for Direction<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let [squares] = sum_row(self.x, self.x, |a, b| [a * b]);
        let factor = 1.0 / squares.max(self.epsilon).sqrt();
        self.y.iter_mut().zip(self.x).for_each(|(y, x)| *y = x * factor);
    }
}

/// dL/dx of one row, in place of dL/dy.
struct Across<'a> {
    x: &'a [f32],
    grad: &'a mut [f32],
    epsilon: f32,
}

impl Kernel for Across<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let [squares] = sum_row(self.x, self.x, |a, b| [a * b]);
        let [dot] = sum_row(self.x, self.grad, |x, g| [x * g]);
        let factor = 1.0 / squares.max(self.epsilon).sqrt();
        let along = if squares < self.epsilon { 0.0 } else { dot * factor * factor };
        self.grad.iter_mut().zip(self.x).for_each(|(g, x)| *g = (*g - x * along) * factor);
    }
}

impl Op<1> for L2Normalize {
    type Saved = ();

    fn name(&self) -> &'static str {
        "l2_normalize"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let epsilon = self.epsilon;
        assert!(epsilon > 0.0, "l2_normalize: epsilon is {epsilon}, it must be above 0");
        let Some(&features) = x.shape().last() else {
            panic!("l2_normalize: x {} has no last axis", Show(x.shape()));
        };
        let mut y = pool.take(x.shape());
        zip_rows(y.as_mut_slice(), x.as_slice(), features, Cost::Plain, |y, x| {
            simd::run(simd::level(), Direction { x, y, epsilon });
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, mut grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        let (x, epsilon) = (at.inputs[0], self.epsilon);
        let features = x.shape().last().copied().unwrap_or(1);
        zip_rows(grad.as_mut_slice(), x.as_slice(), features, Cost::Plain, |grad, x| {
            simd::run(simd::level(), Across { x, grad, epsilon });
        });
        [Some(grad)]
    }
}

impl Tape<'_> {
    /// Each row along the last axis divided by its length.
    ///
    /// # Panics
    /// If x has no axis.
    #[track_caller]
    pub fn l2_normalize(&mut self, x: Var) -> Var {
        self.apply(L2Normalize::default(), [x])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, run, shape, wide};
    use crate::rng::Rng;

    #[test]
    fn the_operation_is_the_definition() {
        for_many((shape(), any::<u64>()), |(shape, seed)| {
            let mut rng = Rng::new(seed, 0);
            let (x, g) = (random(&shape, 0.3, &mut rng), random(&shape, 0.0, &mut rng));
            let op = L2Normalize::default();
            let (y, [grad_x]) = run(&op, [&x], &g, [true]);
            assert_eq!(y.shape(), shape);
            let (features, epsilon) = (shape[shape.len() - 1].max(1), f64::from(op.epsilon));
            let (x, g) = (wide(&x), wide(&g));
            let want: Vec<f64> = x.chunks(features).flat_map(|x| reference(x, epsilon)).collect();
            assert_close(&y, &want, 3e-7);
            let rows = x.chunks(features).zip(g.chunks(features));
            let want: Vec<f64> = rows.flat_map(|(x, g)| reference_grad(x, g, epsilon)).collect();
            // A sum of 17 products below 25 is wrong by 17 x 25 x 6e-8 at most, and divided by a length of 0.3 or more twice.
            assert_close(&grad_x.expect("x has a gradient"), &want, 3e-4);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let (x, g) = (wide(&random(&[5], 0.1, &mut rng)), wide(&random(&[5], 0.0, &mut rng)));
        for epsilon in [1e-12, 1e3] {
            let grad = reference_grad(&x, &g, epsilon);
            assert_gradient(|x| dot(&reference(x, epsilon), &g), &x, &grad);
        }
    }

    #[test]
    fn the_operation_passes_the_check() {
        check_op(&L2Normalize::default(), [&random(&[3, 4], 0.3, &mut Rng::new(1, 0))]).unwrap();
    }

    #[test]
    fn nothing_has_no_direction_and_no_nan() {
        let x = Tensor::zeros(&[1, 3]);
        let (y, [grad]) = run(&L2Normalize::default(), [&x], &x, [true]);
        assert_eq!((y.as_slice(), grad.unwrap().as_slice()), (&[0.0; 3][..], &[0.0; 3][..]));
    }
}
