//! How good is a classifier, how sure are we, and how do we show it?
//!
//! A network that has been trained answers questions: is this music or speech? This crate compares the
//! answers with the truth, says how far the comparison can be trusted, and puts it before someone's eyes
//! and ears. It works on slices, knows nothing of networks or audio, and can be used alone. Read the files
//! in this order:
//!
//! 1. `classification/mod.rs` has the words (true positive, false negative) and [`accuracy`];
//!    `confusion.rs` counts what was taken for what, in a [`ConfusionMatrix`], and reads precision, recall
//!    and F1 off it.
//!    `agreement.rs` reads off the figures that chance cannot flatter.
//! 2. `classification/roc.rs` asks of scores only that they be in the right order ([`roc_auc`]),
//!    `precision_recall.rs` that what is found be pure ([`average_precision`]), `log_loss.rs` and
//!    `calibration.rs` that they be honest probabilities ([`log_loss`], [`calibration_curve`]).
//!    `multilabel.rs` is for several labels per item, `ranking.rs` for lists.
//!    `matching.rs` is for events in time: which of an estimate belongs to which of a reference
//!    ([`match_events`]); `onset.rs` counts them ([`OnsetCounts`]).
//! 3. `bootstrap.rs`: the same metric on other recordings would be another number. How different?
//!    ([`bootstrap_interval`]) `comparison.rs`: is one model better than another? ([`mcnemar`],
//!    [`bootstrap_difference`])
//! 4. [`plot`] draws: `canvas.rs` is the paper, `axis.rs` the axes, `lines.rs` the curves; then one plot a
//!    file. `colormap.rs` makes colours in which equal steps look equal.
//! 5. [`Report`] (`report/mod.rs`) puts text, tables, plots and sounds into one HTML file, and `atomic.rs`
//!    writes it so that nobody ever sees half of it ([`write_atomically`]).
//! 6. [`events`] writes what TensorBoard shows while a network learns: `record.rs` is the container,
//!    `message.rs` what is in it.
//!
//! `png_image.rs` and `base64.rs` turn pixels into text that fits into a page. What is wrong with data or
//! files is an [`EvalError`]; slices of unequal length are a mistake of the program and panic.
//!
//! ```
//! use dlmir_eval::{ConfusionMatrix, roc_auc};
//!
//! let truth = [0, 0, 1, 1, 1]; // 0 music, 1 speech
//! let p_speech = [0.1, 0.6, 0.4, 0.8, 0.9];
//! let predicted = p_speech.map(|p| usize::from(p > 0.5));
//!
//! let matrix = ConfusionMatrix::from_labels(&["music", "speech"], &truth, &predicted);
//! assert_eq!(matrix.row(1), [1, 2]); // one recording of speech was taken for music
//! assert!((matrix.class_scores(1).f1 - 2.0 / 3.0).abs() < 1e-12);
//! let auc = roc_auc(&truth.map(|class| class == 1), &p_speech)?;
//! assert!((auc - 5.0 / 6.0).abs() < 1e-12); // of six pairs one is in the wrong order
//! # Ok::<(), dlmir_eval::EvalError>(())
//! ```

mod atomic;
mod base64;
mod bootstrap;
mod classification;
mod comparison;
mod error;
pub mod events;
mod matching;
mod onset;
pub mod plot;
mod png_image;
mod ranking;
mod report;
#[cfg(test)]
mod test_folder;
mod wav;

pub use atomic::write_atomically;
pub use bootstrap::bootstrap_interval;
pub use classification::{
    Binning, CalibrationBin, ClassScores, ConfusionMatrix, KappaWeights, MultilabelCounts,
    PrecisionRecallCurve, RocCurve, Scores, accuracy, average_precision,
    average_precision_one_vs_rest, binary_log_loss, brier_score, brier_score_of_classes,
    calibration_curve, expected_calibration_error, hamming_loss, log_loss, precision_recall_curve,
    roc_auc, roc_auc_one_vs_rest, roc_curve, subset_accuracy, top_k_accuracy,
};
pub use comparison::{Difference, McNemar, bootstrap_difference, mcnemar};
pub use error::EvalError;
pub use matching::match_events;
pub use onset::{
    JOIN_WITHIN_S, NARROW_ONSET_WINDOW_S, ONSET_WINDOW_S, OnsetCounts, join_onsets,
    mean_onset_scores,
};
pub use ranking::{
    coverage_error, label_ranking_average_precision, label_ranking_loss, mean_average_precision,
    ndcg, precision_at_k,
};
pub use report::{MAX_CLIP_S, MAX_REPORT_BYTES, Report, SoundCell};

/// The program in the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
