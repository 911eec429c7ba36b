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
//! The files in reading order: this one is the experiment, with exercises at its end; `networks.rs` the
//! two networks and how they are trained; `folds.rs` who trains and who is asked; `compare.rs`
//! experiments on one fold; `judge.rs` figures and baselines; `programme.rs` a broadcast to label;
//! `pages.rs` the report.

mod compare;
mod folds;
mod judge;
mod networks;
mod pages;
mod programme;

use std::error::Error;
use std::process::ExitCode;

use dlmir_audio::{Stft, StftConfig};
use dlmir_data::{Pieces, k_fold};
use dlmir_eval::Report;
use dlmir_examples::{Accepts, Flags, Output, handcrafted, say};
use dlmir_models::{Architecture, FrontEnd, Model, Output as Meaning, Tagger};
use ndarray::Array2;

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
    let output = Output::open(NAME, flags)?;
    let mut report = Report::new("Lesson 2: music or speech?");
    let heading = |report: &mut Report, title: &str| {
        println!("\n{title}");
        report.section(title.split_once(". ").map_or(title, |(_, title)| title));
    };

    // 1. The recordings, who belongs together, and who is asked at the end.
    heading(&mut report, "1. Recordings");
    let mut set = folds::recordings(flags)?;
    // All are heard at once, as 2. explains: a file that cannot be used must not enter the split.
    let front_end = networks::front_end()?;
    let sample_rate = front_end.config().sample_rate;
    let stft = Stft::new(StftConfig::new(512, 512))?;
    let heard = set.listen(flags, "listening", |_, signal| {
        let signal = dlmir_audio::resample(&signal, sample_rate)?;
        let by_hand = handcrafted::features(&signal, &stft.power(signal.samples()));
        Ok((front_end.spectrogram(&signal)?, by_hand))
    })?;
    let (spectrograms, by_hand): (Vec<Array2<f32>>, Vec<_>) = heard.into_iter().unzip();
    for bad in &set.skipped {
        say(&mut report, &format!("Left out, as it cannot be used: {bad}"));
    }
    let folds = folds::divide(flags, &set)?;
    let pieces = set.pieces();
    let classes = pieces.classes();
    say(
        &mut report,
        &format!(
            "{}: {} recordings in {} groups. Recordings of one group, such as two parts of one piece, are \
             never divided between training and test: a network would recognise the piece.",
            set.origin,
            set.list.len(),
            group_count(&pieces),
        ),
    );
    for (class, name) in set.classes.iter().enumerate() {
        let count = classes.iter().filter(|&&other| other == class).count();
        let role =
            if class == 0 { " (the positive class: its probability is the answer)" } else { "" };
        println!("  {count:>5} {name}{role}");
    }

    // 2. From sound to pictures; the settings are in `networks.rs`.
    heading(&mut report, "2. From sound to pictures");
    pages::pictures(&mut report, &set, &front_end, &spectrograms)?;

    // All data is there and readable: now the results of an earlier run may go. What changes bits is
    // noted, so that a checkpoint of other settings is refused.
    let settings = folds::settings(flags, &set)?;
    output.begin(flags, &settings, &folds::log_folders(&folds))?;
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
    heading(&mut report, "3. Standardisation, right and wrong");
    let trials =
        compare::standardisation(&front_end, &spectrograms, classes, &folds[0], experiment)?;
    pages::standardisation(&mut report, &trials);
    heading(&mut report, "4. Optimisers");
    let (_, scaled) = standardize(&front_end, &spectrograms, &folds[0])?;
    let task = Task { sounds: &scaled, classes, fold: &folds[0] };
    let trials = compare::optimizers(&front_end, task, experiment)?;
    pages::optimizers(&mut report, &trials);

    // 5. Both networks on every fold; the test part of a fold is asked once, when training is over.
    heading(&mut report, "5. Two networks");
    pages::explain_networks(&mut report, folds.len());
    let labels: Vec<&str> = set.classes.iter().map(String::as_str).collect();
    let mut runs = Vec::new();
    for (name, architecture) in NETWORKS {
        let summary = architecture(&front_end).summary()?.to_string();
        println!("\n{summary}");
        report.code(&summary);
        let (mut scores, mut histories, mut first) = (Vec::new(), Vec::new(), None);
        for (fold, number) in folds.iter().zip(1..) {
            let (front_end, scaled) = standardize(&front_end, &spectrograms, fold)?;
            let task = Task { sounds: &scaled, classes, fold };
            let model = Model::new(architecture(&front_end), Meaning::Binary, &labels, flags.seed)?;
            let mut model = model.with_front_end(front_end.clone())?;
            let history =
                folds::train(&mut model, task, recipe, Place { name, fold: number, ..place })?;
            for &i in &fold.test {
                scores.push((i, answer(&model, &front_end, &spectrograms[i])?));
            }
            histories.push(history);
            first.get_or_insert(Tagger::new(model)?);
        }
        let first = first.ok_or("there is no fold")?;
        let answers = Answers::new(scores);
        let metrics = answers.metrics(classes, &set.classes);
        println!("  {name}: accuracy {:.3}", judge::figure(&metrics, "accuracy"));
        runs.push(Run { name, answers, histories, metrics, first });
    }
    pages::learning(&mut report, &runs);

    // 6. The model to keep: the network that the validation parts choose, trained on all recordings but
    // those of --test.
    heading(&mut report, "6. The model to keep");
    let best = |run: &&mut Run| run.validation_loss();
    let chosen = runs.iter_mut().min_by(|a, b| best(a).total_cmp(&best(b)));
    let chosen = chosen.ok_or("no network was trained")?;
    let (_, architecture) =
        NETWORKS.into_iter().find(|(name, _)| *name == chosen.name).ok_or("no such network")?;
    let epochs = chosen.best_epoch();
    let asked: Vec<usize> = (0..set.list.len()).filter(|&i| set.list[i].only_asked).collect();
    say(
        &mut report,
        &format!(
            "{}, whose validation loss was lowest, once more: on {} recordings for {epochs} epochs, the best \
             number on average over the folds, as nothing is left to tell when to stop. {}",
            chosen.name,
            set.list.len() - asked.len(),
            if asked.is_empty() {
                "Nothing is left to judge it either: the figures below are those of its twins, one a fold, \
                 that had fewer recordings to learn from."
            } else {
                "It answers for the test folder below; the other network answers as it was trained above."
            },
        ),
    );
    let model = folds::final_model(
        architecture(&front_end),
        &front_end,
        &spectrograms,
        &set,
        Recipe { epochs, ..recipe },
        Place { name: chosen.name, ..place },
    )?;
    model.save(output.path("model.safetensors"))?;
    println!("  {}", output.path("model.safetensors").display());
    if !asked.is_empty() {
        let scaled = model.front_end().ok_or("the model has no front end")?;
        let answers = asked.iter().map(|&i| Ok((i, answer(&model, scaled, &spectrograms[i])?)));
        chosen.answers = Answers::new(answers.collect::<Result<_, Box<dyn Error>>>()?);
        chosen.metrics = chosen.answers.metrics(classes, &set.classes);
    }
    let kept = Tagger::new(model)?;

    // 7. Baselines say what the figures are worth.
    heading(&mut report, "7. What the figures are worth");
    let chosen = chosen.name;
    let chosen = runs.iter().find(|run| run.name == chosen).ok_or("no such network")?;
    let mut baselines = vec![
        ("majority", judge::majority(classes, &folds)),
        ("handcrafted", judge::handcrafted_features(&by_hand, classes, &folds, flags.seed)),
    ];
    if flags.test.is_none() {
        // What naming the group's class would score, had the split not kept groups together.
        let alone = Pieces::ungrouped(classes.to_vec());
        let torn = k_fold(&alone, (flags.folds as usize).max(2), flags.seed)?;
        baselines.push(("group_lookup", judge::group_lookup(classes, pieces.groups(), &torn)));
    }
    let intervals = chosen.answers.intervals(classes, &pieces, flags.seed);
    pages::figures(&mut report, &set, &runs, chosen, &baselines, &intervals);

    // 8. What it is good for: a label track, of sound that the labelling network has not heard.
    heading(&mut report, "8. A label track");
    let programme = programme::make(flags, &set, &folds[0], sample_rate)?;
    let labeller = if programme.generated { &kept } else { &chosen.first };
    let track = labeller.segments(&programme.sound)?;
    pages::label_track(&mut report, &programme, &track, &set.classes)?;

    // Errors to listen to, exercises, and everything in files.
    pages::errors(&mut report, &set, &chosen.answers)?;
    report.section("Exercises");
    EXERCISES.iter().for_each(|exercise| report.paragraph(exercise));
    report.write(output.path("report.html"))?;
    output.write("predictions.csv", pages::predictions(&set, &chosen.answers))?;
    pages::finish(&output, &set, &runs, chosen, &baselines, intervals, kept.model())
}

/// Solutions are in `docs/solutions/lesson2.md`.
const EXERCISES: [&str; 4] = [
    "1. Split by recording instead of by group: copy each file of a folder under another name (one that does \
     not merely end in another digit), run again, and compare. Then tell the truth with a groups.csv.",
    "2. Make the network half as wide and twice as wide; leave out batch norm; leave out dropout. What \
     happens to loss, validation loss, seconds?",
    "3. You want to cut all speech out of a broadcast and may lose no word. Choose a threshold for that from \
     predictions.csv, and say what it costs.",
    "4. Train on generated sound only and test on your own recordings (--test). Listen to the errors: what \
     did the generator forget?",
];
