//! Is a probability of 0.8 right in eight cases of ten? Calibration.

use super::assert_same_length;
use crate::EvalError;

/// How [`calibration_curve`] cuts the probabilities into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// Bins of equal width from 0 to 1.
    Uniform,
    /// Bins that hold about as many items each: edges at quantiles, interpolated linearly.
    Quantile,
}

/// One bin of a reliability diagram.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CalibrationBin {
    /// Mean of the probabilities in it: what was promised.
    pub mean_probability: f64,
    /// Share of the positives among its items: what came.
    pub positive_share: f64,
    /// Number of items.
    pub count: usize,
}

/// The reliability diagram of the probabilities given to one class: for each bin that has items, the mean
/// probability and the share of items that are of the class. On the diagonal they agree.
///
/// A probability that is equal to an inner edge belongs to the bin below it. scikit-learn's
/// `calibration_curve` (which returns the first two figures).
///
/// DeGroot, Fienberg (1983), "The comparison and evaluation of forecasters", The Statistician 32, 12-22.
///
/// ```
/// use dlmir_eval::{Binning, calibration_curve};
///
/// let rain = [false, true, true, true];
/// let bins = calibration_curve(&rain, &[0.2, 0.3, 0.8, 1.0], 2, Binning::Uniform)?;
/// assert_eq!((bins[0].mean_probability, bins[0].positive_share), (0.25, 0.5));
/// assert_eq!((bins[1].mean_probability, bins[1].positive_share), (0.9, 1.0));
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotAProbability`] for a value outside 0..1 or NaN.
///
/// # Panics
///
/// If the slices differ in length or `n_bins` is 0.
#[track_caller]
pub fn calibration_curve<S: Copy + Into<f64>>(
    positive: &[bool],
    probabilities: &[S],
    n_bins: usize,
    binning: Binning,
) -> Result<Vec<CalibrationBin>, EvalError> {
    let (n_truth, n) = (positive.len(), probabilities.len());
    assert_same_length("calibration curve", "truth", n_truth, "probabilities", n);
    assert!(n_bins > 0, "calibration curve: no bins");
    let p = valid("calibration curve", probabilities)?;
    let edges = inner_edges(&p, n_bins, binning);

    let mut bins = vec![(0.0, 0_usize, 0_usize); n_bins];
    for (&p, &positive) in p.iter().zip(positive) {
        let (sum, positives, count) = &mut bins[edges.partition_point(|&edge| edge < p)];
        *sum += p;
        *positives += usize::from(positive);
        *count += 1;
    }
    let bins = bins.into_iter().filter(|bin| bin.2 > 0).map(|(sum, positives, count)| {
        let n = count as f64;
        CalibrationBin { mean_probability: sum / n, positive_share: positives as f64 / n, count }
    });
    Ok(bins.collect())
}

/// The expected calibration error of the probabilities given to one class: how far promise and outcome lie
/// apart on average.
///
/// ```text
/// ECE = sum over bins of  count / n  |positive share - mean probability|         equal widths
/// ```
///
/// 0 is honest. It depends on the number of bins; 10 or 15 are usual, and with few items in a bin chance
/// alone makes it larger than 0. Of a classifier with more than two classes, give the largest probability
/// of each item and whether that answer was right ("confidence" calibration).
///
/// Guo, Pleiss, Sun, Weinberger (2017), "On calibration of modern neural networks", ICML, equation 3.
///
/// # Errors
///
/// As [`calibration_curve`].
///
/// # Panics
///
/// As [`calibration_curve`].
#[track_caller]
pub fn expected_calibration_error<S: Copy + Into<f64>>(
    positive: &[bool],
    probabilities: &[S],
    n_bins: usize,
) -> Result<f64, EvalError> {
    let bins = calibration_curve(positive, probabilities, n_bins, Binning::Uniform)?;
    let n = positive.len() as f64;
    let gap = |bin: &CalibrationBin| (bin.positive_share - bin.mean_probability).abs();
    Ok(bins.iter().map(|bin| bin.count as f64 / n * gap(bin)).sum())
}

/// The Brier score of the probabilities given to one class: their mean squared error.
///
/// ```text
/// B = 1/n sum over i of (p[i] - y[i])^2        y: 1 where the item is of the class, else 0
/// ```
///
/// 0 is certain and right, 0.25 what one half for everything scores, 1 certain and wrong. As the log loss
/// it rewards honesty, but forgives a single grave error. scikit-learn's `brier_score_loss`.
///
/// Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78.
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotAProbability`] for a value outside 0..1 or NaN.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn brier_score<S: Copy + Into<f64>>(
    positive: &[bool],
    probabilities: &[S],
) -> Result<f64, EvalError> {
    let (n_truth, n) = (positive.len(), probabilities.len());
    assert_same_length("Brier score", "truth", n_truth, "probabilities", n);
    let p = valid("Brier score", probabilities)?;
    let squares = p.iter().zip(positive).map(|(p, &y)| (p - f64::from(u8::from(y))).powi(2));
    Ok(squares.sum::<f64>() / n as f64)
}

/// The Brier score over all classes, as Brier defined it: the squared errors of an item are summed over
/// its classes, so that it lies in 0..2. With two classes it is twice [`brier_score`]. `probabilities` is
/// row-major `[n_items, n_classes]`. scikit-learn's `brier_score_loss(scale_by_half=False)`.
///
/// # Errors
///
/// As [`brier_score`].
///
/// # Panics
///
/// If `probabilities` does not hold `n_classes` values for each item, or a class number is too large.
#[track_caller]
pub fn brier_score_of_classes<S: Copy + Into<f64>>(
    truth: &[usize],
    probabilities: &[S],
    n_classes: usize,
) -> Result<f64, EvalError> {
    let wanted = truth.len() * n_classes;
    assert_same_length("Brier score", "probabilities wanted", wanted, "given", probabilities.len());
    if let Some(class) = truth.iter().find(|&&class| class >= n_classes) {
        panic!("Brier score: class {class} of {n_classes}");
    }
    let p = valid("Brier score", probabilities)?;
    let mut sum = 0.0;
    for (row, &class) in p.chunks(n_classes).zip(truth) {
        let hot = |k: usize| if k == class { 1.0 } else { 0.0 };
        sum += row.iter().enumerate().map(|(k, p)| (p - hot(k)).powi(2)).sum::<f64>();
    }
    Ok(sum / truth.len() as f64)
}

/// The values as `f64`, all of them in 0..1, at least one.
pub(super) fn valid<S: Copy + Into<f64>>(
    metric: &'static str,
    probabilities: &[S],
) -> Result<Vec<f64>, EvalError> {
    if probabilities.is_empty() {
        return Err(EvalError::Empty { metric });
    }
    let values: Vec<f64> = probabilities.iter().map(|&value| value.into()).collect();
    match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        Some(index) => Err(EvalError::NotAProbability { index, value: values[index] }),
        None => Ok(values),
    }
}

/// The `n_bins - 1` edges between bins, rising.
///
/// An item may lie exactly on an edge, so the edges must be NumPy's to the last bit: k times 1/n, and
/// quantiles that are interpolated from the nearer of the two neighbours.
fn inner_edges(p: &[f64], n_bins: usize, binning: Binning) -> Vec<f64> {
    let step = 1.0 / n_bins as f64;
    let shares = (1..n_bins).map(|k| k as f64 * step);
    if binning == Binning::Uniform {
        return shares.collect();
    }
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len() - 1;
    let quantile = |share: f64| {
        let position = last as f64 * (share * 100.0 / 100.0); // by way of per cent, as there
        let left = (position.floor() as usize).min(last);
        let (a, b, t) = (sorted[left], sorted[(left + 1).min(last)], position - left as f64);
        if t >= 0.5 { b - (b - a) * (1.0 - t) } else { a + (b - a) * t }
    };
    shares.map(quantile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    #[test]
    fn an_inner_edge_belongs_below_and_the_ends_to_the_outer_bins() {
        let p = [0.0, 0.5, 0.5, 0.75, 1.0];
        let bins = calibration_curve(&[true; 5], &p, 2, Binning::Uniform).unwrap();
        assert_eq!(bins.iter().map(|bin| bin.count).collect::<Vec<_>>(), [3, 2]);
    }

    #[test]
    fn equal_probabilities_make_one_bin() {
        for binning in [Binning::Uniform, Binning::Quantile] {
            let bins = calibration_curve(&[true, false], &[0.3_f32, 0.3], 10, binning).unwrap();
            assert_eq!((bins.len(), bins[0].count, bins[0].positive_share), (1, 2, 0.5));
        }
    }

    #[test]
    fn promise_and_outcome_are_compared() {
        let positive = [true, true, true, false];
        assert_abs_diff_eq!(
            expected_calibration_error(&positive, &[0.75; 4], 10).unwrap(),
            0.0,
            epsilon = 1e-15
        );
        assert_eq!(expected_calibration_error(&positive, &[1.0; 4], 10).unwrap(), 0.25);
        assert_eq!(brier_score(&positive, &[1.0; 4]).unwrap(), 0.25);
        let pairs = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        assert_eq!(brier_score_of_classes(&[1, 1, 1, 0], &pairs, 2).unwrap(), 0.5);
    }

    #[test]
    fn what_is_no_probability_is_an_error() {
        let error = brier_score(&[true, true], &[0.5, 1.5]).unwrap_err();
        assert!(matches!(error, EvalError::NotAProbability { index: 1, .. }));
        assert!(calibration_curve(&[true], &[f64::NAN], 5, Binning::Quantile).is_err());
        assert!(matches!(brier_score::<f32>(&[], &[]), Err(EvalError::Empty { .. })));
        assert!(expected_calibration_error::<f32>(&[], &[], 10).is_err());
    }
}
