//! exp, expm1, ln, tanh, sigmoid and erf over slices.
//!
//! The standard library computes one number at a time, with branches for special cases; activations and losses want
//! millions. The functions here have no branch that a vector unit could not take for 4, 8 or 16 numbers at once, and
//! are compiled for each instruction set as [`crate::simd`] explains. Each follows the same plan: bring the argument
//! into a small interval by an identity, sum a few terms of the function's own power series there, and undo the identity.
//!
//! | function          | largest relative error | at the ends                                          |
//! |-------------------|------------------------|------------------------------------------------------|
//! | [`exp_slice`]     | 1.5e-7                 | 0 below -104, infinite above 88.73                   |
//! | [`expm1_slice`]   | 2e-7, near 0 too       | -1 and infinite                                      |
//! | [`ln_slice`]      | 1.5e-7, near 1 too     | ln 0 is minus infinity, of a negative number NaN     |
//! | [`tanh_slice`]    | 2e-7, near 0 too       | -1 and 1                                             |
//! | [`sigmoid_slice`] | 2e-7                   | 0 and 1                                              |
//! | [`erf_slice`]     | 2.5e-7, near 0 too     | -1 and 1                                             |
//!
//! One unit in the last place is 0.6e-7 to 1.2e-7. NaN stays NaN. The tests hold the table against f64.

use std::f32::consts::{FRAC_2_SQRT_PI, LOG2_E, TAU};

use crate::simd::{self, Kernel, Level, fma};

/// For each function: from one slice to another, in place, and at a given level.
macro_rules! over_slices {
    ($($name:literal $Function:ident($one:ident): $slice:ident, $in_place:ident, $at:ident;)*) => {$(
        struct $Function;

        impl Function for $Function {
            #[inline(always)]
            fn at<const FUSED: bool>(x: f32) -> f32 {
                $one::<FUSED>(x)
            }
        }

        #[doc = concat!("y = ", $name, " for each element, with the best instructions of this machine.\n\n")]
        #[doc = "# Panics\nIf the lengths differ."]
        #[track_caller]
        pub fn $slice(x: &[f32], y: &mut [f32]) {
            $at(simd::level(), x, y);
        }

        #[doc = concat!("x = ", $name, " for each element, in place.")]
        pub fn $in_place(x: &mut [f32]) {
            simd::run(simd::level(), MapInPlace(x, $Function));
        }

        #[doc = concat!("[`", stringify!($slice), "`] with the instructions of a given level: for tests and benchmarks.\n\n")]
        #[doc = "# Panics\nIf the lengths differ or this machine does not have `level`."]
        #[track_caller]
        pub fn $at(level: Level, x: &[f32], y: &mut [f32]) {
            assert_eq!(x.len(), y.len(), "{}: the lengths differ", stringify!($slice));
            simd::run(level, Map(x, y, $Function));
        }
    )*};
}

over_slices! {
    "exp(x)" Exp(exp): exp_slice, exp_in_place, exp_slice_at;
    "exp(x) - 1" Expm1(expm1): expm1_slice, expm1_in_place, expm1_slice_at;
    "ln(x)" Ln(ln): ln_slice, ln_in_place, ln_slice_at;
    "tanh(x)" Tanh(tanh): tanh_slice, tanh_in_place, tanh_slice_at;
    "1 / (1 + exp(-x))" Sigmoid(sigmoid): sigmoid_slice, sigmoid_in_place, sigmoid_slice_at;
    "erf(x)" Erf(erf): erf_slice, erf_in_place, erf_slice_at;
}

/// A function of one number, written so that a loop over it can be vectorised.
trait Function {
    fn at<const FUSED: bool>(x: f32) -> f32;
}

/// y = f(x) element by element: the loop that is compiled per instruction set.
struct Map<'a, F>(&'a [f32], &'a mut [f32], F);

impl<F: Function> Kernel for Map<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (y, &x) in self.1.iter_mut().zip(self.0) {
            *y = F::at::<FUSED>(x);
        }
    }
}

/// y = f(y) in place.
struct MapInPlace<'a, F>(&'a mut [f32], F);

impl<F: Function> Kernel for MapInPlace<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for y in self.0 {
            *y = F::at::<FUSED>(*y);
        }
    }
}

/// ln 2 in two parts. The first has so few digits that n * LN_2_HIGH is exact for every exponent n.
const LN_2_HIGH: f32 = 0.693_359_375;
const LN_2_LOW: f32 = -2.121_944_4e-4;

/// x = n ln 2 + r with a whole n and |r| <= ln 2 / 2: (n, r).
#[inline(always)]
fn split<const FUSED: bool>(x: f32) -> (i32, f32) {
    // Adding 1.5 * 2^23 leaves no bits for a fraction: the sum is rounded to a whole number, which is then in its lowest
    // bits. (A conversion `as i32` would check for overflow.)
    const ROUND: f32 = 12_582_912.0;
    let shifted = fma::<FUSED>(x, LOG2_E, ROUND);
    let n = shifted - ROUND;
    let r = fma::<FUSED>(n, -LN_2_LOW, fma::<FUSED>(n, -LN_2_HIGH, x));
    (shifted.to_bits().wrapping_sub(ROUND.to_bits()) as i32, r)
}

/// exp(r) - 1 = r + r^2/2! + ... + r^7/7! for |r| <= ln 2 / 2; the next term is below 6e-9 of the sum.
#[inline(always)]
fn series<const FUSED: bool>(r: f32) -> f32 {
    let mut sum = 1.0 / 5040.0;
    for term in [1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5] {
        sum = fma::<FUSED>(sum, r, term);
    }
    fma::<FUSED>(sum * r, r, r)
}

/// 2^n for n in -127 ..= 127, by writing the exponent field; 2^-127 comes out as 0.
#[inline(always)]
fn power_of_2(n: i32) -> f32 {
    f32::from_bits((n.wrapping_add(127) as u32) << 23)
}

/// exp(x) = 2^n exp(r).
#[inline(always)]
pub(crate) fn exp<const FUSED: bool>(x: f32) -> f32 {
    let (n, r) = split::<FUSED>(x.clamp(-104.0, 89.0));
    // 2^n in two factors: n = 128 and n = -149 give numbers, 2^n alone has no such exponent.
    let half = n >> 1;
    (1.0 + series::<FUSED>(r)) * power_of_2(half) * power_of_2(n.wrapping_sub(half))
}

/// exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1): for small x, where n = 0, all digits of the series remain.
#[inline(always)]
pub(crate) fn expm1<const FUSED: bool>(x: f32) -> f32 {
    let (n, r) = split::<FUSED>(x.clamp(-60.0, 89.0));
    let half = power_of_2(n.wrapping_sub(1)); // 2^128 would be infinite
    2.0 * fma::<FUSED>(half, series::<FUSED>(r), half - 0.5)
}

/// tanh(x) = -t / (t + 2) with t = exp(-2 |x|) - 1, and the sign of x.
#[inline(always)]
pub(crate) fn tanh<const FUSED: bool>(x: f32) -> f32 {
    let t = expm1::<FUSED>(-2.0 * x.abs());
    (-t / (t + 2.0)).copysign(x)
}

/// 1 / (1 + exp(-x)); for negative x the same as exp(x) / (1 + exp(x)), which keeps its digits near 0.
#[inline(always)]
pub(crate) fn sigmoid<const FUSED: bool>(x: f32) -> f32 {
    let e = exp::<FUSED>(-x.abs());
    (if x < 0.0 { e } else { 1.0 }) / (1.0 + e)
}

/// ln x = e ln 2 + ln(1 + f) for x = 2^e (1 + f), 1 + f between sqrt(1/2) and sqrt(2). With s = f / (2 + f),
///
/// ```text
/// ln(1 + f) = ln((1 + s) / (1 - s)) = 2 (s + s^3/3 + s^5/5 + ...) = f - s (f - R),   R = 2 (s^2/3 + s^4/5 + ...)
/// ```
///
/// because 2 s = f - s f. The last form starts from f, which is exact.
#[inline(always)]
pub(crate) fn ln<const FUSED: bool>(x: f32) -> f32 {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    // Numbers below 2^-126 have fewer digits in the bit pattern: make them larger first.
    let tiny = x < f32::MIN_POSITIVE;
    let bits = (if tiny { x * 8_388_608.0 } else { x }).to_bits().wrapping_sub(SQRT_HALF);
    let e = ((bits as i32) >> 23) as f32 - if tiny { 23.0 } else { 0.0 };
    let f = f32::from_bits((bits & 0x007f_ffff) + SQRT_HALF) - 1.0;

    let s = f / (2.0 + f);
    let z = s * s;
    let mut sum = 2.0 / 9.0;
    for term in [2.0 / 7.0, 2.0 / 5.0, 2.0 / 3.0] {
        sum = fma::<FUSED>(sum, z, term);
    }
    let correction = fma::<FUSED>(e, LN_2_LOW, -s * (f - sum * z));
    let y = fma::<FUSED>(e, LN_2_HIGH, f + correction);

    let y = if x == f32::INFINITY { x } else { y };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x >= 0.0 { y } else { f32::NAN }
}

/// cos(2 pi x) for x in [0, 1). With a = 1/4 - min(x, 1 - x), which is exact, it is sin(2 pi a): |2 pi a| <= pi / 2, and of the
/// series the term after the last is below 7e-10.
#[inline(always)]
pub(crate) fn cos_of_turns<const FUSED: bool>(x: f32) -> f32 {
    #[rustfmt::skip]
    const SERIES: [f32; 6] = [
        -1.0 / 39_916_800.0, 1.0 / 362_880.0, -1.0 / 5040.0, 1.0 / 120.0, -1.0 / 6.0, 1.0,
    ];
    let angle = TAU * (0.25 - x.min(1.0 - x));
    let z = angle * angle;
    let mut sum = 1.0 / 6_227_020_800.0;
    for term in SERIES {
        sum = fma::<FUSED>(sum, z, term);
    }
    angle * sum
}

/// Inside of 1 the power series erf(x) = 2 / sqrt(pi) sum over n of (-1)^n x^(2n+1) / (n! (2n+1)), up to n = 10;
/// outside Abramowitz and Stegun (1964), eq. 7.1.26, which is wrong by 1.5e-7 at most:
///
/// ```text
/// erf(x) = 1 - (a1 t + ... + a5 t^5) exp(-x^2),    t = 1 / (1 + p x)
/// ```
#[inline(always)]
pub(crate) fn erf<const FUSED: bool>(x: f32) -> f32 {
    #[rustfmt::skip]
    const SERIES: [f32; 10] = [
        -1.0 / 6_894_720.0, 1.0 / 685_440.0, -1.0 / 75_600.0, 1.0 / 9_360.0, -1.0 / 1_320.0,
        1.0 / 216.0, -1.0 / 42.0, 1.0 / 10.0, -1.0 / 3.0, 1.0,
    ];
    const P: f32 = 0.327_591_1;
    const A: [f32; 4] = [-1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    let size = x.abs();
    let z = size * size;
    let mut inside = 1.0 / 76_204_800.0;
    for term in SERIES {
        inside = fma::<FUSED>(inside, z, term);
    }
    let t = 1.0 / fma::<FUSED>(P, size, 1.0);
    let mut sum = 1.061_405_429;
    for a in A {
        sum = fma::<FUSED>(sum, t, a);
    }
    let outside = 1.0 - sum * t * exp::<FUSED>(-z);
    (if size < 1.0 { size * inside * FRAC_2_SQRT_PI } else { outside }).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::available;

    /// The largest |y - f(x)| / |f(x)| over numbers of every size between `low` and `high`, over all levels.
    fn worst(
        low: f32,
        high: f32,
        at: fn(Level, &[f32], &mut [f32]),
        f: impl Fn(f64) -> f64,
    ) -> f64 {
        let step = if cfg!(miri) { 20_000_003 } else { 3001 };
        let of_both_signs = (0..=f32::MAX.to_bits()).step_by(step).map(f32::from_bits);
        let x: Vec<f32> =
            of_both_signs.flat_map(|x| [x, -x]).filter(|&x| low <= x && x <= high).collect();
        let exact: Vec<f64> = x.iter().map(|&x| f(f64::from(x))).collect();
        let mut worst = (0.0, 0.0);
        for level in available() {
            let mut y = vec![f32::NAN; x.len()];
            at(level, &x, &mut y);
            for ((x, &y), exact) in x.iter().zip(&y).zip(&exact) {
                // Below the smallest number with all its digits an error counts as one of that number.
                let size = exact.abs().max(f64::from(f32::MIN_POSITIVE));
                let error = (f64::from(y) - exact).abs() / size;
                assert!(error.is_finite(), "{level:?}: f({x}) = {y}, not {exact}");
                worst = if error > worst.0 { (error, *x) } else { worst };
            }
        }
        println!("largest error {:.2e} at {}", worst.0, worst.1);
        worst.0
    }

    #[test]
    fn exp_is_within_its_bound() {
        assert!(worst(-110.0, 88.72, exp_slice_at, f64::exp) < 1.5e-7);
    }

    #[test]
    fn expm1_is_within_its_bound() {
        assert!(worst(-110.0, 88.72, expm1_slice_at, f64::exp_m1) < 2e-7);
    }

    #[test]
    fn ln_is_within_its_bound() {
        assert!(worst(1e-45, f32::MAX, ln_slice_at, f64::ln) < 1.5e-7);
    }

    #[test]
    fn tanh_is_within_its_bound() {
        assert!(worst(-f32::MAX, f32::MAX, tanh_slice_at, f64::tanh) < 2e-7);
    }

    #[test]
    fn sigmoid_is_within_its_bound() {
        let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
        assert!(worst(-f32::MAX, f32::MAX, sigmoid_slice_at, sigmoid) < 2e-7);
    }

    /// The power series of erf in f64: terms up to 10^4 cancel at x = 4 and leave 12 digits.
    fn erf_reference(x: f64) -> f64 {
        if x.abs() > 4.0 {
            return x.signum(); // 1 - erf(4) is 1.5e-8
        }
        let (mut term, mut sum, mut n) = (x, x, 0.0);
        while term.abs() > 1e-18 * sum.abs() {
            n += 1.0;
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn erf_is_within_its_bound() {
        assert!(worst(-f32::MAX, f32::MAX, erf_slice_at, erf_reference) < 2.5e-7);
    }

    #[test]
    fn special_values() {
        let (inf, nan) = (f32::INFINITY, f32::NAN);
        let (tiny, small) = (1e-45_f32, 1e-30_f32); // the smallest number of all, a small one with all its digits
        let x = [0.0, -0.0, inf, -inf, nan, tiny, -small, 100.0, -200.0];
        let check = |name: &str, at: fn(Level, &[f32], &mut [f32]), expected: [f32; 9]| {
            for level in available() {
                let mut y = [7.0; 9];
                at(level, &x, &mut y);
                let bits = |y: [f32; 9]| y.map(|y| if y.is_nan() { nan } else { y }.to_bits());
                assert_eq!(bits(y), bits(expected), "{name}, {level:?}: {y:?}");
            }
        };
        check("exp", exp_slice_at, [1.0, 1.0, inf, 0.0, nan, 1.0, 1.0, inf, 0.0]);
        check("tanh", tanh_slice_at, [0.0, -0.0, 1.0, -1.0, nan, tiny, -small, 1.0, -1.0]);
        check("sigmoid", sigmoid_slice_at, [0.5, 0.5, 1.0, 0.0, nan, 0.5, 0.5, 1.0, 0.0]);
        check(
            "erf",
            erf_slice_at,
            [0.0, -0.0, 1.0, -1.0, nan, tiny, -small * FRAC_2_SQRT_PI, 1.0, -1.0],
        );
        let (tiny_ln, hundred_ln) = (-103.278_93, 4.605_170_2);
        check("ln", ln_slice_at, [-inf, -inf, inf, nan, nan, tiny_ln, nan, hundred_ln, nan]);
        check("expm1", expm1_slice_at, [0.0, 0.0, inf, -1.0, nan, 0.0, -small, inf, -1.0]);
    }

    #[test]
    fn in_place_equals_from_slice_to_slice_at_any_length() {
        for len in [0, 1, 7, 8, 9, 31, 33, 100] {
            let x: Vec<f32> = (0..len).map(|i| 0.37 * i as f32 - 3.0).collect();
            let (mut y, mut z) = (vec![f32::NAN; len], x.clone());
            tanh_slice(&x, &mut y);
            tanh_in_place(&mut z);
            assert_eq!(y, z);
        }
    }

    #[test]
    fn fused_levels_agree_to_the_bit() {
        let x: Vec<f32> = (0..1000).map(|i| 0.037 * i as f32 - 18.0).collect();
        let run = |level| {
            let mut y = vec![f32::NAN; x.len()];
            sigmoid_slice_at(level, &x, &mut y);
            y
        };
        let fused: Vec<_> =
            available().into_iter().filter(|&l| l > Level::Portable).map(run).collect();
        assert!(fused.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
