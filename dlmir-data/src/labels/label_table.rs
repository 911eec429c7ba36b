//! One label a file: columns `path` and `label`.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::error::short;
use super::{LabelError, LabelProblem, records};

/// A file and its label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelRow {
    /// The path below the set's folder, as in the table, with `/`.
    pub path: String,
    /// The index of the label in [`LabelTable::labels`].
    pub label: usize,
    /// The line in the table, counted from 1.
    pub line: u64,
}

/// A table of labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelTable {
    /// The table's file, for messages.
    pub file: PathBuf,
    /// The labels that occur, in byte order.
    pub labels: Vec<String>,
    /// The rows, in the order of the table.
    pub rows: Vec<LabelRow>,
}

/// Reads a table with the columns `path` and `label`; others are ignored.
///
/// # Errors
/// If the file cannot be read or is no table, a column is not there, a cell is empty, or a path occurs twice.
pub fn read_label_table(table: impl AsRef<Path>) -> Result<LabelTable, LabelError> {
    let table = table.as_ref();
    parse_label_table(&std::fs::read(table).map_err(LabelError::io(table))?, table)
}

/// As [`read_label_table`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_label_table`].
pub fn parse_label_table(bytes: &[u8], name: impl AsRef<Path>) -> Result<LabelTable, LabelError> {
    let name = name.as_ref();
    let table = records(bytes, name)?;
    let column = |wanted: &str| {
        table.header.iter().position(|c| c == wanted).ok_or_else(|| {
            let found = short(&table.header.join(", "));
            LabelError::at(name, 1, wanted, LabelProblem::NoColumn { found })
        })
    };
    let (path_column, label_column) = (column("path")?, column("label")?);
    let mut before = HashMap::new();
    let mut found = Vec::with_capacity(table.rows.len());
    for (line, cells) in &table.rows {
        for column in [path_column, label_column] {
            if cells[column].is_empty() {
                let column = &table.header[column];
                return Err(LabelError::at(name, *line, column, LabelProblem::Empty));
            }
        }
        let path = cells[path_column].replace('\\', "/");
        check_new(&mut before, &path, *line, name, "path")?;
        found.push((path, &cells[label_column], *line));
    }
    let labels: BTreeSet<&str> = found.iter().map(|(_, label, _)| *label).collect();
    let numbers: HashMap<&str, usize> = labels.iter().copied().zip(0..).collect();
    let row = |(path, label, line)| LabelRow { path, label: numbers[label], line };
    let rows = found.iter().cloned().map(row).collect();
    let labels = labels.into_iter().map(str::to_owned).collect();
    Ok(LabelTable { file: name.to_owned(), labels, rows })
}

/// Notes the line of a path, or says that it had one.
pub(super) fn check_new(
    before: &mut HashMap<String, u64>,
    path: &str,
    line: u64,
    name: &Path,
    column: &str,
) -> Result<(), LabelError> {
    match before.insert(path.to_owned(), line) {
        None => Ok(()),
        Some(before) => {
            let problem = LabelProblem::Repeated { path: short(path), before };
            Err(LabelError::at(name, line, column, problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<LabelTable, String> {
        parse_label_table(text.as_bytes(), "l.csv").map_err(|e| e.to_string())
    }

    #[test]
    fn labels_are_numbered_in_byte_order() {
        for text in [
            "path,label\na/1.wav,rock\nb.wav,blues\n\"c,d.wav\",rock\n",
            "\u{feff}label;note;path\r\nrock;;a\\1.wav\r\nblues;x;b.wav\r\nrock;;c,d.wav\r\n",
            "path\tlabel\na/1.wav\trock\nb.wav\tblues\nc,d.wav\trock",
        ] {
            let table = parse(text).unwrap();
            assert_eq!(table.labels, ["blues", "rock"]);
            let rows: Vec<_> =
                table.rows.iter().map(|r| (r.path.as_str(), r.label, r.line)).collect();
            assert_eq!(rows, [("a/1.wav", 1, 2), ("b.wav", 0, 3), ("c,d.wav", 1, 4)], "{text:?}");
        }
        let quoted = parse("path;label\n\"a;b.wav\";\"say \"\"hi\"\"\"\n").unwrap();
        assert_eq!(
            (quoted.rows[0].path.as_str(), quoted.labels[0].as_str()),
            ("a;b.wav", "say \"hi\"")
        );
    }

    #[test]
    fn a_wrong_table_is_named_with_line_and_column() {
        for (text, wanted) in [
            ("", "l.csv:1: column `path`: no such column; the table has "),
            ("file,label\n", "l.csv:1: column `path`: no such column; the table has file, label"),
            ("path,label\na.wav,\n", "l.csv:2: column `label`: empty"),
            (
                "path,label\na.wav,x\n\na.wav,y\n",
                "l.csv:4: column `path`: `a.wav` is in line 2 already",
            ),
            ("path,label\na.wav\n", "l.csv:2: 1 fields where the header has 2"),
            ("path,label,path\n", "l.csv:1: column `path`: two columns have this name"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
        let error = parse_label_table(b"path,label\na,\xff\n", "l.csv").unwrap_err().to_string();
        assert!(error.starts_with("l.csv:2: ") && error.contains("UTF-8"), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "path[,;\t]label\n[a-c,;\t\"\r\n]{0,40}") {
            let _ = parse(&text);
        }
    }
}
