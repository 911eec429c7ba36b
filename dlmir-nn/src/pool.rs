//! Recycled buffers.
//!
//! A training step makes and drops the same tensors each time: one per layer on the way forward, one
//! per layer on the way back. Asking the operating system for fresh zeroed pages each time costs more
//! than many a layer, so the tape takes its tensors from a [`Pool`] and gives them back. After one or
//! two steps every request is served from the shelf, and [`Pool::misses`] stands still.
//!
//! The pool is also given buffers that it did not make: the tape gives back the data that a program put
//! on it. It keeps of each length no more than it has made itself, so what it holds does not grow from
//! step to step.

use std::collections::HashMap;

use crate::gemm::Scratch;
use crate::tensor::Tensor;

/// A store of buffers, one shelf for each length.
#[derive(Debug, Default)]
pub struct Pool {
    shelves: HashMap<usize, Shelf>,
    misses: usize,
    poisoned: bool,
    scratch: Scratch,
}

/// The buffers of one length.
#[derive(Debug, Default)]
struct Shelf {
    /// Those that nobody uses.
    free: Vec<Vec<f32>>,
    /// How many the pool has made: enough for the largest number that was in use at once.
    made: usize,
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
        let shelf = self.shelves.entry(len).or_default();
        let mut data = shelf.free.pop().unwrap_or_else(|| {
            (shelf.made, self.misses) = (shelf.made + 1, self.misses + 1);
            vec![0.0; len]
        });
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

    /// Puts a tensor's buffer back on its shelf; drops it if the shelf has as many as were ever made.
    pub fn give(&mut self, tensor: Tensor) {
        let data = tensor.into_vec();
        let shelf = self.shelves.entry(data.len()).or_default();
        if shelf.free.len() < shelf.made {
            shelf.free.push(data);
        }
    }

    /// Says that a tensor from this pool will not be given back.
    pub(crate) fn let_go(&mut self, tensor: &Tensor) {
        let shelf = self.shelves.entry(tensor.len()).or_default();
        shelf.made = shelf.made.saturating_sub(1);
    }

    /// How many numbers lie on the shelves.
    pub fn held(&self) -> usize {
        self.shelves.iter().map(|(len, shelf)| len * shelf.free.len()).sum()
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
    fn what_the_pool_did_not_make_does_not_pile_up() {
        let (params, mut pool) = (crate::Params::new(), Pool::new());
        let step = |pool: &mut Pool| {
            let mut tape = crate::Tape::record(&params, pool);
            let data = tape.constant(Tensor::zeros(&[2, 3]));
            let leaf = tape.leaf(Tensor::zeros(&[2, 3]));
            let difference = tape.sub(data, leaf);
            let loss = tape.sum(difference, &[0, 1]);
            tape.backward(loss).give_back(pool);
            let mut tape = crate::Tape::record(&params, pool);
            let data = tape.constant(Tensor::zeros(&[5]));
            let y = tape.scale(data, 2.0);
            assert_eq!(tape.into_value(y).shape(), [5]);
        };
        (0..2).for_each(|_| step(&mut pool));
        let (held, misses) = (pool.held(), pool.misses());
        (0..100).for_each(|_| step(&mut pool));
        // The value that was taken off the tape is made anew each time.
        assert_eq!((pool.held(), pool.misses()), (held, misses + 100));
        assert!(pool.shelves.values().all(|shelf| shelf.made <= 3), "{:?}", pool.shelves);
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
