//! One label per item.

use std::collections::BTreeSet;

use dlmir_eval::{
    ConfusionMatrix, EvalError, KappaWeights, average_precision, brier_score_of_classes, log_loss,
    roc_auc, top_k_accuracy,
};
use serde_json::{Map, Value, json};

use super::{EvaluateError, Evaluation, Table};

/// Compares the column `label` of two tables, and the true label with the columns `score_LABEL` of the
/// estimate, where it has them.
///
/// Classes are the labels of both files, in byte order. With two, the first is the positive class of
/// `precision`, `recall`, `f1`, `roc_auc` and `pr_auc`; with more, the areas are means over the classes
/// that occur in the reference, each against the rest.
///
/// # Errors
/// If a table lacks a column or a label, a score is no number, or a path is in one file only.
pub fn classification(reference: &Table, estimate: &Table) -> Result<Evaluation, EvaluateError> {
    let partner = reference.join(estimate)?;
    let n = reference.n_rows();
    let truth = labels(reference, 0..n)?;
    let answers = labels(estimate, partner.iter().copied())?;
    let names: Vec<String> =
        truth.iter().chain(&answers).cloned().collect::<BTreeSet<_>>().into_iter().collect();
    let number = |label: &String| names.binary_search(label).unwrap_or(names.len());
    let truth: Vec<usize> = truth.iter().map(number).collect();
    let answers: Vec<usize> = answers.iter().map(number).collect();

    let mut notes = Vec::new();
    let mut metrics = of_decisions(&names, &truth, &answers);
    metrics.insert("n".into(), json!(n));
    let scored: Vec<&str> =
        estimate.columns().filter_map(|column| column.strip_prefix("score_")).collect();
    if let Some(name) = names.iter().find(|name| !scored.contains(&name.as_str())) {
        if !scored.is_empty() {
            notes.push(format!("no metrics of scores: there is no column `score_{name}`"));
        }
        return Ok(Evaluation { metrics, notes });
    }

    // Classes that have scores only come last: nobody is of them, but they compete.
    let mut classes = names.clone();
    let others = scored.iter().filter(|name| !names.iter().any(|known| known == *name));
    classes.extend(others.map(|name| name.to_string()));
    let mut scores = Vec::with_capacity(n * classes.len());
    let columns: Vec<usize> = classes
        .iter()
        .map(|name| estimate.column(&format!("score_{name}")))
        .collect::<Result<_, _>>()?;
    for &row in &partner {
        for &column in &columns {
            scores.push(estimate.number(row, column)?);
        }
    }
    of_scores(&classes, &truth, &scores, &mut metrics, &mut notes);
    Ok(Evaluation { metrics, notes })
}

fn labels(table: &Table, rows: impl Iterator<Item = usize>) -> Result<Vec<String>, EvaluateError> {
    let column = table.column("label")?;
    rows.map(|row| match table.field(row, column) {
        "" => Err(table.line_problem(row, "no label".into())),
        label => Ok(label.to_owned()),
    })
    .collect()
}

fn of_decisions(names: &[String], truth: &[usize], answers: &[usize]) -> Map<String, Value> {
    let matrix = ConfusionMatrix::from_labels(names, truth, answers);
    let (macro_, weighted) = (matrix.macro_average(), matrix.weighted_average());
    let per_class: Map<String, Value> = names
        .iter()
        .zip(matrix.per_class())
        .map(|(name, c)| {
            let scores = json!({"precision": c.precision, "recall": c.recall, "f1": c.f1, "support": c.support});
            (name.clone(), scores)
        })
        .collect();
    let rows: Vec<&[usize]> = (0..names.len()).map(|class| matrix.row(class)).collect();
    let mut metrics = Map::new();
    for (name, value) in [
        ("accuracy", json!(matrix.accuracy())),
        ("balanced_accuracy", json!(matrix.balanced_accuracy())),
        ("macro_f1", json!(macro_.f1)),
        ("macro_precision", json!(macro_.precision)),
        ("macro_recall", json!(macro_.recall)),
        ("weighted_f1", json!(weighted.f1)),
        ("micro_f1", json!(matrix.micro_average().f1)),
        ("cohen_kappa", json!(matrix.cohen_kappa(KappaWeights::Unweighted))),
        ("matthews_corrcoef", json!(matrix.matthews_correlation())),
        ("labels", json!(names)),
        ("per_class", Value::Object(per_class)),
        ("confusion_matrix", json!(rows)),
    ] {
        metrics.insert(name.into(), value);
    }
    if let [positive, _] = names {
        let scores = matrix.class_scores(0);
        metrics.insert("positive".into(), json!(positive));
        metrics.insert("precision".into(), json!(scores.precision));
        metrics.insert("recall".into(), json!(scores.recall));
        metrics.insert("f1".into(), json!(scores.f1));
    }
    metrics
}

fn of_scores(
    classes: &[String],
    truth: &[usize],
    scores: &[f64],
    metrics: &mut Map<String, Value>,
    notes: &mut Vec<String>,
) {
    let n_classes = classes.len();
    let column = |class: usize| -> (Vec<bool>, Vec<f64>) {
        let positive = truth.iter().map(|&t| t == class).collect();
        (positive, scores.iter().skip(class).step_by(n_classes).copied().collect())
    };
    let mean_over = |asked: &[usize], f: fn(&[bool], &[f64]) -> Result<f64, EvalError>| {
        let values: Result<Vec<f64>, EvalError> = asked
            .iter()
            .map(|&class| {
                let (positive, scores) = column(class);
                f(&positive, &scores)
            })
            .collect();
        values.map(|values| values.iter().sum::<f64>() / values.len() as f64)
    };
    let asked: Vec<usize> = match n_classes {
        2 => {
            notes.push(format!("positive class: {}", classes[0]));
            vec![0]
        }
        _ => (0..n_classes).filter(|class| truth.contains(class)).collect(),
    };
    if asked.len() < n_classes && n_classes > 2 {
        let absent: Vec<&str> =
            (0..n_classes).filter(|c| !asked.contains(c)).map(|c| classes[c].as_str()).collect();
        notes.push(format!(
            "roc_auc, pr_auc: without classes that the reference does not have: {}",
            absent.join(", ")
        ));
    }
    let mut put = |name: &str, value: Result<f64, EvalError>| {
        let value = value.unwrap_or_else(|error| {
            notes.push(format!("{name} is undefined: {error}"));
            f64::NAN
        });
        metrics.insert(name.into(), json!(value));
    };
    put("roc_auc", mean_over(&asked, |positive, scores| roc_auc(positive, scores)));
    put("pr_auc", mean_over(&asked, |positive, scores| average_precision(positive, scores)));
    for k in [3, 5].into_iter().filter(|&k| k < n_classes) {
        put(&format!("top_{k}_accuracy"), top_k_accuracy(truth, scores, n_classes, k));
    }
    let sums_to_one = |row: &[f64]| (row.iter().sum::<f64>() - 1.0).abs() < 1e-3;
    if scores.iter().all(|p| (0.0..=1.0).contains(p)) && scores.chunks(n_classes).all(sums_to_one) {
        put("log_loss", log_loss(truth, scores, n_classes));
        // Of two classes, the squared error of one of them, as scikit-learn has it.
        let half = if n_classes == 2 { 0.5 } else { 1.0 };
        let brier = brier_score_of_classes(truth, scores, n_classes);
        put("brier_score", brier.map(|score| half * score));
    } else {
        notes.push("no log_loss, no brier_score: the scores are no probabilities".into());
    }
}

#[cfg(test)]
mod tests {
    use super::super::table::tests::table;
    use super::*;
    use approx::assert_abs_diff_eq;

    fn evaluate(name: &str, reference: &str, estimate: &str) -> Result<Evaluation, EvaluateError> {
        let reference = table(&format!("{name}-reference"), reference)?;
        classification(&reference, &table(&format!("{name}-estimate"), estimate)?)
    }

    fn figure(found: &Evaluation, name: &str) -> f64 {
        found.metrics[name].as_f64().unwrap_or_else(|| panic!("{name}: {}", found.metrics[name]))
    }

    /// scikit-learn 1.9.1: f1_score(average="macro") = 5/9 over the three labels of both files.
    #[test]
    fn labels_of_either_file_count() {
        let reference = "path,label\na.wav,rock\nb.wav,jazz\nc.wav,rock\n";
        let estimate = "label,path\npop,c.wav\nrock,a.wav\njazz,b.wav\n";
        let found = evaluate("union", reference, estimate).unwrap();
        assert_abs_diff_eq!(figure(&found, "accuracy"), 2.0 / 3.0, epsilon = 1e-15);
        assert_abs_diff_eq!(figure(&found, "macro_f1"), 5.0 / 9.0, epsilon = 1e-15);
        assert_eq!(found.metrics["labels"], json!(["jazz", "pop", "rock"]));
        assert_eq!(found.metrics["per_class"]["rock"]["support"], json!(2));
        assert_eq!(found.metrics["confusion_matrix"][2], json!([0, 1, 1]));
        assert!(!found.metrics.contains_key("roc_auc") && found.notes.is_empty());
    }

    /// scikit-learn 1.9.1 for music as the positive class: roc_auc_score 0.75,
    /// average_precision_score 0.8333333333333333, log_loss 0.484485494851534.
    #[test]
    fn two_classes_with_scores() {
        let reference = "path,label\na,music\nb,music\nc,speech\nd,speech\n";
        let estimate = "path,label,score_speech,score_music\n\
                        d,speech,0.8,0.2\nc,music,0.4,0.6\nb,speech,0.5,0.5\na,music,0.1,0.9\n";
        let found = evaluate("two", reference, estimate).unwrap();
        assert_eq!(found.metrics["positive"], json!("music"));
        assert_abs_diff_eq!(figure(&found, "roc_auc"), 0.75, epsilon = 1e-12);
        assert_abs_diff_eq!(figure(&found, "pr_auc"), 5.0 / 6.0, epsilon = 1e-12);
        let loss = 0.484485494851534;
        assert_abs_diff_eq!(figure(&found, "log_loss"), loss, epsilon = 1e-12);
        assert_abs_diff_eq!(figure(&found, "brier_score"), 0.165, epsilon = 1e-12);
        assert_abs_diff_eq!(figure(&found, "precision"), 0.5, epsilon = 1e-12);
    }

    #[test]
    fn a_missing_score_column_is_said_and_an_undefined_metric_is_null() {
        let reference = "path,label\na,x\nb,y\n";
        let found = evaluate("one", reference, "path,label,score_x\na,x,1\nb,x,1\n").unwrap();
        assert!(found.notes[0].contains("`score_y`"), "{:?}", found.notes);
        let all_x = "path,label\na,x\nb,x\n";
        let scores = "path,label,score_x,score_y\na,x,2.5,1\nb,x,1,0\n";
        let found = evaluate("null", all_x, scores).unwrap();
        assert_eq!(found.metrics["roc_auc"], Value::Null);
        assert!(found.notes.iter().any(|note| note.contains("roc_auc is undefined")));
        assert!(found.notes.iter().any(|note| note.contains("no probabilities")));
    }

    #[test]
    fn bad_files_are_refused() {
        let reference = "path,label\na,x\nb,y\n";
        for (name, estimate, want) in [
            ("no-label", "path,score_x\na,1\nb,1\n", "no column `label`"),
            ("empty", "path,label\na,x\nb,\n", "line 3: no label"),
            ("alone", "path,label\na,x\n", "line 3: b is not in"),
            (
                "nan",
                "path,label,score_x,score_y\na,x,1,nan\nb,y,0,1\n",
                "line 2: `nan` in column `score_y` is no finite number",
            ),
        ] {
            let error = evaluate(name, reference, estimate).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
    }
}
