//! What all lessons share: flags, recordings, output files, handcrafted features for baselines.
//! Everything that a lesson teaches stands in the lesson's own files; this crate only keeps the
//! housekeeping out of its way.

pub mod evaluate;
pub mod handcrafted;
pub mod linear;

mod flags;
mod output;
mod predictions;
mod receipt;
mod recordings;

pub use flags::{Accepts, Flags, run, run_with_models};
pub use output::{Output, OutputError};
pub use predictions::{Prediction, predictions};
pub use receipt::Receipt;
pub use recordings::{Recording, Recordings, progress_bar};

/// A paragraph, on the terminal and in the report.
pub fn say(report: &mut dlmir_eval::Report, text: &str) {
    let mut line = String::from(" ");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > 98 {
            println!("{line}");
            line = String::from(" ");
        }
        line.push(' ');
        line.push_str(word);
    }
    println!("{line}");
    report.paragraph(text);
}

/// The programs in the documents are compiled and run as documentation tests.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../README.md")]
    struct Readme;

    #[doc = include_str!("../../docs/own-model.md")]
    struct OwnModel;

    #[doc = include_str!("../../docs/solutions/lesson0.md")]
    struct SolutionsOfLesson0;

    #[doc = include_str!("../../docs/solutions/lesson1.md")]
    struct SolutionsOfLesson1;

    #[doc = include_str!("../../docs/solutions/lesson2.md")]
    struct SolutionsOfLesson2;

    #[doc = include_str!("../../docs/solutions/lesson3.md")]
    struct SolutionsOfLesson3;
}
