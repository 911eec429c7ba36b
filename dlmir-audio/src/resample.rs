//! Changing the sample rate.
//!
//! Resampling from rate p to rate q keeps what lies below both Nyquist frequencies, p / 2 and q / 2, and removes the rest. In theory:
//! multiply the spectrum by a rectangle, that is, put a sinc at every sample and read their sum at the new times n / q. Here, block by
//! block: transform, multiply by a low-pass filter, keep or append bins so that the block has q / p times as many, transform back
//! (rubato's `Fft`).
//!
//! Alignment: y[n] is the sound at time n / q, for every ratio. The filter delays by half its length; that is removed, and the block
//! length is chosen so that the half is a whole number of samples on both sides (an even multiple of the reduced ratio). Otherwise
//! 48 to 44.1 kHz would come out half a sample late.
//!
//! Pass band: 0 to 0.95 of the lower Nyquist frequency within 0.01 dB; beyond it nothing is left above -100 dB. The result has
//! ceil(n * q / p) samples, as librosa's; the signal is taken as silent before its start and after its end.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler, WindowFunction};

use crate::signal::MAX_SAMPLE_RATE;
use crate::{AudioError, Signal};

/// The filter has at least this many samples at the lower of both rates. Longer is sharper at the Nyquist frequency, and slower.
const MIN_BLOCK: usize = 1024;

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
/// [`AudioError::Setting`] if `sample_rate` is 0 or above [`MAX_SAMPLE_RATE`].
pub fn resample(signal: &Signal, sample_rate: u32) -> Result<Signal, AudioError> {
    if !(1..=MAX_SAMPLE_RATE).contains(&sample_rate) {
        let rule = format!("it must be 1 to {MAX_SAMPLE_RATE} Hz");
        return Err(AudioError::setting("sample_rate", sample_rate, rule));
    }
    if signal.is_empty() || sample_rate == signal.sample_rate() {
        return Ok(Signal::new(signal.samples().to_vec(), sample_rate));
    }
    let divisor = gcd(signal.sample_rate(), sample_rate);
    let from = (signal.sample_rate() / divisor) as usize;
    let to = (sample_rate / divisor) as usize;
    let mut y = convert(signal.samples(), from, to);
    // Rounding up may ask for one sample more than there are.
    y.resize((signal.len() * to).div_ceil(from), 0.0);
    Ok(Signal::new(y, sample_rate))
}

/// `to` samples for every `from` samples of `x`; the ratio is in lowest terms.
fn convert(x: &[f32], from: usize, to: usize) -> Vec<f32> {
    // A block is an even multiple of the ratio: see Alignment above.
    let half_blocks = MIN_BLOCK.div_ceil(2 * from.min(to));
    let block = 2 * half_blocks * from;
    let window = WindowFunction::BlackmanHarris2;
    let mut resampler = Fft::<f32>::new_custom(from, to, block, 1, 1, window, FixedSync::Input)
        .expect("rates above 0 and a block length that fits them");
    let input =
        InterleavedSlice::new(x, 1, x.len()).expect("one channel: as many frames as samples");
    let y = resampler.process_all(&input, x.len(), None).expect("one channel in, one out");
    y.take_data()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}
