//! Moods: a point in a plane before a piece is written, words after it.
//!
//! A composer is asked for valence (unpleasant to pleasant) and arousal (calm to excited), the two axes of
//! Russell's circumplex (1980). The point shapes tempo, mode, register, density, articulation and touch,
//! together with the genre and the artist's habits, which may be stronger. What mood a piece has is then judged by
//! what it became, not by what was asked for: the words follow from its [`Traits`] alone.
//!
//! The weights follow the direction, not the size, of what listening experiments found: fast, dense, loud and
//! percussive music excites; major, high and bright music pleases; slow, low, minor music saddens; staccato is
//! playful and legato tender (Gabrielsson and Lindström, "The role of structure in the musical expression of
//! emotions", 2010).

use super::genre::Genre;
use super::harmony::weighted;
use crate::rng::Rng;

/// Valence and arousal, each from -1 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MoodPoint {
    /// Unpleasant to pleasant.
    pub valence: f32,
    /// Calm to excited.
    pub arousal: f32,
}

impl MoodPoint {
    /// Anywhere in the square.
    pub fn draw(rng: &mut Rng) -> MoodPoint {
        MoodPoint { valence: rng.uniform_in(-1.0, 1.0), arousal: rng.uniform_in(-1.0, 1.0) }
    }

    /// Around the mood of a genre, with a standard deviation of 0.45.
    pub fn draw_for(genre: Genre, rng: &mut Rng) -> MoodPoint {
        let [valence, arousal] = genre.rules().mood;
        let mut near = |middle: f32| (middle + 0.45 * rng.normal()).clamp(-1.0, 1.0);
        MoodPoint { valence: near(valence), arousal: near(arousal) }
    }

    /// A genre, the likelier the nearer its usual mood.
    pub fn draw_genre(self, rng: &mut Rng) -> Genre {
        let weight = |genre: Genre| {
            let [valence, arousal] = genre.rules().mood;
            let distance = (self.valence - valence).powi(2) + (self.arousal - arousal).powi(2);
            (-distance / (2.0 * 0.5 * 0.5)).exp() + 0.01
        };
        let choices: Vec<(Genre, f32)> = Genre::ALL.iter().map(|&g| (g, weight(g))).collect();
        weighted(&choices, rng)
    }
}

/// What a piece is like, measured on its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traits {
    /// Beats a minute.
    pub bpm: f32,
    /// Moments a second at which something begins, drums included.
    pub events_per_s: f32,
    /// Drum strokes a second.
    pub strokes_per_s: f32,
    /// How bright the mode is, 1 major to -1 phrygian.
    pub mode: f32,
    /// The mean MIDI pitch, without the bass.
    pub register: f32,
    /// The mean velocity, 0 to 1.
    pub velocity: f32,
    /// The mean share of its time that a note of tune or harmony sounds: 1 legato.
    pub legato: f32,
    /// The share of notes played by distorted guitars.
    pub distortion: f32,
    /// The share of notes whose tone begins slowly (bowed, blown, sung, pads).
    pub soft: f32,
    /// The share of diminished, augmented-fourth and minor-second harmony.
    pub dissonance: f32,
}

impl Traits {
    /// The mood that listeners would give it, from -1 to 1 on both axes.
    pub fn felt(&self) -> MoodPoint {
        let tempo = (self.bpm / 100.0).ln() / 0.35;
        let density = (self.events_per_s.max(0.2) / 5.5).ln() / 0.6;
        let touch = (self.velocity - 0.49) / 0.12;
        let beat = (self.strokes_per_s / 8.0).min(1.5);
        let register = (self.register - 62.0) / 8.0;
        let arousal =
            0.3 * tempo + 0.4 * density + 0.3 * touch + 0.35 * beat + 0.6 * self.distortion
                - 0.25 * self.soft
                - 0.25;
        let valence =
            0.75 * self.mode + 0.25 * tempo + 0.15 * register + 0.25 * (0.85 - self.legato)
                - 0.6 * self.distortion
                - 0.5 * self.dissonance
                - 0.05;
        MoodPoint { valence: valence.tanh(), arousal: arousal.tanh() }
    }
}

/// A word for a mood. A piece may have several, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mood {
    /// Excited, hard, distorted or fast in minor.
    Aggressive,
    /// Little happens.
    Calm,
    /// Minor and low.
    Dark,
    /// Slow tones that flow into one another.
    Dreamy,
    /// Much happens, fast.
    Energetic,
    /// Bright mode, not too slow.
    Happy,
    /// Bright, short notes.
    Playful,
    /// Hard touch on many notes.
    Powerful,
    /// Dark mode, not excited.
    Sad,
    /// Slow, joined, without a beat.
    Solemn,
    /// Soft, joined, not dark to the end.
    Tender,
    /// Excited or dissonant, and not pleasant.
    Tense,
}

impl Mood {
    /// All of them, in byte order of their names.
    pub const ALL: [Mood; 12] = [
        Mood::Aggressive,
        Mood::Calm,
        Mood::Dark,
        Mood::Dreamy,
        Mood::Energetic,
        Mood::Happy,
        Mood::Playful,
        Mood::Powerful,
        Mood::Sad,
        Mood::Solemn,
        Mood::Tender,
        Mood::Tense,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Mood::Aggressive => "aggressive",
            Mood::Calm => "calm",
            Mood::Dark => "dark",
            Mood::Dreamy => "dreamy",
            Mood::Energetic => "energetic",
            Mood::Happy => "happy",
            Mood::Playful => "playful",
            Mood::Powerful => "powerful",
            Mood::Sad => "sad",
            Mood::Solemn => "solemn",
            Mood::Tender => "tender",
            Mood::Tense => "tense",
        }
    }

    /// True if the word fits a piece with these traits.
    pub fn fits(self, traits: &Traits) -> bool {
        let MoodPoint { valence: v, arousal: a } = traits.felt();
        let t = traits;
        match self {
            Mood::Aggressive => a > 0.45 && v < 0.0 && (t.distortion > 0.2 || a > 0.75),
            Mood::Calm => a < -0.35,
            Mood::Dark => v < -0.15 && t.register < 61.0,
            Mood::Dreamy => a < -0.05 && t.soft > 0.3 && t.legato > 0.75,
            Mood::Energetic => a > 0.4,
            Mood::Happy => v > 0.4 && a > -0.35,
            Mood::Playful => v > 0.15 && a > -0.35 && t.legato < 0.76,
            Mood::Powerful => a > 0.35 && t.velocity > 0.54,
            Mood::Sad => v < -0.3 && a < 0.15,
            Mood::Solemn => a < 0.0 && t.bpm < 84.0 && t.legato > 0.7 && t.strokes_per_s < 1.0,
            Mood::Tender => a < -0.1 && v > -0.6 && t.velocity < 0.46 && t.distortion == 0.0,
            Mood::Tense => v < -0.35 && a > 0.1 || t.dissonance > 0.25 && a > -0.2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIDDLE: Traits = Traits {
        bpm: 100.0,
        events_per_s: 5.0,
        strokes_per_s: 3.0,
        mode: 0.0,
        register: 62.0,
        velocity: 0.5,
        legato: 0.8,
        distortion: 0.0,
        soft: 0.2,
        dissonance: 0.0,
    };

    fn words(traits: &Traits) -> Vec<&'static str> {
        Mood::ALL.iter().filter(|mood| mood.fits(traits)).map(|mood| mood.name()).collect()
    }

    #[test]
    fn words_follow_from_musical_causes() {
        let dance = Traits {
            bpm: 138.0,
            events_per_s: 10.0,
            strokes_per_s: 6.0,
            mode: 1.0,
            legato: 0.6,
            ..MIDDLE
        };
        assert_eq!(words(&dance), ["energetic", "happy", "playful"]);
        let lament = Traits {
            bpm: 60.0,
            events_per_s: 2.0,
            strokes_per_s: 0.0,
            mode: -0.7,
            register: 58.0,
            velocity: 0.38,
            soft: 0.8,
            ..MIDDLE
        };
        let found = words(&lament);
        for word in ["calm", "dark", "sad", "solemn", "dreamy"] {
            assert!(found.contains(&word), "{word}: {found:?}");
        }
        let metal = Traits {
            bpm: 170.0,
            events_per_s: 11.0,
            strokes_per_s: 14.0,
            mode: -1.0,
            velocity: 0.66,
            distortion: 0.9,
            ..MIDDLE
        };
        let found = words(&metal);
        for word in ["aggressive", "energetic", "powerful", "tense"] {
            assert!(found.contains(&word), "{word}: {found:?}");
        }
    }

    #[test]
    fn each_cause_moves_the_mood_its_own_way() {
        let middle = MIDDLE.felt();
        assert!(Traits { bpm: 140.0, ..MIDDLE }.felt().arousal > middle.arousal);
        assert!(Traits { events_per_s: 9.0, ..MIDDLE }.felt().arousal > middle.arousal);
        assert!(Traits { mode: 1.0, ..MIDDLE }.felt().valence > middle.valence);
        assert!(Traits { register: 72.0, ..MIDDLE }.felt().valence > middle.valence);
        assert!(Traits { distortion: 0.8, ..MIDDLE }.felt().valence < middle.valence);
    }
}
