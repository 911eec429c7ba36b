//! Scales, chords and progressions.
//!
//! A scale is seven (or five) steps out of the twelve semitones of an octave. A chord stacks every second
//! step of it on one of them, its degree: 0 is the tonic, 3 the subdominant, 4 the dominant. Music in most
//! styles walks from degree to degree on well-trodden paths and repeats them.

use crate::rng::Rng;

/// Tonic and scale.
#[derive(Debug, Clone)]
pub struct Key {
    /// Semitones of the tonic above C, 0 to 11.
    pub tonic: i32,
    /// Semitones of the steps above the tonic.
    pub scale: Vec<i32>,
    /// The name of the mode.
    pub mode: &'static str,
}

const MODES: [(&str, &[i32]); 9] = [
    ("major", &[0, 2, 4, 5, 7, 9, 11]),
    ("minor", &[0, 2, 3, 5, 7, 8, 10]),
    ("harmonic minor", &[0, 2, 3, 5, 7, 8, 11]),
    ("dorian", &[0, 2, 3, 5, 7, 9, 10]),
    ("mixolydian", &[0, 2, 4, 5, 7, 9, 10]),
    ("phrygian", &[0, 1, 3, 5, 7, 8, 10]),
    ("hijaz", &[0, 1, 4, 5, 7, 8, 10]),
    ("major pentatonic", &[0, 2, 4, 7, 9]),
    ("minor pentatonic", &[0, 3, 5, 7, 10]),
];

impl Key {
    /// Major and minor most often.
    pub fn draw(rng: &mut Rng) -> Key {
        let index = match rng.below(20) {
            0..=6 => 0,
            7..=11 => 1,
            n => n - 11,
        };
        let (mode, scale) = MODES[index.min(8)];
        Key { tonic: rng.below(12) as i32, scale: scale.to_vec(), mode }
    }

    /// The MIDI pitch of a step: 0 is the tonic above C4 (60), negative steps lie below it.
    pub fn pitch(&self, step: i32) -> i32 {
        let n = self.scale.len() as i32;
        60 + self.tonic + 12 * step.div_euclid(n) + self.scale[step.rem_euclid(n) as usize]
    }

    /// The step whose pitch is nearest to a MIDI pitch.
    pub fn nearest_step(&self, pitch: f32) -> i32 {
        let n = self.scale.len() as i32;
        let guess = ((pitch - 60.0 - self.tonic as f32) / 12.0 * n as f32).round() as i32;
        let distance = |s: &i32| (self.pitch(*s) as f32 - pitch).abs();
        let near = (guess - n)..=(guess + n);
        near.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(guess)
    }
}

/// A chord as steps of the scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Chord {
    /// The step of its root, 0 to 6.
    pub root: i32,
    /// Steps above the root: 0, 2, 4 is a triad.
    pub tones: Vec<i32>,
}

/// Paths through the degrees that much music takes.
const PATHS: [&[i32]; 14] = [
    &[0, 4, 5, 3],
    &[0, 5, 3, 4],
    &[0, 3, 4, 0],
    &[0, 3, 0, 4],
    &[1, 4, 0, 0],
    &[0, 5, 1, 4],
    &[5, 3, 0, 4],
    &[0, 6, 5, 4],
    &[0, 6, 3, 0],
    &[0, 2, 3, 4],
    &[0, 4, 5, 2, 3, 0, 3, 4],
    &[0, 0, 0, 0, 3, 3, 0, 0, 4, 3, 0, 4],
    &[0, 0, 3, 0],
    &[0],
];

/// A chord a bar: a path and its repetition, sometimes a second one in between.
pub fn progression(key: &Key, bars: usize, rng: &mut Rng) -> Vec<Chord> {
    let n = key.scale.len() as i32;
    let (verse, bridge) = (*rng.pick(&PATHS), *rng.pick(&PATHS));
    let has_bridge = rng.chance(0.4);
    // How much is stacked: power chords, triads, sevenths, ninths.
    let stacks: [&[i32]; 6] =
        [&[0, 4], &[0, 2, 4], &[0, 2, 4], &[0, 2, 4], &[0, 2, 4, 6], &[0, 2, 4, 6, 8]];
    let stack = *rng.pick(&stacks);
    // Two bars to a chord in slow harmony.
    let hold = if rng.chance(0.25) { 2 } else { 1 };
    let degree = |bar: usize| {
        let section = (bar / 8) % 4;
        let path = if has_bridge && section == 2 { bridge } else { verse };
        path[(bar / hold) % path.len()].rem_euclid(n)
    };
    (0..bars).map(|bar| Chord { root: degree(bar), tones: stack.to_vec() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_and_pitches_fit() {
        let c_major = Key { tonic: 0, scale: MODES[0].1.to_vec(), mode: "major" };
        assert_eq!([-1, 0, 2, 4, 7].map(|s| c_major.pitch(s)), [59, 60, 64, 67, 72]);
        assert_eq!(c_major.nearest_step(66.9), 4);
        for seed in 0..50 {
            let mut rng = Rng::at(seed, 0, 0, 0);
            let key = Key::draw(&mut rng);
            for step in -10..10 {
                assert_eq!(key.nearest_step(key.pitch(step) as f32), step);
            }
            assert_eq!(progression(&key, 19, &mut rng).len(), 19);
        }
    }
}
