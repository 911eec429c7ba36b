//! Struck sound: partials that ring and die, each at its own speed.
//!
//! ```text
//! y(t) = sum over k of  a_k exp(-t / tau_k) sin(2 pi f_k t)
//! ```
//!
//! What tells a piano from a bell is where the partials lie and how fast they die:
//!
//! ```text
//! string   f_k = k f sqrt((1 + B k^2) / (1 + B))   B: stiffness, 0.0001 (long) to 0.01 (short)
//! bar      1, 3.98, 9.9 (marimba, vibraphone: tuned by carving)
//! bell     0.5, 1, 1.19, 1.5, 2, 2.52, 2.66, 3.01, 4.1 (hum, prime, tierce with its minor third, ...)
//! pan      1, 2, 3.01, 4.05, 5.2 (steel drum)
//! ```
//!
//! Fletcher and Rossing, "The Physics of Musical Instruments" (2nd ed. 1998), chapters 12, 19 and 21.
//! A partial is computed by the recursion y = 2 r cos(w) y' - r^2 y'', two multiplications a sample.

use super::{Instrument, Note, samples};
use crate::rng::Rng;
use crate::synthetic::filter::OnePole;
use crate::synthetic::oscillator::{Noise, midi_to_hz};

/// Where the partials lie.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Partials {
    /// A stiff string with this stiffness B.
    String(f32),
    /// A carved wooden or metal bar.
    Bar,
    /// A church bell, tubular bell, gong.
    Bell,
    /// A steel drum.
    Pan,
}

const BAR: [f32; 3] = [1.0, 3.98, 9.9];
const BELL: [f32; 9] = [0.5, 1.0, 1.19, 1.5, 2.0, 2.52, 2.66, 3.01, 4.1];
const PAN: [f32; 5] = [1.0, 2.0, 3.01, 4.05, 5.2];

/// A struck instrument.
#[derive(Debug, Clone)]
pub struct Modal {
    /// What rings.
    pub partials: Partials,
    /// Seconds in which the fundamental of A4 falls by 60 dB.
    pub decay_s: f32,
    /// How much faster the k-th partial dies: by k to this power.
    pub decay_slope: f32,
    /// Hardness of the hammer: up to where partials are excited, as a multiple of the fundamental.
    pub brightness: f32,
    /// Where a string is struck, as a share of its length.
    pub position: f32,
    /// Loudness of the hammer's own knock.
    pub knock: f32,
    /// Seconds until a damped note is silent.
    pub release_s: f32,
    /// Difference between the strings of one note in cents: they beat.
    pub detune_cents: f32,
}

impl Modal {
    /// A piano: grand, upright, honky-tonk, or something like a clavichord.
    pub fn draw_piano(rng: &mut Rng) -> Modal {
        let out_of_tune = if rng.chance(0.15) { 12.0 } else { 1.5 };
        Modal {
            partials: Partials::String(rng.log_uniform_in(1e-4, 1.5e-3)),
            decay_s: rng.log_uniform_in(3.0, 10.0),
            decay_slope: rng.uniform_in(0.4, 0.9),
            brightness: rng.log_uniform_in(2.0, 12.0),
            position: rng.uniform_in(0.1, 0.14),
            knock: rng.log_uniform_in(0.01, 0.15),
            release_s: rng.log_uniform_in(0.08, 0.8),
            detune_cents: rng.log_uniform_in(0.3, out_of_tune),
        }
    }

    /// Vibraphone, marimba, xylophone, glockenspiel, bells, steel drum, music box, gamelan.
    pub fn draw_mallet(rng: &mut Rng) -> Modal {
        let partials = *rng.pick(&[Partials::Bar, Partials::Bar, Partials::Bell, Partials::Pan]);
        Modal {
            partials,
            decay_s: rng.log_uniform_in(0.4, 6.0),
            decay_slope: rng.uniform_in(0.5, 1.2),
            brightness: rng.log_uniform_in(2.0, 12.0),
            position: 0.5,
            knock: rng.log_uniform_in(0.01, 0.2),
            release_s: rng.log_uniform_in(0.3, 3.0),
            detune_cents: rng.log_uniform_in(0.3, 8.0),
        }
    }

    fn ratio(&self, k: usize) -> Option<f32> {
        match self.partials {
            Partials::String(b) => {
                let n = (k + 1) as f32;
                (k < 24).then(|| n * ((1.0 + b * n * n) / (1.0 + b)).sqrt())
            }
            Partials::Bar => BAR.get(k).copied(),
            Partials::Bell => BELL.get(k).copied(),
            Partials::Pan => PAN.get(k).copied(),
        }
    }
}

impl Instrument for Modal {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let f0 = midi_to_hz(note.pitch);
        let held = samples(note.duration_s, rate, out.len());
        let released = samples(note.duration_s + self.release_s, rate, out.len());
        // Low strings ring longer, and a hard stroke has more treble.
        let ring_s = self.decay_s * (440.0 / f0).powf(0.5);
        let reach = self.brightness * (0.4 + 0.9 * note.velocity);
        let mut ringing = Vec::new();
        for k in 0.. {
            let Some(ratio) = self.ratio(k) else { break };
            let hz =
                f0 * ratio * (1.0 + rng.normal() * self.detune_cents * 5.8e-4 / (k + 1) as f32);
            if hz > 0.45 * rate {
                break;
            }
            let node = match self.partials {
                Partials::String(_) => {
                    (std::f32::consts::PI * (k + 1) as f32 * self.position).sin().abs()
                }
                _ => 1.0,
            };
            let amplitude = note.velocity * node * (-ratio / reach).exp() / ratio.max(1.0).sqrt();
            if amplitude > 3e-4 * note.velocity {
                let decay = rate * ring_s / ratio.max(1.0).powf(self.decay_slope);
                ringing.push(Partial { step: hz / rate, decay, amplitude });
            }
        }
        let release = self.release_s * rate;
        ringing.chunks(LANES).for_each(|some| ring(some, &mut out[..released], held, release));
        // The hammer's knock: a few milliseconds of dull noise.
        let mut noise = Noise::new(rng.next_u32());
        let mut dull = OnePole::new((4.0 * f0).clamp(300.0, 3000.0), rate);
        let knock = samples(0.012, rate, out.len());
        for (n, out) in out[..knock].iter_mut().enumerate() {
            let fade = 1.0 - n as f32 / knock as f32;
            *out += self.knock * note.velocity * fade * 3.0 * dull.low(noise.sample());
        }
    }
}

/// A sine that dies away.
#[derive(Debug, Clone, Copy)]
struct Partial {
    /// Cycles a sample.
    step: f32,
    /// Samples in which it falls by 60 dB.
    decay: f32,
    amplitude: f32,
}

/// Partials that are computed side by side, one in each lane of a vector register.
const LANES: usize = 8;

/// Adds up to eight ringing partials that are damped from sample `held` on, by 60 dB in `release` samples
/// more. Stops when the slowest has fallen by 60 dB below the loudest.
fn ring(partials: &[Partial], out: &mut [f32], held: usize, release: f32) {
    let loudest = partials.iter().map(|p| p.amplitude).fold(0.0, f32::max);
    let heard = |p: &Partial| p.decay * (1.0 + (p.amplitude / loudest).log10() / 3.0);
    let heard = partials.iter().map(heard).fold(0.0, f32::max) as usize;
    let end = heard.min(out.len());
    let out = &mut out[..end];

    let mut lanes = [[0.0f32; LANES]; 4];
    for (i, p) in partials.iter().enumerate() {
        let (sin, cos) = (std::f32::consts::TAU * p.step).sin_cos();
        let r = (-6.91 / p.decay).exp();
        // b and c of the recursion, and the two samples before the stroke.
        lanes[0][i] = 2.0 * r * cos;
        lanes[1][i] = -r * r;
        lanes[3][i] = -p.amplitude * sin / r;
    }
    let [b, c, mut y1, mut y2] = lanes;
    let mut run = |out: &mut [f32], damping: f32| {
        let (b, c) = (b.map(|b| b * damping), c.map(|c| c * damping * damping));
        for out in out {
            *out += y1.iter().sum::<f32>();
            let y: [f32; LANES] = std::array::from_fn(|i| b[i] * y1[i] + c[i] * y2[i]);
            (y1, y2) = (y, y1);
        }
    };
    let (sounding, damped) = out.split_at_mut(held.min(out.len()));
    run(sounding, 1.0);
    run(damped, (-6.91 / release).exp());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::play_all;
    use crate::synthetic::instrument::tests::played_pitch_hz;

    #[test]
    fn a_partial_is_a_decaying_sine() {
        let mut out = vec![0.0; 2000];
        let partial = Partial { step: 0.01, decay: 4000.0, amplitude: 0.5 };
        ring(&[partial], &mut out, 2000, 100.0);
        for (n, y) in out.iter().enumerate() {
            let t = n as f32;
            let expected =
                0.5 * (-6.91 * t / 4000.0).exp() * (std::f32::consts::TAU * 0.01 * t).sin();
            assert!((y - expected).abs() < 2e-3, "{n}: {y} {expected}");
        }
    }

    #[test]
    fn every_kind_is_in_tune_and_dies_away() {
        for seed in 0..20 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            let piano = Modal::draw_piano(&mut rng);
            let hz = played_pitch_hz(&piano);
            assert!((hz - 440.0).abs() < 4.5, "{hz}");
            let mallet = Modal::draw_mallet(&mut rng);
            let note = Note { start_s: 0.0, duration_s: 0.2, pitch: 69.0, velocity: 0.7 };
            let sound = play_all(&mallet, &[note], &mut rng, 22050.0, 110_250);
            let power = |s: &[f32]| s.iter().map(|x| x * x).sum::<f32>();
            assert!(power(&sound[..4000]) > 0.01);
            assert!(power(&sound[100_000..]) < 1e-3 * power(&sound[..10_000]));
        }
    }
}
