//! From spectra back to sound: the inverse short-time Fourier transform.
//!
//! Every spectrum is transformed back, windowed once more, and added at its place (overlap-add); what the windows did to the level is
//! divided out at the end:
//!
//! ```text
//! x[n] = sum over t of w[m] x_t[m] / sum over t of w[m]^2          m = n - (where frame t begins)
//! ```
//!
//! Of all signals this is the one whose spectra are closest to the given ones, in least squares; spectra that are of a signal give it
//! back, wherever at least one window is not zero. Spectra that were changed (stretched, masked, filtered) need not be of any.
//!
//! Source: Griffin, Lim (1984), "Signal estimation from modified short-time Fourier transform", IEEE Transactions on Acoustics, Speech, and
//! Signal Processing 32(2), eq. 6.

use ndarray::Array2;
use rayon::prelude::*;

use super::{BLOCK, Stft};
use crate::Complex32;

impl Stft {
    /// The sound of `spectra`, `[bins, frames]`: `length` samples. [`StftConfig::samples`](crate::StftConfig::samples) is a length that uses
    /// all frames; beyond them there is silence.
    ///
    /// ```
    /// use dlmir_audio::{Stft, StftConfig, synth};
    ///
    /// let x = synth::chirp(100.0, 3000.0, 1.0, 22_050);
    /// let stft = Stft::new(StftConfig::default())?;
    /// let back = stft.inverse(&stft.complex(x.samples()), x.len());
    /// assert!(back.iter().zip(x.samples()).all(|(a, b)| (a - b).abs() < 1e-5));
    /// # Ok::<(), dlmir_audio::AudioError>(())
    /// ```
    ///
    /// # Panics
    /// If `spectra` has not floor(n_fft / 2) + 1 rows.
    #[track_caller]
    pub fn inverse(&self, spectra: &Array2<Complex32>, length: usize) -> Vec<f32> {
        let (n_fft, hop) = (self.config.n_fft, self.config.hop_length);
        assert_eq!(
            spectra.nrows(),
            self.config.bins(),
            "inverse: rows of the spectra, bins of the settings"
        );
        let lead = if self.config.center { n_fft / 2 } else { 0 };
        let needed = if length == 0 { 0 } else { (lead + length).div_ceil(hop) };
        let frames = spectra.ncols().min(needed);

        let mut sum = vec![0.0f32; lead + length + n_fft];
        let mut weight = vec![0.0f32; sum.len()];
        let squares: Vec<f32> = self.window.iter().map(|w| w * w).collect();
        // Some blocks at a time are transformed side by side; then they are added in their order, so that the number of threads
        // changes no bit.
        let mut sounds = vec![0.0f32; n_fft * BLOCK * GROUP];
        for first in (0..frames).step_by(BLOCK * GROUP) {
            let count = (frames - first).min(BLOCK * GROUP);
            sounds[..count * n_fft].par_chunks_mut(n_fft * BLOCK).enumerate().for_each(
                |(b, block)| {
                    let mut bins = vec![Complex32::default(); self.config.bins()];
                    let mut scratch = self.fft.scratch();
                    for (j, sound) in block.chunks_exact_mut(n_fft).enumerate() {
                        let spectrum = spectra.column(first + b * BLOCK + j);
                        bins.iter_mut().zip(spectrum).for_each(|(bin, x)| *bin = *x);
                        self.fft.inverse(&bins, sound, &mut scratch);
                    }
                },
            );
            for (t, sound) in (first..first + count).zip(sounds.chunks_exact(n_fft)) {
                let range = t * hop..(t * hop + n_fft).min(sum.len());
                for ((y, x), w) in sum[range.clone()].iter_mut().zip(sound).zip(&self.window) {
                    *y += w * x;
                }
                for (y, w) in weight[range].iter_mut().zip(&squares) {
                    *y += w;
                }
            }
        }

        let inside = lead..lead + length;
        let mut x = sum[inside.clone()].to_vec();
        for (x, &w) in x.iter_mut().zip(&weight[inside]) {
            if w > f32::MIN_POSITIVE {
                *x /= w;
            }
        }
        x
    }
}

/// Blocks in memory at a time.
const GROUP: usize = 8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{PadMode, StftConfig, Window, synth};

    #[test]
    fn all_frames_are_used_by_default() {
        let config = StftConfig::new(64, 16);
        assert_eq!((config.samples(0), config.samples(1), config.samples(5)), (0, 0, 64));
        let uncentred = StftConfig { center: false, ..config };
        assert_eq!(
            (uncentred.samples(0), uncentred.samples(1), uncentred.samples(5)),
            (0, 64, 128)
        );
    }

    #[test]
    fn beyond_the_frames_there_is_silence() {
        let stft = Stft::new(StftConfig::new(64, 16)).expect("valid");
        let x = synth::noise(0.1, 1000, 3);
        let back = stft.inverse(&stft.complex(x.samples()), 300);
        assert!(back[..100].iter().zip(x.samples()).all(|(a, b)| (a - b).abs() < 1e-5));
        assert!(back[140..].iter().all(|&v| v == 0.0));
        assert!(stft.inverse(&stft.complex(x.samples()), 0).is_empty());
    }

    #[test]
    #[should_panic(expected = "inverse: rows of the spectra")]
    fn spectra_of_other_settings_are_a_bug() {
        let spectra = Stft::new(StftConfig::new(64, 16)).expect("valid").complex(&[0.0; 100]);
        Stft::new(StftConfig::new(128, 16)).expect("valid").inverse(&spectra, 100);
    }

    proptest! {
        // Hann and Hamming windows that overlap by half at least weigh every sample: with rounding of 2^-24 times the usual few stages,
        // divided by the window's height where the foot of the last frame is all that reaches a sample.
        #[test]
        fn a_signal_comes_back(
            n in 1usize..3000, n_fft in 8usize..200, overlap in 2usize..6, hamming: bool, center: bool, seed: u64
        ) {
            let config = StftConfig {
                window: if hamming { Window::Hamming } else { Window::Hann },
                center,
                pad: PadMode::Reflect,
                ..StftConfig::new(n_fft, n_fft / overlap)
            };
            let stft = Stft::new(config).expect("valid");
            let x = synth::noise(n as f64 / 1000.0, 1000, seed);
            let spectra = stft.complex(x.samples());
            let back = stft.inverse(&spectra, n);
            prop_assert_eq!(back.len(), n);
            // Uncentred, a Hann window fades the ends out, and samples behind the last frame are lost.
            let sure = if center { 0..n } else { n_fft / 2..config.samples(spectra.ncols()).saturating_sub(n_fft / 2) };
            let window = config.padded_window();
            let foot = |i: usize| {
                let from_last_centre = i.saturating_sub((spectra.ncols() - 1) * config.hop_length);
                if center { window[(n_fft / 2 + from_last_centre).min(n_fft - 1)] } else { 1.0 }
            };
            for i in sure {
                let tolerance = 2e-5f64.max(2e-6 / foot(i)) as f32;
                prop_assert!((back[i] - x.samples()[i]).abs() < tolerance, "{i}: {} {}", back[i], x.samples()[i]);
            }
        }
    }
}
