//! Multiplication of each channel by a number of its own, which may differ from item to item: a gate.
//!
//! ```text
//! y[n, .., c] = x[n, .., c] s[n, c]
//!
//! x, y: [batch, ..., channels]    s: [batch, channels]
//!
//! dL/dx[n, .., c] = dL/dy[n, .., c] s[n, c]
//! dL/ds[n, c]     = sum over all but n and c of dL/dy[n, .., c] x[n, .., c]
//! ```
//!
//! This is the scaling of squeeze-and-excitation, where s is a small network's opinion of how much each
//! channel matters for this item: Hu, Shen, Sun (2018), arXiv:1709.01507, equation 4.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::Cost;
use crate::ops::reduce::add_columns;
use crate::parallel;
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition, for x of any number of rows an item and s with `channels` numbers an item.
pub fn reference<F: Float>(x: &[F], s: &[F], batch: usize, channels: usize) -> Vec<F> {
    let item = x.len() / batch.max(1);
    let at = |i: usize| s[i / item * channels + i % channels];
    x.iter().enumerate().map(|(i, &x)| x * at(i)).collect()
}

/// The gradients of the definition for g = dL/dy: dL/dx and dL/ds.
pub fn reference_grad<F: Float>(
    x: &[F],
    s: &[F],
    g: &[F],
    batch: usize,
    channels: usize,
) -> [Vec<F>; 2] {
    let item = x.len() / batch.max(1);
    let mut grad_s = vec![F::zero(); s.len()];
    for (i, (&x, &g)) in x.iter().zip(g).enumerate() {
        let at = i / item * channels + i % channels;
        grad_s[at] = grad_s[at] + x * g;
    }
    [reference(g, s, batch, channels), grad_s]
}

/// The gate as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct MultiplyChannels;

/// y = x times its item's row of s.
fn scale(x: &Tensor, s: &Tensor, pool: &mut Pool) -> Tensor {
    let mut y = pool.take(x.shape());
    let channels = s.shape()[1].max(1);
    let item = (x.len() / x.shape()[0].max(1)).max(1);
    let work_ns = x.len() * Cost::Plain as usize / 10;
    parallel::for_each_chunk(y.as_mut_slice(), item, work_ns, |n, y| {
        let (x, s) = (&x.as_slice()[n * item..][..item], &s.as_slice()[n * channels..][..channels]);
        for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            y.iter_mut().zip(x.iter().zip(s)).for_each(|(y, (x, s))| *y = x * s);
        }
    });
    y
}

impl Op<2> for MultiplyChannels {
    type Saved = ();

    fn name(&self) -> &'static str {
        "multiply_channels"
    }

    fn forward(&self, [x, s]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        let (left, right) = (x.shape(), s.shape());
        let fits = left.len() >= 2 && right == [left[0], left[left.len() - 1]];
        assert!(
            fits,
            "multiply_channels: x [batch, ..., channels] is {}, s [batch, channels] is {}",
            Show(left),
            Show(right)
        );
        (scale(x, s, pool), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let [x, s] = at.inputs;
        let grad_x = at.needs[0].then(|| scale(&grad, s, pool));
        let grad_s = at.needs[1].then(|| {
            let mut grad_s = pool.take(s.shape());
            let channels = s.shape()[1].max(1);
            let item = x.len() / x.shape()[0].max(1);
            let zeros = pool.take_zeroed(&[s.shape()[1]]);
            let work_ns = x.len() * Cost::Plain as usize / 10;
            parallel::for_each_chunk(grad_s.as_mut_slice(), channels, work_ns, |n, grad_s| {
                grad_s.fill(0.0);
                let [x, g] = [x, &grad].map(|t| &t.as_slice()[n * item..][..item]);
                add_columns(x, g, zeros.as_slice(), |x, g, _| [x * g], [grad_s]);
            });
            pool.give(zeros);
            grad_s
        });
        pool.give(grad);
        [grad_x, grad_s]
    }
}

impl Tape<'_> {
    /// x `[batch, ..., channels]` with each channel multiplied by its number in s `[batch, channels]`.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn multiply_channels(&mut self, x: Var, s: Var) -> Var {
        self.apply(MultiplyChannels, [x, s])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;

    #[test]
    fn the_operation_is_the_definition() {
        let sizes = [length(), length(), length()];
        for_many((sizes, any::<u64>(), 0..3usize), |([batch, rows, channels], seed, without)| {
            let mut rng = Rng::new(seed, 0);
            let x = random(&[batch, rows, channels], 0.0, &mut rng);
            let s = random(&[batch, channels], 0.0, &mut rng);
            let g = random(&[batch, rows, channels], 0.0, &mut rng);
            let needs = [without != 1, without != 2];
            let (y, [grad_x, grad_s]) = run(&MultiplyChannels, [&x, &s], &g, needs);
            let (x, s, g) = (wide(&x), wide(&s), wide(&g));
            assert_close(&y, &reference(&x, &s, batch, channels), 6e-8);
            let [want_x, want_s] = reference_grad(&x, &s, &g, batch, channels);
            assert_eq!([grad_x.is_some(), grad_s.is_some()], needs);
            grad_x.iter().for_each(|grad| assert_close(grad, &want_x, 6e-8));
            // Up to 17 products below 25 in one chain.
            grad_s.iter().for_each(|grad| assert_close(grad, &want_s, 17.0 * 25.0 * 6e-8));
        });
    }

    #[test]
    fn the_gradients_are_those_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let mut draw = |n: usize| wide(&random(&[n], 0.0, &mut rng));
        let (x, s, g) = (draw(24), draw(6), draw(24));
        let [grad_x, grad_s] = reference_grad(&x, &s, &g, 2, 3);
        assert_gradient(|x| dot(&reference(x, &s, 2, 3), &g), &x, &grad_x);
        assert_gradient(|s| dot(&reference(&x, s, 2, 3), &g), &s, &grad_s);
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(1, 0);
        let inputs = [random(&[2, 4, 3], 0.0, &mut rng), random(&[2, 3], 0.0, &mut rng)];
        check_op(&MultiplyChannels, inputs.each_ref()).unwrap();
    }

    #[test]
    #[should_panic(
        expected = "multiply_channels: x [batch, ..., channels] is [2, 5, 3], s [batch, channels] is [2, 5]"
    )]
    fn both_shapes_are_named() {
        let inputs = [&Tensor::zeros(&[2, 5, 3]), &Tensor::zeros(&[2, 5])];
        MultiplyChannels.forward(inputs, &mut Pool::new());
    }
}
