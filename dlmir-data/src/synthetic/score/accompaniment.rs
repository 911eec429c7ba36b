//! What lies under a tune: bass lines, chords and broken chords.

use super::{BeatNote, Score};
use crate::rng::Rng;

/// How the bass moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bass {
    /// One long root a bar.
    Held,
    /// Root and fifth in turn, on the beats.
    RootFifth,
    /// A step on every beat towards the next chord (jazz).
    Walking,
    /// Repeated roots on the half beats (rock, disco).
    Driving,
    /// A fixed off-beat figure (funk, reggae, house).
    Riff,
}

/// How chords are played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Held for a bar.
    Block,
    /// On every beat.
    Pulse,
    /// On the second half of the beats.
    OffBeat,
    /// Strings one after the other, up and down, several strokes a bar.
    Strum,
    /// One tone after the other.
    Arpeggio,
    /// A fixed syncopated figure.
    Stabs,
    /// Low tone on the beat, chord after it.
    OomPah,
}

/// All ways of playing chords.
pub const FIGURES: [Figure; 7] = [
    Figure::Block,
    Figure::Pulse,
    Figure::OffBeat,
    Figure::Strum,
    Figure::Arpeggio,
    Figure::Stabs,
    Figure::OomPah,
];

/// All bass lines.
pub const BASSES: [Bass; 5] =
    [Bass::Held, Bass::RootFifth, Bass::Walking, Bass::Driving, Bass::Riff];

/// A bass line around a MIDI pitch.
pub fn bass(score: &Score, style: Bass, centre: f32, rng: &mut Rng) -> Vec<BeatNote> {
    let n = score.key.scale.len() as i32;
    let low = score.key.nearest_step(centre);
    let fold = |step: i32| low + (step - low + n / 2).rem_euclid(n) - n / 2;
    let riff = super::melody::rhythm(score, 1.7, rng);
    let mut notes = Vec::new();
    let mut add = |beat: f32, beats: f32, step: i32, velocity: f32| {
        notes.push(BeatNote { beat, beats, pitch: score.key.pitch(step) as f32, velocity });
    };
    for bar in 0..score.bars() {
        let start = score.bar_beat(bar);
        let root = fold(score.chords[bar].root);
        let beats = score.beats_per_bar;
        match style {
            Bass::Held => add(start, 0.95 * beats as f32, root, 0.8),
            Bass::RootFifth => {
                for beat in (0..beats).step_by(if beats.is_multiple_of(2) { 2 } else { 1 }) {
                    let fifth = (beat / 2) % 2 == 1;
                    let step = if fifth { fold(root + 4) } else { root };
                    add(start + beat as f32, 0.9, step, 0.8);
                }
            }
            Bass::Walking => {
                let next = score.chords.get(bar + 1).map_or(root, |c| fold(c.root));
                for beat in 0..beats {
                    let towards = (next - root) * beat as i32 / beats as i32;
                    let step = if beat == 0 { root } else { root + towards + rng.below(3) as i32 };
                    add(start + beat as f32, 0.95, step, 0.75);
                }
            }
            Bass::Driving => {
                for half in 0..2 * beats {
                    let octave = if half % 4 == 3 && rng.chance(0.3) { n } else { 0 };
                    let velocity = if half % 2 == 0 { 0.85 } else { 0.7 };
                    add(start + 0.5 * half as f32, 0.42, root + octave, velocity);
                }
            }
            Bass::Riff => {
                let mut beat = start;
                for (i, &length) in riff.iter().enumerate() {
                    if i == 0 || i % 3 != 2 {
                        let step = root + [0, 0, 4, 2, n][(i * 3) % 5];
                        add(beat, 0.7 * length, step, 0.8);
                    }
                    beat += length;
                }
            }
        }
    }
    notes
}

/// Chords around a MIDI pitch, each as close to the one before as its tones allow.
pub fn chords(score: &Score, figure: Figure, centre: f32, rng: &mut Rng) -> Vec<BeatNote> {
    let n = score.key.scale.len() as i32;
    let middle = score.key.nearest_step(centre);
    let stabs = super::melody::rhythm(score, 1.3, rng);
    let up_down = rng.chance(0.5);
    let per_beat = if score.clock.bpm > 130.0 { 2 } else { *rng.pick(&[2, 4, score.division]) };
    let mut notes = Vec::new();
    for bar in 0..score.bars() {
        let chord = &score.chords[bar];
        let start = score.bar_beat(bar);
        let beats = score.beats_per_bar;
        let mut steps: Vec<i32> = chord
            .tones
            .iter()
            .map(|t| middle + (chord.root + t - middle + n / 2).rem_euclid(n) - n / 2)
            .collect();
        steps.sort_unstable();
        let mut all = |beat: f32, length: f32, velocity: f32, spread: f32| {
            for (i, &step) in steps.iter().enumerate() {
                let pitch = score.key.pitch(step) as f32;
                notes.push(BeatNote {
                    beat: beat + spread * i as f32,
                    beats: length,
                    pitch,
                    velocity,
                });
            }
        };
        match figure {
            Figure::Block => all(start, 0.97 * beats as f32, 0.65, 0.0),
            Figure::Pulse => (0..beats).for_each(|b| all(start + b as f32, 0.8, 0.6, 0.0)),
            Figure::OffBeat => {
                (0..beats).for_each(|b| all(start + b as f32 + 0.5, 0.3, 0.65, 0.0));
            }
            Figure::Strum => {
                for half in 0..2 * beats {
                    if half % 2 == 0 || rng.chance(0.6) {
                        let velocity = if half % 4 == 0 { 0.8 } else { 0.55 };
                        all(start + 0.5 * half as f32, 0.6, velocity, 0.02);
                    }
                }
            }
            Figure::Stabs => {
                let mut beat = start;
                for (i, &length) in stabs.iter().enumerate() {
                    if i % 3 != 1 {
                        all(beat, 0.45 * length, 0.7, 0.0);
                    }
                    beat += length;
                }
            }
            Figure::OomPah => {
                for b in 1..beats {
                    all(start + b as f32, 0.4, 0.6, 0.0);
                }
                let low = score.key.pitch(steps[0] - n) as f32;
                notes.push(BeatNote { beat: start, beats: 0.8, pitch: low, velocity: 0.75 });
            }
            Figure::Arpeggio => {
                let octave: Vec<i32> = steps.iter().copied().chain([steps[0] + n]).collect();
                let turn = 2 * octave.len() - 2;
                for k in 0..beats * per_beat {
                    let i = if up_down { k % turn } else { k % octave.len() };
                    let i = if i < octave.len() { i } else { turn - i };
                    notes.push(BeatNote {
                        beat: start + k as f32 / per_beat as f32,
                        beats: 1.2 / per_beat as f32,
                        pitch: score.key.pitch(octave[i]) as f32,
                        velocity: if k % per_beat == 0 { 0.7 } else { 0.55 },
                    });
                }
            }
        }
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::score::Character;

    #[test]
    fn the_tones_of_a_block_chord_begin_together() {
        for seed in 0..20 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            let character =
                Character { bpm: [60.0, 160.0], swing: 0.0, rubato: 0.0, machine: false };
            let score = Score::draw(&character, 10.0, &mut rng);
            let notes = chords(&score, Figure::Block, 60.0, &mut rng);
            for bar in 0..score.bars() {
                let together = notes.iter().filter(|note| note.beat == score.bar_beat(bar));
                let mut pitches: Vec<f32> = together.map(|note| note.pitch).collect();
                pitches.dedup();
                assert!(pitches.len() >= 2, "seed {seed}, bar {bar}: {pitches:?}");
            }
        }
    }
}
