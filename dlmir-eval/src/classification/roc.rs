//! The ROC curve and the area under it: does the score put positives above negatives?
//!
//! Both look at the order of the scores only; any growing function of them gives the same answer.
//! Fawcett (2006), "An introduction to ROC analysis", Pattern Recognition Letters 27, 861-874.

use super::assert_same_length;
use crate::EvalError;

/// The area under the ROC curve, by its definition: the probability that a positive item has a higher
/// score than a negative one, where a tie counts one half.
///
/// ```text
/// AUC = mean over all pairs (i positive, j negative) of   1    where s[i] > s[j]
///                                                         1/2  where s[i] = s[j]
///                                                         0    where s[i] < s[j]
/// ```
///
/// 1 is a perfect order, 0.5 that of a coin, 0 the perfect order upside down. This takes time in
/// proportion to positives times negatives; [`roc_auc`] is the same number faster.
#[cfg(test)]
fn reference(positive: &[bool], scores: &[f64]) -> f64 {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for i in (0..positive.len()).filter(|&i| positive[i]) {
        for j in (0..positive.len()).filter(|&j| !positive[j]) {
            pairs += 1.0;
            if scores[i] > scores[j] {
                wins += 1.0;
            } else if scores[i] == scores[j] {
                wins += 0.5;
            }
        }
    }
    wins / pairs
}

/// The area under the ROC curve of a score for one class against the rest.
///
/// It is the probability that a positive item has a higher score than a negative one, a tie counting
/// one half: 1 is a perfect order, 0.5 that of a coin. Counting pairs would take long, but a positive
/// item of rank r (1 for the lowest score; equal scores share their mean rank) beats r items less the
/// positives that it also beats, so with P positives and N negatives
///
/// ```text
/// AUC = (sum of the ranks of the positives - P (P + 1) / 2) / (P N)
/// ```
///
/// the Mann-Whitney statistic (Hanley, McNeil (1982), "The meaning and use of the area under a receiver
/// operating characteristic curve", Radiology 143, 29-36). `scores` are `f32` or `f64`, of any range;
/// infinities are allowed (scikit-learn refuses them).
///
/// ```
/// let is_music = [true, true, false, false];
/// let scores: [f32; 4] = [0.9, 0.4, 0.4, 0.1];
/// assert_eq!(dlmir_eval::roc_auc(&is_music, &scores)?, 0.875); // 3 pairs won, one tied, of 4
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// [`EvalError::OneSided`] without positives or without negatives (scikit-learn gives NaN and warns),
/// [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn roc_auc<S: Copy + Into<f64>>(positive: &[bool], scores: &[S]) -> Result<f64, EvalError> {
    assert_same_length("ROC AUC", "truth", positive.len(), "scores", scores.len());
    let scores = numbers(scores.iter().copied())?;
    auc_of_class(1, positive, &scores)
}

/// Mean over the classes of the ROC AUC of that class against all others, each class with the same
/// weight: scikit-learn's `multi_class="ovr", average="macro"`.
///
/// `scores` is row-major `[n_items, n_classes]`, `truth` the class number of each item. The rows need
/// not sum to one (scikit-learn insists that they do).
///
/// # Errors
///
/// [`EvalError::OneSided`] naming the first class that has no item or all of them, also where there are
/// no items (scikit-learn gives NaN and warns), [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If `n_classes` is 0, `scores` does not hold `n_classes` scores for each item, or a class number is
/// too large.
#[track_caller]
pub fn roc_auc_one_vs_rest<S: Copy + Into<f64>>(
    truth: &[usize],
    scores: &[S],
    n_classes: usize,
) -> Result<f64, EvalError> {
    assert!(n_classes > 0, "one-vs-rest ROC AUC: no classes");
    let wanted = truth.len() * n_classes;
    assert_same_length("one-vs-rest ROC AUC", "scores wanted", wanted, "given", scores.len());
    if let Some(class) = truth.iter().find(|&&class| class >= n_classes) {
        panic!("one-vs-rest ROC AUC: class {class} of {n_classes}");
    }
    let scores = numbers(scores.iter().copied())?;
    let mut sum = 0.0;
    for class in 0..n_classes {
        let positive: Vec<bool> = truth.iter().map(|&t| t == class).collect();
        let column: Vec<f64> = scores.iter().skip(class).step_by(n_classes).copied().collect();
        sum += auc_of_class(class, &positive, &column)?;
    }
    Ok(sum / n_classes as f64)
}

fn auc_of_class(class: usize, positive: &[bool], scores: &[f64]) -> Result<f64, EvalError> {
    let (positives, negatives) = both_sides(class, positive)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[i].total_cmp(&scores[j]));

    // Ranks are multiples of one half, so that their sum is exact.
    let (mut rank_sum, mut below) = (0.0, 0);
    for tied in order.chunk_by(|&i, &j| scores[i] == scores[j]) {
        let mean_rank = below as f64 + (tied.len() + 1) as f64 / 2.0;
        rank_sum += mean_rank * tied.iter().filter(|&&i| positive[i]).count() as f64;
        below += tied.len();
    }
    let (p, n) = (positives as f64, negatives as f64);
    Ok((rank_sum - p * (p + 1.0) / 2.0) / (p * n))
}

/// The receiver operating characteristic: what a threshold buys (true positives) and costs (false
/// positives), for every threshold that changes anything.
///
/// All three vectors have the same length. Point k belongs to the decision "positive where the score is
/// at least threshold k"; thresholds fall, so both rates rise from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct RocCurve {
    /// FP / (FP + TN): negatives taken for positives.
    pub false_positive_rate: Vec<f64>,
    /// TP / (TP + FN): positives found, the recall.
    pub true_positive_rate: Vec<f64>,
    /// The lowest score still called positive. The first is infinity: nothing is.
    pub thresholds: Vec<f64>,
}

/// The ROC curve of a score for one class against the rest, with a point for each distinct score:
/// scikit-learn's `roc_curve(drop_intermediate=False)`. [`RocCurve::corners`] thins it out.
///
/// # Errors
///
/// [`EvalError::OneSided`] without positives or without negatives (scikit-learn gives NaN rates and
/// warns), [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn roc_curve<S: Copy + Into<f64>>(
    positive: &[bool],
    scores: &[S],
) -> Result<RocCurve, EvalError> {
    assert_same_length("ROC curve", "truth", positive.len(), "scores", scores.len());
    let scores = numbers(scores.iter().copied())?;
    let (positives, negatives) = both_sides(1, positive)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));

    let mut curve = RocCurve {
        false_positive_rate: vec![0.0],
        true_positive_rate: vec![0.0],
        thresholds: vec![f64::INFINITY],
    };
    let (mut true_positives, mut false_positives) = (0, 0);
    for tied in order.chunk_by(|&i, &j| scores[i] == scores[j]) {
        let found = tied.iter().filter(|&&i| positive[i]).count();
        true_positives += found;
        false_positives += tied.len() - found;
        curve.false_positive_rate.push(false_positives as f64 / negatives as f64);
        curve.true_positive_rate.push(true_positives as f64 / positives as f64);
        curve.thresholds.push(scores[tied[0]]);
    }
    Ok(curve)
}

impl RocCurve {
    /// The curve without the points in the middle of three that are equally spaced on a line, which is
    /// most of them where the curve runs straight up or straight to the right. The plot is the same.
    /// scikit-learn's `roc_curve(drop_intermediate=True)` (its default).
    pub fn corners(&self) -> RocCurve {
        let (x, y) = (&self.false_positive_rate, &self.true_positive_rate);
        let last = x.len() - 1;
        // Rates are counts over a constant: a second difference of a whole count is not rounding noise.
        let bends = |rate: &[f64], k: usize| {
            (rate[k + 1] - 2.0 * rate[k] + rate[k - 1]).abs() > 1e-9 / x.len() as f64
        };
        let keep: Vec<usize> =
            (0..x.len()).filter(|&k| k <= 1 || k == last || bends(x, k) || bends(y, k)).collect();
        let pick = |values: &[f64]| keep.iter().map(|&k| values[k]).collect();
        RocCurve {
            false_positive_rate: pick(x),
            true_positive_rate: pick(y),
            thresholds: pick(&self.thresholds),
        }
    }

    /// Area under the curve by trapezoids: the same number as [`roc_auc`].
    pub fn area(&self) -> f64 {
        let points = self.false_positive_rate.windows(2).zip(self.true_positive_rate.windows(2));
        points.map(|(x, y)| (x[1] - x[0]) * (y[0] + y[1]) / 2.0).sum()
    }
}

/// The scores as `f64`, none of them NaN.
pub(crate) fn numbers<S: Into<f64>>(
    scores: impl Iterator<Item = S>,
) -> Result<Vec<f64>, EvalError> {
    let scores: Vec<f64> = scores.map(Into::into).collect();
    match scores.iter().position(|score| score.is_nan()) {
        Some(index) => Err(EvalError::NotANumber { index }),
        None => Ok(scores),
    }
}

/// Number of positives and of negatives, where there are both.
fn both_sides(class: usize, positive: &[bool]) -> Result<(usize, usize), EvalError> {
    let positives = positive.iter().filter(|&&p| p).count();
    let negatives = positive.len() - positives;
    if positives == 0 || negatives == 0 {
        return Err(EvalError::OneSided { class, positives, negatives });
    }
    Ok((positives, negatives))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn one_class_alone_is_an_error() {
        let error = roc_auc(&[true, true], &[0.1, 0.2]).unwrap_err();
        assert!(matches!(error, EvalError::OneSided { class: 1, positives: 2, negatives: 0 }));
        assert!(roc_curve::<f32>(&[], &[]).is_err());
        let absent = roc_auc_one_vs_rest(&[0, 1], &[0.5, 0.3, 0.2, 0.1, 0.7, 0.2], 3).unwrap_err();
        assert!(matches!(absent, EvalError::OneSided { class: 2, positives: 0, negatives: 2 }));
    }

    #[test]
    fn nan_is_an_error_and_infinity_is_not() {
        let error = roc_auc(&[true, false], &[0.1, f64::NAN]).unwrap_err();
        assert!(matches!(error, EvalError::NotANumber { index: 1 }));
        assert_eq!(roc_auc(&[true, false], &[f64::INFINITY, f64::NEG_INFINITY]).unwrap(), 1.0);
    }

    #[test]
    fn zeros_of_both_signs_are_tied() {
        assert_eq!(roc_auc(&[true, false], &[-0.0, 0.0]).unwrap(), 0.5);
        assert_eq!(roc_auc(&[true, false, true], &[0.0, -0.0, -0.0]).unwrap(), 0.5);
    }

    proptest! {
        #[test]
        fn fast_forms_agree_with_counting_pairs(
            items in prop::collection::vec((any::<bool>(), -3_i32..4), 2..60)
        ) {
            let positive: Vec<bool> = items.iter().map(|item| item.0).collect();
            let scores: Vec<f64> = items.iter().map(|item| f64::from(item.1) / 4.0).collect();
            prop_assume!(positive.contains(&true) && positive.contains(&false));
            let pairs = reference(&positive, &scores);
            let curve = roc_curve(&positive, &scores).unwrap();
            assert_abs_diff_eq!(roc_auc(&positive, &scores).unwrap(), pairs, epsilon = 1e-14);
            assert_abs_diff_eq!(curve.area(), pairs, epsilon = 1e-14);
            assert_abs_diff_eq!(curve.corners().area(), pairs, epsilon = 1e-14);
        }
    }
}
