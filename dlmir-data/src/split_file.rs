//! Splits that someone else has published: from files, so that results can be compared.
//!
//! ```text
//! path,split                      one table; `train`, `valid` (or `validation`, `val`, `dev`), `test`
//! blues/blues.00029.wav,train
//!
//! train.txt  valid.txt  test.txt  or three lists, a path per line
//! ```
//!
//! Paths are relative to the set's folder, with `/`. A path on two sides is an error, and so is one without a file. Files that the
//! split does not name are left out and counted: published splits leave faulty recordings out on purpose.
//!
//! [`SplitFile::gtzan_filtered`] is the split of GTZAN's genres in which no recording is repeated, no artist is on two sides, and
//! distorted excerpts are left out: 443, 197 and 290 of the 1000 files. C. Kereliuk, B. L. Sturm, J. Larsen, "Deep learning and music
//! adversaries", IEEE Transactions on Multimedia 17(11), 2015; the faults: B. L. Sturm, "The GTZAN dataset", arXiv:1306.1461.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::class_folder::Item;
use crate::csv_lines::CsvLines;
use crate::split::{Fold, Pieces};

/// One of the three parts of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What weights are fitted on.
    Train,
    /// What chooses between models.
    Validation,
    /// What is looked at once.
    Test,
}

impl Side {
    /// The side of this name in a table.
    pub(crate) fn named(name: &str) -> Option<Side> {
        match name.to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Side::Train),
            "valid" | "validation" | "val" | "dev" => Some(Side::Validation),
            "test" | "testing" => Some(Side::Test),
            _ => None,
        }
    }
}

/// What is wrong with a split from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A file that cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A table that is no split: not CSV, without its columns, or with another word for a side.
    #[error("{path}:{line}: {problem}", path = path.display())]
    Line {
        /// The table.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there.
        problem: String,
    },
    /// A path that is on two sides.
    #[error("{path}:{line}: {item} is in {now:?}, but {other}:{before_line} puts it in {before:?}",
        path = path.display(), other = other.display())]
    Contradiction {
        /// The file with the second mention.
        path: PathBuf,
        /// Its line, counted from 1.
        line: u64,
        /// The path of the item.
        item: String,
        /// The side there.
        now: Side,
        /// The file with the first mention.
        other: PathBuf,
        /// Its line, counted from 1.
        before_line: u64,
        /// The side there.
        before: Side,
    },
    /// A path without a file in the folder.
    #[error("{path}:{line}: {item} is not a file of the set ({missing} such paths in all)", path = path.display())]
    NoSuchItem {
        /// The file with the path.
        path: PathBuf,
        /// Its line, counted from 1.
        line: u64,
        /// The path of the item.
        item: String,
        /// How many paths have no file.
        missing: usize,
    },
    /// A side without any item.
    #[error("{path}: no item for {side:?}", path = path.display())]
    Empty {
        /// The split's file.
        path: PathBuf,
        /// The empty side.
        side: Side,
    },
    /// Items of one group (a piece, an artist) on two sides.
    #[error(
        "the group of item {first} ({first_side:?}) is that of item {second} ({second_side:?}): it would be on two sides"
    )]
    GroupOnTwoSides {
        /// An item of the group.
        first: usize,
        /// Its side.
        first_side: Side,
        /// Another item of the group.
        second: usize,
        /// Its side.
        second_side: Side,
    },
}

/// A split by paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitFile {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    item: String,
    side: Side,
    file: PathBuf,
    line: u64,
}

/// A split applied to a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedSplit {
    /// The item indices of the three sides.
    pub fold: Fold,
    /// Items that the split does not name: in no side.
    pub unlisted: Vec<usize>,
}

impl SplitFile {
    /// Reads a table with the columns `path` and `split` (others are ignored).
    ///
    /// # Errors
    /// If the file cannot be read, has no such columns, names another side, or puts a path on two sides.
    pub fn read_csv(table: impl AsRef<Path>) -> Result<SplitFile, SplitError> {
        let table = table.as_ref();
        let bytes = std::fs::read(table).map_err(io(table))?;
        SplitFile::parse_csv(&bytes, table)
    }

    /// As [`SplitFile::read_csv`], from bytes; `name` stands for the file in errors.
    ///
    /// # Errors
    /// As [`SplitFile::read_csv`].
    pub fn parse_csv(bytes: &[u8], name: impl AsRef<Path>) -> Result<SplitFile, SplitError> {
        let name = name.as_ref();
        let wrong = |line, problem| SplitError::Line { path: name.to_owned(), line, problem };
        let mut lines = CsvLines::new(bytes);
        let from_csv = |lines: &mut CsvLines<'_>, error: csv::Error| {
            let (line, problem) = lines.error(&error);
            wrong(line, problem)
        };
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|e| from_csv(&mut lines, e))?.clone();
        let column = |wanted: &str| {
            let found = header.iter().position(|c| c.trim_start_matches('\u{feff}') == wanted);
            found.ok_or_else(|| wrong(1, format!("no column `{wanted}`; expected `path,split`")))
        };
        let (path_column, split_column) = (column("path")?, column("split")?);
        let mut split = SplitFile { entries: Vec::new() };
        let mut seen = HashMap::new();
        for record in reader.records() {
            let record = record.map_err(|e| from_csv(&mut lines, e))?;
            let line = lines.of(record.position());
            let word = &record[split_column];
            let side = Side::named(word).ok_or_else(|| {
                let word: String = word.chars().take(40).collect();
                wrong(line, format!("`{}` is not train, valid or test", word.escape_debug()))
            })?;
            split.add(&mut seen, &record[path_column], side, name, line)?;
        }
        Ok(split)
    }

    /// Reads three lists, a path per line; blank lines are passed over.
    ///
    /// # Errors
    /// If a file cannot be read as UTF-8 text, or a path is on two sides.
    pub fn read_lists(
        train: impl AsRef<Path>,
        valid: impl AsRef<Path>,
        test: impl AsRef<Path>,
    ) -> Result<SplitFile, SplitError> {
        let paths = [train.as_ref(), valid.as_ref(), test.as_ref()];
        let mut texts = Vec::new();
        for path in paths {
            texts.push((path, std::fs::read_to_string(path).map_err(io(path))?));
        }
        SplitFile::from_lists(texts.iter().map(|(path, text)| (*path, text.as_str())))
    }

    /// The fault-filtered split of GTZAN's genres (Kereliuk, Sturm and Larsen 2015): 443, 197 and 290 files.
    pub fn gtzan_filtered() -> SplitFile {
        let lists = [
            (Path::new("gtzan_filtered/train.txt"), include_str!("gtzan_filtered/train.txt")),
            (Path::new("gtzan_filtered/valid.txt"), include_str!("gtzan_filtered/valid.txt")),
            (Path::new("gtzan_filtered/test.txt"), include_str!("gtzan_filtered/test.txt")),
        ];
        SplitFile::from_lists(lists)
            .unwrap_or_else(|error| unreachable!("a test reads these lists: {error}"))
    }

    /// Train, validation and test, each as a file's name and text.
    fn from_lists<'a>(
        lists: impl IntoIterator<Item = (&'a Path, &'a str)>,
    ) -> Result<SplitFile, SplitError> {
        let mut split = SplitFile { entries: Vec::new() };
        let mut seen = HashMap::new();
        for (side, (file, text)) in
            [Side::Train, Side::Validation, Side::Test].into_iter().zip(lists)
        {
            for (item, line) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
                if !item.trim().is_empty() {
                    split.add(&mut seen, item.trim(), side, file, line)?;
                }
            }
        }
        Ok(split)
    }

    fn add(
        &mut self,
        seen: &mut HashMap<String, usize>,
        item: &str,
        side: Side,
        file: &Path,
        line: u64,
    ) -> Result<(), SplitError> {
        let item = item.replace('\\', "/");
        if let Some(&before) = seen.get(&item) {
            let before = &self.entries[before];
            if before.side == side {
                return Ok(());
            }
            return Err(SplitError::Contradiction {
                path: file.to_owned(),
                line,
                item,
                now: side,
                other: before.file.clone(),
                before_line: before.line,
                before: before.side,
            });
        }
        seen.insert(item.clone(), self.entries.len());
        self.entries.push(Entry { item, side, file: file.to_owned(), line });
        Ok(())
    }

    /// The paths of one side, in the order of the file.
    pub fn paths(&self, side: Side) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(move |e| e.side == side).map(|e| e.item.as_str())
    }

    /// Finds the items that the split names, by their relative paths. A path whose file has another extension counts as found:
    /// sets are passed on as AU, WAV and MP3.
    ///
    /// # Errors
    /// If a path has no file in the set, or training or test would be empty.
    pub fn apply(&self, items: &[Item]) -> Result<AppliedSplit, SplitError> {
        let names: Vec<&str> = items.iter().map(|i| i.relative.as_str()).collect();
        let (applied, missing) = self.place(&names);
        if let Some(Entry { item, file, line, .. }) = missing.first() {
            let (path, item, missing) = (file.clone(), item.clone(), missing.len());
            return Err(SplitError::NoSuchItem { path, line: *line, item, missing });
        }
        self.filled(applied)
    }

    /// As [`SplitFile::apply`], for a set that lacks some of the files; returns also the paths without a file, to be told to the user.
    ///
    /// # Errors
    /// If training or test would be empty.
    pub fn apply_present(&self, names: &[&str]) -> Result<(AppliedSplit, Vec<String>), SplitError> {
        let (applied, missing) = self.place(names);
        let missing = missing.into_iter().map(|entry| entry.item.clone()).collect();
        Ok((self.filled(applied)?, missing))
    }

    /// The items that the split names, and the entries that name none of them.
    fn place(&self, names: &[&str]) -> (AppliedSplit, Vec<&Entry>) {
        let index: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let stems: HashMap<&str, usize> = names.iter().map(|name| stem(name)).zip(0..).collect();
        let find = |item: &str| index.get(item).or_else(|| stems.get(stem(item))).copied();
        let mut sides = [Vec::new(), Vec::new(), Vec::new()];
        let mut listed = vec![false; names.len()];
        let mut missing = Vec::new();
        for entry in &self.entries {
            match find(&entry.item) {
                Some(i) if !listed[i] => {
                    listed[i] = true;
                    sides[entry.side as usize].push(i);
                }
                // Two paths of the split are one file of the set (`a.wav` and `a.au`).
                Some(_) => {}
                None => missing.push(entry),
            }
        }
        sides.iter_mut().for_each(|side| side.sort_unstable());
        let [train, validation, test] = sides;
        let unlisted = (0..names.len()).filter(|&i| !listed[i]).collect();
        (AppliedSplit { fold: Fold { train, validation, test }, unlisted }, missing)
    }

    /// Makes sure that training and test have items.
    fn filled(&self, applied: AppliedSplit) -> Result<AppliedSplit, SplitError> {
        for (side, items) in [(Side::Train, &applied.fold.train), (Side::Test, &applied.fold.test)]
        {
            if items.is_empty() {
                let path = self.entries.first().map_or_else(PathBuf::new, |e| e.file.clone());
                return Err(SplitError::Empty { path, side });
            }
        }
        Ok(applied)
    }
}

/// Makes sure that no group is on two sides of a fold, wherever the fold came from.
///
/// # Errors
/// If one is; the first such pair of items is named.
///
/// # Panics
/// If the fold names an item that `pieces` does not have.
pub fn check_groups(fold: &Fold, pieces: &Pieces) -> Result<(), SplitError> {
    let sides = [
        (Side::Train, &fold.train),
        (Side::Validation, &fold.validation),
        (Side::Test, &fold.test),
    ];
    let mut of_group: HashMap<usize, (Side, usize)> = HashMap::new();
    for (side, items) in sides {
        for &item in items {
            let (first_side, first) =
                *of_group.entry(pieces.groups()[item]).or_insert((side, item));
            if first_side != side {
                return Err(SplitError::GroupOnTwoSides {
                    first,
                    first_side,
                    second: item,
                    second_side: side,
                });
            }
        }
    }
    Ok(())
}

/// The path without its extension.
pub(crate) fn stem(path: &str) -> &str {
    match path.rsplit_once('.') {
        Some((stem, extension)) if !extension.contains('/') => stem,
        _ => path,
    }
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> SplitError + '_ {
    |source| SplitError::Io { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClassFolder;
    use crate::test_folder::TestFolder;

    fn parse(text: &str) -> Result<SplitFile, String> {
        SplitFile::parse_csv(text.as_bytes(), "s.csv").map_err(|e| e.to_string())
    }

    #[test]
    fn a_table_is_applied_to_a_folder() {
        let folder = TestFolder::new("split-csv", &["a/1.wav", "a/2.au", "b/3.wav", "b/4.wav"]);
        let items = ClassFolder::scan(folder.path()).unwrap().items;
        let table = "\u{feff}note,path,split\n,a/1.wav,train\n,a/2.wav,TEST\n,b\\3.wav,val\n,a/1.wav,train\n";
        let applied = parse(table).unwrap().apply(&items).unwrap();
        let fold = Fold { train: vec![0], validation: vec![2], test: vec![1] };
        assert_eq!(applied, AppliedSplit { fold, unlisted: vec![3] });
    }

    #[test]
    fn contradictions_are_named() {
        for (text, wanted) in [
            ("path,part\n", "s.csv:1: no column `split`"),
            ("path,split\na,train\nb,other\n", "s.csv:3: `other` is not train, valid or test"),
            ("path,split\na,train,more\n", "s.csv:2: 3 fields where the header has 2"),
            (
                "path,split\na,train\na,test\n",
                "s.csv:3: a is in Test, but s.csv:2 puts it in Train",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
        let folder = TestFolder::new("split-lists", &["a/1.wav", "a/2.wav"]);
        let items = ClassFolder::scan(folder.path()).unwrap().items;
        for (name, text) in
            [("1", "a/1.wav\n\n"), ("2", "a/2.wav"), ("12", "a/2.wav\na/1.wav\n"), ("0", "")]
        {
            folder.write(name, text);
        }
        let read = |train: &str, valid: &str, test: &str| {
            let [train, valid, test] = [train, valid, test].map(|name| folder.path().join(name));
            SplitFile::read_lists(train, valid, test).map_err(|e| e.to_string())
        };
        let error = read("1", "0", "12").unwrap_err();
        assert!(
            error.contains("12:2: a/1.wav is in Test, but") && error.contains("1:1"),
            "{error}"
        );
        assert!(read("1", "0", "none").unwrap_err().contains("none"));
        let whole = read("1", "0", "2").unwrap();
        assert_eq!(whole.apply(&items).unwrap().fold.test, [1]);
        let error = whole.apply(&items[..1]).unwrap_err().to_string();
        assert!(
            error.ends_with("2:1: a/2.wav is not a file of the set (1 such paths in all)"),
            "{error}"
        );
        let error = read("12", "0", "0").unwrap().apply(&items).unwrap_err();
        assert!(matches!(error, SplitError::Empty { side: Side::Test, .. }), "{error}");
    }

    #[test]
    fn the_filtered_split_of_gtzan_is_whole() {
        let split = SplitFile::gtzan_filtered();
        let count = |side| split.paths(side).count();
        let counts = [Side::Train, Side::Validation, Side::Test].map(count);
        assert_eq!(counts, [443, 197, 290]);
        let well_formed = |path: &str| {
            let (genre, name) = path.split_once('/').unwrap();
            name.len() == genre.len() + ".00000.wav".len() && name.starts_with(genre)
        };
        assert!(split.entries.iter().all(|e| well_formed(&e.item)));
        assert_eq!(split.paths(Side::Train).next(), Some("blues/blues.00029.wav"));
    }

    #[test]
    fn a_group_on_two_sides_is_found() {
        let pieces = Pieces::new(vec![0, 0, 1, 1], ["x", "y", "x", "z"]);
        let fold = |train: &[usize], validation: &[usize], test: &[usize]| Fold {
            train: train.to_vec(),
            validation: validation.to_vec(),
            test: test.to_vec(),
        };
        assert!(check_groups(&fold(&[0, 2], &[1], &[3]), &pieces).is_ok());
        for leaking in [fold(&[0], &[2], &[3]), fold(&[0, 1], &[], &[2]), fold(&[1], &[0], &[2, 3])]
        {
            let error = check_groups(&leaking, &pieces).unwrap_err();
            assert!(matches!(error, SplitError::GroupOnTwoSides { .. }));
            assert!(error.to_string().contains("item 0") && error.to_string().contains("item 2"));
        }
    }
}
