use proptest::prelude::*;

use super::*;
use crate::{PadMode, Window, synth};

/// Two chords, a chirp and some noise.
fn sound(seconds: f64) -> Signal {
    let mut x = synth::noise(seconds, 22_050, 3);
    x.samples_mut().iter_mut().for_each(|v| *v *= 0.01);
    let parts = [65.4, 110.0, 440.0, 554.4, 1318.5]
        .map(|f| synth::sine(f, seconds, 22_050))
        .into_iter()
        .chain([synth::chirp(200.0, 3000.0, seconds, 22_050)]);
    for part in parts {
        x.samples_mut().iter_mut().zip(part.samples()).for_each(|(y, v)| *y += 0.2 * v);
    }
    x
}

#[test]
fn the_recursion_is_the_definition_within_a_few_hundredths() {
    let x = sound(1.5);
    let config = CqtConfig { pad: PadMode::Reflect, ..CqtConfig::new(22_050) };
    for config in [config, CqtConfig { scale: false, hop_length: 441, ..config }] {
        let fast = Cqt::new(config).expect("valid").magnitude(&x);
        let direct = CqtConfig { method: CqtMethod::Direct, ..config };
        let direct = Cqt::new(direct).expect("valid").magnitude(&x);
        assert_eq!(fast.dim(), direct.dim());
        let largest = direct.iter().copied().fold(0.0, f32::max);
        // Away from the ends: there, the halved signals reflect at other samples.
        for ((k, t), a) in fast.indexed_iter() {
            let inside = (15..fast.ncols().saturating_sub(15)).contains(&t);
            let difference = (a - direct[[k, t]]).abs() / largest;
            assert!(!inside || difference < 0.02, "bin {k}, frame {t}: {difference}");
        }
    }
}

#[test]
fn a_tone_has_the_height_of_its_length() {
    // |C| = sqrt(N) / 2 for amplitude 1: half of a cosine is the positive frequency.
    let config = CqtConfig::new(22_050);
    for method in [CqtMethod::Recursive, CqtMethod::Direct] {
        let cqt = Cqt::new(CqtConfig { method, ..config }).expect("valid");
        for k in [24, 45, 60] {
            let f = config.frequencies()[k];
            let tone = cqt.magnitude(&synth::sine(f, 1.5, 22_050));
            let expected = (config.q() * 22_050.0 / f).sqrt() / 2.0;
            let ratio = f64::from(tone[[k, 30]]) / expected;
            assert!((ratio - 1.0).abs() < 0.02, "{method:?}, bin {k}: {ratio}");
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (x, cqt) = (sound(4.0), Cqt::new(CqtConfig::new(22_050)).expect("valid"));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("a few threads").install(|| cqt.complex(&x))
    };
    assert!(with(1) == with(2) && with(1) == with(5));
}

#[test]
fn hardly_any_sound() {
    let cqt = Cqt::new(CqtConfig::new(22_050)).expect("valid");
    assert_eq!(cqt.magnitude(&Signal::new(vec![], 22_050)).dim(), (84, 0));
    let click = cqt.magnitude(&Signal::new(vec![1.0], 22_050));
    assert!(click.dim() == (84, 1) && click.iter().all(|v| v.is_finite()));
    assert!(cqt.magnitude(&synth::silence(1.0, 22_050)).iter().all(|&v| v == 0.0));
}

#[test]
#[should_panic(expected = "the signal's rate")]
fn a_signal_of_another_rate_is_a_bug() {
    Cqt::new(CqtConfig::new(22_050)).expect("valid").magnitude(&synth::silence(0.1, 8000));
}

#[test]
fn every_setting_has_its_range() {
    let good = CqtConfig::new(22_050);
    let field = |config: CqtConfig| match Cqt::new(config) {
        Err(AudioError::Setting { name, .. }) => name,
        other => panic!("{other:?}"),
    };
    assert_eq!(field(CqtConfig { hop_length: 0, ..good }), "hop_length");
    assert_eq!(field(CqtConfig { n_bins: 0, ..good }), "n_bins");
    assert_eq!(field(CqtConfig { n_bins: 102, ..good }), "n_bins");
    assert_eq!(field(CqtConfig { bins_per_octave: 0, ..good }), "bins_per_octave");
    assert_eq!(field(CqtConfig { f_min_hz: 0.0, ..good }), "f_min_hz");
    assert_eq!(field(CqtConfig { filter_scale: f64::NAN, ..good }), "filter_scale");
    assert_eq!(field(CqtConfig { sparsity: 1.0, ..good }), "sparsity");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn any_settings_give_numbers_and_buffers_do_not_matter(
        length in 1usize..3000, hop in 1usize..700, bins_per_octave in 1usize..40,
        n_bins in 1usize..30, early in 0usize..3
    ) {
        let config = CqtConfig {
            hop_length: hop,
            n_bins,
            bins_per_octave,
            f_min_hz: [200.0, 20.0, 5.0][early],
            filter_scale: 0.25,
            window: Window::Hamming,
            ..CqtConfig::new(8000)
        };
        prop_assume!(config.validate().is_ok());
        let x = Signal::new(synth::noise(1.0, 8000, 5).samples()[..length].to_vec(), 8000);
        let cqt = Cqt::new(config).expect("valid");
        let fresh = cqt.magnitude(&x);
        let mut used = Array2::from_elem(fresh.dim().f(), f32::NAN);
        cqt.magnitude_into(&x, &mut used);
        prop_assert!(fresh.nrows() == n_bins && fresh.ncols() > 0 && fresh == used);
        prop_assert!(fresh.iter().all(|v| v.is_finite()));
    }
}
