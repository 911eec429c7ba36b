//! The way back through the winners of one sample.

use crate::ops::conv2d::Conv2dGeometry;
use crate::ops::windows::WindowGeometry;
use crate::simd::{Kernel, fma};

/// Numbers in a piece of a kernel's row: the widest vector.
const PIECE: usize = 16;

/// The length of a row of the kernel, kernel_w * in, filled up to whole pieces.
pub(super) fn wide(geo: &Conv2dGeometry) -> usize {
    (geo.kernel[1] * geo.in_channels).next_multiple_of(PIECE)
}

/// The winners of one sample, and the gradients that they pass on.
#[derive(Clone, Copy)]
pub(super) struct Winners<'a> {
    pub geo: &'a Conv2dGeometry,
    pub windows: &'a WindowGeometry,
    /// dL/dy, `[positions, out]`.
    pub grad_y: &'a [f32],
    /// The winning taps, likewise.
    pub winners: &'a [f32],
}

impl Winners<'_> {
    /// The gradient of a window's winner in one channel, and the element of the padded map on which the kernel's first number
    /// lies there. `None` without a gradient: behind a rectifier, that is often so.
    #[inline(always)]
    fn at(&self, [top, left]: [usize; 2], channel: usize) -> Option<(usize, f32)> {
        let Winners { geo, windows, grad_y, winners } = *self;
        let at = (top * windows.output[1] + left) * geo.out_channels + channel;
        if grad_y[at] == 0.0 {
            return None;
        }
        let (tap, width) = (winners[at] as u32, windows.window[1] as u32);
        let h = top * windows.window[0] + (tap / width) as usize;
        let w = left * windows.window[1] + (tap % width) as usize;
        let place = h * geo.stride[0] * geo.padded()[1] + w * geo.stride[1];
        Some((place * geo.in_channels, grad_y[at]))
    }
}

/// to\[row\] += factor * from\[row\] for each row of the kernel, `len` numbers each. Rows lie `from.1` and `to.1` apart. Both are
/// worked on in whole pieces where there is room: the caller sees to it that what is beyond `len` does no harm.
#[inline(always)]
fn add_rows<const FUSED: bool>(
    [rows, len]: [usize; 2],
    factor: f32,
    from: (&[f32], usize),
    to: (&mut [f32], usize),
) {
    let wide = len.next_multiple_of(PIECE);
    let room = |length: usize, distance: usize| length >= (rows - 1) * distance + wide;
    if room(from.0.len(), from.1) && room(to.0.len(), to.1) {
        for row in 0..rows {
            let (from, to) = (&from.0[row * from.1..][..wide], &mut to.0[row * to.1..][..wide]);
            let pieces = to.as_chunks_mut::<PIECE>().0.iter_mut();
            for (to, from) in pieces.zip(from.as_chunks::<PIECE>().0) {
                for l in 0..PIECE {
                    to[l] = fma::<FUSED>(factor, from[l], to[l]);
                }
            }
        }
    } else {
        for row in 0..rows {
            let (from, to) = (&from.0[row * from.1..][..len], &mut to.0[row * to.1..][..len]);
            for (to, from) in to.iter_mut().zip(from) {
                *to = fma::<FUSED>(factor, *from, *to);
            }
        }
    }
}

/// Adds the winners' part of dL/dW, as `[out, kernel_h, wide]`. What lies beyond a row of the kernel is arbitrary.
pub(super) struct GradWeight<'a> {
    pub winners: Winners<'a>,
    /// The padded map.
    pub map: &'a [f32],
    /// The sum over a block of windows, of any content.
    pub block: &'a mut [f32],
    pub sum: &'a mut [f32],
}

/// Windows that are summed up before the sum is added to that of others, or one row of them if that is longer; see
/// [`grad_weight`](super::super::batch::grad_weight).
const WINDOWS: usize = 512;

impl Kernel for GradWeight<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let GradWeight { winners, map, block, sum } = self;
        let (geo, [rows, row]) = (winners.geo, winners.windows.output);
        let (filter, wide) = (geo.kernel[0] * wide(geo), wide(geo));
        let size = [geo.kernel[0], geo.kernel[1] * geo.in_channels];
        let distance = geo.padded()[1] * geo.in_channels;
        let height = (WINDOWS / row.max(1)).max(1);
        for first in (0..rows).step_by(height) {
            block.fill(0.0);
            for top in first..rows.min(first + height) {
                for left in 0..row {
                    for channel in 0..geo.out_channels {
                        if let Some((place, g)) = winners.at([top, left], channel) {
                            let from = (&map[place..], distance);
                            let to = (&mut block[channel * filter..], wide);
                            add_rows::<FUSED>(size, g, from, to);
                        }
                    }
                }
            }
            sum.iter_mut().zip(&*block).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// Adds the winners' dL/dx to the gradient of the padded map.
pub(super) struct GradX<'a> {
    pub winners: Winners<'a>,
    /// The weight as `[out, kernel_h, wide]`, with zeros beyond a row of the kernel.
    pub weight: &'a [f32],
    pub canvas: &'a mut [f32],
}

impl Kernel for GradX<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let GradX { winners, weight, canvas } = self;
        let (geo, [rows, row]) = (winners.geo, winners.windows.output);
        let (filter, wide) = (geo.kernel[0] * wide(geo), wide(geo));
        let size = [geo.kernel[0], geo.kernel[1] * geo.in_channels];
        let distance = geo.padded()[1] * geo.in_channels;
        for top in 0..rows {
            for left in 0..row {
                for channel in 0..geo.out_channels {
                    if let Some((place, g)) = winners.at([top, left], channel) {
                        let from = (&weight[channel * filter..], wide);
                        add_rows::<FUSED>(size, g, from, (&mut canvas[place..], distance));
                    }
                }
            }
        }
    }
}

/// W `[kernel_h, kernel_w, in, out]` as `[out, kernel_h, wide]`, with zeros beyond a row of the kernel.
pub(super) fn to_filters(geo: &Conv2dGeometry, weight: &[f32], filters: &mut [f32]) {
    let (out, len) = (geo.out_channels, geo.kernel[1] * geo.in_channels);
    for (row, to) in filters.chunks_exact_mut(wide(geo)).enumerate() {
        let [channel, row] = [row / geo.kernel[0], row % geo.kernel[0]];
        for (tap, to) in to.iter_mut().enumerate() {
            *to = if tap < len { weight[(row * len + tap) * out + channel] } else { 0.0 };
        }
    }
}

/// The way back from [`to_filters`].
pub(super) fn from_filters(geo: &Conv2dGeometry, filters: &[f32], weight: &mut [f32]) {
    let (out, len) = (geo.out_channels, geo.kernel[1] * geo.in_channels);
    for (row, from) in filters.chunks_exact(wide(geo)).enumerate() {
        let [channel, row] = [row / geo.kernel[0], row % geo.kernel[0]];
        for (tap, from) in from[..len].iter().enumerate() {
            weight[(row * len + tap) * out + channel] = *from;
        }
    }
}
