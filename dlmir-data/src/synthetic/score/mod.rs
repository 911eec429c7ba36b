//! What is played: tempo, metre, harmony, and the parts that follow from them.
//!
//! | file | what |
//! |---|---|
//! | this one | the clock and the frame of a piece |
//! | [`harmony`] | scales, chords and their progressions |
//! | [`melody`] | tunes in phrases |
//! | [`accompaniment`] | bass lines, chords in many figures |
//! | [`groove`] | drum patterns |
//!
//! Parts are written in beats and turned into seconds by the [`Clock`], which knows swing, rubato and the
//! small errors of human hands.

pub mod accompaniment;
pub mod groove;
pub mod harmony;
pub mod melody;

use harmony::{Chord, Key};

use super::instrument::Note;
use super::oscillator::{fraction, sine};
use crate::rng::Rng;

/// From beats to seconds.
#[derive(Debug, Clone)]
pub struct Clock {
    /// Beats a minute.
    pub bpm: f32,
    /// Where the second half of a beat begins: 0.5 straight, 0.67 triplets.
    pub swing: f32,
    /// Depth of the tempo's breathing within a phrase, in beats.
    pub rubato_beats: f32,
    /// Length of a phrase in beats.
    pub phrase_beats: f32,
    /// Standard deviation of a note's time in seconds: 0 for machines, 0.01 for hands.
    pub looseness_s: f32,
}

impl Clock {
    /// When a beat comes. Grows with the beat as long as the rubato is below `phrase_beats / 7`.
    pub fn seconds(&self, beat: f32) -> f32 {
        let whole = beat.floor();
        let part = beat - whole;
        let swung = if part < 0.5 {
            part * 2.0 * self.swing
        } else {
            self.swing + (part - 0.5) * 2.0 * (1.0 - self.swing)
        };
        let breath = self.rubato_beats * sine(fraction(beat / self.phrase_beats));
        (whole + swung + breath) * 60.0 / self.bpm
    }
}

/// A note in beats.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BeatNote {
    /// When it begins.
    pub beat: f32,
    /// How long it lasts.
    pub beats: f32,
    /// MIDI pitch.
    pub pitch: f32,
    /// Loudness, 0 to 1.
    pub velocity: f32,
}

/// The frame of a piece, in which all parts are written.
#[derive(Debug, Clone)]
pub struct Score {
    /// The tempo.
    pub clock: Clock,
    /// Beats in a bar.
    pub beats_per_bar: usize,
    /// Equal parts of a beat: 2 or 4 straight, 3 in compound metre (6/8 has two beats of three).
    pub division: usize,
    /// Tonic and mode.
    pub key: Key,
    /// The harmony, a chord a bar.
    pub chords: Vec<Chord>,
}

/// The frame's character.
#[derive(Debug, Clone, Copy)]
pub struct Character {
    /// The slowest and the fastest tempo, in beats a minute.
    pub bpm: [f32; 2],
    /// Chance of swing.
    pub swing: f32,
    /// Chance of a tempo that breathes.
    pub rubato: f32,
    /// True if machines keep the time.
    pub machine: bool,
}

impl Score {
    /// Draws a frame that lasts at least so many seconds.
    pub fn draw(character: &Character, seconds: f32, rng: &mut Rng) -> Score {
        // Mostly 4/4, then 3/4 and 6/8, now and then 2/4, 5/4 and 7/4.
        let metres =
            [(4, 2), (4, 2), (4, 4), (4, 4), (4, 2), (3, 2), (2, 3), (2, 4), (5, 2), (7, 2)];
        let (beats_per_bar, division) = *rng.pick(&metres);
        let bars_per_phrase = *rng.pick(&[2, 4, 4, 4, 8]);
        let phrase_beats = (bars_per_phrase * beats_per_bar) as f32;
        let straight = if character.machine { 0.0 } else { rng.log_uniform_in(0.003, 0.02) };
        let clock = Clock {
            bpm: rng.log_uniform_in(character.bpm[0], character.bpm[1]),
            swing: if rng.chance(character.swing) { rng.uniform_in(0.55, 0.68) } else { 0.5 },
            rubato_beats: if rng.chance(character.rubato) {
                phrase_beats * rng.uniform_in(0.02, 0.09)
            } else {
                0.0
            },
            phrase_beats,
            looseness_s: straight,
        };
        let bars = (seconds * clock.bpm / 60.0 / beats_per_bar as f32) as usize + 2;
        let key = Key::draw(rng);
        let chords = harmony::progression(&key, bars, rng);
        Score { clock, beats_per_bar, division, key, chords }
    }

    /// The number of bars.
    pub fn bars(&self) -> usize {
        self.chords.len()
    }

    /// The first beat of a bar.
    pub fn bar_beat(&self, bar: usize) -> f32 {
        (bar * self.beats_per_bar) as f32
    }

    /// The chord at a beat.
    pub fn chord_at(&self, beat: f32) -> &Chord {
        let bar = (beat.max(0.0) / self.beats_per_bar as f32) as usize;
        &self.chords[bar.min(self.chords.len() - 1)]
    }

    /// A part in seconds, played by hands: a little early or late, loudness never quite even. Loudness
    /// also follows the phrase, up and down again, by `dynamics` (0 to 1).
    pub fn perform(&self, part: &[BeatNote], dynamics: f32, rng: &mut Rng) -> Vec<Note> {
        let performed = part.iter().map(|note| {
            let start_s = self.clock.seconds(note.beat) + self.clock.looseness_s * rng.normal();
            let end_s = self.clock.seconds(note.beat + note.beats);
            let arc = sine(0.5 * fraction(note.beat / self.clock.phrase_beats));
            let velocity = note.velocity * (1.0 - dynamics + dynamics * arc);
            Note {
                start_s: start_s.max(0.0),
                duration_s: (end_s - start_s).max(0.03),
                pitch: note.pitch,
                velocity: (velocity * (1.0 + 0.1 * rng.normal())).clamp(0.05, 1.0),
            }
        });
        performed.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_forward() {
        for seed in 0..50 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            let character =
                Character { bpm: [50.0, 180.0], swing: 0.5, rubato: 0.5, machine: false };
            let score = Score::draw(&character, 20.0, &mut rng);
            let times: Vec<f32> = (0..400).map(|i| score.clock.seconds(i as f32 / 7.0)).collect();
            assert!(times.windows(2).all(|w| w[1] > w[0]), "{:?}", score.clock);
            let end = score.bar_beat(score.bars());
            assert!(score.clock.seconds(end) >= 20.0);
        }
    }
}
