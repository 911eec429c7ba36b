//! Data sets for music information retrieval: what lies between a folder of recordings and a network.
//!
//! ```text
//! folder  ->  items with class and group  ->  folds  ->  standardised features  ->  batches
//! ```
//!
//! Half of the mistakes in published results are made on this road, not in the network: a recording on both
//! sides of a split, a scaler that saw the test, labels in another order on another machine. So each
//! step here is small, seeded, and arranged so that the mistake has to be made on purpose.
//!
//! Read in this order:
//!
//! 1. [`rng`]: random numbers that are a function of their address. All else builds on it.
//! 2. [`class_folder`], [`labels`] and [`groups`]: what is in the set, what is said about it, and what belongs together.
//! 3. [`split`], [`tag_split`] and [`split_file`]: training, validation, test; by class, by tag, or as published.
//! 4. [`standardize`]: zero mean and unit variance, from the training items alone.
//! 5. [`mod@segment`] and [`mod@batch`]: in which pieces and order a network sees them.
//! 6. [`npy`]: arrays to and from Python; [`cache`]: features that are computed once.
//! 7. [`annotation`]: onsets, beats, notes, segments and tempi, as the field's sets write them.
//! 8. [`sets`]: the field's published sets in their own layouts, with their own splits. [`sets::open`] recognises them.
//! 9. [`doctor`]: what is wrong with a folder of recordings; [`skipped`]: to go on without its bad files.
//! 10. [`synthetic`]: sets that are made by rule. [`synthetic::toy`] draws points in a plane;
//!     [`synthetic::music_speech`] plays and speaks; [`synthetic::band`] plays pieces of twelve genres, with beats, onsets,
//!     notes, chords, moods and tags.
//!
//! Shapes: a spectrogram is `[bands, frames]`. Every fallible function returns [`DataError`], which names the
//! file and line, or the item and band.

pub mod annotation;
pub mod batch;
pub mod cache;
pub mod class_folder;
mod csv_lines;
pub mod doctor;
mod error;
pub mod groups;
pub mod labels;
pub mod npy;
pub mod rng;
pub mod segment;
pub mod sets;
pub mod skipped;
pub mod split;
pub mod split_file;
mod split_hash;
pub mod standardize;
pub mod synthetic;
pub mod tag_split;
#[cfg(test)]
mod test_folder;

pub use batch::Batches;
pub use cache::FeatureCache;
pub use class_folder::{ClassFolder, Item};
pub use error::{DataError, NpyProblem};
pub use groups::GroupRule;
pub use rng::Rng;
pub use segment::{CropKey, random_crop, segment, segments};
pub use sets::{LabelledSet, SetItem};
pub use skipped::{BadFile, Skipped};
pub use split::{Fold, Pieces, hold_out, k_fold};
pub use split_file::{SplitFile, check_groups};
pub use standardize::{Per, Standardizer};
pub use tag_split::TaggedPieces;

/// The program in the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
