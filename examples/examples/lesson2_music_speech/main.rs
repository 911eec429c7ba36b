//! Lesson 2: music or speech?
//!
//! **You will learn** how sound becomes a picture that a network can read; how to split and standardise
//! data without fooling yourself; what a convolutional network sees that a fully connected one does not;
//! how to judge a classifier honestly, beside baselines and with intervals; and what it is good for: a
//! label track of a radio programme.
//!
//! **Run** `cargo run --release --example lesson2_music_speech`, with generated sound, in a minute or
//! two; or on recordings, in folders `music` and `speech` below DIR, with `-- --data DIR`. `--test DIR`
//! tests on other recordings than it trains on: alone, it tells how far generated sound carries.
//!
//! **It leaves** in `target/lessons/lesson2_music_speech` a report with plots and players, the weights,
//! an answer for each recording, and logs for TensorBoard (`tensorboard --logdir` that folder).
//!
//! The files in reading order: this one is the experiment; `networks.rs` the two networks and how they
//! are trained; `compare.rs` experiments on one fold; `judge.rs` figures and baselines; `pages.rs` the
//! report.

mod compare;
mod folds;
mod judge;
mod networks;
mod pages;

use std::error::Error;
use std::process::ExitCode;

use dlmir_audio::{Stft, StftConfig};
use dlmir_data::synthetic::music_speech;
use dlmir_eval::Report;
use dlmir_examples::{Accepts, Flags, Output, handcrafted};
use dlmir_models::{Architecture, FrontEnd, Model, Output as Meaning, Tagger};
use ndarray::Array2;
use serde_json::json;

use folds::{Place, Run, answer, group_count, standardize};
use judge::Answers;
use networks::{Recipe, Task};

const NAME: &str = "lesson2_music_speech";

fn main() -> ExitCode {
    let about = "Lesson 2: music or speech? From sound to an honest figure";
    dlmir_examples::run(NAME, about, Accepts::Recordings, lesson)
}

/// How a network is laid out for the pictures of a front end.
type Layout = fn(&FrontEnd) -> Architecture;

/// The networks that compete, by name.
const NETWORKS: [(&str, Layout); 2] =
    [("dense", networks::dense), ("small_cnn", networks::small_cnn)];

/// The experiment, step by step.
fn lesson(flags: &Flags) -> Result<(), Box<dyn Error>> {
    // 1. The recordings, who belongs together, and who is asked at the end.
    println!("1. Recordings");
    let (set, folds) = folds::recordings(flags)?;
    let pieces = set.pieces();
    let classes = pieces.classes();
    println!("  {}: {} recordings in {} groups", set.origin, set.list.len(), group_count(&pieces));
    for (class, name) in set.classes.iter().enumerate() {
        let count = classes.iter().filter(|&&other| other == class).count();
        let role = if class == 0 { " (the positive class)" } else { "" };
        println!("  {count:>5} {name}{role}");
    }
    let output = Output::create(NAME, flags)?;

    // 2. From sound to pictures; the settings are in `networks.rs`.
    println!("\n2. From sound to pictures");
    let front_end = networks::front_end()?;
    let sample_rate = front_end.config().sample_rate;
    let heard = set.map(flags, "listening", |_, signal| {
        let signal = dlmir_audio::resample(&signal, sample_rate)?;
        let power = Stft::new(StftConfig::new(512, 512))?.power(signal.samples());
        let frames = power.ncols();
        let by_hand = handcrafted::features(
            &signal,
            power.as_standard_layout().as_slice().unwrap_or(&[]),
            frames,
        );
        Ok((front_end.spectrogram(&signal)?, by_hand))
    })?;
    let (spectrograms, by_hand): (Vec<Array2<f32>>, Vec<_>) = heard.into_iter().unzip();
    println!("  a recording becomes {:?}, a segment [40, 80, 1]", spectrograms[0].shape());

    // What changes bits: a checkpoint of other settings is refused.
    let settings = folds::settings(flags, &set)?;
    let place = Place { output: &output, flags, settings: &settings, name: "", fold: 0 };
    let recipe = Recipe {
        epochs: flags.epochs_or(30, 5),
        batch: 32,
        learning_rate: 0.002,
        patience: 6,
        seed: flags.seed,
    };

    // 3. and 4. Experiments on the first fold, judged on its validation part.
    let experiment = Recipe { epochs: recipe.epochs.min(8), patience: u64::MAX, ..recipe };
    println!("\n3. Standardisation, right and wrong");
    let standardisation =
        compare::standardisation(&front_end, &spectrograms, classes, &folds[0], experiment)?;
    compare::print(&standardisation);
    println!("\n4. Optimisers");
    let (_, scaled) = standardize(&front_end, &spectrograms, &folds[0])?;
    let task = Task { sounds: &scaled, classes, fold: &folds[0] };
    let optimizers = compare::optimizers(&front_end, task, experiment)?;
    compare::print(&optimizers);

    // 5. Both networks on every fold; the test part of a fold is asked once, when training is over.
    println!("\n5. Two networks, {} folds", folds.len());
    let mut runs = Vec::new();
    for (name, architecture) in NETWORKS {
        println!("\n{}", architecture(&front_end).summary()?);
        let (mut scores, mut histories) = (Vec::new(), Vec::new());
        for (fold, number) in folds.iter().zip(1..) {
            let (front_end, scaled) = standardize(&front_end, &spectrograms, fold)?;
            let task = Task { sounds: &scaled, classes, fold };
            let labels: Vec<&str> = set.classes.iter().map(String::as_str).collect();
            let mut model =
                Model::new(architecture(&front_end), Meaning::Binary, &labels, flags.seed)?;
            let history =
                folds::train(&mut model, task, recipe, Place { name, fold: number, ..place })?;
            for &i in &fold.test {
                scores.push((i, answer(&model, &front_end, &spectrograms[i])?));
            }
            histories.push(history);
        }
        let answers = Answers::new(scores);
        let metrics = answers.metrics(classes, &set.classes);
        println!("  {name}: accuracy {}", metrics["accuracy"]);
        runs.push(Run { name, answers, histories, metrics });
    }

    // 6. The validation parts choose; baselines say what the figure is worth.
    println!("\n6. What the figures are worth");
    let chosen = runs.iter().min_by(|a, b| a.validation_loss().total_cmp(&b.validation_loss()));
    let chosen = chosen.ok_or("no network was trained")?;
    let baselines = [
        ("majority", judge::majority(classes, &folds)),
        ("group_lookup", judge::group_lookup(classes, pieces.groups(), &folds)),
        ("handcrafted", judge::handcrafted_features(&by_hand, classes, &folds, flags.seed)),
    ];
    let intervals = chosen.answers.intervals(classes, &pieces, flags.seed);
    for (name, answers) in &baselines {
        println!(
            "  {name:<14} accuracy {:.4}",
            answers.confusion(classes, &set.classes).accuracy()
        );
    }
    println!("  {:<14} accuracy {} {}", chosen.name, chosen.metrics["accuracy"], json!(intervals));

    // 7. The model to keep: the chosen network, trained on all recordings but those of --test.
    println!("\n7. The model to keep");
    let (_, architecture) =
        NETWORKS.into_iter().find(|(name, _)| *name == chosen.name).ok_or("no such network")?;
    let model = folds::final_model(
        architecture(&front_end),
        &front_end,
        &spectrograms,
        &set,
        Recipe { epochs: chosen.best_epoch(), ..recipe },
        Place { name: chosen.name, ..place },
    )?;
    model.save(output.path("model.safetensors"))?;

    // 8. What it is good for: a label track.
    println!("\n8. A label track");
    let seconds = if flags.quick { 30.0 } else { 60.0 };
    let (mixed, truth) = music_speech::mixed_recording(flags.seed, seconds, sample_rate);
    let tagger = Tagger::new(model)?;
    let track = tagger.segments(&mixed)?;
    for segment in &track {
        println!("  {:>7.2} {:>7.2}  {}", segment.start_s, segment.end_s, segment.label);
    }

    // Everything on paper.
    let mut report = Report::new("Lesson 2: music or speech?");
    pages::data(&mut report, &set, &pieces, &front_end, &spectrograms)?;
    pages::trials(&mut report, &standardisation, &optimizers);
    pages::networks(&mut report, &front_end, &runs)?;
    pages::figures(&mut report, &set, &runs, chosen, &baselines, &intervals);
    pages::label_track(&mut report, &mixed, &truth, &track, &tagger.model().labels)?;
    pages::errors(&mut report, &set, &chosen.answers)?;
    pages::exercises(&mut report);
    report.write(output.path("report.html"))?;
    output.write("predictions.csv", pages::predictions(&set, &chosen.answers))?;
    pages::finish(&output, &set, &runs, chosen, &baselines, intervals, tagger.model())
}
