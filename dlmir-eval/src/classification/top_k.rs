//! Was the true class at least among the first k?

use super::assert_same_length;
use super::roc::numbers;
use crate::EvalError;

/// Share of the items whose true class is among the `k` classes of highest score.
///
/// With k = 1 it is the accuracy, with k = `n_classes` it is 1. `scores` is row-major
/// `[n_items, n_classes]`, of any range. Of equal scores the class of higher number goes first, as in
/// scikit-learn's `top_k_accuracy_score`.
///
/// ```
/// let scores = [0.5, 0.3, 0.2, /**/ 0.1, 0.5, 0.4];
/// assert_eq!(dlmir_eval::top_k_accuracy(&[1, 0], &scores, 3, 2)?, 0.5);
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If `scores` does not hold `n_classes` scores for each item, a class number is too large, or `k` is 0.
#[track_caller]
pub fn top_k_accuracy<S: Copy + Into<f64>>(
    truth: &[usize],
    scores: &[S],
    n_classes: usize,
    k: usize,
) -> Result<f64, EvalError> {
    let wanted = truth.len() * n_classes;
    assert_same_length("top-k accuracy", "scores wanted", wanted, "given", scores.len());
    assert!(k > 0, "top-k accuracy: k is 0");
    if let Some(class) = truth.iter().find(|&&class| class >= n_classes) {
        panic!("top-k accuracy: class {class} of {n_classes}");
    }
    if truth.is_empty() {
        return Err(EvalError::Empty { metric: "top-k accuracy" });
    }
    let scores = numbers(scores.iter().copied())?;
    let mut found = 0;
    for (row, &class) in scores.chunks(n_classes).zip(truth) {
        // Its place in the order: as many as are better, or equal and of a higher number.
        let own = row[class];
        let before =
            |&(other, &score): &(usize, &f64)| score > own || (score == own && other > class);
        let place = row.iter().enumerate().filter(before).count();
        found += usize::from(place < k);
    }
    Ok(found as f64 / truth.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_ties_the_higher_number_goes_first() {
        for (class, k, want) in [(2, 1, 1.0), (1, 1, 0.0), (1, 2, 1.0), (0, 2, 0.0), (0, 3, 1.0)] {
            assert_eq!(top_k_accuracy(&[class], &[0.1_f32; 3], 3, k).unwrap(), want);
        }
    }

    #[test]
    fn nothing_and_nan_are_errors() {
        assert!(matches!(top_k_accuracy::<f32>(&[], &[], 3, 1), Err(EvalError::Empty { .. })));
        assert!(top_k_accuracy(&[0], &[f32::NAN, 0.0], 2, 1).is_err());
    }
}
