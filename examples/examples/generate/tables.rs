//! Tables with a row per item, to which later calls add: item 731 may be made after, before or without item 730.

use std::collections::BTreeMap;
use std::path::Path;

use dlmir_eval::write_atomically;

/// Adds rows to a table, in the order of the items' numbers, which end the names of their files. Rows of earlier calls
/// stay; a row of the same file is replaced.
pub fn add<'a>(
    table: &Path,
    header: &str,
    rows: impl Iterator<Item = &'a String>,
) -> Result<(), String> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", table.display());
    let earlier = match std::fs::read_to_string(table) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|error| named(&error))?,
    };
    if earlier.lines().next().is_some_and(|first| first != header) {
        return Err(named(&"made for another kind of set; choose another folder"));
    }
    let key = |row: &str| {
        let path = row.split(',').next().unwrap_or(row);
        (path.rsplit('_').next().unwrap_or(path).to_string(), path.to_string())
    };
    let mut all: BTreeMap<(String, String), &str> =
        earlier.lines().skip(1).map(|row| (key(row), row)).collect();
    all.extend(rows.map(|row| (key(row), row.as_str())));
    let rows: String = all.into_values().map(|row| format!("{row}\n")).collect();
    let text = format!("{header}\n{rows}");
    write_atomically(table, text.as_bytes()).map_err(|error| error.to_string())
}
