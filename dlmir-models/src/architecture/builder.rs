//! Turning descriptions into layers, one after the other, and never taking memory for an array that
//! nobody has agreed to.

use std::collections::BTreeMap;

use dlmir_nn::{Init, Params, Rng, Sequential, Show, Tensor};

use super::LayerSpec;
use crate::ModelError;

/// No single weight may have more numbers than this.
const MOST_NUMBERS: usize = 1 << 30;

/// The input and the outputs of all layers together may not have more numbers for one item than this
/// (1 GiB): unlike weights, they need not be in the file that asks for them.
pub(crate) const MOST_OUTPUTS: usize = 1 << 28;

/// The random streams of weights begin here, apart from those that dropout layers draw from.
const WEIGHT_STREAMS: u64 = 1 << 31;

/// Where the weights of a network come from.
#[derive(Clone, Copy)]
pub(crate) enum Weights<'a> {
    /// From their initialisers, with this seed.
    Drawn(u64),
    /// Only their shapes matter; they stay 0, which the system gives without writing it.
    Shapes,
    /// From these arrays of a file, among which each one of the network must be. The builder checks that
    /// and leaves 0; drawing what is replaced at once would take longer than reading it (an orthogonal
    /// matrix: its cube).
    Stored(&'a BTreeMap<String, Tensor>),
}

/// A network in the making.
pub(crate) struct Builder<'a> {
    pub(crate) params: Params,
    weights: Weights<'a>,
    layers: u64,
    /// The numbers of the input and of all outputs for one item so far.
    pub(crate) outputs: usize,
}

impl<'a> Builder<'a> {
    /// A builder of nothing yet.
    pub(crate) fn new(weights: Weights<'a>) -> Builder<'a> {
        Builder { params: Params::new(), weights, layers: 0, outputs: 0 }
    }

    /// Builds layers in a row under the names `prefix` + name; also returns their output's shape.
    pub(crate) fn row(
        &mut self,
        layers: &[(String, LayerSpec)],
        prefix: &str,
        input: &[usize],
    ) -> Result<(Sequential, Vec<usize>), ModelError> {
        let mut row = Sequential::new();
        let mut shape = input.to_vec();
        self.admit_output(&format!("{prefix}input"), "item", &shape)?;
        for (i, (name, spec)) in layers.iter().enumerate() {
            let path = format!("{prefix}{name}");
            let place = format!("layer `{path}`");
            if layers[..i].iter().any(|(other, _)| other == name) {
                return Err(ModelError::description(
                    place,
                    "there is a layer of this name already",
                ));
            }
            check_name(&place, name)?;
            let layer = spec.build(&path, &shape, self)?;
            shape = layer.output_shape(&shape).map_err(|error| error.named(&path))?;
            self.admit_output(&place, "output", &shape)?;
            row.push_boxed(name, layer);
        }
        Ok((row, shape))
    }

    /// Agrees, or not, to an array `LAYER/NAME` of this shape, before memory is taken for it.
    pub(crate) fn admit(&self, layer: &str, name: &str, shape: &[usize]) -> Result<(), ModelError> {
        check_size(&format!("layer `{layer}`"), name, shape)?;
        let Weights::Stored(stored) = self.weights else { return Ok(()) };
        let path = format!("{layer}/{name}");
        let found = stored.get(&path).ok_or_else(|| ModelError::array(&path, "is missing"))?;
        if found.shape() == shape {
            return Ok(());
        }
        let wrong = format!("is {}, the network wants {}", Show(found.shape()), Show(shape));
        Err(ModelError::array(&path, wrong))
    }

    /// How the next layer's weights are drawn, and the random numbers for it.
    pub(crate) fn draw(&mut self, init: Init) -> (Init, Rng) {
        self.layers += 1;
        let (init, seed) = match self.weights {
            Weights::Drawn(seed) => (init, seed),
            Weights::Shapes | Weights::Stored(_) => (Init::Zeros, 0),
        };
        (init, Rng::new(seed, WEIGHT_STREAMS + self.layers))
    }

    /// Agrees, or not, to a layer's output, which stays in memory until all layers have run.
    pub(super) fn admit_output(
        &mut self,
        place: &str,
        what: &str,
        shape: &[usize],
    ) -> Result<(), ModelError> {
        let numbers = product(shape).and_then(|numbers| numbers.checked_add(self.outputs));
        self.outputs = numbers.filter(|n| *n <= MOST_OUTPUTS).ok_or_else(|| {
            let shape = Show(shape);
            let problem =
                format!("`{what}` {shape} is too large, 2^28 numbers are the limit for all");
            ModelError::description(place, problem)
        })?;
        Ok(())
    }
}

/// An error if paths could not be made of this name.
pub(super) fn check_name(place: &str, name: &str) -> Result<(), ModelError> {
    match name.is_empty() || name.contains(['/', '#']) {
        true => Err(ModelError::description(place, "a name is neither empty nor has / or #")),
        false => Ok(()),
    }
}

/// An error if an array of this shape would be too large, or its size no number at all.
pub(super) fn check_size(place: &str, what: &str, shape: &[usize]) -> Result<(), ModelError> {
    if product(shape).is_some_and(|n| n <= MOST_NUMBERS) {
        return Ok(());
    }
    let problem = format!("`{what}` {} is too large, 2^30 numbers are the limit", Show(shape));
    Err(ModelError::description(place, problem))
}

/// How many numbers a shape has; an axis of length 0 hides no other.
fn product(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size.max(1)))
}
