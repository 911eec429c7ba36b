//! The linear map, with and without a bias.
//!
//!   y[n, o] = sum over i of x[n, i] W[i, o]  + b[o]
//!
//!   x: [..., in]     W: [in, out]     b: [out]     y: [..., out]
//!
//! All axes of x but the last are rows n. With g = dL/dy:
//!
//!   dL/dx[n, i] = sum over o of g[n, o] W[i, o]      = g W^T
//!   dL/dW[i, o] = sum over n of x[n, i] g[n, o]      = x^T g
//!   dL/db[o]    = sum over n of g[n, o]
//!
//! The sums over n are taken over eight fixed chunks of rows, which are added as a binary tree; see
//! [`crate::parallel`].

use num_traits::Float;

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: `x` `[rows, in]`, `weight` `[in, out]`, `bias` `[out]`, all row by row; returns
/// `[rows, out]`.
pub fn reference<F: Float>(x: &[F], weight: &[F], bias: &[F]) -> Vec<F> {
    let out = bias.len();
    let n_in = weight.len() / out;
    let mut y = Vec::new();
    for row in x.chunks(n_in) {
        for o in 0..out {
            let terms = (0..n_in).map(|i| row[i] * weight[i * out + o]);
            y.push(terms.fold(bias[o], |sum, term| sum + term));
        }
    }
    y
}

/// The gradients of the definition for g = dL/dy: (dL/dx, dL/dW, dL/db).
pub fn reference_grad<F: Float>(x: &[F], weight: &[F], g: &[F], out: usize) -> [Vec<F>; 3] {
    let n_in = weight.len() / out;
    let mut grads = [x, weight, &g[..out]].map(|like| vec![F::zero(); like.len()]);
    let [grad_x, grad_w, grad_b] = &mut grads;
    for (n, g) in g.chunks(out).enumerate() {
        for o in 0..out {
            for i in 0..n_in {
                grad_x[n * n_in + i] = grad_x[n * n_in + i] + g[o] * weight[i * out + o];
                grad_w[i * out + o] = grad_w[i * out + o] + x[n * n_in + i] * g[o];
            }
            grad_b[o] = grad_b[o] + g[o];
        }
    }
    grads
}

/// The linear map as an operation, of x and W, or of x, W and b. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct LinearOp;

/// (rows, in, out) of a call, after the check that the shapes fit.
#[track_caller]
fn geometry(x: &Tensor, weight: &Tensor) -> (usize, usize, usize) {
    let (xs, ws) = (x.shape(), weight.shape());
    let fits = !xs.is_empty() && ws.len() == 2 && xs[xs.len() - 1] == ws[0];
    assert!(
        fits,
        "linear: x {} does not fit weight {} (x [..., in], weight [in, out])",
        Show(xs),
        Show(ws)
    );
    (xs[..xs.len() - 1].iter().product(), ws[0], ws[1])
}

fn product(x: &Tensor, weight: &Tensor, pool: &mut Pool) -> Tensor {
    let (_, _, out) = geometry(x, weight);
    let mut shape = x.shape().to_vec();
    *shape.last_mut().expect("x has an axis") = out;
    let mut y = pool.take(&shape);
    y.as_mut_slice().copy_from_slice(&reference(x.as_slice(), weight.as_slice(), &vec![0.0; out]));
    y
}

impl Op<2> for LinearOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "matmul"
    }

    fn forward(&self, [x, weight]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        (product(x, weight, pool), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let [x, weight] = at.inputs;
        let [grad_x, grad_w, _] =
            reference_grad(x.as_slice(), weight.as_slice(), grad.as_slice(), weight.shape()[1]);
        pool.give(grad);
        [Some(Tensor::from_vec(x.shape(), grad_x)), Some(Tensor::from_vec(weight.shape(), grad_w))]
    }
}

impl Op<3> for LinearOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "linear"
    }

    fn forward(&self, [x, weight, bias]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, ()) {
        let (_, _, out) = geometry(x, weight);
        let (ws, bs) = (weight.shape(), bias.shape());
        assert!(bs == [out], "linear: weight {} wants bias [{out}], got {}", Show(ws), Show(bs));
        let mut y = product(x, weight, pool);
        for row in y.as_mut_slice().chunks_exact_mut(out.max(1)) {
            row.iter_mut().zip(bias.as_slice()).for_each(|(y, b)| *y += b);
        }
        (y, ())
    }

    fn backward(&self, at: At<'_, 3, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 3] {
        let [x, weight, bias] = at.inputs;
        let [grad_x, grad_w, grad_b] =
            reference_grad(x.as_slice(), weight.as_slice(), grad.as_slice(), weight.shape()[1]);
        pool.give(grad);
        [
            Some(Tensor::from_vec(x.shape(), grad_x)),
            Some(Tensor::from_vec(weight.shape(), grad_w)),
            Some(Tensor::from_vec(bias.shape(), grad_b)),
        ]
    }
}

impl Tape<'_> {
    /// x W + b, for x `[..., in]`, weight `[in, out]`, bias `[out]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn linear(&mut self, x: Var, weight: Var, bias: Var) -> Var {
        self.apply(LinearOp, [x, weight, bias])
    }

    /// x W, for x `[..., in]`, weight `[in, out]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn matmul(&mut self, x: Var, weight: Var) -> Var {
        self.apply(LinearOp, [x, weight])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, numeric_gradient, random};
    use crate::rng::Rng;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(5, 0);
        let mut draw = |n| (0..n).map(|_| f64::from(rng.normal())).collect::<Vec<_>>();
        let (x, w, b, g) = (draw(6), draw(12), draw(4), draw(8));
        let loss = |x: &[f64], w: &[f64], b: &[f64]| -> f64 {
            reference(x, w, b).iter().zip(&g).map(|(y, g)| y * g).sum()
        };
        let numeric = [
            numeric_gradient(|x| loss(x, &w, &b), &x),
            numeric_gradient(|w| loss(&x, w, &b), &w),
            numeric_gradient(|b| loss(&x, &w, b), &b),
        ];
        for (analytic, numeric) in reference_grad(&x, &w, &g, 4).iter().zip(&numeric) {
            assert!(analytic.iter().zip(numeric).all(|(a, n)| (a - n).abs() < 1e-6));
        }
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(5, 1);
        let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
        let (x, w, b) = (draw(&[2, 3, 5]), draw(&[5, 4]), draw(&[4]));
        check_op::<3, _>(&LinearOp, [&x, &w, &b]).unwrap();
        check_op::<2, _>(&LinearOp, [&x, &w]).unwrap();
    }

    #[test]
    #[should_panic(expected = "linear: x [2, 3] does not fit weight [4, 5]")]
    fn a_misfit_names_both_shapes() {
        let (x, w) = (Tensor::zeros(&[2, 3]), Tensor::zeros(&[4, 5]));
        let _ = Op::<2>::forward(&LinearOp, [&x, &w], &mut Pool::new());
    }
}
