//! Layers that make maps smaller: the largest of each window, or one number for a whole map.

use crate::layers::Layer;
use crate::shape::{ShapeError, Show, window_count};
use crate::tape::{Tape, Var};

/// The largest number of each window of a map; what is left over at the end is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxPool2d {
    window: [usize; 2],
    stride: [usize; 2],
}

impl MaxPool2d {
    /// Windows `[freq, time]` side by side.
    ///
    /// # Panics
    /// If a size is 0.
    #[track_caller]
    pub fn new(window: [usize; 2]) -> MaxPool2d {
        MaxPool2d::with_stride(window, window)
    }

    /// Windows `[freq, time]` whose starts are `stride` apart.
    ///
    /// # Panics
    /// If a size is 0.
    #[track_caller]
    pub fn with_stride(window: [usize; 2], stride: [usize; 2]) -> MaxPool2d {
        let positive = window.iter().chain(&stride).all(|&size| size > 0);
        assert!(positive, "max_pool2d: window {window:?} and stride {stride:?} must be at least 1");
        MaxPool2d { window, stride }
    }
}

impl Layer for MaxPool2d {
    fn kind(&self) -> &'static str {
        "max_pool2d"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.max_pool2d(x, self.window, self.stride)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let error = |problem: String| Err(ShapeError::new("max_pool2d", problem, input));
        let &[h, w, channels] = input else {
            return error("wants maps [freq, time, channels]".into());
        };
        let output = [0, 1].map(|a| window_count([h, w][a], self.window[a], self.stride[a]));
        match output.iter().position(|&size| size == 0) {
            Some(axis) => {
                let window = self.window[axis];
                error(format!("wants at least {window} elements on axis {}", axis + 1))
            }
            None => Ok(vec![output[0], output[1], channels]),
        }
    }
}

/// The mean of each window of a map; what is left over at the end is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AvgPool2d {
    window: [usize; 2],
    stride: [usize; 2],
}

impl AvgPool2d {
    /// Windows `[freq, time]` side by side.
    ///
    /// # Panics
    /// If a size is 0.
    #[track_caller]
    pub fn new(window: [usize; 2]) -> AvgPool2d {
        AvgPool2d::with_stride(window, window)
    }

    /// Windows `[freq, time]` whose starts are `stride` apart.
    ///
    /// # Panics
    /// If a size is 0.
    #[track_caller]
    pub fn with_stride(window: [usize; 2], stride: [usize; 2]) -> AvgPool2d {
        let positive = window.iter().chain(&stride).all(|&size| size > 0);
        assert!(positive, "avg_pool2d: window {window:?} and stride {stride:?} must be at least 1");
        AvgPool2d { window, stride }
    }
}

impl Layer for AvgPool2d {
    fn kind(&self) -> &'static str {
        "avg_pool2d"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.avg_pool2d(x, self.window, self.stride)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        // The windows are those of max-pooling.
        let windows = MaxPool2d { window: self.window, stride: self.stride };
        windows.output_shape(input).map_err(|error| error.named("avg_pool2d"))
    }
}

/// One axis of a map as small as it can be: the largest number or the mean of all bands, or of all frames. The axis stays, with
/// length 1: `[batch, freq, time, channels]` to `[batch, 1, time, channels]` or `[batch, freq, 1, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AxisPool {
    /// The largest number along axis 1 (frequency) or 2 (time), counted from 1 because axis 0 is the batch.
    Max(usize),
    /// The mean along it.
    Mean(usize),
}

impl AxisPool {
    fn axis(self) -> usize {
        match self {
            AxisPool::Max(axis) | AxisPool::Mean(axis) => axis,
        }
    }

    /// A window that is as long as the map along the axis.
    fn window(self, map: &[usize]) -> [usize; 2] {
        [1, 2].map(|axis| if axis == self.axis() { map[axis - 1] } else { 1 })
    }
}

impl Layer for AxisPool {
    fn kind(&self) -> &'static str {
        match self {
            AxisPool::Max(_) => "axis_max",
            AxisPool::Mean(_) => "axis_mean",
        }
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let shape = tape.shape(x);
        assert!(shape.len() == 4, "{}: wants maps, x is {}", self.kind(), Show(shape));
        let window = self.window(&shape[1..]);
        match self {
            AxisPool::Max(_) => tape.max_pool2d(x, window, window),
            AxisPool::Mean(_) => tape.avg_pool2d(x, window, window),
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match *input {
            [h, w, channels] if h * w > 0 && (1..=2).contains(&self.axis()) => {
                let window = self.window(input);
                Ok(vec![h / window[0], w / window[1], channels])
            }
            _ => {
                let problem = format!("wants maps with an axis {} of 1 or 2", self.axis());
                Err(ShapeError::new(self.kind(), problem, input))
            }
        }
    }
}

/// One number for a whole map, wherever in it something was found: `[batch, freq, time, channels]` to
/// `[batch, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GlobalPool {
    /// The mean: how much of it there is.
    Mean,
    /// The largest: whether it is there at all.
    Max,
    /// Both, the means first: `[batch, 2 channels]`.
    MeanMax,
}

impl Layer for GlobalPool {
    fn kind(&self) -> &'static str {
        match self {
            GlobalPool::Mean => "global_mean",
            GlobalPool::Max => "global_max",
            GlobalPool::MeanMax => "global_mean_max",
        }
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        match self {
            GlobalPool::Mean => tape.global_mean_pool(x),
            GlobalPool::Max => tape.global_max_pool(x),
            GlobalPool::MeanMax => {
                let parts = [tape.global_mean_pool(x), tape.global_max_pool(x)];
                tape.concat(parts, 1)
            }
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match *input {
            [h, w, channels] if h * w > 0 => {
                let factor = if *self == GlobalPool::MeanMax { 2 } else { 1 };
                Ok(vec![factor * channels])
            }
            _ => Err(ShapeError::new(self.kind(), "wants maps [freq, time, channels]", input)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Pool, Rng, Tensor, gradcheck};

    #[test]
    fn the_foretold_shapes_are_the_shapes() {
        let params = Params::new();
        let mut pool = Pool::poisoned();
        let layers: [&dyn Layer; 10] = [
            &AvgPool2d::new([2, 3]),
            &AxisPool::Max(1),
            &AxisPool::Max(2),
            &AxisPool::Mean(1),
            &AxisPool::Mean(2),
            &MaxPool2d::new([2, 3]),
            &MaxPool2d::with_stride([4, 1], [2, 2]),
            &GlobalPool::Mean,
            &GlobalPool::Max,
            &GlobalPool::MeanMax,
        ];
        for layer in layers {
            let mut tape = Tape::record(&params, &mut pool);
            let x = gradcheck::random(&[2, 7, 9, 5], 0.0, &mut Rng::new(1, 0));
            let x = tape.constant(x);
            let y = layer.forward(&mut tape, x);
            assert!(tape.value(y).all_finite());
            assert_eq!(tape.shape(y)[1..], layer.output_shape(&[7, 9, 5]).unwrap()[..]);
        }
    }

    #[test]
    fn both_pools_are_side_by_side() {
        let params = Params::new();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::from_vec(&[1, 2, 2, 1], vec![1.0, 2.0, 3.0, 6.0]));
        let y = GlobalPool::MeanMax.forward(&mut tape, x);
        assert_eq!(tape.value(y).as_slice(), [3.0, 6.0]);
    }

    #[test]
    fn misfits_are_named() {
        let error = MaxPool2d::new([2, 4]).output_shape(&[8, 3, 1]).unwrap_err().to_string();
        assert!(error.contains("wants at least 4 elements on axis 2"), "{error}");
        assert!(GlobalPool::Max.output_shape(&[3]).is_err());
        assert!(AxisPool::Max(3).output_shape(&[4, 4, 1]).is_err());
        let error = AvgPool2d::new([9, 1]).output_shape(&[8, 3, 1]).unwrap_err();
        assert_eq!(error.layer, "avg_pool2d");
    }
}
