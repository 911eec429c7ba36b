//! Labels from tables: which file is of which class, or has which tags.
//!
//! ```text
//! path,label                              one label a file: read_label_table
//! blues/one.wav,blues
//!
//! path,calm,happy,sad                     any number of tags a file, 1 where it applies: read_tag_table
//! a.wav,1,0,1
//!
//! clip_id  TAG  TAG ...  mp3_path         MagnaTagATune: tabs, quoted, the path in the last column
//! file  genre  n_listeners  TAG ...       Emotify: shares of listeners, with a threshold
//! ```
//!
//! Separators are tabs, semicolons or commas, whichever the header has most of. A table names files by their path below the set's
//! folder, with or without extension; [`join()`] finds them and lists what is on one side only: labels without a file and files without a
//! label. Neither is an error by itself: sets are passed on with files missing. To say nothing about it would be one.

mod error;
mod join;
mod label_table;
mod tag_table;

pub use error::{LabelError, LabelProblem};
pub use join::{Joined, Rows, join};
pub use label_table::{LabelRow, LabelTable, parse_label_table, read_label_table};
pub use tag_table::{
    EMOTIFY_THRESHOLD, TagColumns, TagRow, TagTable, parse_tag_table, read_emotify,
    read_magnatagatune, read_tag_table,
};

use std::path::Path;

use crate::csv_lines::CsvLines;

/// The cells of some columns of a table, row by row; the other columns are ignored.
pub(crate) fn read_table_columns<const N: usize>(
    table: &Path,
    columns: [&str; N],
) -> Result<Vec<[String; N]>, LabelError> {
    let bytes = std::fs::read(table).map_err(LabelError::io(table))?;
    let records = records(&bytes, table)?;
    let mut places = [0; N];
    for (place, wanted) in places.iter_mut().zip(columns) {
        *place = records.header.iter().position(|column| column == wanted).ok_or_else(|| {
            let found = error::short(&records.header.join(", "));
            LabelError::at(table, 1, wanted, LabelProblem::NoColumn { found })
        })?;
    }
    Ok(records.rows.iter().map(|(_, row)| places.map(|place| row[place].to_owned())).collect())
}

/// The whole of a table as records of text, with what is wrong with its form as errors.
struct Records {
    header: Vec<String>,
    /// Line (counted from 1) and cells.
    rows: Vec<(u64, csv::StringRecord)>,
}

/// Reads a table's bytes as UTF-8 with a header.
fn records(bytes: &[u8], name: &Path) -> Result<Records, LabelError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut lines = CsvLines::new(bytes);
    let from_csv = |lines: &mut CsvLines<'_>, error: csv::Error| {
        let (line, problem) = lines.error(&error);
        LabelError::at(name, line, "", LabelProblem::Csv(problem))
    };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator(bytes))
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let header = reader.headers().map_err(|e| from_csv(&mut lines, e))?;
    let header: Vec<String> = header.iter().map(str::to_owned).collect();
    let twice = header.iter().enumerate().find(|(i, column)| header[..*i].contains(column));
    if let Some((_, column)) = twice {
        return Err(LabelError::at(name, 1, column, LabelProblem::RepeatedColumn));
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| from_csv(&mut lines, e))?;
        rows.push((lines.of(record.position()), record));
    }
    Ok(Records { header, rows })
}

/// The separator that the first line has most of.
fn separator(bytes: &[u8]) -> u8 {
    let first = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let count = |separator: &u8| first.iter().filter(|b| *b == separator).count();
    // Of equals `max_by_key` takes the last.
    [b';', b'\t', b','].into_iter().max_by_key(count).unwrap_or(b',')
}
