//! The logarithmically filtered spectrogram: what detectors of onsets and beats look at.
//!
//! ```text
//! signal -> frames -> |STFT| -> bands per octave -> log10(1 + gain * y)          [bands, frames]
//! ```
//!
//! It differs from the log-mel spectrogram in every step, for the sake of time. Frames come at a rate that is easy to speak of, 100 or 200
//! per second, whatever the sample rate is; the hop h = sample_rate / frames per second need not be whole:
//!
//! ```text
//! frame t covers the samples  floor(t h) - floor(N / 2)  ...  + N - 1          zeros outside of the signal
//! frames = ceil(samples / h)          frame t is at t / (frames per second) seconds
//! ```
//!
//! The window is the symmetric Hann window, the spectrum a magnitude and not a power, the highest bin is left out, and the bands are those
//! of [`LogFilterBank`]. The logarithm is of 1 + y: what is far below 1 stays near 0, so that hiss in a pause cannot look like a note.
//! Samples are in -1 ... 1; a sine of amplitude 1 has a magnitude of N / 4.
//!
//! [`reference()`] is the definition in double precision. Sources: madmom's `LogarithmicFilteredSpectrogram` and `LogarithmicSpectrogram`
//! (0.16.1; it divides 16-bit samples by 32 767 where [`decode()`](crate::decode()) divides by 32 768, which moves values by 1.4e-5 at
//! most); Boeck, Krebs, Schedl (2012), "Evaluating the online capabilities of onset detection methods", ISMIR.

use std::f32::consts::LOG10_E;

use ndarray::{Array2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::fft::{RealFft, dft};
use crate::filterbank::{self, LogFilterBank, LogFilterBankConfig};
use crate::{AudioError, Complex32, Signal, Window, math};

/// Frames per task.
const BLOCK: usize = 64;

/// Settings of a logarithmically filtered spectrogram.
///
/// ```
/// use dlmir_audio::LogFilteredConfig;
///
/// let config = LogFilteredConfig { bands_per_octave: 24, ..LogFilteredConfig::new(44_100) };
/// let config = config.with_frames_per_second(200.0);
/// assert_eq!(config.hop_length, 220.5);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogFilteredConfig {
    /// Rate of the signals in Hz.
    pub sample_rate: u32,
    /// Samples per frame. 2048: 46 ms at 44.1 kHz.
    pub n_fft: usize,
    /// Samples from one frame to the next; need not be whole. 441: 10 ms at 44.1 kHz.
    pub hop_length: f64,
    /// Bands per octave. 12: semitones.
    pub bands_per_octave: usize,
    /// No corner of a band lies below.
    pub f_min_hz: f64,
    /// No corner of a band lies above.
    pub f_max_hz: f64,
    /// Whether each band's weights add up to 1; otherwise their peak is 1.
    pub normalize: bool,
    /// Factor before the logarithm, above 0.
    pub gain: f32,
}

impl LogFilteredConfig {
    /// As the spectral flux wants it: 100 frames of 2048 samples per second, 12 bands per octave from 30 to 17 000 Hz with peak 1, gain 1.
    pub fn new(sample_rate: u32) -> LogFilteredConfig {
        let bank = LogFilterBankConfig::new(sample_rate, 2048);
        LogFilteredConfig {
            sample_rate,
            n_fft: bank.n_fft,
            hop_length: f64::from(sample_rate) / 100.0,
            bands_per_octave: bank.bands_per_octave,
            f_min_hz: bank.f_min_hz,
            f_max_hz: bank.f_max_hz,
            normalize: bank.normalize,
            gain: 1.0,
        }
    }

    /// The same with another hop, sample_rate / `frames_per_second`.
    pub fn with_frames_per_second(self, frames_per_second: f64) -> LogFilteredConfig {
        let hop_length = f64::from(self.sample_rate) / frames_per_second;
        LogFilteredConfig { hop_length, ..self }
    }

    /// Frames per second: sample_rate / hop_length.
    pub fn frames_per_second(&self) -> f64 {
        f64::from(self.sample_rate) / self.hop_length
    }

    /// The part that concerns the filter bank.
    pub fn bank(&self) -> LogFilterBankConfig {
        let LogFilteredConfig {
            sample_rate,
            n_fft,
            bands_per_octave,
            f_min_hz,
            f_max_hz,
            normalize,
            ..
        } = *self;
        let of_bank = LogFilterBankConfig::new(sample_rate, n_fft);
        LogFilterBankConfig { bands_per_octave, f_min_hz, f_max_hz, normalize, ..of_bank }
    }

    /// Columns of the result for a signal of `samples` samples.
    pub fn frames(&self, samples: usize) -> usize {
        (samples as f64 / self.hop_length).ceil() as usize
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        self.bank().validate()?;
        if !(self.hop_length >= 1.0 && self.hop_length.is_finite()) {
            let rule = "it must be at least 1";
            return Err(AudioError::setting("hop_length", self.hop_length, rule));
        }
        if !(self.gain > 0.0 && self.gain.is_finite()) {
            return Err(AudioError::setting("gain", self.gain, "it must be above 0"));
        }
        Ok(())
    }

    /// The first sample of frame `t`; below 0 before the start of the signal.
    fn start(&self, t: usize) -> isize {
        (t as f64 * self.hop_length).floor() as isize - (self.n_fft / 2) as isize
    }

    /// Copies frame `t` of `x` to `frame`, `[n_fft]`, with zeros outside of the signal.
    fn copy(&self, x: &[f32], t: usize, frame: &mut [f32]) {
        let start = self.start(t);
        let lead = start.min(0).unsigned_abs().min(frame.len());
        let inside = x.get(start.max(0) as usize..).unwrap_or_default();
        frame.fill(0.0);
        frame[lead..].iter_mut().zip(inside).for_each(|(y, x)| *y = *x);
    }
}

/// The definition, in double precision: `[bands, frames]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn reference(samples: &[f32], config: &LogFilteredConfig) -> Result<Array2<f64>, AudioError> {
    config.validate()?;
    let window = Window::Hann.symmetric_f64(config.n_fft);
    let weights = filterbank::reference(&config.bank())?;
    let mut bands = Array2::zeros((weights.nrows(), config.frames(samples.len())));
    for (t, mut column) in bands.columns_mut().into_iter().enumerate() {
        let sample = |n: usize| -> f64 {
            let inside = usize::try_from(config.start(t) + n as isize).ok();
            inside.and_then(|i| samples.get(i)).map_or(0.0, |&x| f64::from(x))
        };
        let windowed: Vec<f64> = (0..config.n_fft).map(|n| window[n] * sample(n)).collect();
        let spectrum = dft(&windowed);
        for (value, weights) in column.iter_mut().zip(weights.rows()) {
            let y: f64 = weights.iter().zip(&spectrum).map(|(w, bin)| w * bin.norm()).sum();
            *value = (1.0 + f64::from(config.gain) * y).log10();
        }
    }
    Ok(bands)
}

/// A planned spectrogram, for any number of signals and threads.
///
/// ```
/// use dlmir_audio::{LogFiltered, LogFilteredConfig, synth};
///
/// let front_end = LogFiltered::new(LogFilteredConfig::new(44_100))?;
/// let bands = front_end.compute(&synth::sine(440.0, 1.0, 44_100));
/// assert_eq!(bands.dim(), (81, 100)); // [bands, frames]
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogFiltered {
    config: LogFilteredConfig,
    bank: LogFilterBank,
    window: Vec<f32>,
    fft: RealFft,
}

/// What a task needs.
pub(crate) struct Buffers {
    frame: Vec<f32>,
    scratch: Vec<Complex32>,
    spectrum: Vec<Complex32>,
    magnitude: Vec<f32>,
    columns: Vec<f32>,
}

impl LogFiltered {
    /// Plans it.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: LogFilteredConfig) -> Result<LogFiltered, AudioError> {
        config.validate()?;
        let window = Window::Hann.symmetric(config.n_fft);
        let bank = LogFilterBank::new(config.bank())?;
        Ok(LogFiltered { config, bank, window, fft: RealFft::new(config.n_fft) })
    }

    /// The settings.
    pub fn config(&self) -> &LogFilteredConfig {
        &self.config
    }

    /// The filter bank.
    pub fn bank(&self) -> &LogFilterBank {
        &self.bank
    }

    /// The spectrogram, `[bands, frames]`; frame t is at t * hop_length / sample_rate seconds.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE): it would come out as silence or spread over all of the picture.
    #[track_caller]
    pub fn compute(&self, signal: &Signal) -> Array2<f32> {
        let mut out = Array2::default((0, 0));
        self.compute_into(signal, &mut out);
        out
    }

    /// As [`compute`](LogFiltered::compute), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE): it would come out as silence or spread over all of the picture.
    #[track_caller]
    pub fn compute_into(&self, signal: &Signal, out: &mut Array2<f32>) {
        self.check(signal);
        let shape = (self.bank.bands(), self.config.frames(signal.len()));
        if out.dim() != shape || !out.is_standard_layout() {
            *out = Array2::zeros(shape);
        }
        let blocks: Vec<_> = out.axis_chunks_iter_mut(Axis(1), BLOCK).enumerate().collect();
        let task = |buffers: &mut Buffers, (b, block): (usize, ArrayViewMut2<f32>)| {
            self.block(signal.samples(), b * BLOCK, buffers, block);
        };
        if blocks.len() == 1 {
            // Too little work to wake a second thread.
            blocks.into_iter().for_each(|block| task(&mut self.buffers(), block));
        } else {
            blocks.into_par_iter().for_each_init(|| self.buffers(), task);
        }
    }

    /// The frames from `first` on. They are gathered one by one and then written to their rows: 64 neighbours at once.
    fn block(&self, x: &[f32], first: usize, buffers: &mut Buffers, mut block: ArrayViewMut2<f32>) {
        let bands = self.bank.bands();
        let mut columns = std::mem::take(&mut buffers.columns);
        for (t, values) in columns.chunks_exact_mut(bands).enumerate().take(block.ncols()) {
            self.spectrum(x, first + t, buffers);
            for (m, bin) in buffers.magnitude.iter_mut().zip(&buffers.spectrum) {
                *m = bin.norm_sqr().sqrt();
            }
            self.bank.apply(&buffers.magnitude, values);
            for value in values {
                *value = LOG10_E * math::ln_1p(self.config.gain * *value);
            }
        }
        for (band, mut row) in block.rows_mut().into_iter().enumerate() {
            for (y, values) in row.iter_mut().zip(columns.chunks_exact(bands)) {
                *y = values[band];
            }
        }
        buffers.columns = columns;
    }

    /// The spectrum of frame `t` of `x`: floor(n_fft / 2) + 1 bins, which stay in the buffers.
    pub(crate) fn spectrum<'a>(
        &self,
        x: &[f32],
        t: usize,
        buffers: &'a mut Buffers,
    ) -> &'a [Complex32] {
        let Buffers { frame, scratch, spectrum, .. } = buffers;
        let start = usize::try_from(self.config.start(t)).ok();
        let inside = start.and_then(|start| x.get(start..start + self.config.n_fft));
        let frame = inside.unwrap_or_else(|| {
            self.config.copy(x, t, frame);
            frame
        });
        self.fft.forward_windowed(frame, &self.window, spectrum, scratch);
        spectrum
    }

    /// Memory for a task.
    pub(crate) fn buffers(&self) -> Buffers {
        let bins = self.fft.bins();
        Buffers {
            frame: vec![0.0; self.config.n_fft],
            scratch: self.fft.scratch(),
            spectrum: vec![Complex32::default(); bins],
            magnitude: vec![0.0; self.config.bank().bins()],
            columns: vec![0.0; BLOCK * self.bank.bands()],
        }
    }

    /// Panics if the signal cannot be meant.
    #[track_caller]
    fn check(&self, signal: &Signal) {
        let rate = self.config.sample_rate;
        assert_eq!(
            signal.sample_rate(),
            rate,
            "log filtered: the signal's rate and that of the settings"
        );
        if let Some(n) = crate::signal::unusable(signal.samples()) {
            panic!("log filtered: sample {n} is {}, no sample of any sound", signal.samples()[n]);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synth;

    /// madmom's count for a recording of 123 481 samples.
    #[test]
    fn as_many_frames_as_there_should_be() {
        let config = LogFilteredConfig::new(44_100);
        let frames = |fps| config.with_frames_per_second(fps).frames(123_481);
        assert_eq!([100.0, 200.0, 50.0].map(frames), [281, 561, 141]);
        assert_eq!([0, 1, 441, 442].map(|samples| config.frames(samples)), [0, 1, 1, 2]);
    }

    #[test]
    fn a_frame_has_its_sample_in_the_middle() {
        let config = LogFilteredConfig { n_fft: 6, hop_length: 2.5, ..LogFilteredConfig::new(100) };
        let x: Vec<f32> = (1..=9).map(|n| n as f32).collect();
        let frame = |t| {
            let mut frame = [f32::NAN; 6];
            config.copy(&x, t, &mut frame);
            frame
        };
        // Samples 0, floor(2.5) and floor(7.5) at place 3.
        assert_eq!(frame(0), [0.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
        assert_eq!(frame(1), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(frame(3), [5.0, 6.0, 7.0, 8.0, 9.0, 0.0]);
    }

    #[test]
    fn silence_is_zero_and_no_sound_is_no_frame() {
        let front_end = LogFiltered::new(LogFilteredConfig::new(22_050)).expect("valid");
        let silence = front_end.compute(&synth::silence(0.5, 22_050));
        assert_eq!(silence.ncols(), 50);
        assert!(silence.iter().all(|&v| v == 0.0));
        assert_eq!(front_end.compute(&synth::silence(0.0, 22_050)).ncols(), 0);
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let x = synth::noise(1.0, 44_100, 1);
        let front_end = LogFiltered::new(LogFilteredConfig::new(44_100)).expect("valid");
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a few threads").install(|| front_end.compute(&x))
        };
        assert!(with(1) == with(2) && with(1) == with(5));
    }

    #[test]
    #[should_panic(expected = "sample 7 is NaN")]
    fn nan_does_not_become_silence() {
        let mut x = synth::silence(0.1, 22_050);
        x.samples_mut()[7] = f32::NAN;
        LogFiltered::new(LogFilteredConfig::new(22_050)).expect("valid").compute(&x);
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: LogFilteredConfig| match LogFiltered::new(config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let good = LogFilteredConfig::new(22_050);
        assert_eq!(field(LogFilteredConfig { hop_length: 0.5, ..good }), "hop_length");
        assert_eq!(field(good.with_frames_per_second(0.0)), "hop_length");
        assert_eq!(field(LogFilteredConfig { n_fft: 2, ..good }), "n_fft");
        assert_eq!(field(LogFilteredConfig { gain: f32::NAN, ..good }), "gain");
    }

    proptest! {
        // A bin is off by a few roundings of the loudest amplitude, at most n_fft * 0.5; a band is a sum of up to n_fft / 4 of them that
        // mostly cancel; log10(1 + y) moves by less than 0.43 times that.
        #[test]
        fn the_kernel_computes_the_definition(
            length in 1usize..1500, n_fft in 64usize..300, hop in 20.0f64..300.0, normalize: bool, seed: u64
        ) {
            let config = LogFilteredConfig {
                n_fft, hop_length: hop, normalize, bands_per_octave: 6, gain: 2.0,
                ..LogFilteredConfig::new(8000)
            };
            let mut x = synth::noise(length as f64 / 8000.0, 8000, seed);
            x.samples_mut().iter_mut().for_each(|x| *x *= 0.1);
            let exact = reference(x.samples(), &config).expect("valid");
            let fast = LogFiltered::new(config).expect("valid").compute(&x);
            prop_assert_eq!(fast.dim(), exact.dim());
            for (a, b) in fast.iter().zip(&exact) {
                prop_assert!((f64::from(*a) - b).abs() < 1e-5, "{} and {}", a, b);
            }
        }
    }
}
