//! Speech: syllables in phrases, under an arch of intonation, with pauses between.
//!
//! Within a phrase the pitch falls by some semitones (declination), stressed syllables rise above that
//! line, and the end falls, or rises in a question. Before a pause the last syllable stretches. These few
//! rules hold in most languages that have been looked at.

use super::language::{Language, Syllable};
use super::phoneme::{Kind, Phoneme, SCHWA};
use super::tract::{self, FRAME_RATE, Frame};
use super::{Speaker, articulation};
use crate::rng::Rng;

use articulation::Target;

/// How somebody speaks just now.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Syllables a second within phrases.
    pub syllables_per_s: f32,
    /// Factor on the speaker's pitch range: 0.2 monotonous, 1.5 excited.
    pub liveliness: f32,
    /// Syllables in a phrase, at least and at most.
    pub phrase: [usize; 2],
    /// Pauses between phrases, at least and at most, in seconds.
    pub pause_s: [f32; 2],
    /// Breath instead of voice.
    pub whisper: bool,
    /// How clearly formants reach their targets: 0.5 mumbled, 1 careful.
    pub clarity: f32,
    /// Chance of a breath heard in a pause.
    pub breaths: f32,
    /// Chance of a question.
    pub questions: f32,
}

impl Manner {
    /// Reading, chatting, lecturing, arguing, telling a story, reciting, commenting on a match.
    pub fn draw(rng: &mut Rng) -> Manner {
        let shortest_pause = rng.log_uniform_in(0.06, 0.35);
        let shortest = 2 + rng.below(5);
        Manner {
            syllables_per_s: rng.uniform_in(3.2, 7.2),
            liveliness: rng.log_uniform_in(0.3, 1.6),
            phrase: [shortest, shortest + 3 + rng.below(16)],
            pause_s: [shortest_pause, shortest_pause * rng.uniform_in(1.5, 5.0)],
            whisper: rng.chance(0.03),
            clarity: rng.uniform_in(0.55, 1.0),
            breaths: if rng.chance(0.5) { rng.uniform_in(0.0, 0.7) } else { 0.0 },
            questions: rng.uniform_in(0.0, 0.3),
        }
    }
}

/// Speaks phrases and pauses until `out` is full, adding to what is there.
pub fn speak(
    speaker: &Speaker,
    language: &Language,
    manner: &Manner,
    rng: &mut Rng,
    rate: f32,
    out: &mut [f32],
) {
    let frames = (out.len() as f32 / rate * FRAME_RATE) as usize + 1;
    let mut track = Vec::with_capacity(frames + 1000);
    while track.len() < frames {
        let phrase = Phrase::draw(speaker, language, manner, rng);
        let pitch = |t: f32| speaker.f0_hz * (phrase.semitones(t) / 12.0).exp2();
        articulation::move_through(&phrase.targets, pitch, manner, rng, &mut track);
        pause(manner, rng, &mut track);
    }
    tract::utter(speaker, &track, rng, rate, out);
}

/// Between two phrases: silence, sometimes with an audible breath.
fn pause(manner: &Manner, rng: &mut Rng, track: &mut Vec<Frame>) {
    let seconds = rng.log_uniform_in(manner.pause_s[0], manner.pause_s[1]);
    let frames = (seconds * FRAME_RATE) as usize;
    let heard = rng.chance(manner.breaths) && seconds > 0.25;
    let breath = if heard { rng.uniform_in(0.02, 0.12) } else { 0.0 };
    track.extend((0..frames).map(|i| {
        let arc = (std::f32::consts::PI * i as f32 / frames as f32).sin();
        Frame { breath: breath * arc * arc, ..Frame::REST }
    }));
}

/// What is said in one breath.
struct Phrase {
    targets: Vec<Target>,
    /// The pitch line: times in seconds, heights in semitones.
    line: Vec<(f32, f32)>,
}

impl Phrase {
    fn draw(speaker: &Speaker, language: &Language, manner: &Manner, rng: &mut Rng) -> Phrase {
        let [least, most] = manner.phrase;
        let count = least + rng.below(most - least + 1);
        let range = speaker.range_semitones * manner.liveliness;
        let fall = rng.uniform_in(0.5, 1.5) * range.max(1.0);
        let question = rng.chance(manner.questions);
        let stress_every = 2 + rng.below(3);
        let stress_at = rng.below(stress_every);
        let mut phrase = Phrase { targets: Vec::new(), line: Vec::new() };
        let mut time = 0.0;

        for i in 0..count {
            let (last, done) = (i + 1 == count, i as f32 / count as f32);
            let stressed = i % stress_every == stress_at;
            let stretch = match (stressed, last) {
                (_, true) => rng.uniform_in(1.2, 1.9),
                (true, _) => 1.0 + 0.4 * language.stress,
                (false, _) => 1.0 - 0.35 * language.stress,
            };
            let weak = if stressed { 0.0 } else { language.stress };
            let spoken = Spoken {
                seconds: stretch / manner.syllables_per_s * rng.uniform_in(0.8, 1.25),
                loudness: (1.0 - 0.45 * weak) * rng.uniform_in(0.8, 1.1) * (1.0 - 0.35 * done),
                reduction: (0.6 * weak + 0.5 * (1.0 - manner.clarity)).min(0.8),
            };
            spoken.add(&language.syllable(rng), rng, &mut phrase.targets);
            let before = time;
            time = phrase.targets.iter().map(|t| t.seconds).sum();
            let at = |share: f32| before + share * (time - before);

            let base = fall * (0.5 - done);
            if language.tonal {
                let tones = [[2.0, 2.0], [-1.0, 2.5], [-1.5, -2.0], [3.0, -2.0]];
                let [from, to] = rng.pick(&tones).map(|tone| 0.4 * range.max(2.0) * tone);
                phrase.line.push((at(0.3), base + from));
                phrase.line.push((at(0.9), base + to));
            } else {
                let accent = if stressed { range * rng.uniform_in(0.2, 1.0) } else { 0.0 };
                phrase.line.push((at(0.55), base + accent + 0.3 * rng.normal()));
            }
            if last {
                let rise =
                    if question { rng.uniform_in(0.6, 1.6) } else { -rng.uniform_in(0.3, 1.0) };
                phrase.line.push((time, base + rise * range));
            }
        }
        phrase
    }

    /// The height of the pitch line at a time: smooth between its points, level outside.
    fn semitones(&self, t: f32) -> f32 {
        match self.line.iter().position(|&(at, _)| at > t) {
            None => self.line.last().map_or(0.0, |p| p.1),
            Some(0) => self.line[0].1,
            Some(i) => {
                let ((t0, y0), (t1, y1)) = (self.line[i - 1], self.line[i]);
                let x = (t - t0) / (t1 - t0).max(1e-6);
                y0 + (y1 - y0) * x * x * (3.0 - 2.0 * x)
            }
        }
    }
}

/// How one syllable is spoken.
struct Spoken {
    seconds: f32,
    loudness: f32,
    /// How far vowels shrink to the neutral one, 0 to 1.
    reduction: f32,
}

impl Spoken {
    fn add(&self, syllable: &Syllable, rng: &mut Rng, targets: &mut Vec<Target>) {
        // Consonants shrink less than vowels when speech gets faster.
        let speed = (self.seconds / 0.2).powf(0.4);
        let consonants = || syllable.onset.iter().chain(&syllable.coda);
        let taken: f32 = consonants().map(|c| c.duration_s * speed).sum();
        let vowel_s = (self.seconds - taken).max(0.045) / syllable.nucleus.len() as f32;
        for c in &syllable.onset {
            let seconds = c.duration_s * speed * rng.uniform_in(0.8, 1.2);
            consonant(c, seconds, self.loudness, rng, targets);
        }
        for v in &syllable.nucleus {
            let formants = std::array::from_fn(|k| {
                let reduced = v.formants[k] + self.reduction * (SCHWA[k] - v.formants[k]);
                reduced * (1.0 + 0.03 * rng.normal())
            });
            let frame = Frame { voicing: self.loudness, formants, ..Frame::REST };
            targets.push(Target { seconds: vowel_s, frame, trill: false });
        }
        for c in &syllable.coda {
            let seconds = c.duration_s * speed * rng.uniform_in(0.8, 1.2);
            consonant(c, seconds, 0.8 * self.loudness, rng, targets);
        }
    }
}

/// The states that a consonant passes through.
fn consonant(c: &Phoneme, seconds: f32, loud: f32, rng: &mut Rng, targets: &mut Vec<Target>) {
    let still = Frame { formants: c.formants, hiss: c.hiss, ..Frame::REST };
    let voicing = loud * c.voicing;
    let hiss_level = loud.sqrt() * c.hiss_level;
    let mut add = |seconds: f32, frame: Frame| {
        targets.push(Target { seconds, frame, trill: c.kind == Kind::Trill });
    };
    match c.kind {
        Kind::Vowel | Kind::Approximant | Kind::Trill => add(seconds, Frame { voicing, ..still }),
        Kind::Nasal => add(seconds, Frame { voicing, nasal: 1.0, ..still }),
        Kind::Fricative => add(seconds, Frame { voicing, hiss_level, ..still }),
        Kind::Breath => add(seconds, Frame { voicing, breath: 0.5 * loud, ..still }),
        Kind::Stop => {
            // Behind closed lips or tongue a voiced stop hums on, dull as through a wall.
            let formants = [200.0, c.formants[1], c.formants[2]];
            add(0.6 * seconds, Frame { voicing, nasal: 1.0, formants, ..still });
            add(0.012, Frame { hiss_level, ..still });
            if c.voicing == 0.0 {
                let breath = loud * rng.uniform_in(0.1, 0.5);
                add((0.4 * seconds).max(0.015), Frame { breath, ..still });
            }
        }
        Kind::Affricate => {
            add(0.4 * seconds, still);
            add(0.6 * seconds, Frame { hiss_level, ..still });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean distance between the highest and the lowest point of a phrase, in semitones.
    fn mean_range(liveliness: f32) -> f32 {
        let range = |seed| {
            let mut rng = Rng::at(seed, 0, 0, 0);
            let (speaker, language) = (Speaker::draw(&mut rng), Language::draw(&mut rng));
            let manner = Manner { liveliness, ..Manner::draw(&mut rng) };
            let line = Phrase::draw(&speaker, &language, &manner, &mut rng).line;
            let heights = || line.iter().map(|&(_, height)| height);
            heights().fold(f32::MIN, f32::max) - heights().fold(f32::MAX, f32::min)
        };
        (0..100).map(range).sum::<f32>() / 100.0
    }

    #[test]
    fn lively_speech_moves_further() {
        let ranges = [0.3, 0.6, 1.0, 1.6].map(mean_range);
        assert!(ranges.windows(2).all(|pair| pair[1] > pair[0]), "{ranges:?}");
        assert!(ranges[3] > 2.0 * ranges[0], "{ranges:?}");
    }
}
