//! Fixed chunks of work over Rayon's threads, so that results do not depend on how many threads there are.
//!
//! Floating-point addition is not associative: (a + b) + c and a + (b + c) may differ in the last bit, and after a
//! thousand training steps such a bit is a different network. Two rules make a run give the same bits on any number of
//! threads of one machine:
//!
//! - Work is cut where the *problem* says, never at (length / threads). A thread takes whole chunks.
//! - What several chunks contribute to one sum (weight gradients, batch-norm statistics) is added in one fixed order:
//!   the samples of a batch are cut into [`SAMPLE_CHUNKS`] ranges by [`sample_ranges`], each range is summed for itself,
//!   and the eight sums are added in a binary tree by [`tree_sum`]:
//!
//! ```text
//!   0   1   2   3   4   5   6   7        ranges of samples
//!    \ /     \ /     \ /     \ /
//!     +       +       +       +          (0 + 1), (2 + 3), ...
//!      \     /         \     /
//!         +               +
//!           \           /
//!                 +
//! ```
//!
//! Between machines bits may differ for two other reasons: a multiplication and an addition are rounded twice at
//! [`Level::Portable`](crate::simd::Level) and once where they are fused, and a few formulas ask the platform's
//! mathematical library for ln, exp, cos or a power (normal random numbers, the losses' logarithms, Adam's correction,
//! schedules), whose last bit depends on its version. For the same reason bits may differ between builds with other
//! settings: where the compiler can see an exponent, it may put a root or a product for the power.
//!
//! Starting threads costs some microseconds, so below about [`SERIAL_NS`] of work all chunks run on the calling thread,
//! with the same result. Parallel regions are never nested: an op goes parallel in its outermost loop and nowhere else.
//! The number of threads is that of the Rayon pool the caller is in.

use std::ops::Range;

use rayon::prelude::*;

use crate::simd;

/// Below this much work, in nanoseconds on one core, everything stays on the calling thread.
pub const SERIAL_NS: usize = 100_000;

/// The number of ranges that sums over a batch are cut into. A power of two, so that 1, 2, 4 or 8 processes could each
/// own a subtree of the sum and still give the same bits.
pub const SAMPLE_CHUNKS: usize = 8;

/// Whether work of about `work_ns` nanoseconds (on one core) is worth a second thread.
pub fn worthwhile(work_ns: usize) -> bool {
    #[cfg(test)]
    if crate::simd::forced::level().is_some() {
        return false;
    }
    work_ns >= SERIAL_NS && rayon::current_num_threads() > 1
}

/// Calls `f(i, chunk)` for every chunk of `chunk_len` elements of `out`; the last one may be shorter.
///
/// `work_ns` is a rough estimate of the whole work on one core. It decides about threads only, never about results;
/// 1 ns an element fits an exponential, 0.3 ns a copy from main memory.
///
/// # Panics
/// If `chunk_len` is 0.
#[track_caller]
pub fn for_each_chunk<T: Send>(
    out: &mut [T],
    chunk_len: usize,
    work_ns: usize,
    f: impl Fn(usize, &mut [T]) + Sync,
) {
    assert!(chunk_len > 0, "parallel: a chunk needs at least one element");
    spread(out, chunk_len, work_ns, &f);
}

// Behind these pointers Rayon's machinery is compiled once for each type of element, not for each op.
type OnOne<'f, T> = &'f (dyn Fn(usize, &mut [T]) + Sync);
type OnTwo<'f, A, B> = &'f (dyn Fn(usize, &mut [A], &mut [B]) + Sync);
type OnThree<'f, A, B, C> = &'f (dyn Fn(usize, &mut [A], &mut [B], &mut [C]) + Sync);

fn spread<T: Send>(out: &mut [T], chunk_len: usize, work_ns: usize, f: OnOne<T>) {
    if out.len() > chunk_len && worthwhile(work_ns) {
        out.par_chunks_mut(chunk_len).enumerate().for_each(|(i, chunk)| f(i, chunk));
    } else {
        out.chunks_mut(chunk_len).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}

/// Like [`for_each_chunk`] over two slices in step: `f(i, a_chunk, b_chunk)`.
///
/// Each slice comes with its own chunk length: an op with 10 inputs and 3 outputs a sample cuts them by 10 and 3.
///
/// # Panics
/// If a chunk length is 0 or the slices do not have equally many chunks.
#[track_caller]
pub fn for_each_chunk2<A: Send, B: Send>(
    a: (&mut [A], usize),
    b: (&mut [B], usize),
    work_ns: usize,
    f: impl Fn(usize, &mut [A], &mut [B]) + Sync,
) {
    spread2(a, b, work_ns, &f);
}

#[track_caller]
fn spread2<A: Send, B: Send>(
    (a, a_len): (&mut [A], usize),
    (b, b_len): (&mut [B], usize),
    work_ns: usize,
    f: OnTwo<A, B>,
) {
    let chunks = count(a.len(), a_len);
    assert_eq!(
        chunks,
        count(b.len(), b_len),
        "parallel: the slices differ in their number of chunks"
    );
    if chunks > 1 && worthwhile(work_ns) {
        let pairs = a.par_chunks_mut(a_len).zip(b.par_chunks_mut(b_len));
        pairs.enumerate().for_each(|(i, (a, b))| f(i, a, b));
    } else {
        let pairs = a.chunks_mut(a_len).zip(b.chunks_mut(b_len));
        pairs.enumerate().for_each(|(i, (a, b))| f(i, a, b));
    }
}

/// Like [`for_each_chunk`] over three slices in step: `f(i, a_chunk, b_chunk, c_chunk)`.
///
/// # Panics
/// If a chunk length is 0 or the slices do not have equally many chunks.
#[track_caller]
pub fn for_each_chunk3<A: Send, B: Send, C: Send>(
    a: (&mut [A], usize),
    b: (&mut [B], usize),
    c: (&mut [C], usize),
    work_ns: usize,
    f: impl Fn(usize, &mut [A], &mut [B], &mut [C]) + Sync,
) {
    spread3(a, b, c, work_ns, &f);
}

#[track_caller]
fn spread3<A: Send, B: Send, C: Send>(
    (a, a_len): (&mut [A], usize),
    (b, b_len): (&mut [B], usize),
    (c, c_len): (&mut [C], usize),
    work_ns: usize,
    f: OnThree<A, B, C>,
) {
    let chunks = count(a.len(), a_len);
    let counts = [chunks, count(b.len(), b_len), count(c.len(), c_len)];
    assert_eq!(counts, [chunks; 3], "parallel: the slices differ in their number of chunks");
    if chunks > 1 && worthwhile(work_ns) {
        let triples =
            a.par_chunks_mut(a_len).zip(b.par_chunks_mut(b_len)).zip(c.par_chunks_mut(c_len));
        triples.enumerate().for_each(|(i, ((a, b), c))| f(i, a, b, c));
    } else {
        let triples = a.chunks_mut(a_len).zip(b.chunks_mut(b_len)).zip(c.chunks_mut(c_len));
        triples.enumerate().for_each(|(i, ((a, b), c))| f(i, a, b, c));
    }
}

#[track_caller]
fn count(len: usize, chunk_len: usize) -> usize {
    assert!(chunk_len > 0, "parallel: a chunk needs at least one element");
    len.div_ceil(chunk_len)
}

/// The [`SAMPLE_CHUNKS`] ranges of a batch: range r is r * batch / 8 .. (r + 1) * batch / 8, rounded down.
/// Of fewer than eight samples some ranges are empty, and add zero.
pub fn sample_ranges(batch: usize) -> [Range<usize>; SAMPLE_CHUNKS] {
    std::array::from_fn(|r| r * batch / SAMPLE_CHUNKS..(r + 1) * batch / SAMPLE_CHUNKS)
}

/// Adds eight partial sums in the fixed tree ((0+1) + (2+3)) + ((4+5) + (6+7)).
#[inline(always)]
pub fn tree_sum8(p: [f32; SAMPLE_CHUNKS]) -> f32 {
    ((p[0] + p[1]) + (p[2] + p[3])) + ((p[4] + p[5]) + (p[6] + p[7]))
}

/// Adds eight partial buffers element by element in the order of [`tree_sum8`].
///
/// `partials` holds the eight buffers one after the other, `[8, len]`; `sum` receives the `len` totals.
///
/// # Panics
/// If `partials` is not eight times as long as `sum`.
#[track_caller]
pub fn tree_sum(partials: &[f32], sum: &mut [f32]) {
    let len = sum.len();
    assert_eq!(
        partials.len(),
        SAMPLE_CHUNKS * len,
        "tree_sum: wants 8 buffers of the length of the sum"
    );
    if len == 0 {
        return;
    }
    let chunk_len = 16 * 1024;
    for_each_chunk(sum, chunk_len, 2 * len, |i, sum| {
        let part = |r: usize| &partials[r * len + i * chunk_len..][..sum.len()];
        let parts: [&[f32]; SAMPLE_CHUNKS] = simd::array(part);
        for (j, sum) in sum.iter_mut().enumerate() {
            *sum = tree_sum8(simd::array(|r| parts[r][j]));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `f` in pools of 1, 2 and 5 threads and returns what all of them agree on.
    fn on_any_pool<R: Send + PartialEq + std::fmt::Debug>(f: impl Fn() -> R + Sync) -> R {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(&f)
        };
        let first = run(1);
        assert_eq!(first, run(2));
        assert_eq!(first, run(5));
        first
    }

    #[test]
    fn chunks_are_those_of_the_problem_on_any_number_of_threads() {
        for work_ns in [0, 10 * SERIAL_NS] {
            let out = on_any_pool(|| {
                let mut out = vec![0; 1001];
                for_each_chunk(&mut out, 10, work_ns, |i, chunk| chunk.fill(10 * i + chunk.len()));
                out
            });
            assert_eq!((out[0], out[999], out[1000]), (10, 1000, 1001));
        }
    }

    #[test]
    fn several_slices_are_cut_in_step() {
        for work_ns in [0, 10 * SERIAL_NS] {
            let (a, b, c) = on_any_pool(|| {
                let (mut a, mut b, mut c) = (vec![0; 30], vec![0; 10], vec![0; 5]);
                for_each_chunk2((&mut a, 6), (&mut b, 2), work_ns, |i, a, b| {
                    a.fill(i);
                    b.fill(a.len());
                });
                for_each_chunk3((&mut a, 6), (&mut b, 2), (&mut c, 1), work_ns, |i, a, b, c| {
                    c[0] = i * (a.len() + b.len());
                    a[0] += 100;
                });
                (a, b, c)
            });
            assert_eq!((a[5], a[6], a[29]), (0, 101, 4));
            assert_eq!((b, c), (vec![6; 10], vec![0, 8, 16, 24, 32]));
        }
    }

    #[test]
    #[should_panic(expected = "number of chunks")]
    fn slices_out_of_step_are_refused() {
        for_each_chunk2((&mut [0; 10], 5), (&mut [0; 9], 3), 0, |_, _, _| {});
    }

    #[test]
    fn sample_ranges_cover_each_sample_once() {
        for batch in [0, 1, 5, 7, 8, 9, 100, 128] {
            let ranges = sample_ranges(batch);
            let samples: Vec<usize> = ranges.iter().cloned().flatten().collect();
            assert_eq!(samples, (0..batch).collect::<Vec<_>>());
            let lens = ranges.map(|r| r.len());
            assert!(lens.iter().max().unwrap() - lens.iter().min().unwrap() <= 1, "{lens:?}");
        }
    }

    #[test]
    fn the_tree_adds_in_its_own_order() {
        // 1 is lost when it is added to 2^24, so each order of these eight leaves its own sum.
        let big = 16_777_216.0;
        let p = [big, 1.0, 1.0, 1.0, -big, 1.0, 1.0, 1.0];
        assert_eq!(tree_sum8(p), ((big + 1.0) + 2.0) + ((-big + 1.0) + 2.0));
        assert_ne!(tree_sum8(p), p.iter().sum());
        let len = 40_000; // three chunks, on several threads
        let partials: Vec<f32> =
            p.iter().flat_map(|&x| (0..len).map(move |j| x + j as f32)).collect();
        let sum = on_any_pool(|| {
            let mut sum = vec![f32::NAN; len];
            tree_sum(&partials, &mut sum);
            sum
        });
        for (j, &s) in sum.iter().enumerate() {
            assert_eq!(s, tree_sum8(p.map(|x| x + j as f32)));
        }
    }
}
