//! The field's published sets, each read as it is passed on: its folders, its tables, its own split.
//!
//! ```text
//! open(DIR) -> LabelledSet { labels, items { path, labels, group }, split }
//! ```
//!
//! | file | set | labels | group | published split |
//! |---|---|---|---|---|
//! | [`gtzan`] | GTZAN, ten genres | one genre | the file | fault-filtered, 443/197/290 |
//! | [`homburg`] | Homburg, nine genres | one genre | artist, from the name | none |
//! | [`fma`] | Free Music Archive | one top genre | artist number | column `split` |
//! | [`magnatagatune`] | MagnaTagATune | 50 most frequent tags | artist | three incompatible ones |
//! | [`msd`] | Million Song Dataset | genre files or Last.fm tags | artist, if its table is there | Choi's lists, TU Wien's partitions |
//! | else | a folder with a sub-folder per class | the folder | `groups.csv`, or the file | none |
//!
//! Sets are passed on with files missing and in other formats. What is missing is left out, and [`LabelledSet::notes`] says how much: a figure
//! on a part of a set is not a figure on the set. A wrong line in a table is an error that names it.

pub mod fma;
pub mod gtzan;
pub mod homburg;
pub mod lists;
pub mod magnatagatune;
pub mod msd;
mod tree;

use std::fmt;
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::class_folder::ClassFolder;
use crate::groups::GroupRule;
use crate::split::{Fold, Pieces};
use crate::tag_split::TaggedPieces;

/// Which set a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// A folder with one sub-folder per class, of no set that is known by name.
    ClassFolders,
    /// GTZAN's genres.
    Gtzan,
    /// The Homburg set.
    Homburg,
    /// The Free Music Archive, in one of its sizes.
    Fma(fma::Subset),
    /// MagnaTagATune, by one of its protocols.
    MagnaTagATune(magnatagatune::Protocol),
    /// Labels for the Million Song Dataset and a folder of previews.
    MillionSong,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Layout::ClassFolders => f.write_str("class folders"),
            Layout::Gtzan => f.write_str("GTZAN genres"),
            Layout::Homburg => f.write_str("Homburg"),
            Layout::Fma(subset) => write!(f, "FMA {}", subset.name()),
            Layout::MagnaTagATune(protocol) => write!(f, "MagnaTagATune, protocol {protocol}"),
            Layout::MillionSong => f.write_str("Million Song Dataset"),
        }
    }
}

/// One recording of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetItem {
    /// Where to open it.
    pub path: PathBuf,
    /// The path below the set's folder, with `/` on every system: the item's name in tables.
    pub relative: String,
    /// Indices in [`LabelledSet::labels`], ascending: exactly one where a class is asked for, any number of tags.
    pub labels: Vec<usize>,
    /// Items of one group (an artist, a piece) must stay on one side of a split.
    pub group: String,
}

/// The split that came with a set, or that others have published for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedSplit {
    /// Whose it is, to be printed beside a result.
    pub name: String,
    /// Its three sides, as far as their files are there.
    pub fold: Fold,
    /// How many items the three sides have as published, where that is known.
    pub published: Option<[usize; 3]>,
    /// The fingerprint of `fold`: [`Fold::sha256`] over [`SetItem::relative`] or, where the set's folders vary, over its own names.
    pub sha256: String,
}

impl PublishedSplit {
    /// The numbers of items on the three sides.
    pub fn counts(&self) -> [usize; 3] {
        [&self.fold.train, &self.fold.validation, &self.fold.test].map(Vec::len)
    }

    /// False if files are missing, so that results on this split are not those that others publish.
    pub fn is_complete(&self) -> bool {
        self.published.is_none_or(|published| published == self.counts())
    }
}

/// A published set with its labels.
#[derive(Debug, Clone)]
pub struct LabelledSet {
    /// Which set it is.
    pub layout: Layout,
    /// The folder that was opened.
    pub root: PathBuf,
    /// The names of the labels: classes in byte order, tags by falling frequency.
    pub labels: Vec<String>,
    /// True if an item may have any number of labels; else each has exactly one.
    pub multi_label: bool,
    /// The recordings, in byte order of their names; classes one after the other.
    pub items: Vec<SetItem>,
    /// What a group is, in words.
    pub group_rule: String,
    /// The published split, if there is one.
    pub split: Option<PublishedSplit>,
    /// What a reader of results must know: files that are missing, rows that are left out.
    pub notes: Vec<String>,
}

impl LabelledSet {
    /// Classes and groups, as the splits want them.
    ///
    /// # Panics
    /// If the set is one of tags ([`LabelledSet::multi_label`]): those are split by [`LabelledSet::tagged_pieces`].
    #[track_caller]
    pub fn pieces(&self) -> Pieces {
        assert!(
            !self.multi_label,
            "sets: {} has tags, not classes; use tagged_pieces",
            self.layout
        );
        let classes = self.items.iter().map(|i| i.labels[0]).collect();
        Pieces::new(classes, self.items.iter().map(|i| &i.group))
    }

    /// Tags and groups, as the splits want them; a class counts as a tag.
    pub fn tagged_pieces(&self) -> TaggedPieces {
        let tags = self.items.iter().map(|i| i.labels.clone()).collect();
        TaggedPieces::new(tags, self.items.iter().map(|i| &i.group))
    }

    /// The number of items with each label.
    pub fn label_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.labels.len()];
        self.items.iter().flat_map(|i| &i.labels).for_each(|&label| counts[label] += 1);
        counts
    }

    /// The fingerprint of a split of this set, to be printed beside its result.
    pub fn split_sha256(&self, fold: &Fold) -> String {
        fold.sha256(|i| self.items[i].relative.as_str())
    }
}

/// Opens a folder with one of the known sets in its published layout, or with one sub-folder per class. No audio is opened.
///
/// ```no_run
/// let set = dlmir_data::sets::open("genres")?;
/// println!("{}: {} items, {} labels; {}", set.layout, set.items.len(), set.labels.len(), set.group_rule);
/// set.notes.iter().for_each(|note| eprintln!("{note}"));
/// if let Some(split) = &set.split {
///     println!("{}: {:?}, SHA-256 {}", split.name, split.counts(), split.sha256);
/// }
/// # Ok::<(), dlmir_data::DataError>(())
/// ```
///
/// # Errors
/// If a folder or table cannot be read, a table is malformed, or the folder is none of these.
pub fn open(dir: impl AsRef<Path>) -> Result<LabelledSet, DataError> {
    let dir = dir.as_ref();
    if fma::is_here(dir) {
        return fma::read_smallest(dir);
    }
    if dir.join(magnatagatune::ANNOTATIONS).is_file() {
        return magnatagatune::read(dir, magnatagatune::Protocol::of_lists(dir));
    }
    if let Some(labels) = msd::find_labels(dir)? {
        return msd::read(dir, &labels);
    }
    if let Some(root) = gtzan::find(dir) {
        return gtzan::read(&root);
    }
    let folder = ClassFolder::scan(dir)?;
    Ok(match folder.group_rule {
        GroupRule::Homburg => homburg::label(folder),
        _ => from_class_folder(folder, Layout::ClassFolders),
    })
}

/// A class folder as a labelled set, without a published split.
fn from_class_folder(folder: ClassFolder, layout: Layout) -> LabelledSet {
    let group_rule = match folder.group_rule {
        GroupRule::Table { listed } => format!("groups.csv names the groups of {listed} files"),
        GroupRule::GtzanMusicSpeech => "the name without trailing digits".into(),
        GroupRule::Homburg => "the artist: the name up to the first `-`".into(),
        GroupRule::EachFile => "each file by itself".into(),
    };
    let item = |item: crate::Item| SetItem {
        path: item.path,
        relative: item.relative,
        labels: vec![item.class],
        group: item.group,
    };
    LabelledSet {
        layout,
        root: folder.root,
        labels: folder.classes,
        multi_label: false,
        items: folder.items.into_iter().map(item).collect(),
        group_rule,
        split: None,
        notes: Vec::new(),
    }
}
