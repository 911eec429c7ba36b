//! Beats: when to tap, and which tap is the first of a bar.
//!
//! ```text
//! 0.50    1         time in seconds and position in the bar; 1 is the downbeat
//! 1.00    2
//! 1.50    3
//! ```
//!
//! The position is in all lines or in none. Separators are tabs, spaces, semicolons or commas. Times ascend, and may not
//! repeat: two beats at one time would be a tempo without bound.
//!
//! Some sets number beats as `bar.beat` (3.2: bar 3, beat 2), others as fractions of a bar (3.25: a quarter through bar 3). The
//! two look alike and mean different things, so both are errors here rather than guesses.

use std::fmt::Write as _;
use std::path::Path;

use super::text::{self, Comments, Line};
use super::{AnnotationError, LineProblem};

/// A beat.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beat {
    /// The time in seconds.
    pub time_s: f64,
    /// The position in the bar, 1 for the downbeat; none if the file has none. Some sets write 0 before the first bar.
    pub position: Option<u8>,
}

/// Reads beats, ascending in time.
///
/// # Errors
/// If the file cannot be read, a line is no beat, positions are in some lines only, or the times do not ascend.
pub fn read_beats(path: impl AsRef<Path>) -> Result<Vec<Beat>, AnnotationError> {
    let path = path.as_ref();
    parse_beats(&text::read_bytes(path)?, path)
}

/// As [`read_beats`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_beats`].
pub fn parse_beats(bytes: &[u8], name: impl AsRef<Path>) -> Result<Vec<Beat>, AnnotationError> {
    let name = name.as_ref();
    let lines = text::lines(text::decode(bytes, name)?, name, Comments::Anywhere);
    text::check_commas(&lines)?;
    let mut beats: Vec<Beat> = Vec::with_capacity(lines.len());
    for line in lines {
        let beat = beat(&line)?;
        if let Some(last) = beats.last() {
            if beat.time_s <= last.time_s {
                let (found, before) = (beat.time_s, last.time_s);
                return Err(line.error(LineProblem::Order { found, before }));
            }
            let mixed = match (last.position, beat.position) {
                (Some(_), None) => Some("no beat position, but the lines above have one"),
                (None, Some(_)) => Some("a beat position, but the lines above have none"),
                _ => None,
            };
            if let Some(mixed) = mixed {
                return Err(line.error(LineProblem::Mixed(mixed)));
            }
        }
        beats.push(beat);
    }
    Ok(beats)
}

fn beat(line: &Line<'_>) -> Result<Beat, AnnotationError> {
    let columns = line.columns();
    match columns.as_slice() {
        [time] => Ok(Beat { time_s: line.seconds("time", time)?, position: None }),
        [time, position] => {
            let time_s = line.seconds("time", time)?;
            let number = line.number("beat position", position)?;
            if number.fract() != 0.0 || !(0.0..=255.0).contains(&number) {
                return Err(line.error(LineProblem::Position { found: text::short(position) }));
            }
            Ok(Beat { time_s, position: Some(number as u8) })
        }
        columns => {
            let expected = "a time and perhaps a beat position";
            Err(line.error(LineProblem::Columns { found: columns.len(), expected }))
        }
    }
}

/// The times of beats, in seconds.
pub fn beat_times(beats: &[Beat]) -> Vec<f64> {
    beats.iter().map(|beat| beat.time_s).collect()
}

/// The times of the downbeats (position 1), in seconds.
pub fn downbeat_times(beats: &[Beat]) -> Vec<f64> {
    beats.iter().filter(|beat| beat.position == Some(1)).map(|beat| beat.time_s).collect()
}

/// Writes beats: time, tab, position where there is one. The file is replaced as a whole.
///
/// # Errors
/// If the file cannot be written.
pub fn write_beats(path: impl AsRef<Path>, beats: &[Beat]) -> Result<(), AnnotationError> {
    let mut lines = String::new();
    for Beat { time_s, position } in beats {
        _ = match position {
            Some(position) => writeln!(lines, "{time_s}\t{position}"),
            None => writeln!(lines, "{time_s}"),
        };
    }
    text::write_text(path.as_ref(), &lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    fn beats(text: &str) -> Result<Vec<(f64, Option<u8>)>, String> {
        let beats = parse_beats(text.as_bytes(), "x").map_err(|e| e.to_string())?;
        Ok(beats.into_iter().map(|b| (b.time_s, b.position)).collect())
    }

    #[test]
    fn separators_of_all_sets_are_read() {
        let wanted = Ok(vec![(0.5, Some(1)), (1.0, Some(2)), (1.5, Some(3))]);
        for text in [
            "0.50\t1\r\n1.00\t2\r\n1.50\t3\r\n",
            "\u{feff}0.5 1\n1.0 2\n1.5 3",
            "0.5,1\n1.0,2\n1.5,3\n",
            "0.5;1\n1;2\n1.5;3\n",
            "13.249e-2  0 # before\n0.5  1\n1.0 , 2\n1.5\t 3.0\n",
        ] {
            let found = beats(text).map(|b| b.into_iter().filter(|b| b.1 != Some(0)).collect());
            assert_eq!(found, wanted, "{text:?}");
        }
        assert_eq!(beats("0.5\n1.0\n"), Ok(vec![(0.5, None), (1.0, None)]));
        assert_eq!(beats(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_beat_is_named() {
        for (text, wanted) in [
            ("0.5 1\n1.0\n1.5 3", "x:2: no beat position, but the lines above have one"),
            ("0.5\n1.0 2\n", "x:2: a beat position, but the lines above have none"),
            ("0.5 1\n0.5 2\n", "x:2: 0.5 s comes after 0.5 s"),
            ("0.5 1.25\n", "x:1: beat position 1.25 is not a whole number"),
            ("0.5 -1\n", "x:1: beat position -1"),
            ("0.5 300\n", "x:1: beat position 300"),
            ("0.5 1 2\n", "x:1: 3 column(s) where a time and perhaps"),
            ("0,5\n1,0\n", "x:1: `0,5`: a decimal comma, or two whole numbers?"),
            ("0,5\t1\n1,0\t2\n", "x:1: `0,5"),
            ("0.5 one\n", "x:1: beat position: `one` is not a number"),
            ("0.5,\n", "x:1: beat position: `` is not a number"),
        ] {
            let error = beats(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }

    #[test]
    fn downbeats_are_those_with_position_one() {
        let beats = parse_beats(b"0.5 4\n1 1\n1.5 2\n2 1\n", "x").unwrap();
        assert_eq!(downbeat_times(&beats), [1.0, 2.0]);
        assert_eq!(beat_times(&beats), [0.5, 1.0, 1.5, 2.0]);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(steps in prop::collection::vec((1e-3f64..10.0, any::<u8>()), 0..20), positions: bool) {
            let mut time_s = 0.0;
            let next = |(step, position)| {
                time_s += step;
                Beat { time_s, position: positions.then_some(position) }
            };
            let beats: Vec<Beat> = steps.into_iter().map(next).collect();
            let folder = TestFolder::new("beats-written", &[]);
            let path = folder.path().join("a.beats");
            write_beats(&path, &beats).unwrap();
            prop_assert_eq!(read_beats(&path).unwrap(), beats);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9.,;#\t\r\n -]{0,40}") {
            let _ = parse_beats(text.as_bytes(), "x");
        }
    }
}
