//! Every level against the reference in f64, over shapes on and beside the edges of the tiles.

use proptest::prelude::*;

use super::*;
use crate::simd::{Level, available};

/// Numbers in -1 .. 1 that look random: the same for the same seed on every machine.
pub(super) fn noise(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// A `[rows, cols]` matrix of noise in memory of its own: by rows, by columns, or with gaps in both directions.
pub(super) struct Matrix {
    data: Vec<f32>,
    shape: [usize; 2],
    strides: [usize; 2],
}

impl Matrix {
    pub(super) fn new(shape: [usize; 2], layout: usize, seed: u64) -> Self {
        let [rows, cols] = shape;
        let strides = [[cols, 1], [1, rows], [2 * cols + 3, 2]][layout];
        Self { data: noise(rows * strides[0] + cols * strides[1], seed), shape, strides }
    }

    pub(super) fn view(&self) -> MatRef<'_> {
        MatRef::with_strides(&self.data, self.shape, self.strides)
    }

    /// The matrix in f64 without gaps, each element passed through `f`.
    fn wide(&self, f: impl Fn(f64) -> f64) -> Vec<f64> {
        let [rows, cols] = self.shape;
        let element = |ij: usize| f(f64::from(self.view().at(ij / cols, ij % cols)));
        (0..rows * cols).map(element).collect()
    }
}

/// Asserts that `c` is C (+)= A B to within the rounding errors that a sum of k products may have.
///
/// A sum of k products and an old value, rounded k + 1 times with unit roundoff u = 2^-24 in whatever order, is wrong by
/// at most (k + 1) u / (1 - (k + 1) u) times the same sum over absolute values (Higham 2002, "Accuracy and Stability of
/// Numerical Algorithms", section 3.1). One more u covers the product before it is added where it isn't fused.
pub(super) fn assert_is_product(
    c: &[f32],
    a: &Matrix,
    b: &Matrix,
    old: Option<&[f32]>,
    context: &str,
) {
    let ([m, k], n) = (a.shape, b.shape[1]);
    let product = |f: fn(f64) -> f64| {
        let (a, b) = (a.wide(f), b.wide(f));
        let mut sum: Vec<f64> = match old {
            Some(old) => old.iter().map(|&x| f(f64::from(x))).collect(),
            None => vec![0.0; m * n],
        };
        let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
        reference::gemm(a, b, MatMut::new(&mut sum, m, n), Accumulate::Add);
        sum
    };
    let (expected, size) = (product(|x| x), product(f64::abs));
    let u = 2f64.powi(-24) * (k + 2) as f64;
    for (i, ((&c, e), s)) in c.iter().zip(expected).zip(size).enumerate() {
        let error = (f64::from(c) - e).abs();
        assert!(
            error <= u / (1.0 - u) * s,
            "{context}: element {i} of [{m}, {n}], k {k}: {c} is not {e}"
        );
    }
}

fn check(level: Level, [m, n, k]: [usize; 3], layouts: [usize; 2], accumulate: Accumulate) {
    let a = Matrix::new([m, k], layouts[0], 1);
    let b = Matrix::new([k, n], layouts[1], 2);
    let old = noise(m * n, 3);
    let row_stride = n + 3;
    let mut c = vec![f32::NAN; m * row_stride];
    if accumulate == Accumulate::Add {
        for i in 0..m {
            c[i * row_stride..][..n].copy_from_slice(&old[i * n..][..n]);
        }
    }
    let mut scratch = Scratch::poisoned(100_000);
    let view = MatMut::with_row_stride(&mut c, [m, n], row_stride);
    gemm_at(level, a.view(), b.view(), view, accumulate, &mut scratch);
    let gaps = (0..m).all(|i| c[i * row_stride..][n..row_stride].iter().all(|x| x.is_nan()));
    assert!(gaps, "{level:?}: wrote between the rows of [{m}, {n}]");
    let c: Vec<f32> = (0..m).flat_map(|i| c[i * row_stride..][..n].to_vec()).collect();
    let old = (accumulate == Accumulate::Add).then_some(&old[..]);
    assert_is_product(&c, &a, &b, old, &format!("{level:?}, {layouts:?}, {accumulate:?}"));
}

/// Lengths on and beside the edges of tiles (4, 6, 8, 12, 16, 32) and of blocks (MC = 144, KC = 384).
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => 0..20usize,
        4 => prop::sample::select(vec![23, 24, 25, 31, 32, 33, 47, 48, 49, 63, 64, 65, 95, 96, 97]),
        1 => prop::sample::select(vec![143, 144, 145, 256, 383, 384, 385]),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 3 } else { 150 }))]

    #[test]
    fn every_level_agrees_with_the_reference(
        m in length(), n in length(), k in length(), la in 0..3usize, lb in 0..3usize, add in any::<bool>(),
    ) {
        let accumulate = if add { Accumulate::Add } else { Accumulate::Overwrite };
        for level in available() {
            check(level, [m, n, k], [la, lb], accumulate);
        }
    }
}

#[test]
fn blocks_beyond_every_loop_step() {
    if cfg!(miri) {
        return; // too many operations for an interpreter; the proptest above covers the code
    }
    for level in available() {
        check(level, [150, 20, 530], [0, 0], Accumulate::Overwrite);
        check(level, [150, 20, 530], [1, 1], Accumulate::Add);
        check(level, [5, 2100, 300], [0, 0], Accumulate::Add);
        check(level, [5, 2100, 300], [1, 1], Accumulate::Overwrite);
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let [m, n, k] = if cfg!(miri) { [9, 7, 5] } else { [203, 150, 600] };
    let (a, b) = (Matrix::new([m, k], 0, 1), Matrix::new([k, n], 1, 2));
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut c = vec![f32::NAN; m * n];
        let view = MatMut::new(&mut c, m, n);
        let mut scratch = Scratch::default();
        pool.install(|| gemm(a.view(), b.view(), view, Accumulate::Overwrite, &mut scratch));
        c
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(5));
}

#[test]
fn fused_levels_agree_to_the_bit() {
    // Width and tile differ, but not the order in which an element is summed.
    let (a, b) = (Matrix::new([50, 600], 0, 1), Matrix::new([600, 70], 0, 2));
    let run = |level| {
        let mut c = vec![f32::NAN; 50 * 70];
        let view = MatMut::new(&mut c, 50, 70);
        gemm_at(level, a.view(), b.view(), view, Accumulate::Overwrite, &mut Scratch::default());
        c
    };
    let fused: Vec<_> = available().into_iter().filter(|&l| l > Level::Portable).map(run).collect();
    assert!(fused.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn nan_and_infinity_arrive_where_they_belong() {
    for level in available() {
        for [m, n, k] in [[13, 33, 3], [1, 33, 3], [13, 1, 3]] {
            let (mut a, b) = (vec![1.0; m * k], vec![1.0; k * n]);
            a[k + 1 - k * usize::from(m == 1)] = f32::NAN;
            let mut c = vec![0.0; m * n];
            let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
            let view = MatMut::new(&mut c, m, n);
            gemm_at(level, a, b, view, Accumulate::Overwrite, &mut Scratch::default());
            let row = usize::from(m > 1);
            for i in 0..m {
                assert!(c[i * n..][..n].iter().all(|x| if i == row {
                    x.is_nan()
                } else {
                    *x == 3.0
                }));
            }
        }
    }
}

#[test]
fn scratch_stops_growing() {
    let (a, b) = (Matrix::new([40, 300], 0, 1), Matrix::new([300, 40], 0, 2));
    let mut c = vec![0.0; 1600];
    let mut scratch = Scratch::default();
    let mut run = |scratch: &mut Scratch| {
        gemm(a.view(), b.view(), MatMut::new(&mut c, 40, 40), Accumulate::Add, scratch);
        (scratch.buffer.as_ptr(), scratch.buffer.capacity())
    };
    let first = run(&mut scratch);
    assert_eq!(run(&mut scratch), first);
}

#[test]
#[should_panic(expected = "a [2, 3] has other columns than b [4, 5] has rows")]
fn shapes_that_do_not_fit_are_refused() {
    let (a, b, mut c) = ([0.0; 6], [0.0; 20], [0.0; 10]);
    let (a, b) = (MatRef::new(&a, 2, 3), MatRef::new(&b, 4, 5));
    gemm(a, b, MatMut::new(&mut c, 2, 5), Accumulate::Overwrite, &mut Scratch::default());
}
