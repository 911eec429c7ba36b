//! The contract of an operation: how to compute it, and how to pass its gradient back.

use crate::pool::Pool;
use crate::tensor::Tensor;

/// A differentiable function of `N` tensors.
///
/// An implementation is a small struct that holds the settings (a convolution's stride, a dropout's rate),
/// never data. What `forward` finds out on the way, such as a dropout's mask, is [`Op::Saved`]. Operations are layer-sized: a whole matrix product, a whole convolution, a whole loss.
pub trait Op<const N: usize>: Send + Sync + 'static {
    /// What `forward` keeps for `backward` beyond inputs and output; `()` where these are enough.
    type Saved: Saved;

    /// The name in messages, for instance `linear`.
    fn name(&self) -> &'static str;

    /// y = f(x). Takes every tensor it needs from the pool, and writes all of y.
    ///
    /// # Panics
    /// If the shapes do not fit the operation; the message names it, the axis and the shapes, and the line
    /// where the operation was asked for.
    #[track_caller]
    fn forward(&self, x: [&Tensor; N], pool: &mut Pool) -> (Tensor, Self::Saved);

    /// From dL/dy, which arrives by value, to dL/dx of each input; the buffer that came may leave again
    /// as a result, otherwise it goes to the pool. `None` stands for an input without gradient, and is
    /// always right where [`At::needs`] says so.
    fn backward(
        &self,
        at: At<'_, N, Self::Saved>,
        grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; N];
}

/// Where on the tape a backward step happens: what the forward step saw and made.
pub struct At<'a, const N: usize, S> {
    /// The inputs x of the forward step.
    pub inputs: [&'a Tensor; N],
    /// Its output y.
    pub output: &'a Tensor,
    /// What it saved.
    pub saved: S,
    /// Which inputs want a gradient: not the data, not frozen weights.
    pub needs: [bool; N],
}

/// What an operation may save: tensors that find their way back to the pool.
pub trait Saved: Send + 'static {
    /// Gives the buffers back.
    fn give_back(self, pool: &mut Pool);
}

impl Saved for () {
    fn give_back(self, _: &mut Pool) {}
}

impl Saved for Tensor {
    fn give_back(self, pool: &mut Pool) {
        pool.give(self);
    }
}

impl<S: Saved> Saved for Option<S> {
    fn give_back(self, pool: &mut Pool) {
        if let Some(saved) = self {
            saved.give_back(pool);
        }
    }
}

impl<A: Saved, B: Saved> Saved for (A, B) {
    fn give_back(self, pool: &mut Pool) {
        self.0.give_back(pool);
        self.1.give_back(pool);
    }
}
