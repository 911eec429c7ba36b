//! How well are onsets found without a network? A table with a row per set and method.
//!
//! ```sh
//! cargo run --release --example onset_table -- --data DIR [--data OTHER]
//! ```
//!
//! `DIR` holds the sets that `sets.rs` knows in their own layouts, or audio files with `.onsets` files beside them. Every recording is
//! taken at its own rate and every method with its own settings, which were chosen by their authors on other recordings; nothing is tuned
//! here. Printed is a table in Markdown: hits, references and estimates are added up over the recordings of a set (pooled), the interval
//! is a bootstrap over recordings (none for a single one), and the mean is that of the recordings' F.
//!
//! It takes some seconds per ten minutes of sound.

mod sets;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use dlmir_audio::{OnsetDetector, OnsetMethod};
use dlmir_eval::{
    NARROW_ONSET_WINDOW_S, ONSET_WINDOW_S, OnsetCounts, bootstrap_interval, mean_onset_scores,
};
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
#[command(about = "Onset detection without a network, on recordings with annotated onsets")]
struct Arguments {
    /// A folder with known sets, or with audio and .onsets files side by side; may be repeated
    #[arg(long, value_name = "DIR", required = true)]
    data: Vec<PathBuf>,
    /// Resamples of the bootstrap
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    resamples: u64,
    /// Seed of the bootstrap
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
    println!("| set | files | onsets | method | window | F | 95 % | P | R | mean F |");
    println!("|---|---:|---:|---|---:|---:|---|---:|---:|---:|");
    for set in &sets {
        for (name, method) in METHODS {
            // Listen once, compare with every window.
            let found: Result<Vec<_>, String> =
                set.pieces.par_iter().map(|piece| detect(piece, method)).collect();
            let found = found?;
            let windows = [NARROW_ONSET_WINDOW_S, ONSET_WINDOW_S, WIDE_WINDOW_S];
            for &window_s in &windows[..if set.soft { 3 } else { 2 }] {
                println!("{}", row(set, name, &found, window_s, arguments));
            }
        }
    }
    Ok(())
}

/// The onsets that a method hears in a recording.
fn detect(piece: &Piece, method: OnsetMethod) -> Result<Vec<f64>, String> {
    let signal = dlmir_audio::load(&piece.audio).map_err(|error| error.to_string())?;
    let detector = OnsetDetector::new(method, signal.sample_rate())
        .map_err(|error| format!("{}: {error}", piece.audio.display()))?;
    Ok(detector.detect(&signal))
}

/// A row of the table.
fn row(
    set: &OnsetSet,
    method: &str,
    found: &[Vec<f64>],
    window_s: f64,
    arguments: &Arguments,
) -> String {
    let compared = set.pieces.iter().zip(found);
    let counts: Vec<OnsetCounts> =
        compared.map(|(piece, found)| OnsetCounts::of(&piece.onsets, found, window_s)).collect();
    let pooled: OnsetCounts = counts.iter().copied().sum();

    // With a single recording there is nothing to draw from.
    let interval = if counts.len() < 2 {
        "-".to_owned()
    } else {
        let recordings: Vec<usize> = (0..counts.len()).collect();
        let f_of_drawn =
            |drawn: &[usize]| drawn.iter().map(|&i| counts[i]).sum::<OnsetCounts>().scores().f1;
        let resamples = arguments.resamples as usize;
        let (low, high) =
            bootstrap_interval(&recordings, resamples, arguments.seed, 0.95, f_of_drawn);
        format!("{low:.3} to {high:.3}")
    };

    let scores = pooled.scores();
    format!(
        "| {} | {} | {} | {method} | {:.0} ms | {:.3} | {interval} | {:.3} | {:.3} | {:.3} |",
        set.name,
        counts.len(),
        pooled.references,
        1000.0 * window_s,
        scores.f1,
        scores.precision,
        scores.recall,
        mean_onset_scores(&counts).f1,
    )
}
