//! Random numbers that are a function of their address, not of what was drawn before.
//!
//! Item 731 of a generated set must be the same alone or in a batch, on one thread or on eight; the
//! batches of epoch 12 must be the same in a run that was killed in epoch 11 and taken up again. So
//! there is no global generator: every draw has an address (seed, epoch, item, stream), and Philox
//! scrambles that address into random words.
//!
//! ```text
//! words = philox(counter = (block, stream, epoch, item), key = seed)
//! ```
//!
//! where `block` counts upwards, four words a block.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011):
//! Philox4x32-10, that is four 32-bit words and ten rounds. The engine crate has a copy of its own,
//! because the two crates do not know each other; the streams here start far away from those there.

const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
const KEY_STEPS: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// What the numbers are for: one stream for each use in this crate, so that no two uses share numbers.
pub(crate) mod stream {
    const FIRST: u64 = 0xDA7A_0000;
    pub const SPLIT: u64 = FIRST;
    pub const BATCH: u64 = FIRST + 1;
    pub const CROP: u64 = FIRST + 2;
    pub const TOY: u64 = FIRST + 3;
    /// What a generated item is and how it is played.
    pub const PLAY: u64 = FIRST + 0x100;
    /// The recording conditions of a generated item.
    pub const RECORD: u64 = FIRST + 0x101;
    /// The parts of a generated mixture.
    pub const MIXTURE: u64 = FIRST + 0x102;
    /// Who a generated artist is.
    pub const ARTIST: u64 = FIRST + 0x103;
    /// What a generated piece is.
    pub const PIECE: u64 = FIRST + 0x104;
    /// How the notes of a generated piece sound.
    pub const SOUND: u64 = FIRST + 0x105;
    /// The studio of a generated album.
    pub const ALBUM: u64 = FIRST + 0x106;
}

/// Four random words for one counter under one key: ten rounds of two 32 x 32 -> 64 bit products.
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

/// The random numbers at one address.
#[derive(Debug, Clone)]
pub struct Rng {
    key: [u32; 2],
    counter: [u32; 4],
    words: [u32; 4],
    used: usize,
}

impl Rng {
    /// The numbers at the address (seed, epoch, item, stream). Epoch, item and stream count to 2^32.
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

    /// A random word, each of the 2^32 equally likely.
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
        (self.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// Uniform in [low, high).
    pub fn uniform_in(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Uniform on a logarithmic scale, as pitches and durations are: `low * (high / low)^u`, both
    /// bounds above 0.
    pub fn log_uniform_in(&mut self, low: f32, high: f32) -> f32 {
        low * (high / low).powf(self.uniform())
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f32) -> bool {
        self.uniform() < probability
    }

    /// Normal with mean 0 and standard deviation 1, by Box and Muller (1958):
    /// sqrt(-2 ln u) cos(2 pi v) of two uniforms u in (0, 1], v in [0, 1).
    pub fn normal(&mut self) -> f32 {
        let u = 1.0 - f64::from(self.uniform());
        let v = f64::from(self.uniform());
        ((-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()) as f32
    }

    /// One of 0, 1, ..., n - 1, equally likely: a word beyond the last full multiple of n is drawn
    /// again.
    ///
    /// # Panics
    /// If n is 0 or beyond 2^32.
    #[track_caller]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0 && n as u64 <= 1 << 32, "rng: cannot draw below {n}");
        let n = n as u64;
        let full = (1u64 << 32) / n * n;
        loop {
            let word = u64::from(self.next_u32());
            if word < full {
                return (word % n) as usize;
            }
        }
    }

    /// One of the choices, equally likely.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Puts the items into a random order, each of the n! equally likely (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with their library Random123.
    #[test]
    fn philox_gives_the_published_answers() {
        let published = [
            ([0; 4], [0; 2], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
            ([u32::MAX; 4], [u32::MAX; 2], [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]),
            (
                [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344],
                [0xa409_3822, 0x299f_31d0],
                [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1],
            ),
        ];
        for (counter, key, words) in published {
            assert_eq!(philox4x32_10(counter, key), words);
        }
    }

    #[test]
    fn an_address_is_a_function_and_neighbours_differ() {
        let draw = |seed, e, i, s| Rng::at(seed, e, i, s).next_u32();
        let here = draw(7, 1, 2, 3);
        assert_eq!(here, draw(7, 1, 2, 3));
        for other in [draw(8, 1, 2, 3), draw(7, 2, 2, 3), draw(7, 1, 3, 3), draw(7, 1, 2, 4)] {
            assert_ne!(here, other);
        }
        assert_ne!(draw(1, 0, 0, 0), draw(1 << 32, 0, 0, 0));
    }

    #[test]
    fn moments_are_right() {
        let mut rng = Rng::at(1, 0, 0, 0);
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
    fn ranges_hold() {
        let mut rng = Rng::at(2, 0, 0, 0);
        for _ in 0..1000 {
            assert!((3.0..4.0).contains(&rng.uniform_in(3.0, 4.0)));
            assert!((79.9..300.1).contains(&rng.log_uniform_in(80.0, 300.0)));
            assert!(!rng.chance(0.0) && rng.chance(1.0));
        }
    }

    #[test]
    fn below_and_shuffle_reach_everything() {
        let mut rng = Rng::at(3, 0, 0, 0);
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
