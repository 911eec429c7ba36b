//! Where parts are written and performed: who plays in which section, and what.

use super::artist::{Artist, Player};
use super::form::{Frame, Part};
use super::groove;
use super::melody::{Style, melody};
use super::mood::MoodPoint;
use super::orchestra::TREMOLO_HZ;
use super::pattern::{self, Comp};
use super::piece::{Cast, LEAD_S, Order, Track};
use super::tempo::TempoCurve;
use crate::rng::Rng;
use crate::synthetic::drum::Hit;
use crate::synthetic::instrument::Note;
use crate::synthetic::score::BeatNote;

/// The players, the frame they play in, and what they have played so far.
pub(super) struct Stage<'a> {
    pub artist: &'a Artist,
    pub frame: Frame,
    pub curve: TempoCurve,
    pub order: &'a Order,
    pub tracks: Vec<Track>,
}

impl Stage<'_> {
    /// Writes and performs all parts.
    pub fn write(&mut self, rng: &mut Rng) {
        let artist = self.artist;
        let arousal = self.order.mood.arousal;
        let can_drum = artist.drums.is_some();
        let cast = match self.order.cast {
            Cast::Drums if !can_drum => Cast::Solo,
            cast => cast,
        };
        let sections = self.frame.sections.len();
        // Who rests in which section.
        let rest = |part: Part, chance: [f32; 2], rng: &mut Rng| match part {
            Part::Intro => rng.chance(chance[0]),
            Part::Bridge => rng.chance(chance[1]),
            _ => false,
        };
        let parts: Vec<Part> = self.frame.sections.iter().map(|s| s.part).collect();
        let plan = |chance: [f32; 2], rng: &mut Rng| -> Vec<bool> {
            (0..sections).map(|s| cast != Cast::Full || !rest(parts[s], chance, rng)).collect()
        };
        let drums_play = plan([0.4, 0.4], rng);
        let bass_plays = plan([0.4, 0.2], rng);

        let calm = cast == Cast::Full && rng.chance((-0.6 - arousal).clamp(0.0, 0.4));
        if let (Some((_, grooves)), false) = (&artist.drums, calm)
            && matches!(cast, Cast::Full | Cast::Drums)
        {
            self.drums(*rng.pick(grooves), &drums_play, rng);
        }
        if cast == Cast::Drums {
            return;
        }
        let solo = cast == Cast::Solo;
        let who = if solo { 1 + rng.below(3) } else { 0 };
        if let Some((player, lines)) = &artist.bass
            && (!solo || who == 3 && artist.harmony.is_empty())
        {
            let choice = player.choice + rng.below(2);
            let part = pattern::bass(&self.frame, *rng.pick(lines), choice, 36.0, rng);
            self.player(player, part, |s| bass_plays[s], rng);
        }
        for (k, (player, comps)) in artist.harmony.iter().enumerate() {
            if solo && (who != 3 || k > 0) {
                continue;
            }
            // An excited piece takes the busier of the two patterns.
            let comp =
                if arousal > 0.0 { comps[0].max_by_strokes(comps[1]) } else { *rng.pick(comps) };
            let centre = 60.0 + 3.0 * self.order.mood.valence + 2.0 * rng.normal();
            let part = pattern::chords(&self.frame, comp, player.choice, centre, rng);
            let plays: Vec<bool> = (0..sections)
                .map(|s| k == 0 || solo || parts[s] == Part::Chorus || rng.chance(0.5))
                .collect();
            self.player(player, part, |s| plays[s], rng);
        }
        let sings = artist.singer.is_some() && cast == Cast::Full && !rng.chance(0.08)
            || artist.singer.is_some() && who == 2;
        if let Some(singer) = artist.singer.as_ref().filter(|_| sings) {
            let style = self.style(singer.centre(), 0.75, rng);
            let frame = &self.frame;
            let sung = |bar| solo || matches!(frame.section(bar).part, Part::Verse | Part::Chorus);
            let tune = melody(frame, &style, sung, rng);
            let notes = self.perform(&tune, 0.0, |_| true, rng);
            self.tracks.push(Track::Voice(notes));
        }
        if !solo || who == 1 || who == 2 && !sings || self.tracks.is_empty() {
            let [low, high] = artist.lead.patch.range();
            let middle = 0.42 * low + 0.58 * high;
            let style = self.style(middle, 1.0, rng);
            let answers = rng.chance(0.3);
            let plays: Vec<bool> = parts
                .iter()
                .map(|part| {
                    solo || !sings
                        || *part == Part::Solo
                        || (*part == Part::Intro || answers) && rng.chance(0.5)
                })
                .collect();
            let frame = &self.frame;
            let tune = melody(frame, &style, |_| true, rng);
            let lead = &artist.lead;
            self.player(lead, tune, |s| plays[s], rng);
        }
    }

    /// The style of a tune: the genre's ranges, the artist's place in them, and the mood.
    fn style(&self, middle: f32, share: f32, rng: &mut Rng) -> Style {
        let MoodPoint { valence, arousal } = self.order.mood;
        let rules = self.artist.genre.rules();
        let [dense, joined, early] = self.artist.manner;
        let place = (0.5 * dense + 0.25 + 0.35 * arousal).clamp(0.0, 1.0);
        let per_s = share * rules.density[0] * (rules.density[1] / rules.density[0]).powf(place);
        let smooth = (0.6 * joined + 0.2 - 0.3 * arousal - 0.2 * valence).clamp(0.0, 1.0);
        let beats_per_s = (self.curve.bpm_at(0) / 60.0) as f32;
        Style {
            centre: middle + 3.0 * valence + 2.0 * arousal + 1.5 * rng.normal(),
            reach: self.artist.reach,
            density: per_s / beats_per_s,
            leaps: self.artist.leaps,
            legato: rules.legato[0] + smooth * (rules.legato[1] - rules.legato[0]),
            syncopation: rules.syncopation * (0.4 + 1.2 * early),
            rests: if rng.chance(0.4) { rng.uniform_in(0.05, 0.3) } else { 0.0 },
        }
    }

    fn player(
        &mut self,
        player: &Player,
        part: Vec<BeatNote>,
        plays: impl Fn(usize) -> bool,
        rng: &mut Rng,
    ) {
        let [low, high] = player.patch.range();
        let fold = |pitch: f32| {
            let mut pitch = pitch;
            while pitch < low {
                pitch += 12.0;
            }
            while pitch > high {
                pitch -= 12.0;
            }
            pitch
        };
        let part: Vec<BeatNote> =
            part.into_iter().map(|n| BeatNote { pitch: fold(n.pitch), ..n }).collect();
        let notes = self.perform(&part, player.lag_s, plays, rng);
        let mut player = player.clone();
        if player.patch.tremolo_share() > 0.0 && rng.chance(player.patch.tremolo_share()) {
            let strokes_hz = rng.uniform_in(TREMOLO_HZ[0], TREMOLO_HZ[1]);
            player.sound = player.sound.with_tremolo(strokes_hz);
        }
        self.tracks.push(Track::Player(player, notes));
    }

    /// From beats to seconds: a hand is early or late with a whole chord, and its fingers by a little more.
    fn perform(
        &self,
        part: &[BeatNote],
        lag_s: f32,
        plays: impl Fn(usize) -> bool,
        rng: &mut Rng,
    ) -> Vec<Note> {
        let end_s = self.order.seconds + f64::from(LEAD_S);
        let touch = 0.78 + 0.2 * self.order.mood.arousal;
        let mut notes: Vec<Note> = Vec::new();
        let (mut last, mut error) = (f32::NEG_INFINITY, 0.0);
        for note in part {
            let beat = f64::from(note.beat.max(0.0));
            let bar = (beat / self.frame.meter.beats() as f64) as usize;
            let bar = bar.min(self.frame.bars() - 1);
            let section = self.frame.sections.partition_point(|s| s.first_bar <= bar) - 1;
            let start_s = self.curve.seconds(beat);
            if start_s > end_s || !plays(section) {
                continue;
            }
            if note.beat > last + 0.1 {
                error = self.artist.looseness_s * rng.normal() + lag_s;
            }
            last = note.beat;
            let fingers = 0.2 * self.artist.looseness_s * rng.normal();
            let start = (start_s as f32 + error + fingers).max(0.0);
            let stop = self.curve.seconds(beat + f64::from(note.beats)) as f32;
            let loud = note.velocity * touch * self.frame.sections[section].intensity;
            notes.push(Note {
                start_s: start,
                duration_s: (stop - start).max(0.04),
                pitch: note.pitch,
                velocity: (loud * (1.0 + 0.08 * rng.normal())).clamp(0.08, 1.0),
            });
        }
        notes.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        notes
    }

    fn drums(&mut self, groove: groove::Groove, plays: &[bool], rng: &mut Rng) {
        let strokes = groove::strokes(&self.frame, groove, &self.artist.drummer, rng);
        let end_s = self.order.seconds + f64::from(LEAD_S);
        let touch = 0.85 + 0.15 * self.order.mood.arousal;
        let mut hits = Vec::new();
        for stroke in strokes {
            let bar = (stroke.beat / self.frame.meter.beats() as f64) as usize;
            let section = self.frame.sections.partition_point(|s| s.first_bar <= bar) - 1;
            let time_s = self.curve.seconds(stroke.beat);
            if time_s <= end_s && plays[section] {
                let start_s = time_s as f32 + 0.6 * self.artist.looseness_s * rng.normal();
                let velocity = stroke.velocity * touch * (1.0 + 0.1 * rng.normal());
                let velocity = velocity.clamp(0.05, 1.0);
                hits.push(Hit { start_s: start_s.max(0.0), drum: stroke.drum, velocity });
            }
        }
        self.tracks.push(Track::Drums(hits));
    }
}

impl Comp {
    /// The one of two that strikes more often.
    fn max_by_strokes(self, other: Comp) -> Comp {
        if other.busy() > self.busy() { other } else { self }
    }
}
