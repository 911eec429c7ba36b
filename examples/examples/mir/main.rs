//! `mir`: the course's algorithms and models, applied to your own files.
//!
//! `cargo run --release --example mir -- --help` lists the commands; to have it as a program of its own,
//! `cargo install --path examples --example mir`.
//!
//! Results go to standard output, one per line, to be read by other programs; defaults that matter and
//! problems go to standard error. Exit code 0: the work was done; 1: it could not be; 2: wrong usage.

/// Prints a line to standard output, and ends the command, as an error, if it cannot be written.
macro_rules! say {
    ($($argument:tt)*) => {{
        use std::io::Write;
        writeln!(std::io::stdout().lock(), $($argument)*)?
    }};
}

mod doctor;
mod evaluate;
mod features;
mod model;
mod onsets;
mod tag;

use std::error::Error;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

#[derive(Parser)]
#[command(name = "mir", about = "Music information retrieval on your own files", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Spectrograms of a file or a folder, as .npy
    Features(features::Features),
    /// What is heard: a label and its probability per line, or a label track
    Tag(tag::Tag),
    /// The layers of a saved network
    Summary(model::Summary),
    /// Runs a saved network on an array
    Predict(model::Predict),
    /// Note onsets: their times in seconds, one per line
    Onsets(onsets::Onsets),
    /// Beats and downbeats (not yet)
    Beats(NotYet),
    /// Tempo (not yet)
    Tempo(NotYet),
    /// Recordings that sound alike (not yet)
    Similar(NotYet),
    /// A map of a folder by sound (not yet)
    Map(NotYet),
    /// Compares an estimate with a reference: onsets, classification and tagging
    Evaluate(evaluate::Evaluate),
    /// Finds broken, silent, clipped and doubled recordings, and labels without file, in a folder
    Doctor(doctor::Doctor),
    /// Reads a Keras model (not yet)
    ImportKeras(NotYet),
    /// Reads a madmom model (not yet)
    ImportMadmom(NotYet),
}

/// Takes anything: a command that a later version will have.
#[derive(clap::Args)]
struct NotYet {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _anything: Vec<String>,
}

/// A result of a command: nothing, or one line for standard error.
type Outcome = Result<(), Box<dyn Error>>;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Features(features) => features.run(),
        Command::Tag(tag) => tag.run(),
        Command::Summary(summary) => summary.run(),
        Command::Predict(predict) => predict.run(),
        Command::Evaluate(evaluate) => evaluate.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Onsets(onsets) => onsets.run(),
        Command::Beats(_)
        | Command::Tempo(_)
        | Command::Similar(_)
        | Command::Map(_)
        | Command::ImportKeras(_)
        | Command::ImportMadmom(_) => Err("not yet: a later version will have this command".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has seen enough: `mir tag FOLDER | head`.
        Err(error) if is_broken_pipe(&*error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mir: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nobody reads standard output any more.
fn is_broken_pipe(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

/// Ends the program as for an unknown flag: exit code 2.
fn wrong_usage(problem: &str) -> ! {
    Arguments::command().error(clap::error::ErrorKind::ArgumentConflict, problem).exit()
}
