//! The description of a network: which layers, in which order, with which settings.
//!
//! An [`Architecture`] is data. It can be printed, compared, stored as JSON beside the weights, and turned
//! into a network with [`Architecture::build`], which infers every shape from the input's and says which
//! layer does not fit before a single number of music has been read. So a weights file contains all that
//! is needed to run it, in any program.
//!
//! Arrays of the network are named by path: `conv1/weight`, `conv1/bias`.

mod build;
mod builder;
mod init;
mod layer_json;
mod layer_spec;
mod summary;

pub use layer_spec::LayerSpec;
pub use summary::Summary;

use dlmir_nn::{Params, Sequential};
use serde_json::{Value, json};

use crate::ModelError;
use crate::json::Fields;
pub(crate) use builder::{Builder, MOST_OUTPUTS, Weights};

/// A network as a list of named layers, for inputs of one shape. Branches and residual blocks are layers that contain
/// layers ([`LayerSpec::Parallel`]), so that any network without loops can be described.
///
/// ```
/// use dlmir_models::{Architecture, LayerSpec};
///
/// let mlp = Architecture::new("two_layers", &[40])
///     .with("dense1", LayerSpec::linear(16))
///     .with("relu1", LayerSpec::Relu)
///     .with("output", LayerSpec::linear(1));
/// let (network, params) = mlp.build(1)?;
/// assert_eq!(network.len(), 3);
/// assert_eq!(params.count(), 40 * 16 + 16 + 16 + 1);
/// # Ok::<(), dlmir_models::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Architecture {
    /// A name for tables and files: `cnn_1layer`.
    pub name: String,
    /// The shape of one input item, without the batch axis: `[freq, time, channels]` or `[features]`.
    pub input: Vec<usize>,
    /// The layers with their names, in order.
    pub layers: Vec<(String, LayerSpec)>,
}

impl Architecture {
    /// A network without layers yet, for items of this shape.
    pub fn new(name: &str, input: &[usize]) -> Architecture {
        Architecture { name: name.to_string(), input: input.to_vec(), layers: Vec::new() }
    }

    /// The same network under another name.
    pub fn named(self, name: &str) -> Architecture {
        Architecture { name: name.to_string(), ..self }
    }

    /// The same network with one more layer at its end.
    pub fn with(mut self, name: &str, layer: LayerSpec) -> Architecture {
        self.layers.push((name.to_string(), layer));
        self
    }

    /// The network with freshly drawn weights: the same for the same seed.
    ///
    /// # Errors
    /// The first layer that cannot take its input, that has a name twice, an impossible setting or a
    /// weight of more than 2^30 numbers, or when input and outputs together have more than 2^28.
    pub fn build(&self, seed: u64) -> Result<(Sequential, Params), ModelError> {
        self.build_with(Weights::Drawn(seed)).map(|(network, params, _)| (network, params))
    }

    /// As [`Architecture::build`], with weights from elsewhere; also returns how many numbers the input and
    /// all outputs have for one item, which is what a pass takes of memory.
    pub(crate) fn build_with(
        &self,
        weights: Weights<'_>,
    ) -> Result<(Sequential, Params, usize), ModelError> {
        let mut builder = Builder::new(weights);
        let (network, _) = builder.row(&self.layers, "", &self.input)?;
        Ok((network, builder.params, builder.outputs))
    }

    /// The table of the network: a row a layer, with shapes, parameters, multiply-adds and what an output
    /// sees of the input. No weight is drawn.
    ///
    /// # Errors
    /// As [`Architecture::build`].
    pub fn summary(&self) -> Result<Summary, ModelError> {
        let (network, params, _) = self.build_with(Weights::Shapes)?;
        Ok(Summary::new(self, network.summary(&self.input, &params)?))
    }

    /// The description as JSON: `{"name", "input", "layers": [{"name", "kind", ...}]}`.
    pub fn to_json(&self) -> Value {
        json!({"name": self.name, "input": self.input, "layers": layers_to_json(&self.layers)})
    }

    /// Reads what [`Architecture::to_json`] wrote.
    ///
    /// # Errors
    /// An unknown layer, an unknown, missing or ill-typed field; the message names layer and field.
    pub fn from_json(value: &Value) -> Result<Architecture, ModelError> {
        let mut fields = Fields::of(value, "architecture")?;
        let architecture = Architecture {
            name: fields.str("name")?.to_string(),
            input: fields.sizes("input")?,
            layers: layers_from_json(fields.list("layers")?)?,
        };
        fields.finish()?;
        Ok(architecture)
    }
}

/// Layers as a JSON list; each object has the layer's name beside its settings.
fn layers_to_json(layers: &[(String, LayerSpec)]) -> Vec<Value> {
    let named = |(name, layer): &(String, LayerSpec)| {
        let mut value = layer.to_json();
        value["name"] = json!(name);
        value
    };
    layers.iter().map(named).collect()
}

fn layers_from_json(list: &[Value]) -> Result<Vec<(String, LayerSpec)>, ModelError> {
    let layer = |(i, value): (usize, &Value)| {
        let mut fields = Fields::of(value, format!("layer {i}"))?;
        let name = fields.str("name")?.to_string();
        fields.rename(format!("layer `{name}`"));
        let layer = LayerSpec::from_fields(&mut fields)?;
        fields.finish()?;
        Ok((name, layer))
    };
    list.iter().enumerate().map(layer).collect()
}

#[cfg(test)]
mod tests {
    use dlmir_nn::Join;

    use super::*;

    fn mlp() -> Architecture {
        Architecture::new("mlp", &[3, 4])
            .with("flatten", LayerSpec::Flatten)
            .with("dense1", LayerSpec::linear(5))
            .with("relu1", LayerSpec::Relu)
            .with("output", LayerSpec::linear(2))
    }

    #[test]
    fn equal_seeds_build_equal_networks() {
        let weights = |seed| {
            let (_, params) = mlp().build(seed).unwrap();
            params.iter().flat_map(|(_, p)| p.value.as_slice().to_vec()).collect::<Vec<_>>()
        };
        assert_eq!(weights(1), weights(1));
        assert_ne!(weights(1), weights(2));
        // Layers of equal shape must not start alike.
        let twins = Architecture::new("twins", &[4])
            .with("a", LayerSpec::linear(4))
            .with("b", LayerSpec::linear(4));
        let (_, params) = twins.build(1).unwrap();
        let value = |name| params.value(params.id(name).unwrap()).as_slice();
        assert_ne!(value("a/weight"), value("b/weight"));
    }

    #[test]
    fn the_summary_adds_up_and_prints() {
        let summary = mlp().summary().unwrap();
        assert_eq!((summary.params(), summary.trainable()), (12 * 5 + 5 + 5 * 2 + 2, 77));
        assert_eq!(summary.multiply_adds(), 60 + 10);
        assert_eq!(summary.output(), [2]);
        let text = summary.to_string();
        assert_eq!(text.lines().count(), 7);
        assert!(text.ends_with("77 parameters, 77 trainable, 70 mult-adds"), "{text}");
    }

    /// An orthogonal matrix takes the cube of its size: this one would take hours.
    #[test]
    fn the_summary_draws_no_weight() {
        let init = dlmir_nn::Init::Orthogonal { gain: 1.0 };
        let layer = LayerSpec::Linear { units: 1 << 14, bias: true, init };
        let net = Architecture::new("wide", &[1 << 14]).with("dense1", layer);
        assert_eq!(net.summary().unwrap().params(), (1 << 28) + (1 << 14));
    }

    type Change = dyn Fn(&mut Value);

    #[test]
    fn json_is_strict() {
        let json = mlp().to_json();
        assert_eq!(Architecture::from_json(&json).unwrap(), mlp());
        let message = |change: &Change| {
            let mut json = mlp().to_json();
            change(&mut json);
            Architecture::from_json(&json).unwrap_err().to_string()
        };
        let cases: [(&Change, &str); 5] = [
            (
                &|v| v["layers"][1]["kind"] = json!("attention"),
                "layer `dense1`: unknown kind `attention`",
            ),
            (&|v| v["layers"][1]["unit"] = json!(3), "layer `dense1`: unknown field `unit`"),
            (&|v| v["layers"][1]["name"] = json!(1), "layer 1: `name` wants a text, found 1"),
            (&|v| v["extra"] = json!(0), "architecture: unknown field `extra`"),
            (
                &|v| v["layers"][3]["units"] = json!(4_294_967_296u64),
                "layer `output`: `units` wants a whole number below 2^32, found 4294967296",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(message(change), expected);
        }
    }

    #[test]
    fn layers_in_branches_are_named_by_path() {
        let message = |branches| {
            let layer = LayerSpec::parallel(Join::Add, branches);
            let net = Architecture::new("x", &[4]).with("both", layer);
            net.build(1).err().unwrap().to_string()
        };
        let dense = |units| vec![("dense", LayerSpec::linear(units))];
        let net = Architecture::new("x", &[4])
            .with("both", LayerSpec::parallel(Join::Add, vec![("a", dense(4)), ("b", vec![])]));
        let (_, params) = net.build(1).unwrap();
        assert!(params.id("both/a/dense/weight").is_some());
        assert_eq!(
            message(vec![("a", dense(2)), ("b", dense(3))]),
            "layer `both`: cannot add the outputs [2] and [3] of its branches, but its input is [4]"
        );
        assert_eq!(
            message(vec![("a", dense(2)), ("a", vec![])]),
            "layer `both`: there is a branch `a` already"
        );
        assert_eq!(
            message(vec![("a", vec![("conv", LayerSpec::conv2d(1, [3, 3]))])]),
            "layer `both/a/conv`: wants maps [freq, time, channels], but its input is [4]"
        );
        assert_eq!(
            message(vec![("", vec![])]),
            "branch `both/`: a name is neither empty nor has / or #"
        );
    }

    #[test]
    fn misfits_are_errors_that_name_the_layer() {
        let message = |net: Architecture| net.build(1).err().unwrap().to_string();
        assert_eq!(
            message(mlp().with("relu1", LayerSpec::Relu)),
            "layer `relu1`: there is a layer of this name already"
        );
        assert_eq!(
            message(Architecture::new("x", &[]).with("dense1", LayerSpec::linear(2))),
            "layer `dense1`: wants features on its last axis, but its input is []"
        );
        let huge = LayerSpec::linear(1 << 20);
        assert_eq!(
            message(Architecture::new("x", &[1 << 20]).with("dense1", huge)),
            "layer `dense1`: `weight` [1048576, 1048576] is too large, 2^30 numbers are the limit"
        );
        assert!(message(Architecture::new("x", &[1 << 31; 3])).contains("too large"));
        // Outputs are bounded together, and with the zeros around them: no file pays for them.
        let wide = Architecture::new("x", &[1 << 13, 1 << 13, 1]);
        let conv = |padding, stride| {
            let (kernel, init) = ([1, 1], dlmir_nn::Init::Zeros);
            LayerSpec::Conv2d {
                channels: 1,
                kernel,
                stride,
                padding,
                dilation: [1, 1],
                bias: false,
                init,
            }
        };
        let many =
            |n| (0..n).fold(wide.clone(), |net, i| net.with(&format!("r{i}"), LayerSpec::Relu));
        assert!(many(3).summary().is_ok());
        assert_eq!(
            message(many(4)),
            "layer `r3`: `output` [8192, 8192, 1] is too large, 2^28 numbers are the limit for all"
        );
        let padding = dlmir_nn::Padding::Explicit([[1 << 15, 0], [1 << 15, 0]]);
        let text = message(wide.clone().with("padded", conv(padding, [1 << 13; 2])));
        assert!(
            text.contains("layer `padded`: `padded input` [40960, 40960, 1] is too large"),
            "{text}"
        );
        let reshaped =
            |shape: &[usize]| mlp().with("r", LayerSpec::Reshape { shape: shape.to_vec() });
        assert_eq!(
            message(reshaped(&[3])),
            "layer `r`: wants 3 elements for [3], but its input is [2]"
        );
        assert!(message(reshaped(&[1 << 31; 4])).contains("too large"));
        assert_eq!(
            message(mlp().with("drop", LayerSpec::Dropout { rate: 1.0 })),
            "layer `drop`: `rate` is 1, it must be in [0, 1)"
        );
    }
}
