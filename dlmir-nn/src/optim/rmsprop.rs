//! RMSprop: each gradient divided by its recent size.
//!
//! ```text
//! v <- rho * v + (1 - rho) * g^2               g = dL/dw; v: the running mean square, 0 at first
//! w <- w - learning_rate * g / (sqrt(v) + epsilon)
//! ```
//!
//! Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for machine learning" (Coursera). Where
//! AdaGrad remembers all gradients, this forgets those older than about 1 / (1 - rho) updates.
//!
//! Keras 3 adds epsilon under the root, sqrt(v + epsilon); Keras 2 did not. The momentum and the
//! centred form that both libraries offer are left out.

use crate::gradients::Gradients;
use crate::optim::{Memory, OptimError, Optimizer, Rule, check_settings, for_each_weight, rule};
use crate::params::Params;
use crate::tensor::Tensor;

/// RMSprop. See the module's text.
///
/// The default is PyTorch's; its usual learning rate is 0.01.
#[derive(Debug, Clone)]
pub struct RmsProp {
    /// How much of the mean square is kept, in [0, 1). 0.99; Keras 0.9. (PyTorch's `alpha`.)
    pub rho: f64,
    /// What keeps the division from 0 / 0. 1e-8; Keras 1e-7.
    pub epsilon: f64,
    /// Whether epsilon is added under the root, as Keras 3 does.
    pub epsilon_under_root: bool,
    /// The mean squares.
    pub memory: Memory<1>,
}

impl Default for RmsProp {
    fn default() -> RmsProp {
        let memory = Memory::default();
        RmsProp { rho: 0.99, epsilon: 1e-8, epsilon_under_root: false, memory }
    }
}

impl RmsProp {
    /// Keras 3's form and numbers; its usual learning rate is 0.001.
    pub fn keras() -> RmsProp {
        RmsProp { rho: 0.9, epsilon: 1e-7, epsilon_under_root: true, memory: Memory::default() }
    }
}

#[derive(Clone, Copy)]
struct Step {
    learning_rate: f32,
    one_minus_rho: f32,
    /// Epsilon, where it is added under the root; else 0.
    under_root: f32,
    /// Epsilon, where it is added to the root; else 0.
    beside_root: f32,
}

impl Rule<1> for Step {
    #[inline(always)]
    fn step(self, w: f32, g: f32, [v]: [f32; 1]) -> (f32, [f32; 1]) {
        let v = v + self.one_minus_rho * (g * g - v);
        (w - self.learning_rate * g / ((v + self.under_root).sqrt() + self.beside_root), [v])
    }
}

impl Optimizer for RmsProp {
    fn name(&self) -> &'static str {
        "rmsprop"
    }

    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64) {
        check_settings("rmsprop", &[self.rho], self.epsilon);
        let epsilon = self.epsilon as f32;
        let (under_root, beside_root) =
            if self.epsilon_under_root { (epsilon, 0.0) } else { (0.0, epsilon) };
        let one_minus_rho = (1.0 - self.rho) as f32;
        let step =
            Step { learning_rate: learning_rate as f32, one_minus_rho, under_root, beside_root };
        for_each_weight(params, grads, |name, w, g| {
            rule::apply(step, w, g, &mut self.memory.slot(name, w.shape(), 0.0).arrays);
        });
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.memory.state(["mean_square"])
    }

    fn restore(&mut self, state: &[(String, Tensor)], params: &Params) -> Result<(), OptimError> {
        self.memory.restore(state, params, ["mean_square"])
    }
}
