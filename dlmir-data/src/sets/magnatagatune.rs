//! MagnaTagATune: 25 863 clips of 29 s with 188 tags, from 5405 tracks of 230 artists.
//!
//! ```text
//! DIR/annotations_final.csv       tabs: clip_id, 188 tags, mp3_path
//! DIR/clip_info_final.csv         tabs: clip_id, ..., artist, ..., mp3_path; optional
//! DIR/mp3/f/NAME.mp3              or DIR/f/NAME.mp3; sixteen folders 0 to f
//! ```
//!
//! The usual task is the 50 most frequent tags. Three protocols exist, and their figures must never stand in one column:
//!
//! | protocol | clips | sides | where the sides come from |
//! |---|---|---|---|
//! | [`Protocol::Folders`] (P) | all | folders 0 to b, c, d to f | this rule |
//! | [`Protocol::Lee`] (L) | with a tag of the 50 and at least 29.1 s: 15 244 / 1529 / 4332 | the same folders | `{train,valid,test}_list_pub.cP`, or the rule |
//! | [`Protocol::Won`] (W) | cleaned as L | as listed | `train.npy`, `valid.npy`, `test.npy`: `INDEX TAB PATH`; no rule gives them |
//!
//! Lists are looked for in DIR, `DIR/split` and `DIR/split/mtat`. The difference is large: mean average precision is about 0.38 with the clips that
//! have none of the tags (P) and 0.46 without them (W), for the same networks.
//!
//! All three put clips of one album on one side, but not all clips of one artist; for a split by artist use the groups.
//!
//! E. Law, K. West, M. Mandel, M. Bay, J. S. Downie, "Evaluation of algorithms using games: the case of music tagging", ISMIR 2009.
//! L: J. Lee, J. Park, K. L. Kim, J. Nam, "Sample-level deep convolutional neural networks for music auto-tagging using raw waveforms", SMC 2017.
//! W: M. Won, A. Ferraro, D. Bogdanov, X. Serra, "Evaluation of CNN-based automatic music tagging models", SMC 2020.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use dlmir_audio::AudioStream;
use rayon::prelude::*;

use super::lists::read_list;
use super::tree::{audio_below, by_key, folder_and_stem};
use super::{LabelledSet, Layout, PublishedSplit, SetItem};
use crate::DataError;
use crate::labels::{TagTable, read_magnatagatune, read_table_columns};
use crate::split::Fold;
use crate::split_file::Side;

/// The table of tags.
pub const ANNOTATIONS: &str = "annotations_final.csv";

/// The table with the artists.
pub const CLIP_INFO: &str = "clip_info_final.csv";

/// The number of tags that the usual task has.
pub const TOP_TAGS: usize = 50;

/// The shortest clip of protocol L, in seconds.
pub const MIN_SECONDS: f64 = 29.1;

/// The numbers of clips of protocol L: training, validation, test.
pub const LEE: [usize; 3] = [15_244, 1529, 4332];

/// Tags that mean the same, the name that is kept first: 188 tags become 135.
///
/// The list is that of the tutorial "Deep learning for music information retrieval", ISMIR 2018; `electric` is not quite `electro`, and
/// `female vocal` is missing there. A change would make figures incomparable, so it stays.
#[rustfmt::skip]
pub const SYNONYMS: [&[&str]; 29] = [
    &["beat", "beats"],
    &["chant", "chanting"],
    &["choir", "choral"],
    &["classical", "clasical", "classic"],
    &["drum", "drums"],
    &["electro", "electronic", "electronica", "electric"],
    &["fast", "fast beat", "quick"],
    &["female", "female singer", "female singing", "female vocals", "female voice", "woman", "woman singing", "women"],
    &["flute", "flutes"],
    &["guitar", "guitars"],
    &["hard", "hard rock"],
    &["harpsichord", "harpsicord"],
    &["heavy", "heavy metal", "metal"],
    &["horn", "horns"],
    &["india", "indian"],
    &["jazz", "jazzy"],
    &["male", "male singer", "male vocal", "male vocals", "male voice", "man", "man singing", "men"],
    &["no beat", "no drums"],
    &["no singer", "no singing", "no vocal", "no vocals", "no voice", "no voices", "instrumental"],
    &["opera", "operatic"],
    &["orchestra", "orchestral"],
    &["quiet", "silence"],
    &["singer", "singing"],
    &["space", "spacey"],
    &["string", "strings"],
    &["synth", "synthesizer"],
    &["violin", "violins"],
    &["vocal", "vocals", "voice", "voices"],
    &["strange", "weird"],
];

/// Which clips count, and on which side they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// P: all clips, also those without any of the 50 tags; sides by folder.
    Folders,
    /// L: clips with one of the 50 tags and at least 29.1 s.
    Lee,
    /// W: Won's lists.
    Won,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Protocol::Folders => "P",
            Protocol::Lee => "L",
            Protocol::Won => "W",
        })
    }
}

impl Protocol {
    /// The names of its lists: training, validation, test. None if a rule gives its sides.
    fn lists(self) -> Option<[&'static str; 3]> {
        match self {
            Protocol::Folders => None,
            Protocol::Lee => Some(["train_list_pub.cP", "valid_list_pub.cP", "test_list_pub.cP"]),
            Protocol::Won => Some(["train.npy", "valid.npy", "test.npy"]),
        }
    }

    /// Its lists, if all three are there.
    fn find_lists(self, dir: &Path) -> Option<[PathBuf; 3]> {
        let names = self.lists()?;
        let folders = [dir.to_owned(), dir.join("split"), dir.join("split/mtat")];
        let lists = folders.into_iter().map(|folder| names.map(|name| folder.join(name)));
        lists.into_iter().find(|lists| lists.iter().all(|list| list.is_file()))
    }

    /// W or L if their lists are there, else P, which needs none.
    pub fn of_lists(dir: &Path) -> Protocol {
        let listed = |protocol: &Protocol| protocol.find_lists(dir).is_some();
        [Protocol::Won, Protocol::Lee].into_iter().find(listed).unwrap_or(Protocol::Folders)
    }
}

/// Reads the set by one of its protocols, with its 50 most frequent tags, most frequent first.
///
/// Protocol L without its lists measures the length of every clip that has a tag, which decodes them all.
///
/// # Errors
/// If a table or list cannot be read or is malformed, or no clip has a file. Also for protocol W without its lists.
pub fn read(dir: impl AsRef<Path>, protocol: Protocol) -> Result<LabelledSet, DataError> {
    let dir = dir.as_ref();
    let table = read_magnatagatune(dir.join(ANNOTATIONS))?;
    let top = top_tags(&table, TOP_TAGS);
    let files = audio_below(dir)?;
    let by_path = by_key(&files, folder_and_stem);
    let (groups, group_rule) = artists(dir)?;
    let sides = Sides::new(dir, protocol)?;

    let mut number = vec![None; table.tags.len()];
    top.iter().enumerate().for_each(|(i, &tag)| number[tag] = Some(i));
    let (mut items, mut side_of) = (Vec::new(), Vec::new());
    let mut without_file = 0;
    for row in &table.rows {
        let key = folder_and_stem(&row.path);
        let mut labels: Vec<usize> = row.tags.iter().filter_map(|&tag| number[tag]).collect();
        labels.sort_unstable();
        let Some(side) = sides.of(key, &labels, &table.file, row.line)? else { continue };
        let Some(file) = by_path.get(key) else {
            without_file += 1;
            continue;
        };
        let artist = groups.get(key).map_or_else(|| artist_in_name(key), String::as_str);
        let (path, relative) = (file.path.clone(), row.path.clone());
        items.push(SetItem { path, relative, labels, group: artist.to_owned() });
        side_of.push(side);
    }
    if items.is_empty() {
        let expected = "MagnaTagATune: no clip of its table has a file mp3/f/NAME.mp3".into();
        return Err(DataError::Layout { path: dir.to_owned(), expected });
    }
    let mut notes = sides.notes;
    if without_file > 0 {
        notes.push(format!("left out: {without_file} clips that have no file"));
    }
    if sides.measure {
        keep_long(&mut items, &mut side_of, &mut notes);
    }
    let on = |side| (0..items.len()).filter(|&i| side_of[i] == side).collect();
    let fold =
        Fold { train: on(Side::Train), validation: on(Side::Validation), test: on(Side::Test) };
    let split = PublishedSplit {
        name: format!("MagnaTagATune, protocol {protocol}"),
        published: (protocol == Protocol::Lee).then_some(LEE).or(sides.counts),
        sha256: fold.sha256(|i| items[i].relative.as_str()),
        fold,
    };
    Ok(LabelledSet {
        layout: Layout::MagnaTagATune(protocol),
        root: dir.to_owned(),
        labels: top.iter().map(|&tag| table.tags[tag].clone()).collect(),
        multi_label: true,
        items,
        group_rule,
        split: Some(split),
        notes,
    })
}

/// The indices of the `n` most frequent tags of a table, most frequent first; of equals the one in the earlier column.
pub fn top_tags(table: &TagTable, n: usize) -> Vec<usize> {
    let mut counts = vec![0; table.tags.len()];
    table.rows.iter().flat_map(|row| &row.tags).for_each(|&tag| counts[tag] += 1);
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&tag| Reverse(counts[tag]));
    order.truncate(n);
    order
}

/// Merges tags that mean the same ([`SYNONYMS`]): a clip has the first of a group if it has any of them. The merged tag keeps the column of
/// the first that the table has.
pub fn merge_synonyms(table: &TagTable) -> TagTable {
    let first = |tag: &str| {
        SYNONYMS.iter().find(|group| group.contains(&tag)).map_or(tag.to_owned(), |g| g[0].into())
    };
    let mut tags: Vec<String> = Vec::new();
    let to: Vec<usize> = table
        .tags
        .iter()
        .map(|tag| {
            let name = first(tag);
            tags.iter().position(|t| *t == name).unwrap_or_else(|| {
                tags.push(name);
                tags.len() - 1
            })
        })
        .collect();
    let mut merged = TagTable { file: table.file.clone(), rows: table.rows.clone(), tags };
    for row in &mut merged.rows {
        let mut values = vec![0.0_f64; merged.tags.len()];
        row.values.iter().zip(&to).for_each(|(&value, &tag)| values[tag] = values[tag].max(value));
        row.values = values;
        row.tags = row.tags.iter().map(|&tag| to[tag]).collect();
        row.tags.sort_unstable();
        row.tags.dedup();
    }
    merged
}

/// The side of each clip, by list or by folder.
struct Sides {
    listed: Option<HashMap<String, Side>>,
    /// Clips without any of the tags are left out.
    tagged_only: bool,
    /// The length of each clip is to be measured.
    measure: bool,
    counts: Option<[usize; 3]>,
    notes: Vec<String>,
}

impl Sides {
    fn new(dir: &Path, protocol: Protocol) -> Result<Sides, DataError> {
        let tagged_only = protocol != Protocol::Folders;
        let (measure, listed) = (false, None);
        let mut sides = Sides { listed, tagged_only, measure, counts: None, notes: Vec::new() };
        let Some(lists) = protocol.find_lists(dir) else {
            sides.measure = protocol == Protocol::Lee;
            if protocol == Protocol::Won {
                let expected = "MagnaTagATune with the lists of protocol W (train.npy, valid.npy, test.npy), which no rule gives";
                return Err(DataError::Layout { path: dir.to_owned(), expected: expected.into() });
            }
            sides.notes.push("sides by folder: 0 to b, c, d to f".into());
            return Ok(sides);
        };
        let mut listed = HashMap::new();
        let mut counts = [0; 3];
        for (side, list) in [Side::Train, Side::Validation, Side::Test].into_iter().zip(&lists) {
            for (line, entry) in (1..).zip(read_list(list)?) {
                // Won's lists have the row of a table of tags before the path.
                let path = entry.split_once('\t').map_or(entry.as_str(), |(_, path)| path);
                let key = folder_and_stem(path).to_owned();
                if let Some(before) = listed.insert(key, side).filter(|&before| before != side) {
                    let problem =
                        format!("{path} is on this side ({side:?}) and on another ({before:?})");
                    return Err(DataError::Table { path: list.clone(), line, problem });
                }
                counts[side as usize] += 1;
            }
        }
        if protocol == Protocol::Lee && counts != LEE {
            sides.notes.push(format!("the lists have {counts:?} clips, those published {LEE:?}"));
        }
        (sides.listed, sides.counts) = (Some(listed), Some(counts));
        Ok(sides)
    }

    /// None if the clip is left out.
    fn of(
        &self,
        key: &str,
        labels: &[usize],
        table: &Path,
        line: u64,
    ) -> Result<Option<Side>, DataError> {
        if let Some(listed) = &self.listed {
            return Ok(listed.get(key).copied());
        }
        if self.tagged_only && labels.is_empty() {
            return Ok(None);
        }
        let folder = key.split('/').next().unwrap_or_default();
        match folder.as_bytes() {
            [b'0'..=b'9' | b'a' | b'b'] => Ok(Some(Side::Train)),
            [b'c'] => Ok(Some(Side::Validation)),
            [b'd'..=b'f'] => Ok(Some(Side::Test)),
            _ => {
                let problem =
                    format!("mp3_path `{}` is not in a folder 0 to f", key.escape_debug());
                Err(DataError::Table { path: table.to_owned(), line, problem })
            }
        }
    }
}

/// Keeps the clips of at least [`MIN_SECONDS`]; says how many are shorter or cannot be decoded.
fn keep_long(items: &mut Vec<SetItem>, sides: &mut Vec<Side>, notes: &mut Vec<String>) {
    let lengths: Vec<Option<f64>> = items.par_iter().map(|item| seconds(&item.path)).collect();
    let bad = lengths.iter().filter(|length| length.is_none()).count();
    let long = |length: &Option<f64>| length.is_some_and(|seconds| seconds >= MIN_SECONDS);
    let short = lengths.iter().filter(|length| !long(length)).count() - bad;
    for (count, what) in [(short, "are shorter than 29.1 s"), (bad, "cannot be decoded")] {
        if count > 0 {
            notes.push(format!("left out: {count} clips that {what}"));
        }
    }
    let mut keep = lengths.iter().map(long);
    items.retain(|_| keep.next().unwrap_or(false));
    let mut keep = lengths.iter().map(long);
    sides.retain(|_| keep.next().unwrap_or(false));
}

/// The length of a recording, or none if it cannot be decoded to its end.
fn seconds(path: &Path) -> Option<f64> {
    let mut stream = AudioStream::open(path).ok()?;
    let mut samples = 0;
    while let Some(block) = stream.next_block().ok()? {
        samples += block.len();
    }
    Some(samples as f64 / stream.channels() as f64 / f64::from(stream.sample_rate()))
}

/// The artist of each clip from `clip_info_final.csv`; without it none, and the name of the file tells.
fn artists(dir: &Path) -> Result<(HashMap<String, String>, String), DataError> {
    let table = dir.join(CLIP_INFO);
    if !table.is_file() {
        return Ok((HashMap::new(), "the artist: the file's name up to the first `-`".into()));
    }
    let mut artists = HashMap::new();
    for [path, artist] in read_table_columns(&table, ["mp3_path", "artist"])? {
        // Some clips of the published table have no file, and so no path.
        if !path.is_empty() && !artist.is_empty() {
            artists.insert(folder_and_stem(&path.replace('\\', "/")).to_owned(), artist);
        }
    }
    Ok((artists, format!("the artist in {CLIP_INFO}")))
}

/// `f/american_bach_soloists-j_s__bach-01-aria-30-59` -> `american_bach_soloists`.
fn artist_in_name(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    name.split('-').next().unwrap_or(name)
}

#[cfg(test)]
#[path = "magnatagatune_tests.rs"]
mod tests;
