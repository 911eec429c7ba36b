//! Time.

use std::time::Instant;

/// Runs before the first one that counts: they fill pools and caches and let the CPU find its clock rate.
const WARM_UP: usize = 3;

/// The median of the seconds that `step` takes, over `runs` runs.
///
/// # Panics
/// If `runs` is 0.
pub fn median_seconds(runs: usize, mut step: impl FnMut()) -> f64 {
    assert!(runs > 0, "a median needs at least one run");
    (0..WARM_UP).for_each(|_| step());
    let timed = |_| {
        let start = Instant::now();
        step();
        start.elapsed().as_secs_f64()
    };
    median((0..runs).map(timed).collect())
}

/// The middle value, or the mean of the two middle ones.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    if values.len() % 2 == 1 { values[half] } else { (values[half - 1] + values[half]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_odd_and_even() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
    }

    #[test]
    fn warm_up_runs_do_not_count() {
        let mut calls = 0;
        median_seconds(4, || calls += 1);
        assert_eq!(calls, 4 + WARM_UP);
    }
}
