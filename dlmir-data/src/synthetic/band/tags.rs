//! Tags: everything that somebody might write under a piece, in one list.
//!
//! Tags overlap and depend on each other, as real ones do: an acoustic guitar is a guitar, a metal piece is seldom
//! tender, most pop is vocal. None is drawn: each says something about the score.

use super::genre::Genre;
use super::mood::Mood;
use super::orchestra::Patch;
use super::piece::Piece;

/// What is said about tempo, voice and players.
const MANNERS: [&str; 8] =
    ["fast", "female vocal", "guitar", "instrumental", "male vocal", "slow", "solo", "synth"];

/// All tags: genres, moods, instruments and manners, in byte order, each once.
pub fn vocabulary() -> Vec<&'static str> {
    let genres = Genre::ALL.iter().map(|genre| genre.name());
    let moods = Mood::ALL.iter().map(|mood| mood.name());
    let instruments = Patch::ALL.iter().map(|patch| patch.name());
    let mut tags: Vec<&str> = genres.chain(moods).chain(instruments).chain(MANNERS).collect();
    tags.extend(["drums", "voice"]);
    tags.sort_unstable();
    tags.dedup();
    tags
}

/// The moods that fit a piece.
pub fn moods(piece: &Piece) -> Vec<&'static str> {
    let fitting = Mood::ALL.iter().filter(|mood| mood.fits(&piece.traits));
    fitting.map(|mood| mood.name()).collect()
}

/// The tags of a piece, in byte order.
pub fn tags(piece: &Piece) -> Vec<&'static str> {
    let instruments = piece.instruments();
    let plays = |name: &str| instruments.iter().any(|known| known == name);
    let guitars = [Patch::AcousticGuitar, Patch::ElectricGuitar, Patch::DistortedGuitar];
    let synths = [Patch::SynthLead, Patch::SynthPad, Patch::SynthBass];
    let sung = plays("voice");
    // Grown men speak below some 165 Hz, women and children above.
    let deep = piece.artist.singer.as_ref().is_some_and(|s| s.speaker.f0_hz < 165.0);
    let fits = |tag: &str| match tag {
        "fast" => piece.traits.bpm > 125.0,
        "slow" => piece.traits.bpm < 78.0,
        "guitar" => guitars.iter().any(|patch| plays(patch.name())),
        "synth" => synths.iter().any(|patch| plays(patch.name())),
        "instrumental" => !sung,
        "male vocal" => sung && deep,
        "female vocal" => sung && !deep,
        "solo" => instruments.len() == 1,
        tag if tag == piece.order.genre.name() => true,
        tag => plays(tag),
    };
    let moods = moods(piece);
    vocabulary().into_iter().filter(|tag| fits(tag) || moods.contains(tag)).collect()
}
