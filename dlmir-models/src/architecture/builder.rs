//! Turning descriptions into layers, one after the other, and never taking memory for an array that
//! nobody has agreed to.

use std::collections::BTreeMap;

use dlmir_nn::{Params, Rng, Sequential, Show, Tensor};

use super::LayerSpec;
use crate::ModelError;

/// No single array, and no layer's output for one item, may have more numbers than this.
const MOST_NUMBERS: usize = 1 << 30;

/// The random streams of weights begin here, apart from those that dropout layers draw from.
const WEIGHT_STREAMS: u64 = 1 << 31;

/// A network in the making.
pub(crate) struct Builder<'a> {
    pub(crate) params: Params,
    seed: u64,
    layers: u64,
    stored: Option<&'a BTreeMap<String, Tensor>>,
}

impl<'a> Builder<'a> {
    /// A builder that draws with this seed. Where the arrays of a file are given, each array of the
    /// network must be among them.
    pub(crate) fn new(seed: u64, stored: Option<&'a BTreeMap<String, Tensor>>) -> Builder<'a> {
        Builder { params: Params::new(), seed, layers: 0, stored }
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
        check_size(&format!("{prefix}input"), "item", &shape)?;
        for (i, (name, spec)) in layers.iter().enumerate() {
            let path = format!("{prefix}{name}");
            let place = format!("layer `{path}`");
            if layers[..i].iter().any(|(other, _)| other == name) {
                return Err(ModelError::description(
                    place,
                    "there is a layer of this name already",
                ));
            }
            if name.is_empty() || name.contains(['/', '#']) {
                return Err(ModelError::description(
                    place,
                    "a name is neither empty nor has / or #",
                ));
            }
            let layer = spec.build(&path, &shape, self)?;
            shape = layer.output_shape(&shape).map_err(|error| error.named(&path))?;
            check_size(&place, "output", &shape)?;
            row.push_boxed(name, layer);
        }
        Ok((row, shape))
    }

    /// Agrees, or not, to an array `LAYER/NAME` of this shape, before memory is taken for it.
    pub(crate) fn admit(&self, layer: &str, name: &str, shape: &[usize]) -> Result<(), ModelError> {
        check_size(&format!("layer `{layer}`"), name, shape)?;
        let Some(stored) = self.stored else { return Ok(()) };
        let path = format!("{layer}/{name}");
        let found = stored.get(&path).ok_or_else(|| ModelError::array(&path, "is missing"))?;
        if found.shape() == shape {
            return Ok(());
        }
        let wrong = format!("is {}, the network wants {}", Show(found.shape()), Show(shape));
        Err(ModelError::array(&path, wrong))
    }

    /// The random numbers of the next layer with weights.
    pub(crate) fn rng(&mut self) -> Rng {
        self.layers += 1;
        Rng::new(self.seed, WEIGHT_STREAMS + self.layers)
    }
}

/// An error if an array of this shape would be too large, or its size no number at all.
pub(super) fn check_size(place: &str, what: &str, shape: &[usize]) -> Result<(), ModelError> {
    let numbers = shape.iter().try_fold(1usize, |product, &size| product.checked_mul(size.max(1)));
    if numbers.is_some_and(|n| n <= MOST_NUMBERS) {
        return Ok(());
    }
    let problem = format!("`{what}` {} is too large, 2^30 numbers are the limit", Show(shape));
    Err(ModelError::description(place, problem))
}
