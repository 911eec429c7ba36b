//! Curves and histograms for TensorBoard: `tensorboard --logdir DIR`.
//!
//! Scalars `loss`, `val_loss`, `accuracy`, `val_accuracy`, `learning_rate`, and histograms
//! `weights/NAME` at the end and `gradients/NAME` in the first batch of each epoch; the step is the epoch.
//! A layer whose weights do not move, or whose gradients shrink to a line at 0, is seen at a glance.

use std::path::PathBuf;

use dlmir_eval::EvalError;
use dlmir_eval::events::EventWriter;
use dlmir_nn::{Gradients, Params};

use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow, Start};
use crate::train::history::HistoryRow;

/// Writes an event file while training goes on. See the module's text.
pub struct TensorBoard {
    dir: PathBuf,
    events: Option<EventWriter>,
    epochs_done: u64,
}

impl TensorBoard {
    /// Event files in the folder `dir`, which is made if need be. A run that goes on from a checkpoint
    /// begins a new file there, and TensorBoard drops what the old one has of the repeated epoch.
    pub fn new(dir: impl Into<PathBuf>) -> TensorBoard {
        TensorBoard { dir: dir.into(), events: None, epochs_done: 0 }
    }

    /// The writer, once training has begun: for images, sounds and texts of one's own.
    pub fn events(&mut self) -> Option<&mut EventWriter> {
        self.events.as_mut()
    }

    /// The file is begun with the first thing to write: a finished run that is taken up again writes
    /// nothing.
    fn writer(&mut self) -> Result<&mut EventWriter, EvalError> {
        let events = match (self.events.take(), self.epochs_done) {
            (Some(events), _) => events,
            (None, 0) => EventWriter::create(&self.dir, "dlmir")?,
            (None, done) => EventWriter::resume(&self.dir, "dlmir", done + 1)?,
        };
        Ok(self.events.insert(events))
    }
}

impl Callback for TensorBoard {
    fn name(&self) -> &'static str {
        "tensor_board"
    }

    fn on_start(&mut self, start: &Start<'_>) -> Result<(), CallbackError> {
        self.epochs_done = start.history.rows.len() as u64;
        Ok(())
    }

    fn on_batch(
        &mut self,
        batch: u64,
        params: &Params,
        grads: &Gradients,
    ) -> Result<(), CallbackError> {
        if batch == 1 {
            let step = self.epochs_done + 1;
            let events = self.writer()?;
            for (id, grad) in grads.iter() {
                let tag = format!("gradients/{}", params.get(id).name);
                events.histogram(&tag, step, grad.as_slice())?;
            }
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        let HistoryRow { epoch, loss, val_loss, accuracy, val_accuracy, learning_rate, .. } =
            *end.row;
        let events = self.writer()?;
        let scalars = [
            ("loss", loss),
            ("val_loss", val_loss),
            ("accuracy", accuracy),
            ("val_accuracy", val_accuracy),
            ("learning_rate", learning_rate),
        ];
        for (tag, value) in scalars.into_iter().filter(|(_, value)| !value.is_nan()) {
            events.scalar(tag, epoch, value)?;
        }
        for (_, param) in end.params.iter() {
            events.histogram(&format!("weights/{}", param.name), epoch, param.value.as_slice())?;
        }
        self.epochs_done = epoch;
        Ok(Flow::Continue)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use dlmir_eval::events::{EventReader, What};
    use dlmir_nn::{Pool, Tape, Tensor};

    use super::*;
    use crate::test_folder::TestFolder;
    use crate::train::History;

    fn row(epoch: u64) -> HistoryRow {
        HistoryRow::example(epoch, 1.0 / epoch as f64, f64::NAN)
    }

    fn run(dir: PathBuf, done: u64, last: u64) {
        let mut params = Params::new();
        let w = params.add("w", Tensor::full(&[1, 1], 2.0));
        let mut board = TensorBoard::new(dir);
        let history = History { rows: (1..=done).map(row).collect() };
        board.on_start(&Start { history: &history, epochs: last }).unwrap();
        for epoch in done + 1..=last {
            let mut pool = Pool::new();
            let mut tape = Tape::record(&params, &mut pool);
            let x = tape.param(w);
            let loss = tape.matmul(x, x);
            let grads = tape.backward(loss);
            for batch in 1..=2 {
                board.on_batch(batch, &params, &grads).unwrap();
            }
            let (row, mut rate_factor) = (row(epoch), 1.0);
            let mut end = EpochEnd { row: &row, params: &params, rate_factor: &mut rate_factor };
            board.on_epoch_end(&mut end).unwrap();
        }
    }

    /// All (tag, step) of a folder's event files, and the steps at which sessions begin.
    fn written(folder: &TestFolder) -> (Vec<(String, i64)>, Vec<i64>) {
        let files = fs::read_dir(folder.join("events")).map_or(Vec::new(), |files| {
            let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
            files.sort();
            files
        });
        let (mut values, mut sessions) = (Vec::new(), Vec::new());
        for event in files.iter().flat_map(|path| EventReader::open(path).unwrap()) {
            let event = event.unwrap();
            match event.what {
                Some(What::Summary(summary)) => {
                    values.extend(summary.value.into_iter().map(|value| (value.tag, event.step)));
                }
                Some(What::SessionLog(_)) => sessions.push(event.step),
                _ => {}
            }
        }
        (values, sessions)
    }

    #[test]
    fn an_epoch_has_its_curves_and_histograms() {
        let folder = TestFolder::new("board");
        run(folder.join("events"), 0, 2);
        let (values, _) = written(&folder);
        let first: Vec<&str> =
            values.iter().filter(|(_, step)| *step == 1).map(|(tag, _)| tag.as_str()).collect();
        assert_eq!(first, ["gradients/w", "loss", "accuracy", "learning_rate", "weights/w"]);
        assert_eq!(values.len(), 10);
    }

    #[test]
    fn a_resumed_run_marks_where_it_goes_on_and_a_finished_one_writes_nothing() {
        let folder = TestFolder::new("board-resumed");
        run(folder.join("events"), 0, 3);
        run(folder.join("events"), 2, 3);
        let (values, sessions) = written(&folder);
        assert_eq!(values.len(), 20);
        assert_eq!(sessions.last(), Some(&3));
        run(folder.join("events"), 3, 3);
        assert_eq!(written(&folder).0.len(), 20);
    }
}
