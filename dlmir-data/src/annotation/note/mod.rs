//! Notes: onset, end and pitch.
//!
//! ```text
//! 0.048816    0.472580    51.037            without a header, tabs or spaces: onset, offset, MIDI pitch
//! 0.661768707,143.742,0.290249433           without a header, commas: onset, frequency in Hz, duration (vocadito)
//!
//! Start;Duration;Pitch;Velocity;Label       with a header: by the names of the columns, in any order
//! 6.724133;0.517241;67;0.59375;Soprano
//! ```
//!
//! Other sets write the same numbers in other orders, and nothing in a file says which; [`read_notes_as`] takes the
//! columns as an argument. A table read in the wrong order rarely passes: offsets come after onsets, durations and
//! frequencies are positive, and pitches are those of MIDI, 0 to 127.
//!
//! Pitches are fractional MIDI numbers, 69 is 440 Hz, and f Hz is 69 + 12 log2(f / 440). Files list notes voice by voice or
//! string by string, so they are sorted by onset, then pitch.

mod layout;

use std::fmt::Write as _;
use std::path::Path;

pub use layout::NoteColumn;

use super::AnnotationError;
use super::text::{self, Comments};

/// A note.
#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    /// When it begins, in seconds.
    pub onset_s: f64,
    /// When it ends, in seconds, not before it begins.
    pub offset_s: f64,
    /// The pitch as a MIDI number, 0 to 127, 60 for middle C; fractional where it is not in tune with 440 Hz.
    pub pitch_midi: f64,
    /// How hard it is struck, in the file's own unit (MIDI: 0 to 127).
    pub velocity: Option<f64>,
    /// The voice, string or instrument, if the file says.
    pub label: Option<String>,
}

/// The MIDI number of a frequency: 69 + 12 log2(f / 440 Hz).
pub fn hz_to_midi(hz: f64) -> f64 {
    69.0 + 12.0 * (hz / 440.0).log2()
}

/// The frequency in Hz of a MIDI number: 440 * 2^((m - 69) / 12).
pub fn midi_to_hz(midi: f64) -> f64 {
    440.0 * ((midi - 69.0) / 12.0).exp2()
}

/// Reads notes in one of the three layouts above, sorted by onset and pitch.
///
/// # Errors
/// If the file cannot be read, its header names no notes, or a line is no note.
pub fn read_notes(path: impl AsRef<Path>) -> Result<Vec<Note>, AnnotationError> {
    let path = path.as_ref();
    parse_notes(&text::read_bytes(path)?, path)
}

/// As [`read_notes`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_notes`].
pub fn parse_notes(bytes: &[u8], name: impl AsRef<Path>) -> Result<Vec<Note>, AnnotationError> {
    parse(bytes, name.as_ref(), None)
}

/// Reads notes from columns in a given order, without a header, sorted by onset and pitch.
///
/// ```no_run
/// use dlmir_data::annotation::{NoteColumn, read_notes_as};
/// let notes = read_notes_as("a.csv", &[NoteColumn::Onset, NoteColumn::Offset, NoteColumn::Midi])?;
/// # Ok::<(), dlmir_data::annotation::AnnotationError>(())
/// ```
///
/// # Errors
/// If the file cannot be read or a line is no note.
///
/// # Panics
/// If the columns do not make a note: an onset, an offset or duration, and a pitch, once each.
#[track_caller]
pub fn read_notes_as(
    path: impl AsRef<Path>,
    columns: &[NoteColumn],
) -> Result<Vec<Note>, AnnotationError> {
    layout::assert_note(columns);
    let path = path.as_ref();
    parse(&text::read_bytes(path)?, path, Some(columns))
}

/// As [`read_notes_as`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_notes_as`].
///
/// # Panics
/// As [`read_notes_as`].
#[track_caller]
pub fn parse_notes_as(
    bytes: &[u8],
    name: impl AsRef<Path>,
    columns: &[NoteColumn],
) -> Result<Vec<Note>, AnnotationError> {
    layout::assert_note(columns);
    parse(bytes, name.as_ref(), Some(columns))
}

fn parse(
    bytes: &[u8],
    name: &Path,
    columns: Option<&[NoteColumn]>,
) -> Result<Vec<Note>, AnnotationError> {
    let mut lines = text::lines(text::decode(bytes, name)?, name, Comments::Anywhere);
    let found;
    let columns = match (columns, lines.first()) {
        (Some(columns), _) => columns,
        (None, None) => return Ok(Vec::new()),
        (None, Some(first)) => {
            let (layout, has_header) = layout::of_file(first)?;
            if has_header {
                lines.remove(0);
            }
            found = layout;
            &found
        }
    };
    // Decimal commas need no check here: with them a line has too many columns, or one that is no number.
    let notes = lines.iter().map(|line| layout::note(line, columns));
    let mut notes = notes.collect::<Result<Vec<_>, _>>()?;
    notes.sort_by(|a, b| {
        a.onset_s.total_cmp(&b.onset_s).then(a.pitch_midi.total_cmp(&b.pitch_midi))
    });
    Ok(notes)
}

/// Writes notes: onset, tab, offset, tab, MIDI pitch, and where any note has them, velocity and label under a header. The
/// file is replaced as a whole.
///
/// # Errors
/// If the file cannot be written.
pub fn write_notes(path: impl AsRef<Path>, notes: &[Note]) -> Result<(), AnnotationError> {
    let velocities = notes.iter().any(|note| note.velocity.is_some());
    let labels = notes.iter().any(|note| note.label.is_some());
    let plain = !velocities && !labels;
    // Semicolons keep an empty column; a tab beside a tab would be alignment.
    let by = if plain { '\t' } else { ';' };
    let mut lines = String::new();
    if !plain {
        lines.push_str("Start;End;Pitch;Velocity;Label\n");
    }
    for Note { onset_s, offset_s, pitch_midi, velocity, label } in notes {
        _ = write!(lines, "{onset_s}{by}{offset_s}{by}{pitch_midi}");
        if !plain {
            let velocity = velocity.map_or(String::new(), |v| v.to_string());
            let label = label.as_deref().unwrap_or_default().replace(';', ",");
            _ = write!(lines, ";{velocity};{}", text::one_line(&label));
        }
        lines.push('\n');
    }
    text::write_text(path.as_ref(), &lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    fn notes(text: &str) -> Result<Vec<Note>, String> {
        parse_notes(text.as_bytes(), "x").map_err(|e| e.to_string())
    }

    fn plain(onset_s: f64, offset_s: f64, pitch_midi: f64) -> Note {
        Note { onset_s, offset_s, pitch_midi, velocity: None, label: None }
    }

    #[test]
    fn the_three_layouts_are_read() {
        let wanted = [plain(0.5, 1.0, 57.0), plain(1.0, 2.0, 69.0)];
        for text in [
            "1.0\t2.0\t69\n0.5\t1.0\t57.0\n",
            "1.0 2.0 69 # a\n0.5 1.0 57.0\n",
            "0.5,220,0.5\r\n1.0,440.0,1.0\r\n",
            "pitch,onset,offset\n57,0.5,1\n69,1,2\n",
            "Frequency\tTime\tDuration\n220\t0.5\t0.5\n440\t1\t1\n",
        ] {
            assert_eq!(notes(text).as_deref(), Ok(&wanted[..]), "{text:?}");
        }
        let bach = "Start;Duration;Pitch;Velocity;Label\n6.5;0.5;67;0.59375;Soprano 1\n7;1;69;;\n";
        let notes = notes(bach).unwrap();
        let label = Some("Soprano 1".into());
        assert_eq!(notes[0], Note { velocity: Some(0.59375), label, ..plain(6.5, 7.0, 67.0) });
        assert_eq!(notes[1], plain(7.0, 8.0, 69.0));
        assert_eq!(parse_notes(b"", "x").unwrap(), []);
    }

    #[test]
    fn other_orders_are_an_argument() {
        use NoteColumn::{Duration, Frequency, Midi, Name, Offset, Onset, Skip};
        let read = |text: &str, columns: &[NoteColumn]| {
            parse_notes_as(text.as_bytes(), "x", columns).unwrap()
        };
        assert_eq!(read("0.5,0.5,220\n", &[Onset, Duration, Frequency]), [plain(0.5, 1.0, 57.0)]);
        assert_eq!(read("25.5, 0.5, 56\n", &[Onset, Duration, Midi]), [plain(25.5, 26.0, 56.0)]);
        assert_eq!(read("4.5,5.5,A3\n", &[Onset, Offset, Name]), [plain(4.5, 5.5, 57.0)]);
        assert_eq!(read("1\t2\t3\tC#-1\n", &[Skip, Onset, Offset, Name]), [plain(2.0, 3.0, 1.0)]);
    }

    #[test]
    #[should_panic(expected = "do not make a note")]
    fn columns_without_pitch_are_a_mistake() {
        let _ = parse_notes_as(b"", "x", &[NoteColumn::Onset, NoteColumn::Offset]);
    }

    #[test]
    fn what_is_no_note_is_named() {
        for (text, wanted) in [
            ("0.5\t1.0\n", "x:1: 2 column(s) where onset, offset, MIDI pitch are expected"),
            ("1.0\t0.5\t60\n", "x:1: ends at 0.5 s, before its start at 1 s"),
            ("0.5\t1.0\t440\n", "x:1: pitch: 440 is outside of MIDI 0 to 127"),
            // Onset, offset, MIDI in the place of onset, frequency, duration.
            ("0.16,2.5165,48\n", "x:1: frequency: 2.5165 is outside of 8 to 12545 Hz"),
            ("0.5,220,-1\n", "x:1: duration: -1 is outside"),
            ("0.5,220\n", "x:1: 2 column(s) where onset, frequency, duration are expected"),
            ("0.5\t1.0\tA3\n", "x:1: pitch: `A3` is not a number"),
            ("Start;Pitch\n1;2\n", "x:1: the columns Start;Pitch do not make a note"),
            ("Start;End;Duration;Pitch\n", "x:1: the columns"),
            ("nan\t1\t60\n", "x:1: onset: `nan` is not finite"),
            ("Start;End;Pitch\n1;2;60;4\n", "x:2: 4 column(s) where onset, offset, MIDI pitch are"),
        ] {
            let error = notes(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }

    #[test]
    fn hertz_and_midi_are_inverse() {
        assert_eq!((hz_to_midi(440.0), hz_to_midi(880.0)), (69.0, 81.0));
        assert!((midi_to_hz(60.0) - 261.625_565_300_598_6).abs() < 1e-9);
    }

    fn any_note() -> impl Strategy<Value = Note> {
        let label = prop::option::of("[a-z#é]{1,4}");
        let numbers = (0f64..100.0, 0f64..10.0, 0f64..127.0, prop::option::of(0f64..1.0));
        (numbers, label).prop_map(|((onset_s, length, pitch_midi, velocity), label)| Note {
            velocity,
            label,
            ..plain(onset_s, onset_s + length, pitch_midi)
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mut notes in prop::collection::vec(any_note(), 0..8)) {
            notes.sort_by(|a, b| a.onset_s.total_cmp(&b.onset_s));
            let folder = TestFolder::new("notes-written", &[]);
            let path = folder.path().join("a.notes");
            write_notes(&path, &notes).unwrap();
            prop_assert_eq!(read_notes(&path).unwrap(), notes);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9.,;#\t\r\n A-Ga-z-]{0,40}") {
            let _ = parse_notes(text.as_bytes(), "x");
        }
    }
}
