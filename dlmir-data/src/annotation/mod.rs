//! Annotations: what people heard in a recording, and when.
//!
//! Every set writes its annotations in its own way, but nearly all of them are one of a few:
//!
//! | what | a line | reader |
//! | --- | --- | --- |
//! | onsets | time | [`read_onsets`], with a label [`read_labelled_onsets`] |
//! | beats | time, position in the bar | [`read_beats`] |
//! | drum strokes | time, class | [`read_drum_onsets`] |
//! | notes | onset, offset, pitch | [`read_notes`], [`read_notes_as`] |
//! | segments (chords, keys, song sections) | start, end, label | [`read_segments`] |
//! | tempi | beats per minute, strength | [`read_tempi`] |
//! | all of these | JSON | [`read_jams`] |
//!
//! Times are in seconds, `f64`. Each reader has a form that takes bytes (`parse_...`), and onsets, beats, notes, drum strokes, segments and JAMS
//! have a writer whose file reads back to the same numbers, digit by digit.
//!
//! Annotation files are typed by hand and pass through spreadsheets, so readers are lenient where the meaning is beyond
//! doubt (byte-order marks, line ends, blank lines, comments, separators), and refuse the rest with file and line
//! ([`AnnotationError`]): a decimal comma read as a column, or a NaN that a metric compares with, gives a result that is wrong without
//! a word. A file without events is no error. It may be that nothing happens in the piece.
//!
//! Read in this order: `text.rs`, what is lenient and what is not; `onset.rs`; the others in any order.

mod beat;
mod drum;
mod error;
mod jams;
mod note;
mod onset;
mod segment;
mod tempo;
mod text;

pub use beat::{Beat, beat_times, downbeat_times, parse_beats, read_beats, write_beats};
pub use drum::{
    DrumClass, DrumOnset, drum_times, parse_drum_onsets, read_drum_onsets, write_drum_onsets,
};
pub use error::{AnnotationError, LineProblem};
pub use jams::{Jams, JamsAnnotation, Observation, parse_jams, read_jams, write_jams};
pub use note::{
    Note, NoteColumn, hz_to_midi, midi_to_hz, parse_notes, parse_notes_as, read_notes,
    read_notes_as, write_notes,
};
pub use onset::{
    LabelledOnset, merge_onsets, parse_labelled_onsets, parse_onsets, read_labelled_onsets,
    read_onsets, write_onsets,
};
pub use segment::{LabelledSegment, parse_segments, read_segments, write_segments};
pub use tempo::{Tempo, parse_tempi, read_tempi};
