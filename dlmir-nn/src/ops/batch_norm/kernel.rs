//! Batch normalisation of slices: sums per channel, and maps with numbers that belong to the channel.

use super::Layout;
use crate::ops::reduce::{add_columns, sum_row};
use crate::parallel::{SAMPLE_CHUNKS, for_each_chunk, sample_ranges, tree_sum};
use crate::pool::Pool;
use crate::simd::{self, Kernel};
use crate::tensor::Tensor;

/// For each channel c the sums over its elements i of term(a[i], b[i], of_channel[c]), as `[N, channels]`.
/// One of eight ranges of samples a task.
pub(super) fn channel_sums<const N: usize>(
    layout: &Layout,
    [a, b]: [&[f32]; 2],
    of_channel: &[f32],
    term: impl Fn(f32, f32, f32) -> [f32; N] + Sync + Copy,
    pool: &mut Pool,
) -> Tensor {
    let (channels, sample) = (layout.channels, layout.sample_len());
    let mut partials = pool.take_zeroed(&[SAMPLE_CHUNKS, N, channels]);
    for_each_chunk(partials.as_mut_slice(), (N * channels).max(1), a.len() / 2, |range, sums| {
        let samples = sample_ranges(layout.batch)[range].clone();
        let elements = samples.start * sample..samples.end * sample;
        let (a, b) = (&a[elements.clone()], &b[elements]);
        let mut rest = sums;
        let sums: [&mut [f32]; N] = std::array::from_fn(|_| {
            let (sum, tail) = std::mem::take(&mut rest).split_at_mut(channels);
            rest = tail;
            sum
        });
        if layout.inner == 1 {
            add_columns(a, b, of_channel, term, sums);
        } else {
            let inner = layout.inner;
            simd::run(simd::level(), RunSums { inner, a, b, of_channel, term, sums });
        }
    });
    let mut total = pool.take(&[N, channels]);
    tree_sum(partials.as_slice(), total.as_mut_slice());
    pool.give(partials);
    total
}

/// The sums where `inner` neighbours belong to one channel.
struct RunSums<'a, const N: usize, F> {
    inner: usize,
    a: &'a [f32],
    b: &'a [f32],
    of_channel: &'a [f32],
    term: F,
    sums: [&'a mut [f32]; N],
}

impl<const N: usize, F: Fn(f32, f32, f32) -> [f32; N]> Kernel for RunSums<'_, N, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        if self.a.is_empty() {
            return;
        }
        let runs = self.a.chunks_exact(self.inner).zip(self.b.chunks_exact(self.inner));
        for (i, (a, b)) in runs.enumerate() {
            let c = i % self.of_channel.len();
            let of_channel = self.of_channel[c];
            let sums = sum_row(a, b, |a, b| (self.term)(a, b, of_channel));
            (0..N).for_each(|k| self.sums[k][c] += sums[k]);
        }
    }
}

/// y[i] = f(x[i], y[i], the numbers of_channel[..][c] of its channel c); one sample a task.
pub(super) fn map_channels<const K: usize>(
    layout: &Layout,
    x: &[f32],
    y: &mut [f32],
    of_channel: [&[f32]; K],
    f: impl Fn(f32, f32, [f32; K]) -> f32 + Sync + Copy,
) {
    let (sample, inner, work_ns) = (layout.sample_len(), layout.inner, y.len() / 2);
    for_each_chunk(y, sample.max(1), work_ns, |n, y| {
        let x = &x[n * sample..][..sample];
        simd::run(simd::level(), MapChannels { inner, x, y, of_channel, f });
    });
}

struct MapChannels<'a, const K: usize, F> {
    inner: usize,
    x: &'a [f32],
    y: &'a mut [f32],
    of_channel: [&'a [f32]; K],
    f: F,
}

impl<const K: usize, F: Fn(f32, f32, [f32; K]) -> f32> Kernel for MapChannels<'_, K, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let MapChannels { inner, x, y, of_channel, f } = self;
        let channels = of_channel[0].len();
        if y.is_empty() {
            return;
        }
        if inner == 1 {
            let of_channel: [&[f32]; K] = simd::array(|k| &of_channel[k][..channels]);
            for (y, x) in y.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
                for c in 0..channels {
                    y[c] = f(x[c], y[c], simd::array(|k| of_channel[k][c]));
                }
            }
        } else {
            let runs = y.chunks_exact_mut(inner).zip(x.chunks_exact(inner));
            for (i, (y, x)) in runs.enumerate() {
                let of_channel = simd::array(|k| of_channel[k][i % channels]);
                y.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x, *y, of_channel));
            }
        }
    }
}
