//! A table of labels and a folder of files: which belong together, and which are left over.

use std::collections::HashMap;
use std::path::Path;

use super::error::short;
use super::{LabelError, LabelProblem, LabelTable, TagTable};

/// What a table and a folder have in common, as indices into the table's rows and the list of files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joined {
    /// Row and file that belong together, in the order of the table.
    pub pairs: Vec<(usize, usize)>,
    /// Rows without a file: labels of recordings that are not there.
    pub rows_without_file: Vec<usize>,
    /// Files without a row: recordings that nobody labelled.
    pub files_without_row: Vec<usize>,
}

/// The paths of a table's rows, for [`join()`].
pub trait Rows {
    /// The table's file, for messages.
    fn file(&self) -> &Path;
    /// Path and line of each row.
    fn paths(&self) -> impl Iterator<Item = (&str, u64)>;
}

impl Rows for LabelTable {
    fn file(&self) -> &Path {
        &self.file
    }

    fn paths(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rows.iter().map(|row| (row.path.as_str(), row.line))
    }
}

impl Rows for TagTable {
    fn file(&self) -> &Path {
        &self.file
    }

    fn paths(&self) -> impl Iterator<Item = (&str, u64)> {
        self.rows.iter().map(|row| (row.path.as_str(), row.line))
    }
}

/// Joins the rows of a table with files, given as paths below the set's folder with `/`. A row finds the file of
/// its path; or else, as sets are passed on in other formats and folders, the one file of this path without extension; or
/// else the one file of this name without folder and extension.
///
/// # Errors
/// If a name fits several files and none of them exactly, or two rows are for one file.
pub fn join<P: AsRef<str>>(table: &impl Rows, files: &[P]) -> Result<Joined, LabelError> {
    let keys: [fn(&str) -> &str; 3] = [|path| path, stem, |path| stem(name(path))];
    let by_key = keys.map(|key| {
        let mut index: HashMap<&str, Vec<usize>> = HashMap::new();
        for (i, file) in files.iter().enumerate() {
            index.entry(key(file.as_ref())).or_default().push(i);
        }
        index
    });
    let mut joined = Joined::default();
    let mut line_of: Vec<Option<u64>> = vec![None; files.len()];
    for (row, (path, line)) in table.paths().enumerate() {
        let wrong = |problem| LabelError::at(table.file(), line, "", problem);
        let found = keys.iter().zip(&by_key).find_map(|(key, index)| {
            // Emotify writes names without extension; a dot within such a name is none.
            index.get(key(path)).or_else(|| index.get(path))
        });
        match found.map(Vec::as_slice) {
            None => joined.rows_without_file.push(row),
            Some(&[file]) => {
                if let Some(before) = line_of[file].replace(line) {
                    let path = short(files[file].as_ref());
                    return Err(wrong(LabelProblem::Repeated { path, before }));
                }
                joined.pairs.push((row, file));
            }
            Some(several) => {
                let file = |i: usize| short(files[several[i]].as_ref());
                let (path, first, second) = (short(path), file(0), file(1));
                return Err(wrong(LabelProblem::Ambiguous { path, first, second }));
            }
        }
    }
    joined.files_without_row = (0..files.len()).filter(|&i| line_of[i].is_none()).collect();
    Ok(joined)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The path without its extension.
fn stem(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') && !stem.is_empty() => stem,
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::parse_label_table;

    fn table(paths: &[&str]) -> LabelTable {
        let text: String = paths.iter().map(|path| format!("{path},x\n")).collect();
        parse_label_table(format!("path,label\n{text}").as_bytes(), "l.csv").unwrap()
    }

    #[test]
    fn what_is_on_one_side_only_is_listed() {
        let table = table(&["a/1.wav", "gone.wav", "b/2.mp3", "track.3"]);
        let files = ["b/2.flac", "a/1.wav", "unlabelled.wav", "audio/track.3.wav", "a/1.mp3"];
        let joined = join(&table, &files).unwrap();
        assert_eq!(joined.pairs, [(0, 1), (2, 0), (3, 3)]);
        assert_eq!((joined.rows_without_file, joined.files_without_row), (vec![1], vec![2, 4]));
        let nothing = join(&table, &[] as &[&str]).unwrap();
        assert_eq!(nothing.rows_without_file.len(), 4);
    }

    #[test]
    fn a_doubtful_name_is_an_error_with_its_line() {
        let error =
            |paths: &[&str], files: &[&str]| join(&table(paths), files).unwrap_err().to_string();
        let several = error(&["a.wav", "1"], &["a.wav", "x/1.wav", "y/1.wav"]);
        assert_eq!(several, "l.csv:3: `1` may be x/1.wav or y/1.wav; give the whole path");
        let twice = error(&["x/1.wav", "1"], &["x/1.wav"]);
        assert_eq!(twice, "l.csv:3: `x/1.wav` is in line 2 already");
    }
}
