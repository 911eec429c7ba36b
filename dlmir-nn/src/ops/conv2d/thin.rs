//! The convolution for one or two output channels, as dot products.
//!
//! The tiles of `kernel.rs` put output channels side by side in a vector, so with a single one 15 of 16 lanes would
//! stay empty. It happens to dL/dx where x has one channel, a spectrogram. Here the lanes are steps of the sum instead:
//!
//! ```text
//! part[l] = sum over those steps p that are l modulo 16, within a row of the kernel, of x[line + step(p)] * w[p]
//! y[line] = sum over l of part[l], as a binary tree
//! ```
//!
//! Sixteen lanes at each level, of as many vectors as that takes: so the order does not depend on the level.

use super::kernel::{Walk, Windows};
use crate::simd::{self, Avx2, Avx512, InstructionSet, Kernel, Level, Portable};

/// Partial sums of each number.
const LANES: usize = 16;

/// Lines summed up at once.
const LINES: usize = 4;

/// The most columns that this file is for.
pub(super) const COLUMNS: usize = 2;

/// C = A B for A `[lines, steps]`, B transposed: `[columns, steps]`, C `[lines, columns]`.
///
/// # Panics
/// If B or C does not have the size that goes with A, or steps on the inner axis are not neighbours.
pub(super) fn product(level: Level, a: Windows, b: &[f32], c: &mut [f32], columns: usize) {
    assert_eq!(b.len(), a.steps.count() * columns, "conv2d: B does not fit A");
    assert_eq!(c.len(), a.lines.count() * columns, "conv2d: C does not fit A");
    assert_eq!(a.steps.stride[2], 1, "conv2d: steps are not neighbours");
    if c.is_empty() {
        return;
    }
    match level {
        Level::Portable => Portable.run(Dots::<_, 4> { s: Portable, a, b, c, columns }),
        Level::Avx2 => Avx2::new().run(Dots::<_, 2> { s: Avx2::new(), a, b, c, columns }),
        Level::Avx512 => Avx512::new().run(Dots::<_, 1> { s: Avx512::new(), a, b, c, columns }),
    }
}

/// [`product`] with NV vectors of S for 16 lanes.
struct Dots<'a, S, const NV: usize> {
    s: S,
    a: Windows<'a>,
    b: &'a [f32],
    c: &'a mut [f32],
    columns: usize,
}

impl<S: InstructionSet, const NV: usize> Kernel for Dots<'_, S, NV> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Dots { s, a, b, c, columns } = self;
        let Walk { len: [outer, middle, inner], stride } = a.lines;
        let mut rows = c.chunks_exact_mut(inner * columns);
        for i in 0..outer {
            for j in 0..middle {
                let row = rows.next().expect("C has as many rows as A has rows of lines");
                for first in (0..inner).step_by(LINES) {
                    // Lines beyond the last are computed like the last, and not stored.
                    let line = |k: usize| (first + k).min(inner - 1) * stride[2];
                    let lines = simd::array(|k| i * stride[0] + j * stride[1] + line(k));
                    for (column, b) in b.chunks_exact(a.steps.count()).enumerate() {
                        let sums = dots::<S, NV>(s, a, lines, b);
                        let to = row[first * columns + column..].iter_mut().step_by(columns);
                        to.zip(sums).for_each(|(y, sum)| *y = sum);
                    }
                }
            }
        }
    }
}

/// The products of some lines with one column.
#[inline(always)]
fn dots<S: InstructionSet, const NV: usize>(
    s: S,
    a: Windows,
    lines: [usize; LINES],
    b: &[f32],
) -> [f32; LINES] {
    const { assert!(NV * S::LANES == LANES) };
    let Walk { len: [outer, middle, inner], stride } = a.steps;
    let whole = inner - inner % LANES;
    let mut acc = [[s.splat(0.0); NV]; LINES];
    let mut rest = [[0.0; LANES]; LINES];
    let mut rows = b.chunks_exact(inner);
    for i in 0..outer {
        for j in 0..middle {
            let b = rows.next().expect("B has as many rows as A has rows of steps");
            let row = i * stride[0] + j * stride[1];
            let x: [&[f32]; LINES] = simd::array(|k| &a.x[lines[k] + row..][..inner]);
            for p in (0..whole).step_by(LANES) {
                for v in 0..NV {
                    let at = p + v * S::LANES;
                    let w = s.load(&b[at..]);
                    for k in 0..LINES {
                        acc[k][v] = s.fma(s.load(&x[k][at..]), w, acc[k][v]);
                    }
                }
            }
            // What is left over of the row.
            for p in whole..inner {
                for k in 0..LINES {
                    rest[k][p - whole] += x[k][p] * b[p];
                }
            }
        }
    }
    let mut sums = [[0.0; LANES]; LINES];
    for k in 0..LINES {
        for v in 0..NV {
            s.store(acc[k][v], &mut sums[k][v * S::LANES..]);
        }
        for l in 0..LANES {
            sums[k][l] += rest[k][l];
        }
    }
    simd::array(|k| tree_sum16(sums[k]))
}

/// Sixteen numbers, added as a binary tree.
#[inline(always)]
fn tree_sum16(mut parts: [f32; LANES]) -> f32 {
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            parts[l] += parts[l + half];
        }
    }
    parts[0]
}
