//! Layers in a row, each with a name.

use std::fmt;

use crate::layers::Layer;
use crate::params::{ParamId, Params};
use crate::shape::{ShapeError, Show};
use crate::tape::{Tape, Var};

/// Layers that are applied one after the other.
#[derive(Default)]
pub struct Sequential {
    layers: Vec<(String, Box<dyn Layer>)>,
}

impl Sequential {
    /// No layers yet.
    pub fn new() -> Sequential {
        Sequential::default()
    }

    /// Appends a layer under a name.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn push(&mut self, name: &str, layer: impl Layer + 'static) -> &mut Sequential {
        self.push_boxed(name, Box::new(layer))
    }

    /// As [`Sequential::push`], for a layer whose type is only known at run time.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn push_boxed(&mut self, name: &str, layer: Box<dyn Layer>) -> &mut Sequential {
        let taken = self.layers.iter().any(|(other, _)| other == name);
        assert!(!taken, "sequential: there is a layer `{name}` already");
        self.layers.push((name.to_string(), layer));
        self
    }

    /// The layers with their names, in order.
    pub fn layers(&self) -> impl Iterator<Item = (&str, &dyn Layer)> {
        self.layers.iter().map(|(name, layer)| (name.as_str(), layer.as_ref()))
    }

    /// How many layers there are.
    pub fn len(&self) -> usize {
        self.layers.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.layers.is_empty()
    }

    /// Runs all layers but the last `skip`: with 1, a network's output before its last activation. What one layer leaves to the
    /// next is released ([`Tape::release`]).
    pub fn forward_without(&self, tape: &mut Tape<'_>, x: Var, skip: usize) -> Var {
        let mut y = x;
        for (name, layer) in &self.layers[..self.layers.len().saturating_sub(skip)] {
            let before = y;
            y = tape.within(name, |tape| layer.forward(tape, before));
            if before != x && before != y {
                tape.release(before);
            }
        }
        y
    }

    /// The table of the network for one input item of this shape: what each layer makes of it, how many
    /// numbers it stores and how much it computes. Nothing is computed, so this is also the dry run that
    /// finds a shape that does not fit before any data is loaded. The layers of branches come before the layer that
    /// joins them, which keeps what is left of the counts.
    ///
    /// # Errors
    /// The first layer that cannot take its input, by name.
    pub fn summary(&self, input: &[usize], params: &Params) -> Result<Vec<SummaryRow>, ShapeError> {
        let mut shape = input.to_vec();
        let mut rows = Vec::new();
        for (name, layer) in &self.layers {
            let output = shape_of(name, layer.as_ref(), &shape)?;
            let count = |id: &ParamId| params.value(*id).len();
            let trainable = |id: &&ParamId| params.is_trainable(**id);
            let mut own = SummaryRow {
                name: name.clone(),
                kind: layer.kind(),
                params: layer.params().iter().map(count).sum(),
                trainable: layer.params().iter().filter(trainable).map(count).sum(),
                multiply_adds: layer.multiply_adds(&shape),
                output: output.clone(),
            };
            for (branch, network) in layer.branches() {
                for mut row in
                    network.summary(&shape, params).map_err(|e| e.within(branch).within(name))?
                {
                    own.params -= row.params;
                    own.trainable -= row.trainable;
                    own.multiply_adds -= row.multiply_adds;
                    row.name = path(&[name, branch, &row.name]);
                    rows.push(row);
                }
            }
            rows.push(own);
            shape = output;
        }
        Ok(rows)
    }
}

/// Names from the outermost on; a branch need not have one.
fn path(names: &[&str]) -> String {
    let names: Vec<&str> = names.iter().copied().filter(|name| !name.is_empty()).collect();
    names.join("/")
}

/// The shape of a layer's output, or an error under the layer's path: a layer by itself knows itself
/// only by its kind, one that is made of layers says which of them it was.
fn shape_of(name: &str, layer: &dyn Layer, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
    layer
        .output_shape(input)
        .map_err(|e| if e.layer == layer.kind() { e.named(name) } else { e.within(name) })
}

impl Layer for Sequential {
    fn kind(&self) -> &'static str {
        "sequential"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        self.forward_without(tape, x, 0)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let step = |shape: Vec<usize>, (name, layer): &(String, Box<dyn Layer>)| {
            shape_of(name, layer.as_ref(), &shape)
        };
        self.layers.iter().try_fold(input.to_vec(), step)
    }

    fn params(&self) -> Vec<ParamId> {
        self.layers.iter().flat_map(|(_, layer)| layer.params()).collect()
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        let mut shape = input.to_vec();
        let mut sum = 0;
        for (_, layer) in &self.layers {
            sum += layer.multiply_adds(&shape);
            match layer.output_shape(&shape) {
                Ok(output) => shape = output,
                Err(_) => break,
            }
        }
        sum
    }
}

/// One line of [`Sequential::summary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummaryRow {
    /// The layer's name.
    pub name: String,
    /// The kind of layer.
    pub kind: &'static str,
    /// The shape of one output item.
    pub output: Vec<usize>,
    /// How many numbers are stored, trained or not.
    pub params: usize,
    /// How many of them are trained.
    pub trainable: usize,
    /// Multiply-adds of the forward pass for one item.
    pub multiply_adds: u64,
}

impl fmt::Display for SummaryRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SummaryRow { name, kind, output, params, multiply_adds, .. } = self;
        let shape = Show(output).to_string();
        write!(f, "{name:<16} {kind:<14} {shape:<18} {params:>10} {multiply_adds:>12}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Activation, Linear, Parallel};
    use crate::pool::Pool;
    use crate::rng::Rng;
    use crate::tensor::Tensor;

    fn network(params: &mut Params) -> Sequential {
        let mut rng = Rng::new(1, 0);
        let mut net = Sequential::new();
        net.push("dense1", Linear::new(params, "dense1", 3, 4, &mut rng));
        net.push("act1", Activation::Relu);
        net.push("dense2", Linear::new(params, "dense2", 4, 2, &mut rng));
        net
    }

    #[test]
    fn the_summary_counts_what_the_formulas_say() {
        let mut params = Params::new();
        let net = network(&mut params);
        let rows = net.summary(&[3], &params).unwrap();
        assert_eq!(rows.iter().map(|r| r.params).collect::<Vec<_>>(), [16, 0, 10]);
        assert_eq!(rows.iter().map(|r| r.multiply_adds).sum::<u64>(), 12 + 8);
        assert_eq!(rows[2].output, [2]);
    }

    #[test]
    fn a_misfit_is_an_error_with_the_layers_name() {
        let mut params = Params::new();
        let net = network(&mut params);
        let error = net.summary(&[5], &params).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer `dense1`: wants 3 features on its last axis for its weight [3, 4], but its input is [5]"
        );
    }

    #[test]
    fn layers_within_layers_have_a_path() {
        let mut params = Params::new();
        let mut parallel = Parallel::new();
        parallel.push(network(&mut params));
        let mut net = Sequential::new();
        net.push("branches", parallel);
        net.push("last", Activation::Relu);
        let error = net.output_shape(&[5]).unwrap_err();
        assert_eq!(error.layer, "branches/dense1");
        assert_eq!(net.summary(&[5], &params).unwrap_err(), error);

        // Such a number overflows in the first product.
        let id = params.id("dense1/weight").unwrap();
        params.get_mut(id).value.as_mut_slice().fill(1e38);
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::full(&[1, 3], 1e38));
        net.forward(&mut tape, x);
        assert_eq!(tape.first_not_finite(), Some("branches/dense1"));
    }

    #[test]
    fn a_nan_is_traced_to_its_layer() {
        let mut params = Params::new();
        let net = network(&mut params);
        let id = params.id("dense2/bias").unwrap();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::full(&[1, 3], f32::INFINITY));
        net.forward(&mut tape, x);
        assert_eq!(tape.first_not_finite(), Some("input"));
        drop(tape);
        params.get_mut(id).value.as_mut_slice()[1] = f32::NAN;
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::full(&[1, 3], 1.0));
        net.forward(&mut tape, x);
        assert_eq!(tape.first_not_finite(), Some("dense2/bias"));
    }
}
