
pub mod class_folder;
mod error;
pub mod groups;
pub mod rng;
pub mod split;
#[cfg(test)]
mod test_folder;

pub use class_folder::{ClassFolder, Item};
pub use error::{DataError, NpyProblem};
pub use groups::GroupRule;
pub use rng::Rng;
pub use split::{Fold, Pieces, hold_out, k_fold};
