//! Shapes: how they are printed, and what is said when they do not fit.

use std::fmt;

/// Prints a shape the way the documentation writes it: `[32, 80, 80, 1]`.
#[derive(Clone, Copy)]
pub struct Show<'a>(pub &'a [usize]);

impl fmt::Display for Show<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[")?;
        for (axis, size) in self.0.iter().enumerate() {
            write!(f, "{}{size}", if axis == 0 { "" } else { ", " })?;
        }
        write!(f, "]")
    }
}

/// A layer was asked to take an input that it cannot take.
///
/// Returned where a network is put together from a description ([`crate::Layer::output_shape`]), so
/// that a mistake in a model file is an error with a name and not a panic in the middle of training.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("layer `{layer}`: {problem}, but its input is {}", Show(.input))]
#[non_exhaustive]
pub struct ShapeError {
    /// The layer's name within its network, or its kind where it has no name yet.
    pub layer: String,
    /// What the layer wants, in words, with the axis.
    pub problem: String,
    /// The shape that came, without the batch axis.
    pub input: Vec<usize>,
}

impl ShapeError {
    /// An error of `layer`, which wants what `problem` says and got `input`.
    pub fn new(layer: &str, problem: impl Into<String>, input: &[usize]) -> ShapeError {
        ShapeError { layer: layer.to_string(), problem: problem.into(), input: input.to_vec() }
    }

    /// The same error under the name that the layer has in its network.
    pub fn named(self, layer: &str) -> ShapeError {
        ShapeError { layer: layer.to_string(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_tells_layer_wish_and_shape() {
        let error = ShapeError::new("linear", "wants 3200 features on axis 1", &[40, 80]);
        assert_eq!(
            error.named("dense1").to_string(),
            "layer `dense1`: wants 3200 features on axis 1, but its input is [40, 80]"
        );
    }
}
