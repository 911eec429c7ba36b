//! The step between the spectrum of pairs and the spectrum of samples, for several bins at once.
//!
//! [`recombine`] is called by `mod.rs`, which says what it computes and why; [`reference`] is that formula. The fast form takes four bins
//! and their four mirror images together: eight real numbers, one AVX register. The compiler makes registers of the small arrays;
//! reversing four bins or swapping real and imaginary parts is one instruction each.

use rustfft::num_complex::Complex32;

/// Bins that the fast form takes together.
const BLOCK: usize = 4;

/// The definition: for k = 1 ... floor(M / 2), with `a = input[k]`, `b = conj(input[M - k])` and `t = twiddles[k]`,
///
/// ```text
/// output[k] = (a + b) / 2 + t (a - b)          output[M - k] = conj((a + b) / 2 - t (a - b))
/// ```
///
/// All slices begin with k = 1; `input` and `output` end with M - 1. The first `done` values of k are left out.
#[inline(always)]
fn reference(input: &[Complex32], twiddles: &[Complex32], output: &mut [Complex32], done: usize) {
    let last = input.len().wrapping_sub(1);
    for (i, &t) in twiddles.iter().enumerate().skip(done) {
        let (a, b) = (input[i], input[last - i].conj());
        let (half_sum, product) = ((a + b) * 0.5, t * (a - b));
        output[last - i] = (half_sum - product).conj();
        output[i] = half_sum + product;
    }
}

/// [`reference`], as fast as the CPU allows.
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
        unsafe {
            recombine_avx2(input, twiddles, output);
        }
        return;
    }
    recombine_body::<false>(input, twiddles, output);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn recombine_avx2(input: &[Complex32], twiddles: &[Complex32], output: &mut [Complex32]) {
    recombine_body::<true>(input, twiddles, output);
}

/// Four complex numbers: re, im, re, im, ...
type Bins = [f32; 2 * BLOCK];

#[inline(always)]
fn recombine_body<const FUSED: bool>(
    input: &[Complex32],
    twiddles: &[Complex32],
    output: &mut [Complex32],
) {
    // Whole blocks below the middle; their mirror images are as many blocks above it.
    let blocks = input.len() / 2 / BLOCK;
    let (low, high) = output.split_at_mut(output.len() - blocks * BLOCK);
    let low = low.as_chunks_mut::<BLOCK>().0.iter_mut();
    let high = high.as_rchunks_mut::<BLOCK>().1.iter_mut().rev();
    let a = input.as_chunks::<BLOCK>().0.iter();
    let b = input.as_rchunks::<BLOCK>().1.iter().rev();
    let t = twiddles.as_chunks::<BLOCK>().0.iter();
    for ((((low, high), a), b), t) in low.zip(high).zip(a).zip(b).zip(t).take(blocks) {
        let a = flat(a);
        let b = conjugate(flat(&[b[3], b[2], b[1], b[0]]));
        let t = flat(t);
        let mut sum = [0.0; 2 * BLOCK];
        let mut difference = [0.0; 2 * BLOCK];
        for i in 0..2 * BLOCK {
            sum[i] = 0.5 * (a[i] + b[i]);
            difference[i] = a[i] - b[i];
        }
        // t (a - b), the product of complex numbers: re = t.re d.re - t.im d.im, im = t.re d.im + t.im d.re.
        let (mut x, mut y) = ([0.0; 2 * BLOCK], [0.0; 2 * BLOCK]);
        for i in 0..2 * BLOCK {
            let (re, im) = (t[i & !1], if i % 2 == 0 { -t[i | 1] } else { t[i | 1] });
            let (same, other) = (difference[i], difference[i ^ 1]);
            let product = if FUSED { re.mul_add(same, im * other) } else { re * same + im * other };
            x[i] = sum[i] + product;
            y[i] = sum[i] - product;
        }
        let y = conjugate(y);
        for j in 0..BLOCK {
            low[j] = Complex32::new(x[2 * j], x[2 * j + 1]);
            high[BLOCK - 1 - j] = Complex32::new(y[2 * j], y[2 * j + 1]);
        }
    }
    // What is left in the middle.
    reference(input, twiddles, output, blocks * BLOCK);
}

#[inline(always)]
fn flat(bins: &[Complex32; BLOCK]) -> Bins {
    let [a, b, c, d] = *bins;
    [a.re, a.im, b.re, b.im, c.re, c.im, d.re, d.im]
}

#[inline(always)]
fn conjugate(bins: Bins) -> Bins {
    let [a, b, c, d, e, f, g, h] = bins;
    [a, -b, c, -d, e, -f, g, -h]
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
        fn every_form_computes_the_definition(
            x in prop::collection::vec(-1.0f32..1.0, 0..90),
            t in prop::collection::vec(-1.0f32..1.0, 100)
        ) {
            let input = complex(&x);
            let twiddles = &complex(&t)[..input.len().div_ceil(2)];
            let rubbish = vec![Complex32::new(f32::NAN, f32::NAN); input.len()];
            let (mut exact, mut portable, mut fast) = (rubbish.clone(), rubbish.clone(), rubbish);
            reference(&input, twiddles, &mut exact, 0);
            recombine_body::<false>(&input, twiddles, &mut portable);
            recombine(&input, twiddles, &mut fast);
            for i in 0..input.len() {
                prop_assert!((exact[i] - portable[i]).norm() < 1e-5, "{i}: {} {}", exact[i], portable[i]);
                prop_assert!((exact[i] - fast[i]).norm() < 1e-5, "{i}: {} {}", exact[i], fast[i]);
            }
        }
    }
}
