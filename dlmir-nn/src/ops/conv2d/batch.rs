//! The kernel applied to a batch: padding, the products, and who computes which part.

use super::Conv2dGeometry;
use super::kernel::{Start, Walk, Windows, filled, is_panel, pack, product};
use super::thin;
use crate::ops::reduce::add_columns;
use crate::parallel::{SAMPLE_CHUNKS, for_each_chunk, for_each_chunk2, sample_ranges, tree_sum};
use crate::pool::Pool;
use crate::simd::{self, Kernel, Level};
use crate::tensor::Tensor;

/// A tensor as it came, or a copy of it that was made ready for the kernel.
pub(super) enum Ready<'a> {
    AsItCame(&'a Tensor),
    Copy(Tensor),
}

impl std::ops::Deref for Ready<'_> {
    type Target = Tensor;

    fn deref(&self) -> &Tensor {
        match self {
            Ready::AsItCame(tensor) => tensor,
            Ready::Copy(tensor) => tensor,
        }
    }
}

impl Ready<'_> {
    pub fn give_back(self, pool: &mut Pool) {
        if let Ready::Copy(tensor) = self {
            pool.give(tensor);
        }
    }
}

/// y; one sample a task.
pub(super) fn forward(
    level: Level,
    geo: &Conv2dGeometry,
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    pool: &mut Pool,
) -> Tensor {
    let maps = in_rows(geo, x, pool);
    let panels = in_panels(level, weight, pool);
    let y = correlate(level, &geo.on_padded(), &maps, &panels, bias, pool);
    maps.give_back(pool);
    panels.give_back(pool);
    y
}

/// dL/dx; one sample a task.
///
/// Tap k of the kernel meets x[h] at output (h + before - k dilation) / stride, if that is a whole number. So
/// dL/dx is a convolution of dL/dy at stride 1 with the kernel turned round, once the rows and columns of
/// dL/dy have been put `stride` apart on a canvas of zeros, reach - 1 - before from its start.
pub(super) fn grad_x(
    level: Level,
    geo: &Conv2dGeometry,
    weight: &Tensor,
    grad_y: &Tensor,
    pool: &mut Pool,
) -> Tensor {
    let turned = Conv2dGeometry {
        input: [0, 1].map(|axis| geo.input[axis] + geo.reach()[axis] - 1),
        in_channels: geo.out_channels,
        out_channels: geo.in_channels,
        stride: [1, 1],
        padding: [[0, 0]; 2],
        output: geo.input,
        ..*geo
    };
    let offset =
        [0, 1].map(|axis| (geo.reach()[axis] - 1) as isize - geo.padding[axis][0] as isize);
    let kernel = turned_kernel(weight, pool);
    let grad_x = if geo.in_channels <= thin::COLUMNS {
        let mut canvas = pool.take(&turned.x_shape());
        place(grad_y, &mut canvas, geo.stride, offset);
        let grad_x = correlate_thin(level, &turned, &canvas, &kernel, pool);
        pool.give(canvas);
        grad_x
    } else {
        let mut canvas = pool.take(&rows_shape(&turned));
        place_in_rows(grad_y, &mut canvas, geo.stride, offset);
        let panels = in_panels(level, &kernel, pool);
        let grad_x = correlate(level, &turned, &canvas, &panels, None, pool);
        panels.give_back(pool);
        pool.give(canvas);
        grad_x
    };
    pool.give(kernel);
    grad_x
}

/// Positions that are summed up before the sum is added to that of others, or one row of the map if that
/// is longer.
const POSITIONS: usize = 512;

/// dL/dW; one of eight ranges of samples a task.
///
/// In one chain over all positions of a large map (55 000 for 80 bands of half a minute), most digits of
/// the last terms would be rounded away. So a map is cut into blocks of rows, and each number goes through
/// one chain for its block and one for all blocks.
pub(super) fn grad_weight(
    level: Level,
    geo: &Conv2dGeometry,
    x: &Tensor,
    grad_y: &Tensor,
    pool: &mut Pool,
) -> Tensor {
    let maps = padded(geo, x, pool);
    let (lines, steps) = walks(&geo.on_padded());
    let height = (POSITIONS / geo.output[1]).max(1);
    let size = geo.taps() * geo.out_channels;
    let mut partials = pool.take_zeroed(&[SAMPLE_CHUNKS, size]);
    let block = height * geo.output[1] * filled(level, geo.out_channels);
    let mut blocks = pool.take(&[SAMPLE_CHUNKS, block]);
    let (sums, blocks_of) = ((partials.as_mut_slice(), size), (blocks.as_mut_slice(), block));
    for_each_chunk2(sums, blocks_of, geo.work_ns(), |range, sum, panels| {
        let row = geo.output[1] * geo.out_channels;
        for n in sample_ranges(geo.batch)[range].clone() {
            let (map, grads) = (sample(&maps, geo, n), sample(grad_y, geo, n));
            for (block, grads) in grads.chunks(height * row).enumerate() {
                let map = &map[block * height * lines.stride[1]..];
                let lines = Walk { len: [1, grads.len() / row, lines.len[2]], ..lines };
                let windows = Windows::new(map, lines, steps).transposed();
                let panels = if is_panel(level, geo.out_channels) {
                    grads
                } else {
                    let panels = &mut panels[..lines.count() * filled(level, geo.out_channels)];
                    pack(level, grads, geo.out_channels, panels);
                    panels
                };
                product(level, windows, panels, sum, geo.out_channels, Start::Sum);
            }
        }
    });
    let mut sum = pool.take(&geo.weight_shape());
    tree_sum(partials.as_slice(), sum.as_mut_slice());
    pool.give(partials);
    pool.give(blocks);
    maps.give_back(pool);
    sum
}

/// dL/db; likewise over eight ranges of samples.
pub(super) fn grad_bias(geo: &Conv2dGeometry, grad_y: &Tensor, pool: &mut Pool) -> Tensor {
    let mut sum = pool.take_zeroed(&[geo.out_channels]);
    let mut partials = pool.take_zeroed(&[SAMPLE_CHUNKS, geo.out_channels]);
    let nothing = pool.take_zeroed(&[geo.out_channels]);
    for_each_chunk(partials.as_mut_slice(), geo.out_channels, grad_y.len() / 4, |range, sum| {
        let samples = sample_ranges(geo.batch)[range].clone();
        let map = geo.positions() * geo.out_channels;
        let grads = &grad_y.as_slice()[samples.start * map..samples.end * map];
        add_columns(grads, grads, nothing.as_slice(), |grad, _, _| [grad], [sum]);
    });
    tree_sum(partials.as_slice(), sum.as_mut_slice());
    pool.give(partials);
    pool.give(nothing);
    sum
}

/// y of maps that have their padding and lie [`in_rows`], with a weight in panels.
fn correlate(
    level: Level,
    geo: &Conv2dGeometry,
    maps: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    pool: &mut Pool,
) -> Tensor {
    let (lines, steps) = walks_in_rows(geo);
    let start = bias.map_or(Start::Zero, |bias| Start::Row(bias.as_slice()));
    let mut y = pool.take(&geo.y_shape());
    let size = geo.positions() * geo.out_channels;
    for_each_chunk(y.as_mut_slice(), size.max(1), geo.work_ns(), |n, y| {
        let windows = Windows::new(sample(maps, geo, n), lines, steps);
        product(level, windows, weight.as_slice(), y, geo.out_channels, start);
    });
    y
}

/// [`correlate`] for one or two output channels, without a bias.
fn correlate_thin(
    level: Level,
    geo: &Conv2dGeometry,
    maps: &Tensor,
    weight: &Tensor,
    pool: &mut Pool,
) -> Tensor {
    let (lines, steps) = walks(geo);
    let columns = geo.out_channels;
    let mut transposed = pool.take(&[columns, geo.taps()]);
    for (column, b) in transposed.as_mut_slice().chunks_exact_mut(geo.taps()).enumerate() {
        let weights = weight.as_slice()[column..].iter().step_by(columns);
        b.iter_mut().zip(weights).for_each(|(b, w)| *b = *w);
    }
    let mut y = pool.take(&geo.y_shape());
    let size = geo.positions() * columns;
    for_each_chunk(y.as_mut_slice(), size.max(1), geo.work_ns(), |n, y| {
        let windows = Windows::new(sample(maps, geo, n), lines, steps);
        thin::product(level, windows, transposed.as_slice(), y, columns);
    });
    pool.give(transposed);
    y
}

/// The walks over the output positions and over the taps of a map that has its padding.
pub(super) fn walks(geo: &Conv2dGeometry) -> (Walk, Walk) {
    let (channels, row) = (geo.in_channels, geo.input[1] * geo.in_channels);
    let [height, width] = geo.output;
    let lines = Walk {
        len: [1, height, width],
        stride: [0, geo.stride[0] * row, geo.stride[1] * channels],
    };
    let ([height, width], down) = (geo.kernel, geo.dilation[0] * row);
    // Without gaps along time, a row of the kernel is one piece of the map.
    let steps = match geo.dilation[1] {
        1 => Walk { len: [1, height, width * channels], stride: [0, down, 1] },
        right => Walk { len: [height, width, channels], stride: [down, right * channels, 1] },
    };
    (lines, steps)
}

/// The same walks over a map that lies [`in_rows`]: neighbouring lines are neighbours if the stride along time is 1.
pub(super) fn walks_in_rows(geo: &Conv2dGeometry) -> (Walk, Walk) {
    let (channels, time) = (geo.in_channels, geo.input[1]);
    let row = channels * time;
    let ([height, width], [kernel_h, kernel_w]) = (geo.output, geo.kernel);
    let lines = Walk { len: [1, height, width], stride: [0, geo.stride[0] * row, geo.stride[1]] };
    let (down, right) = (geo.dilation[0] * row, geo.dilation[1]);
    // The inner axis is the long one.
    let steps = match channels {
        1 => Walk { len: [1, kernel_h, kernel_w], stride: [0, down, right] },
        _ => Walk { len: [kernel_h, kernel_w, channels], stride: [down, right, time] },
    };
    (lines, steps)
}

/// The shape of padded maps that lie [`in_rows`].
fn rows_shape(on_padded: &Conv2dGeometry) -> [usize; 4] {
    let [batch, freq, time, channels] = on_padded.x_shape();
    [batch, freq, channels, time]
}

/// The maps with zeros around them, as `[batch, freq, channels, time]`: in a tile of the kernel, neighbours in time are then
/// neighbours in memory, and all of its addresses are one address and constants.
pub(super) fn in_rows<'a>(geo: &Conv2dGeometry, x: &'a Tensor, pool: &mut Pool) -> Ready<'a> {
    if geo.padded() == geo.input && geo.in_channels == 1 {
        return Ready::AsItCame(x);
    }
    let mut canvas = pool.take(&rows_shape(&geo.on_padded()));
    place_in_rows(x, &mut canvas, [1, 1], [0, 1].map(|axis| geo.padding[axis][0] as isize));
    Ready::Copy(canvas)
}

/// What belongs to sample n of the batch.
pub(super) fn sample<'a>(tensor: &'a Tensor, geo: &Conv2dGeometry, n: usize) -> &'a [f32] {
    let size = tensor.len() / geo.batch;
    &tensor.as_slice()[n * size..][..size]
}

/// The maps with zeros around them.
pub(super) fn padded<'a>(geo: &Conv2dGeometry, x: &'a Tensor, pool: &mut Pool) -> Ready<'a> {
    if geo.padded() == geo.input {
        return Ready::AsItCame(x);
    }
    let mut canvas = pool.take(&geo.on_padded().x_shape());
    place(x, &mut canvas, [1, 1], [0, 1].map(|axis| geo.padding[axis][0] as isize));
    Ready::Copy(canvas)
}

/// Copies each map `[freq, time, channels]` onto a canvas of zeros: element (h, w) goes to
/// (h * spacing\[0\] + offset\[0\], w * spacing\[1\] + offset\[1\]), or nowhere if that lies outside.
pub(super) fn place(maps: &Tensor, canvas: &mut Tensor, spacing: [usize; 2], offset: [isize; 2]) {
    let channels = maps.shape()[3];
    place_rows(maps, canvas, spacing, offset, |from, row, start| {
        if spacing[1] == 1 {
            let (head, rest) = row.split_at_mut(start * channels);
            let (middle, tail) = rest.split_at_mut(from.len());
            head.fill(0.0);
            middle.copy_from_slice(from);
            tail.fill(0.0);
        } else {
            row.fill(0.0);
            let places = row[start * channels..].chunks_mut(spacing[1] * channels);
            for (to, from) in places.zip(from.chunks_exact(channels)) {
                to[..channels].copy_from_slice(from);
            }
        }
    });
}

/// [`place`] on a canvas `[freq, channels, time]`.
fn place_in_rows(maps: &Tensor, canvas: &mut Tensor, spacing: [usize; 2], offset: [isize; 2]) {
    let (channels, time, level) = (maps.shape()[3], canvas.shape()[3], simd::level());
    place_rows(maps, canvas, spacing, offset, |from, row, start| {
        let last = start + (from.len() / channels).saturating_sub(1) * spacing[1];
        for row in row.chunks_exact_mut(time) {
            let inside = start..(last + 1).min(row.len());
            if spacing[1] > 1 {
                row.fill(0.0);
            } else {
                row[..inside.start].fill(0.0);
                row[inside.end..].fill(0.0);
            }
        }
        let spacing = spacing[1];
        simd::run(level, Transpose { from, to: &mut row[start..], channels, time, spacing });
    });
}

/// Goes through the rows of the canvas: `copy(from, row, start)` writes one whose columns `from` begin at `start`; those that no
/// row of the map goes to are zeros.
fn place_rows(
    maps: &Tensor,
    canvas: &mut Tensor,
    spacing: [usize; 2],
    offset: [isize; 2],
    copy: impl Fn(&[f32], &mut [f32], usize) + Sync,
) {
    let &[_, height, width, channels] = maps.shape() else {
        unreachable!("maps have four axes");
    };
    let &[_, rows, a, b] = canvas.shape() else {
        unreachable!("a canvas has four axes");
    };
    let (map, row_len) = (height * width * channels, a * b);
    let canvas_width = row_len / channels.max(1);
    // Where on the canvas column w of a map goes, and which row of the map row h of the canvas comes from.
    let target =
        |w: usize| (w * spacing[1]).checked_add_signed(offset[1]).filter(|&to| to < canvas_width);
    let source = |h: usize| {
        let from = h.checked_add_signed(-offset[0]).filter(|from| from % spacing[0] == 0)?;
        Some(from / spacing[0]).filter(|&h| h < height)
    };
    let first = (0..width).find(|&w| target(w).is_some()).unwrap_or(width);
    let last = (first..width).find(|&w| target(w).is_none()).unwrap_or(width);
    let (size, work_ns) = (rows * row_len, canvas.len() / 4);
    for_each_chunk(canvas.as_mut_slice(), size.max(1), work_ns, |n, canvas| {
        let map = &maps.as_slice()[n * map..][..map];
        for (h, row) in canvas.chunks_exact_mut(row_len.max(1)).enumerate() {
            match (source(h), target(first)) {
                (Some(h), Some(start)) if last > first => {
                    let from = &map[h * width * channels..][first * channels..last * channels];
                    copy(from, row, start);
                }
                _ => row.fill(0.0),
            }
        }
    });
}

/// to\[c, w spacing\] = from\[w, c\], where rows of `to` are `time` apart.
struct Transpose<'a> {
    from: &'a [f32],
    to: &'a mut [f32],
    channels: usize,
    time: usize,
    spacing: usize,
}

impl Kernel for Transpose<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Transpose { from, to, channels, time, spacing } = self;
        let columns = from.len() / channels;
        let mut w = 0;
        if spacing == 1 {
            // Sixteen columns at a time, which stay in the nearest cache while channel after channel is read.
            while w + BLOCK <= columns {
                let from = &from[w * channels..][..BLOCK * channels];
                for c in 0..channels {
                    let to: &mut [f32; BLOCK] =
                        to[c * time + w..].first_chunk_mut().expect("a row has all columns");
                    for k in 0..BLOCK {
                        to[k] = from[k * channels + c];
                    }
                }
                w += BLOCK;
            }
        }
        for w in w..columns {
            for c in 0..channels {
                to[c * time + w * spacing] = from[w * channels + c];
            }
        }
    }
}

/// Columns that are transposed together.
const BLOCK: usize = 16;

/// A matrix `[..., columns]` in the panels that the kernel reads.
pub(super) fn in_panels<'a>(level: Level, matrix: &'a Tensor, pool: &mut Pool) -> Ready<'a> {
    let columns = *matrix.shape().last().expect("a weight has axes");
    if is_panel(level, columns) {
        return Ready::AsItCame(matrix);
    }
    let mut panels = pool.take(&[matrix.len() / columns, filled(level, columns)]);
    pack(level, matrix.as_slice(), columns, panels.as_mut_slice());
    Ready::Copy(panels)
}

/// The kernel turned by 180 degrees, with input and output channels exchanged.
fn turned_kernel(weight: &Tensor, pool: &mut Pool) -> Tensor {
    let &[kernel_h, kernel_w, n_in, n_out] = weight.shape() else {
        unreachable!("a weight has four axes");
    };
    let mut turned = pool.take(&[kernel_h, kernel_w, n_out, n_in]);
    let taps = weight.as_slice().chunks_exact(n_in * n_out).rev();
    for (turned, tap) in turned.as_mut_slice().chunks_exact_mut(n_in * n_out).zip(taps) {
        for c in 0..n_in {
            for o in 0..n_out {
                turned[o * n_in + c] = tap[c * n_out + o];
            }
        }
    }
    turned
}
