//! One layer's settings: what stands in a description, how it is stored, and how it becomes a layer.

use dlmir_nn::{Activation, Init, Layer, Linear, ShapeError};
use serde_json::{Value, json};

use super::Builder;
use crate::ModelError;
use crate::json::Fields;

/// The settings of one layer. What follows from the layer before, such as the number of input channels,
/// is not stated.
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
    /// max(x, 0).
    Relu,
}

impl LayerSpec {
    /// A fully connected layer with bias and Glorot-uniform weights.
    pub fn linear(units: usize) -> LayerSpec {
        LayerSpec::Linear { units, bias: true, init: Init::GlorotUniform }
    }

    /// The layer's kind as it stands in JSON: `linear`.
    pub fn kind(&self) -> &'static str {
        match self {
            LayerSpec::Linear { .. } => "linear",
            LayerSpec::Relu => "relu",
        }
    }

    /// The settings as a JSON object with `kind`.
    pub(crate) fn to_json(&self) -> Value {
        let mut value = match self {
            LayerSpec::Linear { units, bias, init } => {
                json!({"units": units, "bias": bias, "init": super::init::to_json(*init)})
            }
            LayerSpec::Relu => json!({}),
        };
        value["kind"] = json!(self.kind());
        value
    }

    pub(crate) fn from_fields(fields: &mut Fields<'_>) -> Result<LayerSpec, ModelError> {
        Ok(match fields.str("kind")? {
            "linear" => LayerSpec::Linear {
                units: fields.usize("units")?,
                bias: fields.bool("bias")?,
                init: super::init::from_fields(fields)?,
            },
            "relu" => LayerSpec::Relu,
            other => return Err(fields.error(format!("unknown kind `{other}`"))),
        })
    }

    /// The layer for inputs of this shape; its arrays are added to the builder's under `path`.
    pub(crate) fn build(
        &self,
        path: &str,
        input: &[usize],
        builder: &mut Builder<'_>,
    ) -> Result<Box<dyn Layer>, ModelError> {
        Ok(match *self {
            LayerSpec::Linear { units, bias, init } => {
                let wanted = || ShapeError::new(path, "wants features on its last axis", input);
                let &features = input.last().ok_or_else(wanted)?;
                builder.admit(path, "weight", &[features, units])?;
                if bias {
                    builder.admit(path, "bias", &[units])?;
                }
                let (mut rng, params) = (builder.rng(), &mut builder.params);
                let new = if bias { Linear::with_init } else { Linear::without_bias };
                Box::new(new(params, path, features, units, init, &mut rng))
            }
            LayerSpec::Relu => Box::new(Activation::Relu),
        })
    }
}
