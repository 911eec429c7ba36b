//! The innermost loops: one tile of C in registers.

use std::ops::Range;

use super::Accumulate;
use crate::parallel::{SAMPLE_CHUNKS, tree_sum8};
use crate::simd::{self, fma};

/// The ranges of the reduction index that a sum over samples takes one by one.
pub(super) type SampleRanges = [Range<usize>; SAMPLE_CHUNKS];

/// The product of an A panel `[kc, MR]` and a B panel `[kc, NR]`: a tile `[MR, NR]` of C.
///
/// ```text
/// out[i][j] = sum over p of a[p][i] * b[p][j]
/// ```
///
/// Each step p multiplies a column of MR numbers by a row of NR numbers: MR + NR loads for MR * NR multiply-adds. The
/// tile is chosen per instruction set so that `acc` fills the vector registers without spilling over.
///
/// `acc` is copied to `out` as a whole, and nothing else looks into it: were a part of it borrowed, the compiler would
/// keep all of it in memory. Whether it does is seen only in the figures of `benches/benches/gemm.rs`.
#[inline(always)]
pub(super) fn tile<const FUSED: bool, const MR: usize, const NR: usize>(
    a: &[f32],
    b: &[f32],
    out: &mut [[f32; NR]; MR],
) {
    let (a, _) = a.as_chunks::<MR>();
    let (b, _) = b.as_chunks::<NR>();
    let mut acc = [[0.0; NR]; MR];
    for (a, b) in a.iter().zip(b) {
        for i in 0..MR {
            for j in 0..NR {
                acc[i][j] = fma::<FUSED>(a[i], b[j], acc[i][j]);
            }
        }
    }
    *out = acc;
}

/// [`tile`] over each range of samples for itself; the eight tiles are then added as a binary tree.
#[inline(always)]
pub(super) fn tile_over_samples<const FUSED: bool, const MR: usize, const NR: usize>(
    a: &[f32],
    b: &[f32],
    ranges: &SampleRanges,
    parts: &mut [[[f32; NR]; MR]; SAMPLE_CHUNKS],
    out: &mut [[f32; NR]; MR],
) {
    for (part, r) in parts.iter_mut().zip(ranges) {
        tile::<FUSED, MR, NR>(&a[r.start * MR..r.end * MR], &b[r.start * NR..r.end * NR], part);
    }
    for i in 0..MR {
        for j in 0..NR {
            out[i][j] = tree_sum8(std::array::from_fn(|r| parts[r][i][j]));
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
            if let Some(c) = c.get(i * row_stride + j) {
                simd::prefetch(c);
            }
        }
    }
}
