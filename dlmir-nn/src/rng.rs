//! Random numbers that are a function, not a history.
//!
//! An ordinary generator is a machine with a state: what it says depends on everything that was asked
//! before. Then a run on two threads differs from a run on one, and a run that was killed cannot be
//! taken up again. A counter-based generator has no state: it scrambles a counter with a key, and the
//! number for (seed, epoch, item) is the same whoever asks, whenever. (Words and uniform numbers are made
//! by integers and exact steps, hence the same on every machine; for normal ones see [`Rng::normal`].)
//!
//! The scrambler is Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy
//! as 1, 2, 3" (SC 2011): ten rounds of two 32 x 32 -> 64 bit products.
//!
//! ```text
//! key      = the seed's two halves
//! counter  = (block, stream, epoch, item)
//! ```
//!
//! where `stream` tells apart several uses for one item (each dropout layer has its own) and `block`
//! counts upwards, four numbers a block.
//!
//! Two streams at one address are one stream, so who draws keeps to a range of its own:
//!
//! ```text
//! 0               weights, drawn before training: Rng::new(seed, 0)
//! 1, 2, ...       the sources of randomness on a tape, in the order of recording (Tape::next_stream)
//! from 2^30 on    programs: Rng::PROGRAM + 0, 1, ...
//! from 2^31 on    the other crates of dlmir
//! ```

use crate::math;
use crate::simd::{self, Kernel};

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Four random words for one counter under one key: the definition of the generator.
pub fn philox4x32_10(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(MULTIPLIERS[0]) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIERS[1]) * u64::from(counter[2]);
        counter = [
            (b >> 32) as u32 ^ counter[1] ^ key[0],
            b as u32,
            (a >> 32) as u32 ^ counter[3] ^ key[1],
            a as u32,
        ];
        key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
    }
    counter
}

/// A stream of random numbers at one address (seed, epoch, item, stream).
#[derive(Debug, Clone)]
pub struct Rng {
    key: [u32; 2],
    counter: [u32; 4],
    words: [u32; 4],
    used: usize,
}

impl Rng {
    /// The first stream that belongs to programs: `Rng::at(seed, epoch, 0, Rng::PROGRAM)` shuffles an epoch's
    /// items without meeting the numbers of a dropout mask. See the module's text for the other ranges.
    pub const PROGRAM: u64 = 1 << 30;

    /// The stream at this address. Epoch, item and stream count to 2^32.
    ///
    /// # Panics
    /// If epoch, item or stream is 2^32 or more.
    #[track_caller]
    pub fn at(seed: u64, epoch: u64, item: u64, stream: u64) -> Rng {
        let word = |name: &str, x: u64| {
            u32::try_from(x).unwrap_or_else(|_| panic!("rng: {name} {x} is beyond 2^32"))
        };
        Rng {
            key: [seed as u32, (seed >> 32) as u32],
            counter: [0, word("stream", stream), word("epoch", epoch), word("item", item)],
            words: [0; 4],
            used: 4,
        }
    }

    /// The stream for work that has no epochs or items, such as filling the weights.
    pub fn new(seed: u64, stream: u64) -> Rng {
        Rng::at(seed, 0, 0, stream)
    }

    /// A random word: each of the 2^32 values is equally likely.
    pub fn next_u32(&mut self) -> u32 {
        if self.used == 4 {
            self.words = philox4x32_10(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.words[self.used - 1]
    }

    /// Uniform in [0, 1): one of 2^24 equally spaced values, all exact in `f32`.
    pub fn uniform(&mut self) -> f32 {
        uniform(self.next_u32())
    }

    /// Fills `out` with what as many calls of [`Rng::uniform`] would give, many blocks at a time.
    pub fn fill_uniform(&mut self, out: &mut [f32]) {
        let begun = (4 - self.used).min(out.len());
        let (begun, rest) = out.split_at_mut(begun);
        begun.iter_mut().for_each(|x| *x = self.uniform());
        let (groups, rest) = rest.as_chunks_mut();
        let (counter, key, blocks) = (self.counter, self.key, (LANES * groups.len()) as u32);
        simd::run(simd::level(), Fill { counter, key, groups });
        self.counter[0] = self.counter[0].wrapping_add(blocks);
        rest.iter_mut().for_each(|x| *x = self.uniform());
    }

    /// Uniform in [low, high]. The upper end can come out by rounding, where the two lie close together.
    pub fn uniform_in(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Normal with mean 0 and standard deviation 1, by Box and Muller (1958):
    /// sqrt(-2 ln u) cos(2 pi v) of two uniforms u in (0, 1], v in [0, 1). Logarithm and cosine are those
    /// of the platform's mathematical library, so another system may give another last bit.
    pub fn normal(&mut self) -> f32 {
        let u = 1.0 - f64::from(self.uniform());
        let v = f64::from(self.uniform());
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// Fills `out` with what as many calls of [`Rng::normal`] would give, to about 1e-6, many at a time: logarithm and cosine are
    /// those of [`crate::math`], in single precision.
    pub fn fill_normal(&mut self, out: &mut [f32]) {
        let mut uniforms = [0.0; 256];
        for out in out.chunks_mut(uniforms.len() / 2) {
            let uniforms = &mut uniforms[..2 * out.len()];
            self.fill_uniform(uniforms);
            simd::run(simd::level(), Normals { uniforms, out });
        }
    }

    /// One of 0, 1, ..., n - 1, equally likely: words in the incomplete last stretch of 2^32 are drawn
    /// again.
    ///
    /// # Panics
    /// If n is 0 or beyond 2^32.
    #[track_caller]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0 && n as u64 <= 1 << 32, "rng: cannot draw below {n}");
        let n = n as u64;
        let complete = (1u64 << 32) / n * n;
        loop {
            let word = u64::from(self.next_u32());
            if word < complete {
                return (word % n) as usize;
            }
        }
    }

    /// Puts the items into a random order, each of the n! equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// The 24 upper bits of a word as a number in [0, 1).
#[inline(always)]
fn uniform(word: u32) -> f32 {
    (word >> 8) as f32 / (1 << 24) as f32
}

/// Blocks that are scrambled side by side in [`Rng::fill_uniform`].
const LANES: usize = 16;

/// The loop of [`Rng::fill_uniform`]: the rounds of [`philox4x32_10`] on arrays of counters, which differ in their first word.
struct Fill<'a> {
    counter: [u32; 4],
    key: [u32; 2],
    groups: &'a mut [[f32; 4 * LANES]],
}

impl Kernel for Fill<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        for (i, out) in self.groups.iter_mut().enumerate() {
            let first = self.counter[0].wrapping_add((LANES * i) as u32);
            let mut a: [u32; LANES] = simd::array(|l| first.wrapping_add(l as u32));
            let [mut b, mut c, mut d] = simd::array(|i| [self.counter[i + 1]; LANES]);
            let mut key = self.key;
            for _ in 0..10 {
                for l in 0..LANES {
                    let x = u64::from(MULTIPLIERS[0]) * u64::from(a[l]);
                    let y = u64::from(MULTIPLIERS[1]) * u64::from(c[l]);
                    a[l] = (y >> 32) as u32 ^ b[l] ^ key[0];
                    b[l] = y as u32;
                    c[l] = (x >> 32) as u32 ^ d[l] ^ key[1];
                    d[l] = x as u32;
                }
                key = [key[0].wrapping_add(KEY_STEPS[0]), key[1].wrapping_add(KEY_STEPS[1])];
            }
            for l in 0..LANES {
                for (w, words) in [&a, &b, &c, &d].into_iter().enumerate() {
                    out[4 * l + w] = uniform(words[l]);
                }
            }
        }
    }
}

/// Normal numbers from pairs of uniforms, by Box and Muller.
struct Normals<'a> {
    uniforms: &'a [f32],
    out: &'a mut [f32],
}

impl Kernel for Normals<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (pairs, _) = self.uniforms.as_chunks::<2>();
        for (y, [u, v]) in self.out.iter_mut().zip(pairs) {
            *y = (-2.0 * math::ln::<FUSED>(1.0 - u)).sqrt() * math::cos_of_turns::<FUSED>(*v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::forced;

    /// The known answers that the authors publish with their library Random123.
    #[test]
    fn philox_gives_the_published_answers() {
        assert_eq!(
            philox4x32_10([0; 4], [0; 2]),
            [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]
        );
        assert_eq!(
            philox4x32_10([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32_10(
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0]
            ),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn an_address_is_a_function_and_neighbours_differ() {
        let draw = |e, i, s| Rng::at(7, e, i, s).next_u32();
        assert_eq!(draw(1, 2, 3), draw(1, 2, 3));
        assert_ne!(draw(1, 2, 3), draw(2, 2, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 3, 3));
        assert_ne!(draw(1, 2, 3), draw(1, 2, 4));
    }

    #[test]
    fn many_normals_are_the_single_ones() {
        forced::at_every_level(|| {
            for len in [0, 1, 127, 128, 300] {
                let (mut one_by_one, mut at_once) = (Rng::at(5, 1, 2, 3), Rng::at(5, 1, 2, 3));
                assert_eq!(one_by_one.normal(), at_once.normal());
                let mut out = vec![f32::NAN; len];
                at_once.fill_normal(&mut out);
                for y in out {
                    // Six roundings of numbers below 6.
                    let want = one_by_one.normal();
                    assert!((y - want).abs() < 6.0 * 6.0 * 6e-8, "{y}, not {want}");
                }
                assert_eq!(one_by_one.next_u32(), at_once.next_u32());
            }
        });
    }

    #[test]
    fn moments_are_right() {
        let mut rng = Rng::new(1, 0);
        let n = 100_000;
        let normal: Vec<f64> = (0..n).map(|_| f64::from(rng.normal())).collect();
        let mean = normal.iter().sum::<f64>() / n as f64;
        let variance = normal.iter().map(|x| x * x).sum::<f64>() / n as f64;
        // Five standard errors: 5 / sqrt(n) = 0.016 for the mean, sqrt(2) times that for the variance.
        assert!(mean.abs() < 0.016 && (variance - 1.0).abs() < 0.023, "{mean} {variance}");
        let uniform = (0..n).map(|_| f64::from(rng.uniform())).sum::<f64>() / n as f64;
        assert!((uniform - 0.5).abs() < 5.0 / (12.0 * n as f64).sqrt(), "{uniform}");
    }

    #[test]
    fn filling_is_drawing_one_by_one() {
        simd::forced::at_every_level(|| {
            for (before, len) in [(0, 0), (1, 2), (0, 64), (3, 200), (2, 67), (4, 129)] {
                let (mut one, mut many) = (Rng::at(7, 1, 2, 3), Rng::at(7, 1, 2, 3));
                one.counter[0] = u32::MAX - 20; // the block number may wrap
                many.counter[0] = u32::MAX - 20;
                for _ in 0..before {
                    assert_eq!(one.next_u32(), many.next_u32());
                }
                let mut filled = vec![f32::NAN; len];
                many.fill_uniform(&mut filled);
                assert!(filled.iter().all(|&x| x == one.uniform()), "{before} before, {len}");
                assert_eq!(one.next_u32(), many.next_u32());
            }
        });
    }

    #[test]
    fn below_and_shuffle_reach_everything() {
        let mut rng = Rng::new(3, 0);
        let mut seen = [0; 7];
        for _ in 0..7000 {
            seen[rng.below(7)] += 1;
        }
        // Expectation 1000, standard deviation 29.
        assert!(seen.iter().all(|&n| (850..1150).contains(&n)), "{seen:?}");
        let mut order: Vec<usize> = (0..50).collect();
        rng.shuffle(&mut order);
        assert_ne!(order, (0..50).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
