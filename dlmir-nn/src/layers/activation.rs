//! Activations as layers.

use crate::layers::Layer;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// A function of each element (for softmax: of each row) without parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// max(x, 0).
    Relu,
}

impl Layer for Activation {
    fn kind(&self) -> &'static str {
        match self {
            Activation::Relu => "relu",
        }
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        match *self {
            Activation::Relu => tape.relu(x),
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}
