//! Vowels and consonants: what the mouth does for each.
//!
//! A vowel is its first three formants. A consonant is a movement of them plus, by kind:
//!
//! | kind | what happens | examples |
//! |---|---|---|
//! | nasal | mouth closed, nose open: low, dull hum | m n ng |
//! | approximant | formants glide, voice goes on | l r w j |
//! | fricative | air hisses through a narrow place, with or without voice | s sh f x, z v |
//! | stop | silence, burst, and in some a breath before the voice returns | p t k, b d g |
//!
//! Frequencies are rounded averages for adult men as phonetics textbooks give them (Peterson and Barney
//! 1952 for vowels; Stevens, "Acoustic Phonetics", 1998, for bursts, hisses and loci).

/// How a sound is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Open and voiced.
    Vowel,
    /// Through the nose.
    Nasal,
    /// Nearly a vowel.
    Approximant,
    /// A rolled r: the tongue beats.
    Trill,
    /// A steady hiss.
    Fricative,
    /// Closed, then a burst.
    Stop,
    /// A stop whose burst goes on as a hiss.
    Affricate,
    /// The breath alone: h.
    Breath,
}

/// What a sound is made of. Levels are relative to an open vowel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phoneme {
    /// A name in rough ASCII.
    pub name: &'static str,
    /// How it is made.
    pub kind: Kind,
    /// First to third formant of an average man in Hz, or the place they move to.
    pub formants: [f32; 3],
    /// A typical duration in seconds, at five syllables a second.
    pub duration_s: f32,
    /// Voice: 1 full, 0 none.
    pub voicing: f32,
    /// Middle and bandwidth of hiss or burst in Hz.
    pub hiss: [f32; 2],
    /// Level of hiss or burst.
    pub hiss_level: f32,
}

/// The neutral vowel, to which unstressed ones shrink.
pub const SCHWA: [f32; 3] = [500.0, 1450.0, 2450.0];

const fn vowel(name: &'static str, formants: [f32; 3]) -> Phoneme {
    voiced(name, Kind::Vowel, formants, 1.0, 0.11)
}

const fn voiced(
    name: &'static str,
    kind: Kind,
    formants: [f32; 3],
    voicing: f32,
    duration_s: f32,
) -> Phoneme {
    Phoneme { name, kind, formants, duration_s, voicing, hiss: [3000.0, 2000.0], hiss_level: 0.0 }
}

impl Phoneme {
    const fn hissing(mut self, middle_hz: f32, bandwidth_hz: f32, level: f32) -> Phoneme {
        self.hiss = [middle_hz, bandwidth_hz];
        self.hiss_level = level;
        self
    }
}

/// The vowels of many languages.
pub const VOWELS: [Phoneme; 16] = [
    vowel("i", [280.0, 2250.0, 2950.0]),
    vowel("y", [270.0, 1850.0, 2250.0]),
    vowel("I", [400.0, 1950.0, 2550.0]),
    vowel("e", [400.0, 2080.0, 2600.0]),
    vowel("oe", [400.0, 1550.0, 2250.0]),
    vowel("E", [550.0, 1820.0, 2480.0]),
    vowel("ae", [670.0, 1700.0, 2420.0]),
    vowel("a", [740.0, 1280.0, 2500.0]),
    vowel("A", [710.0, 1080.0, 2450.0]),
    vowel("O", [560.0, 850.0, 2420.0]),
    vowel("o", [420.0, 780.0, 2400.0]),
    vowel("u", [310.0, 750.0, 2250.0]),
    vowel("V", [630.0, 1200.0, 2450.0]),
    vowel("@", SCHWA),
    vowel("ii", [310.0, 1650.0, 2350.0]),
    vowel("er", [480.0, 1320.0, 1700.0]),
];

use Kind::{Affricate, Approximant, Breath, Fricative, Nasal, Stop, Trill};

/// The consonants of many languages.
pub const CONSONANTS: [Phoneme; 27] = [
    voiced("m", Nasal, [250.0, 1050.0, 2200.0], 0.7, 0.07),
    voiced("n", Nasal, [260.0, 1550.0, 2500.0], 0.7, 0.06),
    voiced("ng", Nasal, [260.0, 1950.0, 2500.0], 0.6, 0.07),
    voiced("l", Approximant, [340.0, 1100.0, 2650.0], 0.65, 0.06),
    voiced("r", Approximant, [350.0, 1150.0, 1600.0], 0.7, 0.06),
    voiced("w", Approximant, [310.0, 680.0, 2200.0], 0.65, 0.06),
    voiced("j", Approximant, [280.0, 2200.0, 2900.0], 0.65, 0.06),
    voiced("rr", Trill, [450.0, 1350.0, 2300.0], 0.7, 0.09),
    voiced("f", Fricative, [350.0, 1050.0, 2300.0], 0.0, 0.09).hissing(6500.0, 6000.0, 0.05),
    voiced("th", Fricative, [350.0, 1350.0, 2500.0], 0.0, 0.09).hissing(6000.0, 5000.0, 0.04),
    voiced("s", Fricative, [350.0, 1650.0, 2550.0], 0.0, 0.1).hissing(6400.0, 2600.0, 0.3),
    voiced("sh", Fricative, [350.0, 1800.0, 2500.0], 0.0, 0.1).hissing(3300.0, 1800.0, 0.32),
    voiced("x", Fricative, [400.0, 1500.0, 2300.0], 0.0, 0.09).hissing(1700.0, 1200.0, 0.14),
    voiced("c", Fricative, [300.0, 2100.0, 2800.0], 0.0, 0.09).hissing(4000.0, 1800.0, 0.16),
    voiced("v", Fricative, [320.0, 1050.0, 2300.0], 0.5, 0.06).hissing(6000.0, 6000.0, 0.025),
    voiced("dh", Fricative, [320.0, 1350.0, 2500.0], 0.55, 0.05).hissing(6000.0, 5000.0, 0.02),
    voiced("z", Fricative, [320.0, 1650.0, 2550.0], 0.45, 0.07).hissing(6400.0, 2600.0, 0.15),
    voiced("zh", Fricative, [320.0, 1800.0, 2500.0], 0.45, 0.07).hissing(3300.0, 1800.0, 0.15),
    voiced("h", Breath, SCHWA, 0.1, 0.06),
    voiced("p", Stop, [350.0, 850.0, 2200.0], 0.0, 0.1).hissing(1200.0, 2500.0, 0.12),
    voiced("t", Stop, [350.0, 1750.0, 2600.0], 0.0, 0.1).hissing(4500.0, 3500.0, 0.3),
    voiced("k", Stop, [350.0, 1950.0, 2300.0], 0.0, 0.1).hissing(2100.0, 1200.0, 0.25),
    voiced("b", Stop, [300.0, 850.0, 2200.0], 0.2, 0.07).hissing(1000.0, 2000.0, 0.08),
    voiced("d", Stop, [300.0, 1750.0, 2600.0], 0.2, 0.06).hissing(4200.0, 3500.0, 0.15),
    voiced("g", Stop, [300.0, 1950.0, 2300.0], 0.2, 0.07).hissing(2000.0, 1200.0, 0.13),
    voiced("ts", Affricate, [350.0, 1700.0, 2550.0], 0.0, 0.13).hissing(6000.0, 2600.0, 0.28),
    voiced("ch", Affricate, [350.0, 1800.0, 2500.0], 0.0, 0.13).hissing(3300.0, 1800.0, 0.3),
];
