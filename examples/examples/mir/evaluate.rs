//! `mir evaluate`: an estimate against a reference.

use std::path::PathBuf;

use clap::ValueEnum;
use dlmir_examples::evaluate::{Table, classification, tagging};

use crate::Outcome;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Task {
    /// Onset times (not yet)
    Onset,
    /// Beat times (not yet)
    Beat,
    /// Tempo (not yet)
    Tempo,
    /// Notes (not yet)
    Note,
    /// One label per file: CSV with the columns path, label; the estimate may have score_LABEL
    Classification,
    /// Several tags per file: CSV with the columns path, TAG, ...; 0 or 1, and scores
    Tagging,
}

#[derive(clap::Args)]
pub struct Evaluate {
    /// What is compared
    #[arg(value_enum)]
    task: Task,
    /// The truth
    #[arg(long, value_name = "F.csv")]
    reference: PathBuf,
    /// What is to be judged
    #[arg(long, value_name = "F.csv")]
    estimate: PathBuf,
    /// Tagging: the score from which on a tag is taken for found
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true)]
    threshold: f64,
}

impl Evaluate {
    pub fn run(&self) -> Outcome {
        if !matches!(self.task, Task::Classification | Task::Tagging) {
            return Err(
                "not yet: a later version will evaluate onsets, beats, tempo and notes".into()
            );
        }
        let (reference, estimate) = (Table::read(&self.reference)?, Table::read(&self.estimate)?);
        let found = match self.task {
            Task::Tagging => tagging(&reference, &estimate, self.threshold)?,
            _ => classification(&reference, &estimate)?,
        };
        for note in &found.notes {
            eprintln!("mir: {note}");
        }
        say!("{:#}", serde_json::Value::Object(found.metrics));
        Ok(())
    }
}
