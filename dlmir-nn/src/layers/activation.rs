//! Activations as layers.

use crate::layers::Layer;
use crate::ops::Gelu;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// A function of each element (softmax, its logarithm and the direction: of each row along the last axis) without
/// parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// x itself: no activation.
    Identity,
    /// max(x, 0).
    Relu,
    /// x where x > 0, alpha x elsewhere. Keras's alpha is 0.3, PyTorch's 0.01.
    LeakyRelu(f32),
    /// x where x > 0, alpha (exp(x) - 1) elsewhere; alpha is 1 unless there is a reason.
    Elu(f32),
    /// ELU with the scale and alpha that keep mean and deviation.
    Selu,
    /// x times the normal distribution's probability of being below x.
    Gelu(Gelu),
    /// 1 / (1 + exp(-x)).
    Sigmoid,
    /// tanh x.
    Tanh,
    /// exp(x) over the row's sum of exp(x).
    Softmax,
    /// The logarithm of softmax.
    LogSoftmax,
    /// The row divided by its length.
    L2Normalize,
}

impl Layer for Activation {
    fn kind(&self) -> &'static str {
        match self {
            Activation::Identity => "identity",
            Activation::Relu => "relu",
            Activation::LeakyRelu(_) => "leaky_relu",
            Activation::Elu(_) => "elu",
            Activation::Selu => "selu",
            Activation::Gelu(_) => "gelu",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
            Activation::Softmax => "softmax",
            Activation::LogSoftmax => "log_softmax",
            Activation::L2Normalize => "l2_normalize",
        }
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        match *self {
            Activation::Identity => x,
            Activation::Relu => tape.relu(x),
            Activation::LeakyRelu(alpha) => tape.leaky_relu(x, alpha),
            Activation::Elu(alpha) => tape.elu(x, alpha),
            Activation::Selu => tape.selu(x),
            Activation::Gelu(form) => tape.gelu(x, form),
            Activation::Sigmoid => tape.sigmoid(x),
            Activation::Tanh => tape.tanh(x),
            Activation::Softmax => tape.softmax(x),
            Activation::LogSoftmax => tape.log_softmax(x),
            Activation::L2Normalize => tape.l2_normalize(x),
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let by_row =
            matches!(self, Activation::Softmax | Activation::LogSoftmax | Activation::L2Normalize);
        if by_row && input.is_empty() {
            return Err(ShapeError::new(self.kind(), "wants a last axis", input));
        }
        Ok(input.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Pool, Tensor};

    #[test]
    fn each_activation_is_the_function_of_its_name() {
        let params = Params::new();
        let mut pool = Pool::poisoned();
        let mut of = |activation: Activation| {
            let mut tape = Tape::record(&params, &mut pool);
            let x = tape.constant(Tensor::from_vec(&[1, 2], vec![-1.0, 2.0]));
            let y = activation.forward(&mut tape, x);
            [tape.value(y).as_slice()[0], tape.value(y).as_slice()[1]]
        };
        let sigmoid = |x: f32| 1.0 / (1.0 + (-x).exp());
        let cases = [
            (Activation::Identity, [-1.0, 2.0]),
            (Activation::Relu, [0.0, 2.0]),
            (Activation::LeakyRelu(0.3), [-0.3, 2.0]),
            (Activation::Elu(1.0), [(-1f32).exp() - 1.0, 2.0]),
            (Activation::Selu, [1.758_099_3 * (-1f32).exp_m1(), 2.101_402]),
            (Activation::L2Normalize, [-1.0 / 5f32.sqrt(), 2.0 / 5f32.sqrt()]),
            (Activation::Gelu(Gelu::Exact), [-0.158_655_26, 1.954_499_7]),
            (Activation::Sigmoid, [sigmoid(-1.0), sigmoid(2.0)]),
            (Activation::Tanh, [(-1f32).tanh(), 2f32.tanh()]),
            (Activation::Softmax, [sigmoid(-3.0), sigmoid(3.0)]),
            (Activation::LogSoftmax, [sigmoid(-3.0).ln(), sigmoid(3.0).ln()]),
        ];
        for (activation, wanted) in cases {
            let found = of(activation);
            let close = found.iter().zip(wanted).all(|(f, w)| (f - w).abs() < 2e-6);
            assert!(close, "{activation:?}: {found:?}, wanted {wanted:?}");
        }
    }
}
