//! ComplexFlux: SuperFlux with an ear for tremolo.
//!
//! A tone whose loudness swells and fades rises again and again without an onset. What tells it from a note that begins is its phase: the
//! *local group delay*, how much the phase changes from one bin to the next. With the phase taken at the middle of the frame, it is near 0
//! where a tone sounds on, and up to pi where energy comes in early or late in the frame. Scaled to 0 ... 1 it becomes a weight:
//!
//! ```text
//! g[k, t] = |arg(X[k + 1, t] conj(X[k, t]))| / pi           phases turned to the middle of the frame; 0 for the last bin
//! h[k, t] = max(g[k, t - 1], g[k, t], g[k, t + 1])           edges repeated
//! G[b, t] = min of h[k, t] over the bins of band b and one more to either side
//!
//! f[t] = sum over b of max(0, S[b, t] - max of S[b - 1 ... b + 1, t - d]) * G[b, t]
//! ```
//!
//! To turn the phase to the middle of a frame of N samples (N even), the frame's halves are swapped, which multiplies bin k by (-1)^k. That
//! leaves `|X|` as it is and turns the product of neighbours around: nothing need be swapped, the product changes its sign.
//!
//! Source: Boeck, Widmer (2013), "Local group delay based vibrato and tremolo suppression for onset detection", ISMIR. Figures as madmom's
//! `complex_flux` (0.16.1).

use std::f32::consts::FRAC_1_PI;
use std::ops::Range;

use ndarray::{Array2, ArrayViewMut2, Axis};
use rayon::prelude::*;

use crate::spectral_flux::for_each_rise;
use crate::{Complex32, LogFiltered, Signal};

/// Frames per task.
const BLOCK: usize = 64;

/// ComplexFlux of a signal, `[frames]`: the SuperFlux of the front end's spectrogram over 3 bands and `lag` frames, weighted by the local
/// group delay.
///
/// # Panics
/// If the signal has another rate than the front end, a sample is NaN, infinite or larger than [`MAX_SAMPLE`](crate::MAX_SAMPLE), or `lag`
/// is 0.
#[track_caller]
pub fn complex_flux(front_end: &LogFiltered, signal: &Signal, lag: usize) -> Vec<f32> {
    let spectrogram = front_end.compute(signal);
    let weights = group_delay_weights(front_end, signal.samples(), spectrogram.ncols());
    let mut flux = vec![0.0; spectrogram.ncols()];
    for_each_rise(spectrogram.view(), lag, 3, |band, rises| {
        let weights = weights.row(band).into_iter().zip(&mut flux).skip(lag);
        for ((weight, sum), rise) in weights.zip(rises) {
            *sum += rise * weight;
        }
    });
    flux
}

/// G, `[bands, frames]`.
fn group_delay_weights(front_end: &LogFiltered, x: &[f32], frames: usize) -> Array2<f32> {
    let bins = front_end.bank().config().bins();
    let around = |used: &Range<usize>| used.start.saturating_sub(1)..(used.end + 1).min(bins);
    let ranges: Vec<Range<usize>> = front_end.bank().used().iter().map(around).collect();
    let mut weights = Array2::zeros((ranges.len(), frames));
    let blocks: Vec<_> = weights.axis_chunks_iter_mut(Axis(1), BLOCK).enumerate().collect();
    blocks.into_par_iter().for_each(|(b, block): (usize, ArrayViewMut2<f32>)| {
        block_weights(front_end, x, b * BLOCK, frames, &ranges, block);
    });
    weights
}

/// The frames from `first` on.
fn block_weights(
    front_end: &LogFiltered,
    x: &[f32],
    first: usize,
    frames: usize,
    ranges: &[Range<usize>],
    mut block: ArrayViewMut2<f32>,
) {
    let bins = front_end.bank().config().bins();
    let mut buffers = front_end.buffers();

    // The delays of these frames, of the one before and the one after; at the edges these are the same once more.
    let neighbours = first.saturating_sub(1)..(first + block.ncols() + 1).min(frames);
    let mut delays = vec![0.0; neighbours.len() * bins];
    for (t, delays) in neighbours.clone().zip(delays.chunks_exact_mut(bins)) {
        local_group_delay(&front_end.spectrum(x, t, &mut buffers)[..bins], delays);
    }
    let of = |t: usize| {
        let row = t.clamp(neighbours.start, neighbours.end - 1) - neighbours.start;
        &delays[row * bins..(row + 1) * bins]
    };

    let mut largest = vec![0.0; bins];
    for (i, mut column) in block.columns_mut().into_iter().enumerate() {
        let t = first + i;
        let (before, now, after) = (of(t.saturating_sub(1)), of(t), of(t + 1));
        for (k, value) in largest.iter_mut().enumerate() {
            *value = before[k].max(now[k]).max(after[k]);
        }
        for (weight, range) in column.iter_mut().zip(ranges) {
            *weight = largest[range.clone()].iter().copied().fold(1.0, f32::min);
        }
    }
}

/// `|g|` of one spectrum, both `[bins]`.
fn local_group_delay(spectrum: &[Complex32], delay: &mut [f32]) {
    delay.fill(0.0);
    for (g, pair) in delay.iter_mut().zip(spectrum.windows(2)) {
        *g = (-(pair[1] * pair[0].conj())).arg().abs() * FRAC_1_PI;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LogFilteredConfig, flux_lag, superflux, synth};

    /// A pulse at sample n of a frame of N has the phase -2 pi k n / N: from bin to bin it turns by a whole turn over N, per sample. In
    /// the middle of the frame that is half a turn, which is the zero from which delays are counted.
    #[test]
    fn the_delay_is_the_distance_of_a_pulse_from_the_middle() {
        for (position, delay) in [(8, 0.0), (0, 1.0), (12, 0.5), (4, 0.5), (9, 0.125)] {
            let mut frame = [0.0f32; 16];
            frame[position] = 1.0;
            let mut g = [f32::NAN; 8];
            local_group_delay(&crate::dft(&frame)[..8], &mut g);
            assert!(g[..7].iter().all(|g| (g - delay).abs() < 1e-5), "{position}: {g:?}");
            assert_eq!(g[7], 0.0);
        }
    }

    #[test]
    fn silence_and_no_sound() {
        let front_end = LogFiltered::new(LogFilteredConfig::new(22_050)).expect("valid");
        let silence = synth::silence(0.3, 22_050);
        assert_eq!(complex_flux(&front_end, &silence, 1), [0.0; 30]);
        assert!(complex_flux(&front_end, &synth::silence(0.0, 22_050), 1).is_empty());
    }

    /// Swelling and fading six times a second, a tone keeps a third of its flux; where it begins, two thirds.
    #[test]
    fn tremolo_is_quiet_and_onsets_are_not() {
        let config = LogFilteredConfig { bands_per_octave: 24, ..LogFilteredConfig::new(44_100) };
        let front_end = LogFiltered::new(config.with_frames_per_second(200.0)).expect("valid");
        let lag = flux_lag(front_end.config(), 0.5);
        let mut tremolo = synth::sine(880.0, 2.0, 44_100);
        for (n, x) in tremolo.samples_mut().iter_mut().enumerate() {
            let swell = (std::f64::consts::TAU * 6.0 * n as f64 / 44_100.0).cos();
            *x *= if n < 22_050 { 0.0 } else { 0.5 - 0.35 * swell as f32 };
        }
        let weighted = complex_flux(&front_end, &tremolo, lag);
        let plain = superflux(front_end.compute(&tremolo).view(), lag, 3);
        let largest = |flux: &[f32], from: usize, to: usize| {
            flux[from..to].iter().copied().fold(0.0, f32::max)
        };
        // The onset at 0.5 s, and the swells after it.
        let onset = largest(&weighted, 90, 110) / largest(&plain, 90, 110);
        let swells = largest(&weighted, 130, 380) / largest(&plain, 130, 380);
        assert!(onset > 0.5 && swells < 0.4, "{onset}, {swells}");
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        let x = synth::noise(1.0, 44_100, 3);
        let front_end = LogFiltered::new(LogFilteredConfig::new(44_100)).expect("valid");
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.expect("a few threads").install(|| complex_flux(&front_end, &x, 1))
        };
        assert!(with(1) == with(2) && with(1) == with(5));
    }
}
