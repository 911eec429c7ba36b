//! Principal component analysis: the directions in which data spreads most.
//!
//! ```text
//! C = X^T X / (rows - 1)              X: [rows, features], each feature less its mean
//! C = V diag(variance) V^T            the largest variance first
//! z = (x - mean) V                    new coordinates: uncorrelated, each with its variance
//! ```
//!
//! Keeping the first few coordinates loses as little of the squared length as k numbers can (Pearson
//! 1901; Hotelling 1933): a way to look at features in two dimensions, or to make them smaller. Where
//! there are no more rows than features, V comes from the singular value decomposition of X instead,
//! which is the same and smaller.
//!
//! *Whitening* goes one step further and gives every coordinate the variance 1, so that no direction is
//! louder than another. The zero-phase form (ZCA) then turns back to the old axes: of all ways to whiten
//! it changes the data least, and a band of a spectrogram remains a band. Directions with hardly any
//! variance hold noise, which whitening would blow up: `epsilon` is added to each variance.

use ndarray::{Array1, Array2, ArrayView2, Axis, s};

use crate::linalg::{self, LinalgError};

/// A fitted principal component analysis. See the module's text. Computes in 64 bits.
///
/// ```
/// use dlmir_nn::Pca;
/// use ndarray::array;
///
/// // Points along the diagonal of the plane.
/// let x = array![[0.0, 0.1], [1.0, 0.9], [2.0, 2.1], [3.0, 2.9f32]];
/// let pca = Pca::fit(x.view(), 1)?;
/// assert!(pca.explained_ratio()[0] > 0.99);
/// let back = pca.inverse(pca.transform(x.view()).view());
/// assert!((back - x).iter().all(|error| error.abs() < 0.1));
/// # Ok::<(), dlmir_nn::PcaError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Pca {
    /// The mean of each feature `[features]`.
    pub mean: Array1<f64>,
    /// The directions `[components, features]`, each of length 1; the first columns of V, as rows. The
    /// entry of largest magnitude in each is positive.
    pub components: Array2<f64>,
    /// The variance along each direction `[components]`, the largest first.
    pub variance: Array1<f64>,
    /// The sum of the variances of all features, kept or not.
    pub total_variance: f64,
}

/// Data that cannot be analysed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PcaError {
    /// A variance needs two rows.
    #[error("pca: wants two rows at least, got {rows}")]
    TooFewRows {
        /// The number of rows.
        rows: usize,
    },
    /// There are only as many directions as features, and as rows.
    #[error("pca: {components} components of {rows} rows with {features} features")]
    TooManyComponents {
        /// The components asked for.
        components: usize,
        /// The number of rows.
        rows: usize,
        /// The number of features.
        features: usize,
    },
    /// A NaN or an infinity in the data.
    #[error("pca: feature {feature} of row {row} is not a finite number")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The feature, from 0.
        feature: usize,
    },
    /// The decomposition failed.
    #[error("pca: {0}")]
    Linalg(#[from] LinalgError),
}

/// Rows that are taken to 64 bits at a time.
const ROWS_AT_ONCE: usize = 4096;

impl Pca {
    /// Finds the first `components` directions of the rows of `x` `[rows, features]`.
    ///
    /// # Errors
    /// If there are fewer than two rows, more components than rows or features, or numbers that are not
    /// finite.
    pub fn fit(x: ArrayView2<'_, f32>, components: usize) -> Result<Pca, PcaError> {
        let (rows, features) = x.dim();
        if rows < 2 {
            return Err(PcaError::TooFewRows { rows });
        }
        if components > rows.min(features) {
            return Err(PcaError::TooManyComponents { components, rows, features });
        }
        if let Some(((row, feature), _)) = x.indexed_iter().find(|(_, x)| !x.is_finite()) {
            return Err(PcaError::NotFinite { row, feature });
        }
        let mut mean = Array1::zeros(features);
        for row in x.rows() {
            mean += &row.mapv(f64::from);
        }
        mean /= rows as f64;
        let (variance, directions) =
            if rows > features { from_covariance(x, &mean)? } else { from_rows(x, &mean)? };
        Ok(Pca {
            mean,
            components: directions.slice(s![..components, ..]).to_owned(),
            total_variance: variance.sum(),
            variance: variance.slice(s![..components]).to_owned(),
        })
    }

    /// The share of the total variance along each direction `[components]`; 0 if there is no variance.
    pub fn explained_ratio(&self) -> Array1<f64> {
        let total = self.total_variance;
        if total > 0.0 { &self.variance / total } else { Array1::zeros(self.variance.len()) }
    }

    /// z = (x - mean) V: from features `[rows, features]` to coordinates `[rows, components]`.
    ///
    /// # Panics
    /// If the number of features is not that of the fit.
    #[track_caller]
    pub fn transform(&self, x: ArrayView2<'_, f32>) -> Array2<f32> {
        self.turn(x).mapv(|z| z as f32)
    }

    /// x = z V^T + mean: from coordinates `[rows, components]` to features `[rows, features]`.
    ///
    /// # Panics
    /// If the number of coordinates is not that of the fit.
    #[track_caller]
    pub fn inverse(&self, z: ArrayView2<'_, f32>) -> Array2<f32> {
        check_width("inverse", "coordinates", z.ncols(), self.components.nrows());
        (z.mapv(f64::from).dot(&self.components) + &self.mean).mapv(|x| x as f32)
    }

    /// Coordinates of variance 1, `[rows, components]`: z / sqrt(variance + epsilon).
    ///
    /// With epsilon = 0 this is scikit-learn's `whiten=True`. A direction without any variance then
    /// gives 0 / 0.
    ///
    /// # Panics
    /// If the number of features is not that of the fit.
    #[track_caller]
    pub fn whiten(&self, x: ArrayView2<'_, f32>, epsilon: f64) -> Array2<f32> {
        self.white(x, epsilon).mapv(|z| z as f32)
    }

    /// Whitened and turned back to the old axes, `[rows, features]` (ZCA):
    /// ((x - mean) V / sqrt(variance + epsilon)) V^T. Bell and Sejnowski (1997), "The 'independent
    /// components' of natural scenes are edge filters".
    ///
    /// # Panics
    /// If the number of features is not that of the fit.
    #[track_caller]
    pub fn whiten_zca(&self, x: ArrayView2<'_, f32>, epsilon: f64) -> Array2<f32> {
        self.white(x, epsilon).dot(&self.components).mapv(|x| x as f32)
    }

    #[track_caller]
    fn turn(&self, x: ArrayView2<'_, f32>) -> Array2<f64> {
        check_width("transform", "features", x.ncols(), self.mean.len());
        centred(x, &self.mean).dot(&self.components.t())
    }

    #[track_caller]
    fn white(&self, x: ArrayView2<'_, f32>, epsilon: f64) -> Array2<f64> {
        self.turn(x) / self.variance.mapv(|variance| (variance + epsilon).sqrt())
    }
}

fn centred(x: ArrayView2<'_, f32>, mean: &Array1<f64>) -> Array2<f64> {
    x.mapv(f64::from) - mean
}

#[track_caller]
fn check_width(what: &str, of: &str, got: usize, wanted: usize) {
    assert!(got == wanted, "pca {what}: fitted with {wanted} {of}, got {got}");
}

/// All variances and directions, from the eigenvectors of C.
fn from_covariance(
    x: ArrayView2<'_, f32>,
    mean: &Array1<f64>,
) -> Result<(Array1<f64>, Array2<f64>), LinalgError> {
    let mut covariance = Array2::zeros((mean.len(), mean.len()));
    for rows in x.axis_chunks_iter(Axis(0), ROWS_AT_ONCE) {
        let rows = centred(rows, mean);
        covariance += &rows.t().dot(&rows);
    }
    covariance /= (x.nrows() - 1) as f64;
    let eigh = linalg::eigh(covariance.view())?;
    // The largest first; rounding can leave a variance of 0 just below it.
    let variance = eigh.values.slice(s![..;-1]).mapv(|v| v.max(0.0));
    Ok((variance, eigh.vectors.t().slice(s![..;-1, ..]).to_owned()))
}

/// The same, as many as there are rows, from the singular values of X: variance = s^2 / (rows - 1).
fn from_rows(
    x: ArrayView2<'_, f32>,
    mean: &Array1<f64>,
) -> Result<(Array1<f64>, Array2<f64>), LinalgError> {
    let svd = linalg::svd(centred(x, mean).view())?;
    Ok((svd.s.mapv(|s| s * s / (x.nrows() - 1) as f64), svd.vt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    /// Rows with correlated features of different sizes around a mean.
    fn data(rows: usize, features: usize) -> Array2<f32> {
        let mut rng = Rng::new(8, 0);
        let mixing = Array2::from_shape_simple_fn((features, features), || rng.normal());
        let z = Array2::from_shape_fn((rows, features), |(_, j)| rng.normal() / (1 + j) as f32);
        z.dot(&mixing) + 3.0
    }

    fn covariance(z: &Array2<f32>) -> Array2<f64> {
        let z = z.mapv(f64::from);
        let z = &z - &z.mean_axis(Axis(0)).unwrap();
        z.t().dot(&z) / (z.nrows() - 1) as f64
    }

    fn largest_difference(a: &Array2<f64>, b: &Array2<f64>) -> f64 {
        (a - b).iter().fold(0.0, |largest, x| x.abs().max(largest))
    }

    #[test]
    fn coordinates_are_uncorrelated_and_whitened_ones_equal() {
        let x = data(200, 6);
        let pca = Pca::fit(x.view(), 6).unwrap();
        let found = covariance(&pca.transform(x.view()));
        assert!(largest_difference(&found, &Array2::from_diag(&pca.variance)) < 1e-4);
        for white in [pca.whiten(x.view(), 0.0), pca.whiten_zca(x.view(), 0.0)] {
            assert!(largest_difference(&covariance(&white), &Array2::eye(6)) < 1e-5);
        }
        assert!((pca.explained_ratio().sum() - 1.0).abs() < 1e-12);
        // A large epsilon leaves ZCA with the centred data, only smaller.
        let scaled = pca.whiten_zca(x.view(), 1e8).mapv(|x| f64::from(x) * 1e4);
        assert!(largest_difference(&scaled, &centred(x.view(), &pca.mean)) < 1e-3);
    }

    #[test]
    fn all_components_give_the_data_back_and_fewer_the_nearest() {
        let x = data(50, 5);
        let error = |components| {
            let pca = Pca::fit(x.view(), components).unwrap();
            let back = pca.inverse(pca.transform(x.view()).view());
            let squares = (back - &x).mapv(|e| f64::from(e).powi(2)).sum() / 49.0;
            (squares, pca.total_variance - pca.variance.sum())
        };
        assert!(error(5).0 < 1e-8);
        let (lost, unexplained) = error(2);
        assert!(unexplained > 0.01 && (lost / unexplained - 1.0).abs() < 1e-4);
    }

    #[test]
    fn both_ways_agree_and_a_constant_has_no_variance() {
        let x = data(7, 6);
        let mean = x.mapv(f64::from).mean_axis(Axis(0)).unwrap();
        let (variance, directions) = from_covariance(x.view(), &mean).unwrap();
        let (other_variance, other) = from_rows(x.view(), &mean).unwrap();
        assert!((variance - other_variance).iter().all(|e| e.abs() < 1e-12));
        assert!(largest_difference(&directions, &other) < 1e-6);
        for rows in [3, 9] {
            let flat = Pca::fit(Array2::ones((rows, 4)).view(), 2).unwrap();
            assert_eq!(flat.explained_ratio(), Array1::zeros(2));
            assert_eq!(flat.whiten(Array2::ones((1, 4)).view(), 1e-3), Array2::zeros((1, 2)));
        }
    }

    #[test]
    fn what_cannot_be_analysed_is_an_error() {
        let mut x = data(4, 3);
        let message = |x: &Array2<f32>, k| Pca::fit(x.view(), k).unwrap_err().to_string();
        assert_eq!(message(&data(1, 3), 1), "pca: wants two rows at least, got 1");
        assert_eq!(message(&x, 4), "pca: 4 components of 4 rows with 3 features");
        x[[2, 1]] = f32::NAN;
        assert_eq!(message(&x, 1), "pca: feature 1 of row 2 is not a finite number");
    }

    #[test]
    #[should_panic(expected = "pca transform: fitted with 3 features, got 2")]
    fn another_number_of_features_is_refused() {
        let _ = Pca::fit(data(4, 3).view(), 1).unwrap().transform(Array2::zeros((1, 2)).view());
    }
}
