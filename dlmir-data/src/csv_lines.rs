//! Lines of a CSV file for messages. The csv crate counts lines up to where the last record ended, before the rest of a `\r\n` and before
//! blank lines; a reader wants the line that the record is in.

use csv::{Error, ErrorKind, Position};

/// Line numbers of records, asked for in the order of the file.
pub(crate) struct CsvLines<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> CsvLines<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> CsvLines<'a> {
        CsvLines { bytes, at: 0, line: 1 }
    }

    /// The line, counted from 1, of the first byte from this position on that ends no line.
    pub(crate) fn of(&mut self, position: Option<&Position>) -> u64 {
        let start =
            position.map_or(self.at, |p| p.byte() as usize).clamp(self.at, self.bytes.len());
        let skipped = self.bytes[start..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        let ends = self.bytes[self.at..start + skipped].iter().filter(|&&b| b == b'\n').count();
        (self.at, self.line) = (start + skipped, self.line + ends as u64);
        self.line
    }

    /// The line of an error, and what it is without a line of its own.
    pub(crate) fn error(&mut self, error: &Error) -> (u64, String) {
        let problem = match error.kind() {
            ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("{len} fields where the header has {expected_len}")
            }
            ErrorKind::Utf8 { .. } => "not UTF-8 text".to_owned(),
            _ => error.to_string(),
        };
        (self.of(error.position()), problem)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_of_an_editor() {
        for (text, lines) in [
            ("a\n1\n2\n", &[2, 3][..]),
            ("a\r\n1\r\n2\r\n", &[2, 3]),
            ("a\n\n1\n\n\n2", &[3, 6]),
            ("a\r\n\r\n\"1\r\n\r\n\"\r\n2\r\n", &[3, 6]),
        ] {
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let mut of = CsvLines::new(text.as_bytes());
            let found: Vec<u64> =
                reader.records().map(|record| of.of(record.unwrap().position())).collect();
            assert_eq!(found, lines, "{text:?}");
        }
        let bytes = b"a,b\r\n1,2\r\n3\r\n";
        let error = csv::Reader::from_reader(&bytes[..]).records().nth(1).unwrap().unwrap_err();
        let problem = "1 fields where the header has 2".to_owned();
        assert_eq!(CsvLines::new(bytes).error(&error), (3, problem));
    }
}
