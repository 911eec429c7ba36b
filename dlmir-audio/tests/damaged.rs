//! Files that lie, break off, or hold no sound: an error that names the file, never a panic, never NaN.

use std::path::{Path, PathBuf};

use dlmir_audio::{
    AudioError, Problem, Signal, WavFormat, decode, decode_lenient, load_at, wav_bytes,
};
use proptest::prelude::*;

/// A file in the temporary folder that is removed at the end of the test.
struct TemporaryFile(PathBuf);

impl TemporaryFile {
    fn new(name: &str, bytes: &[u8]) -> TemporaryFile {
        let path = std::env::temp_dir().join(format!("dlmir-audio-{}-{name}", std::process::id()));
        std::fs::write(&path, bytes).expect("room for a small file");
        TemporaryFile(path)
    }
}

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/formats").join(name);
    std::fs::read(path).expect("a fixture of the repository")
}

fn error(name: &str, bytes: &[u8]) -> AudioError {
    let file = TemporaryFile::new(name, bytes);
    let error = decode(&file.0).expect_err(name);
    assert!(error.to_string().contains(name), "{error} does not name the file");
    error
}

fn wav(samples: &[f32]) -> Vec<u8> {
    let zeros = Signal::new(vec![0.0; samples.len()], 22_050);
    let mut bytes = wav_bytes(&zeros, WavFormat::Float32).expect("zeros");
    // Our own writer refuses NaN, so it is put in afterwards.
    let start = bytes.len() - 4 * samples.len();
    for (at, x) in bytes[start..].chunks_exact_mut(4).zip(samples) {
        at.copy_from_slice(&x.to_le_bytes());
    }
    bytes
}

#[test]
fn what_is_no_audio_is_refused() {
    let missing = decode("dlmir-no-such-file.wav").expect_err("no such file");
    assert!(matches!(missing, AudioError::Io { .. }) && missing.to_string().contains("no-such"));
    assert!(decode(std::env::temp_dir()).is_err(), "a folder");
    let unsupported = |error| matches!(error, AudioError::Unsupported { .. });
    assert!(unsupported(error("empty.wav", b"")));
    assert!(unsupported(error("text.wav", b"This is not a sound file, whatever its name says.")));
    assert!(unsupported(error("page.mp3", &b"<html><body>404</body></html>".repeat(40))));
    assert!(unsupported(error("noise.bin", &[0x5a; 5000])));
}

#[test]
fn names_do_not_matter() {
    let file = TemporaryFile::new("really_a.mp3", &fixture("tone_s16.wav"));
    assert_eq!(decode(&file.0).expect("a WAV file").frames(), 1000);
}

#[test]
fn impossible_rates_are_refused() {
    for rate in [0u32, 1, 999, 768_001, u32::MAX] {
        for (name, at, field) in
            [("rate.wav", 24, rate.to_le_bytes()), ("rate.au", 16, rate.to_be_bytes())]
        {
            let mut bytes = fixture(&format!("tone_s16.{}", &name[5..]));
            bytes[at..at + 4].copy_from_slice(&field);
            assert!(matches!(
                error(name, &bytes),
                AudioError::SampleRate { .. } | AudioError::Unsupported { .. }
            ));
        }
    }
}

#[test]
fn samples_that_are_no_numbers_are_refused_with_their_place() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38] {
        let found = error("sample.wav", &wav(&[0.0, 0.5, value, 0.1]));
        assert!(matches!(found, AudioError::Sample { frame: 2, channel: 0, .. }), "{found}");
    }
    // Beyond full scale is no error.
    let file = TemporaryFile::new("loud.wav", &wav(&[8.0, -32_768.0]));
    assert_eq!(decode(&file.0).expect("loud").interleaved(), &[8.0, -32_768.0]);
}

#[test]
fn no_samples_are_an_error() {
    assert!(matches!(error("none.wav", &wav(&[])), AudioError::Empty { .. }));
}

#[test]
fn half_a_lossless_file_is_damaged() {
    for name in ["tone_s16.wav", "tone_s16.au", "tone_s24.flac"] {
        let bytes = fixture(name);
        // The FLAC file is one long block of samples and a short one.
        let kept = if name.ends_with("flac") { bytes.len() - 100 } else { bytes.len() / 2 };
        let found = error(name, &bytes[..kept]);
        let AudioError::Damaged { problem, .. } = &found else { panic!("{name}: {found}") };
        assert!(
            matches!(problem, Problem::Truncated { .. } | Problem::BrokenOff { .. }),
            "{name}: {problem}"
        );
    }
    let no_block = &fixture("tone_s24.flac")[..1000];
    assert!(matches!(error("no_block.flac", no_block), AudioError::Malformed { .. }));
    // The AIFF reader sees at once that the file is too short.
    let half = &fixture("tone_s16.aiff")[..2000];
    assert!(matches!(error("tone_s16.aiff", half), AudioError::Malformed { .. }));
    // What is there can be had: the first half of the samples, unchanged.
    let bytes = fixture("tone_s16.au");
    let file = TemporaryFile::new("half.au", &bytes[..24 + 2000]);
    let decoded = decode_lenient(&file.0).expect("half a file");
    assert_eq!(decoded.problems, [Problem::Truncated { frames: 500, declared: 1000 }]);
    assert!(decoded.audio.interleaved().len() == 1000 && !decoded.lossy);
}

#[test]
fn an_altered_flac_is_found() {
    let good = fixture("tone_s16.flac");
    // Inside a frame: the frame's checksum fails, it is dropped, and all that follows would be early.
    let mut frame = good.clone();
    let middle = frame.len() / 2;
    frame[middle..middle + 16].fill(0x55);
    assert!(matches!(error("frame.flac", &frame), AudioError::Damaged { .. }));
    // The MD5 of all samples in STREAMINFO: last 16 of its 34 bytes, after "fLaC" and a 4-byte header.
    let mut md5 = good.clone();
    md5[30] ^= 1;
    let found = error("md5.flac", &md5);
    assert!(matches!(found, AudioError::Damaged { problem: Problem::Checksum, .. }), "{found}");
    // All zeros stand for "not computed".
    md5[26..42].fill(0);
    let file = TemporaryFile::new("no_md5.flac", &md5);
    assert_eq!(decode(&file.0).expect("no checksum").frames(), 4410);
}

#[test]
fn a_cut_mp3_is_played_as_far_as_it_goes() {
    let bytes = fixture("tone_stereo.mp3");
    let file = TemporaryFile::new("cut.mp3", &bytes[..bytes.len() * 2 / 3]);
    let decoded = decode_lenient(&file.0).expect("two thirds of a file");
    assert!(decoded.problems.iter().any(Problem::is_damage));
    assert!((1000..4410).contains(&decoded.audio.frames()));
    assert_eq!(decode(&file.0).expect("accepted"), decoded.audio);
}

/// A packet that cannot be decoded leaves a silence of its length: what follows stays in time.
#[test]
fn a_lost_mp3_packet_keeps_the_time() {
    let good = fixture("tone_stereo.mp3");
    let sync: Vec<usize> = (0..good.len() - 1).filter(|&i| good[i..i + 2] == good[..2]).collect();
    assert!(sync.len() > 9, "constant bit rate, {} packets", sync.len());
    // All but the first, which holds the encoder's note and no sound. Some are partly the encoder's silence.
    for &start in &sync[1..] {
        let mut bad = good.clone();
        // Side information, behind the four bytes of the header that stays: nonsense.
        bad[start + 4..start + 24].fill(0xff);
        let file = TemporaryFile::new("packet.mp3", &bad);
        let decoded = decode_lenient(&file.0).expect("mostly intact");
        assert_eq!(decoded.problems, [Problem::LostPackets { packets: 1 }], "byte {start}");
        assert_eq!(decoded.audio.frames(), 4410, "byte {start}");
    }
}

/// The second song of a recorded web radio is not left out in silence.
#[test]
fn a_second_stream_in_an_ogg_file_is_reported() {
    let [first, second] = ["tone_mono.ogg", "tone_stereo.ogg"].map(fixture);
    for (name, second) in [("same.ogg", &first), ("other.ogg", &second)] {
        let chained = [first.as_slice(), second].concat();
        let found = error(name, &chained);
        let AudioError::Damaged { problem, .. } = found else { panic!("{name}: {found}") };
        assert_eq!(problem, Problem::Chained { frames: 4410 });
        let file = TemporaryFile::new(&format!("lenient-{name}"), &chained);
        let decoded = decode_lenient(&file.0).expect("the first stream");
        assert_eq!((decoded.audio.frames(), decoded.audio.channels()), (4410, 1));
    }
}

fn sizes(riff: u32, data: u32) -> Vec<u8> {
    let mut bytes = fixture("tone_s16.wav");
    let chunk = bytes.windows(4).position(|w| w == b"data").expect("a data chunk");
    bytes[4..8].copy_from_slice(&riff.to_le_bytes());
    bytes[chunk + 4..chunk + 8].copy_from_slice(&data.to_le_bytes());
    bytes
}

#[test]
fn a_header_that_promises_gigabytes_allocates_none() {
    let found = error("huge.wav", &sizes(0x7fff_ffff, 0x7fff_fff0));
    assert!(matches!(found, AudioError::Damaged { .. }), "{found}");
}

#[test]
fn a_wav_file_from_a_pipe_ends_where_the_bytes_end() {
    let file = TemporaryFile::new("pipe.wav", &sizes(u32::MAX, u32::MAX));
    assert_eq!(decode(&file.0).expect("a stream").frames(), 1000);
}

#[test]
fn the_size_of_the_whole_file_does_not_matter() {
    for riff in [0, 20, 1_000_000] {
        let file = TemporaryFile::new("riff.wav", &sizes(riff, 4000));
        assert_eq!(decode(&file.0).expect("wrong size of the whole").frames(), 1000);
    }
}

#[test]
fn resampling_to_an_impossible_rate_is_an_error() {
    let file = TemporaryFile::new("resample.wav", &fixture("tone_s16.wav"));
    for rate in [0, 768_001] {
        assert!(matches!(load_at(&file.0, rate), Err(AudioError::Setting { .. })));
    }
}

const FIXTURES: [&str; 10] = [
    "tone_s16.wav",
    "tone_f32.wav",
    "tone_alaw.wav",
    "tone_6ch_extensible.wav",
    "tone_s16.aiff",
    "tone_s24.au",
    "tone_s16.flac",
    "tone_mono.mp3",
    "tone_stereo.ogg",
    "tone_mono.ogg",
];

proptest! {
    // Whatever happens to the bytes, the answer is sound or an error.
    #[test]
    fn random_damage_never_panics(
        which in 0..FIXTURES.len(),
        cut in 0.0f64..2.0,
        changes in prop::collection::vec((0.0f64..1.0, any::<u8>()), 0..6),
        in_header: bool,
    ) {
        let name = FIXTURES[which];
        let mut bytes = fixture(name);
        let reach = if in_header { bytes.len().min(120) } else { bytes.len() } as f64;
        for (at, value) in changes {
            bytes[(at * reach) as usize] = value;
        }
        bytes.truncate((cut * bytes.len() as f64) as usize);
        let file = TemporaryFile::new(&format!("random-{name}"), &bytes);
        if let Ok(decoded) = decode_lenient(&file.0) {
            prop_assert!(decoded.audio.frames() > 0);
            prop_assert!(decoded.audio.interleaved().iter().all(|x| x.is_finite()));
        }
    }
}
