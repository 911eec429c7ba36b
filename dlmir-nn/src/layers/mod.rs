//! Layers: parameters plus an operation, one layer a file.
//!
//! A layer knows its settings and the ids of its parameters; the numbers are in [`crate::Params`]. What all
//! layers can do is the trait [`Layer`]: run on the tape, foretell a shape, count its work.

mod activation;
mod batch_norm;
mod conv2d;
mod dropout;
mod layer_norm;
mod linear;
mod pad;
mod parallel;
mod permute;
mod pool2d;
mod reshape;
mod sequential;
mod slice;

pub use activation::Activation;
pub use batch_norm::{BatchNorm, BatchNormOptions};
pub use conv2d::{Conv2d, ConvOptions};
pub use dropout::{Dropout, GaussianNoise, SpatialDropout};
pub use layer_norm::LayerNorm;
pub use linear::Linear;
pub use pad::Pad;
pub use parallel::{Join, Parallel};
pub use permute::Permute;
pub use pool2d::{AvgPool2d, AxisPool, GlobalPool, MaxPool2d};
pub use reshape::{Flatten, Reshape};
pub use sequential::{Sequential, SummaryRow};
pub use slice::Slice;

use crate::params::ParamId;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// Something that turns one value on the tape into another.
///
/// Shapes in [`Layer::output_shape`] and [`Layer::multiply_adds`] are those of one item, without the
/// batch axis, which always comes first on the tape.
pub trait Layer: Send + Sync {
    /// What kind of layer this is, for the summary: `linear`, `conv2d`.
    fn kind(&self) -> &'static str;

    /// Records the layer's computation for `x` `[batch, ...]`.
    ///
    /// # Panics
    /// If the layer cannot take this shape.
    #[track_caller]
    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var;

    /// The shape of one output item for an input item of this shape.
    ///
    /// # Errors
    /// If the layer cannot take this shape.
    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError>;

    /// The layer's parameters, weights and states.
    fn params(&self) -> Vec<ParamId> {
        Vec::new()
    }

    /// The networks inside this layer, with their names, each of which gets the layer's own input; a summary shows
    /// their layers too. All of the layer's parameters belong to them.
    fn branches(&self) -> &[(String, Sequential)] {
        &[]
    }

    /// Multiply-adds of the forward pass for one item of this shape; layers that only touch each element
    /// a few times count as 0, as is usual.
    fn multiply_adds(&self, _input: &[usize]) -> u64 {
        0
    }
}
