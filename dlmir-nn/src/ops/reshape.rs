//! The same elements under another shape.
//!
//! ```text
//! y[i] = x[i] for the i-th element in row-major order      x: any shape, y: another with as many elements
//!
//! dL/dx[i] = dL/dy[i]
//! ```
//!
//! With channels last, flattening a map `[freq, time, channels]` puts channel c of bin f at time t at (f time + t) channels + c,
//! as in Keras; PyTorch's channels-first flattening gives another order of the same numbers.

use ndarray::{ArrayD, ArrayViewD, IxDyn};

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
///
/// # Panics
/// If the two shapes hold different numbers of elements.
pub fn reference<F: Clone>(x: ArrayViewD<'_, F>, shape: &[usize]) -> ArrayD<F> {
    let elements = x.iter().cloned().collect();
    ArrayD::from_shape_vec(IxDyn(shape), elements).expect("as many elements")
}

/// The gradient of the definition for g = dL/dy: dL/dx of this shape.
///
/// # Panics
/// If the two shapes hold different numbers of elements.
pub fn reference_grad<F: Clone>(g: ArrayViewD<'_, F>, x_shape: &[usize]) -> ArrayD<F> {
    reference(g, x_shape)
}

/// The change of shape as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct ReshapeOp {
    /// The shape of y, batch axis included.
    pub shape: Vec<usize>,
}

impl Op<1> for ReshapeOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "reshape"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        (pool.copy_of(x).reshape(&self.shape), ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, _: &mut Pool) -> [Option<Tensor>; 1] {
        [Some(grad.reshape(at.inputs[0].shape()))]
    }
}

impl Tape<'_> {
    /// The elements of x under another shape, batch axis included.
    ///
    /// # Panics
    /// If the two shapes hold different numbers of elements.
    #[track_caller]
    pub fn reshape(&mut self, x: Var, shape: &[usize]) -> Var {
        self.apply(ReshapeOp { shape: shape.to_vec() }, [x])
    }

    /// `[batch, ...]` to `[batch, features]`.
    ///
    /// # Panics
    /// If x has no axes.
    #[track_caller]
    pub fn flatten(&mut self, x: Var) -> Var {
        let shape = self.shape(x);
        assert!(!shape.is_empty(), "flatten: x {} has no batch axis", Show(shape));
        let flat = [shape[0], shape[1..].iter().product()];
        if shape.len() == 2 { x } else { self.reshape(x, &flat) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_gradient, for_many, length, run, wide};
    use crate::rng::Rng;

    #[test]
    fn the_operation_is_the_definition() {
        for_many([length(), length(), length()], |[a, b, c]| {
            let mut rng = Rng::new(1, 0);
            let op = ReshapeOp { shape: vec![b, c * a] };
            let (x, g) = (random(&[a, b, c], 0.0, &mut rng), random(&op.shape, 0.0, &mut rng));
            let (y, [grad_x]) = run(&op, [&x], &g, [true]);
            assert_eq!(y.view(), reference(x.view(), &op.shape));
            assert_eq!(grad_x.unwrap().view(), reference_grad(g.view(), &[a, b, c]));
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let draw = |rng: &mut Rng| wide(&random(&[24], 0.0, rng));
        let (x, g) = (draw(&mut rng), draw(&mut rng));
        let array =
            |shape: &[usize], x: &[f64]| ArrayD::from_shape_vec(IxDyn(shape), x.to_vec()).unwrap();
        let loss = |x: &[f64]| {
            (reference(array(&[2, 3, 4], x).view(), &[4, 6]) * array(&[4, 6], &g)).sum()
        };
        let grad_x = reference_grad(array(&[4, 6], &g).view(), &[2, 3, 4]);
        assert_gradient(loss, &x, grad_x.as_slice().unwrap());
    }

    #[test]
    fn elements_keep_their_order_and_the_check_passes() {
        let x = random(&[2, 3, 4], 0.0, &mut Rng::new(1, 0));
        let op = ReshapeOp { shape: vec![2, 12] };
        let (y, ()) = op.forward([&x], &mut Pool::poisoned());
        assert_eq!((y.shape(), y.as_slice()), (&[2, 12][..], x.as_slice()));
        check_op(&op, [&x]).unwrap();
    }

    #[test]
    fn flatten_keeps_the_batch() {
        let params = crate::Params::new();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        for (shape, flat) in [(&[2, 3, 4][..], [2, 12]), (&[2, 3], [2, 3]), (&[5], [5, 1])] {
            let x = tape.leaf(Tensor::zeros(shape));
            let y = tape.flatten(x);
            assert_eq!(tape.shape(y), flat);
        }
    }

    #[test]
    #[should_panic(expected = "reshape: [2, 3] has 6 elements, [4, 2] wants 8")]
    fn a_misfit_names_both_shapes() {
        ReshapeOp { shape: vec![4, 2] }.forward([&Tensor::zeros(&[2, 3])], &mut Pool::new());
    }
}
