//! Sound as numbers: samples together with the rate at which they were taken.
//!
//! ```text
//! x[n] = pressure at time n / sample_rate,      n = 0, 1, 2, ...      -1 <= x[n] <= 1 at full scale
//! ```
//!
//! A [`Signal`] is one channel, which is what nearly all music analysis works on. An [`Audio`] is a file's channels as decoded.
//! Keeping the rate beside the samples means that nobody has to guess it, and that a front end for one rate can refuse another.

use crate::simd;

/// The highest sample rate in use (768 kHz); anything above it is an error in a header.
pub const MAX_SAMPLE_RATE: u32 = 768_000;

/// The largest sample that files and spectra may hold, in units of full scale.
///
/// Integers stored as floats without scaling (up to 2^31) are below it. The square of anything larger, summed over a frame and a
/// band, could overflow 32-bit floats.
pub const MAX_SAMPLE: f32 = 1e10;

/// The place of the first sample that is NaN, infinite or beyond [`MAX_SAMPLE`].
pub(crate) fn unusable(samples: &[f32]) -> Option<usize> {
    let usable = |x: &f32| x.abs() <= MAX_SAMPLE; // NaN is not below anything
    // A look at many samples without stopping in between is several times faster than one that may stop at each.
    let all_usable = |piece: &[f32]| piece.iter().fold(true, |good, x| good & usable(x));
    let piece = simd::widest(|| samples.chunks(1024).position(|piece| !all_usable(piece)))?;
    let first = piece * 1024;
    samples[first..].iter().position(|x| !usable(x)).map(|n| first + n)
}

/// A mono signal: samples and their rate.
///
/// ```
/// use dlmir_audio::Signal;
///
/// let signal = Signal::new(vec![0.0; 44_100], 22_050);
/// assert_eq!(signal.duration_s(), 2.0);
/// assert_eq!(signal.slice_s(0.5, 1.0).len(), 11_025);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    samples: Vec<f32>,
    sample_rate: u32,
}

impl Signal {
    /// A signal of `samples` at `sample_rate` samples a second.
    ///
    /// Full scale is -1 to 1; values beyond it are kept as they are.
    ///
    /// # Panics
    /// If `sample_rate` is 0 or above [`MAX_SAMPLE_RATE`].
    #[track_caller]
    pub fn new(samples: Vec<f32>, sample_rate: u32) -> Signal {
        check_rate(sample_rate);
        Signal { samples, sample_rate }
    }

    /// The samples, `[n]`.
    pub fn samples(&self) -> &[f32] {
        &self.samples
    }

    /// The samples, to be changed in place.
    pub fn samples_mut(&mut self) -> &mut [f32] {
        &mut self.samples
    }

    /// The samples without their rate.
    pub fn into_samples(self) -> Vec<f32> {
        self.samples
    }

    /// Samples per second, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// True if there are no samples.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.samples.len() as f64 / f64::from(self.sample_rate)
    }

    /// The part from `start_s` up to (not including) `end_s`, both in seconds.
    ///
    /// Times are rounded to the nearest sample. What lies outside the signal is left out, so that the result may be shorter than
    /// `end_s - start_s`, or empty.
    ///
    /// # Panics
    /// If a time is NaN or `end_s` is before `start_s`.
    #[track_caller]
    pub fn slice_s(&self, start_s: f64, end_s: f64) -> Signal {
        assert!(
            start_s <= end_s,
            "slice_s: the part from {start_s} s to {end_s} s is not an interval"
        );
        // Casting saturates: a time before the start gives sample 0.
        let sample_at =
            |t: f64| ((t * f64::from(self.sample_rate)).round() as usize).min(self.len());
        Signal::new(self.samples[sample_at(start_s)..sample_at(end_s)].to_vec(), self.sample_rate)
    }
}

/// All channels of a recording, interleaved: left, right, left, right, ...
#[derive(Clone, Debug, PartialEq)]
pub struct Audio {
    interleaved: Vec<f32>,
    channels: usize,
    sample_rate: u32,
}

impl Audio {
    /// Audio of interleaved samples, `[frames * channels]` with the channel changing fastest.
    ///
    /// # Panics
    /// If there are no channels, if the samples are no whole number of frames, or if the rate is one that [`Signal::new`] refuses.
    #[track_caller]
    pub fn new(interleaved: Vec<f32>, channels: usize, sample_rate: u32) -> Audio {
        check_rate(sample_rate);
        assert!(channels > 0, "Audio: zero channels");
        assert!(
            interleaved.len().is_multiple_of(channels),
            "Audio: {} samples are no whole number of frames of {channels} channels",
            interleaved.len()
        );
        Audio { interleaved, channels, sample_rate }
    }

    /// The samples of all channels, interleaved.
    pub fn interleaved(&self) -> &[f32] {
        &self.interleaved
    }

    /// Number of channels.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// Samples per second and channel, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.interleaved.len() / self.channels
    }

    /// Length in seconds.
    pub fn duration_s(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate)
    }

    /// One channel, counted from 0.
    ///
    /// # Panics
    /// If there is no such channel.
    #[track_caller]
    pub fn channel(&self, channel: usize) -> Signal {
        assert!(channel < self.channels, "channel {channel} of {}", self.channels);
        let samples = self.interleaved.chunks_exact(self.channels).map(|frame| frame[channel]);
        Signal::new(samples.collect(), self.sample_rate)
    }

    /// The mean of the channels, `y[n] = (x_1[n] + ... + x_C[n]) / C`, as librosa mixes down.
    ///
    /// A sound in one channel only comes out at half its level in a stereo file, and one in opposite phase vanishes.
    pub fn to_mono(&self) -> Signal {
        let samples = match self.channels {
            1 => self.interleaved.clone(),
            channels => mono(&self.interleaved, channels).collect(),
        };
        Signal::new(samples, self.sample_rate)
    }
}

/// The mean of the channels.
pub(crate) fn mono(interleaved: &[f32], channels: usize) -> impl Iterator<Item = f32> {
    let count = channels as f32;
    interleaved.chunks_exact(channels).map(move |frame| frame.iter().sum::<f32>() / count)
}

#[track_caller]
fn check_rate(sample_rate: u32) {
    assert!(
        (1..=MAX_SAMPLE_RATE).contains(&sample_rate),
        "sample rate {sample_rate} Hz, expected 1 to {MAX_SAMPLE_RATE} Hz"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_cut_at_the_nearest_sample_and_clamped_to_the_signal() {
        let signal = Signal::new((0..10).map(|n| n as f32).collect(), 10);
        assert_eq!(signal.slice_s(0.2, 0.5).samples(), &[2.0, 3.0, 4.0]);
        assert_eq!(signal.slice_s(0.24, 0.46).samples(), &[2.0, 3.0, 4.0]);
        assert_eq!(signal.slice_s(-1.0, 0.1).samples(), &[0.0]);
        assert_eq!(signal.slice_s(0.8, f64::INFINITY).samples(), &[8.0, 9.0]);
        assert!(signal.slice_s(5.0, 6.0).is_empty());
        assert_eq!(signal.slice_s(0.2, 0.5).sample_rate(), 10);
    }

    #[test]
    #[should_panic(expected = "is not an interval")]
    fn a_slice_that_ends_before_it_starts_is_a_bug() {
        Signal::new(vec![0.0; 4], 4).slice_s(0.5, 0.25);
    }

    #[test]
    fn mono_is_the_mean_of_the_channels() {
        let audio = Audio::new(vec![1.0, 0.0, 0.5, -0.5, 0.25, 0.75], 2, 8000);
        assert_eq!(audio.frames(), 3);
        assert_eq!(audio.to_mono().samples(), &[0.5, 0.0, 0.5]);
        assert_eq!(audio.channel(1).samples(), &[0.0, -0.5, 0.75]);
        let mono = Audio::new(vec![1.0, -1.0], 1, 8000);
        assert_eq!(mono.to_mono().samples(), mono.interleaved());
    }

    #[test]
    #[should_panic(expected = "no whole number of frames")]
    fn half_a_frame_is_a_bug() {
        Audio::new(vec![0.0; 3], 2, 8000);
    }

    #[test]
    #[should_panic(expected = "sample rate 0 Hz")]
    fn a_rate_of_zero_is_a_bug() {
        Signal::new(vec![], 0);
    }
}
