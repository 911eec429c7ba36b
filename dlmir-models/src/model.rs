//! A model: a network with its weights, what goes in and what comes out.
//!
//! Weights alone are useless: whoever finds a file a year later must know which layers they belong to,
//! how the sound was prepared, and which output is which label. A [`Model`] keeps these together in
//! memory and in its file, so that [`Model::load`] is all it takes to use one.

use std::collections::BTreeMap;
use std::path::Path;

use dlmir_eval::write_atomically;
use dlmir_nn::{Layer, Params, Pool, Sequential, Show, Tape, Tensor};
use ndarray::Array2;
use serde_json::{Value, json};

use crate::architecture::{MOST_OUTPUTS, Weights};
use crate::container::Container;
use crate::error::read_file;
use crate::json::Fields;
use crate::output::layers_after_logits;
use crate::{Architecture, FrontEnd, ModelError, Output, Summary};

/// The version of the files' content. A reader refuses versions that it does not know.
const FORMAT: usize = 1;

/// Items that [`Model::predict`] runs at once: enough for the kernels, little memory. Fewer where the items'
/// numbers would be more than [`MOST_OUTPUTS`].
const BATCH: usize = 32;

/// The front end's arrays in a file. No layer's name has a `#`.
const MEAN: &str = "#front_end/mean";
const DEVIATION: &str = "#front_end/deviation";

/// A network together with all that is needed to use it.
///
/// The public fields may be changed at any time. [`Model::to_bytes`], [`Model::save`] and
/// [`Tagger::new`](crate::Tagger::new) check again that they fit the network.
pub struct Model {
    /// What the outputs mean.
    pub output: Output,
    /// The names of the outputs; empty if they have none.
    pub labels: Vec<String>,
    /// Facts about the training (data, epochs, scores): any JSON object, for readers, not for programs.
    pub training: Value,
    /// The weights.
    pub params: Params,
    architecture: Architecture,
    network: Sequential,
    front_end: Option<FrontEnd>,
    /// The numbers of the input and of all outputs for one item.
    item_numbers: usize,
    /// The names and shapes of the network's arrays.
    arrays: Vec<(String, Vec<usize>)>,
}

impl Model {
    /// A model with freshly drawn weights.
    ///
    /// # Errors
    /// If the architecture cannot be built, or its last layer or the number of labels does not suit the
    /// output.
    pub fn new(
        architecture: Architecture,
        output: Output,
        labels: &[&str],
        seed: u64,
    ) -> Result<Model, ModelError> {
        let (network, params, item_numbers) = architecture.build_with(Weights::Drawn(seed))?;
        let arrays = arrays(&params);
        let labels = labels.iter().map(|label| label.to_string()).collect();
        let (training, front_end) = (json!({}), None);
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

    /// The same model behind a front end, so that it can be given sound.
    ///
    /// # Errors
    /// If the segments are not what the network takes in.
    pub fn with_front_end(self, front_end: FrontEnd) -> Result<Model, ModelError> {
        Model { front_end: Some(front_end), ..self }.checked()
    }

    fn checked(self) -> Result<Model, ModelError> {
        self.check()?;
        match self.front_end.as_ref().map(FrontEnd::item_shape) {
            Some(made) if self.architecture.input != made => {
                let wanted = Show(&self.architecture.input);
                let problem = format!("makes {}, the network wants {wanted}", Show(&made));
                Err(ModelError::description("front end", problem))
            }
            _ => Ok(self),
        }
    }

    /// Whether output and labels suit the network, and the weights are its own.
    pub(crate) fn check(&self) -> Result<(), ModelError> {
        let shape = self.network.output_shape(&self.architecture.input)?;
        self.output.check(&self.architecture, &shape, &self.labels)?;
        for (param, (name, shape)) in self.params.iter().map(|(_, param)| param).zip(&self.arrays) {
            if param.name != *name || param.value.shape() != shape {
                let found = format!("is `{}` {}", param.name, Show(param.value.shape()));
                return Err(ModelError::array(name, format!("{found} instead of {}", Show(shape))));
            }
        }
        if self.params.len() != self.arrays.len() {
            let (found, wanted) = (self.params.len(), self.arrays.len());
            let problem = format!("there are {found}, the network has {wanted}");
            return Err(ModelError::description("weights", problem));
        }
        Ok(())
    }

    /// The description of the network.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The network, whose numbers are [`Model::params`].
    pub fn network(&self) -> &Sequential {
        &self.network
    }

    /// What a trainer works on: network, weights, and the kind of the last layer.
    pub(crate) fn parts(&mut self) -> (&Sequential, &mut Params, Option<&'static str>) {
        let last = self.architecture.layers.last().map(|(_, layer)| layer.kind());
        (&self.network, &mut self.params, last)
    }

    /// How sound becomes the network's input, if that is known.
    pub fn front_end(&self) -> Option<&FrontEnd> {
        self.front_end.as_ref()
    }

    /// The table of the network.
    ///
    /// # Panics
    /// If `params` was replaced by those of another network.
    pub fn summary(&self) -> Summary {
        let rows = self.network.summary(&self.architecture.input, &self.params);
        let rows = rows.expect("a model's shapes were checked when it was built");
        let window_and_hop_ms = self.front_end.as_ref().map(|front_end| {
            let config = front_end.config();
            let ms = |samples: usize| 1e3 * samples as f64 / f64::from(config.sample_rate);
            [ms(config.win_length.unwrap_or(config.n_fft)), ms(config.hop_length)]
        });
        Summary { window_and_hop_ms, ..Summary::new(&self.architecture, rows) }
    }

    /// The network's output for a batch of inputs, `[batch, ...]`: after the last activation.
    ///
    /// # Errors
    /// If the shape of the inputs is not the network's.
    ///
    /// # Panics
    /// If [`Model::params`] was replaced by those of another network.
    pub fn predict(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        self.run(x, 0)
    }

    /// As [`Model::predict`], but before the sigmoid or softmax at the end, if there is one.
    ///
    /// # Errors
    /// If the shape of the inputs is not the network's.
    ///
    /// # Panics
    /// As [`Model::predict`].
    pub fn logits(&self, x: &Tensor) -> Result<Tensor, ModelError> {
        self.run(x, layers_after_logits(&self.architecture))
    }

    /// The probability of each label, `[batch, labels]`: [`Model::predict`], and for two classes the
    /// second one's probability beside it.
    ///
    /// # Errors
    /// If the shape of the inputs is not the network's.
    ///
    /// # Panics
    /// As [`Model::predict`].
    pub fn label_probabilities(&self, x: &Tensor) -> Result<Array2<f64>, ModelError> {
        let y = self.predict(x)?;
        let (items, numbers) = (y.shape()[0], y.as_slice());
        Ok(if self.output == Output::Binary {
            let pair = |(i, label)| [f64::from(numbers[i]), 1.0 - f64::from(numbers[i])][label];
            Array2::from_shape_fn((items, 2), pair)
        } else {
            let labels = numbers.len() / items.max(1);
            Array2::from_shape_fn((items, labels), |(i, j)| f64::from(numbers[i * labels + j]))
        })
    }

    fn run(&self, x: &Tensor, without: usize) -> Result<Tensor, ModelError> {
        let item = &self.architecture.input;
        let Some((&batch, _)) = x.shape().split_first().filter(|(_, rest)| rest == item) else {
            return Err(ModelError::Input { wanted: item.clone(), found: x.shape().to_vec() });
        };
        let size: usize = item.iter().product();
        let (mut pool, mut shape, mut numbers) = (Pool::new(), Vec::new(), Vec::new());
        let at_once = (MOST_OUTPUTS / self.item_numbers.max(1)).clamp(1, BATCH);
        for start in (0..batch).step_by(at_once) {
            let end = batch.min(start + at_once);
            let part = x.as_slice()[start * size..end * size].to_vec();
            let mut tape = Tape::record(&self.params, &mut pool);
            let part = tape.constant(Tensor::from_vec(&[&[end - start], &item[..]].concat(), part));
            let y = self.network.forward_without(&mut tape, part, without);
            shape = tape.shape(y)[1..].to_vec();
            numbers.extend_from_slice(tape.value(y).as_slice());
        }
        if batch == 0 {
            shape = self.network.output_shape(item)?;
        }
        Ok(Tensor::from_vec(&[&[batch], &shape[..]].concat(), numbers))
    }

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

fn arrays(params: &Params) -> Vec<(String, Vec<usize>)> {
    params.iter().map(|(_, param)| (param.name.clone(), param.value.shape().to_vec())).collect()
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

    fn example() -> Model {
        let net = Architecture::new("tiny", &[3])
            .with("dense1", LayerSpec::linear(4))
            .with("relu1", LayerSpec::Relu)
            .with("dense2", LayerSpec::linear(2));
        Model::new(net, Output::Values, &["left", "right"], 7).unwrap()
    }

    fn inputs(batch: usize) -> Tensor {
        let numbers = (0..3 * batch).map(|i| (i as f32).sin()).collect();
        Tensor::from_vec(&[batch, 3], numbers)
    }

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
    fn predictions_do_not_depend_on_the_batch() {
        let model = example();
        let (x, size) = (inputs(70), 3);
        let all = model.predict(&x).unwrap();
        assert_eq!(all.shape(), [70, 2]);
        for item in [0, 31, 32, 69] {
            let one = x.as_slice()[size * item..][..size].to_vec();
            let one = model.predict(&Tensor::from_vec(&[1, 3], one)).unwrap();
            assert_eq!(one.as_slice(), &all.as_slice()[2 * item..][..2], "{item}");
        }
        assert_eq!(model.predict(&inputs(0)).unwrap().shape(), [0, 2]);
        let error = model.predict(&Tensor::zeros(&[1, 4])).unwrap_err();
        assert_eq!(error.to_string(), "the network wants inputs [batch, 3], these are [1, 4]");
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
    #[test]
    fn large_items_run_in_small_batches() {
        let mut model = example();
        let all = model.predict(&inputs(70)).unwrap();
        for item_numbers in [MOST_OUTPUTS / 5, MOST_OUTPUTS] {
            model.item_numbers = item_numbers;
            assert_eq!(model.predict(&inputs(70)).unwrap(), all);
        }
        assert_eq!(example().item_numbers, 3 + 4 + 4 + 2);
    }

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
