//! A piece: written for an artist, performed by hands, and labelled on the way.
//!
//! ```text
//! order (genre, mood, length) -> artist -> frame -> parts in beats -> performance in seconds -> labels
//! ```
//!
//! Labels are those of the performance: the time of a note is when the player begins it, hands' errors included, and
//! the sound begins with that sample. A gentle attack is heard later than its label, by at most
//! [`Patch::slowest_attack_s`](super::orchestra::Patch::slowest_attack_s); a sung vowel is labelled, and the consonant
//! before it is heard earlier. A tremolo is one note, however often the bow turns. Beats are labelled where the tempo curve has them, whether anybody plays there or not.

use super::artist::{ALBUMS, ARTISTS, Artist, Player};
use super::form::Frame;
use super::genre::Genre;
use super::harmony::{Key, weighted};
use super::mood::{MoodPoint, Traits};
use super::stage::Stage;
use super::tempo::{Feel, Meter, TempoCurve};
use crate::annotation::{Beat, DrumClass, DrumOnset, LabelledSegment, Note as NoteLabel};
use crate::rng::{Rng, stream};
use crate::synthetic::drum::{Drum, Hit};
use crate::synthetic::instrument::Note;

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

/// The tempo from one beat to the next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TempoSpan {
    /// The beat, or the excerpt's start if it comes before.
    pub start_s: f64,
    /// The next beat, or the excerpt's end.
    pub end_s: f64,
    /// Beats a minute: 60 over the time between the two beats.
    pub bpm: f64,
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
    /// The tempo curve, from end to end.
    pub tempi: Vec<TempoSpan>,
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
            tempi: Vec::new(),
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
            let (time_s, position) =
                (at(curve.seconds(beat as f64)), beat % self.meter.beats() + 1);
            if heard(time_s) {
                self.beats.push(Beat { time_s, position: Some(position as u8) });
            }
            let start_s = time_s.max(0.0);
            let end_s = at(curve.seconds(beat as f64 + 1.0)).min(end);
            if end_s > start_s {
                self.tempi.push(TempoSpan { start_s, end_s, bpm: micro(curve.bpm_at(beat)) });
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
pub(super) const LEAD_S: f32 = 1.5;

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
