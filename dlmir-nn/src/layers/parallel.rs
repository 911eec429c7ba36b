//! Branches side by side, and how they are joined.

use crate::layers::{Layer, Sequential};
use crate::params::ParamId;
use crate::shape::{ShapeError, Show};
use crate::tape::{Tape, Var};

/// How the outputs of branches become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Join {
    /// Each flattened to `[batch, features]`, then put next to each other.
    #[default]
    Flatten,
    /// Put next to each other along an axis, counted from 1 because axis 0 is the batch; `None` stands for the last.
    Concat(Option<usize>),
    /// Added up. With a branch that does nothing, this is the shortcut of a residual block.
    Add,
    /// The first branch's output, each channel multiplied by the others' numbers: `[batch, ..., channels]` and
    /// `[batch, channels]`. With a first branch that does nothing, this is squeeze-and-excitation.
    Multiply,
}

/// Several networks on one input, whose outputs are joined.
///
/// With filters that are wide in time in one branch and filters that are high in frequency in the other, one can
/// learn how things change and the other what they consist of. A branch without layers passes its input on.
///
/// ```
/// use dlmir_nn::{Activation, Join, Layer, Parallel, Sequential};
///
/// let mut detour = Sequential::new();
/// detour.push("tanh", Activation::Tanh);
/// let mut block = Parallel::joined_by(Join::Add);
/// block.push_named("detour", detour).push_named("shortcut", Sequential::new());
/// assert_eq!(block.output_shape(&[40, 80, 16]), Ok(vec![40, 80, 16])); // tanh(x) + x
/// ```
#[derive(Default)]
pub struct Parallel {
    branches: Vec<(String, Sequential)>,
    join: Join,
}

impl Parallel {
    /// No branches yet; their outputs will be flattened and put next to each other.
    pub fn new() -> Parallel {
        Parallel::default()
    }

    /// No branches yet; their outputs will be joined like this.
    pub fn joined_by(join: Join) -> Parallel {
        Parallel { branches: Vec::new(), join }
    }

    /// Appends a branch without a name.
    pub fn push(&mut self, branch: Sequential) -> &mut Parallel {
        self.push_named("", branch)
    }

    /// Appends a branch whose layers are traced as `LAYER/name/...` in summaries and messages.
    ///
    /// # Panics
    /// If another branch has this name, unless it is empty.
    #[track_caller]
    pub fn push_named(&mut self, name: &str, branch: Sequential) -> &mut Parallel {
        let taken = !name.is_empty() && self.branches.iter().any(|(other, _)| other == name);
        assert!(!taken, "parallel: there is a branch `{name}` already");
        self.branches.push((name.to_string(), branch));
        self
    }

    /// How the outputs are joined.
    pub fn join(&self) -> Join {
        self.join
    }

    /// The shape of the joined outputs.
    fn joined(&self, outputs: &[Vec<usize>], input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let error = |problem: String| Err(ShapeError::new("parallel", problem, input));
        let Some((first, others)) = outputs.split_first() else {
            return error("has no branch".into());
        };
        let misfit = |verb: &str, other: &[usize]| {
            let (first, other) = (Show(first), Show(other));
            error(format!("cannot {verb} the outputs {first} and {other} of its branches"))
        };
        match self.join {
            Join::Flatten => Ok(vec![outputs.iter().map(|s| s.iter().product::<usize>()).sum()]),
            Join::Concat(axis) => {
                let axis = axis.unwrap_or(first.len());
                let mut joined = first.clone();
                let Some(length) = axis.checked_sub(1).and_then(|axis| joined.get_mut(axis)) else {
                    let first = Show(first);
                    return error(format!("wants an axis {axis} behind the batch of {first}"));
                };
                for other in others {
                    let fits = other.len() == first.len()
                        && (0..first.len()).all(|i| i + 1 == axis || first[i] == other[i]);
                    if !fits {
                        return misfit("concatenate", other);
                    }
                    *length += other[axis - 1];
                }
                Ok(joined)
            }
            Join::Add => match others.iter().find(|other| *other != first) {
                Some(other) => misfit("add", other),
                None => Ok(first.clone()),
            },
            Join::Multiply => {
                let fits = |other: &&Vec<usize>| other.len() == 1 && other.last() == first.last();
                match others.iter().find(|other| !fits(other)) {
                    Some(other) => misfit("multiply", other),
                    None => Ok(first.clone()),
                }
            }
        }
    }
}

impl Layer for Parallel {
    fn kind(&self) -> &'static str {
        "parallel"
    }

    /// # Panics
    /// If there is no branch, a branch cannot take the shape of x, or the outputs cannot be joined.
    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let mut outputs: Vec<Var> = Vec::with_capacity(self.branches.len());
        for (name, branch) in &self.branches {
            let y = match name.is_empty() {
                true => branch.forward(tape, x),
                false => tape.within(name, |tape| branch.forward(tape, x)),
            };
            outputs.push(if self.join == Join::Flatten { tape.flatten(y) } else { y });
        }
        let Some((&first, others)) = outputs.split_first() else {
            panic!("parallel: there is no branch");
        };
        match self.join {
            Join::Flatten => tape.concat_all(&outputs, 1),
            Join::Concat(axis) => {
                let last = tape.shape(first).len().saturating_sub(1);
                tape.concat_all(&outputs, axis.unwrap_or(last))
            }
            Join::Add => others.iter().fold(first, |sum, &y| tape.add(sum, y)),
            Join::Multiply => others.iter().fold(first, |x, &s| tape.multiply_channels(x, s)),
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let shape = |(name, branch): &(String, Sequential)| {
            branch.output_shape(input).map_err(|error| error.within(name))
        };
        let outputs: Result<Vec<_>, _> = self.branches.iter().map(shape).collect();
        self.joined(&outputs?, input)
    }

    fn params(&self) -> Vec<ParamId> {
        self.branches.iter().flat_map(|(_, branch)| branch.params()).collect()
    }

    fn branches(&self) -> &[(String, Sequential)] {
        &self.branches
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        self.branches.iter().map(|(_, branch)| branch.multiply_adds(input)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_tape, random};
    use crate::layers::{Activation, GlobalPool, Linear};
    use crate::{Params, Rng};

    fn branches(params: &mut Params, join: Join, features: [usize; 3]) -> Parallel {
        let mut rng = Rng::new(3, 0);
        let mut parallel = Parallel::joined_by(join);
        for (name, features) in ["low", "mid", "high"].into_iter().zip(features) {
            let mut branch = Sequential::new();
            let dense = format!("{name}/dense");
            branch.push("dense", Linear::new(params, &dense, 4, features, &mut rng));
            branch.push("act", Activation::Tanh);
            parallel.push_named(name, branch);
        }
        parallel
    }

    #[test]
    fn joined_branches_pass_the_check_and_foretell_their_shape() {
        let cases = [
            (Join::Flatten, [2, 3, 1], vec![5 * 6]),
            (Join::Concat(None), [2, 3, 1], vec![5, 6]),
            (Join::Concat(Some(1)), [2, 2, 2], vec![15, 2]),
            (Join::Add, [2, 2, 2], vec![5, 2]),
        ];
        for (join, features, shape) in cases {
            let mut params = Params::new();
            let parallel = branches(&mut params, join, features);
            assert_eq!(parallel.output_shape(&[5, 4]), Ok(shape.clone()));
            let outputs: usize = features.iter().sum();
            assert_eq!(parallel.multiply_adds(&[5, 4]), (5 * 4 * outputs) as u64);
            assert_eq!(parallel.params().len(), 6);
            let mut rng = Rng::new(4, 0);
            let weights = random(&[&[2], &shape[..]].concat(), 0.0, &mut rng);
            let axes: Vec<usize> = (0..=shape.len()).collect();
            check_tape(&params, &[random(&[2, 5, 4], 0.0, &mut rng), weights], |tape, x| {
                let y = parallel.forward(tape, x[0]);
                let weighted = tape.multiply(y, x[1]);
                tape.sum(weighted, &axes)
            })
            .unwrap();
        }
    }

    #[test]
    fn a_gate_multiplies_channels_and_passes_the_check() {
        let mut params = Params::new();
        let mut gate = Sequential::new();
        gate.push("mean", GlobalPool::Mean);
        gate.push("dense", Linear::new(&mut params, "dense", 4, 4, &mut Rng::new(3, 0)));
        gate.push("sigmoid", Activation::Sigmoid);
        let mut parallel = Parallel::joined_by(Join::Multiply);
        parallel.push_named("x", Sequential::new()).push_named("gate", gate);
        assert_eq!(parallel.output_shape(&[3, 5, 4]), Ok(vec![3, 5, 4]));
        check_tape(&params, &[random(&[2, 3, 5, 4], 0.0, &mut Rng::new(5, 0))], |tape, x| {
            let y = parallel.forward(tape, x[0]);
            tape.sum(y, &[0, 1, 2, 3])
        })
        .unwrap();
    }

    #[test]
    fn misfits_name_branch_or_shapes() {
        let mut params = Params::new();
        let parallel = branches(&mut params, Join::Add, [2, 3, 2]);
        let message = |input: &[usize]| parallel.output_shape(input).unwrap_err().to_string();
        assert!(
            message(&[3]).starts_with("layer `low/dense`: wants 4 features"),
            "{}",
            message(&[3])
        );
        assert_eq!(
            message(&[5, 4]),
            "layer `parallel`: cannot add the outputs [5, 2] and [5, 3] of its branches, but its input is [5, 4]"
        );
        let empty = Parallel::new().output_shape(&[5, 4]).unwrap_err().to_string();
        assert!(empty.contains("has no branch"), "{empty}");
    }
}
