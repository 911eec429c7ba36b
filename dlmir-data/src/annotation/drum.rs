//! Drum onsets by class, in the layout of MDB Drums.
//!
//! ```text
//! 0.44    KD        kick
//! 0.45    HH        hi-hat, struck together with it: a line of its own, some milliseconds apart
//! ```
//!
//! C. Southall, C.-W. Wu, A. Lerch, J. Hockman, "MDB Drums: an annotated subset of MedleyDB for automatic drum transcription",
//! ISMIR late-breaking session 2017. The finer subclasses of that set are read with
//! [`read_labelled_onsets`](super::read_labelled_onsets).

use std::fmt::{self, Write as _};
use std::path::Path;

use super::onset::parse_labelled_onsets;
use super::text::{self, Comments};
use super::{AnnotationError, LineProblem};

/// An instrument of the drum kit, as MDB Drums divides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DrumClass {
    /// KD, the kick drum.
    Kick,
    /// SD, the snare drum.
    Snare,
    /// HH, the hi-hat.
    HiHat,
    /// TT, the toms.
    Tom,
    /// CY, the cymbals.
    Cymbal,
    /// OT, whatever else is struck.
    Other,
}

impl DrumClass {
    /// All classes, in the set's order.
    pub const ALL: [DrumClass; 6] = [
        DrumClass::Kick,
        DrumClass::Snare,
        DrumClass::HiHat,
        DrumClass::Tom,
        DrumClass::Cymbal,
        DrumClass::Other,
    ];

    /// The two letters that stand for it in a file.
    pub fn code(self) -> &'static str {
        match self {
            DrumClass::Kick => "KD",
            DrumClass::Snare => "SD",
            DrumClass::HiHat => "HH",
            DrumClass::Tom => "TT",
            DrumClass::Cymbal => "CY",
            DrumClass::Other => "OT",
        }
    }
}

impl fmt::Display for DrumClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DrumOnset {
    /// The time in seconds.
    pub time_s: f64,
    /// What is struck.
    pub class: DrumClass,
}

/// Reads drum onsets, sorted by time.
///
/// # Errors
/// If the file cannot be read, or a line is not a time and one of the six classes.
pub fn read_drum_onsets(path: impl AsRef<Path>) -> Result<Vec<DrumOnset>, AnnotationError> {
    let path = path.as_ref();
    parse_drum_onsets(&text::read_bytes(path)?, path)
}

/// As [`read_drum_onsets`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_drum_onsets`].
pub fn parse_drum_onsets(
    bytes: &[u8],
    name: impl AsRef<Path>,
) -> Result<Vec<DrumOnset>, AnnotationError> {
    let name = name.as_ref();
    // The classes are checked line by line, in the file's order; times and order are as in any labelled file.
    for line in text::lines(text::decode(bytes, name)?, name, Comments::WholeLines) {
        let (_, label) = line.first_and_rest();
        if !label.is_empty() && class(label).is_none() {
            let (found, known) = (text::short(label), "KD, SD, HH, TT, CY, OT");
            return Err(line.error(LineProblem::UnknownClass { found, known }));
        }
    }
    let onsets = parse_labelled_onsets(bytes, name)?.into_iter();
    Ok(onsets
        .filter_map(|o| Some(DrumOnset { time_s: o.time_s, class: class(&o.label)? }))
        .collect())
}

/// Writes drum onsets: time, tab, class. The file is replaced as a whole.
///
/// # Errors
/// If the file cannot be written.
pub fn write_drum_onsets(
    path: impl AsRef<Path>,
    onsets: &[DrumOnset],
) -> Result<(), AnnotationError> {
    let mut lines = String::new();
    for DrumOnset { time_s, class } in onsets {
        _ = writeln!(lines, "{time_s}\t{class}");
    }
    text::write_text(path.as_ref(), &lines)
}

fn class(label: &str) -> Option<DrumClass> {
    DrumClass::ALL.into_iter().find(|class| class.code() == label)
}

/// The times of one class, in seconds.
pub fn drum_times(onsets: &[DrumOnset], class: DrumClass) -> Vec<f64> {
    onsets.iter().filter(|onset| onset.class == class).map(|onset| onset.time_s).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_apart() {
        let onsets = parse_drum_onsets(b"0.45\tHH \t\r\n0.44 \tKD\r\n1.0\tKD\r\n", "x").unwrap();
        assert_eq!(onsets[0], DrumOnset { time_s: 0.44, class: DrumClass::Kick });
        assert_eq!(drum_times(&onsets, DrumClass::Kick), [0.44, 1.0]);
        assert!(drum_times(&onsets, DrumClass::Snare).is_empty());
        assert_eq!(DrumClass::HiHat.to_string(), "HH");
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = crate::test_folder::TestFolder::new("drums-written", &[]);
        let path = folder.path().join("a_class.txt");
        let onset = |(i, class)| DrumOnset { time_s: 0.1234567 * i as f64, class };
        let onsets: Vec<DrumOnset> = DrumClass::ALL.into_iter().enumerate().map(onset).collect();
        write_drum_onsets(&path, &onsets).unwrap();
        assert_eq!(read_drum_onsets(&path).unwrap(), onsets);
    }

    #[test]
    fn an_unknown_class_is_an_error_with_its_line() {
        let error = |text: &str| parse_drum_onsets(text.as_bytes(), "x").unwrap_err().to_string();
        let known = "known: KD, SD, HH, TT, CY, OT";
        assert_eq!(error("0.1 KD\n0.2 kd\n"), format!("x:2: unknown class `kd`; {known}"));
        assert_eq!(
            error("0.1 KD\n\n0.2\n"),
            "x:3: 1 column(s) where a time and a label are expected"
        );
        assert!(error("x KD\n").contains("`x` is not a number"));
    }
}
