//! How each description becomes a layer.

use dlmir_nn::ops::Gelu;
use dlmir_nn::{
    Activation, AvgPool2d, BatchNorm, Conv2d, ConvOptions, Dropout, Flatten, GaussianNoise, Layer,
    LayerNorm, Linear, MaxPool2d, Pad, Padding, Parallel, Permute, Reshape, ShapeError, Show,
    Slice, SpatialDropout,
};

use super::builder::{check_name, check_size};
use super::{Builder, LayerSpec};
use crate::ModelError;

impl LayerSpec {
    /// The layer for inputs of this shape; its arrays are added to the builder's under `path`.
    pub(super) fn build(
        &self,
        path: &str,
        input: &[usize],
        builder: &mut Builder<'_>,
    ) -> Result<Box<dyn Layer>, ModelError> {
        let place = || format!("layer `{path}`");
        let setting = |name: &str, value: f32, fits: bool, range: &str| match fits {
            true => Ok(value),
            false => {
                let problem = format!("`{name}` is {value}, it must be {range}");
                Err(ModelError::description(place(), problem))
            }
        };
        let alpha = |x: f32| setting("alpha", x, x.is_finite(), "finite");
        let rate = |x: f32| setting("rate", x, (0.0..1.0).contains(&x), "in [0, 1)");
        Ok(match *self {
            LayerSpec::Linear { units, bias, init } => {
                let wanted = || ShapeError::new(path, "wants features on its last axis", input);
                let &features = input.last().ok_or_else(wanted)?;
                builder.admit(path, "weight", &[features, units])?;
                if bias {
                    builder.admit(path, "bias", &[units])?;
                }
                let ((init, mut rng), params) = (builder.draw(init), &mut builder.params);
                let new = if bias { Linear::with_init } else { Linear::without_bias };
                Box::new(new(params, path, features, units, init, &mut rng))
            }
            LayerSpec::Conv2d { channels, kernel, stride, padding, dilation, bias, init } => {
                let wanted = "wants maps [freq, time, channels]";
                let &[h, w, in_channels] = input else {
                    return Err(ShapeError::new(path, wanted, input).into());
                };
                positive(&place(), &[&[channels], &kernel[..], &stride, &dilation].concat())?;
                builder.admit(path, "weight", &[kernel[0], kernel[1], in_channels, channels])?;
                if let Padding::Explicit(sides) = padding {
                    let [h, w] = padded([h, w], sides);
                    builder.admit_output(&place(), "padded input", &[h, w, in_channels])?;
                } else if padding == Padding::Same && dilation != [1, 1] {
                    // Without gaps, it adds less than a kernel.
                    let reach = [0, 1].map(|a| kernel[a].saturating_mul(dilation[a]));
                    let [h, w] = padded([h, w], [[reach[0], 0], [reach[1], 0]]);
                    builder.admit_output(&place(), "padded input", &[h, w, in_channels])?;
                }
                if bias {
                    builder.admit(path, "bias", &[channels])?;
                }
                let ((init, mut rng), params) = (builder.draw(init), &mut builder.params);
                let options = ConvOptions { stride, padding, dilation, bias, init };
                let channels = [in_channels, channels];
                Box::new(Conv2d::new(params, path, channels, kernel, options, &mut rng))
            }
            LayerSpec::MaxPool2d { window, stride } => {
                positive(&place(), &[window[0], window[1], stride[0], stride[1]])?;
                Box::new(MaxPool2d::with_stride(window, stride))
            }
            LayerSpec::BatchNorm(options) => {
                let axis = options.axis.unwrap_or(input.len());
                let problem = format!("wants an axis {axis} behind the batch");
                let sized = axis.checked_sub(1).and_then(|axis| input.get(axis));
                let &channels = sized.ok_or_else(|| ShapeError::new(path, problem, input))?;
                let keep = options.keep;
                setting("keep", keep, (0.0..=1.0).contains(&keep), "in [0, 1]")?;
                let epsilon = options.epsilon;
                setting("epsilon", epsilon, epsilon > 0.0 && epsilon.is_finite(), "above 0")?;
                for name in ["gamma", "beta", "mean", "variance"] {
                    builder.admit(path, name, &[channels])?;
                }
                Box::new(BatchNorm::new(&mut builder.params, path, channels, options))
            }
            LayerSpec::LayerNorm { epsilon } => {
                let wanted = || ShapeError::new(path, "wants features on its last axis", input);
                let &channels = input.last().ok_or_else(wanted)?;
                setting("epsilon", epsilon, epsilon > 0.0 && epsilon.is_finite(), "above 0")?;
                for name in ["gamma", "beta"] {
                    builder.admit(path, name, &[channels])?;
                }
                Box::new(LayerNorm::with_epsilon(&mut builder.params, path, channels, epsilon))
            }
            LayerSpec::AvgPool2d { window, stride } => {
                positive(&place(), &[window[0], window[1], stride[0], stride[1]])?;
                Box::new(AvgPool2d::with_stride(window, stride))
            }
            LayerSpec::AxisPool(pool) => Box::new(pool),
            LayerSpec::GlobalPool(pool) => Box::new(pool),
            LayerSpec::Relu => Box::new(Activation::Relu),
            LayerSpec::LeakyRelu { alpha: a } => Box::new(Activation::LeakyRelu(alpha(a)?)),
            LayerSpec::Elu { alpha: a } => Box::new(Activation::Elu(alpha(a)?)),
            LayerSpec::Selu => Box::new(Activation::Selu),
            LayerSpec::L2Normalize => Box::new(Activation::L2Normalize),
            LayerSpec::Gelu => Box::new(Activation::Gelu(Gelu::Exact)),
            LayerSpec::GeluTanh => Box::new(Activation::Gelu(Gelu::Tanh)),
            LayerSpec::Sigmoid => Box::new(Activation::Sigmoid),
            LayerSpec::Tanh => Box::new(Activation::Tanh),
            LayerSpec::Softmax => Box::new(Activation::Softmax),
            LayerSpec::LogSoftmax => Box::new(Activation::LogSoftmax),
            LayerSpec::Dropout { rate: r } => Box::new(Dropout::new(rate(r)?)),
            LayerSpec::SpatialDropout { rate: r } => Box::new(SpatialDropout::new(rate(r)?)),
            LayerSpec::GaussianNoise { stddev } => {
                let fits = stddev >= 0.0 && stddev.is_finite();
                Box::new(GaussianNoise::new(setting("stddev", stddev, fits, "at least 0")?))
            }
            LayerSpec::Parallel { join, ref branches } => {
                let mut parallel = Parallel::joined_by(join);
                for (i, (name, layers)) in branches.iter().enumerate() {
                    if branches[..i].iter().any(|(other, _)| other == name) {
                        let problem = format!("there is a branch `{name}` already");
                        return Err(ModelError::description(place(), problem));
                    }
                    check_name(&format!("branch `{path}/{name}`"), name)?;
                    let (branch, _) = builder.row(layers, &format!("{path}/{name}/"), input)?;
                    parallel.push_named(name, branch);
                }
                Box::new(parallel)
            }
            LayerSpec::Permute { ref axes } => {
                let mut sorted = axes.clone();
                sorted.sort_unstable();
                if !sorted.into_iter().eq(1..=axes.len()) {
                    let problem = format!("`axes` {} is no order of 1, 2, ...", Show(axes));
                    return Err(ModelError::description(place(), problem));
                }
                Box::new(Permute::new(axes))
            }
            LayerSpec::Slice { axis, start, length } => {
                positive(&place(), &[axis])?;
                Box::new(Slice::new(axis, start, length))
            }
            LayerSpec::Pad { axis, sides, margin } => {
                positive(&place(), &[axis])?;
                Box::new(Pad::new(axis, sides, margin))
            }
            LayerSpec::Flatten => Box::new(Flatten),
            LayerSpec::Reshape { ref shape } => {
                check_size(&place(), "shape", shape)?;
                Box::new(Reshape::new(shape))
            }
        })
    }
}

/// The size of a map with what an explicit padding adds; the other paddings add less than a kernel.
fn padded(input: [usize; 2], sides: [[usize; 2]; 2]) -> [usize; 2] {
    [0, 1].map(|axis| input[axis].saturating_add(sides[axis][0]).saturating_add(sides[axis][1]))
}

fn positive(place: &str, sizes: &[usize]) -> Result<(), ModelError> {
    match sizes.contains(&0) {
        true => Err(ModelError::description(place, "sizes, strides and axes must be at least 1")),
        false => Ok(()),
    }
}
