//! The human voice, speaking and singing: a buzzing or hissing source and a tube that shapes it.
//!
//! ```text
//! sound = tract(buzz of the glottis + breath) + hiss of a narrow place in the mouth
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`speaker`] | who speaks: size of throat, pitch, habits of the voice |
//! | [`phoneme`] | vowels and consonants as formants, hiss and silence |
//! | [`tract`] | from a track of articulation, 200 positions a second, to samples |
//! | [`language`] | which sounds a language has and how it makes syllables of them |
//! | [`articulation`] | how the mouth moves from sound to sound |
//! | [`speech`] | phrases with intonation, stress and pauses |
//! | [`singing`] | held pitches of a scale, vibrato, words stretched over notes |
//!
//! Speaking and singing share everything down to the samples. What differs is what differs in life:
//! speech glides in pitch and changes its sound five times a second; song holds pitches and stretches
//! vowels.
//!
//! Source and filter: Fant, "Acoustic Theory of Speech Production" (1960). The synthesiser in cascade:
//! Klatt, "Software for a cascade/parallel formant synthesizer" (JASA 67(3), 1980).

pub mod articulation;
pub mod language;
pub mod phoneme;
pub mod singing;
pub mod speaker;
pub mod speech;
pub mod tract;

pub use language::Language;
pub use singing::Singer;
pub use speaker::Speaker;
pub use speech::Manner;
