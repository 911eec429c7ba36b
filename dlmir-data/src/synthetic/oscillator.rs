//! Oscillators: the raw material of every generated sound.
//!
//! A waveform with a jump (sawtooth, pulse, the closing glottis) has overtones without end, and those
//! above half the sample rate come back as wrong, inharmonic ones (aliases). PolyBLEP rounds each jump
//! off over two samples, which takes most of them away for a few multiplications:
//!
//! ```text
//! blep(d) = 2d - d^2 - 1      just after the jump, d = samples since it, 0 <= d < 1
//!         = d^2 + 2d + 1      just before it, -1 <= d < 0
//! ```
//!
//! is added for a jump of 2 downwards... or subtracted for one upwards. Valimaki and Huovilainen,
//! "Antialiasing oscillators in subtractive synthesis" (IEEE Signal Processing Magazine 24(2), 2007).
//!
//! Phases count in cycles, 0 <= phase < 1, and steps in cycles per sample: frequency / sample rate.

/// sin(2 pi phase) for a phase in [0, 1], to 2e-4: the angle is folded into the first quarter, where
/// four terms of the power series are enough. About four times faster than `f32::sin`.
#[inline(always)]
pub fn sine(phase: f32) -> f32 {
    let half = phase - 0.5;
    // Distance to the nearest zero crossing, 0 to 1/4 cycle, as an angle of 0 to pi/2.
    let x = std::f32::consts::TAU * (0.25 - (half.abs() - 0.25).abs());
    let x2 = x * x;
    let y = x * (1.0 - x2 * (1.0 / 6.0 - x2 * (1.0 / 120.0 - x2 / 5040.0)));
    if half < 0.0 { y } else { -y }
}

/// The part of x after the decimal point, for phases that grow past 1.
#[inline(always)]
pub fn fraction(x: f32) -> f32 {
    let f = x - (x as i32) as f32;
    if f < 0.0 { f + 1.0 } else { f }
}

/// The correction near a jump of the phase from 1 to 0, for a jump of the wave by 2.
#[inline(always)]
pub fn blep(phase: f32, step: f32) -> f32 {
    if phase < step {
        let d = phase / step;
        2.0 * d - d * d - 1.0
    } else if phase > 1.0 - step {
        let d = (phase - 1.0) / step;
        d * d + 2.0 * d + 1.0
    } else {
        0.0
    }
}

/// A phase that runs from 0 to 1 and starts again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Phasor {
    /// Where it is, in cycles.
    pub phase: f32,
}

impl Phasor {
    /// Starts at this phase.
    pub fn at(phase: f32) -> Phasor {
        Phasor { phase }
    }

    /// The present phase; then goes one step on.
    #[inline(always)]
    pub fn advance(&mut self, step: f32) -> f32 {
        let phase = self.phase;
        self.phase += step;
        if self.phase >= 1.0 {
            self.phase -= 1.0;
        }
        phase
    }

    /// A sine of amplitude 1.
    #[inline(always)]
    pub fn sine(&mut self, step: f32) -> f32 {
        sine(self.advance(step))
    }

    /// A falling-free sawtooth from -1 to 1: all harmonics, amplitudes 1/k, as of a bowed string.
    #[inline(always)]
    pub fn saw(&mut self, step: f32) -> f32 {
        let phase = self.advance(step);
        2.0 * phase - 1.0 - blep(phase, step)
    }

    /// A pulse between -1 and 1 that is high for `width` of the cycle. Width 1/2 is the square wave with
    /// odd harmonics only, as of a closed tube (clarinet).
    #[inline(always)]
    pub fn pulse(&mut self, step: f32, width: f32) -> f32 {
        let phase = self.advance(step);
        let shifted = if phase >= width { phase - width } else { phase + 1.0 - width };
        let naive = if phase < width { 1.0 } else { -1.0 };
        naive + blep(phase, step) - blep(shifted, step)
    }
}

/// White noise, uniform in [-1, 1): xorshift, a few instructions a sample.
///
/// Marsaglia, "Xorshift RNGs" (Journal of Statistical Software 8(14), 2003). Plans are drawn from
/// Philox addresses; only the hiss itself comes from here, seeded by the plan.
#[derive(Debug, Clone)]
pub struct Noise(u32);

impl Noise {
    /// A noise of its own for each seed.
    pub fn new(seed: u32) -> Noise {
        Noise(seed | 1)
    }

    /// The next sample.
    #[inline(always)]
    pub fn sample(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 as i32 as f32 / (1u32 << 31) as f32
    }
}

/// The frequency of a MIDI pitch: 69 is A4, 440 Hz, 12 to the octave; fractions are allowed.
pub fn midi_to_hz(pitch: f32) -> f32 {
    440.0 * ((pitch - 69.0) / 12.0).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sine_is_a_sine() {
        for i in 0..=1000 {
            let phase = i as f32 / 1000.0;
            let exact = (std::f32::consts::TAU * phase).sin();
            assert!((sine(phase) - exact).abs() < 2e-4, "{phase}: {} {exact}", sine(phase));
        }
        assert!((fraction(-3.25) - 0.75).abs() < 1e-6 && (fraction(7.5) - 0.5).abs() < 1e-6);
    }

    /// The k-th harmonic's amplitude over whole periods.
    fn harmonic(wave: &[f32], step: f32, k: f32) -> f32 {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, x) in wave.iter().enumerate() {
            let angle = std::f32::consts::TAU * k * step * n as f32;
            re += x * angle.cos();
            im += x * angle.sin();
        }
        2.0 * re.hypot(im) / wave.len() as f32
    }

    #[test]
    fn waves_have_the_harmonics_of_their_shape() {
        let step = 1.0 / 64.0;
        let (mut a, mut b) = (Phasor::default(), Phasor::default());
        let saw: Vec<f32> = (0..640).map(|_| a.saw(step)).collect();
        let square: Vec<f32> = (0..640).map(|_| b.pulse(step, 0.5)).collect();
        for k in 1..6 {
            let series = std::f32::consts::FRAC_2_PI / k as f32;
            assert!((harmonic(&saw, step, k as f32) - series).abs() < 0.02);
            let odd = if k % 2 == 1 { 2.0 * series } else { 0.0 };
            assert!((harmonic(&square, step, k as f32) - odd).abs() < 0.03);
        }
    }

    /// A sawtooth at a tenth of the sample rate has harmonics 1 to 4; what the naive one folds back to
    /// other places is at least 10 dB weaker here.
    #[test]
    fn aliases_are_weaker_than_those_of_the_naive_wave() {
        let step = 0.1037;
        let mut phasor = Phasor::default();
        let n = 10_000;
        let smooth: Vec<f32> = (0..n).map(|_| phasor.saw(step)).collect();
        let naive: Vec<f32> = (0..n).map(|i| 2.0 * fraction(step * i as f32) - 1.0).collect();
        // The sixth harmonic lies above half the rate and comes back at 1 - 6 * step.
        let alias = (1.0 - 6.0 * step) / step;
        assert!(harmonic(&smooth, step, alias) < 0.3 * harmonic(&naive, step, alias));
    }

    #[test]
    fn noise_is_white_and_centred() {
        let mut noise = Noise::new(5);
        let x: Vec<f32> = (0..50_000).map(|_| noise.sample()).collect();
        let mean = x.iter().sum::<f32>() / x.len() as f32;
        let power = x.iter().map(|x| x * x).sum::<f32>() / x.len() as f32;
        let neighbour = x.windows(2).map(|w| w[0] * w[1]).sum::<f32>() / x.len() as f32;
        assert!(mean.abs() < 0.01 && (power - 1.0 / 3.0).abs() < 0.01 && neighbour.abs() < 0.01);
        assert!((midi_to_hz(60.0) - 261.63).abs() < 0.01);
    }
}
