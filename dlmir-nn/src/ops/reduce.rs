//! Sums over the rows and along the rows of a matrix, for biases and normalisation.
//!
//! A long sum in `f32` loses digits: each addition rounds the running total, so the error grows with the
//! number of additions. The sums here are made in blocks of [`BLOCK`] rows, short enough for `f32`, and
//! the blocks are added up in `f64`, which costs nothing as there are few of them.
//!
//! N sums are made at a time, of terms made of an element of `a`, the element of `b` at the same place and,
//! over rows, a number that belongs to the column.

use crate::simd::{self, Kernel};

/// Rows that are added up in `f32`.
const BLOCK: usize = 64;

/// Numbers added side by side: the widest vector.
const LANES: usize = 16;

/// For each column c of two matrices `[rows, columns]`:
///
/// ```text
/// sums[k][c] += sum over rows n of term(a[n, c], b[n, c], of_column[c])[k]
/// ```
///
/// # Panics
/// If the lengths do not fit each other.
#[track_caller]
pub fn add_columns<const N: usize>(
    a: &[f32],
    b: &[f32],
    of_column: &[f32],
    term: impl Fn(f32, f32, f32) -> [f32; N],
    sums: [&mut [f32]; N],
) {
    let columns = of_column.len();
    let fits = a.len() == b.len() && sums.iter().all(|sum| sum.len() == columns);
    assert!(
        fits && a.len().is_multiple_of(columns),
        "add_columns: a row of {columns} columns, {} numbers and {} do not fit",
        a.len(),
        b.len()
    );
    if !a.is_empty() {
        simd::run(simd::level(), Columns { a, b, of_column, term, sums });
    }
}

struct Columns<'a, const N: usize, F> {
    a: &'a [f32],
    b: &'a [f32],
    of_column: &'a [f32],
    term: F,
    sums: [&'a mut [f32]; N],
}

impl<const N: usize, F: Fn(f32, f32, f32) -> [f32; N]> Kernel for Columns<'_, N, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let columns = self.of_column.len();
        let whole = columns / LANES * LANES;
        // No closure over a range here: what an iterator calls may be compiled for no level.
        for c in (0..whole).step_by(LANES) {
            self.strip::<LANES>(c);
        }
        for c in whole..columns {
            self.strip::<1>(c);
        }
    }
}

impl<const N: usize, F: Fn(f32, f32, f32) -> [f32; N]> Columns<'_, N, F> {
    /// W columns from `c` on.
    #[inline(always)]
    fn strip<const W: usize>(&mut self, c: usize) {
        let columns = self.of_column.len();
        let of_column: [f32; W] = simd::array(|j| self.of_column[c + j]);
        let mut total = [[0.0; W]; N];
        let blocks = self.a.chunks(BLOCK * columns).zip(self.b.chunks(BLOCK * columns));
        for (a, b) in blocks {
            let mut acc = [[0.0; W]; N];
            for (a, b) in a.chunks_exact(columns).zip(b.chunks_exact(columns)) {
                let (a, b) = (&a[c..c + W], &b[c..c + W]);
                for j in 0..W {
                    let terms = (self.term)(a[j], b[j], of_column[j]);
                    for k in 0..N {
                        acc[k][j] += terms[k];
                    }
                }
            }
            for k in 0..N {
                for j in 0..W {
                    total[k][j] += f64::from(acc[k][j]);
                }
            }
        }
        for (sums, total) in self.sums.iter_mut().zip(&total) {
            sums[c..c + W].iter_mut().zip(total).for_each(|(s, &t)| *s += t as f32);
        }
    }
}

/// The sums along one row: for each k, the sum over i of term(a[i], b[i])[k]. For use within a [`Kernel`].
///
/// # Panics
/// If the lengths differ.
#[inline(always)]
pub fn sum_row<const N: usize>(
    a: &[f32],
    b: &[f32],
    term: impl Fn(f32, f32) -> [f32; N],
) -> [f32; N] {
    assert_eq!(a.len(), b.len(), "sum_row: the rows differ in length");
    let mut total = [0.0f64; N];
    for (a, b) in a.chunks(BLOCK * LANES).zip(b.chunks(BLOCK * LANES)) {
        let mut acc = [[0.0; LANES]; N];
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
        for (a, b) in a.iter().zip(b) {
            for j in 0..LANES {
                let terms = term(a[j], b[j]);
                (0..N).for_each(|k| acc[k][j] += terms[k]);
            }
        }
        for (j, (&a, &b)) in a_rest.iter().zip(b_rest).enumerate() {
            let terms = term(a, b);
            (0..N).for_each(|k| acc[k][j] += terms[k]);
        }
        for (total, acc) in total.iter_mut().zip(&acc) {
            *total += acc.iter().map(|&x| f64::from(x)).sum::<f64>();
        }
    }
    simd::array(|k| total[k] as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;
    use crate::rng::Rng;
    use crate::simd::forced::at_every_level;

    #[test]
    fn columns_of_any_number_are_added_up() {
        at_every_level(|| {
            let mut rng = Rng::new(8, 0);
            for (rows, columns) in [(0, 3), (1, 1), (63, 15), (64, 16), (65, 17), (200, 33)] {
                let mut draw = |len| random(&[len], 0.0, &mut rng).into_vec();
                let (a, b, of_column) = (draw(rows * columns), draw(rows * columns), draw(columns));
                let (mut sum, mut square) = (vec![1.0; columns], vec![2.0; columns]);
                let term = |a: f32, b: f32, m: f32| [a - m, (a - m) * b];
                add_columns(&a, &b, &of_column, term, [&mut sum, &mut square]);
                for c in 0..columns {
                    let terms = (0..rows).map(|n| {
                        let [a, b, m] =
                            [a[n * columns + c], b[n * columns + c], of_column[c]].map(f64::from);
                        (a - m, (a - m) * b)
                    });
                    let exact = terms.fold((1.0, 2.0), |s, t| (s.0 + t.0, s.1 + t.1));
                    // 64 roundings of partial sums below 64 * 20, at 6e-8 each, and two of the total.
                    assert!((f64::from(sum[c]) - exact.0).abs() < 1e-3);
                    assert!((f64::from(square[c]) - exact.1).abs() < 1e-3);
                }
            }
        });
    }

    #[test]
    fn rows_of_any_length_are_added_up() {
        at_every_level(|| {
            for n in [0usize, 1, 15, 16, 17, 100] {
                let a: Vec<f32> = (0..n).map(|i| i as f32).collect();
                let [sum, dot] = sum_row(&a, &a, |a, b| [a, a * b]);
                let squares = n * n.saturating_sub(1) * (2 * n).saturating_sub(1) / 6;
                assert_eq!(sum, (n * n.saturating_sub(1) / 2) as f32);
                assert_eq!(dot, squares as f32);
            }
        });
    }

    #[test]
    #[should_panic(expected = "add_columns: a row of 3 columns, 7 numbers and 7 do not fit")]
    fn half_a_row_is_refused() {
        add_columns(&[0.0; 7], &[0.0; 7], &[0.0; 3], |a, _, _| [a], [&mut [0.0; 3]]);
    }

    /// In one chain of f32 sums, each 1.3 beyond 2^21 would be rounded to 1.25, an error of 4 %.
    /// Here, 64 roundings are 4e-6 at most.
    #[test]
    fn a_long_sum_keeps_its_digits() {
        at_every_level(|| {
            let n = 1 << 22;
            let (ones, mut sum) = (vec![1.3; n], [0.0]);
            add_columns(&ones, &ones, &[0.0], |a, _, _| [a], [&mut sum]);
            let exact = n as f64 * f64::from(1.3f32);
            let [row] = sum_row(&ones, &ones, |a, _| [a]);
            for sum in [sum[0], row] {
                assert!((f64::from(sum) / exact - 1.0).abs() < 4e-6, "{sum} {exact}");
            }
        });
    }
}
