//! The training loop.

use std::time::Instant;

use dlmir_nn::optim::{clip_by_global_norm, clip_by_value};
use dlmir_nn::{Gradients, Layer, Pool, Show, Tape, Training};

use crate::ModelError;
use crate::train::callback::{EpochEnd, Flow, Start, failed};
use crate::train::checkpoint::{self, Position};
use crate::train::trainer::{Clip, Trainer};
use crate::train::{Batch, History, HistoryRow, TrainError};

impl Trainer<'_> {
    /// Trains.
    ///
    /// `train(epoch)` gives the batches of an epoch, counted from 0, the same each time it is asked for
    /// the same epoch; `validation()` gives those of the validation set, or none.
    ///
    /// # Errors
    /// If a number becomes NaN or infinite, a checkpoint or callback fails, there is nothing to train on, or
    /// the shapes of the first training or validation batch do not fit the network or the loss.
    ///
    /// # Panics
    /// If two callbacks have one name, or one has a name that no memory can be stored under (an empty one,
    /// `optimizer`, or one with a `/`); if a batch has not one number in `items` for each item of `x`; or
    /// if the shapes of a later batch do not fit.
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
                self.check(&batch, number)?;
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
        let own = self.settings();
        self.check_names();
        if let Some((path, settings)) = &mut self.checkpoint {
            settings.push_str("; ");
            settings.push_str(&own);
            // A file that cannot be looked for is not a new run: its checkpoint would be overwritten.
            let there = path.try_exists();
            let io = |source| ModelError::Io { path: path.clone(), source };
            if there.map_err(io)? {
                let callbacks = &mut self.callbacks;
                let (params, optimizer) = (&mut *self.params, &mut *self.optimizer);
                at = checkpoint::read(path, settings, self.epochs, params, optimizer, callbacks)?;
            }
        }
        let start = Start { history: &at.history, epochs: self.epochs };
        for callback in &mut self.callbacks {
            callback.on_start(&start).map_err(failed(callback.name()))?;
        }
        Ok(at)
    }

    /// How many layers at the network's end the loss contains, so that training leaves them out.
    fn without(&self) -> usize {
        usize::from(self.last.is_some() && self.last == self.loss.activation())
    }

    /// In a checkpoint, the callbacks' memories are told apart by their names.
    fn check_names(&self) {
        let names: Vec<&str> = self.callbacks.iter().map(|callback| callback.name()).collect();
        for (i, name) in names.iter().enumerate() {
            let usable = !name.is_empty() && !name.contains('/') && *name != "optimizer";
            assert!(usable, "trainer: `{name}` cannot be the name of a callback");
            assert!(!names[..i].contains(name), "trainer: two callbacks are called `{name}`");
        }
    }

    fn rate(&self, at: &Position) -> f64 {
        at.rate_factor * self.schedule.learning_rate(self.learning_rate, at.updates, at.epoch)
    }

    /// Looks at a batch before anything is computed: the first one must fit network and loss.
    fn check(&self, batch: &Batch, number: u64) -> Result<(), TrainError> {
        let (shape, items) = (batch.x.shape(), batch.items.len());
        let Some((_, item)) = shape.split_first().filter(|(length, _)| **length == items) else {
            panic!(
                "trainer: a batch {} wants as many items as its first axis, not {items}",
                Show(shape)
            );
        };
        if number == 1 {
            let output = [&[items], &self.network.output_shape(item)?[..]].concat();
            let target = self.loss.check(&output, batch.target.shape());
            let loss = self.loss.name();
            target.map_err(|wanted| TrainError::Target { loss, output, wanted })?;
        }
        Ok(())
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
        let output = self.network.forward_without(&mut tape, x, self.without());
        tape.enter("loss");
        let loss = self.loss.record(&mut tape, output, target);
        let step = Step {
            loss: f64::from(tape.value(loss).item()),
            right: self.loss.right(tape.value(output), &batch.target),
        };
        let cost = self
            .penalties
            .iter()
            .fold(loss, |cost, (_, penalty, weights)| tape.add_penalty(cost, *penalty, weights));
        if !tape.value(cost).all_finite() {
            return Err(not_finite(&tape, at.epoch, number));
        }

        // Backward: how the cost depends on every weight.
        let mut grads = tape.backward(cost);
        if let Some(layer) = self.not_finite_gradient(&grads) {
            return Err(TrainError::NotFinite { epoch: at.epoch + 1, batch: number, layer });
        }
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

    /// The gradient with a NaN or an infinity that is nearest to the loss. The backward walk comes from
    /// there, so that is the last one in the order of the layers; what it spoilt further on is not named.
    fn not_finite_gradient(&self, grads: &Gradients) -> Option<String> {
        let (id, _) = grads.iter().filter(|(_, grad)| !grad.all_finite()).last()?;
        Some(format!("gradient of {}", self.params.get(id).name))
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
            self.check(&batch, number)?;
            let mut tape = Tape::record(self.params, pool);
            let x = tape.borrowed(&batch.x);
            let target = tape.borrowed(&batch.target);
            let output = self.network.forward_without(&mut tape, x, self.without());
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
