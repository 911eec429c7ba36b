//! What can be wrong with a table of labels: every variant names the file, line and column at fault.

use std::path::{Path, PathBuf};

/// An error in a table of labels.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabelError {
    /// A file that cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A cell, line or header that does not fit.
    #[error("{path}:{line}: {column}{problem}", path = path.display(), column = prefix(column))]
    Table {
        /// The table.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// The column's name in the header; empty where the whole line is at fault.
        column: String,
        /// What is wrong there. Boxed, so that a result is not mostly room for its error.
        problem: Box<LabelProblem>,
    },
}

/// What is wrong in a table of labels.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LabelProblem {
    /// Not a table: rows of different length, or text that is not UTF-8.
    #[error("{0}")]
    Csv(String),
    /// A column that is not there.
    #[error("no such column; the table has {found}")]
    NoColumn {
        /// The columns that there are.
        found: String,
    },
    /// A name that two columns have.
    #[error("two columns have this name")]
    RepeatedColumn,
    /// A table without a single tag.
    #[error("no column for a tag")]
    NoTags,
    /// A cell without text.
    #[error("empty")]
    Empty,
    /// A cell that is neither 0 nor 1.
    #[error("`{0}` is neither 0 nor 1")]
    NotBinary(String),
    /// A cell that is no number from 0 to 1.
    #[error("`{0}` is not a number from 0 to 1")]
    NotAShare(String),
    /// A path that an earlier line has too.
    #[error("`{path}` is in line {before} already")]
    Repeated {
        /// The path.
        path: String,
        /// The earlier line, counted from 1.
        before: u64,
    },
    /// A name that fits several files of the folder.
    #[error("`{path}` may be {first} or {second}; give the whole path")]
    Ambiguous {
        /// The name.
        path: String,
        /// A file that it fits.
        first: String,
        /// Another one.
        second: String,
    },
}

impl LabelError {
    pub(super) fn at(path: &Path, line: u64, column: &str, problem: LabelProblem) -> LabelError {
        let (path, column, problem) = (path.to_owned(), short(column), Box::new(problem));
        LabelError::Table { path, line, column, problem }
    }

    /// For `map_err`: an I/O error at this path.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> LabelError + '_ {
        |source| LabelError::Io { path: path.to_owned(), source }
    }
}

fn prefix(column: &str) -> String {
    if column.is_empty() { String::new() } else { format!("column `{column}`: ") }
}

/// Text for a message: one line of at most 60 characters.
pub(super) fn short(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect::<String>().escape_debug().to_string();
    if text.chars().nth(60).is_some() {
        shown.push_str("...");
    }
    shown
}
