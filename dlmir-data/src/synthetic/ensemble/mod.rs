//! Ensembles: who plays together, and what.
//!
//! From one flute to an orchestra, from a choir to a drum circle. Each kind fixes roles, tempo range and
//! manners; everything within is drawn anew for each piece.

mod stage;

use crate::rng::Rng;
use crate::synthetic::effect;
use crate::synthetic::instrument::Instrument;
use crate::synthetic::instrument::modal::Modal;
use crate::synthetic::instrument::organ::Organ;
use crate::synthetic::instrument::plucked::Plucked;
use crate::synthetic::instrument::subtractive::Synth;
use crate::synthetic::instrument::sustained::Sustained;
use crate::synthetic::score::accompaniment::{BASSES, Bass, FIGURES, Figure, bass, chords};
use crate::synthetic::score::groove::{GROOVES, Groove};
use crate::synthetic::score::{BeatNote, Character, Score};
use crate::synthetic::voice::Singer;
use stage::{Stage, fold_to};

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
const ENSEMBLES: [Ensemble; 24] = [
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
    Ensemble::Electronic,
    Ensemble::Jazz,
    Ensemble::Percussion,
    Ensemble::Percussion,
    Ensemble::SoloVoice,
    Ensemble::SoloVoice,
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
                let gain_db = self.rng.uniform_in(-1.0, 9.0);
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
                let gain_db = self.rng.uniform_in(0.0, 12.0);
                self.sing(gain_db, 0.3);
            }
            Ensemble::Ambient => self.ambient(),
            Ensemble::Folk => self.folk(),
        }
    }

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
        for _ in 0..1 + self.rng.below(3) {
            let player = self.chordal_or_pad();
            let figure = *self.rng.pick(&FIGURES);
            let gain_db = self.rng.uniform_in(-6.0, 0.0);
            self.harmony(&*player, figure, 60.0, 0.1, gain_db);
        }
        if self.rng.chance(0.3) {
            let drive = self.rng.log_uniform_in(2.0, 30.0);
            self.electric_guitar(drive, -4.0);
        }
    }

    fn electric_guitar(&mut self, drive: f32, gain_db: f32) {
        let guitar = Plucked::draw(self.rng);
        let figure = *self.rng.pick(&[Figure::Strum, Figure::Pulse, Figure::Stabs, Figure::Block]);
        let part = chords(&self.score, figure, 50.0, self.rng);
        let mut track = self.track(&guitar, &part, 0.1);
        effect::distort(&mut track, drive, self.rate);
        self.add(track, gain_db);
    }

    fn rock(&mut self) {
        let groove = *self.rng.pick(&[Groove::Rock, Groove::Rock, Groove::Fast]);
        self.drums(groove, 0.0);
        self.bass_guitar(Bass::Driving, -2.0);
        let drive = self.rng.log_uniform_in(5.0, 80.0);
        for _ in 0..1 + self.rng.below(2) {
            self.electric_guitar(drive, 0.0);
        }
        if self.rng.chance(0.5) {
            self.sing(0.0, 0.1);
        } else {
            let guitar = Plucked::draw(self.rng);
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
        if self.rng.chance(0.3) {
            self.noise_sweep();
        }
        if self.rng.chance(0.2) {
            self.sing(0.0, 0.1);
        }
    }

    fn noise_sweep(&mut self) {
        let beats_per_s = self.score.clock.bpm / 60.0;
        let pulse_hz = beats_per_s * *self.rng.pick(&[0.0, 0.25, 1.0, 2.0, 4.0]);
        let track = effect::noise_sweep(self.mix.len(), pulse_hz, self.rng, self.rate);
        let gain_db = self.rng.uniform_in(-8.0, 0.0);
        self.add(track, gain_db);
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
        if self.rng.chance(0.3) {
            self.noise_sweep();
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
