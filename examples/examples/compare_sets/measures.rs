//! What can be measured of any recording, music or not.

use dlmir_audio::{
    AudioError, LogMelConfig, MelBank, OnsetDetector, OnsetMethod, Signal, Stft, fft_frequencies,
    frame_centroid, resample, zero_crossing_rate,
};

/// All recordings are compared at this rate.
pub const RATE: u32 = 22_050;

/// Bands of the mean mel spectrum.
pub const BANDS: usize = 40;

/// The measures of one recording at [`RATE`], after its peak was brought to 1.
#[derive(Debug, Clone)]
pub struct Measures {
    /// RMS in dB below the peak.
    pub loudness_db: f64,
    /// Share of 20 ms frames whose RMS is more than 40 dB below that of the whole, 0 to 1.
    pub silence: f64,
    /// The frequency below which 99 % of the power lie, in Hz.
    pub bandwidth_hz: f64,
    /// Zero crossings a second.
    pub crossings_hz: f64,
    /// Mean of the frames' spectral centroids, in Hz.
    pub centroid_hz: f64,
    /// Onsets a second, as SuperFlux finds them.
    pub onsets_hz: f64,
    /// The strongest period of the onset function between 60 and 200 beats a minute: a rough tempo, often its half or double.
    pub bpm: f64,
    /// Mean power of each mel band in dB, relative to all bands together, `[BANDS]`.
    pub mel_db: Vec<f64>,
}

/// The numbers of [`Measures`] with a name, and whether they belong to the shortcut test.
pub const NAMES: [(&str, bool); 7] = [
    ("loudness, dB below peak", true),
    ("silence, share of frames", true),
    ("bandwidth (99 % of power), Hz", true),
    ("zero crossings, 1/s", false),
    ("spectral centroid, Hz", false),
    ("onsets (SuperFlux), 1/s", false),
    ("strongest period, beats a minute", false),
];

impl Measures {
    /// Measures a recording.
    ///
    /// # Errors
    /// If it cannot be resampled, or is silent.
    pub fn of(signal: &Signal) -> Result<Measures, Box<dyn std::error::Error + Send + Sync>> {
        let mut signal = resample(signal, RATE)?;
        let peak = signal.samples().iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
        if peak == 0.0 {
            return Err("it is silent".into());
        }
        signal.samples_mut().iter_mut().for_each(|x| *x /= peak);
        let x = signal.samples();
        let loudness = rms(x);
        let frames: Vec<f64> = x.chunks(RATE as usize / 50).map(rms).collect();
        let quiet = frames.iter().filter(|&&level| level < 0.01 * loudness).count();
        let crossings = zero_crossing_rate(x, 2048, 512, false);
        let power = Stft::new(config().stft())?.power(x);
        let frequencies = fft_frequencies(RATE, 2048);
        let mut spectrum = vec![0.0; frequencies.len()];
        let mut centroids = Vec::with_capacity(power.ncols());
        for frame in power.columns() {
            let magnitude: Vec<f32> = frame.iter().map(|p| p.sqrt()).collect();
            centroids.push(f64::from(frame_centroid(&magnitude, &frequencies)));
            spectrum.iter_mut().zip(frame).for_each(|(sum, &p)| *sum += f64::from(p));
        }
        let long_term: Vec<f32> = spectrum.iter().map(|&p| p as f32).collect();
        let mut bands = vec![0.0; BANDS];
        MelBank::new(config().mel())?.apply(&long_term, &mut bands);
        let total: f64 = bands.iter().map(|&b| f64::from(b)).sum();
        let mel_db = bands.iter().map(|&b| 10.0 * (f64::from(b) / total).max(1e-9).log10());
        let detector = OnsetDetector::new(OnsetMethod::SuperFlux, RATE)?;
        let flux = detector.activation(&signal);
        let frames_per_second = f64::from(RATE) / detector.front_end().config().hop_length;
        Ok(Measures {
            loudness_db: -20.0 * loudness.log10(),
            silence: quiet as f64 / frames.len().max(1) as f64,
            bandwidth_hz: bandwidth(&spectrum, &frequencies),
            crossings_hz: mean(crossings.iter().map(|&r| f64::from(r) * f64::from(RATE))),
            centroid_hz: mean(centroids.into_iter()),
            onsets_hz: detector.detect(&signal).len() as f64 / signal.duration_s(),
            bpm: strongest_period(&flux, frames_per_second),
            mel_db: mel_db.collect(),
        })
    }

    /// In the order of [`NAMES`].
    pub fn numbers(&self) -> [f64; NAMES.len()] {
        let Measures { loudness_db, silence, bandwidth_hz, crossings_hz, centroid_hz, .. } = *self;
        let Measures { onsets_hz, bpm, .. } = *self;
        [loudness_db, silence, bandwidth_hz, crossings_hz, centroid_hz, onsets_hz, bpm]
    }

    /// What a shortcut could use: loudness, silence and bandwidth.
    pub fn shortcut(&self) -> Vec<f32> {
        let marked = self.numbers().into_iter().zip(NAMES).filter(|(_, (_, shortcut))| *shortcut);
        marked.map(|(x, _)| x as f32).collect()
    }
}

fn config() -> LogMelConfig {
    LogMelConfig { n_mels: BANDS, ..LogMelConfig::new(RATE) }
}

/// Centre frequencies of the mel bands, in Hz.
pub fn band_centres() -> Result<Vec<f64>, AudioError> {
    let config = config().mel();
    let edges =
        dlmir_audio::mel_frequencies(BANDS + 2, config.f_min_hz, config.f_max_hz, config.scale);
    Ok(edges[1..=BANDS].to_vec())
}

fn rms(x: &[f32]) -> f64 {
    mean(x.iter().map(|&v| f64::from(v) * f64::from(v))).sqrt()
}

fn bandwidth(power: &[f64], frequencies: &[f64]) -> f64 {
    let total: f64 = power.iter().sum();
    let mut sum = 0.0;
    let within = power.iter().take_while(|&&p| {
        sum += p;
        sum < 0.99 * total
    });
    frequencies[within.count().min(frequencies.len() - 1)]
}

/// Beats a minute of the lag, from 0.3 to 1 s, at which the onset function resembles itself most; 0 if it is too short.
fn strongest_period(flux: &[f32], frames_per_second: f64) -> f64 {
    let average = mean(flux.iter().map(|&f| f64::from(f)));
    let centred: Vec<f64> = flux.iter().map(|&f| f64::from(f) - average).collect();
    let likeness = |lag: usize| {
        let pairs = centred.iter().zip(&centred[lag..]);
        pairs.map(|(a, b)| a * b).sum::<f64>() / (centred.len() - lag) as f64
    };
    let lags = (0.3 * frames_per_second).round() as usize..=frames_per_second.round() as usize;
    let best = lags
        .filter(|&lag| 2 * lag < centred.len())
        .max_by(|&a, &b| likeness(a).total_cmp(&likeness(b)));
    best.map_or(0.0, |lag| 60.0 * frames_per_second / lag as f64)
}

/// The mean; 0 of nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(n, sum), x| (n + 1.0, sum + x));
    if count > 0.0 { sum / count } else { 0.0 }
}
