//! What the decompositions promise, for whichever way is compiled in; and both against each other.

use dlmir_nn::linalg::{Eigh, LinalgError, Qr, Svd, eigh, qr, svd};
use dlmir_nn::rng::Rng;
use ndarray::{Array2, array, s};

fn random(m: usize, n: usize) -> Array2<f64> {
    let mut rng = Rng::new(9, (1000 * m + n) as u64);
    Array2::from_shape_fn((m, n), |_| f64::from(rng.normal()))
}

fn symmetric(n: usize) -> Array2<f64> {
    let a = random(n, n);
    (&a + &a.t()) / 2.0
}

/// Matrices of rank 1 or 2 and others with equal values, besides the random ones.
fn shapes() -> Vec<Array2<f64>> {
    let sizes = [(1, 1), (1, 4), (4, 1), (2, 2), (3, 3), (7, 4), (4, 7), (17, 17), (60, 25)];
    let mut all: Vec<_> = sizes.iter().map(|&(m, n)| random(m, n)).collect();
    all.push(Array2::zeros((5, 3)));
    all.push(Array2::eye(4));
    all.push(Array2::ones((3, 6)));
    all.push(random(9, 2).dot(&random(2, 7)));
    all.push(random(8, 5) * 1e-100);
    all.push(Array2::zeros((0, 3)));
    all
}

/// The entry of largest magnitude, whose sign is fixed.
fn largest(entries: impl Iterator<Item = f64>) -> f64 {
    entries.fold(0.0, |largest, x| if x.abs() > largest.abs() { x } else { largest })
}

fn size(a: &Array2<f64>) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Rounding errors grow with the dimension: 20 units of rounding for each row or column.
fn allowed(a: &Array2<f64>) -> f64 {
    20.0 * f64::EPSILON * (a.nrows() + a.ncols()) as f64
}

#[track_caller]
fn assert_orthonormal(columns: &Array2<f64>) {
    let apart = columns.t().dot(columns) - Array2::<f64>::eye(columns.ncols());
    assert!(size(&apart) <= allowed(columns), "{} for {:?}", size(&apart), columns.dim());
}

#[track_caller]
fn assert_product(a: &Array2<f64>, product: &Array2<f64>) {
    let error = size(&(a - product));
    assert!(error <= allowed(a) * size(a), "{error} for {:?}", a.dim());
}

#[test]
fn eigenvectors_are_stretched_by_their_values() {
    let mut all: Vec<_> = [0, 1, 2, 3, 10, 33, 100].map(symmetric).into();
    all.push(Array2::zeros((4, 4)));
    all.push(Array2::ones((6, 6)));
    all.push(Array2::from_diag(&array![3.0, -1.0, 3.0, 0.0]));
    all.push(symmetric(12) * 1e100);
    // Two blocks, between which nothing is beside the diagonal.
    let mut blocks = Array2::zeros((7, 7));
    blocks.slice_mut(s![..3, ..3]).assign(&symmetric(3));
    blocks.slice_mut(s![3.., 3..]).assign(&symmetric(4));
    all.push(blocks);
    for a in all {
        let Eigh { values, vectors } = eigh(a.view()).unwrap();
        assert_orthonormal(&vectors);
        assert_product(&a, &(&vectors * &values).dot(&vectors.t()));
        assert!(values.iter().is_sorted(), "{values}");
        for column in vectors.columns() {
            assert!(largest(column.iter().copied()) > 0.0);
        }
    }
}

#[test]
fn singular_values_and_vectors_make_the_matrix() {
    for a in shapes() {
        let Svd { u, s, vt } = svd(a.view()).unwrap();
        assert_orthonormal(&u);
        assert_orthonormal(&vt.t().to_owned());
        assert_product(&a, &(&u * &s).dot(&vt));
        assert!(s.iter().rev().is_sorted() && s.iter().all(|&s| s >= 0.0), "{s}");
        for row in vt.rows() {
            assert!(largest(row.iter().copied()) > 0.0);
        }
    }
}

#[test]
fn known_values() {
    let Eigh { values, vectors } = eigh(array![[2.0, 1.0], [1.0, 2.0]].view()).unwrap();
    assert!((values[0] - 1.0).abs() < 1e-15 && (values[1] - 3.0).abs() < 1e-15);
    assert!((vectors[[0, 1]] - 0.5f64.sqrt()).abs() < 1e-15);
    let Svd { s, .. } = svd(array![[3.0, 0.0], [4.0, 5.0]].view()).unwrap();
    assert!((s[0] - 45f64.sqrt()).abs() < 1e-14 && (s[1] - 5f64.sqrt()).abs() < 1e-14);
    let Qr { q, r } = qr(array![[3.0, 1.0], [4.0, 3.0]].view()).unwrap();
    assert_product(&array![[0.6, -0.8], [0.8, 0.6]], &q);
    assert_product(&array![[5.0, 3.0], [0.0, 1.0]], &r);
}

#[test]
fn q_is_orthonormal_and_r_triangular() {
    for a in shapes() {
        let Qr { q, r } = qr(a.view()).unwrap();
        let k = a.nrows().min(a.ncols());
        assert_eq!((q.dim(), r.dim()), ((a.nrows(), k), (k, a.ncols())));
        assert_orthonormal(&q);
        assert_product(&a, &q.dot(&r));
        for ((i, j), &x) in r.indexed_iter() {
            assert!(i < j || (i == j && x >= 0.0) || x == 0.0, "r[{i}, {j}] = {x}");
        }
    }
}

#[test]
fn a_nan_is_named() {
    let a = array![[1.0, 2.0], [f64::NAN, 4.0]];
    let errors =
        [eigh(a.view()).unwrap_err(), svd(a.view()).unwrap_err(), qr(a.view()).unwrap_err()];
    for (error, what) in errors.into_iter().zip(["eigh", "svd", "qr"]) {
        assert_eq!(error, LinalgError::NotFinite { what, row: 1, column: 0 });
    }
}

#[test]
#[should_panic(expected = "eigh: wants a square matrix, got [2, 3]")]
fn eigenvectors_want_a_square() {
    let _ = eigh(Array2::zeros((2, 3)).view());
}

/// Our own code and LAPACK, in values, in vectors and in signs. The values of these random matrices lie
/// apart, so that each vector is determined.
#[cfg(feature = "lapack")]
#[test]
fn plain_and_lapack_agree() {
    use dlmir_nn::linalg::{lapack, plain};
    use ndarray::{Array1, Axis};

    fn assert_near(a: &Array2<f64>, b: &Array2<f64>, scale: f64) {
        let error = (a - b).iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        assert!(error <= 1e-11 * scale, "{error} for {:?}", a.dim());
    }
    for n in [1, 2, 5, 24, 64] {
        let a = symmetric(n);
        let (own, other) = (plain::eigh(a.view()).unwrap(), lapack::eigh(a.view()).unwrap());
        let column = |x: Array1<f64>| x.insert_axis(Axis(1));
        assert_near(&column(own.values), &column(other.values), size(&a));
        assert_near(&own.vectors, &other.vectors, n as f64);
        for (m, n) in [(n, n), (2 * n, n), (n, 2 * n + 1)] {
            let a = random(m, n);
            let (own, other) = (plain::svd(a.view()).unwrap(), lapack::svd(a.view()).unwrap());
            assert_near(&column(own.s), &column(other.s), size(&a));
            assert_near(&own.u, &other.u, n as f64);
            assert_near(&own.vt, &other.vt, n as f64);
            let (own, other) = (plain::qr(a.view()).unwrap(), lapack::qr(a.view()).unwrap());
            assert_near(&own.q, &other.q, n as f64);
            assert_near(&own.r, &other.r, size(&a));
        }
    }
}
