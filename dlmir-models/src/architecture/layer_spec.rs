//! One layer's settings: what stands in a description, and how it is stored.

use dlmir_nn::{BatchNormOptions, GlobalPool, Init, Padding};
use serde_json::{Value, json};

use super::init;
use crate::ModelError;
use crate::json::{Fields, decimal};

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
        let (stride, init) = ([1, 1], Init::GlorotUniform);
        LayerSpec::Conv2d { channels, kernel, stride, padding: Padding::Same, bias: true, init }
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
            LayerSpec::GlobalPool(GlobalPool::Mean) => "global_mean",
            LayerSpec::GlobalPool(GlobalPool::Max) => "global_max",
            LayerSpec::GlobalPool(GlobalPool::MeanMax) => "global_mean_max",
            LayerSpec::BatchNorm(_) => "batch_norm",
            LayerSpec::LayerNorm { .. } => "layer_norm",
            LayerSpec::Relu => "relu",
            LayerSpec::LeakyRelu { .. } => "leaky_relu",
            LayerSpec::Elu { .. } => "elu",
            LayerSpec::Gelu => "gelu",
            LayerSpec::GeluTanh => "gelu_tanh",
            LayerSpec::Sigmoid => "sigmoid",
            LayerSpec::Tanh => "tanh",
            LayerSpec::Softmax => "softmax",
            LayerSpec::LogSoftmax => "log_softmax",
            LayerSpec::Dropout { .. } => "dropout",
            LayerSpec::SpatialDropout { .. } => "spatial_dropout",
            LayerSpec::GaussianNoise { .. } => "gaussian_noise",
            LayerSpec::Flatten => "flatten",
            LayerSpec::Reshape { .. } => "reshape",
        }
    }

    /// The settings as a JSON object with `kind`.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = match self {
            LayerSpec::Linear { units, bias, init } => {
                json!({"units": units, "bias": bias, "init": init::to_json(*init)})
            }
            LayerSpec::Conv2d { channels, kernel, stride, padding, bias, init } => json!({
                "channels": channels, "kernel": kernel, "stride": stride,
                "padding": padding_to_json(*padding), "bias": bias, "init": init::to_json(*init),
            }),
            LayerSpec::MaxPool2d { window, stride } => {
                json!({"window": window, "stride": stride})
            }
            LayerSpec::BatchNorm(BatchNormOptions { axis, epsilon, keep, unbiased }) => json!({
                "axis": axis, "epsilon": decimal(*epsilon), "keep": decimal(*keep), "unbiased": unbiased,
            }),
            LayerSpec::LayerNorm { epsilon } => json!({"epsilon": decimal(*epsilon)}),
            LayerSpec::LeakyRelu { alpha } | LayerSpec::Elu { alpha } => {
                json!({"alpha": decimal(*alpha)})
            }
            LayerSpec::Dropout { rate } | LayerSpec::SpatialDropout { rate } => {
                json!({"rate": decimal(*rate)})
            }
            LayerSpec::GaussianNoise { stddev } => json!({"stddev": decimal(*stddev)}),
            LayerSpec::Reshape { shape } => json!({"shape": shape}),
            LayerSpec::GlobalPool(_)
            | LayerSpec::Relu
            | LayerSpec::Gelu
            | LayerSpec::GeluTanh
            | LayerSpec::Sigmoid
            | LayerSpec::Tanh
            | LayerSpec::Softmax
            | LayerSpec::LogSoftmax
            | LayerSpec::Flatten => json!({}),
        };
        value["kind"] = json!(self.kind());
        value
    }

    pub(crate) fn from_fields(fields: &mut Fields<'_>) -> Result<LayerSpec, ModelError> {
        Ok(match fields.str("kind")? {
            "linear" => LayerSpec::Linear {
                units: fields.usize("units")?,
                bias: fields.bool("bias")?,
                init: init::from_fields(fields)?,
            },
            "conv2d" => LayerSpec::Conv2d {
                channels: fields.usize("channels")?,
                kernel: fields.pair("kernel")?,
                stride: fields.pair("stride")?,
                padding: padding_from_fields(fields)?,
                bias: fields.bool("bias")?,
                init: init::from_fields(fields)?,
            },
            "max_pool2d" => {
                let (window, stride) = (fields.pair("window")?, fields.pair("stride")?);
                LayerSpec::MaxPool2d { window, stride }
            }
            "global_mean" => LayerSpec::GlobalPool(GlobalPool::Mean),
            "global_max" => LayerSpec::GlobalPool(GlobalPool::Max),
            "global_mean_max" => LayerSpec::GlobalPool(GlobalPool::MeanMax),
            "batch_norm" => LayerSpec::BatchNorm(BatchNormOptions {
                axis: match fields.value("axis")? {
                    Value::Null => None,
                    _ => Some(fields.usize("axis")?),
                },
                epsilon: fields.f32("epsilon")?,
                keep: fields.f32("keep")?,
                unbiased: fields.bool("unbiased")?,
            }),
            "layer_norm" => LayerSpec::LayerNorm { epsilon: fields.f32("epsilon")? },
            "relu" => LayerSpec::Relu,
            "leaky_relu" => LayerSpec::LeakyRelu { alpha: fields.f32("alpha")? },
            "elu" => LayerSpec::Elu { alpha: fields.f32("alpha")? },
            "gelu" => LayerSpec::Gelu,
            "gelu_tanh" => LayerSpec::GeluTanh,
            "sigmoid" => LayerSpec::Sigmoid,
            "tanh" => LayerSpec::Tanh,
            "softmax" => LayerSpec::Softmax,
            "log_softmax" => LayerSpec::LogSoftmax,
            "dropout" => LayerSpec::Dropout { rate: fields.f32("rate")? },
            "spatial_dropout" => LayerSpec::SpatialDropout { rate: fields.f32("rate")? },
            "gaussian_noise" => LayerSpec::GaussianNoise { stddev: fields.f32("stddev")? },
            "flatten" => LayerSpec::Flatten,
            "reshape" => LayerSpec::Reshape { shape: fields.sizes("shape")? },
            other => return Err(fields.error(format!("unknown kind `{other}`"))),
        })
    }
}

fn padding_to_json(padding: Padding) -> Value {
    match padding {
        Padding::Valid => json!("valid"),
        Padding::Same => json!("same"),
        Padding::Explicit(sides) => json!(sides.concat()),
    }
}

/// `valid`, `same`, or `[before, after, before, after]` on freq and time.
fn padding_from_fields(fields: &mut Fields<'_>) -> Result<Padding, ModelError> {
    match fields.value("padding")?.as_str() {
        Some("valid") => Ok(Padding::Valid),
        Some("same") => Ok(Padding::Same),
        Some(other) => Err(fields.error(format!("`padding` cannot be `{other}`"))),
        None => match fields.sizes("padding")?[..] {
            [a, b, c, d] => Ok(Padding::Explicit([[a, b], [c, d]])),
            ref other => {
                Err(fields.error(format!("`padding` wants 4 numbers, found {}", other.len())))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_comes_back_from_json() {
        let all = [
            LayerSpec::linear(3),
            LayerSpec::Linear { units: 3, bias: false, init: Init::GlorotUniform },
            LayerSpec::conv2d(16, [3, 5]),
            LayerSpec::Conv2d {
                channels: 2,
                kernel: [2, 2],
                stride: [2, 1],
                padding: Padding::Explicit([[1, 0], [2, 3]]),
                bias: false,
                init: Init::GlorotUniform,
            },
            LayerSpec::batch_norm(),
            LayerSpec::BatchNorm(BatchNormOptions { axis: Some(1), ..BatchNormOptions::KERAS }),
            LayerSpec::LayerNorm { epsilon: 1e-5 },
            LayerSpec::max_pool2d([2, 4]),
            LayerSpec::GlobalPool(GlobalPool::Mean),
            LayerSpec::GlobalPool(GlobalPool::Max),
            LayerSpec::GlobalPool(GlobalPool::MeanMax),
            LayerSpec::Relu,
            LayerSpec::LeakyRelu { alpha: 0.3 },
            LayerSpec::Elu { alpha: 1.0 },
            LayerSpec::Gelu,
            LayerSpec::GeluTanh,
            LayerSpec::Sigmoid,
            LayerSpec::Tanh,
            LayerSpec::Softmax,
            LayerSpec::LogSoftmax,
            LayerSpec::Dropout { rate: 0.1 },
            LayerSpec::SpatialDropout { rate: 0.2 },
            LayerSpec::GaussianNoise { stddev: 0.05 },
            LayerSpec::Flatten,
            LayerSpec::Reshape { shape: vec![2, 6] },
        ];
        for layer in all {
            let text = layer.to_json().to_string();
            let value = serde_json::from_str(&text).unwrap();
            let mut fields = Fields::of(&value, "layer").unwrap();
            assert_eq!(LayerSpec::from_fields(&mut fields).unwrap(), layer, "{text}");
            fields.finish().unwrap();
        }
    }
}
