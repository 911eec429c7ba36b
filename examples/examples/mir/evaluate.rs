//! `mir evaluate`: an estimate against a reference.

use std::path::PathBuf;

use clap::ValueEnum;
use dlmir_data::annotation::read_onsets;
use dlmir_eval::ONSET_WINDOW_S;
use dlmir_examples::evaluate::{EvaluateError, Table, classification, onset, tagging};

use crate::Outcome;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Task {
    /// Onset times in seconds, one per line; a hit is at most 50 ms off, or --window
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
    #[arg(long, value_name = "F")]
    reference: PathBuf,
    /// What is to be judged
    #[arg(long, value_name = "F")]
    estimate: PathBuf,
    /// Onset: how far off a hit may be, in seconds [default: 0.05]
    #[arg(long, value_name = "S", value_parser = window)]
    window: Option<f64>,
    /// Tagging: the score from which on a tag is taken for found
    #[arg(long, default_value_t = 0.5, allow_negative_numbers = true)]
    threshold: f64,
}

impl Evaluate {
    pub fn run(&self) -> Outcome {
        if self.window.is_some() && self.task != Task::Onset {
            crate::wrong_usage("--window makes sense with onset only");
        }
        let tables = || {
            Ok::<_, EvaluateError>((Table::read(&self.reference)?, Table::read(&self.estimate)?))
        };
        let found = match self.task {
            Task::Onset => {
                let (reference, estimate) =
                    (read_onsets(&self.reference)?, read_onsets(&self.estimate)?);
                onset(&reference, &estimate, self.window.unwrap_or(ONSET_WINDOW_S))
            }
            Task::Classification => {
                let (reference, estimate) = tables()?;
                classification(&reference, &estimate)?
            }
            Task::Tagging => {
                let (reference, estimate) = tables()?;
                tagging(&reference, &estimate, self.threshold)?
            }
            Task::Beat | Task::Tempo | Task::Note => {
                return Err("not yet: a later version will evaluate beats, tempo and notes".into());
            }
        };
        for note in &found.notes {
            eprintln!("mir: {note}");
        }
        say!("{:#}", serde_json::Value::Object(found.metrics));
        Ok(())
    }
}

/// A window, in seconds.
fn window(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=60.0).contains(&seconds) => Ok(seconds),
        _ => Err("it must be 0 to 60 seconds".into()),
    }
}
