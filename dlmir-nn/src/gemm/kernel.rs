//! The innermost loops: one tile of C in registers.

use std::ops::Range;

use super::Accumulate;
use crate::parallel::{SAMPLE_CHUNKS, tree_sum8};
use crate::simd::{self, InstructionSet};

/// The ranges of the reduction index that a sum over samples takes one by one.
pub(super) type SampleRanges = [Range<usize>; SAMPLE_CHUNKS];

/// Steps ahead of which a row of B is asked for: a panel of B is larger than the nearest cache.
const AHEAD: usize = 8;

/// The product of an A panel `[kc, MR]` and a B panel `[kc, NR]`: a tile `[MR, NR]` of C.
///
/// ```text
/// out[i][j] = sum over p of a[p][i] * b[p][j]
/// ```
///
/// Each step p multiplies a column of MR numbers by a row of NR numbers: MR + NR loads for MR * NR multiply-adds. A row of
/// the tile is NV vectors, and the tile is chosen per instruction set so that `acc` and the row of B fill its registers
/// without spilling over. That the compiler does keep it there is seen in the figures of `benches/benches/gemm.rs`.
#[inline(always)]
pub(super) fn tile<S: InstructionSet, const MR: usize, const NR: usize, const NV: usize>(
    s: S,
    a: &[f32],
    b: &[f32],
) -> [[S::Vector; NV]; MR] {
    const { assert!(NV * S::LANES == NR) };
    let (a, _) = a.as_chunks::<MR>();
    let (b, _) = b.as_chunks::<NR>();
    let mut acc = [[s.splat(0.0); NV]; MR];
    for (a, b) in a.iter().zip(b) {
        simd::prefetch(a, AHEAD * MR);
        let mut row = [s.splat(0.0); NV];
        for v in 0..NV {
            simd::prefetch(b, AHEAD * NR + v * S::LANES);
            row[v] = s.load(&b[v * S::LANES..]);
        }
        for i in 0..MR {
            let a = s.splat(a[i]);
            for v in 0..NV {
                acc[i][v] = s.fma(a, row[v], acc[i][v]);
            }
        }
    }
    acc
}

/// A tile as numbers.
#[inline(always)]
pub(super) fn numbers<S: InstructionSet, const MR: usize, const NR: usize, const NV: usize>(
    s: S,
    acc: [[S::Vector; NV]; MR],
) -> [[f32; NR]; MR] {
    let mut out = [[0.0; NR]; MR];
    for i in 0..MR {
        for v in 0..NV {
            s.store(acc[i][v], &mut out[i][v * S::LANES..]);
        }
    }
    out
}

/// Writes or adds a tile that lies inside of C as a whole, from registers.
#[inline(always)]
pub(super) fn store_whole<S: InstructionSet, const MR: usize, const NV: usize>(
    s: S,
    acc: [[S::Vector; NV]; MR],
    c: &mut [f32],
    row_stride: usize,
    accumulate: Accumulate,
) {
    let one = s.splat(1.0);
    for i in 0..MR {
        let c = &mut c[i * row_stride..][..NV * S::LANES];
        for v in 0..NV {
            let c = &mut c[v * S::LANES..];
            let sum = match accumulate {
                Accumulate::Overwrite => acc[i][v],
                Accumulate::Add => s.fma(one, acc[i][v], s.load(c)),
            };
            s.store(sum, c);
        }
    }
}

/// [`tile`] over each range of samples for itself; the eight tiles are then added as a binary tree.
#[inline(always)]
pub(super) fn tile_over_samples<
    S: InstructionSet,
    const MR: usize,
    const NR: usize,
    const NV: usize,
>(
    s: S,
    a: &[f32],
    b: &[f32],
    ranges: &SampleRanges,
    parts: &mut [[[f32; NR]; MR]; SAMPLE_CHUNKS],
    out: &mut [[f32; NR]; MR],
) {
    for (part, r) in parts.iter_mut().zip(ranges) {
        let (a, b) = (&a[r.start * MR..r.end * MR], &b[r.start * NR..r.end * NR]);
        *part = numbers(s, tile::<S, MR, NR, NV>(s, a, b));
    }
    for i in 0..MR {
        for j in 0..NR {
            out[i][j] = tree_sum8(simd::array(|r| parts[r][i][j]));
        }
    }
}

/// Writes or adds the part of a tile that lies inside of C, which starts at `c[0]`.
#[inline(always)]
pub(super) fn store<const MR: usize, const NR: usize>(
    acc: &[[f32; NR]; MR],
    c: &mut [f32],
    row_stride: usize,
    [rows, cols]: [usize; 2],
    accumulate: Accumulate,
) {
    for i in 0..rows.min(MR) {
        let c = &mut c[i * row_stride..][..cols.min(NR)];
        let mut new = acc[i];
        match (accumulate, c.first_chunk_mut::<NR>()) {
            // A whole row has a length that the compiler knows: a few vector instructions.
            (Accumulate::Overwrite, Some(c)) => *c = new,
            (Accumulate::Add, Some(c)) => {
                let old = *c;
                for j in 0..NR {
                    new[j] += old[j];
                }
                *c = new;
            }
            (Accumulate::Overwrite, None) => c.copy_from_slice(&new[..c.len()]),
            (Accumulate::Add, None) => c.iter_mut().zip(new).for_each(|(c, x)| *c += x),
        }
    }
}

/// Asks for the part of C under a tile, which the products of the tile then leave time to fetch.
#[inline(always)]
pub(super) fn prefetch<const MR: usize, const NR: usize>(c: &[f32], row_stride: usize) {
    for i in 0..MR {
        for j in (0..NR).step_by(16) {
            simd::prefetch(c, i * row_stride + j);
        }
    }
}
