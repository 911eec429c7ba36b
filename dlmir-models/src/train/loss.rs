//! Which loss a network is trained with, and what counts as a right answer.

use dlmir_nn::{Show, Tape, Tensor, Var};

use crate::Output;

/// A loss on a network's output. Both cross-entropies contain the last activation and work on the logits
/// before it; the squared error takes what leaves the network.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Loss {
    /// For yes-or-no questions, one or several: logits and targets `[batch, questions]`, targets 0 or 1.
    /// Right is a logit of the target's side of 0.
    BinaryCrossEntropy,
    /// For one class out of several: logits `[batch, classes]`, targets `[batch]` with the class's index.
    /// Right is the largest logit in the target's place.
    CrossEntropy,
    /// For numbers: output and target of one shape. There is no right or wrong.
    MeanSquaredError,
}

impl Loss {
    /// The loss that suits what a model's output means.
    pub fn of(output: Output) -> Loss {
        match output {
            Output::Binary | Output::AnyOf => Loss::BinaryCrossEntropy,
            Output::OneOf => Loss::CrossEntropy,
            Output::Values => Loss::MeanSquaredError,
        }
    }

    /// The activation that is part of the loss, which works on what goes into it: a sigmoid or softmax
    /// that rounds to 0 or 1 has lost what the loss needs. None if the loss takes any output as it is.
    pub(crate) fn activation(&self) -> Option<&'static str> {
        match self {
            Loss::BinaryCrossEntropy => Some("sigmoid"),
            Loss::CrossEntropy => Some("softmax"),
            Loss::MeanSquaredError => None,
        }
    }

    /// Records the mean loss over a batch.
    pub(crate) fn record(&self, tape: &mut Tape<'_>, output: Var, target: Var) -> Var {
        match self {
            Loss::BinaryCrossEntropy => tape.bce_with_logits(output, target),
            Loss::CrossEntropy => tape.cross_entropy(output, target),
            Loss::MeanSquaredError => tape.mse(output, target),
        }
    }

    /// Whether outputs and targets of these shapes fit, or what kind of target would.
    pub(crate) fn check(&self, output: &[usize], target: &[usize]) -> Result<(), String> {
        let (wanted, fits) = match self {
            Loss::BinaryCrossEntropy | Loss::MeanSquaredError => {
                (format!("targets of this shape, they are {}", Show(target)), output == target)
            }
            Loss::CrossEntropy => (
                format!("outputs [batch, classes] and targets [batch], they are {}", Show(target)),
                output.len() == 2 && target == &output[..1],
            ),
        };
        if fits { Ok(()) } else { Err(wanted) }
    }

    /// How many answers of a batch are right, as a share of 1 per item; NaN where nothing is.
    pub(crate) fn right(&self, output: &Tensor, target: &Tensor) -> f64 {
        let (output_values, targets) = (output.as_slice(), target.as_slice());
        let items = output.shape().first().copied().unwrap_or(1).max(1);
        match self {
            Loss::BinaryCrossEntropy => {
                let pairs = output_values.iter().zip(targets);
                let right = pairs.filter(|(z, t)| (**z > 0.0) == (**t > 0.5)).count();
                right as f64 * items as f64 / targets.len().max(1) as f64
            }
            Loss::CrossEntropy => {
                let rows = output_values.chunks_exact((output_values.len() / items).max(1));
                let right = rows.zip(targets).filter(|(row, t)| largest(row) == **t as usize);
                right.count() as f64
            }
            Loss::MeanSquaredError => f64::NAN,
        }
    }

    /// The name in checkpoints and messages.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::BinaryCrossEntropy => "binary_cross_entropy",
            Loss::CrossEntropy => "cross_entropy",
            Loss::MeanSquaredError => "mean_squared_error",
        }
    }
}

/// The place of the largest value; the first of equals.
fn largest(row: &[f32]) -> usize {
    (0..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_answers_are_counted_per_item() {
        let z = Tensor::from_vec(&[2, 2], vec![1.0, -1.0, 3.0, 0.5]);
        let t = Tensor::from_vec(&[2, 2], vec![1.0, 0.0, 0.0, 1.0]);
        assert_eq!(Loss::BinaryCrossEntropy.right(&z, &t), 1.5);
        let class = Tensor::from_vec(&[2], vec![0.0, 1.0]);
        assert_eq!(Loss::CrossEntropy.right(&z, &class), 1.0);
        assert!(Loss::MeanSquaredError.right(&z, &t).is_nan());
    }
}
