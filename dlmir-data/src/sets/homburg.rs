//! Homburg: nine genres, 1886 excerpts of 10 s, of 1463 artists.
//!
//! ```text
//! DIR/blues/ARTIST-TITLE.mp3
//! ```
//!
//! The artist is the text before the first `-`, so that a split by artist needs no table. The classes are uneven (rock 504, funk and soul 47),
//! so that accuracy alone says little, and there is no published split: cross-validation, stratified and by artist, is the custom.
//!
//! H. Homburg, I. Mierswa, B. Moeller, K. Morik, M. Wurst, "A benchmark dataset for audio classification and clustering", ISMIR 2005.

use std::path::Path;

use super::{LabelledSet, Layout, from_class_folder};
use crate::DataError;
use crate::class_folder::ClassFolder;
use crate::groups::GroupRule;

/// The number of excerpts in the whole set.
pub const EXCERPTS: usize = 1886;

/// Reads the class folders below `root`.
///
/// # Errors
/// As [`ClassFolder::scan`]; also if the folders or files do not have the names of this set.
pub fn read(root: impl AsRef<Path>) -> Result<LabelledSet, DataError> {
    let root = root.as_ref();
    let folder = ClassFolder::scan(root)?;
    match folder.group_rule {
        GroupRule::Homburg => Ok(label(folder)),
        _ => {
            let expected = "Homburg: genre folders with files named ARTIST-TITLE".into();
            Err(DataError::Layout { path: root.to_owned(), expected })
        }
    }
}

/// The set of a class folder whose names are those of Homburg.
pub(super) fn label(folder: ClassFolder) -> LabelledSet {
    let mut set = from_class_folder(folder, Layout::Homburg);
    if set.items.len() != EXCERPTS {
        let n = set.items.len();
        set.notes.push(format!("{n} of the {EXCERPTS} excerpts are there"));
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn artists_are_groups() {
        let files =
            ["blues/A-1.wav", "blues/A-2.wav", "blues/B-1.wav", "jazz/C-1.wav", "jazz/D-1.wav"];
        let folder = TestFolder::new("homburg-set", &files);
        for set in [read(folder.path()).unwrap(), super::super::open(folder.path()).unwrap()] {
            assert_eq!(set.layout, Layout::Homburg);
            assert_eq!(set.label_counts(), [3, 2]);
            assert_eq!(set.pieces().groups(), [0, 0, 1, 2, 3]);
            assert_eq!(set.notes, ["5 of the 1886 excerpts are there"]);
        }
        let other = TestFolder::new("homburg-not", &["a/x.wav", "b/y.wav"]);
        let error = read(other.path()).unwrap_err().to_string();
        assert!(error.contains("homburg-not") && error.contains("ARTIST-TITLE"), "{error}");
    }
}
