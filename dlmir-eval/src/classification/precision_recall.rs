//! The precision-recall curve and the area under it: how pure is what is found?
//!
//! Where positives are rare a ROC curve flatters: a hundred false alarms among ten thousand negatives are
//! 1 % there, and here they are seen beside the ten that were to be found. Saito, Rehmsmeier (2015), "The
//! precision-recall plot is more informative than the ROC plot when evaluating binary classifiers on
//! imbalanced datasets", PLoS ONE 10(3).

use super::roc::numbers;
use super::{assert_same_length, ratio};
use crate::EvalError;

/// Precision and recall of the decision "positive where the score is at least a threshold", for every
/// threshold that changes anything.
///
/// Thresholds rise, so recall falls from 1. `precision` and `recall` have one entry more than
/// `thresholds`: the last point, (1, 0), belongs to no threshold and lets the curve begin at the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct PrecisionRecallCurve {
    /// TP / (TP + FP).
    pub precision: Vec<f64>,
    /// TP / (TP + FN); all 1 (but the last) where there are no positives.
    pub recall: Vec<f64>,
    /// The lowest score still called positive: the distinct scores.
    pub thresholds: Vec<f64>,
}

/// The precision-recall curve of a score for one class against the rest, with a point for each distinct
/// score: scikit-learn's `precision_recall_curve(drop_intermediate=False)`.
///
/// Without positives, recall is set to 1 at every threshold, as scikit-learn does with a warning.
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn precision_recall_curve<S: Copy + Into<f64>>(
    positive: &[bool],
    scores: &[S],
) -> Result<PrecisionRecallCurve, EvalError> {
    assert_same_length("precision-recall", "truth", positive.len(), "scores", scores.len());
    if positive.is_empty() {
        return Err(EvalError::Empty { metric: "precision-recall curve" });
    }
    let scores = numbers(scores.iter().copied())?;
    Ok(curve(positive, &scores))
}

/// The area under the precision-recall curve as steps, which is the *average precision*:
///
/// ```text
/// AP = sum over thresholds, falling, of  (recall[k] - recall[k - 1]) precision[k]
/// ```
///
/// the precision at the place of each positive, averaged; equal scores are taken together. 1 is a perfect
/// order; a coin scores the share of positives, not one half. Trapezoids between the points would promise
/// more than any threshold can give (Davis, Goadrich (2006), "The relationship between precision-recall
/// and ROC curves", ICML). Without positives it is 0. scikit-learn's `average_precision_score`.
///
/// ```
/// let is_music = [true, false, true, false];
/// let ap = dlmir_eval::average_precision(&is_music, &[0.9, 0.8, 0.7, 0.1])?;
/// assert!((ap - (1.0 + 2.0 / 3.0) / 2.0).abs() < 1e-15); // found at ranks 1 and 3
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn average_precision<S: Copy + Into<f64>>(
    positive: &[bool],
    scores: &[S],
) -> Result<f64, EvalError> {
    Ok(precision_recall_curve(positive, scores)?.average_precision())
}

/// Mean over the classes of the average precision of that class against all others, each class with the
/// same weight; a class that never occurs counts as 0. `scores` is row-major `[n_items, n_classes]`,
/// `truth` the class number of each item.
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If `n_classes` is 0, `scores` does not hold `n_classes` scores for each item, or a class number is
/// too large.
#[track_caller]
pub fn average_precision_one_vs_rest<S: Copy + Into<f64>>(
    truth: &[usize],
    scores: &[S],
    n_classes: usize,
) -> Result<f64, EvalError> {
    assert!(n_classes > 0, "one-vs-rest average precision: no classes");
    let wanted = truth.len() * n_classes;
    assert_same_length("average precision", "scores wanted", wanted, "given", scores.len());
    if let Some(class) = truth.iter().find(|&&class| class >= n_classes) {
        panic!("one-vs-rest average precision: class {class} of {n_classes}");
    }
    if truth.is_empty() {
        return Err(EvalError::Empty { metric: "average precision" });
    }
    let scores = numbers(scores.iter().copied())?;
    let mut sum = 0.0;
    for class in 0..n_classes {
        let positive: Vec<bool> = truth.iter().map(|&t| t == class).collect();
        let column: Vec<f64> = scores.iter().skip(class).step_by(n_classes).copied().collect();
        sum += curve(&positive, &column).average_precision();
    }
    Ok(sum / n_classes as f64)
}

impl PrecisionRecallCurve {
    /// The area under the curve as steps: the same number as [`average_precision`].
    pub fn average_precision(&self) -> f64 {
        let points = self.recall.windows(2).zip(&self.precision);
        points.map(|(recall, precision)| (recall[0] - recall[1]) * precision).sum()
    }
}

/// Of at least one item, no score being NaN.
fn curve(positive: &[bool], scores: &[f64]) -> PrecisionRecallCurve {
    let positives = positive.iter().filter(|&&p| p).count();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));

    let (mut precision, mut recall, mut thresholds) = (vec![1.0], vec![0.0], Vec::new());
    let (mut found, mut called) = (0, 0);
    for tied in order.chunk_by(|&i, &j| scores[i] == scores[j]) {
        found += tied.iter().filter(|&&i| positive[i]).count();
        called += tied.len();
        precision.push(ratio(found, called));
        recall.push(if positives == 0 { 1.0 } else { ratio(found, positives) });
        thresholds.push(scores[tied[0]]);
    }
    precision.reverse();
    recall.reverse();
    thresholds.reverse();
    PrecisionRecallCurve { precision, recall, thresholds }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn without_positives_it_is_zero_and_without_items_an_error() {
        assert_eq!(average_precision(&[false, false], &[0.1, 0.2]).unwrap(), 0.0);
        assert!(matches!(average_precision::<f32>(&[], &[]), Err(EvalError::Empty { .. })));
        let error = average_precision(&[true], &[f32::NAN]).unwrap_err();
        assert!(matches!(error, EvalError::NotANumber { index: 0 }));
    }

    #[test]
    fn all_tied_scores_the_share_of_positives() {
        let truth = [true, false, false, true, false];
        assert_abs_diff_eq!(average_precision(&truth, &[0.0, -0.0, 0.0, 0.0, 0.0]).unwrap(), 0.4);
    }

    proptest! {
        /// The definition, positive by positive: the share of positives among all items that score at
        /// least as high.
        #[test]
        fn it_is_the_mean_precision_at_the_positives(
            items in prop::collection::vec((any::<bool>(), -3_i32..4), 1..50)
        ) {
            let positive: Vec<bool> = items.iter().map(|item| item.0).collect();
            let scores: Vec<f64> = items.iter().map(|item| f64::from(item.1)).collect();
            let precision_at = |i: usize| {
                let above: Vec<_> = items.iter().filter(|item| item.1 >= items[i].1).collect();
                ratio(above.iter().filter(|item| item.0).count(), above.len())
            };
            let at: Vec<f64> = (0..items.len()).filter(|&i| positive[i]).map(precision_at).collect();
            let mean = at.iter().sum::<f64>() / at.len().max(1) as f64;
            let ap = average_precision(&positive, &scores).unwrap();
            assert_abs_diff_eq!(ap, mean, epsilon = 1e-13);
        }
    }
}
