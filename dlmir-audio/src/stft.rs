//! The short-time Fourier transform: which frequencies sound at which time.
//!
//! ```text
//! X[k, t] = sum over n of w[n] x_t[n] exp(-2 pi i k n / n_fft)          [bins, frames], bins = floor(n_fft / 2) + 1
//! ```
//!
//! x_t is frame t ([`Framing`]), w the window: `win_length` samples, periodic, in the middle of `n_fft`. Bin k is the frequency
//! k * sample_rate / n_fft, frame t the time t * hop_length / sample_rate (centred). Longer frames tell frequencies apart that lie closer
//! together, and blur time: 2048 samples at 22.05 kHz are 93 ms and 10.8 Hz a bin.
//!
//! ```text
//! magnitude  |X|         power  |X|^2
//! ```
//!
//! [`reference()`] is the definition in plain loops. [`Stft`] plans once and computes blocks of 64 frames, several at a time; every frame
//! is computed alone, so that the number of threads changes no bit. The spectra of a block are gathered frame by frame and then
//! written to their rows: 64 neighbours at once, where a single frame would touch as many rows for one value each.
//!
//! Sources: the conventions are librosa's `stft` (0.11). Allen, Rabiner (1977), "A unified approach to short-time Fourier analysis and
//! synthesis", Proceedings of the IEEE 65(11).

use ndarray::{Array2, ArrayViewMut2, Axis};
use rayon::prelude::*;
use rustfft::num_complex::Complex;

use crate::fft::{RealFft, dft};
use crate::{AudioError, Complex32, Framing, PadMode, Window, signal};

/// Frames per task: enough work to be worth handing to a thread, few enough to share 30 seconds evenly.
const BLOCK: usize = 64;

/// Settings of the short-time Fourier transform. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StftConfig {
    /// Samples per frame, and length of the transform. 2048: 93 ms at 22.05 kHz.
    pub n_fft: usize,
    /// Samples under the window, 1 to `n_fft`; `None`: all of the frame. What is left of the frame is zero, which gives more bins but
    /// no finer resolution.
    pub win_length: Option<usize>,
    /// Samples from one frame to the next. 512: 23 ms at 22.05 kHz, frames overlap by three quarters.
    pub hop_length: usize,
    /// The shape of the window.
    pub window: Window,
    /// Whether frame t has sample t * hop_length in its middle; otherwise it begins there.
    pub center: bool,
    /// What stands before the start and after the end of the signal where frames are centred.
    pub pad: PadMode,
}

impl Default for StftConfig {
    fn default() -> StftConfig {
        StftConfig::new(2048, 512)
    }
}

impl StftConfig {
    /// Hann windows as long as the frame, centred, zeros outside of the signal.
    pub fn new(n_fft: usize, hop_length: usize) -> StftConfig {
        let (window, center, pad) = (Window::Hann, true, PadMode::Zero);
        StftConfig { n_fft, win_length: None, hop_length, window, center, pad }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        if self.n_fft == 0 {
            return Err(AudioError::setting("n_fft", self.n_fft, "it must be at least 1"));
        }
        if self.hop_length == 0 {
            return Err(AudioError::setting(
                "hop_length",
                self.hop_length,
                "it must be at least 1",
            ));
        }
        match self.win_length {
            Some(win_length) if !(1..=self.n_fft).contains(&win_length) => {
                let rule = format!("it must be 1 to n_fft, {}", self.n_fft);
                Err(AudioError::setting("win_length", win_length, rule))
            }
            _ => Ok(()),
        }
    }

    /// Rows of the result: floor(n_fft / 2) + 1.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// How the signal is cut.
    ///
    /// # Panics
    /// If `n_fft` or `hop_length` is 0.
    #[track_caller]
    pub fn framing(&self) -> Framing {
        let framing = Framing::new(self.n_fft, self.hop_length);
        if self.center { framing.centered(self.pad) } else { framing }
    }

    /// Columns of the result for a signal of `samples` samples.
    ///
    /// # Panics
    /// If `n_fft` or `hop_length` is 0.
    #[track_caller]
    pub fn frames(&self, samples: usize) -> usize {
        self.framing().count(samples)
    }

    /// The time in seconds of the middle of frame `t`.
    pub fn frame_time_s(&self, t: usize, sample_rate: u32) -> f64 {
        let lead = if self.center { 0 } else { self.n_fft / 2 };
        (t * self.hop_length + lead) as f64 / f64::from(sample_rate)
    }

    /// The window in the middle of `n_fft` samples.
    fn padded_window(&self) -> Vec<f64> {
        let mut padded = vec![0.0; self.n_fft];
        let win_length = self.win_length.unwrap_or(self.n_fft);
        let start = (self.n_fft - win_length) / 2;
        padded[start..start + win_length].copy_from_slice(&self.window.periodic_f64(win_length));
        padded
    }
}

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
/// Frames are transformed in double precision and rounded at the end. In 32 bits, the rounding noise of a loud tone would lie
/// 140 dB below it in every other bin: wrong by a thousandth of a decibel where a soft sound stands 80 dB below the loud one.
#[derive(Clone, Debug)]
pub struct Stft {
    config: StftConfig,
    window: Vec<f64>,
    fft: RealFft,
}

impl Stft {
    /// Plans the transform.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: StftConfig) -> Result<Stft, AudioError> {
        config.validate()?;
        Ok(Stft { config, window: config.padded_window(), fft: RealFft::new(config.n_fft) })
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

    /// As [`complex`](Stft::complex), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn complex_into(&self, x: &[f32], out: &mut Array2<Complex32>) {
        self.map_spectra(
            x,
            self.config.bins(),
            out,
            || (),
            |(), spectrum, column| {
                for (y, bin) in column.iter_mut().zip(spectrum) {
                    *y = Complex32::new(bin.re as f32, bin.im as f32);
                }
            },
        );
    }

    /// As [`magnitude`](Stft::magnitude), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn magnitude_into(&self, x: &[f32], out: &mut Array2<f32>) {
        self.map_spectra(
            x,
            self.config.bins(),
            out,
            || (),
            |(), spectrum, column| {
                for (y, bin) in column.iter_mut().zip(spectrum) {
                    *y = bin.norm_sqr().sqrt() as f32;
                }
            },
        );
    }

    /// As [`power`](Stft::power), into an array that is replaced only if its shape does not fit.
    ///
    /// # Panics
    /// If a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE).
    #[track_caller]
    pub fn power_into(&self, x: &[f32], out: &mut Array2<f32>) {
        self.map_spectra(
            x,
            self.config.bins(),
            out,
            || (),
            |(), spectrum, column| {
                for (y, bin) in column.iter_mut().zip(spectrum) {
                    *y = bin.norm_sqr() as f32;
                }
            },
        );
    }

    /// Computes every frame's spectrum, `[bins]`, and lets `column` make `rows` values of it: column t of `out`, `[rows, frames]`.
    /// `init` makes the memory that `column` needs, once for every few blocks that a thread takes.
    #[track_caller]
    pub(crate) fn map_spectra<T: Copy + Default + Send, S>(
        &self,
        x: &[f32],
        rows: usize,
        out: &mut Array2<T>,
        init: impl Fn() -> S + Sync,
        column: impl Fn(&mut S, &[Complex<f64>], &mut [T]) + Sync,
    ) {
        if let Some(n) = signal::unusable(x) {
            panic!("stft: sample {n} is {}, no sample of any sound", x[n]);
        }
        let framing = self.config.framing();
        let shape = (rows, framing.count(x.len()));
        if out.dim() != shape || !out.is_standard_layout() {
            *out = Array2::default(shape);
        }
        let compute = |(buffers, memory): &mut (Buffers<T>, S),
                       (block, mut out): (usize, ArrayViewMut2<T>)| {
            for (j, column_values) in buffers.columns.chunks_exact_mut(rows).enumerate() {
                if j == out.ncols() {
                    break;
                }
                framing.copy(x, block * BLOCK + j, &mut buffers.frame);
                for ((y, &x), w) in
                    buffers.windowed.iter_mut().zip(&buffers.frame).zip(&self.window)
                {
                    *y = f64::from(x) * w;
                }
                self.fft.process(
                    &mut buffers.windowed,
                    &mut buffers.spectrum,
                    &mut buffers.scratch,
                );
                column(memory, &buffers.spectrum, column_values);
            }
            for (r, mut row) in out.rows_mut().into_iter().enumerate() {
                for (y, values) in row.iter_mut().zip(buffers.columns.chunks_exact(rows)) {
                    *y = values[r];
                }
            }
        };
        let prepare = || (self.buffers(rows), init());
        let blocks: Vec<_> = out.axis_chunks_iter_mut(Axis(1), BLOCK).enumerate().collect();
        if blocks.len() == 1 {
            // Too little work to wake a second thread.
            blocks.into_iter().for_each(|block| compute(&mut prepare(), block));
        } else {
            blocks.into_par_iter().for_each_init(prepare, compute);
        }
    }

    fn buffers<T: Copy + Default>(&self, rows: usize) -> Buffers<T> {
        Buffers {
            frame: vec![0.0; self.config.n_fft],
            windowed: vec![0.0; self.config.n_fft],
            spectrum: vec![Complex::default(); self.config.bins()],
            scratch: self.fft.scratch(),
            columns: vec![T::default(); rows * BLOCK],
        }
    }
}

/// What one task needs.
struct Buffers<T> {
    frame: Vec<f32>,
    windowed: Vec<f64>,
    spectrum: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    /// The results of a block, one frame after the other, `[BLOCK, rows]`.
    columns: Vec<T>,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::synth;

    #[test]
    fn silence_and_constants() {
        let config = StftConfig { center: false, ..StftConfig::new(64, 16) };
        let silence = stft(&[0.0; 128], &config).expect("valid");
        assert!(silence.iter().all(|bin| *bin == Complex32::default()));
        // The mean of a Hann window is 1/2, its transform reaches one bin to each side.
        let constant = stft(&[1.0; 128], &config).expect("valid");
        for spectrum in constant.columns() {
            assert!((spectrum[0].norm() - 32.0).abs() < 1e-5);
            assert!((spectrum[1].norm() - 16.0).abs() < 1e-5);
            assert!(spectrum.iter().skip(2).all(|bin| bin.norm() < 1e-5));
        }
    }

    #[test]
    fn too_short_a_signal_has_no_frames() {
        let uncentered = StftConfig { center: false, ..StftConfig::new(64, 16) };
        assert_eq!(stft(&[1.0; 63], &uncentered).expect("valid").dim(), (33, 0));
        assert_eq!(stft(&[], &StftConfig::default()).expect("valid").dim(), (1025, 0));
        assert_eq!(stft(&[1.0], &StftConfig::default()).expect("valid").dim(), (1025, 1));
    }

    #[test]
    fn frames_have_times() {
        let config = StftConfig::new(2048, 441);
        assert_eq!(config.frame_time_s(100, 44_100), 1.0);
        let uncentered = StftConfig { center: false, ..config };
        assert_eq!(uncentered.frame_time_s(0, 2048), 0.5);
    }

    #[test]
    fn every_setting_has_its_range() {
        let field = |config: StftConfig| match Stft::new(config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let good = StftConfig::default();
        assert_eq!(field(StftConfig { n_fft: 0, ..good }), "n_fft");
        assert_eq!(field(StftConfig { hop_length: 0, ..good }), "hop_length");
        assert_eq!(field(StftConfig { win_length: Some(0), ..good }), "win_length");
        assert_eq!(field(StftConfig { win_length: Some(2049), ..good }), "win_length");
    }

    #[test]
    fn a_sample_that_is_none_is_named() {
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e30, -2e10] {
            let mut x = vec![0.0; 500];
            x[321] = value;
            let spectra = || stft(&x, &StftConfig::new(64, 16)).map(|spectra| spectra.dim());
            let caught = std::panic::catch_unwind(spectra).expect_err("refused");
            let message = caught.downcast_ref::<String>().expect("a formatted message");
            assert!(message.starts_with("stft: sample 321 is "), "{message}");
        }
        let loudest = stft(&[signal::MAX_SAMPLE; 64], &StftConfig::new(64, 16)).expect("valid");
        assert!(loudest.iter().all(|bin| bin.norm_sqr().is_finite()));
    }

    #[test]
    fn an_array_of_the_right_shape_is_kept() {
        let x = synth::noise(0.5, 8000, 1);
        let stft = Stft::new(StftConfig::new(256, 64)).expect("valid");
        let mut out = Array2::from_elem((129, 63), f32::NAN);
        let before = out.as_ptr();
        stft.power_into(x.samples(), &mut out);
        assert_eq!(out.as_ptr(), before);
        assert_eq!(out, stft.power(x.samples()));
        // A transposed array of that shape is not in standard layout.
        let mut transposed = Array2::from_elem((63, 129), f32::NAN).reversed_axes();
        stft.power_into(x.samples(), &mut transposed);
        assert!(transposed.is_standard_layout() && transposed == out);
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let x = synth::noise(2.0, 8000, 2);
        let stft = Stft::new(StftConfig::new(128, 32)).expect("valid");
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a few threads").install(|| stft.complex(x.samples()))
        };
        let one = with(1);
        assert!(one.ncols() > 4 * BLOCK);
        assert!(one == with(2) && one == with(5));
    }

    proptest! {
        // Double precision inside, so what remains is the rounding of the result: 2^-24 of |X| <= n_fft.
        #[test]
        fn the_kernel_computes_the_definition(
            length in 0usize..300, n_fft in 1usize..70, win in 1usize..70, hop in 1usize..40,
            window in 0..4, center: bool, reflect: bool, seed: u64
        ) {
            let x = synth::noise(length as f64 / 1000.0, 1000, seed);
            let config = StftConfig {
                n_fft,
                win_length: Some(win.min(n_fft)),
                hop_length: hop,
                window: [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular]
                    [window as usize],
                center,
                pad: if reflect { PadMode::Reflect } else { PadMode::Zero },
            };
            let exact = reference(x.samples(), &config).expect("valid");
            let plan = Stft::new(config).expect("valid");
            let complex = plan.complex(x.samples());
            let magnitude = plan.magnitude(x.samples());
            let power = plan.power(x.samples());
            prop_assert_eq!(complex.dim(), exact.dim());
            prop_assert_eq!(complex.dim(), (config.bins(), config.frames(length)));
            let close = |a: f32, b: f64, size: f64| (f64::from(a) - b).abs() <= 1e-7 * size;
            for (at, bin) in exact.indexed_iter() {
                let size = n_fft as f64;
                prop_assert!(close(complex[at].re, bin.re, size) && close(complex[at].im, bin.im, size));
                prop_assert!(close(magnitude[at], bin.norm(), size));
                prop_assert!(close(power[at], bin.norm_sqr(), size * size));
            }
        }
    }
}
