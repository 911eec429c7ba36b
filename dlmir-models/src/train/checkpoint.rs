//! Checkpoints: everything that a run needs to go on as if nothing had happened.
//!
//! A checkpoint is a file like a model's, with a checksum: the weights under their names, the
//! optimiser's memory under `#optimizer/`, each callback's under `#NAME/`, and as description the
//! settings, the position and the history. It is replaced as a whole after every epoch, so there is
//! always a complete one.

use std::collections::BTreeMap;
use std::path::Path;

use dlmir_eval::write_atomically;
use dlmir_nn::optim::Optimizer;
use dlmir_nn::{ParamId, Params, Tensor};
use serde_json::{Value, json};

use crate::container::Container;
use crate::error::{ModelError, read_file};
use crate::json::Fields;
use crate::train::callback::{Callback, failed};
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

/// The version of the files' content. A reader refuses versions that it does not know.
const FORMAT: usize = 1;

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
        "format": FORMAT,
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
    write_atomically(path, &bytes).map_err(|error| ModelError::Write(error).into())
}

/// Takes a run up where its checkpoint was written. If anything of it does not fit, no
/// weight has changed, and nothing of the optimiser.
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
    let written = Written::read(&content).map_err(in_file)?;

    // The settings must be the same; more epochs than before are welcome, fewer are not.
    let other = |difference: String| TrainError::OtherSettings {
        path: path.display().to_string(),
        difference,
    };
    if written.settings != settings {
        return Err(other(format!("it has `{}`, this run `{settings}`", written.settings)));
    }
    if written.epochs > epochs {
        let most = written.epochs;
        return Err(other(format!("it is of a run of {most} epochs, this one has {epochs}")));
    }

    // All is looked at before the first weight is replaced. An optimiser that refuses stays as it was.
    let weight = |id| {
        let param = params.get(id);
        let fits = |value: &&Tensor| value.shape() == param.value.shape();
        let value = tensors.get(&param.name).filter(fits).cloned();
        let value = value
            .ok_or_else(|| ModelError::array(&param.name, "is missing or of another shape"))?;
        Ok((id, value))
    };
    let weights: Result<Vec<(ParamId, Tensor)>, ModelError> = params.ids().map(weight).collect();
    let weights = weights.map_err(in_file)?;
    remind(callbacks, &tensors, params)?;
    optimizer.restore(&below(&tensors, OPTIMIZER), params)?;
    for (id, value) in weights {
        params.set(id, value);
    }
    Ok(written.at)
}

/// The arrays under a place, without its name.
fn below(tensors: &BTreeMap<String, Tensor>, place: &str) -> Vec<(String, Tensor)> {
    let own = tensors
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(place)?.to_string(), value.clone())));
    own.collect()
}

fn remind(
    callbacks: &mut [&mut dyn Callback],
    tensors: &BTreeMap<String, Tensor>,
    params: &Params,
) -> Result<(), TrainError> {
    for callback in callbacks {
        let memory = below(tensors, &format!("#{}/", callback.name()));
        callback.remember(&memory, params).map_err(failed(callback.name()))?;
    }
    Ok(())
}

/// What a checkpoint says beside its arrays.
struct Written<'a> {
    settings: &'a str,
    epochs: u64,
    at: Position,
}

impl<'a> Written<'a> {
    fn read(content: &'a Value) -> Result<Written<'a>, ModelError> {
        let mut fields = Fields::of(content, "checkpoint")?;
        let kind = fields.str("kind")?;
        if kind != "checkpoint" {
            return Err(fields.error(format!("this is the file of a {kind}")));
        }
        let format = fields.usize("format")?;
        if format != FORMAT {
            return Err(fields.error(format!("format {format} is not known, {FORMAT} is")));
        }
        let (settings, epochs) = (fields.str("settings")?, fields.u64("epochs")?);
        let (epoch, updates) = (fields.u64("epoch")?, fields.u64("updates")?);
        let rate_factor = from_bits(fields.value("rate_factor")?);
        let stopped = fields.bool("stopped")?;
        let rows = fields.list("history")?.iter().map(row_from_json).collect::<Option<Vec<_>>>();
        let (Some(rate_factor), Some(rows)) = (rate_factor, rows) else {
            return Err(fields.error("the position is incomplete"));
        };
        fields.finish()?;
        let at = Position { epoch, updates, rate_factor, stopped, history: History { rows } };
        Ok(Written { settings, epochs, at })
    }
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

#[cfg(test)]
mod tests {
    use dlmir_nn::{Adam, Gradients};

    use super::*;
    use crate::test_folder::TestFolder;
    use crate::train::EarlyStopping;
    use crate::train::callback::{EpochEnd, Flow};

    /// A weight, an optimiser and a callback after one update and one epoch.
    fn run(weight: f32) -> (Params, Adam, EarlyStopping) {
        let (mut params, mut grads, mut adam) =
            (Params::new(), Gradients::default(), Adam::default());
        let w = params.add("w", Tensor::full(&[2], weight));
        grads.set_param(w, Tensor::full(&[2], 1.0));
        adam.update(&mut params, &grads, 0.5);
        let (row, mut stopping) = (HistoryRow::example(1, 0.5, 0.25), EarlyStopping::new(3));
        let mut end = EpochEnd { row: &row, params: &params, rate_factor: &mut 1.0 };
        assert_eq!(stopping.on_epoch_end(&mut end).unwrap(), Flow::Continue);
        (params, adam, stopping)
    }

    type Change = dyn Fn(&mut Container);

    #[test]
    fn a_checkpoint_that_does_not_fit_is_named_and_changes_nothing() {
        let folder = TestFolder::new("checkpoint");
        let path = folder.join("run.safetensors");
        let (params, adam, mut stopping) = run(1.0);
        let at = Position { epoch: 1, updates: 1, ..Position::default() };
        let whole = Run { settings: "s", epochs: 2, at: &at };
        write(&path, &whole, &params, &adam, &[&mut stopping]).unwrap();
        let bytes = std::fs::read(&path).unwrap();

        let read_changed = |change: &Change| {
            let mut container = Container::from_bytes(&bytes).unwrap();
            change(&mut container);
            let tensors = container.tensors.iter().map(|(name, value)| (name.as_str(), value));
            std::fs::write(&path, Container::to_bytes(&container.content, tensors).unwrap())
                .unwrap();
            let (mut params, mut adam, mut stopping) = run(5.0);
            let before = (params.value(params.ids().next().unwrap()).clone(), adam.state());
            let read = read(&path, "s", 2, &mut params, &mut adam, &mut [&mut stopping]);
            let after = (params.value(params.ids().next().unwrap()).clone(), adam.state());
            if read.is_err() {
                assert_eq!(after, before, "{read:?}");
            }
            read.map(|at| at.epoch).map_err(|error| error.to_string())
        };
        assert_eq!(read_changed(&|_| {}), Ok(1));
        let moment = "#optimizer/w/first_moment";
        let cases: [(&Change, &str); 9] = [
            (&|c| c.content["kind"] = json!("model"), "checkpoint: this is the file of a model"),
            (&|c| c.content["format"] = json!(2), "checkpoint: format 2 is not known, 1 is"),
            (&|c| c.content["more"] = json!(1), "checkpoint: unknown field `more`"),
            (&|c| c.content["epoch"] = json!(-1), "`epoch` wants a whole number, found -1"),
            (&|c| c.content["history"] = json!([{}]), "the position is incomplete"),
            (&|c| drop(c.tensors.remove("w")), "array `w`: is missing or of another shape"),
            (&|c| drop(c.tensors.remove(moment)), "`w/first_moment`"),
            (
                &|c| drop(c.tensors.remove("#early_stopping/#best")),
                "early_stopping: `#best` is missing",
            ),
            (
                &|c| drop(c.tensors.insert("#early_stopping/w".into(), Tensor::zeros(&[3]))),
                "early_stopping: the network has no `w` [3]",
            ),
        ];
        for (change, wanted) in cases {
            let message = read_changed(change).unwrap_err();
            assert!(message.contains(wanted), "{message}");
        }
    }
}
