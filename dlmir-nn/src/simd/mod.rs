//! The choice of instruction set, made while the program runs.
//!
//! A program compiled for "any x86-64" may use 4 floats at a time and no fused multiply-add; the machine it runs on
//! can usually do 8 or 16. So each kernel is written once, as plain loops in the body of [`Kernel::run`], and [`run`]
//! holds that body compiled three times, once per [`Level`]. The compiler turns the same loops into the widest
//! instructions of each. Only the tiles of matrix products and convolutions name their vectors themselves (`vector.rs`).
//!
//! | level    | floats at once | fused multiply-add | where                                          |
//! |----------|----------------|--------------------|------------------------------------------------|
//! | Portable | 4              | not on x86-64      | everywhere; on 64-bit Arm this is NEON, fused  |
//! | Avx2     | 8              | yes                | x86-64 since 2013 (Intel), 2015 (AMD)          |
//! | Avx512   | 16             | yes                | x86-64 servers since 2017, AMD's Zen 4 on      |
//!
//! *Fused* means a * b + c with one rounding instead of two: [`fma`]. That is why Portable and Avx2 may differ in the
//! last bit. Avx2 and Avx512 do not, as long as a kernel adds in an order that does not depend on the width. (Kernels
//! here do; what else can differ from machine to machine is in [`crate::parallel`].)
//!
//! ```
//! use dlmir_nn::simd::{self, Kernel};
//!
//! struct Scale<'a>(f32, &'a mut [f32]);
//!
//! impl Kernel for Scale<'_> {
//!     type Output = ();
//!
//!     #[inline(always)]
//!     fn run<const FUSED: bool>(self) {
//!         for x in self.1 {
//!             *x *= self.0;
//!         }
//!     }
//! }
//!
//! let mut x = [1.0, 2.0, 3.0];
//! simd::run(simd::level(), Scale(2.0, &mut x));
//! assert_eq!(x, [2.0, 4.0, 6.0]);
//! ```

mod vector;

pub(crate) use vector::{Avx2, Avx512, InstructionSet, Portable};

/// An instruction set that kernels are compiled for. A later one includes the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the compiler may assume of any machine of this architecture.
    Portable,
    /// AVX2 with FMA (x86-64-v3).
    Avx2,
    /// AVX-512 F, BW, CD, DQ and VL (x86-64-v4).
    Avx512,
}

/// Whether the fused multiply-add is one instruction at [`Level::Portable`]. Where it is not, `f32::mul_add` calls a
/// library function, which is far slower than a multiplication and an addition.
const PORTABLE_IS_FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

/// The best level of this machine, which everything runs at. (Tests of this crate can ask for another.)
pub fn level() -> Level {
    #[cfg(test)]
    if let Some(level) = forced::level() {
        return level;
    }
    best()
}

/// The best level of this machine. The standard library asks the CPU once and remembers the answer.
fn best() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::is_x86_feature_detected as has;
        if has!("avx2") && has!("fma") {
            let v4 = has!("avx512f")
                && has!("avx512bw")
                && has!("avx512cd")
                && has!("avx512dq")
                && has!("avx512vl");
            return if v4 { Level::Avx512 } else { Level::Avx2 };
        }
    }
    Level::Portable
}

/// All levels of this machine, the slowest first: what a test of a kernel loops over.
pub fn available() -> Vec<Level> {
    let mut levels = vec![Level::Portable, Level::Avx2, Level::Avx512];
    levels.retain(|&l| l <= best());
    levels
}

/// A computation whose body can be compiled for several instruction sets.
pub trait Kernel {
    /// What the computation returns.
    type Output;

    /// The body: loops over slices and small fixed arrays. `FUSED` says whether [`fma`] rounds once.
    ///
    /// Mark the implementation, and every function that it calls in its inner loop, `#[inline(always)]`: only code
    /// that ends up inside [`run`] is compiled for the level.
    fn run<const FUSED: bool>(self) -> Self::Output;
}

/// Runs a kernel with the instructions of `level`.
///
/// # Panics
/// If this machine does not have `level`.
#[inline]
#[track_caller]
pub fn run<K: Kernel>(level: Level, kernel: K) -> K::Output {
    match level {
        Level::Portable => Portable.run(kernel),
        Level::Avx2 => Avx2::new().run(kernel),
        Level::Avx512 => Avx512::new().run(kernel),
    }
}

#[track_caller]
fn assert_has(best: Level, asked: Level) {
    assert!(asked <= best, "simd: {asked:?} was asked for, this CPU has {best:?} at most");
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
fn run_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

/// a * b + c: rounded once where `FUSED`, else twice.
#[inline(always)]
pub fn fma<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED { a.mul_add(b, c) } else { a * b + c }
}

/// `[f(0), f(1), ..., f(N - 1)]`. For kernels instead of [`std::array::from_fn`], which the compiler may leave as a call: a
/// call is compiled for no level, and keeps the array in memory.
#[inline(always)]
pub fn array<T: Copy + Default, const N: usize>(f: impl Fn(usize) -> T) -> [T; N] {
    let mut array = [T::default(); N];
    for (i, x) in array.iter_mut().enumerate() {
        *x = f(i);
    }
    array
}

/// Hints that the number `index` of `x` will be used soon, so that it may travel to the cache meanwhile. It may lie beyond the end of
/// `x`. Changes nothing but speed.
#[inline(always)]
#[allow(unsafe_code)]
pub fn prefetch(x: &[f32], index: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: every x86-64 has the instruction, and a prefetch of any address is without effect on the program.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(x.as_ptr().wrapping_add(index).cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (x, index);
}

/// Running the plain forms of all kernels at every level, for tests.
#[cfg(test)]
pub(crate) mod forced {
    use std::cell::Cell;

    use super::{Level, available};

    thread_local! {
        static LEVEL: Cell<Option<Level>> = const { Cell::new(None) };
    }

    /// The level that this thread was told to use. Others know nothing of it, so [`crate::parallel`] keeps all
    /// work on this thread meanwhile.
    pub fn level() -> Option<Level> {
        LEVEL.get()
    }

    /// Runs `f` at each level of this machine.
    pub fn at_every_level(f: impl Fn()) {
        struct Reset;
        impl Drop for Reset {
            fn drop(&mut self) {
                LEVEL.set(None);
            }
        }
        let _even_after_a_panic = Reset;
        for level in available() {
            LEVEL.set(Some(level));
            f();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fused;
    impl Kernel for Fused {
        type Output = (bool, f32);
        #[inline(always)]
        fn run<const FUSED: bool>(self) -> (bool, f32) {
            let a = 1.0 + f32::EPSILON;
            (FUSED, fma::<FUSED>(a, a, -1.0 - 2.0 * f32::EPSILON))
        }
    }

    #[test]
    fn levels_are_ordered_and_the_best_is_available() {
        let levels = available();
        assert_eq!(levels.first(), Some(&Level::Portable));
        assert_eq!(levels.last(), Some(&level()));
        assert!(levels.is_sorted());
    }

    #[test]
    fn fma_rounds_once_exactly_where_it_says_so() {
        for level in available() {
            // (1 + e)^2 - 1 - 2e = e^2, which vanishes if the product is rounded first.
            let (fused, x) = run(level, Fused);
            assert_eq!(x, if fused { f32::EPSILON * f32::EPSILON } else { 0.0 }, "{level:?}");
            assert!(fused || level == Level::Portable);
        }
    }

    #[test]
    fn a_test_reaches_every_level_and_leaves_none_behind() {
        let seen = std::cell::RefCell::new(Vec::new());
        forced::at_every_level(|| seen.borrow_mut().push(level()));
        assert_eq!(seen.into_inner(), available());
        assert_eq!(forced::level(), None);
    }

    #[test]
    #[should_panic(expected = "Avx512 was asked for, this CPU has Avx2 at most")]
    fn a_level_the_cpu_lacks_is_refused() {
        assert_has(Level::Avx2, Level::Avx2);
        assert_has(Level::Avx2, Level::Avx512);
    }
}
