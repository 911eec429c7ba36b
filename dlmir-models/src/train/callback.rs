//! Callbacks: what watches a training run.

use dlmir_nn::{Gradients, Params, Tensor};

use crate::train::{History, HistoryRow, TrainError};

/// Whether training goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// With the next epoch.
    Continue,
    /// Not: this epoch was the last.
    Stop,
}

/// The beginning of a run.
pub struct Start<'a> {
    /// The epochs that the checkpoint holds already; empty for a new run.
    pub history: &'a History,
    /// How many epochs the run will have at most.
    pub epochs: u64,
}

/// The end of an epoch.
pub struct EpochEnd<'a> {
    /// What happened.
    pub row: &'a HistoryRow,
    /// The weights at this moment.
    pub params: &'a Params,
    /// Multiplies the learning rate of all following updates; a callback may lower it.
    pub rate_factor: &'a mut f64,
}

/// Why a callback failed.
pub type CallbackError = Box<dyn std::error::Error + Send + Sync>;

/// Something that is told how training goes and may stop it. All methods but the name do nothing unless
/// they are implemented.
pub trait Callback {
    /// A name, unique among the callbacks of a run: its memory is stored under it.
    fn name(&self) -> &'static str;

    /// Called once, before the first epoch to be trained.
    ///
    /// # Errors
    /// Ends the run.
    fn on_start(&mut self, _start: &Start<'_>) -> Result<(), CallbackError> {
        Ok(())
    }

    /// Called for each batch between backward pass and update. `batch` counts from 1 within the epoch.
    ///
    /// # Errors
    /// Ends the run.
    fn on_batch(
        &mut self,
        _batch: u64,
        _params: &Params,
        _gradients: &Gradients,
    ) -> Result<(), CallbackError> {
        Ok(())
    }

    /// Called after each epoch and its validation, before the checkpoint is written.
    ///
    /// # Errors
    /// Ends the run.
    fn on_epoch_end(&mut self, _end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        Ok(Flow::Continue)
    }

    /// Called once, after the last epoch and its checkpoint; may replace the weights.
    ///
    /// # Errors
    /// Ends the run.
    fn on_end(&mut self, _params: &mut Params) -> Result<(), CallbackError> {
        Ok(())
    }

    /// What the callback must remember for a run to be taken up again.
    fn memory(&self) -> Vec<(String, Tensor)> {
        Vec::new()
    }

    /// Takes up what [`Callback::memory`] gave. `params` are those that are trained, not yet with the
    /// values of the checkpoint.
    ///
    /// # Errors
    /// Ends the run before it begins: the memory is incomplete or not of these parameters.
    fn remember(
        &mut self,
        _memory: &[(String, Tensor)],
        _params: &Params,
    ) -> Result<(), CallbackError> {
        Ok(())
    }
}

/// The error of a run whose callback failed.
pub(super) fn failed(callback: &'static str) -> impl Fn(CallbackError) -> TrainError {
    move |source| TrainError::Callback { callback, source }
}
