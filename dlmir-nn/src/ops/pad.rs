//! Padding along one axis: zeros, or the first and the last element again and again.
//!
//! ```text
//! y[.., i, ..] = x[.., i - before, ..]        for 0 <= i - before < n
//!              = 0                            elsewhere, with zeros
//!              = x[.., 0 or n - 1, ..]        elsewhere, with the nearest edge
//!
//! x: any shape, n = its length on the axis       y: the same but for before + n + after on the axis
//!
//! dL/dx[.., i, ..] = sum of dL/dy over all places of y that x[.., i, ..] went to
//! ```
//!
//! Zeros are the margin of convolutions, and the channels that a residual network's shortcut lacks (He, Zhang, Ren, Sun 2016,
//! arXiv:1512.03385, option A). The nearest edge is how a network for single frames is given the first and last frames of a recording.

use ndarray::{ArrayD, ArrayViewD, Axis, Slice};
use num_traits::Float;

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// What stands before the first element and after the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Margin {
    /// Zeros.
    Zeros,
    /// The first and the last element, repeated.
    Edge,
}

/// The definition: y in row-major order.
///
/// # Panics
/// If the axis has no element that could be repeated.
pub fn reference<F: Float>(
    x: ArrayViewD<'_, F>,
    axis: usize,
    [before, after]: [usize; 2],
    margin: Margin,
) -> Vec<F> {
    let n = x.shape()[axis];
    let mut y = x.raw_dim();
    y[axis] = before + n + after;
    let place = |i: usize| match margin {
        Margin::Zeros => i.checked_sub(before).filter(|&i| i < n),
        Margin::Edge => Some(i.saturating_sub(before).min(n - 1)),
    };
    let value = |mut at: ndarray::IxDyn| match place(at[axis]) {
        Some(i) => {
            at[axis] = i;
            x[at]
        }
        None => F::zero(),
    };
    ArrayD::from_shape_fn(y, value).into_iter().collect()
}

/// The gradient of the definition for g = dL/dy: dL/dx in row-major order.
pub fn reference_grad<F: Float>(
    g: ArrayViewD<'_, F>,
    axis: usize,
    [before, after]: [usize; 2],
    margin: Margin,
) -> Vec<F> {
    let n = g.shape()[axis] - before - after;
    let mut grad_x = g.slice_axis(Axis(axis), Slice::from(before..before + n)).to_owned();
    if margin == Margin::Edge {
        for i in (0..before).chain(before + n..before + n + after) {
            let edge = if i < before { 0 } else { n - 1 };
            let mut row = grad_x.index_axis_mut(Axis(axis), edge);
            row.zip_mut_with(&g.index_axis(Axis(axis), i), |sum, &g| *sum = *sum + g);
        }
    }
    grad_x.into_iter().collect()
}

/// Padding as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct PadOp {
    /// The axis that becomes longer, from 0, batch included.
    pub axis: usize,
    /// Elements before the first and after the last.
    pub sides: [usize; 2],
    /// What they are.
    pub margin: Margin,
}

impl PadOp {
    /// For x: numbers of one step along the axis, and its length.
    fn sizes(self, x: &[usize]) -> [usize; 2] {
        [x[self.axis + 1..].iter().product(), x[self.axis]]
    }
}

impl Op<1> for PadOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "pad"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let PadOp { axis, sides: [before, after], margin } = *self;
        let mut shape = x.shape().to_vec();
        assert!(axis < shape.len(), "pad: x {} has no axis {axis}", Show(x.shape()));
        assert!(
            margin == Margin::Zeros || shape[axis] > 0,
            "pad: axis {axis} of x {} has no element to repeat",
            Show(x.shape())
        );
        let [step, n] = self.sizes(x.shape());
        shape[axis] += before + after;
        let mut y = pool.take(&shape);
        let rows = y.as_mut_slice().chunks_exact_mut(((before + n + after) * step).max(1));
        for (i, y) in rows.enumerate() {
            let x = &x.as_slice()[i * n * step..][..n * step];
            let (head, rest) = y.split_at_mut(before * step);
            let (middle, tail) = rest.split_at_mut(n * step);
            middle.copy_from_slice(x);
            match margin {
                Margin::Zeros => {
                    head.fill(0.0);
                    tail.fill(0.0);
                }
                Margin::Edge => {
                    let steps = |part| <[f32]>::chunks_exact_mut(part, step.max(1));
                    steps(head).for_each(|y| y.copy_from_slice(&x[..step]));
                    steps(tail).for_each(|y| y.copy_from_slice(&x[(n - 1) * step..]));
                }
            }
        }
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let [before, after] = self.sides;
        let mut grad_x = pool.take(at.inputs[0].shape());
        let [step, n] = self.sizes(grad_x.shape());
        let whole = (before + n + after) * step;
        for (i, x) in grad_x.as_mut_slice().chunks_exact_mut((n * step).max(1)).enumerate() {
            let g = &grad.as_slice()[i * whole..][..whole];
            x.copy_from_slice(&g[before * step..][..n * step]);
            if self.margin == Margin::Edge {
                let add = |x: &mut [f32], part: &[f32]| {
                    for g in part.chunks_exact(step.max(1)) {
                        x.iter_mut().zip(g).for_each(|(x, g)| *x += g);
                    }
                };
                add(&mut x[..step], &g[..before * step]);
                add(&mut x[(n - 1) * step..], &g[(before + n) * step..]);
            }
        }
        pool.give(grad);
        [Some(grad_x)]
    }
}

impl Tape<'_> {
    /// x with so many elements more before and after it along `axis` (from 0, batch included).
    ///
    /// # Panics
    /// If there is no such axis, or no element to repeat.
    #[track_caller]
    pub fn pad(&mut self, x: Var, axis: usize, sides: [usize; 2], margin: Margin) -> Var {
        self.apply(PadOp { axis, sides, margin }, [x])
    }
}

#[cfg(test)]
mod tests {
    use proptest::sample::select;

    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;

    const MARGINS: [Margin; 2] = [Margin::Zeros, Margin::Edge];

    #[test]
    fn the_operation_is_the_definition() {
        let shapes = [length(), length(), length()];
        let strategy = (0..3usize, shapes, [0..4usize, 0..4], select(MARGINS.to_vec()));
        for_many(strategy, |(axis, mut shape, sides, margin)| {
            if margin == Margin::Edge {
                shape[axis] = shape[axis].max(1);
            }
            let mut rng = Rng::new(1, 0);
            let x = random(&shape, 0.0, &mut rng);
            let mut long = shape;
            long[axis] += sides[0] + sides[1];
            let grad = random(&long, 0.0, &mut rng);
            let op = PadOp { axis, sides, margin };
            let (y, [grad_x]) = run(&op, [&x], &grad, [true]);
            assert_eq!(y.shape(), long);
            assert_eq!(y.as_slice(), reference(x.view(), axis, sides, margin));
            let grad = grad.view().mapv(f64::from);
            let want = reference_grad(grad.view(), axis, sides, margin);
            // At most seven numbers below 5.
            assert_close(&grad_x.unwrap(), &want, 7.0 * 35.0 * 6e-8);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let mut draw = |n: usize| wide(&random(&[n], 0.0, &mut rng));
        let array =
            |n: usize, x: &[f64]| ArrayD::from_shape_vec(vec![2, n, 3], x.to_vec()).unwrap();
        let (x, g) = (draw(12), draw(30));
        for margin in MARGINS {
            let grad = reference_grad(array(5, &g).view(), 1, [1, 2], margin);
            let loss = |x: &[f64]| dot(&reference(array(2, x).view(), 1, [1, 2], margin), &g);
            assert_gradient(loss, &x, &grad);
        }
    }

    #[test]
    fn the_operation_passes_the_check() {
        let x = random(&[2, 3, 2], 0.0, &mut Rng::new(1, 0));
        for margin in MARGINS {
            check_op(&PadOp { axis: 1, sides: [2, 1], margin }, [&x]).unwrap();
        }
    }

    #[test]
    #[should_panic(expected = "pad: axis 1 of x [2, 0] has no element to repeat")]
    fn nothing_cannot_be_repeated() {
        let op = PadOp { axis: 1, sides: [1, 1], margin: Margin::Edge };
        op.forward([&Tensor::zeros(&[2, 0])], &mut Pool::new());
    }
}
