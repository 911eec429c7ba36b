//! The trap of the tutorial: a split by recording gives each artist to both sides.
//!
//! In the tutorial's data, 98.6 % of the test clips have their artist in the training part, and naming the
//! genre of the artist, without listening, is right for 86 % of them; the network is right for 79 %.
//! A network that learns to recognise artists looks like one that knows genres.

use std::error::Error;

use dlmir_data::{Fold, Pieces, k_fold};
use serde_json::{Map, Value};

use crate::folds::{Run, Stage, with_validation};
use crate::judge::{Answers, artist_lookup, figure};
use crate::training::Recipe;

/// How many of the torn folds the network is trained on; the look-up answers for the same recordings.
const FOLDS: usize = 2;

/// What came out.
pub struct Trap {
    /// Network and look-up, each under both splits, and who has an artist in the training part.
    pub rows: Vec<Vec<String>>,
    pub bars: Vec<(String, f64)>,
    /// Figures for `metrics.json`, by name.
    pub figures: Map<String, Value>,
    /// Accuracy of network and look-up by recording, and by artist.
    by_recording: [f64; 2],
    by_artist: [f64; 2],
}

/// The chosen network and the artist look-up on a split by recording, beside those on a split by artist.
pub fn measure(
    stage: Stage<'_>,
    chosen: &Run,
    folds: &[Fold],
    recipe: &Recipe,
) -> Result<Trap, Box<dyn Error>> {
    let pieces = stage.set.pieces();
    let (classes, names) = (pieces.classes(), &stage.set.classes);
    let alone = Pieces::ungrouped(classes.to_vec());
    let seed = stage.flags.seed;
    let torn = k_fold(&alone, (stage.flags.folds as usize).max(2), seed)?;
    let few = if stage.flags.quick { 1 } else { FOLDS };
    let torn = with_validation(torn.into_iter().take(few).collect(), &alone, seed)?;
    let name = format!("{}-by-recording", chosen.network.name);
    let run = stage.cross_validated(chosen.network, &torn, recipe, &name)?;

    let lookup = |folds: &[Fold]| artist_lookup(classes, names.len(), pieces.groups(), folds);
    let share = |folds: &[Fold]| {
        let asked = folds.iter().flat_map(|fold| fold.test.iter().map(move |&i| (fold, i)));
        let known = |&(fold, i): &(&Fold, usize)| {
            fold.train.iter().any(|&j| pieces.groups()[j] == pieces.groups()[i])
        };
        let asked: Vec<(&Fold, usize)> = asked.collect();
        asked.iter().filter(|one| known(one)).count() as f64 / asked.len().max(1) as f64
    };
    let [torn_lookup, whole_lookup] = [lookup(&torn), lookup(folds)];
    let figures_of = |answers: &Answers| answers.metrics(classes, names);
    let accuracy = |answers: &Answers| figure(&figures_of(answers), "accuracy");
    let by_recording = [accuracy(&run.answers), accuracy(&torn_lookup)];
    let by_artist = [accuracy(&chosen.answers), accuracy(&whole_lookup)];
    let number = |x: f64| format!("{x:.3}");
    let row = |name: &str, a: f64, b: f64| vec![name.to_string(), number(a), number(b)];
    let mut figures = Map::new();
    for (name, answers) in [
        ("artist_lookup", &whole_lookup),
        ("artist_lookup_split_by_recording", &torn_lookup),
        ("chosen_split_by_recording", &run.answers),
    ] {
        figures.insert(name.into(), Value::Object(figures_of(answers)));
    }
    Ok(Trap {
        rows: vec![
            row(chosen.network.name, by_recording[0], by_artist[0]),
            row("artist look-up", by_recording[1], by_artist[1]),
            row("artist is known", share(&torn), share(folds)),
        ],
        bars: vec![
            (format!("{}, by recording", chosen.network.name), by_recording[0]),
            ("artist look-up, by recording".into(), by_recording[1]),
            (format!("{}, by artist", chosen.network.name), by_artist[0]),
            ("artist look-up, by artist".into(), by_artist[1]),
        ],
        figures,
        by_recording,
        by_artist,
    })
}

impl Trap {
    /// What the figures say.
    pub fn verdict(&self) -> String {
        let [network, lookup] = self.by_recording;
        let [honest, blind] = self.by_artist;
        let race = if lookup > network { "beats" } else { "does not beat" };
        let gap = network - honest;
        let cost = if gap > 0.0 {
            format!(
                "the network loses {:.1} points, which were recognition of artists or luck",
                100.0 * gap
            )
        } else {
            format!("the network gains {:.1} points, so it did not live on artists", -100.0 * gap)
        };
        format!(
            "Split by recording, the artist look-up, which hears nothing, {race} the network: {lookup:.3} to \
             {network:.3}. A figure below what a list of names achieves proves nothing about hearing. Split by \
             artist, the look-up knows no one and falls to {blind:.3}; {cost}, and {honest:.3} is what it is \
             worth for a new artist."
        )
    }
}
