//! Changing the sample rate.
//!
//! Resampling from rate p to rate q keeps what lies below both Nyquist frequencies, p / 2 and q / 2, and removes the rest. In theory:
//! multiply the spectrum by a rectangle, that is, put a sinc at every sample and read their sum at the new times n / q. Here, block by
//! block: transform, multiply by a low-pass filter, drop or append bins so that the block has q / p times as many, transform back
//! (rubato's `Fft`).
//!
//! Alignment: `y[n]` is the sound at time n / q, for every ratio. The filter delays by half its length; that is removed, and the block
//! length is chosen so that the half is a whole number of samples on both sides (an even multiple of the reduced ratio). Otherwise
//! 48 to 44.1 kHz would come out half a sample late.
//!
//! Up to 0.97 of the lower Nyquist frequency the level is right within 0.01 dB; from 1.01 of it on nothing is left above -100 dB. The result
//! has ceil(n q / p) samples, as librosa's; the signal is taken as silent before its start and after its end.

use std::error::Error;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

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
/// [`AudioError::Setting`] if `sample_rate` is 0, above [`MAX_SAMPLE_RATE`], or more than 1000 times higher or lower than the signal's,
/// and if the resampler refuses the pair of rates.
pub fn resample(signal: &Signal, sample_rate: u32) -> Result<Signal, AudioError> {
    let rule = if !(1..=MAX_SAMPLE_RATE).contains(&sample_rate) {
        Some(format!("it must be 1 to {MAX_SAMPLE_RATE} Hz"))
    } else if signal.sample_rate().max(sample_rate) / signal.sample_rate().min(sample_rate)
        > MAX_RATIO
    {
        Some(format!("it must be within {MAX_RATIO} times {} Hz", signal.sample_rate()))
    } else {
        None
    };
    if let Some(rule) = rule {
        return Err(AudioError::setting("sample_rate", sample_rate, rule));
    }
    if signal.is_empty() || sample_rate == signal.sample_rate() {
        return Ok(Signal::new(signal.samples().to_vec(), sample_rate));
    }
    let divisor = gcd(signal.sample_rate(), sample_rate);
    let from = (signal.sample_rate() / divisor) as usize;
    let to = (sample_rate / divisor) as usize;
    let converted = convert(signal.samples(), from, to);
    // Rates come from files: what the resampler does not take is an error, not a bug.
    let samples = converted.map_err(|e| {
        let rule = format!("cannot be reached from {} Hz: {e}", signal.sample_rate());
        AudioError::setting("sample_rate", sample_rate, rule)
    })?;
    Ok(Signal::new(samples, sample_rate))
}

/// `to` samples for every `from` samples of `x`; the ratio is in lowest terms.
fn convert(x: &[f32], from: usize, to: usize) -> Result<Vec<f32>, Box<dyn Error>> {
    // A block is an even multiple of the ratio: see Alignment above.
    let half_blocks = MIN_BLOCK.div_ceil(2 * from.min(to));
    let block = 2 * half_blocks * from;
    let window = WindowFunction::BlackmanHarris2;
    let mut resampler = Fft::<f32>::new_custom(from, to, block, 1, 1, window, FixedSync::Input)?;

    // Silence behind the end, so that rounding up never asks for a sample too many.
    let silence = std::iter::repeat_n(0.0, from);
    let padded: Vec<f32> = x.iter().copied().chain(silence).collect();
    let input = InterleavedSlice::new(&padded[..], 1, padded.len())?;
    let y = resampler.process_all(&input, padded.len(), None)?;
    let length = (x.len() * to).div_ceil(from);
    let mut y = y.take_data();
    y.truncate(length);
    Ok(y)
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
        fn the_length_is_rounded_up(n in 1usize..3000, from in 100u32..2000, to in 100u32..2000) {
            let y = resample(&Signal::new(vec![1.0; n], from), to).expect("near rates");
            prop_assert_eq!(y.len(), (n * to as usize).div_ceil(from as usize));
            prop_assert!(y.samples().iter().all(|v| v.abs() < 1.5));
        }
    }
}
