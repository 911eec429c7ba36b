//! Languages, invented: which sounds there are, how syllables are built, what the rhythm is.
//!
//! No words are needed to sound like speech, but regularities are. A language here is a set of vowels, a
//! set of consonants with a preference for some, how often a syllable is closed by a consonant or opened
//! by two, whether stressed syllables stretch and others shrink (stress-timed, as English or German) or
//! all are about alike (syllable-timed, as Spanish or Yoruba), and whether each syllable has a tone of
//! its own (as Chinese or Thai).

use super::phoneme::{CONSONANTS, Kind, Phoneme, VOWELS};
use crate::rng::Rng;

/// An invented language.
#[derive(Debug, Clone)]
pub struct Language {
    vowels: Vec<Phoneme>,
    /// Consonants with their weights.
    consonants: Vec<(Phoneme, f32)>,
    cluster: f32,
    coda: f32,
    diphthong: f32,
    /// How unequal stressed and unstressed syllables are, 0 to 1.
    pub stress: f32,
    /// True if syllables have tones.
    pub tonal: bool,
}

/// One syllable.
#[derive(Debug, Clone)]
pub struct Syllable {
    /// Consonants before the vowel.
    pub onset: Vec<Phoneme>,
    /// The vowel; two for a diphthong.
    pub nucleus: Vec<Phoneme>,
    /// Consonants after it.
    pub coda: Vec<Phoneme>,
}

impl Language {
    /// Draws a language with 5 to 11 vowels and a dozen or two of consonants.
    pub fn draw(rng: &mut Rng) -> Language {
        // Nearly every language has something like i, a and u; the rest differs.
        let mut vowels = vec![VOWELS[0], VOWELS[7], VOWELS[11]];
        let mut others = VOWELS.to_vec();
        others.retain(|v| !vowels.contains(v));
        rng.shuffle(&mut others);
        vowels.extend(&others[..2 + rng.below(7)]);

        let mut consonants = CONSONANTS.to_vec();
        rng.shuffle(&mut consonants);
        consonants.truncate(10 + rng.below(11));
        // None is without one of the great classes.
        for kind in [Kind::Stop, Kind::Fricative, Kind::Nasal, Kind::Approximant] {
            let of_kind: Vec<_> = CONSONANTS.iter().filter(|c| c.kind == kind).collect();
            consonants.push(**rng.pick(&of_kind));
        }
        let weighted = |c| (c, rng.log_uniform_in(0.2, 1.5));
        Language {
            vowels,
            consonants: consonants.into_iter().map(weighted).collect(),
            cluster: rng.uniform_in(0.0, 0.35),
            coda: rng.uniform_in(0.1, 0.7),
            diphthong: rng.uniform_in(0.0, 0.25),
            stress: rng.uniform(),
            tonal: rng.chance(0.15),
        }
    }

    /// Draws a syllable.
    pub fn syllable(&self, rng: &mut Rng) -> Syllable {
        let mut onset = Vec::new();
        if rng.chance(0.88) {
            onset.push(self.consonant(rng));
            let obstruent = matches!(onset[0].kind, Kind::Stop | Kind::Fricative);
            if obstruent && rng.chance(self.cluster) {
                onset.push(self.consonant(rng));
            }
        }
        let mut nucleus = vec![*rng.pick(&self.vowels)];
        if rng.chance(self.diphthong) {
            nucleus.push(*rng.pick(&self.vowels));
        }
        let mut coda = Vec::new();
        if rng.chance(self.coda) {
            coda.push(self.consonant(rng));
            if rng.chance(self.cluster) {
                coda.push(self.consonant(rng));
            }
            coda.retain(|c| c.kind != Kind::Breath);
        }
        Syllable { onset, nucleus, coda }
    }

    fn consonant(&self, rng: &mut Rng) -> Phoneme {
        let total: f32 = self.consonants.iter().map(|(_, weight)| weight).sum();
        let mut left = rng.uniform_in(0.0, total);
        let chosen = self.consonants.iter().find(|(_, weight)| {
            left -= weight;
            left < 0.0
        });
        chosen.unwrap_or(&self.consonants[0]).0
    }
}
