//! Checkpoints: everything that a run needs to go on as if nothing had happened.
//!
//! A checkpoint is a file like a model's, with a checksum: the weights under their names, the
//! optimiser's memory under `#optimizer/`, each callback's under `#NAME/`, and as description the
//! settings, the position and the history. It is replaced as a whole after every epoch, so there is
//! always a complete one.

use std::path::Path;

use dlmir_eval::write_atomically;
use dlmir_nn::optim::Optimizer;
use dlmir_nn::{Params, Tensor};
use serde_json::{Value, json};

use crate::container::Container;
use crate::error::{ModelError, read_file};
use crate::train::callback::Callback;
use crate::train::{History, HistoryRow, TrainError};

/// Where a run stands between two epochs.
#[derive(Debug, Clone)]
pub(super) struct Position {
    /// Epochs done.
    pub epoch: u64,
    /// Updates done.
    pub updates: u64,
    /// What callbacks made of the learning rate.
    pub rate_factor: f64,
    /// Whether a callback ended the run.
    pub stopped: bool,
    pub history: History,
}

impl Default for Position {
    fn default() -> Position {
        let history = History::default();
        Position { epoch: 0, updates: 0, rate_factor: 1.0, stopped: false, history }
    }
}

const OPTIMIZER: &str = "#optimizer/";

/// A run as its checkpoint describes it.
pub(super) struct Run<'a> {
    pub settings: &'a str,
    /// The most epochs it will have.
    pub epochs: u64,
    pub at: &'a Position,
}

pub(super) fn write(
    path: &Path,
    &Run { settings, epochs, at }: &Run<'_>,
    params: &Params,
    optimizer: &dyn Optimizer,
    callbacks: &[&mut dyn Callback],
) -> Result<(), TrainError> {
    let mut tensors: Vec<(String, Tensor)> =
        params.iter().map(|(_, param)| (param.name.clone(), param.value.clone())).collect();
    let mut keep = |place: &str, memory: Vec<(String, Tensor)>| {
        tensors.extend(memory.into_iter().map(|(name, value)| (format!("{place}{name}"), value)));
    };
    keep(OPTIMIZER, optimizer.state());
    for callback in callbacks {
        keep(&format!("#{}/", callback.name()), callback.memory());
    }
    let content = json!({
        "kind": "checkpoint",
        "settings": settings,
        "epochs": epochs,
        "epoch": at.epoch,
        "updates": at.updates,
        "rate_factor": bits(at.rate_factor),
        "stopped": at.stopped,
        "history": at.history.rows.iter().map(row_to_json).collect::<Vec<_>>(),
    });
    let named = tensors.iter().map(|(name, value)| (name.as_str(), value));
    let bytes = Container::to_bytes(&content, named)?;
    write_atomically(path, &bytes).map_err(|error| TrainError::from(ModelError::from(error)))
}

pub(super) fn read(
    path: &Path,
    settings: &str,
    epochs: u64,
    params: &mut Params,
    optimizer: &mut dyn Optimizer,
    callbacks: &mut [&mut dyn Callback],
) -> Result<Position, TrainError> {
    let in_file = |error: ModelError| TrainError::from(error.in_file(path));
    let Container { content, tensors } =
        Container::from_bytes(&read_file(path)?).map_err(in_file)?;

    // The settings must be the same; more epochs than before are welcome, fewer are not.
    let other = |difference: String| TrainError::OtherSettings {
        path: path.display().to_string(),
        difference,
    };
    let written = content["settings"].as_str().unwrap_or_default();
    if written != settings {
        return Err(other(format!("it has `{written}`, this run `{settings}`")));
    }
    let written = content["epochs"].as_u64().unwrap_or(0);
    if written > epochs {
        return Err(other(format!("it is of a run of {written} epochs, this one has {epochs}")));
    }
    let position = position(&content)
        .ok_or_else(|| ModelError::description("checkpoint", "the position is incomplete"))
        .map_err(in_file)?;

    for id in params.ids() {
        let name = params.get(id).name.clone();
        let shape = params.value(id).shape();
        let value = tensors.get(&name).filter(|value| value.shape() == shape).cloned();
        let value = value.ok_or_else(|| ModelError::array(&name, "is missing or of another shape"));
        params.set(id, value.map_err(in_file)?);
    }
    let memory_of = |place: &str| -> Vec<(String, Tensor)> {
        let own = tensors.iter().filter_map(|(name, value)| {
            Some((name.strip_prefix(place)?.to_string(), value.clone()))
        });
        own.collect()
    };
    optimizer.restore(&memory_of(OPTIMIZER), params)?;
    for callback in callbacks {
        callback.remember(&memory_of(&format!("#{}/", callback.name())));
    }
    Ok(position)
}

fn position(content: &Value) -> Option<Position> {
    let rows: Option<Vec<HistoryRow>> =
        content["history"].as_array()?.iter().map(row_from_json).collect();
    Some(Position {
        epoch: content["epoch"].as_u64()?,
        updates: content["updates"].as_u64()?,
        rate_factor: from_bits(&content["rate_factor"])?,
        stopped: content["stopped"].as_bool()?,
        history: History { rows: rows? },
    })
}

fn row_to_json(row: &HistoryRow) -> Value {
    let HistoryRow { loss, accuracy, val_loss, val_accuracy, learning_rate, seconds, .. } = *row;
    let numbers = [loss, accuracy, val_loss, val_accuracy, learning_rate, seconds].map(bits);
    json!({ "epoch": row.epoch, "numbers": numbers })
}

fn row_from_json(row: &Value) -> Option<HistoryRow> {
    let number = |i: usize| from_bits(&row["numbers"][i]);
    Some(HistoryRow {
        epoch: row["epoch"].as_u64()?,
        loss: number(0)?,
        accuracy: number(1)?,
        val_loss: number(2)?,
        val_accuracy: number(3)?,
        learning_rate: number(4)?,
        seconds: number(5)?,
    })
}

/// A number by its bits: decimal text would need care to come back the same, and has no NaN in JSON.
fn bits(x: f64) -> String {
    format!("{:016x}", x.to_bits())
}

fn from_bits(text: &Value) -> Option<f64> {
    u64::from_str_radix(text.as_str()?, 16).ok().map(f64::from_bits)
}
