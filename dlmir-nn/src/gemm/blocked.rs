//! The five loops around the micro-kernel.
//!
//! A product of two n x n matrices does 2 n^3 operations on 3 n^2 numbers, so each number is used again and again. The
//! loops keep it, between two uses, in the fastest memory that holds it:
//!
//! ```text
//!   LOOP 5  jc over columns of C in steps of NC
//!     LOOP 4  pc over the reduction index in steps of KC      pack B[pc.., jc..] -> panels of NR columns
//!       LOOP 3  ic over rows of C in steps of mc: one task      pack A[ic.., pc..] -> panels of MR rows
//!         LOOP 2  jr over the panels of B                         a panel of B:   first-level cache
//!           LOOP 1  ir over the panels of A                         the block of A: second-level cache
//!             the micro-kernel: a tile [MR, NR] of C                  the tile:       registers
//! ```
//!
//! Loop 3 is the parallel one. Its step depends on the shape of C alone, and each element of C is summed over p in the
//! same order by whichever thread computes it, so the bits do not depend on the number of threads.
//!
//! Goto, van de Geijn (2008), "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3);
//! Van Zee, van de Geijn (2015), "BLIS: a framework for rapidly instantiating BLAS functionality", ACM TOMS 41(3).

use super::kernel::{SampleRanges, numbers, prefetch, store, store_whole, tile, tile_over_samples};
use super::pack::pack_panel;
use super::{Accumulate, MatMut, MatRef, Scratch, work_ns};
use crate::parallel::{self, SAMPLE_CHUNKS};
use crate::simd::{Avx2, Avx512, InstructionSet, Kernel, Level, Portable};

/// A row of a tile, NR numbers, is two vectors at each level.
const VECTORS: usize = 2;
/// Steps of the reduction index: a panel of B, KC x NR numbers, takes 48 KiB of the nearest caches at NR = 32, and C
/// is written once for as many products.
pub(super) const KC: usize = 384;
/// Columns of C at once: the packed block of B, KC x NC numbers, takes 3 MiB of the last-level cache at most.
const NC: usize = 2048;
/// Rows of C at once: the packed block of A, KC x MC numbers, takes 216 KiB of the second-level cache at most.
const MC: usize = 144;
/// Loop 3 makes at least this many tasks of a C that has the rows for it, so that several threads share them evenly.
const TASKS: usize = 8;

/// C (+)= A B for any shape but an empty one; with `samples`, the ranges of the reduction index are summed one by one
/// and added as a binary tree; each is at most KC long.
pub(super) fn gemm(
    level: Level,
    [a, b]: [MatRef; 2],
    c: MatMut,
    accumulate: Accumulate,
    samples: Option<&SampleRanges>,
    scratch: &mut Scratch,
) {
    match level {
        Level::Portable => five_loops::<_, 4, 8>(Portable, [a, b], c, accumulate, samples, scratch),
        Level::Avx2 => five_loops::<_, 6, 16>(Avx2::new(), [a, b], c, accumulate, samples, scratch),
        Level::Avx512 => {
            five_loops::<_, 12, 32>(Avx512::new(), [a, b], c, accumulate, samples, scratch)
        }
    }
}

fn five_loops<S: InstructionSet, const MR: usize, const NR: usize>(
    s: S,
    [a, b]: [MatRef; 2],
    c: MatMut,
    accumulate: Accumulate,
    samples: Option<&SampleRanges>,
    scratch: &mut Scratch,
) {
    let ([m, k], n, row_stride) = (a.shape(), b.cols(), c.row_stride());
    let c = c.into_data();
    let mc = rows_of_a_task::<MR>(m);
    // A sum over samples goes through all of them tile by tile, in as many columns as then fit the cache.
    let (kc_max, nc_max) = match samples {
        None => (KC.min(k), NC.min(n.next_multiple_of(NR))),
        Some(_) => (k, (NC * KC / k.max(KC)).min(n).next_multiple_of(NR)),
    };
    let [a_pack, b_pack] = scratch.take([m.div_ceil(mc) * mc * kc_max, nc_max * kc_max]);

    // LOOP 5
    for jc in (0..n).step_by(nc_max) {
        let nc = nc_max.min(n - jc);
        // LOOP 4
        for pc in (0..k).step_by(kc_max) {
            let kc = kc_max.min(k - pc);
            let b_pack = &mut b_pack[..nc.next_multiple_of(NR) * kc];
            let b = b.block(pc..pc + kc, jc..jc + nc).t();
            parallel::for_each_chunk(b_pack, NR * kc, nc * kc / 2, |j, panel| {
                s.run(PackB::<NR> { b, j, panel });
            });

            // LOOP 3
            let b_pack = &*b_pack;
            let a_pack = (&mut a_pack[..m.div_ceil(mc) * mc * kc], mc * kc);
            let c = (&mut *c, mc * row_stride);
            let accumulate = if pc == 0 { accumulate } else { Accumulate::Add };
            parallel::for_each_chunk2(a_pack, c, work_ns([m, nc, kc]), |i, a_pack, c| {
                let a = a.block(i * mc..m.min((i + 1) * mc), pc..pc + kc);
                let c = &mut c[jc..];
                let block = RowBlock::<S, MR, NR> {
                    s,
                    a,
                    a_pack,
                    b_pack,
                    c,
                    row_stride,
                    cols: nc,
                    accumulate,
                    samples,
                };
                s.run(block);
            });
        }
    }
}

/// The step of loop 3: whole tiles, about equally many in each task.
fn rows_of_a_task<const MR: usize>(m: usize) -> usize {
    let tiles = m.div_ceil(MR);
    let tasks = m.div_ceil(MC).max(TASKS.min(tiles));
    tiles.div_ceil(tasks) * MR
}

struct PackB<'a, const NR: usize> {
    b: MatRef<'a>, // transposed: [nc, kc]
    j: usize,
    panel: &'a mut [f32],
}

impl<const NR: usize> Kernel for PackB<'_, NR> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let columns = self.j * NR..self.b.rows().min((self.j + 1) * NR);
        pack_panel::<NR>(self.b.block(columns, 0..self.b.cols()), self.panel);
    }
}

/// One turn of loop 3: a block of rows of C.
struct RowBlock<'a, S, const MR: usize, const NR: usize> {
    s: S,
    a: MatRef<'a>,         // [rows, kc]
    a_pack: &'a mut [f32], // room for its panels
    b_pack: &'a [f32],     // panels of B, [kc, NR] each
    c: &'a mut [f32],      // [rows, cols] at row_stride
    row_stride: usize,
    cols: usize,
    accumulate: Accumulate,
    samples: Option<&'a SampleRanges>,
}

impl<S: InstructionSet, const MR: usize, const NR: usize> Kernel for RowBlock<'_, S, MR, NR> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let [rows, kc] = self.a.shape();
        let panels = rows.div_ceil(MR);
        for (i, panel) in self.a_pack.chunks_exact_mut(MR * kc).take(panels).enumerate() {
            pack_panel::<MR>(self.a.block(i * MR..rows.min((i + 1) * MR), 0..kc), panel);
        }
        let mut sum = [[0.0; NR]; MR];
        let mut parts = [[[0.0; NR]; MR]; SAMPLE_CHUNKS];
        // LOOP 2
        for (j, b) in self.b_pack.chunks_exact(NR * kc).enumerate() {
            // LOOP 1
            for (i, a) in self.a_pack.chunks_exact(MR * kc).take(panels).enumerate() {
                let c = &mut self.c[i * MR * self.row_stride + j * NR..];
                let inside = [rows - i * MR, self.cols - j * NR];
                prefetch::<MR, NR>(c, self.row_stride);
                let acc = match self.samples {
                    None => {
                        let acc = tile::<S, MR, NR, VECTORS>(self.s, a, b);
                        if inside[0] >= MR && inside[1] >= NR {
                            store_whole(self.s, acc, c, self.row_stride, self.accumulate);
                            continue;
                        }
                        numbers(self.s, acc)
                    }
                    Some(ranges) => {
                        tile_over_samples::<S, MR, NR, VECTORS>(
                            self.s, a, b, ranges, &mut parts, &mut sum,
                        );
                        sum
                    }
                };
                store(&acc, c, self.row_stride, inside, self.accumulate);
            }
        }
    }
}
