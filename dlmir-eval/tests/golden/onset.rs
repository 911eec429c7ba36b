//! Onset scores against mir_eval, joining against madmom.

use dlmir_eval::{OnsetCounts, join_onsets};

#[test]
fn scores_are_those_of_mir_eval() {
    let cases = crate::cases::cases(include_str!("onset.txt"));
    assert_eq!(cases.len(), 39);
    for case in cases {
        let reference: Vec<f64> = case.get("reference").unwrap_or_default();
        let estimate: Vec<f64> = case.get("estimate").unwrap_or_default();
        let counts = OnsetCounts::of(&reference, &estimate, case.one("window"));
        assert_eq!(counts.hits as f64, case.one::<f64>("hits"), "{}", case.name);
        let scores = counts.scores();
        let golden: Vec<f64> = case.all("f_precision_recall");
        assert_eq!([scores.f1, scores.precision, scores.recall], golden[..], "{}", case.name);
    }
}

#[test]
fn joined_annotations_are_those_of_madmom() {
    let cases = crate::cases::cases(include_str!("onset_joining.txt"));
    assert_eq!(cases.len(), 3);
    for case in cases {
        let joined = join_onsets(&case.all::<f64>("times"), case.one("within"));
        assert_eq!(joined, case.all::<f64>("joined"), "{}", case.name);
    }
}
