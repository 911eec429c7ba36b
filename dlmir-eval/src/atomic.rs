//! Writing a file so that nobody ever sees half of it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::EvalError;

/// Writes `bytes` to the file `path`, which holds either its old content or all of the new, even if the
/// program is killed or the power fails half-way.
///
/// The bytes go to a temporary file in the same folder (`.NAME.PROCESS-NUMBER.tmp`; a killed program may
/// leave it behind), are flushed to the disk, and then take the name of the target in a single step. The
/// folder must exist.
///
/// ```
/// let path = std::env::temp_dir().join(format!("dlmir-doc-{}.txt", std::process::id()));
/// dlmir_eval::write_atomically(&path, b"all or nothing")?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"all or nothing");
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// [`EvalError::Io`] if the folder does not exist, is not writable or the disk is full. The target is then
/// as it was.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> Result<(), EvalError> {
    let path = path.as_ref();
    let temporary = temporary_beside(path).map_err(EvalError::io(path))?;
    let written = write_and_flush(&temporary, bytes).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        // The first error is the one to report; where nothing was created there is nothing to remove.
        let _ = fs::remove_file(&temporary);
    }
    written.map_err(EvalError::io(path))
}

fn write_and_flush(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name in the same folder, so that renaming never crosses file systems, of which no other process
/// and no other thread of this one makes use.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let no_name = || io::Error::new(io::ErrorKind::InvalidInput, "the path names no file");
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or_else(no_name)?);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    name.push(format!(".{}-{number}.tmp", std::process::id()));
    Ok(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn replaces_a_file_and_leaves_nothing_else() {
        let folder = TestFolder::new("atomic");
        let path = folder.join("metrics.json");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn failing_leaves_the_target_alone() {
        let folder = TestFolder::new("atomic-fails");
        let target = folder.join("a folder");
        fs::create_dir(&target).unwrap();
        assert!(write_atomically(&target, b"bytes").is_err());
        assert!(target.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);

        let error = write_atomically(folder.join("missing").join("file"), b"bytes").unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
        assert!(write_atomically("..", b"bytes").is_err());
    }

    /// Readers see one of the two contents, never a mixture or a beginning.
    #[test]
    fn readers_never_see_half() {
        let folder = TestFolder::new("atomic-race");
        let path = folder.join("file");
        let contents = [vec![b'a'; 100_000], vec![b'b'; 50_000]];
        write_atomically(&path, &contents[0]).unwrap();
        std::thread::scope(|scope| {
            for content in &contents {
                scope.spawn(|| (0..10).for_each(|_| write_atomically(&path, content).unwrap()));
            }
            for _ in 0..50 {
                let seen = fs::read(&path).unwrap();
                assert!(contents.contains(&seen), "{} bytes", seen.len());
            }
        });
    }
}
