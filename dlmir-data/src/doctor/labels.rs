//! Labels without files, files without labels.
//!
//! A **table** with a column of paths (`path`, `file`, `filename`, ...) names recordings relative to itself or to a folder above it,
//! with or without ending. A row that leads nowhere is a label without file; a recording that no table names, where tables name at least half
//! of its folder, is a file without label.
//!
//! An **annotation** belongs to the recording of the same name (`sax1.onsets` to `audio/sax1.flac`); more may follow after `_`, `-`, `.` or a
//! blank (`sax1_class.txt`), and one such part may differ (`X_MIX.beats` and `X_Drum.flac`). It is looked for in the nearest folder
//! above that has recordings at all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Finding;
use super::walk::{Found, extension, folder_of, stem};

/// Names of columns that hold paths, in small letters.
const PATH_COLUMNS: [&str; 16] = [
    "path",
    "file",
    "filename",
    "file_name",
    "file name",
    "filepath",
    "file_path",
    "audio",
    "audio_file",
    "audio_path",
    "audio_filename",
    "mp3_path",
    "wav",
    "wav_path",
    "fname",
    "track_file",
];

/// Tables larger than this are read to here only: 256 MiB.
const MAX_TABLE: u64 = 1 << 28;

/// The recordings of a folder by their names.
pub(super) struct Recordings<'a> {
    names: &'a [&'a str],
    /// Everything that is there, recordings or not.
    all: BTreeSet<&'a str>,
    by_stem: HashMap<&'a str, Vec<usize>>,
    /// Folders with recordings in or below them.
    folders: BTreeSet<&'a str>,
}

impl<'a> Recordings<'a> {
    /// Of these names; `others` are files of other kinds.
    pub(super) fn new(
        names: &'a [&'a str],
        others: impl Iterator<Item = &'a str>,
    ) -> Recordings<'a> {
        let mut by_stem: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut folders = BTreeSet::new();
        for (i, name) in names.iter().enumerate() {
            by_stem.entry(stem(name)).or_default().push(i);
            let mut folder = folder_of(name);
            while folders.insert(folder) && !folder.is_empty() {
                folder = folder_of(folder);
            }
        }
        let all = names.iter().copied().chain(others).collect();
        Recordings { names, all, by_stem, folders }
    }

    /// The recording that a row of a table in `folder` means: `Some(None)` for another file that exists.
    fn of_row(&self, folder: &str, row: &str) -> Option<Option<usize>> {
        let row = row.trim_start_matches("./").replace('\\', "/");
        let index = |name: &str| self.names.binary_search(&name).ok();
        let mut above = Some(folder);
        while let Some(folder) = above {
            let name = join(folder, &row);
            if self.all.contains(&*name) {
                return Some(index(&name));
            }
            above = (!folder.is_empty()).then(|| folder_of(folder));
        }
        // A folder of recordings; another ending, none at all, or folders in between: below the nearest folder with recordings.
        let folder = self.nearest(folder);
        if self.folders.iter().any(|&f| f == row || f.ends_with(&format!("/{row}"))) {
            return Some(None);
        }
        let folder_of_row = folder_of(&row);
        let same_folder = |i: &&usize| {
            let name = self.names[**i];
            let there = folder_of(name);
            let below = folder.is_empty() || name.starts_with(&format!("{folder}/"));
            below
                && (folder_of_row.is_empty()
                    || there == folder_of_row
                    || there.ends_with(&format!("/{folder_of_row}")))
        };
        let file = row.rsplit('/').next().unwrap_or(&row);
        let candidates = [file, stem(file)].into_iter().filter_map(|s| self.by_stem.get(s));
        candidates.flatten().find(same_folder).map(|&i| Some(i))
    }

    /// The nearest folder, upwards, with recordings in or below it.
    fn nearest<'b>(&self, mut folder: &'b str) -> &'b str {
        while !self.folders.contains(folder) && !folder.is_empty() {
            folder = folder_of(folder);
        }
        folder
    }

    /// The recordings that an annotation belongs to, and the folder in which they were looked for.
    fn of_annotation(&self, name: &'a str) -> (Vec<usize>, &'a str) {
        let folder = self.nearest(folder_of(name));
        let inside =
            |i: &usize| folder.is_empty() || self.names[*i].starts_with(&format!("{folder}/"));
        let of = |stem: &str| -> Vec<usize> {
            self.by_stem.get(stem).into_iter().flatten().copied().filter(inside).collect()
        };
        let whole = stem(name);
        let mut rest = Some(whole);
        while let Some(stem) = rest {
            let found = of(stem);
            if !found.is_empty() {
                return (found, folder);
            }
            rest = without_last_part(stem);
        }
        let Some(common) = without_last_part(whole) else { return (Vec::new(), folder) };
        let all = self.names.iter().enumerate();
        let alike = all.filter(|(i, n)| inside(i) && without_last_part(stem(n)) == Some(common));
        (alike.map(|(i, _)| i).collect(), folder)
    }
}

fn join(folder: &str, row: &str) -> String {
    if folder.is_empty() { row.to_owned() } else { format!("{folder}/{row}") }
}

/// What is before the last `_`, `-`, `.` or blank.
fn without_last_part(stem: &str) -> Option<&str> {
    stem.rfind(['_', '-', '.', ' ']).map(|end| &stem[..end]).filter(|s| !s.is_empty())
}

/// Findings about tables, by name, and about recordings, by index.
#[derive(Default)]
pub(super) struct Labels {
    pub of_names: Vec<(String, Finding)>,
    pub of_recordings: Vec<(usize, Finding)>,
}

impl Labels {
    /// Holds tables against recordings.
    pub(super) fn tables(&mut self, tables: &[Found], recordings: &Recordings) {
        let mut named = BTreeSet::new();
        let mut table_of: BTreeMap<&str, &str> = BTreeMap::new();
        for table in tables {
            let rows = match rows(table) {
                Ok(Some(rows)) => rows,
                Ok(None) => continue,
                Err(reason) => {
                    self.of_names.push((table.name.clone(), Finding::BadTable { reason }));
                    continue;
                }
            };
            let mut missing = Vec::new();
            for (row, line) in &rows {
                match recordings.of_row(folder_of(&table.name), row) {
                    Some(Some(i)) => {
                        named.insert(i);
                        table_of.entry(folder_of(recordings.names[i])).or_insert(&table.name);
                    }
                    Some(None) => {}
                    None => missing.push((row.clone(), *line)),
                }
            }
            if let Some(first) = missing.first().cloned() {
                let (missing, rows) = (missing.len(), rows.len());
                let finding = Finding::RowsWithoutFile { missing, rows, first };
                self.of_names.push((table.name.clone(), finding));
            }
        }
        for (folder, table) in table_of {
            let members = members(recordings, folder);
            let unnamed: Vec<usize> =
                members.iter().copied().filter(|i| !named.contains(i)).collect();
            if 2 * unnamed.len() <= members.len() {
                let finding = |i| (i, Finding::NotInTable { table: table.to_owned() });
                self.of_recordings.extend(unnamed.into_iter().map(finding));
            }
        }
    }

    /// Holds annotations against recordings.
    pub(super) fn annotations(&mut self, annotations: &[(Found, bool)], recordings: &Recordings) {
        // By branch: the folder below that of the recordings in which the annotation lies.
        let mut branches: BTreeMap<&str, (usize, Vec<&str>)> = BTreeMap::new();
        // By folder and ending: how many there are, and which of them belong to nothing.
        let mut alike: BTreeMap<(&str, String), (usize, Vec<&str>)> = BTreeMap::new();
        let mut with: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
        for (found, surely) in annotations {
            let (of, folder) = recordings.of_annotation(&found.name);
            let ending = extension(&found.path);
            let (count, lost) = alike.entry((folder_of(&found.name), ending.clone())).or_default();
            *count += 1;
            if of.is_empty() && !surely {
                lost.push(&found.name);
            }
            if *surely {
                let start = if folder.is_empty() { 0 } else { folder.len() + 1 };
                let end = found.name[start..].find('/').map_or(folder.len(), |i| start + i);
                let (all, lost) = branches.entry(&found.name[..end]).or_default();
                *all += 1;
                if of.is_empty() {
                    lost.push(&found.name);
                }
            }
            with.entry(ending).or_default().extend(of);
        }
        for (branch, (annotations, lost)) in branches {
            // Where most have none, a line each would say nothing more.
            if 2 * lost.len() <= annotations || lost.len() == 1 {
                let each = lost.into_iter().map(|name| (name.to_owned(), Finding::NoRecording));
                self.of_names.extend(each);
            } else if let Some(first) = lost.first() {
                let branch = if branch.is_empty() { "." } else { branch };
                let finding = Finding::NoRecordings {
                    missing: lost.len(),
                    annotations,
                    first: first.to_string(),
                };
                self.of_names.push((branch.to_owned(), finding));
            }
        }
        for (count, lost) in alike.into_values() {
            if 2 * lost.len() <= count {
                let each = lost.into_iter().map(|name| (name.to_owned(), Finding::NoRecording));
                self.of_names.extend(each);
            }
        }
        self.unannotated(&with, recordings);
    }

    /// Recordings without annotation, in folders where at least half, and two, have one of the same ending.
    fn unannotated(&mut self, with: &BTreeMap<String, BTreeSet<usize>>, recordings: &Recordings) {
        let annotated: BTreeSet<usize> = with.values().flatten().copied().collect();
        let folders: BTreeSet<&str> =
            annotated.iter().map(|&i| folder_of(recordings.names[i])).collect();
        for folder in folders {
            let members = members(recordings, folder);
            let usual = with.iter().find(|(_, of)| {
                let count = members.iter().filter(|i| of.contains(i)).count();
                count >= 2 && 2 * count >= members.len()
            });
            if let Some((extension, _)) = usual {
                let without = members.iter().filter(|i| !annotated.contains(i));
                let finding = |&i| (i, Finding::NoAnnotation { extension: extension.clone() });
                self.of_recordings.extend(without.map(finding));
            }
        }
    }
}

/// The recordings directly in a folder.
fn members(recordings: &Recordings, folder: &str) -> Vec<usize> {
    let all = recordings.names.iter().enumerate();
    all.filter(|(_, name)| folder_of(name) == folder).map(|(i, _)| i).collect()
}

/// The paths of a table and their lines, or nothing if it has no column of paths.
fn rows(table: &Found) -> Result<Option<Vec<(String, u64)>>, String> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(&table.path).map_err(|e| e.to_string())?;
    file.take(MAX_TABLE).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let header = text.lines().next().unwrap_or_default();
    let delimiter = [b'\t', b';', b','].into_iter().find(|&d| header.contains(char::from(d)));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(csv::Trim::All)
        // Lists of tags have as many columns as tags.
        .flexible(true)
        .from_reader(text.as_bytes());
    let Ok(header) = reader.headers() else { return Ok(None) };
    let column = header.iter().position(|name| {
        let name = name.trim_start_matches('\u{feff}').trim().to_lowercase();
        PATH_COLUMNS.contains(&&*name)
    });
    let Some(column) = column else { return Ok(None) };
    let mut rows = Vec::new();
    for (row, record) in (2..).zip(reader.records()) {
        let record = record.map_err(|e| e.to_string())?;
        // Line ends of old Macintoshes are none to the counter.
        let line = record.position().map_or(0, |p| p.line()).max(row);
        if let Some(path) = record.get(column).filter(|path| !path.is_empty()) {
            rows.push((path.to_owned(), line));
        }
    }
    Ok(Some(rows))
}
