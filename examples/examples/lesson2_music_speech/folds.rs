//! Which recordings train and which are asked, and the steps that are the same for each fold.

use std::error::Error;

use dlmir_data::synthetic::music_speech;
use dlmir_data::{Fold, Pieces, Standardizer, hold_out, k_fold};
use dlmir_examples::{Flags, Output, Recordings};
use dlmir_models::train::{Callback, CsvHistory, History, Progress, TensorBoard};
use dlmir_models::{Architecture, FrontEnd, Model, Output as Meaning, Tagger};
use dlmir_nn::optim::Adam;
use ndarray::Array2;
use serde_json::{Map, Value};

use crate::judge::Answers;
use crate::networks::{self, Recipe, Task};
use crate::{Layout, NETWORKS};

/// Generated recordings: 22 050 Hz as the real set, so many seconds each.
const SECONDS: f32 = 6.0;
const SAMPLE_RATE: u32 = 22_050;

/// The recordings of the run: those to train on, then those of `--test`.
pub fn recordings(flags: &Flags) -> Result<Recordings, Box<dyn Error>> {
    let mut set = match &flags.data {
        Some(dir) => Recordings::folder(dir, flags, 12)?,
        None => {
            let items = if flags.quick { 60 } else { 240 };
            let make = |seed, item| music_speech::item(seed, item, SECONDS, SAMPLE_RATE).signal;
            // Even items are music, odd ones speech.
            let class_of = |_, item| (item % 2) as usize;
            Recordings::generated(&music_speech::CLASSES, flags.seed, 0..items, make, class_of)
        }
    };
    if set.classes.len() != 2 {
        let count = set.classes.len();
        return Err(format!("{}: wanted two class folders, found {count}", set.origin).into());
    }
    if let Some(test) = &flags.test {
        set.join(Recordings::folder(test, flags, 12)?)?;
    }
    Ok(set)
}

/// How the recordings are divided.
///
/// Without `--test`: cross-validation by group (or one held-out fifth). With it: one fold whose test part
/// is that folder and whose training part is everything else. A part of the training recordings is set
/// aside for validation in each case.
pub fn divide(flags: &Flags, set: &Recordings) -> Result<Vec<Fold>, Box<dyn Error>> {
    let pieces = set.pieces();
    let folds = match (&flags.test, flags.folds) {
        (Some(_), _) => {
            let (test, train) = (0..set.list.len()).partition(|&i| set.list[i].only_asked);
            vec![Fold { train, validation: Vec::new(), test }]
        }
        (None, 1) => vec![hold_out(&pieces, 5, flags.seed)?],
        (None, folds) => k_fold(&pieces, folds as usize, flags.seed)?,
    };
    with_validation(folds, &pieces, flags.seed)
}

fn with_validation(
    folds: Vec<Fold>,
    pieces: &Pieces,
    seed: u64,
) -> Result<Vec<Fold>, Box<dyn Error>> {
    let folds = folds.into_iter().map(|fold| fold.with_validation(pieces, 6, seed));
    Ok(folds.collect::<Result<_, _>>()?)
}

/// How many groups there are.
pub fn group_count(pieces: &Pieces) -> usize {
    pieces.groups().iter().max().map_or(0, |last| last + 1)
}

/// Everything that changes bits, in words, for the checkpoints.
pub fn settings(flags: &Flags, set: &Recordings) -> Result<String, Box<dyn Error>> {
    let Flags { seed, quick, folds, .. } = flags;
    Ok(format!("data {}, seed {seed}, quick {quick}, folds {folds}", set.digest()?))
}

/// The folders of the event files: one for each network and fold.
pub fn log_folders(folds: &[Fold]) -> Vec<String> {
    let of = |(name, _): (&str, Layout)| {
        (1..=folds.len()).map(move |k| format!("{name}/fold{k}")).collect::<Vec<_>>()
    };
    NETWORKS.into_iter().flat_map(of).collect()
}

/// A front end that standardises, and spectrograms that are standardised by it.
pub type Standardized = (FrontEnd, Vec<Array2<f32>>);

/// Standardises every band by mean and deviation of the fold's training part, and of nothing else. The
/// numbers become part of the front end, and so of the model.
pub fn standardize(
    front_end: &FrontEnd,
    spectrograms: &[Array2<f32>],
    fold: &Fold,
) -> Result<Standardized, Box<dyn Error>> {
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
    pub name: &'static str,
    pub answers: Answers,
    pub histories: Vec<History>,
    pub metrics: Map<String, Value>,
    /// The network of the first fold, which has not heard that fold's test recordings.
    pub first: Tagger,
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

/// Where a training run stands in the lesson: for its files and its checkpoint.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub output: &'a Output,
    pub flags: &'a Flags,
    pub settings: &'a str,
    pub name: &'a str,
    /// From 1; 0 is the final model.
    pub fold: usize,
}

/// Trains one network on one fold, logged and with a checkpoint after each epoch.
pub fn train(
    model: &mut Model,
    task: Task<'_>,
    recipe: Recipe,
    place: Place<'_>,
) -> Result<History, Box<dyn Error>> {
    let Place { output, flags, settings, name, fold } = place;
    // The chosen model's log is in the output folder itself, the others in folders of their own.
    let logs =
        if fold == 0 { output.path("") } else { output.path(name).join(format!("fold{fold}")) };
    let mut watchers: Vec<Box<dyn Callback>> = vec![
        Box::new(CsvHistory::new(output.path("history.csv"), name, fold)),
        Box::new(TensorBoard::new(logs)),
        Box::new(Progress::new(&format!("{name} fold {fold}"), flags.progress())),
    ];
    let checkpoint = output.checkpoint(&format!("{name}-{fold}"));
    let settings = format!("{settings}, {name}, fold {fold}");
    let mut adam = Adam::default();
    let checkpoint = Some((&*checkpoint, &*settings));
    let history = networks::fit(model, &mut adam, task, recipe, checkpoint, &mut watchers)?;
    output.trained(&history);
    Ok(history)
}

/// The probability of the first class: the mean over the recording's segments.
pub fn answer(
    model: &Model,
    front_end: &FrontEnd,
    spectrogram: &Array2<f32>,
) -> Result<f64, Box<dyn Error>> {
    let probabilities = model.predict(&front_end.cut(spectrogram))?;
    let sum: f64 = probabilities.as_slice().iter().map(|&p| f64::from(p)).sum();
    Ok(sum / probabilities.len().max(1) as f64)
}

/// The network to keep: trained on all recordings that are not `--test`, for as many epochs as were best
/// on average over the folds, since nothing is left for validation.
pub fn final_model(
    architecture: Architecture,
    front_end: &FrontEnd,
    spectrograms: &[Array2<f32>],
    set: &Recordings,
    recipe: Recipe,
    place: Place<'_>,
) -> Result<Model, Box<dyn Error>> {
    let pieces = set.pieces();
    let asked = set.list.iter().filter(|recording| recording.only_asked).count();
    let fold = Fold::all(set.list.len() - asked);
    let (front_end, scaled) = standardize(front_end, spectrograms, &fold)?;
    let labels: Vec<&str> = set.classes.iter().map(String::as_str).collect();
    let model = Model::new(architecture, Meaning::Binary, &labels, recipe.seed)?;
    let mut model = model.with_front_end(front_end)?;
    let task = Task { sounds: &scaled, classes: pieces.classes(), fold: &fold };
    train(&mut model, task, Recipe { patience: u64::MAX, ..recipe }, place)?;
    Ok(model)
}
