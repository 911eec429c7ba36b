//! Average pooling: the mean of each window.
//!
//! ```text
//! y[n, h, w, c] = 1 / (window_h window_w)  sum over i, j of x[n, h s + i, w s' + j, c]
//!
//! x: [batch, freq, time, channels]   window: i = 0 .. window_h, j = 0 .. window_w   stride: (s, s')
//! y: [batch, freq', time', channels],   freq' = floor((freq - window_h) / s) + 1
//!
//! dL/dx[n, h', w', c] = 1 / (window_h window_w)  sum of dL/dy over the windows with x[n, h', w', c]
//! ```
//!
//! (i, j) is a *tap*: one of the window's places, which are counted row by row.
//!
//! There is no padding: what is left over at the end of an axis is dropped, as by default in Keras and
//! PyTorch.

use num_traits::Float;

use crate::op::{At, Op};
use crate::ops::windows::WindowGeometry;
use crate::parallel::for_each_chunk;
use crate::pool::Pool;
use crate::simd::{self, Kernel};
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The definition.
pub fn reference<F: Float>(geo: &WindowGeometry, x: &[F]) -> Vec<F> {
    let mut y = vec![F::zero(); geo.batch * geo.output_len()];
    for_each_term(geo, |y_at, x_at| y[y_at] = y[y_at] + x[x_at]);
    let count = (0..geo.taps()).fold(F::zero(), |n, _| n + F::one());
    y.into_iter().map(|y| y / count).collect()
}

/// The gradient of the definition for dL/dy: dL/dx.
pub fn reference_grad<F: Float>(geo: &WindowGeometry, grad_y: &[F]) -> Vec<F> {
    let mut grad_x = vec![F::zero(); geo.batch * geo.input_len()];
    let count = (0..geo.taps()).fold(F::zero(), |n, _| n + F::one());
    for_each_term(geo, |y_at, x_at| grad_x[x_at] = grad_x[x_at] + grad_y[y_at] / count);
    grad_x
}

/// Calls `f(index into y, index into x)` for every number of every window.
fn for_each_term(geo: &WindowGeometry, mut f: impl FnMut(usize, usize)) {
    for y_at in 0..geo.batch * geo.output_len() {
        let (n, in_map) = (y_at / geo.output_len(), y_at % geo.output_len());
        let (position, c) = (in_map / geo.channels, in_map % geo.channels);
        (0..geo.taps())
            .for_each(|tap| f(y_at, n * geo.input_len() + geo.at_counted(position, tap) + c));
    }
}

/// Average pooling as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct AvgPool2dOp {
    /// The size of the window, `[freq, time]`.
    pub window: [usize; 2],
    /// How far the window moves from one output to the next.
    pub stride: [usize; 2],
}

impl Op<1> for AvgPool2dOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "avg_pool2d"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let geo = WindowGeometry::new("avg_pool2d", x.shape(), self.window, self.stride);
        let (mut y, map) = (pool.take(&geo.y_shape()), geo.input_len());
        for_each_chunk(y.as_mut_slice(), geo.output_len().max(1), geo.work_ns(), |n, y| {
            let x = &x.as_slice()[n * map..][..map];
            simd::run(simd::level(), Means { geo: &geo, x, y });
        });
        (y, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let shape = at.inputs[0].shape();
        let geo = WindowGeometry::new("avg_pool2d", shape, self.window, self.stride);
        let (mut grad_x, len) = (pool.take(shape), geo.output_len());
        for_each_chunk(
            grad_x.as_mut_slice(),
            geo.input_len().max(1),
            geo.work_ns(),
            |n, grad_x| {
                let grad_y = &grad.as_slice()[n * len..][..len];
                simd::run(simd::level(), Shares { geo: &geo, grad_y, grad_x });
            },
        );
        pool.give(grad);
        [Some(grad_x)]
    }
}

/// y of one map.
struct Means<'a> {
    geo: &'a WindowGeometry,
    x: &'a [f32],
    y: &'a mut [f32],
}

impl Kernel for Means<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Means { geo, x, y } = self;
        let factor = 1.0 / geo.taps() as f32;
        for (position, y) in y.chunks_exact_mut(geo.channels).enumerate() {
            y.copy_from_slice(&x[geo.at_counted(position, 0)..][..geo.channels]);
            for tap in 1..geo.taps() {
                let x = &x[geo.at_counted(position, tap)..][..geo.channels];
                y.iter_mut().zip(x).for_each(|(y, x)| *y += x);
            }
            y.iter_mut().for_each(|y| *y *= factor);
        }
    }
}

/// dL/dx of one map.
struct Shares<'a> {
    geo: &'a WindowGeometry,
    grad_y: &'a [f32],
    grad_x: &'a mut [f32],
}

impl Kernel for Shares<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Shares { geo, grad_y, grad_x } = self;
        let factor = 1.0 / geo.taps() as f32;
        grad_x.fill(0.0);
        for (position, grad_y) in grad_y.chunks_exact(geo.channels).enumerate() {
            for tap in 0..geo.taps() {
                let grad_x = &mut grad_x[geo.at_counted(position, tap)..][..geo.channels];
                grad_x.iter_mut().zip(grad_y).for_each(|(x, y)| *x += y * factor);
            }
        }
    }
}

impl Tape<'_> {
    /// The mean of each window of x `[batch, freq, time, channels]`:
    /// `[batch, freq', time', channels]` with freq' = floor((freq - window) / stride) + 1, and time' likewise.
    /// `window` and `stride` are `[freq, time]`.
    ///
    /// # Panics
    /// If x has not four axes, the window is larger than the map, or a size of window or stride is 0.
    #[track_caller]
    pub fn avg_pool2d(&mut self, x: Var, window: [usize; 2], stride: [usize; 2]) -> Var {
        self.apply(AvgPool2dOp { window, stride }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        for (window, stride) in [([2, 2], [2, 2]), ([3, 2], [1, 2]), ([1, 2], [2, 3])] {
            let geo = WindowGeometry::new("avg_pool2d", &[2, 5, 6, 2], window, stride);
            let mut rng = Rng::new(3, 0);
            let [x, grad] =
                [&[2, 5, 6, 2], &geo.y_shape()].map(|s| wide(&random(s, 0.0, &mut rng)));
            let analytic = reference_grad(&geo, &grad);
            assert_gradient(|x| dot(&reference(&geo, x), &grad), &x, &analytic);
        }
    }

    #[test]
    fn the_operation_is_the_definition_and_passes_the_check() {
        let maps = (0..4usize, [1..9usize, 1..20], length());
        let strategy = (maps, [1..4usize, 1..5], [1..4usize, 1..5], any::<u64>());
        for_many(strategy, |((batch, [h, w], channels), window, stride, seed)| {
            let op = AvgPool2dOp { window: [window[0].min(h), window[1].min(w)], stride };
            let mut rng = Rng::new(seed, 0);
            let x = random(&[batch, h, w, channels], 0.0, &mut rng);
            let geo = WindowGeometry::new("avg_pool2d", x.shape(), op.window, stride);
            let grad = random(&geo.y_shape(), 0.0, &mut rng);
            let (y, [grad_x]) = run(&op, [&x], &grad, [true]);
            // A window has at most 12 numbers below 5; each lies in at most 12 windows.
            let tolerance = 13.0 * 5.0 * 12.0 * 6e-8;
            assert_close(&y, &reference(&geo, &wide(&x)), tolerance);
            assert_close(&grad_x.unwrap(), &reference_grad(&geo, &wide(&grad)), tolerance);
        });
        let x = random(&[2, 5, 6, 2], 0.0, &mut Rng::new(1, 0));
        check_op(&AvgPool2dOp { window: [3, 2], stride: [1, 2] }, [&x]).unwrap();
    }
}
