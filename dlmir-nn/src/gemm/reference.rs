//! The matrix product as three loops: the definition.

use num_traits::Float;

use super::{Accumulate, MatMut, MatRef};

/// C = A B, or C += A B. Everything else in this module is only faster.
///
/// ```text
/// c[i, j] (+)= sum over p of a[i, p] * b[p, j]        a: [m, k]   b: [k, n]   c: [m, n]
/// ```
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn gemm<F: Float>(a: MatRef<F>, b: MatRef<F>, mut c: MatMut<F>, accumulate: Accumulate) {
    super::assert_shapes(a.shape(), b.shape(), c.shape());
    for i in 0..a.rows() {
        for j in 0..b.cols() {
            let mut sum = F::zero();
            for p in 0..a.cols() {
                sum = sum + a.at(i, p) * b.at(p, j);
            }
            let c = &mut c.row_mut(i)[j];
            *c = match accumulate {
                Accumulate::Overwrite => sum,
                Accumulate::Add => *c + sum,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_by_two() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]);
        let (a, b) = (MatRef::new(&a, 2, 2), MatRef::new(&b, 2, 2));
        let mut c = [f64::NAN; 4];
        gemm(a, b, MatMut::new(&mut c, 2, 2), Accumulate::Overwrite);
        assert_eq!(c, [19.0, 22.0, 43.0, 50.0]);
        gemm(a.t(), b, MatMut::new(&mut c, 2, 2), Accumulate::Add);
        assert_eq!(c, [19.0 + 26.0, 22.0 + 30.0, 43.0 + 38.0, 50.0 + 44.0]);
    }
}
