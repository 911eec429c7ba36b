//! How a layer's settings are stored.

use dlmir_nn::ops::Margin;
use dlmir_nn::{AxisPool, BatchNormOptions, GlobalPool, Join, Padding};
use serde_json::{Value, json};

use super::{LayerSpec, init, layers_from_json, layers_to_json};
use crate::ModelError;
use crate::json::{Fields, decimal};

impl LayerSpec {
    /// The settings as a JSON object with `kind`.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = match self {
            LayerSpec::Linear { units, bias, init } => {
                json!({"units": units, "bias": bias, "init": init::to_json(*init)})
            }
            LayerSpec::Conv2d { channels, kernel, stride, padding, dilation, bias, init } => {
                let mut value = json!({
                    "channels": channels, "kernel": kernel, "stride": stride,
                    "padding": padding_to_json(*padding), "bias": bias, "init": init::to_json(*init),
                });
                if *dilation != [1, 1] {
                    value["dilation"] = json!(dilation);
                }
                value
            }
            LayerSpec::MaxPool2d { window, stride } | LayerSpec::AvgPool2d { window, stride } => {
                json!({"window": window, "stride": stride})
            }
            LayerSpec::AxisPool(AxisPool::Max(axis) | AxisPool::Mean(axis)) => {
                json!({"axis": axis})
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
            LayerSpec::Parallel { join, branches } => {
                let branch = |(name, layers): &(String, Vec<(String, LayerSpec)>)| json!({"name": name, "layers": layers_to_json(layers)});
                let branches: Vec<Value> = branches.iter().map(branch).collect();
                let mut value = json!({"join": join_name(*join), "branches": branches});
                if let Join::Concat(Some(axis)) = join {
                    value["axis"] = json!(axis);
                }
                value
            }
            LayerSpec::Permute { axes } => json!({"axes": axes}),
            LayerSpec::Slice { axis, start, length } => {
                json!({"axis": axis, "start": start, "length": length})
            }
            LayerSpec::Pad { axis, sides, margin } => {
                let margin = match margin {
                    Margin::Zeros => "zeros",
                    Margin::Edge => "edge",
                };
                json!({"axis": axis, "sides": sides, "margin": margin})
            }
            LayerSpec::Reshape { shape } => json!({"shape": shape}),
            LayerSpec::GlobalPool(_)
            | LayerSpec::Relu
            | LayerSpec::Selu
            | LayerSpec::L2Normalize
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
                dilation: fields.optional("dilation", Fields::pair)?.unwrap_or([1, 1]),
                bias: fields.bool("bias")?,
                init: init::from_fields(fields)?,
            },
            "max_pool2d" => {
                let (window, stride) = (fields.pair("window")?, fields.pair("stride")?);
                LayerSpec::MaxPool2d { window, stride }
            }
            "avg_pool2d" => {
                let (window, stride) = (fields.pair("window")?, fields.pair("stride")?);
                LayerSpec::AvgPool2d { window, stride }
            }
            "axis_max" => LayerSpec::AxisPool(AxisPool::Max(fields.usize("axis")?)),
            "axis_mean" => LayerSpec::AxisPool(AxisPool::Mean(fields.usize("axis")?)),
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
            "selu" => LayerSpec::Selu,
            "l2_normalize" => LayerSpec::L2Normalize,
            "gelu" => LayerSpec::Gelu,
            "gelu_tanh" => LayerSpec::GeluTanh,
            "sigmoid" => LayerSpec::Sigmoid,
            "tanh" => LayerSpec::Tanh,
            "softmax" => LayerSpec::Softmax,
            "log_softmax" => LayerSpec::LogSoftmax,
            "dropout" => LayerSpec::Dropout { rate: fields.f32("rate")? },
            "spatial_dropout" => LayerSpec::SpatialDropout { rate: fields.f32("rate")? },
            "gaussian_noise" => LayerSpec::GaussianNoise { stddev: fields.f32("stddev")? },
            "parallel" => {
                let (join, list) = (join_from_fields(fields)?, fields.list("branches")?);
                let branches = list.iter().enumerate().map(branch_from_json);
                LayerSpec::Parallel { join, branches: branches.collect::<Result<_, _>>()? }
            }
            "permute" => LayerSpec::Permute { axes: fields.sizes("axes")? },
            "slice" => LayerSpec::Slice {
                axis: fields.usize("axis")?,
                start: fields.usize("start")?,
                length: fields.usize("length")?,
            },
            "pad" => LayerSpec::Pad {
                axis: fields.usize("axis")?,
                sides: fields.pair("sides")?,
                margin: match fields.str("margin")? {
                    "zeros" => Margin::Zeros,
                    "edge" => Margin::Edge,
                    other => return Err(fields.error(format!("`margin` cannot be `{other}`"))),
                },
            },
            "flatten" => LayerSpec::Flatten,
            "reshape" => LayerSpec::Reshape { shape: fields.sizes("shape")? },
            other => return Err(fields.error(format!("unknown kind `{other}`"))),
        })
    }
}

fn join_name(join: Join) -> &'static str {
    match join {
        Join::Flatten => "flatten",
        Join::Concat(_) => "concat",
        Join::Add => "add",
        Join::Multiply => "multiply",
    }
}

fn join_from_fields(fields: &mut Fields<'_>) -> Result<Join, ModelError> {
    Ok(match fields.str("join")? {
        "flatten" => Join::Flatten,
        "concat" => Join::Concat(fields.optional("axis", Fields::usize)?),
        "add" => Join::Add,
        "multiply" => Join::Multiply,
        other => return Err(fields.error(format!("`join` cannot be `{other}`"))),
    })
}

type Branch = (String, Vec<(String, LayerSpec)>);

fn branch_from_json((i, value): (usize, &Value)) -> Result<Branch, ModelError> {
    let mut fields = Fields::of(value, format!("branch {i}"))?;
    let branch = (fields.str("name")?.to_string(), layers_from_json(fields.list("layers")?)?);
    fields.finish()?;
    Ok(branch)
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
    use dlmir_nn::Init;

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
                dilation: [1, 4],
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
            LayerSpec::parallel(
                Join::Concat(Some(2)),
                vec![("a", vec![("relu", LayerSpec::Relu)]), ("b", vec![])],
            ),
            LayerSpec::parallel(
                Join::Add,
                vec![(
                    "outer",
                    vec![("inner", LayerSpec::parallel(Join::Multiply, vec![("x", vec![])]))],
                )],
            ),
            LayerSpec::parallel(Join::Concat(None), vec![]),
            LayerSpec::parallel(Join::Flatten, vec![]),
            LayerSpec::Permute { axes: vec![2, 1] },
            LayerSpec::AvgPool2d { window: [2, 3], stride: [1, 2] },
            LayerSpec::AxisPool(AxisPool::Max(1)),
            LayerSpec::AxisPool(AxisPool::Mean(2)),
            LayerSpec::Selu,
            LayerSpec::L2Normalize,
            LayerSpec::Pad { axis: 2, sides: [1, 0], margin: Margin::Zeros },
            LayerSpec::Pad { axis: 1, sides: [0, 2], margin: Margin::Edge },
            LayerSpec::Slice { axis: 3, start: 1, length: 2 },
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
