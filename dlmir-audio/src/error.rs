//! What can go wrong with audio from outside, as one type.
//!
//! Files lie, break off and hold noise; all of that arrives here as an [`AudioError`] that names the file. A call that no input
//! could justify (a hop of zero frames in code, two arrays of different length) is a bug in the program and panics instead.

use std::io;
use std::path::PathBuf;

use crate::decode::Problem;

/// An audio file that cannot be used, a setting that makes no sense, or a signal that cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// The file could not be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The contents are no audio, or audio in a container or codec that this crate does not read.
    #[error(
        "{}: {reason} (readable are WAV, AIFF, AU, FLAC, MP3 and OGG Vorbis, recognised by content)",
        path.display()
    )]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What the reader objected to.
        reason: String,
    },
    /// The file is of a known kind, but what it says of itself is contradictory or incomplete.
    #[error("{}: malformed: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What the reader objected to.
        reason: String,
    },
    /// The file is audio, but part of it is missing or altered. [`decode_lenient`](crate::decode_lenient) returns what is left.
    #[error("{}: damaged: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The first damage found.
        problem: Problem,
    },
    /// The file is audio of zero length.
    #[error("{}: holds no samples", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file stands for more samples than are decoded into memory at once.
    #[error("{}: more than {limit} samples; cut it into parts", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The largest number of samples, all channels counted.
        limit: usize,
    },
    /// The declared sample rate is one that no recording has.
    #[error(
        "{}: sample rate {sample_rate} Hz, expected {} to {} Hz",
        path.display(),
        crate::decode::MIN_FILE_RATE,
        crate::signal::MAX_SAMPLE_RATE
    )]
    SampleRate {
        /// The file.
        path: PathBuf,
        /// The rate in its header, in Hz.
        sample_rate: u32,
    },
    /// A sample is NaN, infinite, or so large that its square overflows in a spectrum.
    #[error("{}: sample {value} at frame {frame}, channel {channel}", path.display())]
    Sample {
        /// The file.
        path: PathBuf,
        /// Time position in samples per channel, from 0.
        frame: usize,
        /// Channel, from 0.
        channel: usize,
        /// The value found.
        value: f32,
    },
    /// A WAV file holds at most 4 GiB.
    #[error("{samples} samples of {bytes_per_sample} bytes do not fit into a WAV file (4 GiB)")]
    TooLong {
        /// Samples to be written.
        samples: usize,
        /// Bytes each of them takes.
        bytes_per_sample: usize,
    },
    /// A NaN or infinite sample was to be written.
    #[error("cannot write sample {index}: it is {value}")]
    NotFinite {
        /// Position in the signal, from 0.
        index: usize,
        /// The value found.
        value: f32,
    },
    /// A NaN or an infinity in a spectrogram that was to be put into decibels.
    #[error("decibels: band {band}, frame {frame} is {value}")]
    NotPower {
        /// The row, from 0.
        band: usize,
        /// The column, from 0.
        frame: usize,
        /// The value found.
        value: f32,
    },
    /// A setting is outside its range.
    #[error("{name} is {value}: {rule}")]
    Setting {
        /// The field's name, such as `hop_length`.
        name: &'static str,
        /// The value given.
        value: String,
        /// What is allowed.
        rule: String,
    },
}

impl AudioError {
    /// A setting that breaks a rule, worded `hop_length is 0: it must be at least 1`.
    pub(crate) fn setting(
        name: &'static str,
        value: impl ToString,
        rule: impl Into<String>,
    ) -> AudioError {
        AudioError::Setting { name, value: value.to_string(), rule: rule.into() }
    }
}
