//! Which column of a table of notes means what.

use super::{Note, hz_to_midi};
use crate::annotation::text::{Line, is_time, short};
use crate::annotation::{AnnotationError, LineProblem};

/// The meaning of a column in a table of notes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoteColumn {
    /// The time of the onset in seconds.
    Onset,
    /// The time of the offset in seconds.
    Offset,
    /// The length in seconds.
    Duration,
    /// The pitch as a MIDI number, 0 to 127.
    Midi,
    /// The pitch as a frequency, 8 to 12 545 Hz (MIDI 0 to 127).
    Frequency,
    /// The pitch as a name: letter, sharps `#` or flats `b`, octave; `C4` is middle C, MIDI 60.
    Name,
    /// How hard the note is struck.
    Velocity,
    /// The voice, string or instrument.
    Label,
    /// Not looked at.
    Skip,
}

use NoteColumn::{Duration, Frequency, Label, Midi, Name, Offset, Onset, Skip, Velocity};

/// True if the columns have each part of a note once, in one form.
fn make_a_note(columns: &[NoteColumn]) -> bool {
    let count = |kinds: &[NoteColumn]| columns.iter().filter(|c| kinds.contains(c)).count();
    count(&[Onset]) == 1
        && count(&[Offset, Duration]) == 1
        && count(&[Midi, Frequency, Name]) == 1
        && count(&[Velocity]) <= 1
        && count(&[Label]) <= 1
}

#[track_caller]
pub(super) fn assert_note(columns: &[NoteColumn]) {
    assert!(make_a_note(columns), "notes: the columns {columns:?} do not make a note");
}

/// The columns of a file by its first line, and whether that is a header. A header begins with a letter.
pub(super) fn of_file(first: &Line<'_>) -> Result<(Vec<NoteColumn>, bool), AnnotationError> {
    let word = |c: char| c.is_alphabetic();
    let is_number = first.first_and_rest().0.parse::<f64>().is_ok();
    if first.text.starts_with(word) && !is_number {
        let columns: Vec<_> = first.columns().into_iter().map(by_name).collect();
        return if make_a_note(&columns) {
            Ok((columns, true))
        } else {
            Err(first.error(LineProblem::Header { found: short(first.text) }))
        };
    }
    let commas = first.text.contains(',') && !first.text.contains(['\t', ';']);
    let columns = if commas { [Onset, Frequency, Duration] } else { [Onset, Offset, Midi] };
    Ok((columns.to_vec(), false))
}

fn by_name(name: &str) -> NoteColumn {
    match name.to_lowercase().as_str() {
        "onset" | "start" | "time" | "onset_time" | "start_time" => Onset,
        "offset" | "end" | "offset_time" | "end_time" => Offset,
        "duration" => Duration,
        "pitch" | "midi" | "midi_pitch" | "note_midi" => Midi,
        "frequency" | "hz" | "f0" | "note_hz" => Frequency,
        "note" | "note_name" => Name,
        "velocity" => Velocity,
        "label" | "voice" | "instrument" | "string" => Label,
        _ => Skip,
    }
}

/// The note in a line.
pub(super) fn note(line: &Line<'_>, columns: &[NoteColumn]) -> Result<Note, AnnotationError> {
    let texts = line.columns();
    if texts.len() != columns.len() {
        let expected = match columns {
            [Onset, Offset, Midi] => "onset, offset, MIDI pitch",
            [Onset, Frequency, Duration] => "onset, frequency, duration",
            _ => "as many as in the header, or as were asked for,",
        };
        return Err(line.error(LineProblem::Columns { found: texts.len(), expected }));
    }
    let mut note =
        Note { onset_s: 0.0, offset_s: 0.0, pitch_midi: 0.0, velocity: None, label: None };
    let mut duration = None;
    for (&column, &text) in columns.iter().zip(&texts) {
        match column {
            Onset => note.onset_s = line.seconds("onset", text)?,
            Offset => note.offset_s = line.seconds("offset", text)?,
            Duration => duration = Some(line.seconds("duration", text)?),
            Midi => {
                let midi = |midi| (0.0..=127.0).contains(&midi);
                note.pitch_midi = line.within("pitch", text, midi, "MIDI 0 to 127")?;
            }
            Frequency => {
                let audible = |hz| hz > 0.0 && (0.0..=127.0).contains(&hz_to_midi(hz));
                let hz = line.within("frequency", text, audible, "8 to 12545 Hz")?;
                note.pitch_midi = hz_to_midi(hz);
            }
            Name => {
                let midi = pitch_of_name(text).ok_or_else(|| {
                    let found = short(text);
                    line.error(LineProblem::NotANumber { column: "note name", found })
                })?;
                note.pitch_midi = midi;
            }
            Velocity if text.is_empty() => {}
            Velocity => note.velocity = Some(line.number("velocity", text)?),
            Label => note.label = Some(text).filter(|t| !t.is_empty()).map(str::to_owned),
            Skip => {}
        }
    }
    if let Some(duration) = duration {
        note.offset_s = note.onset_s + duration;
    }
    if note.offset_s < note.onset_s || !is_time(note.offset_s) {
        let (start, end) = (note.onset_s, note.offset_s);
        return Err(line.error(LineProblem::EndsBeforeStart { start, end }));
    }
    Ok(note)
}

/// `C4` is 60, `C#4` and `Db4` are 61, `C-1` is 0.
fn pitch_of_name(name: &str) -> Option<f64> {
    let mut rest = name.chars();
    let step = match rest.next()?.to_ascii_uppercase() {
        'C' => 0,
        'D' => 2,
        'E' => 4,
        'F' => 5,
        'G' => 7,
        'A' => 9,
        'B' => 11,
        _ => return None,
    };
    let rest = rest.as_str();
    let octave = rest.trim_start_matches(['#', 'b']);
    let accidentals = &rest[..rest.len() - octave.len()];
    let altered = accidentals.chars().fold(step, |s, c| if c == '#' { s + 1 } else { s - 1 });
    let octave: i32 = octave.parse().ok().filter(|octave| (-1..=9).contains(octave))?;
    let midi = 12 * (octave + 1) + altered;
    (0..=127).contains(&midi).then(|| f64::from(midi))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_pitches() {
        for (name, midi) in [("C4", 60.0), ("C#4", 61.0), ("Db4", 61.0), ("a4", 69.0), ("C-1", 0.0)]
        {
            assert_eq!(pitch_of_name(name), Some(midi), "{name}");
        }
        for name in ["", "H4", "C", "Cb-1", "A9", "C99999999999", "C+", "é4"] {
            assert_eq!(pitch_of_name(name), None, "{name}");
        }
    }
}
