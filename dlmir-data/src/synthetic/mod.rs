//! Generated sets.

pub mod filter;
pub mod instrument;
pub mod oscillator;
pub mod toy;
pub mod voice;
