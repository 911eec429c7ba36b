//! Genres: what makes a blues a blues, written as rules of composition and performance.
//!
//! A genre says which metres, tempi, modes, progressions, patterns and instruments are likely, how notes
//! are grouped and how time is kept. It says nothing about loudness, silence, noise or bandwidth: what
//! happens behind the microphone is drawn alike for all.

use super::groove::Groove;
use super::harmony::{Mode, weighted};
use super::orchestra::Patch;
use super::pattern::{BassLine, Comp};
use super::tempo::{Meter, Swing};
use crate::rng::Rng;

/// The genres, in byte order of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Genre {
    /// Harpsichord, strings and winds in running lines over a walking bass, before 1750.
    Baroque,
    /// Twelve bars of dominant sevenths in a shuffle.
    Blues,
    /// Piano, strings and winds with a tempo that breathes, after 1770.
    Classical,
    /// Fiddle, banjo, guitar, accordion; reels, jigs and ballads.
    Folk,
    /// Sampled drums behind the beat, a low bass and little else.
    HipHop,
    /// Four on the floor, off-beat hats, chords in a loop.
    House,
    /// Swing, walking bass, seventh chords and a soloist.
    Jazz,
    /// Samba, bossa nova and salsa: interlocking patterns around a clave.
    Latin,
    /// Distorted guitars in fifths, double kick drums, dark modes.
    Metal,
    /// Four chords, a singer, drums and keys.
    Pop,
    /// The chord after the beat, the kick drum on three.
    Reggae,
    /// Guitars, a back beat, a singer.
    Rock,
}

impl Genre {
    /// All of them.
    pub const ALL: [Genre; 12] = [
        Genre::Baroque,
        Genre::Blues,
        Genre::Classical,
        Genre::Folk,
        Genre::HipHop,
        Genre::House,
        Genre::Jazz,
        Genre::Latin,
        Genre::Metal,
        Genre::Pop,
        Genre::Reggae,
        Genre::Rock,
    ];

    /// Its name, as class folders have it.
    pub fn name(self) -> &'static str {
        match self {
            Genre::Baroque => "baroque",
            Genre::Blues => "blues",
            Genre::Classical => "classical",
            Genre::Folk => "folk",
            Genre::HipHop => "hiphop",
            Genre::House => "house",
            Genre::Jazz => "jazz",
            Genre::Latin => "latin",
            Genre::Metal => "metal",
            Genre::Pop => "pop",
            Genre::Reggae => "reggae",
            Genre::Rock => "rock",
        }
    }

    /// Its rules.
    pub fn rules(self) -> &'static Rules {
        super::genre_rules::of(self)
    }
}

/// Who keeps time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kits {
    /// Nobody.
    None,
    /// A drummer.
    Acoustic,
    /// A machine.
    Electronic,
    /// The one or the other.
    Either,
}

/// What a genre allows, with weights where some is more usual.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The slowest and the fastest tempo, in beats a minute, of metres whose beat is a quarter or more.
    pub bpm: [f32; 2],
    /// Metres.
    pub meters: &'static [(Meter, f32)],
    /// Where the second eighth (or sixteenth) comes, from and to; 0.5 is even.
    pub swing: [f32; 2],
    /// True if sixteenths swing rather than eighths.
    pub swings_sixteenths: bool,
    /// Drift of the tempo, from and to.
    pub drift: [f32; 2],
    /// Depth of rubato, from and to.
    pub rubato: [f32; 2],
    /// Standard deviation of a stroke's time in seconds, from and to.
    pub looseness_s: [f32; 2],
    /// Modes.
    pub modes: &'static [(Mode, f32)],
    /// Progressions in major.
    pub major: &'static [&'static str],
    /// Progressions in minor.
    pub minor: &'static [&'static str],
    /// Bars to a chord.
    pub bars_per_chord: &'static [(f32, f32)],
    /// Drum patterns.
    pub grooves: &'static [(Groove, f32)],
    /// Which kits.
    pub kits: Kits,
    /// Bass lines.
    pub bass_lines: &'static [(BassLine, f32)],
    /// Who plays them.
    pub basses: &'static [(Patch, f32)],
    /// Ways to play chords.
    pub comps: &'static [(Comp, f32)],
    /// Who plays them.
    pub harmony: &'static [(Patch, f32)],
    /// How many of them, at least and at most.
    pub harmony_players: [usize; 2],
    /// Who plays the tune.
    pub leads: &'static [(Patch, f32)],
    /// The share of artists with a singer.
    pub vocal: f32,
    /// Notes of a tune a second, from and to.
    pub density: [f32; 2],
    /// The share of its time that a note of the tune sounds, from and to: staccato, legato.
    pub legato: [f32; 2],
    /// Chance that a note of the tune comes before its beat.
    pub syncopation: f32,
    /// Valence and arousal of a typical piece, -1 to 1.
    pub mood: [f32; 2],
}

impl Rules {
    /// A swing within the range; none where the range is at the even place.
    pub fn draw_swing(&self, rng: &mut Rng) -> Swing {
        let late = rng.uniform_in(self.swing[0], self.swing[1]);
        if late < 0.51 {
            Swing::Straight
        } else if self.swings_sixteenths {
            Swing::Sixteenths(f64::from(late))
        } else {
            Swing::Eighths(f64::from(late))
        }
    }

    /// A mode, the likelier the nearer its brightness to the valence.
    pub fn draw_mode(&self, valence: f32, rng: &mut Rng) -> Mode {
        let near = |mode: Mode| (-2.0 * (mode.brightness() - valence).powi(2)).exp() + 0.02;
        let choices: Vec<(Mode, f32)> =
            self.modes.iter().map(|&(mode, weight)| (mode, weight * near(mode))).collect();
        weighted(&choices, rng)
    }

    /// A tempo: the higher the arousal, the faster.
    pub fn draw_bpm(&self, arousal: f32, rng: &mut Rng) -> f32 {
        let place = (0.5 + 0.38 * arousal + 0.15 * rng.normal()).clamp(0.0, 1.0);
        self.bpm[0] * (self.bpm[1] / self.bpm[0]).powf(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::harmony::progression;
    use super::*;

    #[test]
    fn every_rule_can_be_followed() {
        for genre in Genre::ALL {
            let rules = genre.rules();
            assert!(rules.bpm[0] < rules.bpm[1], "{genre:?}");
            assert!(rules.harmony_players[0] <= rules.harmony_players[1]);
            for mode in rules.modes {
                let paths = if mode.0.is_minor() { rules.minor } else { rules.major };
                assert!(!paths.is_empty(), "{genre:?}: no progression in {:?}", mode.0);
                assert!(paths.iter().all(|path| !progression(path, 0).is_empty()));
            }
            assert!((rules.kits == Kits::None) == rules.grooves.is_empty(), "{genre:?}");
        }
        let names: Vec<&str> = Genre::ALL.iter().map(|g| g.name()).collect();
        assert!(names.is_sorted());
    }

    #[test]
    fn bright_moods_are_major_and_excited_ones_fast() {
        let rules = Genre::Pop.rules();
        let minors = |valence| {
            let modes = (0..400).map(|seed| rules.draw_mode(valence, &mut Rng::at(seed, 0, 0, 0)));
            modes.filter(|mode| mode.is_minor()).count()
        };
        assert!(minors(0.9) < 80 && minors(-0.9) > 280, "{} {}", minors(0.9), minors(-0.9));
        let mean = |arousal| {
            let bpm = (0..400).map(|seed| rules.draw_bpm(arousal, &mut Rng::at(seed, 0, 0, 0)));
            bpm.sum::<f32>() / 400.0
        };
        assert!(mean(0.9) > 1.3 * mean(-0.9), "{} {}", mean(0.9), mean(-0.9));
    }
}
