//! Frames, down-mix, windows, spectra, mel bands, decibels and resampling against librosa 0.11.

use std::cell::RefCell;
use std::fmt::Debug;

use dlmir_audio::{
    Audio, Complex32, DbConfig, DbReference, Framing, LogMel, LogMelConfig, LogScale, MelConfig,
    MelNorm, MelScale, MelSpectrogram, PadMode, Signal, Stft, StftConfig, Window, amplitude_to_db,
    mel_filter_bank, mel_frequencies, power_to_db, resample, stft,
};
use ndarray::{Array2, s};

use crate::npy;

const RATE: u32 = 22_050;

/// The tolerance promised: 1e-5 of the largest magnitude of the expected array.
const TOLERANCE: f64 = 1e-5;

pub trait Magnitude: Copy + Debug {
    fn distance(self, other: Self) -> f64;
    fn magnitude(self) -> f64;
}

impl Magnitude for f32 {
    fn distance(self, other: f32) -> f64 {
        f64::from((self - other).abs())
    }
    fn magnitude(self) -> f64 {
        f64::from(self.abs())
    }
}

impl Magnitude for Complex32 {
    fn distance(self, other: Complex32) -> f64 {
        f64::from((self - other).norm())
    }
    fn magnitude(self) -> f64 {
        f64::from(self.norm())
    }
}

thread_local! {
    /// The errors of the cases that ran on this thread, for the table of `parity`.
    static ERRORS: RefCell<Vec<f64>> = const { RefCell::new(Vec::new()) };
}

/// The errors of the cases of `test`, relative to the largest magnitude expected.
pub fn record(test: fn()) -> Vec<f64> {
    ERRORS.take();
    test();
    ERRORS.take()
}

fn note(error: f64) {
    ERRORS.with_borrow_mut(|errors| errors.push(error));
}

#[track_caller]
fn assert_close<T: Magnitude>(name: &str, ours: &Array2<T>, expected: &Array2<T>) {
    assert_eq!(ours.dim(), expected.dim(), "{name}: shape");
    let largest = expected.iter().map(|v| v.magnitude()).fold(0.0, f64::max);
    let errors = ours.iter().zip(expected).map(|(a, b)| a.distance(*b));
    note(errors.fold(0.0, f64::max) / if largest == 0.0 { 1.0 } else { largest });
    for (at, &value) in ours.indexed_iter() {
        let distance = value.distance(expected[at]);
        assert!(
            distance <= TOLERANCE * largest,
            "{name} at {at:?}: {value:?}, expected {:?} (largest {largest})",
            expected[at]
        );
    }
}

fn signal() -> Vec<f32> {
    npy::vector("signal")
}

/// Cutting copies samples: they are equal, not close.
#[test]
pub fn frames() {
    let x = &signal()[1400..1700];
    assert_eq!(Framing::new(32, 20).frames(x), npy::matrix::<f32>("frames"));
    note(0.0);
    let reflected = Framing::new(31, 40).centered(PadMode::Reflect);
    assert_eq!(reflected.frames(x), npy::matrix::<f32>("frames_reflect"));
    note(0.0);
}

#[test]
pub fn down_mix() {
    let x = signal();
    for (name, channels, end) in [("mono_of_two", 2, 2000), ("mono_of_three", 3, 1999)] {
        let mono = Audio::new(x[1000..end].to_vec(), channels, RATE).to_mono();
        let expected: Vec<f32> = npy::vector(name);
        let [ours, expected] = [mono.samples().to_vec(), expected]
            .map(|y| Array2::from_shape_vec((1, y.len()), y).expect("a row"));
        assert_close(name, &ours, &expected);
    }
}

#[test]
pub fn windows() {
    let shapes = [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular];
    for length in [32, 33] {
        let periodic = npy::matrix::<f64>(&format!("window_periodic_{length}"));
        let symmetric = npy::matrix::<f64>(&format!("window_symmetric_{length}"));
        for (i, shape) in shapes.into_iter().enumerate() {
            for (ours, expected) in [
                (shape.periodic(length), periodic.row(i)),
                (shape.symmetric(length), symmetric.row(i)),
            ] {
                assert_eq!(ours.len(), length);
                let errors = ours.iter().zip(expected).map(|(w, e)| (f64::from(*w) - e).abs());
                let error = errors.fold(0.0, f64::max);
                assert!(error < 1e-7, "{shape:?} {length}: {error:e}");
                note(error);
            }
        }
    }
}

#[test]
pub fn short_time_spectra() {
    let x = signal();
    let reflect = |config| StftConfig { pad: PadMode::Reflect, ..config };
    let uncentered = |config| StftConfig { center: false, ..config };
    let constant = vec![1.0; 700];
    let cases: [(&str, &[f32], StftConfig); 12] = [
        ("stft_centered", &x, StftConfig::new(512, 256)),
        (
            "stft_window_400",
            &x,
            uncentered(StftConfig { win_length: Some(400), ..StftConfig::new(512, 320) }),
        ),
        ("stft_odd_reflect", &x, reflect(StftConfig::new(255, 200))),
        (
            "stft_odd_window",
            &x,
            StftConfig {
                win_length: Some(101),
                window: Window::Hamming,
                ..StftConfig::new(200, 300)
            },
        ),
        (
            "stft_hop_beyond_frame",
            &x,
            uncentered(StftConfig { window: Window::Blackman, ..StftConfig::new(128, 500) }),
        ),
        ("stft_shorter_than_frame", &x[1000..2500], StftConfig::default()),
        ("stft_much_shorter_reflect", &x[..50], reflect(StftConfig::new(256, 20))),
        ("stft_one_sample", &x[1500..1501], StftConfig::new(64, 16)),
        ("stft_one_sample_reflect", &x[1500..1501], reflect(StftConfig::new(64, 16))),
        ("stft_silence", &[0.0; 100], StftConfig::new(64, 16)),
        ("stft_constant", &constant, StftConfig::new(256, 64)),
        ("stft_constant_inside", &constant, uncentered(StftConfig::new(256, 64))),
    ];
    for (name, x, config) in cases {
        assert_close(name, &stft(x, &config).expect("valid settings"), &npy::matrix(name));
    }
}

#[test]
pub fn magnitude_and_power() {
    let plan = Stft::new(StftConfig::new(512, 512)).expect("valid settings");
    assert_close("magnitude", &plan.magnitude(&signal()), &npy::matrix("magnitude"));
    assert_close("power", &plan.power(&signal()), &npy::matrix("power"));
}

#[test]
pub fn mel_scales() {
    for (name, scale) in [("slaney", MelScale::Slaney), ("htk", MelScale::Htk)] {
        let expected = npy::vector::<f64>(&format!("mel_frequencies_{name}"));
        let ours = mel_frequencies(expected.len(), 30.0, 12_000.0, scale);
        let errors = ours.iter().zip(&expected).map(|(f, e)| (f - e).abs() / e);
        let error = errors.fold(0.0, f64::max);
        assert!(error < 1e-9, "{name}: {error:e}");
        note(error);
    }
}

#[test]
pub fn mel_filter_banks() {
    let htk = |config| MelConfig { scale: MelScale::Htk, ..config };
    let no_norm = |config| MelConfig { norm: MelNorm::None, ..config };
    // The last number: only every so many rows are in the fixture.
    let cases = [
        ("filters_default", MelConfig::new(22_050, 2048), 32),
        ("filters_htk", htk(MelConfig { n_mels: 40, ..MelConfig::new(22_050, 512) }), 3),
        (
            "filters_htk_no_norm",
            htk(no_norm(MelConfig {
                n_mels: 23,
                f_min_hz: 64.0,
                f_max_hz: 7600.0,
                ..MelConfig::new(16_000, 400)
            })),
            1,
        ),
        (
            "filters_limits",
            MelConfig {
                n_mels: 80,
                f_min_hz: 27.5,
                f_max_hz: 16_000.0,
                ..MelConfig::new(44_100, 1024)
            },
            9,
        ),
        (
            "filters_beyond_nyquist",
            no_norm(MelConfig { n_mels: 20, f_max_hz: 8000.0, ..MelConfig::new(8000, 256) }),
            1,
        ),
    ];
    for (name, config, step) in cases {
        let weights = mel_filter_bank(&config).expect("valid settings");
        assert_eq!(weights.dim(), (config.n_mels, config.n_fft / 2 + 1));
        assert_close(name, &weights.slice(s![..;step, ..]).to_owned(), &npy::matrix(name));
    }
}

#[test]
pub fn mel_spectrograms() {
    let good = LogMelConfig::new(RATE);
    let cases = [
        ("mel_default", LogMelConfig { n_mels: 80, ..good }),
        (
            "mel_htk",
            LogMelConfig {
                n_fft: 1024,
                hop_length: 441,
                n_mels: 40,
                f_min_hz: 50.0,
                f_max_hz: 8000.0,
                htk: true,
                ..good
            },
        ),
        (
            "mel_reflect",
            LogMelConfig {
                n_fft: 1024,
                win_length: Some(800),
                hop_length: 220,
                n_mels: 40,
                pad: PadMode::Reflect,
                norm: MelNorm::None,
                ..good
            },
        ),
        (
            "mel_uncentered",
            LogMelConfig {
                n_fft: 600,
                hop_length: 600,
                n_mels: 30,
                center: false,
                window: Window::Hamming,
                ..good
            },
        ),
    ];
    let x = Signal::new(signal(), RATE);
    for (name, config) in cases {
        let plan = MelSpectrogram::new(&config).expect("valid settings");
        assert_close(name, &plan.compute(&x), &npy::matrix(name));
    }
}

#[test]
pub fn log_mel_spectrograms() {
    let db = DbConfig::default();
    let other = DbConfig { reference: DbReference::Value(0.3), amin: 1e-6, top_db: Some(60.0) };
    let x = Signal::new(signal(), RATE);
    let cases = [
        ("logmel_default", &x, db),
        ("logmel_max", &x, DbConfig { reference: DbReference::Max, ..db }),
        ("logmel_unlimited", &x, DbConfig { top_db: None, ..db }),
        ("logmel_settings", &x, other),
        ("logmel_silence", &Signal::new(vec![0.0; 2000], RATE), db),
    ];
    let bands = npy::matrix("mel_default");
    for (name, x, db) in cases {
        let expected = npy::matrix(name);
        let config =
            LogMelConfig { n_mels: 80, scale: LogScale::Db(db), ..LogMelConfig::new(RATE) };
        let plan = LogMel::new(config).expect("valid settings");
        assert_close(name, &plan.compute(x), &expected);
        // The last step alone, from librosa's own bands.
        if name != "logmel_silence" {
            assert_close(name, &power_to_db(&bands, &db).expect("valid settings"), &expected);
        }
    }
}

#[test]
pub fn amplitudes_in_decibels() {
    let amplitude = npy::matrix("magnitude");
    let default = DbConfig { amin: 1e-5, ..DbConfig::default() };
    let max = DbConfig { reference: DbReference::Max, amin: 1e-3, top_db: Some(50.0) };
    for (name, config) in [("amplitude_db", default), ("amplitude_db_max", max)] {
        let ours = amplitude_to_db(&amplitude, &config).expect("valid settings");
        assert_close(name, &ours, &npy::matrix(name));
    }
}

/// The difference from soxr at its best setting, in the pass band, is below -80 dB of the signal.
#[test]
pub fn resampling_by_two() {
    let wide: Vec<f32> = npy::vector("resample_44100");
    let narrow: Vec<f32> = wide.iter().step_by(2).map(|x| 0.5 * x).collect();
    for (x, from, to) in [(wide, 44_100, 22_050), (narrow, 22_050, 44_100)] {
        let ours = resample(&Signal::new(x, from), to).expect("usual rates");
        let expected: Vec<f32> = npy::vector(&format!("resample_{from}_to_{to}"));
        assert_eq!(ours.len(), expected.len());
        let energy =
            |x: &mut dyn Iterator<Item = f32>| -> f64 { x.map(|v| f64::from(v).powi(2)).sum() };
        let residual = energy(&mut ours.samples().iter().zip(&expected).map(|(a, b)| a - b));
        // The promise in the README.
        let residual_db = 10.0 * (residual / energy(&mut expected.iter().copied())).log10();
        assert!(residual_db < -80.0, "{from} to {to}: {residual_db} dB");
        println!("{from} to {to}: {residual_db:.1} dB");
        note(10f64.powf(residual_db / 20.0));
    }
}
