//! Onsets: the moments at which notes begin.
//!
//! ```text
//! 0.498979591                   one time in seconds per line, in time order
//! 0.745941043
//!
//! 0.50    kick                  labelled: a time, a separator, and a label up to the end of the line
//! 0.51    closed hi-hat
//! ```
//!
//! Times may repeat, as in a chord. Labelled lists are often written class after class, so they are sorted here (lines of
//! equal time stay in their order); in a plain list disorder is a sign of damage, and an error.

use std::fmt::Write as _;
use std::path::Path;

use super::text::{self, Comments};
use super::{AnnotationError, LineProblem};

/// A moment with a name: a drum stroke, a section's start.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledOnset {
    /// The time in seconds.
    pub time_s: f64,
    /// The label, never empty.
    pub label: String,
}

/// Reads onset times in seconds, ascending. A file without any is a piece without onsets.
///
/// # Errors
/// If the file cannot be read, a line has more than a time, or the times are not in order.
pub fn read_onsets(path: impl AsRef<Path>) -> Result<Vec<f64>, AnnotationError> {
    let path = path.as_ref();
    parse_onsets(&text::read_bytes(path)?, path)
}

/// As [`read_onsets`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_onsets`].
pub fn parse_onsets(bytes: &[u8], name: impl AsRef<Path>) -> Result<Vec<f64>, AnnotationError> {
    let name = name.as_ref();
    let lines = text::lines(text::decode(bytes, name)?, name, Comments::Anywhere);
    text::check_commas(&lines)?;
    let mut times: Vec<f64> = Vec::with_capacity(lines.len());
    for line in lines {
        let columns = line.columns();
        let &[time] = columns.as_slice() else {
            let expected = "one, the time (labelled onsets have their own reader),";
            return Err(line.error(LineProblem::Columns { found: columns.len(), expected }));
        };
        let found = line.seconds("time", time)?;
        if let Some(&before) = times.last().filter(|&&before| found < before) {
            return Err(line.error(LineProblem::Order { found, before }));
        }
        times.push(found);
    }
    Ok(times)
}

/// Reads times with labels, sorted by time.
///
/// # Errors
/// If the file cannot be read, or a line is not a time and a label.
pub fn read_labelled_onsets(path: impl AsRef<Path>) -> Result<Vec<LabelledOnset>, AnnotationError> {
    let path = path.as_ref();
    parse_labelled_onsets(&text::read_bytes(path)?, path)
}

/// As [`read_labelled_onsets`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_labelled_onsets`].
pub fn parse_labelled_onsets(
    bytes: &[u8],
    name: impl AsRef<Path>,
) -> Result<Vec<LabelledOnset>, AnnotationError> {
    let name = name.as_ref();
    let lines = text::lines(text::decode(bytes, name)?, name, Comments::WholeLines);
    text::check_commas(&lines)?;
    let mut onsets = Vec::with_capacity(lines.len());
    for line in lines {
        let (time, label) = line.first_and_rest();
        let time_s = line.seconds("time", time)?;
        if label.is_empty() {
            let expected = "a time and a label";
            return Err(line.error(LineProblem::Columns { found: 1, expected }));
        }
        onsets.push(LabelledOnset { time_s, label: label.to_owned() });
    }
    onsets.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    Ok(onsets)
}

/// Writes onset times, one per line, with all digits that it takes to read the same numbers again. The file is replaced
/// as a whole.
///
/// # Errors
/// If the file cannot be written.
pub fn write_onsets(path: impl AsRef<Path>, times_s: &[f64]) -> Result<(), AnnotationError> {
    let mut lines = String::new();
    times_s.iter().for_each(|time| _ = writeln!(lines, "{time}"));
    text::write_text(path.as_ref(), &lines)
}

/// Joins onsets that follow another by less than `within_s` seconds: what a listener hears as one stroke or chord. A group
/// begins with its first onset, which stands for all of it, and ends `within_s` later.
///
/// MDB Drums notes drums struck together some milliseconds apart; 0.03 s joins them.
///
/// ```
/// let strokes = [0.0, 0.006, 0.5, 0.52, 0.54];
/// assert_eq!(dlmir_data::annotation::merge_onsets(&strokes, 0.03), [0.0, 0.5, 0.54]);
/// ```
pub fn merge_onsets(times_s: &[f64], within_s: f64) -> Vec<f64> {
    let mut merged: Vec<f64> = Vec::new();
    for &time in times_s {
        if merged.last().is_none_or(|&first| time - first >= within_s) {
            merged.push(time);
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    fn onsets(text: &str) -> Result<Vec<f64>, AnnotationError> {
        parse_onsets(text.as_bytes(), "x.onsets")
    }

    fn problem(text: &str) -> (usize, LineProblem) {
        match onsets(text) {
            Err(AnnotationError::Line { line, problem, .. }) => (line, problem),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn what_is_beyond_doubt_is_read() {
        for (text, times) in [
            ("", &[][..]),
            ("\n \n\t\r\n", &[]),
            ("0.5\n1\n", &[0.5, 1.0]),
            ("0.5\n1.0", &[0.5, 1.0]),
            ("\u{feff}0.5\r\n1.0\r\n", &[0.5, 1.0]),
            ("0.5\r1.0\r", &[0.5, 1.0]),
            ("\n\n0.5\n\n 1.0\t\n\n", &[0.5, 1.0]),
            ("# onsets\n0.5 # first\n1.0\t# second\n", &[0.5, 1.0]),
            ("0.5\n0.5\n0.5001", &[0.5, 0.5, 0.5001]),
            ("5e-1\n+1.\n", &[0.5, 1.0]),
            ("-0\n", &[0.0]),
        ] {
            assert_eq!(onsets(text).unwrap(), times, "{text:?}");
        }
    }

    #[test]
    fn what_would_be_a_guess_is_an_error_with_its_line() {
        let column = "time";
        let not_finite = |found: &str| LineProblem::NotFinite { column, found: found.into() };
        let comma = |found: &str| LineProblem::DecimalComma { found: found.into() };
        let range = |found| LineProblem::Range { column, found, range: "0 to 1000000 s" };
        for (text, line, wanted) in [
            ("0.5\nnan\n1.5", 2, not_finite("nan")),
            ("0.5\ninf", 2, not_finite("inf")),
            ("0.5\n1e308", 2, range(1e308)),
            ("0.5\n1e309", 2, not_finite("1e309")),
            ("-0.1\n0.5", 1, range(-0.1)),
            ("\n0,5\n1,25", 2, comma("0,5")),
            ("0,5\t\n", 1, comma("0,5")),
            ("2.0\n1.0\n3.0", 2, LineProblem::Order { found: 1.0, before: 2.0 }),
            ("0.5\n\nabc", 3, LineProblem::NotANumber { column, found: "abc".into() }),
            ("0.5#one", 1, LineProblem::NotANumber { column, found: "0.5#one".into() }),
        ] {
            assert_eq!(problem(text), (line, wanted), "{text:?}");
        }
        assert!(matches!(problem("0.5\n1.0 2"), (2, LineProblem::Columns { found: 2, .. })));
        let shown = onsets(&"x".repeat(1 << 20)).unwrap_err().to_string();
        assert!(shown.starts_with("x.onsets:1: time: `xxx") && shown.len() < 100, "{shown}");
    }

    #[test]
    fn other_encodings_are_named() {
        let found = |bytes: &[u8]| match parse_onsets(bytes, "x") {
            Err(AnnotationError::Encoding { line, found, .. }) => (line, found),
            other => panic!("{other:?}"),
        };
        assert_eq!(found(b"\xff\xfe0\0.\x005\0"), (1, "UTF-16"));
        assert_eq!(found(b"\xfe\xff\x000"), (1, "UTF-16"));
        assert_eq!(found(b"0.5\n\0\0\n1.0\n"), (2, "a NUL byte"));
        assert_eq!(found(b"0.5\n1.0\n\xe9\n"), (3, "bytes that are not UTF-8"));
        assert_eq!(found(b"\x89PNG\r\n\x1a\n\0\0").1, "a NUL byte");
    }

    #[test]
    fn labelled_onsets_are_sorted() {
        let text = b"0.5\tKD\n0.75 closed, # 3\n0.5,SD\n# nothing\n0.25;a;b\n";
        let onsets = parse_labelled_onsets(text, "x").unwrap();
        let onsets: Vec<_> = onsets.iter().map(|o| (o.time_s, o.label.as_str())).collect();
        assert_eq!(onsets, [(0.25, "a;b"), (0.5, "KD"), (0.5, "SD"), (0.75, "closed, # 3")]);
        let error = parse_labelled_onsets(b"0.5 KD\n1.0\n", "x").unwrap_err().to_string();
        assert_eq!(error, "x:2: 1 column(s) where a time and a label are expected");
        let error = parse_labelled_onsets(b"0,5\n1,25\n", "x").unwrap_err().to_string();
        assert!(error.contains("decimal comma"), "{error}");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(mut times in prop::collection::vec(0f64..1e6, 0..20)) {
            times.sort_by(f64::total_cmp);
            let folder = TestFolder::new("onsets-written", &[]);
            let path = folder.path().join("a.onsets");
            write_onsets(&path, &times).unwrap();
            prop_assert_eq!(read_onsets(&path).unwrap(), times);
        }

        #[test]
        fn no_text_makes_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse_onsets(&bytes, "x");
            let _ = parse_labelled_onsets(&bytes, "x");
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read_onsets("no/such.onsets").unwrap_err();
        assert!(error.to_string().starts_with("no/such.onsets: "), "{error}");
    }
}
