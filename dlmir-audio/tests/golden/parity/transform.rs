//! The ways to pad, and the inverse transform.

use dlmir_audio::{Complex32, PadMode, Stft, StftConfig, Window, stft};
use ndarray::Array2;

use super::Row;
use crate::npy;

const VALID: &str = "valid settings";

pub fn rows() -> Vec<Row> {
    let mut pads = Row::new("`PadMode`", "`librosa.stft`, `pad_mode`");
    let whole: Vec<f32> = npy::vector("signal");
    for (name, pad) in [
        ("constant", PadMode::Zero),
        ("edge", PadMode::Edge),
        ("linear_ramp", PadMode::LinearRamp),
        ("reflect", PadMode::Reflect),
        ("symmetric", PadMode::Symmetric),
    ] {
        let config = StftConfig { pad, ..StftConfig::new(400, 90) };
        pads.case(&format!("pad_{name}"), &stft(&whole[1000..1300], &config).expect(VALID));
    }

    let mut inverse = Row::new("`Stft::inverse`", "`librosa.istft`");
    let spectra: Array2<Complex32> = npy::matrix("parity/inverse_spectra");
    for (name, center, length) in [
        ("default", true, None),
        ("longer", true, Some(4000)),
        ("shorter", true, Some(777)),
        ("causal", false, None),
    ] {
        let config = StftConfig { window: Window::Hamming, center, ..StftConfig::new(256, 64) };
        let length = length.unwrap_or(config.samples(spectra.ncols()));
        let sound = Stft::new(config).expect(VALID).inverse(&spectra, length);
        inverse.values(&format!("inverse_{name}"), sound);
    }
    vec![pads, inverse]
}
