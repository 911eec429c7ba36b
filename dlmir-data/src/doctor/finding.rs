//! What the doctor may say of a file, and how grave it is.

use std::fmt;

use dlmir_audio::Problem;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file is sound; whether what was found does harm depends on what it is used for.
    Finding,
    /// The file may be sound, but it is of a kind that this crate does not read.
    Unsupported,
    /// The file is broken: nothing or not everything of it can be had, or what can be had is wrong.
    Fault,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Finding => "finding",
            Severity::Unsupported => "not supported",
            Severity::Fault => "fault",
        })
    }
}

/// One thing that is suspicious about a file.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Finding {
    /// Nothing can be had of the file.
    Unreadable {
        /// Why.
        reason: String,
    },
    /// Audio of a kind that is not read.
    Unsupported {
        /// Which kind.
        what: String,
    },
    /// Part of the sound is missing or altered, or times are shifted (that alone is no damage).
    Damaged(Problem),
    /// The header contradicts the contents, in a way that loses sound.
    Lost {
        /// What was lost.
        what: String,
    },
    /// The header contradicts the contents, but all sound was read.
    Header {
        /// What is wrong.
        what: String,
    },
    /// Nothing to be heard.
    Silent {
        /// The largest magnitude in dB below full scale; minus infinity for zeros only.
        peak_db: f64,
    },
    /// Runs of samples at the same extreme value.
    Clipped {
        /// Samples in such runs.
        samples: u64,
        /// Runs of three or more.
        runs: u64,
        /// The extreme value.
        level: f32,
    },
    /// Floating-point samples far outside -1 to 1.
    BeyondFullScale {
        /// The largest magnitude.
        peak: f32,
    },
    /// A mean that is not zero.
    DcOffset {
        /// The mean of the worst channel, in units of full scale.
        mean: f64,
    },
    /// One channel has nothing, others have.
    ChannelSilent {
        /// The channel, from 1.
        channel: usize,
        /// How many there are.
        channels: usize,
    },
    /// The mean of the channels is far weaker than they are: they are in opposite phase.
    ChannelsCancel {
        /// By how many dB the mix is weaker.
        loss_db: f64,
    },
    /// Shorter than any analysis frame.
    TooShort {
        /// The length in seconds.
        seconds: f64,
        /// What is asked for, in seconds.
        wanted: f64,
    },
    /// Much shorter than the other files of its folder, which are all about as long.
    ShorterThanOthers {
        /// The length in seconds.
        seconds: f64,
        /// The length of the others, in seconds.
        usual: f64,
    },
    /// A sample rate other than that of most files of the folder.
    OtherRate {
        /// The file's rate in Hz.
        sample_rate: u32,
        /// The rate of most.
        usual: u32,
    },
    /// The spectrum ends, like a wall, where that of a lower sample rate ends.
    UpSampled {
        /// Where it ends, in Hz.
        bandwidth_hz: f64,
        /// The file's rate in Hz.
        sample_rate: u32,
    },
    /// The same bytes as another file.
    SameBytes {
        /// The first file with these bytes.
        first: String,
    },
    /// Other bytes, but exactly the same samples.
    SameSamples {
        /// The first file with these samples.
        first: String,
    },
    /// The same recording: at another gain or rate, in another coding, a little shifted.
    SameSound {
        /// The first file with this recording.
        first: String,
        /// By how many dB this file is louder.
        gain_db: f64,
        /// By how many milliseconds this file is late.
        shift_ms: f64,
        /// True if all samples have the opposite sign.
        inverted: bool,
        /// True if left and right are exchanged.
        swapped: bool,
    },
    /// The name says another kind of file than the contents are.
    OtherName {
        /// The kind by content.
        contents: String,
    },
    /// No audio, no table, no annotation.
    NotAudio {
        /// What it is instead.
        what: String,
    },
    /// A table names files that are not there.
    RowsWithoutFile {
        /// Rows that name a missing file.
        missing: usize,
        /// Rows in all.
        rows: usize,
        /// The first of them, and its line.
        first: (String, u64),
    },
    /// A table that cannot be read.
    BadTable {
        /// Why.
        reason: String,
    },
    /// An annotation of a form that is not read, or broken.
    UnreadAnnotation {
        /// Why it is refused, and in which line.
        reason: String,
    },
    /// A table names files of this folder, but not this one.
    NotInTable {
        /// The table.
        table: String,
    },
    /// An annotation file whose recording is not there.
    NoRecording,
    /// A folder of annotation files, most of which have no recording.
    NoRecordings {
        /// How many annotation files have none.
        missing: usize,
        /// How many there are.
        annotations: usize,
        /// The name of the first without.
        first: String,
    },
    /// A recording without annotation, while most in its folder have one.
    NoAnnotation {
        /// The ending of the others' annotation files.
        extension: String,
    },
}

impl Finding {
    /// How grave it is. What is merely uncommon (silence, clipping, a copy) is no fault: the file plays as it was meant to.
    pub fn severity(&self) -> Severity {
        match self {
            Finding::Unreadable { .. } | Finding::Lost { .. } => Severity::Fault,
            Finding::Damaged(problem) if problem.is_damage() => Severity::Fault,
            Finding::BadTable { .. } => Severity::Fault,
            Finding::Unsupported { .. } | Finding::UnreadAnnotation { .. } => Severity::Unsupported,
            _ => Severity::Finding,
        }
    }

    /// The kind in one or two words, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Finding::Unreadable { .. } => "unreadable",
            Finding::Unsupported { .. } => "not supported",
            Finding::Damaged(Problem::NoEncoderDelay) => "delay unknown",
            Finding::Damaged(Problem::Checksum) => "checksum",
            Finding::Damaged(_) | Finding::Lost { .. } => "truncated",
            Finding::Header { .. } => "header",
            Finding::Silent { .. } => "silent",
            Finding::Clipped { .. } => "clipped",
            Finding::BeyondFullScale { .. } => "beyond full scale",
            Finding::DcOffset { .. } => "DC offset",
            Finding::ChannelSilent { .. } => "silent channel",
            Finding::ChannelsCancel { .. } => "cancelled",
            Finding::TooShort { .. } | Finding::ShorterThanOthers { .. } => "too short",
            Finding::OtherRate { .. } => "other rate",
            Finding::UpSampled { .. } => "up-sampled",
            Finding::SameBytes { .. } => "duplicate (bytes)",
            Finding::SameSamples { .. } => "duplicate (samples)",
            Finding::SameSound { .. } => "duplicate (sound)",
            Finding::OtherName { .. } => "misnamed",
            Finding::NotAudio { .. } => "not audio",
            Finding::BadTable { .. } => "bad table",
            Finding::UnreadAnnotation { .. } => "annotation not read",
            Finding::RowsWithoutFile { .. }
            | Finding::NoRecording
            | Finding::NoRecordings { .. } => "label without file",
            Finding::NotInTable { .. } | Finding::NoAnnotation { .. } => "file without label",
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Finding::Unreadable { reason } => write!(f, "unreadable: {reason}"),
            Finding::Unsupported { what } => write!(f, "{what}, which is not read here"),
            Finding::Damaged(Problem::NoEncoderDelay) => write!(f, "{}", Problem::NoEncoderDelay),
            Finding::Damaged(Problem::Checksum) => write!(f, "damaged: {}", Problem::Checksum),
            Finding::Damaged(problem) => write!(f, "truncated or damaged: {problem}"),
            Finding::Lost { what } => write!(f, "truncated or damaged: {what}"),
            Finding::Header { what } => write!(f, "header: {what}"),
            Finding::Silent { peak_db } if peak_db.is_infinite() => write!(f, "silent: all zeros"),
            Finding::Silent { peak_db } => write!(f, "silent: never above {peak_db:.0} dB"),
            Finding::Clipped { samples, runs, level } => {
                write!(f, "clipped: {samples} samples in {runs} runs at {level:.3}")
            }
            Finding::BeyondFullScale { peak } => {
                write!(f, "samples up to {peak:.3}, beyond full scale")
            }
            Finding::DcOffset { mean } => write!(f, "DC offset of {mean:.4}"),
            Finding::ChannelSilent { channel, channels } => {
                write!(f, "channel {channel} of {channels} is silent")
            }
            Finding::ChannelsCancel { loss_db } => {
                write!(f, "channels cancel: mixed down, it is {loss_db:.0} dB weaker")
            }
            Finding::TooShort { seconds, wanted } => {
                write!(f, "too short: {seconds:.3} s, less than {wanted} s")
            }
            Finding::ShorterThanOthers { seconds, usual } => {
                write!(f, "too short: {seconds:.2} s, others here about {usual:.2} s")
            }
            Finding::OtherRate { sample_rate, usual } => {
                write!(f, "wrong rate: {sample_rate} Hz, most files here have {usual} Hz")
            }
            Finding::UpSampled { bandwidth_hz, sample_rate } => write!(
                f,
                "wrong rate: {sample_rate} Hz, but nothing above {bandwidth_hz:.0} Hz, as if up-sampled \
                 or decoded from a lossy file"
            ),
            Finding::SameBytes { first } => write!(f, "duplicate: same bytes as {first}"),
            Finding::SameSamples { first } => write!(f, "duplicate: same samples as {first}"),
            Finding::SameSound { first, gain_db, shift_ms, inverted, swapped } => {
                write!(f, "duplicate: same sound as {first}")?;
                // Adding zero turns -0.0 into 0.0.
                let one_place = |x: f64| (10.0 * x).round() / 10.0 + 0.0;
                let (gain_db, shift_ms) = (one_place(*gain_db), one_place(*shift_ms));
                write!(f, " (gain {gain_db:+.1} dB, shift {shift_ms:+.1} ms")?;
                if *inverted {
                    write!(f, ", opposite sign")?;
                }
                if *swapped {
                    write!(f, ", channels swapped")?;
                }
                write!(f, ")")
            }
            Finding::OtherName { contents } => write!(f, "misnamed: the contents are {contents}"),
            Finding::NotAudio { what } => write!(f, "not audio: {what}"),
            Finding::BadTable { reason } => write!(f, "table: {reason}"),
            Finding::UnreadAnnotation { reason } => {
                write!(f, "annotation that is not read: {reason}")
            }
            Finding::RowsWithoutFile { missing, rows, first: (name, line) } => write!(
                f,
                "label without file: {missing} of {rows} rows, the first in line {line}: {name}"
            ),
            Finding::NotInTable { table } => write!(f, "file without label: not in {table}"),
            Finding::NoRecording => write!(f, "label without file: no recording of this name"),
            Finding::NoRecordings { missing, annotations, first } => write!(
                f,
                "label without file: {missing} of {annotations} annotation files, the first: {first}"
            ),
            Finding::NoAnnotation { extension } => {
                write!(f, "file without label: most recordings here have a .{extension}")
            }
        }
    }
}
