//! The decompositions in plain Rust.
//!
//! All three are built from two kinds of right-angled move. A *reflection* (Householder) mirrors space
//! in a plane such that one given vector comes to lie on an axis: it makes many zeros at once. A
//! *rotation* (Jacobi, Givens) turns two axes and touches nothing else.
//!
//! A matrix is kept as a list of contiguous rows. Whatever is done to columns is done to rows of the
//! transpose instead, so that every inner loop walks through memory in order.
//!
//! Sums of squares must stay within the range of `f64`: magnitudes from 1e-150 to 1e150 are safe.
//!
//! Golub and Van Loan (2013), "Matrix computations", 4th edition: chapters 5.2 (QR), 8.3 (symmetric QR
//! with implicit shifts; ours runs from the other end, hence QL) and 8.6 (one-sided Jacobi).

use ndarray::{Array1, Array2, ArrayView2};

use crate::linalg::{Eigh, LinalgError, Qr, Svd, check_finite, check_square};

/// Contiguous rows.
type Rows = Vec<Vec<f64>>;

/// The eigenvalues and eigenvectors of a symmetric matrix `[n, n]`.
///
/// Reflections make the matrix tridiagonal; then rotations chase what is beside the diagonal out of it.
/// Takes some 8 n^3 operations.
///
/// # Errors
/// If a number is not finite.
///
/// # Panics
/// If the matrix is not square. That it is symmetric is taken for granted.
#[track_caller]
pub fn eigh(a: ArrayView2<'_, f64>) -> Result<Eigh, LinalgError> {
    check_square(a);
    check_finite("eigh", a)?;
    let n = a.nrows();
    let (mut diagonal, mut beside, mut vt) = tridiagonalize(to_rows(a));
    diagonalize(&mut diagonal, &mut beside, &mut vt)?;
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| diagonal[i].total_cmp(&diagonal[j]));
    let values = order.iter().map(|&j| diagonal[j]).collect();
    let vectors = Array2::from_shape_fn((n, n), |(i, j)| vt[order[j]][i]);
    Ok(Eigh { values, vectors }.with_fixed_signs())
}

/// Turns a symmetric A into a tridiagonal T = Q^T A Q. Returns T's diagonal `[n]`, the numbers beside it
/// (`beside[i]` between i and i + 1, and a 0 at the end) and the rows of Q^T.
fn tridiagonalize(mut a: Rows) -> (Vec<f64>, Vec<f64>, Rows) {
    let n = a.len();
    let mut beside = vec![0.0; n];
    let mut reflections = Vec::new();
    for k in 0..n.saturating_sub(1) {
        // The reflection H = I - 2 v v^T puts row k, right of the diagonal, onto its first axis.
        let (v, length) = reflection(&a[k][k + 1..]);
        beside[k] = length;
        // H A H = A - 2 v w^T - 2 w v^T with w = A v - (v . A v) v, on the rest of the matrix.
        let mut w: Vec<f64> = a[k + 1..].iter().map(|row| dot(&row[k + 1..], &v)).collect();
        let along = dot(&v, &w);
        add_multiple(&mut w, -along, &v);
        for (i, row) in a[k + 1..].iter_mut().enumerate() {
            add_multiple(&mut row[k + 1..], -2.0 * v[i], &w);
            add_multiple(&mut row[k + 1..], -2.0 * w[i], &v);
        }
        reflections.push(v);
    }
    // Q^T = H[n-2] ... H[1] H[0]. Multiplied up from the left end, so that H[k] meets rows from k + 1 only.
    let mut qt = identity(n, n);
    for (k, v) in reflections.iter().enumerate().rev() {
        for row in &mut qt[k + 1..] {
            reflect(&mut row[k + 1..], v);
        }
    }
    ((0..n).map(|i| a[i][i]).collect(), beside, qt)
}

/// Turns a tridiagonal T into a diagonal matrix by rotations, which are applied to the rows of `vt` as
/// well: what was Q^T becomes V^T.
///
/// Each round of QL takes an eigenvalue of the corner as a shift, which makes the corner's neighbour
/// shrink with the third power of its size: two rounds for an eigenvalue are usual.
///
/// One round, from i = high - 1 down to low, with d beside d' = d[i + 1], e = e[i], x and p ("moved") from
/// the rotation before (x = d[high] - shift, sin = cos = 1, p = 0 at first):
///
/// ```text
/// bulge = sin e,  link = cos e,  length = sqrt(bulge^2 + x^2)      e[i + 1] <- length
/// sin = bulge / length,  cos = x / length                          the rotation that removes the bulge
/// r = (d - (d' - p)) sin + 2 cos link                              "turned"
/// d[i + 1] <- (d' - p) + sin r,  p <- sin r,  x <- cos r - link
/// ```
///
/// and at the end d[low] <- d[low] - p, e[low] <- x. This is tql2 of EISPACK: Bowdler, Martin, Reinsch,
/// Wilkinson (1968), "The QR and QL algorithms for symmetric matrices", Numerische Mathematik 11.
fn diagonalize(d: &mut [f64], e: &mut [f64], vt: &mut [Vec<f64>]) -> Result<(), LinalgError> {
    let n = d.len();
    for low in 0..n {
        for round in 0.. {
            // The block from `low` to `high` hangs together: no number beside its diagonal vanishes.
            let vanishes = |i: &usize| e[*i].abs() <= f64::EPSILON * (d[*i].abs() + d[i + 1].abs());
            let high = (low..n - 1).find(vanishes).unwrap_or(n - 1);
            if high == low {
                break;
            }
            if round == 50 {
                return Err(LinalgError::NotConverged { what: "eigh" });
            }
            // The eigenvalue of the corner's 2 x 2 block that is closer to its first entry.
            let half_gap = (d[low + 1] - d[low]) / (2.0 * e[low]);
            let shift = d[low] - e[low] / (half_gap + half_gap.hypot(1.0).copysign(half_gap));
            // A rotation at the far end brings up a number beside the tridiagonal ("bulge"); the others
            // chase it to the corner and out.
            let (mut cos, mut sin, mut moved) = (1.0, 1.0, 0.0);
            let mut x = d[high] - shift;
            let mut cut = None;
            for i in (low..high).rev() {
                let (bulge, link) = (sin * e[i], cos * e[i]);
                let length = bulge.hypot(x);
                e[i + 1] = length;
                if length == 0.0 {
                    cut = Some(i);
                    break;
                }
                (sin, cos) = (bulge / length, x / length);
                let corner = d[i + 1] - moved;
                let turned = (d[i] - corner) * sin + 2.0 * cos * link;
                moved = sin * turned;
                d[i + 1] = corner + moved;
                x = cos * turned - link;
                rotate(vt, i, i + 1, cos, sin);
            }
            match cut {
                // The block has come apart in the middle.
                Some(i) => d[i + 1] -= moved,
                None => {
                    d[low] -= moved;
                    e[low] = x;
                }
            }
            e[high] = 0.0;
        }
    }
    Ok(())
}

/// The thin singular value decomposition of a matrix `[m, n]`.
///
/// One-sided Jacobi: pairs of columns are rotated until all are at right angles to each other; their
/// lengths are then the singular values. Slower than the methods that make the matrix bidiagonal first,
/// much shorter, and more accurate for small singular values. Takes some 6 to 10 sweeps of
/// 5 m n^2 operations for m >= n; a wide matrix is transposed first.
///
/// # Errors
/// If a number is not finite.
pub fn svd(a: ArrayView2<'_, f64>) -> Result<Svd, LinalgError> {
    check_finite("svd", a)?;
    let wide = a.ncols() > a.nrows();
    let (m, n) = if wide { (a.ncols(), a.nrows()) } else { (a.nrows(), a.ncols()) };
    // Rows here are columns of the tall matrix T = A or A^T: ut becomes diag(s) U^T, vt V^T.
    let mut ut = if wide { to_rows(a) } else { to_rows(a.t()) };
    let mut vt = identity(n, n);
    let mut sweeps = 0;
    while sweep(&mut ut, &mut vt) {
        sweeps += 1;
        if sweeps == 60 {
            return Err(LinalgError::NotConverged { what: "svd" });
        }
    }
    let lengths: Vec<f64> = ut.iter().map(|column| dot(column, column).sqrt()).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| lengths[j].total_cmp(&lengths[i]));
    let mut basis = Rows::new();
    for &j in &order {
        let column = &ut[j];
        basis.push(match lengths[j] {
            // A singular value of 0 leaves the direction open.
            0.0 => perpendicular(&basis, m),
            length => column.iter().map(|x| x / length).collect(),
        });
    }
    let s = Array1::from_iter(order.iter().map(|&j| lengths[j]));
    let (u, v): (Rows, Rows) = (basis, order.iter().map(|&j| vt[j].clone()).collect());
    let (u, v) = if wide { (v, u) } else { (u, v) };
    let u = Array2::from_shape_fn((a.nrows(), n), |(i, j)| u[j][i]);
    let vt = Array2::from_shape_fn((n, a.ncols()), |(i, j)| v[i][j]);
    Ok(Svd { u, s, vt }.with_fixed_signs())
}

/// Rotates each pair of columns, here rows of `ut`, to a right angle. Whether any pair was not at one.
fn sweep(ut: &mut Rows, vt: &mut [Vec<f64>]) -> bool {
    let mut turned = false;
    for p in 0..ut.len() {
        for q in p + 1..ut.len() {
            let (pp, qq) = (dot(&ut[p], &ut[p]), dot(&ut[q], &ut[q]));
            let pq = dot(&ut[p], &ut[q]);
            if pq.abs() <= 4.0 * f64::EPSILON * pp.sqrt() * qq.sqrt() {
                continue;
            }
            // tan of the smaller of the two angles that do it: t^2 + 2 t (qq - pp) / (2 pq) - 1 = 0.
            let half_gap = (qq - pp) / (2.0 * pq);
            let tan = 1.0 / (half_gap + half_gap.hypot(1.0).copysign(half_gap));
            let cos = 1.0 / tan.hypot(1.0);
            rotate(ut, p, q, cos, cos * tan);
            rotate(vt, p, q, cos, cos * tan);
            turned = true;
        }
    }
    turned
}

/// The thin QR decomposition of a matrix `[m, n]`.
///
/// A reflection for each column brings what is below its diagonal to zero. Takes some 4 m n^2
/// operations.
///
/// # Errors
/// If a number is not finite.
pub fn qr(a: ArrayView2<'_, f64>) -> Result<Qr, LinalgError> {
    check_finite("qr", a)?;
    let ((m, n), k) = (a.dim(), a.nrows().min(a.ncols()));
    let mut columns = to_rows(a.t());
    let mut reflections = Vec::new();
    for j in 0..k {
        let (v, length) = reflection(&columns[j][j..]);
        columns[j][j] = length;
        for column in &mut columns[j + 1..] {
            reflect(&mut column[j..], &v);
        }
        reflections.push(v);
    }
    // Q is H[0] H[1] ... H[k-1] applied to the first k axes; the last reflection first, so that H[j]
    // meets the axes from j on only.
    let mut q = identity(k, m);
    for (j, v) in reflections.iter().enumerate().rev() {
        for axis in &mut q[j..] {
            reflect(&mut axis[j..], v);
        }
    }
    let r = |(i, j): (usize, usize)| if i <= j { columns[j][i] } else { 0.0 };
    let q = Array2::from_shape_fn((m, k), |(i, j)| q[j][i]);
    Ok(Qr { q, r: Array2::from_shape_fn((k, n), r) }.with_fixed_signs())
}

/// The unit vector v of the reflection I - 2 v v^T that turns x into (length, 0, 0, ...), and this
/// length, which is |x| or -|x|: the sign that is opposite to x[0] avoids a difference of near numbers.
/// For x = 0 nothing is reflected: v = 0.
fn reflection(x: &[f64]) -> (Vec<f64>, f64) {
    let length = -dot(x, x).sqrt().copysign(x[0]);
    let mut v = x.to_vec();
    v[0] -= length;
    let norm = dot(&v, &v).sqrt();
    if norm > 0.0 {
        v.iter_mut().for_each(|v| *v /= norm);
    }
    (v, length)
}

/// x <- (I - 2 v v^T) x.
fn reflect(x: &mut [f64], v: &[f64]) {
    let along = dot(x, v);
    add_multiple(x, -2.0 * along, v);
}

/// Rows i < j: row i <- cos * row i - sin * row j, row j <- sin * row i + cos * row j.
fn rotate(rows: &mut [Vec<f64>], i: usize, j: usize, cos: f64, sin: f64) {
    let (head, tail) = rows.split_at_mut(j);
    for (x, y) in head[i].iter_mut().zip(&mut tail[0]) {
        (*x, *y) = (cos * *x - sin * *y, sin * *x + cos * *y);
    }
}

/// x <- x + factor * y.
fn add_multiple(x: &mut [f64], factor: f64, y: &[f64]) {
    for (x, y) in x.iter_mut().zip(y) {
        *x += factor * y;
    }
}

/// The sum of products, in eight sums side by side that the processor can do at once.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (x8, x_rest) = x.as_chunks::<8>();
    let (y8, y_rest) = y.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (x, y) in x8.iter().zip(y8) {
        for i in 0..8 {
            sums[i] += x[i] * y[i];
        }
    }
    let rest = x_rest.iter().zip(y_rest).map(|(x, y)| x * y);
    rest.chain(sums).sum()
}

/// A unit vector of length `m` at right angles to those of `basis`, of which there are fewer than `m`.
fn perpendicular(basis: &[Vec<f64>], m: usize) -> Vec<f64> {
    let candidates = (0..m).map(|axis| {
        let mut x = vec![0.0; m];
        x[axis] = 1.0;
        // Twice, because the first time leaves rounding errors that are large next to a short rest.
        for b in basis.iter().chain(basis) {
            let along = dot(&x, b);
            add_multiple(&mut x, -along, b);
        }
        x
    });
    // The squares of all axes' rests sum to the number of missing vectors, so one rest is 1 / sqrt(m).
    let enough = 0.5 / (m as f64).sqrt();
    let length = |x: &[f64]| dot(x, x).sqrt();
    let found = candidates.into_iter().find(|x| length(x) >= enough);
    let x = found.expect("fewer vectors than axes leave room for another");
    let length = length(&x);
    x.into_iter().map(|x| x / length).collect()
}

fn identity(rows: usize, columns: usize) -> Rows {
    (0..rows).map(|i| (0..columns).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect()
}

fn to_rows(a: ArrayView2<'_, f64>) -> Rows {
    a.rows().into_iter().map(|row| row.to_vec()).collect()
}
