//! Histograms as TensorBoard's Histograms and Distributions dashboards want them.

/// TensorBoard's default.
const BUCKETS: usize = 30;

/// Counts values in 30 buckets of equal width between the smallest and the largest: `[30, 3]`, row-major,
/// a row being left edge, right edge, count. As `tensorboard.plugins.histogram` does it: the last bucket
/// includes its right edge; equal values are all counted in the last bucket, whose edges coincide; no
/// values give zeros. Infinities and NaN have no bucket and are left out.
pub(super) fn buckets(values: &[f32]) -> Vec<f64> {
    let finite = || values.iter().filter(|value| value.is_finite()).map(|&value| f64::from(value));
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in finite() {
        low = low.min(value);
        high = high.max(value);
    }
    if low > high {
        return vec![0.0; BUCKETS * 3];
    }
    let width = (high - low) / BUCKETS as f64;
    let mut counts = [0_u64; BUCKETS];
    for value in finite() {
        // Where all values are equal this is 0 / 0, which min() takes to be the last bucket.
        let bucket = ((value - low) / width).floor().min((BUCKETS - 1) as f64);
        counts[bucket as usize] += 1;
    }
    let edge = |k: usize| if k == BUCKETS { high } else { low + k as f64 * width };
    let rows = counts.iter().enumerate();
    rows.flat_map(|(k, &count)| [edge(k), edge(k + 1), count as f64]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(values: &[f32]) -> Vec<f64> {
        buckets(values).chunks(3).map(|row| row[2]).collect()
    }

    #[test]
    fn every_finite_value_is_counted_once() {
        let values: Vec<f32> = (0..61).map(|i| i as f32).collect();
        let rows = buckets(&values);
        assert_eq!(rows[0], 0.0);
        assert_eq!(rows[BUCKETS * 3 - 2], 60.0);
        let counts = counts(&values);
        assert_eq!(counts.iter().sum::<f64>(), 61.0);
        assert_eq!(counts[BUCKETS - 1], 3.0); // 58, 59 and 60, its right edge
        for pair in rows.chunks(3).collect::<Vec<_>>().windows(2) {
            assert_eq!(pair[0][1], pair[1][0], "buckets touch");
        }
    }

    #[test]
    fn degenerate_cases() {
        assert_eq!(buckets(&[]), vec![0.0; 90]);
        assert_eq!(buckets(&[f32::NAN, f32::INFINITY]), vec![0.0; 90]);
        let equal = buckets(&[2.5; 4]);
        assert_eq!(equal[87..], [2.5, 2.5, 4.0]);
        assert_eq!(counts(&[2.5; 4])[..29], [0.0; 29]);
        assert_eq!(counts(&[0.0, f32::NAN, 1.0]).iter().sum::<f64>(), 2.0);
        assert_eq!(counts(&[f32::MIN, f32::MAX]).iter().sum::<f64>(), 2.0);
    }
}
