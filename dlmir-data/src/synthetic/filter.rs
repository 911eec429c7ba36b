//! Filters: what a body, a mouth, a room or a microphone does to a sound.
//!
//! All are recursions over one or two past samples, so that a filter costs a handful of multiplications
//! a sample. Frequencies are in Hz and are kept below half the sample rate.

use std::f32::consts::{PI, TAU};

/// Far below hearing, -300 dB. A recursion that is fed silence fades into the smallest numbers there are
/// (subnormals), with which processors calculate a hundred times more slowly; a trace of sound prevents it.
pub const QUIET: f32 = 1e-15;

/// A first-order low-pass: y += a (x - y), with a = 1 - exp(-2 pi f / rate). Falls 6 dB an octave.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnePole {
    a: f32,
    y: f32,
}

impl OnePole {
    /// With this cutoff (-3 dB).
    pub fn new(cutoff_hz: f32, rate: f32) -> OnePole {
        OnePole { a: 1.0 - (-TAU * cutoff_hz / rate).exp(), y: 0.0 }
    }

    /// One that smooths a control signal with this time constant.
    pub fn smoother(seconds: f32, rate: f32) -> OnePole {
        OnePole { a: 1.0 - (-1.0 / (seconds * rate)).exp(), y: 0.0 }
    }

    /// Moves the cutoff, keeping its memory.
    pub fn tune(&mut self, cutoff_hz: f32, rate: f32) {
        self.a = OnePole::new(cutoff_hz, rate).a;
    }

    /// Sets what it holds, so that it starts there instead of at 0.
    pub fn reset(&mut self, y: f32) {
        self.y = y;
    }

    /// Low-passed.
    #[inline(always)]
    pub fn low(&mut self, x: f32) -> f32 {
        self.y += self.a * (x - self.y);
        self.y
    }

    /// What the low-pass takes away.
    #[inline(always)]
    pub fn high(&mut self, x: f32) -> f32 {
        x - self.low(x)
    }
}

/// A second-order section: y = b0 x + b1 x' + b2 x'' - a1 y' - a2 y'', computed in the transposed direct
/// form II, which needs two memories. The designs are those of Bristow-Johnson, "Cookbook formulae for
/// audio EQ biquad filter coefficients".
#[derive(Debug, Clone, Copy)]
pub struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    s: [f32; 2],
}

impl Biquad {
    fn normalised(b: [f32; 3], a: [f32; 3]) -> Biquad {
        Biquad { b: b.map(|b| b / a[0]), a: [a[1] / a[0], a[2] / a[0]], s: [0.0; 2] }
    }

    /// cos and alpha of the cookbook.
    fn angle(f_hz: f32, q: f32, rate: f32) -> (f32, f32) {
        let w = TAU * f_hz.clamp(1.0, 0.49 * rate) / rate;
        (w.cos(), w.sin() / (2.0 * q))
    }

    /// A low-pass of 12 dB an octave; q = 0.71 has no peak.
    pub fn low_pass(f_hz: f32, q: f32, rate: f32) -> Biquad {
        let (c, alpha) = Biquad::angle(f_hz, q, rate);
        let b = (1.0 - c) / 2.0;
        Biquad::normalised([b, 2.0 * b, b], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// A high-pass of 12 dB an octave.
    pub fn high_pass(f_hz: f32, q: f32, rate: f32) -> Biquad {
        let (c, alpha) = Biquad::angle(f_hz, q, rate);
        let b = (1.0 + c) / 2.0;
        Biquad::normalised([b, -2.0 * b, b], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// A band-pass with gain 1 in its middle and a bandwidth of f / q.
    pub fn band_pass(f_hz: f32, q: f32, rate: f32) -> Biquad {
        let (c, alpha) = Biquad::angle(f_hz, q, rate);
        Biquad::normalised([alpha, 0.0, -alpha], [1.0 + alpha, -2.0 * c, 1.0 - alpha])
    }

    /// Raises (or lowers) a region by `gain_db`.
    pub fn peak(f_hz: f32, q: f32, gain_db: f32, rate: f32) -> Biquad {
        let (c, alpha) = Biquad::angle(f_hz, q, rate);
        let g = 10f32.powf(gain_db / 40.0);
        let b = [1.0 + alpha * g, -2.0 * c, 1.0 - alpha * g];
        Biquad::normalised(b, [1.0 + alpha / g, -2.0 * c, 1.0 - alpha / g])
    }

    /// Raises (or lowers) everything above `f_hz` by `gain_db`, in a gentle slope.
    pub fn high_shelf(f_hz: f32, gain_db: f32, rate: f32) -> Biquad {
        let (c, alpha) = Biquad::angle(f_hz, 0.6, rate);
        let g = 10f32.powf(gain_db / 40.0);
        let root = 2.0 * g.sqrt() * alpha;
        let b = [
            g * ((g + 1.0) + (g - 1.0) * c + root),
            -2.0 * g * ((g - 1.0) + (g + 1.0) * c),
            g * ((g + 1.0) + (g - 1.0) * c - root),
        ];
        let a = [
            (g + 1.0) - (g - 1.0) * c + root,
            2.0 * ((g - 1.0) - (g + 1.0) * c),
            (g + 1.0) - (g - 1.0) * c - root,
        ];
        Biquad::normalised(b, a)
    }

    /// One sample.
    #[inline(always)]
    pub fn run(&mut self, x: f32) -> f32 {
        let y = self.b[0] * x + self.s[0];
        self.s[0] = self.b[1] * x - self.a[0] * y + self.s[1];
        self.s[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    /// A whole signal, in place.
    pub fn run_all(&mut self, x: &mut [f32]) {
        for x in x {
            *x = self.run(*x + QUIET);
        }
    }
}

/// A two-pole resonance with gain 1 at 0 Hz: one formant of a voice.
///
/// ```text
/// y = A x + B y' + C y''
/// C = -exp(-2 pi bandwidth / rate),  B = 2 exp(-pi bandwidth / rate) cos(2 pi f / rate),  A = 1 - B - C
/// ```
///
/// Klatt, "Software for a cascade/parallel formant synthesizer" (JASA 67(3), 1980), eq. 2.
#[derive(Debug, Clone, Copy, Default)]
pub struct Resonator {
    k: [f32; 3],
    y: [f32; 2],
}

impl Resonator {
    /// Tunes it, keeping its memory, so that a formant can move while it sounds.
    pub fn tune(&mut self, f_hz: f32, bandwidth_hz: f32, rate: f32) {
        let r = (-PI * bandwidth_hz / rate).exp();
        let c = -r * r;
        let b = 2.0 * r * (TAU * f_hz / rate).cos();
        self.k = [1.0 - b - c, b, c];
    }

    /// One sample.
    #[inline(always)]
    pub fn run(&mut self, x: f32) -> f32 {
        let y = self.k[0] * x + self.k[1] * self.y[0] + self.k[2] * self.y[1];
        self.y = [y, self.y[0]];
        y
    }
}

/// A whole signal through filters in a row, in place: what [`Biquad::run_all`] of each in turn gives, to the bit.
///
/// One filter alone waits for its own last sample; side by side the second works on a sample while the first has the
/// next, and four cost little more than one.
pub fn run_chain(filters: &mut [Biquad], x: &mut [f32]) {
    for some in filters.chunks_mut(4) {
        match some {
            [a, b, c, d] => run_together([a, b, c, d], x),
            [a, b, c] => run_together([a, b, c], x),
            [a, b] => run_together([a, b], x),
            _ => some.iter_mut().for_each(|filter| filter.run_all(x)),
        }
    }
}

fn run_together<const N: usize>(filters: [&mut Biquad; N], x: &mut [f32]) {
    // Copies stay in registers.
    let mut own = filters.each_ref().map(|filter| **filter);
    for x in x {
        for filter in &mut own {
            *x = filter.run(*x + QUIET);
        }
    }
    filters.into_iter().zip(own).for_each(|(filter, own)| *filter = own);
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: f32 = 22050.0;

    /// The gain in dB at a frequency, measured with a long sine.
    fn gain_db(f_hz: f32, mut filter: impl FnMut(f32) -> f32) -> f32 {
        let n = 22050;
        let x = |i: usize| (TAU * f_hz / RATE * i as f32).sin();
        let y: Vec<f32> = (0..n).map(|i| filter(x(i))).collect();
        // The second half, after the filter has settled.
        let power = |s: &[f32]| s[n / 2..].iter().map(|v| v * v).sum::<f32>();
        let input: Vec<f32> = (0..n).map(x).collect();
        10.0 * (power(&y) / power(&input)).log10()
    }

    #[test]
    fn gains_are_as_designed() {
        let close = |a: f32, b: f32| assert!((a - b).abs() < 0.3, "{a} dB, expected {b}");
        let mut f = OnePole::new(500.0, RATE);
        close(gain_db(500.0, |x| f.low(x)), -3.0);
        let mut f = Biquad::low_pass(1000.0, 0.707, RATE);
        close(gain_db(1000.0, |x| f.run(x)), -3.0);
        close(gain_db(100.0, |x| f.run(x)), 0.0);
        assert!(gain_db(4000.0, |x| f.run(x)) < -23.0);
        let mut f = Biquad::high_pass(1000.0, 0.707, RATE);
        close(gain_db(1000.0, |x| f.run(x)), -3.0);
        let mut f = Biquad::band_pass(1000.0, 5.0, RATE);
        close(gain_db(1000.0, |x| f.run(x)), 0.0);
        close(gain_db(1105.0, |x| f.run(x)), -3.0);
        let mut f = Biquad::peak(1000.0, 1.0, 6.0, RATE);
        close(gain_db(1000.0, |x| f.run(x)), 6.0);
        let mut f = Biquad::high_shelf(500.0, -12.0, RATE);
        close(gain_db(10.0, |x| f.run(x)), 0.0);
        close(gain_db(8000.0, |x| f.run(x)), -12.0);
    }

    #[test]
    fn a_resonator_peaks_at_its_formant() {
        let mut f = Resonator::default();
        f.tune(700.0, 80.0, RATE);
        let at = |hz: f32, mut f: Resonator| gain_db(hz, |x| f.run(x));
        assert!(at(20.0, f).abs() < 0.1);
        // The peak of a single formant is about f / bandwidth: 700 / 80 = 19 dB.
        assert!((at(700.0, f) - 19.0).abs() < 1.0, "{}", at(700.0, f));
        assert!(at(700.0, f) > at(640.0, f) && at(700.0, f) > at(760.0, f));
    }

    #[test]
    fn a_chain_is_one_after_the_other() {
        for count in 0..7 {
            let make = |k: usize| Biquad::peak(300.0 * (k + 1) as f32, 1.0, 6.0, 8000.0);
            let mut chain: Vec<Biquad> = (0..count).map(make).collect();
            let mut one_by_one = chain.clone();
            let mut x: Vec<f32> = (0..500).map(|n| ((n * n) % 17) as f32 - 8.0).collect();
            let mut y = x.clone();
            run_chain(&mut chain, &mut x);
            one_by_one.iter_mut().for_each(|filter| filter.run_all(&mut y));
            assert_eq!(x, y);
        }
    }
}
