//! Artists: the same hands, instruments and habits in every piece.
//!
//! A genre has [`ARTISTS`] of them, and each is a function of the seed, the genre and a number. What is drawn
//! here stays: the instruments and what they are made of, the singer's throat and language, the drum kit, favourite
//! patterns, keys and tempi, how far the swing swings, how loose the hands are. A network that has heard an artist in
//! training knows much about the artist's other pieces, which is why a split has to keep artists together.
//!
//! An artist has [`ALBUMS`] albums. An album was made in one studio: room, equalisation and compression are
//! those of all its pieces.

use super::genre::{Genre, Kits};
use super::groove::{Drummer, Groove};
use super::harmony::weighted;
use super::orchestra::{Patch, Sound};
use super::pattern::{BassLine, Comp};
use super::tempo::Swing;
use crate::rng::{Rng, stream};
use crate::synthetic::drum::Kit;
use crate::synthetic::voice::Singer;

/// Artists in a genre.
pub const ARTISTS: usize = 24;
/// Albums of an artist.
pub const ALBUMS: usize = 3;

/// What happens to a player's sound on its way to the desk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Effect {
    /// Nothing.
    None,
    /// An amplifier driven by this much.
    Drive(f32),
    /// The loudness swings so often a second, so deeply.
    Tremolo(f32, f32),
    /// A copy that wavers in pitch.
    Chorus,
    /// Echoes after so many beats, with this feedback.
    Echo(f32, f32),
}

/// Somebody with an instrument.
#[derive(Debug, Clone)]
pub struct Player {
    /// What it is called.
    pub patch: Patch,
    /// What it is made of.
    pub sound: Sound,
    /// The seed of its body's resonances and of its effect's.
    pub body: u32,
    /// Its effect.
    pub effect: Effect,
    /// How loud it is mixed, in dB.
    pub gain_db: f32,
    /// How early (below 0) or late it plays, in seconds.
    pub lag_s: f32,
    /// The pattern it likes best.
    pub choice: usize,
}

impl Player {
    /// Hires somebody with this instrument.
    pub fn draw(patch: Patch, rng: &mut Rng) -> Player {
        let effect = match (patch, rng.below(10)) {
            (Patch::DistortedGuitar, _) => Effect::Drive(rng.log_uniform_in(8.0, 60.0)),
            (Patch::ElectricGuitar, 0..=3) => Effect::Drive(rng.log_uniform_in(0.6, 3.0)),
            (Patch::ElectricGuitar | Patch::ElectricPiano | Patch::Organ, 4) => {
                Effect::Tremolo(rng.uniform_in(3.0, 7.0), rng.uniform_in(0.2, 0.6))
            }
            (Patch::ElectricGuitar | Patch::SynthPad | Patch::BassGuitar, 5) => Effect::Chorus,
            (Patch::SynthLead | Patch::ElectricGuitar | Patch::Trumpet, 6) => {
                Effect::Echo(*rng.pick(&[0.5, 0.75, 1.0]), rng.uniform_in(0.15, 0.45))
            }
            _ => Effect::None,
        };
        Player {
            patch,
            sound: patch.make(rng),
            body: rng.next_u32(),
            effect,
            gain_db: 2.0 * rng.normal(),
            lag_s: 0.006 * rng.normal(),
            choice: rng.below(12),
        }
    }
}

/// An artist: a group of players with habits.
#[derive(Debug, Clone)]
pub struct Artist {
    /// The genre.
    pub genre: Genre,
    /// Counted within the genre.
    pub number: usize,
    /// The bass, and the lines it plays.
    pub bass: Option<(Player, [BassLine; 2])>,
    /// Those who play chords, and how.
    pub harmony: Vec<(Player, [Comp; 2])>,
    /// Who plays the tune when nobody sings.
    pub lead: Player,
    /// Who sings.
    pub singer: Option<Singer>,
    /// The drums, and the patterns they play.
    pub drums: Option<(Kit, [Groove; 2])>,
    /// How the drums are played.
    pub drummer: Drummer,
    /// What swings.
    pub swing: Swing,
    /// Standard deviation of a note's time in seconds.
    pub looseness_s: f32,
    /// Drift of the tempo.
    pub drift: f32,
    /// Depth of rubato.
    pub rubato: f32,
    /// A liking for fast tempi (above 0) or slow ones, as a share of the genre's range.
    pub haste: f32,
    /// Favourite tonics.
    pub tonics: [i32; 3],
    /// Chance of a leap in a tune.
    pub leaps: f32,
    /// Semitones that a tune goes up and down from its middle.
    pub reach: f32,
    /// Where the artist's tunes lie in the genre's ranges of density, articulation and syncopation, 0 to 1.
    pub manner: [f32; 3],
}

impl Artist {
    /// The artist with this number.
    ///
    /// # Panics
    /// If the number is not below [`ARTISTS`].
    #[track_caller]
    pub fn of(seed: u64, genre: Genre, number: usize) -> Artist {
        assert!(number < ARTISTS, "artist {number}: a genre has {ARTISTS}");
        let rules = genre.rules();
        let mut own = Rng::at(seed, genre as u64, number as u64, stream::ARTIST);
        let rng = &mut own;
        let two = |choices: &[(Comp, f32)], rng: &mut Rng| {
            [weighted(choices, rng), weighted(choices, rng)]
        };

        let [few, many] = rules.harmony_players;
        let players = few + rng.below(many - few + 1);
        let mut harmony: Vec<(Player, [Comp; 2])> = Vec::new();
        for _ in 0..players {
            let patch = weighted(rules.harmony, rng);
            let comps = two(rules.comps, rng);
            harmony.push((Player::draw(patch, rng), comps));
        }
        let lead = Player::draw(weighted(rules.leads, rng), rng);
        // A pianist or harpsichordist who is alone has a left hand; others need somebody below them.
        let bass = Player::draw(weighted(rules.basses, rng), rng);
        let lines = [weighted(rules.bass_lines, rng), weighted(rules.bass_lines, rng)];
        let singer = rng.chance(rules.vocal).then(|| Singer::draw(rng));
        let electronic = match rules.kits {
            Kits::Acoustic | Kits::None => false,
            Kits::Electronic => true,
            Kits::Either => rng.chance(0.5),
        };
        let kit = if electronic { Kit::draw_electronic(rng) } else { Kit::draw_acoustic(rng) };
        // Hand drums are not always there in folk, and hardly ever a timpani in chamber music.
        let beaten = match genre {
            Genre::Folk => rng.chance(0.5),
            Genre::Classical => rng.chance(0.1),
            _ => true,
        };
        let drums = (beaten && !rules.grooves.is_empty())
            .then(|| (kit, [weighted(rules.grooves, rng), weighted(rules.grooves, rng)]));
        let within = |range: [f32; 2], rng: &mut Rng| rng.uniform_in(range[0], range[1]);
        Artist {
            genre,
            number,
            bass: Some((bass, lines)),
            harmony,
            lead,
            singer,
            drums,
            drummer: Drummer::draw(rng),
            swing: rules.draw_swing(rng),
            looseness_s: within(rules.looseness_s, rng),
            drift: within(rules.drift, rng),
            rubato: within(rules.rubato, rng),
            haste: 0.25 * rng.normal(),
            tonics: std::array::from_fn(|_| rng.below(12) as i32),
            leaps: rng.uniform_in(0.05, 0.3),
            reach: rng.uniform_in(6.0, 12.0),
            manner: std::array::from_fn(|_| rng.uniform()),
        }
    }

    /// As in `blues_07`.
    pub fn name(&self) -> String {
        format!("{}_{:02}", self.genre.name(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_artist_is_always_the_same_and_never_another() {
        for genre in Genre::ALL {
            let one = format!("{:?}", Artist::of(1, genre, 5));
            assert_eq!(one, format!("{:?}", Artist::of(1, genre, 5)));
            assert_ne!(one, format!("{:?}", Artist::of(1, genre, 6)));
            assert_ne!(one, format!("{:?}", Artist::of(2, genre, 5)));
        }
        assert_eq!(Artist::of(1, Genre::Blues, 7).name(), "blues_07");
    }
}
