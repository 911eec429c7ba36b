//! A collection of real, strange and broken files, where it is at hand.
//!
//! Set `DLMIR_DATA` to a folder with `formats/expected.tsv` (path, expectation, remark) and `formats/encodings_reference.tsv` (path, rate,
//! channels, frames, RMS as libsndfile reads them). Without it, the test says so and passes.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use dlmir_audio::{Decoded, LogMel, LogMelConfig, decode, decode_lenient};

fn formats() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("DLMIR_DATA")?).join("formats");
    folder.join("expected.tsv").is_file().then_some(folder)
}

fn rows(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let lines = text.lines().skip(1).filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// What is wrong with the outcome of a file, given what was expected of it.
fn complaint(expected: &str, path: &Path) -> Option<String> {
    let start = Instant::now();
    let outcome = decode_lenient(path);
    if start.elapsed().as_secs_f64() > 5.0 {
        return Some("takes longer than 5 s".into());
    }
    match outcome {
        Err(error) => {
            let named = error.to_string().contains(&*path.to_string_lossy());
            if !named {
                return Some(format!("the error does not name the file: {error}"));
            }
            (expected == "ok" || expected.starts_with("ok,")).then(|| error.to_string())
        }
        Ok(Decoded { audio, .. }) => {
            if expected == "error" && decode(path).is_ok() {
                return Some(format!("{} frames instead of an error", audio.frames()));
            }
            let signal = audio.to_mono();
            let config = LogMelConfig { n_mels: 20, ..LogMelConfig::new(signal.sample_rate()) };
            let features = LogMel::new(config).expect("valid settings").compute(&signal);
            (!features.iter().all(|x| x.is_finite())).then(|| "features are not finite".into())
        }
    }
}

#[test]
fn every_file_is_read_or_refused_as_expected() {
    let Some(folder) = formats() else {
        eprintln!("skipped: DLMIR_DATA names no folder with formats/expected.tsv");
        return;
    };
    let mut complaints = String::new();
    let mut count = 0;
    for row in rows(&folder.join("expected.tsv")) {
        let [file, expected, _] = row.as_slice() else { panic!("three columns: {row:?}") };
        if file.starts_with("broken_annotations") {
            continue;
        }
        count += 1;
        if let Some(complaint) = complaint(expected, &folder.join(file)) {
            writeln!(complaints, "{file} (expected: {expected}): {complaint}").expect("a string");
        }
    }
    assert!(count > 0 && complaints.is_empty(), "of {count} files:\n{complaints}");
    eprintln!("{count} files as expected");
}

#[test]
fn lengths_and_levels_are_those_of_libsndfile() {
    let Some(folder) = formats() else {
        eprintln!("skipped: DLMIR_DATA names no folder with formats/expected.tsv");
        return;
    };
    // Formats outside of our list.
    let foreign = ["adpcm", "rf64", "w64", "rifx", "opus"];
    let mut compared = 0;
    for row in rows(&folder.join("encodings_reference.tsv")) {
        let [file, rate, channels, frames, rms] = row.as_slice() else { panic!("{row:?}") };
        if foreign.iter().any(|name| file.contains(name)) {
            continue;
        }
        let audio = decode(folder.join(file)).unwrap_or_else(|e| panic!("{e}"));
        let shape =
            [audio.sample_rate() as usize, audio.channels(), audio.frames()].map(|n| n.to_string());
        assert_eq!(shape.each_ref(), [rate, channels, frames], "{file}");
        let energy: f64 = audio.interleaved().iter().map(|&x| f64::from(x).powi(2)).sum();
        let ours = (energy / audio.interleaved().len() as f64).sqrt();
        let theirs: f64 = rms.parse().expect("a number");
        assert!((ours - theirs).abs() < 2e-5, "{file}: RMS {ours}, expected {theirs}");
        compared += 1;
    }
    assert!(compared > 0);
    eprintln!("{compared} files like libsndfile");
}
