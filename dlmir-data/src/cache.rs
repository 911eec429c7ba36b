//! Features that are computed once: a folder on disk, one file per recording and setting.
//!
//! Spectrograms of a large set take longer to compute than to read, and are the same every time. An entry is found by what it depends on
//! and by nothing else:
//!
//! ```text
//! key = SHA-256( FORMAT | parameters | SHA-256(bytes of the recording) )
//! ```
//!
//! so a recording that was changed, or other settings, are another entry; a name, a place or a time of modification play no part. (Hashing
//! reads the file once, some 300 MB a second: a small part of decoding it.) `parameters` is a line with every setting that changes a bit of the
//! result, the version of the code included.
//!
//! An entry is `KEY.feat`, all numbers little-endian:
//!
//! ```text
//! bytes  0..8    "DLMIRFC1"
//! bytes  8..40   key
//! bytes 40..56   rows, columns: two 64-bit integers
//! bytes 56..88   SHA-256 of bytes 0..56 and of the values
//! bytes 88..     values: rows * columns 32-bit floats, row by row
//! ```
//!
//! Entries are written under another name and renamed, so that a killed program leaves whole entries, and two programs at work on
//! one cache write the same bytes in the place of each other. What a disk did to an entry is noticed by its checksum; it is then computed anew,
//! which is said ([`Origin::Replaced`]).

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use dlmir_audio::replace_file;
use hmac_sha256::Hash;
use ndarray::Array2;
use rayon::prelude::*;

use crate::DataError;

const MAGIC: [u8; 8] = *b"DLMIRFC1";
const HEADER: usize = 88;

/// A temporary file that is older than this was left behind by a killed program.
const STALE: Duration = Duration::from_secs(3600);

/// Where an array came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// From the cache.
    Cache,
    /// Computed, and stored.
    Computed,
    /// Computed, because the entry was damaged in this way; the new one is stored.
    Replaced(String),
    /// Computed, but not stored, for this reason.
    NotStored(String),
}

/// A folder of features for one line of parameters.
///
/// ```
/// use dlmir_data::cache::{FeatureCache, Origin};
/// use ndarray::Array2;
///
/// let folder = std::env::temp_dir().join(format!("dlmir-cache-doc-{}", std::process::id()));
/// let recording = folder.join("recording.wav");
/// let cache = FeatureCache::open(&folder, "ramp 1, rows 2")?;
/// std::fs::write(&recording, "any bytes")?;
/// let compute = || Ok::<_, std::io::Error>(Array2::from_shape_fn((2, 3), |(i, j)| (i + j) as f32));
/// let (first, origin) = cache.get_or_compute(&recording, compute)?;
/// assert_eq!(origin, Origin::Computed);
/// let (second, origin) = cache.get_or_compute(&recording, compute)?;
/// assert_eq!((second, origin), (first, Origin::Cache));
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FeatureCache {
    folder: PathBuf,
    parameters: String,
}

impl FeatureCache {
    /// Opens or makes the folder, and removes what killed programs left half written in it.
    ///
    /// # Errors
    /// If the folder cannot be made or listed.
    pub fn open(folder: impl AsRef<Path>, parameters: &str) -> Result<FeatureCache, DataError> {
        let folder = folder.as_ref().to_owned();
        fs::create_dir_all(&folder).map_err(DataError::io(&folder))?;
        let cache = FeatureCache { folder, parameters: parameters.to_owned() };
        for file in cache.files(|name| name.starts_with('.') && name.ends_with(".tmp"))? {
            let age = SystemTime::now().duration_since(file.modified).unwrap_or_default();
            if age > STALE && file.name.contains(".feat.") {
                // Another program may have been faster.
                let _ = fs::remove_file(&file.path);
            }
        }
        Ok(cache)
    }

    /// The array of a recording: from the cache, or computed and stored.
    ///
    /// # Errors
    /// The error of `compute`. A cache that cannot be read or written is none: see [`Origin`]. Neither is a recording that
    /// cannot be read here: then `compute` has its say.
    pub fn get_or_compute<E>(
        &self,
        recording: impl AsRef<Path>,
        compute: impl FnOnce() -> Result<Array2<f32>, E>,
    ) -> Result<(Array2<f32>, Origin), E> {
        let key = match self.key(recording.as_ref()) {
            Ok(key) => key,
            Err(error) => return Ok((compute()?, Origin::NotStored(error.to_string()))),
        };
        let path = self.entry_path(&key);
        let mut origin = Origin::Computed;
        match fs::read(&path) {
            Ok(bytes) => match parse(&bytes, &key) {
                Ok(array) => {
                    // Used today: `shrink` removes what was not used for longest. A cache that is only readable works too.
                    let touched = File::options().append(true).open(&path);
                    let _ = touched.and_then(|file| file.set_modified(SystemTime::now()));
                    return Ok((array, Origin::Cache));
                }
                Err(damage) => origin = Origin::Replaced(damage),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => origin = Origin::Replaced(error.to_string()),
        }
        let array = compute()?;
        let bytes = entry(&array, &key);
        match replace_file(&path, |file| file.write_all(&bytes)) {
            Ok(()) => Ok((array, origin)),
            Err(error) => Ok((array, Origin::NotStored(format!("{}: {error}", path.display())))),
        }
    }

    /// The arrays of many recordings, in their order, on all cores; `progress(done, of)` is called, from any thread, after each.
    pub fn fill<P: AsRef<Path> + Sync, E: Send>(
        &self,
        recordings: &[P],
        compute: impl Fn(&Path) -> Result<Array2<f32>, E> + Sync,
        progress: impl Fn(u64, u64) + Sync,
    ) -> Vec<Result<(Array2<f32>, Origin), E>> {
        let (done, of) = (AtomicU64::new(0), recordings.len() as u64);
        let each = recordings.par_iter().map(|recording| {
            let recording = recording.as_ref();
            let array = self.get_or_compute(recording, || compute(recording));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, of);
            array
        });
        each.collect()
    }

    /// The size of all entries in bytes, whatever their parameters are.
    ///
    /// # Errors
    /// If the folder cannot be listed.
    pub fn size(&self) -> Result<u64, DataError> {
        Ok(self.entries()?.iter().map(|file| file.size).sum())
    }

    /// Removes entries until they are not larger than `bytes` in all, those first that were not used for longest. Returns how many.
    ///
    /// # Errors
    /// If the folder cannot be listed or an entry not be removed.
    pub fn shrink(&self, bytes: u64) -> Result<usize, DataError> {
        let mut entries = self.entries()?;
        entries.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
        let mut size: u64 = entries.iter().map(|file| file.size).sum();
        let mut removed = 0;
        for file in entries {
            if size <= bytes {
                break;
            }
            match fs::remove_file(&file.path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(DataError::io(&file.path)(error));
                }
                _ => (size, removed) = (size - file.size, removed + 1),
            }
        }
        Ok(removed)
    }

    /// Removes all entries; other files in the folder stay.
    ///
    /// # Errors
    /// As [`FeatureCache::shrink`].
    pub fn clear(&self) -> Result<usize, DataError> {
        self.shrink(0)
    }

    /// What an entry is found by.
    fn key(&self, recording: &Path) -> std::io::Result<[u8; 32]> {
        let (mut contents, mut block) = (Hash::new(), vec![0; 1 << 16]);
        let mut file = File::open(recording)?;
        loop {
            match file.read(&mut block)? {
                0 => break,
                count => contents.update(&block[..count]),
            }
        }
        let mut key = Hash::new();
        key.update(MAGIC);
        key.update((self.parameters.len() as u64).to_le_bytes());
        key.update(&self.parameters);
        key.update(contents.finalize());
        Ok(key.finalize())
    }

    fn entry_path(&self, key: &[u8; 32]) -> PathBuf {
        let name: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        self.folder.join(name + ".feat")
    }

    fn entries(&self) -> Result<Vec<Listed>, DataError> {
        self.files(|name| {
            let key = name.strip_suffix(".feat").unwrap_or_default();
            key.len() == 64 && key.bytes().all(|b| b.is_ascii_hexdigit())
        })
    }

    fn files(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Listed>, DataError> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(DataError::io(&self.folder))? {
            let entry = entry.map_err(DataError::io(&self.folder))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // What vanishes meanwhile is another program's work.
            if let Ok(about) = entry.metadata()
                && let Ok(modified) = about.modified()
                && wanted(&name)
            {
                files.push(Listed { name, path: entry.path(), size: about.len(), modified });
            }
        }
        Ok(files)
    }
}

struct Listed {
    name: String,
    path: PathBuf,
    size: u64,
    modified: SystemTime,
}

/// The bytes of an entry.
fn entry(array: &Array2<f32>, key: &[u8; 32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 4 * array.len());
    bytes.extend(MAGIC);
    bytes.extend(key);
    bytes.extend((array.nrows() as u64).to_le_bytes());
    bytes.extend((array.ncols() as u64).to_le_bytes());
    let mut hash = Hash::new();
    hash.update(&bytes);
    bytes.resize(HEADER, 0);
    bytes.extend(array.iter().flat_map(|x| x.to_le_bytes()));
    hash.update(&bytes[HEADER..]);
    bytes[HEADER - 32..HEADER].copy_from_slice(&hash.finalize());
    bytes
}

/// The array in the bytes of an entry with this key.
///
/// # Errors
/// What is wrong with them, in words: they are of another kind or key, incomplete, or their checksum differs.
pub fn parse(bytes: &[u8], key: &[u8; 32]) -> Result<Array2<f32>, String> {
    let (Some(header), Some(values)) = (bytes.get(..HEADER), bytes.get(HEADER..)) else {
        return Err(format!("{} bytes, less than a header", bytes.len()));
    };
    if header[..8] != MAGIC {
        return Err("another kind of file".into());
    }
    if header[8..40] != *key {
        return Err("the entry of another recording".into());
    }
    let number = |place: usize| {
        let bytes = header[place..].first_chunk().map_or(0, |b| u64::from_le_bytes(*b));
        usize::try_from(bytes).unwrap_or(usize::MAX)
    };
    let (rows, columns) = (number(40), number(48));
    // Before anything is allocated: the file holds as much as it declares.
    let declared = rows.checked_mul(columns).and_then(|count| count.checked_mul(4));
    if declared != Some(values.len()) {
        return Err(format!("{} bytes of values for {rows} x {columns}", values.len()));
    }
    let mut hash = Hash::new();
    hash.update(&header[..HEADER - 32]);
    hash.update(values);
    if hash.finalize() != header[HEADER - 32..] {
        return Err("the checksum differs".into());
    }
    let (chunks, _) = values.as_chunks::<4>();
    let values = chunks.iter().map(|b| f32::from_le_bytes(*b)).collect();
    Array2::from_shape_vec((rows, columns), values).map_err(|e| e.to_string())
}

#[cfg(test)]
#[path = "cache_tests.rs"]
mod tests;
