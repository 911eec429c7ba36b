//! What the backward walk leaves: gradients by parameter, and the new values of states.

use crate::params::{ParamId, Params};
use crate::pool::Pool;
use crate::tape::Var;
use crate::tensor::Tensor;

/// What a backward walk found: gradients of parameters and leaves, and new values of states.
#[derive(Debug, Default)]
pub struct Gradients {
    pub(crate) of_params: Vec<Option<Tensor>>,
    pub(crate) of_leaves: Vec<(Var, Tensor)>,
    pub(crate) updates: Vec<(ParamId, Tensor)>,
}

impl Gradients {
    /// The gradient of a parameter; `None` where the loss does not depend on it or it is frozen.
    pub fn of_param(&self, id: ParamId) -> Option<&Tensor> {
        self.of_params.get(id.0)?.as_ref()
    }

    /// The same, to be changed (clipping, penalties).
    pub fn of_param_mut(&mut self, id: ParamId) -> Option<&mut Tensor> {
        self.of_params.get_mut(id.0)?.as_mut()
    }

    /// Sets the gradient of a parameter, for one that comes from elsewhere than a tape:
    /// `Gradients::default()` has none.
    pub fn set_param(&mut self, id: ParamId, grad: Tensor) {
        if self.of_params.len() <= id.0 {
            self.of_params.resize_with(id.0 + 1, || None);
        }
        self.of_params[id.0] = Some(grad);
    }

    /// The gradient of a leaf; `None` where the loss does not depend on it.
    pub fn of(&self, leaf: Var) -> Option<&Tensor> {
        self.of_leaves.iter().find(|(var, _)| *var == leaf).map(|(_, grad)| grad)
    }

    /// All parameters that have a gradient, in the order of creation.
    pub fn iter(&self) -> impl Iterator<Item = (ParamId, &Tensor)> {
        let all = self.of_params.iter().enumerate();
        all.filter_map(|(i, grad)| grad.as_ref().map(|grad| (ParamId(i), grad)))
    }

    /// All parameters that have a gradient, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (ParamId, &mut Tensor)> {
        let all = self.of_params.iter_mut().enumerate();
        all.filter_map(|(i, grad)| grad.as_mut().map(|grad| (ParamId(i), grad)))
    }

    /// Writes the new values of states (running means and variances) into the parameters.
    pub fn update_states(&mut self, params: &mut Params, pool: &mut Pool) {
        for (id, value) in self.updates.drain(..) {
            let old = std::mem::replace(&mut params.get_mut(id).value, value);
            pool.give(old);
        }
    }

    /// Gives all buffers back once the optimiser has used them.
    pub fn give_back(self, pool: &mut Pool) {
        let leaves = self.of_leaves.into_iter().map(|(_, grad)| grad);
        let updates = self.updates.into_iter().map(|(_, value)| value);
        for tensor in self.of_params.into_iter().flatten().chain(leaves).chain(updates) {
            pool.give(tensor);
        }
    }
}
