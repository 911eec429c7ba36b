//! The frame of a piece: sections, bars and chords, before a note is written.
//!
//! A piece goes through its sections, such as verse and chorus, and each section has its own progression,
//! its own loudness and its own players. A phrase is four bars where the progression allows.

use super::genre::{Genre, Rules};
use super::harmony::{Chord, Key, progression, weighted};
use super::tempo::Meter;
use crate::rng::Rng;

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Some of the players begin.
    Intro,
    /// The story.
    Verse,
    /// What everybody remembers: all play.
    Chorus,
    /// An instrument has the tune.
    Solo,
    /// Something else for a while; drums or bass may rest.
    Bridge,
}

impl Part {
    /// As song structures are annotated.
    pub fn name(self) -> &'static str {
        match self {
            Part::Intro => "intro",
            Part::Verse => "verse",
            Part::Chorus => "chorus",
            Part::Solo => "solo",
            Part::Bridge => "bridge",
        }
    }
}

/// A stretch of bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// What it is for.
    pub part: Part,
    /// Its first bar.
    pub first_bar: usize,
    /// Its number of bars.
    pub bars: usize,
    /// How hard everybody plays, 0.6 to 1.
    pub intensity: f32,
}

/// A chord and where it begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChordSpan {
    /// Its first beat.
    pub beat: f64,
    /// The chord.
    pub chord: Chord,
}

/// Sections, bars and chords of a piece.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The metre.
    pub meter: Meter,
    /// Tonic and mode.
    pub key: Key,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// The chords, in order.
    pub chords: Vec<ChordSpan>,
    /// Bars in a phrase.
    pub phrase_bars: usize,
}

/// Forms that a piece goes round in.
const SONG: [Part; 8] = {
    use Part::{Bridge, Chorus, Intro, Solo, Verse};
    [Intro, Verse, Chorus, Verse, Chorus, Solo, Bridge, Chorus]
};
const TRACK: [Part; 6] =
    [Part::Intro, Part::Verse, Part::Chorus, Part::Bridge, Part::Chorus, Part::Verse];
const THEME: [Part; 6] =
    [Part::Chorus, Part::Verse, Part::Solo, Part::Solo, Part::Verse, Part::Chorus];

impl Frame {
    /// Draws a frame of at least so many beats, that begins with any section of the piece: what is heard is an
    /// excerpt.
    pub fn draw(
        genre: Genre,
        rules: &Rules,
        meter: Meter,
        key: Key,
        beats: usize,
        rng: &mut Rng,
    ) -> Frame {
        let paths = if key.mode.is_minor() { rules.minor } else { rules.major };
        // Verse and chorus have their own progressions; they may be the same.
        let [verse, chorus] =
            [*rng.pick(paths), *rng.pick(paths)].map(|p| progression(p, key.tonic));
        let hold = weighted(rules.bars_per_chord, rng);
        let form: &[Part] = match genre {
            Genre::House | Genre::HipHop => &TRACK,
            Genre::Baroque | Genre::Classical | Genre::Jazz | Genre::Blues => &THEME,
            _ => &SONG,
        };
        let mut place = rng.below(form.len());
        let section_bars = if verse.len() == 12 { 12 } else { *rng.pick(&[4, 8, 8]) };
        let phrase_bars = 4;

        let (mut sections, mut chords) = (Vec::new(), Vec::new());
        let mut bar = 0;
        let bar_beats = meter.beats() as f64;
        while bar * meter.beats() < beats {
            let part = form[place % form.len()];
            let intensity = match part {
                Part::Intro => 0.75,
                Part::Bridge => 0.7,
                Part::Verse => 0.85,
                Part::Chorus | Part::Solo => 1.0,
            };
            sections.push(Section { part, first_bar: bar, bars: section_bars, intensity });
            let path = if part == Part::Chorus { &chorus } else { &verse };
            let (mut at, mut k) = (0.0, 0);
            while at < section_bars as f64 {
                let beat = (bar as f64 + at) * bar_beats;
                // A chord of half a bar changes on a beat, also in a bar of three.
                let beat = if hold < 1.0 { beat.ceil() } else { beat };
                chords.push(ChordSpan { beat, chord: path[k % path.len()] });
                (at, k) = (at + f64::from(hold), k + 1);
            }
            (bar, place) = (bar + section_bars, place + 1);
        }
        Frame { meter, key, sections, chords, phrase_bars }
    }

    /// The number of bars.
    pub fn bars(&self) -> usize {
        self.sections.last().map_or(0, |s| s.first_bar + s.bars)
    }

    /// The first beat of a bar.
    pub fn bar_beat(&self, bar: usize) -> f64 {
        (bar * self.meter.beats()) as f64
    }

    /// The place of a slot of the grid in a bar, in beats.
    pub fn slot_beat(&self, bar: usize, slot: usize) -> f64 {
        self.bar_beat(bar) + slot as f64 / self.meter.slots_per_beat() as f64
    }

    /// The section of a bar.
    pub fn section(&self, bar: usize) -> &Section {
        let next = self.sections.partition_point(|s| s.first_bar <= bar);
        &self.sections[next.saturating_sub(1)]
    }

    /// The chord at a beat.
    pub fn chord_at(&self, beat: f64) -> Chord {
        let next = self.chords.partition_point(|c| c.beat <= beat + 1e-6);
        self.chords[next.saturating_sub(1)].chord
    }

    /// True in the last bar of a phrase or section.
    pub fn closes(&self, bar: usize) -> bool {
        let section = self.section(bar);
        let place = bar - section.first_bar + 1;
        place == section.bars || place.is_multiple_of(self.phrase_bars)
    }
}

#[cfg(test)]
mod tests {
    use super::super::harmony::Mode;
    use super::*;

    #[test]
    fn frames_are_whole_and_their_chords_in_order() {
        for (i, genre) in Genre::ALL.into_iter().enumerate() {
            let mut rng = Rng::at(7, 0, i as u64, 0);
            let (rules, key) = (genre.rules(), Key { tonic: 2, mode: Mode::Minor });
            let frame = Frame::draw(genre, rules, Meter::ThreeFour, key, 100, &mut rng);
            assert!(3 * frame.bars() >= 100);
            assert_eq!(frame.chords[0].beat, 0.0);
            assert!(frame.chords.windows(2).all(|w| w[0].beat < w[1].beat), "{genre:?}");
            assert!(
                frame.sections.windows(2).all(|w| w[0].first_bar + w[0].bars == w[1].first_bar)
            );
            assert_eq!(frame.section(0), &frame.sections[0]);
            assert_eq!(frame.chord_at(0.5), frame.chords[0].chord);
        }
    }
}
