//! The convolutional layer.

use crate::init::Init;
use crate::layers::Layer;
use crate::ops::conv2d::reach;
use crate::ops::{Conv2dMaxPoolOp, Conv2dOp};
use crate::params::{ParamId, Params};
use crate::rng::Rng;
use crate::shape::{Padding, ShapeError, Show, window_count};
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// The settings of a [`Conv2d`] beyond its sizes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ConvOptions {
    /// How far the kernel moves, `[freq, time]`; default 1, 1.
    pub stride: [usize; 2],
    /// Zeros around the map; default [`Padding::Same`].
    pub padding: Padding,
    /// How far the kernel's numbers lie apart, `[freq, time]`; default 1, 1: side by side.
    pub dilation: [usize; 2],
    /// Whether there is a bias; default true.
    pub bias: bool,
    /// How the weight is drawn; default Glorot-uniform, as in Keras.
    pub init: Init,
}

impl Default for ConvOptions {
    fn default() -> ConvOptions {
        ConvOptions {
            stride: [1, 1],
            padding: Padding::Same,
            dilation: [1, 1],
            bias: true,
            init: Init::GlorotUniform,
        }
    }
}

/// Filters that slide over maps `[batch, freq, time, in_channels]` and make one map each:
/// `[batch, freq, time, out_channels]`.
///
/// Parameters: `NAME/weight` `[kernel_h, kernel_w, in_channels, out_channels]` and, unless switched off,
/// `NAME/bias` `[out_channels]`. Keras stores the weight the same way; PyTorch has
/// `[out, in, kernel_h, kernel_w]`.
#[derive(Debug, Clone)]
pub struct Conv2d {
    kernel: [usize; 2],
    channels: [usize; 2],
    options: ConvOptions,
    weight: ParamId,
    bias: Option<ParamId>,
}

impl Conv2d {
    /// A layer with a kernel of this size, `[freq, time]`.
    ///
    /// # Panics
    /// If `params` has a layer of this name already, or a stride, a dilation, a size of the kernel or a
    /// number of channels is 0.
    #[track_caller]
    pub fn new(
        params: &mut Params,
        name: &str,
        [in_channels, out_channels]: [usize; 2],
        kernel: [usize; 2],
        options: ConvOptions,
        rng: &mut Rng,
    ) -> Conv2d {
        let shape = [kernel[0], kernel[1], in_channels, out_channels];
        assert!(
            shape.iter().chain(&options.stride).chain(&options.dilation).all(|&size| size > 0),
            "conv2d `{name}`: stride {}, dilation {} and all sizes of the weight {} must be at least 1",
            Show(&options.stride),
            Show(&options.dilation),
            Show(&shape)
        );
        let weight = params.add(&format!("{name}/weight"), options.init.tensor(&shape, rng));
        let zeros = || Tensor::zeros(&[out_channels]);
        let bias = options.bias.then(|| params.add(&format!("{name}/bias"), zeros()));
        Conv2d { kernel, channels: [in_channels, out_channels], options, weight, bias }
    }

    /// The weight `[kernel_h, kernel_w, in_channels, out_channels]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The layer and max-pooling after it, in windows `[freq, time]` side by side: the numbers of the two one after the other,
    /// without storing the map between them. An activation that never falls (ReLU, ELU, tanh) may come afterwards.
    ///
    /// # Panics
    /// If x does not fit, or the window is larger than the map.
    #[track_caller]
    pub fn forward_max_pool(&self, tape: &mut Tape<'_>, x: Var, window: [usize; 2]) -> Var {
        let ConvOptions { stride, padding, dilation, .. } = self.options;
        let Some(bias) = self.bias.filter(|_| dilation == [1, 1]) else {
            let map = self.forward(tape, x);
            return tape.max_pool2d(map, window, window);
        };
        let (weight, bias) = (tape.param(self.weight), tape.param(bias));
        tape.conv2d_max_pool(x, weight, bias, Conv2dMaxPoolOp { stride, padding, window })
    }
}

impl Layer for Conv2d {
    fn kind(&self) -> &'static str {
        "conv2d"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let weight = tape.param(self.weight);
        let bias = self.bias.map(|bias| tape.param(bias));
        let ConvOptions { stride, padding, dilation, .. } = self.options;
        tape.conv2d(x, weight, bias, Conv2dOp { stride, padding, dilation })
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let ([in_channels, out_channels], [kernel_h, kernel_w]) = (self.channels, self.kernel);
        let weight = [kernel_h, kernel_w, in_channels, out_channels];
        let error =
            |problem: String| Err(ShapeError::new("conv2d", problem, input).with_weight(&weight));
        let &[h, w, channels] = input else {
            return error("wants maps [freq, time, channels]".into());
        };
        if channels != in_channels {
            return error(format!("wants {in_channels} channels on its last axis"));
        }
        let reach = reach(self.kernel, self.options.dilation);
        let padding = self.options.padding.sides([h, w], reach, self.options.stride);
        let mut output = vec![0, 0, out_channels];
        for axis in 0..2 {
            let padded = input[axis] + padding[axis][0] + padding[axis][1];
            output[axis] = window_count(padded, reach[axis], self.options.stride[axis]);
            if output[axis] == 0 {
                let reach = reach[axis];
                return error(format!("wants at least {reach} elements on axis {}", axis + 1));
            }
        }
        Ok(output)
    }

    fn params(&self) -> Vec<ParamId> {
        [Some(self.weight), self.bias].into_iter().flatten().collect()
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        let taps = self.kernel[0] * self.kernel[1] * self.channels[0];
        let outputs: usize = self.output_shape(input).map_or(0, |shape| shape.iter().product());
        (outputs * taps) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Pool;

    fn layer(params: &mut Params, padding: Padding) -> Conv2d {
        let options = ConvOptions { padding, stride: [2, 1], ..ConvOptions::default() };
        Conv2d::new(params, "conv1", [1, 16], [3, 5], options, &mut Rng::new(1, 0))
    }

    #[test]
    fn the_foretold_shape_is_the_shape() {
        for padding in [Padding::Valid, Padding::Same, Padding::Explicit([[1, 0], [2, 3]])] {
            let mut params = Params::new();
            let layer = layer(&mut params, padding);
            let mut pool = Pool::new();
            let mut tape = Tape::record(&params, &mut pool);
            let x = tape.constant(Tensor::zeros(&[2, 40, 80, 1]));
            let y = layer.forward(&mut tape, x);
            let foretold = layer.output_shape(&[40, 80, 1]).unwrap();
            assert_eq!(tape.shape(y)[1..], foretold[..]);
            let outputs = foretold.iter().product::<usize>() as u64;
            assert_eq!(layer.multiply_adds(&[40, 80, 1]), 15 * outputs);
        }
    }

    #[test]
    fn misfits_are_named() {
        let mut params = Params::new();
        let layer = layer(&mut params, Padding::Valid);
        let message = |input: &[usize]| layer.output_shape(input).unwrap_err().to_string();
        assert!(message(&[40, 80, 3]).contains(
            "wants 1 channels on its last axis for its weight [3, 5, 1, 16], but its input is [40, 80, 3]"
        ));
        assert!(message(&[40, 4, 1]).contains("wants at least 5 elements on axis 2"));
        assert!(message(&[40]).contains("wants maps [freq, time, channels]"));
    }

    #[test]
    #[should_panic(
        expected = "conv2d `c`: stride [0, 1], dilation [1, 1] and all sizes of the weight [3, 5, 1, 16] must be at least 1"
    )]
    fn a_stride_of_zero_is_refused() {
        let options = ConvOptions { stride: [0, 1], ..ConvOptions::default() };
        Conv2d::new(&mut Params::new(), "c", [1, 16], [3, 5], options, &mut Rng::new(1, 0));
    }
}
