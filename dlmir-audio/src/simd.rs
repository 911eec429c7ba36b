//! The widest instructions of the CPU for plain loops.
//!
//! A program compiled for "any x86-64" may use four floats at a time; nearly every such machine can do eight. [`widest`] holds a loop
//! compiled a second time, for AVX2, and chooses while the program runs. The same operations are done in the same order, with the same
//! roundings (no fused multiply-add), so the choice changes no bit.

/// Runs `body`, compiled for AVX2 where the CPU has it.
///
/// Only what ends up inside is compiled so: mark the functions that `body` calls in its inner loop `#[inline(always)]`.
#[inline(always)]
pub(crate) fn widest<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has just been found to have AVX2, which is all that the function asks for.
        #[allow(unsafe_code)]
        return unsafe { with_avx2(body) };
    }
    body()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn with_avx2<R>(body: impl FnOnce() -> R) -> R {
    body()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A loop with roundings at every step.
    #[inline(always)]
    fn horner(x: &[f32], y: &mut [f32]) {
        for (y, &x) in y.iter_mut().zip(x) {
            *y = ((*y * x + 0.1) * x - 0.7) * x + 1.0 / x;
        }
    }

    proptest! {
        #[test]
        fn wide_loops_give_the_bits_of_narrow_ones(
            pairs in prop::collection::vec((0.1f32..1.0, -1.0f32..1.0), 0..50)
        ) {
            let (x, mut narrow): (Vec<f32>, Vec<f32>) = pairs.into_iter().unzip();
            let mut wide = narrow.clone();
            horner(&x, &mut narrow);
            widest(|| horner(&x, &mut wide));
            prop_assert_eq!(narrow, wide);
        }
    }
}
