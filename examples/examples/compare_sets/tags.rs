//! Sets whose labels are tags: each tag is a question of its own.

use std::error::Error;
use std::path::Path;

use dlmir_data::labels::{EMOTIFY_THRESHOLD, join, read_emotify, read_tag_table};

/// A tag and, for each recording, whether it applies.
pub type Tag = (String, Vec<bool>);

/// The tags of a folder's recordings, from the table in it: `mood.csv` or `tags.csv` as `generate` writes them, `tracks.tsv` as Emotify
/// has it, where a tag applies if a quarter of the listeners chose it. None if there is no such table.
///
/// # Errors
/// If a table cannot be read, or a recording has no row in it.
pub fn of(folder: &Path, recordings: &[&Path]) -> Result<Vec<Tag>, Box<dyn Error>> {
    let table = ["mood.csv", "tags.csv", "tracks.tsv"].map(|name| folder.join(name));
    let Some(file) = table.into_iter().find(|path| path.is_file()) else {
        return Ok(Vec::new());
    };
    let table = if file.extension().is_some_and(|extension| extension == "tsv") {
        read_emotify(&file, EMOTIFY_THRESHOLD)?
    } else {
        read_tag_table(&file)?
    };
    let below = |path: &&Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let names: Vec<String> = recordings.iter().map(below).collect();
    let joined = join(&table, &names)?;
    if let Some(&missing) = joined.files_without_row.first() {
        return Err(format!("{}: no row for {}", file.display(), names[missing]).into());
    }
    let mut tags: Vec<Tag> =
        table.tags.iter().map(|tag| (tag.clone(), vec![false; recordings.len()])).collect();
    for (row, recording) in joined.pairs {
        for &tag in &table.rows[row].tags {
            tags[tag].1[recording] = true;
        }
    }
    Ok(tags)
}
