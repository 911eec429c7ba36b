//! Bass lines and accompaniment as patterns on the grid of sixteenths.
//!
//! A pattern is written as a row of signs, one a sixteenth, the way drum machines show them. It starts again
//! with each bar (or every second bar, if it is twice as long), and a shorter bar cuts it off.
//!
//! ```text
//! bass      R root  5 fifth  3 third of the chord  8 root an octave higher  n the next chord's root
//! chords    x all tones, held  s all tones, short  l the lowest alone  h all but the lowest  a one after the other
//! both      - goes on  . rest
//! ```

use super::form::Frame;
use super::tempo::Meter;
use crate::rng::Rng;
use crate::synthetic::score::BeatNote;

/// How the bass moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BassLine {
    /// One long root.
    Held,
    /// Root and fifth in turn.
    RootFifth,
    /// A step on every beat towards the next chord.
    Walking,
    /// Up and down the chord in eighths (blues, rock and roll).
    Boogie,
    /// Roots in eighths.
    Eighths,
    /// Roots in sixteenths.
    Sixteenths,
    /// Between the beats (house).
    OffBeat,
    /// Long, short, short (metal).
    Gallop,
    /// With the kick drum.
    Kick,
    /// A syncopated figure (funk, hip hop).
    Riff,
    /// Before the beat: the bar's first beat stays empty (son, salsa).
    Tumbao,
    /// Dotted, root and fifth (samba, bossa nova).
    Surdo,
    /// Late, low and melodic (reggae).
    Dub,
}

impl BassLine {
    fn rows(self) -> &'static [&'static str] {
        match self {
            BassLine::Held => &["R---------------", "R-------R-------"],
            BassLine::RootFifth => &["R-------5-------", "R---5---R---5---", "R-----R-5-----5-"],
            BassLine::Walking => &["w---w---w---w---"],
            BassLine::Boogie => &["R-R-3-3-5-5-3-3-", "R-5-R-5-R-5-R-5-", "R-3-5-6-8-6-5-3-"],
            BassLine::Eighths => &["R-R-R-R-R-R-R-R-", "R.R.R.R.R.R.R.8."],
            BassLine::Sixteenths => &["RRRRRRRRRRRRRRRR", "R.RRR.RRR.RRR.RR"],
            BassLine::OffBeat => &["..R-..R-..R-..R-", "..R-..R-..8-..R.", "..RR..RR..RR..RR"],
            BassLine::Gallop => &["R-RRR-RRR-RRR-RR", "RRR-RRR-RRR-RRR-"],
            BassLine::Kick => {
                &["R-....R-R-......", "R-------..R-....", "R-....R-..R-....", "R--R----..R-..5-"]
            }
            BassLine::Riff => &["R..R..8.R.5..R..", "R.8.R..R..5.R.3.", "R..R....R..5..8."],
            BassLine::Tumbao => &["......5-----n---", "R-----5-----n---"],
            BassLine::Surdo => &["R-----R-5-----5-", "R-----5-5-----R-"],
            BassLine::Dub => {
                &["....R-R-3-5-....", "R-....R-..5-3-..", "..R-R-..5-..R-..", "R-----5-3-......"]
            }
        }
    }
}

/// How chords are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comp {
    /// Held.
    Block,
    /// On every beat, or twice.
    Pulse,
    /// A guitar's strokes.
    Strum,
    /// A guitar's single strings.
    Picking,
    /// One tone after the other.
    Arpeggio,
    /// Low, high, middle, high.
    Alberti,
    /// Low on the beat, the rest after it.
    OomPah,
    /// Short and syncopated.
    Stabs,
    /// Two notes a beat, the second late.
    Shuffle,
    /// The pattern called after the dance: the first beat and before the third.
    Charleston,
    /// Short, after the beat.
    Skank,
    /// An organ's double notes after the beat.
    Bubble,
    /// Broken octaves around the clave.
    Montuno,
    /// The guitar of the bossa nova.
    Bossa,
    /// Long, short, short in low fifths.
    Gallop,
    /// Muted eighths in low fifths.
    Chug,
    /// A sequencer's sixteenths.
    Sequence,
    /// Tonic and fifth, whatever the chord.
    Drone,
}

impl Comp {
    fn rows(self) -> &'static [&'static str] {
        match self {
            Comp::Block | Comp::Drone => &["x---------------", "x-------x-------"],
            Comp::Pulse => &["x---x---x---x---", "x-x-x-x-x-x-x-x-"],
            Comp::Strum => &["x---x-x---x-x-x-", "x---x---x-x-x-x-", "x-x-xxx-x-x-xxx-"],
            Comp::Picking => &["l-a-a-a-l-a-a-a-", "l-a-l-a-l-a-l-a-"],
            Comp::Arpeggio => &["a-a-a-a-a-a-a-a-", "aaaaaaaaaaaaaaaa"],
            Comp::Alberti => &["l-a-a-a-l-a-a-a-", "lalalalalalalala", "laaalaaalaaalaaa"],
            Comp::OomPah => &["l---h---l---h---", "l---h-h-l---h-h-"],
            Comp::Stabs => {
                &["s--s--s...s--s..", "s.....s...s.....", "..s..s....s..s..", "s--s--s--s--s-s-"]
            }
            Comp::Shuffle => &["x-s-x-s-x-s-x-s-", "..s-..s-..s-..s-"],
            Comp::Charleston => {
                &["x-----s.........", "......s.......s.", "..s...........s.", "x-----x-----s..."]
            }
            Comp::Skank => &["....s.......s...", "..s...s...s...s."],
            Comp::Bubble => &["..ss..ss..ss..ss", "..s-..s-..s-..s-"],
            Comp::Montuno => &["a-a-.a-aa-.a-a-.", "a.aa.a.a.a.aa.a."],
            Comp::Bossa => &["l-h---h-l---h---", "l-h---h-l-h---h-"],
            Comp::Gallop => &["x-ssx-ssx-ssx-ss", "ssx-ssx-ssx-ssx-"],
            Comp::Chug => &["s-s-s-s-s-s-s-s-", "s-s-x---s-s-x---", "ss-ss-ss-ss-s-s-"],
            Comp::Sequence => &["aaaaaaaaaaaaaaaa", "a-aaa-aaa-aaa-aa", "a.a.aa.aa.a.aa.a"],
        }
    }
}

impl Comp {
    /// Strokes a bar, of the first of its patterns.
    pub(super) fn busy(self) -> usize {
        self.rows()[0].bytes().filter(|sign| !b"-.".contains(sign)).count()
    }
}

/// The sign at a slot of a bar: rows of two bars alternate, shorter ones start again with the bar.
fn sign(row: &str, meter: Meter, bar: usize, slot: usize) -> u8 {
    let row = row.as_bytes();
    // In 6/8 the beat is six sixteenths, and figures of four are stretched to it.
    let slot = match meter {
        Meter::SixEight => SIX_EIGHT[slot],
        // Two bars of 2/4 are one row.
        Meter::TwoFour => 8 * (bar % 2) + slot,
        _ => slot,
    };
    let bars = (row.len() / 16).max(1);
    row[(16 * (bar % bars) + slot) % row.len()]
}

/// Where the sixteenths of a bar of 6/8 look in a row of 4/4: its two beats are beats one and three.
const SIX_EIGHT: [usize; 12] = [0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 14, 15];

/// The slots of a bar at which something begins, with its sign and length in slots.
fn strokes(row: &str, meter: Meter, bar: usize) -> Vec<(usize, u8, usize)> {
    let slots = meter.slots();
    let at = |slot| sign(row, meter, bar, slot);
    let mut strokes: Vec<(usize, u8, usize)> = Vec::new();
    for slot in 0..slots {
        match at(slot) {
            b'.' => {}
            b'-' => {
                if let Some((start, _, length)) = strokes.last_mut()
                    && *start + *length == slot
                {
                    *length += 1;
                }
            }
            sign => strokes.push((slot, sign, 1)),
        }
    }
    strokes
}

/// Writes a bass line around a MIDI pitch. The line keeps to one pattern in all pieces of a player's mind:
/// `choice` picks it.
pub fn bass(
    frame: &Frame,
    line: BassLine,
    choice: usize,
    centre: f32,
    rng: &mut Rng,
) -> Vec<BeatNote> {
    let rows = line.rows();
    let row = rows[choice % rows.len()];
    let meter = frame.meter;
    let per_beat = meter.slots_per_beat() as f32;
    let mut notes = Vec::new();
    let mut last = centre;
    for bar in 0..frame.bars() {
        for (slot, sign, length) in strokes(row, meter, bar) {
            let beat = frame.slot_beat(bar, slot);
            let chord = frame.chord_at(beat);
            let root = chord.bass(centre);
            let third = root + chord.quality.tones()[1] as f32;
            let pitch = match sign {
                b'5' => root + 7.0,
                b'3' => {
                    if third > root + 6.0 {
                        root
                    } else {
                        third
                    }
                }
                b'6' => root + 9.0,
                b'8' => root + 12.0,
                // A salsa bass is ahead of the harmony.
                b'n' => frame.chord_at(frame.bar_beat(bar + 1)).bass(centre),
                b'w' => walk(frame, beat, last, centre, rng),
                _ => root,
            };
            last = pitch;
            let accent = if slot == 0 { 0.85 } else { 0.75 };
            let beats = 0.93 * length as f32 / per_beat;
            notes.push(BeatNote { beat: beat as f32, beats, pitch, velocity: accent });
        }
    }
    notes
}

/// The next note of a walking bass: the root where a chord begins, before a change a neighbour of the next root,
/// else a step or a chord tone near the last note.
fn walk(frame: &Frame, beat: f64, last: f32, centre: f32, rng: &mut Rng) -> f32 {
    let chord = frame.chord_at(beat);
    if beat == 0.0 || frame.chord_at(beat - 1.0) != chord {
        return chord.bass(centre);
    }
    let next = frame.chord_at(beat + 1.0);
    if next != chord {
        let side = if rng.chance(0.5) { 1.0 } else { -1.0 };
        return next.bass(centre) + side;
    }
    let wish = last + *rng.pick(&[-4.0, -2.0, 2.0, 3.0, 4.0]);
    let wish = if (wish - centre).abs() > 9.0 { centre } else { wish };
    let near = [0, 1, -1, 2, -2].map(|d| wish as i32 + d);
    near.into_iter().find(|&pitch| chord.has(pitch)).unwrap_or(wish as i32) as f32
}

/// Writes chords around a MIDI pitch. `choice` picks the pattern, `syncopation` is the chance that a stroke is left
/// out.
pub fn chords(
    frame: &Frame,
    comp: Comp,
    choice: usize,
    centre: f32,
    rng: &mut Rng,
) -> Vec<BeatNote> {
    let rows = comp.rows();
    let row = rows[choice % rows.len()];
    let meter = frame.meter;
    let per_beat = meter.slots_per_beat() as f32;
    let strummed = matches!(comp, Comp::Strum | Comp::Pulse | Comp::Shuffle);
    let fifths = matches!(comp, Comp::Gallop | Comp::Chug);
    let mut notes = Vec::new();
    let mut turn = 0;
    for bar in 0..frame.bars() {
        for (slot, sign, length) in strokes(row, meter, bar) {
            if slot > 0 && comp == Comp::Charleston && rng.chance(0.3) {
                continue;
            }
            let beat = frame.slot_beat(bar, slot);
            let chord = frame.chord_at(beat);
            let mut tones = if fifths {
                let root = chord.bass(centre - 8.0);
                vec![root, root + 7.0, root + 12.0]
            } else if comp == Comp::Drone {
                let tonic = frame.key.pitch(0) as f32 - 12.0;
                vec![tonic, tonic + 7.0]
            } else {
                chord.voicing(centre)
            };
            match sign {
                b'l' => tones = vec![chord.bass(centre - 14.0)],
                b'h' => _ = tones.remove(0),
                b'a' => {
                    // Up and down again.
                    let cycle = 2 * tones.len() - 2;
                    let i = turn % cycle.max(1);
                    tones = vec![tones[if i < tones.len() { i } else { cycle - i }]];
                    turn += 1;
                }
                _ => {}
            }
            let short = sign == b's' || fifths && length == 1;
            let beats = if short { 0.55 / per_beat } else { 0.95 * length as f32 / per_beat };
            let velocity = if slot % meter.slots_per_beat() == 0 { 0.75 } else { 0.62 };
            // A hand takes some hundredths of a beat to cross the strings.
            let spread = if strummed { 0.012 } else { 0.0 };
            for (i, pitch) in tones.into_iter().enumerate() {
                let beat = beat as f32 + spread * i as f32;
                notes.push(BeatNote { beat, beats, pitch, velocity });
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::super::genre::Genre;
    use super::super::harmony::{Key, Mode};
    use super::*;

    fn frame(meter: Meter) -> Frame {
        let key = Key { tonic: 0, mode: Mode::Major };
        let rules = Genre::Pop.rules();
        Frame::draw(Genre::Pop, rules, meter, key, 32, &mut Rng::at(1, 0, 0, 0))
    }

    #[test]
    fn rows_are_read_in_every_metre() {
        assert_eq!(strokes("R-..5---........", Meter::FourFour, 0), [(0, b'R', 2), (4, b'5', 4)]);
        assert_eq!(strokes("R---5---R---5---", Meter::ThreeFour, 0).len(), 3);
        assert_eq!(strokes("R-------5-------", Meter::SixEight, 0), [(0, b'R', 6), (6, b'5', 6)]);
        assert_eq!(strokes("R-R-R-R-R-R-R-R-", Meter::SixEight, 0).len(), 6);
        for line in [BassLine::Held, BassLine::Walking, BassLine::Tumbao, BassLine::Dub] {
            assert!(line.rows().iter().all(|row| row.len() % 16 == 0), "{line:?}");
        }
    }

    #[test]
    fn roots_and_chords_belong_to_the_harmony() {
        for meter in Meter::ALL {
            let frame = frame(meter);
            let mut rng = Rng::at(2, 0, 0, 0);
            for note in bass(&frame, BassLine::Eighths, 0, 38.0, &mut rng) {
                assert!(frame.chord_at(f64::from(note.beat)).has(note.pitch as i32), "{meter:?}");
            }
            for comp in [Comp::Block, Comp::Alberti, Comp::Montuno, Comp::Bossa] {
                let notes = chords(&frame, comp, 0, 60.0, &mut rng);
                assert!(!notes.is_empty());
                for note in notes {
                    assert!(
                        frame.chord_at(f64::from(note.beat)).has(note.pitch as i32),
                        "{comp:?}"
                    );
                }
            }
        }
    }
}
