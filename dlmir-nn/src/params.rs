//! Named parameters: everything of a network that is stored.
//!
//! A [`Params`] owns the numbers that training changes (weights, biases) and those that it only keeps
//! count of (a batch norm's running mean). Layers hold [`ParamId`]s into it, never the numbers, so that
//! there is one place to save, load, freeze and count, and two layers can share a weight by holding the
//! same id. Names are paths, `conv1/weight`, in the order of creation.

use crate::constraint::Constraint;
use crate::shape::Show;
use crate::tensor::Tensor;

/// The place of a parameter in its [`Params`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ParamId(pub(crate) usize);

impl ParamId {
    /// The position in the order of creation, from 0.
    pub fn index(self) -> usize {
        self.0
    }
}

/// What a stored array is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Changed by the optimiser, along its gradient.
    Weight,
    /// Kept up to date by its layer, without a gradient: running means and variances.
    State,
}

/// One stored array with its name.
#[derive(Debug, Clone)]
pub struct Param {
    /// The path of the parameter: `LAYER/weight`.
    pub name: String,
    /// The numbers.
    pub value: Tensor,
    /// Weight or state.
    pub role: Role,
    /// A frozen parameter gets no gradient and no update.
    pub frozen: bool,
    /// What the optimiser does to the value after each update, if anything.
    pub constraint: Option<Constraint>,
}

/// All parameters of a network, in the order of creation.
#[derive(Debug, Clone, Default)]
pub struct Params {
    list: Vec<Param>,
}

impl Params {
    /// No parameters yet.
    pub fn new() -> Params {
        Params::default()
    }

    /// Adds a weight.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add(&mut self, name: &str, value: Tensor) -> ParamId {
        self.insert(name, value, Role::Weight)
    }

    /// Adds an array that its layer keeps up to date itself.
    ///
    /// # Panics
    /// If the name is taken.
    #[track_caller]
    pub fn add_state(&mut self, name: &str, value: Tensor) -> ParamId {
        self.insert(name, value, Role::State)
    }

    #[track_caller]
    fn insert(&mut self, name: &str, value: Tensor, role: Role) -> ParamId {
        assert!(self.id(name).is_none(), "params: there is a parameter `{name}` already");
        let name = name.to_string();
        self.list.push(Param { name, value, role, frozen: false, constraint: None });
        ParamId(self.list.len() - 1)
    }

    /// The id of the parameter of this name.
    pub fn id(&self, name: &str) -> Option<ParamId> {
        self.list.iter().position(|p| p.name == name).map(ParamId)
    }

    /// The parameter itself.
    pub fn get(&self, id: ParamId) -> &Param {
        &self.list[id.0]
    }

    /// The parameter itself, to be changed.
    pub fn get_mut(&mut self, id: ParamId) -> &mut Param {
        &mut self.list[id.0]
    }

    /// The numbers of a parameter.
    pub fn value(&self, id: ParamId) -> &Tensor {
        &self.list[id.0].value
    }

    /// Replaces the numbers of a parameter.
    ///
    /// # Panics
    /// If the new shape differs from the old one.
    #[track_caller]
    pub fn set(&mut self, id: ParamId, value: Tensor) {
        let param = &mut self.list[id.0];
        assert!(
            param.value.shape() == value.shape(),
            "params: `{}` is {}, the new value {}",
            param.name,
            Show(param.value.shape()),
            Show(value.shape())
        );
        param.value = value;
    }

    /// How many arrays are stored.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether nothing is stored.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All ids, in the order of creation.
    pub fn ids(&self) -> impl Iterator<Item = ParamId> + use<> {
        (0..self.list.len()).map(ParamId)
    }

    /// All parameters, in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, &Param)> {
        self.list.iter().enumerate().map(|(i, p)| (ParamId(i), p))
    }

    /// Whether the optimiser changes this parameter: a weight that is not frozen.
    pub fn is_trainable(&self, id: ParamId) -> bool {
        let param = &self.list[id.0];
        param.role == Role::Weight && !param.frozen
    }

    /// Freezes (or thaws) the parameter of this name, or all whose path starts with it; returns how many
    /// these are. Names count as a whole: `conv1` is `conv1/weight` and `conv1/bias`, and not
    /// `conv10/weight`. The empty path is all parameters.
    ///
    /// A frozen batch norm must also stop adapting its statistics: the tape drops updates of frozen
    /// states.
    pub fn set_frozen(&mut self, path: &str, frozen: bool) -> usize {
        let path = path.trim_end_matches('/');
        let within = |name: &str| {
            let rest = name.strip_prefix(path);
            path.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let chosen = self.list.iter_mut().filter(|p| within(&p.name));
        chosen.map(|p| p.frozen = frozen).count()
    }

    /// How many numbers the optimiser may change.
    pub fn count_trainable(&self) -> usize {
        self.iter().filter(|(id, _)| self.is_trainable(*id)).map(|(_, p)| p.value.len()).sum()
    }

    /// How many numbers are stored.
    pub fn count(&self) -> usize {
        self.list.iter().map(|p| p.value.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_order_counts_and_freezing() {
        let mut params = Params::new();
        let w = params.add("dense1/weight", Tensor::zeros(&[3, 2]));
        let m = params.add_state("norm/mean", Tensor::zeros(&[2]));
        let names: Vec<_> = params.iter().map(|(_, p)| p.name.as_str()).collect();
        assert_eq!(names, ["dense1/weight", "norm/mean"]);
        assert_eq!((params.count(), params.count_trainable()), (8, 6));
        assert!(params.is_trainable(w) && !params.is_trainable(m));
        assert_eq!(params.set_frozen("dense1/", true), 1);
        assert_eq!(params.count_trainable(), 0);
    }

    #[test]
    fn freezing_looks_at_whole_names() {
        let mut params = Params::new();
        for name in ["conv1/weight", "conv10/weight", "conv1", "block/conv1/weight"] {
            params.add(name, Tensor::zeros(&[1]));
        }
        let counts = ["conv1", "conv1/", "conv", "conv10", "block/conv1/weight", ""];
        assert_eq!(counts.map(|path| params.set_frozen(path, true)), [2, 2, 0, 1, 1, 4]);
    }

    #[test]
    #[should_panic(expected = "params: `w` is [2], the new value [3]")]
    fn set_names_both_shapes() {
        let mut params = Params::new();
        let w = params.add("w", Tensor::zeros(&[2]));
        params.set(w, Tensor::zeros(&[3]));
    }
}
