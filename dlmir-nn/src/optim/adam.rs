//! Adam: a running mean of the gradient, divided by its running size.
//!
//! ```text
//! m <- beta1 * m + (1 - beta1) * g             g = dL/dw; m, v: 0 at first
//! v <- beta2 * v + (1 - beta2) * g^2
//! m' = m / (1 - beta1^t),  v' = v / (1 - beta2^t)      t = 1, 2, ...: the number of this update
//! w <- w - learning_rate * m' / (sqrt(v') + epsilon)
//! ```
//!
//! m and v start at 0 and so are too small at first; m' and v' make up for it. The first step has the
//! length of the learning rate whatever the gradient's. Kingma and Ba (2015), "Adam: a method for
//! stochastic optimization", arXiv:1412.6980, algorithm 1.
//!
//! The paper's section 2 also gives a form in which both corrections join the learning rate,
//!
//! ```text
//! w <- w - learning_rate * sqrt(1 - beta2^t) / (1 - beta1^t) * m / (sqrt(v) + epsilon)
//! ```
//!
//! whose epsilon ("epsilon hat") weighs more in the first updates. This is what Keras computes. Both
//! are one formula here, with epsilon * sqrt(1 - beta2^t) in place of epsilon for the first form.

use crate::gradients::Gradients;
use crate::optim::{Memory, OptimError, Optimizer, Rule, check_settings, for_each_weight, rule};
use crate::params::Params;
use crate::tensor::Tensor;

/// Adam. See the module's text.
///
/// The default is PyTorch's; the usual learning rate is 0.001.
#[derive(Debug, Clone)]
pub struct Adam {
    /// How much of the mean gradient is kept, in [0, 1). 0.9.
    pub beta1: f64,
    /// How much of the mean square is kept, in [0, 1). 0.999.
    pub beta2: f64,
    /// What keeps the division from 0 / 0. 1e-8; Keras 1e-7.
    pub epsilon: f64,
    /// Whether epsilon is added to the uncorrected root, as Keras does.
    pub epsilon_hat: bool,
    /// The means and mean squares.
    pub memory: Memory<2>,
}

impl Default for Adam {
    fn default() -> Adam {
        let memory = Memory::default();
        Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, epsilon_hat: false, memory }
    }
}

impl Adam {
    /// Keras's form and numbers.
    pub fn keras() -> Adam {
        Adam { epsilon: 1e-7, epsilon_hat: true, ..Adam::default() }
    }

    /// The rule of update number `t`, after which the weight is multiplied by `keep` (AdamW's decay).
    pub(super) fn rule(&self, t: u64, learning_rate: f64, keep: f64) -> Step {
        let t = t as f64;
        let root = (1.0 - self.beta2.powf(t)).sqrt();
        Step {
            keep: keep as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            rate: (learning_rate * root / (1.0 - self.beta1.powf(t))) as f32,
            epsilon: (self.epsilon * if self.epsilon_hat { 1.0 } else { root }) as f32,
        }
    }
}

#[derive(Clone, Copy)]
pub(super) struct Step {
    keep: f32,
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    rate: f32,
    epsilon: f32,
}

impl Rule<2> for Step {
    #[inline(always)]
    fn step(self, w: f32, g: f32, [m, v]: [f32; 2]) -> (f32, [f32; 2]) {
        let m = m + self.one_minus_beta1 * (g - m);
        let v = v + self.one_minus_beta2 * (g * g - v);
        (self.keep * w - self.rate * m / (v.sqrt() + self.epsilon), [m, v])
    }
}

impl Optimizer for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64) {
        check_settings("adam", &[self.beta1, self.beta2], self.epsilon);
        // Taken out while the settings are read, and put back.
        let mut memory = std::mem::take(&mut self.memory);
        for_each_weight(params, grads, |name, w, g| {
            let slot = memory.slot(name, w.shape(), 0.0);
            let step = self.rule(slot.updates, learning_rate, 1.0);
            rule::apply(step, w, g, &mut slot.arrays);
        });
        self.memory = memory;
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.memory.state(["first_moment", "second_moment"])
    }

    fn restore(&mut self, state: &[(String, Tensor)], params: &Params) -> Result<(), OptimError> {
        self.memory.restore(state, params, ["first_moment", "second_moment"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "adam: keeps a share of 1, it must be in [0, 1)")]
    fn a_mean_that_forgets_nothing_is_refused() {
        let mut adam = Adam { beta2: 1.0, ..Adam::default() };
        adam.update(&mut Params::new(), &Gradients::default(), 0.1);
    }

    #[test]
    #[should_panic(expected = "adam: epsilon is -0.1, it must not be negative")]
    fn a_negative_epsilon_is_refused() {
        let mut adam = Adam { epsilon: -0.1, ..Adam::default() };
        adam.update(&mut Params::new(), &Gradients::default(), 0.1);
    }
}
