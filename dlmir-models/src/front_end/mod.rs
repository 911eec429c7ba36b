//! The front end: from sound to the numbers that a network takes in.
//!
//! ```text
//! signal -> one sample rate -> log-mel spectrogram -> segments -> standardised bands
//! ```
//!
//! A network knows only the pictures that it was trained on. With another hop, another loudness
//! reference, or other means subtracted it still answers, only wrongly, and nothing warns. So the whole
//! way from sound to input is one object, stored with the weights, and training and use go the same way
//! through it: [`FrontEnd::spectrogram`], then [`FrontEnd::cut`]; [`FrontEnd::tensor`] is both.

mod json;

use dlmir_audio::{LogMel, LogMelConfig, MelScale, Signal, mel_frequencies, resample};
use dlmir_nn::Tensor;
use ndarray::Array2;
use serde_json::Value;

use crate::ModelError;

/// Limits that no sensible front end reaches, so that a file cannot ask for any amount of memory.
const LARGEST_FFT: usize = 1 << 15;
const MOST_BANDS: usize = 1 << 10;
const MOST_FRAMES: usize = 1 << 16;
const HIGHEST_RATE_HZ: usize = 1 << 20;
/// Samples of a segment, to which shorter signals are repeated: 256 MiB, 50 minutes at 22 050 Hz.
const LONGEST_SEGMENT: usize = 1 << 26;

/// How sound becomes the input of a network. See the module's text.
///
/// ```
/// use dlmir_audio::{LogMelConfig, synth};
/// use dlmir_models::FrontEnd;
///
/// // 80 bands, segments of 86 frames (2 s) every 43 frames (1 s).
/// let front_end = FrontEnd::new(LogMelConfig { n_mels: 80, ..LogMelConfig::new(22_050) }, 86, 43)?;
/// let x = front_end.tensor(&synth::sine(440.0, 5.0, 44_100))?;
/// assert_eq!(x.shape(), [4, 80, 86, 1]); // [segments, bands, frames, 1]
/// # Ok::<(), dlmir_models::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FrontEnd {
    log_mel: LogMel,
    frames: usize,
    segment_hop: usize,
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

impl FrontEnd {
    /// A front end without standardisation: segments of `frames` frames, one every `segment_hop` frames.
    ///
    /// # Errors
    /// A setting of the spectrogram outside its range, or a size of 0 or beyond all sense (an FFT of
    /// more than 32 768 samples, more than 1024 bands, more than 65 536 frames, a rate above 1 048 576 Hz, a
    /// segment of more than 2^26 samples).
    pub fn new(
        config: LogMelConfig,
        frames: usize,
        segment_hop: usize,
    ) -> Result<FrontEnd, ModelError> {
        let sizes = [
            ("sample_rate", config.sample_rate as usize, HIGHEST_RATE_HZ),
            ("n_fft", config.n_fft, LARGEST_FFT),
            ("hop_length", config.hop_length, LONGEST_SEGMENT),
            ("n_mels", config.n_mels, MOST_BANDS),
            ("frames", frames, MOST_FRAMES),
            ("segment_hop", segment_hop, MOST_FRAMES),
        ];
        for (name, size, most) in sizes {
            if !(1..=most).contains(&size) {
                let problem = format!("`{name}` is {size}, it must be 1 to {most}");
                return Err(ModelError::description("front end", problem));
            }
        }
        let samples = (frames - 1).saturating_mul(config.hop_length).saturating_add(config.n_fft);
        if samples > LONGEST_SEGMENT {
            let problem =
                format!("a segment has {samples} samples, the most are {LONGEST_SEGMENT}");
            return Err(ModelError::description("front end", problem));
        }
        // Said or implied, the same length is the same setting.
        let win_length = Some(config.win_length.unwrap_or(config.n_fft));
        let log_mel = LogMel::new(LogMelConfig { win_length, ..config })?;
        let (mean, deviation) = (vec![0.0; config.n_mels], vec![1.0; config.n_mels]);
        Ok(FrontEnd { log_mel, frames, segment_hop, mean, deviation })
    }

    /// The same front end with every band standardised, y = (x - mean) / deviation, by these numbers
    /// `[bands]`, which belong to the training items.
    ///
    /// # Errors
    /// If there is not one mean and one deviation above 0 for each band.
    pub fn standardized(self, mean: &[f32], deviation: &[f32]) -> Result<FrontEnd, ModelError> {
        let bands = self.bands();
        let usable = mean.iter().all(|m| m.is_finite())
            && deviation.iter().all(|&d| d > 0.0 && d.is_finite());
        if mean.len() != bands || deviation.len() != bands || !usable {
            let problem = format!(
                "{bands} bands want {bands} finite means and deviations above 0, not {} and {}",
                mean.len(),
                deviation.len()
            );
            return Err(ModelError::description("front end", problem));
        }
        Ok(FrontEnd { mean: mean.to_vec(), deviation: deviation.to_vec(), ..self })
    }

    /// The settings of the spectrogram.
    pub fn config(&self) -> &LogMelConfig {
        self.log_mel.config()
    }

    /// Bands of the spectrogram.
    pub fn bands(&self) -> usize {
        self.config().n_mels
    }

    /// The corners of the bands' triangles in Hz, `[bands + 2]`: band b reaches from corner b over its centre, corner b + 1, to
    /// corner b + 2.
    pub fn band_corners_hz(&self) -> Vec<f64> {
        let config = self.config();
        let scale = if config.htk { MelScale::Htk } else { MelScale::Slaney };
        mel_frequencies(self.bands() + 2, config.f_min_hz, config.f_max_hz, scale)
    }

    /// Frames of a segment.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Frames from the start of one segment to the start of the next.
    pub fn segment_hop(&self) -> usize {
        self.segment_hop
    }

    /// The mean of each band over the training items; 0 without standardisation.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// The deviation of each band over the training items; 1 without standardisation.
    pub fn deviation(&self) -> &[f32] {
        &self.deviation
    }

    /// The shape of one input item: `[bands, frames, 1]`.
    pub fn item_shape(&self) -> [usize; 3] {
        [self.bands(), self.frames, 1]
    }

    /// The time in seconds that this many frames take.
    pub fn seconds(&self, frames: usize) -> f64 {
        let config = self.config();
        (frames * config.hop_length) as f64 / f64::from(config.sample_rate)
    }

    /// The spectrogram `[bands, any]` of a whole signal, not yet standardised. A signal of another rate
    /// is resampled; one that is shorter than a segment is repeated until it fills one.
    ///
    /// # Errors
    /// A signal without samples, or with one that is not finite or beyond [`dlmir_audio::MAX_SAMPLE`].
    pub fn spectrogram(&self, signal: &Signal) -> Result<Array2<f32>, ModelError> {
        let check = |samples: &[f32]| {
            let unusable = |x: &f32| x.is_nan() || x.abs() > dlmir_audio::MAX_SAMPLE;
            match samples.iter().position(unusable) {
                Some(at) => Err(ModelError::Signal(format!("sample {at} is {}", samples[at]))),
                None => Ok(()),
            }
        };
        check(signal.samples())?;
        if signal.is_empty() {
            return Err(ModelError::Signal(String::from("the signal has no samples")));
        }
        let signal = resample(signal, self.config().sample_rate)?;
        check(signal.samples())?; // the resampling filter can overshoot
        Ok(self.log_mel.compute(&self.looped(signal)))
    }

    /// The signal, repeated from its start if a segment needs more samples.
    fn looped(&self, signal: Signal) -> Signal {
        let config = self.config();
        let steps = (self.frames - 1) * config.hop_length;
        let needed = if config.center { steps.max(1) } else { steps + config.n_fft };
        if signal.len() >= needed {
            return signal;
        }
        let samples = signal.samples().iter().copied().cycle().take(needed).collect();
        Signal::new(samples, signal.sample_rate())
    }

    /// In which frames the segments of a spectrogram with this many frames start: every `segment_hop`
    /// frames as long as the segment lies inside. What is left at the end is in no segment.
    pub fn starts(&self, frames: usize) -> Vec<usize> {
        let last = frames.checked_sub(self.frames);
        last.map_or(Vec::new(), |last| (0..=last).step_by(self.segment_hop).collect())
    }

    /// The segments of a spectrogram `[bands, any]`, standardised: `[segments, bands, frames, 1]`.
    ///
    /// # Panics
    /// If the spectrogram has another number of bands.
    #[track_caller]
    pub fn cut(&self, spectrogram: &Array2<f32>) -> Tensor {
        self.cut_at(spectrogram, &self.starts(spectrogram.ncols()))
    }

    /// As [`FrontEnd::cut`], but the segments that start in these frames.
    ///
    /// # Panics
    /// If the spectrogram has another number of bands, or ends before a segment does.
    #[track_caller]
    pub fn cut_at(&self, spectrogram: &Array2<f32>, starts: &[usize]) -> Tensor {
        let (bands, frames) = spectrogram.dim();
        assert!(bands == self.bands(), "front end: {bands} bands instead of {}", self.bands());
        let mut x = Vec::with_capacity(starts.len() * bands * self.frames);
        for &start in starts {
            assert!(start + self.frames <= frames, "front end: segment {start} of {frames} frames");
            for (band, row) in spectrogram.rows().into_iter().enumerate() {
                let (mean, deviation) = (self.mean[band], self.deviation[band]);
                let part = row.iter().skip(start).take(self.frames);
                x.extend(part.map(|value| (value - mean) / deviation));
            }
        }
        Tensor::from_vec(&[starts.len(), bands, self.frames, 1], x)
    }

    /// From sound to input: the standardised segments of a signal, `[segments, bands, frames, 1]`; at
    /// least one.
    ///
    /// # Errors
    /// A signal without samples or with one that is not finite.
    pub fn tensor(&self, signal: &Signal) -> Result<Tensor, ModelError> {
        Ok(self.cut(&self.spectrogram(signal)?))
    }

    /// The settings as JSON. Means and deviations are arrays of the weights file, not text.
    pub fn to_json(&self) -> Value {
        json::write(self)
    }

    /// A front end of settings that [`FrontEnd::to_json`] wrote, without standardisation.
    ///
    /// # Errors
    /// An unknown, missing or ill-typed field, or a setting outside its range.
    pub fn from_json(value: &Value) -> Result<FrontEnd, ModelError> {
        json::read(value)
    }
}

impl PartialEq for FrontEnd {
    fn eq(&self, other: &FrontEnd) -> bool {
        self.config() == other.config()
            && (self.frames, self.segment_hop) == (other.frames, other.segment_hop)
            && (&self.mean, &self.deviation) == (&other.mean, &other.deviation)
    }
}

#[cfg(test)]
mod tests {
    use dlmir_audio::synth;

    use super::*;

    fn front_end() -> FrontEnd {
        let config = LogMelConfig {
            n_mels: 20,
            n_fft: 512,
            win_length: None,
            hop_length: 256,
            ..LogMelConfig::new(8000)
        };
        FrontEnd::new(config, 16, 8).unwrap()
    }

    #[test]
    fn segments_are_windows_of_the_spectrogram() {
        let front_end = front_end().standardized(&[-40.0; 20], &[10.0; 20]).unwrap();
        let signal = synth::sine(440.0, 1.5, 8000);
        let spectrogram = front_end.spectrogram(&signal).unwrap();
        assert_eq!(spectrogram.dim(), (20, 1 + 12_000 / 256));
        let x = front_end.tensor(&signal).unwrap();
        assert_eq!(x.shape(), [4, 20, 16, 1]); // starts 0, 8, 16, 24; 32 would need 48 frames of 47
        for (n, start) in front_end.starts(47).into_iter().enumerate() {
            let value = (spectrogram[[7, start + 3]] + 40.0) / 10.0;
            assert_eq!(x.view()[[n, 7, 3, 0]], value);
        }
        assert_eq!(front_end.seconds(125), 4.0);
    }

    #[test]
    fn every_rate_and_every_length_is_taken() {
        let front_end = front_end();
        for rate in [8000, 22_050, 44_100, 192_000] {
            for seconds in [0.001, 0.3, 0.512, 0.6] {
                let x = front_end.tensor(&synth::sine(440.0, seconds, rate)).unwrap();
                assert_eq!(x.shape(), [1, 20, 16, 1], "{seconds} s at {rate} Hz");
                assert!(x.all_finite());
            }
        }
        let one = Signal::new(vec![0.5], 8000);
        assert_eq!(front_end.tensor(&one).unwrap().shape()[0], 1);
        // Without padding at the edges too.
        let config = LogMelConfig { center: false, ..*front_end.config() };
        let uncentred = FrontEnd::new(config, 16, 8).unwrap();
        assert_eq!(uncentred.tensor(&one).unwrap().shape(), [1, 20, 16, 1]);
    }

    /// A loop has no seam of silence: a steady tone stays one, and its level too.
    #[test]
    fn a_short_signal_sounds_like_its_repetition() {
        let front_end = front_end();
        let short = synth::sine(500.0, 0.128, 8000); // 64 periods of 16 samples
        let long = Signal::new(short.samples().repeat(20), 8000);
        let short = front_end.tensor(&short).unwrap();
        let long = front_end.tensor(&long).unwrap();
        for band in 0..20 {
            let at = [0, band, 8, 0];
            assert!((short.view()[at] - long.view()[at]).abs() < 1e-3, "{band}");
        }
    }

    #[test]
    fn unusable_sound_and_settings_are_errors() {
        let message = |signal| front_end().tensor(&signal).unwrap_err().to_string();
        assert_eq!(message(Signal::new(vec![], 8000)), "the signal has no samples");
        assert_eq!(message(Signal::new(vec![0.0, f32::NAN], 8000)), "sample 1 is NaN");
        assert!(message(Signal::new(vec![0.0, 1e30], 8000)).starts_with("sample 1 is 1"));
        // Just within the limit, but no longer so between the samples of another rate.
        let square = (0..8000).map(|i| if i / 100 % 2 == 0 { 9.9e9 } else { -9.9e9 }).collect();
        assert!(message(Signal::new(square, 4000)).starts_with("sample "));
        let config = *front_end().config();
        assert_eq!(
            FrontEnd::new(config, 0, 1).unwrap_err().to_string(),
            "front end: `frames` is 0, it must be 1 to 65536"
        );
        let fft = FrontEnd::new(LogMelConfig { n_fft: 1 << 30, ..config }, 16, 8);
        assert!(fft.is_err());
        assert!(FrontEnd::new(LogMelConfig { hop_length: 0, ..config }, 16, 8).is_err());
        // A small file must not ask for much memory: neither by a long hop nor by a high rate.
        let message = |config| FrontEnd::new(config, 1 << 16, 8).unwrap_err().to_string();
        assert_eq!(
            message(LogMelConfig { hop_length: 1 << 20, ..config }),
            "front end: a segment has 68718428672 samples, the most are 67108864"
        );
        assert_eq!(
            message(LogMelConfig { sample_rate: u32::MAX, ..config }),
            "front end: `sample_rate` is 4294967295, it must be 1 to 1048576"
        );
        for deviation in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert!(front_end().standardized(&[0.0; 20], &[deviation; 20]).is_err());
        }
        assert!(front_end().standardized(&[0.0; 19], &[1.0; 20]).is_err());
    }
}
