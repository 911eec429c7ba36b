//! What all text formats share: bytes to lines, lines to columns, columns to numbers.
//!
//! Lenient, because the meaning is beyond doubt:
//!
//! - a UTF-8 byte-order mark, line ends of any system, blank lines, a missing line end at the end;
//! - comments from `#` on, at the start of a line or after white space (labels keep theirs: `C#`, `take #3`);
//! - columns separated by tabs, semicolons, commas, or spaces: the first of these that a line has.
//!
//! An error with its line, because a guess would put wrong times into someone's results: UTF-16 and other encodings,
//! NUL bytes, text in the place of a number, NaN and infinity, negative times, decimal commas.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;

use super::{AnnotationError, LineProblem};

/// The most bytes that are read of a file: more than the largest JAMS file of a known set by a factor of ten.
const MAX_BYTES: u64 = 256 << 20;

/// The latest time accepted, in seconds: 11.6 days.
const MAX_TIME_S: f64 = 1e6;

/// The whole of a file, if it is not unreasonably large.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, AnnotationError> {
    let file = File::open(path).map_err(AnnotationError::io(path))?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(AnnotationError::io(path))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(AnnotationError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    Ok(bytes)
}

/// Replaces a file as a whole.
pub(super) fn write_text(path: &Path, text: &str) -> Result<(), AnnotationError> {
    dlmir_audio::replace_file(path, |file| file.write_all(text.as_bytes()))
        .map_err(AnnotationError::io(path))
}

/// The bytes as text, without a byte-order mark.
pub(super) fn decode<'a>(bytes: &'a [u8], name: &Path) -> Result<&'a str, AnnotationError> {
    let wrong = |line, found| AnnotationError::Encoding { path: name.to_owned(), line, found };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(wrong(1, "UTF-16"));
    }
    let line_of = |at: usize| 1 + bytes[..at].iter().filter(|&&b| b == b'\n').count();
    if let Some(at) = bytes.iter().position(|&b| b == 0) {
        return Err(wrong(line_of(at), "a NUL byte"));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        wrong(line_of(at), "bytes that are not UTF-8")
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Whether `#` after white space begins a comment, or only at the start of a line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    Anywhere,
    WholeLines,
}

/// A line with content.
pub(super) struct Line<'a> {
    name: &'a Path,
    /// Counted from 1.
    pub number: usize,
    /// Trimmed, without comment.
    pub text: &'a str,
}

/// The lines that have content.
pub(super) fn lines<'a>(text: &'a str, name: &'a Path, comments: Comments) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    // \r\n is one line end, \r alone (old Macintosh) another.
    let whole = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    let parts = whole.zip(1..).flat_map(|(line, n)| line.split('\r').map(move |part| (n, part)));
    for (number, line) in parts {
        let text = match comments {
            _ if line.trim_start().starts_with('#') => "",
            Comments::Anywhere => without_comment(line),
            Comments::WholeLines => line,
        };
        if !text.trim().is_empty() {
            lines.push(Line { name, number, text: text.trim() });
        }
    }
    lines
}

fn without_comment(line: &str) -> &str {
    let begins = |at: &usize| line[..*at].ends_with(char::is_whitespace);
    let comment = line.match_indices('#').map(|(at, _)| at).find(begins);
    comment.map_or(line, |at| &line[..at])
}

/// Makes sure that commas separate columns. `0,5` can be a half or a time with its beat; a decimal point in the first
/// column of any such line of the file decides for the latter.
pub(super) fn check_commas(lines: &[Line<'_>]) -> Result<(), AnnotationError> {
    let separated = |line: &&Line<'_>| {
        let number = line.text.split(',').next().unwrap_or_default();
        line.text.contains(',') && number.contains('.')
    };
    if lines.iter().any(|line| separated(&line)) {
        return Ok(());
    }
    for line in lines {
        let Some((whole, rest)) = line.text.split_once(',') else { continue };
        let digits = whole.trim_start_matches(['-', '+']);
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if number && rest.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(line.error(LineProblem::DecimalComma { found: short(line.text) }));
        }
    }
    Ok(())
}

impl<'a> Line<'a> {
    pub(super) fn error(&self, problem: LineProblem) -> AnnotationError {
        AnnotationError::Line { path: self.name.to_owned(), line: self.number, problem }
    }

    /// The columns, trimmed. Repeated tabs and spaces count as one.
    pub(super) fn columns(&self) -> Vec<&'a str> {
        let kept = |column: &&str| !column.is_empty();
        let separated = |by: char| self.text.split(by).map(str::trim);
        for separator in ['\t', ';', ','] {
            if self.text.contains(separator) {
                let columns = separated(separator);
                // Between tabs an empty column is alignment, elsewhere it is a value that is missing.
                return if separator == '\t' {
                    columns.filter(kept).collect()
                } else {
                    columns.collect()
                };
            }
        }
        self.text.split_whitespace().collect()
    }

    /// The first column and all that follows it, whatever separates them. What follows may be a label with
    /// separators of its own.
    pub(super) fn first_and_rest(&self) -> (&'a str, &'a str) {
        first_and_rest(self.text)
    }

    /// A finite number.
    pub(super) fn number(&self, column: &'static str, text: &str) -> Result<f64, AnnotationError> {
        let found = || short(text);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            Ok(_) => Err(self.error(LineProblem::NotFinite { column, found: found() })),
            Err(_) if text.replacen(',', ".", 1).parse::<f64>().is_ok() => {
                Err(self.error(LineProblem::DecimalComma { found: found() }))
            }
            Err(_) => Err(self.error(LineProblem::NotANumber { column, found: found() })),
        }
    }

    /// A number within a range.
    pub(super) fn within(
        &self,
        column: &'static str,
        text: &str,
        accepts: impl FnOnce(f64) -> bool,
        range: &'static str,
    ) -> Result<f64, AnnotationError> {
        let number = self.number(column, text)?;
        if accepts(number) {
            Ok(number)
        } else {
            Err(self.error(LineProblem::Range { column, found: number, range }))
        }
    }

    /// A time or duration in seconds.
    pub(super) fn seconds(&self, column: &'static str, text: &str) -> Result<f64, AnnotationError> {
        self.within(column, text, is_time, TIME_RANGE)
    }
}

/// See [`Line::first_and_rest`].
pub(super) fn first_and_rest(text: &str) -> (&str, &str) {
    let comma = |c: char| matches!(c, ',' | ';');
    let Some(end) = text.find(|c: char| comma(c) || c.is_whitespace()) else { return (text, "") };
    let rest = text[end..].trim_start();
    (&text[..end], rest.strip_prefix(comma).unwrap_or(rest).trim_start())
}

/// What [`is_time`] accepts, for messages.
pub(super) const TIME_RANGE: &str = "0 to 1000000 s";

/// A time that a recording can have.
pub(super) fn is_time(seconds: f64) -> bool {
    (0.0..=MAX_TIME_S).contains(&seconds)
}

/// Text for a message: one line of at most 40 characters.
pub(super) fn short(text: &str) -> String {
    let mut shown: String =
        text.chars().take(40).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(40).is_some() {
        shown.push_str("...");
    }
    shown
}

/// A label that fits in a line and a column: white space that would end either becomes a space.
pub(super) fn one_line(label: &str) -> Cow<'_, str> {
    if label.contains(['\t', '\n', '\r']) {
        Cow::Owned(label.replace(['\t', '\n', '\r'], " "))
    } else {
        Cow::Borrowed(label)
    }
}
