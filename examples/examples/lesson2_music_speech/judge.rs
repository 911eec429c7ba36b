//! Scores, metrics and baselines.

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
}

impl Answers {
    /// Collects the answers of several folds.
    pub fn new(mut scores: Vec<(usize, f64)>) -> Answers {
        scores.sort_by_key(|&(recording, _)| recording);
        Answers { scores }
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
        if let Some(area) = self.area(classes, &(0..self.scores.len()).collect::<Vec<_>>()) {
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

const RESAMPLES: usize = 2000;

/// Baseline: the largest class of the training part, whatever is heard.
pub fn majority(classes: &[usize], folds: &[Fold]) -> Answers {
    let answer = |fold: &Fold, _| share_of_first(&fold.train, classes);
    by_fold(folds, answer)
}

/// Baseline: the largest class among the training recordings of the same group (artist, piece), without
/// listening. Where groups are kept together it knows no more than the majority; where they are not, it
/// shows how much of a network's figure may be recognition of the recording.
pub fn group_lookup(classes: &[usize], groups: &[usize], folds: &[Fold]) -> Answers {
    by_fold(folds, |fold, asked| {
        let same = |&&i: &&usize| groups[i] == groups[asked];
        let known: Vec<usize> = fold.train.iter().filter(same).copied().collect();
        share_of_first(if known.is_empty() { &fold.train } else { &known }, classes)
    })
}

fn by_fold(folds: &[Fold], answer: impl Fn(&Fold, usize) -> f64) -> Answers {
    let scores = folds.iter().flat_map(|fold| fold.test.iter().map(|&i| (i, answer(fold, i))));
    Answers::new(scores.collect())
}

fn share_of_first(recordings: &[usize], classes: &[usize]) -> f64 {
    let first = recordings.iter().filter(|&&i| classes[i] == 0).count();
    first as f64 / recordings.len().max(1) as f64
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
