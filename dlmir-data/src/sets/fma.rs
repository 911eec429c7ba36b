//! FMA: 106 574 tracks of the Free Music Archive, of 16 341 artists, in four sizes.
//!
//! ```text
//! DIR/fma_metadata/tracks.csv             or DIR/tracks.csv
//! DIR/fma_small/000/000002.mp3            fma_medium, fma_large (clips of 30 s), fma_full (whole tracks)
//! ```
//!
//! `tracks.csv` has three lines of header: the table of each column (`set`, `artist`, `track`, ...), its name in that table, and a line that only
//! names the index, `track_id`. Read are `set/split` (training, validation, test: stratified by genre, no artist on two sides), `set/subset`
//! (small is a part of medium, medium of large), `artist/id` and `track/genre_top`. Of the large and the full set about half of the
//! tracks have no top genre; they are left out and counted.
//!
//! M. Defferrard, K. Benzi, P. Vandergheynst, X. Bresson, "FMA: a dataset for music analysis", ISMIR 2017, arXiv:1612.01840.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::tree::{audio_below, by_key, id_of};
use super::{LabelledSet, Layout, PublishedSplit, SetItem};
use crate::DataError;
use crate::csv_lines::CsvLines;
use crate::split::Fold;
use crate::split_file::Side;

/// One of the four sizes of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subset {
    /// 8000 clips of 30 s, eight genres of a thousand each.
    Small,
    /// 25 000 clips of 30 s, sixteen uneven genres.
    Medium,
    /// 106 574 clips of 30 s.
    Large,
    /// The same tracks from beginning to end.
    Full,
}

impl Subset {
    const ALL: [Subset; 4] = [Subset::Small, Subset::Medium, Subset::Large, Subset::Full];

    /// The word for it in folders and tables.
    pub fn name(self) -> &'static str {
        match self {
            Subset::Small => "small",
            Subset::Medium => "medium",
            Subset::Large => "large",
            Subset::Full => "full",
        }
    }

    /// The number of tracks, as published.
    pub fn tracks(self) -> usize {
        match self {
            Subset::Small => 8000,
            Subset::Medium => 25_000,
            Subset::Large | Subset::Full => 106_574,
        }
    }
}

/// One row of `tracks.csv`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// The number that names its file.
    pub id: u64,
    /// The artist's number.
    pub artist: u64,
    /// The side that it is on.
    pub side: Side,
    /// The smallest set that it is in.
    pub subset: Subset,
    /// Its genre at the root of the hierarchy, if it has a single one.
    pub genre: Option<String>,
    /// The line in the table, counted from 1.
    pub line: u64,
}

/// True if a folder has this set's table, or a `tracks.csv` beside a folder of its audio.
pub(super) fn is_here(dir: &Path) -> bool {
    let audio = |subset: Subset| dir.join(format!("fma_{}", subset.name())).is_dir();
    match find_table(dir) {
        Some(table) => table.parent() != Some(dir) || Subset::ALL.into_iter().any(audio),
        None => false,
    }
}

/// `tracks.csv` of a folder, if there is one.
fn find_table(dir: &Path) -> Option<PathBuf> {
    let places = [dir.join("fma_metadata/tracks.csv"), dir.join("tracks.csv")];
    places.into_iter().find(|path| path.is_file())
}

/// Reads the smallest of the set's sizes whose folder is there: [`read`] names another.
///
/// # Errors
/// As [`read`]; also if there is no folder `fma_small`, `fma_medium`, `fma_large` or `fma_full`.
pub(super) fn read_smallest(dir: &Path) -> Result<LabelledSet, DataError> {
    let there = |subset: &Subset| dir.join(format!("fma_{}", subset.name())).is_dir();
    match Subset::ALL.into_iter().find(there) {
        Some(subset) => read(dir, subset),
        None => {
            let expected =
                "FMA: fma_small, fma_medium, fma_large or fma_full beside its table".into();
            Err(DataError::Layout { path: dir.to_owned(), expected })
        }
    }
}

/// Reads one of the set's sizes: `DIR/fma_SUBSET` and the table.
///
/// # Errors
/// If the table or the folder cannot be read, a line of the table does not fit, or no track of the subset has a file.
pub fn read(dir: impl AsRef<Path>, subset: Subset) -> Result<LabelledSet, DataError> {
    let dir = dir.as_ref();
    let table = find_table(dir).unwrap_or_else(|| dir.join("fma_metadata/tracks.csv"));
    let tracks = read_tracks(&table)?;
    let folder = format!("fma_{}", subset.name());
    let files = audio_below(&dir.join(&folder))?;
    let by_id = by_key(&files, id_of);

    let (mut listed, mut without_genre, mut without_file) = (0, 0, 0);
    let mut found = Vec::new();
    for track in tracks.iter().filter(|track| track.subset <= subset) {
        listed += 1;
        match (&track.genre, by_id.get(format!("{:06}", track.id).as_str())) {
            (None, _) => without_genre += 1,
            (_, None) => without_file += 1,
            (Some(genre), Some(file)) => found.push((track, genre.as_str(), *file)),
        }
    }
    if found.is_empty() {
        let expected = format!("FMA: no track of the table has a file {folder}/000/000002.mp3");
        return Err(DataError::Layout { path: dir.to_owned(), expected });
    }
    let labels: BTreeSet<&str> = found.iter().map(|(_, genre, _)| *genre).collect();
    let number: HashMap<&str, usize> = labels.iter().copied().zip(0..).collect();
    found.sort_by_key(|(track, genre, _)| (number[genre], track.id));

    let mut sides = [Vec::new(), Vec::new(), Vec::new()];
    let mut items = Vec::with_capacity(found.len());
    for (i, (track, genre, file)) in found.into_iter().enumerate() {
        sides[track.side as usize].push(i);
        items.push(SetItem {
            path: file.path.clone(),
            relative: format!("{folder}/{}", file.relative),
            labels: vec![number[genre]],
            group: format!("artist {}", track.artist),
        });
    }
    let mut notes = Vec::new();
    if listed != subset.tracks() {
        notes
            .push(format!("the table has {listed} of the {} tracks of this size", subset.tracks()));
    }
    for (count, what) in [(without_genre, "no single top genre"), (without_file, "no file")] {
        if count > 0 {
            notes.push(format!("left out: {count} tracks that have {what}"));
        }
    }
    let [train, validation, test] = sides;
    let fold = Fold { train, validation, test };
    let split = PublishedSplit {
        name: format!("FMA {} (Defferrard et al. 2017)", subset.name()),
        published: None,
        sha256: fold.sha256(|i| items[i].relative.as_str()),
        fold,
    };
    Ok(LabelledSet {
        layout: Layout::Fma(subset),
        root: dir.to_owned(),
        labels: labels.into_iter().map(str::to_owned).collect(),
        multi_label: false,
        group_rule: "the artist's number in tracks.csv".into(),
        split: Some(split),
        items,
        notes,
    })
}

/// Reads `tracks.csv`.
///
/// # Errors
/// If the file cannot be read or a line does not fit; the error names the line.
pub fn read_tracks(table: &Path) -> Result<Vec<Track>, DataError> {
    parse_tracks(&std::fs::read(table).map_err(DataError::io(table))?, table)
}

/// As [`read_tracks`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_tracks`].
pub fn parse_tracks(bytes: &[u8], name: impl AsRef<Path>) -> Result<Vec<Track>, DataError> {
    let name = name.as_ref();
    let wrong = |line, problem| DataError::Table { path: name.to_owned(), line, problem };
    let mut lines = CsvLines::new(bytes);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
    let mut next = |lines: &mut CsvLines<'_>, record: &mut csv::StringRecord| {
        let some = reader.read_record(record).map_err(|error| {
            let (line, problem) = lines.error(&error);
            wrong(line, problem)
        })?;
        Ok::<_, DataError>(some.then(|| lines.of(record.position())))
    };
    let [mut tables, mut names, mut record] = [(); 3].map(|()| csv::StringRecord::new());
    next(&mut lines, &mut tables)?;
    next(&mut lines, &mut names)?;
    let column = |table: &str, column: &str| {
        let both = tables.iter().zip(&names);
        let found = both.into_iter().position(|(t, c)| (t, c) == (table, column));
        found.ok_or_else(|| {
            wrong(1, format!("no column {table}/{column}; lines 1 and 2 name table and column"))
        })
    };
    let (split, subset) = (column("set", "split")?, column("set", "subset")?);
    let (artist, genre) = (column("artist", "id")?, column("track", "genre_top")?);
    if next(&mut lines, &mut record)?.is_none() || record.get(0) != Some("track_id") {
        return Err(wrong(3, "this line of the header begins with track_id".into()));
    }

    let mut tracks = Vec::new();
    let mut line_of = HashMap::new();
    while let Some(line) = next(&mut lines, &mut record)? {
        let number = |column: usize, what: &str| {
            let text = &record[column];
            text.parse::<u64>().map_err(|_| {
                wrong(line, format!("{what} `{}` is not a whole number", text.escape_debug()))
            })
        };
        let id = number(0, "track_id")?;
        if let Some(before) = line_of.insert(id, line) {
            return Err(wrong(line, format!("track {id} is in line {before} already")));
        }
        let word = &record[split];
        let side = Side::named(word).ok_or_else(|| {
            let word = word.escape_debug();
            wrong(line, format!("set/split `{word}` is not training, validation or test"))
        })?;
        let word = &record[subset];
        let subset = Subset::ALL.into_iter().find(|s| s.name() == word).ok_or_else(|| {
            let word = word.escape_debug();
            wrong(line, format!("set/subset `{word}` is not small, medium, large or full"))
        })?;
        let genre = Some(record[genre].to_owned()).filter(|genre| !genre.is_empty());
        tracks.push(Track { id, artist: number(artist, "artist/id")?, side, subset, genre, line });
    }
    Ok(tracks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_folder::TestFolder;

    const HEADER: &str = ",album,artist,set,set,track,track\n,title,id,split,subset,genre_top,title\ntrack_id,,,,,,\n";

    fn table(rows: &str) -> String {
        format!("{HEADER}{rows}")
    }

    const ROWS: &str = "2,\"A, one\",1,training,small,Hip-Hop,Food\n\
                        3,A,1,training,medium,Hip-Hop,\"Two\nlines\"\n\
                        5,B,7,validation,small,Rock,x\n\
                        10,C,8,test,small,Hip-Hop,y\n\
                        134155,D,9,test,large,,z\n";

    #[test]
    fn a_generated_tree_is_read() {
        let files = [
            "fma_metadata/tracks.csv",
            "fma_small/000/000002.mp3",
            "fma_small/000/000005.mp3",
            "fma_small/000/000010.mp3",
            "fma_large/000/000002.mp3",
            "fma_large/000/000003.wav",
            "fma_large/134/134155.mp3",
        ];
        let folder = TestFolder::new("fma-tree", &files);
        folder.write("fma_metadata/tracks.csv", &table(ROWS));
        let set = super::super::open(folder.path()).unwrap();
        assert_eq!(set.layout, Layout::Fma(Subset::Small));
        assert_eq!(set.labels, ["Hip-Hop", "Rock"]);
        let items: Vec<_> = set
            .items
            .iter()
            .map(|i| (i.relative.as_str(), i.labels[0], i.group.as_str()))
            .collect();
        let expected = [
            ("fma_small/000/000002.mp3", 0, "artist 1"),
            ("fma_small/000/000010.mp3", 0, "artist 8"),
            ("fma_small/000/000005.mp3", 1, "artist 7"),
        ];
        assert_eq!(items, expected);
        assert!(set.items.iter().all(|i| i.path.is_file()));
        let split = set.split.as_ref().unwrap();
        let fold = Fold { train: vec![0], validation: vec![2], test: vec![1] };
        assert_eq!((&split.fold, split.sha256.len()), (&fold, 64));
        assert_eq!(set.notes, ["the table has 3 of the 8000 tracks of this size"]);

        let large = read(folder.path(), Subset::Large).unwrap();
        assert_eq!(large.items.len(), 2);
        assert!(large.notes[1].contains("1 tracks that have no single top genre"));
        assert!(large.notes[2].contains("2 tracks that have no file"), "{:?}", large.notes);
        let error = read(folder.path(), Subset::Medium).unwrap_err().to_string();
        assert!(error.contains("fma_medium"), "{error}");
    }

    #[test]
    fn a_wrong_table_is_named_with_its_line() {
        let parse = |text: &str| parse_tracks(text.as_bytes(), "t.csv").map_err(|e| e.to_string());
        assert_eq!(parse(&table(ROWS)).unwrap()[4].line, 9);
        for (text, wanted) in [
            (String::new(), "t.csv:1: no column set/split"),
            ("track_id,split\n,\n".into(), "t.csv:1: no column set/split"),
            (HEADER.replace("track_id", "id"), "t.csv:3: this line of the header begins"),
            (table("2,A,1,train ing,small,,\n"), "t.csv:4: set/split `train ing` is not"),
            (table("2,A,1,test,tiny,,\n"), "t.csv:4: set/subset `tiny` is not small"),
            (table("2,A,x,test,small,,\n"), "t.csv:4: artist/id `x` is not a whole number"),
            (table("-2,A,1,test,small,,\n"), "t.csv:4: track_id `-2` is not a whole number"),
            (table("2,A,1,test,small,,\n2,A,1,test,small,,\n"), "t.csv:5: track 2 is in line 4"),
            (table("2,A,1\n"), "t.csv:4: 3 fields where the header has 7"),
        ] {
            let error = parse(&text).unwrap_err();
            assert!(error.starts_with(wanted), "{text:?}: {error}");
        }
        let empty = TestFolder::new("fma-empty", &["fma_metadata/tracks.csv"]);
        empty.write("fma_metadata/tracks.csv", &table(ROWS));
        let error = super::super::open(empty.path()).unwrap_err();
        assert!(matches!(error, DataError::Layout { .. }), "{error}");
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9a-z,\"\r\n]{0,60}") {
            let _ = parse_tracks(table(&text).as_bytes(), "t.csv");
            let _ = parse_tracks(text.as_bytes(), "t.csv");
        }
    }
}
