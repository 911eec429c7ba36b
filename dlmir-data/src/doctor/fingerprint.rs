//! A fingerprint: few bits by which a recording is known again, at another gain, sample rate, in another coding.
//!
//! Haitsma, Kalker (2002), A highly robust audio fingerprinting system, ISMIR. The spectrum of a frame is summed in 33 bands, spaced
//! logarithmically; bit m of frame n says whether the difference of bands m and m + 1 has grown since the frame before (equation 1):
//!
//! ```text
//! F(n, m) = 1  where  E(n, m) - E(n, m + 1) - (E(n - 1, m) - E(n - 1, m + 1)) > 0       m = 0 ... 31
//! ```
//!
//! Gain scales all E alike and changes no bit. Two recordings are compared by the share of bits that differ: about a half of those of
//! different recordings; the paper calls them the same below 0.35. Here differently:
//!
//! - The paper finds three seconds of a song in a library, we compare whole files that begin at about the same time: frames of 64 ms
//!   every 16 ms (0.37 s every 11.6 ms), so that a spoken word has bits enough.
//! - Bands from 200 to 3400 Hz (300 to 2000 Hz), all that a recording at 8 kHz has.
//! - Bits from bands without sound are noise, which differs from coding to coding. A second word says which bits are sure: those whose
//!   four energies are not all 50 dB below the frame's strongest band, in frames not 50 dB below the strongest.
//!
//! The long-term spectrum is a by-product, and tells whether the recording was made at a lower sample rate: [`Listener::bandwidth`].

use dlmir_audio::{RealFft, Window};

/// Bits of a frame.
const BITS: usize = 32;

/// From frame to frame, in seconds.
pub(super) const HOP_S: f64 = 0.016;

const FRAME_S: f64 = 0.064;
const LOWEST_HZ: f64 = 200.0;
const HIGHEST_HZ: f64 = 3400.0;

/// 50 dB in power.
const FLOOR: f64 = 1e-5;

/// Frames that are kept: two minutes, 60 kB.
const MAX_FRAMES: usize = 7500;

/// The bits of one frame, and which of them are sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    pub bits: u32,
    pub sure: u32,
}

/// What is kept of a file's sound.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fingerprint {
    pub words: Vec<Word>,
}

/// Listens to a mono signal block by block.
pub(super) struct Listener {
    sample_rate: u32,
    fft: RealFft,
    window: Vec<f32>,
    /// Samples not yet used up, and the place of the first of them in the signal.
    waiting: Vec<f32>,
    place: u64,
    /// Frames so far.
    frames: u64,
    before: [f64; BITS + 1],
    words: Vec<Word>,
    powers: Vec<f64>,
    /// The long-term spectrum: summed power of every bin.
    spectrum: Vec<f64>,
}

impl Listener {
    pub(super) fn new(sample_rate: u32) -> Listener {
        // A multiple of 16 samples: its transform is fast.
        let length = ((FRAME_S * f64::from(sample_rate) / 16.0).round() as usize).max(1) * 16;
        let fft = RealFft::new(length);
        Listener {
            sample_rate,
            window: Window::Hann.periodic(length),
            spectrum: vec![0.0; fft.bins()],
            fft,
            waiting: Vec::new(),
            place: 0,
            frames: 0,
            before: [0.0; BITS + 1],
            words: Vec::new(),
            powers: Vec::new(),
        }
    }

    /// Takes samples. What they give does not depend on the size of the blocks.
    pub(super) fn push(&mut self, samples: &[f32]) {
        let mut scratch = self.fft.scratch();
        let mut frame = vec![0.0; self.fft.length()];
        let mut bins = Vec::new();
        bins.resize(self.fft.bins(), Default::default());
        for block in samples.chunks(1 << 16) {
            self.waiting.extend_from_slice(block);
            loop {
                let exact = self.frames as f64 * HOP_S * f64::from(self.sample_rate);
                let start = (exact.round() as u64 - self.place) as usize;
                let Some(taken) = self.waiting.get(start..start + frame.len()) else { break };
                for ((y, &x), &w) in frame.iter_mut().zip(taken).zip(&self.window) {
                    *y = x * w;
                }
                self.fft.forward(&frame, &mut bins, &mut scratch);
                let power: Vec<f64> = bins.iter().map(|b| f64::from(b.norm_sqr())).collect();
                self.spectrum.iter_mut().zip(&power).for_each(|(sum, p)| *sum += p);
                if self.words.len() < MAX_FRAMES {
                    self.take(&power);
                }
                self.frames += 1;
            }
            let next = (self.frames as f64 * HOP_S * f64::from(self.sample_rate)).round() as u64;
            let done = ((next - self.place) as usize).min(self.waiting.len());
            self.waiting.drain(..done);
            self.place += done as u64;
        }
    }

    /// A frame's word, from the power of its bins.
    fn take(&mut self, power: &[f64]) {
        let bin_hz = f64::from(self.sample_rate) / self.fft.length() as f64;
        let edge = |m: usize| {
            LOWEST_HZ * (HIGHEST_HZ / LOWEST_HZ).powf(m as f64 / (BITS + 1) as f64) / bin_hz
        };
        let mut now = [0.0; BITS + 1];
        for (m, energy) in now.iter_mut().enumerate() {
            *energy = between(power, edge(m), edge(m + 1));
        }
        if self.frames > 0 {
            let strongest = now.iter().chain(&self.before).fold(0.0, |a, &b| f64::max(a, b));
            let mut word = Word { bits: 0, sure: 0 };
            for m in 0..BITS {
                let four = [now[m], now[m + 1], self.before[m], self.before[m + 1]];
                let growth = four[0] - four[1] - (four[2] - four[3]);
                word.bits |= u32::from(growth > 0.0) << m;
                let sure = four.iter().fold(0.0, |a, &b| f64::max(a, b)) > FLOOR * strongest;
                word.sure |= u32::from(sure) << m;
            }
            self.words.push(word);
            self.powers.push(strongest);
        }
        self.before = now;
    }

    /// The fingerprint of what was heard.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        let strongest = self.powers.iter().fold(0.0, |a, &b| f64::max(a, b));
        let quiet = |power: f64| power <= FLOOR * strongest;
        let words = self.words.iter().zip(&self.powers);
        let heard = words.map(|(&w, &p)| if quiet(p) { Word { sure: 0, ..w } } else { w });
        Fingerprint { words: heard.collect() }
    }

    /// Where the spectrum ends, in Hz, if it ends like a wall at the highest frequency of a lower sample rate.
    ///
    /// A recording made at 8 kHz has nothing above 4 kHz, whatever its rate was made later. The wall: each twentieth of the band from 0.7 to
    /// 0.95 of that frequency is at least 30 dB above all that is beyond 1.05 of it. Natural spectra fall by some 10 dB in this space. A lossy
    /// coding leaves out the highest frequencies too; so the highest frequency asked about is 0.75 of the file's own, or, of a lossy file, 0.4.
    pub(super) fn bandwidth(&self, lossy: bool) -> Option<f64> {
        let nyquist = f64::from(self.sample_rate) / 2.0;
        let largest = if lossy { 0.4 } else { 0.75 } * nyquist;
        let bin_hz = f64::from(self.sample_rate) / self.fft.length() as f64;
        let total: f64 = self.spectrum.iter().sum();
        let mean = |low: f64, high: f64| {
            between(&self.spectrum, low / bin_hz, high / bin_hz) / (high - low)
        };
        const LOWER: [f64; 9] =
            [4000.0, 5512.5, 6000.0, 8000.0, 11_025.0, 12_000.0, 16_000.0, 22_050.0, 24_000.0];
        LOWER.into_iter().filter(|&end| end <= largest && self.frames >= 30).find(|&end| {
            // The weakest part below: a single tone just there is no wall.
            let parts = (14..19).map(|i| 0.05 * f64::from(i) * end);
            let below = parts.map(|low| mean(low, low + 0.05 * end)).fold(f64::INFINITY, f64::min);
            // The loudest band beyond: a single line up there is sound too.
            let step = (0.02 * end).max(bin_hz);
            let count = ((nyquist - 1.05 * end) / step) as usize;
            let bands = (0..count).map(|i| 1.05 * end + i as f64 * step);
            let beyond = bands.map(|low| mean(low, low + step)).fold(0.0, f64::max);
            below > 1000.0 * beyond && below * end > 1e-9 * total
        })
    }
}

/// The sum of power from one place on the axis of bins to another, where bin k reaches from k - 1/2 to k + 1/2.
fn between(power: &[f64], low: f64, high: f64) -> f64 {
    let first = (low + 0.5).floor().max(0.0) as usize;
    let last = ((high + 0.5).floor() as usize).min(power.len().saturating_sub(1));
    let share = |k: usize| (high.min(k as f64 + 0.5) - low.max(k as f64 - 0.5)).max(0.0);
    (first..=last).map(|k| share(k) * power[k]).sum()
}

/// How two fingerprints compare when the second is moved by `lag` frames: bits that differ and bits that are sure in both. Only every
/// frame of the first in `of_first` takes part.
pub(super) fn differing(
    first: &[Word],
    second: &[Word],
    lag: isize,
    of_first: std::ops::Range<usize>,
) -> (u32, u32) {
    let mut sum = (0, 0);
    for n in of_first {
        let other = n.checked_add_signed(lag).and_then(|at| second.get(at));
        if let (Some(a), Some(b)) = (first.get(n), other) {
            let sure = a.sure & b.sure;
            sum.0 += ((a.bits ^ b.bits) & sure).count_ones();
            sum.1 += sure.count_ones();
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use dlmir_audio::{Signal, resample};

    use super::*;
    use crate::synthetic::music_speech;

    fn listen(signal: &Signal) -> Listener {
        let mut listener = Listener::new(signal.sample_rate());
        listener.push(signal.samples());
        listener
    }

    fn share(a: &Signal, b: &Signal) -> f64 {
        let (a, b) = (listen(a).fingerprint().words, listen(b).fingerprint().words);
        let of = |lag| {
            let (differ, sure) = differing(&a, &b, lag, 0..a.len());
            f64::from(differ) / f64::from(sure)
        };
        (-5..=5).map(of).fold(1.0, f64::min)
    }

    #[test]
    fn a_recording_is_known_again_and_others_are_not() {
        let one = music_speech::item(1, 0, 3.0, 22_050).signal;
        let louder = Signal::new(one.samples().iter().map(|x| -2.5 * x).collect(), 22_050);
        assert_eq!(share(&one, &louder), 0.0);
        let slower = resample(&one, 8000).unwrap();
        assert!(share(&one, &slower) < 0.1, "{}", share(&one, &slower));
        // Half a frame late: the worst shift.
        let mut late = vec![0.0; 176];
        late.extend(one.samples());
        let late = share(&one, &Signal::new(late, 22_050));
        assert!(late < 0.25, "{late}");
        for other in 1..9 {
            let other = share(&one, &music_speech::item(1, other, 3.0, 22_050).signal);
            assert!(other > 0.35, "{other}");
        }
    }

    #[test]
    fn the_size_of_blocks_does_not_matter() {
        let one = music_speech::item(1, 1, 2.0, 11_025).signal;
        let mut pieces = Listener::new(11_025);
        one.samples().chunks(333).for_each(|block| pieces.push(block));
        assert_eq!(pieces.fingerprint(), listen(&one).fingerprint());
        assert_eq!(pieces.bandwidth(false), listen(&one).bandwidth(false));
    }

    #[test]
    fn what_was_made_at_a_lower_rate_is_seen() {
        let noise = |rate| dlmir_audio::synth::noise(2.0, rate, 1);
        for (low, high) in [(8000, 22_050), (16_000, 44_100), (22_050, 44_100), (44_100, 96_000)] {
            let raised = resample(&noise(low), high).unwrap();
            assert_eq!(listen(&raised).bandwidth(false), Some(f64::from(low) / 2.0));
            assert_eq!(listen(&noise(high)).bandwidth(false), None);
        }
        let music = music_speech::item(1, 0, 3.0, 22_050).signal;
        assert_eq!(listen(&music).bandwidth(false), None);
    }
}
