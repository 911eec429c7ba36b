//! The training loop.

use std::path::PathBuf;
use std::time::Instant;

use dlmir_nn::ops::Penalty;
use dlmir_nn::optim::{Optimizer, Schedule, clip_by_global_norm, clip_by_value};
use dlmir_nn::{Gradients, ParamId, Params, Pool, Sequential, Tape, Training};

use crate::Model;

use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow, Start};
use crate::train::checkpoint::{self, Position};
use crate::train::{Batch, History, HistoryRow, Loss, TrainError};

/// A training run: what is trained, how, and who watches. See [`Trainer::fit`].
pub struct Trainer<'a> {
    network: &'a Sequential,
    params: &'a mut Params,
    optimizer: &'a mut dyn Optimizer,
    loss: Loss,
    epochs: u64,
    seed: u64,
    learning_rate: f64,
    schedule: Schedule,
    clip: Option<Clip>,
    penalties: Vec<(Penalty, Vec<ParamId>)>,
    /// Layers at the end of the network that training leaves out: its loss works on logits.
    without: usize,
    callbacks: Vec<&'a mut dyn Callback>,
    checkpoint: Option<(PathBuf, String)>,
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
    /// A run that trains a model: its loss follows from what its output means. See [`Trainer::new`].
    pub fn of(model: &'a mut Model, optimizer: &'a mut dyn Optimizer) -> Trainer<'a> {
        let loss = Loss::of(model.output);
        let (network, params, without) = model.parts();
        Trainer { loss, without, ..Trainer::new(network, params, optimizer) }
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
            without: 0,
            callbacks: Vec::new(),
            checkpoint: None,
        }
    }

    /// The loss.
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
    pub fn penalty(mut self, suffix: &str, penalty: Penalty) -> Self {
        let named = self.params.iter().filter(|(_, param)| param.name.ends_with(suffix));
        self.penalties.push((penalty, named.map(|(id, _)| id).collect()));
        self
    }

    /// Someone who watches; callbacks are told in the order in which they were added.
    pub fn callback(mut self, callback: &'a mut dyn Callback) -> Self {
        self.callbacks.push(callback);
        self
    }

    /// Keeps a checkpoint in this file, written after every epoch. If the file is there when the run
    /// begins, the run goes on from it. `settings` names everything that changes the result but the
    /// number of epochs (data, network, rates): a checkpoint of other settings is refused.
    pub fn checkpoint(mut self, path: impl Into<PathBuf>, settings: impl Into<String>) -> Self {
        self.checkpoint = Some((path.into(), settings.into()));
        self
    }

    /// Trains.
    ///
    /// `train(epoch)` gives the batches of an epoch, counted from 0, the same each time it is asked for
    /// the same epoch; `validation()` gives those of the validation set, or none.
    ///
    /// # Errors
    /// If a number becomes NaN or infinite, a checkpoint or callback fails, or there is no data.
    pub fn fit<T, V>(
        mut self,
        train: impl Fn(u64) -> T,
        validation: impl Fn() -> V,
    ) -> Result<History, TrainError>
    where
        T: IntoIterator<Item = Batch>,
        V: IntoIterator<Item = Batch>,
    {
        let mut at = self.start()?;
        let mut pool = Pool::new();
        while at.epoch < self.epochs && !at.stopped {
            let clock = Instant::now();
            let (mut sum, mut right, mut seen) = (0.0, 0.0, 0);
            let (mut rate, mut batches) = (0.0, 0);
            for (batch, number) in train(at.epoch).into_iter().zip(1..) {
                batches = number;
                rate = self.rate(&at);
                let step = self.step(&batch, number, &at, rate, &mut pool)?;
                sum += step.loss * batch.items.len() as f64;
                right += step.right;
                seen += batch.items.len();
                at.updates += 1;
            }
            if seen == 0 {
                return Err(TrainError::NoData("the training set"));
            }
            let (val_loss, val_accuracy) = self.validate(validation(), at.epoch, &mut pool)?;
            at.epoch += 1;
            let row = HistoryRow {
                epoch: at.epoch,
                loss: sum / seen as f64,
                accuracy: right / seen as f64,
                val_loss,
                val_accuracy,
                learning_rate: rate,
                seconds: clock.elapsed().as_secs_f64(),
            };
            self.end_epoch(&mut at, row, batches)?;
        }
        for callback in &mut self.callbacks {
            callback.on_end(self.params).map_err(failed(callback.name()))?;
        }
        Ok(at.history)
    }

    /// The beginning of the run, or the place where an earlier one was interrupted.
    fn start(&mut self) -> Result<Position, TrainError> {
        let mut at = Position::default();
        if let Some((path, settings)) = &self.checkpoint
            && path.exists()
        {
            let callbacks = &mut self.callbacks;
            at = checkpoint::read(
                path,
                settings,
                self.epochs,
                self.params,
                self.optimizer,
                callbacks,
            )?;
        }
        let start = Start { history: &at.history, epochs: self.epochs };
        for callback in &mut self.callbacks {
            callback.on_start(&start).map_err(failed(callback.name()))?;
        }
        Ok(at)
    }

    fn rate(&self, at: &Position) -> f64 {
        at.rate_factor * self.schedule.learning_rate(self.learning_rate, at.updates, at.epoch)
    }

    /// One update: forward, loss, backward, a step downhill.
    fn step(
        &mut self,
        batch: &Batch,
        number: u64,
        at: &Position,
        rate: f64,
        pool: &mut Pool,
    ) -> Result<Step, TrainError> {
        let training = Training { seed: self.seed, epoch: at.epoch, items: batch.items.clone() };
        let mut tape = Tape::train(self.params, pool, training);

        // Forward: from the input to the loss, recorded on the tape.
        let x = tape.borrowed(&batch.x);
        let target = tape.borrowed(&batch.target);
        let output = self.network.forward_without(&mut tape, x, self.without);
        tape.enter("loss");
        let loss = self.loss.record(&mut tape, output, target);
        let step = Step {
            loss: f64::from(tape.value(loss).item()),
            right: self.loss.right(tape.value(output), &batch.target),
        };
        let cost = self
            .penalties
            .iter()
            .fold(loss, |cost, (penalty, weights)| tape.add_penalty(cost, *penalty, weights));
        if !tape.value(cost).all_finite() {
            return Err(not_finite(&tape, at.epoch, number));
        }

        // Backward: how the cost depends on every weight.
        let mut grads = tape.backward(cost);
        match self.clip {
            None => {}
            Some(Clip::Value(limit)) => clip_by_value(&mut grads, limit),
            Some(Clip::GlobalNorm(limit)) => _ = clip_by_global_norm(&mut grads, limit),
        }
        self.tell_batch(number, &grads)?;

        // Update.
        self.optimizer.update(self.params, &grads, rate);
        grads.update_states(self.params, pool);
        grads.give_back(pool);
        Ok(step)
    }

    fn tell_batch(&mut self, number: u64, grads: &Gradients) -> Result<(), TrainError> {
        for callback in &mut self.callbacks {
            callback.on_batch(number, self.params, grads).map_err(failed(callback.name()))?;
        }
        Ok(())
    }

    /// Mean loss and share of right answers; NaN for both if there are no batches.
    fn validate(
        &self,
        batches: impl IntoIterator<Item = Batch>,
        epoch: u64,
        pool: &mut Pool,
    ) -> Result<(f64, f64), TrainError> {
        let (mut sum, mut right, mut seen) = (0.0, 0.0, 0.0);
        for (batch, number) in batches.into_iter().zip(1..) {
            let mut tape = Tape::record(self.params, pool);
            let x = tape.borrowed(&batch.x);
            let target = tape.borrowed(&batch.target);
            let output = self.network.forward_without(&mut tape, x, self.without);
            tape.enter("loss");
            let loss = self.loss.record(&mut tape, output, target);
            if !tape.value(loss).all_finite() {
                return Err(not_finite(&tape, epoch, number));
            }
            let items = batch.items.len() as f64;
            sum += f64::from(tape.value(loss).item()) * items;
            right += self.loss.right(tape.value(output), &batch.target);
            seen += items;
        }
        Ok((sum / seen, right / seen))
    }

    /// Tells the callbacks and writes the checkpoint, unless a weight has become NaN or infinite.
    fn end_epoch(
        &mut self,
        at: &mut Position,
        row: HistoryRow,
        batches: u64,
    ) -> Result<(), TrainError> {
        if let Some((_, param)) = self.params.iter().find(|(_, param)| !param.value.all_finite()) {
            let layer = param.name.clone();
            return Err(TrainError::NotFinite { epoch: row.epoch, batch: batches, layer });
        }
        at.history.rows.push(row);
        for callback in &mut self.callbacks {
            let rate_factor = &mut at.rate_factor;
            let mut end = EpochEnd { row: &row, params: self.params, rate_factor };
            let flow = callback.on_epoch_end(&mut end).map_err(failed(callback.name()))?;
            at.stopped |= flow == Flow::Stop;
        }
        if let Some((path, settings)) = &self.checkpoint {
            let run = checkpoint::Run { settings, epochs: self.epochs, at };
            checkpoint::write(path, &run, self.params, self.optimizer, &self.callbacks)?;
        }
        Ok(())
    }
}

struct Step {
    loss: f64,
    right: f64,
}

/// The error of a batch whose loss is no number, with the layer where that began.
fn not_finite(tape: &Tape<'_>, epoch: u64, batch: u64) -> TrainError {
    let layer = tape.first_not_finite().unwrap_or("loss").to_string();
    TrainError::NotFinite { epoch: epoch + 1, batch, layer }
}

fn failed(callback: &'static str) -> impl Fn(CallbackError) -> TrainError {
    move |source| TrainError::Callback { callback, source }
}
