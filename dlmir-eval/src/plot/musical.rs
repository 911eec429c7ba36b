//! What is written beside a picture of sound: Hz, mel or notes upwards; seconds or bars to the right.

use super::axis::Axis;

/// What stands at the frequency axis of a spectrogram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FrequencyScale {
    /// Round frequencies in Hz.
    #[default]
    Hz,
    /// Round numbers of mel, 2595 log10(1 + f / 700): the scale of pitch as heard (O'Shaughnessy (1987),
    /// "Speech communication"; HTK's formula).
    Mel,
    /// Notes by name, C4 being middle C, in equal temperament at A4 = 440 Hz: every C, and where there is room
    /// the notes of the scale between.
    Notes,
}

/// What stands at the time axis of a plot.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub enum TimeScale<'a> {
    /// Seconds.
    #[default]
    Seconds,
    /// Numbers of bars, from 1. The times are those of the downbeats in seconds, rising; where they stand
    /// close, every second, fourth or eighth is written.
    Bars(&'a [f64]),
}

impl FrequencyScale {
    pub(super) fn label(self) -> String {
        let label = match self {
            FrequencyScale::Hz => "frequency (Hz)",
            FrequencyScale::Mel => "frequency (mel)",
            FrequencyScale::Notes => "note",
        };
        label.to_owned()
    }

    /// Round values at the place between the bands where they belong, far enough apart to be read.
    pub(super) fn ticks(self, band_hz: &[f32]) -> Vec<(f64, String)> {
        let mut ticks: Vec<(f64, String)> = Vec::new();
        let closest = band_hz.len() as f64 / 14.0;
        let (first, last) = (band_hz[0], band_hz[band_hz.len() - 1]);
        for (hz, text) in self.candidates() {
            if (first..=last).contains(&hz) {
                let at = place(band_hz, hz);
                if ticks.iter().all(|tick| (tick.0 - at).abs() >= closest) {
                    ticks.push((at, text));
                }
            }
        }
        ticks
    }

    /// Values that may be written, and where. Those that come first stay where two collide.
    fn candidates(self) -> Vec<(f32, String)> {
        match self {
            FrequencyScale::Hz => {
                let decades = [10.0, 100.0, 1000.0, 10_000.0_f32];
                // Rounder numbers first: all ones, then fives, then twos and the rest.
                let factors = [1.0, 5.0, 2.0, 3.0, 7.0, 4.0, 6.0, 8.0, 9.0, 1.5];
                let all = factors.iter().flat_map(|factor| decades.map(|decade| decade * factor));
                all.map(|hz| (hz, format!("{hz}"))).collect()
            }
            FrequencyScale::Mel => {
                let thousands = (0..=5).map(|k| 1000 * k);
                let halves = (0..=5).map(|k| 1000 * k + 500);
                let quarters = (0..=10).map(|k| 500 * k + 250);
                let hundreds = (1..=50).map(|k| 100 * k);
                let all = thousands.chain(halves).chain(quarters).chain(hundreds);
                let hz = |mel: i32| 700.0 * (10_f32.powf(mel as f32 / 2595.0) - 1.0);
                all.map(|mel| (hz(mel), mel.to_string())).collect()
            }
            FrequencyScale::Notes => {
                // C first, then G, E, A, D, F, B: as many as fit, the same in each octave.
                let names = [(0, "C"), (7, "G"), (4, "E"), (9, "A"), (2, "D"), (5, "F"), (11, "B")];
                let mut all = Vec::new();
                for (semitone, name) in names {
                    for octave in 0..=10 {
                        let midi = 12 * (octave + 1) + semitone;
                        let hz = 440.0 * ((midi - 69) as f32 / 12.0).exp2();
                        all.push((hz, format!("{name}{octave}")));
                    }
                }
                all
            }
        }
    }
}

impl TimeScale<'_> {
    /// From `start` to `end` seconds, with about `n` ticks.
    pub(super) fn axis(self, start: f64, end: f64, n: usize) -> Axis {
        let seconds = Axis::exact("time (s)", start, end, n);
        let TimeScale::Bars(downbeats) = self else { return seconds };
        let inside: Vec<(usize, f64)> = downbeats
            .iter()
            .enumerate()
            .filter(|(_, at)| (start..=end).contains(*at))
            .map(|(k, &at)| (k + 1, at))
            .collect();
        let mut every = 1;
        while inside.len() > every * 16 {
            every *= 2;
        }
        let written = inside.into_iter().filter(|(bar, _)| (bar - 1).is_multiple_of(every));
        let ticks = written.map(|(bar, at)| (at, bar.to_string())).collect();
        Axis { label: "bar".to_owned(), ticks, ..seconds }
    }
}

/// The band number, with a fraction, at which a frequency lies.
fn place(band_hz: &[f32], hz: f32) -> f64 {
    let above = band_hz.partition_point(|&band| band < hz).min(band_hz.len() - 1);
    let below = above.saturating_sub(1);
    let gap = band_hz[above] - band_hz[below];
    if gap > 0.0 { below as f64 + f64::from((hz - band_hz[below]) / gap) } else { above as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_placed_between_bands() {
        let bands = [0.0, 100.0, 300.0, 300.0];
        assert_eq!(place(&bands, 50.0), 0.5);
        assert_eq!(place(&bands, 200.0), 1.5);
        assert_eq!(place(&bands, 0.0), 0.0);
        assert_eq!(place(&[440.0], 440.0), 0.0);
    }

    #[test]
    fn ticks_keep_their_distance() {
        let linear: Vec<f32> = (0..1025).map(|k| k as f32 * 22_050.0 / 2048.0).collect();
        let logarithmic: Vec<f32> = (0..84).map(|k| 32.703 * 2_f32.powf(k as f32 / 12.0)).collect();
        for bands in [&linear, &logarithmic] {
            for (scale, wanted) in [
                (FrequencyScale::Hz, "1000"),
                (FrequencyScale::Mel, "1000"),
                (FrequencyScale::Notes, "C7"),
            ] {
                let ticks = scale.ticks(bands);
                assert!((2..=14).contains(&ticks.len()), "{ticks:?}");
                assert!(ticks.iter().any(|tick| tick.1 == wanted), "{ticks:?}");
            }
        }
    }

    #[test]
    fn notes_stand_at_their_bands() {
        let from_c1: Vec<f32> = (0..84).map(|k| 32.7032 * 2_f32.powf(k as f32 / 12.0)).collect();
        let ticks = FrequencyScale::Notes.ticks(&from_c1);
        let at = |name: &str| ticks.iter().find(|tick| tick.1 == name).map(|tick| tick.0);
        assert!((at("C4").unwrap() - 36.0).abs() < 0.01, "{ticks:?}");
        assert!(ticks.iter().filter(|tick| tick.1.starts_with('C')).count() >= 6, "{ticks:?}");
    }

    #[test]
    fn thousand_mel_are_thousand_hertz() {
        let candidates = FrequencyScale::Mel.candidates();
        let (hz, _) = candidates.iter().find(|tick| tick.1 == "1000").unwrap();
        assert!((hz - 1000.0).abs() < 0.1, "{hz}");
    }

    #[test]
    fn bars_are_numbered_and_thinned_out() {
        let downbeats: Vec<f64> = (0..40).map(|bar| 0.5 + 2.0 * f64::from(bar)).collect();
        let short = TimeScale::Bars(&downbeats).axis(2.0, 9.0, 10);
        assert_eq!(
            short.ticks,
            [(2.5, "2".into()), (4.5, "3".into()), (6.5, "4".into()), (8.5, "5".into())]
        );
        let long = TimeScale::Bars(&downbeats).axis(0.0, 80.0, 10);
        assert_eq!(long.ticks[..2], [(0.5, "1".into()), (8.5, "5".into())]);
        assert_eq!((long.low, long.high, long.label.as_str()), (0.0, 80.0, "bar"));
    }
}
