//! Batch normalisation as a layer: parameters, and running moments for use after training.

use crate::layers::Layer;
use crate::ops::{BatchNormMaxPoolOp, Moments};
use crate::params::{ParamId, Params};
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// What differs between the conventions of the toolkits; see [`BatchNormOptions::KERAS`] and
/// [`BatchNormOptions::PYTORCH`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BatchNormOptions {
    /// The axis of the channels, where the batch is axis 0; `None` stands for the last. Over axis 1 of
    /// `[batch, freq, time, channels]`, each frequency band is normalised by itself.
    pub axis: Option<usize>,
    /// Added to the variance, so that a channel that never changes is not divided by 0.
    pub epsilon: f32,
    /// How much of a running moment is kept at each step: running = keep running + (1 - keep) batch.
    /// Keras calls this number momentum; PyTorch's momentum is 1 - keep.
    pub keep: f32,
    /// Whether the running variance counts the batch's with m - 1 in the denominator instead of m.
    pub unbiased: bool,
}

impl BatchNormOptions {
    /// Keras: 0.99 of the running moments is kept, epsilon 1e-3, biased variance.
    pub const KERAS: BatchNormOptions =
        BatchNormOptions { axis: None, epsilon: 1e-3, keep: 0.99, unbiased: false };

    /// PyTorch: 0.9 of the running moments is kept, epsilon 1e-5, unbiased variance.
    pub const PYTORCH: BatchNormOptions =
        BatchNormOptions { axis: None, epsilon: 1e-5, keep: 0.9, unbiased: true };
}

/// Normalises each channel: in training with the moments of the batch, in use with running ones.
///
/// Parameters: `NAME/gamma` and `NAME/beta`, which are learnt, `NAME/mean` and `NAME/variance`, which are
/// kept up to date in training; all `[channels]`, starting at 1, 0, 0 and 1.
///
/// Where the running mean is frozen ([`Params::set_frozen`]), the layer uses the running moments in training
/// as well, and keeps them, as Keras does: a frozen part of a network computes the same whatever the
/// batch. A layer that is used several times in one step counts each batch of its own.
#[derive(Debug, Clone)]
pub struct BatchNorm {
    channels: usize,
    options: BatchNormOptions,
    gamma: ParamId,
    beta: ParamId,
    mean: ParamId,
    variance: ParamId,
}

impl BatchNorm {
    /// A layer over the last axis in Keras's convention.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn keras(params: &mut Params, name: &str, channels: usize) -> BatchNorm {
        BatchNorm::new(params, name, channels, BatchNormOptions::KERAS)
    }

    /// A layer over the last axis in PyTorch's convention.
    ///
    /// # Panics
    /// If `params` has a layer of this name already.
    #[track_caller]
    pub fn torch(params: &mut Params, name: &str, channels: usize) -> BatchNorm {
        BatchNorm::new(params, name, channels, BatchNormOptions::PYTORCH)
    }

    /// A layer with every choice given.
    ///
    /// # Panics
    /// If `params` has a layer of this name already, or the axis is that of the batch.
    #[track_caller]
    pub fn new(
        params: &mut Params,
        name: &str,
        channels: usize,
        options: BatchNormOptions,
    ) -> BatchNorm {
        assert!(options.axis != Some(0), "batch_norm `{name}`: axis 0 is the batch");
        let gamma = params.add(&format!("{name}/gamma"), Tensor::full(&[channels], 1.0));
        let beta = params.add(&format!("{name}/beta"), Tensor::zeros(&[channels]));
        let mean = params.add_state(&format!("{name}/mean"), Tensor::zeros(&[channels]));
        let variance =
            params.add_state(&format!("{name}/variance"), Tensor::full(&[channels], 1.0));
        BatchNorm { channels, options, gamma, beta, mean, variance }
    }

    /// The layer and max-pooling after it, in windows `[freq, time]` side by side: the numbers of the two one after the other,
    /// without storing the map between them while in training. An activation that never falls (ReLU, ELU, tanh) may come
    /// afterwards.
    ///
    /// # Panics
    /// If x does not fit, or the window is larger than the map.
    #[track_caller]
    pub fn forward_max_pool(&self, tape: &mut Tape<'_>, x: Var, window: [usize; 2]) -> Var {
        let last = tape.shape(x).len().saturating_sub(1);
        if !self.is_training(tape) || self.options.axis.is_some_and(|axis| axis != last) {
            let y = self.forward(tape, x);
            return tape.max_pool2d(y, window, window);
        }
        let count = tape.value(x).len() / self.channels.max(1);
        let parameters = [tape.param(self.gamma), tape.param(self.beta)];
        let op = BatchNormMaxPoolOp { epsilon: self.options.epsilon, window };
        let (y, moments) = tape.batch_norm_max_pool(x, parameters, op);
        self.count_in(tape, moments, count);
        y
    }

    /// Whether the moments are those of the batch.
    fn is_training(&self, tape: &Tape<'_>) -> bool {
        tape.training().is_some() && !tape.params().get(self.mean).frozen
    }

    /// running = keep running + (1 - keep) batch, for a batch with `count` numbers per channel.
    fn count_in(&self, tape: &mut Tape<'_>, mut moments: Moments, count: usize) {
        if self.options.unbiased {
            // A single number has no unbiased variance; its biased one is 0 and stays so.
            let factor = count as f32 / count.saturating_sub(1).max(1) as f32;
            moments.variance.as_mut_slice().iter_mut().for_each(|v| *v *= factor);
        }
        let keep = self.options.keep;
        for (id, mut new) in [(self.mean, moments.mean), (self.variance, moments.variance)] {
            let running = tape.state(id).as_slice();
            for (new, running) in new.as_mut_slice().iter_mut().zip(running) {
                *new = keep * running + (1.0 - keep) * *new;
            }
            tape.update_state(id, new);
        }
    }
}

impl Layer for BatchNorm {
    fn kind(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let shape = tape.shape(x);
        let axis = self.options.axis.unwrap_or(shape.len().saturating_sub(1));
        let count = tape.value(x).len() / self.channels.max(1);
        let parameters = [tape.param(self.gamma), tape.param(self.beta)];
        if self.is_training(tape) {
            let (y, moments) = tape.batch_norm(x, parameters, axis, self.options.epsilon);
            self.count_in(tape, moments, count);
            y
        } else {
            let moments = [tape.param(self.mean), tape.param(self.variance)];
            tape.batch_norm_with(x, parameters, moments, axis, self.options.epsilon)
        }
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        // Items have no batch axis.
        let axis = self.options.axis.map_or(input.len().checked_sub(1), |axis| Some(axis - 1));
        if axis.and_then(|axis| input.get(axis)) != Some(&self.channels) {
            let place = match self.options.axis {
                None => "its last axis".to_string(),
                Some(axis) => format!("axis {axis} (the batch is axis 0)"),
            };
            let problem = format!("wants {} channels on {place}", self.channels);
            return Err(ShapeError::new("batch_norm", problem, input));
        }
        Ok(input.to_vec())
    }

    fn params(&self) -> Vec<ParamId> {
        vec![self.gamma, self.beta, self.mean, self.variance]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pool::Pool;
    use crate::tape::Training;

    /// One training step over x with loss 0, and the output.
    fn step(norm: &BatchNorm, params: &mut Params, batches: &[&Tensor]) -> Vec<Tensor> {
        let mut pool = Pool::poisoned();
        let training = Training { seed: 1, epoch: 0, items: [0, 1].into() };
        let mut tape = Tape::train(params, &mut pool, training);
        let mut outputs = Vec::new();
        for &x in batches {
            let x = tape.constant(x.clone());
            let y = norm.forward(&mut tape, x);
            outputs.push(tape.value(y).clone());
        }
        let loss = tape.leaf(Tensor::scalar(0.0));
        let mut grads = tape.backward(loss);
        grads.update_states(params, &mut pool);
        outputs
    }

    fn values(params: &Params, name: &str) -> Vec<f32> {
        params.value(params.id(name).unwrap()).as_slice().to_vec()
    }

    #[test]
    fn running_moments_follow_the_conventions() {
        // Channel 0 has mean 2 and biased variance 1 (unbiased 2), channel 1 mean 5 and 9 (18).
        let x = Tensor::from_vec(&[2, 2], vec![1.0, 2.0, 3.0, 8.0]);
        let close = |got: Vec<f32>, want: [f32; 2]| {
            assert!(got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-6), "{got:?} {want:?}");
        };
        let mut params = Params::new();
        let norm = BatchNorm::keras(&mut params, "norm", 2);
        step(&norm, &mut params, &[&x]);
        close(values(&params, "norm/mean"), [0.02, 0.05]);
        close(values(&params, "norm/variance"), [0.99 + 0.01, 0.99 + 0.09]);
        let mut params = Params::new();
        let norm = BatchNorm::torch(&mut params, "norm", 2);
        step(&norm, &mut params, &[&x]);
        close(values(&params, "norm/mean"), [0.2, 0.5]);
        close(values(&params, "norm/variance"), [0.9 + 0.2, 0.9 + 1.8]);
    }

    #[test]
    fn twice_on_one_tape_counts_twice() {
        let batches = [&Tensor::full(&[2, 1], 1.0), &Tensor::full(&[2, 1], 3.0)];
        let (mut once, mut twice) = (Params::new(), Params::new());
        let norm = BatchNorm::keras(&mut once, "norm", 1);
        step(&norm, &mut once, &batches[..1]);
        step(&norm, &mut once, &batches[1..]);
        let norm = BatchNorm::keras(&mut twice, "norm", 1);
        step(&norm, &mut twice, &batches);
        assert_eq!(values(&once, "norm/mean"), values(&twice, "norm/mean"));
        assert_eq!(values(&once, "norm/variance"), values(&twice, "norm/variance"));
    }

    #[test]
    fn a_frozen_layer_computes_and_keeps_the_same_in_training() {
        let mut params = Params::new();
        let norm = BatchNorm::keras(&mut params, "norm", 1);
        params.set(params.id("norm/mean").unwrap(), Tensor::full(&[1], 10.0));
        params.set_frozen("norm/", true);
        let y = step(&norm, &mut params, &[&Tensor::full(&[2, 1], 11.0)]);
        // 1 / sqrt(1 + 1e-3)
        assert!(y[0].as_slice().iter().all(|y| (y - 0.9995).abs() < 1e-5));
        assert_eq!(values(&params, "norm/mean"), [10.0]);
    }

    #[test]
    fn the_axis_may_be_that_of_frequency() {
        let mut params = Params::new();
        let options = BatchNormOptions { axis: Some(1), ..BatchNormOptions::KERAS };
        let norm = BatchNorm::new(&mut params, "norm", 80, options);
        assert_eq!((params.count(), params.count_trainable()), (320, 160));
        assert_eq!(norm.output_shape(&[80, 683, 1]).unwrap(), [80, 683, 1]);
        assert_eq!(
            norm.output_shape(&[96, 80, 1]).unwrap_err().to_string(),
            "layer `batch_norm`: wants 80 channels on axis 1 (the batch is axis 0), but its input is [96, 80, 1]"
        );
    }
}
