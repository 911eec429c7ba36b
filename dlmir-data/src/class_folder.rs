//! The simplest data set: a folder with one sub-folder per class.
//!
//! ```text
//! DIR/music/bach.wav          class 0, "music"
//! DIR/music/copland.wav
//! DIR/speech/news1.flac       class 1, "speech"
//! DIR/groups.csv              optional, see [`crate::groups`]
//! ```
//!
//! GTZAN, Homburg, ESC-50 and most home-made sets come like this. Classes and files are sorted by the
//! bytes of their names, so that class 0 is the same on every machine: a folder listing has no order
//! of its own. Audio lies directly in its class folder; deeper folders are not searched. Names that
//! begin with a dot are skipped.

use std::fs;
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::groups::{GroupRule, assign_groups};
use crate::split::Pieces;

/// Files with one of these extensions, in either case, are audio.
pub const AUDIO_EXTENSIONS: [&str; 10] =
    ["wav", "flac", "mp3", "ogg", "oga", "au", "snd", "aif", "aiff", "aifc"];

/// One labelled file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Where to open it.
    pub path: PathBuf,
    /// The path below the set's folder, with `/` on every system: the item's name in tables.
    pub relative: String,
    /// The index of its class.
    pub class: usize,
    /// Items of one group (a piece, an artist) must stay on one side of a split.
    pub group: String,
}

/// A set with one sub-folder per class.
#[derive(Debug, Clone)]
pub struct ClassFolder {
    /// The folder that was scanned.
    pub root: PathBuf,
    /// The names of the classes, in byte order.
    pub classes: Vec<String>,
    /// All files, class by class, in byte order of their names.
    pub items: Vec<Item>,
    /// Where the groups came from, to be told to the user.
    pub group_rule: GroupRule,
}

impl ClassFolder {
    /// Lists the classes and files of `root` and finds each file's group. No audio is opened.
    ///
    /// # Errors
    /// If a folder cannot be read, there is no class folder, a class folder has no audio, a name is not
    /// Unicode, or `groups.csv` is malformed.
    pub fn scan(root: impl AsRef<Path>) -> Result<ClassFolder, DataError> {
        let root = root.as_ref();
        let mut classes = Vec::new();
        let mut items = Vec::new();
        for (class, folder) in sorted_entries(root)?.into_iter().filter(|(_, p)| p.is_dir()) {
            let before = items.len();
            for (name, path) in sorted_entries(&folder)? {
                if is_audio(&path) && path.is_file() {
                    let relative = format!("{class}/{name}");
                    // The group follows below, when all files are known.
                    let (class, group) = (classes.len(), String::new());
                    items.push(Item { path, relative, class, group });
                }
            }
            if items.len() == before {
                let extensions = AUDIO_EXTENSIONS.join(", ");
                return Err(DataError::EmptyClass { path: folder, extensions });
            }
            classes.push(class);
        }
        if classes.is_empty() {
            return Err(DataError::NoClasses { path: root.to_owned() });
        }
        let group_rule = assign_groups(root, &classes, &mut items)?;
        Ok(ClassFolder { root: root.to_owned(), classes, items, group_rule })
    }

    /// Classes and groups of the items, as the splits want them.
    pub fn pieces(&self) -> Pieces {
        Pieces::new(
            self.items.iter().map(|i| i.class).collect(),
            self.items.iter().map(|i| &i.group),
        )
    }
}

/// True if the extension is one of [`AUDIO_EXTENSIONS`].
pub fn is_audio(path: &Path) -> bool {
    path.extension()
        .and_then(|e| e.to_str())
        .is_some_and(|e| AUDIO_EXTENSIONS.iter().any(|known| e.eq_ignore_ascii_case(known)))
}

/// Names and paths in a folder in byte order, without those that begin with a dot.
fn sorted_entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, DataError> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::io(folder))? {
        let path = entry.map_err(DataError::io(folder))?.path();
        let name = path.file_name().unwrap_or_default();
        match name.to_str() {
            Some(name) if name.starts_with('.') => {}
            Some(name) => entries.push((name.to_owned(), path)),
            // Only what would become an item or a class needs a name for the tables.
            None if is_audio(&path) || path.is_dir() => return Err(DataError::NotUnicode { path }),
            None => {}
        }
    }
    entries.sort();
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn classes_and_files_are_in_byte_order() {
        let folder = TestFolder::new(
            "order",
            &["b/2.wav", "b/10.FLAC", "B/x.mp3", "B/notes.txt", "B/.hidden.wav", "readme.wav"],
        );
        let set = ClassFolder::scan(folder.path()).unwrap();
        assert_eq!(set.classes, ["B", "b"]);
        let names: Vec<_> = set.items.iter().map(|i| (i.relative.as_str(), i.class)).collect();
        assert_eq!(names, [("B/x.mp3", 0), ("b/10.FLAC", 1), ("b/2.wav", 1)]);
        assert!(set.items.iter().all(|i| i.path.is_file()));
        assert_eq!(set.pieces().len(), 3);
    }

    #[test]
    fn a_set_that_is_none_is_an_error_with_its_name() {
        let no_classes = TestFolder::new("none", &["song.wav"]);
        let error = ClassFolder::scan(no_classes.path()).unwrap_err();
        assert!(matches!(error, DataError::NoClasses { .. }), "{error}");

        let empty = TestFolder::new("empty", &["a/song.wav", "b/text.txt"]);
        let error = ClassFolder::scan(empty.path()).unwrap_err();
        assert!(matches!(&error, DataError::EmptyClass { path, .. } if path.ends_with("b")));
        assert!(error.to_string().contains("wav, flac"), "{error}");

        let missing = empty.path().join("nowhere");
        let error = ClassFolder::scan(&missing).unwrap_err();
        assert!(matches!(error, DataError::Io { .. }) && error.to_string().contains("nowhere"));
    }
}
