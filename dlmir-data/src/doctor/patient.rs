//! One file, looked at by itself.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use dlmir_audio::{Audio, AudioError, Decoded, decode_lenient};
use hmac_sha256::Hash;

use super::fingerprint::{Fingerprint, Listener};
use super::folder::Measure;
use super::header;
use super::sniff::Kind;
use super::sound::Sound;
use super::walk::{Found, extension, head};
use super::{Finding, MIN_SECONDS, Severity};

/// Files beyond this size are decoded one at a time.
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

    /// Decodes a file and takes down what it tells. `large` lets one large file through at a time.
    pub(super) fn examine(found: &Found, kind: Kind, large: &Mutex<()>) -> Patient {
        let mut patient = Patient::default();
        let length = match fs::metadata(&found.path) {
            Ok(about) => about.len(),
            Err(error) => {
                patient.add(Finding::Unreadable { reason: error.to_string() });
                return patient;
            }
        };
        patient.bytes = digest(&found.path).filter(|_| length > 0);
        // A lock whose holder panicked guards nothing that could be half done.
        let _one = (length > LARGE).then(|| large.lock().unwrap_or_else(PoisonError::into_inner));
        match decode_lenient(&found.path) {
            Ok(decoded) => patient.listen(found, kind, length, &decoded),
            Err(error) => patient.add(failure(found, kind, &error)),
        }
        patient
    }

    fn listen(&mut self, found: &Found, kind: Kind, length: u64, decoded: &Decoded) {
        let audio = &decoded.audio;
        self.findings.extend(decoded.problems.iter().cloned().map(Finding::Damaged));
        // What the decoder says is not said twice.
        let damaged = decoded.problems.iter().any(|problem| problem.is_damage());
        self.findings.extend(of_header(&found.path, kind, length).into_iter().filter(|_| !damaged));
        if let Kind::Audio(contents, extensions) = kind
            && !extensions.contains(&&*extension(&found.path))
        {
            self.add(Finding::OtherName { contents: contents.into() });
        }

        let mut sound = Sound::new(audio.channels(), audio.sample_rate(), decoded.lossy);
        sound.push(audio.interleaved());
        self.findings.extend(sound.findings());
        let seconds = audio.duration_s();
        if seconds < MIN_SECONDS {
            self.add(Finding::TooShort { seconds, wanted: MIN_SECONDS });
        }
        self.measure = Some(Measure { sample_rate: audio.sample_rate(), seconds });
        if sound.is_silent() {
            return;
        }
        self.samples = Some(digest_of_samples(audio));
        let mut listener = Listener::new(audio.sample_rate());
        let one = match sound.channel_instead_of_mix() {
            Some(channel) => audio.channel(channel),
            None => audio.to_mono(),
        };
        listener.push(one.samples());
        if let Some(bandwidth_hz) = listener.bandwidth(decoded.lossy) {
            let sample_rate = audio.sample_rate();
            self.add(Finding::UpSampled { bandwidth_hz, sample_rate });
        }
        self.print = Some(listener.fingerprint());
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

fn digest_of_samples(audio: &Audio) -> [u8; 32] {
    let mut hash = Hash::new();
    hash.update(audio.sample_rate().to_le_bytes());
    hash.update(audio.channels().to_le_bytes());
    let mut bytes = Vec::with_capacity(4 << 12);
    for block in audio.interleaved().chunks(1 << 12) {
        bytes.clear();
        bytes.extend(block.iter().flat_map(|x| x.to_le_bytes()));
        hash.update(&bytes);
    }
    hash.finalize()
}
