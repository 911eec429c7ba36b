//! The matrix product, on which dense layers, recurrent layers and convolutions spend their time.
//!
//! ```text
//! c[i, j] (+)= sum over p of a[i, p] * b[p, j]        a: [m, k]   b: [k, n]   c: [m, n]
//! ```
//!
//! In reading order: [`MatRef`] and [`MatMut`] (a slice seen as a matrix), [`reference`](mod@reference) (the definition,
//! three loops), `pack` and `kernel` (the innermost loops), `blocked` (the five loops around them), `thin` (a few rows or
//! columns), `samples` (sums over a batch).
//!
//! ```
//! use dlmir_nn::gemm::{Accumulate, MatMut, MatRef, Scratch, gemm};
//!
//! let x = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // [2, 3]
//! let mut scratch = Scratch::default();
//! let mut c = [0.0; 4];
//! let x = MatRef::new(&x, 2, 3);
//! gemm(x, x.t(), MatMut::new(&mut c, 2, 2), Accumulate::Overwrite, &mut scratch);
//! assert_eq!(c, [14.0, 32.0, 32.0, 77.0]);
//! ```

mod blocked;
mod kernel;
mod matrix;
mod pack;
pub mod reference;
mod samples;
mod thin;

pub use matrix::{MatMut, MatRef};
pub use samples::{gemm_over_samples, gemm_over_samples_at};

use crate::simd::{self, Level};

/// What happens to the old content of C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accumulate {
    /// C = A B. The old content is not read: it may be anything, NaN included.
    Overwrite,
    /// C = C + A B.
    Add,
}

/// Buffers for packed blocks. Keep one and pass it again: it grows to the largest product it has seen and then
/// allocates no more.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    buffer: Vec<f32>,
    sums: Vec<f32>,
}

impl Scratch {
    /// Buffers full of NaN, for tests: whoever reads before writing shows it.
    #[cfg(test)]
    fn poisoned(len: usize) -> Self {
        Self { buffer: vec![f32::NAN; len], sums: vec![f32::NAN; len] }
    }

    /// N buffers of the given lengths, each starting on a cache line. Their content is arbitrary.
    fn take<const N: usize>(&mut self, lens: [usize; N]) -> [&mut [f32]; N] {
        const LINE: usize = 16; // floats in a cache line of 64 bytes
        let total: usize = lens.iter().map(|len| len.next_multiple_of(LINE)).sum();
        if self.buffer.len() < total + LINE {
            self.buffer.resize(total + LINE, 0.0);
        }
        let start = self.buffer.as_ptr().align_offset(4 * LINE).min(LINE);
        let mut rest = &mut self.buffer[start..];
        lens.map(|len| {
            let (buffer, tail) = std::mem::take(&mut rest).split_at_mut(len.next_multiple_of(LINE));
            rest = tail;
            &mut buffer[..len]
        })
    }
}

/// C = A B or C += A B on the threads of the current Rayon pool, with the best instructions of this machine.
///
/// `a` is `[m, k]`, `b` is `[k, n]`, `c` is `[m, n]`; any of them may be empty. Each element of C is summed over p in an
/// order that depends on shapes and strides alone, never on the number of threads.
///
/// # Panics
/// If the shapes do not fit.
#[track_caller]
pub fn gemm(a: MatRef, b: MatRef, c: MatMut, accumulate: Accumulate, scratch: &mut Scratch) {
    gemm_at(simd::level(), a, b, c, accumulate, scratch);
}

/// [`gemm`] with the instructions of a given level: for tests and benchmarks.
///
/// # Panics
/// If the shapes do not fit or this machine does not have `level`.
#[track_caller]
pub fn gemm_at(
    level: Level,
    a: MatRef,
    b: MatRef,
    mut c: MatMut,
    accumulate: Accumulate,
    scratch: &mut Scratch,
) {
    assert_shapes(a.shape(), b.shape(), c.shape());
    let [m, n] = c.shape();
    if m == 0 || n == 0 {
        return;
    }
    if a.cols() == 0 {
        // An empty sum is 0.
        if accumulate == Accumulate::Overwrite {
            (0..m).for_each(|i| c.row_mut(i).fill(0.0));
        }
        return;
    }
    if thin::fits([m, n]) {
        thin::gemm(level, a, b, c, accumulate, scratch);
    } else {
        blocked::gemm(level, [a, b], c, accumulate, None, scratch);
    }
}

#[track_caller]
fn assert_shapes(a: [usize; 2], b: [usize; 2], c: [usize; 2]) {
    assert_eq!(a[1], b[0], "gemm: a {a:?} has other columns than b {b:?} has rows");
    assert_eq!(c, [a[0], b[1]], "gemm: c {c:?} is not the shape of a {a:?} times b {b:?}");
}

/// The time of a product on one core, for [`crate::parallel`]: 50 multiply-adds a nanosecond.
fn work_ns([m, n, k]: [usize; 3]) -> usize {
    m * n * k / 50
}

#[cfg(test)]
mod tests;
