//! Agreement, calibration, several labels and rankings against scikit-learn, to 1e-12.

use crate::cases::{Case, cases};
use dlmir_eval::*;

#[track_caller]
fn assert_equal(case: &Case, what: &str, ours: &[f64], golden: &[f64]) {
    assert_eq!(ours.len(), golden.len(), "{} {}: {what}", case.kind, case.name);
    for (i, (&a, &b)) in ours.iter().zip(golden).enumerate() {
        let equal = a == b || (a - b).abs() <= 1e-12 || (a.is_nan() && b.is_nan());
        assert!(equal, "{} {}: {what}[{i}] is {a}, golden {b}", case.kind, case.name);
    }
}

fn of_kind(kind: &str, at_least: usize) -> Vec<Case<'static>> {
    let all = cases(include_str!("metrics.txt"));
    let found: Vec<_> = all.into_iter().filter(|case| case.kind == kind).collect();
    assert!(found.len() >= at_least, "{} cases of kind {kind}", found.len());
    found
}

fn flags(case: &Case, key: &str) -> Vec<bool> {
    case.all::<usize>(key).into_iter().map(|value| value == 1).collect()
}

#[test]
fn agreement() {
    for case in of_kind("agreement", 7) {
        let names = vec!["class"; case.one("n_classes")];
        let (truth, predicted): (Vec<usize>, Vec<usize>) =
            (case.all("truth"), case.all("predicted"));
        let matrix = ConfusionMatrix::from_labels(&names, &truth, &predicted);
        let balanced = matrix.balanced_accuracy();
        assert_equal(&case, "balanced accuracy", &[balanced], &case.all("balanced_accuracy"));
        let kappas = [KappaWeights::Unweighted, KappaWeights::Linear, KappaWeights::Quadratic]
            .map(|weights| matrix.cohen_kappa(weights));
        assert_equal(&case, "kappas", &kappas, &case.all("kappas"));
        assert_equal(&case, "mcc", &[matrix.matthews_correlation()], &case.all("mcc"));
    }
}

#[test]
fn probabilities_of_one_class() {
    for case in of_kind("probability", 10) {
        let (positive, p): (_, Vec<f64>) = (flags(&case, "truth"), case.all("p"));
        let average = average_precision(&positive, &p).unwrap();
        assert_equal(&case, "average precision", &[average], &case.all("average_precision"));
        let curve = precision_recall_curve(&positive, &p).unwrap();
        assert_equal(&case, "precision", &curve.precision, &case.all("precision"));
        assert_equal(&case, "recall", &curve.recall, &case.all("recall"));
        assert_equal(&case, "thresholds", &curve.thresholds, &case.all("thresholds"));

        let loss = binary_log_loss(&positive, &p).unwrap();
        assert_equal(&case, "log loss", &[loss], &case.all("log_loss"));
        let pairs: Vec<f64> = p.iter().flat_map(|&p| [1.0 - p, p]).collect();
        let loss = log_loss(&case.all("truth"), &pairs, 2).unwrap();
        assert_equal(&case, "log loss of pairs", &[loss], &case.all("log_loss"));
        let narrow: Vec<f32> = p.iter().map(|&p| p as f32).collect();
        let loss = binary_log_loss(&positive, &narrow).unwrap();
        // scikit-learn takes 1 - p and the logarithm in f32 there.
        let golden: f64 = case.one("log_loss_f32");
        assert!((loss - golden).abs() <= 1e-6 * golden, "{}: {loss}, {golden}", case.name);
        assert_equal(&case, "brier", &[brier_score(&positive, &p).unwrap()], &case.all("brier"));

        for n_bins in [3, 10] {
            for (name, binning) in [("uniform", Binning::Uniform), ("quantile", Binning::Quantile)]
            {
                let bins = calibration_curve(&positive, &p, n_bins, binning).unwrap();
                let shares: Vec<f64> = bins.iter().map(|bin| bin.positive_share).collect();
                let means: Vec<f64> = bins.iter().map(|bin| bin.mean_probability).collect();
                let key = |what: &str| format!("{name}_{n_bins}_{what}");
                assert_equal(&case, &key("shares"), &shares, &case.all(&key("shares")));
                assert_equal(&case, &key("means"), &means, &case.all(&key("means")));
            }
            let key = format!("ece_{n_bins}");
            let error = expected_calibration_error(&positive, &p, n_bins).unwrap();
            assert_equal(&case, &key, &[error], &case.all(&key));
        }
    }
}

#[test]
fn probabilities_of_classes() {
    for case in of_kind("classes", 4) {
        let n_classes: usize = case.one("n_classes");
        let (truth, p): (Vec<usize>, Vec<f64>) = (case.all("truth"), case.all("p"));
        let brier = brier_score_of_classes(&truth, &p, n_classes).unwrap();
        assert_equal(&case, "brier", &[brier], &case.all("brier"));
        let average = average_precision_one_vs_rest(&truth, &p, n_classes).unwrap();
        assert_equal(&case, "average precision", &[average], &case.all("average_precision"));
        let top_k: Vec<f64> =
            (1..=n_classes).map(|k| top_k_accuracy(&truth, &p, n_classes, k).unwrap()).collect();
        assert_equal(&case, "top k", &top_k, &case.all("top_k"));
    }
}

#[test]
fn several_labels() {
    for case in of_kind("labels", 6) {
        let n: usize = case.one("n_labels");
        let (truth, predicted) = (flags(&case, "truth"), flags(&case, "predicted"));
        let counts = MultilabelCounts::new(&truth, &predicted, n);
        let scores: Vec<Scores> = (0..n).map(|label| counts.label_scores(label)).collect();
        let column = |f: fn(&Scores) -> f64| scores.iter().map(f).collect::<Vec<_>>();
        assert_equal(&case, "precision", &column(|s| s.precision), &case.all("precision"));
        assert_equal(&case, "recall", &column(|s| s.recall), &case.all("recall"));
        assert_equal(&case, "f1", &column(|s| s.f1), &case.all("f1"));
        let support: Vec<usize> = (0..n).map(|label| counts.support(label)).collect();
        assert_eq!(support, case.all::<usize>("support"), "{}", case.name);
        for (key, Scores { precision, recall, f1 }) in [
            ("macro", counts.macro_average()),
            ("weighted", counts.weighted_average()),
            ("micro", counts.micro_average()),
            ("samples", counts.sample_average()),
        ] {
            assert_equal(&case, key, &[precision, recall, f1], &case.all(key));
        }
        let loss = hamming_loss(&truth, &predicted);
        assert_equal(&case, "hamming loss", &[loss], &case.all("hamming_loss"));
        let subset = subset_accuracy(&truth, &predicted, n);
        assert_equal(&case, "subset accuracy", &[subset], &case.all("subset_accuracy"));

        let scores: Vec<f64> = case.all("scores");
        let of_label = |label: usize| {
            let column: Vec<f64> = scores.iter().skip(label).step_by(n).copied().collect();
            let truth: Vec<bool> = truth.iter().skip(label).step_by(n).copied().collect();
            average_precision(&truth, &column).unwrap()
        };
        let average: Vec<f64> = (0..n).map(of_label).collect();
        assert_equal(&case, "average precision", &average, &case.all("average_precision"));
        for (key, ours) in [
            ("lrap", label_ranking_average_precision(&truth, &scores, n)),
            ("coverage_error", coverage_error(&truth, &scores, n)),
            ("ranking_loss", label_ranking_loss(&truth, &scores, n)),
        ] {
            assert_equal(&case, key, &[ours.unwrap()], &case.all(key));
        }
    }
}

#[test]
fn ranked_lists() {
    let mut lists = 0;
    for case in of_kind("ranked", 7) {
        let (gains, scores): (Vec<f64>, Vec<f64>) = (case.all("gains"), case.all("scores"));
        let ours = [Some(1), Some(3), Some(5), None].map(|k| ndcg(&gains, &scores, k).unwrap());
        assert_equal(&case, "ndcg", &ours, &case.all("ndcg"));
        if let Some(golden) = case.get("average_precision") {
            let mut order: Vec<usize> = (0..gains.len()).collect();
            order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
            let list: Vec<bool> = order.iter().map(|&i| gains[i] > 0.0).collect();
            assert_equal(&case, "map", &[mean_average_precision(&[list])], &golden);
            lists += 1;
        }
    }
    assert!(lists >= 3);
}
