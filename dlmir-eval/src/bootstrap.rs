//! How sure is a metric? Bootstrap intervals over groups of items.
//!
//! A metric on 64 recordings would be another one on another 64. The bootstrap (Efron (1979), "Bootstrap
//! methods: another look at the jackknife", Annals of Statistics 7, 1-26) imitates that: it draws as
//! many items as there are from the test set itself, with replacement, computes the metric anew, does
//! so a thousand times or more, and takes the range in which the middle 95 % of the results lie.
//!
//! What is drawn must be independent. Ten excerpts of one piece are not ten pieces: they succeed or fail
//! together, and drawing them one by one gives an interval that is far too narrow. Hence *groups*:
//! a group (piece, artist, recording) is drawn as a whole or not at all.

/// The percentile bootstrap interval of a metric.
///
/// `groups[i]` is the number of the group that item i belongs to (any numbers; only equality counts).
/// Each of the `n_resamples` resamples draws as many groups as there are, with replacement, and hands
/// the indices of all their items to `metric`, an item as often as its group was drawn. The result is
///
/// ```text
/// low  = quantile (1 - level) / 2 of the metrics       level = 0.95: quantiles 0.025 and 0.975,
/// high = quantile (1 + level) / 2                      interpolated linearly as NumPy does
/// ```
///
/// 1000 resamples settle the ends to about a tenth of the interval's half width, 2000 are better.
/// A metric that is undefined for a resample (no positives drawn, say) returns NaN and the resample is
/// left out; if all are, both ends are NaN. Without items both ends are `metric(&[])`.
///
/// Equal arguments give equal bits, on any machine: the draws depend on `seed` and their own number only.
///
/// The interval is too narrow when there are few groups (below about 20), and [0, 0] or [1, 1] when all
/// groups agree, which no one should read as certainty.
///
/// ```
/// use dlmir_eval::{accuracy, bootstrap_interval};
///
/// let (truth, predicted) = ([0, 0, 1, 1, 1, 0], [0, 0, 1, 0, 1, 1]);
/// let piece = [0, 0, 1, 1, 2, 2]; // two excerpts each of three pieces
/// let (low, high) = bootstrap_interval(&piece, 1000, 1, 0.95, |items| {
///     let pick = |labels: &[usize]| items.iter().map(|&i| labels[i]).collect::<Vec<_>>();
///     accuracy(&pick(&truth), &pick(&predicted))
/// });
/// assert_eq!((low, high), (0.5, 1.0));
/// ```
///
/// # Panics
///
/// If `n_resamples` is 0 or `level` is not between 0 and 1.
#[track_caller]
pub fn bootstrap_interval(
    groups: &[usize],
    n_resamples: usize,
    seed: u64,
    level: f64,
    metric: impl FnMut(&[usize]) -> f64,
) -> (f64, f64) {
    assert!(n_resamples > 0, "bootstrap: no resamples");
    assert!(level > 0.0 && level < 1.0, "bootstrap: level {level} is not between 0 and 1");
    let metrics = resamples(groups, n_resamples, seed, metric);
    (quantile(&metrics, (1.0 - level) / 2.0), quantile(&metrics, (1.0 + level) / 2.0))
}

/// The metric of each resample, sorted, without those that are NaN.
pub(crate) fn resamples(
    groups: &[usize],
    n_resamples: usize,
    seed: u64,
    mut metric: impl FnMut(&[usize]) -> f64,
) -> Vec<f64> {
    let members = members_by_group(groups);
    let mut metrics = Vec::with_capacity(n_resamples);
    let mut items = Vec::with_capacity(groups.len());
    for resample in 0..n_resamples {
        items.clear();
        for draw in 0..members.len() {
            let word = splitmix64(seed, (resample * members.len() + draw) as u64);
            items.extend_from_slice(&members[below(members.len(), word)]);
        }
        metrics.push(metric(&items));
    }
    metrics.retain(|metric| !metric.is_nan());
    metrics.sort_by(f64::total_cmp);
    metrics
}

/// The items of each group; groups in order of their number.
fn members_by_group(groups: &[usize]) -> Vec<Vec<usize>> {
    let mut members = std::collections::BTreeMap::<usize, Vec<usize>>::new();
    for (item, &group) in groups.iter().enumerate() {
        members.entry(group).or_default().push(item);
    }
    members.into_values().collect()
}

/// Output number `n` (from 0) of the SplitMix64 generator seeded with `seed`. The generator's state is
/// a counter, so any output can be had without those before it.
///
/// Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators", OOPSLA; constants of
/// the mixing function: Stafford's variant 13.
fn splitmix64(seed: u64, n: u64) -> u64 {
    const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut z = seed.wrapping_add(GOLDEN_GAMMA.wrapping_mul(n.wrapping_add(1)));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Scales a 64-bit word to 0..n. Off from equal chances by less than n / 2^64.
fn below(n: usize, word: u64) -> usize {
    ((u128::from(word) * n as u128) >> 64) as usize
}

/// Quantile q of sorted values, interpolated linearly between the two nearest; NaN of none.
pub(crate) fn quantile(sorted: &[f64], q: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let position = q * last as f64;
    let left = (position.floor() as usize).min(last);
    let right = (left + 1).min(last);
    sorted[left] + (position - left as f64) * (sorted[right] - sorted[left])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_of(values: &[f64]) -> impl Fn(&[usize]) -> f64 {
        |items| items.iter().map(|&i| values[i]).sum::<f64>() / items.len() as f64
    }

    #[test]
    fn the_generator_is_splitmix64() {
        // First outputs for seed 1234567, as in the test of several published implementations.
        let words: Vec<u64> = (0..3).map(|n| splitmix64(1_234_567, n)).collect();
        assert_eq!(
            words,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    /// 70 of 100 right: the interval of the proportion is about 0.7 +/- 1.96 sqrt(0.7 * 0.3 / 100)
    /// (binomial, normal approximation) = [0.610, 0.790]. Means of 100 zeros and ones lie on a grid
    /// of 0.01, so the ends may be off by one step.
    #[test]
    fn a_proportion_has_its_binomial_interval() {
        let correct: Vec<f64> = (0..100).map(|i| if i < 70 { 1.0 } else { 0.0 }).collect();
        let groups: Vec<usize> = (0..100).collect();
        for seed in 0..5 {
            let (low, high) = bootstrap_interval(&groups, 2000, seed, 0.95, mean_of(&correct));
            assert!((low - 0.610).abs() < 0.0101, "seed {seed}: low {low}");
            assert!((high - 0.790).abs() < 0.0101, "seed {seed}: high {high}");
        }
    }

    /// Items in 25 groups of four, item i in group i mod 25, of which 17 are right as a whole: a quarter of
    /// the independent observations, so twice the width: 0.68 +/- 1.96 sqrt(0.68 * 0.32 / 25) =
    /// [0.497, 0.863], on a grid of 0.04. Item by item it would be [0.589, 0.771].
    #[test]
    fn groups_are_drawn_whole() {
        let groups: Vec<usize> = (0..100).map(|i| 7 * (i % 25)).collect();
        let correct: Vec<f64> = (0..100).map(|i| if i % 25 < 17 { 1.0 } else { 0.0 }).collect();
        let (low, high) = bootstrap_interval(&groups, 2000, 1, 0.95, |items| {
            let mut drawn = [0; 100];
            items.iter().for_each(|&i| drawn[i] += 1);
            assert!((0..100).all(|i| drawn[i] == drawn[i % 25]), "a part of a group: {drawn:?}");
            mean_of(&correct)(items)
        });
        assert!((low - 0.497).abs() < 0.041 && (high - 0.863).abs() < 0.041, "[{low}, {high}]");
    }

    #[test]
    fn equal_seeds_give_equal_bits_and_others_do_not() {
        let values: Vec<f64> = (0..50).map(|i| f64::from(i * i % 37)).collect();
        let groups: Vec<usize> = (0..50).map(|i| i / 2).collect();
        let interval = |seed| bootstrap_interval(&groups, 200, seed, 0.95, mean_of(&values));
        assert_eq!(interval(3), interval(3));
        assert_ne!(interval(3), interval(4));
    }

    #[test]
    fn undefined_resamples_are_left_out() {
        let groups = [0, 1];
        let metric = |items: &[usize]| if items.contains(&1) { 0.5 } else { f64::NAN };
        assert_eq!(bootstrap_interval(&groups, 100, 1, 0.95, metric), (0.5, 0.5));
        let (low, high) = bootstrap_interval(&groups, 100, 1, 0.95, |_| f64::NAN);
        assert!(low.is_nan() && high.is_nan());
        assert_eq!(bootstrap_interval(&[], 10, 1, 0.95, |items| items.len() as f64), (0.0, 0.0));
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), 3.0);
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 1.0), 4.0);
        assert_eq!(quantile(&[5.0], 0.3), 5.0);
    }
}
