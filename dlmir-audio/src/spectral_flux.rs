//! Spectral flux: how much louder a sound gets, band by band.
//!
//! Where a note begins, energy appears that was not there before. With the logarithmically filtered spectrogram S, `[bands, frames]`
//! ([`LogFiltered`](crate::LogFiltered)),
//!
//! ```text
//! spectral flux   f[t] = sum over k of max(0, S[k, t] - S[k, t - d])                              0 for t < d
//! SuperFlux       f[t] = sum over k of max(0, S[k, t] - max of S[k - 1 ... k + 1, t - d])
//! ```
//!
//! What gets softer does not count: a note that ends is no onset. A voice with vibrato, though, moves from one band to the next and looks
//! like a new note in each. SuperFlux compares every band with the loudest of its neighbourhood, where the tone was before: it has only
//! moved. The price is paid by slow glides and small steps of a soft voice, which it takes for vibrato too.
//!
//! The two frames compared must be far enough apart for a rise to show, since neighbouring frames share most of their samples. The lag d
//! follows from the window w, N samples long, and the hop h: the second frame is to lie where the window of the first has come up to a
//! share `ratio` of its height ([`flux_lag`]):
//!
//! ```text
//! s = first n with w[n] > ratio * max(w)          d = max(1, round((N / 2 - s) / h))
//! ```
//!
//! Sources: Boeck, Krebs, Schedl (2012), "Evaluating the online capabilities of onset detection methods", ISMIR; Boeck, Widmer (2013),
//! "Maximum filter vibrato suppression for onset detection", DAFx. Figures as madmom's `spectral_flux` and `superflux` (0.16.1).

use ndarray::ArrayView2;

use crate::{LogFilteredConfig, Window};

/// The definition of both functions, in double precision, `[frames]`: each band of a frame is compared with the loudest of the
/// `max_bins` bands around it (1: itself) `lag` frames earlier.
///
/// # Panics
/// If `max_bins` is even, or `lag` is 0.
#[track_caller]
pub fn reference(spectrogram: ArrayView2<f64>, lag: usize, max_bins: usize) -> Vec<f64> {
    check(lag, max_bins);
    let (bands, frames) = spectrogram.dim();
    let earlier = |k: usize, t: usize| {
        let around = (k.saturating_sub(max_bins / 2)..=k + max_bins / 2).map(|j| j.min(bands - 1));
        around.map(|j| spectrogram[[j, t - lag]]).fold(f64::NEG_INFINITY, f64::max)
    };
    let flux = |t: usize| -> f64 {
        (0..bands).map(|k| (spectrogram[[k, t]] - earlier(k, t)).max(0.0)).sum()
    };
    (0..frames).map(|t| if t < lag { 0.0 } else { flux(t) }).collect()
}

/// Spectral flux of `spectrogram`, `[bands, frames]`: `[frames]`, each value 0 or above.
///
/// ```
/// use dlmir_audio::spectral_flux;
/// use ndarray::array;
///
/// // One band gets louder, one softer.
/// let flux = spectral_flux(array![[0.0, 2.0, 2.0], [1.0, 0.5, 0.0]].view(), 1);
/// assert_eq!(flux, [0.0, 2.0, 0.0]);
/// ```
///
/// # Panics
/// If `lag` is 0.
#[track_caller]
pub fn spectral_flux(spectrogram: ArrayView2<f32>, lag: usize) -> Vec<f32> {
    superflux(spectrogram, lag, 1)
}

/// SuperFlux of `spectrogram`, `[bands, frames]`: `[frames]`, each value 0 or above. `max_bins` is the number of bands among which the
/// earlier frame's loudest is taken; 3 in the paper, 1 gives the spectral flux.
///
/// ```
/// use dlmir_audio::{spectral_flux, superflux};
/// use ndarray::array;
///
/// // A tone moves up by one band.
/// let vibrato = array![[2.0, 0.0], [0.0, 2.0], [0.0, 0.0]];
/// assert_eq!(spectral_flux(vibrato.view(), 1), [0.0, 2.0]);
/// assert_eq!(superflux(vibrato.view(), 1, 3), [0.0, 0.0]);
/// ```
///
/// # Panics
/// If `max_bins` is even, or `lag` is 0.
#[track_caller]
pub fn superflux(spectrogram: ArrayView2<f32>, lag: usize, max_bins: usize) -> Vec<f32> {
    let mut flux = vec![0.0; spectrogram.ncols()];
    for_each_rise(spectrogram, lag, max_bins, |_, rises| {
        for (sum, rise) in flux.iter_mut().skip(lag).zip(rises) {
            *sum += rise;
        }
    });
    flux
}

/// Calls `use_rises` with every band's number and its `max(0, S[k, t] - max of earlier ones)` for t from `lag` on. A band is a row: its
/// neighbours in time are neighbours in memory, and many frames are computed at once.
#[track_caller]
pub(crate) fn for_each_rise(
    spectrogram: ArrayView2<f32>,
    lag: usize,
    max_bins: usize,
    mut use_rises: impl FnMut(usize, &[f32]),
) {
    check(lag, max_bins);
    let (bands, frames) = spectrogram.dim();
    if frames <= lag {
        return;
    }
    let standard = spectrogram.as_standard_layout();
    let rows: Vec<&[f32]> =
        standard.as_slice().expect("standard layout").chunks_exact(frames).collect();
    let mut earlier = vec![0.0; frames - lag];
    let mut rises = vec![0.0; frames - lag];
    for (k, row) in rows.iter().enumerate() {
        // The loudest around band k; there is nothing below the first band and above the last.
        let around = &rows[k.saturating_sub(max_bins / 2)..(k + max_bins / 2 + 1).min(bands)];
        earlier.copy_from_slice(&around[0][..frames - lag]);
        for other in &around[1..] {
            earlier.iter_mut().zip(*other).for_each(|(most, &s)| *most = most.max(s));
        }
        for ((rise, &s), &before) in rises.iter_mut().zip(&row[lag..]).zip(&earlier) {
            *rise = (s - before).max(0.0);
        }
        use_rises(k, &rises);
    }
}

/// Frames between the two that a flux compares, for symmetric Hann windows of `n_fft` samples; `ratio` 0.5 for the functions of this file.
pub fn flux_lag(config: &LogFilteredConfig, ratio: f32) -> usize {
    let window = Window::Hann.symmetric(config.n_fft);
    let peak = window.iter().copied().fold(0.0, f32::max);
    let start = window.iter().position(|&w| w > ratio * peak).unwrap_or(0);
    let lag = (config.n_fft as f64 / 2.0 - start as f64) / config.hop_length;
    (lag.round() as usize).max(1)
}

/// Panics on settings that mean nothing.
#[track_caller]
fn check(lag: usize, max_bins: usize) {
    assert!(lag > 0, "flux: a frame compared with itself (lag 0)");
    assert!(max_bins % 2 == 1, "flux: {max_bins} bins have no middle one");
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn by_hand() {
        let s = array![[0.0, 1.0, 1.0, 4.0], [3.0, 0.0, 2.0, 2.0], [0.0, 0.0, 0.5, 3.0]];
        assert_eq!(superflux(s.view(), 1, 1), [0.0, 1.0, 2.5, 5.5]);
        assert_eq!(superflux(s.view(), 2, 1), [0.0, 0.0, 1.5, 8.0]);
        // Loudest of the neighbourhoods: 3 3 3, 1 1 0, 2 2 2.
        assert_eq!(superflux(s.view(), 1, 3), [0.0, 0.0, 1.5, 3.0]);
        assert_eq!(superflux(s.view(), 1, 101), [0.0, 0.0, 1.0, 3.0]);
        assert_eq!(superflux(s.view(), 4, 1), [0.0; 4]);
    }

    #[test]
    fn nothing_gives_nothing() {
        assert!(superflux(Array2::zeros((5, 0)).view(), 1, 3).is_empty());
        assert_eq!(superflux(Array2::zeros((0, 2)).view(), 1, 3), [0.0, 0.0]);
    }

    /// madmom's distances, rows of 512, 1024, 2048 and 4096 samples; columns: ratio 0.25 and 0.5 at 100 frames per second, the same at 200,
    /// ratio 0.5 at 50.
    #[test]
    fn lags_of_the_usual_settings() {
        let lag = |n_fft, ratio, fps| {
            let config = LogFilteredConfig { n_fft, ..LogFilteredConfig::new(44_100) };
            flux_lag(&config.with_frames_per_second(fps), ratio)
        };
        let lags = |n| {
            [(0.25, 100.0), (0.5, 100.0), (0.25, 200.0), (0.5, 200.0), (0.5, 50.0)]
                .map(|(ratio, fps)| lag(n, ratio, fps))
        };
        assert_eq!(lags(512), [1, 1, 1, 1, 1]);
        assert_eq!(lags(1024), [1, 1, 2, 1, 1]);
        assert_eq!(lags(2048), [2, 1, 3, 2, 1]);
        assert_eq!(lags(4096), [3, 2, 6, 5, 1]);
    }

    #[test]
    #[should_panic(expected = "2 bins have no middle one")]
    fn an_even_neighbourhood_is_a_bug() {
        superflux(Array2::zeros((5, 3)).view(), 1, 2);
    }

    proptest! {
        // A sum of at most 20 values up to 1: 20 roundings of a sum below 20.
        #[test]
        fn the_rows_give_the_definition(
            bands in 0usize..20, frames in 0usize..30, lag in 1usize..4, half in 0usize..4, fortran: bool, seed: u64
        ) {
            let noise = crate::synth::noise((bands * frames) as f64 / 1000.0, 1000, seed);
            let mut s = Array2::from_shape_vec((bands, frames), noise.into_samples()).expect("as many");
            if fortran {
                s = Array2::from_shape_fn((frames, bands), |(t, k)| s[[k, t]]).reversed_axes();
            }
            let exact = reference(s.mapv(f64::from).view(), lag, 2 * half + 1);
            let fast = superflux(s.view(), lag, 2 * half + 1);
            prop_assert_eq!(fast.len(), exact.len());
            for (a, b) in fast.iter().zip(exact) {
                prop_assert!((f64::from(*a) - b).abs() < 40.0 * 20.0 * 2f64.powi(-24), "{} and {}", a, b);
            }
        }
    }
}
