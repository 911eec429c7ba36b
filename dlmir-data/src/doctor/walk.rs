//! What lies in a folder: recordings, tables, annotations, and the rest.
//!
//! Nothing is left out without a word: what is not examined is counted, and what should not be there is named.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::Finding;
use super::sniff::{self, Kind};
use crate::DataError;
use crate::class_folder::is_audio;

/// Files that hold times or notes of a recording of the same name, and nothing else.
const ANNOTATIONS: [&str; 14] = [
    "onsets", "beats", "notes", "bpm", "jams", "lab", "chords", "segments", "meter", "tempo",
    "svl", "sv", "key", "textgrid",
];

/// Files that hold annotations as often as something else: taken for such if a recording has this name.
const PERHAPS_ANNOTATIONS: [&str; 8] = ["txt", "csv", "tsv", "json", "xml", "mid", "midi", "mat"];

/// One file of a folder.
pub(super) struct Found {
    pub path: PathBuf,
    /// Below the folder, with `/` on every system.
    pub name: String,
}

/// The files of a folder by what they are for, each list in byte order.
#[derive(Default)]
pub(super) struct Walk {
    /// To be decoded: audio by name or by content, with what the content says.
    pub audio: Vec<(Found, Kind)>,
    /// Comma- or tab-separated text.
    pub tables: Vec<Found>,
    /// Annotation files; true if their ending alone says so.
    pub annotations: Vec<(Found, bool)>,
    /// What is none of these, or cannot be looked at.
    pub odd: Vec<(Found, Finding)>,
    /// Other text and known companions, by extension.
    pub companions: BTreeMap<String, usize>,
    /// Names that begin with a dot; what is in hidden folders is not counted.
    pub hidden: usize,
}

impl Walk {
    /// Lists everything below a folder. Links to folders are not followed: they may lead in a circle.
    pub(super) fn below(folder: &Path) -> Result<Walk, DataError> {
        let mut walk = Walk::default();
        let entries = fs::read_dir(folder).map_err(DataError::io(folder))?;
        walk.folder(entries, "");
        walk.audio.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        Ok(walk)
    }

    fn folder(&mut self, entries: fs::ReadDir, below: &str) {
        let mut sorted: Vec<_> = entries.collect();
        sorted.sort_by_key(|entry| {
            entry.as_ref().map_or_else(|_| Default::default(), |e| e.file_name())
        });
        for entry in sorted {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let found = Found { path: PathBuf::new(), name: below.to_owned() };
                    let reason = format!("the folder cannot be listed: {error}");
                    self.odd.push((found, Finding::Unreadable { reason }));
                    continue;
                }
            };
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            let found = Found { path: entry.path(), name };
            if entry.file_name().to_string_lossy().starts_with('.') {
                self.hidden += 1;
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => match fs::read_dir(&found.path) {
                    Ok(entries) => self.folder(entries, &format!("{}/", found.name)),
                    Err(error) => {
                        let reason = format!("the folder cannot be listed: {error}");
                        self.odd.push((found, Finding::Unreadable { reason }));
                    }
                },
                _ => self.file(found),
            }
        }
    }

    fn file(&mut self, found: Found) {
        let about = match fs::metadata(&found.path) {
            Ok(about) => about,
            Err(error) => {
                let reason = format!("cannot be opened: {error}");
                return self.odd.push((found, Finding::Unreadable { reason }));
            }
        };
        if about.is_dir() {
            let what = "a link to a folder, which is not followed".into();
            return self.odd.push((found, Finding::NotAudio { what }));
        }
        if !about.is_file() {
            // Reading a pipe may wait for ever.
            let what = "no regular file (a pipe, socket or device)".into();
            return self.odd.push((found, Finding::NotAudio { what }));
        }
        let kind = match head(&found.path) {
            Ok(head) => sniff::kind(&head),
            Err(error) => {
                let reason = format!("cannot be read: {error}");
                return self.odd.push((found, Finding::Unreadable { reason }));
            }
        };
        let extension = extension(&found.path);
        let audio_name = is_audio(&found.path) || sniff::MORE_AUDIO.contains(&&*extension);
        if audio_name || matches!(kind, Kind::Audio(..) | Kind::Unread(_)) {
            return self.audio.push((found, kind));
        }
        let surely = ANNOTATIONS.contains(&&*extension);
        if surely || PERHAPS_ANNOTATIONS.contains(&&*extension) {
            if matches!(&*extension, "csv" | "tsv") {
                let path = found.path.clone();
                self.tables.push(Found { path, name: found.name.clone() });
            }
            return self.annotations.push((found, surely));
        }
        match kind {
            Kind::Text | Kind::Empty => {
                let kind =
                    if extension.is_empty() { "no ending".into() } else { format!(".{extension}") };
                *self.companions.entry(kind).or_default() += 1;
            }
            Kind::Other(what) => {
                let what = what.to_owned();
                self.odd.push((found, Finding::NotAudio { what }));
            }
            _ => {
                let what = "bytes of an unknown kind".into();
                self.odd.push((found, Finding::NotAudio { what }));
            }
        }
    }
}

/// The part after the last dot, in small letters.
pub(super) fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

/// The first bytes of a file, as many as [`sniff::kind`] wants.
pub(super) fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(sniff::HEAD as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The folder of a name: what is before its last `/`, or nothing.
pub(super) fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The name without folder and without the last ending.
pub(super) fn stem(name: &str) -> &str {
    let file = name.rsplit('/').next().unwrap_or(name);
    file.rsplit_once('.').map_or(file, |(stem, _)| if stem.is_empty() { file } else { stem })
}
