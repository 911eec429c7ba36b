//! What happens to one track between instrument and mixing desk.

use super::filter::{Biquad, OnePole, run_chain};
use super::oscillator::{Noise, Phasor, fraction, sine};
use crate::rng::Rng;

/// The wooden or metal body of an instrument: a few broad resonances that all its notes share.
pub fn body(track: &mut [f32], rng: &mut Rng, rate: f32) {
    let mut resonances = [(90.0, 350.0), (350.0, 1200.0), (1200.0, 4000.0)].map(|(low, high)| {
        let hz = rng.log_uniform_in(low, high);
        let (q, gain_db) = (rng.uniform_in(0.8, 4.0), rng.uniform_in(-6.0, 9.0));
        Biquad::peak(hz, q, gain_db, rate)
    });
    run_chain(&mut resonances, track);
}

/// An amplifier driven too hard, and its loudspeaker, which passes little above 4 kHz.
///
/// ```text
/// y = tanh(drive x)      at a track level of 0.1
/// ```
pub fn distort(track: &mut [f32], drive: f32, rate: f32) {
    Biquad::high_pass(90.0, 0.7, rate).run_all(track);
    let normal = 0.1 / rms(track).max(1e-9);
    for x in track.iter_mut() {
        *x = (drive * normal * *x).tanh();
    }
    let mut loudspeaker =
        [Biquad::low_pass(4200.0, 0.8, rate), Biquad::peak(1800.0, 0.8, 5.0, rate)];
    run_chain(&mut loudspeaker, track);
}

/// Tremolo: the loudness swings.
pub fn tremolo(track: &mut [f32], hz: f32, depth: f32, rate: f32) {
    let mut swing = Phasor::default();
    for x in track {
        *x *= 1.0 - depth * (0.5 + 0.5 * swing.sine(hz / rate));
    }
}

/// Chorus: a copy whose delay swings by some milliseconds, so that its pitch wavers against the first.
pub fn chorus(track: &mut [f32], rng: &mut Rng, rate: f32) {
    let dry = track.to_vec();
    let (hz, depth) = (rng.log_uniform_in(0.2, 2.0), rng.uniform_in(0.001, 0.004));
    for (n, x) in track.iter_mut().enumerate() {
        let delay = rate * (0.008 + depth * sine(fraction(hz * n as f32 / rate)));
        let whole = delay as usize;
        if n > whole {
            let part = delay - whole as f32;
            let late = dry[n - whole] + part * (dry[n - whole - 1] - dry[n - whole]);
            *x = 0.7 * (*x + late);
        }
    }
}

/// Echoes, each weaker and duller.
pub fn echo(track: &mut [f32], seconds: f32, feedback: f32, rate: f32) {
    let delay = (seconds * rate) as usize;
    let mut dull = OnePole::new(3000.0, rate);
    for n in delay..track.len() {
        track[n] += feedback * dull.low(track[n - delay]);
    }
}

/// Noise through a moving band, pulsing: wind, surf, the risers of dance music. `pulse_hz` 0 is steady.
pub fn noise_sweep(samples: usize, pulse_hz: f32, rng: &mut Rng, rate: f32) -> Vec<f32> {
    let mut noise = Noise::new(rng.next_u32());
    let (middle, sweep_hz) = (rng.log_uniform_in(500.0, 4000.0), rng.log_uniform_in(0.05, 1.0));
    let octaves = rng.uniform_in(0.3, 2.0);
    let (mut swing, mut pulse) = (Phasor::at(rng.uniform()), Phasor::default());
    let mut low = OnePole::new(middle, rate);
    let mut lower = OnePole::new(0.5 * middle, rate);
    let one = |n: usize| {
        let x = swing.sine(sweep_hz / rate);
        if n.is_multiple_of(64) {
            let hz = (middle * (octaves * x).exp2()).min(0.4 * rate);
            low.tune(hz, rate);
            lower.tune(0.5 * hz, rate);
        }
        let loud = 1.0 - 0.9 * pulse.advance(pulse_hz / rate);
        let white = noise.sample();
        loud * (low.low(white) - lower.low(white))
    };
    (0..samples).map(one).collect()
}

/// Root of the mean square.
pub fn rms(x: &[f32]) -> f32 {
    (x.iter().map(|x| x * x).sum::<f32>() / x.len().max(1) as f32).sqrt()
}

/// Brings a track to this root mean square; silence stays silence.
pub fn set_level(track: &mut [f32], level: f32) {
    let gain = level / rms(track).max(1e-9);
    track.iter_mut().for_each(|x| *x *= gain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::level_at;

    fn tone() -> Vec<f32> {
        let mut wave = Phasor::default();
        (0..22050).map(|_| wave.sine(220.0 / 22050.0)).collect()
    }

    #[test]
    fn effects_do_what_their_names_say() {
        let third = |x: &[f32]| level_at(x, 660.0, 22050.0) / level_at(x, 220.0, 22050.0);
        let mut x = tone();
        distort(&mut x, 50.0, 22050.0);
        // A square wave's third harmonic is a third of the first.
        assert!((third(&x) - 0.33).abs() < 0.1, "{}", third(&x));

        let mut x = tone();
        tremolo(&mut x, 5.0, 1.0, 22050.0);
        let quiet = x.chunks(220).map(rms).fold(1.0, f32::min);
        assert!(quiet < 0.05, "{quiet}");

        let mut x = vec![0.0; 1000];
        x[0] = 1.0;
        echo(&mut x, 0.01, 0.5, 22050.0);
        assert_eq!(x[1..220], [0.0; 219]);
        assert!(x[220] > 0.1);

        let mut x = tone();
        set_level(&mut x, 0.1);
        assert!((rms(&x) - 0.1).abs() < 1e-5);
        chorus(&mut x, &mut Rng::at(1, 0, 0, 0), 22050.0);
        assert!(rms(&x) > 0.03 && rms(&x) < 0.15);
    }
}
