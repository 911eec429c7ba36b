//! Lesson 3: which genre?
//!
//! **You will learn** what a convolution, a feature map and pooling do to a picture of sound; how three
//! networks of the ISMIR 2018 tutorial tell twelve genres apart; what batch norm, ELU and augmentation are
//! worth; how answers for pictures become one for a recording; and why a network that looks good may only
//! know the artists.
//!
//! **Run** `cargo run --release --example lesson3_genre`, with generated pieces of many artists, in a
//! minute or two; or on recordings, in a folder for each genre below DIR, with `-- --data DIR`. GTZAN gets
//! its fault-filtered split, Homburg one by artist. `--test DIR` tests on other recordings than it trains
//! on; `--model NAME` takes one network instead of three (`--help` names them).
//!
//! **It leaves** in `target/lessons/lesson3_genre` a report with pictures and players, the weights, an
//! answer for each recording, and logs for TensorBoard (`tensorboard --logdir` that folder).
//!
//! The files in reading order: this one is the experiment, with exercises at its end; `networks.rs` the
//! networks; `training.rs` batches and augmentation; `seeing.rs` kernels and maps as pictures; `folds.rs`
//! who trains and who is asked; `compare.rs` experiments on one fold; `judge.rs` figures, votes and
//! baselines; `trap.rs` the split by recording; `pages.rs` the report.

mod compare;
mod folds;
mod judge;
mod networks;
mod pages;
mod seeing;
mod training;
mod trap;

use std::error::Error;
use std::process::ExitCode;

use dlmir_audio::{Mfcc, MfccConfig, Stft, StftConfig};
use dlmir_data::Fold;
use dlmir_eval::Report;
use dlmir_examples::{Accepts, Flags, Output, handcrafted, run_with_models, say};
use ndarray::{Array2, Axis};
use serde_json::{Map, Value};

use folds::{Stage, group_count, prepare};
use judge::Answers;
use networks::Network;
use training::{Augment, Recipe};

const NAME: &str = "lesson3_genre";

fn main() -> ExitCode {
    let about = "Lesson 3: which genre? Convolutional networks, and what their figures are worth";
    let models = networks::ALL.map(|network| network.name);
    run_with_models(NAME, about, Accepts::Recordings, &models, lesson)
}

/// The experiment, step by step.
fn lesson(flags: &Flags) -> Result<(), Box<dyn Error>> {
    let output = Output::open(NAME, flags)?;
    let mut report = Report::new("Lesson 3: which genre?");
    let heading = |report: &mut Report, title: &str| {
        println!("\n{title}");
        report.section(title.split_once(". ").map_or(title, |(_, title)| title));
    };

    // 1. The recordings, who belongs together, and who is asked at the end. All are heard at once: a file
    // that cannot be used must not enter the split.
    heading(&mut report, "1. Recordings");
    let mut set = folds::recordings(flags)?;
    let front_end = networks::front_end()?;
    let sample_rate = front_end.config().sample_rate;
    let stft = Stft::new(StftConfig::new(512, 512))?;
    let mfcc = Mfcc::new(front_end.bands(), &MfccConfig::default())?;
    let heard = set.listen(flags, "listening", |_, signal| {
        let signal = dlmir_audio::resample(&signal, sample_rate)?;
        let spectrogram = front_end.spectrogram(&signal)?;
        // Eight features about loudness, brightness and pauses; mean and deviation of 20 MFCCs.
        let mut by_hand = handcrafted::features(&signal, &stft.power(signal.samples())).to_vec();
        let coefficients = mfcc.compute(&spectrogram);
        by_hand.extend(coefficients.mean_axis(Axis(1)).into_iter().flatten());
        by_hand.extend(coefficients.std_axis(Axis(1), 0.0));
        Ok((spectrogram, by_hand))
    })?;
    let (spectrograms, by_hand): (Vec<Array2<f32>>, Vec<Vec<f32>>) = heard.into_iter().unzip();
    for bad in &set.skipped {
        say(&mut report, &format!("Left out, as it cannot be used: {bad}"));
    }
    let (folds, published) = folds::divide(flags, &set)?;
    let pieces = set.pieces();
    let classes = pieces.classes();
    say(
        &mut report,
        &format!(
            "{}: {} recordings of {} genres in {} groups. What one artist plays is one group, and stays on \
             one side of every split: a network would recognise the artist.",
            set.origin,
            set.list.len(),
            set.classes.len(),
            group_count(&pieces),
        ),
    );
    if let Some(text) = published {
        say(&mut report, &text);
    }
    for (class, name) in set.classes.iter().enumerate() {
        println!("  {:>5} {name}", classes.iter().filter(|&&other| other == class).count());
    }
    say(
        &mut report,
        &format!(
            "Each becomes a picture of {} mel bands in dB below its loudest moment, a column every {:.0} ms. \
             A network sees {} columns, {:.1} s, at a time.",
            front_end.bands(),
            1e3 * front_end.seconds(1),
            front_end.frames(),
            front_end.seconds(front_end.frames()),
        ),
    );
    pages::recordings(&mut report, &set, &front_end, &spectrograms)?;

    // 2. What a convolution does, with kernels by hand.
    heading(&mut report, "2. Kernels, feature maps, pooling");
    let first = dlmir_data::segment(spectrograms[0].view(), 0, front_end.frames());
    pages::by_hand(&mut report, &set.list[0].name, &seeing::by_hand(&first)?);

    // All data is there and readable: now the results of an earlier run may go. What changes bits is
    // noted, so that a checkpoint of other settings is refused.
    let settings = folds::settings(flags, &set)?;
    let competing: Vec<Network> = match &flags.model {
        Some(name) => Network::named(name).into_iter().collect(),
        None => networks::COMPARED.into_iter().filter_map(Network::named).collect(),
    };
    let log = |network: &Network| [network.name.into(), format!("{}-by-recording", network.name)];
    let runs = competing.iter().flat_map(log);
    let logs: Vec<String> = runs
        .flat_map(|run| (1..=folds.len().max(2)).map(move |fold| format!("{run}/fold{fold}")))
        .collect();
    output.begin(flags, &settings, &logs)?;
    let stage = Stage {
        output: &output,
        flags,
        settings: &settings,
        set: &set,
        front_end: &front_end,
        spectrograms: &spectrograms,
        classes,
    };
    let recipe = |network: &Network| Recipe {
        epochs: flags.epochs_or(8, 2),
        batch: 32,
        learning_rate: network.rate,
        schedule: network.schedule(),
        patience: 5,
        augment: Augment { crop: true, ..Augment::default() },
        seed: flags.seed,
    };

    // 3. The networks on every fold; the test part of a fold is asked once, when training is over.
    heading(&mut report, "3. Networks");
    say(
        &mut report,
        &format!(
            "{} on each of {} folds: a part of the recordings is asked at the end, another, of other artists, \
             tells when to stop, the rest is trained on. The last layer is a softmax: its numbers add up to 1, \
             as a recording has one genre; the loss is the cross-entropy, -log of the number of the true one.",
            competing.iter().map(|network| network.name).collect::<Vec<_>>().join(", "),
            folds.len(),
        ),
    );
    let mut runs = Vec::new();
    for network in competing {
        let summary = network.architecture(set.classes.len()).summary()?.to_string();
        println!("\n{summary}");
        report.code(&summary);
        let run = stage.cross_validated(network, &folds, &recipe(&network), network.name)?;
        println!("  {}: accuracy {:.3}", network.name, judge::figure(&run.metrics, "accuracy"));
        runs.push(run);
    }
    pages::learning(&mut report, &runs);

    // 4. What its parts are worth, on the validation part of the first fold.
    heading(&mut report, "4. Batch norm, ELU, augmentation");
    let compact = Network::named("compact_cnn").ok_or("there is no compact_cnn")?;
    let brief =
        Recipe { epochs: flags.epochs_or(4, 1).min(4), patience: u64::MAX, ..recipe(&compact) };
    say(
        &mut report,
        &format!(
            "The compact CNN with parts switched off, {} epochs on the first fold, judged on its validation \
             part of {} recordings: small differences are chance.",
            brief.epochs,
            folds[0].validation.len()
        ),
    );
    pages::trials(&mut report, &compare::switches(stage, &compact, &folds[0], &brief)?);
    say(
        &mut report,
        "Augmentation: each time a picture is shown, it is another one. It makes the training loss worse and \
         is meant to make the validation loss better; in few epochs it may not yet.",
    );
    pages::trials(&mut report, &compare::augmentation(stage, &compact, &folds[0], &brief)?);

    // 5. The network that the validation parts choose: its filters and maps.
    heading(&mut report, "5. What was learnt");
    let best = |run: &&mut folds::Run| run.validation_loss();
    let chosen = runs.iter_mut().min_by(|a, b| best(a).total_cmp(&best(b)));
    let chosen = chosen.ok_or("no network was trained")?;
    let network = chosen.network;
    let (_, seen) = prepare(&network, &front_end, &spectrograms[..], &folds[0])?;
    let seen = dlmir_data::segment(seen[0].view(), 0, front_end.frames());
    pages::learned(&mut report, chosen, &seen, &set.list[0].name);

    // 6. The model to keep: trained on all recordings but those of --test.
    heading(&mut report, "6. The model to keep");
    let epochs = chosen.best_epoch();
    let asked: Vec<usize> = (0..set.list.len()).filter(|&i| set.list[i].only_asked).collect();
    let everything = Fold::all(set.list.len() - asked.len());
    say(
        &mut report,
        &format!(
            "{}, whose validation loss was lowest, once more: on {} recordings for {epochs} epochs, the best \
             number on average over the folds, as nothing is left to tell when to stop. {}",
            network.name,
            everything.train.len(),
            if asked.is_empty() {
                "Nothing is left to judge it either: the figures below are those of its twins, one a fold."
            } else {
                "It answers for the test folder below; the other networks answer as they were trained above."
            },
        ),
    );
    let last = Recipe { epochs, patience: u64::MAX, ..recipe(&network) };
    let (model, ..) = stage.train(&network, &everything, &last, (network.name, 0))?;
    model.save(output.path("model.safetensors"))?;
    println!("  {}", output.path("model.safetensors").display());
    if !asked.is_empty() {
        chosen.answers = Answers::new(stage.answers(&model, &asked)?);
        chosen.metrics = chosen.answers.metrics(classes, &set.classes);
    }

    // 7. Baselines say what the figures are worth.
    heading(&mut report, "7. What the figures are worth");
    let chosen = runs.iter().find(|run| run.network.name == network.name).ok_or("no network")?;
    let n = set.classes.len();
    let baselines = [
        ("majority", judge::majority(classes, n, &folds)),
        ("handcrafted", judge::handcrafted(&by_hand, classes, n, &folds, flags.seed)),
    ];
    let intervals = chosen.answers.intervals(classes, &set.classes, &pieces, flags.seed);
    pages::figures(&mut report, &set, &runs, chosen, &baselines, &intervals);
    let mut figures: Map<String, Value> = baselines
        .iter()
        .map(|(name, answers)| (name.to_string(), answers.metrics(classes, &set.classes).into()))
        .collect();

    // 8. The trap: what a split by recording would have said.
    heading(&mut report, "8. The artist in the test");
    if !asked.is_empty() {
        say(&mut report, "With a test folder of its own there is nothing to split, and no trap.");
    } else if group_count(&pieces) == set.list.len() {
        say(
            &mut report,
            "Every recording is a group of its own, so both splits are one and the same.",
        );
    } else {
        let trap = trap::measure(stage, chosen, &folds, &recipe(&network))?;
        pages::trap(&mut report, &trap);
        figures.extend(trap.figures);
    }

    // 9. What was taken for what, exercises, and everything in files.
    heading(&mut report, "9. Taken for each other");
    pages::confusion(&mut report, &set, &chosen.answers)?;
    report.section("Exercises");
    EXERCISES.iter().for_each(|exercise| report.paragraph(exercise));
    report.write(output.path("report.html"))?;
    output.write("predictions.csv", pages::predictions(&set, &chosen.answers))?;
    pages::finish(&output, &set, &runs, chosen, figures, intervals, &model)
}

/// Solutions are in `docs/solutions/lesson3.md`.
const EXERCISES: [&str; 5] = [
    "1. Count by hand: how many weights and how many multiply-adds has each convolution of compact_cnn? \
     Compare with the table.",
    "2. Change the number of blocks, their filters, the dense layer. The menu of optimisers: SGD 0.01; with \
     Nesterov momentum 0.9; RMSprop 0.001; Adagrad 0.01; Nadam 0.002. Which one needs the falling rate?",
    "3. From the answers to three pictures, (0.9, 0.1), (0.4, 0.6), (0.4, 0.6): what does the mean say, and \
     what the vote? When would you prefer which?",
    "4. An artist has one recording in the test and none, one, two ... others. How often will a random split \
     with five folds let the look-up know the artist?",
    "5. Listen to the cells of the confusion matrix. Which errors would you forgive, and what would a figure \
     be that forgives them?",
];
