//! A model's file: how it is written, and what a reader believes of it.
//!
//! Everything beside the weights is one JSON object in the header of a safetensors file; the checksum
//! over the whole is [`Container`]'s business.

use std::collections::BTreeMap;
use std::path::Path;

use dlmir_eval::write_atomically;
use dlmir_nn::{Params, Tensor};
use serde_json::{Value, json};

use super::{Model, arrays};
use crate::architecture::Weights;
use crate::container::Container;
use crate::error::read_file;
use crate::json::Fields;
use crate::{Architecture, FrontEnd, ModelError, Output};

/// The version of the files' content. A reader refuses versions that it does not know.
const FORMAT: usize = 1;

/// The front end's arrays in a file. No layer's name has a `#`.
const MEAN: &str = "#front_end/mean";
const DEVIATION: &str = "#front_end/deviation";

impl Model {
    /// The model's file as bytes: the same for the same model.
    ///
    /// # Errors
    /// If output, labels or weights were changed so that they do not fit the network, or the arrays cannot
    /// be described in a safetensors header of 100 MB.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        self.frame()?.to_bytes(&self.params)
    }

    /// All of the model's file but the weights.
    pub(crate) fn frame(&self) -> Result<Frame, ModelError> {
        self.check()?;
        let content = json!({
            "kind": "model",
            "format": FORMAT,
            "architecture": self.architecture.to_json(),
            "output": self.output.name(),
            "labels": self.labels,
            "front_end": self.front_end.as_ref().map(FrontEnd::to_json),
            "training": self.training,
        });
        let bands = |numbers: &[f32]| Tensor::from_vec(&[numbers.len()], numbers.to_vec());
        let scaler = self.front_end.as_ref().map(|front_end| {
            [(MEAN, bands(front_end.mean())), (DEVIATION, bands(front_end.deviation()))]
        });
        Ok(Frame { content, scaler })
    }

    /// Writes the model's file: the old one or all of the new one is there, never half.
    ///
    /// # Errors
    /// As [`Model::to_bytes`], or if the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ModelError> {
        write_atomically(path, &self.to_bytes()?).map_err(ModelError::Write)
    }

    /// Reads a model's file after verifying its checksum.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, is not ours, or whose arrays do not fit its network.
    pub fn load(path: impl AsRef<Path>) -> Result<Model, ModelError> {
        let path = path.as_ref();
        Model::from_bytes(&read_file(path)?).map_err(|error| error.in_file(path))
    }

    /// Reads a model's file without looking at its checksum, which it need not have: weights made by
    /// another program, described in the same way.
    ///
    /// # Errors
    /// As [`Model::load`] but for the checksum.
    pub fn load_foreign(path: impl AsRef<Path>) -> Result<Model, ModelError> {
        let path = path.as_ref();
        let container = Container::from_foreign_bytes(&read_file(path)?);
        container.and_then(Model::from_container).map_err(|error| error.in_file(path))
    }

    /// Reads the bytes of a model's file after verifying the checksum.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Model, ModelError> {
        Model::from_container(Container::from_bytes(bytes)?)
    }

    fn from_container(container: Container) -> Result<Model, ModelError> {
        let Container { content, mut tensors } = container;
        let mut fields = Fields::of(&content, "model")?;
        let kind = fields.str("kind")?;
        if kind != "model" {
            return Err(fields.error(format!("this is the file of a {kind}")));
        }
        let format = fields.usize("format")?;
        if format != FORMAT {
            return Err(fields.error(format!("format {format} is not known, {FORMAT} is")));
        }
        let architecture = Architecture::from_json(fields.value("architecture")?)?;
        let output = Output::from_json(fields.value("output")?)?;
        let labels = fields.strings("labels")?;
        let front_end = match fields.value("front_end")? {
            Value::Null => None,
            settings => Some(read_front_end(settings, &mut tensors)?),
        };
        let training = fields.value("training")?.clone();
        fields.finish()?;

        let (network, mut params, item_numbers) =
            architecture.build_with(Weights::Stored(&tensors))?;
        let arrays = arrays(&params);
        for id in params.ids() {
            let name = params.get(id).name.clone();
            let value = tensors.remove(&name);
            params.set(id, value.ok_or_else(|| ModelError::array(&name, "is missing"))?);
        }
        if let Some(name) = tensors.keys().next() {
            return Err(ModelError::array(name, "does not belong to the network"));
        }
        let model = Model {
            output,
            labels,
            training,
            params,
            architecture,
            network,
            front_end,
            item_numbers,
            arrays,
        };
        model.checked()
    }
}

/// What a model's file holds beside the weights: good for the weights of any epoch.
pub(crate) struct Frame {
    content: Value,
    scaler: Option<[(&'static str, Tensor); 2]>,
}

impl Frame {
    /// The file with these weights.
    pub(crate) fn to_bytes(&self, params: &Params) -> Result<Vec<u8>, ModelError> {
        let weights = params.iter().map(|(_, param)| (param.name.as_str(), &param.value));
        let scaler = self.scaler.iter().flatten().map(|(name, numbers)| (*name, numbers));
        Container::to_bytes(&self.content, weights.chain(scaler))
    }
}

/// A front end with its means and deviations, which are taken from the file's arrays.
fn read_front_end(
    settings: &Value,
    tensors: &mut BTreeMap<String, Tensor>,
) -> Result<FrontEnd, ModelError> {
    let mut take = |name: &str| {
        let numbers = tensors.remove(name).map(Tensor::into_vec);
        numbers.ok_or_else(|| ModelError::array(name, "is missing"))
    };
    let (mean, deviation) = (take(MEAN)?, take(DEVIATION)?);
    FrontEnd::from_json(settings)?.standardized(&mean, &deviation)
}

#[cfg(test)]
mod tests {
    use dlmir_nn::Init;

    use super::*;
    use crate::LayerSpec;
    use crate::model::tests::{example, inputs};

    #[test]
    fn a_saved_model_predicts_the_same_bits() {
        let folder = crate::test_folder::TestFolder::new("model");
        let path = folder.join("model.safetensors");
        let mut model = example();
        model.training = json!({"epochs": 3, "loss": 0.1});
        model.save(&path).unwrap();
        let loaded = Model::load(&path).unwrap();
        assert_eq!(loaded.predict(&inputs(5)).unwrap(), model.predict(&inputs(5)).unwrap());
        assert_eq!((&loaded.labels, &loaded.training), (&model.labels, &model.training));
        assert_eq!(loaded.architecture(), model.architecture());
        assert_eq!(loaded.to_bytes().unwrap(), model.to_bytes().unwrap());
        assert_eq!(loaded.summary().params(), 26);
    }

    #[test]
    fn what_was_changed_and_does_not_fit_is_not_written() {
        let message = |change: &dyn Fn(&mut Model)| {
            let mut model = example();
            change(&mut model);
            model.to_bytes().unwrap_err().to_string()
        };
        assert_eq!(
            message(&|model| model.labels = vec![String::from("one")]),
            "output `values`: wants 2 labels, there are 1"
        );
        assert_eq!(
            message(&|model| model.output = Output::OneOf),
            "output `one_of`: the last layer must be `softmax`, it is `linear`"
        );
        let other = |last: usize| {
            let net = Architecture::new("other", &[3]).with("dense1", LayerSpec::linear(last));
            net.build(1).unwrap().1
        };
        assert_eq!(
            message(&|model| model.params = other(5)),
            "array `dense1/weight`: is `dense1/weight` [3, 5] instead of [3, 4]"
        );
        assert_eq!(
            message(&|model| model.params = other(4)),
            "weights: there are 2, the network has 4"
        );
    }

    /// Items of a large network run in smaller batches, with the same results.
    /// Weights that are replaced at once are not drawn: this orthogonal matrix would take minutes.
    #[test]
    fn loading_draws_no_weights() {
        let n = 1 << 12;
        let layer = |init| LayerSpec::Linear { units: n, bias: false, init };
        let net = |init| Architecture::new("wide", &[n]).with("dense1", layer(init));
        let model = Model::new(net(Init::Zeros), Output::Values, &[], 1).unwrap();
        let mut container = Container::from_bytes(&model.to_bytes().unwrap()).unwrap();
        container.content["architecture"] = net(Init::Orthogonal { gain: 1.0 }).to_json();
        assert!(Model::from_container(container).is_ok());
    }

    type Change = dyn Fn(&mut Container);

    #[test]
    fn arrays_that_do_not_fit_are_named() {
        let model = example();
        let content = |model: &Model| Container::from_bytes(&model.to_bytes().unwrap()).unwrap();
        let message = |change: &Change| {
            let mut container = content(&model);
            change(&mut container);
            Model::from_container(container).err().unwrap().to_string()
        };
        let cases: [(&Change, &str); 7] = [
            (
                &|c| drop(c.tensors.insert("dense1/weight".into(), Tensor::zeros(&[4, 3]))),
                "array `dense1/weight`: is [4, 3], the network wants [3, 4]",
            ),
            (&|c| drop(c.tensors.remove("dense2/bias")), "array `dense2/bias`: is missing"),
            (
                &|c| drop(c.tensors.insert("dense3/bias".into(), Tensor::scalar(1.0))),
                "array `dense3/bias`: does not belong to the network",
            ),
            (
                &|c| c.content["kind"] = json!("checkpoint"),
                "model: this is the file of a checkpoint",
            ),
            (&|c| c.content["format"] = json!(2), "model: format 2 is not known, 1 is"),
            (&|c| c.content["output"] = json!("maybe"), "model: unknown output \"maybe\""),
            (
                &|c| c.content["labels"] = json!(["one"]),
                "output `values`: wants 2 labels, there are 1",
            ),
        ];
        for (change, expected) in cases {
            assert_eq!(message(change), expected);
        }
        // A description of a network that is far larger than the file takes no memory.
        let huge = message(&|c| c.content["architecture"]["layers"][0]["units"] = json!(1 << 27));
        assert_eq!(huge, "array `dense1/weight`: is [3, 4], the network wants [3, 134217728]");
    }

    #[test]
    fn a_damaged_file_is_named() {
        let folder = crate::test_folder::TestFolder::new("damaged");
        let path = folder.join("model.safetensors");
        let mut bytes = example().to_bytes().unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let message = Model::load(&path).err().unwrap().to_string();
        assert!(message.starts_with(&format!("{}: damaged", path.display())), "{message}");
        assert!(Model::load_foreign(&path).is_ok());
        let missing = Model::load(folder.join("nothing")).err().unwrap();
        assert!(matches!(missing, ModelError::Io { .. }), "{missing}");
    }
}
