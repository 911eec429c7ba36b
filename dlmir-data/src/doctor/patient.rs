//! One file, looked at by itself.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use dlmir_audio::{AudioError, AudioStream, Problem};
use hmac_sha256::Hash;

use super::fingerprint::{Fingerprint, Listener};
use super::folder::Measure;
use super::header;
use super::sniff::Kind;
use super::sound::Sound;
use super::walk::{Found, extension, head};
use super::{Finding, MIN_SECONDS, Severity};

/// MP3 files beyond this size are not searched for gaps: that takes all their bytes at once.
const LARGE: u64 = 16 << 20;

/// What is kept of a file after it was looked at.
#[derive(Default)]
pub(super) struct Patient {
    pub findings: Vec<Finding>,
    /// SHA-256 of the file; not of an empty one.
    pub bytes: Option<[u8; 32]>,
    /// SHA-256 of rate, channels and samples, unless silent.
    pub samples: Option<[u8; 32]>,
    pub print: Option<Fingerprint>,
    pub measure: Option<Measure>,
}

impl Patient {
    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// The larger, the less a file is taken for the original of its copies: faults, then contradictions in header or name.
    pub(super) fn rank(&self) -> u8 {
        let rank = |finding: &Finding| match finding {
            _ if finding.severity() == Severity::Fault => 2,
            Finding::Header { .. } | Finding::OtherName { .. } => 1,
            _ => 0,
        };
        self.findings.iter().map(rank).max().unwrap_or(0)
    }

    /// Decodes a file, a block at a time, and takes down what it tells.
    pub(super) fn examine(found: &Found, kind: Kind) -> Patient {
        let mut patient = Patient::default();
        let length = match fs::metadata(&found.path) {
            Ok(about) => about.len(),
            Err(error) => {
                patient.add(Finding::Unreadable { reason: error.to_string() });
                return patient;
            }
        };
        patient.bytes = digest(&found.path).filter(|_| length > 0);
        match Heard::new(&found.path) {
            Ok(heard) => patient.take(found, kind, length, heard),
            Err(error) => patient.add(failure(found, kind, &error)),
        }
        patient
    }

    fn take(&mut self, found: &Found, kind: Kind, length: u64, heard: Heard) {
        let Heard { sound, listener, samples, problems, sample_rate, frames, lossy } = heard;
        // What the decoder says is not said twice.
        let damaged = problems.iter().any(Problem::is_damage);
        self.findings.extend(problems.into_iter().map(Finding::Damaged));
        self.findings.extend(of_header(&found.path, kind, length).into_iter().filter(|_| !damaged));
        if let Kind::Audio(contents, extensions) = kind
            && !extensions.contains(&&*extension(&found.path))
        {
            self.add(Finding::OtherName { contents: contents.into() });
        }
        self.findings.extend(sound.findings());
        let seconds = frames as f64 / f64::from(sample_rate);
        if seconds < MIN_SECONDS {
            self.add(Finding::TooShort { seconds, wanted: MIN_SECONDS });
        }
        self.measure = Some(Measure { sample_rate, seconds });
        if sound.is_silent() {
            return;
        }
        self.samples = Some(samples);
        // Where channels cancel, one of them is listened to again instead of their mean.
        let listener = match sound.channel_instead_of_mix() {
            Some(channel) => match channel_alone(&found.path, channel) {
                Ok(listener) => listener,
                Err(error) => return self.add(failure(found, kind, &error)),
            },
            None => listener,
        };
        if let Some(bandwidth_hz) = listener.bandwidth(lossy) {
            self.add(Finding::UpSampled { bandwidth_hz, sample_rate });
        }
        self.print = Some(listener.fingerprint());
    }
}

/// What one pass over a file's samples leaves.
struct Heard {
    sound: Sound,
    /// Has listened to the mean of the channels.
    listener: Listener,
    samples: [u8; 32],
    problems: Vec<Problem>,
    sample_rate: u32,
    frames: u64,
    lossy: bool,
}

impl Heard {
    fn new(path: &Path) -> Result<Heard, AudioError> {
        let mut stream = AudioStream::open(path)?;
        let (sample_rate, channels, lossy) =
            (stream.sample_rate(), stream.channels(), stream.is_lossy());
        let mut sound = Sound::new(channels, sample_rate, lossy);
        let mut listener = Listener::new(sample_rate);
        let mut hash = Hash::new();
        hash.update(sample_rate.to_le_bytes());
        hash.update(channels.to_le_bytes());
        let (mut frames, mut mix, mut bytes) = (0, Vec::new(), Vec::new());
        each_block(&mut stream, |block| {
            frames += (block.len() / channels) as u64;
            sound.push(block);
            mix.clear();
            mix.extend(
                block.chunks_exact(channels).map(|x| x.iter().sum::<f32>() / channels as f32),
            );
            listener.push(&mix);
            bytes.clear();
            bytes.extend(block.iter().flat_map(|x| x.to_le_bytes()));
            hash.update(&bytes);
        })?;
        let (samples, problems) = (hash.finalize(), stream.problems().to_vec());
        Ok(Heard { sound, listener, samples, problems, sample_rate, frames, lossy })
    }
}

/// A listener that has heard one channel.
fn channel_alone(path: &Path, channel: usize) -> Result<Listener, AudioError> {
    let mut stream = AudioStream::open(path)?;
    let (mut listener, channels) = (Listener::new(stream.sample_rate()), stream.channels());
    let mut one = Vec::new();
    each_block(&mut stream, |block| {
        one.clear();
        one.extend(block.iter().skip(channel).step_by(channels));
        listener.push(&one);
    })?;
    Ok(listener)
}

/// Hands on all blocks. Damage ends the file, and stands among the stream's problems.
fn each_block(stream: &mut AudioStream, mut take: impl FnMut(&[f32])) -> Result<(), AudioError> {
    loop {
        match stream.next_block() {
            Ok(Some(block)) => take(block),
            Ok(None) | Err(AudioError::Damaged { .. }) => return Ok(()),
            Err(error) => return Err(error),
        }
    }
}

/// What is wrong with the headers of a file that was decoded.
fn of_header(path: &Path, kind: Kind, length: u64) -> Vec<Finding> {
    match kind {
        Kind::Audio("WAV", _) => {
            let Ok(mut file) = File::open(path) else { return Vec::new() };
            header::wav(length, |place, count| {
                let mut bytes = Vec::new();
                let read = file
                    .seek(SeekFrom::Start(place))
                    .and_then(|_| (&mut file).take(count as u64).read_to_end(&mut bytes));
                read.map_or_else(|_| Vec::new(), |_| bytes)
            })
        }
        Kind::Audio("MP3", _) if length <= LARGE => {
            let gap = fs::read(path).ok().and_then(|bytes| header::mp3_gap(&bytes));
            let what = |(place, count)| format!("{count} bytes at {place} are no MP3 frames");
            gap.map(|gap| Finding::Lost { what: what(gap) }).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Why a file could not be decoded, in words that name its contents.
fn failure(found: &Found, kind: Kind, error: &AudioError) -> Finding {
    let reason = match error {
        AudioError::Io { source, .. } => source.to_string(),
        AudioError::Unsupported { reason, .. } | AudioError::Malformed { reason, .. } => {
            reason.clone()
        }
        AudioError::Empty { .. } => {
            let head = head(&found.path).unwrap_or_default();
            let length = fs::metadata(&found.path).map_or(0, |about| about.len());
            match header::orphaned_samples(&head, length) {
                Some(bytes) => format!("it declares no samples, but {bytes} bytes follow"),
                None => "it holds no samples".into(),
            }
        }
        // The rest names the file in front, which stands before the line already.
        other => {
            let text = other.to_string();
            let path = format!("{}: ", found.path.display());
            text.strip_prefix(&path).unwrap_or(&text).to_owned()
        }
    };
    match (kind, error) {
        (Kind::Unread(what), _) => Finding::Unsupported { what: what.into() },
        (Kind::Empty, _) => Finding::Unreadable { reason: "it is empty (0 bytes)".into() },
        (Kind::Text, _) => Finding::Unreadable { reason: "it is text, no audio".into() },
        (Kind::Other(what), _) => Finding::Unreadable { reason: format!("it is {what}") },
        (Kind::Unknown, AudioError::Unsupported { .. }) => {
            Finding::Unreadable { reason: "its bytes are of no known kind".into() }
        }
        (Kind::Audio(name, _), AudioError::Unsupported { .. }) => {
            match wav_codec(&found.path, name) {
                Some(what) => Finding::Unsupported { what },
                None => {
                    let reason =
                        format!("it begins as {name}, but no sound is found in it ({reason})");
                    Finding::Unreadable { reason }
                }
            }
        }
        _ => Finding::Unreadable { reason },
    }
}

/// The codec of a WAV file, if it is one that exists and is merely not read.
fn wav_codec(path: &Path, name: &str) -> Option<String> {
    let head = head(path).ok()?;
    let fmt = head.windows(4).position(|w| w == b"fmt ")?;
    let tag = u16::from_le_bytes(*head.get(fmt + 8..)?.first_chunk()?);
    let codec = match tag {
        0x0002 => "Microsoft ADPCM",
        0x0011 => "IMA ADPCM",
        0x0031 => "GSM 6.10",
        0x0040 | 0x0045 => "G.721 or G.726 ADPCM",
        0x0050 => "MPEG layer I or II",
        0x0055 => "MP3",
        0x00ff | 0x1610 => "AAC",
        0x0161 | 0x0162 => "Windows Media",
        0x674f..=0x6771 => "Vorbis",
        _ => return None,
    };
    (name == "WAV").then(|| format!("WAV with {codec} inside"))
}

fn digest(path: &Path) -> Option<[u8; 32]> {
    let mut file = File::open(path).ok()?;
    let (mut hash, mut block) = (Hash::new(), vec![0; 1 << 16]);
    loop {
        match file.read(&mut block).ok()? {
            0 => return Some(hash.finalize()),
            count => hash.update(&block[..count]),
        }
    }
}
