//! Several tags per item.

use std::collections::BTreeSet;

use dlmir_eval::{
    MultilabelCounts, average_precision, coverage_error, hamming_loss,
    label_ranking_average_precision, label_ranking_loss, precision_at_k, roc_auc, subset_accuracy,
};
use serde_json::{Map, Value, json};

use super::{EvaluateError, Evaluation, Table};

/// Compares a table of truths, 0 or 1 for each tag, with one of scores; a column per tag in both. A tag is
/// taken for found where its score is at least `threshold`.
///
/// `roc_auc` is the mean over the tags that some items have and some have not; `pr_auc` that over all
/// tags, one without items counting as 0 (both as scikit-learn's `average="macro"`, which has NaN for the
/// first where a tag is one-sided).
///
/// # Errors
/// If a path or a tag is in one file only, a truth is neither 0 nor 1, or a score is no number.
pub fn tagging(
    reference: &Table,
    estimate: &Table,
    threshold: f64,
) -> Result<Evaluation, EvaluateError> {
    let partner = reference.join(estimate)?;
    let tags: Vec<&str> = reference.columns().collect();
    if tags.is_empty() {
        return Err(reference.problem("no tags: no column but `path`".into()));
    }
    let known: BTreeSet<&str> = tags.iter().copied().collect();
    if let Some(other) = estimate.columns().find(|tag| !known.contains(tag)) {
        return Err(reference.problem(format!("no column `{other}`, which the estimate has")));
    }
    let (n, n_tags) = (reference.n_rows(), tags.len());
    let columns: Vec<(usize, usize)> = tags
        .iter()
        .map(|tag| Ok((reference.column(tag)?, estimate.column(tag)?)))
        .collect::<Result<_, _>>()?;
    let (mut truth, mut scores) = (Vec::new(), Vec::new());
    for (row, &other) in partner.iter().enumerate() {
        for (tag, &(of_truth, of_score)) in tags.iter().zip(&columns) {
            truth.push(match reference.number(row, of_truth)? {
                0.0 => false,
                1.0 => true,
                value => {
                    let problem = format!("`{value}` in column `{tag}` is neither 0 nor 1");
                    return Err(reference.line_problem(row, problem));
                }
            });
            scores.push(estimate.number(other, of_score)?);
        }
    }

    let mut notes = vec![format!("a tag is found where its score is at least {threshold}")];
    let found: Vec<bool> = scores.iter().map(|&score| score >= threshold).collect();
    let counts = MultilabelCounts::new(&truth, &found, n_tags);
    let undefined = |error: dlmir_eval::EvalError| reference.problem(error.to_string());
    let (mut per_tag, mut areas, mut precisions) = (Map::new(), Vec::new(), Vec::new());
    let mut one_sided = Vec::new();
    for (k, tag) in tags.iter().enumerate() {
        let positive: Vec<bool> = truth.iter().skip(k).step_by(n_tags).copied().collect();
        let column: Vec<f64> = scores.iter().skip(k).step_by(n_tags).copied().collect();
        let auc = roc_auc(&positive, &column).ok();
        match auc {
            Some(auc) => areas.push(auc),
            None => one_sided.push(*tag),
        }
        let precision = average_precision(&positive, &column).map_err(undefined)?;
        precisions.push(precision);
        let of_tag = counts.label_scores(k);
        per_tag.insert(
            tag.to_string(),
            json!({"precision": of_tag.precision, "recall": of_tag.recall, "f1": of_tag.f1,
                   "support": counts.support(k), "roc_auc": auc, "pr_auc": precision}),
        );
    }
    if !one_sided.is_empty() {
        notes.push(format!(
            "roc_auc: without the tags that all items have or none has: {}",
            one_sided.join(", ")
        ));
    }

    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64; // NaN of none
    let lrap = label_ranking_average_precision(&truth, &scores, n_tags).map_err(undefined)?;
    let coverage = coverage_error(&truth, &scores, n_tags).map_err(undefined)?;
    let ranking = label_ranking_loss(&truth, &scores, n_tags).map_err(undefined)?;
    let mut metrics = Map::new();
    for (name, value) in [
        ("macro_f1", json!(counts.macro_average().f1)),
        ("micro_f1", json!(counts.micro_average().f1)),
        ("weighted_f1", json!(counts.weighted_average().f1)),
        ("samples_f1", json!(counts.sample_average().f1)),
        ("macro_precision", json!(counts.macro_average().precision)),
        ("macro_recall", json!(counts.macro_average().recall)),
        ("roc_auc", json!(mean(&areas))),
        ("pr_auc", json!(mean(&precisions))),
        ("hamming_loss", json!(hamming_loss(&truth, &found))),
        ("subset_accuracy", json!(subset_accuracy(&truth, &found, n_tags))),
        ("label_ranking_average_precision", json!(lrap)),
        ("coverage_error", json!(coverage)),
        ("label_ranking_loss", json!(ranking)),
        ("threshold", json!(threshold)),
        ("n", json!(n)),
        ("per_tag", Value::Object(per_tag)),
    ] {
        metrics.insert(name.into(), value);
    }
    for k in [1, 5, 10].into_iter().filter(|&k| k <= n_tags) {
        let items = truth.chunks(n_tags).zip(scores.chunks(n_tags));
        let at_k = items.map(|(truth, scores)| precision_at_k(&ranked(truth, scores), k));
        let at_k: Vec<f64> = at_k.collect();
        metrics.insert(format!("precision_at_{k}"), json!(mean(&at_k)));
    }
    Ok(Evaluation { metrics, notes })
}

/// The truths of an item's tags in the order of falling scores; of equal scores the earlier column first.
fn ranked(truth: &[bool], scores: &[f64]) -> Vec<bool> {
    let mut order: Vec<usize> = (0..truth.len()).collect();
    order.sort_by(|&i, &j| scores[j].total_cmp(&scores[i]));
    order.into_iter().map(|i| truth[i]).collect()
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::table;
    use super::*;
    use approx::assert_abs_diff_eq;

    fn evaluate(name: &str, reference: &str, estimate: &str) -> Result<Evaluation, EvaluateError> {
        let reference = table(&format!("tags-{name}-reference"), reference)?;
        tagging(&reference, &table(&format!("tags-{name}-estimate"), estimate)?, 0.5)
    }

    const TRUTH: &str = "path,calm,sad,loud\na,1,1,0\nb,0,0,1\nc,1,0,0\n";

    /// scikit-learn 1.9.1 on the same arrays, columns in the order of the reference.
    #[test]
    fn figures_are_those_of_scikit_learn() {
        let estimate = "path,loud,calm,sad\nc,0.1,0.7,0.6\nb,0.9,0.5,0.2\na,0.3,0.8,0.4\n";
        let found = evaluate("usual", TRUTH, estimate).unwrap();
        let figure = |name: &str| found.metrics[name].as_f64().unwrap();
        for (name, want) in [
            ("macro_f1", 0.6), // calm 0.8, sad 0, loud 1
            ("micro_f1", 2.0 / 3.0),
            ("hamming_loss", 1.0 / 3.0),
            ("subset_accuracy", 0.0),
            ("roc_auc", (1.0 + 0.5 + 1.0) / 3.0),
            ("pr_auc", (1.0 + 0.5 + 1.0) / 3.0),
            ("label_ranking_average_precision", 1.0),
            ("coverage_error", 4.0 / 3.0),
            ("label_ranking_loss", 0.0),
            ("precision_at_1", 1.0),
        ] {
            assert_abs_diff_eq!(figure(name), want, epsilon = 1e-12);
        }
        assert!(!found.metrics.contains_key("precision_at_5"));
        assert_eq!(found.metrics["per_tag"]["calm"]["support"], json!(2));
    }

    #[test]
    fn a_tag_without_items_is_named() {
        let truth = "path,calm,sad\na,1,0\nb,0,0\n";
        let found = evaluate("never", truth, "path,calm,sad\na,0.9,0.1\nb,0.2,0.3\n").unwrap();
        assert_eq!(found.metrics["roc_auc"], json!(1.0));
        assert_eq!(found.metrics["pr_auc"], json!(0.5));
        assert_eq!(found.metrics["per_tag"]["sad"]["roc_auc"], Value::Null);
        assert!(found.notes[1].ends_with("none has: sad"), "{:?}", found.notes);
    }

    #[test]
    fn bad_files_are_refused() {
        for (name, truth, estimate, want) in [
            ("less", TRUTH, "path,calm,sad\na,1,1\nb,1,1\nc,1,1\n", "no column `loud`"),
            ("more", "path,calm\na,1\n", "path,calm,sad\na,1,1\n", "no column `sad`, which"),
            ("half", "path,calm\na,0.5\n", "path,calm\na,1\n", "line 2: `0.5` in column `calm`"),
            ("bare", "path\na\n", "path\na\n", "no tags"),
            ("word", "path,calm\na,1\n", "path,calm\na,high\n", "line 2: `high`"),
        ] {
            let error = evaluate(name, truth, estimate).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
