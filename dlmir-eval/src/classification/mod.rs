//! How good are the predicted classes? Metrics for one class per item, and for several labels.
//!
//! Classes are numbered 0, 1, 2, ... Hard decisions (a class per item) are scored by [`accuracy`] and,
//! class by class, by the [`ConfusionMatrix`], which also has the figures that chance cannot flatter
//! (`agreement.rs`); soft ones (a score per class) by the ROC and the precision-recall curve and the
//! areas under them, which ask for the order of the scores only, by [`top_k_accuracy`], and by
//! [`log_loss()`] and the calibration, which ask for honest probabilities. `multilabel.rs` has what
//! changes when an item has several labels or none.
//!
//! All agree with scikit-learn 1.9.1 to 1e-12 with `zero_division=0`: a quotient 0 / 0 is 0. In the
//! words used here, for one class: a *true positive* (TP) is an item of the class that is found, a
//! *false negative* (FN) one that is missed, a *false positive* (FP) an item of another class that is
//! taken for it, a *true negative* (TN) an item of another class that is not.

mod agreement;
mod calibration;
mod confusion;
mod log_loss;
mod multilabel;
mod precision_recall;
mod roc;
mod top_k;

pub use agreement::KappaWeights;
pub use calibration::{
    Binning, CalibrationBin, brier_score, brier_score_of_classes, calibration_curve,
    expected_calibration_error,
};
pub use confusion::{ClassScores, ConfusionMatrix, Scores};
pub use log_loss::{binary_log_loss, log_loss};
pub use multilabel::{MultilabelCounts, hamming_loss, subset_accuracy};
pub use precision_recall::{
    PrecisionRecallCurve, average_precision, average_precision_one_vs_rest, precision_recall_curve,
};
pub(crate) use roc::numbers;
pub use roc::{RocCurve, roc_auc, roc_auc_one_vs_rest, roc_curve};
pub use top_k::top_k_accuracy;

/// Share of the items whose predicted class is the true one.
///
/// ```text
/// accuracy = (number of i with predicted[i] = truth[i]) / n
/// ```
///
/// In 0..1, higher is better. Of no items it is 0 (scikit-learn refuses them). Where one class is
/// much larger than the others a constant answer scores high: look at the macro F1 as well
/// ([`ConfusionMatrix::macro_average`]).
///
/// ```
/// let truth = [0, 0, 1, 1];
/// let predicted = [0, 1, 1, 1];
/// assert_eq!(dlmir_eval::accuracy(&truth, &predicted), 0.75);
/// ```
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn accuracy(truth: &[usize], predicted: &[usize]) -> f64 {
    assert_same_length("accuracy", "truth", truth.len(), "predictions", predicted.len());
    let correct = truth.iter().zip(predicted).filter(|(t, p)| t == p).count();
    ratio(correct, truth.len())
}

/// `numerator / denominator`, and 0 for 0 / 0.
fn ratio(numerator: usize, denominator: usize) -> f64 {
    if denominator == 0 { 0.0 } else { numerator as f64 / denominator as f64 }
}

#[track_caller]
fn assert_same_length(metric: &str, a: &str, len_a: usize, b: &str, len_b: usize) {
    assert!(len_a == len_b, "{metric}: {len_a} {a}, but {len_b} {b}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracy_of_nothing_is_zero() {
        assert_eq!(accuracy(&[], &[]), 0.0);
    }

    #[test]
    #[should_panic(expected = "accuracy: 2 truth, but 1 predictions")]
    fn lengths_must_agree() {
        accuracy(&[0, 1], &[0]);
    }
}
