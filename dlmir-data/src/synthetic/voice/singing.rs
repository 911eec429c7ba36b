//! Singing: the same voice, but it holds what speech only passes.
//!
//! The pitch goes from note to note in a glide of some 50 ms and stays there, swinging 5 to 7 times a
//! second once the note has settled. A syllable is stretched over its note: consonants keep their length,
//! the vowel takes the rest. Trained voices add the singer's formant, a bundle of the third to fifth near
//! 3 kHz that carries over an orchestra (Sundberg, "The Science of the Singing Voice", 1987).

use super::articulation::Glide;
use super::phoneme::{Kind, Phoneme};
use super::tract::{FRAME_RATE, Frame, utter};
use super::{Language, Speaker};
use crate::rng::Rng;
use crate::synthetic::filter::OnePole;
use crate::synthetic::instrument::Note;
use crate::synthetic::oscillator::{Phasor, midi_to_hz};

/// A person who sings.
#[derive(Debug, Clone)]
pub struct Singer {
    /// The voice.
    pub speaker: Speaker,
    /// The language of the words.
    pub language: Language,
    /// Vibrato: swings a second.
    pub vibrato_hz: f32,
    /// Vibrato: depth in cents.
    pub vibrato_cents: f32,
    /// Seconds of the glide between notes.
    pub glide_s: f32,
    /// How far notes are off, in cents (standard deviation).
    pub error_cents: f32,
    /// Chance that a note carries on the vowel of the one before.
    pub melisma: f32,
    /// Mouth closed.
    pub humming: bool,
}

impl Singer {
    /// Pop and folk singers, children, opera, humming.
    pub fn draw(rng: &mut Rng) -> Singer {
        let mut speaker = Speaker::draw(rng);
        let trained = rng.chance(0.35);
        if trained {
            speaker.upper_formants = [2900.0, 3400.0].map(|hz| hz * speaker.formant_scale);
            speaker.tilt_hz = speaker.tilt_hz.max(2000.0);
        }
        // Sung notes are louder than spoken words, and so brighter.
        speaker = speaker.raised(rng.uniform_in(0.0, 0.7));
        speaker.jitter *= 0.5;
        speaker.shimmer *= 0.5;
        let depth = match (trained, rng.chance(0.5)) {
            (true, _) => [30.0, 90.0],
            (false, true) => [10.0, 45.0],
            (false, false) => [0.0, 8.0],
        };
        Singer {
            speaker,
            language: Language::draw(rng),
            vibrato_hz: rng.uniform_in(4.8, 6.8),
            vibrato_cents: rng.uniform_in(depth[0], depth[1]),
            glide_s: rng.log_uniform_in(0.02, 0.14),
            error_cents: rng.log_uniform_in(4.0, 40.0),
            melisma: rng.uniform_in(0.0, 0.4),
            humming: rng.chance(0.05),
        }
    }

    /// The MIDI pitch in the middle of what this voice sings at ease: above that of its speech.
    pub fn centre(&self) -> f32 {
        69.0 + 12.0 * (self.speaker.f0_hz * 1.4 / 440.0).log2()
    }

    /// Sings the notes, which follow one another in time, and adds them to `out`.
    pub fn sing(&self, notes: &[Note], rng: &mut Rng, rate: f32, out: &mut [f32]) {
        let frames = (out.len() as f32 / rate * FRAME_RATE) as usize + 1;
        let mut score = Track { goals: vec![Frame::REST; frames], cents: vec![None; frames] };
        let mut vowel = self.language.syllable(rng).nucleus[0];
        let mut last_end_s = f32::NEG_INFINITY;
        for note in notes {
            let end_s = note.start_s + note.duration_s;
            let cents = 100.0 * note.pitch + self.error_cents * rng.normal();
            let held = score.span(note.start_s, end_s);
            score.cents[held].fill(Some(cents));
            let loud = 0.35 + 0.65 * note.velocity;
            let mut vowel_from_s = note.start_s;
            let linked = note.start_s - last_end_s < 0.05;
            let gap_s = note.start_s - last_end_s;
            if gap_s.is_finite() && gap_s > 0.3 && rng.chance(0.4) {
                // A breath before the phrase.
                let breath = rng.uniform_in(0.03, 0.15);
                let taken = score.span(note.start_s - 0.3, note.start_s - 0.05);
                score.goals[taken].fill(Frame { breath, ..Frame::REST });
            }
            if !(linked && rng.chance(self.melisma)) {
                let syllable = self.language.syllable(rng);
                vowel = syllable.nucleus[0];
                if let Some(c) = syllable.onset.first() {
                    let seconds = c.duration_s.min(0.3 * note.duration_s);
                    // The consonant comes before the beat, the vowel on it.
                    score.consonant(c, note.start_s - 0.6 * seconds, seconds, loud);
                    vowel_from_s += 0.4 * seconds;
                }
            }
            let nasal = f32::from(self.humming);
            let open = Frame { voicing: loud, formants: vowel.formants, nasal, ..Frame::REST };
            let sung = score.span(vowel_from_s, end_s);
            score.goals[sung].fill(open);
            if rng.chance(0.25) {
                let coda = self.language.syllable(rng).coda;
                if let Some(c) = coda.first() {
                    let seconds = c.duration_s.min(0.25 * note.duration_s);
                    score.consonant(c, end_s - seconds, seconds, 0.8 * loud);
                }
            }
            last_end_s = end_s;
        }
        let track = self.move_through(&score, rng);
        utter(&self.speaker, &track, rng, rate, out);
    }

    fn move_through(&self, score: &Track, rng: &mut Rng) -> Vec<Frame> {
        let smoother = |seconds| OnePole::smoother(seconds, FRAME_RATE);
        let mut mouth = Glide::new(score.goals[0].formants, 0.015);
        let (mut level, mut hiss) = (smoother(0.02), smoother(0.008));
        let mut pitch = score.cents.iter().flatten().next().copied().unwrap_or(6000.0);
        let mut glide = [smoother(0.5 * self.glide_s); 2];
        glide.iter_mut().for_each(|g| g.reset(pitch));
        let (mut vibrato, mut hurry, mut depth) =
            (Phasor::at(rng.uniform()), smoother(0.1), smoother(0.2));
        let mut held = 0;
        let move_on = |(goal, &cents): (&Frame, &Option<f32>)| {
            held = if cents == Some(pitch) { held + 1 } else { 0 };
            pitch = cents.unwrap_or(pitch);
            let settled = held as f32 > 0.25 * FRAME_RATE;
            let depth = depth.low(if settled { self.vibrato_cents } else { 0.0 });
            let swings = self.vibrato_hz * (1.0 + 0.1 * hurry.low(rng.normal()));
            let swing = vibrato.sine(swings / FRAME_RATE);
            let glided = glide[0].low(pitch);
            let cents = glide[1].low(glided) + depth * swing + 4.0 * rng.normal();
            let f0_hz = midi_to_hz(cents / 100.0);
            // High voices open the mouth, so that the first formant stays above the pitch.
            let mut formants = mouth.go(goal.formants);
            let pitch_for_a_man = f0_hz / self.speaker.formant_scale;
            formants[0] = formants[0].max(pitch_for_a_man);
            formants[1] = formants[1].max(pitch_for_a_man + 300.0);
            Frame {
                f0_hz,
                voicing: level.low(goal.voicing),
                hiss_level: hiss.low(goal.hiss_level),
                formants,
                ..*goal
            }
        };
        score.goals.iter().zip(&score.cents).map(move_on).collect()
    }
}

/// What is to be sung, frame by frame.
struct Track {
    goals: Vec<Frame>,
    /// The pitch of the note that sounds.
    cents: Vec<Option<f32>>,
}

impl Track {
    fn span(&self, from_s: f32, to_s: f32) -> std::ops::Range<usize> {
        let at = |s: f32| ((s.max(0.0) * FRAME_RATE) as usize).min(self.goals.len());
        at(from_s)..at(to_s).max(at(from_s))
    }

    fn consonant(&mut self, c: &Phoneme, start_s: f32, seconds: f32, loud: f32) {
        let still = Frame { formants: c.formants, hiss: c.hiss, ..Frame::REST };
        let sounding = Frame {
            voicing: loud * c.voicing,
            nasal: f32::from(c.kind == Kind::Nasal),
            hiss_level: loud * c.hiss_level,
            breath: if c.kind == Kind::Breath { 0.4 * loud } else { 0.0 },
            ..still
        };
        let closed = matches!(c.kind, Kind::Stop | Kind::Affricate);
        let whole = self.span(start_s, start_s + seconds);
        let release = self.span(start_s + 0.6 * seconds, start_s + seconds);
        self.goals[whole].fill(if closed { still } else { sounding });
        self.goals[release].fill(sounding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::tests::level_at;

    #[test]
    fn a_sung_note_is_in_tune() {
        let mut rng = Rng::at(4, 0, 0, 0);
        let mut singer = Singer::draw(&mut rng);
        (singer.vibrato_cents, singer.error_cents, singer.speaker.jitter) = (0.0, 0.0, 0.0);
        let note = Note { start_s: 0.1, duration_s: 0.9, pitch: 57.0, velocity: 0.8 };
        let mut out = vec![0.0; 22050];
        singer.sing(&[note], &mut rng, 22050.0, &mut out);
        let level = |hz| level_at(&out[9000..20000], hz, 22050.0);
        let strongest = (200..240).max_by(|&a, &b| level(a as f32).total_cmp(&level(b as f32)));
        assert!((218..=222).contains(&strongest.unwrap()), "{strongest:?}");
    }
}
