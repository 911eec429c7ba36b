//! Drums and cymbals.
//!
//! | drum | made of |
//! |---|---|
//! | kick | a sine whose pitch falls from some 150 to 50 Hz in a few hundredths of a second, and a click |
//! | snare | two membrane modes and a burst of bright noise, the wires |
//! | hi-hat, cymbal | noise through a high-pass and a bundle of inharmonic square waves |
//! | tom, conga, tabla | a membrane: modes at 1, 1.59, 2.14, 2.30, 2.65, 2.92 (zeros of Bessel functions) |
//! | clap, shaker, rim, cowbell | noise in three bursts, short noise, a short high mode, two square waves |
//!
//! Fletcher and Rossing, "The Physics of Musical Instruments" (2nd ed. 1998), chapters 18 and 20.

use super::filter::{Biquad, OnePole};
use super::instrument::{decay_per_sample, samples};
use super::oscillator::{Noise, Phasor};
use crate::rng::Rng;

/// What can be struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drum {
    /// Bass drum.
    Kick,
    /// Snare drum.
    Snare,
    /// Closed hi-hat.
    Hat,
    /// Open hi-hat or ride: rings on.
    Ride,
    /// Half open hi-hat: longer than closed, shorter than the ride.
    OpenHat,
    /// Crash cymbal.
    Crash,
    /// Low tom, surdo, taiko.
    LowTom,
    /// High tom, conga, bongo.
    HighTom,
    /// Conga or bongo, struck by hand: higher and drier than a tom.
    Conga,
    /// Hand clap.
    Clap,
    /// Shaker, maracas, brush.
    Shaker,
    /// Rim, woodblock, clave.
    Block,
    /// Cowbell, agogo.
    Bell,
}

/// One stroke.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// When.
    pub start_s: f32,
    /// On what.
    pub drum: Drum,
    /// How hard, 0 to 1.
    pub velocity: f32,
}

/// Recordings of each drum.
const TAKES: usize = 3;

/// A drum kit with its own sizes and tunings.
#[derive(Debug, Clone)]
pub struct Kit {
    kick_hz: f32,
    kick_drop: f32,
    kick_decay_s: f32,
    click: f32,
    snare_hz: f32,
    snare_decay_s: f32,
    wires: f32,
    metal_hz: f32,
    hat_decay_s: f32,
    ride_decay_s: f32,
    tom_hz: f32,
    tom_decay_s: f32,
    block_hz: f32,
    /// Noise (acoustic) against square waves (electronic) in the cymbals.
    electronic: f32,
}

const MEMBRANE: [f32; 6] = [1.0, 1.59, 2.14, 2.30, 2.65, 2.92];
/// Frequencies of a bundle of square waves that sounds like metal, relative to the first.
const METAL: [f32; 6] = [1.0, 1.342, 1.2312, 1.6532, 1.9523, 2.1523];

impl Kit {
    /// Acoustic and electronic kits, hand drums.
    pub fn draw(rng: &mut Rng) -> Kit {
        Kit {
            kick_hz: rng.log_uniform_in(38.0, 75.0),
            kick_drop: rng.log_uniform_in(1.3, 5.0),
            kick_decay_s: rng.log_uniform_in(0.12, 0.8),
            click: rng.log_uniform_in(0.02, 0.5),
            snare_hz: rng.log_uniform_in(140.0, 260.0),
            snare_decay_s: rng.log_uniform_in(0.08, 0.35),
            wires: rng.log_uniform_in(0.3, 1.5),
            metal_hz: rng.log_uniform_in(300.0, 700.0),
            hat_decay_s: rng.log_uniform_in(0.03, 0.15),
            ride_decay_s: rng.log_uniform_in(0.4, 2.0),
            tom_hz: rng.log_uniform_in(60.0, 140.0),
            tom_decay_s: rng.log_uniform_in(0.15, 0.9),
            block_hz: rng.log_uniform_in(700.0, 2500.0),
            electronic: if rng.chance(0.4) { rng.uniform() } else { 0.1 },
        }
    }

    /// A kit of wood, skin and bronze.
    pub fn draw_acoustic(rng: &mut Rng) -> Kit {
        Kit {
            kick_hz: rng.log_uniform_in(45.0, 75.0),
            kick_drop: rng.log_uniform_in(1.0, 2.5),
            kick_decay_s: rng.log_uniform_in(0.12, 0.4),
            click: rng.log_uniform_in(0.1, 0.5),
            electronic: 0.1,
            ..Kit::draw(rng)
        }
    }

    /// A drum machine: long, falling kicks and metal made of square waves.
    pub fn draw_electronic(rng: &mut Rng) -> Kit {
        Kit {
            kick_hz: rng.log_uniform_in(38.0, 60.0),
            kick_drop: rng.log_uniform_in(2.5, 6.0),
            kick_decay_s: rng.log_uniform_in(0.25, 0.9),
            click: rng.log_uniform_in(0.02, 0.3),
            electronic: rng.uniform_in(0.4, 1.0),
            ..Kit::draw(rng)
        }
    }

    /// Adds one stroke to `out`, whose first sample is its beginning.
    pub fn strike(&self, drum: Drum, velocity: f32, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let mut noise = Noise::new(rng.next_u32());
        let v = velocity;
        match drum {
            Drum::Kick => self.kick(v, &mut noise, rate, out),
            Drum::Snare => {
                let modes = [self.snare_hz, 1.6 * self.snare_hz];
                let decay = self.snare_decay_s;
                for hz in modes {
                    tone(hz, 0.15, 0.6 * decay, 0.6 * v, rate, out);
                }
                let bright = Biquad::high_pass(1200.0, 0.6, rate);
                burst(&mut noise, bright, decay, self.wires * v, rate, out);
            }
            Drum::Hat => self.metal(self.hat_decay_s, 0.5 * v, &mut noise, rate, out),
            Drum::Ride => self.metal(self.ride_decay_s, 0.4 * v, &mut noise, rate, out),
            Drum::OpenHat => self.metal(5.0 * self.hat_decay_s, 0.5 * v, &mut noise, rate, out),
            Drum::Crash => {
                self.metal(2.0 * self.ride_decay_s + 0.5, 0.9 * v, &mut noise, rate, out)
            }
            Drum::LowTom | Drum::HighTom => {
                let hz = if drum == Drum::LowTom { self.tom_hz } else { 2.1 * self.tom_hz };
                for (k, ratio) in MEMBRANE.iter().enumerate() {
                    let decay = self.tom_decay_s / (1.0 + 0.8 * k as f32);
                    let level = 0.7 * v.powf(1.0 + 0.3 * k as f32) / (1.0 + k as f32);
                    tone(hz * ratio, 0.12, decay, level, rate, out);
                }
                let slap = Biquad::band_pass(5.0 * hz, 0.7, rate);
                burst(&mut noise, slap, 0.02, 0.3 * v, rate, out);
            }
            Drum::Conga => {
                for (k, ratio) in MEMBRANE.iter().enumerate() {
                    let decay = 0.6 * self.tom_decay_s / (1.0 + 1.2 * k as f32);
                    let level = 0.6 * v.powf(1.0 + 0.2 * k as f32) / (1.0 + k as f32);
                    tone(3.0 * self.tom_hz * ratio, 0.04, decay, level, rate, out);
                }
                let palm = Biquad::band_pass(1800.0, 0.7, rate);
                burst(&mut noise, palm, 0.015, 0.4 * v, rate, out);
            }
            Drum::Clap => {
                let hands = Biquad::band_pass(1200.0, 1.2, rate);
                for late_s in [0.0, 0.011, 0.023] {
                    let from = samples(late_s, rate, out.len());
                    let decay = if late_s > 0.02 { 0.15 } else { 0.012 };
                    burst(&mut noise, hands, decay, 1.2 * v, rate, &mut out[from..]);
                }
            }
            Drum::Shaker => {
                let beads = Biquad::band_pass(6000.0, 1.0, rate);
                burst(&mut noise, beads, 0.06, 0.5 * v, rate, out);
            }
            Drum::Block => {
                tone(self.block_hz, 0.0, 0.08, 0.6 * v, rate, out);
                tone(2.7 * self.block_hz, 0.0, 0.03, 0.3 * v, rate, out);
            }
            Drum::Bell => {
                tone(0.8 * self.block_hz, 0.0, 0.3, 0.4 * v, rate, out);
                tone(1.18 * self.block_hz, 0.0, 0.25, 0.4 * v, rate, out);
            }
        }
    }

    /// Plays all strokes into one track of `samples`. Each drum is struck three times as a sampler would
    /// record it, and these takes are played in random order: a ride that rings for two seconds would
    /// otherwise be computed a dozen times over.
    pub fn play_all(&self, hits: &[Hit], rng: &mut Rng, rate: f32, samples: usize) -> Vec<f32> {
        let mut track = vec![0.0; samples];
        let mut takes: Vec<(Drum, [Vec<f32>; TAKES])> = Vec::new();
        for hit in hits {
            let start = (hit.start_s.max(0.0) * rate) as usize;
            if start >= samples {
                continue;
            }
            let known = takes.iter().position(|(drum, _)| *drum == hit.drum).unwrap_or_else(|| {
                takes.push((hit.drum, std::array::from_fn(|_| self.take(hit.drum, rng, rate))));
                takes.len() - 1
            });
            let take = &takes[known].1[rng.below(TAKES)];
            for (out, x) in track[start..].iter_mut().zip(take) {
                *out += hit.velocity * x;
            }
        }
        track
    }

    /// One stroke at full loudness, until it is no longer heard.
    fn take(&self, drum: Drum, rng: &mut Rng, rate: f32) -> Vec<f32> {
        let seconds = match drum {
            Drum::Ride => self.ride_decay_s,
            Drum::Crash => 2.0 * self.ride_decay_s + 0.5,
            _ => 1.0,
        };
        let mut out = vec![0.0; (seconds * rate) as usize];
        self.strike(drum, rng.uniform_in(0.8, 1.0), rng, rate, &mut out);
        let end = out.iter().rposition(|x| x.abs() > 1e-4).map_or(0, |n| n + 1);
        out.truncate(end);
        out
    }

    fn kick(&self, velocity: f32, noise: &mut Noise, rate: f32, out: &mut [f32]) {
        let decay = decay_per_sample(self.kick_decay_s, rate);
        let drop = decay_per_sample(0.12, rate);
        let (mut wave, mut level, mut bend) = (Phasor::default(), 1.2 * velocity, self.kick_drop);
        let length = samples(self.kick_decay_s, rate, out.len());
        for out in &mut out[..length] {
            *out += level * wave.sine(self.kick_hz * (1.0 + bend) / rate);
            level *= decay;
            bend *= drop;
        }
        let dull = Biquad::low_pass(3500.0, 0.7, rate);
        burst(noise, dull, 0.01, self.click * velocity, rate, out);
    }

    fn metal(&self, decay_s: f32, velocity: f32, noise: &mut Noise, rate: f32, out: &mut [f32]) {
        let decay = decay_per_sample(decay_s, rate);
        let mut level = velocity;
        let mut plates = METAL.map(|r| (Phasor::at(0.3 * r), self.metal_hz * r * 8.0 / rate));
        plates.iter_mut().filter(|p| p.1 > 0.45).for_each(|p| p.1 *= 0.25);
        let mut high = Biquad::high_pass((12.0 * self.metal_hz).min(0.3 * rate), 0.7, rate);
        let mut air = OnePole::new(0.4 * rate, rate);
        let length = samples(decay_s, rate, out.len());
        for out in &mut out[..length] {
            let mut x = (1.0 - self.electronic) * 2.0 * noise.sample();
            for (phasor, step) in &mut plates {
                let square = if phasor.advance(*step) < 0.5 { 1.0 } else { -1.0 };
                x += 0.35 * self.electronic * square;
            }
            *out += level * air.low(high.run(x));
            level *= decay;
        }
    }
}

/// Adds a sine that falls by 60 dB in `decay_s` and whose pitch starts `bend` higher.
fn tone(hz: f32, bend: f32, decay_s: f32, level: f32, rate: f32, out: &mut [f32]) {
    if hz > 0.4 * rate {
        return;
    }
    let decay = decay_per_sample(decay_s, rate);
    let drop = decay_per_sample(0.15, rate);
    let (mut wave, mut level, mut bend) = (Phasor::default(), level, bend);
    let length = samples(decay_s, rate, out.len());
    for out in &mut out[..length] {
        *out += level * wave.sine(hz * (1.0 + bend) / rate);
        level *= decay;
        bend *= drop;
    }
}

/// Adds filtered noise that falls by 60 dB in `decay_s`.
fn burst(
    noise: &mut Noise,
    mut filter: Biquad,
    decay_s: f32,
    level: f32,
    rate: f32,
    out: &mut [f32],
) {
    let decay = decay_per_sample(decay_s, rate);
    let mut level = level;
    let length = samples(decay_s, rate, out.len());
    for out in &mut out[..length] {
        *out += level * filter.run(noise.sample());
        level *= decay;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drum_sounds_and_dies_away() {
        let drums = [
            Drum::Kick,
            Drum::Snare,
            Drum::Hat,
            Drum::Ride,
            Drum::OpenHat,
            Drum::Crash,
            Drum::LowTom,
            Drum::HighTom,
            Drum::Conga,
            Drum::Clap,
            Drum::Shaker,
            Drum::Block,
            Drum::Bell,
        ];
        for rate in [8000.0, 22050.0, 44100.0] {
            for drum in drums {
                let mut rng = Rng::at(1, 0, 0, 0);
                let kit = Kit::draw(&mut rng);
                let mut out = vec![0.0; (6.0 * rate) as usize];
                kit.strike(drum, 0.8, &mut rng, rate, &mut out);
                let power = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>();
                let early = power(&out[..(0.1 * rate) as usize]);
                let late = power(&out[(5.0 * rate) as usize..]);
                assert!(early > 1e-3 && late < 1e-3 * early, "{drum:?} at {rate}: {early} {late}");
            }
        }
    }
}
