//! `pretrain`: trains a shipped model anew, on generated sound only.
//!
//! `cargo run --release --example pretrain -- music-speech` writes
//! `dlmir-models/pretrained/music_speech.safetensors`, which is built into `dlmir-models`, and prints the
//! receipt of its weights. Network and training are those of lesson 2; only the data is more, and other:
//! items of a seed that no lesson uses.

#[path = "lesson2_music_speech/networks.rs"]
mod networks;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use dlmir_data::synthetic::music_speech;
use dlmir_data::{Pieces, Standardizer, hold_out};
use dlmir_examples::Receipt;
use dlmir_models::train::{Callback, Progress};
use dlmir_models::{Model, Output};
use dlmir_nn::optim::Adam;
use ndarray::Array2;
use rayon::prelude::*;
use serde_json::json;

use networks::{Recipe, Task};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    MusicSpeech,
    Genre,
    Mood,
    Tags,
    Onsets,
    OnsetsOnline,
    Beats,
}

#[derive(Parser)]
#[command(name = "pretrain", about = "Trains a shipped model anew, on generated sound only")]
struct Arguments {
    /// Which model; music-speech exists, the others are not yet there
    task: Kind,
    /// Generated items to train on
    #[arg(long, value_name = "N", default_value_t = 1600, value_parser = clap::value_parser!(u64).range(20..=100_000))]
    items: u64,
    /// How many times training goes over them
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Seed of items, weights and batches
    #[arg(long, value_name = "N", default_value_t = 2018)]
    seed: u64,
    /// No progress bar
    #[arg(long)]
    no_progress: bool,
}

fn main() -> ExitCode {
    match pretrain(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pretrain: {error}");
            ExitCode::FAILURE
        }
    }
}

fn pretrain(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if arguments.task != Kind::MusicSpeech {
        return Err("not yet: of the shipped models, music-speech exists so far".into());
    }
    if !Path::new("dlmir-models/Cargo.toml").is_file() {
        return Err(
            "run this in the repository's root: the model is written to dlmir-models".into()
        );
    }
    let Arguments { items, epochs, seed, no_progress, .. } = *arguments;
    let front_end = networks::front_end()?;
    println!("listening to {items} generated items of {SECONDS} s");
    let heard: Result<Vec<(Array2<f32>, usize)>, String> = (0..items)
        .into_par_iter()
        .map(|item| {
            let item = music_speech::item(seed, item, SECONDS, front_end.config().sample_rate);
            let spectrogram = front_end.spectrogram(&item.signal).map_err(|e| e.to_string())?;
            Ok((spectrogram, item.class))
        })
        .collect();
    let (mut sounds, classes): (Vec<Array2<f32>>, Vec<usize>) = heard?.into_iter().unzip();

    // A tenth decides when to stop; nothing else is held out, for the test is other people's sound.
    let pieces = Pieces::ungrouped(classes.clone());
    let mut fold = hold_out(&pieces, 10, seed)?;
    fold.validation = std::mem::take(&mut fold.test);
    let scaler = Standardizer::fit_bands(&sounds, &fold)?;
    sounds.iter_mut().for_each(|sound| scaler.apply(&mut sound.view_mut()));
    let mean: Vec<f32> = scaler.mean().iter().copied().collect();
    let deviation: Vec<f32> = scaler.deviation().iter().copied().collect();
    let front_end = front_end.standardized(&mean, &deviation)?;

    let architecture = networks::small_cnn(&front_end);
    let model = Model::new(architecture, Output::Binary, &music_speech::CLASSES, seed)?;
    let mut model = model.with_front_end(front_end)?;
    let recipe = Recipe { epochs, batch: 32, learning_rate: 0.002, patience: 10, seed };
    let task = Task { sounds: &sounds, classes: &classes, fold: &fold };
    let mut watchers: Vec<Box<dyn Callback>> =
        vec![Box::new(Progress::new("music-speech", !no_progress))];
    let history =
        networks::fit(&mut model, &mut Adam::default(), task, recipe, None, &mut watchers)?;
    for row in &history.rows {
        println!(
            "epoch {:>3}  loss {:.4}  validation loss {:.4}  accuracy {:.4}",
            row.epoch, row.loss, row.val_loss, row.val_accuracy
        );
    }
    model.training = json!({
        "data": "generated music and speech only", "items": items, "seconds": SECONDS,
        "seed": seed, "epochs": history.rows.len(),
        "command": format!("pretrain -- music-speech --items {items} --epochs {epochs} --seed {seed}"),
    });
    let target = Path::new("dlmir-models/pretrained/music_speech.safetensors");
    model.save(target)?;
    let mut receipt = Receipt::new();
    for (_, param) in model.params.iter() {
        receipt.array(&param.name, param.value.as_slice());
    }
    println!("{} parameters in {}", model.params.count(), target.display());
    println!("receipt {}", receipt.hex());
    Ok(())
}

/// Length of an item.
const SECONDS: f32 = 8.0;
