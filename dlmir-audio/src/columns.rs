//! Frame after frame through a spectrogram: what the features have in common.
//!
//! A feature is defined for one frame, as a function of a slice; a stream calls that function frame by frame. [`map`] calls the same
//! function for every column of an array, several at a time, so that both give the same bits.

use ndarray::{Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis};
use rayon::prelude::*;

/// Frames per task.
const BLOCK: usize = 64;

/// Lets `f` make `rows` values of every column of `spectrogram`, `[bins, frames]`: `[rows, frames]` in standard layout.
pub(crate) fn map(
    spectrogram: ArrayView2<f32>,
    rows: usize,
    f: impl Fn(&[f32], &mut [f32]) + Sync,
) -> Array2<f32> {
    map_any(spectrogram, rows, &f)
}

/// [`map`], compiled once for all features: one indirect call per frame is nothing beside the frame.
fn map_any(
    spectrogram: ArrayView2<f32>,
    rows: usize,
    f: &(dyn Fn(&[f32], &mut [f32]) + Sync),
) -> Array2<f32> {
    let mut out = Array2::zeros((rows, spectrogram.ncols()));
    if rows == 0 {
        return out;
    }
    let blocks: Vec<_> = out
        .axis_chunks_iter_mut(Axis(1), BLOCK)
        .zip(spectrogram.axis_chunks_iter(Axis(1), BLOCK))
        .collect();
    let task = |(mut out, block): (ArrayViewMut2<f32>, ArrayView2<f32>)| {
        let mut frames = vec![0.0; block.len()];
        let mut values = vec![0.0; rows];
        gather(block, &mut frames);
        for (t, mut column) in out.columns_mut().into_iter().enumerate() {
            f(&frames[t * block.nrows()..(t + 1) * block.nrows()], &mut values);
            column.assign(&ArrayView1::from(&values));
        }
    };
    if blocks.len() <= 1 {
        // Too little work to wake a second thread.
        blocks.into_iter().for_each(task);
    } else {
        blocks.into_par_iter().for_each(task);
    }
    out
}

/// One value for every column of `spectrogram`: `[frames]`.
pub(crate) fn map_to_one(
    spectrogram: ArrayView2<f32>,
    f: impl Fn(&[f32]) -> f32 + Sync,
) -> Vec<f32> {
    map(spectrogram, 1, |frame, value| value[0] = f(frame)).into_raw_vec_and_offset().0
}

/// The columns of `block`, one behind the other.
fn gather(block: ArrayView2<f32>, frames: &mut [f32]) {
    let bins = block.nrows();
    if bins == 0 {
        return;
    }
    if block.t().is_standard_layout() {
        for (frame, column) in frames.chunks_exact_mut(bins).zip(block.columns()) {
            frame.iter_mut().zip(column).for_each(|(y, x)| *y = *x);
        }
    } else {
        for (k, row) in block.rows().into_iter().enumerate() {
            for (frame, x) in frames.chunks_exact_mut(bins).zip(row) {
                frame[k] = *x;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::ShapeBuilder;

    use super::*;

    #[test]
    fn every_column_arrives_whole_in_either_layout() {
        let standard = Array2::from_shape_fn((5, 3 * BLOCK + 7), |(k, t)| (k * 1000 + t) as f32);
        let mut fortran = Array2::zeros(standard.dim().f());
        fortran.assign(&standard);
        for spectrogram in [standard.view(), fortran.view()] {
            let ends = map(spectrogram, 2, |frame, out| out.copy_from_slice(&[frame[0], frame[4]]));
            for t in 0..standard.ncols() {
                assert_eq!((ends[[0, t]], ends[[1, t]]), (t as f32, (4000 + t) as f32));
            }
        }
        assert!(map_to_one(Array2::zeros((4, 0)).view(), |_| 1.0).is_empty());
        assert_eq!(map_to_one(Array2::zeros((0, 2)).view(), |f| f.len() as f32), [0.0, 0.0]);
    }
}
