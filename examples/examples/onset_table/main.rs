//! How well are onsets found? A table with a row per set and method: three that need no network, and a small network that has heard
//! generated onsets only.
//!
//! ```sh
//! cargo run --release --example onset_table -- --data DIR [--data OTHER] [--network] [--generated]
//! ```
//!
//! `DIR` holds the sets that `sets.rs` knows in their own layouts, or audio files with `.onsets` files beside them. Every recording is
//! taken at its own rate and every method with its own settings, which were chosen by their authors on other recordings. `--network`
//! trains the network of `network.rs` first, and adds its rows: its threshold is chosen on generated items of other artists, and nothing
//! on recordings. `--generated` adds sets of generated items of artists that neither training nor threshold have heard.
//!
//! Printed is a table in Markdown: hits, references and estimates are added up over the recordings of a set (pooled), in brackets
//! is a 95 % bootstrap interval over recordings (none for a single one), and the last column is for soft onsets.
//!
//! It takes some seconds per ten minutes of sound, and about eight minutes of one core more with a network.

mod generated;
mod network;
mod sets;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dlmir_audio::{OnsetDetector, OnsetMethod};
use dlmir_eval::{NARROW_ONSET_WINDOW_S, ONSET_WINDOW_S, OnsetCounts, bootstrap_interval};
use rayon::prelude::*;
use sets::{OnsetSet, Piece};

/// For soft onsets, in seconds to either side.
const WIDE_WINDOW_S: f64 = 0.1;

const METHODS: [(&str, OnsetMethod); 3] = [
    ("flux", OnsetMethod::SpectralFlux),
    ("superflux", OnsetMethod::SuperFlux),
    ("complexflux", OnsetMethod::ComplexFlux),
];

#[derive(Parser)]
#[command(about = "Onset detection, on recordings with annotated onsets")]
struct Arguments {
    /// A folder with known sets, or with audio and .onsets files side by side; may be repeated
    #[arg(long, value_name = "DIR", required_unless_present = "generated")]
    data: Vec<PathBuf>,
    /// Also train a small network on generated onsets, and ask it
    #[arg(long)]
    network: bool,
    /// Also ask about generated items that no network was trained on
    #[arg(long)]
    generated: bool,
    /// Generated items to train the network on
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(8..=10_000))]
    items: u64,
    /// How many times training goes over them, at most
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1000))]
    epochs: u64,
    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    resamples: u64,
    /// Seed of generated items, network and bootstrap
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("onset_table: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut sets = Vec::new();
    for folder in &arguments.data {
        sets.extend(sets::find(folder)?);
    }
    if arguments.generated {
        sets.extend(generated::unheard(arguments.seed));
    }
    let network = if arguments.network {
        let trained = network::train(arguments.items, arguments.epochs, arguments.seed)?;
        Some(trained)
    } else {
        None
    };
    println!(
        "| set | recordings | onsets | method | F, 25 ms | F, 50 ms | P / R, 50 ms | F, 100 ms |"
    );
    println!("|---|---:|---:|---|---|---|---|---|");
    for set in &sets {
        for (name, method) in METHODS {
            let found: Result<Vec<_>, String> =
                set.pieces.par_iter().map(|piece| detect(piece, method)).collect();
            println!("{}", row(set, name, &found?, arguments));
        }
        if let Some(network) = &network {
            let found: Result<Vec<_>, Box<dyn Error>> =
                set.pieces.iter().map(|piece| network.detect(&piece.sound.signal()?)).collect();
            println!("{}", row(set, "network", &found?, arguments));
        }
    }
    Ok(())
}

/// The onsets that a method hears in a recording.
fn detect(piece: &Piece, method: OnsetMethod) -> Result<Vec<f64>, String> {
    let signal = piece.sound.signal()?;
    let detector = OnsetDetector::new(method, signal.sample_rate())
        .map_err(|error| format!("{}: {error}", piece.sound.name()))?;
    Ok(detector.detect(&signal))
}

/// A row of the table.
fn row(set: &OnsetSet, method: &str, found: &[Vec<f64>], arguments: &Arguments) -> String {
    let counts = |window_s: f64| -> Vec<OnsetCounts> {
        let compared = set.pieces.iter().zip(found);
        compared.map(|(piece, found)| OnsetCounts::of(&piece.onsets, found, window_s)).collect()
    };
    let f = |window_s: f64| {
        let counts = counts(window_s);
        let pooled = counts.iter().copied().sum::<OnsetCounts>().scores().f1;
        // With a single recording there is nothing to draw from.
        if counts.len() < 2 {
            return format!("{pooled:.3}");
        }
        let recordings: Vec<usize> = (0..counts.len()).collect();
        let f_of_drawn =
            |drawn: &[usize]| drawn.iter().map(|&i| counts[i]).sum::<OnsetCounts>().scores().f1;
        let resamples = arguments.resamples as usize;
        let (low, high) =
            bootstrap_interval(&recordings, resamples, arguments.seed, 0.95, f_of_drawn);
        format!("{pooled:.3} [{low:.3}, {high:.3}]")
    };
    let pooled: OnsetCounts = counts(ONSET_WINDOW_S).into_iter().sum();
    let scores = pooled.scores();
    format!(
        "| {} | {} | {} | {method} | {} | {} | {:.3} / {:.3} | {} |",
        set.name,
        set.pieces.len(),
        pooled.references,
        f(NARROW_ONSET_WINDOW_S),
        f(ONSET_WINDOW_S),
        scores.precision,
        scores.recall,
        if set.soft { f(WIDE_WINDOW_S) } else { String::new() },
    )
}
