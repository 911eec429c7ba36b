//! A change of the order of the axes; for two axes, the transpose.
//!
//! ```text
//! y[j] = x[i],    j[k] = i[axes[k]]        axis k of y is axis axes[k] of x
//!
//! dL/dx[i] = dL/dy[j]                      (the inverse permutation of dL/dy)
//! ```
//!
//! The meaning of `axes` is that of numpy's `transpose` and PyTorch's `permute`.

use ndarray::{ArrayViewD, ArrayViewMutD, IxDyn};

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: y in row-major order.
pub fn reference<F: Clone>(x: ArrayViewD<'_, F>, axes: &[usize]) -> Vec<F> {
    x.permuted_axes(IxDyn(axes)).iter().cloned().collect()
}

/// The gradient of the definition for g = dL/dy: dL/dx in row-major order.
pub fn reference_grad<F: Clone>(g: ArrayViewD<'_, F>, axes: &[usize]) -> Vec<F> {
    reference(g, &inverse(axes))
}

/// The order that leads back: if axis k of y is axis `axes[k]` of x, that one is axis k of y.
fn inverse(axes: &[usize]) -> Vec<usize> {
    let mut inverse = axes.to_vec();
    axes.iter().enumerate().for_each(|(k, &axis)| inverse[axis] = k);
    inverse
}

/// The change of order as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct PermuteOp {
    /// For each axis of y, which axis of x it is.
    pub axes: Vec<usize>,
}

fn permuted(x: &Tensor, axes: &[usize], pool: &mut Pool) -> Tensor {
    let view = x.view().permuted_axes(IxDyn(axes));
    let mut y = pool.take(view.shape());
    ArrayViewMutD::from_shape(view.raw_dim(), y.as_mut_slice())
        .expect("y was taken with this shape")
        .assign(&view);
    y
}

impl Op<1> for PermuteOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "permute"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let mut sorted = self.axes.clone();
        sorted.sort_unstable();
        assert!(
            sorted.iter().copied().eq(0..x.shape().len()),
            "permute: {} is no order of the axes of x {}",
            Show(&self.axes),
            Show(x.shape())
        );
        (permuted(x, &self.axes, pool), ())
    }

    fn backward(&self, _: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let grad_x = permuted(&grad, &inverse(&self.axes), pool);
        pool.give(grad);
        [Some(grad_x)]
    }
}

impl Tape<'_> {
    /// x with its axes in another order: axis k of the result is axis `axes[k]` of x, batch axis included.
    ///
    /// # Panics
    /// If `axes` does not name each axis of x once.
    #[track_caller]
    pub fn permute(&mut self, x: Var, axes: &[usize]) -> Var {
        self.apply(PermuteOp { axes: axes.to_vec() }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_operation_is_the_definition_and_its_gradient_the_way_back() {
        let axes = Just(vec![0, 1, 2]).prop_shuffle();
        for_many((axes, [length(), length(), length()]), |(axes, shape)| {
            let x = random(&shape, 0.0, &mut Rng::new(1, 0));
            let op = PermuteOp { axes };
            let (y, ()) = op.forward([&x], &mut Pool::poisoned());
            assert_eq!(y.as_slice(), reference(x.view(), &op.axes));
            let (_, [back]) = run(&op, [&x], &y, [true]);
            assert_eq!(back.unwrap(), x);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let (shape, axes, moved) = ([2, 3, 4], [2, 0, 1], [4, 2, 3]);
        let array = |shape: &[usize], x: &[f64]| {
            ndarray::ArrayD::from_shape_vec(IxDyn(shape), x.to_vec()).unwrap()
        };
        let (x, g) = (wide(&random(&[24], 0.0, &mut rng)), wide(&random(&[24], 0.0, &mut rng)));
        let grad_x = reference_grad(array(&moved, &g).view(), &axes);
        assert_gradient(|x| dot(&reference(array(&shape, x).view(), &axes), &g), &x, &grad_x);
    }

    #[test]
    fn the_operation_passes_the_check() {
        let x = random(&[2, 3, 4], 0.0, &mut Rng::new(1, 0));
        check_op(&PermuteOp { axes: vec![2, 0, 1] }, [&x]).unwrap();
    }

    #[test]
    #[should_panic(expected = "permute: [0, 2, 2] is no order of the axes of x [2, 3, 4]")]
    fn an_axis_named_twice_is_refused() {
        PermuteOp { axes: vec![0, 2, 2] }.forward([&Tensor::zeros(&[2, 3, 4])], &mut Pool::new());
    }
}
