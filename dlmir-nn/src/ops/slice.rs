//! A stretch of one axis: a crop of a map, some of its channels.
//!
//! ```text
//! y[.., i, ..] = x[.., start + i, ..]     for 0 <= i < length
//!
//! x: any shape        y: the same but for `length` on the chosen axis
//!
//! dL/dx[.., start + i, ..] = dL/dy[.., i, ..], 0 elsewhere
//! ```
//!
//! The counterpart of [`concat`](crate::ops::concat): what was put next to each other is taken apart again.

use ndarray::{ArrayViewD, Axis, Slice};
use num_traits::Zero;

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: y in row-major order.
///
/// # Panics
/// If the stretch does not lie within the axis.
pub fn reference<F: Clone>(
    x: ArrayViewD<'_, F>,
    axis: usize,
    start: usize,
    length: usize,
) -> Vec<F> {
    let y = x.slice_axis(Axis(axis), Slice::from(start..start + length));
    y.iter().cloned().collect()
}

/// The gradient of the definition for g = dL/dy and the length of x along the axis: dL/dx in row-major order.
pub fn reference_grad<F: Clone + Zero>(
    g: ArrayViewD<'_, F>,
    axis: usize,
    start: usize,
    size: usize,
) -> Vec<F> {
    let mut shape = g.raw_dim();
    shape[axis] = size;
    let mut grad_x = ndarray::ArrayD::zeros(shape);
    let end = start + g.shape()[axis];
    grad_x.slice_axis_mut(Axis(axis), Slice::from(start..end)).assign(&g);
    grad_x.into_iter().collect()
}

/// The stretch as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct SliceOp {
    /// The axis that becomes shorter, from 0, batch included.
    pub axis: usize,
    /// Its first element that stays.
    pub start: usize,
    /// How many stay.
    pub length: usize,
}

impl SliceOp {
    /// For x: numbers of one step along the axis, and of the whole axis.
    fn runs(self, x: &[usize]) -> [usize; 2] {
        let step: usize = x[self.axis + 1..].iter().product();
        [step, step * x[self.axis]]
    }
}

impl Op<1> for SliceOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "slice"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let SliceOp { axis, start, length } = *self;
        let mut shape = x.shape().to_vec();
        assert!(axis < shape.len(), "slice: x {} has no axis {axis}", Show(x.shape()));
        assert!(
            start.checked_add(length).is_some_and(|end| end <= shape[axis]),
            "slice: {length} elements from {start} on are not all on axis {axis} of x {}",
            Show(x.shape())
        );
        shape[axis] = length;
        let mut y = pool.take(&shape);
        let [step, whole] = self.runs(x.shape());
        let rows = y.as_mut_slice().chunks_exact_mut((length * step).max(1));
        for (y, x) in rows.zip(x.as_slice().chunks_exact(whole.max(1))) {
            y.copy_from_slice(&x[start * step..][..y.len()]);
        }
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let mut grad_x = pool.take(at.inputs[0].shape());
        let [step, whole] = self.runs(grad_x.shape());
        let run = self.length * step;
        for (i, x) in grad_x.as_mut_slice().chunks_exact_mut(whole.max(1)).enumerate() {
            let (before, rest) = x.split_at_mut(self.start * step);
            let (middle, after) = rest.split_at_mut(run);
            before.fill(0.0);
            middle.copy_from_slice(&grad.as_slice()[i * run..][..run]);
            after.fill(0.0);
        }
        pool.give(grad);
        [Some(grad_x)]
    }
}

impl Tape<'_> {
    /// `length` elements of x from `start` on along `axis` (from 0, batch included).
    ///
    /// # Panics
    /// If they are not all there.
    #[track_caller]
    pub fn slice(&mut self, x: Var, axis: usize, start: usize, length: usize) -> Var {
        self.apply(SliceOp { axis, start, length }, [x])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::ArrayD;
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;

    #[test]
    fn the_operation_is_the_definition() {
        let shapes = [length(), length(), length()];
        for_many((0..3usize, shapes, any::<[u8; 2]>()), |(axis, shape, [a, b])| {
            let mut rng = Rng::new(1, 0);
            let x = random(&shape, 0.0, &mut rng);
            let start = usize::from(a) % (shape[axis] + 1);
            let length = usize::from(b) % (shape[axis] - start + 1);
            let op = SliceOp { axis, start, length };
            let mut short = shape;
            short[axis] = length;
            let grad = random(&short, 0.0, &mut rng);
            let (y, [grad_x]) = run(&op, [&x], &grad, [true]);
            assert_eq!(y.shape(), short);
            assert_eq!(y.as_slice(), reference(x.view(), axis, start, length));
            let want = reference_grad(grad.view(), axis, start, shape[axis]);
            assert_eq!(grad_x.unwrap().as_slice(), want);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let mut draw = |n: usize| wide(&random(&[n], 0.0, &mut rng));
        let array =
            |n: usize, x: &[f64]| ArrayD::from_shape_vec(vec![2, n, 3], x.to_vec()).unwrap();
        let (x, g) = (draw(30), draw(12));
        let grad = reference_grad(array(2, &g).view(), 1, 2, 5);
        assert_gradient(|x| dot(&reference(array(5, x).view(), 1, 2, 2), &g), &x, &grad);
    }

    #[test]
    fn the_operation_passes_the_check() {
        let x = random(&[2, 5, 3], 0.0, &mut Rng::new(1, 0));
        check_op(&SliceOp { axis: 1, start: 1, length: 3 }, [&x]).unwrap();
    }

    #[test]
    #[should_panic(expected = "slice: 3 elements from 2 on are not all on axis 1 of x [2, 4]")]
    fn a_stretch_beyond_the_end_is_refused() {
        SliceOp { axis: 1, start: 2, length: 3 }
            .forward([&Tensor::zeros(&[2, 4])], &mut Pool::new());
    }
}
