use proptest::prelude::*;

use super::*;
use crate::{PadMode, Window, synth};

#[test]
fn silence_and_constants() {
    let config = StftConfig { center: false, ..StftConfig::new(64, 16) };
    let silence = stft(&[0.0; 128], &config).expect("valid");
    assert!(silence.iter().all(|bin| *bin == Complex32::default()));
    // The mean of a Hann window is 1/2, its transform reaches one bin to each side.
    let constant = stft(&[1.0; 128], &config).expect("valid");
    for spectrum in constant.columns() {
        assert!((spectrum[0].norm() - 32.0).abs() < 1e-5);
        assert!((spectrum[1].norm() - 16.0).abs() < 1e-5);
        assert!(spectrum.iter().skip(2).all(|bin| bin.norm() < 1e-5));
    }
}

#[test]
fn too_short_a_signal_has_no_frames() {
    let uncentered = StftConfig { center: false, ..StftConfig::new(64, 16) };
    assert_eq!(stft(&[1.0; 63], &uncentered).expect("valid").dim(), (33, 0));
    assert_eq!(stft(&[], &StftConfig::default()).expect("valid").dim(), (1025, 0));
    assert_eq!(stft(&[1.0], &StftConfig::default()).expect("valid").dim(), (1025, 1));
}

#[test]
fn frames_have_times() {
    let config = StftConfig::new(2048, 441);
    assert_eq!(config.frame_time_s(100, 44_100), 1.0);
    let uncentered = StftConfig { center: false, ..config };
    assert_eq!(uncentered.frame_time_s(0, 2048), 0.5);
}

#[test]
fn every_setting_has_its_range() {
    let field = |config: StftConfig| match Stft::new(config) {
        Err(AudioError::Setting { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    let good = StftConfig::default();
    assert_eq!(field(StftConfig { n_fft: 0, ..good }), "n_fft");
    assert_eq!(field(StftConfig { hop_length: 0, ..good }), "hop_length");
    assert_eq!(field(StftConfig { win_length: Some(0), ..good }), "win_length");
    assert_eq!(field(StftConfig { win_length: Some(2049), ..good }), "win_length");
}

#[test]
fn a_sample_that_is_none_is_named() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -2e10] {
        let mut x = vec![0.0; 500];
        x[321] = value;
        let spectra = || stft(&x, &StftConfig::new(64, 16)).map(|spectra| spectra.dim());
        let caught = std::panic::catch_unwind(spectra).expect_err("refused");
        let message = caught.downcast_ref::<String>().expect("a formatted message");
        assert!(message.starts_with("stft: sample 321 is "), "{message}");
    }
    let loudest = stft(&[signal::MAX_SAMPLE; 64], &StftConfig::new(64, 16)).expect("valid");
    assert!(loudest.iter().all(|bin| bin.norm_sqr().is_finite()));
}

#[test]
fn an_array_of_the_right_shape_is_kept() {
    let x = synth::noise(0.5, 8000, 1);
    let stft = Stft::new(StftConfig::new(256, 64)).expect("valid");
    let mut out = Array2::from_elem((129, 63).f(), f32::NAN);
    let before = out.as_ptr();
    stft.power_into(x.samples(), &mut out);
    assert_eq!(out.as_ptr(), before);
    assert_eq!(out, stft.power(x.samples()));
    // In an array of that shape in standard layout, frames do not lie one behind the other.
    let mut standard = Array2::from_elem((129, 63), f32::NAN);
    stft.power_into(x.samples(), &mut standard);
    assert!(standard.t().is_standard_layout() && standard == out);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let x = synth::noise(2.0, 8000, 2);
    let stft = Stft::new(StftConfig::new(128, 32)).expect("valid");
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a few threads").install(|| stft.complex(x.samples()))
    };
    let one = with(1);
    assert!(one.ncols() > 4 * BLOCK);
    assert!(one == with(2) && one == with(5));
}

proptest! {
    // As for the transform itself: a few roundings of 2^-24 per stage, of numbers up to sqrt(n_fft) in the mean, five times that for
    // the worst; and a power is two factors |X|, each off by as much.
    #[test]
    fn the_kernel_computes_the_definition(
        length in 0usize..300, n_fft in 1usize..70, win in 1usize..70, hop in 1usize..40,
        window in 0..4, center: bool, reflect: bool, seed: u64
    ) {
        let x = synth::noise(length as f64 / 1000.0, 1000, seed);
        let config = StftConfig {
            n_fft,
            win_length: Some(win.min(n_fft)),
            hop_length: hop,
            window: [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular]
                [window as usize],
            center,
            pad: if reflect { PadMode::Reflect } else { PadMode::Zero },
        };
        let exact = reference(x.samples(), &config).expect("valid");
        let plan = Stft::new(config).expect("valid");
        let complex = plan.complex(x.samples());
        let magnitude = plan.magnitude(x.samples());
        let power = plan.power(x.samples());
        prop_assert_eq!(complex.dim(), exact.dim());
        prop_assert_eq!(complex.dim(), (config.bins(), config.frames(length)));
        let size = n_fft as f64;
        let error = 2f64.powi(-24) * 5.0 * (2.0 * size.log2() + 4.0) * size.sqrt();
        for (at, bin) in exact.indexed_iter() {
            let (re, im) = (f64::from(complex[at].re), f64::from(complex[at].im));
            prop_assert!((re - bin.re).abs() <= error && (im - bin.im).abs() <= error);
            prop_assert!((f64::from(magnitude[at]) - bin.norm()).abs() <= 2.0 * error);
            let of_power = error * (2.0 * bin.norm() + error) + 2f64.powi(-22) * bin.norm_sqr();
            prop_assert!((f64::from(power[at]) - bin.norm_sqr()).abs() <= of_power);
        }
    }
}
