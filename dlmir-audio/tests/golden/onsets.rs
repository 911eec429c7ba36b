//! madmom's spectrograms, onset functions and peaks.

use dlmir_audio::{
    LogFiltered, LogFilteredConfig, PeakPicker, PeakPickingConfig, Signal, combine_left,
    complex_flux, flux_lag, spectral_flux, superflux,
};
use ndarray::{Array2, s};

use super::npy;

fn signal(sample_rate: u32) -> Signal {
    Signal::new(npy::vector("onsets/signal"), sample_rate)
}

fn quarter_tones(sample_rate: u32) -> LogFilteredConfig {
    let config = LogFilteredConfig { bands_per_octave: 24, ..LogFilteredConfig::new(sample_rate) };
    config.with_frames_per_second(200.0)
}

fn spectrogram(config: LogFilteredConfig) -> Array2<f32> {
    LogFiltered::new(config).expect("valid").compute(&signal(config.sample_rate))
}

#[track_caller]
fn assert_close<'a>(
    found: impl IntoIterator<Item = &'a f32>,
    expected: impl IntoIterator<Item = &'a f32>,
    tolerance: f32,
) {
    let (found, expected): (Vec<_>, Vec<_>) =
        (found.into_iter().collect(), expected.into_iter().collect());
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.into_iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance, "value {i}: {a}, expected {b}");
    }
}

#[test]
fn logarithmically_filtered_spectrograms() {
    let semitones = spectrogram(LogFilteredConfig::new(44_100));
    let expected = npy::matrix::<f32>("onsets/logfilt_100fps");
    assert_eq!(semitones.dim(), expected.dim());
    assert_close(&semitones, &expected, 5e-6);

    let fine = spectrogram(quarter_tones(44_100));
    assert_eq!(fine.dim(), (140, 100));
    assert_close(fine.slice(s![.., ..;3]), &npy::matrix("onsets/logfilt_200fps"), 5e-6);

    let normalized = spectrogram(LogFilteredConfig {
        n_fft: 1024,
        bands_per_octave: 6,
        normalize: true,
        gain: 5.0,
        ..LogFilteredConfig::new(22_050)
    });
    assert_eq!(normalized.ncols(), 100);
    let expected = npy::matrix("onsets/logfilt_22050_normalized");
    assert_close(normalized.slice(s![.., ..;3]), &expected, 5e-6);
}

/// A sum of up to 140 bands, each as good as above.
#[test]
fn onset_functions() {
    let semitones = LogFilteredConfig::new(44_100);
    let flux = spectral_flux(spectrogram(semitones).view(), flux_lag(&semitones, 0.5));
    assert_close(&flux, &npy::vector("onsets/spectral_flux"), 1e-4);
    for (rate, name) in [(44_100, "onsets/superflux"), (22_050, "onsets/superflux_22050")] {
        let config = quarter_tones(rate);
        let flux = superflux(spectrogram(config).view(), flux_lag(&config, 0.5), 3);
        assert_close(&flux, &npy::vector(name), 1e-4);
    }
    // Phases of bins near silence are known less well.
    for (rate, name) in [(44_100, "onsets/complex_flux"), (22_050, "onsets/complex_flux_22050")] {
        let config = quarter_tones(rate);
        let front_end = LogFiltered::new(config).expect("valid");
        let flux = complex_flux(&front_end, &signal(rate), flux_lag(&config, 0.5));
        assert_close(&flux, &npy::vector(name), 1e-3);
    }
}

#[test]
fn peaks() {
    let activation = npy::vector("onsets/activation");
    let of_flux = PeakPickingConfig::of_flux;
    let plain = PeakPickingConfig {
        pre_avg_s: 0.0,
        pre_max_s: 0.0,
        post_max_s: 0.0,
        combine_s: 0.04,
        ..of_flux(1.5)
    };
    let everything = PeakPickingConfig {
        threshold: 0.5,
        smooth_s: 0.05,
        pre_avg_s: 0.1,
        post_avg_s: 0.07,
        pre_max_s: 0.02,
        post_max_s: 0.03,
        combine_s: 0.05,
        delay_s: 0.2,
    };
    for (name, config, fps) in [
        ("flux", of_flux(0.3), 100.0),
        ("superflux", of_flux(0.2), 200.0),
        ("network", PeakPickingConfig::of_network(4.4), 100.0),
        ("no_maximum", plain, 100.0),
        ("everything", everything, 100.0),
    ] {
        let found = PeakPicker::new(config, fps).expect("valid").pick(&activation);
        assert_times(&found, &npy::vector(&format!("onsets/peaks_{name}")), name);
    }
    let events = npy::vector::<f64>("onsets/events");
    assert_times(&combine_left(&events, 0.03), &npy::vector("onsets/events_left"), "left");
}

#[track_caller]
fn assert_times(found: &[f64], expected: &[f64], name: &str) {
    assert_eq!(found.len(), expected.len(), "{name}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() < 1e-9, "{name}: {a}, expected {b}");
    }
}
