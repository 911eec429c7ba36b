//! Answers, figures and baselines.
//!
//! A network answers for pictures of two seconds; a question is about a recording. Two ways lead from one
//! to the other: the mean of the probabilities, where a sure picture counts more, and a vote, where each
//! counts one. Both are told apart from the figure of the pictures themselves.

use dlmir_data::{Fold, Pieces};
use dlmir_eval::{ConfusionMatrix, accuracy, bootstrap_interval};
use dlmir_examples::linear;
use serde_json::{Map, Value, json};

/// The answer to one recording that was held out.
#[derive(Debug, Clone)]
pub struct Answer {
    pub recording: usize,
    /// A score for each class: the mean of the pictures' probabilities.
    pub scores: Vec<f64>,
    /// The class of each picture; empty where nothing was cut into pictures.
    pub pictures: Vec<usize>,
}

impl Answer {
    /// From the probabilities of the classes, picture by picture.
    pub fn of(recording: usize, probabilities: &ndarray::Array2<f64>) -> Answer {
        let pictures = probabilities.rows().into_iter().map(|row| largest(row.iter().copied()));
        let pictures: Vec<usize> = pictures.collect();
        let n = pictures.len().max(1) as f64;
        let scores = probabilities.columns().into_iter().map(|column| column.sum() / n).collect();
        Answer { recording, scores, pictures }
    }

    /// All on one class.
    fn sure(recording: usize, class: usize, classes: usize) -> Answer {
        let scores = (0..classes).map(|k| f64::from(u8::from(k == class))).collect();
        Answer { recording, scores, pictures: Vec::new() }
    }

    /// The class with the largest score, the first of several.
    pub fn class(&self) -> usize {
        largest(self.scores.iter().copied())
    }

    /// The class that most pictures vote for; where several have as many, the scores decide.
    pub fn vote(&self) -> usize {
        let votes = |class| self.pictures.iter().filter(|&&k| k == class).count() as f64;
        largest((0..self.scores.len()).map(|class| votes(class) + 0.5 * self.scores[class]))
    }
}

/// The first place of the largest value.
fn largest(values: impl Iterator<Item = f64>) -> usize {
    let pick = |best: (usize, f64), next: (usize, f64)| if next.1 > best.1 { next } else { best };
    values.enumerate().fold((0, f64::NEG_INFINITY), pick).0
}

/// The answers to all recordings that were asked, in their order.
#[derive(Debug, Clone, Default)]
pub struct Answers(pub Vec<Answer>);

impl Answers {
    /// Collects the answers of several folds.
    pub fn new(mut answers: Vec<Answer>) -> Answers {
        answers.sort_by_key(|answer| answer.recording);
        Answers(answers)
    }

    pub fn predicted(&self) -> Vec<usize> {
        self.0.iter().map(Answer::class).collect()
    }

    pub fn truth(&self, classes: &[usize]) -> Vec<usize> {
        self.0.iter().map(|answer| classes[answer.recording]).collect()
    }

    /// Rows true, columns answered.
    pub fn confusion(&self, classes: &[usize], names: &[String]) -> ConfusionMatrix {
        ConfusionMatrix::from_labels(names, &self.truth(classes), &self.predicted())
    }

    /// `accuracy` and `macro_f1` of recordings, by the mean of probabilities; where there are pictures,
    /// `vote_accuracy` of recordings by majority and `segment_accuracy` of the pictures.
    pub fn metrics(&self, classes: &[usize], names: &[String]) -> Map<String, Value> {
        let confusion = self.confusion(classes, names);
        let mut metrics = Map::new();
        metrics.insert("accuracy".into(), json!(confusion.accuracy()));
        metrics.insert("macro_f1".into(), json!(confusion.macro_average().f1));
        if self.0.iter().any(|answer| !answer.pictures.is_empty()) {
            let truth = self.truth(classes);
            let votes: Vec<usize> = self.0.iter().map(Answer::vote).collect();
            metrics.insert("vote_accuracy".into(), json!(accuracy(&truth, &votes)));
            let (mut owners, mut pictures) = (Vec::new(), Vec::new());
            for (answer, &class) in self.0.iter().zip(&truth) {
                owners.extend(vec![class; answer.pictures.len()]);
                pictures.extend_from_slice(&answer.pictures);
            }
            metrics.insert("segment_accuracy".into(), json!(accuracy(&owners, &pictures)));
        }
        metrics
    }

    /// 95 % bootstrap intervals over groups: how far the figures would move with other artists.
    pub fn intervals(
        &self,
        classes: &[usize],
        names: &[String],
        pieces: &Pieces,
        seed: u64,
    ) -> Map<String, Value> {
        let groups: Vec<usize> =
            self.0.iter().map(|answer| pieces.groups()[answer.recording]).collect();
        let (truth, predicted) = (self.truth(classes), self.predicted());
        let pick = |labels: &[usize], which: &[usize]| -> Vec<usize> {
            which.iter().map(|&i| labels[i]).collect()
        };
        let of_accuracy = bootstrap_interval(&groups, RESAMPLES, seed, 0.95, |which| {
            accuracy(&pick(&truth, which), &pick(&predicted, which))
        });
        let of_f1 = bootstrap_interval(&groups, RESAMPLES, seed, 0.95, |which| {
            let (truth, predicted) = (pick(&truth, which), pick(&predicted, which));
            ConfusionMatrix::from_labels(names, &truth, &predicted).macro_average().f1
        });
        let mut intervals = Map::new();
        for (name, (low, high)) in [("accuracy", of_accuracy), ("macro_f1", of_f1)] {
            if low.is_finite() && high.is_finite() {
                intervals.insert(name.into(), json!([low, high]));
            }
        }
        intervals
    }
}

const RESAMPLES: usize = 2000;

/// A figure by its name; NaN where it is undefined.
pub fn figure(metrics: &Map<String, Value>, name: &str) -> f64 {
    metrics.get(name).and_then(Value::as_f64).unwrap_or(f64::NAN)
}

/// Baseline: the largest class among the recordings that train, whatever is heard.
pub fn majority(classes: &[usize], n_classes: usize, folds: &[Fold]) -> Answers {
    let answer = most_common(folds.iter().flat_map(|fold| &fold.train), classes, n_classes);
    by_fold(folds, n_classes, |_, _| answer)
}

/// Baseline: the genre that the artist mostly plays in the training part, without listening. Of an artist
/// who is not there, it knows nothing, and answers the largest class.
pub fn artist_lookup(
    classes: &[usize],
    n_classes: usize,
    groups: &[usize],
    folds: &[Fold],
) -> Answers {
    let all = most_common(folds.iter().flat_map(|fold| &fold.train), classes, n_classes);
    by_fold(folds, n_classes, |fold, asked| {
        let known = || fold.train.iter().filter(|&&i| groups[i] == groups[asked]);
        if known().next().is_none() { all } else { most_common(known(), classes, n_classes) }
    })
}

/// Baseline: a linear classifier on features that people thought up; one row for each recording.
pub fn handcrafted(
    rows: &[Vec<f32>],
    classes: &[usize],
    n_classes: usize,
    folds: &[Fold],
    seed: u64,
) -> Answers {
    let predicted = linear::cross_validated(rows, classes, n_classes, folds, seed);
    by_fold(folds, n_classes, |_, asked| predicted[asked])
}

fn by_fold(folds: &[Fold], n_classes: usize, answer: impl Fn(&Fold, usize) -> usize) -> Answers {
    let of_fold = |fold: &Fold| -> Vec<Answer> {
        let asked = fold.test.iter();
        asked.map(|&i| Answer::sure(i, answer(fold, i), n_classes)).collect()
    };
    Answers::new(folds.iter().flat_map(of_fold).collect())
}

/// The first of the classes that most of these recordings are of.
fn most_common<'a>(
    recordings: impl Iterator<Item = &'a usize>,
    classes: &[usize],
    n_classes: usize,
) -> usize {
    let mut counts = vec![0.0; n_classes];
    recordings.for_each(|&i| counts[classes[i]] += 1.0);
    largest(counts.into_iter())
}
