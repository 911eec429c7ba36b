//! The step between the spectrum of pairs and the spectrum of samples.
//!
//! [`recombine`] is called by `mod.rs`, which says what it computes and why; [`reference`] is that formula. The compiler does not find a
//! good way to reverse the order of complex numbers, so the fast form names its AVX instructions: four bins and their four mirror images
//! at a time, one register of eight real numbers each.

use rustfft::num_complex::Complex32;

/// The definition: for k = 1 ... floor(M / 2), with `a = input[k]`, `b = conj(input[M - k])` and `t = twiddles[k]`,
///
/// ```text
/// output[k] = (a + b) / 2 + t (a - b)          output[M - k] = conj((a + b) / 2 - t (a - b))
/// ```
///
/// All slices begin with k = 1; `input` and `output` end with M - 1. The first `done` values of k are left out.
fn reference(input: &[Complex32], twiddles: &[Complex32], output: &mut [Complex32], done: usize) {
    let last = input.len().wrapping_sub(1);
    for (i, &t) in twiddles.iter().enumerate().skip(done) {
        let (a, b) = (input[i], input[last - i].conj());
        let (half_sum, product) = ((a + b) * 0.5, t * (a - b));
        output[last - i] = (half_sum - product).conj();
        output[i] = half_sum + product;
    }
}

/// [`reference`] for all k, as fast as the CPU allows.
///
/// # Panics
/// If the slices are of unequal length, or there are too few twiddle factors.
pub(super) fn recombine(input: &[Complex32], twiddles: &[Complex32], output: &mut [Complex32]) {
    assert_eq!(input.len(), output.len(), "recombine: bins in and out");
    assert_eq!(twiddles.len(), input.len().div_ceil(2), "recombine: twiddle factors");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has just been found to have AVX2 and FMA, which is all that the function asks for.
        #[allow(unsafe_code)]
        let done = unsafe { avx2::recombine(input, twiddles, output) };
        // What is left in the middle.
        return reference(input, twiddles, output, done);
    }
    reference(input, twiddles, output, 0);
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::Complex32;

    /// Bins taken together.
    const BLOCK: usize = 4;

    /// All whole blocks below the middle, and their mirror images; returns how many k that are.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn recombine(
        input: &[Complex32],
        twiddles: &[Complex32],
        output: &mut [Complex32],
    ) -> usize {
        let done = input.len() / 2 / BLOCK * BLOCK;
        let (low, high) = output.split_at_mut(output.len() - done);
        let low = low[..done].as_chunks_mut::<BLOCK>().0.iter_mut();
        let high = high.as_chunks_mut::<BLOCK>().0.iter_mut().rev();
        let a = input[..done].as_chunks::<BLOCK>().0.iter();
        let b = input[input.len() - done..].as_chunks::<BLOCK>().0.iter().rev();
        let t = twiddles[..done].as_chunks::<BLOCK>().0.iter();
        let half = _mm256_set1_ps(0.5);
        for ((((low, high), a), b), t) in low.zip(high).zip(a).zip(b).zip(t) {
            let (a, b, t) = (load(a), mirrored(load(b)), load(t));
            let (half_sum, difference) =
                (_mm256_mul_ps(half, _mm256_add_ps(a, b)), _mm256_sub_ps(a, b));
            // The product of complex numbers: re = t.re d.re - t.im d.im, im = t.re d.im + t.im d.re.
            let swapped = _mm256_permute_ps::<0b10_11_00_01>(difference);
            let product = _mm256_fmaddsub_ps(
                _mm256_moveldup_ps(t),
                difference,
                _mm256_mul_ps(_mm256_movehdup_ps(t), swapped),
            );
            store(low, _mm256_add_ps(half_sum, product));
            store(high, mirrored(_mm256_sub_ps(half_sum, product)));
        }
        done
    }

    /// Conjugates, the last first.
    #[target_feature(enable = "avx2")]
    fn mirrored(bins: __m256) -> __m256 {
        let sign = _mm256_setr_ps(0.0, -0.0, 0.0, -0.0, 0.0, -0.0, 0.0, -0.0);
        let conjugate = _mm256_castps_pd(_mm256_xor_ps(bins, sign));
        _mm256_castpd_ps(_mm256_permute4x64_pd::<0b00_01_10_11>(conjugate))
    }

    #[target_feature(enable = "avx2")]
    fn load(bins: &[Complex32; BLOCK]) -> __m256 {
        // SAFETY: four complex numbers are eight real ones in a row (Complex is repr(C)); the load asks for no alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_loadu_ps(bins.as_ptr().cast())
        }
    }

    #[target_feature(enable = "avx2")]
    fn store(bins: &mut [Complex32; BLOCK], values: __m256) {
        // SAFETY: as for the load.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_storeu_ps(bins.as_mut_ptr().cast(), values);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn complex(x: &[f32]) -> Vec<Complex32> {
        x.as_chunks::<2>().0.iter().map(|x| Complex32::new(x[0], x[1])).collect()
    }

    proptest! {
        // Five roundings of numbers below 8, of which the fused form saves one.
        #[test]
        fn the_kernel_computes_the_definition(
            x in prop::collection::vec(-1.0f32..1.0, 0..90),
            t in prop::collection::vec(-1.0f32..1.0, 100)
        ) {
            let input = complex(&x);
            let twiddles = &complex(&t)[..input.len().div_ceil(2)];
            let rubbish = vec![Complex32::new(f32::NAN, f32::NAN); input.len()];
            let (mut exact, mut fast) = (rubbish.clone(), rubbish);
            reference(&input, twiddles, &mut exact, 0);
            recombine(&input, twiddles, &mut fast);
            for i in 0..input.len() {
                prop_assert!((exact[i] - fast[i]).norm() < 1e-5, "{i}: {} {}", exact[i], fast[i]);
            }
        }
    }
}
