//! `mir tag`: what is heard in a recording.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use dlmir_data::Skipped;
use dlmir_models::{ModelError, Pretrained, Tagger};

use crate::Outcome;
use crate::features::find_audio;
use crate::model::open;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Task {
    MusicSpeech,
    Genre,
    Mood,
}

#[derive(clap::Args)]
pub struct Tag {
    /// Audio files, or folders of them
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// What to listen for; music-speech exists, the others are not yet there
    #[arg(long, value_enum, default_value = "music-speech")]
    task: Task,
    /// A model of your own instead of the built-in one
    #[arg(long, value_name = "F.safetensors", conflicts_with = "task")]
    model: Option<PathBuf>,
    /// Take a model file without our checksum
    #[arg(long, requires = "model")]
    foreign: bool,
    /// Start, end and label of each part: a label track for Audacity
    #[arg(long)]
    segments: bool,
}

impl Tag {
    pub fn run(&self) -> Outcome {
        let tagger = match (&self.model, self.task) {
            (Some(path), _) => Tagger::new(open(path, self.foreign)?)?,
            (None, Task::MusicSpeech) => {
                eprintln!("mir: the built-in music/speech model, trained on generated sound only");
                Pretrained::music_speech()?
            }
            (None, Task::Genre | Task::Mood) => {
                return Err("not yet: there is no built-in model for this task".into());
            }
        };
        let mut files = Vec::new();
        for path in &self.files {
            if path.is_dir() { find_audio(path, &mut files)? } else { files.push(path.clone()) }
        }
        if files.is_empty() {
            let names: Vec<String> =
                self.files.iter().map(|path| path.display().to_string()).collect();
            return Err(format!("{}: no audio file there", names.join(", ")).into());
        }
        // With several files, or a folder, each line begins with the file it is about.
        let several = files.len() > 1 || self.files.iter().any(|path| path.is_dir());
        if !several {
            return self.one(&tagger, &files[0], "");
        }
        let mut results = Vec::new();
        for file in &files {
            let result = self.one(&tagger, file, &format!("{}\t", file.display()));
            match result {
                Err(error) if crate::is_broken_pipe(&*error) => return Err(error),
                Err(error) => {
                    eprintln!("mir: {error}");
                    results.push(Err(error));
                }
                Ok(()) => results.push(Ok(())),
            }
        }
        // Nothing is learnt here, so that no number of bad files stops the others.
        let (_, skipped) = Skipped::sort_all(results, |i| files[i].display().to_string());
        match skipped.files.len() {
            0 => Ok(()),
            bad => Err(format!("{bad} of {} files could not be used", skipped.of).into()),
        }
    }

    fn one(&self, tagger: &Tagger, file: &Path, before: &str) -> Result<(), Box<dyn Error>> {
        let signal = dlmir_audio::load(file)?;
        let named = |error: ModelError| format!("{}: {error}", file.display());
        if self.segments {
            for segment in tagger.segments(&signal).map_err(named)? {
                let label = &segment.label;
                say!("{before}{:.3}\t{:.3}\t{label}", segment.start_s, segment.end_s);
            }
        } else {
            for tag in tagger.tag(&signal).map_err(named)? {
                say!("{before}{}\t{:.4}", tag.label, tag.probability);
            }
        }
        Ok(())
    }
}
