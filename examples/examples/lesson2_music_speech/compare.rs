//! Experiments on one fold, with the small fully connected network: how to standardise, how to optimise.
//!
//! All are judged on validation recordings. The test recordings stay unheard until the end.

use std::error::Error;

use dlmir_data::{Fold, Per, Standardizer};
use dlmir_models::train::History;
use dlmir_models::{FrontEnd, Model, Output};
use dlmir_nn::optim::{Adam, Optimizer, RmsProp, Sgd};
use ndarray::Array2;

use crate::networks::{self, Recipe, Task};

/// One line of a comparison.
pub struct Trial {
    pub name: String,
    pub history: History,
}

impl Trial {
    /// The last epoch as cells of a table: name, loss, validation loss, validation accuracy.
    pub fn cells(&self) -> Vec<String> {
        let last = self.history.rows.last();
        let number = |of: fn(&dlmir_models::train::HistoryRow) -> f64| {
            last.map_or(String::from("-"), |row| format!("{:.3}", of(row)))
        };
        vec![
            self.name.clone(),
            number(|row| row.loss),
            number(|row| row.val_loss),
            number(|row| row.val_accuracy),
        ]
    }
}

/// The header of a table of trials.
pub const HEADER: [&str; 4] = ["", "loss", "validation loss", "validation accuracy"];

/// Prints a table of trials.
pub fn print(trials: &[Trial]) {
    let line = |cells: &[String]| {
        println!("  {:<28} {:>8} {:>16} {:>20}", cells[0], cells[1], cells[2], cells[3]);
    };
    line(&HEADER.map(String::from));
    trials.iter().for_each(|trial| line(&trial.cells()));
}

/// The same network on the same pictures, the first segment of each recording, standardised in four ways.
///
/// With the validation recordings among those that the scaler learns from, they are no judges any more,
/// whether their figure rises or falls: a leak.
pub fn standardisation(
    front_end: &FrontEnd,
    sounds: &[Array2<f32>],
    classes: &[usize],
    fold: &Fold,
    recipe: Recipe,
) -> Result<Vec<Trial>, Box<dyn Error>> {
    let pictures: Vec<Array2<f32>> = sounds
        .iter()
        .map(|sound| dlmir_data::segment::segment(sound.view(), 0, front_end.frames()))
        .collect();
    let mut train = [&fold.train[..], &fold.validation].concat();
    train.sort_unstable();
    let leak = Fold { train, validation: Vec::new(), test: Vec::new() };
    let ways = [
        ("none: raw decibels", None),
        ("per band, training only", Some(Standardizer::fit(&pictures, fold, Per::Band)?)),
        ("per pixel, training only", Some(Standardizer::fit(&pictures, fold, Per::Pixel)?)),
        ("per pixel, validation too", Some(Standardizer::fit(&pictures, &leak, Per::Pixel)?)),
    ];
    let mut trials = Vec::new();
    for (name, way) in ways {
        let mut pictures = pictures.clone();
        if let Some(way) = way {
            pictures.iter_mut().for_each(|picture| way.apply(&mut picture.view_mut()));
        }
        let task = Task { sounds: &pictures, classes, fold };
        let history = self::train(front_end, task, &mut Adam::default(), recipe)?;
        trials.push(Trial { name: name.into(), history });
    }
    Ok(trials)
}

/// The same network and start with five ways to use the gradients.
pub fn optimizers(
    front_end: &FrontEnd,
    task: Task<'_>,
    recipe: Recipe,
) -> Result<Vec<Trial>, Box<dyn Error>> {
    let momentum = Sgd { momentum: 0.9, ..Sgd::default() };
    let nesterov = Sgd { nesterov: true, ..momentum.clone() };
    let ways: Vec<(&str, f64, Box<dyn Optimizer>)> = vec![
        ("sgd 0.01", 0.01, Box::new(Sgd::default())),
        ("momentum 0.01", 0.01, Box::new(momentum)),
        ("nesterov 0.01", 0.01, Box::new(nesterov)),
        ("rmsprop 0.001", 0.001, Box::new(RmsProp::default())),
        ("adam 0.001", 0.001, Box::new(Adam::default())),
    ];
    let mut trials = Vec::new();
    for (name, learning_rate, mut optimizer) in ways {
        let recipe = Recipe { learning_rate, ..recipe };
        let history = train(front_end, task, optimizer.as_mut(), recipe)?;
        trials.push(Trial { name: name.into(), history });
    }
    Ok(trials)
}

fn train(
    front_end: &FrontEnd,
    task: Task<'_>,
    optimizer: &mut dyn Optimizer,
    recipe: Recipe,
) -> Result<History, Box<dyn Error>> {
    let architecture = networks::dense(front_end);
    let mut model = Model::new(architecture, Output::Binary, &[], recipe.seed)?;
    networks::fit(&mut model, optimizer, task, recipe, None, &mut [])
}
