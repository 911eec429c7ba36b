//! Annotations that are there but cannot be read.
//!
//! Only endings that promise one form are tried: `.onsets`, `.beats` and `.jams`. What the readers of [`annotation`](crate::annotation) refuse
//! (a time that is no number, beats out of order, another encoding) would stop a training run later. Some sets mean other things by these
//! endings, so it is no fault of the file.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::Finding;
use super::walk::{Found, extension, folder_of};
use crate::annotation::{
    AnnotationError, read_beats, read_jams, read_labelled_onsets, read_onsets,
};

/// From so many on, and if they are the most of their folder, one line is written for all: the set has a form of its own.
const MANY: usize = 20;

/// Findings by name of file, or of folder.
pub(super) fn findings(annotations: &[(Found, bool)]) -> Vec<(String, Finding)> {
    let tried = annotations.par_iter().filter_map(|(found, _)| {
        let ending = extension(&found.path);
        Some(((folder_of(&found.name), ending.clone()), &found.name, refusal(found, &ending)?))
    });
    // By folder and ending: how many there are, and those refused.
    let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
    let mut refused: BTreeMap<(&str, String), Vec<(&String, String)>> = BTreeMap::new();
    for (key, name, refusal) in tried.collect::<Vec<_>>() {
        *counts.entry(key.clone()).or_default() += 1;
        if let Err(reason) = refusal {
            refused.entry(key).or_default().push((name, reason));
        }
    }
    let mut found = Vec::new();
    for ((folder, ending), refused) in refused {
        let count = counts[&(folder, ending.clone())];
        if refused.len() >= MANY && 2 * refused.len() > count {
            let (name, reason) = &refused[0];
            let folder = if folder.is_empty() { "." } else { folder };
            let what =
                format!("{} of {count} .{ending}, the first: {name}: {reason}", refused.len());
            found.push((folder.to_owned(), Finding::UnreadAnnotation { reason: what }));
        } else {
            let each = refused.into_iter();
            found.extend(
                each.map(|(name, reason)| (name.clone(), Finding::UnreadAnnotation { reason })),
            );
        }
    }
    found
}

/// Why the file is refused; none where the ending promises no form.
fn refusal(found: &Found, ending: &str) -> Option<Result<(), String>> {
    let path = &*found.path;
    let read = match ending {
        "onsets" => read_onsets(path).map(drop).or_else(|error| match read_labelled_onsets(path) {
            Ok(_) => Ok(()),
            Err(_) => Err(error),
        }),
        "beats" => read_beats(path).map(drop),
        "jams" => read_jams(path).map(drop),
        _ => return None,
    };
    Some(read.map_err(|error| reason(&error, path)))
}

/// The error without the path, which the report names by itself.
fn reason(error: &AnnotationError, path: &Path) -> String {
    let text = error.to_string();
    let Some(rest) = text.strip_prefix(&path.display().to_string()) else { return text };
    let rest = rest.trim_start_matches(':');
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        format!("line {rest}")
    } else {
        rest.trim_start().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Severity, examine};
    use crate::test_folder::TestFolder;

    /// What the doctor says of annotations, name by name.
    fn refused(folder: &TestFolder) -> Vec<(String, String)> {
        let report = examine(folder.path(), |_, _| {}).unwrap();
        let mut all = Vec::new();
        for suspect in report.suspects {
            for finding in suspect.findings {
                if let Finding::UnreadAnnotation { .. } = finding {
                    assert_eq!(finding.severity(), Severity::Unsupported);
                    all.push((suspect.name.clone(), finding.to_string()));
                }
            }
        }
        all
    }

    fn write(folder: &TestFolder, name: &str, text: &str) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }

    #[test]
    fn each_is_named_with_its_line() {
        let folder = TestFolder::new("doctor-unread", &[]);
        write(&folder, "good.onsets", "0.5\n1.5\n");
        write(&folder, "labelled.onsets", "0.5 KD\n1.5 SD\n");
        write(&folder, "empty.onsets", "");
        write(&folder, "nan.onsets", "0.5\nnan\n");
        write(&folder, "order.beats", "1.0 1\n0.5 2\n");
        write(&folder, "list.jams", "[1, 2");
        write(&folder, "of_another_kind.lab", "0.5\nnan\n");
        let found = refused(&folder);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["list.jams", "nan.onsets", "order.beats"]);
        assert!(
            found[0].1.starts_with("annotation that is not read: line 1: not JSON"),
            "{found:?}"
        );
        assert!(found[1].1.starts_with("annotation that is not read: line 2: "), "{found:?}");
        assert!(found[2].1.starts_with("annotation that is not read: line 2: "), "{found:?}");
    }

    #[test]
    fn a_set_of_another_form_is_one_line() {
        let folder = TestFolder::new("doctor-unread-many", &[]);
        for i in 0..MANY + 1 {
            write(&folder, &format!("{i:02}.beats"), "1.0 1.25\n");
        }
        let found = refused(&folder);
        assert_eq!(found.len(), 1);
        assert!(found[0].1.contains("21 of 21 .beats, the first: 00.beats: line 1: "), "{found:?}");
    }
}
