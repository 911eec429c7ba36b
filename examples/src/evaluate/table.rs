//! A CSV file with a header and a column `path`.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, Trim};

/// A file is no table of the kind that is needed, or two do not go together.
#[derive(Debug)]
#[non_exhaustive]
pub enum EvaluateError {
    /// The file can't be read or is no CSV.
    Csv {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: csv::Error,
    },
    /// Something in a line is not as it should be.
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A whole file is not as it should be.
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl std::fmt::Display for EvaluateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            EvaluateError::Csv { path, source } => write!(f, "{}: {source}", path.display()),
            EvaluateError::Line { path, line, problem } => {
                write!(f, "{}: line {line}: {problem}", path.display())
            }
            EvaluateError::File { path, problem } => write!(f, "{}: {problem}", path.display()),
        }
    }
}

impl std::error::Error for EvaluateError {}

/// A CSV file in memory. Rows have a path each, no two the same.
#[derive(Debug)]
pub struct Table {
    file: PathBuf,
    header: Vec<String>,
    /// Line number and fields of each row.
    rows: Vec<(u64, Vec<String>)>,
    row_of_path: HashMap<String, usize>,
    path_column: usize,
}

impl Table {
    /// Reads a file. Spaces around fields do not count.
    ///
    /// # Errors
    /// If it can't be read, is no CSV, has no column `path`, a column or a path twice, or no rows.
    pub fn read(file: &Path) -> Result<Self, EvaluateError> {
        let csv = |source| EvaluateError::Csv { path: file.to_path_buf(), source };
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_path(file).map_err(csv)?;
        let header: Vec<String> = reader.headers().map_err(csv)?.iter().map(String::from).collect();
        let problem = |problem| EvaluateError::File { path: file.to_path_buf(), problem };
        for (k, name) in header.iter().enumerate() {
            if header[..k].contains(name) {
                return Err(problem(format!("two columns are called `{name}`")));
            }
        }
        let path_column = header.iter().position(|name| name == "path");
        let path_column = path_column.ok_or_else(|| problem("no column `path`".into()))?;

        let (mut rows, mut row_of_path) = (Vec::new(), HashMap::new());
        for record in reader.records() {
            let record = record.map_err(csv)?;
            let line = record.position().map_or(0, csv::Position::line);
            let fields: Vec<String> = record.iter().map(String::from).collect();
            let path = fields[path_column].clone();
            if row_of_path.insert(path.clone(), rows.len()).is_some() {
                let (path_again, path) = (format!("{path} is there twice"), file.to_path_buf());
                return Err(EvaluateError::Line { path, line, problem: path_again });
            }
            rows.push((line, fields));
        }
        if rows.is_empty() {
            return Err(problem("no rows".into()));
        }
        Ok(Self { file: file.to_path_buf(), header, rows, row_of_path, path_column })
    }

    /// Number of rows.
    pub(super) fn n_rows(&self) -> usize {
        self.rows.len()
    }

    /// Names of the columns but `path`, in order.
    pub(super) fn columns(&self) -> impl Iterator<Item = &str> {
        let names = self.header.iter().enumerate();
        names.filter(|(k, _)| *k != self.path_column).map(|(_, name)| name.as_str())
    }

    /// The column of this name.
    pub(super) fn column(&self, name: &str) -> Result<usize, EvaluateError> {
        let found = self.header.iter().position(|column| column == name);
        found.ok_or_else(|| self.problem(format!("no column `{name}`")))
    }

    /// A field.
    pub(super) fn field(&self, row: usize, column: usize) -> &str {
        &self.rows[row].1[column]
    }

    /// A field that must be a finite number.
    pub(super) fn number(&self, row: usize, column: usize) -> Result<f64, EvaluateError> {
        let field = self.field(row, column);
        let number = field.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| {
            let name = &self.header[column];
            self.line_problem(row, format!("`{field}` in column `{name}` is no finite number"))
        })
    }

    /// For each row of this table the row of the other that has the same path.
    pub(super) fn join(&self, other: &Table) -> Result<Vec<usize>, EvaluateError> {
        let path = |table: &Table, row: usize| table.field(row, table.path_column).to_owned();
        let missing = |here: &Table, row: usize, there: &Table| {
            let path = path(here, row);
            here.line_problem(row, format!("{path} is not in {}", there.file.display()))
        };
        let partner = |row: usize| other.row_of_path.get(&path(self, row)).copied();
        let rows: Vec<usize> = (0..self.n_rows())
            .map(|row| partner(row).ok_or_else(|| missing(self, row, other)))
            .collect::<Result<_, _>>()?;
        let alone =
            (0..other.n_rows()).find(|&row| !self.row_of_path.contains_key(&path(other, row)));
        alone.map_or(Ok(rows), |row| Err(missing(other, row, self)))
    }

    /// An error about the file.
    pub(super) fn problem(&self, problem: String) -> EvaluateError {
        EvaluateError::File { path: self.file.clone(), problem }
    }

    /// An error about a row.
    pub(super) fn line_problem(&self, row: usize, problem: String) -> EvaluateError {
        EvaluateError::Line { path: self.file.clone(), line: self.rows[row].0, problem }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of this content, read as a table; the file is gone afterwards.
    pub fn table(name: &str, text: &str) -> Result<Table, EvaluateError> {
        let name = format!("dlmir-evaluate-{}-{name}.csv", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, text).unwrap();
        let table = Table::read(&file);
        std::fs::remove_file(&file).unwrap();
        table
    }

    #[test]
    fn bad_tables_are_refused_with_the_place() {
        for (name, text, want) in [
            ("no-path", "file,label\na,b\n", "no column `path`"),
            ("column-twice", "path,x,x\na,1,2\n", "two columns are called `x`"),
            ("no-rows", "path,label\n", "no rows"),
            ("twice", "path,label\na,x\nb,x\na,y\n", "line 4: a is there twice"),
            ("short", "path,label\na,x\nb\n", "line: 3"),
        ] {
            let error = table(name, text).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        }
        let missing = Table::read(Path::new("no/such.csv")).unwrap_err().to_string();
        assert!(missing.starts_with("no/such.csv: "), "{missing}");
    }

    #[test]
    fn rows_are_joined_by_path_in_any_order() {
        let here = table("here", "label,path\nx,a\ny,\"b, c\"\n").unwrap();
        let there = table("there", "path,label\n\"b, c\",x\na,y\n").unwrap();
        assert_eq!(here.join(&there).unwrap(), [1, 0]);
        assert_eq!(here.columns().collect::<Vec<_>>(), ["label"]);
        let more = table("more", "path,label\na,y\n\"b, c\",x\nd,x\n").unwrap();
        let error = here.join(&more).unwrap_err().to_string();
        assert!(error.contains("line 4: d is not in"), "{error}");
        let error = more.join(&here).unwrap_err().to_string();
        assert!(error.contains("more.csv: line 4: d is not in"), "{error}");
    }
}
