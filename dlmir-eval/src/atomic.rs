//! Writing a file so that nobody ever sees half of it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::EvalError;

const AN_HOUR: Duration = Duration::from_secs(60 * 60);

/// Writes `bytes` to the file `path`, which holds either its old content or all of the new, even if the
/// program is killed or the power fails half-way.
///
/// The bytes go to a temporary file in the same folder (`.NAME.PROCESS-NUMBER.tmp`), are flushed to the
/// disk, and then take the name of the target in a single step. A killed program may leave its temporary
/// file behind; a later write of the same target removes those that nobody has touched for an hour. The
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
    written.map_err(EvalError::io(path))?;
    // The target is whole now, whatever becomes of the rest: neither of these is an error.
    let _ = flush_folder(path);
    let _ = remove_left_behind(path);
    Ok(())
}

/// Flushes the folder, so that the new name is on the disk too and not only the bytes under it.
fn flush_folder(path: &Path) -> io::Result<()> {
    // Elsewhere a folder cannot be opened as a file, and the system sees to it.
    if cfg!(unix) { File::open(folder_of(path))?.sync_all() } else { Ok(()) }
}

fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Removes the temporary files of this target that killed programs left behind. Another program may be
/// writing one at this moment, but not for an hour.
fn remove_left_behind(path: &Path) -> io::Result<()> {
    let target = path.file_name().map(|name| name.to_string_lossy().into_owned());
    let prefix = format!(".{}.", target.unwrap_or_default());
    for file in fs::read_dir(folder_of(path))? {
        let file = file?;
        let name = file.file_name().to_string_lossy().into_owned();
        let rest = name.strip_prefix(&prefix).and_then(|rest| rest.strip_suffix(".tmp"));
        let numbered =
            rest.and_then(|rest| rest.split_once('-')).is_some_and(|(process, number)| {
                process.parse::<u32>().is_ok() && number.parse::<u64>().is_ok()
            });
        if numbered && file.metadata()?.modified()?.elapsed().is_ok_and(|age| age > AN_HOUR) {
            fs::remove_file(file.path())?;
        }
    }
    Ok(())
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
    fn what_a_killed_program_left_behind_is_removed_once_it_is_old() {
        let folder = TestFolder::new("atomic-stale");
        let names = [
            ".file.12-0.tmp",
            ".file.13-7.tmp",
            ".other.12-0.tmp",
            ".file.x-0.tmp",
            "file.12-0.tmp",
        ];
        for name in names {
            fs::write(folder.join(name), b"half").unwrap();
        }
        let old = std::time::SystemTime::now() - 2 * AN_HOUR;
        for name in names.iter().filter(|name| **name != ".file.13-7.tmp") {
            let file = File::options().write(true).open(folder.join(name)).unwrap();
            file.set_modified(old).unwrap();
        }
        write_atomically(folder.join("file"), b"whole").unwrap();
        let left = names.map(|name| folder.join(name).exists());
        assert_eq!(left, [false, true, true, true, true]);
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
