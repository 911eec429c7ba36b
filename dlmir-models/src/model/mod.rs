//! A model: a network with its weights, what goes in and what comes out.
//!
//! Weights alone are useless: whoever finds a file a year later must know which layers they belong to,
//! how the sound was prepared, and which output is which label. A [`Model`] keeps these together in
//! memory and in its file, so that [`Model::load`] is all it takes to use one.

mod file;

use dlmir_nn::{Layer, Params, Pool, Sequential, Show, Tape, Tensor};
use ndarray::Array2;
use serde_json::{Value, json};

pub(crate) use file::Frame;

use crate::architecture::{MOST_OUTPUTS, Weights};
use crate::output::layers_after_logits;
use crate::{Architecture, FrontEnd, ModelError, Output, Summary};

/// Items that [`Model::predict`] runs at once: enough for the kernels, little memory. Fewer where the items'
/// numbers would be more than [`MOST_OUTPUTS`].
const BATCH: usize = 32;

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
        let band_corners_hz = self.front_end.as_ref().map(FrontEnd::band_corners_hz);
        Summary { window_and_hop_ms, band_corners_hz, ..Summary::new(&self.architecture, rows) }
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
            let mut tape = Tape::infer(&self.params, &mut pool);
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
}

fn arrays(params: &Params) -> Vec<(String, Vec<usize>)> {
    params.iter().map(|(_, param)| (param.name.clone(), param.value.shape().to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LayerSpec;

    pub(super) fn example() -> Model {
        let net = Architecture::new("tiny", &[3])
            .with("dense1", LayerSpec::linear(4))
            .with("relu1", LayerSpec::Relu)
            .with("dense2", LayerSpec::linear(2));
        Model::new(net, Output::Values, &["left", "right"], 7).unwrap()
    }

    pub(super) fn inputs(batch: usize) -> Tensor {
        let numbers = (0..3 * batch).map(|i| (i as f32).sin()).collect();
        Tensor::from_vec(&[batch, 3], numbers)
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
    fn large_items_run_in_small_batches() {
        let mut model = example();
        let all = model.predict(&inputs(70)).unwrap();
        for item_numbers in [MOST_OUTPUTS / 5, MOST_OUTPUTS] {
            model.item_numbers = item_numbers;
            assert_eq!(model.predict(&inputs(70)).unwrap(), all);
        }
        assert_eq!(example().item_numbers, 3 + 4 + 4 + 2);
    }
}
