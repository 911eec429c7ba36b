//! Labels for the Million Song Dataset, with a folder of previews.
//!
//! ```text
//! DIR/msd_tagtraum_cd2c.cls        TRACK TAB genre [TAB second genre]; lines with # or % are comments
//! DIR/msd-MASD-styleAssignment.cls likewise, from allmusic; also MAGD and topMAGD
//! DIR/...partition...cls           TRACK TAB TRAIN or TEST: a split of TU Wien
//! DIR/lastfm_train/A/B/C/TRABC....json   Last.fm: "tags": [["rock", "100"], ...]
//! DIR/train_x_msd_id.txt           Choi's split: a track per line; also valid_, test_; also in DIR/split
//! DIR/train_x_7d_id.txt            the same tracks, line by line, by the numbers of their previews
//! DIR/unique_tracks.txt            TRACK<SEP>SONG<SEP>artist<SEP>title: the groups
//! DIR/**/TRABC....mp3              previews by track, or by number: 3/9/3974574.clip.mp3; in any folder
//! ```
//!
//! The audio of the set is not passed on; only who has previews can use this. Choi's split (201 680 / 11 774 / 28 435) and the partitions of
//! TU Wien go by track, so that an artist may be on two sides: [`crate::check_groups`] finds it. With `unique_tracks.txt` the groups are artists, and
//! a split by group keeps them apart.
//!
//! T. Bertin-Mahieux, D. P. W. Ellis, B. Whitman, P. Lamere, "The Million Song Dataset", ISMIR 2011. H. Schreiber, "Improving genre annotations
//! for the Million Song Dataset", ISMIR 2015. A. Schindler, R. Mayer, A. Rauber, "Facilitating comprehensive benchmarking experiments on the
//! Million Song Dataset", ISMIR 2012. K. Choi, G. Fazekas, M. Sandler, "Automatic tagging using deep convolutional neural networks", ISMIR 2016.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::lists::read_list;
use super::tree::{Audio, audio_below, by_key, id_of};
use super::{LabelledSet, Layout, PublishedSplit, SetItem};
use crate::DataError;
use crate::split::Fold;
use crate::split_file::Side;

/// The numbers of tracks of Choi's split: training, validation, test.
pub const CHOI: [usize; 3] = [201_680, 11_774, 28_435];

/// The 50 tags of Choi's task, most frequent first, as Last.fm writes them.
#[rustfmt::skip]
pub const CHOI_TAGS: [&str; 50] = [
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s", "alternative rock", "jazz",
    "beautiful", "metal", "chillout", "male vocalists", "classic rock", "soul", "indie rock", "Mellow", "electronica", "80s",
    "folk", "90s", "chill", "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic",
    "experimental", "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy", "catchy",
    "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop", "sad", "House", "happy",
];

/// A tag of Last.fm counts above this weight, of 100.
pub const MIN_TAG_WEIGHT: f64 = 50.0;

/// The folders of the Last.fm set.
const LASTFM: [&str; 3] = ["lastfm_train", "lastfm_test", "lastfm_subset"];

/// Where the labels come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Labels {
    /// One genre or style a track: a `.cls` file.
    Classes(PathBuf),
    /// Choi's 50 tags: these folders of the Last.fm set.
    LastFm(Vec<PathBuf>),
}

/// The labels in a folder: its one `.cls` file that is no partition, or else its Last.fm folders. None if it has neither.
///
/// # Errors
/// If a file cannot be read, or there are several `.cls` files with labels: [`read`] then needs to be told which.
pub fn find_labels(dir: &Path) -> Result<Option<Labels>, DataError> {
    let (mut labels, _) = assignments(dir)?;
    if labels.len() > 1 {
        let names: Vec<_> = labels.iter().filter_map(|p| p.file_name()?.to_str()).collect();
        let expected = format!(
            "Million Song Dataset with one label file; there are {}: keep one of them here",
            names.join(", ")
        );
        return Err(DataError::Layout { path: dir.to_owned(), expected });
    }
    let folders: Vec<_> = LASTFM.iter().map(|name| dir.join(name)).filter(|p| p.is_dir()).collect();
    let lastfm = (!folders.is_empty()).then_some(Labels::LastFm(folders));
    Ok(labels.pop().map(Labels::Classes).or(lastfm))
}

/// The `.cls` files directly in a folder, sorted: those with labels, and those with sides.
fn assignments(dir: &Path) -> Result<(Vec<PathBuf>, Vec<PathBuf>), DataError> {
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(DataError::io(dir))? {
        let path = entry.map_err(DataError::io(dir))?.path();
        if path.extension().is_some_and(|e| e == "cls") {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut labels, mut partitions) = (Vec::new(), Vec::new());
    for path in paths {
        let rows = read_classes(&path)?;
        let sides = rows.iter().all(|row| Side::named(&row.class).is_some());
        if sides { &mut partitions } else { &mut labels }.push(path);
    }
    Ok((labels, partitions))
}

/// Reads previews and labels below `dir`.
///
/// The published split is Choi's if its lists are there, else the one partition of TU Wien, else none.
///
/// # Errors
/// If a file cannot be read or has a line that does not fit, or no track with a label has a preview.
pub fn read(dir: impl AsRef<Path>, labels: &Labels) -> Result<LabelledSet, DataError> {
    let dir = dir.as_ref();
    let files = audio_below(dir)?;
    let lists = Choi::read(dir)?;
    let previews = Previews { by_id: by_key(&files, id_of), number: &lists.preview };
    let mut notes = Vec::new();
    let (labels, multi_label, found) = match labels {
        Labels::Classes(table) => {
            let (labels, found) = classes(table, &previews, &mut notes)?;
            (labels, false, found)
        }
        Labels::LastFm(folders) => {
            let labels = CHOI_TAGS.map(str::to_owned).to_vec();
            (labels, true, tags(folders, &files, &lists, &mut notes)?)
        }
    };
    if found.is_empty() {
        let expected =
            "Million Song Dataset: no track with a label has a preview, such as A/B/C/TRABC....mp3";
        return Err(DataError::Layout { path: dir.to_owned(), expected: expected.into() });
    }
    let artists = read_artists(&dir.join("unique_tracks.txt"))?;
    let group = |track: &str| match artists.get(track) {
        Some(artist) => format!("artist {artist}"),
        None => track.to_owned(),
    };
    let tracks: Vec<&str> = found.iter().map(|f| f.track.as_str()).collect();
    let split = match lists.sides.is_empty() {
        false => Some(published("Choi et al. 2016", &lists.sides, &tracks, Some(CHOI))),
        true => partition(dir, &tracks)?,
    };
    let items = found.iter().map(|f| SetItem {
        path: f.file.path.clone(),
        relative: f.file.relative.clone(),
        labels: f.labels.clone(),
        group: group(&f.track),
    });
    let group_rule = match artists.is_empty() {
        true => "each track by itself: there is no unique_tracks.txt to name the artists",
        false => "the artist in unique_tracks.txt",
    };
    Ok(LabelledSet {
        layout: Layout::MillionSong,
        root: dir.to_owned(),
        labels,
        multi_label,
        items: items.collect(),
        group_rule: group_rule.into(),
        split,
        notes,
    })
}

/// A track with its preview and labels.
struct Found<'a> {
    track: String,
    file: &'a Audio,
    labels: Vec<usize>,
}

/// Finds previews by track or by number.
struct Previews<'a> {
    by_id: HashMap<&'a str, &'a Audio>,
    number: &'a HashMap<String, String>,
}

impl<'a> Previews<'a> {
    fn of(&self, track: &str) -> Option<&'a Audio> {
        let by_number = || self.by_id.get(self.number.get(track)?.as_str());
        self.by_id.get(track).or_else(by_number).copied()
    }
}

/// Tracks of a `.cls` file that have a preview, by class and track.
fn classes<'a>(
    table: &Path,
    previews: &Previews<'a>,
    notes: &mut Vec<String>,
) -> Result<(Vec<String>, Vec<Found<'a>>), DataError> {
    let rows = read_classes(table)?;
    let found: Vec<_> =
        rows.iter().filter_map(|row| Some((row, previews.of(&row.track)?))).collect();
    notes.push(format!("{} of {} labelled tracks have a preview", found.len(), rows.len()));
    let ambiguous = found.iter().filter(|(row, _)| row.second.is_some()).count();
    if ambiguous > 0 {
        notes.push(format!("{ambiguous} tracks have a second genre, which is not used"));
    }
    let names: BTreeSet<&str> = found.iter().map(|(row, _)| row.class.as_str()).collect();
    let number: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
    let one = |(row, file): (&Row, &'a Audio)| Found {
        track: row.track.clone(),
        file,
        labels: vec![number[row.class.as_str()]],
    };
    let mut found: Vec<_> = found.into_iter().map(one).collect();
    found.sort_by(|a, b| (&a.labels, &a.track).cmp(&(&b.labels, &b.track)));
    Ok((names.into_iter().map(str::to_owned).collect(), found))
}

/// Previews whose track has at least one of Choi's tags, in the order of the files.
fn tags<'a>(
    folders: &[PathBuf],
    files: &'a [Audio],
    lists: &Choi,
    notes: &mut Vec<String>,
) -> Result<Vec<Found<'a>>, DataError> {
    let track_of: HashMap<&str, &str> =
        lists.preview.iter().map(|(track, number)| (number.as_str(), track.as_str())).collect();
    let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
    let (mut without_list, mut without_tag) = (0, 0);
    for file in files {
        let id = id_of(&file.relative);
        let Some(track) = Some(id).filter(|id| is_track(id)).or_else(|| track_of.get(id).copied())
        else {
            continue;
        };
        if !seen.insert(track) {
            continue;
        }
        let name = format!("{}/{}/{}/{track}.json", &track[2..3], &track[3..4], &track[4..5]);
        match folders.iter().map(|folder| folder.join(&name)).find(|path| path.is_file()) {
            None => without_list += 1,
            Some(path) => match read_lastfm(&path)? {
                labels if labels.is_empty() => without_tag += 1,
                labels => found.push(Found { track: track.to_owned(), file, labels }),
            },
        }
    }
    for (count, what) in [(without_list, "no list of tags"), (without_tag, "none of the 50 tags")] {
        if count > 0 {
            notes.push(format!("left out: {count} previews whose track has {what}"));
        }
    }
    Ok(found)
}

/// The tags of [`CHOI_TAGS`] that a Last.fm file gives more than [`MIN_TAG_WEIGHT`], as indices, ascending.
fn read_lastfm(path: &Path) -> Result<Vec<usize>, DataError> {
    let wrong = |line: usize, problem: String| DataError::Table {
        path: path.to_owned(),
        line: line.max(1) as u64,
        problem,
    };
    let bytes = std::fs::read(path).map_err(DataError::io(path))?;
    let json: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|e| wrong(e.line(), e.to_string()))?;
    let tags = json.get("tags").and_then(|tags| tags.as_array());
    let tags = tags.ok_or_else(|| wrong(1, "no list `tags`".into()))?;
    let mut labels = BTreeSet::new();
    for tag in tags {
        let name = tag.get(0).and_then(|name| name.as_str());
        // Weights are written as text: ["rock", "100"].
        let weight = tag.get(1).and_then(|w| w.as_f64().or_else(|| w.as_str()?.parse().ok()));
        let (Some(name), Some(weight)) = (name, weight) else {
            return Err(wrong(1, format!("tag {tag} is not [name, weight]")));
        };
        if weight > MIN_TAG_WEIGHT {
            labels.extend(CHOI_TAGS.iter().position(|known| *known == name));
        }
    }
    Ok(labels.into_iter().collect())
}

/// Choi's lists, as far as they are there.
#[derive(Default)]
struct Choi {
    sides: HashMap<String, Side>,
    /// Track to number of its preview.
    preview: HashMap<String, String>,
}

impl Choi {
    fn read(dir: &Path) -> Result<Choi, DataError> {
        let mut choi = Choi::default();
        let folders = [dir.to_owned(), dir.join("split")];
        let there = |folder: &PathBuf| folder.join("train_x_msd_id.txt").is_file();
        let Some(folder) = folders.into_iter().find(there) else { return Ok(choi) };
        let sides = [(Side::Train, "train"), (Side::Validation, "valid"), (Side::Test, "test")];
        for (side, word) in sides {
            let path = folder.join(format!("{word}_x_msd_id.txt"));
            let tracks = read_list(&path)?;
            let wrong = |line, problem| DataError::Table { path: path.clone(), line, problem };
            for (line, track) in (1..).zip(&tracks) {
                if !is_track(track) {
                    return Err(wrong(line, no_track(track)));
                }
                if let Some(before) = choi.sides.insert(track.clone(), side) {
                    return Err(wrong(line, format!("{track} is in {before:?} already")));
                }
            }
            let numbers = folder.join(format!("{word}_x_7d_id.txt"));
            if numbers.is_file() {
                let list = read_list(&numbers)?;
                if list.len() != tracks.len() {
                    let (n, of) = (list.len(), tracks.len());
                    let problem = format!("{n} numbers for the {of} tracks of {}", path.display());
                    return Err(DataError::Table { path: numbers, line: n as u64, problem });
                }
                choi.preview.extend(tracks.into_iter().zip(list));
            }
        }
        Ok(choi)
    }
}

/// TU Wien's partition in a folder, if there is exactly one.
fn partition(dir: &Path, tracks: &[&str]) -> Result<Option<PublishedSplit>, DataError> {
    let (_, partitions) = assignments(dir)?;
    let [table] = partitions.as_slice() else { return Ok(None) };
    let mut sides = HashMap::new();
    let mut counts = [0; 3];
    for row in read_classes(table)? {
        if let Some(side) = Side::named(&row.class) {
            counts[side as usize] += 1;
            sides.insert(row.track, side);
        }
    }
    let name = table.file_stem().and_then(|name| name.to_str()).unwrap_or("partition");
    Ok(Some(published(name, &sides, tracks, Some(counts))))
}

/// A split of the items of these tracks.
fn published(
    name: &str,
    sides: &HashMap<String, Side>,
    tracks: &[&str],
    published: Option<[usize; 3]>,
) -> PublishedSplit {
    let on =
        |side| (0..tracks.len()).filter(|&i| sides.get(tracks[i]).copied() == Some(side)).collect();
    let fold =
        Fold { train: on(Side::Train), validation: on(Side::Validation), test: on(Side::Test) };
    let sha256 = fold.sha256(|i| tracks[i]);
    PublishedSplit { name: name.to_owned(), fold, published, sha256 }
}

/// A line of a `.cls` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The track: TR and sixteen letters and digits.
    pub track: String,
    /// Its genre, style or side.
    pub class: String,
    /// A second genre that a minority voted for.
    pub second: Option<String>,
}

/// Reads a `.cls` file: tabs, two or three columns, comments after `#` or `%`.
///
/// # Errors
/// If the file cannot be read, or a line has no track, no class, more than three columns, or a track that was there before.
pub fn read_classes(table: &Path) -> Result<Vec<Row>, DataError> {
    parse_classes(&std::fs::read(table).map_err(DataError::io(table))?, table)
}

/// As [`read_classes`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_classes`].
pub fn parse_classes(bytes: &[u8], name: impl AsRef<Path>) -> Result<Vec<Row>, DataError> {
    let name = name.as_ref();
    let (mut rows, mut line_of) = (Vec::new(), HashMap::new());
    for (line, text) in (1..).zip(bytes.split(|&b| b == b'\n')) {
        let wrong = |problem| DataError::Table { path: name.to_owned(), line, problem };
        let text = std::str::from_utf8(text).map_err(|_| wrong("not UTF-8 text".into()))?;
        let text = text.trim_start_matches('\u{feff}').trim_end();
        if text.is_empty() || text.starts_with(['#', '%']) {
            continue;
        }
        let fields: Vec<&str> = text.split('\t').map(str::trim).collect();
        let (track, class, second) = match fields[..] {
            [track, class] => (track, class, None),
            [track, class, second] => (track, class, Some(second.to_owned())),
            _ => return Err(wrong(format!("{} columns, not 2 or 3", fields.len()))),
        };
        if !is_track(track) {
            return Err(wrong(no_track(track)));
        }
        if class.is_empty() {
            return Err(wrong(format!("{track} has no class")));
        }
        if let Some(before) = line_of.insert(track, line) {
            return Err(wrong(format!("{track} is in line {before} already")));
        }
        rows.push(Row { track: track.to_owned(), class: class.to_owned(), second });
    }
    Ok(rows)
}

/// Artists by track, from `unique_tracks.txt`; none if the file is not there.
fn read_artists(table: &Path) -> Result<HashMap<String, String>, DataError> {
    let mut artists = HashMap::new();
    if !table.is_file() {
        return Ok(artists);
    }
    for (line, text) in (1..).zip(read_list(table)?) {
        let fields: Vec<&str> = text.split("<SEP>").collect();
        match fields[..] {
            [track, _, artist, ..] if is_track(track) => {
                artists.insert(track.to_owned(), artist.to_owned());
            }
            _ => {
                let problem = "not TRACK<SEP>SONG<SEP>artist<SEP>title".into();
                return Err(DataError::Table { path: table.to_owned(), line, problem });
            }
        }
    }
    Ok(artists)
}

/// `TRAAAAW128F429D538`: TR and sixteen letters and digits.
fn is_track(text: &str) -> bool {
    let rest = text.strip_prefix("TR").unwrap_or_default();
    rest.len() == 16 && rest.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn no_track(text: &str) -> String {
    let text: String = text.chars().take(40).collect();
    format!("`{}` is not a track such as TRAAAAW128F429D538", text.escape_debug())
}

#[cfg(test)]
#[path = "msd_tests.rs"]
mod tests;
