//! The natural logarithm of many numbers.
//!
//! `f32::ln` calls a library function for each number. [`ln`] is plain arithmetic, so that the compiler can take several numbers at once: a
//! picture of 80 bands and 1300 frames has 100 000 of them.
//!
//! ```text
//! x = 2^e m,  sqrt(1/2) <= m < sqrt(2)          s = (m - 1) / (m + 1),  |s| < 0.172
//! ln x = e ln 2 + 2 (s + s^3 / 3 + s^5 / 5 + s^7 / 7 + s^9 / 9 + ...)
//! ```
//!
//! What is left out after s^9 is below 2^-29 of the sum.

/// The natural logarithm of a normal number above 0, within two units in the last place (or 1e-7, near ln 1 = 0).
#[inline(always)]
pub(crate) fn ln(x: f32) -> f32 {
    // ln 2 in two parts, the first with so few digits that its product with e is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    const SQRT_HALF_BITS: u32 = 0x3f35_04f3;

    let bits = x.to_bits();
    let e = (bits.wrapping_sub(SQRT_HALF_BITS) as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub((e as u32) << 23));
    let e = e as f32;

    let s = (m - 1.0) / (m + 1.0);
    let s2 = s * s;
    let tail = s2 * (1.0 / 3.0 + s2 * (1.0 / 5.0 + s2 * (1.0 / 7.0 + s2 * (1.0 / 9.0))));
    let ln_m = 2.0 * s + 2.0 * s * tail;
    e * LN_2_HIGH + (ln_m + e * LN_2_LOW)
}

/// `ln(1 + x)` for x from 0 on: what 1 + x loses in rounding is put back.
#[inline(always)]
pub(crate) fn ln_1p(x: f32) -> f32 {
    let y = 1.0 + x;
    ln(y) + (x - (y - 1.0)) / y
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(x: f32) {
        let exact = f64::from(x).ln();
        let error = (f64::from(ln(x)) - exact).abs();
        assert!(error <= 2f64.powi(-23) * exact.abs().max(1.0), "ln {x}: {} {exact}", ln(x));
    }

    #[test]
    fn the_ends_of_the_range_and_of_the_octaves() {
        assert_eq!(ln(1.0), 0.0);
        let near_half = f32::from_bits(0x3f35_04f3);
        for x in [f32::MIN_POSITIVE, f32::MAX, near_half, near_half.next_down(), 2.0, 0.5, 1e-10] {
            check(x);
        }
        assert_eq!((ln_1p(0.0), ln_1p(1e-30)), (0.0, 1e-30));
    }

    proptest! {
        #[test]
        fn it_is_the_logarithm(bits in f32::MIN_POSITIVE.to_bits()..=f32::MAX.to_bits()) {
            check(f32::from_bits(bits));
        }

        #[test]
        fn it_is_the_logarithm_of_one_and_a_bit(exponent in -30i32..38, m in 1.0f32..10.0) {
            let x = m * 10f32.powi(exponent.min(37));
            let exact = f64::from(x).ln_1p();
            let error = (f64::from(ln_1p(x)) - exact).abs();
            prop_assert!(error <= 2f64.powi(-22) * exact, "ln(1 + {x}): {} {exact}", ln_1p(x));
        }
    }
}
