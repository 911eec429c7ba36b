//! What else happens to a recording of a band: several microphones, clipping, a lossy codec, fades.
//!
//! As with [`super::recording`], all is drawn without a look at what is recorded.

use dlmir_audio::{Complex32, RealFft};

use crate::rng::Rng;

/// Further conditions of one recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Medium {
    /// Further microphones: seconds of delay, gain. The nearest is the first to hear, at once.
    microphones: Vec<(f32, f32)>,
    /// The share of the peak above which the converter has no more numbers; 1 for none.
    ceiling: f32,
    /// How far below its band's loudest bin a lossy codec drops what is there, in dB.
    codec_db: Option<f32>,
    /// Seconds of fading in and out.
    fades_s: [f32; 2],
}

/// Samples in a block of the codec, at any rate.
const BLOCK: usize = 2048;

impl Medium {
    /// One microphone, no loss and no fade most often.
    pub fn draw(rng: &mut Rng) -> Medium {
        let microphones = if rng.chance(0.3) { 1 + rng.below(3) } else { 0 };
        Medium {
            // A second microphone stands 0.3 to 6 m farther away.
            microphones: (0..microphones)
                .map(|_| (rng.log_uniform_in(0.001, 0.018), rng.uniform_in(-0.6, 0.6)))
                .collect(),
            ceiling: if rng.chance(0.1) { rng.uniform_in(0.25, 0.9) } else { 1.0 },
            codec_db: rng.chance(0.25).then(|| rng.uniform_in(14.0, 40.0)),
            fades_s: [0, 1]
                .map(|_| if rng.chance(0.06) { rng.log_uniform_in(0.1, 3.0) } else { 0.0 }),
        }
    }

    /// The same without fades, for sets in which every labelled onset has to be heard.
    pub fn without_fades(self) -> Medium {
        Medium { fades_s: [0.0; 2], ..self }
    }

    /// The microphones, before the room and the desk.
    pub fn pick_up(&self, x: &mut [f32], rate: f32) {
        if self.microphones.is_empty() {
            return;
        }
        let direct = x.to_vec();
        for &(delay_s, gain) in &self.microphones {
            let delay = ((delay_s * rate) as usize).min(x.len());
            x[delay..].iter_mut().zip(&direct).for_each(|(x, late)| *x += gain * late);
        }
    }

    /// What happens to the finished recording. Its peak stays.
    pub fn copy(&self, x: &mut [f32], rate: f32) {
        let peak = |x: &[f32]| x.iter().fold(0.0f32, |peak, x| x.abs().max(peak)).max(1e-9);
        let before = peak(x);
        if self.ceiling < 1.0 {
            let most = self.ceiling * before;
            x.iter_mut().for_each(|x| *x = x.clamp(-most, most));
        }
        if let Some(depth_db) = self.codec_db {
            lose(x, depth_db);
        }
        let gain = before / peak(x);
        let [rise, fall] = self.fades_s.map(|s| s * rate);
        let n = x.len();
        for (i, x) in x.iter_mut().enumerate() {
            let up = if rise > 0.0 { ((i + 1) as f32 / rise).min(1.0) } else { 1.0 };
            let down = if fall > 0.0 { ((n - i) as f32 / fall).min(1.0) } else { 1.0 };
            *x *= gain * up * down;
        }
    }
}

/// The loss of a transform codec, without its bits.
///
/// Blocks of 2048 samples under a sine window, half overlapping, are taken to their spectra. In each band of a third of
/// an octave whatever lies `depth_db` below the loudest bin is dropped, and what stays is rounded to steps of that
/// size: holes in the spectrum, and noise that spreads over a block before a stroke (pre-echo).
fn lose(x: &mut [f32], depth_db: f32) {
    let fft = RealFft::new(BLOCK);
    let mut scratch = fft.scratch();
    let window: Vec<f32> = (0..BLOCK)
        .map(|n| (std::f32::consts::PI * (n as f32 + 0.5) / BLOCK as f32).sin())
        .collect();
    let mut bins = vec![Complex32::default(); fft.bins()];
    let mut block = vec![0.0; BLOCK];
    let hop = BLOCK / 2;
    let mut out = vec![0.0; x.len() + 2 * BLOCK];
    let step_of = 10f32.powf(-depth_db / 20.0);
    let sample = |n: usize| if n < hop { 0.0 } else { x.get(n - hop).copied().unwrap_or(0.0) };
    for start in (0..x.len() + hop).step_by(hop) {
        for (n, (b, w)) in block.iter_mut().zip(&window).enumerate() {
            *b = w * sample(start + n);
        }
        fft.forward(&block, &mut bins, &mut scratch);
        let mut low = 0;
        while low < bins.len() {
            let high = (low + 4).max((low as f32 * 1.26) as usize).min(bins.len());
            let band = &mut bins[low..high];
            let step = step_of * band.iter().map(|b| b.norm_sqr()).fold(0.0, f32::max).sqrt();
            if step > 0.0 {
                for bin in band {
                    *bin = Complex32::new((bin.re / step).round(), (bin.im / step).round()) * step;
                }
            }
            low = high;
        }
        fft.inverse(&bins, &mut block, &mut scratch);
        for (n, (b, w)) in block.iter().zip(&window).enumerate() {
            out[start + n] += w * b;
        }
    }
    x.copy_from_slice(&out[hop..hop + x.len()]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::oscillator::{Noise, Phasor};

    fn noise(samples: usize) -> Vec<f32> {
        let mut noise = Noise::new(5);
        (0..samples).map(|_| 0.5 * noise.sample()).collect()
    }

    #[test]
    fn a_fine_codec_changes_little_and_a_coarse_one_much() {
        let error = |depth_db: f32| {
            let original = noise(10_000);
            let mut x = original.clone();
            lose(&mut x, depth_db);
            let power = |x: &[f32]| x.iter().map(|x| x * x).sum::<f32>();
            let difference: Vec<f32> = x.iter().zip(&original).map(|(a, b)| a - b).collect();
            power(&difference) / power(&original)
        };
        assert!(error(90.0) < 1e-6, "{}", error(90.0));
        assert!(error(14.0) > 1e-2 && error(14.0) < 1.0, "{}", error(14.0));
    }

    #[test]
    fn peaks_stay_and_fades_fade() {
        let plain = Medium {
            microphones: vec![(0.01, 0.5)],
            ceiling: 0.5,
            codec_db: Some(20.0),
            fades_s: [0.0; 2],
        };
        let peak = |x: &[f32]| x.iter().fold(0.0f32, |p, x| x.abs().max(p));
        let mut wave = Phasor::default();
        let mut x: Vec<f32> = (0..8000).map(|_| 0.4 * wave.sine(0.02)).collect();
        plain.copy(&mut x, 8000.0);
        assert!((peak(&x) - 0.4).abs() < 1e-3);
        let faded = Medium { fades_s: [0.5, 0.5], ..plain };
        let mut x = noise(16_000);
        faded.copy(&mut x, 8000.0);
        assert!(peak(&x[..40]) < 0.02 && peak(&x[15_960..]) < 0.02);
        let mut x = vec![0.0; 200];
        x[0] = 1.0;
        faded.pick_up(&mut x, 8000.0);
        assert_eq!((x[0], x[80]), (1.0, 0.5));
        assert_eq!(faded.without_fades().fades_s, [0.0; 2]);
    }
}
