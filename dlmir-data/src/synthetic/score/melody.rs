//! Tunes.
//!
//! What makes a row of notes a tune is mostly repetition: two bars of rhythm return again and again, and
//! phrases come in pairs that begin alike. The line moves by small steps, turns back at the edges of its
//! range, stands on chord tones on strong beats, and rests at the end of a phrase.

use super::{BeatNote, Score};
use crate::rng::Rng;

/// What kind of tune.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// The middle of the range, a MIDI pitch.
    pub centre: f32,
    /// Steps of the scale up and down from there.
    pub reach: i32,
    /// Notes a beat, roughly: 0.5 a hymn, 1 a song, 2 to 4 a fiddle tune.
    pub density: f32,
    /// Chance of a leap instead of a step.
    pub leaps: f32,
    /// The share of its time that a note sounds: 1 legato, 0.5 staccato.
    pub legato: f32,
}

/// A tune over the whole score.
pub fn melody(score: &Score, style: &Style, rng: &mut Rng) -> Vec<BeatNote> {
    let centre = score.key.nearest_step(style.centre);
    // Two rhythms of a bar each, to be repeated; the line is new each time but keeps its contour.
    let cells: Vec<Vec<f32>> = (0..3).map(|_| rhythm(score, style.density, rng)).collect();
    let contour: Vec<i32> = (0..64).map(|_| move_by(style.leaps, rng)).collect();
    let phrase_bars = (score.clock.phrase_beats as usize / score.beats_per_bar).max(1);
    let rest = rng.uniform_in(0.1, 1.0);
    let pauses = if rng.chance(0.4) { rng.uniform_in(0.1, 0.5) } else { 0.0 };
    let mut notes = Vec::new();
    let mut step = centre;
    for bar in 0..score.bars() {
        let in_phrase = bar % phrase_bars;
        let closing = in_phrase + 1 == phrase_bars;
        let cell = if closing { &cells[2] } else { &cells[in_phrase % 2] };
        if in_phrase == 0 {
            step = centre + rng.below(3) as i32 - 1;
        }
        // Whole bars of silence between phrases, in which others play or nobody does.
        if closing && rng.chance(pauses) {
            continue;
        }
        let mut beat = score.bar_beat(bar);
        let bar_end = score.bar_beat(bar + 1);
        for (i, &beats) in cell.iter().enumerate() {
            // Every phrase ends with a long note and a breath.
            let left = bar_end - beat;
            let last = closing && left <= 0.5 * score.beats_per_bar as f32;
            let beats = if last { left } else { beats.min(left) };
            let mut wish = step + contour[(in_phrase * 7 + i) % contour.len()];
            if (wish - centre).abs() > style.reach {
                wish = centre + (wish - centre).signum() * (style.reach - 1);
            }
            step = if beat.fract() < 0.01 { nearest_chord_tone(score, beat, wish) } else { wish };
            let accent = if i == 0 { 0.85 } else { 0.7 };
            let sounding = if last { rest } else { style.legato };
            notes.push(BeatNote {
                beat,
                beats: beats * sounding,
                pitch: score.key.pitch(step) as f32,
                velocity: accent,
            });
            beat += beats;
            if last || beat >= bar_end - 0.01 {
                break;
            }
        }
    }
    notes
}

fn move_by(leaps: f32, rng: &mut Rng) -> i32 {
    let sign = if rng.chance(0.5) { 1 } else { -1 };
    sign * if rng.chance(leaps) { 2 + rng.below(4) as i32 } else { rng.below(3) as i32 }
}

fn nearest_chord_tone(score: &Score, beat: f32, step: i32) -> i32 {
    let n = score.key.scale.len() as i32;
    let chord = score.chord_at(beat);
    let is_tone = |s: i32| chord.tones.iter().any(|t| (chord.root + t - s).rem_euclid(n) == 0);
    [0, 1, -1, 2, -2].map(|d| step + d).into_iter().find(|&s| is_tone(s)).unwrap_or(step)
}

/// Durations that fill a bar, on the grid of the score.
pub(super) fn rhythm(score: &Score, density: f32, rng: &mut Rng) -> Vec<f32> {
    let grid = 1.0 / score.division as f32;
    let bar = score.beats_per_bar as f32;
    let mut left = bar;
    let mut durations = Vec::new();
    while left > 0.5 * grid {
        // Around 1 / density beats, in powers of two of the grid, dotted now and then.
        let wish = rng.log_uniform_in(0.5, 2.0) / density;
        let octave = (wish / grid).log2().round().clamp(0.0, 4.0);
        let mut beats = grid * octave.exp2();
        if octave > 0.0 && rng.chance(0.2) {
            beats *= 1.5;
        }
        let beats = beats.min(left);
        durations.push(beats);
        left -= beats;
    }
    durations
}
