//! Training: the loop, what watches over it, and how it survives being killed.
//!
//! Lesson 1 writes the loop out by hand: forward, loss, backward, update. [`Trainer::fit`] is the same
//! loop (`fit.rs`) with what every real training run needs around it: a validation set, a history
//! (`history.rs`), callbacks (`callback.rs`) that watch, log and stop, and a checkpoint after every
//! epoch (`checkpoint.rs`). `trainer.rs` has its settings.
//!
//! Nothing in a run depends on a hidden state: random numbers are keyed by (seed, epoch, item), batches
//! by (seed, epoch). So weights, optimiser state, callbacks' memory and the number of the epoch are all
//! that a checkpoint must hold, and a run that was killed at any moment ends in the same bits as one
//! that was left alone.

mod callback;
mod callbacks;
mod checkpoint;
mod exact;
mod fit;
mod history;
mod loss;
mod trainer;

use std::sync::Arc;

use dlmir_nn::{OptimError, ShapeError, Show, Tensor};

pub use callback::{Callback, CallbackError, EpochEnd, Flow, Start};
pub use callbacks::{BestModel, CsvHistory, EarlyStopping, Plateau, Progress, TensorBoard};
pub use history::{History, HistoryRow};
pub use loss::Loss;
pub use trainer::{Clip, Trainer};

use crate::ModelError;

/// Some items of a data set, stacked along the first axis.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The network's input, `[batch, ...]`.
    pub x: Tensor,
    /// The truth, in the form that the [`Loss`] wants.
    pub target: Tensor,
    /// The number of each item within the data set: the address of its random numbers. As many as `x` has
    /// items.
    pub items: Arc<[u64]>,
}

/// Why training stopped without a result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A number became NaN or infinite: an output, a gradient or a weight. The last checkpoint is from
    /// before that.
    #[error("epoch {epoch}, batch {batch}: `{layer}` is the first with a NaN or an infinity")]
    NotFinite {
        /// The epoch, from 1, as in the history.
        epoch: u64,
        /// The batch of the epoch, from 1.
        batch: u64,
        /// The layer or parameter, or `gradient of` a parameter.
        layer: String,
    },
    /// An epoch without a batch. A validation set may be empty: then epochs are judged by the training loss.
    #[error("there is nothing to train on: {0} has no batch")]
    NoData(&'static str),
    /// The network cannot take the batches.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The targets are not what the loss wants for the network's output.
    #[error("{loss}: the network makes {}, so it wants {wanted}", Show(.output))]
    Target {
        /// The loss.
        loss: &'static str,
        /// The shape of the network's output, batch axis first.
        output: Vec<usize>,
        /// What the targets should be, and what they are.
        wanted: String,
    },
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] ModelError),
    /// The checkpoint belongs to another run.
    #[error("{path}: the checkpoint is of other settings: {difference}")]
    OtherSettings {
        /// The checkpoint.
        path: String,
        /// What differs.
        difference: String,
    },
    /// The optimiser cannot take up its saved state.
    #[error(transparent)]
    Optimizer(#[from] OptimError),
    /// A callback failed, for instance because a log could not be written.
    #[error("{callback}: {source}")]
    Callback {
        /// The callback's name.
        callback: &'static str,
        /// What happened to it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
