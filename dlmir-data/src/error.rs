//! What can be wrong with data from outside: every variant names the file, line or item at fault.

use std::path::PathBuf;

/// An error in a data set: its files, its tables, its numbers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A file or folder that cannot be read or written.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder in which no class has a sub-folder.
    #[error("{path}: no class folders; expected one sub-folder per class", path = path.display())]
    NoClasses {
        /// The folder that was scanned.
        path: PathBuf,
    },
    /// A class folder without audio.
    #[error("{path}: no audio file in this class folder; known extensions: {extensions}", path = path.display())]
    EmptyClass {
        /// The class folder.
        path: PathBuf,
        /// The extensions that count as audio.
        extensions: String,
    },
    /// A name that is not Unicode, and so cannot be written to a table.
    #[error("{path}: the name is not valid Unicode; rename the file", path = path.display())]
    NotUnicode {
        /// The file or folder.
        path: PathBuf,
    },
    /// A folder that is not laid out as the set in question.
    #[error("{path}: not laid out as {expected}", path = path.display())]
    Layout {
        /// The folder.
        path: PathBuf,
        /// The set and its layout.
        expected: String,
    },
    /// A line of a table that does not fit.
    #[error("{path}:{line}: {problem}", path = path.display())]
    Table {
        /// The table.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// Too few groups to have each side of a split filled.
    #[error(
        "{what} has {groups} group(s), but {needed} are needed for this split; fewer folds or more pieces"
    )]
    TooFewGroups {
        /// The set or class in question.
        what: String,
        /// How many groups it has.
        groups: usize,
        /// How many it needs.
        needed: usize,
    },
    /// More bad files than can be left out without doing harm.
    #[error(
        "{bad} of {of} files cannot be used, which is too many to leave out; the first: {first}"
    )]
    TooManyBad {
        /// Files that cannot be used.
        bad: usize,
        /// Files in all.
        of: usize,
        /// The first bad one, with the reason.
        first: String,
    },
    /// A class none of whose files can be used.
    #[error("class `{class}`: none of its files can be used; the first bad file: {first}")]
    ClassLost {
        /// The class.
        class: String,
        /// The first bad file, with the reason.
        first: String,
    },
    /// Nothing to fit a scaler on.
    #[error("standardiser: the training part is empty")]
    NothingToFit,
    /// A number that is not finite among the features.
    #[error("item {item}, band {band}, frame {frame}: {value} is not a finite number")]
    NotFinite {
        /// The item's index.
        item: usize,
        /// The band.
        band: usize,
        /// The frame.
        frame: usize,
        /// The value: an infinity or NaN.
        value: f32,
    },
    /// A .npy file that this crate cannot read.
    #[error("{name}: {problem}")]
    Npy {
        /// The file, or what stands for it.
        name: String,
        /// What is wrong with it.
        problem: NpyProblem,
    },
    /// An annotation file that is not in order.
    #[error(transparent)]
    Annotation(#[from] crate::annotation::AnnotationError),
    /// A table of labels that is not in order.
    #[error(transparent)]
    Labels(#[from] crate::labels::LabelError),
    /// A split from a file that is not in order.
    #[error(transparent)]
    Split(#[from] crate::split_file::SplitError),
}

/// What is wrong with a .npy file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NpyProblem {
    /// Another kind of file.
    #[error("not a .npy file: it does not begin with \\x93NUMPY")]
    Magic,
    /// A version of the format other than 1.0.
    #[error("version {0}.{1} of the format; only 1.0 is read (numpy.save writes it)")]
    Version(u8, u8),
    /// A file that ends within the header.
    #[error("ends within the header")]
    ShortHeader,
    /// A header that is not the dictionary of descr, fortran_order and shape.
    #[error("header: {0}")]
    Header(String),
    /// Numbers of a type other than little-endian f4 and f8.
    #[error("type '{0}'; only '<f4' and '<f8' are read (a.astype('<f4'))")]
    Type(String),
    /// An array that is no list of strings.
    #[error("type '{0}'; a list of strings has '<U' or '|S' (numpy.array(names))")]
    Strings(String),
    /// An array in column order.
    #[error("Fortran order; only C order is read (numpy.ascontiguousarray(a))")]
    FortranOrder,
    /// A shape with more elements than memory has addresses.
    #[error("shape {0:?} has too many elements")]
    TooLarge(Vec<usize>),
    /// Fewer or more bytes of data than the shape asks for.
    #[error("shape {shape:?} needs {needed} bytes of data, the file has {found}")]
    Length {
        /// The shape that the header declares.
        shape: Vec<usize>,
        /// The bytes it needs.
        needed: usize,
        /// The bytes after the header; of a longer file, one more than needed.
        found: usize,
    },
}

impl DataError {
    /// For `map_err`: an I/O error at this path.
    pub(crate) fn io(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> DataError + '_ {
        |source| DataError::Io { path: path.to_owned(), source }
    }
}
