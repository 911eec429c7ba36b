//! Windows: how much each sample of a frame counts.
//!
//! Cutting a frame out of a signal multiplies it by a rectangle, whose steep edges smear every tone over all frequencies. A window that
//! fades in and out confines the smear to a few neighbouring bins. With N samples, n = 0 ... N - 1, and a = 2 pi n / M:
//!
//! ```text
//! Hann          0.5 - 0.5 cos(a)                       side lobes fall quickly: the usual choice
//! Hamming       0.54 - 0.46 cos(a)                     the first side lobe is lowest (-43 dB), the far ones are not
//! Blackman      0.42 - 0.5 cos(a) + 0.08 cos(2 a)      side lobes below -58 dB, a main lobe half as wide again as Hann's
//! rectangular   1
//! ```
//!
//! ```text
//! periodic      M = N        for spectra: the frame is one period of the DFT, the zero at its end belongs to the next
//! symmetric     M = N - 1    for filters: the first and last values are equal
//! ```
//!
//! As in scipy (`fftbins=True` is periodic), a window of one sample is 1. Harris (1978), "On the use of windows for harmonic analysis
//! with the discrete Fourier transform", Proceedings of the IEEE 66(1).

use std::f64::consts::TAU;

/// The shape of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Window {
    /// Raised cosine, zero at the edge.
    #[default]
    Hann,
    /// Raised cosine on a pedestal of 0.08.
    Hamming,
    /// Two cosines.
    Blackman,
    /// No window.
    Rectangular,
}

impl Window {
    /// The periodic window of `length` samples, for spectra.
    ///
    /// ```
    /// use dlmir_audio::Window;
    ///
    /// assert_eq!(Window::Hann.periodic(4), [0.0, 0.5, 1.0, 0.5]);
    /// assert_eq!(Window::Hann.symmetric(5), [0.0, 0.5, 1.0, 0.5, 0.0]);
    /// ```
    pub fn periodic(self, length: usize) -> Vec<f32> {
        self.periodic_f64(length).into_iter().map(|w| w as f32).collect()
    }

    /// The symmetric window of `length` samples, for filters.
    pub fn symmetric(self, length: usize) -> Vec<f32> {
        self.symmetric_f64(length).into_iter().map(|w| w as f32).collect()
    }

    /// The symmetric window in double precision.
    pub(crate) fn symmetric_f64(self, length: usize) -> Vec<f64> {
        self.values(length, length.saturating_sub(1))
    }

    /// The periodic window in double precision, for the reference implementations.
    pub(crate) fn periodic_f64(self, length: usize) -> Vec<f64> {
        self.values(length, length)
    }

    /// `length` values of a window that repeats after `period` samples.
    fn values(self, length: usize, period: usize) -> Vec<f64> {
        if length == 1 {
            return vec![1.0];
        }
        let value = |n: usize| {
            let a = TAU * n as f64 / period as f64;
            match self {
                Window::Hann => 0.5 - 0.5 * a.cos(),
                Window::Hamming => 0.54 - 0.46 * a.cos(),
                Window::Blackman => 0.42 - 0.5 * a.cos() + 0.08 * (2.0 * a).cos(),
                Window::Rectangular => 1.0,
            }
        };
        (0..length).map(value).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Window; 4] = [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular];

    #[test]
    fn a_periodic_window_is_the_next_longer_symmetric_one_without_its_end() {
        for window in ALL {
            for length in [2, 3, 8, 81] {
                assert_eq!(window.periodic(length), window.symmetric(length + 1)[..length]);
            }
        }
    }

    #[test]
    fn windows_of_no_and_one_sample_exist() {
        for window in ALL {
            assert!(window.periodic(0).is_empty() && window.symmetric(0).is_empty());
            assert_eq!(window.periodic(1), [1.0]);
            assert_eq!(window.symmetric(1), [1.0]);
        }
    }

    #[test]
    fn hann_windows_at_a_quarter_of_their_length_add_up_to_two() {
        let w = Window::Hann.periodic_f64(64);
        for n in 0..16 {
            let sum: f64 = (0..4).map(|i| w[n + 16 * i]).sum();
            assert!((sum - 2.0).abs() < 1e-12);
        }
    }
}
