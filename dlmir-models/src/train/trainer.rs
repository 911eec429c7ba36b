//! The settings of a training run; the loop is in `fit.rs`.

use std::path::PathBuf;

use dlmir_nn::ops::Penalty;
use dlmir_nn::optim::{Optimizer, Schedule};
use dlmir_nn::{ParamId, Params, Sequential};

use crate::Model;
use crate::train::Loss;
use crate::train::callback::Callback;

/// A training run: what is trained, how, and who watches. See [`Trainer::fit`].
pub struct Trainer<'a> {
    pub(super) network: &'a Sequential,
    pub(super) params: &'a mut Params,
    pub(super) optimizer: &'a mut dyn Optimizer,
    pub(super) loss: Loss,
    pub(super) epochs: u64,
    pub(super) seed: u64,
    pub(super) learning_rate: f64,
    pub(super) schedule: Schedule,
    pub(super) clip: Option<Clip>,
    pub(super) penalties: Vec<(String, Penalty, Vec<ParamId>)>,
    /// The kind of the network's last layer where a loss that contains it may leave it out.
    pub(super) last: Option<&'static str>,
    pub(super) callbacks: Vec<&'a mut dyn Callback>,
    pub(super) checkpoint: Option<(PathBuf, String)>,
}

/// A bound on the gradients of an update.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Clip {
    /// Each number is at most this far from 0.
    Value(f32),
    /// All gradients together, as one vector, are at most this long.
    GlobalNorm(f64),
}

impl<'a> Trainer<'a> {
    /// A run that trains a model: its loss follows from what its output means. A sigmoid at its end is left
    /// out in training where the loss is binary cross-entropy, a softmax where it is cross-entropy: they
    /// contain it. All other losses see what [`Model::predict`] gives. See [`Trainer::new`].
    pub fn of(model: &'a mut Model, optimizer: &'a mut dyn Optimizer) -> Trainer<'a> {
        let loss = Loss::of(model.output);
        let (network, params, last) = model.parts();
        Trainer { loss, last, ..Trainer::new(network, params, optimizer) }
    }

    /// A run of one epoch with seed 1, the learning rate 0.001, binary cross-entropy, and nothing else.
    /// The network's output goes into the loss as it is, so it must end in logits.
    pub fn new(
        network: &'a Sequential,
        params: &'a mut Params,
        optimizer: &'a mut dyn Optimizer,
    ) -> Trainer<'a> {
        Trainer {
            network,
            params,
            optimizer,
            loss: Loss::BinaryCrossEntropy,
            epochs: 1,
            seed: 1,
            learning_rate: 1e-3,
            schedule: Schedule::Constant,
            clip: None,
            penalties: Vec::new(),
            last: None,
            callbacks: Vec::new(),
            checkpoint: None,
        }
    }

    /// Another loss.
    pub fn loss(mut self, loss: Loss) -> Self {
        self.loss = loss;
        self
    }

    /// The most epochs to train.
    pub fn epochs(mut self, epochs: u64) -> Self {
        self.epochs = epochs;
        self
    }

    /// The seed of dropout and noise.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The learning rate before schedule and callbacks.
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// How the learning rate changes with the updates.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// A bound on the gradients.
    pub fn clip(mut self, clip: Clip) -> Self {
        self.clip = Some(clip);
        self
    }

    /// A price on all weights whose name ends in `suffix`, for instance `/weight`.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn penalty(mut self, suffix: &str, penalty: Penalty) -> Self {
        let named = self.params.iter().filter(|(_, param)| param.name.ends_with(suffix));
        let weights: Vec<ParamId> = named.map(|(id, _)| id).collect();
        assert!(!weights.is_empty(), "trainer: no weight's name ends in `{suffix}`");
        self.penalties.push((suffix.to_string(), penalty, weights));
        self
    }

    /// Someone who watches; callbacks are told in the order in which they were added.
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Self {
        self.callbacks.push(callback);
        self
    }

    /// Keeps a checkpoint in this file, written after every epoch. If the file is there when the run
    /// begins, the run goes on from it. A checkpoint of other settings is refused: `settings` names what
    /// the trainer cannot know (data, network, which parameters are frozen or constrained, the constants
    /// of optimiser and callbacks); the rest of what changes the result, but the number of epochs, is
    /// compared by itself.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>, settings: impl Into<String>) -> Self {
        self.checkpoint = Some((path.into(), settings.into()));
        self
    }

    /// What the trainer knows of all that changes the result, as text. Callbacks that remember nothing
    /// only watch, so a progress bar may come and go.
    pub(super) fn settings(&self) -> String {
        let penalties = self.penalties.iter().map(|(suffix, penalty, _)| (suffix, penalty));
        let remembering = self.callbacks.iter().filter(|callback| !callback.memory().is_empty());
        format!(
            "seed {}, learning rate {}, schedule {:?}, clip {:?}, loss {}, penalties {:?}, \
             optimizer {}, trainable numbers {}, callbacks {:?}",
            self.seed,
            self.learning_rate,
            self.schedule,
            self.clip,
            self.loss.name(),
            penalties.collect::<Vec<_>>(),
            self.optimizer.name(),
            self.params.count_trainable(),
            remembering.map(|callback| callback.name()).collect::<Vec<_>>(),
        )
    }
}
