//! What `mir evaluate` computes: an estimate against a reference, both in files.
//!
//! The metrics are those of `dlmir-eval`; here tables are read, rows joined by path, and results named.

mod classification;
mod onset;
mod table;
mod tagging;

pub use classification::classification;
pub use onset::onset;
pub use table::{EvaluateError, Table};
pub use tagging::tagging;

/// What an evaluation found.
#[derive(Debug)]
pub struct Evaluation {
    /// Metrics by name; one that is undefined for these data is `null`.
    pub metrics: serde_json::Map<String, serde_json::Value>,
    /// What the reader should know of how they were computed: for standard error.
    pub notes: Vec<String>,
}
