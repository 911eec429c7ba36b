//! Peak picking: from a curve that rises at every onset to the times of the onsets.
//!
//! An activation x says for every frame how much it looks like an onset; a note makes a hill of several frames. A frame t is taken if it
//!
//! ```text
//! 1. smoothed       x = sum of x[t + i] times a Hamming window of n points, not normalised            (a network's output is jagged)
//! 2. stands out     x[t] >= mean of x[t - pre_avg ... t + post_avg] + threshold       zeros outside; no mean if both are 0
//! 3. is the top     x[t] is the largest of those in t - pre_max ... t + post_max that stand out       all if both are 0
//! ```
//!
//! The mean follows the loudness of the piece, so that one threshold suits loud and soft passages. At last, 4., what comes within
//! `combine` seconds of the onset before is dropped ([`combine_left`]): a hill with a flat top has several largest frames, and strokes so
//! close are heard as one. A look ahead of 50 ms (`post_max`) lets through 16 onsets a second at most.
//!
//! All lengths are in seconds and rounded to frames. The Hamming windows' sums are above 1 (7 points: 3.32), so that after smoothing a
//! threshold is no probability.
//!
//! Source: Boeck, Krebs, Schedl (2012), "Evaluating the online capabilities of onset detection methods", ISMIR, section 2.4; figures as
//! madmom's `OnsetPeakPickingProcessor` (0.16.1). Its mean is a running sum in single precision, ours in double; activations on the
//! threshold may differ.

use crate::{AudioError, Window};

/// What counts as the same time where events are joined, in seconds.
const SAME_TIME_S: f64 = 1e-12;

/// The longest of all lengths that can be meant, in seconds.
const MAX_LENGTH_S: f64 = 3600.0;

/// Settings of peak picking; lengths in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PeakPickingConfig {
    /// How far above the mean a peak must be.
    pub threshold: f64,
    /// Length of the smoothing window; 0: none.
    pub smooth_s: f64,
    /// The mean's reach before the frame.
    pub pre_avg_s: f64,
    /// The mean's reach after the frame.
    pub post_avg_s: f64,
    /// How far before it a peak must be the largest.
    pub pre_max_s: f64,
    /// How far after it a peak must be the largest.
    pub post_max_s: f64,
    /// Onsets closer than this are one.
    pub combine_s: f64,
    /// Added to all times: what is to be made up for.
    pub delay_s: f64,
}

impl PeakPickingConfig {
    /// For spectral flux and its kin: the mean of 150 ms before, the largest from 10 ms before to 50 ms after, joined within 30 ms.
    pub fn of_flux(threshold: f64) -> PeakPickingConfig {
        PeakPickingConfig {
            threshold,
            smooth_s: 0.0,
            pre_avg_s: 0.15,
            post_avg_s: 0.0,
            pre_max_s: 0.01,
            post_max_s: 0.05,
            combine_s: 0.03,
            delay_s: 0.0,
        }
    }

    /// For networks, whose activations are small but at onsets: smoothed over 70 ms, no mean, the largest of three frames at 100 frames
    /// per second, joined within 30 ms.
    pub fn of_network(threshold: f64) -> PeakPickingConfig {
        PeakPickingConfig {
            smooth_s: 0.07,
            pre_avg_s: 0.0,
            post_max_s: 0.01,
            ..PeakPickingConfig::of_flux(threshold)
        }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        for (name, value) in [("threshold", self.threshold), ("delay_s", self.delay_s)] {
            if !value.is_finite() {
                return Err(AudioError::setting(name, value, "it must be a number"));
            }
        }
        for (name, value) in [
            ("smooth_s", self.smooth_s),
            ("pre_avg_s", self.pre_avg_s),
            ("post_avg_s", self.post_avg_s),
            ("pre_max_s", self.pre_max_s),
            ("post_max_s", self.post_max_s),
            ("combine_s", self.combine_s),
        ] {
            if !(0.0..=MAX_LENGTH_S).contains(&value) {
                let rule = format!("it must be 0 to {MAX_LENGTH_S} seconds");
                return Err(AudioError::setting(name, value, rule));
            }
        }
        Ok(())
    }
}

/// A peak picker for activations of one frame rate.
///
/// ```
/// use dlmir_audio::{PeakPicker, PeakPickingConfig};
///
/// let config = PeakPickingConfig { pre_avg_s: 0.03, ..PeakPickingConfig::of_flux(0.5) };
/// let picker = PeakPicker::new(config, 100.0)?;
/// let onsets = picker.pick(&[0.0, 0.1, 1.0, 0.9, 0.2, 0.1, 0.1, 0.1, 0.1, 0.8, 0.1]);
/// assert_eq!(onsets, [0.02, 0.09]); // frames 2 and 9 of 10 ms
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PeakPicker {
    config: PeakPickingConfig,
    frames_per_second: f64,
    smoothing: Vec<f32>,
}

impl PeakPicker {
    /// A picker for `frames_per_second` values a second.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range, and for a smoothing window of a single frame, which would do nothing.
    pub fn new(
        config: PeakPickingConfig,
        frames_per_second: f64,
    ) -> Result<PeakPicker, AudioError> {
        config.validate()?;
        if !(frames_per_second > 0.0 && frames_per_second.is_finite()) {
            let rule = "it must be above 0";
            return Err(AudioError::setting("frames_per_second", frames_per_second, rule));
        }
        let points = (config.smooth_s * frames_per_second).round() as usize;
        if points == 1 {
            let rule = format!("at {frames_per_second} frames per second this is a single frame");
            return Err(AudioError::setting("smooth_s", config.smooth_s, rule));
        }
        let smoothing = Window::Hamming.symmetric(points);
        Ok(PeakPicker { config, frames_per_second, smoothing })
    }

    /// The settings.
    pub fn config(&self) -> &PeakPickingConfig {
        &self.config
    }

    /// The times of the peaks of `activation`, `[frames]`, in seconds, rising.
    ///
    /// # Panics
    /// If a value of the activation is NaN or infinite.
    #[track_caller]
    pub fn pick(&self, activation: &[f32]) -> Vec<f64> {
        let PeakPickingConfig { combine_s, delay_s, .. } = self.config;
        let time = |t: &usize| *t as f64 / self.frames_per_second + delay_s;
        let times: Vec<f64> = self.peaks(activation).iter().map(time).collect();
        combine_left(&times, combine_s)
    }

    /// The frames of the peaks, before any are joined.
    #[track_caller]
    fn peaks(&self, activation: &[f32]) -> Vec<usize> {
        if let Some(t) = activation.iter().position(|x| !x.is_finite()) {
            panic!("peak picking: frame {t} of the activation is {}", activation[t]);
        }
        let frames = |seconds: f64| (seconds * self.frames_per_second).round() as usize;
        let PeakPickingConfig { pre_avg_s, post_avg_s, pre_max_s, post_max_s, .. } = self.config;
        let threshold = self.config.threshold as f32;

        let x = smooth(activation, &self.smoothing);
        let mean = moving_mean(&x, frames(pre_avg_s), frames(post_avg_s));
        let candidate = |(&x, mean): (&f32, f32)| if x >= mean + threshold { x } else { 0.0 };
        let candidates: Vec<f32> = x.iter().zip(mean).map(candidate).collect();
        let (before, after) = (frames(pre_max_s), frames(post_max_s));
        let is_top = |&t: &usize| {
            let around = &candidates[t.saturating_sub(before)..(t + after + 1).min(x.len())];
            candidates[t] != 0.0 && around.iter().all(|&other| other <= candidates[t])
        };
        (0..x.len()).filter(is_top).collect()
    }
}

/// The convolution of `x` with a window, as long as `x`: the middle of the window is at the frame, or one of two middles at the later.
fn smooth(x: &[f32], window: &[f32]) -> Vec<f32> {
    if window.is_empty() {
        return x.to_vec();
    }
    let lead = (window.len() - 1) / 2;
    let value = |t: usize| -> f32 {
        // y[t] = sum over i of window[i] x[t + lead - i]
        let terms = window.iter().enumerate();
        terms.filter_map(|(i, w)| Some(w * x.get((t + lead).checked_sub(i)?)?)).sum()
    };
    (0..x.len()).map(value).collect()
}

/// The mean of `x[t - before ... t + after]` for every t, with zeros outside; 0 if there is nothing but the frame itself.
fn moving_mean(x: &[f32], before: usize, after: usize) -> Vec<f32> {
    if before + after == 0 {
        return vec![0.0; x.len()];
    }
    // sums[t] is the sum of all before t.
    let mut sums = vec![0.0f64];
    sums.extend(x.iter().scan(0.0f64, |sum, &x| {
        *sum += f64::from(x);
        Some(*sum)
    }));
    let length = (before + after + 1) as f64;
    let mean = |t: usize| {
        let end = (t + after + 1).min(x.len());
        ((sums[end] - sums[t.saturating_sub(before)]) / length) as f32
    };
    (0..x.len()).map(mean).collect()
}

/// `times_s`, rising, without those that come within `within_s` seconds of the last one kept.
///
/// ```
/// use dlmir_audio::combine_left;
///
/// assert_eq!(combine_left(&[1.0, 1.02, 1.04, 1.05], 0.03), [1.0, 1.04]);
/// ```
pub fn combine_left(times_s: &[f64], within_s: f64) -> Vec<f64> {
    let mut kept: Vec<f64> = Vec::with_capacity(times_s.len());
    for &time in times_s {
        if kept.last().is_none_or(|last| time - last > within_s + SAME_TIME_S) {
            kept.push(time);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing but a threshold, at 100 frames per second.
    const PLAIN: PeakPickingConfig = PeakPickingConfig {
        threshold: 0.5,
        smooth_s: 0.0,
        pre_avg_s: 0.0,
        post_avg_s: 0.0,
        pre_max_s: 0.0,
        post_max_s: 0.0,
        combine_s: 0.0,
        delay_s: 0.0,
    };

    fn pick(config: PeakPickingConfig, activation: &[f32]) -> Vec<f64> {
        PeakPicker::new(config, 100.0).expect("valid").pick(activation)
    }

    #[test]
    fn without_a_maximum_all_frames_above_the_threshold_are_taken() {
        assert_eq!(pick(PLAIN, &[0.5, 0.4, 0.6, 0.7]), [0.0, 0.02, 0.03]);
        assert_eq!(pick(PeakPickingConfig { delay_s: 1.0, ..PLAIN }, &[0.0, 0.6]), [1.01]);
        assert!(pick(PLAIN, &[]).is_empty());
    }

    #[test]
    fn the_maximum_looks_before_and_after() {
        let x = [0.6, 0.7, 0.0, 0.0, 0.8, 0.6];
        assert_eq!(pick(PeakPickingConfig { pre_max_s: 0.01, ..PLAIN }, &x), [0.0, 0.01, 0.04]);
        assert_eq!(pick(PeakPickingConfig { post_max_s: 0.01, ..PLAIN }, &x), [0.01, 0.04, 0.05]);
        assert_eq!(pick(PeakPickingConfig { post_max_s: 0.03, ..PLAIN }, &x), [0.04, 0.05]);
        // Only what stands out competes, and a flat top stays.
        let flat = [0.9, 0.9, 0.45];
        assert_eq!(pick(PeakPickingConfig { post_max_s: 0.01, ..PLAIN }, &flat), [0.0, 0.01]);
        let joined = PeakPickingConfig { post_max_s: 0.01, combine_s: 0.01, ..PLAIN };
        assert_eq!(pick(joined, &flat), [0.0]);
    }

    #[test]
    fn the_mean_has_its_full_length_at_the_edges() {
        assert_eq!(moving_mean(&[3.0, 6.0, 9.0], 1, 1), [3.0, 6.0, 5.0]);
        assert_eq!(moving_mean(&[3.0, 6.0, 9.0], 2, 0), [1.0, 3.0, 6.0]);
        assert_eq!(moving_mean(&[3.0, 6.0], 0, 5), [1.5, 1.0]);
        // 2 is not 1 above its mean of 1.5, but 3 is above 1.5.
        let config = PeakPickingConfig { threshold: 1.0, pre_avg_s: 0.01, ..PLAIN };
        assert_eq!(pick(config, &[1.0, 2.0, 0.0, 3.0]), [0.03]);
    }

    /// The kernel of seven points is .08 .31 .77 1 .77 .31 .08, its sum 3.32.
    #[test]
    fn smoothing_is_not_normalised() {
        let window = Window::Hamming.symmetric(7);
        let mut impulse = [0.0; 9];
        impulse[4] = 1.0;
        let smoothed = smooth(&impulse, &window);
        let expected = [0.0, 0.08, 0.31, 0.77, 1.0, 0.77, 0.31, 0.08, 0.0];
        assert!(smoothed.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{smoothed:?}");
        for (points, sum) in [(5, 2.24), (7, 3.32), (9, 4.4), (14, 7.1), (15, 7.64)] {
            let window = Window::Hamming.symmetric(points);
            assert!((window.iter().sum::<f32>() - sum).abs() < 1e-5);
        }
        // An even window: the full convolution, shifted by floor((n - 1) / 2).
        assert_eq!(smooth(&[1.0, 0.0, 0.0, 0.0], &[1.0, 2.0, 3.0, 4.0]), [2.0, 3.0, 4.0, 0.0]);
    }

    #[test]
    fn joining_compares_with_the_last_one_kept() {
        let times = [1.0, 1.02, 1.5, 2.0, 2.03, 2.05, 2.5, 3.0];
        assert_eq!(combine_left(&times, 0.03), [1.0, 1.5, 2.0, 2.05, 2.5, 3.0]);
        assert!(combine_left(&[], 0.03).is_empty());
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: PeakPickingConfig, fps: f64| match PeakPicker::new(config, fps) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(PeakPickingConfig { threshold: f64::NAN, ..PLAIN }, 100.0), "threshold");
        assert_eq!(field(PeakPickingConfig { delay_s: f64::INFINITY, ..PLAIN }, 100.0), "delay_s");
        assert_eq!(field(PeakPickingConfig { smooth_s: 0.01, ..PLAIN }, 100.0), "smooth_s");
        assert_eq!(field(PeakPickingConfig { pre_avg_s: -1.0, ..PLAIN }, 100.0), "pre_avg_s");
        assert_eq!(field(PeakPickingConfig { post_avg_s: -1.0, ..PLAIN }, 100.0), "post_avg_s");
        assert_eq!(field(PeakPickingConfig { pre_max_s: 1e9, ..PLAIN }, 100.0), "pre_max_s");
        assert_eq!(field(PeakPickingConfig { post_max_s: -1.0, ..PLAIN }, 100.0), "post_max_s");
        assert_eq!(field(PeakPickingConfig { combine_s: -1.0, ..PLAIN }, 100.0), "combine_s");
        assert_eq!(field(PLAIN, 0.0), "frames_per_second");
    }

    #[test]
    #[should_panic(expected = "frame 1 of the activation is NaN")]
    fn an_activation_that_is_no_number_is_a_bug() {
        pick(PLAIN, &[0.0, f32::NAN]);
    }
}
