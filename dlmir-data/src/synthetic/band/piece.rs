//! A piece: written for an artist, performed by hands, and labelled on the way.
//!
//! ```text
//! order (genre, mood, length) -> artist -> frame -> parts in beats -> performance in seconds -> labels
//! ```
//!
//! Labels are those of the performance: the time of a note is when the player begins it, hands' errors included, and
//! the sound begins with that sample. A gentle attack is heard later than its label, by at most
//! [`Patch::slowest_attack_s`](super::orchestra::Patch::slowest_attack_s); a sung vowel is labelled, and the consonant
//! before it is heard earlier. Beats are labelled where the tempo curve has them, whether anybody plays there or not.

use super::artist::{ALBUMS, ARTISTS, Artist, Player};
use super::form::{Frame, Part};
use super::genre::Genre;
use super::groove;
use super::harmony::{Key, weighted};
use super::melody::{Style, melody};
use super::mood::{MoodPoint, Traits};
use super::orchestra::Patch;
use super::pattern::{self, Comp};
use super::tempo::{Feel, Meter, TempoCurve};
use crate::annotation::{Beat, DrumClass, DrumOnset, LabelledSegment, Note as NoteLabel};
use crate::rng::{Rng, stream};
use crate::synthetic::drum::{Drum, Hit};
use crate::synthetic::instrument::Note;
use crate::synthetic::score::BeatNote;

/// Who of the artist's players is to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    /// All, as the sections want it.
    Full,
    /// The drums alone.
    Drums,
    /// One player of tune or chords alone, or the singer.
    Solo,
    /// All but the drums.
    NoDrums,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Order {
    /// The seed of the set.
    pub seed: u64,
    /// What the piece is for: pieces of different sets share no random numbers.
    pub set: u64,
    /// The item's number.
    pub item: u64,
    /// The length of the excerpt.
    pub seconds: f64,
    /// The genre.
    pub genre: Genre,
    /// The mood to aim at.
    pub mood: MoodPoint,
    /// Who plays.
    pub cast: Cast,
    /// The metre, if the genre's choice is not wanted.
    pub meter: Option<Meter>,
    /// Drift and rubato, if the artist's are not wanted.
    pub unsteadiness: Option<[f32; 2]>,
}

/// A performed track: one player's notes in seconds from the start of the performance.
#[derive(Debug, Clone)]
pub(super) enum Track {
    /// An instrument.
    Player(Player, Vec<Note>),
    /// The singer.
    Voice(Vec<Note>),
    /// The drums.
    Drums(Vec<Hit>),
}

/// A piece with its labels. Times are in seconds from the start of the excerpt.
#[derive(Debug, Clone)]
pub struct Piece {
    /// The order.
    pub order: Order,
    /// The artist.
    pub artist: Artist,
    /// The album, counted within the artist.
    pub album: usize,
    /// Tonic and mode.
    pub key: Key,
    /// The metre.
    pub meter: Meter,
    /// The middle one of all tempi from beat to beat, in beats a minute.
    pub bpm: f64,
    /// All beats with their position in the bar.
    pub beats: Vec<Beat>,
    /// All notes by onset, sung ones too; the label is the instrument. An offset may lie after the excerpt's end.
    pub notes: Vec<NoteLabel>,
    /// All drum strokes.
    pub strokes: Vec<DrumOnset>,
    /// Chords in the syntax of Harte et al., from end to end.
    pub chords: Vec<LabelledSegment>,
    /// Sections of the form, from end to end.
    pub sections: Vec<LabelledSegment>,
    /// What the score is like.
    pub traits: Traits,
    pub(super) tracks: Vec<Track>,
    /// Seconds of the performance before the excerpt begins.
    pub(super) lead_s: f64,
    pub(super) sound_seed: u64,
}

impl Piece {
    /// Writes and performs a piece.
    ///
    /// # Panics
    /// If the length is not positive, or the item's number is 2^32 or more.
    #[track_caller]
    pub fn compose(order: &Order) -> Piece {
        assert!(order.seconds > 0.0, "piece: {} s", order.seconds);
        let mut own = Rng::at(order.seed, order.set, order.item, stream::PIECE);
        let rng = &mut own;
        let artist = Artist::of(order.seed, order.genre, rng.below(ARTISTS));
        let album = rng.below(ALBUMS);
        let rules = order.genre.rules();
        let MoodPoint { valence, arousal } = order.mood;

        // The frame.
        let meter = order.meter.unwrap_or_else(|| weighted(rules.meters, rng));
        let mode = rules.draw_mode(valence, rng);
        let key = Key { tonic: *rng.pick(&artist.tonics), mode };
        let quarters = rules.draw_bpm((arousal + artist.haste).clamp(-1.2, 1.2), rng);
        // The beat of 6/8 is longer than a quarter, that of 7/8 is half of one.
        let bpm = match meter {
            Meter::SixEight => (0.72 * quarters).max(40.0),
            Meter::SevenEight => (1.75 * quarters).min(290.0),
            _ => quarters,
        };
        let [drift, rubato] = order.unsteadiness.unwrap_or([artist.drift, artist.rubato]);
        let feel = Feel {
            bpm: f64::from(bpm),
            swing: artist.swing,
            drift: f64::from(drift),
            rubato: f64::from(rubato),
            phrase_beats: 4 * meter.beats(),
        };
        let lead_s = f64::from(rng.uniform_in(0.0, LEAD_S));
        let curve = TempoCurve::draw(&feel, order.seconds + lead_s, rng);
        let frame = Frame::draw(order.genre, rules, meter, key, curve.beats(), rng);

        let mut stage = Stage { artist: &artist, frame, curve, order, tracks: Vec::new() };
        stage.write(rng);
        let Stage { frame, curve, tracks, .. } = stage;
        let mut piece = Piece {
            order: *order,
            album,
            key,
            meter,
            bpm: 0.0,
            beats: Vec::new(),
            notes: Vec::new(),
            strokes: Vec::new(),
            chords: Vec::new(),
            sections: Vec::new(),
            traits: Traits::NONE,
            tracks,
            lead_s,
            sound_seed: u64::from(rng.next_u32()),
            artist,
        };
        piece.label(&frame, &curve);
        piece
    }

    /// The names of the instruments that are heard, sorted: patches, `drums`, `voice`.
    pub fn instruments(&self) -> Vec<String> {
        let mut names: Vec<String> = self.notes.iter().filter_map(|n| n.label.clone()).collect();
        if !self.strokes.is_empty() {
            names.push("drums".into());
        }
        names.sort();
        names.dedup();
        names
    }

    /// The times at which something begins, notes and strokes together, sorted; a chord gives one time for each of its
    /// tones.
    pub fn onsets(&self) -> Vec<f64> {
        let notes = self.notes.iter().map(|note| note.onset_s);
        let mut times: Vec<f64> = notes.chain(self.strokes.iter().map(|s| s.time_s)).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    /// Fills in the labels.
    fn label(&mut self, frame: &Frame, curve: &TempoCurve) {
        let end = self.order.seconds;
        // Nobody hears what begins in the last two hundredths of a second.
        let heard = |time: f64| (0.0..end - 0.02).contains(&time);
        let lead = self.lead_s;
        let at = |time: f64| micro(time - lead);
        for beat in 0..curve.beats() {
            let (time_s, position) = (at(curve.seconds(beat as f64)), beat % self.meter.beats() + 1);
            if heard(time_s) {
                self.beats.push(Beat { time_s, position: Some(position as u8) });
            }
        }
        let mut tempi: Vec<f64> = (0..curve.beats()).map(|beat| curve.bpm_at(beat)).collect();
        tempi.sort_by(f64::total_cmp);
        self.bpm = tempi[tempi.len() / 2];

        for track in &self.tracks {
            let (name, notes): (&str, &[Note]) = match track {
                Track::Player(player, notes) => (player.patch.name(), notes),
                Track::Voice(notes) => ("voice", notes),
                Track::Drums(hits) => {
                    let strokes = hits.iter().map(|hit| DrumOnset {
                        time_s: at(f64::from(hit.start_s)),
                        class: class(hit.drum),
                    });
                    self.strokes.extend(strokes.filter(|stroke| heard(stroke.time_s)));
                    continue;
                }
            };
            let labels = notes.iter().map(|note| NoteLabel {
                onset_s: at(f64::from(note.start_s)),
                offset_s: at(f64::from(note.start_s + note.duration_s)),
                pitch_midi: f64::from(note.pitch),
                velocity: Some(f64::from((127.0 * note.velocity).round())),
                label: Some(name.to_string()),
            });
            self.notes.extend(labels.filter(|note| heard(note.onset_s)));
        }
        self.strokes.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        self.notes.sort_by(|a, b| {
            a.onset_s.total_cmp(&b.onset_s).then(a.pitch_midi.total_cmp(&b.pitch_midi))
        });

        let span = |from: f64, to: f64, label: String| LabelledSegment {
            start_s: at(curve.seconds(from)).max(0.0),
            end_s: at(curve.seconds(to)).min(end),
            label,
        };
        let last = curve.beats() as f64 + 1.0;
        let audible = |s: &LabelledSegment| s.end_s > s.start_s;
        for (i, chord) in frame.chords.iter().enumerate() {
            let to = frame.chords.get(i + 1).map_or(last, |next| next.beat);
            self.chords.push(span(chord.beat, to, chord.chord.label()));
        }
        for section in &frame.sections {
            let to = frame.bar_beat(section.first_bar + section.bars);
            let name = section.part.name().to_string();
            self.sections.push(span(frame.bar_beat(section.first_bar), to, name));
        }
        // Time runs on as the tempo curve ends: labels reach the end of the excerpt.
        for segments in [&mut self.chords, &mut self.sections] {
            segments.retain(audible);
            if let Some(segment) = segments.last_mut() {
                segment.end_s = end;
            }
            if let Some(segment) = segments.first_mut() {
                segment.start_s = 0.0;
            }
        }
        self.traits = Traits::of(self);
    }
}

/// Seconds that are played before an excerpt begins, at most: what rang then still rings.
const LEAD_S: f32 = 1.5;

/// A time with six decimals.
fn micro(time_s: f64) -> f64 {
    (time_s * 1e6).round() / 1e6
}

/// The class that a drum belongs to.
fn class(drum: Drum) -> DrumClass {
    match drum {
        Drum::Kick => DrumClass::Kick,
        Drum::Snare => DrumClass::Snare,
        Drum::Hat | Drum::OpenHat => DrumClass::HiHat,
        Drum::LowTom | Drum::HighTom => DrumClass::Tom,
        Drum::Ride | Drum::Crash => DrumClass::Cymbal,
        Drum::Conga | Drum::Clap | Drum::Shaker | Drum::Block | Drum::Bell => DrumClass::Other,
    }
}

impl Traits {
    /// Before anything was played.
    const NONE: Traits = Traits {
        bpm: 100.0,
        events_per_s: 0.0,
        strokes_per_s: 0.0,
        mode: 0.0,
        register: 62.0,
        velocity: 0.6,
        legato: 0.8,
        distortion: 0.0,
        soft: 0.0,
        dissonance: 0.0,
    };

    fn of(piece: &Piece) -> Traits {
        let seconds = piece.order.seconds as f32;
        let onsets = crate::annotation::merge_onsets(&piece.onsets(), 0.03);
        let (mut pitch, mut velocity, mut notes, mut high) = (0.0, 0.0, 0.0f32, 0.0f32);
        let (mut distorted, mut soft, mut legato) = (0.0, 0.0, 0.0);
        for track in &piece.tracks {
            let (patch, list): (Option<Patch>, &[Note]) = match track {
                Track::Player(player, notes) => (Some(player.patch), notes),
                Track::Voice(notes) => (None, notes),
                Track::Drums(_) => continue,
            };
            for (i, note) in list.iter().enumerate() {
                notes += 1.0;
                velocity += note.velocity;
                distorted += f32::from(patch == Some(Patch::DistortedGuitar));
                soft += f32::from(patch.is_none_or(|p| p.slowest_attack_s() > 0.01));
                if note.pitch > 47.0 {
                    high += 1.0;
                    pitch += note.pitch;
                }
                // Until the next note of the same player that is no part of the same chord.
                let next = list[i + 1..].iter().find(|n| n.start_s > note.start_s + 0.05);
                let gap = next.map_or(note.duration_s, |n| n.start_s - note.start_s);
                legato += (note.duration_s / gap.max(0.03)).min(1.0);
            }
        }
        let mean = |sum: f32, of: f32, otherwise: f32| if of > 0.0 { sum / of } else { otherwise };
        let tonic = piece.key.tonic;
        let dissonant = |label: &str| {
            // Roots a minor second or a tritone above the tonic, and diminished chords.
            label.contains("dim") || [1, 6].iter().any(|above| {
                label.starts_with(&format!("{}:", super::harmony::note_name(tonic + above)))
            })
        };
        let rough: f64 = piece
            .chords
            .iter()
            .filter(|chord| dissonant(&chord.label))
            .map(|chord| chord.end_s - chord.start_s)
            .sum();
        Traits {
            // The pulse that is felt: in 7/8 pairs of eighths.
            bpm: piece.bpm as f32 * if piece.meter == Meter::SevenEight { 0.5 } else { 1.0 },
            events_per_s: onsets.len() as f32 / seconds,
            strokes_per_s: piece.strokes.len() as f32 / seconds,
            mode: piece.key.mode.brightness(),
            register: mean(pitch, high, 62.0),
            velocity: mean(velocity, notes, 0.65),
            legato: mean(legato, notes, 0.6),
            distortion: mean(distorted, notes, 0.0),
            soft: mean(soft, notes, 0.0),
            dissonance: rough as f32 / seconds,
        }
    }
}

/// Where parts are written and performed.
struct Stage<'a> {
    artist: &'a Artist,
    frame: Frame,
    curve: TempoCurve,
    order: &'a Order,
    tracks: Vec<Track>,
}

impl Stage<'_> {
    fn write(&mut self, rng: &mut Rng) {
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
        if let (Some((_, grooves)), false) = (&artist.drums, calm) && matches!(cast, Cast::Full | Cast::Drums) {
            self.drums(*rng.pick(grooves), &drums_play, rng);
        }
        if cast == Cast::Drums {
            return;
        }
        let solo = cast == Cast::Solo;
        let who = if solo { 1 + rng.below(3) } else { 0 };
        if let Some((player, lines)) = &artist.bass && (!solo || who == 3 && artist.harmony.is_empty()) {
            let choice = player.choice + rng.below(2);
            let part = pattern::bass(&self.frame, *rng.pick(lines), choice, 36.0, rng);
            self.player(player, part, |s| bass_plays[s], rng);
        }
        for (k, (player, comps)) in artist.harmony.iter().enumerate() {
            if solo && (who != 3 || k > 0) {
                continue;
            }
            // An excited piece takes the busier of the two patterns.
            let comp = if arousal > 0.0 { comps[0].max_by_strokes(comps[1]) } else { *rng.pick(comps) };
            let centre = 60.0 + 3.0 * self.order.mood.valence + 2.0 * rng.normal();
            let part = pattern::chords(&self.frame, comp, player.choice, centre, rng);
            let plays: Vec<bool> =
                (0..sections).map(|s| k == 0 || solo || parts[s] == Part::Chorus || rng.chance(0.5)).collect();
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
                .map(|part| solo || !sings || *part == Part::Solo || (*part == Part::Intro || answers) && rng.chance(0.5))
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

    fn player(&mut self, player: &Player, part: Vec<BeatNote>, plays: impl Fn(usize) -> bool, rng: &mut Rng) {
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
        let part: Vec<BeatNote> = part.into_iter().map(|n| BeatNote { pitch: fold(n.pitch), ..n }).collect();
        let notes = self.perform(&part, player.lag_s, plays, rng);
        self.tracks.push(Track::Player(player.clone(), notes));
    }

    /// From beats to seconds: a hand is early or late with a whole chord, and its fingers by a little more.
    fn perform(&self, part: &[BeatNote], lag_s: f32, plays: impl Fn(usize) -> bool, rng: &mut Rng) -> Vec<Note> {
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
