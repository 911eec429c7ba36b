//! What is wrong with a folder of recordings, before a network learns it.
//!
//! Broken, silent, clipped and doubled files are in every set that was collected by hand or by a program, and GTZAN, on which genre
//! recognition was measured for ten years, has them all (Sturm 2013, arXiv:1306.1461). None of them stops a training run; they only make its
//! figures wrong. [`examine`] looks at every file below a folder and says what a careful person would want to know:
//!
//! ```text
//! walk.rs         which files there are, and what for           sniff.rs      what a file is, by its first bytes
//! sound.rs        silence, clipping, offset, channels           header.rs     headers that contradict the contents
//! fingerprint.rs  a few bits per frame; the true bandwidth      duplicate.rs  the same recording again
//! folder.rs       a file among its neighbours                   labels.rs     labels without file, files without label
//! unread.rs       annotations that the readers refuse
//! ```
//!
//! What is found has a [`Severity`]: a truncated file is a fault, a silent one only a finding, since silence may be what is meant.
//!
//! Of each file its fingerprint is kept (60 kB at most), not its samples: they come block by block, so that an evening's recording takes no
//! more memory than a word.
//!
//! ```
//! use dlmir_audio::{WavFormat, synth, write_wav};
//! use dlmir_data::doctor::{self, Finding};
//!
//! let folder = std::env::temp_dir().join(format!("dlmir-doctor-doc-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! write_wav(folder.join("noise.wav"), &synth::noise(1.0, 8000, 1), WavFormat::Pcm16)?;
//! write_wav(folder.join("nothing.wav"), &synth::silence(1.0, 8000), WavFormat::Pcm16)?;
//! let report = doctor::examine(&folder, |_, _| {})?;
//! assert_eq!(report.examined, 2);
//! assert_eq!(report.suspects[0].name, "nothing.wav");
//! assert!(matches!(report.suspects[0].findings[..], [Finding::Silent { .. }]));
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod duplicate;
mod finding;
mod fingerprint;
mod folder;
mod header;
mod labels;
mod patient;
mod sniff;
mod sound;
mod unread;
mod walk;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

pub use finding::{Finding, Severity};

use crate::DataError;
use folder::Measure;
use labels::{Labels, Recordings};
use patient::Patient;
use walk::Walk;

/// Shorter than this, in seconds, and no analysis frame is filled (2048 samples at 22 050 Hz are 0.093 s).
pub const MIN_SECONDS: f64 = 0.093;

/// A file or folder about which there is something to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspect {
    /// Its path below the examined folder, with `/` on every system; `.` for the folder itself.
    pub name: String,
    /// What was found, the gravest first.
    pub findings: Vec<Finding>,
}

impl Suspect {
    /// The gravest of its findings.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(Finding::severity).max().unwrap_or(Severity::Finding)
    }
}

/// What [`examine`] found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// In byte order of names.
    pub suspects: Vec<Suspect>,
    /// Audio files that were looked at, readable or not.
    pub examined: usize,
    /// Files with annotations or tables, which were held against the recordings.
    pub labels: usize,
    /// Other text, by extension: it was not looked at.
    pub companions: BTreeMap<String, usize>,
    /// Files and folders whose name begins with a dot: they were not looked at.
    pub hidden: usize,
}

impl Report {
    /// How often each kind of finding occurs, with its severity.
    pub fn counts(&self) -> BTreeMap<(Severity, &'static str), usize> {
        let mut counts = BTreeMap::new();
        for finding in self.suspects.iter().flat_map(|suspect| &suspect.findings) {
            *counts.entry((finding.severity(), finding.kind())).or_default() += 1;
        }
        counts
    }
}

/// Looks at every file below a folder, on all cores. The report does not depend on their number.
///
/// `progress(done, of)` is called, from any thread, whenever a step is done; every file is two.
///
/// # Errors
/// If the folder cannot be listed. What is wrong with files in it, or with folders below it, is in the report.
pub fn examine(
    folder: impl AsRef<Path>,
    progress: impl Fn(u64, u64) + Sync,
) -> Result<Report, DataError> {
    let walk = Walk::below(folder.as_ref())?;
    let (steps, done) = (2 * walk.audio.len() as u64, AtomicU64::new(0));
    let step = || progress(done.fetch_add(1, Ordering::Relaxed) + 1, steps);
    progress(0, steps);

    // Each recording by itself.
    let patients = walk.audio.par_iter().map(|(found, kind)| {
        let patient = Patient::examine(found, *kind);
        step();
        patient
    });
    let mut patients: Vec<Patient> = patients.collect();

    // Among its neighbours, and beside all others.
    let of = |i: usize| walk.audio[i].0.name.as_str();
    let readable: Vec<usize> =
        (0..patients.len()).filter(|&i| patients[i].measure.is_some()).collect();
    let measured: Vec<(&str, Measure)> =
        readable.iter().filter_map(|&i| Some((of(i), patients[i].measure?))).collect();
    for (k, finding) in folder::outsiders(&measured) {
        patients[readable[k]].add(finding);
    }
    for (i, finding) in duplicates(&walk, &patients, step) {
        patients[i].add(finding);
    }

    // Recordings and labels.
    let names: Vec<&str> = walk.audio.iter().map(|(found, _)| found.name.as_str()).collect();
    let others = walk.annotations.iter().map(|(found, _)| found);
    let others = others.chain(walk.odd.iter().map(|(found, _)| found));
    let recordings = Recordings::new(&names, others.map(|found| found.name.as_str()));
    let mut labels = Labels::default();
    labels.tables(&walk.tables, &recordings);
    labels.annotations(&walk.annotations, &recordings);

    let mut suspects: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for (i, finding) in labels.of_recordings {
        patients[i].add(finding);
    }
    for ((found, _), patient) in walk.audio.iter().zip(patients) {
        suspects.insert(found.name.clone(), patient.findings);
    }
    let odd = walk.odd.into_iter().map(|(found, finding)| (found.name, finding));
    let unread = unread::findings(&walk.annotations);
    for (name, finding) in odd.chain(labels.of_names).chain(unread) {
        suspects.entry(name).or_default().push(finding);
    }
    let suspects = suspects.into_iter().filter(|(_, findings)| !findings.is_empty());
    let suspects = suspects.map(|(name, mut findings)| {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity()));
        Suspect { name, findings }
    });
    Ok(Report {
        suspects: suspects.collect(),
        examined: walk.audio.len(),
        labels: walk.annotations.len(),
        companions: walk.companions,
        hidden: walk.hidden,
    })
}

/// Every file that is another one again, by the strongest evidence there is.
fn duplicates(walk: &Walk, patients: &[Patient], step: impl Fn() + Sync) -> Vec<(usize, Finding)> {
    let name = |i: usize| walk.audio[i].0.name.clone();
    // A broken file is the copy, whatever its name is; and the better named of two is the original.
    let mut order: Vec<usize> = (0..patients.len()).collect();
    order.sort_by_key(|&i| patients[i].rank());
    // The first file of equal bytes, and of equal samples.
    let mut by_bytes = HashMap::new();
    let mut by_samples = HashMap::new();
    let mut firsts = vec![(0, 0); patients.len()];
    for &i in &order {
        let bytes = patients[i].bytes.map_or(i, |hash| *by_bytes.entry(hash).or_insert(i));
        let samples = patients[i].samples.map_or(i, |hash| *by_samples.entry(hash).or_insert(i));
        firsts[i] = (bytes, samples);
    }
    // What is a copy in this sense need not be listened to.
    let print = |&i: &usize| patients[i].print.as_ref().filter(|_| firsts[i] == (i, i));
    let prints: Vec<_> = order.iter().map(print).collect();
    let paths: Vec<&Path> = order.iter().map(|&i| &*walk.audio[i].0.path).collect();
    let same = duplicate::by_sound(&paths, &prints, step);
    let mut found: Vec<(usize, Finding)> = Vec::new();
    for (i, &(bytes, samples)) in firsts.iter().enumerate() {
        if bytes != i {
            found.push((i, Finding::SameBytes { first: name(bytes) }));
        } else if samples != i {
            found.push((i, Finding::SameSamples { first: name(samples) }));
        }
    }
    let sound = same.into_iter().map(|(later, earlier, same)| {
        let (later, earlier) = (order[later], order[earlier]);
        (later, same.finding(name(earlier)))
    });
    found.extend(sound);
    found
}

#[cfg(test)]
mod tests;
