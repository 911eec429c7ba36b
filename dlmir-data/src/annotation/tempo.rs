//! Tempi: how many beats a minute.
//!
//! ```text
//! 128               one tempo
//!
//! 128     0.7       a tempo and its strength in a line, as `mir tempo` prints them
//! 64      0.3
//!
//! 71.0    139.0     0.47     MIREX: a slower and a faster tempo, and the strength of the first; the second has the rest
//!
//! tempo 0 128       GiantSteps, first version: the word, the time in seconds, the tempo
//! ```
//!
//! MIREX writes 0 for a tempo that it does not give; such a tempo is left out.

use std::path::Path;

use super::text::{self, Comments, Line};
use super::{AnnotationError, LineProblem};

/// A tempo.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tempo {
    /// Beats per minute.
    pub bpm: f64,
    /// Its share of the listeners or of the evidence, from 0 to 1, if the file says.
    pub strength: Option<f64>,
}

/// Reads tempi, in the order of the file.
///
/// # Errors
/// If the file cannot be read, a line is in none of the forms above, a tempo is not above 0 and at most 10 000 bpm, or a
/// strength is not from 0 to 1.
pub fn read_tempi(path: impl AsRef<Path>) -> Result<Vec<Tempo>, AnnotationError> {
    let path = path.as_ref();
    parse_tempi(&text::read_bytes(path)?, path)
}

/// As [`read_tempi`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_tempi`].
pub fn parse_tempi(bytes: &[u8], name: impl AsRef<Path>) -> Result<Vec<Tempo>, AnnotationError> {
    let name = name.as_ref();
    let lines = text::lines(text::decode(bytes, name)?, name, Comments::Anywhere);
    text::check_commas(&lines)?;
    let mut tempi = Vec::new();
    for line in &lines {
        let columns = line.columns();
        match columns.as_slice() {
            ["tempo", time, tempo] => {
                line.seconds("time", time)?;
                tempi.push(Tempo { bpm: bpm(line, tempo)?, strength: None });
            }
            [tempo] => tempi.push(Tempo { bpm: bpm(line, tempo)?, strength: None }),
            [tempo, share] => {
                tempi
                    .push(Tempo { bpm: bpm(line, tempo)?, strength: Some(strength(line, share)?) });
            }
            [slower, faster, share] => {
                let share = strength(line, share)?;
                for (tempo, strength) in [(slower, share), (faster, 1.0 - share)] {
                    if line.number("tempo", tempo)? != 0.0 {
                        tempi.push(Tempo { bpm: bpm(line, tempo)?, strength: Some(strength) });
                    }
                }
            }
            columns => {
                let expected = "a tempo, a tempo and its strength, or two tempi and a strength";
                return Err(line.error(LineProblem::Columns { found: columns.len(), expected }));
            }
        }
    }
    Ok(tempi)
}

fn bpm(line: &Line<'_>, text: &str) -> Result<f64, AnnotationError> {
    line.within("tempo", text, |bpm| bpm > 0.0 && bpm <= 1e4, "above 0 to 10000 bpm")
}

fn strength(line: &Line<'_>, text: &str) -> Result<f64, AnnotationError> {
    line.within("strength", text, |share| (0.0..=1.0).contains(&share), "0 to 1")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tempi(text: &str) -> Result<Vec<(f64, Option<f64>)>, String> {
        let tempi = parse_tempi(text.as_bytes(), "x").map_err(|e| e.to_string())?;
        Ok(tempi.into_iter().map(|t| (t.bpm, t.strength)).collect())
    }

    #[test]
    fn all_four_forms_are_read() {
        assert_eq!(tempi("79.988654\n"), Ok(vec![(79.988654, None)]));
        let two = Ok(vec![(128.0, Some(0.75)), (64.0, Some(0.25))]);
        assert_eq!(tempi("128\t0.75\n64\t0.25\n"), two);
        assert_eq!(tempi("64.0\t128.0\t0.25\n").map(|t| t.into_iter().rev().collect()), two);
        assert_eq!(tempi("0.0\t128.0\t0.25\n"), Ok(vec![(128.0, Some(0.75))]));
        let giant_steps = "#@format: tempo\ttimestamp(float)\tbpm(float)\ntempo 0 128\n";
        assert_eq!(tempi(giant_steps), Ok(vec![(128.0, None)]));
        assert_eq!(tempi(""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_tempo_is_named() {
        for (text, wanted) in [
            ("120\n0\n", "x:2: tempo: 0 is outside of above 0 to 10000 bpm"),
            ("-60 0.5\n", "x:1: tempo: -60 is outside"),
            ("60 120 1.5\n", "x:1: strength: 1.5 is outside of 0 to 1"),
            ("nan\n", "x:1: tempo: `nan` is not finite"),
            ("128,5\n", "x:1: `128,5`: a decimal comma"),
            ("1 2 3 4\n", "x:1: 4 column(s) where a tempo"),
            ("tempo -1 128\n", "x:1: time: -1"),
        ] {
            let error = tempi(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9.,;#\t\r\n tempo-]{0,40}") {
            let _ = parse_tempi(text.as_bytes(), "x");
        }
    }
}
