//! `generate`: writes generated audio with exact labels, for this course and for other toolkits.
//!
//! `cargo run --release --example generate -- --kind music_speech --items 20 --seconds 10 --out sounds`
//! makes `sounds/music/music_speech_000000.wav` and so on, and `sounds/index.csv` with a row per item. An
//! item depends on kind, seed, number, seconds and sample rate alone: item 731 is the same file whether it
//! is made alone (`--first 731 --items 1`) or among a thousand, on any number of threads of the same
//! platform. (Another platform's mathematical library may round a sine differently.)

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use dlmir_audio::{WavFormat, wav_bytes};
use dlmir_data::synthetic::music_speech;
use dlmir_eval::write_atomically;
use indicatif::{ProgressBar, ProgressStyle};
use rayon::prelude::*;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
enum Kind {
    MusicSpeech,
    Genre,
    Mood,
    Tags,
    Onsets,
    Rhythm,
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
    /// Samples per second
    #[arg(long, value_name = "HZ", default_value_t = 22_050, value_parser = clap::value_parser!(u32).range(8000..=192_000))]
    sample_rate: u32,
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

fn generate(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let Arguments { first, items, out, .. } = arguments;
    if arguments.kind != Kind::MusicSpeech {
        return Err("not yet: a later version will generate this kind".into());
    }
    if !(0.1..=3600.0).contains(&arguments.seconds) {
        return Err(format!("--seconds {}: wanted 0.1 to 3600", arguments.seconds).into());
    }
    if first + items > 1_000_000 {
        return Err("items are numbered with six digits: --first + --items ends at 1000000".into());
    }
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads as usize).build_global()?;
    }
    for class in music_speech::CLASSES {
        std::fs::create_dir_all(out.join(class)).map_err(|error| named(out, error))?;
    }
    let bar = bar(*items, arguments.no_progress);
    let rows: Result<Vec<String>, String> = (*first..first + items)
        .into_par_iter()
        .map(|item| {
            let row = write_item(arguments, item);
            bar.inc(1);
            row
        })
        .collect();
    bar.finish_and_clear();
    // The index comes last: where it is, all of its files are. Rows of earlier items stay.
    let index = out.join("index.csv");
    let earlier = match std::fs::read_to_string(&index) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| named(&index, error))?,
    };
    // In the order of the items' numbers, which end the files' names.
    let key = |row: &str| {
        let path = row.split(',').next().unwrap_or(row);
        (path.rsplit('_').next().unwrap_or(path).to_string(), path.to_string())
    };
    let mut all: BTreeMap<(String, String), String> =
        earlier.lines().skip(1).map(|row| (key(row), format!("{row}\n"))).collect();
    all.extend(rows?.into_iter().map(|row| (key(&row), row)));
    let rows: String = all.into_values().collect();
    write_atomically(&index, format!("path,class,seconds,sample_rate\n{rows}").as_bytes())?;
    println!("{items} items of {} s in {}", arguments.seconds, out.display());
    Ok(())
}

/// Makes and writes one item; returns its row of the index.
fn write_item(arguments: &Arguments, item: u64) -> Result<String, String> {
    let Arguments { seed, seconds, sample_rate, out, .. } = arguments;
    let made = music_speech::item(*seed, item, *seconds, *sample_rate);
    let class = music_speech::CLASSES[made.class];
    let path = format!("{class}/music_speech_{item:06}.wav");
    let bytes = wav_bytes(&made.signal, WavFormat::Pcm16).map_err(|error| error.to_string())?;
    write_atomically(out.join(&path), &bytes).map_err(|error| error.to_string())?;
    Ok(format!("{path},{class},{seconds},{sample_rate}\n"))
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
