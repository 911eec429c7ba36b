//! Bootstrap intervals against scipy's percentile bootstrap, within Monte Carlo error.

use dlmir_eval::bootstrap_interval;

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of an odd number of values.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// The standard error of a quantile q estimated from n draws is sqrt(q (1 - q) / n) / density, for a
/// normal density at q = 0.025 and n = 20 000 that is 0.019 standard errors of the statistic. Five times
/// that, with room for thinner tails, is 0.15. A statistic on a grid may also be off by one step.
#[test]
fn intervals_are_those_of_scipy() {
    let cases = crate::cases::cases(include_str!("bootstrap.txt"));
    assert_eq!(cases.len(), 4);
    for case in cases {
        let data: Vec<f64> = case.all("data");
        let statistic = match case.one::<String>("statistic").as_str() {
            "mean" => mean,
            "median" => median,
            other => panic!("unknown statistic {other}"),
        };
        let groups: Vec<usize> = (0..data.len()).collect();
        let (low, high) = bootstrap_interval(&groups, 20_000, 1, case.one("level"), |items| {
            statistic(&items.iter().map(|&i| data[i]).collect::<Vec<_>>())
        });
        let on_a_grid = data.iter().all(|&x| x == 0.0 || x == 1.0);
        let step = if on_a_grid { 1.0 / data.len() as f64 } else { 0.0 };
        let tolerance = 0.15 * case.one::<f64>("standard_error") + step;
        for (ours, golden) in [(low, case.one::<f64>("low")), (high, case.one("high"))] {
            let error = (ours - golden).abs();
            assert!(error <= tolerance, "{}: {ours}, scipy {golden}", case.name);
        }
    }
}
