//! A linear classifier: multinomial logistic regression, the baseline that every feature deserves.
//!
//! ```text
//! p = softmax(x W + b)        x: [features], standardised by the training rows        W: [features, classes]
//! ```
//!
//! W minimises the mean cross-entropy of the training rows plus 0.001 |W|^2: 500 steps of Adam over all rows at once, from a start at
//! random. What it cannot tell apart needs more than a weighted sum of these features.

use dlmir_data::Fold;
use dlmir_nn::ops::Penalty;
use dlmir_nn::optim::{Adam, Optimizer};
use dlmir_nn::{Layer, Linear, Params, Pool, Rng, Tape, Tensor};

/// The class of each item by a linear classifier that has not seen it: trained on each fold's training part, asked about its test part.
///
/// # Panics
/// If the rows differ in length, or a class is not below `classes`.
#[track_caller]
pub fn cross_validated(
    rows: &[Vec<f32>],
    labels: &[usize],
    classes: usize,
    folds: &[Fold],
    seed: u64,
) -> Vec<usize> {
    assert!(labels.iter().all(|&label| label < classes), "linear: a class beyond {classes}");
    let mut predicted = vec![0; rows.len()];
    for fold in folds {
        let part = |which: &[usize]| -> Vec<&[f32]> { which.iter().map(|&i| &*rows[i]).collect() };
        let known: Vec<usize> = fold.train.iter().map(|&i| labels[i]).collect();
        let answers = classify(&part(&fold.train), &known, &part(&fold.test), classes, seed);
        for (&i, answer) in fold.test.iter().zip(answers) {
            predicted[i] = answer;
        }
    }
    predicted
}

/// Fits on `rows` with their `labels`, answers for `asked`.
fn classify(
    rows: &[&[f32]],
    labels: &[usize],
    asked: &[&[f32]],
    classes: usize,
    seed: u64,
) -> Vec<usize> {
    let features = rows.first().map_or(0, |row| row.len());
    let scale: Vec<(f32, f32)> = (0..features).map(|k| mean_and_deviation(rows, k)).collect();
    let tensor = |rows: &[&[f32]]| {
        let values = rows.iter().flat_map(|row| {
            assert_eq!(row.len(), features, "linear: rows of different lengths");
            row.iter().zip(&scale).map(|(x, (mean, deviation))| (x - mean) / deviation)
        });
        Tensor::from_vec(&[rows.len(), features], values.collect())
    };
    let (x, asked) = (tensor(rows), tensor(asked));
    let mut targets = vec![0.0; labels.len() * classes];
    for (row, &label) in targets.chunks_exact_mut(classes).zip(labels) {
        row[label] = 1.0;
    }
    let targets = Tensor::from_vec(&[labels.len(), classes], targets);

    let mut params = Params::new();
    let layer = Linear::new(&mut params, "linear", features, classes, &mut Rng::new(seed, 0));
    let (mut adam, mut pool) = (Adam::default(), Pool::new());
    for _ in 0..500 {
        let mut tape = Tape::record(&params, &mut pool);
        let (x, targets) = (tape.borrowed(&x), tape.borrowed(&targets));
        let logits = layer.forward(&mut tape, x);
        let loss = tape.cross_entropy(logits, targets);
        let loss = tape.add_penalty(loss, Penalty::L2(1e-3), &[layer.weight()]);
        let grads = tape.backward(loss);
        adam.update(&mut params, &grads, 0.05);
        grads.give_back(&mut pool);
    }
    let mut tape = Tape::record(&params, &mut pool);
    let asked = tape.borrowed(&asked);
    let logits = layer.forward(&mut tape, asked);
    tape.value(logits).as_slice().chunks_exact(classes).map(largest).collect()
}

fn mean_and_deviation(rows: &[&[f32]], feature: usize) -> (f32, f32) {
    let n = rows.len() as f32;
    let mean = rows.iter().map(|row| row[feature]).sum::<f32>() / n;
    let variance = rows.iter().map(|row| (row[feature] - mean).powi(2)).sum::<f32>() / n;
    (mean, variance.sqrt().max(1e-6))
}

/// The first place of the largest value.
fn largest(values: &[f32]) -> usize {
    (0..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

#[cfg(test)]
mod tests {
    use dlmir_data::{Pieces, k_fold};

    use super::*;

    fn folds(labels: &[usize]) -> Vec<Fold> {
        k_fold(&Pieces::ungrouped(labels.to_vec()), 4, 1).unwrap()
    }

    #[test]
    fn three_classes_on_a_line_are_told_apart_only_as_far_as_a_line_can() {
        let labels: Vec<usize> = (0..60).map(|i| i % 3).collect();
        let far: Vec<Vec<f32>> = labels.iter().map(|&c| vec![100.0 * c as f32, 7.0]).collect();
        assert_eq!(cross_validated(&far, &labels, 3, &folds(&labels), 1), labels);
        // Class 1 lies on both sides of class 0: no weighted sum separates them.
        let around: Vec<usize> = (0..60).map(|i| i % 2).collect();
        let row = |i: usize| vec![if i.is_multiple_of(2) { 0.0 } else { (i % 4) as f32 - 2.0 }];
        let rows: Vec<Vec<f32>> = (0..60).map(row).collect();
        let answers = cross_validated(&rows, &around, 2, &folds(&around), 1);
        let right = answers.iter().zip(&around).filter(|(a, b)| a == b).count();
        assert!(right < 50, "{right} of 60");
    }

    #[test]
    fn features_without_a_message_give_chance() {
        let labels: Vec<usize> = (0..200).map(|i| i % 2).collect();
        let mut rng = Rng::new(3, 0);
        let rows: Vec<Vec<f32>> = labels.iter().map(|_| vec![rng.normal(), rng.normal()]).collect();
        let answers = cross_validated(&rows, &labels, 2, &folds(&labels), 1);
        let right = answers.iter().zip(&labels).filter(|(a, b)| a == b).count();
        assert!((60..140).contains(&right), "{right} of 200");
    }
}
