//! `generate`: writes generated audio with exact labels, for this course and for other toolkits.
//!
//! `cargo run --release --example generate -- --kind music_speech --items 20 --seconds 10 --out sounds`
//! makes `sounds/music/music_speech_000000.wav` and so on, and `sounds/index.csv` with a row per item.
//!
//! | kind | audio | labels beside `index.csv` |
//! |---|---|---|
//! | `music_speech` | class folders | `.lab` with start, end and class |
//! | `programme` | one folder: music, and speech over it | `.lab`, in which segments of both classes overlap |
//! | `genre` | class folders | `groups.csv` (the artist) |
//! | `mood` | one folder | `mood.csv` with a column for each mood, `groups.csv` |
//! | `tags` | one folder | `tags.csv` with a column for each tag, `groups.csv` |
//! | `onsets` | one folder, 44.1 kHz | `.onsets`, `.notes`, `_class.txt` where there are drums, `groups.csv` |
//! | `rhythm` | one folder, 44.1 kHz | `.beats`, `.bpm`, `_chords.lab`, `_sections.lab`, `groups.csv` |
//!
//! Every piece of music (all kinds but the first two) has a `.jams` beside it with everything that is known about it: beats, tempo curve,
//! key, chords, sections, notes of each instrument, strokes of each drum, genre, moods and tags.
//!
//! An item depends on kind, seed, number, seconds and sample rate alone: item 731 is the same file whether it
//! is made alone (`--first 731 --items 1`) or among a thousand, on any number of threads of the same
//! platform. (Another platform's mathematical library may round a sine differently.)

mod everything;
mod tables;
mod write;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use dlmir_data::synthetic::band::{Genre, Set};
use dlmir_data::synthetic::music_speech;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Kind {
    MusicSpeech,
    Programme,
    Genre,
    Mood,
    Tags,
    Onsets,
    Rhythm,
}

impl Kind {
    /// Its name, as files have it.
    fn name(self) -> &'static str {
        match self {
            Kind::MusicSpeech => "music_speech",
            Kind::Programme => "programme",
            Kind::Genre => "genre",
            Kind::Mood => "mood",
            Kind::Tags => "tags",
            Kind::Onsets => "onsets",
            Kind::Rhythm => "rhythm",
        }
    }

    /// The set of pieces; none where not all is music.
    fn set(self) -> Option<Set> {
        match self {
            Kind::MusicSpeech | Kind::Programme => None,
            Kind::Genre => Some(Set::Genre),
            Kind::Mood => Some(Set::Mood),
            Kind::Tags => Some(Set::Tags),
            Kind::Onsets => Some(Set::Onsets),
            Kind::Rhythm => Some(Set::Rhythm),
        }
    }

    /// Class folders; none where the labels are in files.
    fn classes(self) -> Vec<&'static str> {
        match self {
            Kind::MusicSpeech => music_speech::CLASSES.to_vec(),
            Kind::Genre => Genre::ALL.iter().map(|genre| genre.name()).collect(),
            _ => Vec::new(),
        }
    }
}

#[derive(Parser)]
#[command(name = "generate", about = "Writes generated audio with exact labels")]
struct Arguments {
    /// What to make
    #[arg(long, value_enum)]
    kind: Kind,
    /// How many items
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    items: u64,
    /// The number of the first item
    #[arg(long, value_name = "I", default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..1_000_000))]
    first: u64,
    /// Seed of all random numbers
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Length of an item
    #[arg(long, value_name = "X", default_value_t = 10.0)]
    seconds: f32,
    /// Samples per second [default: 22050; onsets, rhythm: 44100]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(8000..=192_000))]
    sample_rate: Option<u32>,
    /// Folder to write to
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Threads to work on; the files do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    threads: Option<u64>,
    /// No progress bar
    #[arg(long)]
    no_progress: bool,
}

fn main() -> ExitCode {
    match generate(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("generate: {error}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn sample_rate(&self) -> u32 {
        let events = matches!(self.kind, Kind::Onsets | Kind::Rhythm);
        self.sample_rate.unwrap_or(if events { 44_100 } else { 22_050 })
    }
}

fn generate(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { first, items, out, kind, .. } = arguments;
    if !(0.1..=3600.0).contains(&arguments.seconds) {
        return Err(format!("--seconds {}: wanted 0.1 to 3600", arguments.seconds).into());
    }
    if first + items > 1_000_000 {
        return Err("items are numbered with six digits: --first + --items ends at 1000000".into());
    }
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads as usize).build_global()?;
    }
    std::fs::create_dir_all(out).map_err(|error| named(out, error))?;
    for class in kind.classes() {
        std::fs::create_dir_all(out.join(class)).map_err(|error| named(out, error))?;
    }
    let bar = bar(*items, arguments.no_progress);
    let rows: Result<Vec<write::Rows>, String> = (*first..first + items)
        .into_par_iter()
        .map(|item| {
            let rows = match kind.set() {
                None if *kind == Kind::Programme => write::programme(arguments, item),
                None => write::music_speech(arguments, item),
                Some(set) => write::piece(arguments, set, item),
            };
            bar.inc(1);
            rows
        })
        .collect();
    bar.finish_and_clear();
    let rows = rows?;
    // The index comes last: where it is, all of its files are.
    if let Some(set) = kind.set() {
        tables::add(&out.join("groups.csv"), "path,group", rows.iter().map(|r| &r.group))?;
        if matches!(set, Set::Mood | Set::Tags) {
            let table = out.join(format!("{}.csv", kind.name()));
            tables::add(&table, &write::tag_header(set), rows.iter().map(|r| &r.tags))?;
        }
    }
    let header = write::index_header(kind.set());
    tables::add(&out.join("index.csv"), header, rows.iter().map(|r| &r.index))?;
    println!("{items} items of {} s in {}", arguments.seconds, out.display());
    Ok(())
}

fn named(path: &Path, error: std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn bar(items: u64, hidden: bool) -> ProgressBar {
    if hidden {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}");
    let bar = ProgressBar::new(items);
    style.map_or_else(|_| bar.clone(), |style| bar.clone().with_style(style))
}
