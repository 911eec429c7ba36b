//! The output folder of a lesson.
//!
//! Each file is written to a temporary name first and renamed when it is complete, so that a reader
//! sees the old file or the new one and never half of one; `metrics.json` comes last and says that all
//! others are there. Only the live logs, `history.csv` and the event files, are appended to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dlmir_eval::write_atomically;
use serde_json::{Map, Value, json};

use crate::{Flags, Receipt};

/// A file of the output folder could not be read, written or removed.
#[derive(Debug)]
pub struct OutputError {
    path: PathBuf,
    source: io::Error,
}

impl std::fmt::Display for OutputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.source)
    }
}

impl std::error::Error for OutputError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.source)
    }
}

/// The output folder of a running lesson, and the clock of its run.
pub struct Output {
    lesson: &'static str,
    dir: PathBuf,
    data: String,
    seed: u64,
    started: Instant,
}

/// Names of what a lesson writes, checkpoints included.
const FILES: [&str; 5] =
    ["metrics.json", "report.html", "history.csv", "model.safetensors", "predictions.csv"];
const CHECKPOINTS: &str = "checkpoints";

impl Output {
    /// Creates the folder. Unless the run resumes, what an earlier run left there is removed.
    ///
    /// # Errors
    /// If the folder cannot be created or an old file cannot be removed.
    pub fn create(lesson: &'static str, flags: &Flags) -> Result<Output, OutputError> {
        let dir = flags.out_dir(lesson);
        let failed = |path: &Path| {
            let path = path.to_path_buf();
            move |source| OutputError { path, source }
        };
        fs::create_dir_all(&dir).map_err(failed(&dir))?;
        if !flags.resume {
            for name in FILES {
                remove(&dir.join(name))?;
            }
            remove_events(&dir)?;
            let checkpoints = dir.join(CHECKPOINTS);
            if checkpoints.exists() {
                fs::remove_dir_all(&checkpoints).map_err(failed(&checkpoints))?;
            }
        }
        let checkpoints = dir.join(CHECKPOINTS);
        fs::create_dir_all(&checkpoints).map_err(failed(&checkpoints))?;
        let data = match &flags.data {
            Some(dir) => dir.display().to_string(),
            None => String::from("generated"),
        };
        Ok(Output { lesson, dir, data, seed: flags.seed, started: Instant::now() })
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

    /// Whether an earlier run left a checkpoint.
    pub fn has_checkpoint(&self) -> bool {
        let entries = fs::read_dir(self.dir.join(CHECKPOINTS));
        entries.is_ok_and(|mut entries| entries.next().is_some())
    }

    /// Writes a file, whole or not at all.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> Result<(), OutputError> {
        let path = self.path(name);
        write_atomically(&path, content.as_ref())
            .map_err(|error| OutputError { path, source: io::Error::other(error) })
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
        for name in ["chosen", "metrics", "baselines", "intervals"] {
            let empty = if name == "chosen" { Value::Null } else { json!({}) };
            all.insert(name.into(), entries.get(name).cloned().unwrap_or(empty));
        }
        all.insert("train_seconds".into(), json!(self.seconds()));
        all.insert("receipt".into(), json!(receipt.hex()));
        let text = serde_json::to_string_pretty(&Value::Object(all)).map_err(|error| {
            OutputError { path: self.path("metrics.json"), source: io::Error::other(error) }
        })?;
        self.write("metrics.json", text + "\n")?;
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

fn remove(path: &Path) -> Result<(), OutputError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(OutputError { path: path.to_path_buf(), source })
        }
        _ => Ok(()),
    }
}

/// Removes event files from the folder and from its sub-folders, one per model.
fn remove_events(dir: &Path) -> Result<(), OutputError> {
    let failed = |source| OutputError { path: dir.to_path_buf(), source };
    for entry in fs::read_dir(dir).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        if path.is_dir() {
            remove_events(&path)?;
        } else if name.is_some_and(|name| name.starts_with("events.out.tfevents.")) {
            remove(&path)?;
        }
    }
    Ok(())
}
