//! The linear map, with and without a bias.
//!
//! ```text
//! y[n, o] = sum over i of x[n, i] W[i, o]  + b[o]
//!
//! x: [..., in]     W: [in, out]     b: [out]     y: [..., out]
//! ```
//!
//! All axes of x but the last are rows n. With g = dL/dy:
//!
//! ```text
//! dL/dx[n, i] = sum over o of g[n, o] W[i, o]      = g W^T
//! dL/dW[i, o] = sum over n of x[n, i] g[n, o]      = x^T g
//! dL/db[o]    = sum over n of g[n, o]
//! ```
//!
//! The sums over n are taken over eight fixed ranges of samples (axis 0 of x; a sample of
//! `[batch, time, in]` has `time` rows), which are added as a binary tree; see [`crate::parallel`].

use num_traits::Float;

use crate::gemm::{Accumulate, MatMut, MatRef, gemm, gemm_over_samples};
use crate::op::{At, Op};
use crate::ops::reduce::add_columns;
use crate::parallel::{self, SAMPLE_CHUNKS, sample_ranges};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for x `[rows, in]`, weight `[in, out]` and bias `[out]`; returns y `[rows, out]`.
pub fn reference<F: Float>(
    x: &[F],
    weight: &[F],
    bias: &[F],
    [rows, n_in, out]: [usize; 3],
) -> Vec<F> {
    let mut y = Vec::new();
    for n in 0..rows {
        for o in 0..out {
            let terms = (0..n_in).map(|i| x[n * n_in + i] * weight[i * out + o]);
            y.push(terms.fold(bias[o], |sum, term| sum + term));
        }
    }
    y
}

/// The gradients of the definition for g = dL/dy `[rows, out]`: (dL/dx, dL/dW, dL/db).
pub fn reference_grad<F: Float>(
    x: &[F],
    weight: &[F],
    g: &[F],
    [rows, n_in, out]: [usize; 3],
) -> [Vec<F>; 3] {
    let mut grads = [rows * n_in, n_in * out, out].map(|len| vec![F::zero(); len]);
    let [grad_x, grad_w, grad_b] = &mut grads;
    for n in 0..rows {
        for o in 0..out {
            let g = g[n * out + o];
            for i in 0..n_in {
                grad_x[n * n_in + i] = grad_x[n * n_in + i] + g * weight[i * out + o];
                grad_w[i * out + o] = grad_w[i * out + o] + x[n * n_in + i] * g;
            }
            grad_b[o] = grad_b[o] + g;
        }
    }
    grads
}

/// The linear map as an operation, of x and W, or of x, W and b. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct LinearOp;

/// \[rows, in, out] of a call, after the check that the shapes fit.
#[track_caller]
fn geometry(x: &Tensor, weight: &Tensor) -> [usize; 3] {
    let (xs, ws) = (x.shape(), weight.shape());
    let fits = !xs.is_empty() && ws.len() == 2 && xs[xs.len() - 1] == ws[0];
    assert!(
        fits,
        "linear: x {} does not fit weight {} (x [..., in], weight [in, out])",
        Show(xs),
        Show(ws)
    );
    [xs[..xs.len() - 1].iter().product(), ws[0], ws[1]]
}

/// How many samples the rows of x belong to.
fn samples(x: &Tensor) -> usize {
    if x.shape().len() > 1 { x.shape()[0] } else { 1 }
}

/// y = x W + b.
fn product(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, pool: &mut Pool) -> Tensor {
    let [rows, n_in, out] = geometry(x, weight);
    let mut shape = x.shape().to_vec();
    *shape.last_mut().expect("x has an axis") = out;
    let mut y = pool.take(&shape);
    if let Some(bias) = bias {
        let rows = y.as_mut_slice().chunks_exact_mut(out.max(1));
        rows.for_each(|row| row.copy_from_slice(bias.as_slice()));
    }
    let accumulate = if bias.is_some() { Accumulate::Add } else { Accumulate::Overwrite };
    let (x, weight) =
        (MatRef::new(x.as_slice(), rows, n_in), MatRef::new(weight.as_slice(), n_in, out));
    gemm(x, weight, MatMut::new(y.as_mut_slice(), rows, out), accumulate, pool.scratch());
    y
}

/// (dL/dx, dL/dW), where they are needed.
fn product_grad(
    [x, weight]: [&Tensor; 2],
    g: &Tensor,
    needs: &[bool],
    pool: &mut Pool,
) -> [Option<Tensor>; 2] {
    let [rows, n_in, out] = geometry(x, weight);
    let g = MatRef::new(g.as_slice(), rows, out);
    let grad_x = needs[0].then(|| {
        let mut grad_x = pool.take(x.shape());
        let weight = MatRef::new(weight.as_slice(), n_in, out);
        let to = MatMut::new(grad_x.as_mut_slice(), rows, n_in);
        gemm(g, weight.t(), to, Accumulate::Overwrite, pool.scratch());
        grad_x
    });
    let grad_w = needs[1].then(|| {
        let mut grad_w = pool.take(weight.shape());
        let to = MatMut::new(grad_w.as_mut_slice(), n_in, out);
        let (a, samples) = (MatRef::new(x.as_slice(), rows, n_in), samples(x));
        gemm_over_samples(a, g, to, samples, Accumulate::Overwrite, pool.scratch());
        grad_w
    });
    [grad_x, grad_w]
}

/// dL/db: the sum of g over all rows.
fn bias_grad(g: &Tensor, samples: usize, bias: &Tensor, pool: &mut Pool) -> Tensor {
    let out = bias.len();
    let mut sum = pool.take(bias.shape());
    let mut partials = pool.take(&[SAMPLE_CHUNKS, out]);
    let ranges = sample_ranges(samples);
    let sample_len = g.len() / samples.max(1);
    parallel::for_each_chunk(partials.as_mut_slice(), out.max(1), g.len() / 4, |r, sum| {
        sum.fill(0.0);
        let rows = &g.as_slice()[ranges[r].start * sample_len..ranges[r].end * sample_len];
        add_columns(rows, rows, bias.as_slice(), |g, _, _| [g], [sum]);
    });
    parallel::tree_sum(partials.as_slice(), sum.as_mut_slice());
    pool.give(partials);
    sum
}

impl Op<2> for LinearOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "matmul"
    }

    fn forward(&self, [x, weight]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        (product(x, weight, None, pool), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let grads = product_grad(at.inputs, &grad, &at.needs, pool);
        pool.give(grad);
        grads
    }
}

impl Op<3> for LinearOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "linear"
    }

    fn forward(&self, [x, weight, bias]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, ()) {
        let [_, _, out] = geometry(x, weight);
        let (ws, bs) = (weight.shape(), bias.shape());
        assert!(bs == [out], "linear: weight {} wants bias [{out}], got {}", Show(ws), Show(bs));
        (product(x, weight, Some(bias), pool), ())
    }

    fn backward(&self, at: At<'_, 3, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 3] {
        let [x, weight, bias] = at.inputs;
        let [grad_x, grad_w] = product_grad([x, weight], &grad, &at.needs, pool);
        let grad_b = at.needs[2].then(|| bias_grad(&grad, samples(x), bias, pool));
        pool.give(grad);
        [grad_x, grad_w, grad_b]
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
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_gradient, assert_within, dot, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(5, 0);
        let mut draw = |n| (0..n).map(|_| f64::from(rng.normal())).collect::<Vec<_>>();
        let (x, w, b, g) = (draw(6), draw(12), draw(4), draw(8));
        let size = [2, 3, 4];
        let loss = |x: &[f64], w: &[f64], b: &[f64]| dot(&reference(x, w, b, size), &g);
        let [grad_x, grad_w, grad_b] = reference_grad(&x, &w, &g, size);
        assert_gradient(|x| loss(x, &w, &b), &x, &grad_x);
        assert_gradient(|w| loss(&x, w, &b), &w, &grad_w);
        assert_gradient(|b| loss(&x, &w, b), &b, &grad_b);
    }

    #[test]
    fn the_operation_is_the_definition() {
        // Some sums are long enough for the blocked product, its threads and its eight ranges of samples.
        let long = || prop_oneof![9 => length(), 1 => Just(70), 1 => Just(301)];
        let sizes = (long(), length().prop_map(|n| n.min(3)), long(), long());
        for_many((sizes, any::<u64>()), |((batch, frames, n_in, out), seed)| {
            let mut rng = Rng::new(seed, 0);
            let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
            let (x, w) = (draw(&[batch, frames, n_in]), draw(&[n_in, out]));
            let (b, g) = (draw(&[out]), draw(&[batch, frames, out]));
            let (y, grads) = run(&LinearOp, [&x, &w, &b], &g, [true; 3]);
            let (plain, plain_grads) = run(&LinearOp, [&x, &w], &g, [true; 2]);
            assert_eq!((y.shape(), plain.shape()), (g.shape(), g.shape()));

            // A sum of k products has at most k + 1 roundings of numbers no larger than the sum of the absolute products,
            // which the definition gives for absolute inputs.
            let size = [batch * frames, n_in, out];
            let roundings = |k: usize| (k + 2) as f64 * f64::from(f32::EPSILON);
            let [x, w, b, g] = [x, w, b, g].map(|t| wide(&t));
            let abs = |t: &Vec<f64>| t.iter().map(|t| t.abs()).collect::<Vec<_>>();
            let [ax, aw, ab, ag] = [&x, &w, &b, &g].map(abs);
            let zero = vec![0.0; out];
            let bound = reference(&ax, &aw, &ab, size);
            assert_within(&y, &reference(&x, &w, &b, size), &bound, roundings(n_in));
            assert_within(&plain, &reference(&x, &w, &zero, size), &bound, roundings(n_in));

            let want = reference_grad(&x, &w, &g, size);
            let bound = reference_grad(&ax, &aw, &ag, size);
            let terms = [out, size[0], size[0]].map(roundings);
            for (i, grad) in grads.iter().enumerate() {
                let grad = grad.as_ref().expect("all gradients are needed");
                assert_within(grad, &want[i], &bound[i], terms[i]);
            }
            assert_eq!(plain_grads[..], grads[..2]);
        });
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
