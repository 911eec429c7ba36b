//! What can be wrong with data given to this crate.

use std::path::{Path, PathBuf};

/// An error of `dlmir-eval`: bad data or a file that can't be written or read. Slices of unequal
/// length and class numbers past the last class are mistakes of the program and panic instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// A ranking metric needs at least one positive and one negative item.
    #[error(
        "ROC AUC of class {class} is undefined: {positives} positive, {negatives} negative items"
    )]
    OneSided {
        /// The class asked for; 1 where there are only two.
        class: usize,
        /// Items of the class.
        positives: usize,
        /// Items of all other classes.
        negatives: usize,
    },
    /// A score is not a number, so it has no place in a ranking.
    #[error("score {index} is not a number")]
    NotANumber {
        /// Position in the slice of scores.
        index: usize,
    },
    /// A probability is outside 0..1.
    #[error("probability {index} is {value}, not in 0..1")]
    NotAProbability {
        /// Position in the slice of probabilities.
        index: usize,
        /// What stands there.
        value: f64,
    },
    /// The mean over no items has no value.
    #[error("{metric} of no items is undefined")]
    Empty {
        /// The metric asked for.
        metric: &'static str,
    },
    /// What should be a PNG file is none.
    #[error("not a PNG file: {source}")]
    NotPng {
        /// What the decoder says.
        source: png::DecodingError,
    },
    /// What should be a WAV file is none.
    #[error("not a WAV file")]
    NotWav,
    /// An event file was changed after it was written.
    #[error("{}: byte {offset}: {problem}", path.display())]
    DamagedRecord {
        /// The event file.
        path: PathBuf,
        /// Where the bad record starts.
        offset: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// An event file ends inside a record: its writer was killed or is at work.
    #[error("{}: byte {offset}: the file ends inside this record", path.display())]
    TruncatedRecord {
        /// The event file.
        path: PathBuf,
        /// Where the last record starts.
        offset: u64,
    },
    /// A report is too large to be opened or sent around with pleasure.
    #[error(
        "the report has {bytes} bytes, more than the {limit} allowed: put in fewer or shorter clips"
    )]
    ReportTooLarge {
        /// Its size.
        bytes: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A file or folder can't be written, or not be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl EvalError {
    /// For `map_err`: adds the path that an I/O error lacks.
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> EvalError {
        let path = path.to_path_buf();
        move |source| EvalError::Io { path, source }
    }
}
