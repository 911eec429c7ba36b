//! Sets that are made by rule: any size, no download, no licence, and labels that are exact because the
//! label came first.
//!
//! [`toy`] holds points in the plane for a first network. The rest is sound. [`band`] plays pieces of many genres with
//! labels for everything in them; [`music_speech`] and [`programme`] need less of music, and speak:
//!
//! ```text
//! oscillator, filter -> instrument/*, drum  <- score/*         -> ensemble -> music  \
//!                    -> voice/* (sings)     <-                                        recording -> item
//!                    -> voice/* (speaks)    <- voice::language -> talk     -> speech /       (room)
//!                                           <- band/*      -> piece          -> music           (medium)
//! ```
//!
//! Read `oscillator` and `filter` first, then one instrument (`instrument::plucked` is the
//! shortest way from a formula to a guitar), then `voice`, `score`, `ensemble`, `talk`, and last
//! `recording`, which treats both classes alike.
//!
//! Equal arguments give equal bytes on the same platform. Elsewhere samples may differ in their last bits:
//! sines and exponentials come from the platform's mathematical library.
//!
//! What such sound is worth is decided by real recordings: a network that was trained on nothing else has to
//! tell real music from real speech. So the aim everywhere is variety and the right cause for each
//! difference, rather than beauty: speech differs from music by what mouths and instruments do, not by
//! loudness, noise, bandwidth or silence, which are drawn for both from the same distribution.

pub mod band;
mod drum;
mod effect;
mod ensemble;
mod filter;
mod instrument;
mod medium;
pub mod music_speech;
mod oscillator;
pub mod programme;
mod recording;
mod room;
mod score;
mod talk;
pub mod toy;
mod voice;
