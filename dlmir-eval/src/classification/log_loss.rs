//! Log loss: are the probabilities honest?

use super::assert_same_length;
use super::calibration::valid;
use crate::EvalError;

/// Mean negative log probability given to the true class (cross-entropy, in nats).
///
/// ```text
/// loss = -1/n  sum over i of  ln(clip(p[i][truth[i]]))        clip to eps .. 1 - eps
/// ```
///
/// 0 is certain and right; ln(n_classes) is what equal probabilities score. eps is that of the type:
/// certain and wrong costs -ln(2^-52) = 36 in `f64`, -ln(2^-23) = 16 in `f32`. `probabilities` is
/// row-major `[n_items, n_classes]`, `f32` or `f64`; only the true class's column is looked at, rows need
/// not sum to one. scikit-learn's `log_loss`.
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotAProbability`] for a value outside 0..1 or NaN.
///
/// # Panics
///
/// If `probabilities` does not hold `n_classes` values for each item, or a class number is too large.
#[track_caller]
pub fn log_loss<S: Copy + Into<f64>>(
    truth: &[usize],
    probabilities: &[S],
    n_classes: usize,
) -> Result<f64, EvalError> {
    let wanted = truth.len() * n_classes;
    assert_same_length("log loss", "probabilities wanted", wanted, "given", probabilities.len());
    let p = valid("log loss", probabilities)?;
    let mut sum = 0.0;
    for (i, &class) in truth.iter().enumerate() {
        assert!(class < n_classes, "log loss: class {class} of {n_classes}");
        sum += cost::<S>(p[i * n_classes + class]);
    }
    Ok(sum / truth.len() as f64)
}

/// [`log_loss`] of the probabilities given to one class, where there are two: an item that is not of the
/// class has 1 - p for what it is.
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotAProbability`] for a value outside 0..1 or NaN.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn binary_log_loss<S: Copy + Into<f64>>(
    positive: &[bool],
    probabilities: &[S],
) -> Result<f64, EvalError> {
    let (n_truth, n) = (positive.len(), probabilities.len());
    assert_same_length("log loss", "truth", n_truth, "probabilities", n);
    let p = valid("log loss", probabilities)?;
    let costs = p.iter().zip(positive).map(|(&p, &yes)| cost::<S>(if yes { p } else { 1.0 - p }));
    Ok(costs.sum::<f64>() / n as f64)
}

/// -ln(p), p clipped to where the type `S` can tell it from 0 and 1.
fn cost<S>(p: f64) -> f64 {
    let narrow = size_of::<S>() <= size_of::<f32>();
    let epsilon = if narrow { f64::from(f32::EPSILON) } else { f64::EPSILON };
    -p.clamp(epsilon, 1.0 - epsilon).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_probabilities_cost_the_log_of_the_number_of_classes() {
        let loss = log_loss(&[0, 2], &[1.0 / 3.0; 6], 3).unwrap();
        approx::assert_abs_diff_eq!(loss, 3.0_f64.ln(), epsilon = 1e-15);
    }

    #[test]
    fn what_is_no_probability_is_an_error() {
        let error = log_loss(&[0], &[0.5_f32, 1.5], 2).unwrap_err();
        assert!(matches!(error, EvalError::NotAProbability { index: 1, .. }));
        assert!(log_loss(&[0], &[f64::NAN, 0.0], 2).is_err());
        assert!(matches!(log_loss::<f32>(&[], &[], 2), Err(EvalError::Empty { .. })));
        assert!(matches!(binary_log_loss::<f32>(&[], &[]), Err(EvalError::Empty { .. })));
    }
}
