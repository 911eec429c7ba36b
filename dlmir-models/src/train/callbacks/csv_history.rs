//! The history as a table in a file, a row an epoch, for spreadsheets and plots.
//!
//! ```text
//! model,fold,epoch,loss,val_loss,accuracy,val_accuracy,learning_rate
//! ```
//!
//! Several runs (models, folds) share one file, one run after the other: a row that another run appends in
//! the very moment in which this one starts may be lost. Each row is appended when its epoch ends, so the file can
//! be watched while training goes on. A run that was killed may have left a row that its checkpoint does
//! not have, or half a row; so when a run starts, its own rows are replaced by those of its history, and
//! the rows of other runs stay.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use dlmir_eval::write_atomically;

use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow, Start};
use crate::train::history::HistoryRow;

const HEADER: &str = "model,fold,epoch,loss,val_loss,accuracy,val_accuracy,learning_rate";

/// Writes a row for each epoch. See the module's text.
#[derive(Debug)]
pub struct CsvHistory {
    path: PathBuf,
    model: String,
    fold: usize,
    started: bool,
}

impl CsvHistory {
    /// The rows of this model and fold in the file `path`, which is made if need be.
    pub fn new(path: impl Into<PathBuf>, model: &str, fold: usize) -> CsvHistory {
        CsvHistory { path: path.into(), model: model.to_string(), fold, started: false }
    }

    /// One line, with its line break.
    fn line(&self, row: &HistoryRow) -> Result<Vec<u8>, CallbackError> {
        let number = |x: f64| if x.is_nan() { String::new() } else { x.to_string() };
        let HistoryRow { loss, val_loss, accuracy, val_accuracy, learning_rate, .. } = *row;
        let mut fields = vec![self.model.clone(), self.fold.to_string(), row.epoch.to_string()];
        fields.extend([loss, val_loss, accuracy, val_accuracy, learning_rate].map(number));
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&fields)?;
        Ok(writer.into_inner()?)
    }

    /// The complete rows of all other runs.
    fn rows_of_others(&self) -> Result<Vec<u8>, CallbackError> {
        let text = match fs::read(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            text => text.map_err(|error| in_file(&self.path, error))?,
        };
        // What follows the last line break was being written when the program was killed.
        let complete = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&text[..complete]);
        if complete > 0 && reader.headers()?.iter().ne(HEADER.split(',')) {
            return Err(in_file(&self.path, format!("is no history with the columns {HEADER}")));
        }
        let fold = self.fold.to_string();
        let mut writer = csv::Writer::from_writer(Vec::new());
        for record in reader.records() {
            let record = record?;
            if record.get(0) != Some(&self.model) || record.get(1) != Some(&fold) {
                writer.write_record(&record)?;
            }
        }
        Ok(writer.into_inner()?)
    }
}

impl Callback for CsvHistory {
    fn name(&self) -> &'static str {
        "csv_history"
    }

    fn on_start(&mut self, start: &Start<'_>) -> Result<(), CallbackError> {
        let mut text = format!("{HEADER}\n").into_bytes();
        text.extend(self.rows_of_others()?);
        for row in &start.history.rows {
            text.extend(self.line(row)?);
        }
        write_atomically(&self.path, &text)?;
        self.started = true;
        Ok(())
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        let line = self.line(end.row)?;
        if self.started {
            // Opened anew for each row: a run that starts meanwhile puts another file in this one's place.
            let file = OpenOptions::new().append(true).open(&self.path);
            let written = file.and_then(|mut file| file.write_all(&line));
            written.map_err(|error| in_file(&self.path, error))?;
        }
        Ok(Flow::Continue)
    }
}

fn in_file(path: &Path, problem: impl std::fmt::Display) -> CallbackError {
    format!("{}: {problem}", path.display()).into()
}

#[cfg(test)]
mod tests {
    use dlmir_nn::Params;

    use super::*;
    use crate::test_folder::TestFolder;
    use crate::train::History;

    fn row(epoch: u64) -> HistoryRow {
        HistoryRow::example(epoch, 1.0 / epoch as f64, f64::NAN)
    }

    /// Trains the epochs after `history` up to and with `last`.
    fn run(path: &Path, model: &str, fold: usize, history: &[HistoryRow], last: u64) {
        let mut csv = CsvHistory::new(path, model, fold);
        let history = History { rows: history.to_vec() };
        csv.on_start(&Start { history: &history, epochs: last }).unwrap();
        for epoch in history.rows.len() as u64 + 1..=last {
            let (params, mut rate_factor) = (Params::new(), 1.0);
            let row = row(epoch);
            let mut end = EpochEnd { row: &row, params: &params, rate_factor: &mut rate_factor };
            assert_eq!(csv.on_epoch_end(&mut end).unwrap(), Flow::Continue);
        }
    }

    #[test]
    fn a_killed_and_resumed_run_leaves_the_same_file() {
        let folder = TestFolder::new("csv");
        let (whole, killed) = (folder.join("whole.csv"), folder.join("killed.csv"));
        for path in [&whole, &killed] {
            run(path, "mlp", 1, &[], 2);
            run(path, "a \"model\", quoted", 1, &[], 1);
        }
        run(&whole, "mlp", 2, &[], 4);
        // Killed in epoch 4's row with a checkpoint of epoch 2.
        run(&killed, "mlp", 2, &[], 3);
        fs::write(&killed, [&fs::read(&killed).unwrap()[..], b"mlp,2,4,0.2"].concat()).unwrap();
        run(&killed, "mlp", 2, &[row(1), row(2)], 4);
        let text = fs::read_to_string(&whole).unwrap();
        assert_eq!(text, fs::read_to_string(&killed).unwrap());
        assert_eq!(text.lines().count(), 1 + 2 + 1 + 4);
        assert_eq!(text.lines().nth(2), Some("mlp,1,2,0.5,,0.75,,0.1"));
        assert_eq!(text.lines().nth(3), Some("\"a \"\"model\"\", quoted\",1,1,1,,0.75,,0.1"));
    }

    #[test]
    fn rows_do_not_get_lost_when_another_run_starts() {
        let folder = TestFolder::new("csv-two");
        let path = folder.join("history.csv");
        let start = |csv: &mut CsvHistory| {
            csv.on_start(&Start { history: &History::default(), epochs: 2 }).unwrap();
        };
        let end_epoch = |csv: &mut CsvHistory, epoch| {
            let (row, params) = (row(epoch), Params::new());
            csv.on_epoch_end(&mut EpochEnd { row: &row, params: &params, rate_factor: &mut 1.0 })
                .unwrap();
        };
        let (mut one, mut two) =
            (CsvHistory::new(&path, "mlp", 1), CsvHistory::new(&path, "mlp", 2));
        start(&mut one);
        end_epoch(&mut one, 1);
        start(&mut two);
        end_epoch(&mut one, 2);
        end_epoch(&mut two, 1);
        let text = fs::read_to_string(&path).unwrap();
        let begin: Vec<&str> = text.lines().skip(1).map(|line| &line[..7]).collect();
        assert_eq!(begin, ["mlp,1,1", "mlp,1,2", "mlp,2,1"]);
    }

    #[test]
    fn a_finished_run_and_a_new_one() {
        let folder = TestFolder::new("csv-again");
        let path = folder.join("history.csv");
        run(&path, "mlp", 1, &[], 2);
        let text = fs::read_to_string(&path).unwrap();
        run(&path, "mlp", 1, &[row(1), row(2)], 2);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        run(&path, "mlp", 1, &[], 1);
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_foreign_file_is_left_alone() {
        let folder = TestFolder::new("csv-foreign");
        let path = folder.join("history.csv");
        fs::write(&path, "my,own,table\n1,2,3\n").unwrap();
        let start = Start { history: &History::default(), epochs: 1 };
        let error = CsvHistory::new(&path, "mlp", 1).on_start(&start).unwrap_err();
        assert!(error.to_string().contains("is no history"), "{error}");
        assert!(fs::read_to_string(&path).unwrap().starts_with("my,own"));
    }
}
