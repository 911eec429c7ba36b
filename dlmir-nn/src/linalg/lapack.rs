//! The same decompositions by LAPACK, through ndarray-linalg and OpenBLAS.
//!
//! Needs the feature `lapack` and libopenblas, when linking and when running. OpenBLAS starts threads of
//! its own beside Rayon's: run with `OPENBLAS_NUM_THREADS=1`. The last digits differ from those of
//! [`plain`](crate::linalg::plain) and may differ from machine to machine.

use ndarray::ArrayView2;
use ndarray_linalg::{Eigh as _, JobSvd, QR as _, SVDDC as _, UPLO};

use crate::linalg::{Eigh, LinalgError, Qr, Svd, check_finite, check_square, plain};

// The only line that names the system library.
#[allow(unsafe_code)]
#[link(name = "openblas")]
// SAFETY: nothing is declared here; the block only tells the linker what to look into.
unsafe extern "C" {}

/// The eigenvalues and eigenvectors of a symmetric matrix `[n, n]`, by `dsyev`.
///
/// # Errors
/// If a number is not finite.
///
/// # Panics
/// If the matrix is not square.
#[track_caller]
pub fn eigh(a: ArrayView2<'_, f64>) -> Result<Eigh, LinalgError> {
    check_square(a);
    check_finite("eigh", a)?;
    if a.is_empty() {
        return plain::eigh(a); // LAPACK must not see it.
    }
    let failed = |_| LinalgError::NotConverged { what: "eigh" };
    let (values, vectors) = a.eigh(UPLO::Lower).map_err(failed)?;
    Ok(Eigh { values, vectors }.with_fixed_signs())
}

/// The thin singular value decomposition of a matrix `[m, n]`, by `dgesdd`.
///
/// # Errors
/// If a number is not finite.
pub fn svd(a: ArrayView2<'_, f64>) -> Result<Svd, LinalgError> {
    check_finite("svd", a)?;
    if a.is_empty() {
        return plain::svd(a); // LAPACK must not see it.
    }
    let failed = LinalgError::NotConverged { what: "svd" };
    match a.svddc(JobSvd::Some) {
        Ok((Some(u), s, Some(vt))) => Ok(Svd { u, s, vt }.with_fixed_signs()),
        _ => Err(failed),
    }
}

/// The thin QR decomposition of a matrix `[m, n]`, by `dgeqrf` and `dorgqr`.
///
/// # Errors
/// If a number is not finite.
pub fn qr(a: ArrayView2<'_, f64>) -> Result<Qr, LinalgError> {
    check_finite("qr", a)?;
    if a.is_empty() {
        return plain::qr(a); // LAPACK must not see it.
    }
    let (q, r) = a.qr().map_err(|_| LinalgError::NotConverged { what: "qr" })?;
    Ok(Qr { q, r }.with_fixed_signs())
}
