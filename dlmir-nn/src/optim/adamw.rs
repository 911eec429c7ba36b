//! AdamW: Adam with the decay of the weights kept out of the gradient.
//!
//! ```text
//! w <- w * (1 - learning_rate * weight_decay)
//! w <- the step of Adam
//! ```
//!
//! An L2 penalty added to the gradient is divided by Adam's sqrt(v) like everything else, so weights
//! with large gradients are hardly held back. Shrinking all weights by one factor, beside Adam's step,
//! treats them alike. Loshchilov and Hutter (2019), "Decoupled weight decay regularization",
//! arXiv:1711.05101, algorithm 2. All trainable parameters decay, biases too, as in PyTorch and Keras.

use crate::gradients::Gradients;
use crate::optim::{Adam, OptimError, Optimizer, check_settings, for_each_weight, rule};
use crate::params::Params;
use crate::tensor::Tensor;

/// AdamW. See the module's text.
///
/// The default is PyTorch's; the usual learning rate is 0.001.
#[derive(Debug, Clone)]
pub struct AdamW {
    /// The settings and the memory of the step.
    pub adam: Adam,
    /// How fast weights decay: the share lost in an update is this times the learning rate. 0.01;
    /// Keras 0.004.
    pub weight_decay: f64,
}

impl Default for AdamW {
    fn default() -> AdamW {
        AdamW { adam: Adam::default(), weight_decay: 0.01 }
    }
}

impl AdamW {
    /// Keras's form and numbers.
    pub fn keras() -> AdamW {
        AdamW { adam: Adam::keras(), weight_decay: 0.004 }
    }
}

impl Optimizer for AdamW {
    fn name(&self) -> &'static str {
        "adamw"
    }

    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64) {
        check_settings("adamw", &[self.adam.beta1, self.adam.beta2], self.adam.epsilon);
        let keep = 1.0 - learning_rate * self.weight_decay;
        let mut memory = std::mem::take(&mut self.adam.memory);
        for_each_weight(params, grads, |name, w, g| {
            let slot = memory.slot(name, w.shape(), 0.0);
            let step = self.adam.rule(slot.updates, learning_rate, keep);
            rule::apply(step, w, g, &mut slot.arrays);
        });
        self.adam.memory = memory;
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.adam.state()
    }

    fn restore(&mut self, state: &[(String, Tensor)], params: &Params) -> Result<(), OptimError> {
        self.adam.restore(state, params)
    }
}
