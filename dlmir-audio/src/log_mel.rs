//! The log-mel spectrogram: the picture of sound that most networks for music look at.
//!
//! ```text
//! signal -> frames -> |STFT|^2 -> mel bands -> logarithm          [n_mels, frames]
//! ```
//!
//! [`MelSpectrogram`] stops before the logarithm. Both run through the signal once, frame by frame: the complex spectrum of a frame is
//! squared and summed into bands while it is in the cache, and never stored (30 s would be 10 MB of it for 400 kB of bands).
//! [`reference()`] is the definition, step by step.

use ndarray::Array2;

use crate::mel::{self, MelBank, MelConfig, MelNorm, MelScale};
use crate::scale::{self, DbConfig};
use crate::stft::{self, Stft, StftConfig};
use crate::{AudioError, PadMode, Signal, Window, simd};

/// How bands become a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LogScale {
    /// Decibels, as [`power_to_db`](crate::power_to_db).
    Db(DbConfig),
    /// `ln(1 + gain * power)`, as [`log1p`](crate::log1p).
    Log1p {
        /// Factor before the logarithm, above 0. 10000 is common.
        gain: f32,
    },
}

/// Settings of a log-mel spectrogram; all of librosa's `melspectrogram` and `power_to_db`.
///
/// ```
/// use dlmir_audio::LogMelConfig;
///
/// let config = LogMelConfig { n_mels: 80, f_max_hz: 8000.0, ..LogMelConfig::new(22_050) };
/// assert_eq!(config.n_fft, 2048);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogMelConfig {
    /// Rate of the signals in Hz.
    pub sample_rate: u32,
    /// Samples per frame.
    pub n_fft: usize,
    /// Samples under the window, 1 to `n_fft`; `None`: all of the frame.
    pub win_length: Option<usize>,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// The shape of the window.
    pub window: Window,
    /// Whether frame t has sample t * hop_length in its middle.
    pub center: bool,
    /// What stands outside of the signal.
    pub pad: PadMode,
    /// Number of bands.
    pub n_mels: usize,
    /// Lower edge of the lowest band.
    pub f_min_hz: f64,
    /// Upper edge of the highest band.
    pub f_max_hz: f64,
    /// HTK's mel formula instead of Slaney's.
    pub htk: bool,
    /// The height of the bands' triangles.
    pub norm: MelNorm,
    /// The logarithm.
    pub scale: LogScale,
}

impl LogMelConfig {
    /// librosa's defaults: frames of 2048 samples every 512, Hann, centred with zeros; 128 bands up to sample_rate / 2, Slaney's scale and
    /// norm; decibels with ref 1, amin 1e-10, top_db 80.
    pub fn new(sample_rate: u32) -> LogMelConfig {
        let stft = StftConfig::default();
        let mel = MelConfig::new(sample_rate, stft.n_fft);
        LogMelConfig {
            sample_rate,
            n_fft: stft.n_fft,
            win_length: stft.win_length,
            hop_length: stft.hop_length,
            window: stft.window,
            center: stft.center,
            pad: stft.pad,
            n_mels: mel.n_mels,
            f_min_hz: mel.f_min_hz,
            f_max_hz: mel.f_max_hz,
            htk: false,
            norm: mel.norm,
            scale: LogScale::Db(DbConfig::default()),
        }
    }

    /// The part that concerns the transform.
    pub fn stft(&self) -> StftConfig {
        let LogMelConfig { n_fft, win_length, hop_length, window, center, pad, .. } = *self;
        StftConfig { n_fft, win_length, hop_length, window, center, pad }
    }

    /// The part that concerns the filter bank.
    pub fn mel(&self) -> MelConfig {
        let LogMelConfig { sample_rate, n_fft, n_mels, f_min_hz, f_max_hz, norm, .. } = *self;
        let scale = if self.htk { MelScale::Htk } else { MelScale::Slaney };
        MelConfig { sample_rate, n_fft, n_mels, f_min_hz, f_max_hz, scale, norm }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        self.stft().validate()?;
        self.mel().validate()?;
        match self.scale {
            LogScale::Db(db) => db.validate(),
            LogScale::Log1p { gain } if gain > 0.0 && gain.is_finite() => Ok(()),
            LogScale::Log1p { gain } => {
                Err(AudioError::setting("gain", gain, "it must be above 0"))
            }
        }
    }
}

/// The definition, in double precision: `[n_mels, frames]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn reference(samples: &[f32], config: &LogMelConfig) -> Result<Array2<f64>, AudioError> {
    config.validate()?;
    let power = stft::reference(samples, &config.stft())?.mapv(|bin| bin.norm_sqr());
    let weights = mel::reference(&config.mel())?;

    let mut bands = Array2::<f64>::zeros((weights.nrows(), power.ncols()));
    for ((b, t), value) in bands.indexed_iter_mut() {
        for k in 0..weights.ncols() {
            *value += weights[[b, k]] * power[[k, t]];
        }
    }

    match config.scale {
        LogScale::Log1p { gain } => Ok(bands.mapv(|p| (f64::from(gain) * p).ln_1p())),
        LogScale::Db(db) => {
            let decibels = |p: f64| 10.0 * p.max(f64::from(db.amin)).log10();
            let loudest = decibels(bands.iter().copied().fold(0.0, f64::max));
            let reference = match db.reference {
                scale::DbReference::Value(value) => decibels(f64::from(value)),
                scale::DbReference::Max => loudest,
            };
            let floor = loudest - db.top_db.map_or(f64::INFINITY, f64::from);
            Ok(bands.mapv(|p| decibels(p).max(floor) - reference))
        }
    }
}

/// A planned mel spectrogram: power in mel bands, no logarithm.
#[derive(Clone, Debug)]
pub struct MelSpectrogram {
    stft: Stft,
    bank: MelBank,
}

impl MelSpectrogram {
    /// Plans it. The settings' `scale` is not used.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: &LogMelConfig) -> Result<MelSpectrogram, AudioError> {
        Ok(MelSpectrogram { stft: Stft::new(config.stft())?, bank: MelBank::new(config.mel())? })
    }

    /// The filter bank.
    pub fn bank(&self) -> &MelBank {
        &self.bank
    }

    pub(crate) fn stft(&self) -> &Stft {
        &self.stft
    }

    /// Power in mel bands, `[n_mels, frames]`.
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

    /// As [`compute`](MelSpectrogram::compute), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE): it would come out as silence or spread over all of the picture.
    #[track_caller]
    pub fn compute_into(&self, signal: &Signal, out: &mut Array2<f32>) {
        self.map_bands(signal, out, |_| ());
    }

    /// Column by column: power, bands, then `scale` of all bands.
    #[track_caller]
    fn map_bands(
        &self,
        signal: &Signal,
        out: &mut Array2<f32>,
        scale: impl Fn(&mut [f32]) + Sync + Send,
    ) {
        let rate = self.bank.config().sample_rate;
        assert_eq!(signal.sample_rate(), rate, "mel: the signal's rate and that of the settings");
        self.stft.map_power(signal.samples(), self.bank.n_mels(), out, |power, mel| {
            self.bank.apply(power, mel);
            scale(mel);
        });
    }
}

/// A planned log-mel spectrogram, for any number of signals and threads.
///
/// ```
/// use dlmir_audio::{LogMel, LogMelConfig, synth};
///
/// let front_end = LogMel::new(LogMelConfig { n_mels: 80, ..LogMelConfig::new(22_050) })?;
/// let bands = front_end.compute(&synth::sine(440.0, 1.0, 22_050));
/// assert_eq!(bands.dim(), (80, 44)); // [n_mels, frames]
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogMel {
    config: LogMelConfig,
    bands: MelSpectrogram,
}

impl LogMel {
    /// Plans it.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: LogMelConfig) -> Result<LogMel, AudioError> {
        config.validate()?;
        Ok(LogMel { config, bands: MelSpectrogram::new(&config)? })
    }

    /// The settings.
    pub fn config(&self) -> &LogMelConfig {
        &self.config
    }

    /// The filter bank.
    pub fn bank(&self) -> &MelBank {
        &self.bands.bank
    }

    pub(crate) fn mel(&self) -> &MelSpectrogram {
        &self.bands
    }

    /// The log-mel spectrogram, `[n_mels, frames]`; frame t is at t * hop_length / sample_rate seconds (centred).
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

    /// As [`compute`](LogMel::compute), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE): it would come out as silence or spread over all of the picture.
    #[track_caller]
    pub fn compute_into(&self, signal: &Signal, out: &mut Array2<f32>) {
        match self.config.scale {
            LogScale::Log1p { gain } => {
                let logarithm = |p: &mut f32| *p = scale::log1p_value(*p, gain);
                self.bands.map_bands(signal, out, |mel| {
                    simd::widest(|| mel.iter_mut().for_each(logarithm));
                });
            }
            LogScale::Db(db) => {
                let decibels = |p: &mut f32| *p = db.decibels(scale::POWER, *p);
                self.bands.map_bands(signal, out, |mel| {
                    simd::widest(|| mel.iter_mut().for_each(decibels));
                });
                db.finish(scale::POWER, out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scale::DbReference;
    use crate::{mel_filter_bank, power_to_db, stft, synth};

    #[test]
    #[should_panic(expected = "sample 7 is NaN")]
    fn nan_does_not_become_silence() {
        let mut x = synth::silence(0.1, 22_050);
        x.samples_mut()[7] = f32::NAN;
        LogMel::new(LogMelConfig::new(22_050)).expect("valid").compute(&x);
    }

    /// A tone over noise, loud and soft parts.
    fn sound(length: usize, seed: u64) -> Signal {
        let mut x = synth::noise(length as f64 / 8000.0, 8000, seed);
        let tone = synth::sine(1234.0, length as f64 / 8000.0, 8000);
        for (n, (x, tone)) in x.samples_mut().iter_mut().zip(tone.samples()).enumerate() {
            *x = *x * 1e-3 + if n % 600 < 300 { *tone } else { 0.0 };
        }
        x
    }

    #[test]
    fn it_is_the_chain_of_its_parts() {
        let config =
            LogMelConfig { n_fft: 512, hop_length: 100, n_mels: 20, ..LogMelConfig::new(8000) };
        let x = sound(4000, 1);
        let power = stft(x.samples(), &config.stft()).expect("valid").mapv(|bin| bin.norm_sqr());
        let bands = mel_filter_bank(&config.mel()).expect("valid").dot(&power);
        let expected = power_to_db(&bands, &DbConfig::default()).expect("valid");
        let fused = LogMel::new(config).expect("valid").compute(&x);
        assert_eq!(fused.dim(), (20, 41));
        assert!(fused.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-4));
        let mel = MelSpectrogram::new(&config).expect("valid").compute(&x);
        assert!(mel.iter().zip(&bands).all(|(a, b)| (a - b).abs() <= 1e-5 * b));
    }

    #[test]
    fn silence_is_a_number() {
        let x = synth::silence(0.5, 22_050);
        let db = LogMel::new(LogMelConfig::new(22_050)).expect("valid").compute(&x);
        assert!(db.iter().all(|&v| v == -100.0));
        let scale = LogScale::Log1p { gain: 1e4 };
        let config = LogMelConfig { scale, ..LogMelConfig::new(22_050) };
        assert!(LogMel::new(config).expect("valid").compute(&x).iter().all(|&v| v == 0.0));
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let x = sound(20_000, 2);
        let config =
            LogMelConfig { n_fft: 256, hop_length: 50, n_mels: 30, ..LogMelConfig::new(8000) };
        let front_end = LogMel::new(config).expect("valid");
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a few threads").install(|| front_end.compute(&x))
        };
        assert!(with(1) == with(2) && with(1) == with(5));
    }

    #[test]
    #[should_panic(expected = "the signal's rate")]
    fn a_signal_of_another_rate_is_a_bug() {
        LogMel::new(LogMelConfig::new(22_050))
            .expect("valid")
            .compute(&synth::sine(1.0, 1.0, 8000));
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: LogMelConfig| match LogMel::new(config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let good = LogMelConfig::new(22_050);
        assert_eq!(field(LogMelConfig { hop_length: 0, ..good }), "hop_length");
        assert_eq!(field(LogMelConfig { n_mels: 0, ..good }), "n_mels");
        let db = DbConfig { amin: 0.0, ..DbConfig::default() };
        assert_eq!(field(LogMelConfig { scale: LogScale::Db(db), ..good }), "amin");
        assert_eq!(field(LogMelConfig { scale: LogScale::Log1p { gain: 0.0 }, ..good }), "gain");
    }

    proptest! {
        // Bands are good to 80 * 2^-24 of their value (see mel.rs), so 10 log10 to 2.1e-5 dB, and the logarithm itself to
        // 2^-24 of 100 dB.
        #[test]
        fn the_kernel_computes_the_definition(
            length in 1usize..1500, n_fft in 16usize..200, hop in 8usize..300, n_mels in 1usize..20,
            center: bool, htk: bool, kind in 0..4, seed: u64
        ) {
            let db = |reference, top_db| LogScale::Db(DbConfig { reference, amin: 1e-10, top_db });
            let config = LogMelConfig {
                n_fft,
                win_length: Some(n_fft - n_fft / 4),
                hop_length: hop,
                center,
                pad: PadMode::Reflect,
                n_mels,
                f_min_hz: 50.0,
                f_max_hz: 3500.0,
                htk,
                scale: match kind {
                    0 => db(DbReference::Value(1.0), Some(80.0)),
                    1 => db(DbReference::Max, Some(20.0)),
                    2 => db(DbReference::Value(0.3), None),
                    _ => LogScale::Log1p { gain: 1e4 },
                },
                ..LogMelConfig::new(8000)
            };
            let x = sound(length, seed);
            let exact = reference(x.samples(), &config).expect("valid");
            let fast = LogMel::new(config).expect("valid").compute(&x);
            prop_assert_eq!(fast.dim(), exact.dim());

            // A band is a sum of squares, each off by a few roundings of the loudest amplitude. A hundredth of an amplitude is 0.087 dB,
            // whatever its level; ln(1 + gain p) moves less than ln(p).
            let levels = LogMelConfig { scale: db(DbReference::Max, None), ..config };
            let levels = reference(x.samples(), &levels).expect("valid");
            for ((a, b), level) in fast.iter().zip(&exact).zip(&levels) {
                let noise = 4.0 * 2f64.powi(-24) * 10f64.powf(-level / 20.0);
                prop_assert!((f64::from(*a) - b).abs() < 5e-5 + 8.7 * noise, "{} and {}", a, b);
            }
        }
    }
}
