//! Who speaks.
//!
//! A man's vocal tract is about 17 cm long, a woman's 14.5, a child's 10 to 13; all resonances move up
//! as the tube gets shorter. Vocal folds are longer and heavier in men: about 110 Hz, 200 in women, 260
//! and more in children.

use crate::rng::Rng;

/// One person's voice.
#[derive(Debug, Clone)]
pub struct Speaker {
    /// Factor on the formants of an average man.
    pub formant_scale: f32,
    /// The pitch around which the voice moves, in Hz.
    pub f0_hz: f32,
    /// How far it moves in lively speech, in semitones up and down.
    pub range_semitones: f32,
    /// The share of a cycle in which the glottis is open: 0.4 pressed, 0.8 breathy.
    pub open_quotient: f32,
    /// Cutoff above which the buzz loses a further 6 dB an octave: low is soft, high is sharp.
    pub tilt_hz: f32,
    /// Random change of the period from one to the next.
    pub jitter: f32,
    /// Random change of the loudness from one period to the next.
    pub shimmer: f32,
    /// Breath beside the buzz.
    pub breath: f32,
    /// Factor on the formants' bandwidths.
    pub bandwidth: f32,
    /// The fourth and fifth formant, which hardly move and are as personal as a face, in Hz.
    pub upper_formants: [f32; 2],
    /// Loudness of hisses: a matter of teeth and microphone.
    pub sibilance: f32,
}

impl Speaker {
    /// Five men to four women to one child.
    pub fn draw(rng: &mut Rng) -> Speaker {
        match rng.below(10) {
            0..=4 => Speaker::draw_with(rng, [0.93, 1.08], [75.0, 170.0]),
            5..=8 => Speaker::draw_with(rng, [1.08, 1.24], [150.0, 260.0]),
            _ => Speaker::draw_with(rng, [1.25, 1.5], [220.0, 340.0]),
        }
    }

    fn draw_with(rng: &mut Rng, scale: [f32; 2], f0_hz: [f32; 2]) -> Speaker {
        let formant_scale = rng.uniform_in(scale[0], scale[1]);
        Speaker {
            formant_scale,
            f0_hz: rng.log_uniform_in(f0_hz[0], f0_hz[1]),
            range_semitones: rng.uniform_in(1.5, 6.0),
            open_quotient: rng.uniform_in(0.45, 0.8),
            tilt_hz: rng.log_uniform_in(800.0, 5000.0),
            jitter: rng.log_uniform_in(0.003, 0.02),
            shimmer: rng.log_uniform_in(0.02, 0.12),
            breath: rng.log_uniform_in(0.005, 0.12),
            bandwidth: rng.uniform_in(0.8, 1.6),
            upper_formants: [
                formant_scale * rng.uniform_in(3200.0, 3800.0),
                formant_scale * rng.uniform_in(4200.0, 4900.0),
            ],
            sibilance: rng.log_uniform_in(0.4, 2.0),
        }
    }

    /// The same person raising the voice (effort 0 to 1): higher, sharper, less breath.
    pub fn raised(mut self, effort: f32) -> Speaker {
        self.f0_hz *= (0.6 * effort).exp2();
        self.tilt_hz *= (1.5 * effort).exp2();
        self.open_quotient -= 0.12 * effort;
        self.breath *= 1.0 - 0.6 * effort;
        self.range_semitones *= 1.0 + 0.4 * effort;
        self
    }
}
