//! From articulation to sound.
//!
//! The glottis lets puffs of air through. What is heard outside is about the derivative of that flow:
//!
//! ```text
//! g(x) = 2 x - 3 x^2     0 <= x < 1, x = position within the open part of the cycle
//!      = 0               while it is closed
//! ```
//!
//! which rises softly and breaks off at -1 when the folds close: that edge is what makes a voice bright.
//! (Klatt and Klatt, "Analysis, synthesis, and perception of voice quality variations", JASA 87(2), 1990.)
//! The buzz and the breath run through resonators in a row, one a formant: three that move, and above
//! them one about every 1000 Hz, as a tube of 17 cm has. (A row cut off after the fifth sounds as if
//! through a blanket.) Hisses, made in front of most of the tube, go through a resonance of their own.

use super::Speaker;
use super::phoneme::SCHWA;
use crate::rng::Rng;
use crate::synthetic::filter::{Biquad, OnePole, QUIET, Resonator};
use crate::synthetic::oscillator::{Noise, blep};

/// Positions a second in a track of articulation.
pub const FRAME_RATE: f32 = 200.0;

/// What glottis and mouth do for 5 ms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Pitch in Hz.
    pub f0_hz: f32,
    /// Level of the buzz.
    pub voicing: f32,
    /// Level of the breath through the tract.
    pub breath: f32,
    /// First to third formant of an average man in Hz.
    pub formants: [f32; 3],
    /// 0 mouth open, 1 sound through the nose only.
    pub nasal: f32,
    /// Middle and bandwidth of the hiss in Hz.
    pub hiss: [f32; 2],
    /// Level of the hiss.
    pub hiss_level: f32,
}

impl Frame {
    /// Silence in a neutral position.
    pub const REST: Frame = Frame {
        f0_hz: 100.0,
        voicing: 0.0,
        breath: 0.0,
        formants: SCHWA,
        nasal: 0.0,
        hiss: [3000.0, 2000.0],
        hiss_level: 0.0,
    };
}

/// Formants that are modelled at most: up to about 10 kHz.
const FORMANTS: usize = 10;

/// Bandwidths of the formants of an average man in Hz.
const BANDWIDTHS: [f32; FORMANTS] =
    [70.0, 90.0, 130.0, 220.0, 300.0, 400.0, 500.0, 600.0, 700.0, 800.0];

/// Adds the sound of a track of articulation to `out`, as far as either goes.
pub fn utter(speaker: &Speaker, track: &[Frame], rng: &mut Rng, rate: f32, out: &mut [f32]) {
    let hop = rate / FRAME_RATE;
    let mut noise = Noise::new(rng.next_u32());
    let mut tilt = OnePole::new(speaker.tilt_hz, rate);
    let mut nose = [OnePole::new(500.0, rate), OnePole::new(1200.0, rate)];
    let mut formants = [Resonator::default(); FORMANTS];
    for k in 3..FORMANTS {
        let hz = match k {
            3 | 4 => speaker.upper_formants[k - 3],
            _ => speaker.upper_formants[1] + (k - 4) as f32 * 1000.0 * speaker.formant_scale,
        };
        formants[k].tune(hz, BANDWIDTHS[k] * speaker.bandwidth, rate);
    }
    // Only what lies below half the sample rate can be heard.
    let highest = 0.44 * rate / speaker.formant_scale;
    let count = (((highest - 500.0) / 1000.0) as usize + 1).clamp(4, FORMANTS);
    let formants = &mut formants[..count];
    let mut hiss = Biquad::band_pass(3000.0, 1.0, rate);
    let mut hiss_at = [0.0; 2];
    let mut phase = 0.0f32;
    let (mut period_factor, mut pulse_level) = (1.0, 1.0);
    let (mut start, mut before) = (0, Frame::REST);

    for (i, frame) in track.iter().enumerate() {
        let end = (((i + 1) as f32 * hop) as usize).min(out.len());
        if start >= end {
            break;
        }
        let wide = speaker.bandwidth * (1.0 + 2.0 * frame.nasal);
        for k in 0..3 {
            let hz = frame.formants[k] * speaker.formant_scale;
            formants[k].tune(hz.min(0.46 * rate), BANDWIDTHS[k] * wide, rate);
        }
        let [middle, width] = frame.hiss;
        if frame.hiss_level > 0.0 && frame.hiss != hiss_at {
            hiss_at = frame.hiss;
            let middle = (middle * speaker.formant_scale.sqrt()).min(0.45 * rate);
            hiss = Biquad::band_pass(middle, middle / width, rate);
        }
        // A hiss that lies above the band is heard by its lower skirt only.
        let heard = 2.0 * speaker.sibilance * (0.45 * rate / middle).min(1.0).powi(3);

        // Levels move in straight lines from frame to frame.
        let n = (end - start) as f32;
        let mut level = [before.voicing, before.breath, before.hiss_level];
        let goal = [frame.voicing, frame.breath, frame.hiss_level];
        let slope: [f32; 3] = std::array::from_fn(|k| (goal[k] - level[k]) / n);
        let step = frame.f0_hz / rate;
        for out in &mut out[start..end] {
            level.iter_mut().zip(slope).for_each(|(level, slope)| *level += slope);
            phase += step * period_factor;
            if phase >= 1.0 {
                phase -= 1.0;
                // No two periods are alike.
                period_factor = 1.0 + speaker.jitter * rng.normal();
                pulse_level = 1.0 + speaker.shimmer * rng.normal();
            }
            // The closed part comes first, so that the edge lies at the end of the cycle.
            let x = (phase - 1.0) / speaker.open_quotient + 1.0;
            let open = x > 0.0;
            // The flow jumps up from -1 to 0 there, by half of a sawtooth's jump.
            let flow = if open { 2.0 * x - 3.0 * x * x } else { 0.0 } + 0.5 * blep(phase, step);
            let air = noise.sample();
            let puff = speaker.breath * air * if open { 1.0 } else { 0.25 };
            let voice = level[0] * (pulse_level * tilt.low(flow) + puff);
            let mut y = voice + 0.25 * level[1] * air + QUIET * air;
            for formant in formants.iter_mut() {
                y = formant.run(y);
            }
            if frame.nasal > 0.0 {
                let through_nose = 0.36 * nose[0].low(y) + 0.48 * nose[1].low(y);
                y += frame.nasal * (through_nose - y);
            }
            *out += y + heard * level[2] * hiss.run(air);
        }
        before = *frame;
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::level_at;

    const RATE: f32 = 22050.0;

    fn sound(frame: Frame) -> Vec<f32> {
        let mut speaker = Speaker::draw(&mut Rng::at(1, 0, 0, 0));
        speaker.formant_scale = 1.0;
        speaker.jitter = 0.0;
        speaker.shimmer = 0.0;
        speaker.breath = 0.0;
        let mut out = vec![0.0; 11025];
        utter(&speaker, &[frame; 100], &mut Rng::at(1, 0, 0, 0), RATE, &mut out);
        out.split_off(2205)
    }

    #[test]
    fn a_vowel_has_its_pitch_and_formants() {
        let formants = [700.0, 1100.0, 2500.0];
        let vowel = sound(Frame { f0_hz: 100.0, voicing: 1.0, formants, ..Frame::REST });
        let level = |hz| level_at(&vowel, hz, RATE);
        // Harmonics are there, the places between them are empty.
        assert!(level(700.0) > 20.0 * level(650.0));
        // The harmonics at the formants stand out.
        assert!(level(700.0) > 2.0 * level(400.0));
        assert!(level(1100.0) > 2.0 * level(1700.0));
    }

    #[test]
    fn a_hiss_lies_where_it_should() {
        let hiss = sound(Frame { hiss: [6400.0, 2000.0], hiss_level: 1.0, ..Frame::REST });
        let band = |low: usize, high: usize| {
            let places = (low..high).step_by(37);
            places.map(|hz| level_at(&hiss, hz as f32, RATE).powi(2)).sum::<f32>()
        };
        assert!(band(5900, 6900) > 10.0 * band(1000, 2000));
    }
}
