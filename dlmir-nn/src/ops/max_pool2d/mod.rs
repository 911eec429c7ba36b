//! Max-pooling: the largest number of each window.
//!
//! ```text
//! y[n, h, w, c] = max over i, j of x[n, h s + i, w s' + j, c]
//!
//! x: [batch, freq, time, channels]   window: i = 0 .. window_h, j = 0 .. window_w   stride: (s, s')
//! y: [batch, freq', time', channels],   freq' = floor((freq - window_h) / s) + 1
//!
//! dL/dx[n, h', w', c] = sum of dL/dy over the windows in which x[n, h', w', c] is the largest
//! ```
//!
//! (i, j) is a *tap*: one of the window's places, which are counted row by row.
//!
//! Of several that are equally large the first in the window, row by row, gets the gradient. A NaN counts
//! as larger than all numbers, so that it is not lost. There is no padding: what is left over at the end of
//! an axis is dropped, as by default in Keras and PyTorch.
//!
//! An activation that never falls (ReLU, ELU, tanh, sigmoid; not GELU) commutes with the maximum: pooling
//! before the activation gives the same values for a fraction of the work, and the same gradients where no
//! two numbers of a window are equal.

mod kernel;
mod reference;

pub(super) use kernel::{Backward, Forward, Strip, add_to_winners, largest};
pub use reference::{reference, reference_grad};

use crate::op::{At, Op};
use crate::ops::windows::WindowGeometry;
use crate::parallel::{for_each_chunk, for_each_chunk2};
use crate::pool::Pool;
use crate::simd;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// Max-pooling as an operation. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct MaxPool2dOp {
    /// The size of the window, `[freq, time]`.
    pub window: [usize; 2],
    /// How far the window moves from one output to the next.
    pub stride: [usize; 2],
}

impl Op<1> for MaxPool2dOp {
    /// For each number of y, the tap of the window that it came from, counted row by row. Taps are small
    /// whole numbers, which `f32` holds exactly, and so their buffer is one of the pool's.
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn forward(&self, [x]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, Tensor) {
        let geo = WindowGeometry::new("max_pool2d", x.shape(), self.window, self.stride);
        assert!(
            geo.taps() <= 1 << 24,
            "max_pool2d: a window of {} numbers is too large",
            geo.taps()
        );
        let (mut y, mut winners) = (pool.take(&geo.y_shape()), pool.take(&geo.y_shape()));
        let (map, len) = (geo.input_len(), geo.output_len().max(1));
        for_each_chunk2(
            (y.as_mut_slice(), len),
            (winners.as_mut_slice(), len),
            geo.work_ns(),
            |n, y, winners| {
                let x = &x.as_slice()[n * map..][..map];
                simd::run(simd::level(), kernel::Forward { geo: &geo, x, y, winners });
            },
        );
        (y, winners)
    }

    fn backward(
        &self,
        at: At<'_, 1, Tensor>,
        grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 1] {
        let shape = at.inputs[0].shape();
        let geo = WindowGeometry::new("max_pool2d", shape, self.window, self.stride);
        let (mut grad_x, len) = (pool.take(shape), geo.output_len());
        for_each_chunk(
            grad_x.as_mut_slice(),
            geo.input_len().max(1),
            geo.work_ns(),
            |n, grad_x| {
                let [grad_y, winners] = [&grad, &at.saved].map(|t| &t.as_slice()[n * len..][..len]);
                simd::run(simd::level(), kernel::Backward { geo: &geo, grad_y, winners, grad_x });
            },
        );
        pool.give(at.saved);
        pool.give(grad);
        [Some(grad_x)]
    }
}

impl Tape<'_> {
    /// The largest number of each window of x `[batch, freq, time, channels]`:
    /// `[batch, freq', time', channels]` with freq' = floor((freq - window) / stride) + 1, and time' likewise.
    /// `window` and `stride` are `[freq, time]`.
    ///
    /// # Panics
    /// If x has not four axes, the window is larger than the map, or a size of window or stride is 0.
    #[track_caller]
    pub fn max_pool2d(&mut self, x: Var, window: [usize; 2], stride: [usize; 2]) -> Var {
        self.apply(MaxPool2dOp { window, stride }, [x])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::check_op;
    use crate::ops::testing::{assert_close, for_many, length, run, wide};
    use crate::rng::Rng;
    use proptest::prelude::*;

    /// Numbers from a small set, so that there are ties, with a NaN here and there.
    fn few_numbers(shape: &[usize], seed: u64) -> Tensor {
        let mut rng = Rng::new(seed, 0);
        let numbers = [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, f32::NAN];
        let len = shape.iter().product();
        Tensor::from_vec(shape, (0..len).map(|_| numbers[rng.below(8)]).collect())
    }

    #[test]
    fn the_operation_is_the_definition() {
        let maps = (0..4usize, [1..9usize, 1..20], length());
        let strategy = (maps, [1..4usize, 1..5], [1..4usize, 1..5], any::<u64>());
        for_many(strategy, |((batch, [h, w], channels), window, stride, seed)| {
            let window = [window[0].min(h), window[1].min(w)];
            let x = few_numbers(&[batch, h, w, channels], seed);
            let geo = WindowGeometry::new("max_pool2d", x.shape(), window, stride);
            let (want, winners) = reference(&geo, &wide(&x));
            let grad = crate::gradcheck::random(&geo.y_shape(), 0.0, &mut Rng::new(seed, 1));
            let (y, [grad_x]) = run(&MaxPool2dOp { window, stride }, [&x], &grad, [true]);
            assert_eq!(y.shape(), geo.y_shape());
            let bits = |y: f64| if y.is_nan() { None } else { Some(y) };
            assert!(wide(&y).into_iter().map(bits).eq(want.into_iter().map(bits)));
            // At most 20 gradients below 5 are added, at 6e-8 each.
            let want = reference_grad(&geo, &winners, &wide(&grad));
            assert_close(&grad_x.unwrap(), &want, 20.0 * 5.0 * 20.0 * 6e-8);
        });
    }

    #[test]
    fn the_operation_passes_the_check() {
        // No two numbers lie closer than 0.1, so that no step of the check changes a winner.
        let mut x: Vec<f32> = (0..120).map(|i| i as f32 / 10.0).collect();
        Rng::new(3, 0).shuffle(&mut x);
        let x = Tensor::from_vec(&[2, 5, 6, 2], x);
        for (window, stride) in [([2, 2], [2, 2]), ([3, 2], [1, 1]), ([5, 6], [1, 1])] {
            check_op(&MaxPool2dOp { window, stride }, [&x]).unwrap();
        }
    }

    #[test]
    fn activations_that_never_fall_commute_with_the_maximum() {
        let params = crate::Params::new();
        let mut pool = Pool::poisoned();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(crate::gradcheck::random(&[2, 6, 8, 3], 0.0, &mut Rng::new(4, 0)));
        let first = tape.max_pool2d(x, [2, 2], [2, 2]);
        type Activation = fn(&mut Tape<'_>, Var) -> Var;
        let commute: [Activation; 4] =
            [|t, x| t.relu(x), |t, x| t.elu(x, 1.0), |t, x| t.tanh(x), |t, x| t.sigmoid(x)];
        for f in commute {
            let (y, z) = (f(&mut tape, first), f(&mut tape, x));
            let z = tape.max_pool2d(z, [2, 2], [2, 2]);
            assert_eq!(tape.value(y), tape.value(z));
        }
    }
}
