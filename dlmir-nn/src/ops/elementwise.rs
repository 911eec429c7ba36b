//! The loop that most small operations share: over all elements, in fixed chunks, on all threads.

use crate::parallel;
use crate::pool::Pool;
use crate::shape::Show;
use crate::tensor::Tensor;

/// Elements a chunk: 64 KiB of each array, so that a chunk's two or three arrays stay in the core's own cache.
const CHUNK: usize = 16 * 1024;

/// What an element costs on one core, in tenths of a nanosecond; it decides about threads only.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cost {
    /// A few additions and comparisons: the memory is what takes time.
    Plain = 4,
    /// An exponential or something like it.
    Exp = 20,
    /// A random number.
    Random = 18,
    /// A normal random number.
    Normal = 300,
}

/// Calls `f(out, x)` for every chunk of `out` and the same chunk of `x`. `f` either updates `out` in place or,
/// where `out` is fresh from the pool and its content arbitrary, writes all of it without reading.
pub(crate) fn zip(out: &mut [f32], x: &[f32], cost: Cost, f: impl Fn(&mut [f32], &[f32]) + Sync) {
    let work_ns = out.len() * cost as usize / 10;
    parallel::for_each_chunk(out, CHUNK, work_ns, |i, out| {
        f(out, &x[i * CHUNK..][..out.len()]);
    });
}

/// Calls `f(out, x)` for every row of `row_len` elements.
pub(crate) fn zip_rows(
    out: &mut [f32],
    x: &[f32],
    row_len: usize,
    cost: Cost,
    f: impl Fn(&mut [f32], &[f32]) + Sync,
) {
    let row_len = row_len.max(1);
    let chunk = CHUNK.div_ceil(row_len) * row_len;
    let work_ns = out.len() * cost as usize / 10;
    parallel::for_each_chunk(out, chunk, work_ns, |i, out| {
        let rows = out.chunks_exact_mut(row_len).zip(x[i * chunk..].chunks_exact(row_len));
        rows.for_each(|(out, x)| f(out, x));
    });
}

/// y = f(x) element by element, in a tensor from the pool.
pub(crate) fn map(
    x: &Tensor,
    pool: &mut Pool,
    cost: Cost,
    f: impl Fn(f32) -> f32 + Sync,
) -> Tensor {
    let mut y = pool.take(x.shape());
    zip(y.as_mut_slice(), x.as_slice(), cost, |y, x| {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = f(x));
    });
    y
}

/// grad *= slope(z) element by element, for z the input or the output of the operation.
pub(crate) fn chain(
    mut grad: Tensor,
    z: &Tensor,
    cost: Cost,
    slope: impl Fn(f32) -> f32 + Sync,
) -> Tensor {
    zip(grad.as_mut_slice(), z.as_slice(), cost, |grad, z| {
        grad.iter_mut().zip(z).for_each(|(grad, &z)| *grad *= slope(z));
    });
    grad
}

/// y = f(a, b) element by element, for two tensors of one shape.
///
/// # Panics
/// If the shapes differ; the message starts with `name`.
#[track_caller]
pub(crate) fn map2(
    name: &str,
    [a, b]: [&Tensor; 2],
    pool: &mut Pool,
    f: impl Fn(f32, f32) -> f32 + Sync,
) -> Tensor {
    let (left, right) = (a.shape(), b.shape());
    assert!(left == right, "{name}: a is {}, b is {}", Show(left), Show(right));
    let mut y = pool.take(left);
    let (a, b) = (a.as_slice(), b.as_slice());
    let work_ns = y.len() * Cost::Plain as usize / 10;
    parallel::for_each_chunk(y.as_mut_slice(), CHUNK, work_ns, |i, y| {
        let terms = a[i * CHUNK..].iter().zip(&b[i * CHUNK..]);
        y.iter_mut().zip(terms).for_each(|(y, (&a, &b))| *y = f(a, b));
    });
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chunk_meets_its_partner() {
        // Enough work for threads; the last chunk is short.
        let len = 20 * CHUNK + 5;
        let x = Tensor::from_vec(&[len], (0..len).map(|i| i as f32).collect());
        let mut pool = Pool::poisoned();
        let y = map(&x, &mut pool, Cost::Plain, |x| 2.0 * x);
        let z = chain(map2("add", [&x, &y], &mut pool, |x, y| x + y), &y, Cost::Plain, |y| -y);
        for (i, &z) in z.as_slice().iter().enumerate() {
            let x = i as f32;
            assert_eq!(z, 3.0 * x * -(2.0 * x));
        }
    }

    #[test]
    fn every_row_meets_its_partner() {
        let (rows, len) = (50_001, 7);
        let x: Vec<f32> = (0..rows * len).map(|i| i as f32).collect();
        let mut y = vec![f32::NAN; rows * len];
        zip_rows(&mut y, &x, len, Cost::Exp, |y, x| y.fill(x[0]));
        assert!(y.iter().enumerate().all(|(i, &y)| y == (i / len * len) as f32));
    }
}
