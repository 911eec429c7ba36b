//! The mean over chosen axes, which disappear.
//!
//! ```text
//! y[kept indices] = 1 / count  sum over the chosen indices of x[all indices]
//!
//! dL/dx[all indices] = dL/dy[kept indices] / count       count: the product of the lengths of the axes
//! ```
//!
//! Over the two map axes of `[batch, freq, time, channels]` this is global average pooling (Lin, Chen, Yan (2014),
//! arXiv:1312.4400, section 3.2). The mean of nothing is NaN.

use ndarray::{ArrayD, ArrayViewD};
use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::ops::sum::{self, Geometry};
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition. `axes` ascend.
///
/// # Panics
/// Never: every count is a float.
pub fn reference<F: Float + FromPrimitive>(x: ArrayViewD<'_, F>, axes: &[usize]) -> ArrayD<F> {
    let count: usize = axes.iter().map(|&axis| x.shape()[axis]).product();
    let count = F::from_usize(count).expect("a count is a float");
    sum::reference(x, axes).mapv(|y| y / count)
}

/// The gradient of the definition: g = dL/dy over the count, repeated along the chosen axes of a tensor of `shape`.
///
/// # Panics
/// If g is not of the shape of y.
pub fn reference_grad<F: Float + FromPrimitive>(
    g: ArrayViewD<'_, F>,
    axes: &[usize],
    shape: &[usize],
) -> ArrayD<F> {
    let count: usize = axes.iter().map(|&axis| shape[axis]).product();
    let count = F::from_usize(count).expect("a count is a float");
    sum::reference_grad(g, axes, shape).mapv(|g| g / count)
}

/// The mean over axes as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct Mean {
    /// The axes that disappear, batch axis included in the count, in any order.
    pub axes: Vec<usize>,
}

impl Op<1> for Mean {
    type Saved = ();

    fn name(&self) -> &'static str {
        "mean"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let geometry = Geometry::new("mean", x.shape(), &self.axes);
        (geometry.sum(x, 1.0 / geometry.count() as f32, pool), ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let shape = at.inputs[0].shape();
        let geometry = Geometry::new("mean", shape, &self.axes);
        let grad_x = geometry.spread(&grad, 1.0 / geometry.count() as f32, shape, pool);
        pool.give(grad);
        [Some(grad_x)]
    }
}

impl Tape<'_> {
    /// The mean over `axes`, which disappear; the batch is axis 0.
    ///
    /// # Panics
    /// If x does not have one of the axes, or one is named twice.
    #[track_caller]
    pub fn mean(&mut self, x: Var, axes: &[usize]) -> Var {
        self.apply(Mean { axes: axes.to_vec() }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    #[test]
    fn the_operation_is_the_definition() {
        let axes = subsequence(vec![0, 1, 2], 0..=3);
        let strategy = ([length(), length(), length()], axes, any::<u64>());
        for_many(strategy, |(shape, axes, seed)| {
            let mut rng = Rng::new(seed, 0);
            let x = random(&shape, 0.0, &mut rng);
            let n: usize = axes.iter().map(|&axis| shape[axis]).product();
            let want = reference(x.view().mapv(f64::from).view(), &axes);
            let grad = random(want.shape(), 0.0, &mut rng);
            let (y, [grad_x]) = run(&Mean { axes: axes.clone() }, [&x], &grad, [true]);
            if n > 0 {
                // As for the sum, divided by n.
                let want: Vec<f64> = want.iter().copied().collect();
                assert_close(&y, &want, 6e-8 * 5.0 * (n as f64 + 1.0));
                let want = reference_grad(grad.view().mapv(f64::from).view(), &axes, &shape);
                assert_close(&grad_x.unwrap(), want.as_slice().unwrap(), 1e-6);
            } else {
                assert!(wide(&y).iter().all(|y| y.is_nan()));
            }
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(1, 0);
        let array = |shape: &[usize], x: &[f64]| ArrayD::from_shape_vec(shape, x.to_vec()).unwrap();
        for (axes, kept) in [(&[1][..], &[2, 2][..]), (&[0, 2], &[3]), (&[0, 1, 2], &[])] {
            let x = wide(&random(&[2, 3, 2], 0.0, &mut rng));
            let g = wide(&random(kept, 0.0, &mut rng));
            let loss =
                |x: &[f64]| (reference(array(&[2, 3, 2], x).view(), axes) * array(kept, &g)).sum();
            let grad = reference_grad(array(kept, &g).view(), axes, &[2, 3, 2]);
            assert_gradient(loss, &x, grad.as_slice().unwrap());
        }
    }

    #[test]
    fn the_operation_passes_the_check() {
        let x = random(&[3, 2, 4], 0.0, &mut Rng::new(1, 0));
        for axes in [vec![0], vec![1, 2], vec![0, 1, 2]] {
            check_op(&Mean { axes }, [&x]).unwrap();
        }
    }

    #[test]
    #[should_panic(expected = "mean: x [2, 3] has no axis 5")]
    fn an_axis_too_many_is_named() {
        Mean { axes: vec![5] }.forward([&Tensor::zeros(&[2, 3])], &mut Pool::new());
    }
}
