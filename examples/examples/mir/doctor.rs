//! `mir doctor`: what is wrong with a folder of recordings.

use std::path::PathBuf;

use dlmir_data::doctor::{self, Report};
use indicatif::{ProgressBar, ProgressStyle};

use crate::Outcome;

#[derive(clap::Args)]
pub struct Doctor {
    /// The folder, which is searched with its sub-folders
    folder: PathBuf,
}

impl Doctor {
    /// A line per suspicious file: path, tab, and what was found, with its severity.
    pub fn run(&self) -> Outcome {
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}")?;
        let bar = ProgressBar::new(0).with_style(style);
        let report = doctor::examine(&self.folder, |done, of| {
            bar.set_length(of);
            bar.set_position(done.max(bar.position()));
        })?;
        bar.finish_and_clear();
        for suspect in &report.suspects {
            let findings = suspect.findings.iter().map(|f| format!("{}: {f}", f.severity()));
            say!("{}\t{}", on_one_line(&suspect.name), findings.collect::<Vec<_>>().join("; "));
        }
        summary(&report);
        Ok(())
    }
}

/// A name with a line break or a tab would be two lines or columns.
fn on_one_line(name: &str) -> String {
    name.replace(['\n', '\r', '\t'], "?")
}

/// What was looked at and what was not, on standard error.
fn summary(report: &Report) {
    let Report { suspects, examined, labels, companions, hidden, .. } = report;
    eprintln!(
        "mir: {examined} audio files, {labels} tables and annotations; {} suspicious",
        suspects.len()
    );
    for ((severity, kind), count) in report.counts().into_iter().rev() {
        eprintln!("mir: {count:>6} {severity}: {kind}");
    }
    if !companions.is_empty() {
        let kinds = companions.iter().map(|(kind, count)| format!("{count} {kind}"));
        eprintln!("mir: other text, not looked at: {}", kinds.collect::<Vec<_>>().join(", "));
    }
    if *hidden > 0 {
        eprintln!("mir: {hidden} hidden files or folders, not looked at");
    }
}
