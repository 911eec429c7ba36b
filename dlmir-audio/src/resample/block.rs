//! The low-pass filter of a change of rate, and the step from one block of samples to the other rate's.
//!
//! With P samples of a block at rate p, which become Q samples at rate q, the filter is a sinc under a window, P samples long, n = 0 ... P - 1:
//!
//! ```text
//! h[n] = g w[n]^2 sinc(c (n - P / 2))        sinc(x) = sin(pi x) / (pi x)
//! w[n] = 0.35875 - 0.48829 cos(a) + 0.14128 cos(2 a) - 0.01168 cos(3 a),     a = 2 pi n / P
//! ```
//!
//! c is the edge of the pass band in units of p / 2. The window is Blackman and Harris's with four terms, squared: 8 bins of P samples to either
//! side of a tone, all but -140 dB of it has gone. So the edge lies 6.9 bins below the lower Nyquist frequency. g makes a constant of 1 come out
//! as 1.
//!
//! A block is filled up with as many zeros, because a filter of P samples makes P + P - 1 of them: product of the spectra, of 2 P samples. Its
//! first Q bins (or P, if those are fewer) are the spectrum of 2 Q samples at rate q. The second half of them is added to the next block
//! (overlap-add).
//!
//! Harris (1978), "On the use of windows for harmonic analysis with the discrete Fourier transform", Proceedings of the IEEE 66(1), table I;
//! Oppenheim, Schafer (2010), Discrete-Time Signal Processing, section 8.7.3 (overlap-add).

use std::f64::consts::{PI, TAU};

use rustfft::num_complex::Complex32;

use crate::fft::RealFft;

/// The edge of the pass band below the lower Nyquist frequency, in bins of a block.
const EDGE_BINS: f64 = 6.9;

/// Turns block after block of P samples into Q samples at the other rate, half a block late.
pub(super) struct BlockResampler {
    forward: RealFft,
    inverse: RealFft,
    /// The filter's spectrum, as many bins as are kept.
    filter: Vec<Complex32>,
    /// The block, then zeros: `[2 P]`.
    padded: Vec<f32>,
    wide: Vec<Complex32>,
    narrow: Vec<Complex32>,
    scratch: Vec<Complex32>,
    /// `[2 Q]`; its second half waits for the next block.
    result: Vec<f32>,
}

impl BlockResampler {
    /// From `samples_in` to `samples_out` per block.
    pub fn new(samples_in: usize, samples_out: usize) -> BlockResampler {
        let (forward, inverse) = (RealFft::new(2 * samples_in), RealFft::new(2 * samples_out));
        let mut padded = vec![0.0; 2 * samples_in];
        let mut wide = vec![Complex32::default(); forward.bins()];
        let mut scratch = forward.scratch();

        padded[..samples_in].copy_from_slice(&low_pass(samples_in, samples_out));
        forward.forward(&padded, &mut wide, &mut scratch);
        let filter = wide[..samples_in.min(samples_out)].to_vec();
        padded.fill(0.0);

        let work = scratch.len().max(inverse.scratch().len());
        scratch.resize(work, Complex32::default());
        BlockResampler {
            padded,
            filter,
            wide,
            narrow: vec![Complex32::default(); inverse.bins()],
            scratch,
            result: vec![0.0; 2 * samples_out],
            forward,
            inverse,
        }
    }

    /// Samples per block that goes in, P.
    pub fn samples_in(&self) -> usize {
        self.padded.len() / 2
    }

    /// Samples per block that comes out, Q.
    pub fn samples_out(&self) -> usize {
        self.result.len() / 2
    }

    /// The next block, `[P]`; its samples at the other rate go to `y`, `[Q]`.
    pub fn process(&mut self, x: &[f32], y: &mut [f32]) {
        let (p, q) = (self.samples_in(), self.samples_out());
        self.padded[..p].copy_from_slice(x);
        self.forward.forward(&self.padded, &mut self.wide, &mut self.scratch);
        for (y, (x, h)) in self.narrow.iter_mut().zip(self.wide.iter().zip(&self.filter)) {
            *y = x * h;
        }
        // The bins above those kept are zero from the start, and the transform back leaves them so.
        y.copy_from_slice(&self.result[q..]);
        self.inverse.inverse(&self.narrow, &mut self.result, &mut self.scratch);
        y.iter_mut().zip(&self.result).for_each(|(y, x)| *y += x);
    }
}

/// The filter h, with Q / P times its gain, for the inverse transform divides by 2 Q where the forward one had 2 P samples.
fn low_pass(samples_in: usize, samples_out: usize) -> Vec<f32> {
    let (p, q) = (samples_in as f64, samples_out as f64);
    let edge = (p.min(q) - 2.0 * EDGE_BINS) / p;
    let tap = |n: usize| {
        let a = TAU * n as f64 / p;
        let cosines = [0.35875, -0.48829, 0.14128, -0.01168];
        let w: f64 = cosines.iter().zip(0u8..).map(|(c, k)| c * (f64::from(k) * a).cos()).sum();
        let x = PI * edge * (n as f64 - p / 2.0);
        w * w * if x == 0.0 { 1.0 } else { x.sin() / x }
    };
    let taps: Vec<f64> = (0..samples_in).map(tap).collect();
    let gain = q / p / taps.iter().sum::<f64>();
    taps.iter().map(|h| (gain * h) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The spectrum of the filter at `bin` of a block, in decibel above that at 0, by the definition.
    fn level_db(h: &[f32], bin: f64) -> f64 {
        let turn = TAU / h.len() as f64;
        let middle = h.len() as f64 / 2.0;
        let sum = |bin: f64| -> f64 {
            let taps = h.iter().enumerate();
            taps.map(|(n, &h)| f64::from(h) * (turn * bin * (n as f64 - middle)).cos()).sum()
        };
        20.0 * (sum(bin) / sum(0.0)).abs().log10()
    }

    #[test]
    fn the_filter_is_flat_below_its_edge_and_gone_at_the_nyquist_frequency() {
        for (p, q) in [(2048, 1024), (1024, 2048), (1176, 1280)] {
            let h = low_pass(p, q);
            let nyquist = p.min(q) as f64 / 2.0;
            for below in [14.0, 40.0, 300.0] {
                let level = level_db(&h, nyquist - below);
                assert!(level.abs() < 1e-4, "{p} to {q}, {below} bins below: {level} dB");
            }
            // Single precision holds the taps to 2^-24, which adds up to about -140 dB. Where the rate grows, there is nothing above.
            let stop = [0.0, 1.0, 5.5, 0.4 * nyquist].into_iter();
            for above in stop.filter(|&above| q < p || above == 0.0) {
                let level = level_db(&h, nyquist + above);
                assert!(level < -125.0, "{p} to {q}, {above} bins above: {level} dB");
            }
        }
    }

    /// Block by block, the convolution with the filter: what the blocks' seams must not be heard in.
    #[test]
    fn blocks_add_up_to_the_convolution() {
        let (p, q) = (128, 64);
        let h = low_pass(p, q);
        let x: Vec<f32> = crate::synth::noise(1.0, 3 * p as u32, 5).samples().to_vec();
        let mut blocks = BlockResampler::new(p, q);
        let mut y = vec![f32::NAN; 3 * q];
        for (x, y) in x.chunks_exact(p).zip(y.chunks_exact_mut(q)) {
            blocks.process(x, y);
        }
        for (m, &y) in y.iter().enumerate() {
            let n = m * p / q;
            let taps = (0..p.min(n + 1)).map(|k| f64::from(h[k]) * f64::from(x[n - k]));
            let exact = taps.sum::<f64>() * p as f64 / q as f64;
            // What the filter leaves above the lower Nyquist frequency folds here and is cut there.
            assert!((f64::from(y) - exact).abs() < 2e-5, "{m}: {y} {exact}");
        }
    }
}
