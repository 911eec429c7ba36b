//! `PARITY.md`: every function beside its reference, with the largest error that was found.
//!
//! Each row runs its cases and returns their errors, relative to the largest magnitude of the expected array. The table is rendered anew
//! and compared with the committed one; `DLMIR_UPDATE_PARITY=1` writes it instead.

mod cqt;
mod separation;
mod spectral;
mod timbre;
mod transform;

use std::fmt::Write;
use std::path::Path;

use ndarray::Array2;

use crate::features::{self, Magnitude, record};
use crate::npy;

const RATE: u32 = 22_050;

/// What is promised of nearly everything.
const TOLERANCE: f64 = 1e-5;

/// A line of the table.
struct Row {
    function: &'static str,
    reference: &'static str,
    tolerance: f64,
    errors: Vec<f64>,
}

impl Row {
    fn new(function: &'static str, reference: &'static str) -> Row {
        Row { function, reference, tolerance: TOLERANCE, errors: Vec::new() }
    }

    /// Adds the comparison with `tests/golden/parity/NAME.npy`.
    #[track_caller]
    fn case<T: Magnitude + npy::Element>(&mut self, name: &str, ours: &Array2<T>) {
        let expected = npy::matrix::<T>(&format!("parity/{name}"));
        assert_eq!(ours.dim(), expected.dim(), "{name}: shape");
        let largest = expected.iter().map(|v| v.magnitude()).fold(0.0, f64::max);
        let distance = |(a, b): (&T, &T)| {
            let distance = a.distance(*b);
            assert!(distance.is_finite(), "{name}: {a:?}, expected {b:?}");
            distance
        };
        let error = ours.iter().zip(&expected).map(distance).fold(0.0, f64::max);
        // Nothing but zeros is expected: then the error is taken as it is.
        let error = if largest == 0.0 { error } else { error / largest };
        println!("{name}: {error:.1e}");
        self.errors.push(error);
    }

    /// As [`case`](Row::case), for one value a frame.
    #[track_caller]
    fn values(&mut self, name: &str, ours: Vec<f32>) {
        self.case(name, &Array2::from_shape_vec((1, ours.len()), ours).expect("a row"));
    }
}

/// Rows of the cases in `features.rs`.
fn log_mel() -> Vec<Row> {
    let row = |function, reference, test: fn()| Row {
        errors: record(test),
        ..Row::new(function, reference)
    };
    vec![
        row("`Framing`", "`librosa.util.frame`, `numpy.pad`", features::frames),
        row("`Audio::to_mono`", "`librosa.to_mono`", features::down_mix),
        row("`Window`", "`scipy.signal.get_window`", features::windows),
        row("`stft`", "`librosa.stft`", features::short_time_spectra),
        row("`Stft::magnitude`, `Stft::power`", "`librosa.stft`", features::magnitude_and_power),
        row("`mel_frequencies`", "`librosa.mel_frequencies`", features::mel_scales),
        row("`mel_filter_bank`", "`librosa.filters.mel`", features::mel_filter_banks),
        row("`MelSpectrogram`", "`librosa.feature.melspectrogram`", features::mel_spectrograms),
        row("`LogMel`, `power_to_db`", "`librosa.power_to_db`", features::log_mel_spectrograms),
        row("`amplitude_to_db`", "`librosa.amplitude_to_db`", features::amplitudes_in_decibels),
        Row {
            tolerance: 1e-4,
            ..row("`resample`", "`librosa.resample`, `soxr_vhq`", features::resampling_by_two)
        },
    ]
}

/// The error rounded up to 1 or 3 times a power of ten, so that the last digits of another processor do not show; below 1e-6 nothing is
/// told apart.
fn bound(error: f64) -> String {
    if error == 0.0 {
        return "0".into();
    }
    let steps = (-6..=0).flat_map(|power| [1, 3].map(|digit| (digit, power)));
    let mut steps = steps.map(|(digit, power)| format!("{digit}e{power}"));
    let above = steps.find(|step| step.parse::<f64>().is_ok_and(|step| error <= step));
    above.map_or_else(|| format!("{error:.0e}"), |step| format!("<= {step}"))
}

fn render(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Parity with librosa\n\n\
         Each function against librosa 0.11.0 (numpy 2.4.6, scipy 1.17.1, soxr 1.1.0): the largest difference over all cases, relative to the largest\n\
         magnitude of the expected array (resampling: RMS, relative to the RMS), rounded up to 1 or 3 times a power of ten. Cases are sizes, windows, hops\n\
         and edges such as a signal shorter than a frame, one sample, silence and a constant; they are in `dlmir-audio/tests/golden`, made by\n\
         `tools/golden/librosa_features.py` and `tools/golden/librosa_parity.py`.\n\n\
         A test renders this table and compares it with the file. `DLMIR_UPDATE_PARITY=1 cargo test -p dlmir-audio --test golden parity` writes it anew.\n\n\
         | dlmir-audio | reference | cases | largest error | tolerance |\n| --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let largest = row.errors.iter().copied().fold(0.0, f64::max);
        let Row { function, reference, tolerance, errors } = row;
        let (cases, largest) = (errors.len(), bound(largest));
        let written =
            writeln!(text, "| {function} | {reference} | {cases} | {largest} | {tolerance:e} |");
        written.expect("memory to write to");
    }
    text
}

#[test]
fn parity_table() {
    let rows: Vec<Row> = [
        log_mel(),
        transform::rows(),
        timbre::rows(),
        spectral::rows(),
        cqt::rows(),
        separation::rows(),
    ]
    .into_iter()
    .flatten()
    .collect();
    for row in &rows {
        let largest = row.errors.iter().copied().fold(0.0, f64::max);
        assert!(!row.errors.is_empty(), "{}: no case", row.function);
        assert!(largest <= row.tolerance, "{}: {largest:e}, see the cases above", row.function);
    }
    let table = render(&rows);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../PARITY.md");
    if std::env::var_os("DLMIR_UPDATE_PARITY").is_some_and(|value| value == "1") {
        std::fs::write(&path, &table).expect("a place to write to");
    }
    let committed = std::fs::read_to_string(&path).expect("PARITY.md at the root of the workspace");
    assert_eq!(table, committed, "PARITY.md is not what the cases give; see its last paragraph");
}

#[test]
fn errors_are_rounded_up() {
    let cases = [0.0, 1e-9, 1e-6, 1.1e-6, 2.9e-6, 4e-5, 1.5e-3];
    let bounds = ["0", "<= 1e-6", "<= 1e-6", "<= 3e-6", "<= 3e-6", "<= 1e-4", "<= 3e-3"];
    assert_eq!(cases.map(bound), bounds.map(String::from));
}

/// The signals of the cases, by name.
fn signals() -> [(&'static str, Vec<f32>); 5] {
    let whole: Vec<f32> = npy::vector("signal");
    [
        ("short", whole[1000..1300].to_vec()),
        ("one", whole[1500..1501].to_vec()),
        ("whole", whole),
        ("silence", vec![0.0; 3000]),
        ("dc", vec![0.25; 3000]),
    ]
}
