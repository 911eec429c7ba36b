//! Layer normalisation as a layer.

use crate::layers::Layer;
use crate::params::{ParamId, Params};
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// Normalises the last axis of x `[batch, ..., channels]`, each row by itself, in training and in use alike.
///
/// Parameters: `NAME/gamma` and `NAME/beta`, both `[channels]`, which start at 1 and 0.
#[derive(Debug, Clone)]
pub struct LayerNorm {
    channels: usize,
    epsilon: f32,
    gamma: ParamId,
    beta: ParamId,
}

impl LayerNorm {
    /// A layer with PyTorch's epsilon, 1e-5.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn new(params: &mut Params, name: &str, channels: usize) -> LayerNorm {
        LayerNorm::with_epsilon(params, name, channels, 1e-5)
    }

    /// A layer with this number added to the variance; Keras takes 1e-3.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn with_epsilon(
        params: &mut Params,
        name: &str,
        channels: usize,
        epsilon: f32,
    ) -> LayerNorm {
        let gamma = params.add(&format!("{name}/gamma"), Tensor::full(&[channels], 1.0));
        let beta = params.add(&format!("{name}/beta"), Tensor::zeros(&[channels]));
        LayerNorm { channels, epsilon, gamma, beta }
    }
}

impl Layer for LayerNorm {
    fn kind(&self) -> &'static str {
        "layer_norm"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let parameters = [tape.param(self.gamma), tape.param(self.beta)];
        tape.layer_norm(x, parameters, self.epsilon)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        if input.last() != Some(&self.channels) {
            let problem = format!("wants {} channels on its last axis", self.channels);
            return Err(ShapeError::new("layer_norm", problem, input));
        }
        Ok(input.to_vec())
    }

    fn params(&self) -> Vec<ParamId> {
        vec![self.gamma, self.beta]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Pool;

    #[test]
    fn rows_come_out_with_mean_0_and_deviation_1() {
        let mut params = Params::new();
        let norm = LayerNorm::new(&mut params, "norm", 4);
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::from_vec(&[1, 4], vec![9.0, 11.0, 9.0, 11.0]));
        let y = norm.forward(&mut tape, x);
        for (y, want) in tape.value(y).as_slice().iter().zip([-1.0, 1.0, -1.0, 1.0]) {
            assert!((y - want).abs() < 1e-5);
        }
        let error = norm.output_shape(&[7, 3]).unwrap_err().to_string();
        assert!(error.contains("wants 4 channels on its last axis"), "{error}");
    }
}
