//! `hear_band`: the generated band on one page, to listen to.
//!
//! ```sh
//! cargo run --release --example hear_band -- --beside recordings-of-instruments
//! ```
//!
//! Writes `report.html` with a player and a log-mel spectrogram for every genre, every mood and every instrument. With `--beside DIR`, a
//! folder with one sub-folder per instrument, the first recording of the same instrument stands below the generated one; a brass section
//! stands beside a trombone and a horn.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use dlmir_audio::{LogMel, LogMelConfig, Signal, WavFormat, mel_frequencies, resample, wav_bytes};
use dlmir_data::ClassFolder;
use dlmir_data::synthetic::band::orchestra::Patch;
use dlmir_data::synthetic::band::{Genre, Item, Mood, Piece, Set, notes_of, tags, tremolo_of};
use dlmir_eval::Report;
use dlmir_eval::plot::{FrequencyScale, Spectrogram, Svg, TimeScale, musical_spectrogram};

/// The rate at which everything is heard and shown, in Hz.
const RATE: u32 = 22_050;

/// Seconds of each piece.
const PIECE_S: f32 = 4.0;

#[derive(Parser)]
#[command(name = "hear_band", about = "The generated band on one page, to listen to")]
struct Arguments {
    /// Where report.html goes
    #[arg(long, value_name = "DIR", default_value = "target/hear_band")]
    out: PathBuf,
    /// A folder with one sub-folder of recordings per instrument, to compare with
    #[arg(long, value_name = "DIR")]
    beside: Option<PathBuf>,
    /// Seed of all pieces
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hear_band: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut report = Report::new("The generated band");
    report.section("Genres");
    for (index, genre) in (0..).zip(Genre::ALL) {
        hear_piece(
            &mut report,
            genre.name(),
            &Set::Genre.item(arguments.seed, index, PIECE_S, RATE),
        )?;
    }
    report.section("Moods");
    report.paragraph("The first piece of the mood set that each word fits.");
    for mood in Mood::ALL {
        let fits = |&index: &u64| {
            mood.fits(&Piece::compose(&Set::Mood.order(arguments.seed, index, PIECE_S)).traits)
        };
        match (0..1000).find(fits) {
            Some(index) => {
                let item = Set::Mood.item(arguments.seed, index, PIECE_S, RATE);
                hear_piece(&mut report, mood.name(), &item)?;
            }
            None => report.paragraph(&format!("{}: none of 1000 pieces", mood.name())),
        }
    }
    report.section("Instruments");
    let real = arguments.beside.as_deref().map(ClassFolder::scan).transpose()?;
    for patch in Patch::ALL {
        let name = patch.name();
        hear(&mut report, name, &notes_of(patch, arguments.seed, RATE))?;
        if let Some(tremolo) = tremolo_of(patch, arguments.seed, RATE) {
            hear(&mut report, &format!("{name}, tremolo"), &tremolo)?;
        }
        let Some(real) = &real else { continue };
        for class in recorded(patch) {
            let Some(class) = real.classes.iter().position(|known| known == class) else {
                continue;
            };
            if let Some(item) = real.items.iter().find(|item| item.class == class) {
                let signal = resample(&dlmir_audio::load(&item.path)?, RATE)?;
                hear(&mut report, &format!("recorded: {}", file_name(&item.path)), &signal)?;
            }
        }
    }
    std::fs::create_dir_all(&arguments.out)?;
    let page = arguments.out.join("report.html");
    report.write(&page)?;
    println!("hear_band: wrote {}", page.display());
    Ok(())
}

/// The sub-folders whose recordings are of this instrument, or of those that a section is made of.
fn recorded(patch: Patch) -> Vec<&'static str> {
    match patch {
        Patch::AcousticGuitar => vec!["acoustic guitar", "guitar"],
        Patch::Brass => vec!["brass", "trombone", "french_horn"],
        _ => vec![patch.name()],
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn hear_piece(report: &mut Report, name: &str, item: &Item) -> Result<(), Box<dyn Error>> {
    let piece = &item.piece;
    let label = format!(
        "{name}: {:.0} bpm, {}, {}; {}",
        piece.bpm,
        piece.meter.name(),
        piece.key.name(),
        tags::tags(piece).join(", ")
    );
    hear(report, &label, &item.signal)
}

/// A player and its log-mel spectrogram.
fn hear(report: &mut Report, label: &str, signal: &Signal) -> Result<(), Box<dyn Error>> {
    let config = LogMelConfig { n_mels: 64, ..LogMelConfig::new(RATE) };
    let bands = LogMel::new(config)?.compute(signal);
    let mel = config.mel();
    let corners = mel_frequencies(mel.n_mels + 2, mel.f_min_hz, mel.f_max_hz, mel.scale);
    let band_hz: Vec<f32> = corners[1..=mel.n_mels].iter().map(|&f| f as f32).collect();
    let values: Vec<f32> = bands.iter().copied().collect();
    let plot: Svg = musical_spectrogram(
        &Spectrogram {
            title: "",
            values: &values,
            band_hz: &band_hz,
            start_s: 0.0,
            frame_s: 512.0 / f64::from(RATE),
            unit: "dB",
            range: None,
        },
        FrequencyScale::Hz,
        TimeScale::Seconds,
    );
    report.player(label, &wav_bytes(signal, WavFormat::Pcm16)?, 0.0, &[&plot]);
    Ok(())
}
