//! The stage: parts are written, given to players, and added up.

use crate::rng::Rng;
use crate::synthetic::drum::Kit;
use crate::synthetic::effect;
use crate::synthetic::instrument::fm::Fm;
use crate::synthetic::instrument::modal::Modal;
use crate::synthetic::instrument::organ::Organ;
use crate::synthetic::instrument::plucked::Plucked;
use crate::synthetic::instrument::subtractive::Synth;
use crate::synthetic::instrument::sustained::Sustained;
use crate::synthetic::instrument::{Instrument, Note, play_all};
use crate::synthetic::score::accompaniment::{Bass, Figure, bass, chords};
use crate::synthetic::score::groove::{Groove, hits};
use crate::synthetic::score::melody::{Style, melody};
use crate::synthetic::score::{BeatNote, Score};
use crate::synthetic::voice::Singer;

/// The players, while they play.
pub(super) struct Stage<'a> {
    pub score: Score,
    pub rate: f32,
    pub mix: Vec<f32>,
    pub rng: &'a mut Rng,
}

impl Stage<'_> {
    pub fn tune_part(&mut self, centre: f32) -> Vec<BeatNote> {
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

    pub fn tune(&mut self, player: &dyn Instrument, centre: f32, dynamics: f32, gain_db: f32) {
        let part = self.tune_part(centre);
        let track = self.track(player, &part, dynamics);
        self.add(track, gain_db);
    }

    pub fn harmony(
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

    pub fn low_line(&mut self, player: &dyn Instrument, centre: f32, dynamics: f32, gain_db: f32) {
        let style = *self.rng.pick(&[Bass::Held, Bass::RootFifth, Bass::Walking]);
        let part = bass(&self.score, style, centre, self.rng);
        let track = self.track(player, &part, dynamics);
        self.add(track, gain_db);
    }

    pub fn bass_guitar(&mut self, style: Bass, gain_db: f32) {
        let guitar = Plucked::draw_bass(self.rng);
        let part = bass(&self.score, style, 38.0, self.rng);
        let track = self.track(&guitar, &part, 0.1);
        self.add(track, gain_db);
    }

    pub fn drums(&mut self, groove: Groove, gain_db: f32) {
        let kit = Kit::draw(self.rng);
        let hits = hits(&self.score, groove, self.rng);
        let track = kit.play_all(&hits, self.rng, self.rate, self.mix.len());
        self.add(track, gain_db);
    }

    pub fn sing(&mut self, gain_db: f32, dynamics: f32) {
        let singer = Singer::draw(self.rng);
        let part = self.tune_part(singer.centre());
        self.sing_part(&singer, &part, dynamics, gain_db);
    }

    pub fn sing_part(&mut self, singer: &Singer, part: &[BeatNote], dynamics: f32, gain_db: f32) {
        let notes = self.score.perform(part, dynamics, self.rng);
        let mut track = vec![0.0; self.mix.len()];
        singer.sing(&notes, self.rng, self.rate, &mut track);
        self.add(track, gain_db);
    }

    /// One instrument's track, with its body and sometimes an effect.
    pub fn track(&mut self, player: &dyn Instrument, part: &[BeatNote], dynamics: f32) -> Vec<f32> {
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

    pub fn add(&mut self, mut track: Vec<f32>, gain_db: f32) {
        let gain_db = gain_db + 2.0 * self.rng.normal();
        effect::set_level(&mut track, 10f32.powf(gain_db / 20.0));
        self.mix.iter_mut().zip(&track).for_each(|(mix, x)| *mix += x);
    }

    pub fn chordal(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(10) {
            0..=3 => Box::new(Modal::draw_piano(self.rng)),
            4..=6 => Box::new(Plucked::draw(self.rng)),
            7 => Box::new(Organ::draw(self.rng)),
            8 => Box::new(Fm::draw(self.rng)),
            _ => Box::new(Sustained::draw_reeds(self.rng)),
        }
    }

    pub fn synthetic(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(4) {
            0 => Box::new(Synth::draw_pad(self.rng)),
            1 => Box::new(Fm::draw(self.rng)),
            _ => Box::new(Synth::draw_lead(self.rng)),
        }
    }

    pub fn chordal_or_pad(&mut self) -> Box<dyn Instrument> {
        if self.rng.chance(0.25) { self.synthetic() } else { self.chordal() }
    }

    pub fn bowed_or_blown(&mut self, players: usize) -> Sustained {
        match self.rng.below(3) {
            0 => Sustained::draw_strings(self.rng, players),
            1 => Sustained::draw_wind(self.rng),
            _ => Sustained::draw_brass(self.rng, players),
        }
    }

    pub fn melodic(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(6) {
            0 => Box::new(Plucked::draw(self.rng)),
            1 => Box::new(Sustained::draw_reeds(self.rng)),
            _ => Box::new(self.bowed_or_blown(1)),
        }
    }

    pub fn lead(&mut self) -> Box<dyn Instrument> {
        match self.rng.below(4) {
            0 => Box::new(Synth::draw_lead(self.rng)),
            1 => Box::new(Modal::draw_mallet(self.rng)),
            _ => self.melodic(),
        }
    }
}

/// Moves a part by octaves into the range around a pitch.
pub(super) fn fold_to(part: &[BeatNote], centre: f32) -> Vec<BeatNote> {
    let mean = part.iter().map(|n| n.pitch).sum::<f32>() / part.len().max(1) as f32;
    let octaves = 12.0 * ((centre - mean) / 12.0).round();
    part.iter().map(|n| BeatNote { pitch: n.pitch + octaves, ..*n }).collect()
}
