//! Keys and chords by their names.
//!
//! Progressions are written as musicians write them, in Roman numerals: the numeral is the root's degree
//! above the tonic on the major scale, `b` lowers it, capitals are major and small letters minor, and a
//! suffix tells the rest.
//!
//! ```text
//! I vi IV V        C Am F G in C major
//! i bVI bIII bVII  Am F C G in A minor
//! I7 IV7 V7        the chords of a blues
//! iiø V7 i         half diminished, dominant seventh, minor
//! ```

use crate::rng::Rng;

/// The scale over a tonic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Ionian.
    Major,
    /// Major with a minor seventh: rock, folk, samba.
    Mixolydian,
    /// Minor with a major sixth: folk, funk, modal jazz.
    Dorian,
    /// Natural minor.
    Minor,
    /// Minor with a major seventh.
    HarmonicMinor,
    /// Minor with a minor second: metal, flamenco.
    Phrygian,
    /// The six notes of the blues over major chords: minor third and diminished fifth beside them.
    Blues,
}

impl Mode {
    /// All of them, bright ones first.
    pub const ALL: [Mode; 7] = [
        Mode::Major,
        Mode::Mixolydian,
        Mode::Blues,
        Mode::Dorian,
        Mode::Minor,
        Mode::HarmonicMinor,
        Mode::Phrygian,
    ];

    /// Semitones above the tonic.
    pub fn scale(self) -> &'static [i32] {
        match self {
            Mode::Major => &[0, 2, 4, 5, 7, 9, 11],
            Mode::Mixolydian => &[0, 2, 4, 5, 7, 9, 10],
            Mode::Dorian => &[0, 2, 3, 5, 7, 9, 10],
            Mode::Minor => &[0, 2, 3, 5, 7, 8, 10],
            Mode::HarmonicMinor => &[0, 2, 3, 5, 7, 8, 11],
            Mode::Phrygian => &[0, 1, 3, 5, 7, 8, 10],
            Mode::Blues => &[0, 3, 5, 6, 7, 10],
        }
    }

    /// Its name, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Major => "major",
            Mode::Mixolydian => "mixolydian",
            Mode::Dorian => "dorian",
            Mode::Minor => "minor",
            Mode::HarmonicMinor => "harmonic minor",
            Mode::Phrygian => "phrygian",
            Mode::Blues => "blues",
        }
    }

    /// True if its third is minor. The blues is neither, and counts as major, as its chords are.
    pub fn is_minor(self) -> bool {
        !matches!(self, Mode::Major | Mode::Mixolydian | Mode::Blues)
    }

    /// From bright, 1, to dark, -1: how many of its notes are raised or lowered.
    pub fn brightness(self) -> f32 {
        match self {
            Mode::Major => 1.0,
            Mode::Mixolydian => 0.6,
            Mode::Blues => 0.1,
            Mode::Dorian => -0.3,
            Mode::Minor => -0.7,
            Mode::HarmonicMinor => -0.8,
            Mode::Phrygian => -1.0,
        }
    }
}

/// Tonic and mode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Semitones of the tonic above C, 0 to 11.
    pub tonic: i32,
    /// The scale.
    pub mode: Mode,
}

const NOTES: [&str; 12] = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"];

/// The name of a pitch class, 0 for C; any whole number is taken modulo 12.
pub(super) fn note_name(pitch_class: i32) -> &'static str {
    NOTES[pitch_class.rem_euclid(12) as usize]
}

impl Key {
    /// As in `A minor`.
    pub fn name(self) -> String {
        format!("{} {}", note_name(self.tonic), self.mode.name())
    }

    /// As key annotations have it, such as `A:minor`. They know no harmonic minor and no blues: the one is minor to them, the other,
    /// by its chords, major.
    pub fn label(self) -> String {
        let mode = match self.mode {
            Mode::HarmonicMinor => Mode::Minor,
            Mode::Blues => Mode::Major,
            mode => mode,
        };
        format!("{}:{}", note_name(self.tonic), mode.name())
    }

    /// The MIDI pitch of a step of the scale: 0 is the tonic at or above C4 (60).
    pub fn pitch(self, step: i32) -> i32 {
        let scale = self.mode.scale();
        let n = scale.len() as i32;
        60 + self.tonic + 12 * step.div_euclid(n) + scale[step.rem_euclid(n) as usize]
    }

    /// The step whose pitch is nearest to a MIDI pitch; the lower one of two.
    pub fn nearest_step(self, pitch: f32) -> i32 {
        let n = self.mode.scale().len() as i32;
        let guess = ((pitch - 60.0 - self.tonic as f32) / 12.0 * n as f32).round() as i32;
        let distance = |s: &i32| (self.pitch(*s) as f32 - pitch).abs();
        let near = (guess - n)..=(guess + n);
        near.min_by(|a, b| distance(a).total_cmp(&distance(b))).unwrap_or(guess)
    }
}

/// What is stacked on a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quality {
    /// Major triad.
    Major,
    /// Minor triad.
    Minor,
    /// Major triad with a minor seventh.
    Dominant7,
    /// Major triad with a major seventh.
    Major7,
    /// Minor triad with a minor seventh.
    Minor7,
    /// Diminished triad.
    Diminished,
    /// Diminished triad with a minor seventh.
    HalfDiminished,
    /// Root and fifth: what a distorted guitar plays.
    Power,
    /// With a fourth in the third's place.
    Suspended,
}

impl Quality {
    /// Semitones above the root.
    pub fn tones(self) -> &'static [i32] {
        match self {
            Quality::Major => &[0, 4, 7],
            Quality::Minor => &[0, 3, 7],
            Quality::Dominant7 => &[0, 4, 7, 10],
            Quality::Major7 => &[0, 4, 7, 11],
            Quality::Minor7 => &[0, 3, 7, 10],
            Quality::Diminished => &[0, 3, 6],
            Quality::HalfDiminished => &[0, 3, 6, 10],
            Quality::Power => &[0, 7],
            Quality::Suspended => &[0, 5, 7],
        }
    }

    /// The shorthand of Harte's chord syntax.
    fn shorthand(self) -> &'static str {
        match self {
            Quality::Major => "maj",
            Quality::Minor => "min",
            Quality::Dominant7 => "7",
            Quality::Major7 => "maj7",
            Quality::Minor7 => "min7",
            Quality::Diminished => "dim",
            Quality::HalfDiminished => "hdim7",
            Quality::Power => "5",
            Quality::Suspended => "sus4",
        }
    }
}

/// A chord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chord {
    /// The root's pitch class, 0 (C) to 11.
    pub root: i32,
    /// What is stacked on it.
    pub quality: Quality,
}

impl Chord {
    /// In the syntax of Harte et al. (ISMIR 2005), as chord annotations are written: `A:min7`.
    pub fn label(self) -> String {
        format!("{}:{}", note_name(self.root), self.quality.shorthand())
    }

    /// True if a MIDI pitch is one of its tones.
    pub fn has(self, pitch: i32) -> bool {
        self.quality.tones().iter().any(|tone| (self.root + tone - pitch).rem_euclid(12) == 0)
    }

    /// Its tones, each in the octave around a MIDI pitch, rising: the smallest moves from chord to chord.
    pub fn voicing(self, centre: f32) -> Vec<f32> {
        let low = centre.round() as i32 - 5;
        let place = |tone: &i32| (low + (self.root + tone - low).rem_euclid(12)) as f32;
        let mut pitches: Vec<f32> = self.quality.tones().iter().map(place).collect();
        pitches.sort_by(f32::total_cmp);
        pitches
    }

    /// Its root as a MIDI pitch in the octave around `centre`.
    pub fn bass(self, centre: f32) -> f32 {
        let low = centre.round() as i32 - 5;
        (low + (self.root - low).rem_euclid(12)) as f32
    }
}

/// Reads a progression in Roman numerals, separated by blanks, over a tonic.
///
/// # Panics
/// If a symbol is none.
#[track_caller]
pub fn progression(path: &str, tonic: i32) -> Vec<Chord> {
    path.split_whitespace().map(|symbol| chord(symbol, tonic)).collect()
}

#[track_caller]
fn chord(symbol: &str, tonic: i32) -> Chord {
    let (flat, rest) = symbol.strip_prefix('b').map_or((0, symbol), |rest| (1, rest));
    let numerals = rest.trim_start_matches(['I', 'V', 'i', 'v']);
    let (numeral, suffix) = rest.split_at(rest.len() - numerals.len());
    let degrees = ["I", "II", "III", "IV", "V", "VI", "VII"];
    let degree = degrees.iter().position(|d| numeral.eq_ignore_ascii_case(d));
    let Some(degree) = degree else { panic!("harmony: `{symbol}` is no chord") };
    let minor = numeral.starts_with(['i', 'v']);
    let quality = match (minor, suffix) {
        (false, "") => Quality::Major,
        (true, "") => Quality::Minor,
        (false, "7") => Quality::Dominant7,
        (true, "7") => Quality::Minor7,
        (false, "maj7") => Quality::Major7,
        (true, "o") => Quality::Diminished,
        (true, "ø") => Quality::HalfDiminished,
        (false, "5") => Quality::Power,
        (false, "sus") => Quality::Suspended,
        _ => panic!("harmony: `{symbol}` is no chord"),
    };
    let semitones = Mode::Major.scale()[degree] - flat;
    Chord { root: (tonic + semitones).rem_euclid(12), quality }
}

/// One of some weighted choices.
///
/// # Panics
/// If there is none.
#[track_caller]
pub fn weighted<T: Copy>(choices: &[(T, f32)], rng: &mut Rng) -> T {
    let mut left = rng.uniform_in(0.0, choices.iter().map(|(_, weight)| weight).sum());
    for &(choice, weight) in choices {
        left -= weight;
        if left < 0.0 {
            return choice;
        }
    }
    choices[choices.len() - 1].0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numerals_become_chords() {
        let labels = |path, tonic| -> Vec<String> {
            progression(path, tonic).into_iter().map(Chord::label).collect()
        };
        assert_eq!(labels("I vi IV V", 0), ["C:maj", "A:min", "F:maj", "G:maj"]);
        assert_eq!(labels("i bVI bIII bVII", 9), ["A:min", "F:maj", "C:maj", "G:maj"]);
        assert_eq!(labels("iiø V7 i7 Imaj7", 2), ["E:hdim7", "A:7", "D:min7", "D:maj7"]);
        assert_eq!(labels("bII5 IVsus viio", 4), ["F:5", "A:sus4", "Eb:dim"]);
    }

    #[test]
    fn voicings_stay_where_they_are_put() {
        for root in 0..12 {
            for quality in [Quality::Major, Quality::Minor7, Quality::Power] {
                let chord = Chord { root, quality };
                let voicing = chord.voicing(60.0);
                assert!(voicing.iter().all(|p| (55.0..67.0).contains(p) && chord.has(*p as i32)));
                assert!(voicing.windows(2).all(|w| w[0] < w[1]));
                assert!((35.0..47.0).contains(&chord.bass(40.0)));
            }
        }
    }

    #[test]
    fn steps_and_pitches_fit() {
        for mode in Mode::ALL {
            let key = Key { tonic: 9, mode };
            assert!((-10..10).all(|step| key.nearest_step(key.pitch(step) as f32) == step));
        }
        assert_eq!(Key { tonic: 9, mode: Mode::Minor }.name(), "A minor");
    }

    #[test]
    fn heavier_choices_come_more_often() {
        let mut rng = Rng::at(1, 0, 0, 0);
        let heavy = (0..1000).filter(|_| weighted(&[(true, 3.0), (false, 1.0)], &mut rng)).count();
        assert!((700..800).contains(&heavy), "{heavy}");
    }
}
