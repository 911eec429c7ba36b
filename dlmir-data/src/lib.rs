//! Data sets for music information retrieval: class folders, splits, standardisation, batches, generated music and speech.

pub mod batch;
pub mod class_folder;
mod error;
pub mod groups;
pub mod npy;
pub mod rng;
pub mod segment;
pub mod split;
pub mod standardize;
pub mod synthetic;
#[cfg(test)]
mod test_folder;

pub use batch::Batches;
pub use class_folder::{ClassFolder, Item};
pub use error::{DataError, NpyProblem};
pub use groups::GroupRule;
pub use rng::Rng;
pub use segment::{CropKey, random_crop, segment, segments};
pub use split::{Fold, Pieces, hold_out, k_fold};
pub use standardize::{Per, Standardizer};
