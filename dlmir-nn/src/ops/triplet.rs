//! The triplet loss: what belongs to an anchor shall be nearer to it than what does not, by a margin.
//!
//! ```text
//! L = 1/n  sum over triplets of  max(0, |a - p|^2 - |a - q|^2 + margin)         a, p, q: [batch, features], n = batch
//!
//! dL/da = 2/n (q - p),     dL/dp = 2/n (p - a),     dL/dq = 2/n (a - q)         where the term is positive, else 0
//! ```
//!
//! a is the anchor, p the positive (it belongs to the anchor), q the negative. Of no triplets the loss is 0.
//!
//! Schroff, Kalenichenko, Philbin (2015), arXiv:1503.03832, equation 2, there summed instead of averaged and with embeddings
//! of length 1.

use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// One term of the definition: of one anchor, positive and negative.
pub fn reference_term<F: Float>([a, p, q]: [&[F]; 3], margin: F) -> F {
    let square =
        |x: &[F], y: &[F]| x.iter().zip(y).fold(F::zero(), |sum, (&x, &y)| sum + (x - y) * (x - y));
    (square(a, p) - square(a, q) + margin).max(F::zero())
}

/// The definition, of matrices with rows of `features` numbers.
///
/// # Panics
/// Never: every count is a float.
pub fn reference<F: Float + FromPrimitive>(x: [&[F]; 3], features: usize, margin: F) -> F {
    let rows = x[0].len() / features.max(1);
    let row = |n: usize| x.map(|x| &x[n * features..][..features]);
    let n = F::from_usize(rows.max(1)).expect("a count is a float");
    (0..rows).fold(F::zero(), |sum, n| sum + reference_term(row(n), margin)) / n
}

/// The gradients of the definition: (dL/da, dL/dp, dL/dq).
///
/// # Panics
/// Never: every count is a float.
pub fn reference_grad<F: Float + FromPrimitive>(
    x: [&[F]; 3],
    features: usize,
    margin: F,
) -> [Vec<F>; 3] {
    let [a, p, q] = x;
    let rows = a.len() / features.max(1);
    let factor = F::from_f64(2.0 / rows.max(1) as f64).expect("a quotient is a float");
    let mut grads = x.map(|x| vec![F::zero(); x.len()]);
    for n in 0..rows {
        let range = n * features..(n + 1) * features;
        if reference_term(x.map(|x| &x[range.clone()]), margin) > F::zero() {
            for i in range {
                grads[0][i] = factor * (q[i] - p[i]);
                grads[1][i] = factor * (p[i] - a[i]);
                grads[2][i] = factor * (a[i] - q[i]);
            }
        }
    }
    grads
}

/// The triplet loss as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Triplet {
    /// By how much the negative shall be farther away, in squared distance.
    pub margin: f32,
}

impl Op<3> for Triplet {
    /// For each triplet 2 where its term is positive, else 0.
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        "triplet"
    }

    fn forward(&self, inputs: [&Tensor; 3], pool: &mut Pool) -> (Tensor, Tensor) {
        let [a, p, q] = inputs.map(Tensor::shape);
        assert!(
            a == p && a == q && a.len() == 2,
            "triplet: anchors {}, positives {}, negatives {} (all [batch, features])",
            Show(a),
            Show(p),
            Show(q)
        );
        let [batch, features] = [a[0], a[1]];
        let (mut loss, mut active) = (pool.take(&[]), pool.take(&[batch]));
        let mut sum = 0.0;
        for (n, active) in active.as_mut_slice().iter_mut().enumerate() {
            let rows = inputs.map(|x| x.as_slice()[n * features..][..features].iter());
            let [a, p, q] = rows;
            let term = a.zip(p).zip(q).fold(f64::from(self.margin), |sum, ((a, p), q)| {
                sum + f64::from(a - p).powi(2) - f64::from(a - q).powi(2)
            });
            *active = if term > 0.0 { 2.0 } else { 0.0 };
            sum += term.max(0.0);
        }
        loss.as_mut_slice()[0] = (sum / batch.max(1) as f64) as f32;
        (loss, active)
    }

    fn backward(
        &self,
        at: At<'_, 3, Tensor>,
        grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 3] {
        let &[batch, features] = at.inputs[0].shape() else { unreachable!("matrices") };
        let scale = grad.item() / batch.max(1) as f32;
        pool.give(grad);
        // Each gradient is a difference of two inputs.
        let [a, p, q] = at.inputs;
        let [grad_a, grad_p, grad_q] = [[q, p], [p, a], [a, q]].map(|[x, y]| {
            let mut grad = pool.take(x.shape());
            let rows = x.as_slice().iter().zip(y.as_slice()).enumerate();
            for (grad, (i, (x, y))) in grad.as_mut_slice().iter_mut().zip(rows) {
                *grad = scale * at.saved.as_slice()[i / features] * (x - y);
            }
            grad
        });
        pool.give(at.saved);
        [Some(grad_a), Some(grad_p), Some(grad_q)]
    }
}

impl Tape<'_> {
    /// The triplet loss of anchors, positives and negatives, all `[batch, features]`: a single number.
    ///
    /// # Panics
    /// If the shapes differ or are not those of matrices.
    #[track_caller]
    pub fn triplet(&mut self, anchor: Var, positive: Var, negative: Var, margin: f32) -> Var {
        self.apply(Triplet { margin }, [anchor, positive, negative])
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
        let x = [[0.3, -1.0, 2.0, 0.0], [1.0, 0.5, 0.1, 0.2], [-1.0, -0.7, 9.0, 9.0]];
        let views = || x.each_ref().map(|x| &x[..]);
        let grads = reference_grad(views(), 2, 0.5);
        assert!(grads[0][..2] != [0.0; 2] && grads[0][2..] == [0.0; 2]);
        for i in 0..3 {
            let loss = |moved: &[f64]| {
                let mut views = views();
                views[i] = moved;
                reference(views, 2, 0.5)
            };
            assert_gradient(loss, &x[i], &grads[i]);
        }
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((length(), length(), any::<u64>()), |(batch, features, seed)| {
            let mut rng = Rng::new(seed, 0);
            let x = [(); 3].map(|()| random(&[batch, features], 0.0, &mut rng));
            let op = Triplet { margin: 0.2 };
            let (loss, grads) = run(&op, x.each_ref(), &Tensor::scalar(0.5), [true; 3]);
            let x = x.each_ref().map(wide);
            let views = || x.each_ref().map(Vec::as_slice);
            if features > 0 {
                // Terms up to some hundreds, each rounded difference squared.
                assert_close(&loss, &[reference(views(), features, 0.2)], 1e-5);
                for (got, want) in grads.iter().zip(reference_grad(views(), features, 0.2)) {
                    let want: Vec<f64> = want.iter().map(|g| 0.5 * g).collect();
                    assert_close(got.as_ref().unwrap(), &want, 2e-6);
                }
            }
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(1, 0);
        let x = [(); 3].map(|()| random(&[3, 4], 0.0, &mut rng));
        check_op(&Triplet { margin: 0.2 }, x.each_ref()).unwrap();
    }

    #[test]
    #[should_panic(expected = "triplet: anchors [2, 3], positives [2, 3], negatives [2, 4]")]
    fn a_misfit_names_all_shapes() {
        let [a, q] = [3, 4].map(|features| Tensor::zeros(&[2, features]));
        Triplet { margin: 0.2 }.forward([&a, &a, &q], &mut Pool::new());
    }
}
