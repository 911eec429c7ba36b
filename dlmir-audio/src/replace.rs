//! Replacing a file as a whole: nobody ever finds half of it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lets `write` fill a file and then gives it the name `path`. Until that moment a file of that name stays as it was, and it stays so
/// for good if writing fails.
///
/// The bytes go to a temporary file in the same folder (`.NAME.PROCESS-NUMBER.tmp`; a killed program may leave it behind).
///
/// ```
/// use std::io::Write;
///
/// let path = std::env::temp_dir().join(format!("dlmir-replace-{}.txt", std::process::id()));
/// dlmir_audio::replace_file(&path, |file| file.write_all(b"all or nothing"))?;
/// assert_eq!(std::fs::read(&path)?, b"all or nothing");
/// # std::fs::remove_file(&path)?;
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Errors
/// What `write` returns; and if the folder does not exist or cannot be written, or `path` names no file.
pub fn replace_file(
    path: impl AsRef<Path>,
    write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let path = path.as_ref();
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    // Threads that write the same file at the same time each write their own.
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    hidden.push(format!(".{}-{number}.tmp", std::process::id()));
    let temporary = path.with_file_name(hidden);

    let fill = |mut file: BufWriter<File>| {
        write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()
    };
    let filled = File::create_new(&temporary).map(BufWriter::new).and_then(fill);
    let replaced = filled.and_then(|()| fs::rename(&temporary, path));
    if replaced.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_file(&temporary);
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failing_half_way_leaves_the_old_file_and_nothing_else() {
        let folder = std::env::temp_dir().join(format!("dlmir-replace-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("sound.wav");
        replace_file(&path, |file| file.write_all(b"old")).expect("room");
        let failed = replace_file(&path, |file| {
            file.write_all(&[1; 100_000])?;
            Err(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.expect_err("a full disk").to_string(), "the disk is full");
        assert_eq!(fs::read(&path).expect("the old file"), b"old");
        replace_file(&path, |file| file.write_all(b"new")).expect("room");
        assert_eq!(fs::read(&path).expect("the new file"), b"new");
        assert_eq!(fs::read_dir(&folder).expect("the folder").count(), 1);
        assert!(replace_file("..", |_| Ok(())).is_err());
        fs::remove_dir_all(&folder).expect("our own folder");
    }
}
