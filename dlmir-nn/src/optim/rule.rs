//! Running an update rule over all weights of a tensor.
//!
//! A rule looks at one weight at a time, so everything about it (the weight, its gradient, what is
//! remembered) is read once and written once: an update is limited by how fast memory can be walked
//! through. It uses no fused multiply-add, hence gives the same bits at every [`simd::Level`].

use crate::parallel;
use crate::shape::Show;
use crate::simd::{self, Kernel};
use crate::tensor::Tensor;

/// An update rule for a single weight that remembers `N` numbers about it: the definition of an optimiser.
pub trait Rule<const N: usize>: Copy + Send + Sync {
    /// From a weight w, its gradient g = dL/dw and the memory, to the new weight and the new memory.
    ///
    /// Mark it `#[inline(always)]`, so that it is compiled for each instruction set.
    fn step(self, w: f32, g: f32, memory: [f32; N]) -> (f32, [f32; N]);
}

/// Weights per piece of work for a thread.
const CHUNK: usize = 16 * 1024;

/// Nanoseconds that one weight takes on one core, roughly: for the choice of threads only.
const WEIGHT_NS: usize = 2;

/// One update of the weights `w` by their gradient `g`.
///
/// # Panics
/// If the shapes differ.
#[track_caller]
pub(crate) fn apply<const N: usize, R: Rule<N>>(
    rule: R,
    w: &mut Tensor,
    g: &Tensor,
    memory: &mut [Tensor; N],
) {
    let (level, work_ns) = (simd::level(), WEIGHT_NS * g.len());
    parallel::for_each_chunk(&mut pieces(w, g, memory), 1, work_ns, |_, piece| {
        simd::run(level, Update { rule, piece: &mut piece[0] });
    });
}

/// Some weights with all that belongs to them: the work of one task.
struct Piece<'a, const N: usize> {
    w: &'a mut [f32],
    g: &'a [f32],
    memory: [&'a mut [f32]; N],
}

#[track_caller]
fn pieces<'a, const N: usize>(
    w: &'a mut Tensor,
    g: &'a Tensor,
    memory: &'a mut [Tensor; N],
) -> Vec<Piece<'a, N>> {
    let shape = w.shape().to_vec();
    for (what, other) in [("gradient", g)].into_iter().chain(memory.iter().map(|m| ("memory", m))) {
        let got = other.shape();
        assert!(got == shape, "optimiser: a weight is {}, its {what} {}", Show(&shape), Show(got));
    }
    let mut memory = memory.each_mut().map(|m| m.as_mut_slice().chunks_mut(CHUNK));
    let weights = w.as_mut_slice().chunks_mut(CHUNK).zip(g.as_slice().chunks(CHUNK));
    weights
        .map(|(w, g)| {
            let memory = memory.each_mut().map(|m| m.next().expect("all have one length"));
            Piece { w, g, memory }
        })
        .collect()
}

struct Update<'p, 'a, const N: usize, R> {
    rule: R,
    piece: &'p mut Piece<'a, N>,
}

impl<const N: usize, R: Rule<N>> Kernel for Update<'_, '_, N, R> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Piece { w, g, memory } = self.piece;
        // Slices of one length `n`, so that the compiler can leave out the checks in the loop.
        let n = w.len();
        let (w, g) = (&mut w[..n], &g[..n]);
        for m in memory.iter_mut() {
            *m = &mut std::mem::take(m)[..n];
        }
        for i in 0..n {
            let (new, remembered) = self.rule.step(w[i], g[i], simd::array(|k| memory[k][i]));
            w[i] = new;
            for k in 0..N {
                memory[k][i] = remembered[k];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::forced::at_every_level;

    /// Adds 2 g and counts the updates.
    #[derive(Clone, Copy)]
    struct Count;

    impl Rule<1> for Count {
        fn step(self, w: f32, g: f32, [n]: [f32; 1]) -> (f32, [f32; 1]) {
            (w + 2.0 * g, [n + 1.0])
        }
    }

    #[test]
    fn every_weight_is_updated_once_whatever_the_length() {
        at_every_level(|| {
            for n in [0, 1, 7, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 3] {
                let ramp: Vec<f32> = (0..n).map(|i| i as f32).collect();
                let (mut w, g) = (Tensor::full(&[n], 1.0), Tensor::from_vec(&[n], ramp));
                let mut memory = [Tensor::zeros(&[n])];
                for _ in 0..2 {
                    apply(Count, &mut w, &g, &mut memory);
                }
                assert!(memory[0].as_slice().iter().all(|&m| m == 2.0));
                assert!(w.as_slice().iter().enumerate().all(|(i, &w)| w == 1.0 + 4.0 * i as f32));
            }
        });
    }

    #[test]
    #[should_panic(expected = "optimiser: a weight is [2, 3], its memory [3, 2]")]
    fn a_memory_of_another_shape_is_refused() {
        let (mut w, g) = (Tensor::zeros(&[2, 3]), Tensor::zeros(&[2, 3]));
        apply(Count, &mut w, &g, &mut [Tensor::zeros(&[3, 2])]);
    }
}
