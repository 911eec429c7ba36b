//! Is one model better than another, or was it luck? Paired comparison on the same items.
//!
//! Two models that were tested on the same recordings mostly agree; what tells them apart are the few
//! recordings on which they do not. Comparing their two intervals throws that away. [`mcnemar`] looks at
//! right and wrong only and takes items for independent; [`bootstrap_difference`] takes any metric, and
//! pieces as wholes.

use crate::bootstrap::{quantile, resamples};

/// What McNemar's test says of two models; see [`mcnemar`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct McNemar {
    /// Items that the first model alone has right.
    pub only_first: usize,
    /// Items that the second model alone has right.
    pub only_second: usize,
    /// Probability of a split at least as uneven if both were equally good: the exact, binomial test.
    pub p_exact: f64,
    /// (|b - c| - 1)^2 / (b + c): the statistic with continuity correction.
    pub statistic: f64,
    /// Its probability under the chi-squared distribution with one degree of freedom.
    pub p_corrected: f64,
}

/// McNemar's test: do two models differ in accuracy by more than chance?
///
/// Items on which both are right or both wrong say nothing. Of the b + c others, b are right in the first
/// model only, c in the second only; were the models equally good, each would fall to either side as a
/// coin does:
///
/// ```text
/// p_exact     = min(1, 2 P(X <= min(b, c)))          X binomial of b + c coins
/// statistic   = (max(|b - c| - 1, 0))^2 / (b + c)    p_corrected = P(chi squared, 1 > statistic)
/// ```
///
/// Use the exact one; the other, an approximation for b + c of 25 and more, is there because papers quote
/// it. Both are 1 where the models never disagree. A p below 0.05 is called significant by custom; of
/// twenty comparisons of equal models one is. Items must be independent: with several excerpts of a piece
/// use [`bootstrap_difference`].
///
/// McNemar (1947), "Note on the sampling error of the difference between correlated proportions or
/// percentages", Psychometrika 12, 153-157; the correction: Edwards (1948), ibid. 13, 185-187.
///
/// ```
/// let truth = [0, 1, 1, 0, 1, 0];
/// let test = dlmir_eval::mcnemar(&truth, &[0, 1, 1, 0, 1, 1], &[0, 0, 0, 1, 1, 1]);
/// assert_eq!((test.only_first, test.only_second), (3, 0));
/// assert_eq!(test.p_exact, 0.25); // three coins of three alike
/// ```
///
/// # Panics
///
/// If the slices differ in length.
#[track_caller]
pub fn mcnemar(truth: &[usize], first: &[usize], second: &[usize]) -> McNemar {
    let (n, n_first, n_second) = (truth.len(), first.len(), second.len());
    assert!(n == n_first && n == n_second, "McNemar: {n} truths, {n_first} and {n_second} answers");
    let (mut only_first, mut only_second) = (0, 0);
    for ((t, a), b) in truth.iter().zip(first).zip(second) {
        only_first += usize::from(a == t && b != t);
        only_second += usize::from(a != t && b == t);
    }
    McNemar::from_counts(only_first, only_second)
}

impl McNemar {
    /// The test of the two counts of items on which the models disagree.
    pub fn from_counts(only_first: usize, only_second: usize) -> Self {
        let n = only_first + only_second;
        let excess = only_first.abs_diff(only_second).saturating_sub(1) as f64;
        let statistic = if n == 0 { 0.0 } else { excess * excess / n as f64 };
        Self {
            only_first,
            only_second,
            p_exact: (2.0 * coins_at_most(only_first.min(only_second), n)).min(1.0),
            statistic,
            p_corrected: erfc((statistic / 2.0).sqrt()),
        }
    }
}

/// Probability of at most `k` heads in `n` throws of a coin; k <= n / 2.
///
/// ```text
/// sum over i <= k of C(n, i) / 2^n  =  C(n, k) / 2^n (1 + k / (n-k+1) (1 + (k-1) / (n-k+2) (1 + ...)))
/// ```
fn coins_at_most(k: usize, n: usize) -> f64 {
    // C(n, k) / 2^n by factors; a halving is taken in whenever the product would grow too large.
    let (mut largest, mut halvings) = (1.0, n);
    for j in 1..=k {
        largest *= (n - k + j) as f64 / j as f64;
        while largest > 1.0 && halvings > 0 {
            largest *= 0.5;
            halvings -= 1;
        }
    }
    let largest = largest * 0.5_f64.powi(i32::try_from(halvings).unwrap_or(i32::MAX));
    let (mut sum, mut term) = (1.0, 1.0);
    for i in (1..=k).rev() {
        term *= i as f64 / (n - i + 1) as f64;
        sum += term;
    }
    largest * sum
}

/// The complementary error function of x >= 0; twice the upper tail of the normal distribution at
/// sqrt(2) x, and so the upper tail of chi squared with one degree of freedom at 2 x^2.
///
/// Below 2 by the series 1 - 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (1 3 5 ... (2n+1)), all terms positive;
/// above by the continued fraction exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...)))).
/// Abramowitz, Stegun (1964), 7.1.6 and 7.1.14.
fn erfc(x: f64) -> f64 {
    let bell = (-x * x).exp() / std::f64::consts::PI.sqrt();
    if x < 2.0 {
        let (mut sum, mut term, mut n) = (x, x, 0.0);
        while term > 1e-18 * sum {
            n += 1.0;
            term *= 2.0 * x * x / (2.0 * n + 1.0);
            sum += term;
        }
        1.0 - 2.0 * bell * sum
    } else {
        let mut tail = 0.0;
        for k in (1..=120).rev() {
            tail = 0.5 * f64::from(k) / (x + tail);
        }
        bell / (x + tail)
    }
}

/// How much better one model is than another, and how sure that is; see [`bootstrap_difference`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Difference {
    /// Metric of the second model less that of the first, on all items.
    pub difference: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end of its interval.
    pub high: f64,
    /// Two-sided: twice the share of the resamples that fall on the less likely side of 0.
    pub p_value: f64,
}

/// The paired bootstrap: the interval of the difference of a metric between two models on the same items.
///
/// As [`bootstrap_interval`](crate::bootstrap_interval) it draws groups (pieces, artists) with replacement,
/// the same draw for both models; `metric` gets the indices of the items drawn and returns the metric of
/// the first and of the second model on them. A resample for which either is NaN is left out. If the
/// interval does not hold 0, the models differ at that level. With B resamples,
///
/// ```text
/// p_value = min(1, 2 (1 + min(number with d <= 0, number with d >= 0)) / (B + 1))
/// ```
///
/// so that it is never 0; 1000 resamples cannot show a p below 0.002. Equal arguments give equal bits.
///
/// Efron, Tibshirani (1993), "An introduction to the bootstrap", chapters 13 and 15; its use in comparing
/// classifiers: Berg-Kirkpatrick, Burkett, Klein (2012), "An empirical investigation of statistical
/// significance in NLP", EMNLP.
///
/// ```
/// use dlmir_eval::{accuracy, bootstrap_difference};
///
/// let truth = [0, 1, 1, 0, 1, 0, 1, 1];
/// let (first, second) = ([0, 0, 1, 1, 0, 0, 0, 1], [0, 1, 1, 0, 1, 0, 0, 1]);
/// let piece = [0, 1, 2, 3, 4, 5, 6, 7];
/// let found = bootstrap_difference(&piece, 1000, 1, 0.95, |items| {
///     let pick = |labels: &[usize]| items.iter().map(|&i| labels[i]).collect::<Vec<_>>();
///     let truth = pick(&truth);
///     (accuracy(&truth, &pick(&first)), accuracy(&truth, &pick(&second)))
/// });
/// assert_eq!(found.difference, 0.375);
/// assert!(found.low <= 0.375 && 0.375 <= found.high);
/// ```
///
/// # Panics
///
/// If `n_resamples` is 0 or `level` is not between 0 and 1.
#[track_caller]
pub fn bootstrap_difference(
    groups: &[usize],
    n_resamples: usize,
    seed: u64,
    level: f64,
    mut metric: impl FnMut(&[usize]) -> (f64, f64),
) -> Difference {
    assert!(n_resamples > 0, "bootstrap: no resamples");
    assert!(level > 0.0 && level < 1.0, "bootstrap: level {level} is not between 0 and 1");
    let mut difference = |items: &[usize]| {
        let (first, second) = metric(items);
        second - first
    };
    let all: Vec<usize> = (0..groups.len()).collect();
    let on_all = difference(&all);
    let sorted = resamples(groups, n_resamples, seed, difference);
    let at_most = sorted.iter().filter(|&&d| d <= 0.0).count();
    let at_least = sorted.iter().filter(|&&d| d >= 0.0).count();
    let tail = (1 + at_most.min(at_least)) as f64 / (sorted.len() + 1) as f64;
    Difference {
        difference: on_all,
        low: quantile(&sorted, (1.0 - level) / 2.0),
        high: quantile(&sorted, (1.0 + level) / 2.0),
        p_value: if sorted.is_empty() { f64::NAN } else { (2.0 * tail).min(1.0) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_abs_diff_eq;

    #[test]
    fn models_that_never_disagree_do_not_differ() {
        let test = mcnemar(&[0, 1, 1], &[0, 0, 1], &[0, 0, 1]);
        assert_eq!((test.only_first, test.only_second), (0, 0));
        assert_eq!((test.p_exact, test.statistic, test.p_corrected), (1.0, 0.0, 1.0));
        assert_eq!(mcnemar(&[], &[], &[]).p_exact, 1.0);
    }

    #[test]
    fn the_coin_is_counted() {
        assert_abs_diff_eq!(coins_at_most(2, 5), 16.0 / 32.0, epsilon = 1e-15);
        assert_abs_diff_eq!(coins_at_most(0, 10), 1.0 / 1024.0, epsilon = 1e-18);
        assert_eq!(coins_at_most(0, 5000), 0.0); // below the smallest number there is
    }

    #[test]
    fn both_forms_of_erfc_meet() {
        // erfc(2) = 0.004677734981047266 (Abramowitz, Stegun, table 7.2, continued).
        assert_abs_diff_eq!(erfc(2.0 - 1e-13), erfc(2.0), epsilon = 1e-13);
        assert_abs_diff_eq!(erfc(2.0), 0.004677734981047266, epsilon = 1e-15);
        assert_eq!(erfc(0.0), 1.0);
    }

    #[test]
    fn pairing_sees_what_two_intervals_hide() {
        // Each piece has its own difficulty; the second model is better by 0.02 on every one.
        let first: Vec<f64> = (0..40).map(|i| f64::from(i * 7 % 40) / 40.0).collect();
        let groups: Vec<usize> = (0..40).collect();
        let found = bootstrap_difference(&groups, 500, 1, 0.95, |items| {
            let mean = items.iter().map(|&i| first[i]).sum::<f64>() / items.len() as f64;
            (mean, mean + 0.02)
        });
        for value in [found.difference, found.low, found.high] {
            assert_abs_diff_eq!(value, 0.02, epsilon = 1e-12);
        }
        assert_abs_diff_eq!(found.p_value, 2.0 / 501.0, epsilon = 1e-15);
    }

    #[test]
    fn equal_models_have_p_one_and_undefined_ones_none() {
        let found = bootstrap_difference(&[0, 1, 2], 100, 1, 0.95, |_| (0.5, 0.5));
        assert_eq!((found.difference, found.low, found.high, found.p_value), (0.0, 0.0, 0.0, 1.0));
        let none = bootstrap_difference(&[0, 1], 100, 1, 0.95, |_| (f64::NAN, 0.5));
        assert!(none.p_value.is_nan() && none.low.is_nan());
    }
}
