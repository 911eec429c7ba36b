//! The analogue synthesiser: rich waves, slightly apart, through a low-pass filter that moves.
//!
//! The filter is Chamberlin's state variable filter, whose cutoff may change with every sample:
//!
//! ```text
//! low += f band;  high = x - low - q band;  band += f high,     f = 2 sin(pi cutoff / rate)
//! ```
//!
//! Chamberlin, "Musical Applications of Microprocessors" (2nd ed. 1985), chapter 14.

use super::{Instrument, Note, samples};
use crate::rng::Rng;
use crate::synthetic::oscillator::{Phasor, fraction, midi_to_hz, sine};

/// A synthesiser patch.
#[derive(Debug, Clone)]
pub struct Synth {
    /// Saw (true) or pulse waves.
    pub saw: bool,
    /// Oscillators, spread over `detune_cents`.
    pub oscillators: usize,
    /// From the lowest to the highest oscillator.
    pub detune_cents: f32,
    /// The filter at rest, as a multiple of the fundamental.
    pub cutoff: f32,
    /// How many octaves the filter opens at the start of a note.
    pub sweep_octaves: f32,
    /// Seconds in which it closes again to 1/e.
    pub sweep_s: f32,
    /// Resonance: 1 none, 0.1 whistling.
    pub damping: f32,
    /// Seconds until the tone is there.
    pub attack_s: f32,
    /// Seconds in which it falls to 1/e; infinite for a held tone.
    pub decay_s: f32,
    /// Seconds until a released tone is gone.
    pub release_s: f32,
    /// A slow movement of the filter, swings a second.
    pub drift_hz: f32,
}

impl Synth {
    /// A bass: low, dry, resonant.
    pub fn draw_bass(rng: &mut Rng) -> Synth {
        Synth {
            saw: rng.chance(0.6),
            oscillators: rng.below(2) + 1,
            detune_cents: rng.uniform_in(0.0, 15.0),
            cutoff: rng.log_uniform_in(1.5, 8.0),
            sweep_octaves: rng.uniform_in(0.0, 3.0),
            sweep_s: rng.log_uniform_in(0.05, 0.4),
            damping: rng.log_uniform_in(0.2, 1.4),
            attack_s: 0.004,
            decay_s: rng.log_uniform_in(0.2, 4.0),
            release_s: 0.05,
            drift_hz: 0.0,
        }
    }

    /// A lead or a plucked sequence: bright and quick.
    pub fn draw_lead(rng: &mut Rng) -> Synth {
        Synth {
            saw: rng.chance(0.6),
            oscillators: rng.below(4) + 1,
            detune_cents: rng.uniform_in(2.0, 30.0),
            cutoff: rng.log_uniform_in(1.5, 12.0),
            sweep_octaves: rng.uniform_in(0.0, 3.0),
            sweep_s: rng.log_uniform_in(0.05, 0.6),
            damping: rng.log_uniform_in(0.2, 1.4),
            attack_s: rng.log_uniform_in(0.003, 0.03),
            decay_s: rng.log_uniform_in(0.15, 4.0),
            release_s: rng.log_uniform_in(0.05, 0.3),
            drift_hz: rng.uniform_in(0.05, 0.5),
        }
    }

    /// A pad: many oscillators, slow in, slow out.
    pub fn draw_pad(rng: &mut Rng) -> Synth {
        Synth {
            saw: rng.chance(0.7),
            oscillators: rng.below(3) + 2,
            detune_cents: rng.uniform_in(5.0, 25.0),
            cutoff: rng.log_uniform_in(1.5, 8.0),
            sweep_octaves: 0.0,
            sweep_s: 1.0,
            damping: rng.uniform_in(0.6, 1.4),
            attack_s: rng.log_uniform_in(0.1, 1.0),
            decay_s: f32::INFINITY,
            release_s: rng.log_uniform_in(0.2, 1.5),
            drift_hz: rng.uniform_in(0.05, 0.4),
        }
    }
}

impl Instrument for Synth {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let hz = midi_to_hz(note.pitch);
        if hz > 0.4 * rate {
            return;
        }
        let total = samples(note.duration_s + self.release_s, rate, out.len());
        let held = samples(note.duration_s, rate, out.len()) as f32;
        let spread = |i: usize| match self.oscillators {
            1 => 0.0,
            n => self.detune_cents * (i as f32 / (n - 1) as f32 - 0.5),
        };
        let mut voices: Vec<(Phasor, f32)> = (0..self.oscillators)
            .map(|i| (Phasor::at(rng.uniform()), hz * (1.0 + 5.78e-4 * spread(i)) / rate))
            .collect();
        let level = note.velocity / (self.oscillators as f32).sqrt();
        let drift = rng.uniform();
        let (mut low, mut band) = (0.0f32, 0.0f32);
        for (block, out) in out[..total].chunks_mut(16).enumerate() {
            let n = (block * 16) as f32;
            let t = n / rate;
            let rise = (t / self.attack_s).min(1.0);
            let fall = (1.0 - (n - held) / (self.release_s * rate)).clamp(0.0, 1.0);
            let gain = level * rise * fall * fall * (-t / self.decay_s).exp();
            let sweep = self.sweep_octaves * note.velocity * (-t / self.sweep_s).exp()
                + 0.5 * sine(fraction(drift + self.drift_hz * t));
            // The filter is stable up to a sixth of the rate.
            let cutoff = (hz * self.cutoff * sweep.exp2()).min(rate / 6.5);
            let f = 2.0 * (std::f32::consts::PI * cutoff / rate).sin();
            for out in out {
                let mut x = 0.0;
                for (phasor, step) in &mut voices {
                    x += if self.saw { phasor.saw(*step) } else { phasor.pulse(*step, 0.4) };
                }
                low += f * band;
                let high = x - low - self.damping * band;
                band += f * high;
                *out += gain * low;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::played_pitch_hz;

    #[test]
    fn every_patch_is_in_tune_and_stable() {
        for seed in 0..10 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            for mut synth in
                [Synth::draw_bass(&mut rng), Synth::draw_lead(&mut rng), Synth::draw_pad(&mut rng)]
            {
                synth.detune_cents = 0.0;
                let hz = played_pitch_hz(&synth);
                assert!((hz - 440.0).abs() <= 3.0, "{synth:?}: {hz}");
            }
        }
    }
}
