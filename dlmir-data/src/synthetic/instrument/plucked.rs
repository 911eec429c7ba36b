//! Plucked strings: a delay line that feeds back.
//!
//! ```text
//! y[n] = x[n] + g ((1 - b) z[n] + b z[n - 1]),    z[n] = (1 - a) y[n - N] + a y[n - N - 1]
//! ```
//!
//! where N + a + b = rate / f: a tunes between two samples, b is the damping.
//!
//! The pluck x fills the line with noise once. What runs round the line is a wave on the string; the
//! average in the loop takes a little treble away on each round, so that a bright pluck turns dull while it
//! dies away, as strings do. A comb for the place where the string is plucked takes out the harmonics
//! that have a node there.
//!
//! Karplus and Strong, "Digital synthesis of plucked-string and drum timbres" (Computer Music Journal
//! 7(2), 1983); Jaffe and Smith, the extensions (same issue).

use super::{Instrument, Note, decay_per_sample, samples};
use crate::rng::Rng;
use crate::synthetic::filter::OnePole;
use crate::synthetic::oscillator::{Noise, midi_to_hz};

/// A plucked string instrument.
#[derive(Debug, Clone)]
pub struct Plucked {
    /// Seconds in which an A2 falls by 60 dB; higher strings die faster.
    pub decay_s: f32,
    /// How much treble each round takes: 0 none (steel, harpsichord), 0.5 most (nylon, muted).
    pub damping: f32,
    /// Brightness of the pluck in Hz at full loudness: a plectrum is brighter than a thumb.
    pub pluck_hz: f32,
    /// Where it is plucked, as a share of the string's length.
    pub position: f32,
    /// Seconds until a released string is silent.
    pub release_s: f32,
    /// Strings to a note, slightly out of tune (mandolin, twelve-string guitar): 1 or 2.
    pub courses: usize,
}

impl Plucked {
    /// Guitars, harps, lutes, harpsichords, koto, banjo: anything with a plucked string.
    pub fn draw(rng: &mut Rng) -> Plucked {
        Plucked {
            decay_s: rng.log_uniform_in(0.8, 7.0),
            damping: rng.uniform_in(0.02, 0.5),
            pluck_hz: rng.log_uniform_in(600.0, 9000.0),
            position: rng.uniform_in(0.05, 0.45),
            release_s: rng.log_uniform_in(0.05, 0.6),
            courses: if rng.chance(0.2) { 2 } else { 1 },
        }
    }

    /// A bass, plucked by finger, thumb or plectrum; also the double bass of jazz.
    pub fn draw_bass(rng: &mut Rng) -> Plucked {
        Plucked {
            decay_s: rng.log_uniform_in(1.0, 4.0),
            damping: rng.uniform_in(0.15, 0.5),
            pluck_hz: rng.log_uniform_in(400.0, 3000.0),
            position: rng.uniform_in(0.1, 0.4),
            release_s: rng.log_uniform_in(0.04, 0.15),
            courses: 1,
        }
    }

    fn string(&self, hz: f32, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        // The average of two neighbours delays by `damping` of a sample.
        let period = rate / hz - self.damping;
        let n = period as usize;
        if n < 3 {
            return;
        }
        let held = samples(note.duration_s, rate, out.len());
        let total = samples(note.duration_s + self.release_s, rate, out.len());
        let mut y = self.pluck(n + 2, period, note, rng, rate);
        let first = y.len();
        y.resize(first + total, 0.0);

        let (a, b) = (period - n as f32, self.damping);
        let gain = decay_per_sample(self.decay_s * (110.0 / hz).powf(0.6), rate).powf(period);
        let released = gain * decay_per_sample(self.release_s, rate).powf(period);
        // One round of the string at a time: all that a round needs was there before it.
        for start in (first..y.len()).step_by(n) {
            let g = if start - first < held { gain } else { released };
            let taps = [g * (1.0 - b) * (1.0 - a), g * ((1.0 - b) * a + b * (1.0 - a)), g * b * a];
            let (past, round) = y.split_at_mut(start);
            let past = &past[start - n - 2..];
            for (y, past) in round.iter_mut().take(n).zip(past.windows(3)) {
                *y = taps[0] * past[2] + taps[1] * past[1] + taps[2] * past[0];
            }
        }
        for (out, y) in out.iter_mut().zip(&y[first..]) {
            *out += note.velocity * y;
        }
    }

    /// What is on the string when it is let go: noise, dull when soft, without the harmonics that have a
    /// node at the pluck.
    fn pluck(&self, n: usize, period: f32, note: &Note, rng: &mut Rng, rate: f32) -> Vec<f32> {
        let mut noise = Noise::new(rng.next_u32());
        let mut tone = OnePole::new(self.pluck_hz * (0.3 + 0.7 * note.velocity), rate);
        let raw: Vec<f32> = (0..n).map(|_| tone.low(noise.sample())).collect();
        let shift = ((self.position * period) as usize).max(1);
        (0..n).map(|i| raw[i] - raw[(i + shift) % n]).collect()
    }
}

impl Instrument for Plucked {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        for course in 0..self.courses {
            // A course is out of tune by some cents, which makes it shimmer.
            let cents = if course == 0 { 0.0 } else { rng.uniform_in(-8.0, 8.0) };
            let hz = midi_to_hz(note.pitch + cents / 100.0);
            self.string(hz, note, rng, rate, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::play_all;
    use crate::synthetic::instrument::tests::played_pitch_hz;

    fn guitar() -> Plucked {
        Plucked {
            decay_s: 4.0,
            damping: 0.3,
            pluck_hz: 5000.0,
            position: 0.2,
            release_s: 0.1,
            courses: 1,
        }
    }

    #[test]
    fn the_string_is_in_tune() {
        let hz = played_pitch_hz(&guitar());
        assert!((hz - 440.0).abs() <= 2.0, "{hz}");
    }

    #[test]
    fn it_dies_away_and_is_damped_at_the_end() {
        let note = Note { start_s: 0.0, duration_s: 1.0, pitch: 57.0, velocity: 0.8 };
        let sound = play_all(&guitar(), &[note], &mut Rng::at(2, 0, 0, 0), 22050.0, 33075);
        let power = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>();
        let (early, late) = (power(&sound[..4000]), power(&sound[18000..22000]));
        assert!(late < 0.5 * early && late > 1e-4 * early, "{early} {late}");
        assert!(power(&sound[24500..]) < 1e-4 * late);
    }
}
