//! Log loss: are the probabilities honest?

use super::assert_same_length;
use crate::EvalError;

/// Mean negative log probability given to the true class (cross-entropy, in nats).
///
/// ```text
/// loss = -1/n  sum over i of  ln(clip(p[i][truth[i]]))        clip to eps .. 1 - eps,  eps = 2^-52
/// ```
///
/// 0 is certain and right; ln(n_classes) is what equal probabilities score; certain and wrong costs at
/// most -ln(2^-52) = 36. `probabilities` is row-major `[n_items, n_classes]`, `f32` or `f64`; only the
/// true class's column is looked at. scikit-learn clips `f32` at the epsilon of `f32` instead.
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
    if truth.is_empty() {
        return Err(EvalError::Empty { metric: "log loss" });
    }
    for (index, &value) in probabilities.iter().enumerate() {
        let value = value.into();
        if !(0.0..=1.0).contains(&value) {
            return Err(EvalError::NotAProbability { index, value });
        }
    }
    let mut sum = 0.0;
    for (i, &class) in truth.iter().enumerate() {
        assert!(class < n_classes, "log loss: class {class} of {n_classes}");
        let p: f64 = probabilities[i * n_classes + class].into();
        sum -= p.clamp(f64::EPSILON, 1.0 - f64::EPSILON).ln();
    }
    Ok(sum / truth.len() as f64)
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
    }
}
