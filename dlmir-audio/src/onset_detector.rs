//! Onset detection without a network: front end, onset function and peak picking as one.
//!
//! ```text
//! method         frames per second   bands per octave   function         threshold      does not mind
//! SpectralFlux   100                 12                 spectral flux    1.6
//! SuperFlux      200                 24                 superflux        1.1            vibrato
//! ComplexFlux    200                 24                 complex flux     0.25           vibrato and tremolo
//! ```
//!
//! All three take frames of 2048 samples at the rate of the file, and pick peaks as [`PeakPickingConfig::of_flux`] says. These are the
//! settings of madmom's programs, chosen by their authors on their own recordings; the thresholds are for samples in -1 ... 1. Nothing in
//! them is learnt, which makes them the baseline that a network has to beat. They detect 16 onsets a second at most, and know nothing of
//! loudness: soft notes under loud ones, slow glides and dense mixtures are where they fail.

use crate::{
    AudioError, LogFiltered, LogFilteredConfig, PeakPicker, PeakPickingConfig, Signal,
    complex_flux, flux_lag, spectral_flux, superflux,
};

/// The share of the window's height that fixes the lag of the flux.
const LAG_RATIO: f32 = 0.5;

/// Bands among which SuperFlux looks for a moving tone.
const MAX_BINS: usize = 3;

/// How the onset function is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnsetMethod {
    /// What gets louder, band by band. Boeck, Krebs, Schedl (2012).
    SpectralFlux,
    /// The same, blind to tones that move to a neighbouring band. Boeck, Widmer (2013), DAFx.
    SuperFlux,
    /// SuperFlux weighted by the local group delay. Boeck, Widmer (2013), ISMIR.
    ComplexFlux,
}

impl OnsetMethod {
    /// The front end's settings.
    pub fn front_end(self, sample_rate: u32) -> LogFilteredConfig {
        let config = LogFilteredConfig::new(sample_rate);
        match self {
            OnsetMethod::SpectralFlux => config,
            OnsetMethod::SuperFlux | OnsetMethod::ComplexFlux => {
                LogFilteredConfig { bands_per_octave: 24, ..config }.with_frames_per_second(200.0)
            }
        }
    }

    /// The peak picker's settings.
    pub fn peak_picking(self) -> PeakPickingConfig {
        PeakPickingConfig::of_flux(match self {
            OnsetMethod::SpectralFlux => 1.6,
            OnsetMethod::SuperFlux => 1.1,
            OnsetMethod::ComplexFlux => 0.25,
        })
    }
}

/// A planned onset detector, for any number of signals and threads.
///
/// ```
/// use dlmir_audio::{OnsetDetector, OnsetMethod, synth};
///
/// let clicks = synth::click_train(&[0.3, 0.7, 1.2], 1.5, 44_100);
/// let detector = OnsetDetector::new(OnsetMethod::SuperFlux, 44_100)?;
/// let onsets = detector.detect(&clicks);
/// assert_eq!(onsets.len(), 3);
/// assert!(onsets.iter().zip([0.3, 0.7, 1.2]).all(|(found, true_s)| (found - true_s).abs() < 0.025));
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct OnsetDetector {
    method: OnsetMethod,
    front_end: LogFiltered,
    lag: usize,
    picker: PeakPicker,
}

impl OnsetDetector {
    /// A detector for signals of one rate, with the method's own settings.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a sample rate too low to have bands and frames.
    pub fn new(method: OnsetMethod, sample_rate: u32) -> Result<OnsetDetector, AudioError> {
        OnsetDetector::with_peak_picking(method, sample_rate, method.peak_picking())
    }

    /// A detector with other settings of peak picking.
    ///
    /// # Errors
    /// As [`new`](OnsetDetector::new), and for a setting of peak picking outside its range.
    pub fn with_peak_picking(
        method: OnsetMethod,
        sample_rate: u32,
        peak_picking: PeakPickingConfig,
    ) -> Result<OnsetDetector, AudioError> {
        let config = method.front_end(sample_rate);
        let front_end = LogFiltered::new(config)?;
        let lag = flux_lag(&config, LAG_RATIO);
        let picker = PeakPicker::new(peak_picking, config.frames_per_second())?;
        Ok(OnsetDetector { method, front_end, lag, picker })
    }

    /// The front end.
    pub fn front_end(&self) -> &LogFiltered {
        &self.front_end
    }

    /// The peak picker.
    pub fn picker(&self) -> &PeakPicker {
        &self.picker
    }

    /// The onset function, `[frames]`, at [`LogFilteredConfig::frames_per_second`] of the front end.
    ///
    /// # Panics
    /// If the signal has another rate, or a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn activation(&self, signal: &Signal) -> Vec<f32> {
        match self.method {
            OnsetMethod::SpectralFlux => {
                spectral_flux(self.front_end.compute(signal).view(), self.lag)
            }
            OnsetMethod::SuperFlux => {
                superflux(self.front_end.compute(signal).view(), self.lag, MAX_BINS)
            }
            OnsetMethod::ComplexFlux => complex_flux(&self.front_end, signal, self.lag),
        }
    }

    /// The onsets' times in seconds, rising.
    ///
    /// # Panics
    /// As [`activation`](OnsetDetector::activation).
    #[track_caller]
    pub fn detect(&self, signal: &Signal) -> Vec<f64> {
        self.picker.pick(&self.activation(signal))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth;

    const ALL: [OnsetMethod; 3] =
        [OnsetMethod::SpectralFlux, OnsetMethod::SuperFlux, OnsetMethod::ComplexFlux];

    #[test]
    fn clicks_are_found_at_any_rate() {
        let times = [0.25, 0.5, 0.61, 1.0];
        for rate in [8000, 22_050, 44_100, 96_000] {
            for method in ALL {
                let detector = OnsetDetector::new(method, rate).expect("valid");
                let found = detector.detect(&synth::click_train(&times, 1.2, rate));
                // Frames of 2048 samples, a quarter of a second at 8 kHz, join the two that are 110 ms apart.
                let expected = if rate == 8000 { 3 } else { 4 };
                assert!(found.len() >= expected, "{method:?} at {rate} Hz: {found:?}");
            }
        }
    }

    /// Ten notes of ten partials, one a second from 0.5 s on, with a vibrato of 6 Hz and so many cents to either side.
    fn melody(vibrato_cents: f64, attack_s: f64, decay_per_s: f64) -> Signal {
        let mut sound = synth::noise(10.8, 44_100, 1);
        let (mut phase, mut last) = (0.0, usize::MAX);
        for (n, x) in sound.samples_mut().iter_mut().enumerate() {
            *x *= 1e-4;
            let t = n as f64 / 44_100.0 - 0.5;
            let (note, t) = (t.floor().max(0.0) as usize, t - t.floor().max(0.0));
            if !(0.0..0.95).contains(&t) || note > 9 {
                continue;
            }
            if note != last {
                (phase, last) = (0.0, note);
            }
            let midi = [57.0, 60.0, 62.0, 64.0, 67.0, 64.0, 62.0, 60.0, 57.0, 62.0][note];
            let bend = vibrato_cents / 100.0 * (std::f64::consts::TAU * 6.0 * t).sin();
            phase += 440.0 * ((midi + bend - 69.0) / 12.0f64).exp2() / 44_100.0;
            let partial =
                |k: i32| (std::f64::consts::TAU * f64::from(k) * phase).sin() / f64::from(k);
            let end = ((0.95 - t) / 0.02).min(1.0);
            let level = (t / attack_s).min(1.0) * (-decay_per_s * t).exp() * end;
            *x += (0.3 * level * (1..=10).map(partial).sum::<f64>()) as f32;
        }
        sound
    }

    /// Hits within 25 ms of the ten notes, and what was found beside them.
    fn hits_and_extra(method: OnsetMethod, sound: &Signal) -> (usize, usize) {
        let found = OnsetDetector::new(method, 44_100).expect("valid").detect(sound);
        let near = |note: &usize| found.iter().any(|t| (t - 0.5 - *note as f64).abs() <= 0.025);
        let hits = (0..10).filter(near).count();
        (hits, found.len() - hits)
    }

    /// What madmom's programs find in such melodies: all of a plucked one; of one with a vibrato of half a semitone SuperFlux still
    /// all, the other two dozens of onsets too many.
    #[test]
    fn superflux_does_not_mind_vibrato() {
        for method in ALL {
            assert_eq!(hits_and_extra(method, &melody(0.0, 0.003, 5.0)), (10, 0), "{method:?}");
        }
        let trembling = melody(50.0, 0.03, 0.0);
        assert_eq!(hits_and_extra(OnsetMethod::SuperFlux, &trembling), (10, 0));
        assert!(hits_and_extra(OnsetMethod::SpectralFlux, &trembling).1 > 20);
        assert!(hits_and_extra(OnsetMethod::ComplexFlux, &trembling).1 > 10);
    }

    #[test]
    fn silence_has_no_onsets() {
        for method in ALL {
            let detector = OnsetDetector::new(method, 44_100).expect("valid");
            assert!(detector.detect(&synth::silence(1.0, 44_100)).is_empty());
            assert!(detector.detect(&synth::silence(0.0, 44_100)).is_empty());
        }
    }

    #[test]
    fn a_rate_without_bands_is_refused() {
        assert!(OnsetDetector::new(OnsetMethod::SuperFlux, 50).is_err());
    }
}
