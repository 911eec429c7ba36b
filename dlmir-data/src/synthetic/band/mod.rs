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
//! | [`piece`] | the score, its performance, its labels |
//! | `render` | from notes to sound |
//! | [`mood`] | from a mood to a piece, and from the piece to words |

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
pub mod tempo;
