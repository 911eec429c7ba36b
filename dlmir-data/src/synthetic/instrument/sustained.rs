//! Bowed and blown instruments: a wave that is driven as long as the player wishes.
//!
//! Four things make such a tone alive, and a machine's tone dead without them. It begins slowly, 20 to
//! 200 ms. It gets brighter as it gets louder (brass most of all), here by a low-pass filter that follows
//! the loudness. Its pitch swings, 5 to 7 times a second, and not from the start: vibrato sets in. And
//! bow or breath add noise. A section is several players who agree on none of this. A bow may also tremble: short
//! strokes to and fro on one held note (tremolo), which are heard as one note with a restless loudness, not as many.

use super::{Instrument, Note, samples};
use crate::rng::Rng;
use crate::synthetic::filter::OnePole;
use crate::synthetic::oscillator::{Noise, Phasor, midi_to_hz, sine};

/// The wave that string, reed or lips make.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Wave {
    /// All harmonics: strings, brass, free reeds.
    Saw,
    /// Odd harmonics first: clarinet, stopped pipes.
    Square,
    /// A narrow pulse: oboe, bassoon, bagpipe.
    Pulse,
    /// Hardly any harmonics: flute, whistle, ocarina.
    Sine,
}

/// A bowed or blown instrument, alone or in a section.
#[derive(Debug, Clone)]
pub struct Sustained {
    /// The raw wave.
    pub wave: Wave,
    /// Seconds until the tone is there.
    pub attack_s: f32,
    /// Seconds until it is gone.
    pub release_s: f32,
    /// Vibrato: swings a second.
    pub vibrato_hz: f32,
    /// Vibrato: depth in cents.
    pub vibrato_cents: f32,
    /// Cutoff of the filter at full loudness, in Hz above the fundamental.
    pub brightness_hz: f32,
    /// Noise of bow or breath beside the tone.
    pub breath: f32,
    /// How much the tone swells and fades within a note.
    pub swell: f32,
    /// How far below the pitch a tone begins, in cents.
    pub scoop_cents: f32,
    /// Players in unison.
    pub players: usize,
    /// Tremolo: strokes of the bow a second while a note is held; 0 for one stroke to a note.
    pub tremolo_hz: f32,
}

impl Sustained {
    /// A violin to double bass, solo or as a section.
    pub fn draw_strings(rng: &mut Rng, players: usize) -> Sustained {
        Sustained {
            wave: Wave::Saw,
            attack_s: rng.log_uniform_in(0.03, 0.25),
            release_s: rng.log_uniform_in(0.06, 0.4),
            vibrato_hz: rng.uniform_in(4.8, 6.8),
            vibrato_cents: if rng.chance(0.8) { rng.uniform_in(8.0, 35.0) } else { 0.0 },
            brightness_hz: rng.log_uniform_in(600.0, 6000.0),
            breath: rng.log_uniform_in(0.005, 0.06),
            swell: rng.uniform_in(0.0, 0.6),
            scoop_cents: rng.uniform_in(0.0, 40.0),
            players,
            tremolo_hz: 0.0,
        }
    }

    /// A flute, clarinet, oboe, bassoon, saxophone, recorder, panpipe, bagpipe.
    pub fn draw_wind(rng: &mut Rng) -> Sustained {
        let wave = *rng.pick(&[Wave::Saw, Wave::Square, Wave::Pulse, Wave::Sine]);
        let breath = if wave == Wave::Sine { 0.2 } else { 0.05 };
        Sustained {
            wave,
            attack_s: rng.log_uniform_in(0.015, 0.1),
            release_s: rng.log_uniform_in(0.03, 0.15),
            vibrato_hz: rng.uniform_in(4.0, 6.5),
            vibrato_cents: if rng.chance(0.6) { rng.uniform_in(4.0, 30.0) } else { 0.0 },
            brightness_hz: rng.log_uniform_in(500.0, 5000.0),
            breath: rng.log_uniform_in(0.004, breath),
            swell: rng.uniform_in(0.0, 0.5),
            scoop_cents: rng.uniform_in(0.0, 60.0),
            players: 1,
            tremolo_hz: 0.0,
        }
    }

    /// A trumpet, trombone, horn or tuba, solo or as a section.
    pub fn draw_brass(rng: &mut Rng, players: usize) -> Sustained {
        Sustained {
            wave: Wave::Saw,
            attack_s: rng.log_uniform_in(0.02, 0.12),
            release_s: rng.log_uniform_in(0.04, 0.2),
            vibrato_hz: rng.uniform_in(4.5, 6.0),
            vibrato_cents: if rng.chance(0.4) { rng.uniform_in(4.0, 25.0) } else { 0.0 },
            brightness_hz: rng.log_uniform_in(400.0, 4500.0),
            breath: rng.log_uniform_in(0.002, 0.02),
            swell: rng.uniform_in(0.1, 0.8),
            scoop_cents: rng.uniform_in(0.0, 80.0),
            players,
            tremolo_hz: 0.0,
        }
    }

    /// An accordion, concertina, harmonica, harmonium: free reeds, often two a few cents apart.
    pub fn draw_reeds(rng: &mut Rng) -> Sustained {
        Sustained {
            wave: if rng.chance(0.5) { Wave::Saw } else { Wave::Pulse },
            attack_s: rng.log_uniform_in(0.015, 0.06),
            release_s: rng.log_uniform_in(0.02, 0.08),
            vibrato_hz: 5.0,
            vibrato_cents: 0.0,
            brightness_hz: rng.log_uniform_in(2000.0, 7000.0),
            breath: 0.004,
            swell: rng.uniform_in(0.0, 0.3),
            scoop_cents: 0.0,
            players: rng.below(2) + 1,
            tremolo_hz: 0.0,
        }
    }

    fn player(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let hz = midi_to_hz(note.pitch + 0.05 * rng.normal());
        if hz > 0.4 * rate {
            return;
        }
        // A slow bow or breath does not reach its level in a short note, so it hurries.
        let attack = self.attack_s.min(0.5 * note.duration_s) * rng.uniform_in(0.8, 1.25) * rate;
        let held = samples(note.duration_s, rate, out.len());
        let release = self.release_s * rate;
        let total = samples(note.duration_s + self.release_s, rate, out.len());
        let late = rng.uniform_in(0.0, 0.02) * rate * (self.players - 1).min(1) as f32;

        let mut vibrato = Phasor::at(rng.uniform());
        let vibrato_step = self.vibrato_hz * rng.uniform_in(0.92, 1.08) / rate;
        let mut wander = OnePole::smoother(0.08, rate / BLOCK as f32);
        let mut wave = Phasor::at(rng.uniform());
        let mut noise = Noise::new(rng.next_u32());
        let mut hiss = OnePole::new((2.0 * hz).clamp(400.0, 5000.0), rate);
        let (mut tone, mut tone2) = (OnePole::new(1000.0, rate), OnePole::new(1000.0, rate));
        let level = note.velocity / (self.players as f32).sqrt();
        let mut bow = Bow::new(self.tremolo_hz, note.duration_s);

        for (block, out) in out[..total].chunks_mut(BLOCK).enumerate() {
            // What changes slowly is worked out once a block.
            let n = (block * BLOCK) as f32 - late;
            let rise = (n / attack).clamp(0.0, 1.0);
            let fall = (1.0 - (n - held as f32) / release).clamp(0.0, 1.0);
            let arc = 1.0 - self.swell
                + self.swell * sine(0.5 * (n / held.max(1) as f32).clamp(0.0, 1.0));
            let loudness = rise * rise * (3.0 - 2.0 * rise) * fall.min(1.0) * arc;
            let loudness = loudness * bow.stroke(BLOCK as f32 / rate, rng);
            let depth = self.vibrato_cents * ((n / rate - 0.15) / 0.3).clamp(0.0, 1.0);
            let unsteady = 12.0 * wander.low(noise.sample());
            let scoop = self.scoop_cents * (1.0 - rise).powi(2);
            vibrato.phase = (vibrato.phase + vibrato_step * BLOCK as f32) % 1.0;
            let swing = sine(vibrato.phase);
            let cents = depth * swing + unsteady - scoop;
            let step = hz * (1.0 + cents * 5.78e-4) / rate;
            let follow = 0.25 + 0.75 * loudness * note.velocity + 0.05 * swing;
            let cutoff = (hz + self.brightness_hz * follow.max(0.05)).min(0.45 * rate);
            tone.tune(cutoff, rate);
            tone2.tune(cutoff, rate);

            let gain = level * loudness;
            for out in out {
                let raw = match self.wave {
                    Wave::Saw => wave.saw(step),
                    Wave::Square => wave.pulse(step, 0.5),
                    Wave::Pulse => wave.pulse(step, 0.15),
                    Wave::Sine => {
                        let y = wave.sine(step);
                        y + 0.25 * (2.0 * y * y - 1.0) * loudness
                    }
                };
                let breath = self.breath * 4.0 * hiss.high(noise.sample());
                *out += gain * (tone2.low(tone.low(raw)) + breath);
            }
        }
    }
}

/// The bow of a tremolo: short strokes to and fro, as fast as the wrist goes and never quite even. At each turn the bow
/// stands still for a moment, and the string with it; it is not lifted, so that some of the tone stays.
struct Bow {
    /// Strokes a second; 0 if the bow does not turn.
    strokes_hz: f32,
    /// Where in its stroke the bow is, 0 to 1.
    place: f32,
    /// Strokes a second, and loudness, of this one stroke.
    this: (f32, f32),
}

impl Bow {
    /// Notes that are too short for four strokes get one.
    fn new(strokes_hz: f32, held_s: f32) -> Bow {
        let strokes_hz = if strokes_hz * held_s < 4.0 { 0.0 } else { strokes_hz };
        Bow { strokes_hz, place: 0.0, this: (strokes_hz, 1.0) }
    }

    /// The loudness, 0 to 1, and then so many seconds on.
    fn stroke(&mut self, seconds: f32, rng: &mut Rng) -> f32 {
        if self.strokes_hz == 0.0 {
            return 1.0;
        }
        let speed = (1.6 * sine(0.5 * self.place)).min(1.0);
        let loudness = self.this.1 * (0.2 + 0.8 * speed);
        self.place += self.this.0 * seconds;
        if self.place >= 1.0 {
            self.place = 0.0;
            self.this = (self.strokes_hz * rng.uniform_in(0.85, 1.15), rng.uniform_in(0.75, 1.0));
        }
        loudness
    }
}

/// Samples between two looks at the slow controls: 1.5 ms at 22 050 Hz.
const BLOCK: usize = 32;

impl Instrument for Sustained {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        for _ in 0..self.players {
            self.player(note, rng, rate, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::played_pitch_hz;

    #[test]
    fn every_kind_is_in_tune() {
        for seed in 0..6 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            for mut instrument in [
                Sustained::draw_strings(&mut rng, 1),
                Sustained::draw_wind(&mut rng),
                Sustained::draw_brass(&mut rng, 3),
                Sustained::draw_reeds(&mut rng),
            ] {
                // Vibrato spreads the peak; the pitch is judged without it.
                instrument.vibrato_cents = 0.0;
                let hz = played_pitch_hz(&instrument);
                assert!((hz - 440.0).abs() <= 7.0, "{instrument:?}: {hz}");
            }
        }
    }

    /// The loudness of a tremolo falls and rises as often as the bow turns; a short note is one stroke.
    #[test]
    fn a_trembling_bow_turns_as_often_as_told() {
        let rate = 22_050.0;
        let turns = |tremolo_hz: f32, duration_s: f32| {
            let violin = Sustained {
                tremolo_hz,
                attack_s: 0.03,
                swell: 0.0,
                breath: 0.0,
                vibrato_cents: 0.0,
                ..Sustained::draw_strings(&mut Rng::at(4, 0, 0, 0), 1)
            };
            let note = Note { start_s: 0.0, duration_s, pitch: 69.0, velocity: 0.7 };
            let mut out = vec![0.0; (duration_s * rate) as usize];
            violin.play(&note, &mut Rng::at(5, 0, 0, 0), rate, &mut out);
            // Levels every 10 ms, after the attack; a turn is a level below half of the mean with louder neighbours.
            let levels: Vec<f32> =
                out[1102..].chunks(220).map(crate::synthetic::effect::rms).collect();
            let half = 0.6 * levels.iter().sum::<f32>() / levels.len() as f32;
            levels.windows(2).filter(|w| w[0] >= half && w[1] < half).count()
        };
        assert_eq!(turns(0.0, 2.0), 0);
        assert_eq!(turns(10.0, 0.3), 0);
        let count = turns(10.0, 2.0);
        assert!((17..=21).contains(&count), "{count} turns in 1.95 s");
    }
}
