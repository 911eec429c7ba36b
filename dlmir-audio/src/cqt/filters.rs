//! The filters of a constant-Q transform, as sparse spectra, octave by octave.

use std::f64::consts::TAU;
use std::ops::Range;

use rustfft::FftPlanner;
use rustfft::num_complex::{Complex, Complex32};

use super::{CqtConfig, RealFft};
use crate::Window;

/// One octave: its filters, and the frames that they are applied to.
#[derive(Clone, Debug)]
pub(super) struct Octave {
    /// The rows of the result.
    pub bins: Range<usize>,
    /// How many times the signal is halved.
    pub level: usize,
    /// Samples from frame to frame at that rate.
    pub hop: usize,
    /// Samples per frame at that rate.
    pub n_fft: usize,
    pub fft: RealFft,
    pub filters: Vec<Filter>,
}

/// One filter: the part of its spectrum that is kept.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    start: usize,
    weights: Vec<Complex32>,
}

impl Filter {
    /// The sum of products with a frame's spectrum.
    pub fn apply(&self, spectrum: &[Complex32]) -> Complex32 {
        let bins = &spectrum[self.start..self.start + self.weights.len()];
        let (mut re, mut im) = (0.0, 0.0);
        for (w, x) in self.weights.iter().zip(bins) {
            re += w.re * x.re - w.im * x.im;
            im += w.re * x.im + w.im * x.re;
        }
        Complex32::new(re, im)
    }
}

/// The filter for frequency `f` (in units of the sample rate) and `length` samples, of which the fraction is cut off: time -ceil(length /
/// 2) first.
pub(super) fn wavelet(f: f64, length: f64, window: Window) -> Vec<Complex<f64>> {
    let (before, after) = ((length / 2.0).ceil() as usize, (length / 2.0).floor() as usize);
    let w = window.periodic_f64(before + after);
    let sum: f64 = w.iter().sum();
    let time = |n: usize| n as f64 - before as f64;
    w.iter().enumerate().map(|(n, w)| Complex::from_polar(w / sum, TAU * f * time(n))).collect()
}

/// Times that the signal is halved before anything else: as often as the highest filter allows, and as the hop can be halved
/// without losing the halvings that the octaves need.
fn early_halvings(config: &CqtConfig, octaves: usize) -> usize {
    let room = (f64::from(config.sample_rate) / 2.0 / config.upper_edge_hz()).log2().ceil() - 2.0;
    let twos = config.hop_length.trailing_zeros() as usize;
    (room.max(0.0) as usize).min((twos + 1).saturating_sub(octaves))
}

/// All octaves, the highest first.
pub(super) fn octaves(config: &CqtConfig) -> Vec<Octave> {
    let count = config.n_bins.div_ceil(config.bins_per_octave);
    let early = early_halvings(config, count);
    let (mut level, mut hop) = (early, config.hop_length >> early);
    let mut octaves = Vec::with_capacity(count);
    for i in 0..count {
        let end = config.n_bins - i * config.bins_per_octave;
        let bins = end.saturating_sub(config.bins_per_octave)..end;
        octaves.push(octave(config, bins, early, level, hop));
        if hop.is_multiple_of(2) {
            (level, hop) = (level + 1, hop / 2);
        }
    }
    octaves
}

fn octave(
    config: &CqtConfig,
    bins: Range<usize>,
    early: usize,
    level: usize,
    hop: usize,
) -> Octave {
    let frequencies = &config.frequencies()[bins.clone()];
    let rate = |level: usize| f64::from(config.sample_rate) / (level as f64).exp2();
    let lengths = |level: usize| frequencies.iter().map(move |f| config.q() * rate(level) / f);
    let longest = lengths(level).fold(0.0, f64::max);
    let n_fft = (longest.log2().ceil().exp2() as usize).max(2);

    let plan = FftPlanner::new().plan_fft_forward(n_fft);
    let mut filters = Vec::with_capacity(bins.len());
    for ((f, length), first_length) in frequencies.iter().zip(lengths(level)).zip(lengths(early)) {
        let wavelet = wavelet(f / rate(level), length, config.window);
        let mut transform = vec![Complex32::default(); n_fft];
        let start = (n_fft - wavelet.len().min(n_fft)) / 2;
        let single = |x: &Complex<f64>| Complex32::new(x.re as f32, x.im as f32);
        transform[start..].iter_mut().zip(&wavelet).for_each(|(y, x)| *y = single(x));
        plan.process(&mut transform);
        let bins = &transform[..n_fft / 2 + 1];
        let mut spectrum: Vec<_> =
            bins.iter().map(|x| Complex::new(f64::from(x.re), f64::from(x.im))).collect();
        sparsify(&mut spectrum, config.sparsity);
        // Parseval, and sqrt(2) for each time the octave was halved; the halver has given the other sqrt(2).
        let mut gain = length / n_fft as f64 * ((level - early) as f64 / 2.0).exp2();
        gain *= if config.scale { 1.0 / first_length.sqrt() } else { (early as f64 / 2.0).exp2() };
        filters.push(compress(&spectrum, gain));
    }
    Octave { bins, level, hop, n_fft, fft: RealFft::new(n_fft), filters }
}

/// Sets the smallest values to 0 that together make up less than the share `sparsity` of all magnitudes.
fn sparsify(spectrum: &mut [Complex<f64>], sparsity: f64) {
    let mut sorted: Vec<f64> = spectrum.iter().map(|x| x.norm()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let total: f64 = sorted.iter().sum();
    let mut sum = 0.0;
    let threshold = sorted.iter().find(|&&magnitude| {
        sum += magnitude / total;
        sum >= sparsity
    });
    let threshold = threshold.copied().unwrap_or(0.0);
    spectrum.iter_mut().filter(|x| x.norm() < threshold).for_each(|x| *x = Complex::default());
}

/// From the first value that is not 0 to the last, times `gain`.
fn compress(spectrum: &[Complex<f64>], gain: f64) -> Filter {
    let used = |x: &Complex<f64>| x.norm_sqr() > 0.0;
    let start = spectrum.iter().position(used).unwrap_or(0);
    let end = spectrum.iter().rposition(used).map_or(start, |last| last + 1);
    let single = |x: &Complex<f64>| Complex32::new((x.re * gain) as f32, (x.im * gain) as f32);
    Filter { start, weights: spectrum[start..end].iter().map(single).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halvings_and_frames_of_the_defaults() {
        let plan = |sample_rate| {
            octaves(&CqtConfig::new(sample_rate))
                .iter()
                .map(|o| (o.level, o.hop, o.n_fft))
                .collect()
        };
        let at_22050: Vec<_> = plan(22_050);
        assert_eq!(at_22050[0], (0, 512, 256)); // 182 samples at C7
        assert_eq!(at_22050[6], (6, 8, 256));
        let at_44100: Vec<_> = plan(44_100);
        assert_eq!((at_44100[0], at_44100[6]), ((1, 256, 256), (7, 4, 256)));
    }

    #[test]
    fn a_hop_that_cannot_be_halved_keeps_the_rate() {
        let config = CqtConfig { hop_length: 500, ..CqtConfig::new(22_050) };
        let octaves: Vec<_> = octaves(&config).iter().map(|o| (o.level, o.hop, o.n_fft)).collect();
        assert_eq!(octaves[2..5], [(2, 125, 256), (2, 125, 512), (2, 125, 1024)]);
    }

    #[test]
    fn sparse_spectra_keep_their_share() {
        let mut spectrum: Vec<Complex<f64>> =
            (0..101).map(|k| Complex::new(f64::from(k), 0.0)).collect();
        sparsify(&mut spectrum, 0.01); // 0 + ... + 9 = 45 of 5050, + 10 = 55
        assert_eq!(spectrum.iter().position(|x| x.re > 0.0), Some(10));
        let filter = compress(&spectrum, 2.0);
        assert_eq!((filter.start, filter.weights.len()), (10, 91));
        assert_eq!(filter.weights[0], Complex32::new(20.0, 0.0));
    }
}
