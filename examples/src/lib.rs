//! What all lessons share: flags, recordings, output files, handcrafted features for baselines.
//! Everything that a lesson teaches stands in the lesson's own files; this crate only keeps the
//! housekeeping out of its way.

pub mod handcrafted;

mod flags;
mod output;
mod receipt;
mod recordings;

pub use flags::{Accepts, Flags, run};
pub use output::{Output, OutputError};
pub use receipt::Receipt;
pub use recordings::{Recording, Recordings, progress_bar};

/// The programs in the documents are compiled and run as documentation tests.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../docs/own-model.md")]
    struct OwnModel;

    #[doc = include_str!("../../docs/solutions/lesson1.md")]
    struct SolutionsOfLesson1;

    #[doc = include_str!("../../docs/solutions/lesson2.md")]
    struct SolutionsOfLesson2;
}
