//! This crate's numbers against those of other programs; see `README.md` in this folder.

mod bootstrap;
mod cases;
mod classification;
mod comparison;
mod events;
mod metrics;
mod onset;
