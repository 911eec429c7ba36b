//! What comes before and after the transform of pairs: the window, and the step to the spectrum of samples.
//!
//! [`windowed_pairs`] and [`recombine`] are called by `mod.rs`, which says what they compute and why; [`reference`] and
//! [`windowed_pairs_reference`] are the formulas. The compiler does not find a good way to reverse the order of complex numbers, nor sees
//! that a row of complex numbers is a row of real ones twice as long, so the fast forms name their AVX instructions: four complex numbers
//! at a time, one register of eight real numbers each.

use rustfft::num_complex::Complex32;

/// The definition: for k = 1 ... floor(M / 2), with `a = values[k]`, `b = conj(values[M - k])` and `t = twiddles[k]`,
///
/// ```text
/// values[k] = (a + b) / 2 + t (a - b)          values[M - k] = conj((a + b) / 2 - t (a - b))
/// ```
///
/// The slices begin with k = 1; `values` ends with M - 1. The first `done` values of k are left out.
fn reference(values: &mut [Complex32], twiddles: &[Complex32], done: usize) {
    let last = values.len().wrapping_sub(1);
    for (i, &t) in twiddles.iter().enumerate().skip(done) {
        let (a, b) = (values[i], values[last - i].conj());
        let (half_sum, product) = ((a + b) * 0.5, t * (a - b));
        values[last - i] = (half_sum - product).conj();
        values[i] = half_sum + product;
    }
}

/// [`reference`] for all k, as fast as the CPU allows.
///
/// # Panics
/// If there are too few or too many twiddle factors.
pub(super) fn recombine(values: &mut [Complex32], twiddles: &[Complex32]) {
    assert_eq!(twiddles.len(), values.len().div_ceil(2), "recombine: twiddle factors");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has just been found to have AVX2 and FMA, which is all that the function asks for.
        #[allow(unsafe_code)]
        let done = unsafe { avx2::recombine(values, twiddles) };
        // What is left in the middle.
        return reference(values, twiddles, done);
    }
    reference(values, twiddles, 0);
}

/// The definition: `z[n] = x[2n] w[2n] + i x[2n + 1] w[2n + 1]` from n = `done` on.
fn windowed_pairs_reference(x: &[f32], window: &[f32], z: &mut [Complex32], done: usize) {
    let pairs = x.as_chunks::<2>().0.iter().zip(window.as_chunks::<2>().0);
    for (z, (&[even, odd], &[w_even, w_odd])) in z.iter_mut().zip(pairs).skip(done) {
        *z = Complex32::new(even * w_even, odd * w_odd);
    }
}

/// [`windowed_pairs_reference`] for all n, as fast as the CPU allows: the same bits.
///
/// # Panics
/// If `x` and `window` are not twice as long as `z`.
pub(super) fn windowed_pairs(x: &[f32], window: &[f32], z: &mut [Complex32]) {
    assert_eq!((x.len(), window.len()), (2 * z.len(), 2 * z.len()), "windowed_pairs: samples");
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has just been found to have AVX2, which is all that the function asks for.
        #[allow(unsafe_code)]
        let done = unsafe { avx2::windowed_pairs(x, window, z) };
        return windowed_pairs_reference(x, window, z, done);
    }
    windowed_pairs_reference(x, window, z, 0);
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::Complex32;

    /// Bins taken together.
    const BLOCK: usize = 4;

    /// All whole blocks; returns how many n that are.
    #[target_feature(enable = "avx2")]
    pub(super) fn windowed_pairs(x: &[f32], window: &[f32], z: &mut [Complex32]) -> usize {
        let blocks = z.as_chunks_mut::<BLOCK>().0;
        let done = blocks.len() * BLOCK;
        let samples = x.as_chunks::<{ 2 * BLOCK }>().0.iter();
        for ((z, x), w) in blocks.iter_mut().zip(samples).zip(window.as_chunks().0) {
            store(z, _mm256_mul_ps(load_real(x), load_real(w)));
        }
        done
    }

    #[target_feature(enable = "avx2")]
    fn load_real(x: &[f32; 2 * BLOCK]) -> __m256 {
        // SAFETY: eight real numbers in a row; the load asks for no alignment.
        #[allow(unsafe_code)]
        unsafe {
            _mm256_loadu_ps(x.as_ptr())
        }
    }

    /// All whole blocks below the middle, and their mirror images; returns how many k that are.
    #[target_feature(enable = "avx2,fma")]
    pub(super) fn recombine(values: &mut [Complex32], twiddles: &[Complex32]) -> usize {
        let done = values.len() / 2 / BLOCK * BLOCK;
        let (low, high) = values.split_at_mut(values.len() - done);
        let low = low[..done].as_chunks_mut::<BLOCK>().0.iter_mut();
        let high = high.as_chunks_mut::<BLOCK>().0.iter_mut().rev();
        let t = twiddles[..done].as_chunks::<BLOCK>().0.iter();
        let half = _mm256_set1_ps(0.5);
        for ((low, high), t) in low.zip(high).zip(t) {
            let (a, b, t) = (load(low), mirrored(load(high)), load(t));
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
            let mut exact = complex(&x);
            let mut fast = exact.clone();
            let twiddles = &complex(&t)[..fast.len().div_ceil(2)];
            reference(&mut exact, twiddles, 0);
            recombine(&mut fast, twiddles);
            for i in 0..fast.len() {
                prop_assert!((exact[i] - fast[i]).norm() < 1e-5, "{i}: {} {}", exact[i], fast[i]);
            }
        }

        #[test]
        fn windowed_pairs_are_the_products_bit_by_bit(
            pairs in prop::collection::vec((-1.0f32..1.0, -1.0f32..1.0), 0..50)
        ) {
            let n = pairs.len() / 2 * 2;
            let (x, w): (Vec<f32>, Vec<f32>) = pairs[..n].iter().copied().unzip();
            let rubbish = vec![Complex32::new(f32::NAN, f32::NAN); n / 2];
            let (mut exact, mut fast) = (rubbish.clone(), rubbish);
            windowed_pairs_reference(&x, &w, &mut exact, 0);
            windowed_pairs(&x, &w, &mut fast);
            prop_assert_eq!(exact, fast);
        }
    }
}
