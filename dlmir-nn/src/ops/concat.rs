//! Concatenation: tensors put next to each other along one axis, like the outputs of parallel branches.
//!
//! ```text
//! y[.., i, ..] = x_k[.., i - start_k, ..]    for start_k <= i < start_(k+1)
//!
//! x_k: one shape but for the length of the axis;   start_k = length of x_0 + ... + length of x_(k-1)
//!
//! dL/dx_k[.., i, ..] = dL/dy[.., start_k + i, ..]        (the same slice)
//! ```

use ndarray::{ArrayViewD, Axis, Slice};

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition: y in row-major order.
///
/// # Panics
/// If the shapes do not fit.
pub fn reference<F: Clone>(parts: &[ArrayViewD<'_, F>], axis: usize) -> Vec<F> {
    let y = ndarray::concatenate(Axis(axis), parts).expect("the shapes fit");
    y.iter().cloned().collect()
}

/// The gradients of the definition for g = dL/dy and these lengths of the parts along the axis: each dL/dx_k in
/// row-major order.
pub fn reference_grad<F: Clone>(
    g: ArrayViewD<'_, F>,
    axis: usize,
    lengths: &[usize],
) -> Vec<Vec<F>> {
    let mut start = 0;
    let parts = lengths.iter().map(|&length| {
        let part = g.slice_axis(Axis(axis), Slice::from(start..start + length));
        start += length;
        part.iter().cloned().collect()
    });
    parts.collect()
}

/// Concatenation as an operation, of any number of tensors. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Concat {
    /// The axis along which the tensors follow each other, from 0.
    pub axis: usize,
}

impl Concat {
    /// For x_k: how many numbers of it are together in y, the product of its axes from `axis` on.
    fn run(self, x: &Tensor) -> usize {
        x.shape()[self.axis..].iter().product()
    }
}

impl<const N: usize> Op<N> for Concat {
    type Saved = ();

    fn name(&self) -> &'static str {
        "concat"
    }

    fn forward(&self, parts: [&Tensor; N], pool: &mut Pool) -> (Tensor, ()) {
        assert!(N > 0, "concat: there is nothing to concatenate");
        let first = parts[0].shape();
        let mut shape = first.to_vec();
        assert!(self.axis < first.len(), "concat: x {} has no axis {}", Show(first), self.axis);
        shape[self.axis] = 0;
        for part in parts {
            let other = part.shape();
            let fits = other.len() == first.len()
                && (0..first.len()).all(|i| i == self.axis || other[i] == first[i]);
            let (first, other) = (Show(first), Show(other));
            assert!(fits, "concat: {first} and {other} differ not only on axis {}", self.axis);
            shape[self.axis] += part.shape()[self.axis];
        }
        let mut y = pool.take(&shape);
        let width = self.run(&y);
        let mut start = 0;
        for part in parts {
            let run = self.run(part);
            for (i, y) in y.as_mut_slice().chunks_exact_mut(width.max(1)).enumerate() {
                y[start..start + run].copy_from_slice(&part.as_slice()[i * run..][..run]);
            }
            start += run;
        }
        (y, ())
    }

    fn backward(&self, at: At<'_, N, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; N] {
        let width = self.run(&grad);
        let mut start = 0;
        let grads = std::array::from_fn(|k| {
            let run = self.run(at.inputs[k]);
            let from = start;
            start += run;
            at.needs[k].then(|| {
                let mut part = pool.take(at.inputs[k].shape());
                for (i, part) in part.as_mut_slice().chunks_exact_mut(run.max(1)).enumerate() {
                    part.copy_from_slice(&grad.as_slice()[i * width + from..][..run]);
                }
                part
            })
        });
        pool.give(grad);
        grads
    }
}

impl Tape<'_> {
    /// The tensors put next to each other along `axis`.
    ///
    /// # Panics
    /// If there are none, or their shapes differ on another axis.
    #[track_caller]
    pub fn concat<const N: usize>(&mut self, parts: [Var; N], axis: usize) -> Var {
        self.apply(Concat { axis }, parts)
    }

    /// As [`Tape::concat`], for a number of tensors that is only known at run time: two at a time.
    ///
    /// # Panics
    /// If there are none, or their shapes differ on another axis.
    #[track_caller]
    pub fn concat_all(&mut self, parts: &[Var], axis: usize) -> Var {
        let (&first, rest) = parts.split_first().expect("concat: there is nothing to concatenate");
        rest.iter().fold(first, |y, &part| self.concat([y, part], axis))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;
    use ndarray::ArrayD;

    #[test]
    fn the_operation_is_the_definition_and_its_gradient_the_slices() {
        let lengths = || [length(), length(), length()];
        for_many((0..3usize, lengths(), lengths()), |(axis, shape, lengths)| {
            let mut rng = Rng::new(1, 0);
            let parts = lengths.map(|length| {
                let mut shape = shape;
                shape[axis] = length;
                random(&shape, 0.0, &mut rng)
            });
            let parts = [&parts[0], &parts[1], &parts[2]];
            let (y, ()) = Concat { axis }.forward(parts, &mut Pool::poisoned());
            assert_eq!(y.as_slice(), reference(&parts.map(|x| x.view()), axis));
            let (_, grads) = run(&Concat { axis }, parts, &y, [true; 3]);
            assert_eq!(grads.each_ref().map(|g| g.as_ref().unwrap()), parts);
        });
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(2, 0);
        let mut draw = |n: usize| wide(&random(&[n], 0.0, &mut rng));
        let array =
            |n: usize, x: &[f64]| ArrayD::from_shape_vec(vec![2, n, 3], x.to_vec()).unwrap();
        let (a, b, g) = (draw(6), draw(24), draw(30));
        let loss = |a: &[f64], b: &[f64]| {
            dot(&reference(&[array(1, a).view(), array(4, b).view()], 1), &g)
        };
        let grads = reference_grad(array(5, &g).view(), 1, &[1, 4]);
        assert_gradient(|a| loss(a, &b), &a, &grads[0]);
        assert_gradient(|b| loss(&a, b), &b, &grads[1]);
    }

    #[test]
    fn the_operation_passes_the_check() {
        let mut rng = Rng::new(1, 0);
        let mut part = |n| random(&[2, n, 3], 0.0, &mut rng);
        check_op(&Concat { axis: 1 }, [&part(1), &part(4)]).unwrap();
    }

    #[test]
    fn a_list_gives_the_same_as_an_array() {
        let params = crate::Params::new();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let mut rng = Rng::new(1, 0);
        let parts = [1, 2, 3].map(|n| tape.leaf(random(&[2, n], 0.0, &mut rng)));
        let (a, b) = (tape.concat(parts, 1), tape.concat_all(&parts, 1));
        assert_eq!(tape.value(a), tape.value(b));
    }

    #[test]
    #[should_panic(expected = "concat: there is nothing to concatenate")]
    fn no_part_at_all_is_refused() {
        Concat { axis: 0 }.forward([], &mut Pool::new());
    }

    #[test]
    #[should_panic(expected = "concat: [2, 3] and [4, 3] differ not only on axis 1")]
    fn a_misfit_names_both_shapes() {
        let parts = [&Tensor::zeros(&[2, 3]), &Tensor::zeros(&[4, 3])];
        Concat { axis: 1 }.forward(parts, &mut Pool::new());
    }
}
