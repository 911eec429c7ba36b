//! Frequency modulation: one sine shakes the phase of another.
//!
//! ```text
//! y(t) = a(t) sin(2 pi f_c t + I(t) sin(2 pi f_m t))
//! ```
//!
//! gives partials at f_c +/- k f_m, more of them the larger the index I. An index that falls with the
//! loudness is a struck metal bar (electric piano, bell); one that rises slowly is brass.
//!
//! Chowning, "The synthesis of complex audio spectra by means of frequency modulation" (JAES 21(7), 1973).

use super::{Instrument, Note, decay_per_sample, samples};
use crate::rng::Rng;
use crate::synthetic::oscillator::{fraction, midi_to_hz, sine};

/// A pair of carrier and modulator.
#[derive(Debug, Clone)]
pub struct Fm {
    /// Modulator over carrier frequency: a whole number is harmonic, others are bells.
    pub ratio: f32,
    /// The index at full loudness, in radians.
    pub index: f32,
    /// Seconds in which the index falls by 60 dB.
    pub index_decay_s: f32,
    /// Seconds until the tone is there.
    pub attack_s: f32,
    /// Seconds in which the tone falls by 60 dB.
    pub decay_s: f32,
    /// Tremolo swings a second; 0 for none.
    pub tremolo_hz: f32,
}

impl Fm {
    /// Electric pianos, bells, basses and brass of the 1980s.
    pub fn draw(rng: &mut Rng) -> Fm {
        let bell = rng.chance(0.25);
        Fm {
            ratio: if bell {
                *rng.pick(&[1.41, 2.76, 3.5, 1.19])
            } else {
                *rng.pick(&[1.0, 1.0, 2.0, 3.0, 14.0, 0.5])
            },
            index: rng.log_uniform_in(0.5, 5.0),
            index_decay_s: rng.log_uniform_in(0.3, 4.0),
            attack_s: if rng.chance(0.8) { 0.003 } else { rng.log_uniform_in(0.02, 0.15) },
            decay_s: rng.log_uniform_in(1.0, 8.0),
            tremolo_hz: if rng.chance(0.3) { rng.uniform_in(3.0, 6.0) } else { 0.0 },
        }
    }
}

impl Instrument for Fm {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let hz = midi_to_hz(note.pitch);
        let total = samples(note.duration_s + 0.15, rate, out.len());
        let held = samples(note.duration_s, rate, out.len());
        let (carrier, modulator) = (hz / rate, hz * self.ratio / rate);
        // Side bands above half the rate would fold back, so high notes get a smaller index.
        let room = (0.45 * rate - hz).max(0.0) / (hz * self.ratio);
        let mut index = (self.index * (0.3 + 0.7 * note.velocity)).min(0.7 * room);
        if index <= 0.0 || hz > 0.45 * rate {
            return;
        }
        let index_decay = decay_per_sample(self.index_decay_s, rate);
        let decay = decay_per_sample(self.decay_s * (440.0 / hz).powf(0.3), rate);
        let release = decay_per_sample(0.15, rate);
        let attack = self.attack_s * rate;
        let (mut level, mut c, mut m) = (note.velocity, rng.uniform(), 0.0f32);
        for (n, out) in out[..total].iter_mut().enumerate() {
            let rise = (n as f32 / attack).min(1.0);
            let tremolo = if self.tremolo_hz > 0.0 {
                1.0 + 0.3 * sine(fraction(self.tremolo_hz * n as f32 / rate))
            } else {
                1.0
            };
            let bend = index * (1.0 / std::f32::consts::TAU) * sine(m);
            *out += rise * level * tremolo * sine(fraction(c + bend));
            c = fraction(c + carrier);
            m = fraction(m + modulator);
            index *= index_decay;
            level *= if n < held { decay } else { decay * release };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::played_pitch_hz;

    #[test]
    fn a_small_index_leaves_the_carrier() {
        let piano = Fm {
            ratio: 1.0,
            index: 0.5,
            index_decay_s: 1.0,
            attack_s: 0.003,
            decay_s: 5.0,
            tremolo_hz: 0.0,
        };
        assert!((played_pitch_hz(&piano) - 440.0).abs() <= 2.0);
    }
}
