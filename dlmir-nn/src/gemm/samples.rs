//! The product that sums over the samples of a batch: the gradient of a weight matrix.

use super::blocked::{self, KC};
use super::{Accumulate, MatMut, MatRef, Scratch, assert_shapes, gemm_at, thin};
use crate::parallel::sample_ranges;
use crate::simd::{self, Level};

/// C = A^T B or C += A^T B, summed over a batch by the rule of [`crate::parallel`].
///
/// ```text
/// c[i, j] (+)= sum over rows p of a[p, i] * b[p, j]        a: [k, m]   b: [k, n]   c: [m, n]
/// ```
///
/// The k rows belong to `samples` samples, k / samples rows each (1 in a dense layer, the number of positions in a
/// convolution). The samples are cut into eight ranges, each range is a product of its own, and the eight products are
/// added as a binary tree: to the bit what eight calls of [`gemm`](super::gemm) and [`tree_sum`](crate::parallel::tree_sum) give.
///
/// # Panics
/// If the shapes do not fit or k is not a multiple of `samples`.
#[track_caller]
pub fn gemm_over_samples(
    a: MatRef,
    b: MatRef,
    c: MatMut,
    samples: usize,
    accumulate: Accumulate,
    scratch: &mut Scratch,
) {
    gemm_over_samples_at(simd::level(), a, b, c, samples, accumulate, scratch);
}

/// [`gemm_over_samples`] with the instructions of a given level: for tests and benchmarks.
///
/// # Panics
/// If the shapes do not fit, k is not a multiple of `samples`, or this machine does not have `level`.
#[track_caller]
pub fn gemm_over_samples_at(
    level: Level,
    a: MatRef,
    b: MatRef,
    mut c: MatMut,
    samples: usize,
    accumulate: Accumulate,
    scratch: &mut Scratch,
) {
    let a = a.t();
    assert_shapes(a.shape(), b.shape(), c.shape());
    let ([m, n], k) = (c.shape(), b.rows());
    let rows = k.checked_div(samples).unwrap_or(0);
    assert_eq!(
        rows * samples,
        k,
        "gemm_over_samples: {k} rows are not a multiple of {samples} samples"
    );
    let ranges = sample_ranges(samples).map(|r| r.start * rows..r.end * rows);

    let short = ranges.iter().all(|r| r.len() <= KC);
    if m * n * k > 0 && !thin::fits([m, n]) && short {
        // Few enough rows that eight tiles in the nearest cache hold the eight products.
        blocked::gemm(level, [a, b], c, accumulate, Some(&ranges), scratch);
        return;
    }
    // Many rows, and then C is small beside A and B: eight products in buffers of the size of C. Four buffers are
    // enough, because two neighbours of the tree are added as soon as both are there, as a binary counter carries.
    let mut sums = std::mem::take(&mut scratch.sums);
    sums.resize(sums.len().max(4 * m * n), 0.0);
    let mut top = 0;
    for (r, range) in ranges.into_iter().enumerate() {
        let product = MatMut::new(&mut sums[top * m * n..][..m * n], m, n);
        let (a, b) = (a.block(0..m, range.clone()), b.block(range, 0..n));
        gemm_at(level, a, b, product, Accumulate::Overwrite, scratch);
        for _ in 0..r.trailing_ones() {
            top -= 1;
            let (left, right) = sums[top * m * n..].split_at_mut(m * n);
            left.iter_mut().zip(right).for_each(|(l, r)| *l += *r);
        }
        top += 1;
    }
    for (i, sum) in sums[..m * n].chunks_exact(n.max(1)).enumerate() {
        match accumulate {
            Accumulate::Overwrite => c.row_mut(i).copy_from_slice(sum),
            Accumulate::Add => c.row_mut(i).iter_mut().zip(sum).for_each(|(c, s)| *c += s),
        }
    }
    scratch.sums = sums;
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Matrix, noise};
    use super::*;
    use crate::parallel::{SAMPLE_CHUNKS, tree_sum};
    use crate::simd::available;
    use proptest::prelude::*;

    /// Eight calls of `gemm` and a tree.
    fn by_definition(level: Level, a: MatRef, b: MatRef, samples: usize) -> Vec<f32> {
        let (m, n, rows) = (a.cols(), b.cols(), a.rows() / samples.max(1));
        let mut partials = vec![f32::NAN; SAMPLE_CHUNKS * m * n];
        for (r, samples) in sample_ranges(samples).into_iter().enumerate() {
            let range = samples.start * rows..samples.end * rows;
            let (a, b) = (a.block(range.clone(), 0..m).t(), b.block(range, 0..n));
            let c = MatMut::new(&mut partials[r * m * n..][..m * n], m, n);
            gemm_at(level, a, b, c, Accumulate::Overwrite, &mut Scratch::default());
        }
        let mut sum = vec![f32::NAN; m * n];
        tree_sum(&partials, &mut sum);
        sum
    }

    fn check([m, n]: [usize; 2], samples: usize, rows: usize, layout: usize) {
        let a = Matrix::new([samples * rows, m], layout, 1);
        let b = Matrix::new([samples * rows, n], 0, 2);
        for level in available() {
            let expected = by_definition(level, a.view(), b.view(), samples);
            let mut c = vec![f32::NAN; m * n];
            let mut scratch = Scratch::poisoned(50_000);
            let mut run = |c: &mut [f32], accumulate| {
                let c = MatMut::new(c, m, n);
                gemm_over_samples_at(
                    level,
                    a.view(),
                    b.view(),
                    c,
                    samples,
                    accumulate,
                    &mut scratch,
                );
            };
            run(&mut c, Accumulate::Overwrite);
            assert_eq!(c, expected, "{level:?} [{m}, {n}] over {samples} samples of {rows} rows");
            let mut c = noise(m * n, 3);
            let expected: Vec<f32> = c.iter().zip(expected).map(|(c, e)| c + e).collect();
            run(&mut c, Accumulate::Add);
            assert_eq!(c, expected, "{level:?} [{m}, {n}] over {samples} samples of {rows} rows");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 60 }))]

        #[test]
        fn equals_eight_products_and_a_tree(
            m in 0..40usize, n in 0..70usize, samples in 0..40usize, rows in 1..3usize, layout in 0..3usize,
        ) {
            check([m, n], samples, rows, layout);
        }
    }

    #[test]
    fn many_rows_and_many_columns_too() {
        if cfg!(miri) {
            return; // too many operations for an interpreter
        }
        check([13, 33], 9, 400, 0); // ranges longer than KC
        check([13, 33], 9, 200, 1); // only the last one is longer
        check([7, 1000], 2000, 1, 0); // several blocks of columns
        check([30, 2], 100, 1, 0); // a thin C
    }

    #[test]
    #[should_panic(expected = "10 rows are not a multiple of 4 samples")]
    fn a_broken_sample_is_refused() {
        let (a, b, mut c) = ([0.0; 20], [0.0; 30], [0.0; 6]);
        let (a, b) = (MatRef::new(&a, 10, 2), MatRef::new(&b, 10, 3));
        let c = MatMut::new(&mut c, 2, 3);
        gemm_over_samples(a, b, c, 4, Accumulate::Overwrite, &mut Scratch::default());
    }
}
