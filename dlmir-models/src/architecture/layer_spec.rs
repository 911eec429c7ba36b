//! One layer's settings: what stands in a description.

use dlmir_nn::ops::Margin;
use dlmir_nn::{AxisPool, BatchNormOptions, ConvOptions, GlobalPool, Init, Join, Padding};

/// The settings of one layer. What follows from the layer before, such as the number of input channels,
/// is not stated. The formulas are in [`dlmir_nn::ops`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LayerSpec {
    /// y = x W + b on the last axis.
    Linear {
        /// Output features.
        units: usize,
        /// Whether there is a bias.
        bias: bool,
        /// How the weight is drawn.
        init: Init,
    },
    /// Filters that slide over maps `[freq, time, channels]`.
    Conv2d {
        /// Output channels, one for each filter.
        channels: usize,
        /// The size of a filter, `[freq, time]`.
        kernel: [usize; 2],
        /// How far it moves, `[freq, time]`.
        stride: [usize; 2],
        /// Zeros around the map.
        padding: Padding,
        /// How far its numbers lie apart on the map, `[freq, time]`; 1 for neighbours.
        dilation: [usize; 2],
        /// Whether there is a bias.
        bias: bool,
        /// How the weight is drawn.
        init: Init,
    },
    /// The largest number of each window; what is left over is dropped.
    MaxPool2d {
        /// The size of a window, `[freq, time]`.
        window: [usize; 2],
        /// How far apart windows start, `[freq, time]`.
        stride: [usize; 2],
    },
    /// The mean of each window; what is left over is dropped.
    AvgPool2d {
        /// The size of a window, `[freq, time]`.
        window: [usize; 2],
        /// How far apart windows start, `[freq, time]`.
        stride: [usize; 2],
    },
    /// The largest number or the mean of all bands, or of all frames; the axis stays, with length 1.
    AxisPool(AxisPool),
    /// One number, or two, for a whole map.
    GlobalPool(GlobalPool),
    /// Each channel with mean 0 and deviation 1, then scaled and shifted by learnt numbers.
    BatchNorm(BatchNormOptions),
    /// Each item's last axis with mean 0 and deviation 1, then scaled and shifted by learnt numbers.
    LayerNorm {
        /// Added to the variance.
        epsilon: f32,
    },
    /// max(x, 0).
    Relu,
    /// x where x > 0, alpha x elsewhere.
    LeakyRelu {
        /// 0.3 in Keras, 0.01 in PyTorch.
        alpha: f32,
    },
    /// x where x > 0, alpha (exp(x) - 1) elsewhere.
    Elu {
        /// Usually 1.
        alpha: f32,
    },
    /// ELU with the scale and alpha that keep mean and deviation.
    Selu,
    /// x times the normal distribution's probability of being below x.
    Gelu,
    /// The approximation of GELU by tanh, with which some models were trained.
    GeluTanh,
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// tanh(x).
    Tanh,
    /// Probabilities along the last axis.
    Softmax,
    /// Log-probabilities along the last axis.
    LogSoftmax,
    /// The last axis divided by its length.
    L2Normalize,
    /// In training, drops each element with a probability.
    Dropout {
        /// The probability, in [0, 1).
        rate: f32,
    },
    /// In training, drops whole channels with a probability.
    SpatialDropout {
        /// The probability, in [0, 1).
        rate: f32,
    },
    /// In training, adds a normal random number to each element.
    GaussianNoise {
        /// Its standard deviation.
        stddev: f32,
    },
    /// Networks side by side on one input, whose outputs are joined: parallel filters, residual blocks, gates. The
    /// layers of branch `freq` are named `LAYER/freq/...`.
    Parallel {
        /// How the outputs become one.
        join: Join,
        /// The branches with their names; one without layers passes its input on.
        branches: Vec<(String, Vec<(String, LayerSpec)>)>,
    },
    /// The axes of an item in another order.
    Permute {
        /// Output axis k is input axis `axes[k - 1]`, counted from 1 because axis 0 is the batch.
        axes: Vec<usize>,
    },
    /// Some neighbours along one axis.
    Slice {
        /// The axis, counted from 1 because axis 0 is the batch.
        axis: usize,
        /// The first element that stays.
        start: usize,
        /// How many stay.
        length: usize,
    },
    /// More elements along one axis.
    Pad {
        /// The axis, counted from 1 because axis 0 is the batch.
        axis: usize,
        /// How many before the first element and after the last.
        sides: [usize; 2],
        /// What they are.
        margin: Margin,
    },
    /// `[batch, ...]` to `[batch, features]`; channels vary fastest.
    Flatten,
    /// The same elements under another shape.
    Reshape {
        /// The shape of an output item, without the batch axis.
        shape: Vec<usize>,
    },
}

impl LayerSpec {
    /// A fully connected layer with bias and Glorot-uniform weights.
    pub fn linear(units: usize) -> LayerSpec {
        LayerSpec::Linear { units, bias: true, init: Init::GlorotUniform }
    }

    /// Filters of this size with stride 1, zeros around the map so that it keeps its size, a bias, and
    /// Glorot-uniform weights.
    pub fn conv2d(channels: usize, kernel: [usize; 2]) -> LayerSpec {
        LayerSpec::conv2d_with(channels, kernel, ConvOptions::default())
    }

    /// Filters of this size with every choice given.
    pub fn conv2d_with(channels: usize, kernel: [usize; 2], options: ConvOptions) -> LayerSpec {
        let ConvOptions { stride, padding, dilation, bias, init } = options;
        LayerSpec::Conv2d { channels, kernel, stride, padding, dilation, bias, init }
    }

    /// Networks side by side on one input.
    pub fn parallel(join: Join, branches: Vec<(&str, Vec<(&str, LayerSpec)>)>) -> LayerSpec {
        let named = |(name, layer): (&str, LayerSpec)| (name.to_string(), layer);
        let branch = |(name, layers): (&str, Vec<(&str, LayerSpec)>)| {
            (name.to_string(), layers.into_iter().map(named).collect())
        };
        LayerSpec::Parallel { join, branches: branches.into_iter().map(branch).collect() }
    }

    /// Windows of this size side by side.
    pub fn max_pool2d(window: [usize; 2]) -> LayerSpec {
        LayerSpec::MaxPool2d { window, stride: window }
    }

    /// Batch norm over the channels in PyTorch's convention, whose running moments follow faster than
    /// Keras's: right for runs of a few hundred updates.
    pub fn batch_norm() -> LayerSpec {
        LayerSpec::BatchNorm(BatchNormOptions::PYTORCH)
    }

    /// The layer's kind as it stands in JSON: `linear`.
    pub fn kind(&self) -> &'static str {
        match self {
            LayerSpec::Linear { .. } => "linear",
            LayerSpec::Conv2d { .. } => "conv2d",
            LayerSpec::MaxPool2d { .. } => "max_pool2d",
            LayerSpec::AvgPool2d { .. } => "avg_pool2d",
            LayerSpec::AxisPool(AxisPool::Max(_)) => "axis_max",
            LayerSpec::AxisPool(AxisPool::Mean(_)) => "axis_mean",
            LayerSpec::GlobalPool(GlobalPool::Mean) => "global_mean",
            LayerSpec::GlobalPool(GlobalPool::Max) => "global_max",
            LayerSpec::GlobalPool(GlobalPool::MeanMax) => "global_mean_max",
            LayerSpec::BatchNorm(_) => "batch_norm",
            LayerSpec::LayerNorm { .. } => "layer_norm",
            LayerSpec::Relu => "relu",
            LayerSpec::LeakyRelu { .. } => "leaky_relu",
            LayerSpec::Elu { .. } => "elu",
            LayerSpec::Selu => "selu",
            LayerSpec::Gelu => "gelu",
            LayerSpec::GeluTanh => "gelu_tanh",
            LayerSpec::Sigmoid => "sigmoid",
            LayerSpec::Tanh => "tanh",
            LayerSpec::Softmax => "softmax",
            LayerSpec::LogSoftmax => "log_softmax",
            LayerSpec::L2Normalize => "l2_normalize",
            LayerSpec::Dropout { .. } => "dropout",
            LayerSpec::SpatialDropout { .. } => "spatial_dropout",
            LayerSpec::GaussianNoise { .. } => "gaussian_noise",
            LayerSpec::Parallel { .. } => "parallel",
            LayerSpec::Permute { .. } => "permute",
            LayerSpec::Slice { .. } => "slice",
            LayerSpec::Pad { .. } => "pad",
            LayerSpec::Flatten => "flatten",
            LayerSpec::Reshape { .. } => "reshape",
        }
    }
}
