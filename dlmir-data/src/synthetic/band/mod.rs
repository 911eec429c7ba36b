//! The generated band: pieces of music that are written, performed and recorded by rule, with labels that
//! are exact because they came first.
//!
//! ```text
//! genre, mood -> artist -> piece: metre, key, form, parts (labels) -> performance -> recording
//! ```
//!
//! | file | what |
//! |---|---|
//! | [`tempo`] | metres, swing, tempo curves |
//! | [`harmony`] | keys, modes, chords and progressions |
//! | [`genre`] | what each genre allows; the table is in `genre_rules` |
//! | [`form`] | sections, bars and chords of a piece |
//! | [`groove`] | drum patterns |
//! | [`pattern`] | bass lines and accompaniment |
//! | [`melody`] | tunes |
//! | [`orchestra`] | the instruments by name |
//! | [`artist`] | who plays, with which habits |
//! | [`mood`] | from a mood to a piece, and from the piece to words |
//! | [`piece`] | the score, its performance, its labels |
//! | `stage` | who plays in which section, and what |
//! | `traits` | what a piece is like |
//! | `render` | from notes to sound |
//! | [`tags`] | everything that can be said about a piece |
//! | [`set`] | which pieces are ordered for which task, and their recordings |
//!
//! ```
//! use dlmir_data::synthetic::band::Set;
//!
//! let item = Set::Rhythm.item(1, 731, 4.0, 22_050);
//! assert_eq!(item.signal.len(), 88_200);
//! assert!(item.piece.beats.windows(2).all(|w| w[0].time_s < w[1].time_s));
//! assert_eq!(item.signal, Set::Rhythm.item(1, 731, 4.0, 22_050).signal);
//! ```

pub mod artist;
pub mod form;
pub mod genre;
mod genre_rules;
pub mod groove;
pub mod harmony;
pub mod melody;
pub mod mood;
pub mod orchestra;
pub mod pattern;
pub mod piece;
mod render;
pub mod set;
mod stage;
pub mod tags;
pub mod tempo;
mod traits;

pub use genre::Genre;
pub use mood::Mood;
pub use piece::{Piece, TempoSpan};
pub use render::{notes_of, tremolo_of};
pub use set::{Item, Level, Set};
