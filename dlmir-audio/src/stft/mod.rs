//! The short-time Fourier transform: which frequencies sound at which time.
//!
//! ```text
//! X[k, t] = sum over n of w[n] x_t[n] exp(-2 pi i k n / n_fft)          [bins, frames], bins = floor(n_fft / 2) + 1
//! ```
//!
//! x_t is frame t ([`Framing`](crate::Framing)), w the window: `win_length` samples, periodic, in the middle of `n_fft`. Bin k is the
//! frequency k * sample_rate / n_fft, frame t the time t * hop_length / sample_rate (centred). Longer frames tell frequencies apart that
//! lie closer together, and blur time: 2048 samples at 22.05 kHz are 93 ms and 10.8 Hz a bin.
//!
//! ```text
//! magnitude  |X|         power  |X|^2
//! ```
//!
//! [`reference()`] is the definition in plain loops. [`Stft`] plans once and computes blocks of 64 frames, several at a time; every frame
//! is computed alone, so that the number of threads changes no bit. A frame's spectrum is written where it stays: in the arrays that
//! come out, frames lie one behind the other in memory (Fortran order, as librosa's), although their shape is `[bins, frames]`.
//!
//! `config.rs` has the settings, `inverse.rs` the way back.
//!
//! Sources: the conventions are librosa's `stft` (0.11). Allen, Rabiner (1977), "A unified approach to short-time Fourier analysis and
//! synthesis", Proceedings of the IEEE 65(11).

mod config;
mod inverse;

use std::ops::Range;

use ndarray::{Array2, ArrayViewMut2, Axis, ShapeBuilder};
use rayon::prelude::*;
use rustfft::num_complex::Complex;

pub use self::config::StftConfig;
use crate::fft::{RealFft, dft};
use crate::{AudioError, Complex32, signal, simd};

/// Frames per task: enough work to be worth handing to a thread, few enough to share 30 seconds evenly.
const BLOCK: usize = 64;

/// The definition, in double precision: `[bins, frames]`.
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
pub fn reference(x: &[f32], config: &StftConfig) -> Result<Array2<Complex<f64>>, AudioError> {
    config.validate()?;
    let window = config.padded_window();
    let frames = config.framing().frames(x);
    let mut spectra = Array2::zeros((config.bins(), frames.ncols()));
    for (frame, mut spectrum) in frames.columns().into_iter().zip(spectra.columns_mut()) {
        let windowed: Vec<f64> =
            frame.iter().zip(&window).map(|(&x, w)| f64::from(x) * w).collect();
        for (value, bin) in spectrum.iter_mut().zip(dft(&windowed)) {
            *value = bin;
        }
    }
    Ok(spectra)
}

/// The short-time Fourier transform of `x`: complex, `[bins, frames]`.
///
/// ```
/// use dlmir_audio::{StftConfig, stft, synth};
///
/// let a4 = synth::sine(440.0, 1.0, 22_050);
/// let spectra = stft(a4.samples(), &StftConfig::default())?;
/// assert_eq!(spectra.dim(), (1025, 44));
/// // The loudest bin in the middle of the tone: 41 * 22050 / 2048 = 441 Hz.
/// let loudest = (0..1025).max_by(|&a, &b| spectra[[a, 20]].norm().total_cmp(&spectra[[b, 20]].norm()));
/// assert_eq!(loudest, Some(41));
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] for a setting outside its range.
///
/// # Panics
/// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
#[track_caller]
pub fn stft(x: &[f32], config: &StftConfig) -> Result<Array2<Complex32>, AudioError> {
    Ok(Stft::new(*config)?.complex(x))
}

/// A planned transform, for any number of signals and threads.
///
/// Frames are transformed in single precision, as in librosa and PyTorch: the rounding noise of a loud tone lies about 170 dB below it in
/// every other bin of a frame of 2048 samples.
#[derive(Clone, Debug)]
pub struct Stft {
    config: StftConfig,
    window: Vec<f32>,
    fft: RealFft,
}

/// What a task needs to transform frames.
struct FrameBuffers {
    frame: Vec<f32>,
    scratch: Vec<Complex32>,
}

impl Stft {
    /// Plans the transform.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: StftConfig) -> Result<Stft, AudioError> {
        config.validate()?;
        let window = config.padded_window().into_iter().map(|w| w as f32).collect();
        Ok(Stft { config, window, fft: RealFft::new(config.n_fft) })
    }

    /// The settings.
    pub fn config(&self) -> &StftConfig {
        &self.config
    }

    /// Complex spectra X, `[bins, frames]`.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn complex(&self, x: &[f32]) -> Array2<Complex32> {
        let mut out = Array2::default((0, 0));
        self.complex_into(x, &mut out);
        out
    }

    /// Magnitudes |X|, `[bins, frames]`.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn magnitude(&self, x: &[f32]) -> Array2<f32> {
        let mut out = Array2::default((0, 0));
        self.magnitude_into(x, &mut out);
        out
    }

    /// Powers |X|^2, `[bins, frames]`.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn power(&self, x: &[f32]) -> Array2<f32> {
        let mut out = Array2::default((0, 0));
        self.power_into(x, &mut out);
        out
    }

    /// As [`complex`](Stft::complex), into an array that is replaced only if its shape or order in memory does not fit.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn complex_into(&self, x: &[f32], out: &mut Array2<Complex32>) {
        self.columns(x, out, || (), |(), buffers, t, bins| self.spectrum(x, t, buffers, bins));
    }

    /// As [`magnitude`](Stft::magnitude), into an array that is replaced only if its shape or order in memory does not fit.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn magnitude_into(&self, x: &[f32], out: &mut Array2<f32>) {
        let init = || vec![Complex32::default(); self.config.bins()];
        self.columns(x, out, init, |spectrum, buffers, t, column| {
            self.spectrum(x, t, buffers, spectrum);
            for (y, bin) in column.iter_mut().zip(spectrum) {
                *y = bin.norm_sqr().sqrt();
            }
        });
    }

    /// As [`power`](Stft::power), into an array that is replaced only if its shape or order in memory does not fit.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn power_into(&self, x: &[f32], out: &mut Array2<f32>) {
        let init = || vec![Complex32::default(); self.config.bins()];
        self.columns(x, out, init, |spectrum, buffers, t, column| {
            self.spectrum(x, t, buffers, spectrum);
            power(spectrum, column);
        });
    }

    /// Memory for the spectrum of a frame.
    pub(crate) fn scratch(&self) -> Vec<Complex32> {
        self.fft.scratch()
    }

    /// Memory for a task.
    fn buffers(&self) -> FrameBuffers {
        FrameBuffers { frame: vec![0.0; self.config.n_fft], scratch: self.scratch() }
    }

    /// The spectrum of frame `t` of `x`, `[bins]`.
    fn spectrum(&self, x: &[f32], t: usize, buffers: &mut FrameBuffers, bins: &mut [Complex32]) {
        let framing = self.config.framing();
        match framing.inside(x, t) {
            Some(frame) => self.spectrum_of_frame(frame, &mut buffers.scratch, bins),
            None => {
                framing.copy(x, t, &mut buffers.frame);
                self.spectrum_of_frame(&buffers.frame, &mut buffers.scratch, bins);
            }
        }
    }

    /// The spectrum of one frame, `[n_fft]` samples as they are in the signal.
    pub(crate) fn spectrum_of_frame(
        &self,
        frame: &[f32],
        scratch: &mut [Complex32],
        bins: &mut [Complex32],
    ) {
        self.fft.forward_windowed(frame, &self.window, bins, scratch);
    }

    /// Lets `column` write every frame t's `[bins]` values to where they stay in `out`, `[bins, frames]`.
    /// `init` makes the memory that `column` needs, once for every few blocks that a thread takes.
    #[track_caller]
    fn columns<T: Copy + Default + Send, S>(
        &self,
        x: &[f32],
        out: &mut Array2<T>,
        init: impl Fn() -> S + Sync + Send,
        column: impl Fn(&mut S, &mut FrameBuffers, usize, &mut [T]) + Sync + Send,
    ) {
        let shape = (self.config.bins(), self.count(x));
        if out.dim() != shape || !out.t().is_standard_layout() {
            *out = Array2::default(shape.f());
        }
        let values = out.as_slice_memory_order_mut().expect("checked or made as one piece");
        let blocks = values.chunks_mut(shape.0 * BLOCK);
        self.blocks(blocks, init, |memory, buffers, frames, block| {
            for (t, values) in frames.zip(block.chunks_exact_mut(shape.0)) {
                column(memory, buffers, t, values);
            }
        });
    }

    /// Lets `column` make `rows` values of every frame's power, `[bins]`: column t of `out`, `[rows, frames]` in standard layout. The
    /// columns of a block are gathered one by one and then written to their rows: 64 neighbours at once, where a single column would
    /// touch as many rows for one value each.
    #[track_caller]
    pub(crate) fn map_power(
        &self,
        x: &[f32],
        rows: usize,
        out: &mut Array2<f32>,
        column: impl Fn(&[f32], &mut [f32]) + Sync + Send,
    ) {
        let shape = (rows, self.count(x));
        if out.dim() != shape || !out.is_standard_layout() {
            *out = Array2::default(shape);
        }
        let bins = self.config.bins();
        let init = || (vec![Complex32::default(); bins], vec![0.0; bins], vec![0.0; rows * BLOCK]);
        let blocks = out.axis_chunks_iter_mut(Axis(1), BLOCK);
        self.blocks(blocks, init, |memory, buffers, frames, mut block: ArrayViewMut2<f32>| {
            let (spectrum, powers, columns) = memory;
            for (t, values) in frames.zip(columns.chunks_exact_mut(rows)).take(block.ncols()) {
                self.spectrum(x, t, buffers, spectrum);
                power(spectrum, powers);
                column(powers, values);
            }
            for (r, mut row) in block.rows_mut().into_iter().enumerate() {
                for (y, values) in row.iter_mut().zip(columns.chunks_exact(rows)) {
                    *y = values[r];
                }
            }
        });
    }

    /// Calls `compute` for every block of frames, on several threads if there are several blocks.
    fn blocks<B: Send, S>(
        &self,
        blocks: impl Iterator<Item = B>,
        init: impl Fn() -> S + Sync + Send,
        compute: impl Fn(&mut S, &mut FrameBuffers, Range<usize>, B) + Sync + Send,
    ) {
        let blocks: Vec<_> = blocks.enumerate().collect();
        let prepare = || (init(), self.buffers());
        let task = |(memory, buffers): &mut (S, FrameBuffers), (b, block)| {
            compute(memory, buffers, b * BLOCK..(b + 1) * BLOCK, block);
        };
        if blocks.len() == 1 {
            // Too little work to wake a second thread.
            blocks.into_iter().for_each(|block| task(&mut prepare(), block));
        } else {
            blocks.into_par_iter().for_each_init(prepare, task);
        }
    }

    /// Frames in `x`, after a look at its samples.
    #[track_caller]
    fn count(&self, x: &[f32]) -> usize {
        if let Some(n) = signal::unusable(x) {
            panic!("stft: sample {n} is {}, no sample of any sound", x[n]);
        }
        self.config.framing().count(x.len())
    }
}

/// |X|^2 of every bin.
pub(crate) fn power(spectrum: &[Complex32], power: &mut [f32]) {
    simd::widest(|| {
        for (p, bin) in power.iter_mut().zip(spectrum) {
            *p = bin.norm_sqr();
        }
    });
}

#[cfg(test)]
mod tests;
