//! Generated sets.

pub mod drum;
pub mod effect;
pub mod ensemble;
pub mod filter;
pub mod instrument;
pub mod music_speech;
pub mod oscillator;
pub mod recording;
pub mod room;
pub mod score;
pub mod talk;
pub mod toy;
pub mod voice;
