//! Ensembles: who plays together, and what.
//!
//! From one flute to an orchestra, from a choir to a drum circle. Each kind fixes roles, tempo range and
//! manners; everything within is drawn anew for each piece.

use super::drum::Kit;
use super::effect;
use super::instrument::fm::Fm;
use super::instrument::modal::Modal;
use super::instrument::organ::Organ;
use super::instrument::plucked::Plucked;
use super::instrument::subtractive::Synth;
use super::instrument::sustained::Sustained;
use super::instrument::{Instrument, Note, play_all};
use super::score::accompaniment::{BASSES, Bass, FIGURES, Figure, bass, chords};
use super::score::groove::{GROOVES, Groove, hits};
use super::score::melody::{Style, melody};
use super::score::{BeatNote, Character, Score};
use super::voice::Singer;
use crate::rng::Rng;

/// Who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ensemble {
    /// Piano, guitar, harp, organ: tune and harmony in two hands.
    SoloChordal,
    /// A violin or flute alone.
    SoloMelodic,
    /// Two to five bowed or blown instruments.
    Chamber,
    /// Sections of strings, winds and brass.
    Orchestra,
    /// Drums, bass, guitar or keys, a lead instrument.
    Band,
    /// The same with a singer.
    VocalBand,
    /// Distorted guitars, loud drums, sometimes a shouting singer.
    Rock,
    /// Synthesisers and machines.
    Electronic,
    /// Swing, walking bass, a soloist.
    Jazz,
    /// Drums alone.
    Percussion,
    /// One voice alone.
    SoloVoice,
    /// Many voices.
    Choir,
    /// A singer with guitar, piano, harp or accordion.
    Song,
    /// Pads, bells, drones; no beat.
    Ambient,
    /// Fiddle, pipes or accordion over a drone, with hand drums.
    Folk,
}

/// All ensembles; those of which the world has more stand here twice.
const ENSEMBLES: [Ensemble; 20] = [
    Ensemble::SoloChordal,
    Ensemble::SoloChordal,
    Ensemble::SoloMelodic,
    Ensemble::Chamber,
    Ensemble::Orchestra,
    Ensemble::Orchestra,
    Ensemble::Band,
    Ensemble::Band,
    Ensemble::VocalBand,
    Ensemble::VocalBand,
    Ensemble::VocalBand,
    Ensemble::Rock,
    Ensemble::Electronic,
    Ensemble::Jazz,
    Ensemble::Percussion,
    Ensemble::SoloVoice,
    Ensemble::Choir,
    Ensemble::Song,
    Ensemble::Ambient,
    Ensemble::Folk,
];

impl Ensemble {
    /// One of all, by the weights of the list.
    pub fn draw(rng: &mut Rng) -> Ensemble {
        *rng.pick(&ENSEMBLES)
    }

    fn character(self) -> Character {
        let (bpm, swing, rubato, machine) = match self {
            Ensemble::SoloChordal | Ensemble::SoloMelodic => ([50.0, 150.0], 0.2, 0.6, false),
            Ensemble::Chamber | Ensemble::Orchestra => ([50.0, 150.0], 0.0, 0.6, false),
            Ensemble::Band | Ensemble::VocalBand => ([65.0, 170.0], 0.2, 0.0, false),
            Ensemble::Rock => ([80.0, 190.0], 0.1, 0.0, false),
            Ensemble::Electronic => ([80.0, 175.0], 0.1, 0.0, true),
            Ensemble::Jazz => ([60.0, 200.0], 0.9, 0.0, false),
            Ensemble::Percussion | Ensemble::Folk => ([80.0, 180.0], 0.3, 0.0, false),
            Ensemble::SoloVoice | Ensemble::Choir => ([50.0, 110.0], 0.1, 0.6, false),
            Ensemble::Song => ([60.0, 140.0], 0.2, 0.4, false),
            Ensemble::Ambient => ([40.0, 80.0], 0.0, 0.3, false),
        };
        Character { bpm, swing, rubato, machine }
    }
}

/// A piece as it was played, and what it is.
#[derive(Debug, Clone)]
pub struct Performance {
    /// The sound, at no particular level.
    pub sound: Vec<f32>,
    /// Beats a minute.
    pub bpm: f32,
    /// The mode's name.
    pub mode: &'static str,
}

/// Plays a new piece for at least so many seconds.
pub fn perform(ensemble: Ensemble, rng: &mut Rng, seconds: f32, rate: f32) -> Performance {
    let score = Score::draw(&ensemble.character(), seconds, rng);
    let samples = (seconds * rate) as usize;
    let mut stage = Stage { score, rate, mix: vec![0.0; samples], rng };
    stage.play(ensemble);
    let Stage { score, mix, .. } = stage;
    Performance { sound: mix, bpm: score.clock.bpm, mode: score.key.mode }
}

/// The players, while they play.
struct Stage<'a> {
    score: Score,
    rate: f32,
    mix: Vec<f32>,
    rng: &'a mut Rng,
}

impl Stage<'_> {
    fn play(&mut self, ensemble: Ensemble) {
        match ensemble {
            Ensemble::SoloChordal => self.solo_chordal(),
            Ensemble::SoloMelodic => {
                let player = self.melodic();
                let dynamics = self.rng.uniform_in(0.2, 0.7);
                self.tune(&*player, 72.0, dynamics, 0.0);
            }
            Ensemble::Chamber => self.chamber(),
            Ensemble::Orchestra => self.orchestra(),
            Ensemble::Band => {
                self.rhythm_section();
                let lead = self.lead();
                self.tune(&*lead, 72.0, 0.2, 1.0);
            }
            Ensemble::VocalBand => {
                self.rhythm_section();
                let gain_db = self.rng.uniform_in(0.0, 6.0);
                self.sing(gain_db, 0.2);
                if self.rng.chance(0.3) {
                    self.sing(gain_db - 6.0, 0.2);
                }
            }
            Ensemble::Rock => self.rock(),
            Ensemble::Electronic => self.electronic(),
            Ensemble::Jazz => self.jazz(),
            Ensemble::Percussion => {
                let kit = *self.rng.pick(&GROOVES);
                let groove = if self.rng.chance(0.6) { Groove::Percussion } else { kit };
                self.drums(groove, 0.0);
                if self.rng.chance(0.3) {
                    self.drums(Groove::Percussion, -3.0);
                }
            }
            Ensemble::SoloVoice => self.sing(0.0, 0.4),
            Ensemble::Choir => self.choir(),
            Ensemble::Song => {
                let player = self.chordal();
                let figure = *self.rng.pick(&FIGURES);
                self.harmony(&*player, figure, 58.0, 0.3, -2.0);
                let gain_db = self.rng.uniform_in(0.0, 5.0);
                self.sing(gain_db, 0.3);
            }
            Ensemble::Ambient => self.ambient(),
            Ensemble::Folk => self.folk(),
        }
    }

    // Ensembles.

    fn solo_chordal(&mut self) {
        let player = self.chordal();
        let figure = *self.rng.pick(&FIGURES);
        let dynamics = self.rng.uniform_in(0.1, 0.7);
        self.harmony(&*player, figure, 52.0, dynamics, -3.0);
        if self.rng.chance(0.75) {
            self.tune(&*player, 72.0, dynamics, 0.0);
        }
    }

    fn chamber(&mut self) {
        let dynamics = self.rng.uniform_in(0.3, 0.8);
        let voices = 2 + self.rng.below(4);
        for (i, centre) in [74.0, 48.0, 66.0, 58.0, 80.0].into_iter().take(voices).enumerate() {
            let player = self.bowed_or_blown(1);
            match i {
                1 => self.low_line(&player, centre, dynamics, -1.0),
                2 if self.rng.chance(0.5) => {
                    let figure = *self.rng.pick(&[Figure::Block, Figure::Arpeggio, Figure::Pulse]);
                    self.harmony(&player, figure, centre, dynamics, -3.0);
                }
                _ => self.tune(&player, centre, dynamics, 0.0),
            }
        }
        if self.rng.chance(0.25) {
            let piano = Modal::draw_piano(self.rng);
            self.harmony(&piano, Figure::Arpeggio, 60.0, dynamics, -1.0);
        }
    }

    fn orchestra(&mut self) {
        let dynamics = self.rng.uniform_in(0.3, 0.9);
        for centre in [76.0, 64.0] {
            let players = 2 + self.rng.below(2);
            let strings = Sustained::draw_strings(self.rng, players);
            self.tune(&strings, centre, dynamics, 0.0);
        }
        let low = Sustained::draw_strings(self.rng, 2);
        self.low_line(&low, 40.0, dynamics, 0.0);
        if self.rng.chance(0.7) {
            let inner = self.bowed_or_blown(1);
            self.harmony(&inner, Figure::Block, 58.0, dynamics, -2.0);
        }
        if self.rng.chance(0.5) {
            let brass = Sustained::draw_brass(self.rng, 2);
            let figure = *self.rng.pick(&[Figure::Block, Figure::Pulse, Figure::Stabs]);
            self.harmony(&brass, figure, 55.0, dynamics, -1.0);
        }
        if self.rng.chance(0.4) {
            let wind = Sustained::draw_wind(self.rng);
            self.tune(&wind, 80.0, dynamics, -1.0);
        }
        if self.rng.chance(0.4) {
            self.drums(Groove::Orchestral, -3.0);
        }
    }

    fn rhythm_section(&mut self) {
        let groove = *self.rng.pick(&[
            Groove::Rock,
            Groove::Breakbeat,
            Groove::FourOnTheFloor,
            Groove::Percussion,
        ]);
        let gain_db = self.rng.uniform_in(-5.0, 2.0);
        if self.rng.chance(0.85) {
            self.drums(groove, gain_db);
        }
        let style = *self.rng.pick(&BASSES);
        self.bass_guitar(style, -1.0);
        for _ in 0..1 + self.rng.below(2) {
            let player = self.chordal_or_pad();
            let figure = *self.rng.pick(&FIGURES);
            let gain_db = self.rng.uniform_in(-6.0, 0.0);
            self.harmony(&*player, figure, 60.0, 0.1, gain_db);
        }
    }

    fn rock(&mut self) {
        let groove = *self.rng.pick(&[Groove::Rock, Groove::Rock, Groove::Fast]);
        self.drums(groove, 0.0);
        self.bass_guitar(Bass::Driving, -2.0);
        let guitar = Plucked::draw(self.rng);
        let figure = *self.rng.pick(&[Figure::Strum, Figure::Pulse, Figure::Stabs, Figure::Block]);
        let part = chords(&self.score, figure, 50.0, self.rng);
        let drive = self.rng.log_uniform_in(5.0, 80.0);
        let mut track = self.track(&guitar, &part, 0.1);
        effect::distort(&mut track, drive, self.rate);
        self.add(track, 0.0);
        if self.rng.chance(0.5) {
            self.sing(0.0, 0.1);
        } else {
            let part = self.tune_part(72.0);
            let mut track = self.track(&guitar, &part, 0.1);
            effect::distort(&mut track, 2.0 * drive, self.rate);
            self.add(track, 0.0);
        }
    }

    fn electronic(&mut self) {
        if self.rng.chance(0.9) {
            let groove = *self.rng.pick(&[
                Groove::FourOnTheFloor,
                Groove::FourOnTheFloor,
                Groove::Breakbeat,
            ]);
            self.drums(groove, 1.0);
        }
        let synth = Synth::draw_bass(self.rng);
        let style = *self.rng.pick(&[Bass::Riff, Bass::Driving]);
        let part = bass(&self.score, style, 38.0, self.rng);
        let track = self.track(&synth, &part, 0.0);
        self.add(track, 0.0);
        for _ in 0..1 + self.rng.below(3) {
            let player = self.synthetic();
            if self.rng.chance(0.5) {
                let figure = *self.rng.pick(&FIGURES);
                self.harmony(&*player, figure, 62.0, 0.1, -3.0);
            } else {
                self.tune(&*player, 74.0, 0.1, -3.0);
            }
        }
        if self.rng.chance(0.2) {
            self.sing(0.0, 0.1);
        }
    }

    fn jazz(&mut self) {
        self.drums(Groove::Jazz, -4.0);
        self.bass_guitar(Bass::Walking, -1.0);
        if self.rng.chance(0.8) {
            let player = self.chordal();
            let figure = *self.rng.pick(&[Figure::Stabs, Figure::OffBeat, Figure::Block]);
            self.harmony(&*player, figure, 62.0, 0.2, -3.0);
        }
        if self.rng.chance(0.3) {
            self.sing(2.0, 0.3);
        } else {
            let soloist = self.bowed_or_blown(1);
            self.tune(&soloist, 70.0, 0.3, 2.0);
        }
    }

    fn choir(&mut self) {
        let dynamics = self.rng.uniform_in(0.2, 0.7);
        let unison = self.rng.chance(0.3);
        let parts = if unison { 1 } else { 2 + self.rng.below(3) };
        for part in 0..parts {
            let centre = [64.0, 52.0, 70.0, 46.0][part];
            let figure = if part == 0 || unison {
                self.tune_part(centre)
            } else {
                chords(&self.score, Figure::Block, centre, self.rng)
                    .into_iter()
                    .scan(f32::NEG_INFINITY, |last, note| {
                        // One tone of each chord.
                        let new = note.beat > *last;
                        *last = note.beat.max(*last);
                        Some(new.then_some(note))
                    })
                    .flatten()
                    .collect()
            };
            for _ in 0..1 + self.rng.below(3) {
                let singer = Singer::draw(self.rng);
                let part = fold_to(&figure, singer.centre());
                self.sing_part(&singer, &part, dynamics, -3.0);
            }
        }
        if self.rng.chance(0.3) {
            let organ = Organ::draw(self.rng);
            self.harmony(&organ, Figure::Block, 55.0, dynamics, -4.0);
        }
    }

    fn ambient(&mut self) {
        for _ in 0..1 + self.rng.below(3) {
            let pad = Synth::draw_pad(self.rng);
            let centre = self.rng.uniform_in(45.0, 70.0);
            self.harmony(&pad, Figure::Block, centre, 0.5, 0.0);
        }
        let mallet = Modal::draw_mallet(self.rng);
        if self.rng.chance(0.6) {
            self.tune(&mallet, 76.0, 0.4, -2.0);
        }
    }

    fn folk(&mut self) {
        // A drone: tonic and fifth, held or plucked again and again.
        let tonic = 48.0 + self.score.key.tonic as f32;
        let length = *self.rng.pick(&[1.0, 2.0, 4.0]) * self.score.beats_per_bar as f32;
        let end = self.score.bar_beat(self.score.bars());
        let mut drone = Vec::new();
        let mut beat = 0.0;
        while beat < end {
            for pitch in [tonic, tonic + 7.0] {
                drone.push(BeatNote { beat, beats: length, pitch, velocity: 0.6 });
            }
            beat += length;
        }
        let low: Box<dyn Instrument> = match self.rng.below(2) {
            0 => Box::new(Sustained::draw_reeds(self.rng)),
            _ => Box::new(Plucked::draw(self.rng)),
        };
        let track = self.track(&*low, &drone, 0.1);
        self.add(track, -4.0);
        let player = self.melodic();
        self.tune(&*player, 74.0, 0.2, 0.0);
        if self.rng.chance(0.6) {
            self.drums(Groove::Percussion, -3.0);
        }
        if self.rng.chance(0.3) {
            self.sing(0.0, 0.3);
        }
    }

    // Parts.

    fn tune_part(&mut self, centre: f32) -> Vec<BeatNote> {
        let beats_per_s = self.score.clock.bpm / 60.0;
        let style = Style {
            centre: centre + self.rng.uniform_in(-5.0, 5.0),
            reach: 3 + self.rng.below(6) as i32,
            // Between one and six notes a second.
            density: self.rng.log_uniform_in(0.9, 5.0) / beats_per_s,
            leaps: self.rng.uniform_in(0.05, 0.4),
            legato: self.rng.uniform_in(0.6, 1.0),
        };
        melody(&self.score, &style, self.rng)
    }

    fn tune(&mut self, player: &dyn Instrument, centre: f32, dynamics: f32, gain_db: f32) {
        let part = self.tune_part(centre);
        let track = self.track(player, &part, dynamics);
        self.add(track, gain_db);
    }

    fn harmony(
        &mut self,
        player: &dyn Instrument,
        figure: Figure,
        centre: f32,
        dynamics: f32,
        gain_db: f32,
    ) {
        let part = chords(&self.score, figure, centre, self.rng);
        let track = self.track(player, &part, dynamics);
        self.add(track, gain_db);
    }

    fn low_line(&mut self, player: &dyn Instrument, centre: f32, dynamics: f32, gain_db: f32) {
        let style = *self.rng.pick(&[Bass::Held, Bass::RootFifth, Bass::Walking]);
        let part = bass(&self.score, style, centre, self.rng);
        let track = self.track(player, &part, dynamics);
        self.add(track, gain_db);
    }

    fn bass_guitar(&mut self, style: Bass, gain_db: f32) {
        let guitar = Plucked::draw_bass(self.rng);
        let part = bass(&self.score, style, 38.0, self.rng);
        let track = self.track(&guitar, &part, 0.1);
        self.add(track, gain_db);
    }

    fn drums(&mut self, groove: Groove, gain_db: f32) {
        let kit = Kit::draw(self.rng);
        let hits = hits(&self.score, groove, self.rng);
        let track = kit.play_all(&hits, self.rng, self.rate, self.mix.len());
        self.add(track, gain_db);
    }

    fn sing(&mut self, gain_db: f32, dynamics: f32) {
        let singer = Singer::draw(self.rng);
        let part = self.tune_part(singer.centre());
        self.sing_part(&singer, &part, dynamics, gain_db);
    }

    fn sing_part(&mut self, singer: &Singer, part: &[BeatNote], dynamics: f32, gain_db: f32) {
        let notes = self.score.perform(part, dynamics, self.rng);
        let mut track = vec![0.0; self.mix.len()];
        singer.sing(&notes, self.rng, self.rate, &mut track);
        self.add(track, gain_db);
    }

    /// One instrument's track, with its body and sometimes an effect.
    fn track(&mut self, player: &dyn Instrument, part: &[BeatNote], dynamics: f32) -> Vec<f32> {
        let mut notes: Vec<Note> = self.score.perform(part, dynamics, self.rng);
        let seconds = self.mix.len() as f32 / self.rate;
        notes.retain(|note| note.start_s < seconds);
        let mut track = play_all(player, &notes, self.rng, self.rate, self.mix.len());
        effect::body(&mut track, self.rng, self.rate);
        match self.rng.below(12) {
            0 => effect::chorus(&mut track, self.rng, self.rate),
            1 => {
                let (hz, depth) = (self.rng.uniform_in(3.0, 8.0), self.rng.uniform_in(0.1, 0.6));
                effect::tremolo(&mut track, hz, depth, self.rate);
            }
            2 => {
                let beat_s = 60.0 / self.score.clock.bpm;
                effect::echo(&mut track, 0.75 * beat_s, self.rng.uniform_in(0.1, 0.5), self.rate);
            }
            _ => {}
        }
        track
    }

    fn add(&mut self, mut track: Vec<f32>, gain_db: f32) {
        let gain_db = gain_db + 2.0 * self.rng.normal();
        effect::set_level(&mut track, 10f32.powf(gain_db / 20.0));
        self.mix.iter_mut().zip(&track).for_each(|(mix, x)| *mix += x);
    }

    // Players.

    fn chordal(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(10) {
            0..=3 => Box::new(Modal::draw_piano(self.rng)),
            4..=6 => Box::new(Plucked::draw(self.rng)),
            7 => Box::new(Organ::draw(self.rng)),
            8 => Box::new(Fm::draw(self.rng)),
            _ => Box::new(Sustained::draw_reeds(self.rng)),
        }
    }

    fn synthetic(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(4) {
            0 => Box::new(Synth::draw_pad(self.rng)),
            1 => Box::new(Fm::draw(self.rng)),
            _ => Box::new(Synth::draw_lead(self.rng)),
        }
    }

    fn chordal_or_pad(&mut self) -> Box<dyn Instrument> {
        if self.rng.chance(0.25) { self.synthetic() } else { self.chordal() }
    }

    fn bowed_or_blown(&mut self, players: usize) -> Sustained {
        match self.rng.below(3) {
            0 => Sustained::draw_strings(self.rng, players),
            1 => Sustained::draw_wind(self.rng),
            _ => Sustained::draw_brass(self.rng, players),
        }
    }

    fn melodic(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(6) {
            0 => Box::new(Plucked::draw(self.rng)),
            1 => Box::new(Sustained::draw_reeds(self.rng)),
            _ => Box::new(self.bowed_or_blown(1)),
        }
    }

    fn lead(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(4) {
            0 => Box::new(Synth::draw_lead(self.rng)),
            1 => Box::new(Modal::draw_mallet(self.rng)),
            _ => self.melodic(),
        }
    }
}

/// Moves a part by octaves into the range around a pitch.
fn fold_to(part: &[BeatNote], centre: f32) -> Vec<BeatNote> {
    let mean = part.iter().map(|n| n.pitch).sum::<f32>() / part.len().max(1) as f32;
    let octaves = 12.0 * ((centre - mean) / 12.0).round();
    part.iter().map(|n| BeatNote { pitch: n.pitch + octaves, ..*n }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ensemble_plays() {
        for (i, &ensemble) in ENSEMBLES.iter().enumerate() {
            let mut rng = Rng::at(i as u64, 0, 0, 0);
            let piece = perform(ensemble, &mut rng, 3.0, 16_000.0);
            assert_eq!(piece.sound.len(), 48_000);
            assert!(piece.sound.iter().all(|x| x.is_finite()), "{ensemble:?}");
            assert!(effect::rms(&piece.sound) > 0.01, "{ensemble:?} is silent");
        }
    }
}
