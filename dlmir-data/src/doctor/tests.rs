//! The doctor as a whole, on folders made for it and, where they are there, on real ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;

use dlmir_audio::{Signal, WavFormat, resample, synth, wav_bytes, write_wav};

use super::*;
use crate::synthetic::music_speech;
use crate::test_folder::TestFolder;

/// Names and findings, in words.
fn examined(folder: &TestFolder) -> BTreeMap<String, String> {
    let report = examine(folder.path(), |_, _| {}).unwrap();
    let words = |s: &Suspect| s.findings.iter().map(|f| f.to_string()).collect::<Vec<_>>();
    report.suspects.iter().map(|s| (s.name.clone(), words(s).join("; "))).collect()
}

fn write(folder: &TestFolder, name: &str, signal: &Signal) {
    write_wav(folder.path().join(name), signal, WavFormat::Pcm16).unwrap();
}

#[test]
fn a_good_folder_is_passed() {
    let folder = TestFolder::new("doctor-good", &["readme.md", ".hidden/x.wav"]);
    for i in 0..6 {
        let signal = music_speech::item(1, i, 2.0, 22_050).signal;
        write(&folder, &format!("{i}.wav"), &signal);
    }
    let report = examine(folder.path(), |_, _| {}).unwrap();
    assert_eq!(report.suspects, []);
    assert_eq!((report.examined, report.hidden), (6, 1));
    assert_eq!(report.companions[".md"], 1);
}

#[test]
fn copies_are_found_in_every_disguise() {
    let folder = TestFolder::new("doctor-copies", &[]);
    let one = music_speech::item(1, 0, 3.0, 22_050).signal;
    let scaled = |gain: f32| {
        Signal::new(one.samples().iter().map(|x| gain * x).collect(), one.sample_rate())
    };
    let mut late = vec![0.0; 220];
    late.extend(one.samples());
    write(&folder, "a.wav", &one);
    std::fs::copy(folder.path().join("a.wav"), folder.path().join("b_bytes.wav")).unwrap();
    write(&folder, "c_gain.wav", &scaled(0.25));
    write(&folder, "d_sign.wav", &scaled(-1.0));
    write(&folder, "e_rate.wav", &resample(&one, 16_000).unwrap());
    write(&folder, "f_late.wav", &Signal::new(late, 22_050));
    write(&folder, "g_other.wav", &music_speech::item(1, 2, 3.0, 22_050).signal);
    let found = examined(&folder);
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["b_bytes.wav", "c_gain.wav", "d_sign.wav", "e_rate.wav", "f_late.wav"]);
    assert_eq!(found["b_bytes.wav"], "duplicate: same bytes as a.wav");
    assert!(found["c_gain.wav"].contains("same sound as a.wav (gain -12.0 dB, shift +0.0 ms)"));
    assert!(found["d_sign.wav"].contains("opposite sign"));
    assert!(found["e_rate.wav"].contains("wrong rate: 16000 Hz"), "{found:?}");
    assert!(found["e_rate.wav"].contains("same sound as a.wav (gain +0.0 dB, shift +0.0 ms)"));
    assert!(found["f_late.wav"].contains("shift +10.0 ms"), "{found:?}");
}

#[test]
fn broken_files_are_faults_with_a_reason() {
    let folder = TestFolder::new("doctor-broken", &["empty.wav"]);
    let whole = wav_bytes(&synth::noise(1.0, 8000, 1), WavFormat::Pcm16).unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("cut.wav", &whole[..whole.len() / 2]);
    put("odd.wav", &{
        let mut bytes = whole.clone();
        let size = u32::from_le_bytes(*bytes[40..].first_chunk().unwrap()) - 1;
        bytes[40..44].copy_from_slice(&size.to_le_bytes());
        bytes
    });
    put("page.mp3", b"<html>404</html>");
    put("picture.flac", b"\x89PNG\r\n\x1a\n");
    put("film.mp4", b"\0\0\0\x18ftypmp42");
    put("whole.dat", &whole);
    put("noise.bin", &[0, 1, 2, 3, 254, 255]);
    let report = examine(folder.path(), |_, _| {}).unwrap();
    let of = |name: &str| {
        let suspect = report.suspects.iter().find(|s| s.name == name).unwrap();
        (suspect.severity(), suspect.findings[0].to_string())
    };
    for (name, severity, reason) in [
        ("cut.wav", Severity::Fault, "breaks off after"),
        ("empty.wav", Severity::Fault, "empty (0 bytes)"),
        ("film.mp4", Severity::Unsupported, "MP4"),
        ("noise.bin", Severity::Finding, "not audio"),
        ("odd.wav", Severity::Fault, "no whole number of frames"),
        ("page.mp3", Severity::Fault, "text"),
        ("picture.flac", Severity::Fault, "PNG"),
        ("whole.dat", Severity::Finding, "contents are WAV"),
    ] {
        let (found, words) = of(name);
        assert!(found == severity && words.contains(reason), "{name}: {found} {words}");
    }
    assert_eq!(report.suspects.len(), 8);
}

#[test]
fn labels_and_files_are_held_against_each_other() {
    let folder =
        TestFolder::new("doctor-labels", &["ann/1.beats", "ann/2_v1.beats", "ann/9.beats"]);
    std::fs::create_dir_all(folder.path().join("audio")).unwrap();
    for i in 1..5 {
        let signal = music_speech::item(1, i, 1.0, 8000).signal;
        write(&folder, &format!("audio/{i}.wav"), &signal);
    }
    folder.write("index.csv", "path,label\naudio/1.wav,a\naudio/2,b\n3.mp3,c\naudio/7.wav,d\n");
    let found = examined(&folder);
    let expected = [
        ("ann/9.beats", "label without file: no recording of this name"),
        ("audio/3.wav", "file without label: most recordings here have a .beats"),
        (
            "audio/4.wav",
            "file without label: not in index.csv; file without label: most recordings here have a .beats",
        ),
        ("index.csv", "label without file: 1 of 4 rows, the first in line 5: audio/7.wav"),
    ];
    let expected = expected.map(|(name, words)| (name.to_owned(), words.to_owned()));
    assert_eq!(found, BTreeMap::from(expected));
}

#[test]
fn progress_reaches_its_end() {
    let folder = TestFolder::new("doctor-progress", &["a.wav", "b.wav"]);
    let last = Mutex::new((0, 0));
    examine(folder.path(), |done, of| {
        let mut last = last.lock().unwrap();
        *last = (done.max(last.0), of);
    })
    .unwrap();
    assert_eq!(*last.lock().unwrap(), (4, 4));
    assert!(examine(folder.path().join("nowhere"), |_, _| {}).is_err());
}

/// The folder of real and broken files, if this machine has it.
fn measurements() -> Option<PathBuf> {
    let folder = std::env::var_os("DLMIR_DATA").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("skipped: the environment variable DLMIR_DATA names no folder of recordings");
    }
    folder
}

#[test]
fn broken_and_good_files_are_told_apart() {
    let Some(data) = measurements() else { return };
    let folder = data.join("formats");
    let report = examine(&folder, |_, _| {}).unwrap();
    let severity_of = |name: &str| {
        let suspect = report.suspects.iter().find(|suspect| suspect.name == name);
        suspect.map(Suspect::severity)
    };
    let expected = std::fs::read_to_string(folder.join("expected.tsv")).unwrap();
    let mut wrong = Vec::new();
    for line in expected.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(name), Some(wanted)) = (columns.next(), columns.next()) else { continue };
        if name.starts_with("broken_annotations/") {
            continue;
        }
        let severity = severity_of(name);
        let right = match wanted {
            "ok" => severity.is_none_or(|s| s == Severity::Finding),
            "may be refused" => severity.is_none_or(|s| s != Severity::Fault),
            // Either way is right: what is said must only not be silence where something is lost.
            _ if wanted.starts_with("ok") && name.ends_with("garbage_inside.mp3") => {
                severity.is_some()
            }
            _ if wanted == "ok, shorter" => severity == Some(Severity::Fault),
            _ if wanted.starts_with("ok") || wanted == "finite features" => true,
            _ => severity.is_some(),
        };
        if !right {
            wrong.push((name.to_owned(), wanted.to_owned(), severity));
        }
    }
    assert_eq!(wrong, []);
    let valid = |s: &&Suspect| s.name.starts_with("wavefile_fixtures/valid/");
    assert!(report.suspects.iter().filter(valid).all(|s| s.severity() == Severity::Finding));
    let invalid = ["bad_riff_header", "bad_wavefile_format", "empty", "incomplete_riff_header"];
    for name in invalid {
        let name = format!("wavefile_fixtures/invalid/{name}.wav");
        assert_eq!(severity_of(&name), Some(Severity::Fault), "{name}");
    }
}

/// Every recording is another one: a copy found among them would be a false alarm.
#[test]
fn different_recordings_are_no_copies() {
    let Some(data) = measurements() else { return };
    for set in ["spoken_digits", "instruments", "music_speech", "mdb_drums", "tempo_loops"] {
        let report = examine(data.join(set), |_, _| {}).unwrap();
        let copies: Vec<&Suspect> = report
            .suspects
            .iter()
            .filter(|s| s.findings.iter().any(|f| f.kind().starts_with("duplicate")))
            .collect();
        assert!(report.examined > 0);
        assert_eq!(copies, Vec::<&Suspect>::new(), "{set}");
    }
}
