//! Standardisation: zero mean and unit variance, learned from the training items.
//!
//! ```text
//! y = (x - mean) / deviation
//! ```
//!
//! Log-mel values lie around -40 dB in the bass and -80 dB in the treble; a network learns faster when
//! every input has the same scale. Mean and deviation belong to the model like its weights, so they may
//! be fitted on training items only. Fitted on the whole set they tell the network something about the
//! test items before the test: a leak, small or large, that no one sees in the figures. That is why
//! [`Standardizer::fit`] takes the items together with a [`Fold`] and reads nothing but its training
//! list.
//!
//! One mean per band of `[bands, frames]` is the right choice for sound: where in an excerpt something
//! happens is chance. One mean per pixel, as for pictures cut alike, estimates `frames` times as many
//! numbers from as many times fewer values. Both can be had here, to compare.

use ndarray::{Array2, ArrayViewMut2};

use crate::{DataError, Fold};

/// Which values share one mean and one deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Per {
    /// All frames of a band.
    Band,
    /// None: each band and frame has its own, so that all items must have as many frames.
    Pixel,
}

/// A fitted scaler for spectrograms `[bands, frames]`, or feature vectors as `[features, 1]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardizer {
    /// `[bands, 1]` or `[bands, frames]`.
    mean: Array2<f32>,
    /// The same shape; nowhere 0.
    deviation: Array2<f32>,
}

impl Standardizer {
    /// Means and deviations per band over `fold.train`; shorthand for [`Standardizer::fit`] with
    /// [`Per::Band`].
    ///
    /// # Errors
    /// As [`Standardizer::fit`].
    ///
    /// # Panics
    /// As [`Standardizer::fit`].
    #[track_caller]
    pub fn fit_bands(items: &[Array2<f32>], fold: &Fold) -> Result<Standardizer, DataError> {
        Standardizer::fit(items, fold, Per::Band)
    }

    /// Means and deviations over the training items of the fold, in two passes in `f64`, in the order
    /// of the list: the same bits every time. The deviation divides by n, not n - 1, as for layers
    /// that normalise. Where all values are equal there is nothing to scale; the deviation is set to 1,
    /// so that the band comes out as 0.
    ///
    /// # Errors
    /// If the training list is empty or a training item holds a number that is not finite.
    ///
    /// # Panics
    /// If the items' shapes differ (per band: in the bands), or an index is not an item.
    #[track_caller]
    pub fn fit(items: &[Array2<f32>], fold: &Fold, per: Per) -> Result<Standardizer, DataError> {
        let first = &items[*fold.train.first().ok_or(DataError::NothingToFit)?];
        let columns = if per == Per::Band { 1 } else { first.ncols() };
        let mut sums = Array2::<f64>::zeros((first.nrows(), columns));
        let mut count = 0;
        for &item in &fold.train {
            let x = &items[item];
            check_shape(item, x, first, per);
            count += x.ncols() / columns;
            for ((band, frame), &value) in x.indexed_iter() {
                if !value.is_finite() {
                    return Err(DataError::NotFinite { item, band, frame, value });
                }
                sums[[band, frame % columns]] += f64::from(value);
            }
        }
        if count == 0 {
            return Err(DataError::NothingToFit);
        }
        let mean = sums / count as f64;
        let mut squares = Array2::<f64>::zeros(mean.dim());
        for &item in &fold.train {
            for ((band, frame), &value) in items[item].indexed_iter() {
                let at = [band, frame % columns];
                squares[at] += (f64::from(value) - mean[at]).powi(2);
            }
        }
        let mut deviation = squares.mapv(|s| (s / count as f64).sqrt());
        // Below the resolution of f32 a spread is rounding, not signal.
        deviation.zip_mut_with(&mean, |d, m| {
            if *d <= f64::from(f32::EPSILON) * m.abs().max(f64::from(f32::MIN_POSITIVE)) {
                *d = 1.0;
            }
        });
        Ok(Standardizer { mean: mean.mapv(|m| m as f32), deviation: deviation.mapv(|d| d as f32) })
    }

    /// From means and deviations that were stored with a model, `[bands, 1]` or `[bands, frames]`.
    ///
    /// # Panics
    /// If the shapes differ or a deviation is not a number above 0.
    #[track_caller]
    pub fn from_parts(mean: Array2<f32>, deviation: Array2<f32>) -> Standardizer {
        assert_eq!(mean.dim(), deviation.dim(), "standardiser: shapes of mean and deviation");
        let usable = deviation.iter().all(|&d| d > 0.0 && d.is_finite());
        assert!(usable, "standardiser: a deviation is not above 0");
        Standardizer { mean, deviation }
    }

    /// The means, `[bands, 1]` or `[bands, frames]`.
    pub fn mean(&self) -> &Array2<f32> {
        &self.mean
    }

    /// The deviations, in the same shape.
    pub fn deviation(&self) -> &Array2<f32> {
        &self.deviation
    }

    /// Scales a spectrogram in place: y = (x - mean) / deviation.
    ///
    /// # Panics
    /// If the shape does not fit.
    #[track_caller]
    pub fn apply(&self, x: &mut ArrayViewMut2<f32>) {
        self.each_row(x, |x, mean, deviation| *x = (*x - mean) / deviation);
    }

    /// Undoes [`Standardizer::apply`]: x = y * deviation + mean.
    ///
    /// # Panics
    /// If the shape does not fit.
    #[track_caller]
    pub fn invert(&self, y: &mut ArrayViewMut2<f32>) {
        self.each_row(y, |y, mean, deviation| *y = *y * deviation + mean);
    }

    #[track_caller]
    fn each_row(&self, x: &mut ArrayViewMut2<f32>, change: impl Fn(&mut f32, f32, f32)) {
        let (bands, frames) = self.mean.dim();
        assert!(
            x.nrows() == bands && (frames == 1 || x.ncols() == frames),
            "standardiser: fitted on [{bands}, {frames}], x is {:?}",
            x.shape()
        );
        for ((band, frame), x) in x.indexed_iter_mut() {
            let at = [band, if frames == 1 { 0 } else { frame }];
            change(x, self.mean[at], self.deviation[at]);
        }
    }
}

#[track_caller]
fn check_shape(item: usize, x: &Array2<f32>, first: &Array2<f32>, per: Per) {
    let fits = x.nrows() == first.nrows() && (per == Per::Band || x.ncols() == first.ncols());
    assert!(
        fits,
        "standardiser: item {item} is {:?}, the first of the training list {:?}",
        x.shape(),
        first.shape()
    );
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use ndarray::{array, s};

    use super::*;
    use crate::rng::Rng;

    fn items(n: usize) -> Vec<Array2<f32>> {
        let mut rng = Rng::at(5, 0, 0, 0);
        (0..n)
            .map(|_| Array2::from_shape_fn((3, 20), |(b, _)| b as f32 * 10.0 - 60.0 + rng.normal()))
            .collect()
    }

    fn fold(train: std::ops::Range<usize>, test: std::ops::Range<usize>) -> Fold {
        Fold { train: train.collect(), validation: Vec::new(), test: test.collect() }
    }

    #[test]
    fn training_items_come_out_with_mean_0_and_variance_1() {
        let mut items = items(8);
        for per in [Per::Band, Per::Pixel] {
            let scaler = Standardizer::fit(&items, &fold(0..8, 0..0), per).unwrap();
            items.iter_mut().for_each(|x| scaler.apply(&mut x.view_mut()));
            for band in 0..3 {
                let values = items.iter().flat_map(|x| x.row(band).to_vec()).map(f64::from);
                let n = 160.0;
                let mean = values.clone().sum::<f64>() / n;
                let variance = values.map(|v| (v - mean).powi(2)).sum::<f64>() / n;
                assert_abs_diff_eq!(mean, 0.0, epsilon = 1e-5);
                assert_abs_diff_eq!(variance, 1.0, epsilon = 1e-4);
            }
        }
    }

    /// A test item that is a thousand times too loud must not reach the scaler; the leaking way of
    /// fitting on everything shows that it would be seen.
    #[test]
    fn test_items_do_not_leak_into_the_scaler() {
        let mut items = items(10);
        let honest = fold(0..8, 8..10);
        let before = Standardizer::fit_bands(&items, &honest).unwrap();
        let leaking_before = Standardizer::fit(&items, &Fold::all(10), Per::Pixel).unwrap();
        items[9].fill(1e4);
        assert_eq!(Standardizer::fit_bands(&items, &honest).unwrap(), before);
        let leaking = Standardizer::fit(&items, &Fold::all(10), Per::Pixel).unwrap();
        assert!((leaking.mean() - leaking_before.mean()).iter().all(|&moved| moved > 900.0));
    }

    #[test]
    fn invert_undoes_apply() {
        let items = items(4);
        let scaler = Standardizer::fit_bands(&items, &Fold::all(4)).unwrap();
        // Another length is fine per band.
        let mut x = items[0].slice(s![.., ..7]).to_owned();
        scaler.apply(&mut x.view_mut());
        assert!(x.iter().all(|v| v.abs() < 6.0));
        scaler.invert(&mut x.view_mut());
        for (a, b) in x.iter().zip(items[0].slice(s![.., ..7])) {
            assert_abs_diff_eq!(a, b, epsilon = 1e-4);
        }
    }

    #[test]
    fn a_constant_band_becomes_zero() {
        let items = [array![[0.1f32, 0.1, 0.1], [1.0, 2.0, 3.0]]];
        let scaler = Standardizer::fit_bands(&items, &Fold::all(1)).unwrap();
        let mut x = items[0].clone();
        scaler.apply(&mut x.view_mut());
        assert_eq!(x.row(0).to_vec(), [0.0; 3]);
        assert_eq!(scaler.deviation()[[0, 0]], 1.0);
    }

    #[test]
    fn what_cannot_be_fitted_is_an_error() {
        let mut items = items(3);
        let error = Standardizer::fit_bands(&items, &fold(0..0, 0..3)).unwrap_err();
        assert!(matches!(error, DataError::NothingToFit));
        items[1][[2, 7]] = f32::NAN;
        let error = Standardizer::fit_bands(&items, &Fold::all(3)).unwrap_err();
        assert!(error.to_string().starts_with("item 1, band 2, frame 7: NaN"), "{error}");
        assert!(Standardizer::fit_bands(&items, &fold(0..1, 1..3)).is_ok());
    }

    #[test]
    #[should_panic(expected = "fitted on [3, 1], x is [2, 5]")]
    fn another_number_of_bands_panics() {
        let scaler = Standardizer::fit_bands(&items(1), &Fold::all(1)).unwrap();
        scaler.apply(&mut Array2::zeros((2, 5)).view_mut());
    }
}
