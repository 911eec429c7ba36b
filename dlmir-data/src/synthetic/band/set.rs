//! Sets: which pieces are ordered for which task, and their recordings.

use dlmir_audio::Signal;

use super::genre::Genre;
use super::harmony::weighted;
use super::mood::MoodPoint;
use super::piece::{Cast, Order, Piece};
use super::tempo::Meter;
use crate::rng::{Rng, stream};
use crate::synthetic::medium::Medium;
use crate::synthetic::recording::Recording;

/// A set of pieces for one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Genres in turn: item I is of genre I mod 12. The mood is drawn around the genre's.
    Genre,
    /// Moods: the mood is drawn first, the genre after it.
    Mood,
    /// Tags: as moods, but other pieces.
    Tags,
    /// Onsets: drums alone, one player alone, and whole bands, about a third each.
    Onsets,
    /// Rhythms of four levels in turn: item I is of level I mod 4.
    Rhythm,
}

/// How hard the beat of a piece is to find.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Drums, four beats a bar, a steady tempo.
    Easy,
    /// Swing, syncopation, the metres and the steadiness of the genre's players.
    Medium,
    /// Three, five, six or seven to the bar, a drifting tempo, often without drums.
    Hard,
    /// One player or a few without drums, with a tempo that breathes.
    Expressive,
}

impl Level {
    /// All of them, in order.
    pub const ALL: [Level; 4] = [Level::Easy, Level::Medium, Level::Hard, Level::Expressive];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Level::Easy => "easy",
            Level::Medium => "medium",
            Level::Hard => "hard",
            Level::Expressive => "expressive",
        }
    }

    fn genres(self) -> &'static [Genre] {
        match self {
            Level::Easy => {
                &[Genre::Pop, Genre::House, Genre::Rock, Genre::HipHop, Genre::Metal, Genre::Reggae]
            }
            Level::Medium => {
                &[Genre::Blues, Genre::Jazz, Genre::Latin, Genre::Folk, Genre::Metal, Genre::Reggae]
            }
            Level::Hard => &[
                Genre::Baroque,
                Genre::Folk,
                Genre::Jazz,
                Genre::Metal,
                Genre::Rock,
                Genre::Classical,
            ],
            Level::Expressive => {
                &[Genre::Classical, Genre::Classical, Genre::Folk, Genre::Baroque, Genre::Jazz]
            }
        }
    }
}

/// A piece and its recording.
#[derive(Debug, Clone)]
pub struct Item {
    /// The piece with its labels.
    pub piece: Piece,
    /// The recording.
    pub signal: Signal,
}

impl Set {
    /// What is ordered for an item. It depends on the seed, the number and the length alone.
    pub fn order(self, seed: u64, index: u64, seconds: f32) -> Order {
        let set = self as u64 + 1;
        let mut own = Rng::at(seed, set, index, stream::PLAY);
        let rng = &mut own;
        let order = Order {
            seed,
            set,
            item: index,
            seconds: f64::from(seconds),
            genre: Genre::ALL[(index % 12) as usize],
            mood: MoodPoint { valence: 0.0, arousal: 0.0 },
            cast: Cast::Full,
            meter: None,
            unsteadiness: None,
        };
        match self {
            Set::Genre => Order { mood: MoodPoint::draw_for(order.genre, rng), ..order },
            Set::Mood | Set::Tags => {
                let mood = MoodPoint::draw(rng);
                Order { mood, genre: mood.draw_genre(rng), ..order }
            }
            Set::Onsets => {
                let genre = *rng.pick(&Genre::ALL);
                let cast =
                    weighted(&[(Cast::Full, 3.0), (Cast::Solo, 3.0), (Cast::Drums, 3.0)], rng);
                // Drums alone are asked of those who have drums.
                let genre = if cast == Cast::Drums && genre.rules().grooves.len() < 2 {
                    *rng.pick(&[Genre::Rock, Genre::Jazz, Genre::Latin, Genre::HipHop])
                } else {
                    genre
                };
                Order { mood: MoodPoint::draw_for(genre, rng), genre, cast, ..order }
            }
            Set::Rhythm => {
                let level = Level::ALL[(index % 4) as usize];
                let genre = *rng.pick(level.genres());
                let mood = MoodPoint::draw_for(genre, rng);
                let odd = [Meter::ThreeFour, Meter::FiveFour, Meter::SixEight, Meter::SevenEight];
                let sparse = if rng.chance(0.5) { Cast::Solo } else { Cast::NoDrums };
                let (cast, meter, unsteadiness) = match level {
                    Level::Easy => (Cast::Full, Some(Meter::FourFour), Some([0.0, 0.0])),
                    Level::Medium => (Cast::Full, None, None),
                    Level::Hard => {
                        let drift = rng.uniform_in(0.02, 0.06);
                        let cast = if rng.chance(0.5) { Cast::NoDrums } else { Cast::Full };
                        (cast, Some(*rng.pick(&odd)), Some([drift, 0.03]))
                    }
                    Level::Expressive => {
                        let depths = [rng.uniform_in(0.02, 0.06), rng.uniform_in(0.08, 0.22)];
                        (sparse, None, Some(depths))
                    }
                };
                Order { mood, genre, cast, meter, unsteadiness, ..order }
            }
        }
    }

    /// Item `index`: a function of (set, seed, index, seconds, sample rate) and nothing else.
    ///
    /// # Panics
    /// If `seconds` is not positive, the sample rate is below 4000, or the number is 2^32 or more.
    #[track_caller]
    pub fn item(self, seed: u64, index: u64, seconds: f32, sample_rate: u32) -> Item {
        let piece = Piece::compose(&self.order(seed, index, seconds));
        let mut samples = piece.render(sample_rate);
        // One studio for an album, one tape for an item; neither knows what is played.
        let studio = (piece.artist.number * super::artist::ALBUMS + piece.album) as u64;
        let mut studio = Rng::at(seed, piece.order.genre as u64, studio, stream::ALBUM);
        let mut tape = Rng::at(seed, self as u64 + 1, index, stream::RECORD);
        let recording = Recording::draw_for_album(&mut studio, &mut tape);
        let medium = Medium::draw(&mut tape);
        let events = matches!(self, Set::Onsets | Set::Rhythm);
        let medium = if events { medium.without_fades() } else { medium };
        let rate = sample_rate as f32;
        medium.pick_up(&mut samples, rate);
        recording.apply(&mut samples, rate);
        medium.copy(&mut samples, rate);
        Item { piece, signal: Signal::new(samples, sample_rate) }
    }
}

/// A piece of any genre, drawn from `rng` alone: for sets whose labels are not about the music. No two have an artist in common.
pub(in crate::synthetic) fn any_piece(rng: &mut Rng, seconds: f32) -> Piece {
    let genre = *rng.pick(&Genre::ALL);
    let casts = [(Cast::Full, 5.0), (Cast::NoDrums, 2.0), (Cast::Solo, 2.0)];
    Piece::compose(&Order {
        seed: u64::from(rng.next_u32()),
        set: 0,
        item: 0,
        seconds: f64::from(seconds),
        genre,
        mood: MoodPoint::draw_for(genre, rng),
        cast: weighted(&casts, rng),
        meter: None,
        unsteadiness: None,
    })
}

#[cfg(test)]
#[path = "set_tests.rs"]
mod tests;
