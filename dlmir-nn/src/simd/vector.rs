//! Vectors by name, for the two innermost tiles.
//!
//! Nearly every kernel is a plain loop that the compiler turns into vector instructions by itself. A tile of a matrix
//! product is not: its 24 vectors must stay in registers for thousands of steps, and whether the compiler sees that
//! depends on the order of its passes. The same loop ran at 100 GFLOP/s or at 2, depending on the tile's size and on
//! settings of the build. So tiles say which numbers make up a vector. They remain one safe body for all levels,
//! generic over an [`InstructionSet`], which has just the four operations that they need.
//!
//! A value of [`Avx2`] or [`Avx512`] exists only where the CPU has been found to have those instructions ([`Avx2::new`]
//! asserts it), which is what makes their use safe.

use super::{Kernel, PORTABLE_IS_FUSED, fma};

/// A [`Level`](super::Level) as a type, with its vectors.
pub(crate) trait InstructionSet: Copy + Send + Sync {
    /// [`LANES`](InstructionSet::LANES) numbers side by side.
    type Vector: Copy;

    /// Numbers in a vector.
    const LANES: usize;

    /// How many vectors a tile may sum up at once: three quarters of the registers, or what the compiler keeps there.
    const ACCUMULATORS: usize;

    /// [`super::run`] at this level, and compiled for no other.
    fn run<K: Kernel>(self, kernel: K) -> K::Output;

    /// The same number in each lane.
    fn splat(self, x: f32) -> Self::Vector;

    /// The first LANES numbers of `x`; panics if there are fewer.
    fn load(self, x: &[f32]) -> Self::Vector;

    /// a * b + c in each lane: rounded once, but for [`Portable`] where [`fma`] rounds twice.
    fn fma(self, a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;

    /// Writes the first LANES numbers of `x`; panics if there are fewer.
    fn store(self, v: Self::Vector, x: &mut [f32]);
}

/// [`Level::Portable`](super::Level::Portable): vectors of four, which nearly every CPU has.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl InstructionSet for Portable {
    type Vector = [f32; 4];
    const LANES: usize = 4;
    const ACCUMULATORS: usize = 8;

    #[inline(always)]
    fn run<K: Kernel>(self, kernel: K) -> K::Output {
        kernel.run::<PORTABLE_IS_FUSED>()
    }

    #[inline(always)]
    fn splat(self, x: f32) -> [f32; 4] {
        [x; 4]
    }

    #[inline(always)]
    fn load(self, x: &[f32]) -> [f32; 4] {
        *x.first_chunk().expect(TOO_SHORT)
    }

    #[inline(always)]
    fn fma(self, a: [f32; 4], b: [f32; 4], mut c: [f32; 4]) -> [f32; 4] {
        for l in 0..4 {
            c[l] = fma::<PORTABLE_IS_FUSED>(a[l], b[l], c[l]);
        }
        c
    }

    #[inline(always)]
    fn store(self, v: [f32; 4], x: &mut [f32]) {
        *x.first_chunk_mut().expect(TOO_SHORT) = v;
    }
}

const TOO_SHORT: &str = "simd: fewer numbers than a vector has lanes";

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::super::{Kernel, Level, assert_has, best, run_avx2, run_avx512};
    use super::{InstructionSet, TOO_SHORT};

    /// One instruction set of x86-64: its name, its vector, the lanes, how a kernel is run, and the instructions.
    macro_rules! instruction_set {
        ($Set:ident, $Vector:ident, $lanes:literal, $accumulators:literal, $run:ident, $splat:ident, $load:ident, $fma:ident, $store:ident) => {
            #[doc = concat!("[`Level::", stringify!($Set), "`], which this CPU has.")]
            #[derive(Clone, Copy)]
            pub(crate) struct $Set(());

            impl $Set {
                /// The proof that this CPU has the instructions.
                ///
                /// # Panics
                /// If it has not.
                #[inline]
                #[track_caller]
                pub fn new() -> Self {
                    assert_has(best(), Level::$Set);
                    Self(())
                }
            }

            #[allow(unsafe_code)]
            impl InstructionSet for $Set {
                type Vector = $Vector;
                const LANES: usize = $lanes;
                const ACCUMULATORS: usize = $accumulators;

                #[inline(always)]
                fn run<K: Kernel>(self, kernel: K) -> K::Output {
                    // SAFETY: `self` exists, so `new` has found the CPU to have the instructions.
                    unsafe { $run(kernel) }
                }

                #[inline(always)]
                fn splat(self, x: f32) -> $Vector {
                    // SAFETY: as in `run`.
                    unsafe { $splat(x) }
                }

                #[inline(always)]
                fn load(self, x: &[f32]) -> $Vector {
                    let x: &[f32; $lanes] = x.first_chunk().expect(TOO_SHORT);
                    // SAFETY: as in `run`, and `x` is as long as the vector.
                    unsafe { $load(x.as_ptr()) }
                }

                #[inline(always)]
                fn fma(self, a: $Vector, b: $Vector, c: $Vector) -> $Vector {
                    // SAFETY: as in `run`.
                    unsafe { $fma(a, b, c) }
                }

                #[inline(always)]
                fn store(self, v: $Vector, x: &mut [f32]) {
                    let x: &mut [f32; $lanes] = x.first_chunk_mut().expect(TOO_SHORT);
                    // SAFETY: as in `run`, and `x` is as long as the vector.
                    unsafe { $store(x.as_mut_ptr(), v) }
                }
            }
        };
    }

    #[rustfmt::skip]
    instruction_set!(
        Avx2, __m256, 8, 12, run_avx2, _mm256_set1_ps, _mm256_loadu_ps, _mm256_fmadd_ps, _mm256_storeu_ps
    );
    #[rustfmt::skip]
    instruction_set!(
        Avx512, __m512, 16, 24, run_avx512, _mm512_set1_ps, _mm512_loadu_ps, _mm512_fmadd_ps, _mm512_storeu_ps
    );
}

/// Elsewhere these levels do not exist: `new` always panics, so nothing else is ever called.
#[cfg(not(target_arch = "x86_64"))]
mod x86 {
    use super::super::{Kernel, Level, assert_has, best};
    use super::InstructionSet;

    macro_rules! absent {
        ($Set:ident, $lanes:literal) => {
            #[derive(Clone, Copy)]
            pub(crate) struct $Set(());

            impl $Set {
                #[track_caller]
                pub fn new() -> Self {
                    assert_has(best(), Level::$Set);
                    Self(())
                }
            }

            impl InstructionSet for $Set {
                type Vector = ();
                const LANES: usize = $lanes;
                const ACCUMULATORS: usize = 1;

                fn run<K: Kernel>(self, _: K) -> K::Output {
                    unreachable!()
                }

                fn splat(self, _: f32) {
                    unreachable!()
                }

                fn load(self, _: &[f32]) {
                    unreachable!()
                }

                fn fma(self, (): (), (): (), (): ()) {
                    unreachable!()
                }

                fn store(self, (): (), _: &mut [f32]) {
                    unreachable!()
                }
            }
        };
    }

    absent!(Avx2, 8);
    absent!(Avx512, 16);
}

pub(crate) use x86::{Avx2, Avx512};

#[cfg(test)]
mod tests {
    use super::super::{Level, available};
    use super::*;

    fn each_lane_is_computed_for_itself<S: InstructionSet>(s: S) {
        let a: Vec<f32> = (0..=S::LANES).map(|l| 1.0 + l as f32 * f32::EPSILON).collect();
        let c: Vec<f32> = (0..=S::LANES).map(|l| -(l as f32)).collect();
        let mut y = vec![f32::NAN; S::LANES + 1];
        s.store(s.fma(s.load(&a), s.splat(3.0), s.load(&c)), &mut y);
        let last = y.pop().expect("one more than the lanes");
        assert!(last.is_nan(), "a store wrote beyond its vector");
        for (l, y) in y.into_iter().enumerate() {
            let exact = a[l].mul_add(3.0, c[l]);
            let rounded_twice = a[l] * 3.0 + c[l];
            assert!(y == exact || (S::LANES == 4 && y == rounded_twice), "lane {l}: {y}, {exact}");
        }
    }

    #[test]
    fn vectors_do_as_numbers_do() {
        for level in available() {
            match level {
                Level::Portable => each_lane_is_computed_for_itself(Portable),
                Level::Avx2 => each_lane_is_computed_for_itself(Avx2::new()),
                Level::Avx512 => each_lane_is_computed_for_itself(Avx512::new()),
            }
        }
    }

    #[test]
    #[should_panic(expected = "fewer numbers than a vector has lanes")]
    fn a_slice_that_is_too_short_is_refused() {
        Portable.load(&[0.0; 3]);
    }
}
