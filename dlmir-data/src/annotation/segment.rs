//! Segments: stretches of time with a label. This is Audacity's label track, and what chords, keys and song sections are
//! exchanged as.
//!
//! ```text
//! 0.000000    0.497838    N            start and end in seconds, and a label up to the end of the line
//! 0.497838    4.586464    E:min/b3
//! ```
//!
//! Columns are separated by tabs, spaces, or commas. The label may be absent (Audacity leaves it out), the end may equal the
//! start (Audacity's point labels), segments may overlap; they are sorted by start. Audacity writes the frequency range of a
//! spectral selection as a line of its own that begins with a backslash; such lines are passed over.

use std::fmt::Write as _;
use std::path::Path;

use super::text::{self, Comments, Line};
use super::{AnnotationError, LineProblem};

/// A stretch of time with a label.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelledSegment {
    /// The start in seconds.
    pub start_s: f64,
    /// The end in seconds, not before the start.
    pub end_s: f64,
    /// The label; empty if there is none.
    pub label: String,
}

/// Reads segments, sorted by start.
///
/// # Errors
/// If the file cannot be read, a line does not begin with two times, or an end lies before its start.
pub fn read_segments(path: impl AsRef<Path>) -> Result<Vec<LabelledSegment>, AnnotationError> {
    let path = path.as_ref();
    parse_segments(&text::read_bytes(path)?, path)
}

/// As [`read_segments`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_segments`].
pub fn parse_segments(
    bytes: &[u8],
    name: impl AsRef<Path>,
) -> Result<Vec<LabelledSegment>, AnnotationError> {
    let name = name.as_ref();
    let lines = text::lines(text::decode(bytes, name)?, name, Comments::WholeLines);
    text::check_commas(&lines)?;
    let spoken = lines.iter().filter(|line| !line.text.starts_with('\\'));
    let mut segments = spoken.map(segment).collect::<Result<Vec<_>, _>>()?;
    segments.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
    Ok(segments)
}

fn segment(line: &Line<'_>) -> Result<LabelledSegment, AnnotationError> {
    let (start, rest) = line.first_and_rest();
    let (end, label) = text::first_and_rest(rest);
    let start_s = line.seconds("start", start)?;
    if end.is_empty() {
        let expected = "a start, an end and perhaps a label";
        return Err(line.error(LineProblem::Columns { found: 1, expected }));
    }
    let end_s = line.seconds("end", end)?;
    if end_s < start_s {
        return Err(line.error(LineProblem::EndsBeforeStart { start: start_s, end: end_s }));
    }
    Ok(LabelledSegment { start_s, end_s, label: label.to_owned() })
}

/// Writes an Audacity label track: start, tab, end, tab, label. Tabs and line ends within a label become spaces. The file
/// is replaced as a whole.
///
/// # Errors
/// If the file cannot be written.
pub fn write_segments(
    path: impl AsRef<Path>,
    segments: &[LabelledSegment],
) -> Result<(), AnnotationError> {
    let mut lines = String::new();
    for LabelledSegment { start_s, end_s, label } in segments {
        _ = writeln!(lines, "{start_s}\t{end_s}\t{}", text::one_line(label));
    }
    text::write_text(path.as_ref(), &lines)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    fn segments(text: &str) -> Result<Vec<(f64, f64, String)>, String> {
        let segments = parse_segments(text.as_bytes(), "x").map_err(|e| e.to_string())?;
        Ok(segments.into_iter().map(|s| (s.start_s, s.end_s, s.label)).collect())
    }

    #[test]
    fn the_layouts_of_many_sets_are_read() {
        for (text, label) in [
            ("0.5\t1.25\tverse one\n", "verse one"),
            ("0.5\t1.25\t\tverse\r\n", "verse"),
            ("0.500000 1.250000 E:min/b3,x\n", "E:min/b3,x"),
            ("# chords\n0.5 1.25 C#:maj # not a comment", "C#:maj # not a comment"),
            ("0.5,1.25,A3\n", "A3"),
            ("0.5\t1.25\n", ""),
            ("5e-1\t1.25\tKey\tBb\n\\\t100.0\t200.0\n", "Key\tBb"),
        ] {
            assert_eq!(segments(text), Ok(vec![(0.5, 1.25, label.into())]), "{text:?}");
        }
        assert_eq!(segments("2 2 b\n1 3 a\n").unwrap()[1], (2.0, 2.0, "b".into()));
    }

    #[test]
    fn what_is_no_segment_is_named() {
        for (text, wanted) in [
            ("0.0 1.0 a\n2.0 1.0 b\n", "x:2: ends at 1 s, before its start at 2 s"),
            ("0.5\n", "x:1: 1 column(s) where a start, an end"),
            ("0.5 verse\n", "x:1: end: `verse` is not a number"),
            ("0.5 inf a\n", "x:1: end: `inf` is not finite"),
            ("-1 1 a\n", "x:1: start: -1 is outside of 0 to 1000000 s"),
            ("0,5\t1,5\ta\n", "x:1: `0,5 1,5 a`: a decimal comma"),
        ] {
            let error = segments(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            parts in prop::collection::vec((0f64..10.0, 0f64..10.0, "[a-z#:,;/é]{0,5}( [a-z#]{1,3})?"), 0..12),
        ) {
            let next = |(start_s, length, label): (f64, f64, String)| {
                LabelledSegment { start_s, end_s: start_s + length, label: label.trim().into() }
            };
            // A separator at a label's start could be one between the columns.
            let unclear = |s: &LabelledSegment| s.label.starts_with([',', ';']);
            let mut segments: Vec<_> = parts.into_iter().map(next).filter(|s| !unclear(s)).collect();
            segments.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
            let folder = TestFolder::new("segments-written", &[]);
            let path = folder.path().join("a.txt");
            write_segments(&path, &segments).unwrap();
            prop_assert_eq!(read_segments(&path).unwrap(), segments);
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9.,;#\t\r\n a\\\\-]{0,40}") {
            let _ = parse_segments(text.as_bytes(), "x");
        }
    }
}
