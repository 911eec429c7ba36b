//! Categorical cross-entropy on logits: the loss of the question "which one of C classes?", for a network without a last
//! activation.
//!
//! ```text
//! p[n, c] = softmax of x[n, ..] at c
//!
//! L = sum over n of v[n] sum over c of w[c] s[n, c] (-ln p[n, c])  /  D
//!
//! s[n, c] = (1 - epsilon) t[n, c] + epsilon / C             the targets, smoothed
//!
//! D = sum over n of v[n] sum over c of w[c] t[n, c]         the weights of all items
//!
//! dL/dx[n, c] = v[n] / D (p[n, c] sum over k of w[k] s[n, k]  -  w[c] s[n, c])
//!
//! x: [..., C] the logits; all axes but the last are rows n
//! t: [..., C] probabilities of the classes, or [...] the number of the one true class of each row
//! v: [batch], or more of the leading axes of x: weights of items or frames, for masks; absent: all 1
//! w: [C] weights of classes, for unequally frequent ones; absent: all 1
//! epsilon: label smoothing in [0, 1), by default 0 (Szegedy et al. (2016), arXiv:1512.00567, section 7, has 0.1)
//! ```
//!
//! With class numbers this is PyTorch's `cross_entropy`: a weighted mean is divided by the sum of the weights, not the number of
//! items. With probabilities and class weights PyTorch divides by the number of rows; here the same D counts, so that a class
//! number and its one-hot row give the same loss. Keras's `class_weight` divides by the number of rows in both cases. If nothing
//! counts (D = 0), the loss is 0.

use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::ops::softmax::{self, exponentials, row_len};
use crate::ops::weighted::{Weights, assert_data, one_over};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: x and t `[rows, classes]`, v `[rows]`, w `[classes]`.
pub fn reference<F: Float + FromPrimitive>(x: &[F], t: &[F], v: &[F], w: &[F], epsilon: F) -> F {
    let mut sum = F::zero();
    for ((x, t), &v) in x.chunks(w.len()).zip(t.chunks(w.len())).zip(v) {
        let (p, s) = (softmax::reference(x), smoothed(t, epsilon));
        for c in 0..w.len() {
            sum = sum - v * w[c] * s[c] * p[c].ln();
        }
    }
    sum * reference_one_over_d(t, v, w)
}

/// dL/dx of the definition.
pub fn reference_grad<F: Float + FromPrimitive>(
    x: &[F],
    t: &[F],
    v: &[F],
    w: &[F],
    epsilon: F,
) -> Vec<F> {
    let factor = reference_one_over_d(t, v, w);
    let mut grad = Vec::new();
    for ((x, t), &v) in x.chunks(w.len()).zip(t.chunks(w.len())).zip(v) {
        let (p, s) = (softmax::reference(x), smoothed(t, epsilon));
        let total = (0..w.len()).fold(F::zero(), |sum, c| sum + w[c] * s[c]);
        grad.extend((0..w.len()).map(|c| factor * v * (p[c] * total - w[c] * s[c])));
    }
    grad
}

/// One row of s.
fn smoothed<F: Float + FromPrimitive>(t: &[F], epsilon: F) -> Vec<F> {
    let classes = F::from_usize(t.len()).expect("a count is a float");
    t.iter().map(|&t| (F::one() - epsilon) * t + epsilon / classes).collect()
}

/// 1 / D, or 0 if D is 0.
fn reference_one_over_d<F: Float>(t: &[F], v: &[F], w: &[F]) -> F {
    let row = |t: &[F]| t.iter().zip(w).fold(F::zero(), |sum, (&t, &w)| sum + w * t);
    let d = t.chunks(w.len()).zip(v).fold(F::zero(), |d, (t, &v)| d + v * row(t));
    if d.is_zero() { d } else { F::one() / d }
}

/// Categorical cross-entropy on logits as an operation, of x and t, or of x, t and v. See the module's text.
#[derive(Debug, Clone, Default)]
pub struct CrossEntropy {
    /// The weights w of the classes, `[C]`; `None`: all 1.
    pub class_weights: Option<Vec<f32>>,
    /// epsilon in [0, 1).
    pub label_smoothing: f32,
}

const NAME: &str = "cross_entropy";

/// All that the loss is made of but the logits.
struct Terms<'a> {
    classes: usize,
    settings: &'a CrossEntropy,
    targets: &'a [f32],
    /// Whether the targets are class numbers, one for each row.
    numbers: bool,
    rows: Weights<'a>,
}

impl<'a> Terms<'a> {
    #[track_caller]
    fn new(
        settings: &'a CrossEntropy,
        x: &Tensor,
        t: &'a Tensor,
        v: Option<&'a Tensor>,
    ) -> Terms<'a> {
        let classes = row_len(NAME, x);
        let (xs, ts) = (x.shape(), t.shape());
        let rows = &xs[..xs.len() - 1];
        let numbers = ts == rows;
        let (x, t_shown, rows_shown) = (Show(xs), Show(ts), Show(rows));
        assert!(
            numbers || ts == xs,
            "{NAME}: the targets {t_shown} fit neither the logits {x} nor their rows {rows_shown}"
        );
        let targets = t.as_slice();
        if numbers {
            for (n, &t) in targets.iter().enumerate() {
                let known = t.fract() == 0.0 && (0.0..classes as f32).contains(&t);
                assert!(known, "{NAME}: the target {t} of row {n} is none of {classes} classes");
            }
        }
        if let Some(weights) = &settings.class_weights {
            let given = weights.len();
            assert!(given == classes, "{NAME}: {given} class weights for logits {x}");
        }
        let epsilon = settings.label_smoothing;
        assert!(
            (0.0..1.0).contains(&epsilon),
            "{NAME}: label smoothing {epsilon} is not in [0, 1)"
        );
        Terms { classes, settings, targets, numbers, rows: Weights::new(NAME, v, rows) }
    }

    /// t[n, c].
    fn target(&self, n: usize, c: usize) -> f32 {
        match self.numbers {
            true => f32::from(self.targets[n] == c as f32),
            false => self.targets[n * self.classes + c],
        }
    }

    /// w[c].
    fn class_weight(&self, c: usize) -> f32 {
        self.settings.class_weights.as_ref().map_or(1.0, |weights| weights[c])
    }

    /// w[c] s[n, c].
    fn share(&self, n: usize, c: usize) -> f32 {
        let epsilon = self.settings.label_smoothing;
        let smooth = (1.0 - epsilon) * self.target(n, c) + epsilon / self.classes as f32;
        self.class_weight(c) * smooth
    }

    /// 1 / D for so many rows.
    fn one_over_d(&self, rows: usize) -> f64 {
        let weight = |n, c| f64::from(self.class_weight(c)) * f64::from(self.target(n, c));
        let row = |n| (0..self.classes).map(|c| weight(n, c)).sum::<f64>();
        one_over((0..rows).map(|n| f64::from(self.rows.of(n)) * row(n)).sum())
    }

    /// (L, p).
    fn loss(&self, x: &Tensor, pool: &mut Pool) -> (Tensor, Tensor) {
        let mut p = pool.take(x.shape());
        let classes = self.classes.max(1);
        let rows = x.as_slice().chunks_exact(classes);
        let mut sum = 0.0;
        for (n, (p, x)) in p.as_mut_slice().chunks_exact_mut(classes).zip(rows).enumerate() {
            let (max, total) = exponentials(p, x);
            let log = total.ln();
            for (c, x) in x.iter().enumerate() {
                // A class that does not count may be impossible (x = -infinity).
                let share = self.share(n, c) * self.rows.of(n);
                if share != 0.0 {
                    sum += f64::from(share) * f64::from(log - (x - max));
                }
            }
            p.iter_mut().for_each(|p| *p /= total);
        }
        let mut loss = pool.take(&[]);
        loss.as_mut_slice()[0] = (sum * self.one_over_d(x.len() / classes)) as f32;
        (loss, p)
    }

    /// dL/dx, in the buffer of p.
    fn grad(&self, mut p: Tensor, g: Tensor, pool: &mut Pool) -> Tensor {
        let classes = self.classes.max(1);
        let factor = f64::from(g.item()) * self.one_over_d(p.len() / classes);
        pool.give(g);
        for (n, p) in p.as_mut_slice().chunks_exact_mut(classes).enumerate() {
            let factor = factor as f32 * self.rows.of(n);
            let total: f32 = (0..classes).map(|c| self.share(n, c)).sum();
            for (c, p) in p.iter_mut().enumerate() {
                *p = factor * (*p * total - self.share(n, c));
            }
        }
        p
    }
}

impl Op<2> for CrossEntropy {
    /// The probabilities p.
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, [x, t]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, Tensor) {
        Terms::new(self, x, t, None).loss(x, pool)
    }

    fn backward(&self, at: At<'_, 2, Tensor>, g: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        assert_data(NAME, &at.needs[1..]);
        let [x, t] = at.inputs;
        [Some(Terms::new(self, x, t, None).grad(at.saved, g, pool)), None]
    }
}

impl Op<3> for CrossEntropy {
    /// The probabilities p.
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        NAME
    }

    fn forward(&self, [x, t, v]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, Tensor) {
        Terms::new(self, x, t, Some(v)).loss(x, pool)
    }

    fn backward(&self, at: At<'_, 3, Tensor>, g: Tensor, pool: &mut Pool) -> [Option<Tensor>; 3] {
        assert_data(NAME, &at.needs[1..]);
        let [x, t, v] = at.inputs;
        [Some(Terms::new(self, x, t, Some(v)).grad(at.saved, g, pool)), None, None]
    }
}

impl Tape<'_> {
    /// The mean cross-entropy of logits `[..., classes]` and targets: class numbers `[...]` or probabilities `[..., classes]`.
    ///
    /// # Panics
    /// If the shapes do not fit or a target is no class.
    #[track_caller]
    pub fn cross_entropy(&mut self, logits: Var, targets: Var) -> Var {
        self.apply(CrossEntropy::default(), [logits, targets])
    }

    /// The same with class weights or smoothed labels.
    ///
    /// # Panics
    /// If the shapes do not fit, a target is no class or a setting is out of its range.
    #[track_caller]
    pub fn cross_entropy_with(&mut self, settings: CrossEntropy, logits: Var, targets: Var) -> Var {
        self.apply(settings, [logits, targets])
    }

    /// The same with a weight for each item, or for each index of some more of the leading axes of the logits.
    ///
    /// # Panics
    /// If the shapes do not fit, a target is no class or a setting is out of its range.
    #[track_caller]
    pub fn cross_entropy_weighted(
        &mut self,
        settings: CrossEntropy,
        logits: Var,
        targets: Var,
        weights: Var,
    ) -> Var {
        self.apply(settings, [logits, targets, weights])
    }
}

#[cfg(test)]
mod tests;
