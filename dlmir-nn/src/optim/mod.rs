//! Optimisers: how a gradient becomes a step.
//!
//! A gradient says in which direction each weight raises the loss and how steeply. The plain answer is
//! a small step the other way, w <- w - learning_rate * dL/dw ([`Sgd`]). All others remember something
//! about earlier gradients, weight by weight: a running mean that carries on through noise and along
//! valleys (momentum), or a running mean square by which they divide, so that rare and small gradients
//! take steps as long as frequent and large ones ([`AdaGrad`], [`RmsProp`]), or both ([`Adam`],
//! [`AdamW`], [`Nadam`]).
//!
//! Each rule is one file with one formula for a single weight ([`Rule`]); `rule.rs` runs it over all
//! weights of a tensor in a single pass. Where PyTorch and Keras mean different things by one name, the
//! difference is a field: `default()` is PyTorch's rule, `keras()` that of Keras.
//!
//! The learning rate is an argument of each update and not the optimiser's own: it comes from a
//! [`Schedule`] or a [`ReduceOnPlateau`]. Before an update, gradients can be cut with
//! [`clip_by_global_norm`] or [`clip_by_value`].
//!
//! ```
//! use dlmir_nn::{Adam, Optimizer, Params, Pool, Tape, Tensor};
//!
//! let mut params = Params::new();
//! let w = params.add("w", Tensor::from_vec(&[1, 1], vec![3.0]));
//! let (mut adam, mut pool) = (Adam::default(), Pool::new());
//! for _ in 0..100 {
//!     let mut tape = Tape::record(&params, &mut pool);
//!     let w = tape.param(w);
//!     let loss = tape.matmul(w, w); // w^2, smallest at 0
//!     let grads = tape.backward(loss);
//!     adam.update(&mut params, &grads, 0.1);
//!     grads.give_back(&mut pool);
//! }
//! assert!(params.value(w).as_slice()[0].abs() < 0.1);
//! ```

pub mod adagrad;
pub mod adam;
pub mod adamw;
pub mod clip;
pub mod memory;
pub mod nadam;
pub mod plateau;
pub mod rmsprop;
pub mod rule;
pub mod schedule;
pub mod sgd;

#[doc(inline)]
pub use adagrad::AdaGrad;
#[doc(inline)]
pub use adam::Adam;
#[doc(inline)]
pub use adamw::AdamW;
#[doc(inline)]
pub use clip::{clip_by_global_norm, clip_by_value, global_norm};
#[doc(inline)]
pub use memory::Memory;
#[doc(inline)]
pub use nadam::Nadam;
#[doc(inline)]
pub use plateau::{Mode, Progress, ReduceOnPlateau};
#[doc(inline)]
pub use rmsprop::RmsProp;
#[doc(inline)]
pub use rule::Rule;
#[doc(inline)]
pub use schedule::Schedule;
#[doc(inline)]
pub use sgd::{Sgd, Velocity};

use crate::gradients::Gradients;
use crate::params::Params;
use crate::tensor::Tensor;

/// A rule that changes parameters along their gradients.
pub trait Optimizer: Send {
    /// The name in logs and files: `adam`.
    fn name(&self) -> &'static str;

    /// One update of all trainable parameters that have a gradient, with this learning rate; then each
    /// one's constraint, if it has one.
    ///
    /// # Panics
    /// If a parameter has changed its shape since the last update, or a setting is out of its range: a
    /// share that is kept (momentum, beta1, beta2, rho) must be in [0, 1), epsilon not negative.
    #[track_caller]
    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64);

    /// All that must be saved to go on later with the same bits: names and arrays. The names are
    /// `PARAMETER/WHAT`, for instance `dense1/weight/first_moment`, in alphabetical order of parameters.
    ///
    /// `PARAMETER/updates` says how often the parameter was updated: two numbers h and l that stand for
    /// 2^24 h + l, because `f32` counts without gaps only to 2^24 (16.8 million).
    fn state(&self) -> Vec<(String, Tensor)>;

    /// Takes up what [`Optimizer::state`] gave. `params` are those that will be updated.
    ///
    /// A parameter that does not occur in the state starts anew, as before its first update. So the empty
    /// state is always accepted: it is that of an optimiser that has made no update, or remembers nothing
    /// (SGD without momentum). Whether a file should have had one, its reader must know.
    ///
    /// # Errors
    /// If an array is missing, belongs to no parameter, or has another shape than it; then the optimiser
    /// is as it was before.
    fn restore(&mut self, state: &[(String, Tensor)], params: &Params) -> Result<(), OptimError>;
}

/// A saved state that does not fit the optimiser or the parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimError {
    /// An array without which the optimiser cannot go on.
    #[error("the optimiser's state has no `{name}`")]
    Missing {
        /// The name that was looked for.
        name: String,
    },
    /// An array that belongs to another optimiser or another network.
    #[error("the optimiser's state has `{name}`, which this optimiser has no use for")]
    Unknown {
        /// The name that was found.
        name: String,
    },
    /// An array of the wrong shape.
    #[error("the optimiser's state `{name}` is {got:?}, the network wants {wanted:?}")]
    Shape {
        /// The name of the array.
        name: String,
        /// Its shape.
        got: Vec<usize>,
        /// The shape that fits.
        wanted: Vec<usize>,
    },
    /// A count that is negative, broken or beyond 2^48.
    #[error("the optimiser's state `{name}` is not a count of updates")]
    Count {
        /// The name of the array.
        name: String,
    },
}

/// Checks what divides and what remembers: each share that is kept of a running mean must be in [0, 1),
/// and epsilon must not be negative.
#[track_caller]
fn check_settings(name: &str, kept: &[f64], epsilon: f64) {
    for kept in kept {
        assert!((0.0..1.0).contains(kept), "{name}: keeps a share of {kept}, it must be in [0, 1)");
    }
    assert!(epsilon >= 0.0, "{name}: epsilon is {epsilon}, it must not be negative");
}

/// Calls `step(name, w, dL/dw)` for each trainable parameter that has a gradient, then its constraint.
fn for_each_weight(
    params: &mut Params,
    grads: &Gradients,
    mut step: impl FnMut(&str, &mut Tensor, &Tensor),
) {
    for (id, grad) in grads.iter() {
        if !params.is_trainable(id) {
            continue;
        }
        let param = params.get_mut(id);
        step(&param.name, &mut param.value, grad);
        if let Some(constraint) = param.constraint {
            constraint.apply(&mut param.value);
        }
    }
}
