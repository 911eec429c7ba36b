//! The flags that every lesson takes, and the frame in which a lesson runs.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser};

/// The flags of a lesson.
#[derive(Parser, Debug, Clone)]
#[command(disable_version_flag = true)]
pub struct Flags {
    /// Folder with real recordings, one sub-folder per class; without it the lesson generates its data
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Folder in the same layout that is used as the test set and for nothing else
    #[arg(long, value_name = "DIR")]
    pub test: Option<PathBuf>,
    /// Where report, metrics, weights and logs go [default: target/lessons/NAME]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Seed of all random numbers: equal seeds give equal results to the last bit
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// How many times training goes over the data [default: the lesson's own number]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub epochs: Option<u64>,
    /// Parts of the cross-validation; 1 holds out a single fifth
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub folds: u64,
    /// Threads to work on; the results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub threads: Option<u64>,
    /// Go on from the last complete checkpoint in the output folder
    #[arg(long)]
    pub resume: bool,
    /// Only this network instead of a comparison, where the lesson offers a choice
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// The same path on less data and fewer epochs, in under 20 seconds
    #[arg(long)]
    pub quick: bool,
    /// No progress bars
    #[arg(long)]
    pub no_progress: bool,
}

/// Which kinds of data a lesson can be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// Only what it generates: `--data` and `--test` make no sense.
    GeneratedOnly,
    /// `--data` and `--test` name folders of recordings.
    Recordings,
    /// `--data` names a recording or a folder of them to look at; nothing is tested.
    Sound,
}

impl Flags {
    /// The epochs asked for, or `full`, or `quick` in a quick run.
    pub fn epochs_or(&self, full: u64, quick: u64) -> u64 {
        self.epochs.unwrap_or(if self.quick { quick } else { full })
    }

    /// Whether progress bars are drawn: not if forbidden, and not into a file.
    pub fn progress(&self) -> bool {
        use std::io::IsTerminal;
        !self.no_progress && std::io::stderr().is_terminal()
    }

    /// The output folder of the lesson of this name.
    pub fn out_dir(&self, name: &str) -> PathBuf {
        match &self.out {
            Some(dir) => dir.clone(),
            None => ["target", "lessons", name].iter().collect(),
        }
    }
}

/// Runs a lesson: reads the flags, sets the number of threads, reports an error in one line.
///
/// Exit codes: 0 the work was done, 1 it could not be done (unreadable data, foreign checkpoint), 2 the
/// flags are unknown or make no sense.
pub fn run(
    name: &'static str,
    about: &'static str,
    accepts: Accepts,
    lesson: impl FnOnce(&Flags) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    run_with_models(name, about, accepts, &[], lesson)
}

/// As [`run`], for a lesson with a choice of networks: `--model` names one of `models`. Where there are
/// none, the flag makes no sense.
pub fn run_with_models(
    name: &'static str,
    about: &'static str,
    accepts: Accepts,
    models: &[&str],
    lesson: impl FnOnce(&Flags) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let about_model = format!("Only this network instead of a comparison: {}", models.join(", "));
    let command = Flags::command().name(name).about(about);
    let command = command.mut_arg("model", |flag| flag.hide(models.is_empty()).help(about_model));
    let flags = match command.clone().try_get_matches() {
        Ok(matches) => match Flags::from_arg_matches(&matches) {
            Ok(flags) => flags,
            Err(error) => error.exit(),
        },
        Err(error) => error.exit(),
    };
    if let Some(problem) = unknown_model(&flags, models) {
        command.clone().error(clap::error::ErrorKind::InvalidValue, problem).exit();
    }
    if accepts == Accepts::GeneratedOnly && (flags.data.is_some() || flags.test.is_some()) {
        let problem = "--data and --test make no sense here: this lesson generates its data";
        command.clone().error(clap::error::ErrorKind::ArgumentConflict, problem).exit();
    }
    if accepts == Accepts::Sound && flags.test.is_some() {
        let problem = "--test makes no sense here: this lesson looks at sounds and tests nothing";
        command.clone().error(clap::error::ErrorKind::ArgumentConflict, problem).exit();
    }
    if accepts == Accepts::Sound && command_line_has("--folds") {
        eprintln!("{name}: --folds does nothing here, nothing is held out");
    }
    if accepts == Accepts::GeneratedOnly && command_line_has("--folds") {
        eprintln!("{name}: --folds does nothing here, a single fifth is held out");
    }
    if let Some(threads) = flags.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads as usize);
        if let Err(error) = pool.build_global() {
            eprintln!("error: cannot start {threads} threads: {error}");
            return ExitCode::FAILURE;
        }
    }
    match lesson(&flags) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What is wrong with `--model`, if it was given.
fn unknown_model(flags: &Flags, models: &[&str]) -> Option<String> {
    let name = flags.model.as_deref().filter(|name| !models.contains(name))?;
    Some(match models {
        [] => String::from("--model makes no sense here: this lesson has no choice of networks"),
        _ => format!("--model `{name}` is unknown; there are {}", models.join(", ")),
    })
}

/// Whether a flag was given, with its default value or another.
fn command_line_has(flag: &str) -> bool {
    std::env::args().any(|argument| argument.split('=').next() == Some(flag))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Flags, clap::Error> {
        Flags::try_parse_from([&["lesson"], arguments].concat())
    }

    #[test]
    fn defaults_are_those_of_the_interface() {
        let flags = parse(&[]).unwrap();
        assert_eq!((flags.seed, flags.folds, flags.quick, flags.resume), (1, 5, false, false));
        assert_eq!(flags.epochs_or(30, 2), 30);
        let out: PathBuf = ["target", "lessons", "lesson9"].iter().collect();
        assert_eq!(flags.out_dir("lesson9"), out);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_exit_code_two() {
        for bad in [
            &["--frobnicate"][..],
            &["--folds", "0"],
            &["--threads", "0"],
            &["--threads", "1000000"],
            &["--epochs", "0"],
            &["--seed", "-1"],
            &["--data"],
        ] {
            assert_eq!(parse(bad).unwrap_err().exit_code(), 2, "{bad:?}");
        }
        assert_eq!(parse(&["--help"]).unwrap_err().exit_code(), 0);
    }

    #[test]
    fn a_model_is_one_of_the_lessons() {
        let flags = parse(&["--model", "cnn"]).unwrap();
        assert_eq!(unknown_model(&flags, &["mlp", "cnn"]), None);
        assert!(unknown_model(&flags, &["mlp"]).is_some_and(|text| text.ends_with("mlp")));
        assert!(unknown_model(&flags, &[]).is_some());
        assert_eq!(unknown_model(&parse(&[]).unwrap(), &[]), None);
    }

    #[test]
    fn quick_shortens_unless_epochs_are_given() {
        assert_eq!(parse(&["--quick"]).unwrap().epochs_or(30, 2), 2);
        assert_eq!(parse(&["--quick", "--epochs", "7"]).unwrap().epochs_or(30, 2), 7);
    }
}
