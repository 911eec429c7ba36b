//! Any number of tags a file: a column for each tag.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::error::short;
use super::label_table::check_new;
use super::{LabelError, LabelProblem, records};

/// From which share of listeners on a tag of Emotify is called present: 3.3 of its nine tags for a song on average.
pub const EMOTIFY_THRESHOLD: f64 = 0.25;

/// A file and its tags.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRow {
    /// The path below the set's folder, as in the table, with `/`.
    pub path: String,
    /// The indices in [`TagTable::tags`] of the tags that apply, ascending.
    pub tags: Vec<usize>,
    /// The cells of all tags: 0 or 1, or shares of listeners.
    pub values: Vec<f64>,
    /// The line in the table, counted from 1.
    pub line: u64,
}

/// A table of tags.
#[derive(Debug, Clone, PartialEq)]
pub struct TagTable {
    /// The table's file, for messages.
    pub file: PathBuf,
    /// The tags, in the order of the columns.
    pub tags: Vec<String>,
    /// The rows, in the order of the table.
    pub rows: Vec<TagRow>,
}

/// Which columns of a table are what. All that are not named here are tags.
#[derive(Debug, Clone, PartialEq)]
pub struct TagColumns<'a> {
    /// The column with the path.
    pub path: &'a str,
    /// Columns that are no tags.
    pub ignored: &'a [&'a str],
    /// None: cells are 0 or 1 (also written 0.0 and 1.0). Otherwise cells are from 0 to 1, and a tag applies from here on.
    pub threshold: Option<f64>,
}

/// Reads a table whose first column is `path` and whose others are tags, 1 where they apply and 0 where not.
///
/// # Errors
/// If the file cannot be read or is no table, a column is not there, a path is empty or occurs twice, or a cell does not fit.
pub fn read_tag_table(table: impl AsRef<Path>) -> Result<TagTable, LabelError> {
    read(table.as_ref(), &TagColumns { path: "path", ignored: &[], threshold: None })
}

/// Reads MagnaTagATune's `annotations_final.csv`: tabs, `clip_id`, 188 tags, `mp3_path`.
///
/// E. Law, K. West, M. Mandel, M. Bay, J. S. Downie, "Evaluation of algorithms using games: the case of music tagging", ISMIR 2009.
///
/// # Errors
/// As [`read_tag_table`].
pub fn read_magnatagatune(table: impl AsRef<Path>) -> Result<TagTable, LabelError> {
    read(table.as_ref(), &TagColumns { path: "mp3_path", ignored: &["clip_id"], threshold: None })
}

/// Reads Emotify's shares of listeners: `file`, `genre`, `n_listeners`, nine emotions. [`EMOTIFY_THRESHOLD`] is a common choice.
///
/// A. Aljanaki, F. Wiering, R. C. Veltkamp, "Studying emotion induced by music through a crowdsourcing game", Information Processing &
/// Management 52(1), 2016.
///
/// # Errors
/// As [`read_tag_table`].
pub fn read_emotify(table: impl AsRef<Path>, threshold: f64) -> Result<TagTable, LabelError> {
    let columns =
        TagColumns { path: "file", ignored: &["genre", "n_listeners"], threshold: Some(threshold) };
    read(table.as_ref(), &columns)
}

fn read(table: &Path, columns: &TagColumns<'_>) -> Result<TagTable, LabelError> {
    parse_tag_table(&std::fs::read(table).map_err(LabelError::io(table))?, table, columns)
}

/// Reads a table of any such layout from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_tag_table`].
pub fn parse_tag_table(
    bytes: &[u8],
    name: impl AsRef<Path>,
    columns: &TagColumns<'_>,
) -> Result<TagTable, LabelError> {
    let name = name.as_ref();
    let table = records(bytes, name)?;
    let position = |wanted: &str| {
        table.header.iter().position(|c| c == wanted).ok_or_else(|| {
            let found = short(&table.header.join(", "));
            LabelError::at(name, 1, wanted, LabelProblem::NoColumn { found })
        })
    };
    let path_column = position(columns.path)?;
    columns.ignored.iter().try_for_each(|column| position(column).map(drop))?;
    let is_tag =
        |c: &usize| *c != path_column && !columns.ignored.contains(&table.header[*c].as_str());
    let tag_columns: Vec<usize> = (0..table.header.len()).filter(is_tag).collect();
    if tag_columns.is_empty() {
        return Err(LabelError::at(name, 1, "", LabelProblem::NoTags));
    }

    let mut before = HashMap::new();
    let mut rows = Vec::with_capacity(table.rows.len());
    for (line, cells) in &table.rows {
        let path = cells[path_column].replace('\\', "/");
        if path.is_empty() {
            return Err(LabelError::at(name, *line, columns.path, LabelProblem::Empty));
        }
        check_new(&mut before, &path, *line, name, columns.path)?;
        let value = |&column: &usize| {
            let text = &cells[column];
            let problem = |problem: fn(String) -> LabelProblem| {
                LabelError::at(name, *line, &table.header[column], problem(short(text)))
            };
            let number = text.parse::<f64>().ok();
            match columns.threshold {
                None => number
                    .filter(|&x| x == 0.0 || x == 1.0)
                    .ok_or_else(|| problem(LabelProblem::NotBinary)),
                Some(_) => number
                    .filter(|x| (0.0..=1.0).contains(x))
                    .ok_or_else(|| problem(LabelProblem::NotAShare)),
            }
        };
        let values = tag_columns.iter().map(value).collect::<Result<Vec<f64>, _>>()?;
        let applies = |tag: &usize| values[*tag] >= columns.threshold.unwrap_or(1.0);
        let tags = (0..values.len()).filter(applies).collect();
        rows.push(TagRow { path, tags, values, line: *line });
    }
    let tags = tag_columns.iter().map(|&c| table.header[c].clone()).collect();
    Ok(TagTable { file: name.to_owned(), tags, rows })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    const PLAIN: TagColumns<'static> = TagColumns { path: "path", ignored: &[], threshold: None };

    fn parse(text: &str, columns: &TagColumns<'_>) -> Result<TagTable, String> {
        parse_tag_table(text.as_bytes(), "t.csv", columns).map_err(|e| e.to_string())
    }

    #[test]
    fn three_layouts_are_read() {
        let folder = TestFolder::new("tag-tables", &[]);
        let file = |name: &str| folder.path().join(name);
        folder.write("plain.csv", "path,calm,sad\na.wav,1,0\nb.wav,1.0,1\nc.wav,0,0.0\n");
        let table = read_tag_table(file("plain.csv")).unwrap();
        assert_eq!(table.tags, ["calm", "sad"]);
        let tags: Vec<_> = table.rows.iter().map(|r| r.tags.clone()).collect();
        assert_eq!(tags, [vec![0], vec![0, 1], vec![]]);

        let text =
            "\"clip_id\"\t\"no piano\"\t\"beat\"\t\"mp3_path\"\n\"2\"\t\"0\"\t\"1\"\t\"f/a.mp3\"\n";
        folder.write("magna.csv", text);
        let table = read_magnatagatune(file("magna.csv")).unwrap();
        assert_eq!(table.tags, ["no piano", "beat"]);
        assert_eq!((table.rows[0].path.as_str(), &table.rows[0].tags[..]), ("f/a.mp3", &[1][..]));

        let text = "file\tgenre\tn_listeners\tpower\ttension\nrock_001\trock\t47\t0.25\t0.2\n";
        folder.write("tracks.tsv", text);
        let table = read_emotify(file("tracks.tsv"), EMOTIFY_THRESHOLD).unwrap();
        assert_eq!(
            (&table.rows[0].tags[..], &table.rows[0].values[..]),
            (&[0][..], &[0.25, 0.2][..])
        );
        assert!(read_tag_table(file("none.csv")).unwrap_err().to_string().contains("none.csv"));
    }

    #[test]
    fn a_wrong_table_is_named_with_line_and_column() {
        let shares = TagColumns { threshold: Some(0.5), ignored: &["n"], ..PLAIN };
        for (text, columns, wanted) in [
            ("file,a\n", &PLAIN, "t.csv:1: column `path`: no such column; the table has file, a"),
            ("path\n", &PLAIN, "t.csv:1: no column for a tag"),
            ("path,a\nx,2\n", &PLAIN, "t.csv:2: column `a`: `2` is neither 0 nor 1"),
            ("path,a,b\nx,1,\n", &PLAIN, "t.csv:2: column `b`: `` is neither 0 nor 1"),
            ("path,a\nx,nan\n", &PLAIN, "t.csv:2: column `a`: `nan` is neither"),
            ("path,a\nx,1\nx,0\n", &PLAIN, "t.csv:3: column `path`: `x` is in line 2 already"),
            ("path,a\n,1\n", &PLAIN, "t.csv:2: column `path`: empty"),
            ("path,a,a\nx,1,1\n", &PLAIN, "t.csv:1: column `a`: two columns have this name"),
            ("path,a\nx,1,1\n", &PLAIN, "t.csv:2: 3 fields where the header has 2"),
            (
                "path,n,a\nx,5,1.5\n",
                &shares,
                "t.csv:2: column `a`: `1.5` is not a number from 0 to 1",
            ),
            ("path,a\nx,1\n", &shares, "t.csv:1: column `n`: no such column"),
        ] {
            let error = parse(text, columns).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "path[,;\t]a\n[a01,;\t\"\r\n]{0,40}") {
            let _ = parse(&text, &PLAIN);
        }
    }
}
