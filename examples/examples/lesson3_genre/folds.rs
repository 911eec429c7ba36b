//! Which recordings train and which are asked, and the steps that are the same for each fold.

use std::collections::HashMap;
use std::error::Error;

use dlmir_audio::Signal;
use dlmir_data::split_file::{Side, SplitFile};
use dlmir_data::synthetic::band::{Genre, Piece, Set};
use dlmir_data::{Fold, Pieces, Standardizer, hold_out, k_fold};
use dlmir_examples::{Flags, Output, Recordings};
use dlmir_models::train::{Callback, CsvHistory, History, Progress, TensorBoard};
use dlmir_models::{FrontEnd, Model, Output as Meaning};
use ndarray::Array2;
use serde_json::{Map, Value};

use crate::judge::{Answer, Answers};
use crate::networks::{self, Network};
use crate::training::{self, Film, Recipe, Task};

/// Generated recordings: 22 050 Hz as the real sets, so many seconds each.
const SECONDS: f32 = 4.0;
const SAMPLE_RATE: u32 = 22_050;

/// The recordings of the run: those to train on, then those of `--test`.
pub fn recordings(flags: &Flags) -> Result<Recordings, Box<dyn Error>> {
    let mut set = match &flags.data {
        Some(dir) => Recordings::folder(dir, flags, QUICK_FILES)?,
        None => generated(flags),
    };
    if set.classes.len() < 2 {
        return Err(format!("{}: wanted at least two class folders", set.origin).into());
    }
    if let Some(test) = &flags.test {
        set.join(Recordings::folder(test, flags, QUICK_FILES)?)?;
    }
    Ok(set)
}

/// Files of a class in a quick run.
const QUICK_FILES: usize = 8;

/// Pieces of twelve genres, 24 of each, by up to 24 artists of a genre: some have several, some none.
fn generated(flags: &Flags) -> Recordings {
    let items = if flags.quick { 60 } else { 288 };
    let mut classes: Vec<&str> = Genre::ALL.iter().map(|genre| genre.name()).collect();
    classes.sort_unstable();
    let make: fn(u64, u64) -> Signal =
        |seed, item| Set::Genre.item(seed, item, SECONDS, SAMPLE_RATE).signal;
    let about = |seed, item| {
        let piece = Piece::compose(&Set::Genre.order(seed, item, SECONDS));
        let genre = piece.order.genre.name();
        let class = classes.iter().position(|class| *class == genre);
        (class.unwrap_or_else(|| unreachable!("all genres are classes")), Some(piece.artist.name()))
    };
    Recordings::generated_in_groups(&classes, "genre", flags.seed, 0..items, make, about)
}

/// How the recordings are divided, and in words if that is a published split.
///
/// Without `--test`: cross-validation by group (or one held-out fifth); GTZAN has its fault-filtered
/// split. With it: one fold whose test part is that folder and whose training part is everything else. A
/// part of the training recordings is set aside for validation in each case.
pub fn divide(
    flags: &Flags,
    set: &Recordings,
) -> Result<(Vec<Fold>, Option<String>), Box<dyn Error>> {
    let pieces = set.pieces();
    let folds = match (&flags.test, flags.folds) {
        (Some(_), _) => {
            let (test, train) = (0..set.list.len()).partition(|&i| set.list[i].only_asked);
            vec![Fold { train, validation: Vec::new(), test }]
        }
        (None, folds) => match gtzan(set) {
            Some(fold) => {
                let text = format!(
                    "This is GTZAN: its fault-filtered split is used (Kereliuk, Sturm and Larsen 2015), {} \
                     to train, {} to validate, {} to test; repeated and distorted files are left out.",
                    fold.train.len(),
                    fold.validation.len(),
                    fold.test.len()
                );
                return Ok((vec![fold], Some(text)));
            }
            None if folds == 1 => vec![hold_out(&pieces, 5, flags.seed)?],
            None => k_fold(&pieces, folds as usize, flags.seed)?,
        },
    };
    Ok((with_validation(folds, &pieces, flags.seed)?, None))
}

/// A part of each fold's training recordings for validation.
pub fn with_validation(
    folds: Vec<Fold>,
    pieces: &Pieces,
    seed: u64,
) -> Result<Vec<Fold>, Box<dyn Error>> {
    let folds = folds.into_iter().map(|fold| fold.with_validation(pieces, 6, seed));
    Ok(folds.collect::<Result<_, _>>()?)
}

/// The fault-filtered split, if the folder is GTZAN: all files are named as there, and no part is empty.
fn gtzan(set: &Recordings) -> Option<Fold> {
    let stem = |path: &str| path.rsplit_once('.').map_or(path, |(stem, _)| stem).to_string();
    let split = SplitFile::gtzan_filtered();
    let index: HashMap<String, usize> =
        set.list.iter().zip(0..).map(|(recording, i)| (stem(&recording.name), i)).collect();
    let named = |name: &str| {
        let (class, file) = name.split_once('/').unwrap_or(("", name));
        let number = stem(file);
        let number = number.strip_prefix(class).and_then(|rest| rest.strip_prefix('.'));
        number.is_some_and(|number| number.len() == 5 && number.parse::<u32>().is_ok())
    };
    if set.classes.len() != 10 || !set.list.iter().all(|recording| named(&recording.name)) {
        return None;
    }
    let part = |side: Side| {
        let mut part: Vec<usize> =
            split.paths(side).filter_map(|path| index.get(&stem(path)).copied()).collect();
        part.sort_unstable();
        part
    };
    let [train, validation, test] = [Side::Train, Side::Validation, Side::Test].map(part);
    let whole = !(train.is_empty() || validation.is_empty() || test.is_empty());
    whole.then_some(Fold { train, validation, test })
}

/// How many groups there are.
pub fn group_count(pieces: &Pieces) -> usize {
    pieces.groups().iter().max().map_or(0, |last| last + 1)
}

/// Everything that changes bits, in words, for the checkpoints.
pub fn settings(flags: &Flags, set: &Recordings) -> Result<String, Box<dyn Error>> {
    let Flags { seed, quick, folds, .. } = flags;
    let model = flags.model.as_deref().unwrap_or("compared");
    Ok(format!("data {}, seed {seed}, quick {quick}, folds {folds}, model {model}", set.digest()?))
}

/// A front end, and spectrograms as a network wants them.
pub type Prepared = (FrontEnd, Vec<Array2<f32>>);

/// Decibels as they are, or every band standardised by mean and deviation of the fold's training part, and
/// of nothing else. The numbers become part of the front end, and so of the model.
pub fn prepare(
    network: &Network,
    front_end: &FrontEnd,
    spectrograms: &[Array2<f32>],
    fold: &Fold,
) -> Result<Prepared, Box<dyn Error>> {
    if network.takes_decibels {
        return Ok((front_end.clone(), spectrograms.to_vec()));
    }
    let scaler = Standardizer::fit_bands(spectrograms, fold)?;
    let mean: Vec<f32> = scaler.mean().iter().copied().collect();
    let deviation: Vec<f32> = scaler.deviation().iter().copied().collect();
    let front_end = front_end.clone().standardized(&mean, &deviation)?;
    let mut scaled = spectrograms.to_vec();
    scaled.iter_mut().for_each(|sound| scaler.apply(&mut sound.view_mut()));
    Ok((front_end, scaled))
}

/// A network's answers and history over all folds.
pub struct Run {
    pub network: Network,
    pub answers: Answers,
    pub histories: Vec<History>,
    pub metrics: Map<String, Value>,
    /// The network of the first fold, and the film of its filters.
    pub first: Model,
    pub film: Film,
}

impl Run {
    /// The mean over folds of the best validation loss: by this, networks are compared.
    pub fn validation_loss(&self) -> f64 {
        let best = self.histories.iter().filter_map(|history| history.best());
        best.map(|row| row.val_loss).sum::<f64>() / self.histories.len().max(1) as f64
    }

    /// The mean over folds of the best epoch.
    pub fn best_epoch(&self) -> u64 {
        let best = self.histories.iter().filter_map(|history| history.best());
        let sum: u64 = best.map(|row| row.epoch).sum();
        (sum as f64 / self.histories.len().max(1) as f64).round().max(1.0) as u64
    }
}

/// What all training runs of the lesson share.
#[derive(Clone, Copy)]
pub struct Stage<'a> {
    pub output: &'a Output,
    pub flags: &'a Flags,
    pub settings: &'a str,
    pub set: &'a Recordings,
    pub front_end: &'a FrontEnd,
    pub spectrograms: &'a [Array2<f32>],
    pub classes: &'a [usize],
}

impl Stage<'_> {
    /// A model of a network behind a front end, with freshly drawn weights.
    pub fn model(&self, network: &Network, front_end: FrontEnd) -> Result<Model, Box<dyn Error>> {
        let labels: Vec<&str> = self.set.classes.iter().map(String::as_str).collect();
        let architecture = network.architecture(labels.len());
        let model = Model::new(architecture, Meaning::OneOf, &labels, self.flags.seed)?;
        Ok(model.with_front_end(front_end)?)
    }

    /// Trains one network on one fold, logged and with a checkpoint after each epoch. `run` names the
    /// network and what is special; fold 0 is the final model.
    pub fn train(
        &self,
        network: &Network,
        fold: &Fold,
        recipe: &Recipe,
        (run, number): (&str, usize),
    ) -> Result<(Model, History, Film), Box<dyn Error>> {
        let (front_end, sounds) = prepare(network, self.front_end, self.spectrograms, fold)?;
        let mut model = self.model(network, front_end)?;
        // The chosen model's log is in the output folder itself, the others in folders of their own.
        let logs = match number {
            0 => self.output.path(""),
            _ => self.output.path(run).join(format!("fold{number}")),
        };
        let mut film = Film::of(networks::first_filters(model.architecture()));
        let mut history = CsvHistory::new(self.output.path("history.csv"), run, number);
        let mut board = TensorBoard::new(logs);
        let mut progress = Progress::new(&format!("{run} fold {number}"), self.flags.progress());
        let watchers: &mut [&mut dyn Callback] =
            &mut [&mut history, &mut board, &mut progress, &mut film];
        let checkpoint = self.output.checkpoint(&format!("{run}-{number}"));
        let settings = format!("{}, {run}, fold {number}", self.settings);
        let task = Task { sounds: &sounds, classes: self.classes, fold };
        let checkpoint = Some((&*checkpoint, &*settings));
        let history = training::fit(&mut model, task, recipe, checkpoint, watchers)?;
        self.output.trained(&history);
        Ok((model, history, film))
    }

    /// A model's answer to a recording.
    pub fn answer(&self, model: &Model, recording: usize) -> Result<Answer, Box<dyn Error>> {
        let front_end = model.front_end().ok_or("the model has no front end")?;
        let pictures = front_end.cut(&self.spectrograms[recording]);
        Ok(Answer::of(recording, &model.label_probabilities(&pictures)?))
    }

    /// A model's answers to several recordings.
    pub fn answers(&self, model: &Model, which: &[usize]) -> Result<Vec<Answer>, Box<dyn Error>> {
        which.iter().map(|&i| self.answer(model, i)).collect()
    }

    /// One network on every fold; the test part of a fold is asked once, when training is over.
    pub fn cross_validated(
        &self,
        network: Network,
        folds: &[Fold],
        recipe: &Recipe,
        run: &str,
    ) -> Result<Run, Box<dyn Error>> {
        let (mut answers, mut histories, mut first) = (Vec::new(), Vec::new(), None);
        for (fold, number) in folds.iter().zip(1..) {
            let (model, history, film) = self.train(&network, fold, recipe, (run, number))?;
            answers.extend(self.answers(&model, &fold.test)?);
            histories.push(history);
            first.get_or_insert((model, film));
        }
        let (first, film) = first.ok_or("there is no fold")?;
        let answers = Answers::new(answers);
        let metrics = answers.metrics(self.classes, &self.set.classes);
        Ok(Run { network, answers, histories, metrics, first, film })
    }
}
