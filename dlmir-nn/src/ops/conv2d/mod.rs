//! The two-dimensional convolution.
//!
//! ```text
//! y[n, h, w, o] = b[o] + sum over i, j, c of x[n, h s + i d - p, w s' + j d' - p', c] W[i, j, c, o]
//!
//! x: [batch, freq, time, in]       W: [kernel_h, kernel_w, in, out]       b: [out]
//! y: [batch, freq', time', out]
//! ```
//!
//! (i, j, c) is a *tap*: one of the kernel's places and a channel, counted row by row, channel fastest.
//! The strides are (s, s'), the dilations (d, d') (1 unless
//! the kernel has gaps), and p, p' zeros of padding stand before each axis; x counts as 0 in the padding. The sizes
//! of y are in [`Padding`]. The kernel is not flipped: strictly this is a cross-correlation, as in every
//! toolkit. Height is frequency and width is time. With g = dL/dy:
//!
//! ```text
//! dL/dx[n, h, w, c]   = sum over all (i, j, o) and outputs that x[n, h, w, c] goes into, of g W[i, j, c, o]
//! dL/dW[i, j, c, o]   = sum over n, h, w of x[n, h s + i d - p, w s' + j d' - p', c] g[n, h, w, o]
//! dL/db[o]            = sum over n, h, w of g[n, h, w, o]
//! ```
//!
//! Sums over n are taken over eight fixed chunks of samples, which are added as a binary tree; see
//! [`crate::parallel`].
//!
//! PyTorch keeps the channels before the map and stores the weight as `[out, in, kernel_h, kernel_w]`; Keras
//! stores all as here.
//!
//! LeCun, Boser, Denker, Henderson, Howard, Hubbard, Jackel (1989), "Backpropagation applied to handwritten
//! zip code recognition", Neural Computation 1(4).

mod batch;
mod geometry;
mod kernel;
pub mod pooled;
mod reference;
#[cfg(test)]
mod tests;
mod thin;

pub use geometry::Conv2dGeometry;
pub(crate) use geometry::reach;
pub use pooled::Conv2dMaxPoolOp;
pub use reference::{reference, reference_grad};

use crate::op::{At, Op};
use crate::pool::Pool;
use crate::shape::{Padding, Show};
use crate::simd::{self, Level};
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The convolution as an operation, of x and W, or of x, W and b. See the module's text.
#[derive(Debug, Clone, Copy)]
pub struct Conv2dOp {
    /// How far the kernel moves from one output to the next, `[freq, time]`.
    pub stride: [usize; 2],
    /// What surrounds the maps.
    pub padding: Padding,
    /// How far the kernel's numbers lie apart on the map; 1 for neighbours.
    pub dilation: [usize; 2],
}

impl Conv2dOp {
    /// A convolution with this stride and padding, and without gaps.
    pub fn new(stride: [usize; 2], padding: Padding) -> Conv2dOp {
        Conv2dOp { stride, padding, dilation: [1, 1] }
    }

    /// The same with a kernel whose numbers lie so far apart: Yu, Koltun (2016), arXiv:1511.07122.
    pub fn dilated(self, dilation: [usize; 2]) -> Conv2dOp {
        Conv2dOp { dilation, ..self }
    }

    /// y of x and W with the instructions of a given level: for tests and benchmarks.
    ///
    /// # Panics
    /// If the shapes do not fit or this machine does not have `level`.
    #[track_caller]
    pub fn forward_at(&self, level: Level, x: &Tensor, weight: &Tensor, pool: &mut Pool) -> Tensor {
        batch::forward(level, &self.geometry(x, weight), x, weight, None, pool)
    }

    /// dL/dx and dL/dW with the instructions of a given level: for tests and benchmarks.
    ///
    /// # Panics
    /// If the shapes do not fit or this machine does not have `level`.
    #[track_caller]
    pub fn backward_at(
        &self,
        level: Level,
        [x, weight, grad_y]: [&Tensor; 3],
        pool: &mut Pool,
    ) -> [Tensor; 2] {
        let geo = self.geometry(x, weight);
        let grad_x = batch::grad_x(level, &geo, weight, grad_y, pool);
        [grad_x, batch::grad_weight(level, &geo, x, grad_y, pool)]
    }

    #[track_caller]
    fn geometry(&self, x: &Tensor, weight: &Tensor) -> Conv2dGeometry {
        Conv2dGeometry::new(x.shape(), weight.shape(), *self)
    }
}

impl Op<2> for Conv2dOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn forward(&self, [x, weight]: [&Tensor; 2], pool: &mut Pool) -> (Tensor, ()) {
        let geo = self.geometry(x, weight);
        (batch::forward(simd::level(), &geo, x, weight, None, pool), ())
    }

    fn backward(&self, at: At<'_, 2, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 2] {
        let ([x, weight], level) = (at.inputs, simd::level());
        let geo = self.geometry(x, weight);
        let grad_x = at.needs[0].then(|| batch::grad_x(level, &geo, weight, &grad, pool));
        let grad_w = at.needs[1].then(|| batch::grad_weight(level, &geo, x, &grad, pool));
        pool.give(grad);
        [grad_x, grad_w]
    }
}

impl Op<3> for Conv2dOp {
    type Saved = ();

    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn forward(&self, [x, weight, bias]: [&Tensor; 3], pool: &mut Pool) -> (Tensor, ()) {
        let geo = self.geometry(x, weight);
        let (ws, bs, out) = (weight.shape(), bias.shape(), geo.out_channels);
        assert!(bs == [out], "conv2d: weight {} wants bias [{out}], got {}", Show(ws), Show(bs));
        (batch::forward(simd::level(), &geo, x, weight, Some(bias), pool), ())
    }

    fn backward(&self, at: At<'_, 3, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 3] {
        let ([x, weight, _], level) = (at.inputs, simd::level());
        let geo = self.geometry(x, weight);
        let grad_x = at.needs[0].then(|| batch::grad_x(level, &geo, weight, &grad, pool));
        let grad_w = at.needs[1].then(|| batch::grad_weight(level, &geo, x, &grad, pool));
        let grad_b = at.needs[2].then(|| batch::grad_bias(&geo, &grad, pool));
        pool.give(grad);
        [grad_x, grad_w, grad_b]
    }
}

impl Tape<'_> {
    /// The convolution of x `[batch, freq, time, in]` with weight `[kernel_h, kernel_w, in, out]`, plus
    /// bias `[out]` if there is one: `[batch, freq', time', out]`, with freq' and time' as [`Padding`] says.
    /// `op` has stride, padding and dilation.
    ///
    /// # Panics
    /// If the shapes do not fit, a stride or dilation is 0, or the kernel is larger than the padded map.
    #[track_caller]
    pub fn conv2d(&mut self, x: Var, weight: Var, bias: Option<Var>, op: Conv2dOp) -> Var {
        match bias {
            Some(bias) => self.apply(op, [x, weight, bias]),
            None => self.apply(op, [x, weight]),
        }
    }
}
