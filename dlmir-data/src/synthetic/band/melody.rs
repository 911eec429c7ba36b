//! Tunes: repetition, small steps, chord tones where the bar is strong, and breaths.
//!
//! A phrase has a question and an answer. The rhythm of its first bar returns in its third; phrases of one
//! section begin alike; the last bar ends on a long note. How many notes, how far they leap, how long they
//! sound and how often they come before their beat is the style's.

use super::form::Frame;
use crate::rng::Rng;
use crate::synthetic::score::BeatNote;

/// What kind of tune.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Style {
    /// The middle of the range, a MIDI pitch.
    pub centre: f32,
    /// Semitones up and down from there.
    pub reach: f32,
    /// Notes a beat.
    pub density: f32,
    /// Chance of a leap instead of a step.
    pub leaps: f32,
    /// The share of its time that a note sounds: 1 legato, 0.5 staccato.
    pub legato: f32,
    /// Chance that a note comes a sixteenth or eighth before its beat.
    pub syncopation: f32,
    /// Chance that a bar of the phrase is silent, for others to answer.
    pub rests: f32,
}

/// A note of a rhythm: slot of the bar, length in slots.
type Cell = Vec<(usize, usize)>;

/// Writes a tune over the bars for which `plays` says so.
pub fn melody(
    frame: &Frame,
    style: &Style,
    plays: impl Fn(usize) -> bool,
    rng: &mut Rng,
) -> Vec<BeatNote> {
    let meter = frame.meter;
    let per_beat = meter.slots_per_beat();
    // The motif: two rhythms and the steps that go with them; the last is the cadence.
    let cells: [Cell; 3] = std::array::from_fn(|_| rhythm(frame, style.density, rng));
    let contours: [Vec<i32>; 3] =
        std::array::from_fn(|_| (0..meter.slots()).map(|_| step(style.leaps, rng)).collect());
    let centre = frame.key.nearest_step(style.centre);
    let n = frame.key.mode.scale().len() as f32;
    let reach = ((style.reach / 12.0 * n) as i32).max(2);
    let mut notes: Vec<BeatNote> = Vec::new();
    let mut at = centre;
    for bar in 0..frame.bars() {
        let in_phrase = (bar - frame.section(bar).first_bar) % frame.phrase_bars;
        let closing = frame.closes(bar);
        let silent = rng.chance(style.rests);
        if !plays(bar) || silent && in_phrase > 0 {
            continue;
        }
        let which = if closing { 2 } else { in_phrase % 2 };
        if in_phrase == 0 {
            at = centre + rng.below(3) as i32 - 1;
        }
        // Half way through a cadence the tune comes to rest.
        let rest_from = if closing { meter.slots() / 2 } else { meter.slots() };
        for (i, &(slot, length)) in cells[which].iter().enumerate() {
            let last = slot >= rest_from;
            let length = if last { meter.slots() - slot } else { length };
            // Now and then a turn is taken otherwise.
            let turn = if rng.chance(0.15) { step(style.leaps, rng) } else { contours[which][i] };
            let mut wish = at + turn;
            if (wish - centre).abs() > reach {
                wish = at - turn.signum() * (1 + rng.below(2) as i32);
            }
            let beat = frame.slot_beat(bar, slot);
            let strong = slot % per_beat == 0;
            at = if strong || last { chord_tone(frame, beat, wish) } else { wish };
            let early = slot > 0 && rng.chance(style.syncopation);
            let shift =
                if early { if per_beat == 4 && rng.chance(0.6) { 2 } else { 1 } } else { 0 };
            let shift = shift as f32 / per_beat as f32;
            let sounding = if last { style.legato.min(0.9) * 0.8 } else { style.legato };
            let accent = if slot == 0 {
                0.88
            } else if strong {
                0.78
            } else {
                0.7
            };
            let beat = beat as f32 - shift;
            let beats = (length as f32 / per_beat as f32 + shift) * sounding;
            // A tune has one voice: a note that comes early ends the one before.
            if let Some(before) = notes.last_mut() {
                if before.beat >= beat {
                    continue;
                }
                before.beats = before.beats.min(beat - before.beat);
            }
            let pitch = frame.key.pitch(at) as f32;
            notes.push(BeatNote { beat, beats, pitch, velocity: accent });
            if last {
                break;
            }
        }
    }
    notes
}

fn step(leaps: f32, rng: &mut Rng) -> i32 {
    let sign = if rng.chance(0.5) { 1 } else { -1 };
    sign * if rng.chance(leaps) { 3 + rng.below(3) as i32 } else { rng.below(3) as i32 }
}

fn chord_tone(frame: &Frame, beat: f64, step: i32) -> i32 {
    let chord = frame.chord_at(beat);
    let near = [0, 1, -1, 2, -2].map(|d| step + d);
    near.into_iter().find(|&s| chord.has(frame.key.pitch(s))).unwrap_or(step)
}

/// Notes that fill a bar: lengths around 1 / density beats, in powers of two of the grid, dotted now and then, that
/// begin where their length divides the bar.
fn rhythm(frame: &Frame, density: f32, rng: &mut Rng) -> Cell {
    let meter = frame.meter;
    let (slots, per_beat) = (meter.slots(), meter.slots_per_beat() as f32);
    let mut cell = Vec::new();
    let mut slot = 0;
    while slot < slots {
        let wish = per_beat / density * rng.log_uniform_in(0.55, 1.8);
        let choices: &[usize] =
            if meter.slots_per_beat() == 6 { &[1, 2, 4, 6, 12] } else { &[1, 2, 3, 4, 6, 8, 16] };
        let distance = |&&length: &&usize| (length as f32 / wish).ln().abs();
        let near = choices.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        let mut length = near.copied().unwrap_or(1).min(slots - slot);
        // An odd sixteenth leads back to the grid of eighths.
        if slot % 2 == 1 && length > 1 {
            length = 1;
        }
        cell.push((slot, length));
        slot += length;
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::super::genre::Genre;
    use super::super::harmony::{Key, Mode};
    use super::super::tempo::Meter;
    use super::*;

    #[test]
    fn a_tune_has_one_voice_keeps_its_range_and_its_density() {
        for (i, meter) in Meter::ALL.into_iter().enumerate() {
            let key = Key { tonic: 7, mode: Mode::Dorian };
            let mut rng = Rng::at(5, 0, i as u64, 0);
            let frame = Frame::draw(Genre::Folk, Genre::Folk.rules(), meter, key, 400, &mut rng);
            let count = |density: f32, rng: &mut Rng| {
                let style = Style {
                    centre: 72.0,
                    reach: 9.0,
                    density,
                    leaps: 0.2,
                    legato: 0.9,
                    syncopation: 0.2,
                    rests: 0.0,
                };
                let notes = melody(&frame, &style, |_| true, rng);
                for pair in notes.windows(2) {
                    assert!(pair[0].beat + pair[0].beats <= pair[1].beat + 1e-3, "{meter:?}");
                }
                assert!(notes.iter().all(|n| (n.pitch - 72.0).abs() <= 18.0));
                notes.len() as f32 / (frame.bars() * meter.beats()) as f32
            };
            let (few, many) = (count(0.7, &mut rng), count(2.0, &mut rng));
            assert!(few < many, "{meter:?}: {few} {many}");
            assert!((0.3..1.3).contains(&few), "{meter:?}: {few}");
        }
    }
}
