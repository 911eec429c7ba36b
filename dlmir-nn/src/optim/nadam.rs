//! Nadam: Adam with Nesterov's look ahead.
//!
//! ```text
//! mu(t) = beta1 * (1 - 0.96^(t * momentum_decay) / 2)      a momentum that warms up
//! P(t)  = mu(1) * mu(2) * ... * mu(t)
//! m <- beta1 * m + (1 - beta1) * g             g = dL/dw; m, v: 0 at first
//! v <- beta2 * v + (1 - beta2) * g^2
//! m' = mu(t + 1) * m / (1 - P(t + 1)) + (1 - mu(t)) * g / (1 - P(t))
//! v' = v / (1 - beta2^t)                       t = 1, 2, ...: the number of this update
//! w <- w - learning_rate * m' / (sqrt(v') + epsilon)
//! ```
//!
//! Dozat (2016), "Incorporating Nesterov momentum into Adam" (ICLR workshop), whose schedule of mu has
//! 0.96^(t / 250), that is momentum_decay = 0.004. Keras has 0.96^t: its momentum is warm at once.

use crate::gradients::Gradients;
use crate::optim::{Memory, OptimError, Optimizer, Rule, check_settings, for_each_weight, rule};
use crate::params::Params;
use crate::tensor::Tensor;

/// Nadam. See the module's text.
///
/// The default is PyTorch's; its usual learning rate is 0.002.
#[derive(Debug, Clone)]
pub struct Nadam {
    /// How much of the mean gradient is kept, in [0, 1), once warm. 0.9.
    pub beta1: f64,
    /// How much of the mean square is kept, in [0, 1). 0.999.
    pub beta2: f64,
    /// What keeps the division from 0 / 0. 1e-8; Keras 1e-7.
    pub epsilon: f64,
    /// How fast the momentum warms up. 0.004; Keras 1.
    pub momentum_decay: f64,
    /// The means and mean squares.
    pub memory: Memory<2>,
}

impl Default for Nadam {
    fn default() -> Nadam {
        let memory = Memory::default();
        Nadam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, momentum_decay: 0.004, memory }
    }
}

impl Nadam {
    /// Keras's numbers; its usual learning rate is 0.001.
    pub fn keras() -> Nadam {
        Nadam { epsilon: 1e-7, momentum_decay: 1.0, ..Nadam::default() }
    }

    /// mu(t).
    fn momentum(&self, t: u64) -> f64 {
        self.beta1 * (1.0 - 0.5 * 0.96f64.powf(t as f64 * self.momentum_decay))
    }

    /// P(t), or 0 from where on it makes no difference to 1 - P(t). A function of the settings, computed
    /// anew each time, so that there is nothing to save: at most some 400 factors for beta1 = 0.9.
    fn product(&self, t: u64) -> f64 {
        let mut product = 1.0;
        for i in 1..=t {
            product *= self.momentum(i);
            if product < f64::EPSILON / 4.0 {
                return 0.0;
            }
        }
        product
    }

    fn rule(&self, t: u64, learning_rate: f64) -> Step {
        let (product, next) = (self.product(t), self.momentum(t + 1));
        let root = (1.0 - self.beta2.powf(t as f64)).sqrt();
        let rate = learning_rate * root;
        Step {
            one_minus_beta1: (1.0 - self.beta1) as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            of_mean: (rate * next / (1.0 - product * next)) as f32,
            of_gradient: (rate * (1.0 - self.momentum(t)) / (1.0 - product)) as f32,
            epsilon: (self.epsilon * root) as f32,
        }
    }
}

#[derive(Clone, Copy)]
struct Step {
    one_minus_beta1: f32,
    one_minus_beta2: f32,
    of_mean: f32,
    of_gradient: f32,
    epsilon: f32,
}

impl Rule<2> for Step {
    #[inline(always)]
    fn step(self, w: f32, g: f32, [m, v]: [f32; 2]) -> (f32, [f32; 2]) {
        let m = m + self.one_minus_beta1 * (g - m);
        let v = v + self.one_minus_beta2 * (g * g - v);
        let ahead = self.of_mean * m + self.of_gradient * g;
        (w - ahead / (v.sqrt() + self.epsilon), [m, v])
    }
}

impl Optimizer for Nadam {
    fn name(&self) -> &'static str {
        "nadam"
    }

    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64) {
        check_settings("nadam", &[self.beta1, self.beta2], self.epsilon);
        let mut memory = std::mem::take(&mut self.memory);
        let (mut t, mut step) = (0, self.rule(1, learning_rate));
        for_each_weight(params, grads, |name, w, g| {
            let slot = memory.slot(name, w.shape(), 0.0);
            if t != slot.updates {
                // Nearly always for the first parameter only.
                (t, step) = (slot.updates, self.rule(slot.updates, learning_rate));
            }
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
