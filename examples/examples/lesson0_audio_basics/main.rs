//! Lesson 0: audio basics.
//!
//! **You will learn** what a recording is to a computer (a row of numbers), what gets lost on the way into the row (sampling, rounding),
//! how a frame of it becomes frequencies, why the picture is black until it is in decibels, what mel bands, MFCC, the constant-Q
//! transform and chroma keep and what they throw away, and why labels need a look before anything is learned from them.
//!
//! **Run** `cargo run --release --example lesson0_audio_basics`, or with `--data` and any sound file, or a folder of them. It takes a few
//! seconds, prints each step with its figures, and leaves `report.html` with a picture and a player for every step in
//! `target/lessons/lesson0_audio_basics`, beside pictures and sounds for TensorBoard (`tensorboard --logdir` that folder).
//!
//! Read `samples.rs` (from air to numbers), `spectra.rs` (from numbers to frequencies), `hearing.rs` (from frequencies to what is heard) and
//! `labels.rs` (what people say about it), in this order. Nothing is trained yet. The exercises are at the end of this file.

mod hearing;
mod labels;
mod samples;
mod spectra;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dlmir_audio::{Signal, WavFormat, load, wav_bytes};
use dlmir_data::synthetic::music_speech;
use dlmir_eval::Report;
use dlmir_eval::events::EventWriter;
use dlmir_eval::plot::{Spectrogram, Svg, spectrogram, spectrogram_png};
use dlmir_examples::{Accepts, Flags, Output, Receipt, say};
use ndarray::Array2;
use serde_json::Map;

const NAME: &str = "lesson0_audio_basics";

fn main() -> ExitCode {
    dlmir_examples::run(
        NAME,
        "Lesson 0: from sound to log-mel, each stage heard and seen",
        Accepts::Sound,
        lesson,
    )
}

/// Where a step puts what it made.
struct Lab<'a> {
    report: &'a mut Report,
    receipt: &'a mut Receipt,
    events: &'a mut EventWriter,
}

fn lesson(flags: &Flags) -> Result<(), Box<dyn Error>> {
    if flags.epochs.is_some() || flags.resume {
        eprintln!("{NAME}: nothing is trained here, --epochs and --resume do nothing");
    }
    let output = Output::open(NAME, flags)?;
    let excerpts = excerpts(flags)?;
    output.begin(flags, &format!("seed {}, quick {}", flags.seed, flags.quick), &[])?;

    let mut report = Report::new("Lesson 0: audio basics");
    let mut receipt = Receipt::new();
    let mut events = EventWriter::create(output.dir(), NAME)?;
    let lab = &mut Lab { report: &mut report, receipt: &mut receipt, events: &mut events };
    for (name, excerpt) in &excerpts {
        samples::waveforms(lab, name, excerpt)?;
    }
    let (name, excerpt) = &excerpts[0];
    samples::aliasing(lab)?;
    samples::quantisation(lab, excerpt)?;
    spectra::windows(lab)?;
    spectra::time_against_frequency(lab)?;
    for (name, excerpt) in &excerpts {
        spectra::decibels(lab, name, excerpt)?;
    }
    hearing::mel(lab, name, excerpt)?;
    hearing::mfcc(lab, name, excerpt)?;
    hearing::notes(lab, name, excerpt)?;
    hearing::data_set(lab, flags)?;
    labels::clean_up(lab, flags.seed);
    exercises(lab);

    report.write(output.path("report.html"))?;
    output.finish(Map::new(), &receipt)?;
    Ok(())
}

/// The sounds that the lesson is about, with their names: five seconds of generated music, or of the middle of up to three recordings.
fn excerpts(flags: &Flags) -> Result<Vec<(String, Signal)>, Box<dyn Error>> {
    let Some(path) = &flags.data else {
        let item = music_speech::item(flags.seed, 0, 5.0, 44_100);
        return Ok(vec![(format!("generated music ({})", item.details.kind), item.signal)]);
    };
    let files = sound_files(path)?;
    if files.is_empty() {
        return Err(format!("{}: no files in this folder", path.display()).into());
    }
    let mut excerpts = Vec::new();
    for file in files.iter().take(if flags.quick { 1 } else { 3 }) {
        let signal = load(file)?;
        let start = (signal.duration_s() / 2.0 - 2.5).max(0.0);
        let excerpt = signal.slice_s(start, start + 5.0);
        if excerpt.duration_s() < 0.1 {
            return Err(format!("{}: shorter than a tenth of a second", file.display()).into());
        }
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        excerpts.push((name, excerpt));
    }
    Ok(excerpts)
}

/// A file is itself; of a folder, the files in it and below it whose names end like those of recordings, in order.
fn sound_files(path: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let problem = |e: std::io::Error| format!("{}: {e}", path.display());
    if !std::fs::metadata(path).map_err(problem)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(problem)? {
        let entry = entry.map_err(problem)?.path();
        let ending = entry.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        if entry.is_dir() {
            found.extend(sound_files(&entry)?);
        } else if ["wav", "flac", "mp3", "ogg", "au", "snd", "aif", "aiff"]
            .contains(&ending.as_str())
        {
            found.push(entry);
        }
    }
    found.sort();
    Ok(found)
}

impl Lab<'_> {
    /// A heading, on the terminal and in the report.
    fn section(&mut self, heading: &str) {
        println!("\n{heading}");
        self.report.section(heading);
    }

    fn say(&mut self, text: &str) {
        say(self.report, text);
    }

    /// A measured figure, for TensorBoard and the receipt.
    fn figure(&mut self, tag: &str, value: f64) -> Result<(), Box<dyn Error>> {
        self.receipt.number(tag, value);
        Ok(self.events.scalar(&format!("figures/{tag}"), 0, value)?)
    }

    /// A table, on the terminal and in the report.
    fn table(&mut self, header: &[&str], rows: &[Vec<String>]) {
        let width = |k: usize| {
            rows.iter().map(|row| row[k].chars().count()).chain([header[k].chars().count()]).max()
        };
        let line = |cells: Vec<&str>| {
            let padded = cells
                .iter()
                .enumerate()
                .map(|(k, cell)| format!("{cell:<0$}", width(k).unwrap_or(0)));
            println!("    {}", padded.collect::<Vec<_>>().join("  ").trim_end());
        };
        line(header.to_vec());
        for row in rows {
            line(row.iter().map(String::as_str).collect());
        }
        self.report.table(header, rows);
    }

    /// A sound with pictures of it; the sound goes to TensorBoard as well.
    fn player(
        &mut self,
        tag: &str,
        label: &str,
        sound: &Signal,
        plots: &[&Svg],
    ) -> Result<(), Box<dyn Error>> {
        let clip = sound.slice_s(0.0, 5.0);
        let wav = wav_bytes(&clip, WavFormat::Pcm16)?;
        self.events.audio(&format!("sounds/{tag}"), 0, &wav)?;
        self.report.player(label, &wav, 0.0, plots);
        self.receipt.array(tag, clip.samples());
        Ok(())
    }

    /// A picture, `[bands, frames]`, whose bands lie at `band_hz` and whose frames are `frame_s` apart.
    fn picture(
        &mut self,
        tag: &str,
        title: &str,
        picture: &Picture<'_>,
    ) -> Result<Svg, Box<dyn Error>> {
        let values: Vec<f32> = picture.values.iter().copied().collect();
        let plot = Spectrogram {
            title,
            values: &values,
            band_hz: picture.band_hz,
            start_s: 0.0,
            frame_s: picture.frame_s,
            unit: picture.unit,
            range: picture.range,
        };
        self.events.image(&format!("pictures/{tag}"), 0, &spectrogram_png(&plot))?;
        self.receipt.array(tag, &values);
        Ok(spectrogram(&plot))
    }
}

/// What is to be seen of a sound.
struct Picture<'a> {
    values: &'a Array2<f32>,
    band_hz: &'a [f32],
    frame_s: f64,
    unit: &'a str,
    range: Option<(f32, f32)>,
}

/// The centre of each bin of a transform in Hz.
fn bin_hz(n_fft: usize, sample_rate: u32) -> Vec<f32> {
    (0..=n_fft / 2).map(|k| (k as f64 * f64::from(sample_rate) / n_fft as f64) as f32).collect()
}

fn exercises(lab: &mut Lab<'_>) {
    lab.section("Exercises");
    for text in [
        "1. A tone of 7000 Hz is sampled at 8000 Hz without a filter. Which tone is heard? And one of 9000 Hz? Check with the code of the \
         aliasing section.",
        "2. How many bits does a recording need for its rounding noise to lie 60 dB below a full-scale sine? Why does a soft passage need more?",
        "3. Two notes are a semitone apart at 110 Hz. How long must a frame be to tell them apart under a Hann window, whose peak is four bins \
         wide? What happens to two drum strokes 50 ms apart in that frame?",
        "4. Give the mel filter bank 256 bands at an FFT of 512. Which bands stay silent, and why?",
        "5. Set the decibel floor to 20 dB and to 120 dB and look at the picture again. What would a network see of a room's noise?",
        "6. Play the same chord on two instruments (make it with `synth`, or record it). Which of MFCC and chroma change?",
        "7. Turn the label rule 'exactly one of the two' into 'the first if both are set'. How many clips more are kept, and what are their labels worth?",
    ] {
        lab.say(text);
    }
}
