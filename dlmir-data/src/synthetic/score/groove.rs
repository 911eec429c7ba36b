//! Drum patterns: one bar of a grid, repeated with small changes, a fill at the end of each phrase.

use super::Score;
use crate::rng::Rng;
use crate::synthetic::drum::{Drum, Hit};

/// The kind of beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groove {
    /// Kick on 1 and 3, snare on 2 and 4.
    Rock,
    /// Kick on every beat, hats between (disco, house, techno).
    FourOnTheFloor,
    /// Ride and foot hat, few and soft drums.
    Jazz,
    /// Broken patterns (funk, hip-hop, drum and bass).
    Breakbeat,
    /// Fast and dense (metal, punk).
    Fast,
    /// Hand drums, shakers and bells in interlocking patterns.
    Percussion,
    /// Low drums and cymbals at structural points.
    Orchestral,
}

/// All kinds of beat.
pub const GROOVES: [Groove; 7] = [
    Groove::Rock,
    Groove::FourOnTheFloor,
    Groove::Jazz,
    Groove::Breakbeat,
    Groove::Fast,
    Groove::Percussion,
    Groove::Orchestral,
];

/// The strokes of a whole piece.
pub fn hits(score: &Score, groove: Groove, rng: &mut Rng) -> Vec<Hit> {
    let per_beat = if score.division == 3 { 3 } else { 4 };
    let slots = score.beats_per_bar * per_beat;
    let pattern = pattern(groove, slots, per_beat, rng);
    let phrase_bars = (score.clock.phrase_beats as usize / score.beats_per_bar).max(1);
    let fills = rng.chance(0.6) && groove != Groove::Orchestral;
    let ghost = rng.uniform_in(0.0, 0.15);
    let mut hits = Vec::new();
    for bar in 0..score.bars() {
        let closing = fills && bar % phrase_bars == phrase_bars - 1;
        let mut strike = |slot: usize, drum: Drum, velocity: f32, rng: &mut Rng| {
            let beat = score.bar_beat(bar) + slot as f32 / per_beat as f32;
            let start_s = score.clock.seconds(beat) + 0.7 * score.clock.looseness_s * rng.normal();
            let velocity = (velocity * (1.0 + 0.12 * rng.normal())).clamp(0.05, 1.0);
            hits.push(Hit { start_s: start_s.max(0.0), drum, velocity });
        };
        if bar % phrase_bars == 0 && bar > 0 && fills && rng.chance(0.5) {
            strike(0, Drum::Crash, 0.8, rng);
        }
        for &(slot, drum, velocity) in &pattern {
            if closing && 2 * slot >= slots && drum != Drum::Kick {
                continue;
            }
            strike(slot, drum, velocity, rng);
        }
        if closing {
            for slot in slots / 2..slots {
                if rng.chance(0.65) {
                    let drum = *rng.pick(&[Drum::Snare, Drum::HighTom, Drum::LowTom]);
                    strike(slot, drum, 0.5 + 0.4 * slot as f32 / slots as f32, rng);
                }
            }
        } else if rng.chance(ghost) {
            strike(rng.below(slots), Drum::Snare, 0.25, rng);
        }
    }
    hits
}

/// One bar: grid slot, drum, loudness.
fn pattern(
    groove: Groove,
    slots: usize,
    per_beat: usize,
    rng: &mut Rng,
) -> Vec<(usize, Drum, f32)> {
    let beats = slots / per_beat;
    let half = per_beat / 2 + per_beat % 2;
    let mut bar = Vec::new();
    match groove {
        Groove::Rock | Groove::Fast => {
            let hat = if rng.chance(0.3) { Drum::Ride } else { Drum::Hat };
            for beat in 0..beats {
                let drum = if beat % 2 == 0 { Drum::Kick } else { Drum::Snare };
                bar.push((beat * per_beat, drum, 0.9));
                bar.push((beat * per_beat, hat, 0.6));
                bar.push((beat * per_beat + half, hat, 0.45));
                if groove == Groove::Fast || rng.chance(0.25) {
                    bar.push((beat * per_beat + half, Drum::Kick, 0.8));
                }
            }
        }
        Groove::FourOnTheFloor => {
            let offbeat = if rng.chance(0.5) { Drum::Ride } else { Drum::Hat };
            let back = if rng.chance(0.5) { Drum::Clap } else { Drum::Snare };
            for beat in 0..beats {
                bar.push((beat * per_beat, Drum::Kick, 0.95));
                bar.push((beat * per_beat + half, offbeat, 0.6));
                if beat % 2 == 1 {
                    bar.push((beat * per_beat, back, 0.75));
                }
            }
            if rng.chance(0.5) {
                bar.extend((0..slots).map(|slot| (slot, Drum::Shaker, 0.4)));
            }
        }
        Groove::Jazz => {
            for beat in 0..beats {
                bar.push((beat * per_beat, Drum::Ride, 0.6));
                if beat % 2 == 1 {
                    bar.push((beat * per_beat, Drum::Hat, 0.45));
                    bar.push((beat * per_beat + half, Drum::Ride, 0.45));
                }
                bar.push((beat * per_beat, Drum::Kick, 0.25));
            }
            if rng.chance(0.6) {
                bar.push((rng.below(slots), Drum::Snare, 0.4));
            }
        }
        Groove::Breakbeat => {
            bar.push((0, Drum::Kick, 0.95));
            for slot in 1..slots {
                let on_back = slot % (2 * per_beat) == per_beat;
                if on_back {
                    bar.push((slot, Drum::Snare, 0.9));
                } else if rng.chance(0.18) {
                    bar.push((slot, Drum::Kick, 0.75));
                } else if rng.chance(0.12) {
                    bar.push((slot, Drum::Snare, 0.3));
                }
            }
            let step = if rng.chance(0.5) { 1 } else { half };
            bar.extend((0..slots).step_by(step).map(|slot| (slot, Drum::Hat, 0.5)));
        }
        Groove::Percussion => {
            let voices =
                [Drum::LowTom, Drum::HighTom, Drum::Shaker, Drum::Block, Drum::Bell, Drum::Clap];
            for _ in 0..2 + rng.below(4) {
                let drum = *rng.pick(&voices);
                let density = rng.uniform_in(0.2, 0.8);
                for slot in 0..slots {
                    let strong = slot % per_beat == 0;
                    if rng.chance(if strong { 0.5 + 0.5 * density } else { density }) {
                        bar.push((slot, drum, if strong { 0.8 } else { 0.5 }));
                    }
                }
            }
        }
        Groove::Orchestral => {
            bar.push((0, Drum::LowTom, 0.6));
            if rng.chance(0.3) {
                bar.push((0, Drum::Crash, 0.4));
            }
            if rng.chance(0.4) {
                bar.push((slots - per_beat, Drum::LowTom, 0.4));
            }
        }
    }
    bar
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::score::{Clock, harmony};

    /// A beat a second, four a bar, kept by a machine.
    fn score(rng: &mut Rng) -> Score {
        let clock = Clock {
            bpm: 60.0,
            swing: 0.5,
            rubato_beats: 0.0,
            phrase_beats: 16.0,
            looseness_s: 0.0,
        };
        let key = harmony::Key::draw(rng);
        let chords = harmony::progression(&key, 8, rng);
        Score { clock, beats_per_bar: 4, division: 2, key, chords }
    }

    #[test]
    fn rock_has_its_back_beat() {
        for seed in 0..20 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            let hits = hits(&score(&mut rng), Groove::Rock, &mut rng);
            let struck = |beat: usize, drum: Drum| {
                hits.iter().any(|hit| hit.drum == drum && hit.start_s == beat as f32)
            };
            // The fourth bar of a phrase may be a fill, and a soft extra stroke may fall anywhere.
            for bar in [0, 1, 2, 4, 5, 6] {
                let on_beats = |drum| [0, 1, 2, 3].map(|beat| struck(4 * bar + beat, drum));
                let [kick, snare] = [Drum::Kick, Drum::Snare].map(on_beats);
                assert!(kick[0] && kick[2], "seed {seed}, bar {bar}: kicks on 1 and 3, {kick:?}");
                assert!(
                    snare[1] && snare[3],
                    "seed {seed}, bar {bar}: snare on 2 and 4, {snare:?}"
                );
            }
        }
    }
}
