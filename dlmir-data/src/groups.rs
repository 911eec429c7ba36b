//! Groups: which files must not be torn apart by a split.
//!
//! Two excerpts of one recording, or two songs of one artist, sound alike in ways that have nothing to
//! do with the label. With one in training and the other in the test, a network is paid for recognising
//! the recording. In a well-known vocal/instrumental set the majority label of the artist alone scores
//! 0.90 against a network's 0.81, without listening. So every file has a group, and a group stays whole.
//!
//! A file's group is, in this order:
//!
//! 1. what `DIR/groups.csv` says (columns `path` and `group`, paths relative to DIR with `/`);
//! 2. what the known set's rule says: for GTZAN music/speech (classes `music` and `speech`) the name
//!    without its trailing digits, for Homburg (its genre names, all files `ARTIST-TITLE`) the artist;
//! 3. the file itself.
//!
//! A rule that would put a whole class into a single group was made for another set, and is passed over.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::DataError;
use crate::class_folder::Item;
use crate::csv_lines::CsvLines;

/// Where the groups of a set came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupRule {
    /// `groups.csv` named this many of the files; the rest is grouped by the set's rule or alone.
    Table {
        /// Files that the table names.
        listed: usize,
    },
    /// GTZAN music/speech: `copland` and `copland2` are one recording.
    GtzanMusicSpeech,
    /// Homburg: the artist, which stands before the first `-`.
    Homburg,
    /// Every file is a group of its own.
    EachFile,
}

/// The genres of the Homburg set.
const HOMBURG: [&str; 9] = [
    "alternative",
    "blues",
    "electronic",
    "folkcountry",
    "funksoulrnb",
    "jazz",
    "pop",
    "raphiphop",
    "rock",
];

/// Fills in the group of every item and says by which rule.
pub(crate) fn assign_groups(
    root: &Path,
    classes: &[String],
    items: &mut [Item],
) -> Result<GroupRule, DataError> {
    let mut rule = GroupRule::EachFile;
    for item in items.iter_mut() {
        item.group = item.relative.clone();
    }
    if let Some((known, group_of)) = known_set(classes, items) {
        let groups: Vec<String> = items.iter().map(|i| group_of(file_stem(i)).to_owned()).collect();
        let several = (0..classes.len()).all(|class| {
            let of_class = items.iter().zip(&groups).filter(|(i, _)| i.class == class);
            of_class.map(|(_, g)| g).collect::<BTreeSet<_>>().len() > 1
        });
        if several {
            items.iter_mut().zip(groups).for_each(|(item, group)| item.group = group);
            rule = known;
        }
    }
    let table = root.join("groups.csv");
    if table.is_file() {
        let groups = read_groups(&table)?;
        let mut listed = 0;
        for item in items.iter_mut() {
            if let Some(group) = groups.get(&item.relative) {
                // A prefix keeps the table's names apart from those of the rules below it.
                item.group = format!("groups.csv:{group}");
                listed += 1;
            }
        }
        if listed == 0 {
            let problem = "no path in this table is a file of the set; paths are relative to the \
                           folder, as in music/bach.wav";
            return Err(DataError::Table { path: table, line: 1, problem: problem.into() });
        }
        rule = GroupRule::Table { listed };
    }
    Ok(rule)
}

type GroupOf = fn(&str) -> &str;

fn known_set(classes: &[String], items: &[Item]) -> Option<(GroupRule, GroupOf)> {
    if classes == ["music", "speech"] {
        return Some((GroupRule::GtzanMusicSpeech, without_trailing_digits));
    }
    let genres = classes.iter().all(|c| HOMBURG.contains(&c.as_str()));
    if genres && items.iter().all(|i| file_stem(i).contains('-')) {
        return Some((GroupRule::Homburg, before_first_dash));
    }
    None
}

/// The file's name without folder and extension.
fn file_stem(item: &Item) -> &str {
    let name = item.relative.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// `copland2` is a part of `copland`; a name that is only a number stands for itself.
fn without_trailing_digits(name: &str) -> &str {
    let piece = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if piece.is_empty() { name } else { piece }
}

fn before_first_dash(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

/// Path to group, from a table with the columns `path` and `group` (others are ignored).
fn read_groups(table: &Path) -> Result<HashMap<String, String>, DataError> {
    let problem =
        |line: u64, problem: String| DataError::Table { path: table.to_owned(), line, problem };
    let bytes = std::fs::read(table).map_err(DataError::io(table))?;
    let mut lines = CsvLines::new(&bytes);
    let from_csv = |lines: &mut CsvLines<'_>, error: csv::Error| {
        let (line, what) = lines.error(&error);
        problem(line, what)
    };
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes.as_slice());
    let header = reader.headers().map_err(|e| from_csv(&mut lines, e))?.clone();
    let column = |name: &str| {
        // A spreadsheet may put a byte-order mark before the first name.
        header
            .iter()
            .position(|c| c.trim_start_matches('\u{feff}') == name)
            .ok_or_else(|| problem(1, format!("no column `{name}`; expected `path,group`")))
    };
    let (path_column, group_column) = (column("path")?, column("group")?);
    let mut groups = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(|e| from_csv(&mut lines, e))?;
        let line = lines.of(record.position());
        let (path, group) = (&record[path_column], &record[group_column]);
        if group.is_empty() {
            return Err(problem(line, format!("{path}: the group is empty")));
        }
        match groups.insert(path.to_owned(), group.to_owned()) {
            Some(other) if other != group => {
                return Err(problem(line, format!("{path} is in `{other}` and in `{group}`")));
            }
            _ => {}
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClassFolder;
    use crate::test_folder::TestFolder;

    fn groups(folder: &TestFolder) -> (GroupRule, Vec<String>) {
        let set = ClassFolder::scan(folder.path()).unwrap();
        (set.group_rule, set.items.into_iter().map(|i| i.group).collect())
    }

    #[test]
    fn gtzan_pieces_lose_their_number() {
        let folder = TestFolder::new(
            "gtzan",
            &[
                "music/copland.wav",
                "music/copland2.wav",
                "music/u2.wav",
                "speech/7.wav",
                "speech/8.wav",
            ],
        );
        let (rule, groups) = groups(&folder);
        assert_eq!(rule, GroupRule::GtzanMusicSpeech);
        assert_eq!(groups, ["copland", "copland", "u", "7", "8"]);
    }

    #[test]
    fn numbered_files_of_ones_own_are_not_one_recording() {
        let folder = TestFolder::new(
            "numbered",
            &["music/take_01.wav", "music/take_02.wav", "speech/take_01.wav", "speech/take_02.wav"],
        );
        let (rule, groups) = groups(&folder);
        assert_eq!(rule, GroupRule::EachFile);
        assert_eq!(groups[1], "music/take_02.wav");
    }

    #[test]
    fn homburg_pieces_go_by_artist() {
        let folder = TestFolder::new(
            "homburg",
            &[
                "blues/A_B-One.mp3",
                "blues/A_B-Two.mp3",
                "blues/C-1.mp3",
                "jazz/D-x-y.mp3",
                "jazz/E-z.mp3",
            ],
        );
        let (rule, of) = groups(&folder);
        assert_eq!(rule, GroupRule::Homburg);
        assert_eq!(of, ["A_B", "A_B", "C", "D", "E"]);

        let other = TestFolder::new("genre", &["blues/one.wav", "jazz/two-x.wav"]);
        assert_eq!(groups(&other).0, GroupRule::EachFile);
    }

    #[test]
    fn a_table_comes_first() {
        let folder = TestFolder::new("table", &["a/x.wav", "a/y.wav", "b/z.wav"]);
        folder.write("groups.csv", "note,path,group\n,a/x.wav,one\n,b/z.wav,one\n,gone.wav,two\n");
        let (rule, of) = groups(&folder);
        assert_eq!(rule, GroupRule::Table { listed: 2 });
        assert_eq!(of, ["groups.csv:one", "a/y.wav", "groups.csv:one"]);
    }

    #[test]
    fn a_wrong_table_is_an_error_with_its_line() {
        let folder = TestFolder::new("wrong-table", &["a/x.wav"]);
        for (text, line, word) in [
            ("path,artist\na/x.wav,one\n", 1, "`group`"),
            ("path,group\na/x.wav,one\na/x.wav,two\n", 3, "`two`"),
            ("path,group\na/x.wav,\n", 2, "empty"),
            ("path,group\r\na/x.wav,one\r\n\r\na/x.wav,two\r\n", 4, "`two`"),
            ("path,group\na/x.wav,one,more\n", 2, "fields"),
            ("path,group\nx.wav,one\n", 1, "relative"),
        ] {
            folder.write("groups.csv", text);
            match ClassFolder::scan(folder.path()).unwrap_err() {
                DataError::Table { line: at, problem, .. } => {
                    assert!(at == line && problem.contains(word), "{at}: {problem}");
                }
                other => panic!("{other}"),
            }
        }
    }
}
