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

use super::kernel::Windows;
use crate::simd::{Avx2, Avx512, InstructionSet, Kernel, Level, Portable};

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
        let count = a.lines.count();
        for first in (0..count).step_by(LINES) {
            // Lines beyond the last are computed like the last, and not stored.
            let mut lines = [0; LINES];
            for i in 0..LINES {
                lines[i] = a.lines.at((first + i).min(count - 1));
            }
            for (column, b) in b.chunks_exact(a.steps.count()).enumerate() {
                let sums = dots::<S, NV>(s, a, lines, b);
                for (i, sum) in sums.iter().enumerate().take(count - first) {
                    c[(first + i) * columns + column] = tree_sum16(*sum);
                }
            }
        }
    }
}

/// The partial sums of some lines with one column.
#[inline(always)]
fn dots<S: InstructionSet, const NV: usize>(
    s: S,
    a: Windows,
    lines: [usize; LINES],
    b: &[f32],
) -> [[f32; LANES]; LINES] {
    const { assert!(NV * S::LANES == LANES) };
    let inner = a.steps.len[2];
    let whole = inner - inner % LANES;
    let mut acc = [[s.splat(0.0); NV]; LINES];
    for (outer, b) in b.chunks_exact(inner).enumerate() {
        let row = a.steps.at(outer * inner);
        for p in (0..whole).step_by(LANES) {
            for v in 0..NV {
                let at = p + v * S::LANES;
                let w = s.load(&b[at..]);
                for i in 0..LINES {
                    acc[i][v] = s.fma(s.load(&a.x[lines[i] + row + at..]), w, acc[i][v]);
                }
            }
        }
    }
    let mut sums = [[0.0; LANES]; LINES];
    for i in 0..LINES {
        for v in 0..NV {
            s.store(acc[i][v], &mut sums[i][v * S::LANES..]);
        }
    }
    // What is left over of each row of the kernel.
    for (outer, b) in b.chunks_exact(inner).enumerate() {
        let row = a.steps.at(outer * inner);
        for p in whole..inner {
            for i in 0..LINES {
                sums[i][p - whole] += a.x[lines[i] + row + p] * b[p];
            }
        }
    }
    sums
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
