//! What it is worth to know the artist: why a split has to keep artists together.

use std::collections::BTreeMap;
use std::error::Error;

use dlmir_data::{Fold, Pieces, k_fold};
use dlmir_eval::accuracy;

use crate::measures::Measures;

/// The header of the table.
pub const HEADER: [&str; 6] = [
    "set",
    "artists",
    "lookup, split at random",
    "lookup, split by artist",
    "nearest neighbour, split at random",
    "nearest neighbour, split by artist",
];

/// A row of accuracies, cross-validated: of the lookup, which hears nothing and answers with the commonest class among the artist's
/// training recordings (among all, if there are none), and of the recording whose mean mel spectrum is nearest.
pub fn row(
    name: &str,
    recordings: &[(usize, String, Measures)],
    folds: usize,
    seed: u64,
) -> Result<Vec<String>, Box<dyn Error>> {
    let labels: Vec<usize> = recordings.iter().map(|r| r.0).collect();
    let artists: Vec<&str> = recordings.iter().map(|r| r.1.as_str()).collect();
    let at_random = k_fold(&Pieces::ungrouped(labels.clone()), folds, seed)?;
    let pieces = Pieces::new(labels.clone(), recordings.iter().map(|r| r.1.clone()));
    let by_artist = k_fold(&pieces, folds, seed)?;
    let spectra: Vec<&[f64]> = recordings.iter().map(|r| r.2.mel_db.as_slice()).collect();
    let right = |folds: &[Fold], answer: &dyn Fn(&[usize], usize) -> usize| {
        let mut answers = vec![0; labels.len()];
        for fold in folds {
            fold.test.iter().for_each(|&i| answers[i] = answer(&fold.train, i));
        }
        format!("{:.3}", accuracy(&labels, &answers))
    };
    let lookup = |train: &[usize], asked: usize| {
        let own: Vec<usize> =
            train.iter().copied().filter(|&i| artists[i] == artists[asked]).collect();
        let known = if own.is_empty() { train } else { &own };
        commonest(known.iter().map(|&i| labels[i]))
    };
    let neighbour = |train: &[usize], asked: usize| {
        let distance = |i: usize| -> f64 {
            spectra[i].iter().zip(spectra[asked]).map(|(a, b)| (a - b).powi(2)).sum()
        };
        let nearest = train.iter().min_by(|&&a, &&b| distance(a).total_cmp(&distance(b)));
        nearest.map_or(0, |&i| labels[i])
    };
    let mut known = artists.clone();
    known.sort_unstable();
    known.dedup();
    Ok(vec![
        name.to_owned(),
        known.len().to_string(),
        right(&at_random, &lookup),
        right(&by_artist, &lookup),
        right(&at_random, &neighbour),
        right(&by_artist, &neighbour),
    ])
}

/// The class that comes most often; of equals the first.
fn commonest(classes: impl Iterator<Item = usize>) -> usize {
    let mut counts = BTreeMap::new();
    classes.for_each(|class| *counts.entry(class).or_insert(0) += 1);
    counts.into_iter().rev().max_by_key(|&(_, count)| count).map_or(0, |(class, _)| class)
}
