//! Organs: steady partials, one pipe or tone wheel each, switched on and off.
//!
//! ```text
//! y(t) = sum over k of  d_k sin(2 pi r_k f t),   r = 0.5, 1, 1.5, 2, 3, 4, 6, 8
//! ```
//!
//! The ratios are those of the drawbars of an electric organ and of the stops of a pipe organ (16', 8',
//! 5 1/3', 4', ...). An electric one clicks at the start and turns in a rotating loudspeaker; pipes speak
//! a little later and never quite together.

use super::{Instrument, Note, samples};
use crate::rng::Rng;
use crate::synthetic::oscillator::{fraction, midi_to_hz, sine};

const RATIOS: [f32; 8] = [0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0];

/// An organ with its registration.
#[derive(Debug, Clone)]
pub struct Organ {
    /// The loudness of each stop.
    pub drawbars: [f32; 8],
    /// Seconds until a pipe speaks.
    pub attack_s: f32,
    /// Seconds until it is silent.
    pub release_s: f32,
    /// Turns of the loudspeaker a second; 0 stands still.
    pub rotor_hz: f32,
    /// Depth of the turning, 0 to 1.
    pub rotor_depth: f32,
}

impl Organ {
    /// A church organ, a positive, an electric organ, a fairground organ.
    pub fn draw(rng: &mut Rng) -> Organ {
        let electric = rng.chance(0.5);
        let mut drawbars = [0.0; 8];
        for d in &mut drawbars {
            *d = if rng.chance(0.6) { rng.uniform() } else { 0.0 };
        }
        drawbars[1] = rng.uniform_in(0.5, 1.0);
        Organ {
            drawbars,
            attack_s: if electric { 0.004 } else { rng.log_uniform_in(0.02, 0.12) },
            release_s: if electric { 0.02 } else { rng.log_uniform_in(0.05, 0.3) },
            rotor_hz: if electric { *rng.pick(&[0.0, 0.8, 6.7]) } else { 0.0 },
            rotor_depth: rng.uniform_in(0.1, 0.5),
        }
    }
}

impl Instrument for Organ {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let hz = midi_to_hz(note.pitch);
        let attack = (self.attack_s * rate).max(1.0);
        let held = samples(note.duration_s, rate, out.len());
        let release = (self.release_s * rate).max(1.0);
        let total = samples(note.duration_s + self.release_s, rate, out.len());
        let norm = self.drawbars.iter().map(|d| d * d).sum::<f32>().sqrt().max(0.1);
        // An organ knows no loudness of touch; half of the velocity is left for the swell pedal.
        let level = (0.5 + 0.5 * note.velocity) / norm;

        // Eight pipes side by side; those beyond half the sample rate are silent.
        let step = RATIOS.map(|ratio| hz * ratio * (1.0 + 4e-4 * rng.normal()) / rate);
        let gain: [f32; 8] =
            std::array::from_fn(|k| if step[k] < 0.45 { level * self.drawbars[k] } else { 0.0 });
        let mut phase: [f32; 8] = std::array::from_fn(|_| rng.uniform());
        let attack = attack * rng.uniform_in(1.0, 1.5);
        for (block, out) in out[..total].chunks_mut(16).enumerate() {
            let n = (16 * block) as f32;
            let rise = ((n + 8.0) / attack).min(1.0);
            let fall = (1.0 - (n - held as f32) / release).clamp(0.0, 1.0);
            let turn = 0.5 + 0.5 * sine(fraction(self.rotor_hz * n / rate));
            let depth = if self.rotor_hz > 0.0 { self.rotor_depth } else { 0.0 };
            let now = rise * fall * (1.0 - depth * turn);
            for out in out {
                let pipes: [f32; 8] = std::array::from_fn(|k| gain[k] * sine(phase[k]));
                *out += now * pipes.iter().sum::<f32>();
                phase = std::array::from_fn(|k| {
                    let next = phase[k] + step[k].min(0.45);
                    if next >= 1.0 { next - 1.0 } else { next }
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::played_pitch_hz;

    #[test]
    fn the_fundamental_is_there() {
        let mut organ = Organ::draw(&mut Rng::at(3, 0, 0, 0));
        organ.drawbars[1] = 1.0;
        assert!((played_pitch_hz(&organ) - 440.0).abs() <= 2.0);
    }
}
