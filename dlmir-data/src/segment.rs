//! Segments: equal windows out of spectrograms of any length.
//!
//! A network with a dense layer wants inputs of one size, and a short window is a training example of
//! its own. Whatever is shorter than one window is repeated until it fills it (looped): no file is
//! refused for being short, and no silence is added that would tell short files from long ones.

use ndarray::{Array2, ArrayView2};

use crate::rng::{Rng, stream};

/// The frames `start..start + frames` of a spectrogram `[bands, any]`, as `[bands, frames]`. Beyond the
/// end it starts again at the beginning.
///
/// # Panics
/// If the spectrogram has no frame.
#[track_caller]
pub fn segment(spectrogram: ArrayView2<f32>, start: usize, frames: usize) -> Array2<f32> {
    let (bands, available) = spectrogram.dim();
    assert!(available > 0, "segment: the spectrogram [{bands}, 0] has no frame to take");
    Array2::from_shape_fn((bands, frames), |(b, t)| spectrogram[[b, (start + t) % available]])
}

/// Where the windows of `frames` frames begin, `hop` frames apart, all of them inside the spectrogram;
/// what is left at the end, less than a hop, is not used. One window, looped, if the spectrogram is
/// shorter than that; none if it is empty.
///
/// # Panics
/// If `frames` or `hop` is 0.
#[track_caller]
pub fn segment_starts(available: usize, frames: usize, hop: usize) -> Vec<usize> {
    assert!(frames > 0 && hop > 0, "segments: {frames} frames every {hop} frames");
    match available {
        0 => Vec::new(),
        n if n < frames => vec![0],
        n => (0..=n - frames).step_by(hop).collect(),
    }
}

/// All windows of a spectrogram `[bands, any]`, each `[bands, frames]`, at [`segment_starts`].
///
/// # Panics
/// If `frames` or `hop` is 0.
#[track_caller]
pub fn segments(spectrogram: ArrayView2<f32>, frames: usize, hop: usize) -> Vec<Array2<f32>> {
    let starts = segment_starts(spectrogram.ncols(), frames, hop);
    starts.into_iter().map(|start| segment(spectrogram, start, frames)).collect()
}

/// The address of a random crop: in every epoch another place in the item, the same on every machine.
#[derive(Debug, Clone, Copy)]
pub struct CropKey {
    /// The run's seed.
    pub seed: u64,
    /// The epoch.
    pub epoch: u64,
    /// The item's index.
    pub item: u64,
}

/// One window at a random place of a spectrogram `[bands, any]`, all places inside equally likely.
///
/// # Panics
/// If the spectrogram has no frame.
#[track_caller]
pub fn random_crop(spectrogram: ArrayView2<f32>, frames: usize, key: CropKey) -> Array2<f32> {
    let mut rng = Rng::at(key.seed, key.epoch, key.item, stream::CROP);
    let start = rng.below(spectrogram.ncols().saturating_sub(frames) + 1);
    segment(spectrogram, start, frames)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ndarray::array;

    use super::*;

    fn ramp(frames: usize) -> Array2<f32> {
        Array2::from_shape_fn((2, frames), |(b, t)| (100 * b + t) as f32)
    }

    #[test]
    fn windows_lie_inside_a_hop_apart() {
        let windows = segments(ramp(11).view(), 4, 3);
        assert_eq!(windows.len(), 3);
        assert_eq!(windows[2], array![[6.0, 7.0, 8.0, 9.0], [106.0, 107.0, 108.0, 109.0]]);
        assert_eq!(segment_starts(10, 4, 3), [0, 3, 6]);
        assert_eq!(segment_starts(4, 4, 3), [0]);
    }

    #[test]
    fn short_ones_are_looped() {
        let windows = segments(ramp(3).view(), 7, 2);
        assert_eq!(windows.len(), 1);
        assert_eq!(windows[0].row(1).to_vec(), [100., 101., 102., 100., 101., 102., 100.]);
        assert!(segments(ramp(0).view(), 7, 2).is_empty());
    }

    #[test]
    fn crops_reach_every_place_and_keep_to_their_key() {
        let x = ramp(8);
        let first =
            |epoch, item| random_crop(x.view(), 5, CropKey { seed: 1, epoch, item })[[0, 0]];
        assert_eq!(first(3, 4), first(3, 4));
        let places: BTreeSet<u32> = (0..50).map(|epoch| first(epoch, 0) as u32).collect();
        assert_eq!(places, BTreeSet::from([0, 1, 2, 3]));
        let items: BTreeSet<u32> = (0..50).map(|item| first(0, item) as u32).collect();
        assert_eq!(items.len(), 4);
        let short = ramp(2);
        let looped = random_crop(short.view(), 5, CropKey { seed: 1, epoch: 0, item: 0 });
        assert_eq!(looped.row(0).to_vec(), [0.0, 1.0, 0.0, 1.0, 0.0]);
    }
}
