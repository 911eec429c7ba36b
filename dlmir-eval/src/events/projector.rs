//! Files for TensorBoard's embedding projector: points in many dimensions, to be turned and searched.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{EvalError, write_atomically};

/// Points for the projector, each with the same number of coordinates and with labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding<'a> {
    /// Shown in the projector's list; also names the folder of the files.
    pub name: &'a str,
    /// Row-major, `[n_points, n_dimensions]`; finite.
    pub vectors: &'a [f32],
    /// Number of coordinates of a point, 2 or more: the projector refuses a line of points.
    pub n_dimensions: usize,
    /// Names of the label columns, e.g. `["genre", "file"]`; empty for points without labels.
    pub columns: &'a [&'a str],
    /// Row-major, `[n_points, columns]`. Tabs and line breaks are written as spaces, and a label of nothing
    /// else as `-`: the projector skips empty lines, and all labels after one would move up a point.
    pub labels: &'a [&'a str],
}

/// Writes `DIR/projector_config.pbtxt` and, per embedding, `DIR/projector-NAME/tensors.tsv` and
/// `metadata.tsv`, where TensorBoard finds them if DIR is its log folder.
///
/// A `NAME` with characters other than letters, digits, `-` and `_` has them replaced by `_` in the
/// folder's name.
///
/// # Errors
///
/// [`EvalError::Io`] if a file can't be written.
///
/// # Panics
///
/// If `vectors` or `labels` do not hold whole rows of the same number of points, points have fewer than 2
/// dimensions or a coordinate that is not finite, or two embeddings would be written to the same folder.
#[track_caller]
pub fn write_projector(
    dir: impl AsRef<Path>,
    embeddings: &[Embedding<'_>],
) -> Result<(), EvalError> {
    let dir = dir.as_ref();
    let folders: Vec<String> = embeddings.iter().map(folder_name).collect();
    let mut config = String::new();
    for (k, (embedding, folder)) in embeddings.iter().zip(&folders).enumerate() {
        assert!(!folders[..k].contains(folder), "projector: two embeddings for folder {folder}");
        let path = dir.join(folder);
        fs::create_dir_all(&path).map_err(EvalError::io(&path))?;
        write_atomically(path.join("tensors.tsv"), tensors(embedding).as_bytes())?;
        let name = embedding.name.replace(['\\', '"', '\n'], "_");
        let _ = writeln!(config, "embeddings {{\n  tensor_name: \"{name}\"");
        let _ = writeln!(config, "  tensor_path: \"{folder}/tensors.tsv\"");
        if !embedding.columns.is_empty() {
            write_atomically(path.join("metadata.tsv"), metadata(embedding).as_bytes())?;
            let _ = writeln!(config, "  metadata_path: \"{folder}/metadata.tsv\"");
        }
        config.push_str("}\n");
    }
    write_atomically(dir.join("projector_config.pbtxt"), config.as_bytes())
}

fn folder_name(embedding: &Embedding<'_>) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("projector-{}", embedding.name.chars().map(plain).collect::<String>())
}

/// A point per line, coordinates separated by tabs.
#[track_caller]
fn tensors(Embedding { name, vectors, n_dimensions, columns, labels }: &Embedding<'_>) -> String {
    assert!(
        *n_dimensions > 1 && vectors.len().is_multiple_of(*n_dimensions),
        "projector: {name}: {} numbers are no points of {n_dimensions} dimensions (2 at least)",
        vectors.len()
    );
    if let Some(k) = vectors.iter().position(|x| !x.is_finite()) {
        panic!("projector: {name}: point {} is not finite: {}", k / n_dimensions, vectors[k]);
    }
    let n_points = vectors.len() / n_dimensions;
    assert!(
        labels.len() == n_points * columns.len(),
        "projector: {name}: {} labels for {n_points} points and {} columns",
        labels.len(),
        columns.len()
    );
    lines(vectors.chunks(*n_dimensions).map(|point| point.iter().map(f32::to_string)))
}

/// A point per line, labels separated by tabs; a line of column names goes before if there are several
/// columns. A single column must not have one: TensorBoard would take it for a point.
fn metadata(Embedding { columns, labels, .. }: &Embedding<'_>) -> String {
    let header = (columns.len() > 1).then_some(*columns);
    let rows = header.into_iter().chain(labels.chunks(columns.len()));
    lines(rows.map(|row| row.iter().map(|label| plain(label))))
}

/// A label that neither ends its line nor leaves it empty.
fn plain(label: &str) -> String {
    let plain = label.replace(['\t', '\n', '\r'], " ");
    if plain.trim().is_empty() { "-".into() } else { plain }
}

fn lines(rows: impl Iterator<Item = impl Iterator<Item = String>>) -> String {
    rows.map(|row| row.collect::<Vec<_>>().join("\t") + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;

    #[test]
    fn files_are_as_the_projector_wants_them() {
        let folder = TestFolder::new("projector");
        let vectors = [1.0, 2.5, -3.0, 4e-9];
        let base = Embedding {
            name: "genre net",
            vectors: &vectors,
            n_dimensions: 2,
            columns: &[],
            labels: &[],
        };
        let one = Embedding { columns: &["genre"], labels: &["ro\tck", "jazz"], ..base.clone() };
        let two = Embedding {
            name: "two",
            columns: &["genre", "file"],
            labels: &["rock", "a.wav", "jazz", "b.wav"],
            ..base.clone()
        };
        write_projector(folder.path(), &[one, two]).unwrap();
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(read("projector-genre_net/tensors.tsv"), "1\t2.5\n-3\t0.000000004\n");
        assert_eq!(read("projector-genre_net/metadata.tsv"), "ro ck\njazz\n");
        assert_eq!(read("projector-two/metadata.tsv"), "genre\tfile\nrock\ta.wav\njazz\tb.wav\n");
        let config = read("projector_config.pbtxt");
        assert!(config.contains("tensor_path: \"projector-two/tensors.tsv\""), "{config}");
        assert_eq!(config.matches("metadata_path").count(), 2);
        write_projector(folder.path(), &[base]).unwrap();
        assert!(!read("projector_config.pbtxt").contains("metadata_path"));
    }

    #[test]
    fn every_point_keeps_its_label_line() {
        let (columns, labels) = (&["title"], &["", "Yesterday", " \n"]);
        let points = Embedding { name: "", vectors: &[0.0; 6], n_dimensions: 2, columns, labels };
        assert_eq!(metadata(&points), "-\nYesterday\n-\n");
    }

    fn unlabelled(vectors: &[f32], n_dimensions: usize) -> Embedding<'_> {
        Embedding { name: "points", vectors, n_dimensions, columns: &[], labels: &[] }
    }

    #[test]
    #[should_panic(expected = "points: 3 numbers are no points of 1 dimensions (2 at least)")]
    fn a_line_of_points_is_refused() {
        let _ = write_projector(".", &[unlabelled(&[0.0; 3], 1)]);
    }

    #[test]
    #[should_panic(expected = "points: point 1 is not finite: NaN")]
    fn points_are_finite() {
        let _ = write_projector(".", &[unlabelled(&[0.0, 1.0, 2.0, f32::NAN], 2)]);
    }

    #[test]
    #[should_panic(expected = "points: 1 labels for 2 points and 1 columns")]
    fn a_label_per_point() {
        let (columns, labels) = (&["genre"], &["rock"]);
        let points =
            Embedding { name: "points", vectors: &[1.0; 4], n_dimensions: 2, columns, labels };
        let _ = write_projector(".", &[points]);
    }
}
