//! All audio below a folder, and the ways in which tables name it.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::DataError;
use crate::class_folder::is_audio;

/// An audio file somewhere below a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Audio {
    pub path: PathBuf,
    /// The path below the folder, with `/`.
    pub relative: String,
}

/// Every audio file below `root`, in byte order. Names that begin with a dot are passed over, and links to folders are not followed.
pub(super) fn audio_below(root: &Path) -> Result<Vec<Audio>, DataError> {
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, below)) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(DataError::io(&folder))? {
            let entry = entry.map_err(DataError::io(&folder))?;
            let path = entry.path();
            let is_dir = entry.file_type().map_err(DataError::io(&path))?.is_dir();
            match path.file_name().and_then(|name| name.to_str()) {
                Some(name) if name.starts_with('.') => {}
                Some(name) if is_dir => {
                    let below = format!("{below}{name}/");
                    folders.push((path, below));
                }
                Some(name) if is_audio(&path) => {
                    let relative = format!("{below}{name}");
                    found.push(Audio { path, relative });
                }
                Some(_) => {}
                None if is_audio(&path) || is_dir => return Err(DataError::NotUnicode { path }),
                None => {}
            }
        }
    }
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(found)
}

/// Finds files by a part of their path. Of several files with one key the first in byte order is found.
pub(super) fn by_key(files: &[Audio], key: fn(&str) -> &str) -> HashMap<&str, &Audio> {
    let mut index = HashMap::with_capacity(files.len());
    for file in files {
        index.entry(key(&file.relative)).or_insert(file);
    }
    index
}

/// `mp3/f/bach-0-29.mp3` -> `f/bach-0-29`: the last folder and the name without extension.
pub(super) fn folder_and_stem(path: &str) -> &str {
    let path = crate::split_file::stem(path);
    let name = path.rfind('/');
    let folder = name.and_then(|name| path[..name].rfind('/'));
    folder.map_or(path, |folder| &path[folder + 1..])
}

/// `3/9/3974574.clip.mp3` -> `3974574`: the name up to its first dot.
pub(super) fn id_of(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn files_are_found_by_parts_of_their_paths() {
        let folder = TestFolder::new(
            "set-tree",
            &["mp3/f/x-0-29.mp3", "mp3/a/x-0-29.mp3", "3/9/39.clip.mp3", "t.csv", ".h/y.mp3"],
        );
        let files = audio_below(folder.path()).unwrap();
        let names: Vec<_> = files.iter().map(|f| f.relative.as_str()).collect();
        assert_eq!(names, ["3/9/39.clip.mp3", "mp3/a/x-0-29.mp3", "mp3/f/x-0-29.mp3"]);
        assert_eq!(by_key(&files, folder_and_stem)["f/x-0-29"], &files[2]);
        assert_eq!(by_key(&files, id_of)["39"], &files[0]);
        assert_eq!((folder_and_stem("x.mp3"), folder_and_stem("f/x.mp3")), ("x", "f/x"));
    }
}
