//! The constant-Q transform and its chroma.

use dlmir_audio::{C1_HZ, Cqt, CqtConfig, PadMode, Signal, Window, chroma_cqt, chroma_of_cqt};
use ndarray::Array2;

use super::{RATE, Row};
use crate::npy;

/// The halving filters are not soxr's, and the rest of the recursion multiplies what they differ in.
const TOLERANCE: f64 = 2e-3;

const VALID: &str = "valid settings";

pub fn rows() -> Vec<Row> {
    let mut complex = Row::new("`Cqt::complex`", "`librosa.cqt`");
    let mut chroma = Row::new("`chroma_cqt`, `chroma_of_cqt`", "`librosa.feature.chroma_cqt`");
    (complex.tolerance, chroma.tolerance) = (TOLERANCE, TOLERANCE);

    let sound: Array2<f32> = npy::matrix("parity/cqt_signal");
    let x = sound.into_raw_vec_and_offset().0;
    let good = CqtConfig::new(RATE);
    let settings = CqtConfig {
        n_bins: 50,
        f_min_hz: 55.0,
        hop_length: 441,
        filter_scale: 0.5,
        sparsity: 0.0,
        scale: false,
        window: Window::Hamming,
        ..CqtConfig::new(16_000)
    };
    let thirds =
        CqtConfig { n_bins: 90, bins_per_octave: 36, f_min_hz: 110.0, hop_length: 1024, ..good };
    let reflect =
        CqtConfig { pad: PadMode::Reflect, hop_length: 1024, n_bins: 40, f_min_hz: 220.0, ..good };
    let early = CqtConfig { n_bins: 13, f_min_hz: 100.0, scale: false, ..good };
    let cases: [(&str, &[f32], CqtConfig); 10] = [
        ("default", &x, good),
        ("44100", &x, CqtConfig::new(44_100)),
        ("36", &x, thirds),
        ("settings", &x, settings),
        ("reflect", &x, reflect),
        ("early_no_scale", &x, early),
        ("one", &x[..1], good),
        ("short", &x[..300], good),
        ("silence", &[0.0; 3000], good),
        ("dc", &[0.25; 3000], good),
    ];
    for (name, x, config) in cases {
        let signal = Signal::new(x.to_vec(), config.sample_rate);
        let values = Cqt::new(config).expect(VALID).complex(&signal);
        complex.case(&format!("cqt_{name}"), &values);
    }

    let signal = Signal::new(x, RATE);
    chroma.case("chroma_cqt_default", &chroma_cqt(&signal, 512).expect(VALID));
    let magnitude = Cqt::new(good).expect(VALID).magnitude(&signal);
    chroma.case("chroma_cqt_fold", &chroma_of_cqt(&magnitude, C1_HZ, 12, 12).expect(VALID));
    vec![complex, chroma]
}
