//! Several labels per item: a recording is calm and sad at once, and loud not at all.
//!
//! Truth and decisions are row-major `[n_items, n_labels]`, true where the item has the label.

use super::{Scores, assert_same_length, ratio};

/// True and false positives and negatives of each label, and what can be read off them.
///
/// ```
/// use dlmir_eval::MultilabelCounts;
///
/// //           calm   sad    loud
/// let truth = [true, true, false, /**/ false, false, true];
/// let found = [true, false, false, /**/ false, true, true];
/// let counts = MultilabelCounts::new(&truth, &found, 3);
/// assert_eq!(counts.label_scores(0).f1, 1.0);
/// assert_eq!(counts.label_scores(1).f1, 0.0);
/// assert_eq!(counts.macro_average().f1, 2.0 / 3.0);
/// assert_eq!(counts.micro_average().f1, 4.0 / 6.0);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MultilabelCounts {
    labels: Vec<Counts>,
    items: Vec<Counts>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    true_positives: usize,
    false_positives: usize,
    false_negatives: usize,
}

impl MultilabelCounts {
    /// Counts all items.
    ///
    /// # Panics
    ///
    /// If the slices differ in length or are no rows of `n_labels`.
    #[track_caller]
    pub fn new(truth: &[bool], predicted: &[bool], n_labels: usize) -> Self {
        let n_items = items("multi-label scores", truth, predicted, n_labels);
        let mut labels = vec![Counts::default(); n_labels];
        let mut items = vec![Counts::default(); n_items];
        for (k, (&t, &p)) in truth.iter().zip(predicted).enumerate() {
            for counts in [&mut labels[k % n_labels], &mut items[k / n_labels]] {
                counts.true_positives += usize::from(t && p);
                counts.false_positives += usize::from(!t && p);
                counts.false_negatives += usize::from(t && !p);
            }
        }
        Self { labels, items }
    }

    /// Number of labels.
    pub fn n_labels(&self) -> usize {
        self.labels.len()
    }

    /// Number of items that have the label.
    ///
    /// # Panics
    ///
    /// If there is no such label.
    #[track_caller]
    pub fn support(&self, label: usize) -> usize {
        self.labels[label].true_positives + self.labels[label].false_negatives
    }

    /// Precision, recall and F1 of one label; 0 where they would be 0 / 0.
    ///
    /// # Panics
    ///
    /// If there is no such label.
    #[track_caller]
    pub fn label_scores(&self, label: usize) -> Scores {
        self.labels[label].scores()
    }

    /// Mean over the labels, each with the same weight; a label that never occurs and is never found
    /// counts as 0. scikit-learn's `average="macro", zero_division=0`. Of no labels: 0.
    pub fn macro_average(&self) -> Scores {
        mean(self.labels.iter().map(|counts| (1.0, counts.scores())))
    }

    /// Mean over the labels, weighted by their support; 0 if no item has any. scikit-learn's
    /// `average="weighted"`.
    pub fn weighted_average(&self) -> Scores {
        let labels = 0..self.n_labels();
        mean(labels.map(|label| (self.support(label) as f64, self.label_scores(label))))
    }

    /// Scores of the counts summed over the labels: frequent labels weigh more. scikit-learn's
    /// `average="micro"`.
    pub fn micro_average(&self) -> Scores {
        let mut sum = Counts::default();
        for counts in &self.labels {
            sum.true_positives += counts.true_positives;
            sum.false_positives += counts.false_positives;
            sum.false_negatives += counts.false_negatives;
        }
        sum.scores()
    }

    /// Mean over the items of the scores of each item's labels; an item that has none and gets none counts
    /// as 0. scikit-learn's `average="samples", zero_division=0`. Of no items: 0.
    pub fn sample_average(&self) -> Scores {
        mean(self.items.iter().map(|counts| (1.0, counts.scores())))
    }
}

impl Counts {
    fn scores(self) -> Scores {
        let Self { true_positives: tp, false_positives: fp, false_negatives: fn_ } = self;
        Scores {
            precision: ratio(tp, tp + fp),
            recall: ratio(tp, tp + fn_),
            f1: ratio(2 * tp, 2 * tp + fp + fn_),
        }
    }
}

/// The weighted mean; 0 where the weights are 0 in sum.
fn mean(scores: impl Iterator<Item = (f64, Scores)>) -> Scores {
    let mut sum = Scores { precision: 0.0, recall: 0.0, f1: 0.0 };
    let mut weights = 0.0;
    for (weight, one) in scores {
        weights += weight;
        sum.precision += weight * one.precision;
        sum.recall += weight * one.recall;
        sum.f1 += weight * one.f1;
    }
    let weights = if weights == 0.0 { 1.0 } else { weights };
    Scores {
        precision: sum.precision / weights,
        recall: sum.recall / weights,
        f1: sum.f1 / weights,
    }
}

/// Share of the decisions, item by label, that are wrong. In 0..1, lower is better; where labels are rare,
/// finding none at all scores well. Of no decisions: 0. scikit-learn's `hamming_loss`.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn hamming_loss(truth: &[bool], predicted: &[bool]) -> f64 {
    assert_same_length("Hamming loss", "truth", truth.len(), "predictions", predicted.len());
    let wrong = truth.iter().zip(predicted).filter(|(t, p)| t != p).count();
    ratio(wrong, truth.len())
}

/// Share of the items whose labels are all right: none missed, none too many. The strictest metric there
/// is for several labels. Of no items: 0. scikit-learn's `accuracy_score` of several labels.
///
/// # Panics
///
/// If the slices differ in length or are no rows of `n_labels`.
#[track_caller]
pub fn subset_accuracy(truth: &[bool], predicted: &[bool], n_labels: usize) -> f64 {
    let n_items = items("subset accuracy", truth, predicted, n_labels);
    let rows = truth.chunks(n_labels).zip(predicted.chunks(n_labels));
    ratio(rows.filter(|(t, p)| t == p).count(), n_items)
}

#[track_caller]
fn items(metric: &str, truth: &[bool], predicted: &[bool], n_labels: usize) -> usize {
    assert_same_length(metric, "truth", truth.len(), "predictions", predicted.len());
    assert!(
        n_labels > 0 && truth.len().is_multiple_of(n_labels),
        "{metric}: {} truths are no rows of {n_labels} labels",
        truth.len()
    );
    truth.len() / n_labels
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Scores = Scores { precision: 0.0, recall: 0.0, f1: 0.0 };

    #[test]
    fn scores_of_nothing_are_zero() {
        for (values, n) in [(vec![], 2), (vec![false; 4], 2)] {
            let counts = MultilabelCounts::new(&values, &values, n);
            for scores in [
                counts.macro_average(),
                counts.micro_average(),
                counts.weighted_average(),
                counts.sample_average(),
            ] {
                assert_eq!(scores, NONE);
            }
        }
        assert_eq!(hamming_loss(&[], &[]), 0.0);
        assert_eq!(subset_accuracy(&[], &[], 3), 0.0);
        assert_eq!(subset_accuracy(&[false; 4], &[false; 4], 2), 1.0);
    }

    #[test]
    #[should_panic(expected = "subset accuracy: 3 truths are no rows of 2 labels")]
    fn rows_must_be_whole() {
        subset_accuracy(&[true; 3], &[true; 3], 2);
    }
}
