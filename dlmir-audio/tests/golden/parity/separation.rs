//! Harmonic and percussive parts, and the phase vocoder.

use dlmir_audio::{Complex32, HpssConfig, hpss, hpss_masks, phase_vocoder};
use ndarray::Array2;

use super::Row;
use crate::npy;

const VALID: &str = "valid settings";

pub fn rows() -> Vec<Row> {
    let mut parts = Row::new("`hpss`, `hpss_masks`", "`librosa.decompose.hpss`");
    let s: Array2<f32> = npy::matrix("parity/hpss_spectrogram");
    let margins = HpssConfig {
        harmonic_size: 17,
        percussive_size: 10,
        harmonic_margin: 2.0,
        percussive_margin: 3.0,
        ..HpssConfig::default()
    };
    let linear = HpssConfig { power: 1.0, ..HpssConfig::default() };
    for (name, result) in [
        ("default", hpss(&s, &HpssConfig::default())),
        ("margin", hpss(&s, &margins)),
        ("mask", hpss_masks(&s, &linear)),
        ("silence", hpss(&Array2::zeros(s.dim()), &HpssConfig::default())),
    ] {
        let (harmonic, percussive) = result.expect(VALID);
        parts.case(&format!("hpss_{name}_harmonic"), &harmonic);
        parts.case(&format!("hpss_{name}_percussive"), &percussive);
    }

    let mut vocoder = Row::new("`phase_vocoder`", "`librosa.phase_vocoder`, double precision");
    let spectra: Array2<Complex32> = npy::matrix("parity/phase_vocoder_spectra");
    for (name, rate) in [("faster", 1.7), ("slower", 0.6), ("same", 1.0)] {
        let stretched = phase_vocoder(&spectra, rate, 64, 256).expect(VALID);
        vocoder.case(&format!("phase_vocoder_{name}"), &stretched);
    }
    vec![parts, vocoder]
}
