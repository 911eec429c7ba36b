//! The constant-Q transform: a spectrum whose bins are notes.
//!
//! The bins of an STFT are evenly spaced in Hz, and too coarse for low notes where they are too fine for high ones. Here bin k is the
//! frequency
//!
//! ```text
//! f[k] = f_min 2^(k / B)        B bins an octave
//! N[k] = Q sample_rate / f[k]   samples under its window;  Q = filter_scale / a,  a = (2^(2 / B) - 1) / (2^(2 / B) + 1)
//! ```
//!
//! so that every bin has the same number of periods (B = 12: Q = 17.3) and tells apart the same interval. With the window w over `N[k]`
//! samples
//!
//! ```text
//! b[k, m] = w[m] exp(2 pi i f[k] m / sample_rate) / sum of w        m = -ceil(N / 2) ... floor(N / 2) - 1, in whole samples
//! C[k, t] = sqrt(N[k]) sum over m of b[k, m] x[t * hop_length - m]        [n_bins, frames]; N[k] for sqrt(N[k]) without `scale`
//! ```
//!
//! That is [`CqtMethod::Direct`] (`direct.rs`), 250 million multiplications for 30 s. [`CqtMethod::Recursive`] gives nearly the same in a
//! hundredth:
//!
//! 1. If the highest filter leaves room, the signal is first brought to a lower rate ("early down-sampling").
//! 2. The filters of the highest octave are short. Their spectra are next to nothing outside of a few bins: what adds up to the share
//!    `sparsity` of a filter's magnitudes is dropped, and the filters are applied to the spectra of frames (Parseval). `filters.rs`.
//! 3. An octave lower the same filters serve at half the rate: the signal is halved (`decimate.rs`) and step 2 repeated with half the hop.
//!
//! The two differ by about one hundredth of the largest value: lengths in whole samples are coarser at the halved rate, and what sparsity
//! drops is missing. Everybody's figures are those of the recursion, so it is the default; they are librosa's within 2e-3 of the largest
//! value.
//!
//! Sources: Brown (1991), "Calculation of a constant Q spectral transform", Journal of the Acoustical Society of America 89(1); Brown,
//! Puckette (1992), "An efficient algorithm for the calculation of a constant Q transform", ibid. 92(5); Schoerkhuber, Klapuri (2010),
//! "Constant-Q transform toolbox for music processing", SMC; conventions of librosa's `cqt` (0.11).

mod config;
mod decimate;
mod direct;
mod filters;

use std::borrow::Cow;

use ndarray::{Array2, ShapeBuilder};
use rayon::prelude::*;
use rustfft::num_complex::Complex32;

pub use self::config::{C1_HZ, CqtConfig, CqtMethod};
use self::decimate::Halver;
use self::filters::Octave;
use crate::fft::RealFft;
use crate::{AudioError, Framing, Signal, chroma_of_cqt, signal};

/// Frames per task.
const BLOCK: usize = 64;

/// A planned constant-Q transform, for any number of signals and threads.
///
/// ```
/// use dlmir_audio::{Cqt, CqtConfig, synth};
///
/// let cqt = Cqt::new(CqtConfig::new(22_050))?;
/// let notes = cqt.magnitude(&synth::sine(440.0, 1.0, 22_050));
/// assert_eq!(notes.dim(), (84, 44)); // [n_bins, frames]
/// let loudest = (0..84).max_by(|&a, &b| notes[[a, 20]].total_cmp(&notes[[b, 20]]));
/// assert_eq!(loudest, Some(45)); // C1 and 45 semitones: A4
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Cqt {
    config: CqtConfig,
    octaves: Vec<Octave>,
    halver: Halver,
}

impl Cqt {
    /// Plans the transform.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: CqtConfig) -> Result<Cqt, AudioError> {
        config.validate()?;
        let octaves = match config.method {
            CqtMethod::Recursive => filters::octaves(&config),
            CqtMethod::Direct => Vec::new(),
        };
        Ok(Cqt { config, octaves, halver: Halver::new() })
    }

    /// The settings.
    pub fn config(&self) -> &CqtConfig {
        &self.config
    }

    /// Complex values C, `[n_bins, frames]`; frame t is at t * hop_length / sample_rate seconds.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn complex(&self, signal: &Signal) -> Array2<Complex32> {
        let mut out = Array2::default((0, 0));
        self.map(signal, &mut out, |value| value);
        out
    }

    /// Magnitudes |C|, `[n_bins, frames]`.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn magnitude(&self, signal: &Signal) -> Array2<f32> {
        let mut out = Array2::default((0, 0));
        self.magnitude_into(signal, &mut out);
        out
    }

    /// As [`magnitude`](Cqt::magnitude), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn magnitude_into(&self, signal: &Signal, out: &mut Array2<f32>) {
        self.map(signal, out, |value| value.norm_sqr().sqrt());
    }

    /// As [`complex`](Cqt::complex), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If the signal has another rate than the settings, or a sample is NaN, infinite or larger than
    /// [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn complex_into(&self, signal: &Signal, out: &mut Array2<Complex32>) {
        self.map(signal, out, |value| value);
    }

    #[track_caller]
    fn map<T: Copy + Default + Send>(
        &self,
        signal: &Signal,
        out: &mut Array2<T>,
        f: impl Fn(Complex32) -> T + Sync,
    ) {
        let (rate, x) = (self.config.sample_rate, signal.samples());
        assert_eq!(signal.sample_rate(), rate, "cqt: the signal's rate and that of the settings");
        if let Some(n) = signal::unusable(x) {
            panic!("cqt: sample {n} is {}, no sample of any sound", x[n]);
        }
        if self.config.method == CqtMethod::Direct {
            *out = direct::direct(x, &self.config).mapv(f);
            return;
        }
        let levels = self.levels(x);
        let framing =
            |octave: &Octave| Framing::new(octave.n_fft, octave.hop).centered(self.config.pad);
        let count = |octave: &Octave| framing(octave).count(levels[octave.level].len());
        let frames = self.octaves.iter().map(count).min().unwrap_or(0);

        let shape = (self.config.n_bins, frames);
        if out.dim() != shape || !out.t().is_standard_layout() {
            *out = Array2::default(shape.f());
        }
        let values = out.as_slice_memory_order_mut().expect("checked or made as one piece");
        // Octave by octave, so that plans and filters stay in the cache.
        let task = |(block, values): (usize, &mut [T])| {
            for octave in &self.octaves {
                let (framing, x) = (framing(octave), &levels[octave.level]);
                let mut frame = vec![0.0; octave.n_fft];
                let mut scratch = octave.fft.scratch();
                let mut spectrum = vec![Complex32::default(); octave.fft.bins()];
                for (j, column) in values.chunks_exact_mut(self.config.n_bins).enumerate() {
                    framing.copy(x, block * BLOCK + j, &mut frame);
                    octave.fft.forward(&frame, &mut spectrum, &mut scratch);
                    for (y, filter) in column[octave.bins.clone()].iter_mut().zip(&octave.filters) {
                        *y = f(filter.apply(&spectrum));
                    }
                }
            }
        };
        let blocks = values.chunks_mut(self.config.n_bins * BLOCK).enumerate();
        if frames <= BLOCK {
            // Too little work to wake a second thread.
            blocks.for_each(task);
        } else {
            blocks.collect::<Vec<_>>().into_par_iter().for_each(task);
        }
    }

    /// The signal at its own rate and at each halved one.
    fn levels<'x>(&self, x: &'x [f32]) -> Vec<Cow<'x, [f32]>> {
        let deepest = self.octaves.iter().map(|octave| octave.level).max().unwrap_or(0);
        let mut levels = vec![Cow::Borrowed(x)];
        let early = self.octaves.first().map_or(0, |octave| octave.level);
        for level in 1..=deepest {
            let mut halved = self.halver.halve(&levels[level - 1]);
            if level == early {
                // Down-sampled at once by 2^early, a signal of n samples has round(n / 2^early) of them elsewhere; what is beyond is silence.
                let count = (x.len() + (1 << early) / 2) >> early;
                let beyond = count.min(halved.len());
                halved[beyond..].fill(0.0);
            }
            levels.push(Cow::Owned(halved));
        }
        levels
    }
}

/// Chroma by the constant-Q transform, `[12, frames]`, the largest of each frame 1; librosa's `chroma_cqt` at tuning 0: seven octaves of 36
/// bins from C1, three neighbouring bins to a class.
///
/// ```
/// let a4 = dlmir_audio::synth::sine(440.0, 1.0, 22_050);
/// assert_eq!(dlmir_audio::chroma_cqt(&a4, 512)?[[9, 20]], 1.0); // row 9 is A
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] if `hop_length` is 0, or the signal's rate is too low for seven octaves.
///
/// # Panics
/// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
#[track_caller]
pub fn chroma_cqt(signal: &Signal, hop_length: usize) -> Result<Array2<f32>, AudioError> {
    let good = CqtConfig::new(signal.sample_rate());
    let config = CqtConfig { hop_length, n_bins: 7 * 36, bins_per_octave: 36, ..good };
    let magnitude = Cqt::new(config)?.magnitude(signal);
    chroma_of_cqt(&magnitude, config.f_min_hz, config.bins_per_octave, 12)
}

#[cfg(test)]
mod tests;
