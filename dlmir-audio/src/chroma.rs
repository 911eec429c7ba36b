//! Chroma: which of the twelve pitch classes sound, whatever the octave.
//!
//! The frequency of bin k in octaves above A0, o(f) = log2(f / 27.5), makes its place on the chromatic circle of n classes, `x[k] =
//! n o(f[k])`. Each bin is shared among the classes near it by a bell that is as wide as the bin, and the middle of hearing counts most:
//!
//! ```text
//! w[c, k] = g[k] exp(-1/2 (2 d / b[k])^2)          d the distance of x[k] and c on the circle, b[k] = max(1, x[k + 1] - x[k])
//! g[k]    = exp(-1/2 ((o(f[k]) - 5) / 2)^2) / norm of the column        the bell is centred on octave 5 (880 Hz), 2 octaves wide
//! ```
//!
//! (for k = 0 the frequency 1.5 octaves below bin 1 is taken). A chroma spectrogram is the product of these weights, [n, bins], and a power
//! spectrogram, [bins, frames], each frame divided by its largest value. Row 0 is C.
//!
//! [`chroma_of_cqt`] folds a constant-Q spectrogram instead: bins that are a whole number of octaves apart are added.
//!
//! Tuning is given: 0 means A4 = 440 Hz; else the deviation in classes (+0.5: half a class sharp). librosa, where none is given, takes what
//! [`estimate_tuning`](crate::estimate_tuning()) says of the spectrogram.
//!
//! Sources: Ellis (2007), "Chroma feature analysis and synthesis"; Fujishima (1999), "Realtime chord recognition of musical sound", ICMC;
//! conventions of librosa's `filters.chroma`, `filters.cq_to_chroma`, `feature.chroma_stft` and `feature.chroma_cqt` (0.11).

use ndarray::Array2;

use crate::{AudioError, columns};

/// Settings of chroma weights for a spectrogram. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChromaConfig {
    /// Rate of the signal in Hz.
    pub sample_rate: u32,
    /// Length of the transform; floor(n_fft / 2) + 1 bins are expected.
    pub n_fft: usize,
    /// Classes in an octave, at least 1; 12.
    pub n_chroma: usize,
    /// Deviation from A4 = 440 Hz in classes; 0.
    pub tuning: f64,
    /// The octave that counts most; 5.
    pub center_octave: f64,
    /// Width of the bell over octaves, above 0; 2. `None`: all octaves count the same.
    pub octave_width: Option<f64>,
}

impl ChromaConfig {
    /// librosa's defaults, at tuning 0.
    pub fn new(sample_rate: u32, n_fft: usize) -> ChromaConfig {
        let (center_octave, octave_width) = (5.0, Some(2.0));
        ChromaConfig { sample_rate, n_fft, n_chroma: 12, tuning: 0.0, center_octave, octave_width }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        for (name, value, least) in [
            ("sample_rate", self.sample_rate as usize, 1),
            ("n_fft", self.n_fft, 4),
            ("n_chroma", self.n_chroma, 1),
        ] {
            if value < least {
                return Err(AudioError::setting(
                    name,
                    value,
                    format!("it must be at least {least}"),
                ));
            }
        }
        for (name, value) in [("tuning", self.tuning), ("center_octave", self.center_octave)] {
            if !value.is_finite() {
                return Err(AudioError::setting(name, value, "it must be a number"));
            }
        }
        match self.octave_width {
            Some(width) if !(width > 0.0 && width.is_finite()) => {
                Err(AudioError::setting("octave_width", width, "it must be above 0"))
            }
            _ => Ok(()),
        }
    }
}

/// The weights, `[n_chroma, floor(n_fft / 2) + 1]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn chroma_filter_bank(config: &ChromaConfig) -> Result<Array2<f32>, AudioError> {
    config.validate()?;
    let ChromaConfig { sample_rate, n_fft, n_chroma, tuning, center_octave, octave_width } =
        *config;
    let classes = n_chroma as f64;
    let a0 = 27.5 * 2f64.powf(tuning / classes);
    let position = |k: usize| {
        if k == 0 {
            let first = f64::from(sample_rate) / n_fft as f64;
            return classes * ((first / a0).log2() - 1.5);
        }
        classes * (k as f64 * f64::from(sample_rate) / n_fft as f64 / a0).log2()
    };
    let half = (classes / 2.0).round_ties_even();
    // Classes are counted from A; three semitones further is C.
    let a_to_c = 3 * (n_chroma / 12);
    let mut weights = Array2::zeros((n_chroma, n_fft / 2 + 1));
    let mut bells = vec![0.0; n_chroma];
    for (k, mut column) in weights.columns_mut().into_iter().enumerate() {
        let x = position(k);
        let width = if k + 1 < n_fft { (position(k + 1) - x).max(1.0) } else { 1.0 };
        for (c, bell) in bells.iter_mut().enumerate() {
            let distance = (x - c as f64 + half + 10.0 * classes).rem_euclid(classes) - half;
            *bell = (-0.5 * (2.0 * distance / width).powi(2)).exp();
        }
        let norm = bells.iter().map(|b| b * b).sum::<f64>().sqrt();
        let of_octave = match octave_width {
            Some(width) => (-0.5 * ((x / classes - center_octave) / width).powi(2)).exp(),
            None => 1.0,
        };
        for (c, w) in column.iter_mut().enumerate() {
            *w = (bells[(c + a_to_c) % n_chroma] / norm * of_octave) as f32;
        }
    }
    Ok(weights)
}

/// Planned chroma weights.
#[derive(Clone, Debug)]
pub struct ChromaBank {
    bins: usize,
    n_chroma: usize,
    /// `[bins, n_chroma]`: what each bin adds to each class.
    weights: Vec<f32>,
}

impl ChromaBank {
    /// Computes the weights.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: &ChromaConfig) -> Result<ChromaBank, AudioError> {
        Ok(ChromaBank::of_weights(&chroma_filter_bank(config)?))
    }

    fn of_weights(weights: &Array2<f32>) -> ChromaBank {
        let (n_chroma, bins) = weights.dim();
        ChromaBank { bins, n_chroma, weights: weights.t().iter().copied().collect() }
    }

    /// The classes of one spectrum, divided by the largest: from `[bins]` to `[n_chroma]`. Silence stays 0.
    ///
    /// # Panics
    /// If a slice has another length.
    #[track_caller]
    pub fn apply(&self, spectrum: &[f32], chroma: &mut [f32]) {
        assert_eq!(spectrum.len(), self.bins, "chroma: number of bins");
        assert_eq!(chroma.len(), self.n_chroma, "chroma: number of classes");
        chroma.fill(0.0);
        for (s, weights) in spectrum.iter().zip(self.weights.chunks_exact(self.n_chroma)) {
            for (c, w) in chroma.iter_mut().zip(weights) {
                *c += w * s;
            }
        }
        let largest = chroma.iter().copied().fold(0.0, f32::max);
        if largest >= f32::MIN_POSITIVE {
            chroma.iter_mut().for_each(|c| *c /= largest);
        }
    }

    /// The classes of every frame of a spectrogram, `[bins, frames]`: `[n_chroma, frames]`.
    ///
    /// # Panics
    /// If there is another number of bins.
    #[track_caller]
    pub fn compute(&self, spectrogram: &Array2<f32>) -> Array2<f32> {
        assert_eq!(spectrogram.nrows(), self.bins, "chroma: number of bins");
        columns::map(spectrogram.view(), self.n_chroma, |frame, chroma| self.apply(frame, chroma))
    }
}

/// Chroma of a power spectrogram, `[floor(n_fft / 2) + 1, frames]`: `[n_chroma, frames]`, the largest of each frame 1.
///
/// ```
/// use dlmir_audio::{ChromaConfig, Stft, StftConfig, chroma_stft, synth};
///
/// let a4 = Stft::new(StftConfig::default())?.power(synth::sine(440.0, 1.0, 22_050).samples());
/// let chroma = chroma_stft(&a4, &ChromaConfig::new(22_050, 2048))?;
/// assert_eq!(chroma.dim(), (12, 44));
/// assert_eq!(chroma[[9, 20]], 1.0); // C, C#, D, D#, E, F, F#, G, G#, A
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
///
/// # Panics
/// If there is another number of bins.
#[track_caller]
pub fn chroma_stft(power: &Array2<f32>, config: &ChromaConfig) -> Result<Array2<f32>, AudioError> {
    Ok(ChromaBank::new(config)?.compute(power))
}

/// Chroma of a constant-Q magnitude spectrogram, `[n_bins, frames]`, whose lowest bin is `f_min_hz`: `[n_chroma, frames]`, the largest of
/// each frame 1. Where `bins_per_octave` is 3 * 12, a class is the sum of three neighbouring bins, the middle one on the note.
///
/// # Errors
/// [`AudioError::Setting`] if `n_chroma` is 0, `bins_per_octave` is no multiple of it, or `f_min_hz` is not above 0.
pub fn chroma_of_cqt(
    magnitude: &Array2<f32>,
    f_min_hz: f64,
    bins_per_octave: usize,
    n_chroma: usize,
) -> Result<Array2<f32>, AudioError> {
    if n_chroma == 0 {
        return Err(AudioError::setting("n_chroma", n_chroma, "it must be at least 1"));
    }
    if bins_per_octave == 0 || !bins_per_octave.is_multiple_of(n_chroma) {
        let rule = format!("it must be a multiple of n_chroma, {n_chroma}");
        return Err(AudioError::setting("bins_per_octave", bins_per_octave, rule));
    }
    if !(f_min_hz > 0.0 && f_min_hz.is_finite()) {
        return Err(AudioError::setting("f_min_hz", f_min_hz, "it must be above 0"));
    }
    let merge = bins_per_octave / n_chroma;
    let semitone = (69.0 + 12.0 * (f_min_hz / 440.0).log2()).rem_euclid(12.0);
    let first = (semitone * n_chroma as f64 / 12.0).round_ties_even() as usize;
    let mut weights = Array2::zeros((n_chroma, magnitude.nrows()));
    for k in 0..magnitude.nrows() {
        let class = (k % bins_per_octave + merge / 2) % bins_per_octave / merge;
        weights[[(class + first) % n_chroma, k]] = 1.0;
    }
    Ok(ChromaBank::of_weights(&weights).compute(magnitude))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bins_of_the_constant_q_transform_fold_onto_their_classes() {
        // 36 bins an octave from C1: bin 0 is C, bins 35 and 1 its neighbours.
        let class = |k: usize| {
            let mut s = Array2::zeros((84, 1));
            s[[k, 0]] = 2.0;
            let chroma = chroma_of_cqt(&s, 32.703_195_662_574_83, 36, 12).expect("valid");
            assert_eq!(chroma.sum(), 1.0);
            chroma.iter().position(|&v| v == 1.0)
        };
        assert_eq!([0, 1, 2, 35, 36, 37].map(class), [0, 0, 1, 0, 0, 0].map(Some));
        let mut s = Array2::zeros((12, 1));
        s[[3, 0]] = 1.0;
        assert_eq!(chroma_of_cqt(&s, 55.0, 12, 12).expect("valid")[[0, 0]], 1.0); // A, A#, B, C
    }

    #[test]
    fn silence_is_no_pitch() {
        let chroma = chroma_stft(&Array2::zeros((129, 3)), &ChromaConfig::new(8000, 256));
        assert!(chroma.expect("valid").iter().all(|&v| v == 0.0));
    }

    #[test]
    fn every_setting_has_its_range() {
        let good = ChromaConfig::new(22_050, 2048);
        let field = |config: ChromaConfig| match ChromaBank::new(&config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(ChromaConfig { n_chroma: 0, ..good }), "n_chroma");
        assert_eq!(field(ChromaConfig { n_fft: 2, ..good }), "n_fft");
        assert_eq!(field(ChromaConfig { tuning: f64::NAN, ..good }), "tuning");
        assert_eq!(field(ChromaConfig { octave_width: Some(0.0), ..good }), "octave_width");
        let s = Array2::zeros((12, 1));
        let of_cqt = |f, bins, n| chroma_of_cqt(&s, f, bins, n).expect_err("bad").to_string();
        assert!(of_cqt(0.0, 12, 12).starts_with("f_min_hz"));
        assert!(of_cqt(30.0, 18, 12).starts_with("bins_per_octave"));
        assert!(of_cqt(30.0, 12, 0).starts_with("n_chroma"));
    }

    proptest! {
        // A tone an octave up is the same class, and each frame's largest value is 1.
        #[test]
        fn octaves_are_equivalent(note in 60i32..72) {
            let n_fft = 8192;
            let bank = ChromaBank::new(&ChromaConfig::new(22_050, n_fft)).expect("valid");
            for octave in 0..3 {
                let hz = 440.0 * 2f64.powf(f64::from(note + 12 * octave - 69) / 12.0);
                let mut power = vec![0.0; n_fft / 2 + 1];
                power[(hz * n_fft as f64 / 22_050.0).round() as usize] = 0.3;
                let mut chroma = [0.0; 12];
                bank.apply(&power, &mut chroma);
                prop_assert_eq!(chroma[(note % 12) as usize], 1.0);
            }
        }
    }
}
