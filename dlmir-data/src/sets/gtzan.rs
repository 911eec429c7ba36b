//! GTZAN: ten genres of a hundred excerpts of 30 s each, and the split without its faults.
//!
//! ```text
//! DIR/genres/blues/blues.00000.au        or .wav; genre/, genres_original/, or the class folders in DIR itself
//! ```
//!
//! The set is as well known as its faults: repeated recordings, wrong labels, distortion, and several excerpts of one artist in most
//! classes. A random split puts those on both sides, and figures of 90 % and more come of it. The fault-filtered split
//! ([`SplitFile::gtzan_filtered`]) leaves them out: 443 files to train on, 197 to choose with, 290 to test on.
//!
//! G. Tzanetakis, P. Cook, "Musical genre classification of audio signals", IEEE Transactions on Speech and Audio Processing 10(5),
//! 2002. C. Kereliuk, B. L. Sturm, J. Larsen, "Deep learning and music adversaries", IEEE Transactions on Multimedia 17(11), 2015.

use std::path::{Path, PathBuf};

use super::{LabelledSet, Layout, PublishedSplit, from_class_folder};
use crate::DataError;
use crate::class_folder::ClassFolder;
use crate::split_file::SplitFile;

/// The ten genres, in byte order.
pub const GENRES: [&str; 10] =
    ["blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock"];

/// The numbers of files of the fault-filtered split: training, validation, test.
pub const FILTERED: [usize; 3] = [443, 197, 290];

/// The folders in which archives of the set keep their class folders.
const FOLDERS: [&str; 4] = ["", "genres", "genre", "genres_original"];

/// The folder with GTZAN's class folders: `dir` or one directly below it. None if there is no such folder.
pub fn find(dir: &Path) -> Option<PathBuf> {
    FOLDERS.iter().map(|name| dir.join(name)).find(|root| is_gtzan(root))
}

/// True if all class folders have a genre's name, and two at least hold files `GENRE.NNNNN`.
fn is_gtzan(root: &Path) -> bool {
    let Ok(folder) = ClassFolder::scan(root) else { return false };
    folder.classes.len() >= 2
        && folder.classes.iter().all(|class| GENRES.contains(&class.as_str()))
        && folder.items.iter().all(|item| {
            let class = &folder.classes[item.class];
            let name = item.relative.rsplit('/').next().unwrap_or_default();
            let number = name.strip_prefix(class.as_str()).and_then(|rest| rest.strip_prefix('.'));
            let number = number.and_then(|rest| rest.split('.').next());
            number.is_some_and(|n| n.len() == 5 && n.bytes().all(|b| b.is_ascii_digit()))
        })
}

/// Reads the class folders below `root` and applies the fault-filtered split to them.
///
/// Files that the split leaves out stay in [`LabelledSet::items`] but are on none of its sides. Of a copy that lacks listed files (`jazz.00054`
/// is damaged in a common one) the sides are smaller, and a note says so; with a side empty there is no split.
///
/// # Errors
/// As [`ClassFolder::scan`].
pub fn read(root: &Path) -> Result<LabelledSet, DataError> {
    let mut set = from_class_folder(ClassFolder::scan(root)?, Layout::Gtzan);
    if set.group_rule.starts_with("each file") {
        set.notes.push(
            "the set names no artists: only the fault-filtered split keeps them apart".into(),
        );
    }
    let names: Vec<&str> = set.items.iter().map(|i| i.relative.as_str()).collect();
    let list = SplitFile::gtzan_filtered();
    match list.apply_present(&names) {
        Ok((applied, missing)) => {
            if let Some(first) = missing.first() {
                let of: usize = FILTERED.iter().sum();
                let missing = missing.len();
                set.notes.push(format!(
                    "{missing} of the {of} files of the fault-filtered split are not there, such as {first}"
                ));
            }
            set.split = Some(PublishedSplit {
                name: "fault-filtered (Kereliuk, Sturm, Larsen 2015)".into(),
                sha256: applied.fold.sha256(|i| names[i]),
                fold: applied.fold,
                published: Some(FILTERED),
            });
        }
        Err(error) => set.notes.push(format!("no fault-filtered split: {error}")),
    }
    Ok(set)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use hmac_sha256::Hash;

    use super::*;
    use crate::split_file::Side;
    use crate::split_hash::hex;
    use crate::test_folder::TestFolder;

    fn tree(name: &str, below: &str, extension: &str, numbers: std::ops::Range<u32>) -> TestFolder {
        let files = GENRES.iter().flat_map(|genre| {
            let file = move |n| format!("{below}{genre}/{genre}.{n:05}.{extension}");
            numbers.clone().map(file)
        });
        let files: Vec<String> = files.collect();
        TestFolder::new(name, &files.iter().map(String::as_str).collect::<Vec<_>>())
    }

    #[test]
    fn a_whole_set_has_the_published_split() {
        for (below, extension) in [("genres/", "au"), ("genre/", "wav"), ("", "mp3")] {
            let folder = tree("gtzan-whole", below, extension, 0..100);
            let set = super::super::open(folder.path()).unwrap();
            assert_eq!((set.layout, set.items.len(), set.labels.len()), (Layout::Gtzan, 1000, 10));
            let split = set.split.unwrap();
            assert!(split.counts() == FILTERED && split.is_complete());
            // The same digits for every form of the set, and those of the lists.
            assert_eq!(split.sha256, SplitFile::gtzan_filtered().sha256());
            assert_eq!(set.notes.len(), 1);
        }
    }

    #[test]
    fn the_lists_are_the_published_ones() {
        let lists = [
            include_str!("../gtzan_filtered/train.txt"),
            include_str!("../gtzan_filtered/valid.txt"),
            include_str!("../gtzan_filtered/test.txt"),
        ];
        let digests = lists.map(|text| hex(&Hash::hash(text.as_bytes())));
        assert_eq!(digests, DIGESTS);
        assert_eq!(SplitFile::gtzan_filtered().sha256(), SPLIT_DIGEST);
    }

    const DIGESTS: [&str; 3] = [
        "2b04966cef1486f1a7767b74271533fa23e220388db804a1937835e1fc4fa3fa",
        "f8fbee7c52397a0e0f3a91dc54fedecb2e27f5bdc9a9daeab8cb10d077e26956",
        "09cafa6a89ce0a27f30ed250d56ecb4d03c22fffb5a693f96c7ae655ee02ac72",
    ];
    const SPLIT_DIGEST: &str = "f2281e285e7ab5c58c1f9627b8a6b38cd7432123e8851fb720ea7dd45ec60e10";

    #[test]
    fn every_genre_has_its_share_of_every_side() {
        let list = SplitFile::gtzan_filtered();
        let per_genre = |side| {
            let mut counts = BTreeMap::new();
            for path in list.paths(side) {
                *counts.entry(path.split('/').next().unwrap()).or_insert(0) += 1;
            }
            assert!(counts.keys().copied().eq(GENRES));
            counts.into_values().collect::<Vec<_>>()
        };
        assert_eq!(per_genre(Side::Train), [46, 48, 45, 42, 47, 43, 44, 41, 43, 44]);
        assert_eq!(per_genre(Side::Validation), [23, 20, 23, 22, 18, 17, 20, 13, 17, 24]);
        assert_eq!(per_genre(Side::Test), [31, 31, 30, 29, 27, 27, 27, 30, 26, 32]);
    }

    #[test]
    fn what_is_missing_is_said() {
        let part = tree("gtzan-part", "genres_original/", "wav", 0..60);
        let set = super::super::open(part.path()).unwrap();
        let split = set.split.unwrap();
        assert!(!split.is_complete() && split.counts() < FILTERED);
        assert!(set.notes[1].contains("of the 930 files"), "{:?}", set.notes);

        // Two files of the test side alone.
        let tiny = TestFolder::new(
            "gtzan-tiny",
            &["blues/blues.00012.wav", "blues/blues.00013.wav", "pop/pop.00999.au"],
        );
        let set = super::super::open(tiny.path()).unwrap();
        assert!(
            set.split.is_none() && set.notes[1].contains("no item for Train"),
            "{:?}",
            set.notes
        );
    }

    #[test]
    fn folders_of_other_files_are_not_gtzan() {
        let folder = TestFolder::new("gtzan-not", &["blues/a-b.wav", "jazz/jazz.00001.wav"]);
        assert_eq!(find(folder.path()), None);
        assert_eq!(super::super::open(folder.path()).unwrap().layout, Layout::ClassFolders);
    }
}
