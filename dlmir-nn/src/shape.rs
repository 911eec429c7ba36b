//! Shapes: how they are printed, how a window runs over an axis, and what is said when they do not fit.

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
#[error("layer `{layer}`: {problem}{}, but its input is {}", For(.weight), Show(.input))]
#[non_exhaustive]
pub struct ShapeError {
    /// The layer's name within its network, or its kind where it has no name yet.
    pub layer: String,
    /// What the layer wants, in words, with the axis.
    pub problem: String,
    /// The shape of the layer's weight, if it has one that demands this.
    pub weight: Option<Vec<usize>>,
    /// The shape that came, without the batch axis.
    pub input: Vec<usize>,
}

impl ShapeError {
    /// An error of `layer`, which wants what `problem` says and got `input`.
    pub fn new(layer: &str, problem: impl Into<String>, input: &[usize]) -> ShapeError {
        let (layer, problem) = (layer.to_string(), problem.into());
        ShapeError { layer, problem, weight: None, input: input.to_vec() }
    }

    /// The same error of a layer whose weight has this shape.
    pub fn with_weight(self, weight: &[usize]) -> ShapeError {
        ShapeError { weight: Some(weight.to_vec()), ..self }
    }

    /// The same error under the name that the layer has in its network.
    pub fn named(self, layer: &str) -> ShapeError {
        ShapeError { layer: layer.to_string(), ..self }
    }

    /// The same error of a layer that is inside another one.
    pub fn within(self, outer: &str) -> ShapeError {
        let layer = if outer.is_empty() { self.layer } else { format!("{outer}/{}", self.layer) };
        ShapeError { layer, ..self }
    }
}

/// Nothing, or for which weight something is wanted.
struct For<'a>(&'a Option<Vec<usize>>);

impl fmt::Display for For<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|weight| write!(f, " for its weight {}", Show(weight)))
    }
}

/// What surrounds a map while a window (a convolution's kernel) runs over it. Padding counts as zeros.
///
/// On each axis, a window of `kernel` elements moving by `stride` over `len` elements with `before` and
/// `after` elements of padding has
///
/// ```text
/// output = floor((before + len + after - kernel) / stride) + 1   positions,
/// ```
///
/// and what is left over at the end is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// None: the window stays inside.
    Valid,
    /// As many that output = ceil(len / stride): with stride 1, as many outputs as inputs. Where the
    /// number is odd (an even kernel, or a stride above 1), the one more is at the end, as in Keras.
    /// PyTorch agrees at stride 1 and offers no other.
    Same,
    /// Given for each side: `[[before, after] on freq, [before, after] on time]`.
    Explicit([[usize; 2]; 2]),
}

impl Padding {
    /// Padding before and after each of the two axes `[freq, time]` for a window of this size.
    ///
    /// # Panics
    /// If a stride is 0.
    pub fn sides(
        self,
        input: [usize; 2],
        kernel: [usize; 2],
        stride: [usize; 2],
    ) -> [[usize; 2]; 2] {
        match self {
            Padding::Valid => [[0, 0]; 2],
            Padding::Explicit(sides) => sides,
            Padding::Same => std::array::from_fn(|axis| {
                let (len, stride) = (input[axis], stride[axis]);
                if len == 0 {
                    return [0, 0];
                }
                let reach = (len.div_ceil(stride) - 1) * stride + kernel[axis];
                let total = reach.saturating_sub(len);
                [total / 2, total - total / 2]
            }),
        }
    }
}

/// How many positions a window of `kernel` elements has on an axis of `len` (padding included) when it
/// moves by `stride`; none if it does not fit.
pub(crate) fn window_count(len: usize, kernel: usize, stride: usize) -> usize {
    if len < kernel { 0 } else { (len - kernel) / stride + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_keeps_the_size_and_puts_the_odd_one_at_the_end() {
        let sides =
            |len, kernel, stride| Padding::Same.sides([len; 2], [kernel; 2], [stride; 2])[0];
        assert_eq!(sides(80, 3, 1), [1, 1]);
        assert_eq!(sides(80, 10, 1), [4, 5]);
        assert_eq!(sides(80, 3, 2), [0, 1]);
        assert_eq!(sides(81, 3, 2), [1, 1]);
        assert_eq!(sides(8, 1, 4), [0, 0]);
        for (len, kernel, stride) in [(80, 10, 1), (7, 4, 2), (9, 2, 3), (1, 5, 2)] {
            let padded = len + sides(len, kernel, stride).iter().sum::<usize>();
            assert_eq!(window_count(padded, kernel, stride), len.div_ceil(stride));
        }
        assert_eq!(window_count(2, 3, 1), 0);
    }

    #[test]
    fn an_error_tells_layer_wish_and_shape() {
        let error = ShapeError::new("linear", "wants 3200 features on axis 1", &[40, 80]);
        assert_eq!(
            error.clone().named("dense1").to_string(),
            "layer `dense1`: wants 3200 features on axis 1, but its input is [40, 80]"
        );
        assert_eq!(
            error.with_weight(&[3200, 512]).named("dense1").to_string(),
            "layer `dense1`: wants 3200 features on axis 1 for its weight [3200, 512], but its input is \
             [40, 80]"
        );
    }
}
