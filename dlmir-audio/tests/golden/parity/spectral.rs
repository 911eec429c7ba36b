//! Features of samples and of spectra.

use dlmir_audio::{
    ChromaConfig, ContrastConfig, FLATNESS_AMIN, Framing, PadMode, ROLLOFF, Stft, StftConfig,
    Window, chroma_filter_bank, chroma_stft, estimate_tuning, fft_frequencies, rms,
    rms_of_spectrogram, spectral_bandwidth, spectral_centroid, spectral_contrast,
    spectral_flatness, spectral_rolloff, zero_crossing_rate,
};
use ndarray::{Array2, s};

use super::{RATE, Row, signals};
use crate::npy;

const VALID: &str = "valid settings";

fn magnitude(x: &[f32], config: StftConfig) -> Array2<f32> {
    Stft::new(config).expect(VALID).magnitude(x)
}

pub fn rows() -> Vec<Row> {
    let feature = |function, reference| Row::new(function, reference);
    let mut rms_row = feature("`rms`", "`librosa.feature.rms(y=)`");
    let mut crossings = feature("`zero_crossing_rate`", "`librosa.feature.zero_crossing_rate`");
    let mut rms_of = feature("`rms_of_spectrogram`", "`librosa.feature.rms(S=)`");
    let mut centroid = feature("`spectral_centroid`", "`librosa.feature.spectral_centroid`");
    let mut bandwidth = feature("`spectral_bandwidth`", "`librosa.feature.spectral_bandwidth`");
    let mut rolloff = feature("`spectral_rolloff`", "`librosa.feature.spectral_rolloff`");
    let mut flatness = feature("`spectral_flatness`", "`librosa.feature.spectral_flatness`");
    let mut contrast = feature("`spectral_contrast`", "`librosa.feature.spectral_contrast`");
    let mut chroma = feature("`chroma_stft`", "`librosa.feature.chroma_stft`");
    let mut tuning = feature("`estimate_tuning`", "`librosa.estimate_tuning`");
    let mut filters = feature("`chroma_filter_bank`", "`librosa.filters.chroma`");

    for (name, x) in signals() {
        let odd = Framing::new(255, 100).centered(PadMode::Reflect);
        rms_row.values(
            &format!("rms_{name}"),
            rms(&x, &Framing::new(2048, 512).centered(PadMode::Zero)),
        );
        rms_row.values(&format!("rms_odd_{name}"), rms(&x, &odd));
        crossings
            .values(&format!("zero_crossing_rate_{name}"), zero_crossing_rate(&x, 2048, 512, true));
        crossings.values(
            &format!("zero_crossing_rate_odd_{name}"),
            zero_crossing_rate(&x, 127, 50, true),
        );
        let hamming = StftConfig { window: Window::Hamming, ..StftConfig::new(600, 700) };
        for (suffix, config) in [("", StftConfig::default()), ("_hamming", hamming)] {
            let (n_fft, case) = (config.n_fft, |feature| format!("{feature}{suffix}_{name}"));
            let (s, hz) = (magnitude(&x, config), fft_frequencies(RATE, config.n_fft));
            rms_of.values(&case("rms_of_spectrogram"), rms_of_spectrogram(&s, n_fft));
            centroid.values(&case("spectral_centroid"), spectral_centroid(&s, &hz));
            let values = spectral_rolloff(&s, &hz, ROLLOFF).expect(VALID);
            rolloff.values(&case("spectral_rolloff"), values);
            let values = spectral_flatness(&s, FLATNESS_AMIN).expect(VALID);
            flatness.values(&case("spectral_flatness"), values);
            let classes = chroma_stft(&s.mapv(|v| v * v), &ChromaConfig::new(RATE, n_fft));
            chroma.case(&case("chroma_stft"), &classes.expect(VALID));
            // The valleys of a spectrum, and for a constant its width, are rounding noise: here, librosa's own spectra are the input.
            let s = npy::matrix(&format!("parity/{}", case("magnitude")));
            bandwidth.values(&case("spectral_bandwidth"), spectral_bandwidth(&s, &hz));
            if name != "dc" {
                let values = spectral_contrast(&s, &hz, &ContrastConfig::default());
                contrast.case(&case("spectral_contrast"), &values.expect(VALID));
            }
        }
        if name == "whole" {
            let (s, hz) = (magnitude(&x, StftConfig::new(512, 100)), fft_frequencies(RATE, 512));
            let values = spectral_rolloff(&s, &hz, 0.1).expect(VALID);
            rolloff.values("spectral_rolloff_low_whole", values);
            let values = spectral_flatness(&s, 1e-4).expect(VALID);
            flatness.values("spectral_flatness_amin_whole", values);
            let linear =
                ContrastConfig { f_min_hz: 100.0, n_bands: 4, quantile: 0.1, linear: true };
            let values = spectral_contrast(&s, &hz, &linear).expect(VALID);
            contrast.case("spectral_contrast_linear_whole", &values);
            let quarter_tones = ChromaConfig {
                n_chroma: 24,
                tuning: 0.3,
                octave_width: None,
                ..ChromaConfig::new(RATE, 512)
            };
            let classes = chroma_stft(&s.mapv(|v| v * v), &quarter_tones).expect(VALID);
            chroma.case("chroma_stft_24_whole", &classes);
        }
    }

    let weights = chroma_filter_bank(&ChromaConfig::new(RATE, 2048)).expect(VALID);
    filters.case("chroma_filters_default", &weights.slice(s![.., ..;8]).to_owned());
    let config = ChromaConfig {
        n_chroma: 24,
        tuning: -0.2,
        center_octave: 4.0,
        octave_width: Some(1.0),
        ..ChromaConfig::new(16_000, 400)
    };
    filters.case("chroma_filters_settings", &chroma_filter_bank(&config).expect(VALID));
    tuning.values("tuning", tunings());
    vec![
        rms_row, rms_of, crossings, centroid, bandwidth, rolloff, flatness, contrast, filters,
        chroma, tuning,
    ]
}

/// Of librosa's spectra, and of two sounds, in octaves of 12 and 36.
fn tunings() -> Vec<f32> {
    let mut tunings = Vec::new();
    let sounds = ["cqt_signal", "tuning_chord"].map(|name| {
        let x: Array2<f32> = npy::matrix(&format!("parity/{name}"));
        magnitude(&x.into_raw_vec_and_offset().0, StftConfig::default())
    });
    for classes in [12, 36] {
        for name in ["whole", "short", "one", "silence", "dc"] {
            for (suffix, n_fft) in [("", 2048), ("_hamming", 600)] {
                let s: Array2<f32> = npy::matrix(&format!("parity/magnitude{suffix}_{name}"));
                tunings.push(estimate_tuning(&s.mapv(|v| v * v), RATE, n_fft, classes) as f32);
            }
        }
        for s in &sounds {
            tunings.push(estimate_tuning(&s.mapv(|v| v * v), RATE, 2048, classes) as f32);
        }
    }
    tunings
}
