//! Is what matters at the top of the list? Metrics of orders.
//!
//! A search answers with a list, a tagger with tags from likely to unlikely; nobody reads to the end. The
//! first three metrics look at the labels of each item in the order of their scores (Tsoumakas, Katakis,
//! Vlahavas (2010), "Mining multi-label data", section 7); the others at one list of answers to a query.
//!
//! `truth` and `scores` are row-major `[n_items, n_labels]`; the highest score comes first. Equal scores
//! are never sorted by luck: each function says what becomes of them.

use crate::EvalError;

/// Label ranking average precision: for each label that an item has, the share of true ones among the
/// labels ranked at least as high, averaged over its labels and then over the items.
///
/// In 0..1, 1: all true labels come first. A label's rank is the worst of those tied with it. An item with
/// all labels or with none counts as 1. scikit-learn's `label_ranking_average_precision_score`.
///
/// ```
/// let truth = [true, false, false, /**/ false, false, true];
/// let scores = [0.75, 0.5, 1.0, /**/ 1.0, 0.2, 0.1];
/// let lrap = dlmir_eval::label_ranking_average_precision(&truth, &scores, 3)?;
/// assert!((lrap - (1.0 / 2.0 + 1.0 / 3.0) / 2.0).abs() < 1e-15);
/// # Ok::<(), dlmir_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// [`EvalError::Empty`] without items, [`EvalError::NotANumber`] for a score that is NaN.
///
/// # Panics
///
/// If the slices differ in length or are no rows of `n_labels`.
#[track_caller]
pub fn label_ranking_average_precision<S: Copy + Into<f64>>(
    truth: &[bool],
    scores: &[S],
    n_labels: usize,
) -> Result<f64, EvalError> {
    mean_over_items("label ranking average precision", truth, scores, n_labels, |truth, scores| {
        let relevant = truth.iter().filter(|&&t| t).count();
        if relevant == 0 || relevant == truth.len() {
            return 1.0;
        }
        let (mut sum, mut true_above, mut above) = (0.0, 0, 0);
        for tied in falling(scores).chunk_by(|&i, &j| scores[i] == scores[j]) {
            let found = tied.iter().filter(|&&i| truth[i]).count();
            true_above += found;
            above += tied.len();
            sum += found as f64 * (true_above as f64 / above as f64);
        }
        sum / relevant as f64
    })
}

/// Coverage error: how far down the list one must read to have all labels of an item, on average.
///
/// At best the mean number of labels per item. Labels tied with the last one are read as well; an item
/// without labels counts as 0. scikit-learn's `coverage_error`.
///
/// # Errors
///
/// As [`label_ranking_average_precision`].
///
/// # Panics
///
/// As [`label_ranking_average_precision`].
#[track_caller]
pub fn coverage_error<S: Copy + Into<f64>>(
    truth: &[bool],
    scores: &[S],
    n_labels: usize,
) -> Result<f64, EvalError> {
    mean_over_items("coverage error", truth, scores, n_labels, |truth, scores| {
        let of_labels = scores.iter().zip(truth).filter(|item| *item.1).map(|item| *item.0);
        let lowest = of_labels.min_by(f64::total_cmp);
        lowest.map_or(0.0, |lowest| scores.iter().filter(|&&s| s >= lowest).count() as f64)
    })
}

/// Label ranking loss: the share of pairs of a label that the item has and one that it has not which are
/// in the wrong order, averaged over the items.
///
/// In 0..1, 0: all true labels come first. A tie is a wrong order; an item with all labels or none counts
/// as 0. scikit-learn's `label_ranking_loss`.
///
/// # Errors
///
/// As [`label_ranking_average_precision`].
///
/// # Panics
///
/// As [`label_ranking_average_precision`].
#[track_caller]
pub fn label_ranking_loss<S: Copy + Into<f64>>(
    truth: &[bool],
    scores: &[S],
    n_labels: usize,
) -> Result<f64, EvalError> {
    mean_over_items("label ranking loss", truth, scores, n_labels, |truth, scores| {
        let relevant = truth.iter().filter(|&&t| t).count();
        let pairs = relevant * (truth.len() - relevant);
        let (mut wrong, mut false_above) = (0, 0);
        for tied in falling(scores).chunk_by(|&i, &j| scores[i] == scores[j]) {
            let found = tied.iter().filter(|&&i| truth[i]).count();
            false_above += tied.len() - found;
            wrong += found * false_above;
        }
        if pairs == 0 { 0.0 } else { wrong as f64 / pairs as f64 }
    })
}

/// Normalised discounted cumulative gain of one list: how much of the gain is where it is seen.
///
/// ```text
/// DCG  = sum over ranks r = 1, 2, ... k of  gain[r] / log2(r + 1)
/// NDCG = DCG / (DCG of the best order)
/// ```
///
/// `gains[i]` says how relevant answer i is (0: not at all), `scores[i]` how high it was put; `k` is
/// `None` for the whole list. Equal scores share the mean of their gains, which is what a random order
/// would score on average (McSherry, Najork (2008), "Computing information retrieval performance measures
/// efficiently in the presence of tied scores", ECIR). 0 where nothing is relevant. scikit-learn's
/// `ndcg_score` of one row.
///
/// Jarvelin, Kekalainen (2002), "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20, 422-446.
///
/// # Errors
///
/// [`EvalError::NotANumber`] for a score or a gain that is NaN or a gain below 0.
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn ndcg<S: Copy + Into<f64>>(
    gains: &[f64],
    scores: &[S],
    k: Option<usize>,
) -> Result<f64, EvalError> {
    let (n, n_scores) = (gains.len(), scores.len());
    assert!(n == n_scores, "NDCG: {n} gains, but {n_scores} scores");
    if let Some(index) = gains.iter().position(|gain| gain.is_nan() || *gain < 0.0) {
        return Err(EvalError::NotANumber { index });
    }
    let scores = numbers(scores)?;
    let k = k.unwrap_or(n);
    let best = discounted(gains, gains, k);
    Ok(if best == 0.0 { 0.0 } else { discounted(gains, &scores, k) / best })
}

fn discounted(gains: &[f64], scores: &[f64], k: usize) -> f64 {
    let (mut sum, mut rank) = (0.0, 0);
    for tied in falling(scores).chunk_by(|&i, &j| scores[i] == scores[j]) {
        let gain = tied.iter().map(|&i| gains[i]).sum::<f64>() / tied.len() as f64;
        let ranks = rank + 1..=(rank + tied.len()).min(k);
        sum += gain * ranks.map(|r| 1.0 / (r as f64 + 1.0).log2()).sum::<f64>();
        rank += tied.len();
    }
    sum
}

/// Share of relevant answers among the first `k` of a list. `relevant` is in the order of the list. Places
/// after its end count as irrelevant: with fewer than `k` answers it cannot be 1.
///
/// # Panics
///
/// If `k` is 0.
#[track_caller]
pub fn precision_at_k(relevant: &[bool], k: usize) -> f64 {
    assert!(k > 0, "precision at k: k is 0");
    relevant.iter().take(k).filter(|&&r| r).count() as f64 / k as f64
}

/// Mean average precision of several queries, MAP: for each query, the precision at the place of every
/// relevant answer, averaged over these; then the mean over the queries.
///
/// Each list is in the order in which the search gave it, with all relevant answers somewhere in it.
/// Queries for which nothing is relevant have no value and are left out; without any other, 0. For a list
/// with ties use [`average_precision`](crate::average_precision), which asks for scores.
///
/// Voorhees, Harman (2005), "TREC: Experiment and evaluation in information retrieval", chapter 3.
///
/// ```
/// use dlmir_eval::{mean_average_precision, precision_at_k};
///
/// let queries = [vec![true, false, true, false], vec![false, true]];
/// let map = mean_average_precision(&queries);
/// assert!((map - ((1.0 + 2.0 / 3.0) / 2.0 + 0.5) / 2.0).abs() < 1e-15);
/// assert_eq!(precision_at_k(&queries[0], 1), 1.0);
/// ```
pub fn mean_average_precision<L: AsRef<[bool]>>(lists: &[L]) -> f64 {
    let (mut sum, mut queries) = (0.0, 0);
    for list in lists {
        let ranks: Vec<usize> =
            list.as_ref().iter().enumerate().filter(|item| *item.1).map(|item| item.0).collect();
        if !ranks.is_empty() {
            let precisions = ranks.iter().enumerate().map(|(k, r)| (k + 1) as f64 / (r + 1) as f64);
            sum += precisions.sum::<f64>() / ranks.len() as f64;
            queries += 1;
        }
    }
    sum / f64::from(queries.max(1))
}

/// Mean of `metric` over the rows.
#[track_caller]
fn mean_over_items<S: Copy + Into<f64>>(
    name: &'static str,
    truth: &[bool],
    scores: &[S],
    n_labels: usize,
    metric: impl Fn(&[bool], &[f64]) -> f64,
) -> Result<f64, EvalError> {
    let (n, n_scores) = (truth.len(), scores.len());
    assert!(n == n_scores, "{name}: {n} truths, but {n_scores} scores");
    assert!(
        n_labels > 0 && n.is_multiple_of(n_labels),
        "{name}: {n} truths are no rows of {n_labels} labels"
    );
    if truth.is_empty() {
        return Err(EvalError::Empty { metric: name });
    }
    let scores = numbers(scores)?;
    let rows = truth.chunks(n_labels).zip(scores.chunks(n_labels));
    let sum: f64 = rows.map(|(truth, scores)| metric(truth, scores)).sum();
    Ok(sum / (n / n_labels) as f64)
}

fn numbers<S: Copy + Into<f64>>(scores: &[S]) -> Result<Vec<f64>, EvalError> {
    crate::classification::numbers(scores.iter().copied())
}

/// Indices in the order of falling scores.
fn falling(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;
    use proptest::prelude::*;

    #[test]
    fn items_with_all_labels_or_none_have_their_stated_score() {
        for has in [true, false] {
            let (truth, scores) = ([has; 3], [0.1, 0.2, 0.3]);
            assert_eq!(label_ranking_average_precision(&truth, &scores, 3).unwrap(), 1.0);
            assert_eq!(label_ranking_loss(&truth, &scores, 3).unwrap(), 0.0);
            assert_eq!(coverage_error(&truth, &scores, 3).unwrap(), if has { 3.0 } else { 0.0 });
        }
    }

    #[test]
    fn nothing_and_nan_are_errors() {
        assert!(matches!(coverage_error::<f32>(&[], &[], 2), Err(EvalError::Empty { .. })));
        let nan = label_ranking_loss(&[true, false], &[0.0, f64::NAN], 2);
        assert!(matches!(nan, Err(EvalError::NotANumber { index: 1 })));
        assert!(ndcg(&[-1.0, 0.0], &[0.0, 1.0], None).is_err());
    }

    #[test]
    fn lists_without_anything_relevant() {
        assert_eq!(ndcg::<f64>(&[], &[], None).unwrap(), 0.0);
        assert_eq!(ndcg(&[0.0, 0.0], &[0.0, 1.0], None).unwrap(), 0.0);
        assert_eq!(mean_average_precision(&[vec![false; 3], vec![false, true]]), 0.5);
        assert_eq!(mean_average_precision::<Vec<bool>>(&[]), 0.0);
        assert_eq!(precision_at_k(&[true, true], 4), 0.5);
        assert_eq!(precision_at_k(&[], 1), 0.0);
    }

    proptest! {
        #[test]
        fn loss_and_coverage_are_those_of_counting(
            items in prop::collection::vec((any::<bool>(), -2_i32..3), 1..20)
        ) {
            let truth: Vec<bool> = items.iter().map(|item| item.0).collect();
            let scores: Vec<f64> = items.iter().map(|item| f64::from(item.1)).collect();
            let n = items.len();
            let (mut wrong, mut pairs, mut coverage) = (0.0, 0.0_f64, 0.0);
            for i in (0..n).filter(|&i| truth[i]) {
                let rank = scores.iter().filter(|&&s| s >= scores[i]).count() as f64;
                coverage = rank.max(coverage);
                for j in (0..n).filter(|&j| !truth[j]) {
                    pairs += 1.0;
                    wrong += if scores[i] <= scores[j] { 1.0 } else { 0.0 };
                }
            }
            let loss = label_ranking_loss(&truth, &scores, n).unwrap();
            assert_abs_diff_eq!(loss, wrong / pairs.max(1.0), epsilon = 1e-14);
            prop_assert_eq!(coverage_error(&truth, &scores, n).unwrap(), coverage);
        }
    }
}
