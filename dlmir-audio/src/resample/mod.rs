//! Changing the sample rate.
//!
//! Resampling from rate p to rate q keeps what lies below both Nyquist frequencies, p / 2 and q / 2, and removes the rest. In theory:
//! multiply the spectrum by a rectangle, that is, put a sinc at every sample and read their sum at the new times n / q. Here, block by
//! block: transform, multiply by a low-pass filter, drop or append bins so that the block has q / p times as many, transform back
//! (`block.rs`).
//!
//! Alignment: `y[n]` is the sound at time n / q, for every ratio. The filter delays by half its length; that is removed, and the block
//! length is chosen so that the half is a whole number of samples on both sides (an even multiple of the reduced ratio). Otherwise
//! 48 to 44.1 kHz would come out half a sample late.
//!
//! Up to 0.97 of the lower Nyquist frequency the level is right within 0.01 dB; from 1.01 of it on nothing is left above -100 dB. The result
//! has ceil(n q / p) samples, as librosa's; the signal is taken as silent before its start and after its end.

mod block;

use block::BlockResampler;

use crate::signal::MAX_SAMPLE_RATE;
use crate::{AudioError, Signal};

/// The filter has at least this many samples at the lower of both rates. Longer is sharper at the Nyquist frequency, and slower.
const MIN_BLOCK: usize = 1024;

/// The highest ratio of rates. From the lowest to the highest rate of files it is 768; beyond, blocks grow to gigabytes.
const MAX_RATIO: u32 = 1000;

/// The signal at another sample rate, in Hz.
///
/// ```
/// use dlmir_audio::{resample, synth};
///
/// let a4 = synth::sine(440.0, 1.0, 44_100);
/// let half = resample(&a4, 22_050)?;
/// assert_eq!((half.len(), half.sample_rate()), (22_050, 22_050));
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::Setting`] if `sample_rate` is 0, above [`MAX_SAMPLE_RATE`], or more than 1000 times higher or lower than the signal's.
pub fn resample(signal: &Signal, sample_rate: u32) -> Result<Signal, AudioError> {
    let mut stream = Resampler::new(signal.sample_rate(), sample_rate)?;
    let mut samples = Vec::with_capacity(stream.length(signal.len()));
    if !signal.is_empty() {
        stream.push(signal.samples(), &mut samples);
        stream.finish(&mut samples);
    }
    Ok(Signal::new(samples, sample_rate))
}

/// Changes the sample rate of a sound that is still going on.
///
/// The samples are, bit for bit, those of [`resample`], whatever the pieces; they come up to two blocks (about 0.1 s) late.
pub struct Resampler {
    /// None where the rates are equal.
    blocks: Option<BlockResampler>,
    from: usize,
    to: usize,
    /// Samples that do not fill a block yet.
    pending: Vec<f32>,
    block: Vec<f32>,
    /// Samples at the start that are the filter's delay.
    delay: usize,
    received: usize,
    given: usize,
}

impl Resampler {
    /// A resampler from rate to rate, in Hz.
    ///
    /// # Errors
    /// As [`resample`].
    pub fn new(from_rate: u32, sample_rate: u32) -> Result<Resampler, AudioError> {
        let error = |rule| AudioError::setting("sample_rate", sample_rate, rule);
        if !(1..=MAX_SAMPLE_RATE).contains(&sample_rate) || from_rate == 0 {
            return Err(error(format!("it must be 1 to {MAX_SAMPLE_RATE} Hz")));
        }
        if from_rate.max(sample_rate) / from_rate.min(sample_rate) > MAX_RATIO {
            return Err(error(format!("it must be within {MAX_RATIO} times {from_rate} Hz")));
        }
        let divisor = gcd(from_rate, sample_rate);
        let (from, to) = ((from_rate / divisor) as usize, (sample_rate / divisor) as usize);
        let (pending, block) = (Vec::new(), Vec::new());
        let mut stream =
            Resampler { blocks: None, from, to, pending, block, delay: 0, received: 0, given: 0 };
        if from != to {
            // A block is an even multiple of the ratio: see Alignment above.
            let half_blocks = MIN_BLOCK.div_ceil(2 * from.min(to));
            let block = 2 * half_blocks * from;
            let blocks = BlockResampler::new(block, block / from * to);
            stream.delay = blocks.samples_out() / 2;
            stream.block = vec![0.0; blocks.samples_out()];
            stream.blocks = Some(blocks);
        }
        Ok(stream)
    }

    /// Samples that come out for `samples` in all: ceil(samples q / p).
    pub fn length(&self, samples: usize) -> usize {
        (samples * self.to).div_ceil(self.from)
    }

    /// Takes the next samples and appends those that are ready to `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        self.received += samples.len();
        self.convert(samples, usize::MAX, out);
    }

    /// Ends the signal and appends the remaining samples to `out`.
    pub fn finish(mut self, out: &mut Vec<f32>) {
        let total = self.length(self.received);
        let silence = vec![0.0; self.block_length()];
        while self.given < total {
            self.convert(&silence, total, out);
        }
    }

    /// Samples per block that goes in.
    fn block_length(&self) -> usize {
        self.blocks.as_ref().map_or(1, BlockResampler::samples_in)
    }

    /// Every whole block, until `total` samples have been given out.
    fn convert(&mut self, samples: &[f32], total: usize, out: &mut Vec<f32>) {
        let length = self.block_length();
        let Some(resampler) = &mut self.blocks else {
            out.extend_from_slice(samples);
            self.given += samples.len();
            return;
        };
        self.pending.extend_from_slice(samples);
        let mut blocks = self.pending.chunks_exact(length);
        for input in blocks.by_ref() {
            resampler.process(input, &mut self.block);
            let skipped = self.delay.min(self.block.len());
            self.delay -= skipped;
            let ready = &self.block[skipped..];
            let ready = &ready[..ready.len().min(total - self.given)];
            self.given += ready.len();
            out.extend_from_slice(ready);
        }
        let rest = self.pending.len() - blocks.remainder().len();
        self.pending.drain(..rest);
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use proptest::prelude::*;

    use super::*;
    use crate::synth;

    const RATIOS: [(u32, u32); 9] = [
        (44_100, 22_050),
        (22_050, 44_100),
        (48_000, 44_100),
        (44_100, 48_000),
        (44_100, 16_000),
        (16_000, 22_050),
        (8000, 22_050),
        (96_000, 22_050),
        (11_025, 44_100),
    ];

    /// A sine of `x` times the lower Nyquist frequency, 1 s, resampled; and its frequency.
    fn sine(x: f64, from: u32, to: u32) -> (Signal, f64) {
        let frequency = x * f64::from(from.min(to)) / 2.0;
        (resample(&synth::sine(frequency, 1.0, from), to).expect("usual rates"), frequency)
    }

    /// The samples away from the ends, where the sine begins and stops suddenly, with their times.
    fn inside(signal: &Signal) -> impl Iterator<Item = (f64, f64)> {
        let rate = f64::from(signal.sample_rate());
        let times = signal.samples().iter().enumerate();
        times
            .map(move |(n, &y)| (n as f64 / rate, f64::from(y)))
            .filter(|(t, _)| (0.2..0.8).contains(t))
    }

    /// A delay of d samples at a quarter of the sample rate would be an error of up to 2 pi d / 4: this finds 1e-5 of a sample.
    #[test]
    fn every_sample_is_at_its_time() {
        for (from, to) in RATIOS {
            let (y, frequency) = sine(0.5, from, to);
            for (t, value) in inside(&y) {
                let exact = (TAU * frequency * t).sin();
                assert!((value - exact).abs() < 1e-5, "{from} to {to}, {t} s: {value} {exact}");
            }
        }
    }

    #[test]
    fn the_pass_band_is_flat_and_the_stop_band_is_silent() {
        for (from, to) in RATIOS {
            let level_db = |x: f64| {
                let (y, _) = sine(x, from, to);
                let (count, energy) =
                    inside(&y).fold((0.0, 0.0), |(n, e), (_, value)| (n + 1.0, e + value * value));
                10.0 * (2.0 * energy / f64::max(count, 1.0)).log10()
            };
            for x in [0.01, 0.3, 0.9, 0.97] {
                let level = level_db(x);
                assert!(level.abs() < 0.01, "{from} to {to}, {x}: {level} dB");
            }
            // Between the Nyquist frequencies.
            for x in [1.01, 1.08, 1.3, 1.9] {
                if x * f64::from(to) < f64::from(from) {
                    let level = level_db(x);
                    assert!(level < -100.0, "{from} to {to}, {x}: {level} dB");
                }
            }
        }
    }

    #[test]
    fn a_click_stays_where_it_was() {
        let mut x = synth::silence(0.5, 48_000);
        x.samples_mut()[12_000] = 1.0;
        let y = resample(&x, 44_100).expect("usual rates");
        let loudest = (0..y.len()).max_by(|&a, &b| y.samples()[a].total_cmp(&y.samples()[b]));
        assert_eq!(loudest, Some(11_025));
    }

    #[test]
    fn nothing_and_the_same_rate() {
        let empty = resample(&Signal::new(vec![], 8000), 16_000).expect("usual rates");
        assert!(empty.is_empty() && empty.sample_rate() == 16_000);
        let x = synth::noise(0.1, 8000, 1);
        assert_eq!(resample(&x, 8000).expect("usual rates"), x);
    }

    #[test]
    fn impossible_rates_are_errors() {
        let refused = |from, to| {
            matches!(
                resample(&Signal::new(vec![0.0], from), to),
                Err(AudioError::Setting { name: "sample_rate", .. })
            )
        };
        assert!(refused(8000, 0) && refused(8000, 768_001));
        assert!(refused(1, 22_050) && refused(768_000, 100));
        assert!(!refused(1000, 768_000) && !refused(768_000, 1000));
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same_bits(
            n in 0usize..9000, lengths in prop::collection::vec(1usize..3000, 1..5),
            ratio in 0usize..RATIOS.len(), seed: u64
        ) {
            let (from, to) = RATIOS[ratio];
            let x = synth::noise(n as f64 / f64::from(from), from, seed);
            let (mut y, mut stream) = (Vec::new(), Resampler::new(from, to).expect("usual rates"));
            let mut rest = x.samples();
            for length in lengths.iter().cycle() {
                let (piece, next) = rest.split_at(rest.len().min(*length));
                stream.push(piece, &mut y);
                rest = next;
                if rest.is_empty() {
                    break;
                }
            }
            stream.finish(&mut y);
            prop_assert!(y == resample(&x, to).expect("usual rates").samples());
        }

        #[test]
        fn the_length_is_rounded_up(n in 1usize..3000, from in 100u32..2000, to in 100u32..2000) {
            let y = resample(&Signal::new(vec![1.0; n], from), to).expect("near rates");
            prop_assert_eq!(y.len(), (n * to as usize).div_ceil(from as usize));
            prop_assert!(y.samples().iter().all(|v| v.abs() < 1.5));
        }
    }
}
