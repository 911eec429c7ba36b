//! The sum over chosen axes, which disappear.
//!
//! ```text
//! y[kept indices] = sum over the chosen indices of x[all indices]
//!
//! dL/dx[all indices] = dL/dy[kept indices]
//! ```
//!
//! Over axes 1 and 2 of `[batch, freq, time, channels]` the result is `[batch, channels]`; over all axes it is a single number
//! of shape `[]`.
//!
//! However many axes there are, neighbours of one kind (kept, or summed over) count as one group. The
//! sum over axes 1 and 2 of `[batch, freq, time, channels]` has three:
//!
//! ```text
//! [(batch, kept), (freq * time, summed), (channels, kept)]
//! ```
//!
//! that is three nested loops, whatever the rank. Each call of `add_up` peels the outermost group off and
//! calls itself for what is left; the two innermost forms are done by fast loops that add in 64 bits, so
//! that a million terms are no worse than ten. Only where a summed group lies around a kept and another
//! summed one (axes 0 and 2 of `[a, b, c]`), the a partial sums are added in `f32`.

use ndarray::{ArrayD, ArrayViewD, Axis, IxDyn};
use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::elementwise::Cost;
use crate::ops::reduce::add_columns;
use crate::parallel;
use crate::pool::Pool;
use crate::shape::Show;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition. `axes` ascend.
pub fn reference<F: Float>(x: ArrayViewD<'_, F>, axes: &[usize]) -> ArrayD<F> {
    axes.iter().rev().fold(x.to_owned(), |x, &axis| x.sum_axis(Axis(axis)))
}

/// The gradient of the definition: g = dL/dy repeated along the chosen axes of a tensor of `shape`.
///
/// # Panics
/// If g is not of the shape of y.
pub fn reference_grad<F: Float>(
    g: ArrayViewD<'_, F>,
    axes: &[usize],
    shape: &[usize],
) -> ArrayD<F> {
    let g = axes.iter().fold(g, |g, &axis| g.insert_axis(Axis(axis)));
    g.broadcast(IxDyn(shape)).expect("g has the kept axes of x").to_owned()
}

/// The sum over axes as an operation. See the module's text.
#[derive(Debug, Clone)]
pub struct Sum {
    /// The axes that disappear, batch axis included in the count, in any order.
    pub axes: Vec<usize>,
}

/// How a tensor is summed: neighbouring axes of one kind count as one, and axes of length 1 as none.
pub(super) struct Geometry {
    /// The shape of y.
    pub kept: Vec<usize>,
    /// Length and kind of each group of axes: whether it is summed over.
    groups: Vec<(usize, bool)>,
}

impl Geometry {
    /// # Panics
    /// If an axis does not exist or is named twice.
    #[track_caller]
    pub fn new(name: &str, shape: &[usize], axes: &[usize]) -> Geometry {
        let mut geometry = Geometry { kept: Vec::new(), groups: Vec::new() };
        for (i, &axis) in axes.iter().enumerate() {
            assert!(axis < shape.len(), "{name}: x {} has no axis {axis}", Show(shape));
            assert!(!axes[..i].contains(&axis), "{name}: axis {axis} is named twice");
        }
        for (axis, &len) in shape.iter().enumerate() {
            let summed = axes.contains(&axis);
            if !summed {
                geometry.kept.push(len);
            }
            match geometry.groups.last_mut() {
                _ if len == 1 => {}
                Some((group, kind)) if *kind == summed => *group *= len,
                _ => geometry.groups.push((len, summed)),
            }
        }
        geometry
    }

    /// How many elements of x go into one of y.
    pub fn count(&self) -> usize {
        self.groups.iter().filter(|(_, summed)| *summed).map(|(len, _)| len).product()
    }

    /// y = sums of x, times `factor`.
    pub fn sum(&self, x: &Tensor, factor: f32, pool: &mut Pool) -> Tensor {
        let mut y = pool.take_zeroed(&self.kept);
        let work_ns = x.len() * Cost::Plain as usize / 10;
        let (rows, groups) = self.rows();
        let (x, x_len, y_len) = (x.as_slice(), x.len() / rows, y.len() / rows);
        parallel::for_each_chunk(y.as_mut_slice(), y_len.max(1), work_ns, |n, y| {
            add_up(y, &x[n * x_len..][..x_len], groups);
            y.iter_mut().for_each(|y| *y *= factor);
        });
        y
    }

    /// A tensor of `shape` with g repeated along the summed axes, times `factor`.
    pub fn spread(&self, g: &Tensor, factor: f32, shape: &[usize], pool: &mut Pool) -> Tensor {
        let mut x = pool.take(shape);
        let work_ns = x.len() * Cost::Plain as usize / 10;
        let (rows, groups) = self.rows();
        let (g, x_len, g_len) = (g.as_slice(), x.len() / rows, g.len() / rows);
        parallel::for_each_chunk(x.as_mut_slice(), x_len.max(1), work_ns, |n, x| {
            spread(x, &g[n * g_len..][..g_len], factor, groups);
        });
        x
    }

    /// Rows that can be worked on each for itself, and the groups of axes within one: the batch, if it is kept.
    fn rows(&self) -> (usize, &[(usize, bool)]) {
        match self.groups.split_first() {
            Some((&(len, false), rest)) => (len.max(1), rest),
            _ => (1, &self.groups),
        }
    }
}

/// y += sums of x.
fn add_up(y: &mut [f32], x: &[f32], groups: &[(usize, bool)]) {
    match *groups {
        [] | [(_, false)] => y.iter_mut().zip(x).for_each(|(y, x)| *y += x),
        [(_, true)] => y.iter_mut().for_each(|y| *y += total(x)),
        // What belongs to a column is not used, so anything of the right length will do.
        [(_, true), (inner, false)] if x.len() >= inner => {
            add_columns(x, x, &x[..inner], |x, _, _| [x], [y]);
        }
        [(len, true), ref rest @ ..] => {
            let inner = x.len() / len.max(1);
            x.chunks_exact(inner.max(1)).for_each(|x| add_up(y, x, rest));
        }
        [(len, false), ref rest @ ..] => {
            let (outer, inner) = (y.len() / len.max(1), x.len() / len.max(1));
            let rows = y.chunks_exact_mut(outer.max(1)).zip(x.chunks_exact(inner.max(1)));
            rows.for_each(|(y, x)| add_up(y, x, rest));
        }
    }
}

/// The sum of neighbours, in eight lanes of 64 bits, so that a million terms are no worse than ten.
pub(super) fn total(x: &[f32]) -> f32 {
    let (eights, rest) = x.as_chunks::<8>();
    let mut lanes = [0.0f64; 8];
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(lane, &x)| *lane += f64::from(x));
    }
    (lanes.iter().sum::<f64>() + rest.iter().map(|&x| f64::from(x)).sum::<f64>()) as f32
}

/// x = g repeated, times `factor`.
fn spread(x: &mut [f32], g: &[f32], factor: f32, groups: &[(usize, bool)]) {
    match *groups {
        [] | [(_, false)] => x.iter_mut().zip(g).for_each(|(x, g)| *x = g * factor),
        [(_, true)] => x.fill(g[0] * factor),
        [(len, true), ref rest @ ..] => {
            let inner = x.len() / len.max(1);
            x.chunks_exact_mut(inner.max(1)).for_each(|x| spread(x, g, factor, rest));
        }
        [(len, false), ref rest @ ..] => {
            let (outer, inner) = (g.len() / len.max(1), x.len() / len.max(1));
            let rows = x.chunks_exact_mut(inner.max(1)).zip(g.chunks_exact(outer.max(1)));
            rows.for_each(|(x, g)| spread(x, g, factor, rest));
        }
    }
}

impl Op<1> for Sum {
    type Saved = ();

    fn name(&self) -> &'static str {
        "sum"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        (Geometry::new("sum", x.shape(), &self.axes).sum(x, 1.0, pool), ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let shape = at.inputs[0].shape();
        let grad_x = Geometry::new("sum", shape, &self.axes).spread(&grad, 1.0, shape, pool);
        pool.give(grad);
        [Some(grad_x)]
    }
}

impl Tape<'_> {
    /// The sum over `axes`, which disappear; the batch is axis 0.
    ///
    /// # Panics
    /// If x does not have one of the axes, or one is named twice.
    #[track_caller]
    pub fn sum(&mut self, x: Var, axes: &[usize]) -> Var {
        self.apply(Sum { axes: axes.to_vec() }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, run, wide};
    use crate::rng::Rng;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(1, 0);
        let array = |shape: &[usize], x: &[f64]| ArrayD::from_shape_vec(shape, x.to_vec()).unwrap();
        for (axes, kept) in [(&[1][..], &[2, 2][..]), (&[0, 2], &[3]), (&[0, 1, 2], &[])] {
            let x = wide(&random(&[2, 3, 2], 0.0, &mut rng));
            let g = wide(&random(kept, 0.0, &mut rng));
            let loss = |x: &[f64]| {
                let y = reference(array(&[2, 3, 2], x).view(), axes);
                dot(y.as_standard_layout().as_slice().unwrap(), &g)
            };
            let grad = reference_grad(array(kept, &g).view(), axes, &[2, 3, 2]);
            assert_gradient(loss, &x, grad.as_slice().unwrap());
        }
    }

    #[test]
    fn the_operation_is_the_definition() {
        let shape = vec(select(vec![0, 1, 2, 3, 5, 9]), 1..5);
        let strategy = shape.prop_flat_map(|shape| {
            let axes = subsequence((0..shape.len()).collect::<Vec<_>>(), 0..=shape.len());
            (Just(shape), axes)
        });
        for_many((strategy, any::<u64>()), |((shape, axes), seed)| {
            let mut rng = Rng::new(seed, 0);
            let x = random(&shape, 0.0, &mut rng);
            let want = reference(x.view().mapv(f64::from).view(), &axes);
            let grad = random(want.shape(), 0.0, &mut rng);
            let (y, [grad_x]) = run(&Sum { axes: axes.clone() }, [&x], &grad, [true]);
            assert_eq!(y.shape(), want.shape());
            // n terms up to 5 added one after the other: at most 5 n roundings of sums up to 5 n.
            let n = (x.len() / y.len().max(1)) as f64;
            let want: Vec<f64> = want.iter().copied().collect();
            assert_close(&y, &want, 6e-8 * 5.0 * n * n.max(1.0));
            let want = reference_grad(grad.view(), &axes, &shape);
            assert_eq!(grad_x.unwrap().view(), want);
        });
    }

    #[test]
    fn long_sums_are_exact_to_the_last_digits() {
        let x = Tensor::full(&[1_000_003], 0.1);
        let (y, ()) = Sum { axes: vec![0] }.forward([&x], &mut Pool::poisoned());
        assert!((f64::from(y.item()) / (1_000_003.0 * f64::from(0.1f32)) - 1.0).abs() < 6e-8);
    }

    #[test]
    fn a_million_terms_are_summed_along_any_axis() {
        let n = 1_000_003;
        for axis in 0..3 {
            let mut shape = [2, 3, 2];
            shape[axis] = n;
            let (y, ()) = Sum { axes: vec![axis] }
                .forward([&Tensor::full(&shape, 0.1)], &mut Pool::poisoned());
            let exact = n as f64 * f64::from(0.1f32);
            // Blocks of 64 terms are summed in 32 bits: 64 roundings at most.
            assert!(
                wide(&y).iter().all(|y| (y / exact - 1.0).abs() < 64.0 * 6e-8),
                "axis {axis}: {y}"
            );
        }
    }

    #[test]
    fn the_operation_passes_the_check() {
        let x = random(&[3, 2, 4], 0.0, &mut Rng::new(1, 0));
        for axes in [vec![0], vec![1], vec![2, 1], vec![0, 1, 2], vec![]] {
            check_op(&Sum { axes }, [&x]).unwrap();
        }
    }

    #[test]
    #[should_panic(expected = "sum: x [2, 3] has no axis 2")]
    fn an_axis_too_many_is_named() {
        Sum { axes: vec![2] }.forward([&Tensor::zeros(&[2, 3])], &mut Pool::new());
    }

    #[test]
    #[should_panic(expected = "sum: axis 1 is named twice")]
    fn an_axis_named_twice_is_refused() {
        Sum { axes: vec![1, 1] }.forward([&Tensor::zeros(&[2, 3])], &mut Pool::new());
    }
}
