//! Metrics, bootstrap intervals, plots, HTML reports and TensorBoard event files for music
//! information retrieval.

mod atomic;
mod base64;
mod bootstrap;
mod classification;
mod error;
pub mod events;
pub mod plot;
mod png_image;
mod report;
#[cfg(test)]
mod test_folder;

pub use atomic::write_atomically;
pub use bootstrap::bootstrap_interval;
pub use classification::{
    ClassScores, ConfusionMatrix, RocCurve, Scores, accuracy, log_loss, roc_auc,
    roc_auc_one_vs_rest, roc_curve,
};
pub use error::EvalError;
pub use report::{MAX_REPORT_BYTES, Report};
