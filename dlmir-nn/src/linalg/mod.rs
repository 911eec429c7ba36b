//! Linear algebra in 64 bits: eigenvectors, singular values and orthogonal bases.
//!
//! Networks need little of it: [`Pca`](crate::Pca) and whitening need eigenvectors or singular values,
//! [`Init::Orthogonal`](crate::Init) an orthogonal basis. Three functions, each a decomposition:
//!
//! ```text
//! eigh:  A = V diag(values) V^T      A: [n, n], symmetric      the axes that A only stretches
//! svd:   A = U diag(s) V^T           A: [m, n]                 the same for any matrix
//! qr:    A = Q R                     A: [m, n]                 a right-angled basis of its columns
//! ```
//!
//! where V, U and Q have columns of length 1 at right angles to each other. [`plain`] computes them in
//! some 300 lines to be read; with the feature `lapack` the functions of this module call LAPACK
//! instead, which is faster for large matrices.
//!
//! Decompositions leave signs open: -v is as good an eigenvector as v. They are fixed here, so that both
//! ways give the same: in each column of V (of `eigh` and of `svd`), the entry of largest magnitude is
//! positive, and the diagonal of R is not negative.

#[cfg(feature = "lapack")]
pub mod lapack;
pub mod plain;

#[cfg(feature = "lapack")]
pub use lapack::{eigh, qr, svd};
#[cfg(not(feature = "lapack"))]
pub use plain::{eigh, qr, svd};

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};

/// The eigenvalues and eigenvectors of a symmetric matrix: A = V diag(values) V^T.
#[derive(Debug, Clone, PartialEq)]
pub struct Eigh {
    /// The eigenvalues `[n]`, the smallest first.
    pub values: Array1<f64>,
    /// V, `[n, n]`: column j belongs to `values[j]`.
    pub vectors: Array2<f64>,
}

/// The thin singular value decomposition of A `[m, n]`, with k = min(m, n): A = U diag(s) V^T.
#[derive(Debug, Clone, PartialEq)]
pub struct Svd {
    /// U, `[m, k]`.
    pub u: Array2<f64>,
    /// The singular values `[k]`, the largest first; none is negative.
    pub s: Array1<f64>,
    /// V^T, `[k, n]`.
    pub vt: Array2<f64>,
}

/// The thin QR decomposition of A `[m, n]`, with k = min(m, n): A = Q R.
#[derive(Debug, Clone, PartialEq)]
pub struct Qr {
    /// Q, `[m, k]`.
    pub q: Array2<f64>,
    /// R, `[k, n]`, zero below its diagonal.
    pub r: Array2<f64>,
}

/// A matrix that cannot be decomposed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinalgError {
    /// A NaN or an infinity in the matrix.
    #[error("{what}: row {row}, column {column} of the matrix is not a finite number")]
    NotFinite {
        /// The decomposition.
        what: &'static str,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
    },
    /// The iteration came to no end; for numbers whose squares are representable, this was never seen.
    #[error("{what}: no convergence")]
    NotConverged {
        /// The decomposition.
        what: &'static str,
    },
}

fn check_finite(what: &'static str, a: ArrayView2<'_, f64>) -> Result<(), LinalgError> {
    match a.indexed_iter().find(|(_, x)| !x.is_finite()) {
        Some(((row, column), _)) => Err(LinalgError::NotFinite { what, row, column }),
        None => Ok(()),
    }
}

#[track_caller]
fn check_square(a: ArrayView2<'_, f64>) {
    assert!(a.is_square(), "eigh: wants a square matrix, got [{}, {}]", a.nrows(), a.ncols());
}

impl Eigh {
    fn with_fixed_signs(mut self) -> Eigh {
        for mut column in self.vectors.columns_mut() {
            if largest(column.iter().copied()) < 0.0 {
                column.mapv_inplace(|x| -x);
            }
        }
        self
    }
}

impl Svd {
    fn with_fixed_signs(mut self) -> Svd {
        Zip::from(self.u.columns_mut()).and(self.vt.rows_mut()).for_each(|mut u, mut v| {
            if largest(v.iter().copied()) < 0.0 {
                u.mapv_inplace(|x| -x);
                v.mapv_inplace(|x| -x);
            }
        });
        self
    }
}

impl Qr {
    fn with_fixed_signs(mut self) -> Qr {
        for (j, mut column) in self.q.columns_mut().into_iter().enumerate() {
            if self.r[[j, j]] < 0.0 {
                column.mapv_inplace(|x| -x);
                self.r.index_axis_mut(Axis(0), j).mapv_inplace(|x| -x);
            }
        }
        self
    }
}

/// The entry of largest magnitude; of several, the first.
fn largest(entries: impl Iterator<Item = f64>) -> f64 {
    entries.fold(0.0, |largest, x| if x.abs() > largest.abs() { x } else { largest })
}
