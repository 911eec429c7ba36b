//! From a file to samples.
//!
//! A file is recognised by its contents, never by its name. Containers and codecs are Symphonia's work (`packets.rs`; AU is ours,
//! `au.rs`); this file makes sure that what comes out is sound: a plausible rate, at least one sample, every sample finite, nothing missing
//! without a word.
//!
//! ```text
//! decode          all channels; anything wrong with a lossless file is an error
//! decode_lenient  whatever can be had, with the list of what is wrong
//! load            decode, then the mean of the channels
//! load_at         load, then resample
//! ```
//!
//! MP3 and Vorbis are made for lossy channels: a stream that breaks off, or has a packet that cannot be decoded, is played as far
//! as it goes by every program. `decode` accepts such files too (silence takes the place of a lost packet, so that what follows
//! stays in time). WAV, FLAC, AIFF and AU promise exact samples, so there the same damage is an error.
//!
//! MP3 and Vorbis encoders add silence in front and behind and note how much in the header; it is removed here, so that times in
//! annotations fit. An MP3 without that note stays as it is: about 1105 samples late (25 ms at 44.1 kHz, which matters for onsets).

mod au;
mod packets;
mod source;
mod stream;

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::Path;

pub use self::stream::AudioStream;
use crate::{Audio, AudioError, Signal, resample, signal};

/// The lowest sample rate accepted in a file, in Hz. Lower ones are errors in a header, and would grow enormously when resampled.
pub const MIN_FILE_RATE: u32 = 1000;

/// The largest number of samples decoded, all channels counted: 3.4 hours of stereo at 44.1 kHz, 4 GiB of memory.
const MAX_SAMPLES: usize = 1 << 30;

/// Something wrong with a file that could be decoded all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// There are fewer samples than the header declares.
    Truncated {
        /// Samples per channel that were found.
        frames: u64,
        /// Samples per channel that were declared.
        declared: u64,
    },
    /// Reading stopped in the middle; what follows is unknown.
    BrokenOff {
        /// Samples per channel found before.
        frames: u64,
        /// Why reading stopped.
        reason: String,
    },
    /// Packets that could not be decoded; silence stands in their place.
    LostPackets {
        /// How many.
        packets: usize,
    },
    /// An OGG file holds several streams one after the other, as recordings of web radio do; only the first was read.
    Chained {
        /// Samples per channel of the first.
        frames: u64,
    },
    /// The samples are not those that the encoder had: FLAC's checksum differs.
    Checksum,
    /// An MP3 that does not say how much silence its encoder added: all times are about 1105 samples late.
    NoEncoderDelay,
}

impl Problem {
    /// True where samples are missing or wrong, false for mere remarks.
    pub fn is_damage(&self) -> bool {
        !matches!(self, Problem::NoEncoderDelay)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Truncated { frames, declared } => {
                write!(f, "{frames} samples per channel instead of the declared {declared}")
            }
            Problem::BrokenOff { frames, reason } => {
                write!(f, "breaks off after {frames} samples per channel ({reason})")
            }
            Problem::LostPackets { packets } => write!(f, "{packets} packets cannot be decoded"),
            Problem::Chained { frames } => {
                write!(f, "another stream follows after {frames} samples per channel")
            }
            Problem::Checksum => write!(f, "the samples do not match the file's checksum"),
            Problem::NoEncoderDelay => {
                write!(f, "the encoder's delay is unknown: times are about 1105 samples late")
            }
        }
    }
}

/// A decoded file and what is wrong with it.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// All channels.
    pub audio: Audio,
    /// What was found wrong, empty for a sound file.
    pub problems: Vec<Problem>,
    /// True for MP3 and Vorbis, whose samples are an approximation.
    pub lossy: bool,
}

/// Decodes a file: WAV (8 to 32 bits, float, mu-law, A-law), AIFF, AU, FLAC, MP3, OGG Vorbis.
///
/// # Errors
/// [`AudioError::Io`], [`AudioError::Unsupported`] and [`AudioError::Malformed`] if it cannot be read at all, [`AudioError::SampleRate`],
/// [`AudioError::Empty`] and [`AudioError::Sample`] if the contents are no usable sound, [`AudioError::TooLarge`] beyond 2^30 samples (3.4
/// hours of stereo at 44.1 kHz), and [`AudioError::Damaged`] if a lossless file is incomplete or altered or an OGG file goes on with another
/// stream. (An MP3 or Vorbis file that breaks off is played as far as it goes.)
pub fn decode(path: impl AsRef<Path>) -> Result<Audio, AudioError> {
    let path = path.as_ref();
    let (audio, about) = decode_all(path).map_err(|failure| failure.at(path))?;
    match about.refusal() {
        Some(problem) => Err(AudioError::Damaged { path: path.into(), problem: problem.clone() }),
        None => Ok(audio),
    }
}

/// Decodes as much of a file as can be had, and lists what is wrong with it.
///
/// # Errors
/// As [`decode`], but damage is listed instead.
pub fn decode_lenient(path: impl AsRef<Path>) -> Result<Decoded, AudioError> {
    let path = path.as_ref();
    let (audio, about) = decode_all(path).map_err(|failure| failure.at(path))?;
    Ok(Decoded { audio, problems: about.problems, lossy: about.lossy })
}

fn decode_all(path: &Path) -> Result<(Audio, About), Failure> {
    let mut blocks = open(path)?;
    let samples = collect(blocks.as_mut(), MAX_SAMPLES)?;
    let about = blocks.about();
    about.check()?;
    if samples.is_empty() {
        return Err(about.empty());
    }
    about.check_samples(0, &samples)?;
    about.check_length((samples.len() / about.channels) as u64);
    let audio = Audio::new(samples, about.channels, about.sample_rate);
    Ok((audio, std::mem::take(about)))
}

/// Decodes a file and mixes it down to one channel (the mean).
///
/// # Errors
/// As [`decode`].
pub fn load(path: impl AsRef<Path>) -> Result<Signal, AudioError> {
    decode(path).map(|audio| audio.to_mono())
}

/// Decodes a file, mixes it down to one channel and resamples it to `sample_rate` Hz.
///
/// # Errors
/// As [`decode()`] and [`resample()`].
pub fn load_at(path: impl AsRef<Path>, sample_rate: u32) -> Result<Signal, AudioError> {
    resample(&load(path)?, sample_rate)
}

/// What a file says of itself, before anything of it is believed.
#[derive(Default)]
struct About {
    channels: usize,
    sample_rate: u32,
    declared_frames: Option<u64>,
    problems: Vec<Problem>,
    lossy: bool,
}

/// A file that is decoded piece by piece.
trait Blocks {
    /// What is known of it so far; rate and channels are sure after the first block, problems after the last.
    fn about(&mut self) -> &mut About;

    /// Replaces `block` by the next interleaved samples; false, with an empty block, at the end.
    fn next(&mut self, block: &mut Vec<f32>) -> Result<bool, Failure>;
}

/// Opens a file and finds out what it is.
fn open(path: &Path) -> Result<Box<dyn Blocks + Send>, Failure> {
    let mut file = File::open(path).map_err(Failure::Io)?;
    // A folder can be opened on some systems; reading it fails.
    let mut head = Vec::new();
    (&mut file).take(4).read_to_end(&mut head).map_err(Failure::Io)?;
    file.rewind().map_err(Failure::Io)?;
    if head == au::MAGIC {
        let length = file.metadata().map_err(Failure::Io)?.len();
        Ok(Box::new(au::Au::open(BufReader::new(file), length)?))
    } else {
        Ok(Box::new(packets::Packets::open(source::Source::new(file, &head))?))
    }
}

/// All samples, interleaved, if they are at most `limit`.
fn collect(blocks: &mut dyn Blocks, limit: usize) -> Result<Vec<f32>, Failure> {
    let (mut all, mut block) = (Vec::new(), Vec::new());
    while blocks.next(&mut block)? {
        if all.len() + block.len() > limit {
            return Err(Failure::TooLarge(limit));
        }
        all.extend_from_slice(&block);
    }
    Ok(all)
}

/// An [`AudioError`] that does not know its file yet.
enum Failure {
    Io(std::io::Error),
    Unsupported(String),
    Malformed(String),
    SampleRate(u32),
    Empty,
    TooLarge(usize),
    Sample { frame: usize, channel: usize, value: f32 },
}

impl Failure {
    fn at(self, path: &Path) -> AudioError {
        let path = path.to_owned();
        match self {
            Failure::Io(source) => AudioError::Io { path, source },
            Failure::Unsupported(reason) => AudioError::Unsupported { path, reason },
            Failure::Malformed(reason) => AudioError::Malformed { path, reason },
            Failure::SampleRate(sample_rate) => AudioError::SampleRate { path, sample_rate },
            Failure::Empty => AudioError::Empty { path },
            Failure::TooLarge(limit) => AudioError::TooLarge { path, limit },
            Failure::Sample { frame, channel, value } => {
                AudioError::Sample { path, frame, channel, value }
            }
        }
    }
}

impl About {
    /// Whether rate and channels are those of a recording.
    fn check(&self) -> Result<(), Failure> {
        if !(MIN_FILE_RATE..=signal::MAX_SAMPLE_RATE).contains(&self.sample_rate) {
            return Err(Failure::SampleRate(self.sample_rate));
        }
        if self.channels == 0 {
            return Err(Failure::Malformed("zero channels".into()));
        }
        Ok(())
    }

    /// Why there are no samples at all.
    fn empty(&self) -> Failure {
        let damage = self.problems.iter().find(|p| p.is_damage());
        damage.map_or(Failure::Empty, |p| Failure::Malformed(p.to_string()))
    }

    /// Whether every one of `samples`, which begin at the time `first`, is a number of a plausible size.
    fn check_samples(&self, first: u64, samples: &[f32]) -> Result<(), Failure> {
        let Some(i) = signal::unusable(samples) else { return Ok(()) };
        let (frame, channel) = (first as usize + i / self.channels, i % self.channels);
        Err(Failure::Sample { frame, channel, value: samples[i] })
    }

    /// Notes it if there are fewer than the declared frames, and it is not yet known why.
    fn check_length(&mut self, frames: u64) {
        let broken_off = self.problems.iter().any(|p| matches!(p, Problem::BrokenOff { .. }));
        if let Some(declared) = self.declared_frames
            && frames < declared
            && !broken_off
        {
            self.problems.push(Problem::Truncated { frames, declared });
        }
    }

    /// The first problem that a user of exact samples must not overlook.
    fn refusal(&self) -> Option<&Problem> {
        let refused =
            |p: &&Problem| p.is_damage() && (!self.lossy || matches!(p, Problem::Chained { .. }));
        self.problems.iter().find(refused)
    }
}
