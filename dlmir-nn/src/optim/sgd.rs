//! Stochastic gradient descent, with momentum.
//!
//! ```text
//! g <- dL/dw + weight_decay * w
//! v <- momentum * v + g                        v: the velocity, 0 at first
//! w <- w - learning_rate * v                   heavy ball
//! w <- w - learning_rate * (g + momentum * v)  Nesterov: look ahead
//! ```
//!
//! Robbins and Monro (1951), "A stochastic approximation method"; Polyak (1964) for the heavy ball;
//! Sutskever, Martens, Dahl, Hinton (2013), "On the importance of initialization and momentum in deep
//! learning", for Nesterov's form.
//!
//! Keras keeps steps instead of gradients in its velocity ([`Velocity::Steps`]),
//!
//! ```text
//! v <- momentum * v - learning_rate * g        w <- w + v   or   w <- w + momentum * v - learning_rate * g
//! ```
//!
//! which is the same as long as the learning rate stays the same. When it falls, PyTorch's memory of
//! earlier gradients is scaled down with it; in Keras, past steps carry on at their old length.

use crate::gradients::Gradients;
use crate::optim::{Memory, OptimError, Optimizer, Rule, check_settings, for_each_weight, rule};
use crate::params::Params;
use crate::tensor::Tensor;

/// Stochastic gradient descent. See the module's text.
///
/// The default is plain descent, without momentum or decay. Usual learning rates are 0.01 to 0.1.
#[derive(Debug, Clone, Default)]
pub struct Sgd {
    /// How much of the velocity is kept, in [0, 1): 0.9 averages over about ten updates.
    pub momentum: f64,
    /// Whether to use the gradient that the coming step will meet, roughly. Without momentum it makes
    /// no difference.
    pub nesterov: bool,
    /// The strength of the pull towards 0 that is added to each gradient (an L2 penalty of half this
    /// strength times w^2). PyTorch's meaning; Keras shrinks the weights beside the momentum.
    pub weight_decay: f64,
    /// What the velocity is made of.
    pub velocity: Velocity,
    /// The velocities.
    pub memory: Memory<1>,
}

/// What [`Sgd`]'s velocity is a sum of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Velocity {
    /// Of gradients (PyTorch): the present learning rate applies to all of it.
    #[default]
    Gradients,
    /// Of steps (Keras): each gradient keeps the learning rate of its own update.
    Steps,
}

impl Sgd {
    /// Keras's form: the velocity is made of steps.
    pub fn keras() -> Sgd {
        Sgd { velocity: Velocity::Steps, ..Sgd::default() }
    }
}

#[derive(Clone, Copy)]
struct Plain {
    learning_rate: f32,
    weight_decay: f32,
}

impl Rule<0> for Plain {
    #[inline(always)]
    fn step(self, w: f32, g: f32, []: [f32; 0]) -> (f32, [f32; 0]) {
        (w - self.learning_rate * (g + self.weight_decay * w), [])
    }
}

#[derive(Clone, Copy)]
struct Momentum<const NESTEROV: bool> {
    momentum: f32,
    weight_decay: f32,
    /// The factor with which a gradient enters the velocity.
    into_velocity: f32,
    /// The factor with which the velocity, or what Nesterov looks ahead to, enters the weight.
    into_weight: f32,
}

impl<const NESTEROV: bool> Rule<1> for Momentum<NESTEROV> {
    #[inline(always)]
    fn step(self, w: f32, g: f32, [v]: [f32; 1]) -> (f32, [f32; 1]) {
        let g = self.into_velocity * (g + self.weight_decay * w);
        let v = self.momentum * v + g;
        let ahead = if NESTEROV { g + self.momentum * v } else { v };
        (w + self.into_weight * ahead, [v])
    }
}

impl Sgd {
    fn momentum_rule<const NESTEROV: bool>(&self, learning_rate: f64) -> Momentum<NESTEROV> {
        let (into_velocity, into_weight) = match self.velocity {
            Velocity::Gradients => (1.0, -learning_rate as f32),
            Velocity::Steps => (-learning_rate as f32, 1.0),
        };
        let (momentum, weight_decay) = (self.momentum as f32, self.weight_decay as f32);
        Momentum { momentum, weight_decay, into_velocity, into_weight }
    }
}

impl Optimizer for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn update(&mut self, params: &mut Params, grads: &Gradients, learning_rate: f64) {
        check_settings("sgd", &[self.momentum], 0.0);
        for_each_weight(params, grads, |name, w, g| {
            if self.momentum == 0.0 {
                let (learning_rate, weight_decay) =
                    (learning_rate as f32, self.weight_decay as f32);
                rule::apply(Plain { learning_rate, weight_decay }, w, g, &mut []);
            } else if self.nesterov {
                let step = self.momentum_rule::<true>(learning_rate);
                rule::apply(step, w, g, &mut self.memory.slot(name, w.shape(), 0.0).arrays);
            } else {
                let step = self.momentum_rule::<false>(learning_rate);
                rule::apply(step, w, g, &mut self.memory.slot(name, w.shape(), 0.0).arrays);
            }
        });
    }

    fn state(&self) -> Vec<(String, Tensor)> {
        self.memory.state(["velocity"])
    }

    fn restore(&mut self, state: &[(String, Tensor)], params: &Params) -> Result<(), OptimError> {
        self.memory.restore(state, params, ["velocity"])
    }
}
