//! The kernel applied to a batch: padding, the products, and who computes which part.

use super::Conv2dGeometry;
use super::kernel::{Start, Walk, Windows, filled, is_panel, pack, product};
use super::thin;
use crate::ops::reduce::add_columns;
use crate::parallel::{SAMPLE_CHUNKS, for_each_chunk, for_each_chunk2, sample_ranges, tree_sum};
use crate::pool::Pool;
use crate::simd::Level;
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
    let maps = padded(geo, x, pool);
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
    let mut canvas = pool.take(&turned.x_shape());
    let offset =
        [0, 1].map(|axis| (geo.reach()[axis] - 1) as isize - geo.padding[axis][0] as isize);
    place(grad_y, &mut canvas, geo.stride, offset);
    let kernel = turned_kernel(weight, pool);
    let grad_x = if geo.in_channels <= thin::COLUMNS {
        correlate_thin(level, &turned, &canvas, &kernel, pool)
    } else {
        let panels = in_panels(level, &kernel, pool);
        let grad_x = correlate(level, &turned, &canvas, &panels, None, pool);
        panels.give_back(pool);
        grad_x
    };
    pool.give(canvas);
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

/// y of maps that have their padding, with a weight in panels.
fn correlate(
    level: Level,
    geo: &Conv2dGeometry,
    maps: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    pool: &mut Pool,
) -> Tensor {
    let (lines, steps) = walks(geo);
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
    let (&[_, height, width, channels], &[_, canvas_height, canvas_width, _]) =
        (maps.shape(), canvas.shape())
    else {
        unreachable!("maps have four axes");
    };
    let (map, size) = (height * width * channels, canvas_height * canvas_width * channels);
    // Where on the canvas column w of a map goes, and which row of the map row h of the canvas comes from.
    let target =
        |w: usize| (w * spacing[1]).checked_add_signed(offset[1]).filter(|&to| to < canvas_width);
    let source = |h: usize| {
        let from = h.checked_add_signed(-offset[0]).filter(|from| from % spacing[0] == 0)?;
        Some(from / spacing[0]).filter(|&h| h < height)
    };
    let first = (0..width).find(|&w| target(w).is_some()).unwrap_or(width);
    let last = (first..width).find(|&w| target(w).is_none()).unwrap_or(width);
    let work_ns = canvas.len() / 4;
    for_each_chunk(canvas.as_mut_slice(), size.max(1), work_ns, |n, canvas| {
        let map = &maps.as_slice()[n * map..][..map];
        for (h, row) in canvas.chunks_exact_mut((canvas_width * channels).max(1)).enumerate() {
            let (Some(h), Some(start)) = (source(h), target(first)) else {
                row.fill(0.0);
                continue;
            };
            let from = &map[h * width * channels..][first * channels..last * channels];
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
        }
    });
}

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
