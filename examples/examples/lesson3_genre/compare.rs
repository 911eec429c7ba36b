//! Experiments on one fold, with the compact CNN: what its parts are good for, and what augmentation does.
//!
//! All are judged on validation recordings. The test recordings stay unheard until the end.

use std::error::Error;

use dlmir_data::Fold;
use dlmir_models::train::History;
use dlmir_models::{Model, Output as Meaning};

use crate::folds::{Stage, prepare};
use crate::networks::{Network, Switches, compact_variant};
use crate::training::{Augment, Recipe, Task, fit};

/// One line of a comparison.
pub struct Trial {
    pub name: &'static str,
    pub history: History,
}

impl Trial {
    /// Name, loss and validation loss of the last epoch, the best validation loss and accuracy.
    pub fn cells(&self) -> Vec<String> {
        let rows = &self.history.rows;
        let last = |of: fn(&dlmir_models::train::HistoryRow) -> f64| {
            rows.last().map_or(String::from("-"), |row| format!("{:.3}", of(row)))
        };
        let best = rows.iter().map(|row| row.val_accuracy).fold(f64::NAN, f64::max);
        vec![
            self.name.into(),
            last(|row| row.loss),
            last(|row| row.val_loss),
            last(|row| row.val_accuracy),
            format!("{best:.3}"),
        ]
    }
}

/// The header of a table of trials.
pub const HEADER: [&str; 5] =
    ["", "loss", "validation loss", "validation accuracy", "best accuracy"];

/// Prints a table of trials.
pub fn print(trials: &[Trial]) {
    let line = |cells: &[String]| {
        println!(
            "  {:<34} {:>6} {:>16} {:>20} {:>14}",
            cells[0], cells[1], cells[2], cells[3], cells[4]
        );
    };
    line(&HEADER.map(String::from));
    trials.iter().for_each(|trial| line(&trial.cells()));
}

/// The compact CNN with its parts switched off, one after the other. All see standardised bands, so that
/// what is left out is the network's own norm and not the scaling of its input.
pub fn switches(
    stage: Stage<'_>,
    network: &Network,
    fold: &Fold,
    recipe: &Recipe,
) -> Result<Vec<Trial>, Box<dyn Error>> {
    let on = Switches::default();
    let ways = [
        ("as it is", on),
        ("without any batch norm", Switches { band_norm: false, batch_norm: false, ..on }),
        ("ReLU instead of ELU", Switches { elu: false, ..on }),
    ];
    let mut standardised = *network;
    standardised.takes_decibels = false;
    let mut trials = Vec::new();
    for (name, switches) in ways {
        trials.push(trial(stage, (name, switches), &standardised, fold, recipe)?);
    }
    // The same without a norm on raw decibels, as the network itself is fed.
    let off = Switches { band_norm: false, batch_norm: false, ..on };
    let mut raw = *network;
    raw.takes_decibels = true;
    trials.push(trial(stage, ("without any, on raw decibels", off), &raw, fold, recipe)?);
    Ok(trials)
}

/// The compact CNN as it is, shown its pictures in more and more ways.
pub fn augmentation(
    stage: Stage<'_>,
    network: &Network,
    fold: &Fold,
    recipe: &Recipe,
) -> Result<Vec<Trial>, Box<dyn Error>> {
    let ways = [
        ("always the same pictures", Augment::default()),
        ("cut out at random places", Augment { crop: true, ..Augment::default() }),
        ("and up to 6 dB off, with holes", Augment { crop: true, gain: 6.0, holes: true }),
    ];
    let mut trials = Vec::new();
    for (name, augment) in ways {
        let recipe = Recipe { augment, ..recipe.clone() };
        trials.push(trial(stage, (name, Switches::default()), network, fold, &recipe)?);
    }
    Ok(trials)
}

fn trial(
    stage: Stage<'_>,
    (name, switches): (&'static str, Switches),
    network: &Network,
    fold: &Fold,
    recipe: &Recipe,
) -> Result<Trial, Box<dyn Error>> {
    let (_, sounds) = prepare(network, stage.front_end, stage.spectrograms, fold)?;
    let n_classes = stage.set.classes.len();
    let architecture = compact_variant(switches, n_classes);
    let mut model = Model::new(architecture, Meaning::OneOf, &[], recipe.seed)?;
    let task = Task { sounds: &sounds, classes: stage.classes, fold };
    let history = fit(&mut model, task, recipe, None, &mut [])?;
    Ok(Trial { name, history })
}
