//! Times against times.

use dlmir_eval::OnsetCounts;
use serde_json::json;

use super::Evaluation;

/// Onset scores under mir_eval's names: F-measure, Precision, Recall. Times are in seconds and rise; a hit is at most `window_s` off.
///
/// # Panics
///
/// If the times of one list do not rise, one is NaN, or the window is negative.
#[track_caller]
pub fn onset(reference: &[f64], estimate: &[f64], window_s: f64) -> Evaluation {
    let counts = OnsetCounts::of(reference, estimate, window_s);
    let scores = counts.scores();
    let mut metrics = serde_json::Map::new();
    for (name, value) in
        [("F-measure", scores.f1), ("Precision", scores.precision), ("Recall", scores.recall)]
    {
        metrics.insert(name.into(), json!(value));
    }
    let OnsetCounts { hits, references, estimates } = counts;
    let window_ms = 1000.0 * window_s;
    let mut notes = vec![format!(
        "{references} onsets, {estimates} estimated, {hits} of them within {window_ms:.0} ms"
    )];
    if references == 0 || estimates == 0 {
        notes.push("without onsets on both sides all scores are 0".into());
    }
    Evaluation { metrics, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_mir_eval() {
        let found = onset(&[1.0, 2.0, 3.0, 4.0], &[1.04, 2.06], 0.05);
        assert_eq!(found.metrics["Precision"], 0.5);
        assert_eq!(found.metrics["Recall"], 0.25);
        assert!((found.metrics["F-measure"].as_f64().expect("a number") - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!((found.metrics.len(), found.notes.len()), (3, 1));
        assert_eq!(onset(&[], &[1.0], 0.05).notes.len(), 2);
    }
}
