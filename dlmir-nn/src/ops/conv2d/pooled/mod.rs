//! A convolution whose maps are max-pooled at once.
//!
//! ```text
//! y = max_pool2d(conv2d(x, W, b)),     windows side by side: their stride is their size
//! ```
//!
//! The same numbers as [`conv2d`](super) and [`max_pool2d`] give one after the other, by two
//! thoughts that save most of the time and memory of networks with large windows:
//!
//! - *Forward*, a band of the convolution's map, as high as one row of windows, is pooled while it is still in a cache
//!   near the core. The whole map is never stored.
//! - *Backward*, only the winner of each window has a gradient: with windows of (20, 4), one number in 80. So instead of
//!   two products of matrices that are nearly all zeros,
//!
//! ```text
//! for each winner, at the position (h, w) of the map, in channel o, with g = dL/dy:
//!     dL/dW[i, j, c, o]              += g x[h s + i - p, w s' + j - p', c]         for each tap (i, j, c)
//!     dL/dx[h s + i - p, w s' + j - p', c] += g W[i, j, c, o]
//! ```
//!
//!   With small windows the products are faster after all, and are used.
//!
//! dL/db is the sum of g. Sums over samples are taken over eight fixed ranges, as everywhere.
//!
//! An activation that never falls (ReLU, ELU, tanh) may follow instead of preceding the pooling, with the same result.

mod kernel;
#[cfg(test)]
mod tests;

use super::batch::{self, grad_bias, in_panels, padded, place, sample, walks};
use super::kernel::{Start, Walk, Windows, product};
use super::{Conv2dGeometry, Conv2dOp};
use crate::op::{At, Op};
use crate::ops::max_pool2d;
use crate::ops::windows::WindowGeometry;
use crate::parallel::{SAMPLE_CHUNKS, for_each_chunk, for_each_chunk3, sample_ranges, tree_sum};
use crate::pool::Pool;
use crate::shape::{Padding, Show};
use crate::simd;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;
use kernel::{GradWeight, GradX, PIECE, Winners, from_filters, to_filters, wide};

/// The convolution with max-pooling as an operation, of x, W and b. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Conv2dMaxPoolOp {
    /// How far the kernel moves from one output of the convolution to the next, `[freq, time]`.
    pub stride: [usize; 2],
    /// What surrounds the maps.
    pub padding: Padding,
    /// The size of the pooling's windows, which lie side by side, `[freq, time]`.
    pub window: [usize; 2],
}

impl Conv2dMaxPoolOp {
    #[track_caller]
    fn geometry(&self, x: &Tensor, weight: &Tensor) -> (Conv2dGeometry, WindowGeometry) {
        let conv = Conv2dGeometry::new(
            x.shape(),
            weight.shape(),
            Conv2dOp::new(self.stride, self.padding),
        );
        let name = "conv2d_max_pool";
        let pool = WindowGeometry::new(name, &conv.y_shape(), self.window, self.window);
        assert!(pool.taps() <= 1 << 24, "{name}: a window of {} is too large", pool.taps());
        (conv, pool)
    }
}

impl Op<3> for Conv2dMaxPoolOp {
    /// For each number of y, the tap of the window that it came from, as in [`max_pool2d`].
    type Saved = Tensor;

    fn name(&self) -> &'static str {
        "conv2d_max_pool"
    }

    fn forward(&self, [x, weight, bias]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, Tensor) {
        let (level, (geo, windows)) = (simd::level(), self.geometry(x, weight));
        let (ws, bs, out) = (weight.shape(), bias.shape(), geo.out_channels);
        assert!(
            bs == [out],
            "conv2d_max_pool: weight {} wants bias [{out}], got {}",
            Show(ws),
            Show(bs)
        );
        let maps = padded(&geo, x, pool);
        let panels = in_panels(level, weight, pool);
        let (lines, steps) = walks(&geo.on_padded());
        let lines = Walk { len: [1, self.window[0], lines.len[2]], ..lines };
        let band_geo = WindowGeometry {
            batch: 1,
            input: [lines.len[1], lines.len[2]],
            output: [1, windows.output[1]],
            ..windows
        };
        let (mut y, mut winners) = (pool.take(&windows.y_shape()), pool.take(&windows.y_shape()));
        let band_len = lines.count() * out;
        let mut bands = pool.take(&[geo.batch, band_len]);
        let size = windows.output_len();
        for_each_chunk3(
            (y.as_mut_slice(), size.max(1)),
            (winners.as_mut_slice(), size.max(1)),
            (bands.as_mut_slice(), band_len.max(1)),
            geo.work_ns(),
            |n, y, winners, band| {
                let map = sample(&maps, &geo, n);
                let row = windows.output[1] * out;
                let rows = y.chunks_mut(row).zip(winners.chunks_mut(row));
                for (i, (y, winners)) in rows.enumerate() {
                    let map = &map[i * self.window[0] * lines.stride[1]..];
                    let bias = Start::Row(bias.as_slice());
                    let a = Windows::new(map, lines, steps);
                    product(level, a, panels.as_slice(), band, out, bias);
                    let (geo, x) = (&band_geo, &*band);
                    simd::run(level, max_pool2d::Forward { geo, x, y, winners });
                }
            },
        );
        pool.give(bands);
        maps.give_back(pool);
        panels.give_back(pool);
        (y, winners)
    }

    fn backward(
        &self,
        at: At<'_, 3, Tensor>,
        grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; 3] {
        let [x, weight, _] = at.inputs;
        let (geo, windows) = self.geometry(x, weight);
        if windows.taps() < SPARSE {
            return dense(&geo, &windows, at, grad, pool);
        }
        let routes = Routes { geo: &geo, windows: &windows, grad_y: &grad, winners: &at.saved };
        let grad_x = at.needs[0].then(|| routes.grad_x(weight, pool));
        let grad_w = at.needs[1].then(|| routes.grad_weight(x, pool));
        let pooled = Conv2dGeometry { output: windows.output, ..geo };
        let grad_b = at.needs[2].then(|| grad_bias(&pooled, &grad, pool));
        pool.give(at.saved);
        pool.give(grad);
        [grad_x, grad_w, grad_b]
    }
}

/// Windows of fewer numbers than this leave so many winners that a product with the zeros between them is faster.
const SPARSE: usize = 8;

/// The way back for small windows: the gradient of the whole map, and that of the convolution.
fn dense(
    geo: &Conv2dGeometry,
    windows: &WindowGeometry,
    at: At<'_, 3, Tensor>,
    grad: Tensor,
    pool: &mut Pool,
) -> [Option<Tensor>; 3] {
    let ([x, weight, _], level) = (at.inputs, simd::level());
    let (mut grad_map, len) = (pool.take(&geo.y_shape()), windows.output_len());
    let size = windows.input_len().max(1);
    for_each_chunk(grad_map.as_mut_slice(), size, windows.work_ns(), |n, grad_x| {
        let [grad_y, winners] = [&grad, &at.saved].map(|t| &t.as_slice()[n * len..][..len]);
        simd::run(level, max_pool2d::Backward { geo: windows, grad_y, winners, grad_x });
    });
    let grad_x = at.needs[0].then(|| batch::grad_x(level, geo, weight, &grad_map, pool));
    let grad_w = at.needs[1].then(|| batch::grad_weight(level, geo, x, &grad_map, pool));
    let pooled = Conv2dGeometry { output: windows.output, ..*geo };
    let grad_b = at.needs[2].then(|| grad_bias(&pooled, &grad, pool));
    [at.saved, grad, grad_map].into_iter().for_each(|t| pool.give(t));
    [grad_x, grad_w, grad_b]
}

/// The way back for the whole batch.
struct Routes<'a> {
    geo: &'a Conv2dGeometry,
    windows: &'a WindowGeometry,
    grad_y: &'a Tensor,
    winners: &'a Tensor,
}

impl Routes<'_> {
    fn of_sample(&self, n: usize) -> Winners<'_> {
        let size = self.windows.output_len();
        let [grad_y, winners] =
            [self.grad_y, self.winners].map(|tensor| &tensor.as_slice()[n * size..][..size]);
        Winners { geo: self.geo, windows: self.windows, grad_y, winners }
    }

    /// Ten numbers of the kernel's rows a nanosecond.
    fn work_ns(&self) -> usize {
        self.grad_y.len() * self.geo.kernel[0] * wide(self.geo) / 10
    }

    /// The shape of the padded maps with room for a piece of numbers behind each.
    fn canvas_shape(&self) -> [usize; 4] {
        let [batch, height, width, channels] = self.geo.on_padded().x_shape();
        [batch, height + PIECE.div_ceil(width * channels), width, channels]
    }

    /// dL/dx; one sample a task.
    fn grad_x(&self, weight: &Tensor, pool: &mut Pool) -> Tensor {
        let geo = self.geo;
        let mut filters = pool.take(&[geo.out_channels, geo.kernel[0], wide(geo)]);
        to_filters(geo, weight.as_slice(), filters.as_mut_slice());
        let mut canvas = pool.take(&self.canvas_shape());
        let size = canvas.len() / geo.batch.max(1);
        for_each_chunk(canvas.as_mut_slice(), size.max(1), self.work_ns(), |n, canvas| {
            canvas.fill(0.0);
            let (winners, weight) = (self.of_sample(n), filters.as_slice());
            simd::run(simd::level(), GradX { winners, weight, canvas });
        });
        pool.give(filters);
        let mut grad_x = pool.take(&geo.x_shape());
        let offset = [0, 1].map(|axis| -(geo.padding[axis][0] as isize));
        place(&canvas, &mut grad_x, [1, 1], offset);
        pool.give(canvas);
        grad_x
    }

    /// dL/dW; one of eight ranges of samples a task.
    fn grad_weight(&self, x: &Tensor, pool: &mut Pool) -> Tensor {
        let geo = self.geo;
        let mut maps = pool.take(&self.canvas_shape());
        place(x, &mut maps, [1, 1], [0, 1].map(|axis| geo.padding[axis][0] as isize));
        let shape = [geo.out_channels, geo.kernel[0], wide(geo)];
        let size = shape.iter().product();
        let mut partials = pool.take_zeroed(&[SAMPLE_CHUNKS, size]);
        for_each_chunk(partials.as_mut_slice(), size, self.work_ns(), |range, sum| {
            for n in sample_ranges(geo.batch)[range].clone() {
                let (winners, map) = (self.of_sample(n), sample(&maps, geo, n));
                simd::run(simd::level(), GradWeight { winners, map, sum });
            }
        });
        let (mut filters, mut grad) = (pool.take(&shape), pool.take(&geo.weight_shape()));
        tree_sum(partials.as_slice(), filters.as_mut_slice());
        from_filters(geo, filters.as_slice(), grad.as_mut_slice());
        [maps, partials, filters].into_iter().for_each(|tensor| pool.give(tensor));
        grad
    }
}

impl Tape<'_> {
    /// The convolution of x `[batch, freq, time, in]` with weight `[kernel_h, kernel_w, in, out]` plus bias `[out]`, and of the
    /// result the largest number in each window: `[batch, freq'', time'', out]`. Windows `[freq, time]` lie side by side; what
    /// is left over at the end is dropped. The same as [`conv2d`](Tape::conv2d) and then [`max_pool2d`](Tape::max_pool2d),
    /// faster and in less memory.
    ///
    /// # Panics
    /// If the shapes do not fit, a size is 0, the kernel is larger than the padded map, or the window is larger than the
    /// convolution's map.
    #[track_caller]
    pub fn conv2d_max_pool(&mut self, x: Var, weight: Var, bias: Var, op: Conv2dMaxPoolOp) -> Var {
        self.apply(op, [x, weight, bias])
    }
}
