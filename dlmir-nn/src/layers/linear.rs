//! The fully connected layer.

use crate::init::Init;
use crate::layers::Layer;
use crate::params::{ParamId, Params};
use crate::rng::Rng;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// y = x W + b for x `[batch, in_features]`; further axes between the two are kept.
///
/// Parameters: `NAME/weight` `[in_features, out_features]` and, unless switched off, `NAME/bias`
/// `[out_features]`. Keras stores the weight the same way, PyTorch transposed.
#[derive(Debug, Clone)]
pub struct Linear {
    in_features: usize,
    out_features: usize,
    weight: ParamId,
    bias: Option<ParamId>,
}

impl Linear {
    /// A layer with Keras's defaults: Glorot-uniform weights, zero bias.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn new(
        params: &mut Params,
        name: &str,
        in_features: usize,
        out_features: usize,
        rng: &mut Rng,
    ) -> Linear {
        Linear::with_init(params, name, in_features, out_features, Init::GlorotUniform, rng)
    }

    /// A layer whose weights are drawn as `init` says; the bias starts at zero.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn with_init(
        params: &mut Params,
        name: &str,
        in_features: usize,
        out_features: usize,
        init: Init,
        rng: &mut Rng,
    ) -> Linear {
        let mut layer = Linear::without_bias(params, name, in_features, out_features, init, rng);
        layer.bias = Some(params.add(&format!("{name}/bias"), Tensor::zeros(&[out_features])));
        layer
    }

    /// A layer that only multiplies: y = x W.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn without_bias(
        params: &mut Params,
        name: &str,
        in_features: usize,
        out_features: usize,
        init: Init,
        rng: &mut Rng,
    ) -> Linear {
        let weight = init.tensor(&[in_features, out_features], rng);
        let weight = params.add(&format!("{name}/weight"), weight);
        Linear { in_features, out_features, weight, bias: None }
    }

    /// The weight `[in_features, out_features]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The bias `[out_features]`, if the layer has one.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }
}

impl Layer for Linear {
    fn kind(&self) -> &'static str {
        "linear"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let weight = tape.param(self.weight);
        match self.bias {
            Some(bias) => {
                let bias = tape.param(bias);
                tape.linear(x, weight, bias)
            }
            None => tape.matmul(x, weight),
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match input.split_last() {
            Some((&features, rest)) if features == self.in_features => {
                Ok([rest, &[self.out_features]].concat())
            }
            _ => {
                let problem = format!("wants {} features on its last axis", self.in_features);
                let weight = [self.in_features, self.out_features];
                Err(ShapeError::new("linear", problem, input).with_weight(&weight))
            }
        }
    }

    fn params(&self) -> Vec<ParamId> {
        [Some(self.weight), self.bias].into_iter().flatten().collect()
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        let rows: usize = input.iter().rev().skip(1).product();
        (rows * self.in_features * self.out_features) as u64
    }
}
