//! The way back through the winners of one sample.

use crate::ops::conv2d::Conv2dGeometry;
use crate::ops::windows::WindowGeometry;
use crate::simd::{Kernel, fma};

/// Numbers in a piece of a kernel's row: the widest vector.
pub(super) const PIECE: usize = 16;

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

/// Winners that are gone through together: where the kernel's first number lies on the padded map, and the gradient.
type Chunk = [(usize, f32); CHUNK];
const CHUNK: usize = 64;

impl Winners<'_> {
    /// Fills a chunk with the winners of one channel from the window `[top, left]` on. Returns how many there are and the window
    /// to go on from. Winners without a gradient are left out: behind a rectifier there are many.
    #[inline(always)]
    fn fill(&self, channel: usize, from: [usize; 2], chunk: &mut Chunk) -> (usize, [usize; 2]) {
        let Winners { geo, windows, grad_y, winners } = *self;
        let (channels, [rows, row]) = (geo.out_channels, windows.output);
        let (width, map_row) = (windows.window[1] as u32, geo.padded()[1]);
        let ([mut top, mut left], mut used) = (from, 0);
        while top < rows && used < chunk.len() {
            let at = (top * row + left) * channels + channel;
            if grad_y[at] != 0.0 {
                let tap = winners[at] as u32;
                let h = top * windows.window[0] + (tap / width) as usize;
                let w = left * windows.window[1] + (tap % width) as usize;
                let place = h * geo.stride[0] * map_row + w * geo.stride[1];
                chunk[used] = (place * geo.in_channels, grad_y[at]);
                used += 1;
            }
            left += 1;
            if left == row {
                [top, left] = [top + 1, 0];
            }
        }
        (used, [top, left])
    }

    /// The window after the last.
    fn end(&self) -> [usize; 2] {
        [self.windows.output[0], 0]
    }
}

/// Pieces that are summed up together in registers.
const TOGETHER: usize = 8;

/// Where [`TOGETHER`] pieces of a filter from the one with number `first` on lie on the map and in the filter, and how many of them
/// there are. What is beyond the last piece repeats it.
#[inline(always)]
fn pieces(geo: &Conv2dGeometry, first: usize) -> ([[usize; TOGETHER]; 2], usize) {
    let (in_row, distance) = (wide(geo) / PIECE, geo.padded()[1] * geo.in_channels);
    let count = geo.kernel[0] * in_row;
    let mut places = [[0; TOGETHER]; 2];
    for k in 0..TOGETHER {
        let piece = (first + k).min(count - 1);
        places[0][k] = piece / in_row * distance + piece % in_row * PIECE;
        places[1][k] = piece * PIECE;
    }
    (places, (count - first).min(TOGETHER))
}

/// A piece from `at` on.
#[inline(always)]
fn piece(x: &[f32], at: usize) -> &[f32; PIECE] {
    x[at..].first_chunk().expect("there is room behind the map for a piece")
}

/// A piece from `at` on, to write.
#[inline(always)]
fn piece_mut(x: &mut [f32], at: usize) -> &mut [f32; PIECE] {
    x[at..].first_chunk_mut().expect("there is room behind the map for a piece")
}

/// Adds the winners' part of dL/dW, as `[out, kernel_h, wide]`. What lies beyond a row of the kernel is arbitrary.
///
/// The pieces of a filter are summed up over a chunk of winners in registers, and then added to the sum of the chunks before.
pub(super) struct GradWeight<'a> {
    pub winners: Winners<'a>,
    /// The padded map, and at least [`PIECE`] finite numbers behind it.
    pub map: &'a [f32],
    pub sum: &'a mut [f32],
}

impl Kernel for GradWeight<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let GradWeight { winners, map, sum } = self;
        let (geo, size) = (winners.geo, winners.geo.kernel[0] * wide(winners.geo));
        let mut chunk: Chunk = [(0, 0.0); CHUNK];
        for (channel, filter) in sum.chunks_exact_mut(size).enumerate() {
            let mut next = [0, 0];
            while next != winners.end() {
                let used;
                (used, next) = winners.fill(channel, next, &mut chunk);
                for first in (0..size / PIECE).step_by(TOGETHER) {
                    let ([on_map, in_filter], count) = pieces(geo, first);
                    let mut acc = [[0.0; PIECE]; TOGETHER];
                    for &(place, g) in &chunk[..used] {
                        for k in 0..TOGETHER {
                            let x = piece(map, place + on_map[k]);
                            for l in 0..PIECE {
                                acc[k][l] = fma::<FUSED>(g, x[l], acc[k][l]);
                            }
                        }
                    }
                    for k in 0..count {
                        let to = piece_mut(filter, in_filter[k]);
                        for l in 0..PIECE {
                            to[l] += acc[k][l];
                        }
                    }
                }
            }
        }
    }
}

/// Adds the winners' dL/dx to the gradient of the padded map.
pub(super) struct GradX<'a> {
    pub winners: Winners<'a>,
    /// The weight as `[out, kernel_h, wide]`, with zeros beyond a row of the kernel.
    pub weight: &'a [f32],
    /// The map, and at least [`PIECE`] numbers behind it.
    pub canvas: &'a mut [f32],
}

impl Kernel for GradX<'_> {
    type Output = ();

    /// Pieces of neighbouring windows overlap, and a number that has just been written is slow to read from another place. So
    /// all winners of a chunk get the same few pieces before it is the turn of the next.
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let GradX { winners, weight, canvas } = self;
        let (geo, size) = (winners.geo, winners.geo.kernel[0] * wide(winners.geo));
        let mut chunk: Chunk = [(0, 0.0); CHUNK];
        for (channel, filter) in weight.chunks_exact(size).enumerate() {
            let mut next = [0, 0];
            while next != winners.end() {
                let used;
                (used, next) = winners.fill(channel, next, &mut chunk);
                for first in (0..size / PIECE).step_by(TOGETHER) {
                    let ([on_map, in_filter], count) = pieces(geo, first);
                    for &(place, g) in &chunk[..used] {
                        for k in 0..count {
                            let w = piece(filter, in_filter[k]);
                            let to = piece_mut(canvas, place + on_map[k]);
                            for l in 0..PIECE {
                                to[l] = fma::<FUSED>(g, w[l], to[l]);
                            }
                        }
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
