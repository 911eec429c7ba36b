//! What can be wrong with an annotation file: every variant names the file, and the line or place in it.

use std::path::{Path, PathBuf};

/// An error in an annotation file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnnotationError {
    /// A file that cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file too large to be an annotation.
    #[error("{path}: larger than {limit} bytes, which no annotation file is", path = path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The most bytes that are read.
        limit: u64,
    },
    /// Text in an encoding other than UTF-8, or no text at all.
    #[error("{path}:{line}: {found}; annotations are read as UTF-8 text", path = path.display())]
    Encoding {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the bytes look like.
        found: &'static str,
    },
    /// A line that does not fit the format.
    #[error("{path}:{line}: {problem}", path = path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong there.
        problem: LineProblem,
    },
    /// Text that is not JSON.
    #[error("{path}:{line}: not JSON: {problem}", path = path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the JSON reader says.
        problem: String,
    },
    /// JSON that is not a JAMS file, or an observation that does not fit its namespace.
    #[error("{path}: {place}: {problem}", path = path.display())]
    Jams {
        /// The file.
        path: PathBuf,
        /// Where in it, as in `annotations[2].data[7].time`.
        place: String,
        /// What is wrong there.
        problem: String,
    },
}

/// What is wrong with one line of an annotation file.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// A column that should be a number and is not.
    #[error("{column}: `{found}` is not a number")]
    NotANumber {
        /// The column's meaning.
        column: &'static str,
        /// Its text, shortened.
        found: String,
    },
    /// A number that is NaN, infinite, or too large for 64 bits.
    #[error("{column}: `{found}` is not finite")]
    NotFinite {
        /// The column's meaning.
        column: &'static str,
        /// Its text, shortened.
        found: String,
    },
    /// Commas in the place of decimal points, or what may be that.
    #[error(
        "`{found}`: a decimal comma, or two whole numbers? write 0.5 for decimals, and tabs between columns"
    )]
    DecimalComma {
        /// The text, shortened.
        found: String,
    },
    /// A number outside of what the column can mean.
    #[error("{column}: {found} is outside of {range}")]
    Range {
        /// The column's meaning.
        column: &'static str,
        /// The number.
        found: f64,
        /// What is accepted, with unit.
        range: &'static str,
    },
    /// A line with too few or too many columns.
    #[error("{found} column(s) where {expected} are expected")]
    Columns {
        /// How many there are.
        found: usize,
        /// What there should be.
        expected: &'static str,
    },
    /// A time before that of the event above.
    #[error("{found} s comes after {before} s: the events are not in time order")]
    Order {
        /// The time in this line.
        found: f64,
        /// The time above it.
        before: f64,
    },
    /// An end before its start.
    #[error("ends at {end} s, before its start at {start} s")]
    EndsBeforeStart {
        /// The start in seconds.
        start: f64,
        /// The end in seconds.
        end: f64,
    },
    /// A beat without position in a file with positions, or the other way round.
    #[error("{0}")]
    Mixed(&'static str),
    /// A beat position that is not a whole number.
    #[error(
        "beat position {found} is not a whole number from 0 to 255: `bar.beat` and fractions of a bar cannot be told apart"
    )]
    Position {
        /// The text, shortened.
        found: String,
    },
    /// A class that the format does not have.
    #[error("unknown class `{found}`; known: {known}")]
    UnknownClass {
        /// The text, shortened.
        found: String,
        /// The classes.
        known: &'static str,
    },
    /// A table of notes whose columns do not make a note.
    #[error(
        "the columns {found} do not make a note: an onset, an offset or duration, and a pitch are needed"
    )]
    Header {
        /// The header's text, shortened.
        found: String,
    },
}

impl AnnotationError {
    /// For `map_err`: an I/O error at this path.
    pub(super) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> AnnotationError + '_ {
        |source| AnnotationError::Io { path: path.to_owned(), source }
    }
}
