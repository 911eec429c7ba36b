//! Scores, metrics and baselines.
//!
//! Of the recordings that *are* of the first class (P) and those that are not (N), the answer hits some
//! (TP), misses some (FN), accuses some wrongly (FP) and leaves the rest alone (TN). Precision is
//! TP / (TP + FP), recall TP / (TP + FN), F1 their harmonic mean. They depend on the threshold, here 0.5;
//! the ROC curve draws recall against FP / N for all thresholds at once.

use dlmir_data::{Fold, Pieces};
use dlmir_eval::{ConfusionMatrix, accuracy, bootstrap_interval, roc_auc};
use dlmir_examples::handcrafted;
use dlmir_nn::ops::Penalty;
use dlmir_nn::optim::{Adam, Optimizer};
use dlmir_nn::{Layer, Linear, Params, Pool, Rng, Tape, Tensor};
use serde_json::{Map, Value, json};

/// The answers to recordings that were held out: for each, the probability of the first class.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// (recording, probability of class 0), in the order of the recordings.
    pub scores: Vec<(usize, f64)>,
    /// Whether the scores are mere answers, by which recordings cannot be ranked: no ROC.
    pub scores_nothing: bool,
}

impl Answers {
    /// Collects the answers of several folds.
    pub fn new(mut scores: Vec<(usize, f64)>) -> Answers {
        scores.sort_by_key(|&(recording, _)| recording);
        Answers { scores, scores_nothing: false }
    }

    /// The answered class of each recording.
    pub fn predicted(&self) -> Vec<usize> {
        self.scores.iter().map(|&(_, score)| usize::from(score < 0.5)).collect()
    }

    /// The true class of each recording.
    pub fn truth(&self, classes: &[usize]) -> Vec<usize> {
        self.scores.iter().map(|&(recording, _)| classes[recording]).collect()
    }

    /// Rows true, columns answered.
    pub fn confusion(&self, classes: &[usize], names: &[String]) -> ConfusionMatrix {
        ConfusionMatrix::from_labels(names, &self.truth(classes), &self.predicted())
    }

    /// All figures: accuracy, macro F1, precision and recall of the first class, and ROC-AUC where both
    /// classes were asked about.
    pub fn metrics(&self, classes: &[usize], names: &[String]) -> Map<String, Value> {
        let confusion = self.confusion(classes, names);
        let first = confusion.class_scores(0);
        let mut metrics = Map::new();
        metrics.insert("accuracy".into(), json!(confusion.accuracy()));
        metrics.insert("macro_f1".into(), json!(confusion.macro_average().f1));
        metrics.insert("precision".into(), json!(first.precision));
        metrics.insert("recall".into(), json!(first.recall));
        let everyone: Vec<usize> = (0..self.scores.len()).collect();
        if let Some(area) = self.area(classes, &everyone).filter(|_| !self.scores_nothing) {
            metrics.insert("roc_auc".into(), json!(area));
        }
        metrics
    }

    fn area(&self, classes: &[usize], which: &[usize]) -> Option<f64> {
        let truth = self.truth(classes);
        let positive: Vec<bool> = which.iter().map(|&i| truth[i] == 0).collect();
        let scores: Vec<f64> = which.iter().map(|&i| self.scores[i].1).collect();
        roc_auc(&positive, &scores).ok()
    }

    /// 95 % bootstrap intervals over groups: how far the figures would move with other pieces.
    pub fn intervals(&self, classes: &[usize], pieces: &Pieces, seed: u64) -> Map<String, Value> {
        let groups: Vec<usize> = self.scores.iter().map(|&(i, _)| pieces.groups()[i]).collect();
        let (truth, predicted) = (self.truth(classes), self.predicted());
        let pick = |labels: &[usize], which: &[usize]| -> Vec<usize> {
            which.iter().map(|&i| labels[i]).collect()
        };
        let of_accuracy = bootstrap_interval(&groups, RESAMPLES, seed, 0.95, |which| {
            accuracy(&pick(&truth, which), &pick(&predicted, which))
        });
        let of_area = bootstrap_interval(&groups, RESAMPLES, seed, 0.95, |which| {
            self.area(classes, which).unwrap_or(f64::NAN)
        });
        let mut intervals = Map::new();
        for (name, (low, high)) in [("accuracy", of_accuracy), ("roc_auc", of_area)] {
            if low.is_finite() && high.is_finite() {
                intervals.insert(name.into(), json!([low, high]));
            }
        }
        intervals
    }
}

/// A figure by its name; NaN where it is undefined.
pub fn figure(metrics: &Map<String, Value>, name: &str) -> f64 {
    metrics.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

const RESAMPLES: usize = 2000;

/// Baseline: the largest class among the recordings that train, whatever is heard. It is one answer for
/// all folds: a fold of its own would know that what it lacks is in its test part, and answer worse than
/// by chance.
pub fn majority(classes: &[usize], folds: &[Fold]) -> Answers {
    let answer = largest_class(folds.iter().flat_map(|fold| &fold.train), classes);
    by_fold(folds, |_, _| answer)
}

/// Baseline: the largest class among the training recordings of the same group (artist, piece), without
/// listening. Asked with folds that tear groups apart, it shows how much of a figure may be recognition
/// of a recording that was already heard.
pub fn group_lookup(classes: &[usize], groups: &[usize], folds: &[Fold]) -> Answers {
    let largest = largest_class(folds.iter().flat_map(|fold| &fold.train), classes);
    by_fold(folds, |fold, asked| {
        let mut known = fold.train.iter().filter(|&&i| groups[i] == groups[asked]).peekable();
        if known.peek().is_none() { largest } else { largest_class(known, classes) }
    })
}

fn by_fold(folds: &[Fold], answer: impl Fn(&Fold, usize) -> f64) -> Answers {
    let scores = folds.iter().flat_map(|fold| fold.test.iter().map(|&i| (i, answer(fold, i))));
    Answers { scores_nothing: true, ..Answers::new(scores.collect()) }
}

/// 1 if the first class is the larger one, else 0.
fn largest_class<'a>(recordings: impl Iterator<Item = &'a usize>, classes: &[usize]) -> f64 {
    let (mut first, mut all) = (0, 0);
    for &i in recordings {
        all += 1;
        first += usize::from(classes[i] == 0);
    }
    f64::from(u8::from(2 * first >= all))
}

/// Baseline: logistic regression on eight features that people thought up; see `handcrafted.rs`.
pub fn handcrafted_features(
    features: &[[f32; handcrafted::NAMES.len()]],
    classes: &[usize],
    folds: &[Fold],
    seed: u64,
) -> Answers {
    let mut scores = Vec::new();
    for fold in folds {
        let part = |which: &[usize]| which.iter().map(|&i| features[i]).collect::<Vec<_>>();
        let (train, test) = (part(&fold.train), part(&fold.test));
        let targets: Vec<f32> =
            fold.train.iter().map(|&i| if classes[i] == 0 { 1.0 } else { 0.0 }).collect();
        let answers = logistic_regression(&train, &targets, &test, seed);
        scores.extend(fold.test.iter().copied().zip(answers));
    }
    Answers::new(scores)
}

/// One linear layer and a sigmoid, trained on all rows at once; returns the answers to `asked`.
fn logistic_regression<const N: usize>(
    rows: &[[f32; N]],
    targets: &[f32],
    asked: &[[f32; N]],
    seed: u64,
) -> Vec<f64> {
    // Standardise by the training rows.
    let n = rows.len() as f32;
    let mean: [f32; N] = std::array::from_fn(|k| rows.iter().map(|row| row[k]).sum::<f32>() / n);
    let deviation: [f32; N] = std::array::from_fn(|k| {
        let variance = rows.iter().map(|row| (row[k] - mean[k]).powi(2)).sum::<f32>() / n;
        variance.sqrt().max(1e-6)
    });
    let scaled = |rows: &[[f32; N]]| {
        let values = rows.iter().flat_map(|row| (0..N).map(|k| (row[k] - mean[k]) / deviation[k]));
        Tensor::from_vec(&[rows.len(), N], values.collect())
    };
    let mut params = Params::new();
    let layer = Linear::new(&mut params, "regression", N, 1, &mut Rng::new(seed, 0));
    let (x, asked) = (scaled(rows), scaled(asked));
    let target = Tensor::from_vec(&[targets.len(), 1], targets.to_vec());
    let (mut adam, mut pool) = (Adam::default(), Pool::new());
    for _ in 0..500 {
        let mut tape = Tape::record(&params, &mut pool);
        let (x, target) = (tape.borrowed(&x), tape.borrowed(&target));
        let z = layer.forward(&mut tape, x);
        let loss = tape.bce_with_logits(z, target);
        let loss = tape.add_penalty(loss, Penalty::L2(1e-3), &[layer.weight()]);
        let grads = tape.backward(loss);
        adam.update(&mut params, &grads, 0.05);
        grads.give_back(&mut pool);
    }
    let mut tape = Tape::record(&params, &mut pool);
    let asked = tape.borrowed(&asked);
    let z = layer.forward(&mut tape, asked);
    let p = tape.sigmoid(z);
    tape.value(p).as_slice().iter().map(|&p| f64::from(p)).collect()
}
