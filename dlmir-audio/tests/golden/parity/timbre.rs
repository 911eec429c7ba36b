//! Cepstral coefficients, their changes, and PCEN.

use dlmir_audio::{LogMel, LogMelConfig, MfccConfig, Pcen, PcenConfig, Signal, delta, mfcc};
use ndarray::{Array2, s};

use super::{RATE, Row, signals};
use crate::npy;

const VALID: &str = "valid settings";

pub fn rows() -> Vec<Row> {
    vec![coefficients(), deltas(), pcen()]
}

fn coefficients() -> Row {
    let mut row = Row::new("`mfcc`", "`librosa.feature.mfcc`");
    let log_mel = LogMel::new(LogMelConfig::new(RATE)).expect(VALID);
    for (name, x) in signals() {
        let bands = log_mel.compute(&Signal::new(x, RATE));
        let lifted = MfccConfig { n_mfcc: 13, lifter: 22.0 };
        let of = |config| mfcc(&bands, &config).expect(VALID);
        row.case(&format!("mfcc_{name}"), &of(MfccConfig::default()));
        row.case(&format!("mfcc_lifter_{name}"), &of(lifted));
    }
    row
}

fn deltas() -> Row {
    let mut row = Row::new("`delta`", "`librosa.feature.delta`");
    let x: Array2<f32> = npy::matrix("parity/small");
    for (width, order) in [(9, 1), (9, 2), (3, 1), (15, 2), (5, 3)] {
        row.case(&format!("delta_{width}_{order}"), &delta(&x, width, order).expect(VALID));
    }
    row.case("delta_narrow", &delta(&x.slice(s![.., ..9]).to_owned(), 9, 1).expect(VALID));
    row
}

fn pcen() -> Row {
    let mut row = Row::new("`Pcen`", "`librosa.pcen`");
    let small: Array2<f32> = npy::matrix("parity/small");
    let loud = small.mapv(|v| v * 2f32.powi(31));
    let good = PcenConfig::new(RATE, 512);
    let settings = PcenConfig {
        gain: 0.8,
        bias: 10.0,
        power: 0.25,
        time_constant_s: 0.06,
        eps: 1e-3,
        ..PcenConfig::new(16_000, 160)
    };
    for (name, x, config) in [
        ("default", &loud, good),
        ("unscaled", &small, good),
        ("settings", &loud, settings),
        ("max", &loud, PcenConfig { max_size: 3, ..good }),
        ("max_even", &loud, PcenConfig { max_size: 4, ..good }),
        ("log", &loud, PcenConfig { power: 0.0, ..good }),
        ("no_bias", &loud, PcenConfig { bias: 0.0, ..good }),
        ("silence", &Array2::zeros((2, 30)), good),
    ] {
        row.case(&format!("pcen_{name}"), &Pcen::new(config).expect(VALID).compute(x));
    }
    row
}
