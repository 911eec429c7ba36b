//! AdaGrad: a learning rate of its own for each weight, which only ever falls.
//!
//! ```text
//! s <- s + g^2                                 g = dL/dw; s: the sum of squares
//! w <- w - learning_rate * g / (sqrt(s) + epsilon)
//! ```
//!
//! Duchi, Hazan, Singer (2011), "Adaptive subgradient methods for online learning and stochastic
//! optimization", section 1.1. A weight whose gradient is rarely other than 0 keeps its long steps.
//!
//! Keras adds epsilon under the root, sqrt(s + epsilon), and lets s start at 0.1.

use crate::gradients::Gradients;
use crate::optim::{Memory, OptimError, Optimizer, Rule, check_settings, for_each_weight, rule};
use crate::params::Params;
use crate::tensor::Tensor;

/// AdaGrad. See the module's text.
///
/// The default is PyTorch's; its usual learning rate is 0.01.
#[derive(Debug, Clone)]
pub struct AdaGrad {
    /// The sum of squares before the first update. 0; Keras 0.1.
    pub initial_sum: f64,
    /// What keeps the division from 0 / 0. 1e-10; Keras 1e-7.
    pub epsilon: f64,
    /// Whether epsilon is added under the root, as Keras does.
    pub epsilon_under_root: bool,
    /// The sums of squares.
    pub memory: Memory<1>,
}

impl Default for AdaGrad {
    fn default() -> AdaGrad {
        let memory = Memory::default();
        AdaGrad { initial_sum: 0.0, epsilon: 1e-10, epsilon_under_root: false, memory }
    }
}

impl AdaGrad {
    /// Keras's form and numbers; its usual learning rate is 0.001.
    pub fn keras() -> AdaGrad {
        let memory = Memory::default();
        AdaGrad { initial_sum: 0.1, epsilon: 1e-7, epsilon_under_root: true, memory }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    /// Epsilon, where it is added under the root; else 0.
    under_root: f32,
    /// Epsilon, where it is added to the root; else 0.
    beside_root: f32,
}

impl Rule<1> for Step {
    #[inline(always)]
    fn step(self, w: f32, g: f32, [s]: [f32; 1]) -> (f32, [f32; 1]) {
        let s = s + g * g;
        (w - self.learning_rate * g / ((s + self.under_root).sqrt() + self.beside_root), [s])
    }
}

impl Optimizer for AdaGrad {
    fn name(&self) -> &'static str {
        "adagrad"
    }

    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64) {
        check_settings("adagrad", &[], self.epsilon);
        let (learning_rate, epsilon) = (learning_rate as f32, self.epsilon as f32);
        let (under_root, beside_root) =
            if self.epsilon_under_root { (epsilon, 0.0) } else { (0.0, epsilon) };
        let step = Step { learning_rate, under_root, beside_root };
        for_each_weight(params, grads, |name, w, g| {
            let slot = self.memory.slot(name, w.shape(), self.initial_sum as f32);
            rule::apply(step, w, g, &mut slot.arrays);
        });
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.memory.state(["sum_of_squares"])
    }

    fn restore(&mut self, state: &[(String, Tensor)], params: &Params) -> Result<(), OptimError> {
        self.memory.restore(state, params, ["sum_of_squares"])
    }
}
