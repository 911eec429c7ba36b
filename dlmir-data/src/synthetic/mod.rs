//! Generated sets.

pub mod toy;
