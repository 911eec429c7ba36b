//! Recycled buffers.
//!
//! A training step makes and drops the same tensors each time: one per layer on the way forward, one
//! per layer on the way back. Asking the operating system for fresh zeroed pages each time costs more
//! than many a layer, so the tape takes its tensors from a [`Pool`] and gives them back. After one or
//! two steps every request is served from the shelf, and [`Pool::misses`] stands still.

use std::collections::HashMap;

use crate::gemm::Scratch;
use crate::tensor::Tensor;

/// A shelf of buffers, sorted by length.
#[derive(Debug, Default)]
pub struct Pool {
    shelf: HashMap<usize, Vec<Vec<f32>>>,
    misses: usize,
    poisoned: bool,
    scratch: Scratch,
}

impl Pool {
    /// An empty pool.
    pub fn new() -> Pool {
        Pool::default()
    }

    /// A pool whose every buffer comes filled with NaN, for tests: an operation that reads what it
    /// should have written, or leaves a part unwritten, shows at once.
    pub fn poisoned() -> Pool {
        Pool { poisoned: true, ..Pool::default() }
    }

    /// A tensor of this shape with *any* content: whoever takes it writes all of it before reading.
    pub fn take(&mut self, shape: &[usize]) -> Tensor {
        let len = shape.iter().product();
        let mut data = match self.shelf.get_mut(&len).and_then(Vec::pop) {
            Some(data) => data,
            None => {
                self.misses += 1;
                vec![0.0; len]
            }
        };
        if self.poisoned {
            data.fill(f32::NAN);
        }
        Tensor::from_vec(shape, data)
    }

    /// A tensor of this shape filled with zeros, for results that are summed up.
    pub fn take_zeroed(&mut self, shape: &[usize]) -> Tensor {
        let mut tensor = self.take(shape);
        tensor.as_mut_slice().fill(0.0);
        tensor
    }

    /// A copy of `source` in a recycled buffer.
    pub fn copy_of(&mut self, source: &Tensor) -> Tensor {
        let mut tensor = self.take(source.shape());
        tensor.as_mut_slice().copy_from_slice(source.as_slice());
        tensor
    }

    /// Puts a tensor's buffer back on the shelf.
    pub fn give(&mut self, tensor: Tensor) {
        let data = tensor.into_vec();
        self.shelf.entry(data.len()).or_default().push(data);
    }

    /// The working memory of matrix products, for [`crate::gemm::gemm`].
    pub fn scratch(&mut self) -> &mut Scratch {
        &mut self.scratch
    }

    /// How often [`Pool::take`] had to allocate. A warm training step adds nothing to it.
    pub fn misses(&self) -> usize {
        self.misses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_returned_buffer_is_used_again_for_any_shape_of_its_length() {
        let mut pool = Pool::new();
        let t = pool.take(&[2, 6]);
        pool.give(t);
        let t = pool.take(&[3, 4]);
        assert_eq!((t.shape(), pool.misses()), (&[3, 4][..], 1));
        let other = pool.take(&[12]);
        assert_eq!((other.len(), pool.misses()), (12, 2));
    }

    #[test]
    fn poison_is_in_new_and_in_used_buffers() {
        let mut pool = Pool::poisoned();
        for _ in 0..2 {
            let mut t = pool.take(&[3]);
            assert!(t.as_slice().iter().all(|x| x.is_nan()));
            t.as_mut_slice().fill(1.0);
            pool.give(t);
        }
        assert_eq!(pool.take_zeroed(&[3]).as_slice(), [0.0; 3]);
    }
}
