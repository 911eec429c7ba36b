//! What can be wrong with a network's description, its file, or the sound it is given.

use std::path::{Path, PathBuf};

use dlmir_nn::{ShapeError, Show};

/// Why a network could not be described, built, stored or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A description in JSON lacks a field, has one too many, or one of the wrong kind.
    #[error("{place}: {problem}")]
    Description {
        /// Where: ``layer `conv1` ``.
        place: String,
        /// What is wrong, naming the field.
        problem: String,
    },
    /// A layer cannot take what the layer before it makes.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A file could not be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Write(dlmir_eval::EvalError),
    /// A file was read, but its content is not usable.
    #[error("{}: {source}", .path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        source: Box<ModelError>,
    },
    /// The file has no checksum of ours: it was made by another program, or its first bytes are damaged.
    #[error("no weights file of dlmir ({0})")]
    NotOurs(&'static str),
    /// The file does not have the checksum that stands in it.
    #[error("damaged: its SHA-256 is {found}, it should be {written}")]
    Checksum {
        /// The digits in the file.
        written: String,
        /// The digits that belong there.
        found: String,
    },
    /// The bytes are no safetensors.
    #[error("no valid safetensors: {0}")]
    Safetensors(String),
    /// An array of the file does not belong to the network, is missing, or is of another shape or type.
    #[error("array `{name}`: {problem}")]
    Array {
        /// The array's name in the file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The inputs are of another shape than the network's.
    #[error("the network wants inputs [batch{}, these are {}", Rest(.wanted), Show(.found))]
    Input {
        /// The shape of one item.
        wanted: Vec<usize>,
        /// The shape of the inputs, batch axis first.
        found: Vec<usize>,
    },
    /// The settings of a spectrogram are impossible.
    #[error(transparent)]
    Audio(#[from] dlmir_audio::AudioError),
    /// A signal cannot be given to this model.
    #[error("{0}")]
    Signal(String),
}

impl ModelError {
    pub(crate) fn description(place: impl Into<String>, problem: impl Into<String>) -> ModelError {
        ModelError::Description { place: place.into(), problem: problem.into() }
    }

    pub(crate) fn array(name: &str, problem: impl Into<String>) -> ModelError {
        ModelError::Array { name: name.to_string(), problem: problem.into() }
    }

    /// The same error with the file's name before it.
    pub(crate) fn in_file(self, path: &Path) -> ModelError {
        ModelError::InFile { path: path.to_path_buf(), source: Box::new(self) }
    }
}

/// The end of a shape after the batch axis: `, 80, 80, 1]`.
struct Rest<'a>(&'a [usize]);

impl std::fmt::Display for Rest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|size| write!(f, ", {size}"))?;
        write!(f, "]")
    }
}

/// The bytes of a file, or an error that names it.
pub(crate) fn read_file(path: &Path) -> Result<Vec<u8>, ModelError> {
    std::fs::read(path).map_err(|source| ModelError::Io { path: path.to_path_buf(), source })
}
