//! The Euclidean distance of two vectors, row by row: how unlike two embeddings are.
//!
//! ```text
//! d[n] = sqrt(epsilon + sum over i of (a[n, i] - b[n, i])^2)          a, b: [batch, features]     d: [batch]
//!
//! dL/da[n, i] = dL/dd[n] (a[n, i] - b[n, i]) / d[n],     dL/db[n, i] = -dL/da[n, i]
//! ```
//!
//! The root has no slope at 0, where two vectors are equal; epsilon, a small positive number, keeps it away from there. It
//! also is the square of the smallest distance there can be.
//!
//! Bromley, Guyon, LeCun, Säckinger, Shah (1993), "Signature verification using a siamese time delay neural network", NIPS 6,
//! compare two networks' outputs (by their cosine); the Euclidean distance is in Chopra, Hadsell, LeCun (2005), "Learning a
//! similarity metric discriminatively, with application to face verification", CVPR.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, map};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, of one pair of vectors.
pub fn reference<F: Float>(a: &[F], b: &[F], epsilon: F) -> F {
    a.iter().zip(b).fold(epsilon, |sum, (&a, &b)| sum + (a - b) * (a - b)).sqrt()
}

/// The gradient of the definition with respect to a.
pub fn reference_grad<F: Float>(a: &[F], b: &[F], epsilon: F) -> Vec<F> {
    let d = reference(a, b, epsilon);
    a.iter().zip(b).map(|(&a, &b)| (a - b) / d).collect()
}

/// The Euclidean distance as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Distance {
    /// Added under the root; the square of the smallest distance.
    pub epsilon: f32,
}

impl Default for Distance {
    /// 1e-7: equal vectors are 0.0003 apart.
    fn default() -> Distance {
        Distance { epsilon: 1e-7 }
    }
}

impl Op<2> for Distance {
    type Saved = ();

    fn name(&self) -> &'static str {
        "distance"
    }

    fn forward(&self, [a, b]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        let (left, right) = (a.shape(), b.shape());
        let fits = left == right && left.len() == 2;
        assert!(fits, "distance: a {}, b {} (both [batch, features])", Show(left), Show(right));
        assert!(self.epsilon > 0.0, "distance: epsilon is {}, not positive", self.epsilon);
        let features = left[1].max(1);
        let mut d = pool.take(&left[..1]);
        d.as_mut_slice().fill(self.epsilon.sqrt()); // rows without features
        let rows = a.as_slice().chunks(features).zip(b.as_slice().chunks(features));
        for (d, (a, b)) in d.as_mut_slice().iter_mut().zip(rows) {
            let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
            *d = (squares.sum::<f64>() + f64::from(self.epsilon)).sqrt() as f32;
        }
        (d, ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let [a, b] = at.inputs;
        let features = a.shape()[1].max(1);
        let mut grad_a = pool.take(a.shape());
        let rows = a.as_slice().chunks(features).zip(b.as_slice().chunks(features));
        let factors = grad.as_slice().iter().zip(at.output.as_slice()).map(|(g, d)| g / d);
        let grads = grad_a.as_mut_slice().chunks_mut(features);
        for ((grad_a, (a, b)), factor) in grads.zip(rows).zip(factors) {
            let pairs = a.iter().zip(b);
            grad_a.iter_mut().zip(pairs).for_each(|(g, (a, b))| *g = factor * (a - b));
        }
        pool.give(grad);
        let grad_b = at.needs[1].then(|| map(&grad_a, pool, Cost::Plain, |g| -g));
        [Some(grad_a), grad_b]
    }
}

impl Tape<'_> {
    /// The Euclidean distances of a and b `[batch, features]`: `[batch]`. See [`Distance::default`] for how near equal
    /// vectors are.
    ///
    /// # Panics
    /// If the shapes differ or are not those of two matrices.
    #[track_caller]
    pub fn distance(&mut self, a: Var, b: Var) -> Var {
        self.apply(Distance::default(), [a, b])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (a, b) = ([0.3, -1.0, 2.0], [1.0, 0.5, -2.0]);
        assert_gradient(|a| reference(a, &b, 0.1), &a, &reference_grad(&a, &b, 0.1));
        let grad_b: Vec<f64> = reference_grad(&a, &b, 0.1).iter().map(|g| -g).collect();
        assert_gradient(|b| reference(&a, b, 0.1), &b, &grad_b);
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((length(), length(), any::<u64>()), |(batch, features, seed)| {
            let mut rng = Rng::new(seed, 0);
            let [a, b] = [(); 2].map(|()| random(&[batch, features], 0.0, &mut rng));
            let grad = random(&[batch], 0.0, &mut rng);
            let op = Distance { epsilon: 0.01 };
            let (d, [grad_a, grad_b]) = run(&op, [&a, &b], &grad, [true; 2]);
            let (a, b, epsilon) = (wide(&a), wide(&b), f64::from(op.epsilon));
            let row = |x: &[f64], n: usize| x[n * features..(n + 1) * features].to_vec();
            let want: Vec<f64> =
                (0..batch).map(|n| reference(&row(&a, n), &row(&b, n), epsilon)).collect();
            assert_close(&d, &want, 3e-7);
            let scaled = |n: usize, g: f64| {
                reference_grad(&row(&a, n), &row(&b, n), epsilon).into_iter().map(move |x| g * x)
            };
            let want: Vec<f64> =
                wide(&grad).into_iter().enumerate().flat_map(|(n, g)| scaled(n, g)).collect();
            assert_close(&grad_a.unwrap(), &want, 3e-6);
            let want: Vec<f64> = want.into_iter().map(|g| -g).collect();
            assert_close(&grad_b.unwrap(), &want, 3e-6);
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(1, 0);
        let [a, b] = [(); 2].map(|()| random(&[3, 4], 0.0, &mut rng));
        check_op(&Distance::default(), [&a, &b]).unwrap();
    }

    #[test]
    fn equal_vectors_have_a_distance_and_no_slope() {
        let a = Tensor::full(&[1, 3], 2.0);
        let (d, [grad_a, _]) =
            run(&Distance::default(), [&a, &a], &Tensor::full(&[1], 1.0), [true; 2]);
        assert_eq!(d.item(), 1e-7f64.sqrt() as f32);
        assert_eq!(grad_a.unwrap().as_slice(), [0.0; 3]);
    }

    #[test]
    #[should_panic(expected = "distance: a [2, 1], b [2, 2] (both [batch, features])")]
    fn a_misfit_names_both_shapes() {
        let (a, b) = (Tensor::zeros(&[2, 1]), Tensor::zeros(&[2, 2]));
        Distance::default().forward([&a, &b], &mut Pool::new());
    }
}
