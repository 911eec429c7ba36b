//! Branches side by side.

use crate::layers::{Layer, Sequential};
use crate::params::ParamId;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// Several networks on one input, whose outputs are flattened and put next to each other: `[batch, ...]` to
/// `[batch, features of the first + of the second + ...]`.
///
/// With filters that are wide in time in one branch and filters that are high in frequency in the other, one can
/// learn how things change and the other what they consist of.
#[derive(Default)]
pub struct Parallel {
    branches: Vec<Sequential>,
}

impl Parallel {
    /// No branches yet.
    pub fn new() -> Parallel {
        Parallel::default()
    }

    /// Appends a branch.
    pub fn push(&mut self, branch: Sequential) -> &mut Parallel {
        self.branches.push(branch);
        self
    }

    /// The branches in their order.
    pub fn branches(&self) -> &[Sequential] {
        &self.branches
    }
}

impl Layer for Parallel {
    fn kind(&self) -> &'static str {
        "parallel"
    }

    /// # Panics
    /// If there is no branch, or a branch cannot take the shape of x.
    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let mut run = |branch: &Sequential| {
            let y = branch.forward(tape, x);
            tape.flatten(y)
        };
        let outputs: Vec<Var> = self.branches.iter().map(&mut run).collect();
        tape.concat_all(&outputs, 1)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        if self.branches.is_empty() {
            return Err(ShapeError::new("parallel", "has no branch", input));
        }
        let mut features = 0;
        for branch in &self.branches {
            features += branch.output_shape(input)?.iter().product::<usize>();
        }
        Ok(vec![features])
    }

    fn params(&self) -> Vec<ParamId> {
        self.branches.iter().flat_map(|branch| branch.params()).collect()
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        self.branches.iter().map(|branch| branch.multiply_adds(input)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_tape, random};
    use crate::layers::{Activation, Linear};
    use crate::{Params, Rng};

    #[test]
    fn branches_are_put_next_to_each_other_and_pass_the_check() {
        let mut params = Params::new();
        let mut rng = Rng::new(3, 0);
        let mut parallel = Parallel::new();
        for (name, features) in [("low", 2), ("mid", 3), ("high", 1)] {
            let mut branch = Sequential::new();
            branch.push(name, Linear::new(&mut params, name, 4, features, &mut rng));
            branch.push("act", Activation::Tanh);
            parallel.push(branch);
        }
        assert_eq!(parallel.output_shape(&[5, 4]).unwrap(), [5 * (2 + 3 + 1)]);
        assert_eq!(parallel.multiply_adds(&[5, 4]), 5 * 4 * (2 + 3 + 1));
        assert_eq!(parallel.params().len(), 6);
        let error = parallel.output_shape(&[3]).unwrap_err();
        assert!(error.to_string().starts_with("layer `low`: wants 4 features"), "{error}");
        let x = [random(&[2, 5, 4], 0.0, &mut rng), random(&[2, 30], 0.0, &mut rng)];
        check_tape(&params, &x, |tape, x| {
            let y = parallel.forward(tape, x[0]);
            let weighted = tape.multiply(y, x[1]);
            tape.sum(weighted, &[0, 1])
        })
        .unwrap();
    }
}
