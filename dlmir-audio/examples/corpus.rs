//! Decodes a folder of real, strange and broken files and compares with what is known of them:
//!
//! ```text
//! cargo run --release -p dlmir-audio --example corpus -- DIR
//! ```
//!
//! `DIR/expected.tsv` lists files (path, expectation, remark): `ok` must decode, `error` must not, anything else may do either, but within
//! 5 s and with finite features. `DIR/encodings_reference.tsv` lists what libsndfile reads (path, rate, channels, frames, RMS). Prints a
//! row per file; the exit code is 1 if there is a disagreement or nothing to compare.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dlmir_audio::{AudioError, Decoded, LogMel, LogMelConfig, decode, decode_lenient};

/// What became of a file: a remark, or a disagreement.
type Outcome = Result<String, String>;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1) else {
        eprintln!("usage: corpus DIR");
        return ExitCode::FAILURE;
    };
    let folder = Path::new(&folder);
    let expected = compare(folder, "expected.tsv", as_expected);
    let reference = compare(folder, "encodings_reference.tsv", like_libsndfile);
    if expected && reference { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a row per file of a list; true if there is no disagreement.
fn compare(folder: &Path, list: &str, check: fn(&Path, &[&str]) -> Option<Outcome>) -> bool {
    println!("{list}");
    let text = std::fs::read_to_string(folder.join(list)).unwrap_or_else(|error| {
        println!("  {error}");
        String::new()
    });
    let (mut agree, mut disagree) = (0, 0);
    for line in text.lines().skip(1).filter(|line| !line.trim().is_empty()) {
        let columns: Vec<&str> = line.split('\t').collect();
        match check(&folder.join(columns[0]), &columns) {
            Some(Ok(remark)) => {
                agree += 1;
                println!("  {:48} {remark}", columns[0]);
            }
            Some(Err(complaint)) => {
                disagree += 1;
                println!("X {:48} {complaint}", columns[0]);
            }
            None => {}
        }
    }
    println!("  {agree} files agree, {disagree} disagree\n");
    agree > 0 && disagree == 0
}

/// Columns: path, expectation, remark. None for what is no sound.
fn as_expected(path: &Path, columns: &[&str]) -> Option<Outcome> {
    let &[file, expected, _] = columns else {
        return Some(Err(format!("{} columns instead of 3", columns.len())));
    };
    if file.starts_with("broken_annotations") {
        return None;
    }
    let start = Instant::now();
    let outcome = decode_lenient(path);
    if start.elapsed() > Duration::from_secs(5) {
        return Some(Err("takes longer than 5 s".into()));
    }
    let must_decode = expected == "ok" || expected.starts_with("ok,");
    Some(match outcome {
        Err(error) if must_decode => Err(error.to_string()),
        Err(error) => refused(path, &error),
        Ok(_) if expected == "error" => match decode(path) {
            Ok(audio) => Err(format!("{} frames instead of an error", audio.frames())),
            Err(error) => refused(path, &error),
        },
        Ok(decoded) => decoded_soundly(&decoded),
    })
}

/// An error has to name its file.
fn refused(path: &Path, error: &AudioError) -> Outcome {
    if error.to_string().contains(&*path.to_string_lossy()) {
        Ok("refused".into())
    } else {
        Err(format!("the error does not name the file: {error}"))
    }
}

fn decoded_soundly(Decoded { audio, problems, .. }: &Decoded) -> Outcome {
    let signal = audio.to_mono();
    let config = LogMelConfig { n_mels: 20, ..LogMelConfig::new(signal.sample_rate()) };
    let features = LogMel::new(config).map_err(|error| error.to_string())?.compute(&signal);
    if !features.iter().all(|x| x.is_finite()) {
        return Err("features are not finite".into());
    }
    let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Ok(format!("{} frames {}", audio.frames(), problems.join(", ")).trim_end().into())
}

/// Columns: path, rate, channels, frames, RMS. None for formats outside of our list.
fn like_libsndfile(path: &Path, columns: &[&str]) -> Option<Outcome> {
    let &[file, rate, channels, frames, rms] = columns else {
        return Some(Err(format!("{} columns instead of 5", columns.len())));
    };
    if ["adpcm", "rf64", "w64", "rifx", "opus"].iter().any(|name| file.contains(name)) {
        return None;
    }
    let Ok(theirs) = rms.parse::<f64>() else { return Some(Err(format!("RMS {rms}"))) };
    let audio = match decode(path) {
        Ok(audio) => audio,
        Err(error) => return Some(Err(error.to_string())),
    };
    let shape =
        [audio.sample_rate() as usize, audio.channels(), audio.frames()].map(|n| n.to_string());
    let energy: f64 = audio.interleaved().iter().map(|&x| f64::from(x).powi(2)).sum();
    let ours = (energy / audio.interleaved().len() as f64).sqrt();
    let agree = shape == [rate, channels, frames] && (ours - theirs).abs() < 2e-5;
    let found =
        format!("{} Hz, {} channels, {} frames, RMS {ours:.5}", shape[0], shape[1], shape[2]);
    Some(if agree {
        Ok(found)
    } else {
        Err(format!("{found}, expected {rate}, {channels}, {frames}, {rms}"))
    })
}
