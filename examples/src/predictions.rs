//! `predictions.csv`: the answer to each recording that was asked.

/// The answer to one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction<'a> {
    /// Its path below the set's folder.
    pub path: &'a str,
    /// Index of its class.
    pub truth: usize,
    /// Index of the answered class.
    pub answer: usize,
    /// A score for each class.
    pub scores: Vec<f64>,
}

/// A table with the columns `path,true,predicted,score_CLASS,...`; scores with all their digits, so that
/// every figure can be computed again from the file.
pub fn predictions(classes: &[impl AsRef<str>], answers: &[Prediction<'_>]) -> String {
    let name = |class: usize| classes[class].as_ref();
    let scores =
        (0..classes.len()).map(|class| format!(",{}", quoted(&format!("score_{}", name(class)))));
    let mut csv = format!("path,true,predicted{}\n", scores.collect::<String>());
    for Prediction { path, truth, answer, scores } in answers {
        let row = [*path, name(*truth), name(*answer)].map(quoted).join(",");
        let scores: String = scores.iter().map(|score| format!(",{score}")).collect();
        csv.push_str(&format!("{row}{scores}\n"));
    }
    csv
}

/// A field of a CSV file, in quotes if it needs them (RFC 4180).
fn quoted(text: &str) -> String {
    let plain = !text.contains([',', '"', '\n', '\r']);
    if plain { text.to_string() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_digit_is_lost_and_odd_names_survive() {
        let scores = vec![0.1 + 0.2, 0.7];
        let answers = [Prediction { path: "a, \"b\".wav", truth: 1, answer: 0, scores }];
        let want = "path,true,predicted,score_music,score_speech\n\
                    \"a, \"\"b\"\".wav\",speech,music,0.30000000000000004,0.7\n";
        assert_eq!(predictions(&["music", "speech"], &answers), want);
    }
}
