//! Every classification metric against scikit-learn, to 1e-12.

use crate::cases::{Case, cases};
use dlmir_eval::{
    ConfusionMatrix, Scores, accuracy, log_loss, roc_auc, roc_auc_one_vs_rest, roc_curve,
};

const GOLDEN: &str = include_str!("classification.txt");

#[track_caller]
fn assert_equal(case: &Case, what: &str, ours: &[f64], golden: &[f64]) {
    assert_eq!(ours.len(), golden.len(), "{}: {what}", case.name);
    for (i, (&a, &b)) in ours.iter().zip(golden).enumerate() {
        let equal = a == b || (a - b).abs() <= 1e-12;
        assert!(equal, "{} {}: {what}[{i}] is {a}, golden {b}", case.kind, case.name);
    }
}

/// The cases of one kind; there must be some.
fn of_kind(kind: &str) -> Vec<Case<'static>> {
    let found: Vec<_> = cases(GOLDEN).into_iter().filter(|case| case.kind == kind).collect();
    assert!(found.len() >= 4, "{} cases of kind {kind}", found.len());
    found
}

#[test]
fn hard_decisions() {
    for case in of_kind("labels") {
        let names = vec!["class"; case.one("n_classes")];
        let (truth, predicted): (Vec<usize>, Vec<usize>) =
            (case.all("truth"), case.all("predicted"));
        let matrix = ConfusionMatrix::from_labels(&names, &truth, &predicted);

        let counts: Vec<usize> = (0..names.len()).flat_map(|t| matrix.row(t).to_vec()).collect();
        assert_eq!(counts, case.all::<usize>("matrix"), "{}", case.name);
        let golden_accuracy = case.all("accuracy");
        assert_equal(&case, "accuracy", &[accuracy(&truth, &predicted)], &golden_accuracy);
        assert_equal(&case, "matrix accuracy", &[matrix.accuracy()], &golden_accuracy);

        let classes = matrix.per_class();
        let column = |f: fn(&dlmir_eval::ClassScores) -> f64| classes.iter().map(f).collect();
        let (precision, recall, f1): (Vec<_>, Vec<_>, Vec<_>) =
            (column(|c| c.precision), column(|c| c.recall), column(|c| c.f1));
        assert_equal(&case, "precision", &precision, &case.all("precision"));
        assert_equal(&case, "recall", &recall, &case.all("recall"));
        assert_equal(&case, "f1", &f1, &case.all("f1"));
        let support: Vec<usize> = classes.iter().map(|class| class.support).collect();
        assert_eq!(support, case.all::<usize>("support"), "{}", case.name);

        for (key, Scores { precision, recall, f1 }) in [
            ("macro", matrix.macro_average()),
            ("macro_of_all", matrix.macro_average_of_all()),
            ("weighted", matrix.weighted_average()),
            ("micro", matrix.micro_average()),
        ] {
            assert_equal(&case, key, &[precision, recall, f1], &case.all(key));
        }
    }
}

#[test]
fn binary_scores() {
    for case in of_kind("binary") {
        let positive: Vec<bool> = case.all::<usize>("truth").iter().map(|&t| t == 1).collect();
        let scores: Vec<f64> = case.all("scores");
        let golden = case.all("roc_auc");
        assert_equal(&case, "roc_auc", &[roc_auc(&positive, &scores).unwrap()], &golden);

        let all = roc_curve(&positive, &scores).unwrap();
        assert_equal(&case, "area", &[all.area()], &golden);
        for (prefix, curve) in [("corners", all.corners()), ("all", all)] {
            for (key, values) in [
                ("false_positive_rate", &curve.false_positive_rate),
                ("true_positive_rate", &curve.true_positive_rate),
                ("thresholds", &curve.thresholds),
            ] {
                let key = format!("{prefix}_{key}");
                assert_equal(&case, &key, values, &case.all(&key));
            }
        }

        // Scores that are `f32` already give the same result as `f32`.
        let narrow: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
        if narrow.iter().zip(&scores).all(|(&n, &s)| f64::from(n) == s) {
            assert_equal(&case, "f32", &[roc_auc(&positive, &narrow).unwrap()], &golden);
        }
    }
}

#[test]
fn probabilities_of_classes() {
    for case in of_kind("multiclass") {
        let n_classes = case.one("n_classes");
        let (truth, scores): (Vec<usize>, Vec<f64>) = (case.all("truth"), case.all("scores"));
        let auc = roc_auc_one_vs_rest(&truth, &scores, n_classes);
        match case.get("roc_auc") {
            Some(golden) => assert_equal(&case, "roc_auc", &[auc.unwrap()], &golden),
            None => assert!(auc.is_err(), "{}", case.name),
        }
        let loss = log_loss(&truth, &scores, n_classes).unwrap();
        assert_equal(&case, "log_loss", &[loss], &case.all("log_loss"));
    }
}
