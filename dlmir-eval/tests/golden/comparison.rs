//! Paired comparison of two models against scipy.

use crate::cases::cases;
use dlmir_eval::{McNemar, bootstrap_difference};

const GOLDEN: &str = include_str!("comparison.txt");

#[test]
fn mcnemar_is_that_of_the_binomial_and_chi_squared_distributions() {
    let found: Vec<_> = cases(GOLDEN).into_iter().filter(|case| case.kind == "mcnemar").collect();
    assert_eq!(found.len(), 10);
    for case in found {
        let counts: Vec<usize> = case.all("counts");
        let ours = McNemar::from_counts(counts[0], counts[1]);
        for (what, ours, golden) in [
            ("p_exact", ours.p_exact, case.one::<f64>("p_exact")),
            ("statistic", ours.statistic, case.one("statistic")),
            ("p_corrected", ours.p_corrected, case.one("p_corrected")),
        ] {
            // Relative: small probabilities are what the test is asked for.
            let close = (ours - golden).abs() <= 1e-12 * golden;
            assert!(close, "{}: {what} {ours}, scipy {golden}", case.name);
        }
    }
}

/// Tolerance of the ends as in `bootstrap.rs`; that of p is five standard errors of a share counted in
/// 20 000 resamples, doubled.
#[test]
fn the_paired_bootstrap_is_that_of_scipy() {
    let found: Vec<_> = cases(GOLDEN).into_iter().filter(|case| case.kind == "paired").collect();
    assert_eq!(found.len(), 4);
    for case in found {
        let (first, second): (Vec<f64>, Vec<f64>) = (case.all("first"), case.all("second"));
        let groups: Vec<usize> = (0..first.len()).collect();
        let mean = |values: &[f64], items: &[usize]| {
            items.iter().map(|&i| values[i]).sum::<f64>() / items.len() as f64
        };
        let ours = bootstrap_difference(&groups, 20_000, 1, case.one("level"), |items| {
            (mean(&first, items), mean(&second, items))
        });
        let golden: f64 = case.one("difference");
        assert!((ours.difference - golden).abs() < 1e-12, "{}", case.name);
        let on_a_grid = first.iter().chain(&second).all(|&x| x == 0.0 || x == 1.0);
        let step = if on_a_grid { 1.0 / first.len() as f64 } else { 0.0 };
        let wider = if case.one::<f64>("level") > 0.95 { 2.0 } else { 1.0 };
        let tolerance = wider * 0.15 * case.one::<f64>("standard_error") + step;
        for (ours, golden) in [(ours.low, case.one::<f64>("low")), (ours.high, case.one("high"))] {
            assert!((ours - golden).abs() <= tolerance, "{}: {ours}, {golden}", case.name);
        }
        let p: f64 = case.one("p_value");
        let tolerance = 10.0 * (p / 2.0 * (1.0 - p / 2.0) / 20_000.0).sqrt() + 2.0 / 20_001.0;
        assert!((ours.p_value - p).abs() <= tolerance, "{}: p {}, {p}", case.name, ours.p_value);
    }
}
