//! From a file to samples.
//!
//! A file is recognised by its contents, never by its name. Containers and codecs are Symphonia's work (AU is ours, `au.rs`); this
//! file makes sure that what comes out is sound: a plausible rate, at least one sample, every sample finite, nothing missing
//! without a word.
//!
//!   decode          all channels; anything wrong with a lossless file is an error
//!   decode_lenient  whatever can be had, with the list of what is wrong
//!   load            decode, then the mean of the channels
//!   load_at         load, then resample
//!
//! MP3 and Vorbis are made for lossy channels: a stream that breaks off, or has a packet that cannot be decoded, is played as far
//! as it goes by every program. `decode` accepts such files too (silence takes the place of a lost packet, so that what follows
//! stays in time). WAV, FLAC, AIFF and AU promise exact samples, so there the same damage is an error.
//!
//! MP3 and Vorbis encoders add silence in front and behind and note how much in the header; it is removed here, so that times in
//! annotations fit. An MP3 without that note stays as it is: about 1105 samples late (25 ms at 44.1 kHz, which matters for onsets).

use std::fmt;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek};
use std::path::Path;

use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP3, CODEC_ID_VORBIS};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoderOptions};
use symphonia::core::errors::Error;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::io::MediaSourceStream;

use crate::{Audio, AudioError, Signal, au, resample, signal};

/// The lowest sample rate accepted in a file, in Hz. Lower ones are errors in a header, and would grow enormously when resampled.
pub const MIN_FILE_RATE: u32 = 1000;

/// The largest sample accepted, in units of full scale.
///
/// Integers stored as floats without scaling (up to 2^31) are below it. The square of anything larger, summed over a frame and a
/// band, could overflow 32-bit floats.
const MAX_SAMPLE: f32 = 1e10;

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
/// [`AudioError::Io`] and [`AudioError::Unsupported`] if it cannot be read at all, [`AudioError::SampleRate`],
/// [`AudioError::Empty`] and [`AudioError::Sample`] if the contents are no usable sound, and [`AudioError::Damaged`] if a lossless
/// file is incomplete or altered.
pub fn decode(path: impl AsRef<Path>) -> Result<Audio, AudioError> {
    let path = path.as_ref();
    let decoded = decode_lenient(path)?;
    if !decoded.lossy
        && let Some(problem) = decoded.problems.into_iter().find(Problem::is_damage)
    {
        return Err(AudioError::Damaged { path: path.to_owned(), problem });
    }
    Ok(decoded.audio)
}

/// Decodes as much of a file as can be had, and lists what is wrong with it.
///
/// # Errors
/// As [`decode`], but damage is listed instead.
pub fn decode_lenient(path: impl AsRef<Path>) -> Result<Decoded, AudioError> {
    let path = path.as_ref();
    let io_error = |source| AudioError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io_error)?;
    // A folder can be opened on some systems; reading it fails.
    let mut head = Vec::new();
    (&mut file).take(4).read_to_end(&mut head).map_err(io_error)?;
    file.rewind().map_err(io_error)?;

    let raw = if head == au::MAGIC {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io_error)?;
        read_au(&bytes)
    } else {
        read_with_symphonia(file)
    };
    raw.and_then(Raw::checked).map_err(|failure| failure.at(path))
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
/// As [`decode`] and [`resample`].
pub fn load_at(path: impl AsRef<Path>, sample_rate: u32) -> Result<Signal, AudioError> {
    resample(&load(path)?, sample_rate)
}

/// What a decoder hands over, before anything in it is believed.
struct Raw {
    interleaved: Vec<f32>,
    channels: usize,
    sample_rate: u32,
    declared_frames: Option<u64>,
    problems: Vec<Problem>,
    lossy: bool,
}

/// An [`AudioError`] that does not know its file yet.
enum Failure {
    Io(std::io::Error),
    Unsupported(String),
    SampleRate(u32),
    Empty,
    Sample { frame: usize, channel: usize, value: f32 },
}

impl Failure {
    fn at(self, path: &Path) -> AudioError {
        let path = path.to_owned();
        match self {
            Failure::Io(source) => AudioError::Io { path, source },
            Failure::Unsupported(reason) => AudioError::Unsupported { path, reason },
            Failure::SampleRate(sample_rate) => AudioError::SampleRate { path, sample_rate },
            Failure::Empty => AudioError::Empty { path },
            Failure::Sample { frame, channel, value } => {
                AudioError::Sample { path, frame, channel, value }
            }
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        match error {
            Error::IoError(e) if e.kind() != ErrorKind::UnexpectedEof => Failure::Io(e),
            other => Failure::Unsupported(other.to_string()),
        }
    }
}

impl Raw {
    /// The checks every file passes, whoever decoded it.
    fn checked(mut self) -> Result<Decoded, Failure> {
        if !(MIN_FILE_RATE..=signal::MAX_SAMPLE_RATE).contains(&self.sample_rate) {
            return Err(Failure::SampleRate(self.sample_rate));
        }
        if self.channels == 0 {
            return Err(Failure::Unsupported("zero channels".into()));
        }
        if self.interleaved.is_empty() {
            return Err(Failure::Empty);
        }
        let unusable = |x: &f32| x.is_nan() || x.abs() > MAX_SAMPLE;
        if let Some(i) = self.interleaved.iter().position(unusable) {
            let (frame, channel) = (i / self.channels, i % self.channels);
            return Err(Failure::Sample { frame, channel, value: self.interleaved[i] });
        }
        let frames = (self.interleaved.len() / self.channels) as u64;
        let broken_off = self.problems.iter().any(|p| matches!(p, Problem::BrokenOff { .. }));
        if let Some(declared) = self.declared_frames
            && frames < declared
            && !broken_off
        {
            self.problems.push(Problem::Truncated { frames, declared });
        }
        let audio = Audio::new(self.interleaved, self.channels, self.sample_rate);
        Ok(Decoded { audio, problems: self.problems, lossy: self.lossy })
    }
}

fn read_au(bytes: &[u8]) -> Result<Raw, Failure> {
    let au::Au { interleaved, channels, sample_rate, declared_frames } =
        au::read(bytes).map_err(Failure::Unsupported)?;
    let (problems, lossy) = (Vec::new(), false);
    Ok(Raw { interleaved, channels, sample_rate, declared_frames, problems, lossy })
}

fn read_with_symphonia(file: File) -> Result<Raw, Failure> {
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    // An empty hint: the contents decide.
    let mut format = symphonia::default::get_probe().probe(
        &Hint::new(),
        stream,
        Default::default(),
        Default::default(),
    )?;
    let no_audio = || Failure::Unsupported("no audio track".into());
    let track = format.default_track(TrackType::Audio).ok_or_else(no_audio)?;
    let params = track.codec_params.as_ref().and_then(|p| p.audio()).ok_or_else(no_audio)?.clone();
    let track_id = track.id;

    // Without the encoder's note, an MP3's length is only estimated from its first frames. Trimming to that
    // would cut off the end of a file whose bit rate falls.
    let is_mp3 = params.codec == CODEC_ID_MP3;
    let delay_known = !is_mp3 || track.delay.is_some();
    let raw = Raw {
        interleaved: Vec::new(),
        channels: params.channels.as_ref().map_or(0, |c| c.count()),
        sample_rate: params.sample_rate.unwrap_or(0),
        declared_frames: track.num_frames.filter(|_| delay_known),
        problems: if delay_known { vec![] } else { vec![Problem::NoEncoderDelay] },
        lossy: is_mp3 || params.codec == CODEC_ID_VORBIS,
    };
    let options = AudioDecoderOptions::default().verify(true).gapless(delay_known);
    decode_packets(format.as_mut(), track_id, &params, &options, raw)
}

/// Decodes packet by packet, appending to `raw`.
fn decode_packets(
    format: &mut dyn FormatReader,
    track_id: u32,
    params: &AudioCodecParameters,
    options: &AudioDecoderOptions,
    mut raw: Raw,
) -> Result<Raw, Failure> {
    /// No packet of any of our codecs is longer, whatever its header says.
    const MAX_PACKET_FRAMES: u64 = 65_536;

    let mut decoder = symphonia::default::get_codecs().make_audio_decoder(params, options)?;
    let mut chunk = Vec::new();
    let mut lost_packets = 0;
    loop {
        let packet = match format.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => break,
            Err(error) => {
                let frames = (raw.interleaved.len() / raw.channels.max(1)) as u64;
                raw.problems.push(Problem::BrokenOff { frames, reason: error.to_string() });
                break;
            }
        };
        if packet.track_id != track_id {
            continue;
        }
        match decoder.decode(&packet) {
            Ok(buffer) if buffer.is_empty() => {}
            Ok(buffer) => {
                let (rate, channels) = (buffer.spec().rate(), buffer.spec().channels().count());
                if raw.interleaved.is_empty() {
                    (raw.sample_rate, raw.channels) = (rate, channels);
                } else if (raw.sample_rate, raw.channels) != (rate, channels) {
                    return Err(Failure::Unsupported(format!(
                        "changes from {} Hz, {} channels to {rate} Hz, {channels} channels",
                        raw.sample_rate, raw.channels
                    )));
                }
                buffer.copy_to_vec_interleaved::<f32>(&mut chunk);
                raw.interleaved.extend_from_slice(&chunk);
            }
            // This packet is lost, the stream goes on.
            Err(Error::DecodeError(_)) => {
                lost_packets += 1;
                let frames = packet.dur.get().min(MAX_PACKET_FRAMES) as usize;
                let length = raw.interleaved.len() + frames * raw.channels;
                raw.interleaved.resize(length, 0.0);
            }
            Err(other) => return Err(other.into()),
        }
    }
    if lost_packets > 0 {
        raw.problems.push(Problem::LostPackets { packets: lost_packets });
    }
    if decoder.finalize().verify_ok == Some(false) {
        raw.problems.push(Problem::Checksum);
    }
    Ok(raw)
}
