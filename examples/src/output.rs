//! The output folder of a lesson.
//!
//! Each file is written to a temporary name first and renamed when it is complete, so that a reader
//! sees the old file or the new one and never half of one; `metrics.json` comes last and says that all
//! others are there. Only the live logs, `history.csv` and the event files, are appended to.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dlmir_eval::{EvalError, write_atomically};
use dlmir_models::train::History;
use serde_json::{Map, Value, json};

use crate::{Flags, Receipt};

/// The output folder, or a file in it, could not be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum OutputError {
    /// A file could not be read, written or removed.
    Io {
        /// The file.
        path: PathBuf,
        /// What happened.
        source: io::Error,
    },
    /// A file could not be replaced.
    Write(EvalError),
    /// `--resume` found the checkpoints of another run.
    OtherSettings {
        /// The output folder.
        dir: PathBuf,
        /// What the earlier run was.
        earlier: String,
        /// What this run is.
        now: String,
    },
}

impl std::fmt::Display for OutputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            OutputError::Io { path, source } => write!(f, "{}: {source}", path.display()),
            OutputError::Write(error) => error.fmt(f),
            OutputError::OtherSettings { dir, earlier, now } => write!(
                f,
                "{}: the checkpoint is of other settings: it has `{earlier}`, this run `{now}`",
                dir.display()
            ),
        }
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            OutputError::Io { source, .. } => Some(source),
            OutputError::Write(error) => Some(error),
            OutputError::OtherSettings { .. } => None,
        }
    }
}

/// The output folder of a running lesson, and the clocks of its run.
pub struct Output {
    lesson: &'static str,
    dir: PathBuf,
    data: String,
    test: Option<String>,
    seed: u64,
    started: Instant,
    trained: Cell<f64>,
}

/// Names of what a lesson writes.
const FILES: [&str; 5] =
    ["metrics.json", "report.html", "history.csv", "model.safetensors", "predictions.csv"];
/// The folder of the checkpoints, and in it the settings of their run.
const CHECKPOINTS: &str = "dlmir-checkpoints";
const SETTINGS: &str = "settings.txt";

impl Output {
    /// Creates the folder, if need be. Nothing in it is touched before [`Output::begin`].
    ///
    /// # Errors
    /// If it cannot be created.
    pub fn open(lesson: &'static str, flags: &Flags) -> Result<Output, OutputError> {
        let dir = flags.out_dir(lesson);
        create(&dir)?;
        let name = |dir: &PathBuf| dir.display().to_string();
        let data = flags.data.as_ref().map_or(String::from("generated"), name);
        let test = flags.test.as_ref().map(name);
        let (seed, started, trained) = (flags.seed, Instant::now(), Cell::new(0.0));
        Ok(Output { lesson, dir, data, test, seed, started, trained })
    }

    /// Begins the run, once its data is known to be good: results of an earlier run are removed, and
    /// unless this run goes on from its checkpoints, so are these. `settings` is all that changes the
    /// results but the number of epochs; `logs` are the sub-folders with event files.
    ///
    /// # Errors
    /// If the checkpoints are of other settings, or an old file cannot be removed.
    pub fn begin(&self, flags: &Flags, settings: &str, logs: &[String]) -> Result<(), OutputError> {
        let checkpoints = self.dir.join(CHECKPOINTS);
        let kept = checkpoints.join(SETTINGS);
        let earlier = match fs::read_to_string(&kept) {
            Ok(earlier) => Some(earlier),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(OutputError::Io { path: kept, source }),
        };
        if let (true, Some(earlier)) = (flags.resume, earlier) {
            if earlier != settings {
                let (dir, now) = (self.dir.clone(), settings.to_string());
                return Err(OutputError::OtherSettings { dir, earlier, now });
            }
            return remove(&self.path(FILES[0]));
        }
        if flags.resume {
            eprintln!("{}: no checkpoint here, starting anew", self.dir.display());
        }
        FILES.iter().try_for_each(|name| remove(&self.path(name)))?;
        remove_from(&self.dir, |name| name.starts_with("events.out.tfevents."))?;
        for folder in logs {
            remove_from(&self.path(folder), |name| name.starts_with("events.out.tfevents."))?;
        }
        remove_from(&checkpoints, |name| name == SETTINGS || name.ends_with(".safetensors"))?;
        create(&checkpoints)?;
        write_atomically(&kept, settings.as_bytes()).map_err(OutputError::Write)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// The path of a checkpoint file.
    pub fn checkpoint(&self, name: &str) -> PathBuf {
        self.dir.join(CHECKPOINTS).join(format!("{name}.safetensors"))
    }

    /// Counts the seconds of a training run, those before an interruption included.
    pub fn trained(&self, history: &History) {
        let seconds: f64 = history.rows.iter().map(|row| row.seconds).sum();
        self.trained.set(self.trained.get() + seconds);
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), OutputError> {
        write_atomically(self.path(name), content.as_ref()).map_err(OutputError::Write)
    }

    /// Writes `metrics.json`, the last file of a run. `entries` holds `metrics`, `baselines`,
    /// `intervals` and, where models were compared, `chosen`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn finish(
        &self,
        entries: Map<String, Value>,
        receipt: &Receipt,
    ) -> Result<(), OutputError> {
        let mut all = Map::new();
        all.insert("lesson".into(), json!(self.lesson));
        all.insert("version".into(), json!(env!("CARGO_PKG_VERSION")));
        all.insert("seed".into(), json!(self.seed));
        all.insert("data".into(), json!(self.data));
        if let Some(test) = &self.test {
            all.insert("test".into(), json!(test));
        }
        for name in ["chosen", "metrics", "baselines", "intervals"] {
            let empty = if name == "chosen" { Value::Null } else { json!({}) };
            all.insert(name.into(), entries.get(name).cloned().unwrap_or(empty));
        }
        all.insert("train_seconds".into(), json!(self.trained.get()));
        all.insert("receipt".into(), json!(receipt.hex()));
        self.write("metrics.json", format!("{:#}\n", Value::Object(all)))?;
        println!("\nreceipt {}", receipt.hex());
        println!("written to {} in {:.1} s:", self.dir.display(), self.seconds());
        for name in FILES.iter().filter(|name| self.path(name).exists()) {
            println!("  {name}");
        }
        Ok(())
    }

    /// Seconds since the start of the run.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

fn create(dir: &Path) -> Result<(), OutputError> {
    fs::create_dir_all(dir).map_err(|source| OutputError::Io { path: dir.to_path_buf(), source })
}

fn remove(path: &Path) -> Result<(), OutputError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(OutputError::Io { path: path.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

/// Removes a folder's files whose names are ours; the folder itself, other files and sub-folders stay.
fn remove_from(dir: &Path, ours: impl Fn(&str) -> bool) -> Result<(), OutputError> {
    let failed = |source| OutputError::Io { path: dir.to_path_buf(), source };
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if ours(&entry.file_name().to_string_lossy()) && entry.path().is_file() {
            remove(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn flags(dir: &Path, more: &[&str]) -> Flags {
        let dir = dir.display().to_string();
        Flags::parse_from([&["lesson", "--out", dir.as_str()], more].concat())
    }

    #[test]
    fn a_run_replaces_its_own_files_and_no_others() {
        let dir = std::env::temp_dir().join(format!("dlmir-output-{}", std::process::id()));
        _ = fs::remove_dir_all(&dir);
        let foreign = ["notes.txt", "other/events.out.tfevents.1.host", "dlmir-checkpoints/x.ckpt"];
        let own = [
            "metrics.json",
            "cnn/fold1/events.out.tfevents.1.host",
            "dlmir-checkpoints/a.safetensors",
        ];
        for name in foreign.iter().chain(&own) {
            fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
            fs::write(dir.join(name), "x").unwrap();
        }
        let there = |name: &&str| dir.join(name).exists();
        let fresh = flags(&dir, &[]);
        let output = Output::open("lesson", &fresh).unwrap();
        assert!(own.iter().all(there), "opening removes nothing");
        output.begin(&fresh, "seed 1", &[String::from("cnn/fold1")]).unwrap();
        assert!(foreign.iter().all(there));
        assert!(!own.iter().any(there));

        // A resumed run keeps the checkpoints, if they are its own.
        fs::write(output.checkpoint("a"), "x").unwrap();
        let resumed = flags(&dir, &["--resume"]);
        output.begin(&resumed, "seed 1", &[]).unwrap();
        assert!(output.checkpoint("a").exists());
        let error = output.begin(&resumed, "seed 2", &[]).unwrap_err().to_string();
        assert!(error.ends_with("it has `seed 1`, this run `seed 2`"), "{error}");
        fs::remove_dir_all(&dir).unwrap();
    }
}
