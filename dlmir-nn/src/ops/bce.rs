//! Binary cross-entropy on logits: the loss of yes/no questions (is it one? which of these words apply? does something begin
//! here?), for a network without a last activation. What it gives, any real number, is a logit; the sigmoid makes a
//! probability of it.
//!
//! ```text
//! p = 1 / (1 + exp(-x))
//!
//! l[i] = -t[i] ln p[i] - (1 - t[i]) ln(1 - p[i])
//!      = max(x[i], 0) - x[i] t[i] + ln(1 + exp(-|x[i]|))              (the same, but ln 0 cannot happen)
//!
//! L = sum over i of w[i] l[i] / sum over i of w[i]
//!
//! dL/dx[i] = w[i] (p[i] - t[i]) / sum over k of w[k]
//!
//! x: [batch, ...] the logits;   t: the same shape, targets in [0, 1];   w: [batch], or more of the leading axes of x, or
//! absent (all 1). A weight of 0 masks an item or a frame; if all are 0, so is the loss.
//! ```
//!
//! Without weights this is PyTorch's `binary_cross_entropy_with_logits` and Keras's `BinaryCrossentropy(from_logits=True)`. With
//! weights, both divide by the number of elements instead of the sum of the weights: multiply by the mean weight to get theirs.
//! The stable form is in PyTorch's and TensorFlow's documentation.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::weighted::{Weights, assert_data, one_over};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: x, t and w for each element.
pub fn reference<F: Float>(x: &[F], t: &[F], w: &[F]) -> F {
    let one = F::one();
    let mut sums = (F::zero(), F::zero());
    for ((&x, &t), &w) in x.iter().zip(t).zip(w) {
        let p = one / (one + (-x).exp());
        sums.0 = sums.0 - w * (t * p.ln() + (one - t) * (one - p).ln());
        sums.1 = sums.1 + w;
    }
    if sums.1.is_zero() { F::zero() } else { sums.0 / sums.1 }
}

/// dL/dx of the definition.
pub fn reference_grad<F: Float>(x: &[F], t: &[F], w: &[F]) -> Vec<F> {
    let total = w.iter().fold(F::zero(), |sum, &w| sum + w);
    let per_total = if total.is_zero() { F::zero() } else { F::one() / total };
    let p = |x: F| F::one() / (F::one() + (-x).exp());
    x.iter().zip(t).zip(w).map(|((&x, &t), &w)| w * (p(x) - t) * per_total).collect()
}

/// Binary cross-entropy on logits as an operation, of x and t, or of x, t and w. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct BceWithLogits;

const NAME: &str = "bce_with_logits";

/// The sum of the weights of all elements.
fn total(weights: &Weights<'_>, len: usize) -> f64 {
    (0..len).map(|i| f64::from(weights.of(i))).sum()
}

#[track_caller]
fn loss(x: &Tensor, t: &Tensor, w: Option<&Tensor>, pool: &mut Pool) -> Tensor {
    let (xs, ts) = (x.shape(), t.shape());
    assert!(xs == ts, "{NAME}: the logits are {}, the targets {}", Show(xs), Show(ts));
    let weights = Weights::new(NAME, w, xs);
    // A masked target may be anything, and a NaN shall reach the loss.
    let outside = |(i, t): &(usize, &f32)| (**t < 0.0 || **t > 1.0) && weights.of(*i) != 0.0;
    if let Some((i, t)) = t.as_slice().iter().enumerate().find(outside) {
        panic!("{NAME}: target {i} is {t}, it must be in [0, 1]");
    }
    let pairs = x.as_slice().iter().zip(t.as_slice());
    let terms = pairs.enumerate().map(|(i, (&x, &t))| {
        let l = x.max(0.0) - x * t + (-x.abs()).exp().ln_1p();
        f64::from(weights.of(i)) * f64::from(l)
    });
    let mut loss = pool.take(&[]);
    loss.as_mut_slice()[0] = (terms.sum::<f64>() * one_over(total(&weights, x.len()))) as f32;
    loss
}

fn grad(x: &Tensor, t: &Tensor, w: Option<&Tensor>, g: Tensor, pool: &mut Pool) -> Tensor {
    let weights = Weights::new(NAME, w, x.shape());
    let factor = (f64::from(g.item()) * one_over(total(&weights, x.len()))) as f32;
    pool.give(g);
    let mut grad = pool.take(x.shape());
    let pairs = x.as_slice().iter().zip(t.as_slice());
    for (i, (grad, (&x, &t))) in grad.as_mut_slice().iter_mut().zip(pairs).enumerate() {
        let p = 1.0 / (1.0 + (-x).exp());
        *grad = factor * weights.of(i) * (p - t);
    }
    grad
}

impl Op<2> for BceWithLogits {
    type Saved = ();

    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, [x, t]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        (loss(x, t, None, pool), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, g: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        assert_data(NAME, &at.needs[1..]);
        let [x, t] = at.inputs;
        [Some(grad(x, t, None, g, pool)), None]
    }
}

impl Op<3> for BceWithLogits {
    type Saved = ();

    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, [x, t, w]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, ()) {
        (loss(x, t, Some(w), pool), ())
    }

    fn backward(&self, at: At<'_, 3, ()>, g: Tensor, pool: &mut Pool) -> [Option<Tensor>; 3] {
        assert_data(NAME, &at.needs[1..]);
        let [x, t, w] = at.inputs;
        [Some(grad(x, t, Some(w), g, pool)), None, None]
    }
}

impl Tape<'_> {
    /// The mean binary cross-entropy of logits and targets of one shape, a single number.
    ///
    /// # Panics
    /// If the shapes differ.
    #[track_caller]
    pub fn bce_with_logits(&mut self, logits: Var, targets: Var) -> Var {
        self.apply(BceWithLogits, [logits, targets])
    }

    /// The same as a weighted mean, with a weight for each item, or for each index of some more of the leading axes.
    ///
    /// # Panics
    /// If the shapes do not fit.
    #[track_caller]
    pub fn bce_with_logits_weighted(&mut self, logits: Var, targets: Var, weights: Var) -> Var {
        self.apply(BceWithLogits, [logits, targets, weights])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op_inputs, random};
    use crate::ops::testing::{assert_close, assert_gradient, for_many, run, shape, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    /// Numbers in [0, 1), the first of them 0.
    fn unit(shape: &[usize], rng: &mut Rng) -> Tensor {
        let len: usize = shape.iter().product();
        let draw = |i| if i == 0 { 0.0 } else { rng.uniform() };
        Tensor::from_vec(shape, (0..len).map(draw).collect())
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let (x, t, w) = ([0.3, -1.0, 2.0], [1.0, 0.0, 0.2], [1.0, 0.5, 2.0]);
        assert_gradient(|x| reference(x, &t, &w), &x, &reference_grad(&x, &t, &w));
        assert_eq!(reference(&x, &t, &[0.0; 3]), 0.0);
        assert_eq!(reference_grad(&x, &t, &[0.0; 3]), [0.0; 3]);
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((shape(), 0..4usize, any::<u64>()), |(shape, axes, seed)| {
            let mut rng = Rng::new(seed, 0);
            let x = random(&shape, 0.0, &mut rng);
            let t = unit(&shape, &mut rng);
            let w = unit(&shape[..axes.min(shape.len())], &mut rng);
            let needs = [true, false, false];
            let grad = Tensor::scalar(2.0);
            let (plain, [plain_grad, _]) = run(&BceWithLogits, [&x, &t], &grad, [true, false]);
            let (y, [grad, ..]) = run(&BceWithLogits, [&x, &t, &w], &grad, needs);
            let run = x.len() / w.len().max(1);
            let every: Vec<f64> = (0..x.len()).map(|i| f64::from(w.as_slice()[i / run])).collect();
            let (x, t, ones) = (wide(&x), wide(&t), vec![1.0; x.len()]);
            // A few roundings of terms up to 10; the sums are in 64 bits.
            let twice = |x: Vec<f64>| x.iter().map(|x| 2.0 * x).collect::<Vec<_>>();
            assert_close(&plain, &[reference(&x, &t, &ones)], 2e-6);
            assert_close(&plain_grad.unwrap(), &twice(reference_grad(&x, &t, &ones)), 1e-6);
            assert_close(&y, &[reference(&x, &t, &every)], 2e-6);
            assert_close(&grad.unwrap(), &twice(reference_grad(&x, &t, &every)), 1e-6);
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(1, 0);
        let x = random(&[3, 2], 0.0, &mut rng);
        let (t, w) = (unit(&[3, 2], &mut rng), unit(&[3], &mut rng));
        check_op_inputs(&BceWithLogits, [&x, &t], [true, false]).unwrap();
        check_op_inputs(&BceWithLogits, [&x, &t, &w], [true, false, false]).unwrap();
    }

    #[test]
    fn certainty_has_a_finite_price() {
        let x = Tensor::from_vec(&[4], vec![-200.0, 200.0, -200.0, 200.0]);
        let t = Tensor::from_vec(&[4], vec![0.0, 1.0, 1.0, 0.0]);
        let grad = Tensor::scalar(1.0);
        let (y, [grad, _]) = run(&BceWithLogits, [&x, &t], &grad, [true, false]);
        assert_eq!(y.item(), 100.0);
        assert_eq!(grad.unwrap().as_slice(), [0.0, 0.0, -0.25, 0.25]);
    }

    #[test]
    #[should_panic(expected = "bce_with_logits: the logits are [2, 1], the targets [2]")]
    fn a_misfit_names_both_shapes() {
        let _ = BceWithLogits
            .forward([&Tensor::zeros(&[2, 1]), &Tensor::zeros(&[2])], &mut Pool::new());
    }

    #[test]
    #[should_panic(expected = "bce_with_logits: targets and weights are data, without a gradient")]
    fn targets_have_no_gradient() {
        let x = Tensor::zeros(&[2]);
        run(&BceWithLogits, [&x, &x], &Tensor::scalar(1.0), [true, true]);
    }

    #[test]
    #[should_panic(expected = "bce_with_logits: target 1 is 2, it must be in [0, 1]")]
    fn a_target_that_is_no_probability_is_refused() {
        let (x, t) = (Tensor::zeros(&[2]), Tensor::from_vec(&[2], vec![0.5, 2.0]));
        let _ = Op::<2>::forward(&BceWithLogits, [&x, &t], &mut Pool::new());
    }

    #[test]
    fn a_masked_target_may_be_anything() {
        let (x, t) = (Tensor::zeros(&[2]), Tensor::from_vec(&[2], vec![0.5, -1.0]));
        let w = Tensor::from_vec(&[2], vec![1.0, 0.0]);
        let (y, ()) = Op::<3>::forward(&BceWithLogits, [&x, &t, &w], &mut Pool::new());
        assert!((y.item() - 2f32.ln()).abs() < 1e-6);
    }
}
