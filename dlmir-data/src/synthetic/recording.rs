//! Recording: room, microphone, desk, tape or radio between the sound and the file.
//!
//! All of this is drawn without a look at what is recorded. If music always came in better quality than
//! speech, a network would learn to hear the quality: it would be right on generated sound, and useless
//! on a concert over the telephone.

use super::effect::{rms, set_level};
use super::filter::{Biquad, OnePole, run_chain};
use super::oscillator::{Noise, fraction, sine};
use super::room::Room;
use crate::rng::Rng;

/// One recording's conditions.
#[derive(Debug, Clone)]
pub struct Recording {
    room: Option<Room>,
    high_pass_hz: f32,
    /// Above this nothing is left; twice 12 dB an octave.
    low_pass_hz: f32,
    tilt_db: f32,
    peaks: Vec<(f32, f32, f32)>,
    compression: f32,
    drive: f32,
    /// Noise below the signal in dB, and its colour: the cutoff of a low-pass.
    noise_db: f32,
    noise_hz: f32,
    /// How much the noise swells and fades (wind, traffic).
    noise_unrest: f32,
    hum: Option<(f32, f32)>,
    crackle: f32,
    peak_level: f32,
    lead_in_s: f32,
    seed: u32,
}

impl Recording {
    /// From a studio to an old telephone.
    pub fn draw(rng: &mut Rng) -> Recording {
        let bandwidth = rng.uniform();
        let (high_pass_hz, low_pass_hz) = if bandwidth < 0.1 {
            (rng.uniform_in(200.0, 400.0), rng.uniform_in(2800.0, 4000.0))
        } else if bandwidth < 0.4 {
            (rng.log_uniform_in(40.0, 250.0), rng.log_uniform_in(3500.0, 9000.0))
        } else {
            (rng.log_uniform_in(15.0, 80.0), 20_000.0)
        };
        let peak = |rng: &mut Rng| {
            let hz = rng.log_uniform_in(80.0, 6000.0);
            (hz, rng.uniform_in(0.5, 2.5), rng.uniform_in(-7.0, 7.0))
        };
        Recording {
            room: rng.chance(0.75).then(|| Room::draw(rng)),
            high_pass_hz,
            low_pass_hz,
            tilt_db: rng.uniform_in(-10.0, 6.0),
            peaks: (0..rng.below(4)).map(|_| peak(rng)).collect(),
            compression: if rng.chance(0.5) { rng.uniform_in(0.2, 0.8) } else { 0.0 },
            drive: if rng.chance(0.2) { rng.log_uniform_in(1.0, 8.0) } else { 0.0 },
            noise_db: if rng.chance(0.3) {
                rng.uniform_in(12.0, 35.0)
            } else {
                rng.uniform_in(35.0, 75.0)
            },
            noise_hz: rng.log_uniform_in(200.0, 10_000.0),
            noise_unrest: if rng.chance(0.4) { rng.uniform() } else { 0.0 },
            hum: rng
                .chance(0.12)
                .then(|| (*rng.pick(&[50.0, 60.0]), rng.log_uniform_in(0.002, 0.08))),
            crackle: if rng.chance(0.08) { rng.log_uniform_in(0.5, 20.0) } else { 0.0 },
            peak_level: 10f32.powf(rng.uniform_in(-20.0, 0.0) / 20.0),
            lead_in_s: if rng.chance(0.05) { rng.uniform_in(0.05, 0.6) } else { 0.0 },
            seed: rng.next_u32(),
        }
    }

    /// The conditions of one piece of an album: room, equalisation and compression are the studio's, the same for the
    /// whole album; band limit, noise and level are those of the copy. No silence is put before it, so that labels keep
    /// their sound.
    pub fn draw_for_album(studio: &mut Rng, copy: &mut Rng) -> Recording {
        let studio = Recording::draw(studio);
        Recording {
            room: studio.room,
            tilt_db: studio.tilt_db,
            peaks: studio.peaks,
            compression: studio.compression,
            lead_in_s: 0.0,
            ..Recording::draw(copy)
        }
    }

    /// Records a signal, in place.
    pub fn apply(&self, x: &mut [f32], rate: f32) {
        let lead_in = ((self.lead_in_s * rate) as usize).min(x.len());
        x[..lead_in].fill(0.0);
        set_level(x, 0.1);
        if let Some(room) = &self.room {
            room.apply(x, rate);
        }
        self.equalise(x, rate);
        if self.compression > 0.0 {
            compress(x, self.compression, rate);
        }
        if self.drive > 0.0 {
            let gain = self.drive / peak(x).max(1e-9);
            x.iter_mut().for_each(|x| *x = (gain * *x).tanh());
        }
        self.disturb(x, rate);
        let gain = self.peak_level / peak(x).max(1e-9);
        x.iter_mut().for_each(|x| *x *= gain);
    }

    fn equalise(&self, x: &mut [f32], rate: f32) {
        let mut desk = vec![Biquad::high_pass(self.high_pass_hz, 0.7, rate)];
        if self.low_pass_hz < 0.45 * rate {
            desk.push(Biquad::low_pass(self.low_pass_hz, 0.6, rate));
            desk.push(Biquad::low_pass(self.low_pass_hz, 1.0, rate));
        }
        desk.push(Biquad::high_shelf(1500.0, self.tilt_db, rate));
        desk.extend(self.peaks.iter().map(|&(hz, q, gain_db)| Biquad::peak(hz, q, gain_db, rate)));
        run_chain(&mut desk, x);
    }

    /// Noise, hum and crackle.
    fn disturb(&self, x: &mut [f32], rate: f32) {
        let level = rms(x) * 10f32.powf(-self.noise_db / 20.0);
        let mut noise = Noise::new(self.seed);
        let mut colour = OnePole::new(self.noise_hz, rate);
        let mut unrest = OnePole::smoother(0.5, rate / 64.0);
        // What the low-pass leaves of white noise's power is about its share of the band.
        let gain = level / (0.33 * (3.0 * self.noise_hz / rate).min(1.0)).sqrt();
        let mut now = gain;
        let click_chance = self.crackle / rate;
        for (n, x) in x.iter_mut().enumerate() {
            if n % 64 == 0 {
                let swell = 1.0 + 12.0 * self.noise_unrest * unrest.low(noise.sample());
                now = gain * swell.max(0.1);
            }
            *x += now * colour.low(noise.sample());
            if click_chance > 0.0 && 0.5 + 0.5 * noise.sample() < click_chance {
                *x += 0.3 * noise.sample();
            }
        }
        if let Some((hz, level)) = self.hum {
            for (n, x) in x.iter_mut().enumerate() {
                let phase = fraction(hz * n as f32 / rate);
                let buzz = sine(phase)
                    + 0.5 * sine(fraction(3.0 * phase))
                    + 0.2 * sine(fraction(5.0 * phase));
                *x += 0.3 * level * buzz;
            }
        }
    }
}

/// A compressor: what is louder than the average is turned down, by `amount` of its excess in dB.
fn compress(x: &mut [f32], amount: f32, rate: f32) {
    let threshold = rms(x).max(1e-9);
    let (attack, release) =
        (1.0 - (-1.0 / (0.005 * rate)).exp(), 1.0 - (-1.0 / (0.15 * rate)).exp());
    let mut envelope = threshold;
    let mut gain = 1.0;
    for (n, x) in x.iter_mut().enumerate() {
        let level = x.abs();
        envelope += if level > envelope { attack } else { release } * (level - envelope);
        if n % 16 == 0 {
            gain = (envelope / threshold).max(0.3).powf(-amount);
        }
        *x *= gain;
    }
}

fn peak(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |peak, x| x.abs().max(peak))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::oscillator::Phasor;

    #[test]
    fn a_recording_is_finite_and_within_full_scale() {
        for seed in 0..40 {
            for rate in [8000.0, 22050.0, 44100.0] {
                let recording = Recording::draw(&mut Rng::at(seed, 0, 0, 0));
                let mut wave = Phasor::default();
                let mut x: Vec<f32> = (0..4000).map(|_| wave.saw(200.0 / rate)).collect();
                recording.apply(&mut x, rate);
                assert!(x.iter().all(|x| x.abs() <= 1.0), "{recording:?}");
                assert!((peak(&x) - recording.peak_level).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn compression_evens_out() {
        let mut wave = Phasor::default();
        let mut x: Vec<f32> = (0..22050).map(|_| wave.sine(0.02)).collect();
        x[11025..].iter_mut().for_each(|x| *x *= 0.1);
        compress(&mut x, 0.8, 22050.0);
        let ratio = rms(&x[5000..11000]) / rms(&x[18000..]);
        assert!(ratio < 6.0, "{ratio}");
    }
}
