//! The innermost loops: one tile of C in registers.

use super::Accumulate;
use crate::simd::fma;

/// The product of an A panel `[kc, MR]` and a B panel `[kc, NR]`: a tile `[MR, NR]` of C.
///
/// ```text
/// acc[i][j] = sum over p of a[p][i] * b[p][j]
/// ```
///
/// Each step p multiplies a column of MR numbers by a row of NR numbers: MR + NR loads for MR * NR multiply-adds. The
/// tile is chosen per instruction set so that `acc` fills the vector registers without spilling over.
#[inline(always)]
pub(super) fn tile<const FUSED: bool, const MR: usize, const NR: usize>(
    a: &[f32],
    b: &[f32],
) -> [[f32; NR]; MR] {
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
    acc
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
        // A whole row has a length that the compiler knows, and becomes a few vector stores.
        match c.first_chunk_mut::<NR>() {
            Some(c) => write_row(&acc[i], c, accumulate),
            None => write_row(&acc[i][..c.len()], c, accumulate),
        }
    }
}

#[inline(always)]
fn write_row(acc: &[f32], c: &mut [f32], accumulate: Accumulate) {
    match accumulate {
        Accumulate::Overwrite => c.copy_from_slice(acc),
        Accumulate::Add => c.iter_mut().zip(acc).for_each(|(c, &x)| *c += x),
    }
}
