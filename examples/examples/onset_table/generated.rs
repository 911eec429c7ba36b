//! Generated items with onsets: who is for training, who for choosing, who for asking.
//!
//! The split is by artist, of whom a genre has 24: numbers 0 to 15 train, 16 to 19 choose when to stop and the threshold, 20 to 23 are
//! asked about.

use dlmir_data::annotation::merge_onsets;
use dlmir_data::synthetic::band::{Item, Piece, Set};
use dlmir_eval::JOIN_WITHIN_S;

use crate::sets::{self, OnsetSet, Sound};

/// Samples per second.
pub const RATE: u32 = 44_100;

/// Seconds of an item.
const SECONDS: f32 = 10.0;

/// Items to ask about, all kinds together.
const ASKED: usize = 160;

/// What an item is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Train,
    Choose,
    Ask,
}

/// An item's sound.
pub fn item(seed: u64, number: u64) -> Item {
    Set::Onsets.item(seed, number, SECONDS, RATE)
}

/// An item's score, which costs next to nothing.
fn score(seed: u64, number: u64) -> Piece {
    Piece::compose(&Set::Onsets.order(seed, number, SECONDS))
}

/// The times at which something begins, as they are annotated.
pub fn onsets(piece: &Piece) -> Vec<f64> {
    merge_onsets(&piece.onsets(), JOIN_WITHIN_S)
}

/// The numbers of the first items for something.
pub fn numbers(seed: u64, part: Part, count: usize) -> Vec<u64> {
    let of = |piece: Piece| match piece.artist.number {
        0..16 => Part::Train,
        16..20 => Part::Choose,
        _ => Part::Ask,
    };
    (0..).filter(|&number| of(score(seed, number)) == part).take(count).collect()
}

/// The sets to ask about, by what is to be heard.
pub fn unheard(seed: u64) -> Vec<OnsetSet> {
    let kinds = ["drums alone", "instruments without drums", "a singer alone", "bands"];
    let mut found = kinds.map(|kind| OnsetSet {
        name: format!("generated: {kind}"),
        pieces: Vec::new(),
        soft: kind == "a singer alone",
    });
    for number in numbers(seed, Part::Ask, ASKED) {
        let piece = score(seed, number);
        let sung = piece.notes.iter().all(|note| note.label.as_deref() == Some("voice"));
        let kind = match (piece.strokes.is_empty(), piece.notes.is_empty()) {
            (false, true) => 0,
            (false, false) => 3,
            (true, _) => 1 + usize::from(sung),
        };
        let onsets = onsets(&piece);
        found[kind].pieces.push(sets::Piece { sound: Sound::Made(seed, number), onsets });
    }
    found.into_iter().filter(|set| !set.pieces.is_empty()).collect()
}
