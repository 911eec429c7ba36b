//! Recordings of a lesson, with their classes and groups: a folder, or what the generator makes.

use std::error::Error;
use std::path::{Path, PathBuf};

use dlmir_audio::Signal;
use dlmir_data::{BadFile, ClassFolder, GroupRule, Pieces, Rng, Skipped};
use hmac_sha256::Hash;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

use crate::Flags;

/// One recording of a data set.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The name in tables: the path below the set's folder.
    pub name: String,
    /// Index of its class.
    pub class: usize,
    /// Recordings of one group stay on one side of a split.
    pub group: String,
    /// Whether it is of the test folder: only asked about, never trained on.
    pub only_asked: bool,
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Made(fn(u64, u64) -> Signal, u64, u64),
}

impl Recording {
    /// Its sound, mixed down to one channel, at its own sample rate.
    ///
    /// # Errors
    /// If the file cannot be decoded.
    pub fn signal(&self) -> Result<Signal, Box<dyn Error + Send + Sync>> {
        match &self.source {
            Source::File(path) => Ok(dlmir_audio::load(path)?),
            Source::Made(make, seed, item) => Ok(make(*seed, *item)),
        }
    }
}

/// A set of recordings with class names.
#[derive(Debug, Clone)]
pub struct Recordings {
    /// Names of the classes, in byte order.
    pub classes: Vec<String>,
    /// The recordings, class by class.
    pub list: Vec<Recording>,
    /// Where they come from, in words.
    pub origin: String,
    /// Files that [`Recordings::listen`] left out.
    pub skipped: Vec<BadFile>,
}

impl Recordings {
    /// Lists a folder with one sub-folder per class. A quick run takes at most `quick_per_class` files of
    /// each class, chosen by the seed.
    ///
    /// # Errors
    /// If the folder is not such a folder.
    pub fn folder(
        dir: &Path,
        flags: &Flags,
        quick_per_class: usize,
    ) -> Result<Recordings, Box<dyn Error>> {
        let folder = ClassFolder::scan(dir)?;
        let mut items = folder.items;
        if flags.quick {
            let mut rng = Rng::at(flags.seed, 0, 0, QUICK_STREAM);
            rng.shuffle(&mut items);
            let mut taken = vec![0; folder.classes.len()];
            items.retain(|item| {
                taken[item.class] += 1;
                taken[item.class] <= quick_per_class
            });
            items.sort_by(|a, b| (a.class, &a.relative).cmp(&(b.class, &b.relative)));
        }
        let rule = match folder.group_rule {
            GroupRule::Table { listed } => format!("groups.csv names the groups of {listed} files"),
            GroupRule::GtzanMusicSpeech => "grouped by name without trailing digits".into(),
            GroupRule::Homburg => "grouped by artist, the name up to the first `-`".into(),
            GroupRule::EachFile => "each file is its own group".into(),
            _ => "files of one group stay together".into(),
        };
        let origin = format!("{} ({rule})", dir.display());
        let list = items.into_iter().map(|item| Recording {
            name: item.relative,
            class: item.class,
            group: item.group,
            only_asked: false,
            source: Source::File(item.path),
        });
        let list = list.collect();
        Ok(Recordings { classes: folder.classes, list, origin, skipped: Vec::new() })
    }

    /// `items` generated recordings; `make(seed, item)` makes the sound and `class_of(seed, item)` tells
    /// its class.
    pub fn generated(
        classes: &[&str],
        seed: u64,
        items: std::ops::Range<u64>,
        make: fn(u64, u64) -> Signal,
        class_of: impl Fn(u64, u64) -> usize,
    ) -> Recordings {
        let about = |seed, item| (class_of(seed, item), None);
        Recordings::generated_in_groups(classes, "music_speech", seed, items, make, about)
    }

    /// As [`Recordings::generated`], for a kind of set whose recordings belong together: `about(seed,
    /// item)` tells class and group; a recording without a group is its own.
    pub fn generated_in_groups(
        classes: &[&str],
        kind: &str,
        seed: u64,
        items: std::ops::Range<u64>,
        make: fn(u64, u64) -> Signal,
        about: impl Fn(u64, u64) -> (usize, Option<String>),
    ) -> Recordings {
        let list = items.map(|item| {
            let (class, group) = about(seed, item);
            let name = format!("{}/{kind}_{item:06}.wav", classes[class]);
            let source = Source::Made(make, seed, item);
            let group = group.unwrap_or_else(|| name.clone());
            Recording { name, class, group, only_asked: false, source }
        });
        let mut list: Vec<Recording> = list.collect();
        list.sort_by_key(|recording| recording.class);
        let classes = classes.iter().map(|class| class.to_string()).collect();
        Recordings { classes, list, origin: String::from("generated"), skipped: Vec::new() }
    }

    /// Adds the recordings of a test folder, which are only asked about.
    ///
    /// # Errors
    /// If that folder has a class that this set does not know.
    pub fn join(&mut self, test: Recordings) -> Result<(), Box<dyn Error>> {
        for mut recording in test.list {
            let name = &test.classes[recording.class];
            let known = self.classes.iter().position(|class| class == name);
            let unknown =
                || format!("{}: class `{name}` is unknown to the training data", test.origin);
            recording.class = known.ok_or_else(unknown)?;
            recording.only_asked = true;
            // Groups of the two folders are different groups, whatever their names are.
            recording.group = format!("test folder: {}", recording.group);
            self.list.push(recording);
        }
        self.origin = format!("{}, tested on {}", self.origin, test.origin);
        Ok(())
    }

    /// Classes and groups, as the splits want them.
    pub fn pieces(&self) -> Pieces {
        let classes = self.list.iter().map(|recording| recording.class).collect();
        Pieces::new(classes, self.list.iter().map(|recording| &recording.group))
    }

    /// Applies `f` to the sound of every recording, on all cores, and keeps the results in order.
    ///
    /// A recording that cannot be decoded, or that `f` cannot handle, is named on standard error with the
    /// reason and taken out of the list.
    ///
    /// # Errors
    /// If more than a tenth (and more than one) of the recordings to train on, or of those only asked
    /// about, are bad, or if a class to train on has none left.
    pub fn listen<T: Send>(
        &mut self,
        flags: &Flags,
        what: &str,
        f: impl Fn(&Recording, Signal) -> Result<T, Box<dyn Error + Send + Sync>> + Sync,
    ) -> Result<Vec<T>, Box<dyn Error>> {
        let bar = progress_bar(flags, self.list.len() as u64, what);
        let each = self.list.par_iter().map(|recording| {
            let result = recording.signal().and_then(|signal| f(recording, signal));
            bar.inc(1);
            result.map_err(|error| error.to_string())
        });
        let results: Vec<Result<T, String>> = each.collect();
        bar.finish_and_clear();

        // Files to train on come first; each of the two folders has its own limit.
        let train = self.list.iter().take_while(|recording| !recording.only_asked).count();
        let mut results = results.into_iter();
        let (mut heard, mut kept) = (Vec::new(), Vec::new());
        for part in [0..train, train..self.list.len()] {
            let name = |i: usize| self.list[part.start + i].name.clone();
            let (good, skipped) = Skipped::sort(results.by_ref().take(part.len()), name)?;
            for bad in &skipped.files {
                eprintln!("left out: {bad}");
            }
            let indices = good.iter().map(|(i, _)| part.start + i);
            if part.start == 0 {
                let left = indices.clone().map(|i| self.list[i].class);
                skipped.check_classes(&self.classes, left)?;
            }
            kept.extend(indices);
            heard.extend(good.into_iter().map(|(_, value)| value));
            self.skipped.extend(skipped.files);
        }
        self.list = kept.into_iter().map(|i| self.list[i].clone()).collect();
        Ok(heard)
    }

    /// A digest of names, classes, groups and sounds: two sets with equal digests are the same set,
    /// wherever it lies.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn digest(&self) -> Result<String, Box<dyn Error>> {
        let digests = self.list.par_iter().map(|recording| {
            let mut hash = Hash::new();
            hash.update(format!("{}\n{}\n{}\n", recording.name, recording.class, recording.group));
            match &recording.source {
                Source::File(path) => hash
                    .update(std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?),
                Source::Made(_, seed, item) => hash.update(format!("{seed} {item}")),
            }
            Ok(hash.finalize())
        });
        let digests: Vec<Result<[u8; 32], String>> = digests.collect();
        let mut hash = Hash::new();
        for digest in digests {
            hash.update(digest?);
        }
        Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// The random stream that picks the files of a quick run.
const QUICK_STREAM: u64 = 900;

/// A progress bar on standard error, or one that draws nothing.
pub fn progress_bar(flags: &Flags, len: u64, what: &str) -> ProgressBar {
    if !flags.progress() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{msg:<24} {bar:32} {pos}/{len} {eta}");
    let bar = ProgressBar::new(len).with_message(what.to_string());
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use clap::Parser;
    use dlmir_audio::{WavFormat, synth, write_wav};

    use super::*;

    /// A folder with so many recordings in each of two classes, the first `bad` of `a` broken.
    fn folder(name: &str, each: usize, bad: usize) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("dlmir-examples-{}-{name}", std::process::id()));
        for class in ["a", "b"] {
            std::fs::create_dir_all(folder.join(class)).unwrap();
            for i in 0..each {
                let path = folder.join(class).join(format!("{i:02}.wav"));
                if class == "a" && i < bad {
                    std::fs::write(path, "no sound").unwrap();
                } else {
                    let noise = synth::noise(0.1, 8000, i as u64);
                    write_wav(path, &noise, WavFormat::Pcm16).unwrap();
                }
            }
        }
        folder
    }

    fn listen(dir: &Path) -> Result<(Recordings, Vec<usize>), String> {
        let flags = Flags::parse_from(["lesson", "--no-progress"]);
        let mut set = Recordings::folder(dir, &flags, 1).unwrap();
        let heard = set.listen(&flags, "listening", |_, signal| Ok(signal.len()));
        std::fs::remove_dir_all(dir).unwrap();
        heard.map(|heard| (set, heard)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_good_folder_is_heard_whole() {
        let (set, heard) = listen(&folder("good", 5, 0)).unwrap();
        assert_eq!((heard.len(), set.list.len(), set.skipped.len()), (10, 10, 0));
    }

    #[test]
    fn bad_files_are_named_and_taken_out() {
        let (set, heard) = listen(&folder("bad", 10, 2)).unwrap();
        assert_eq!((heard.len(), set.list.len()), (18, 18));
        assert_eq!(set.list[0].name, "a/02.wav");
        assert_eq!(set.pieces().len(), 18);
        let names: Vec<&str> = set.skipped.iter().map(|bad| bad.name.as_str()).collect();
        assert_eq!(names, ["a/00.wav", "a/01.wav"]);
        assert!(set.skipped[0].reason.contains("no suitable format"), "{}", set.skipped[0]);
    }

    #[test]
    fn too_many_bad_files_stop_the_run() {
        let error = listen(&folder("many", 10, 3)).unwrap_err();
        assert!(error.contains("3 of 20") && error.contains("a/00.wav"), "{error}");
        let error = listen(&folder("class", 1, 1)).unwrap_err();
        assert!(error.contains("class `a`"), "{error}");
    }
}
