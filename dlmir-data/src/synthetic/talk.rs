//! Scenes of speech: who talks to whom, and what else is to be heard.

use super::effect::{rms, set_level};
use super::filter::Biquad;
use super::oscillator::Noise;
use super::voice::{Language, Manner, Speaker, speech::speak};
use crate::rng::Rng;

/// Who talks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene {
    /// One person: news, lecture, story, poem, chat.
    Monologue,
    /// Two or three in turn, now and then at once.
    Dialogue,
    /// One person above many: a market, a party, a stadium.
    Crowd,
    /// One person with a loud voice to many: speech, sermon, drill.
    Oration,
    /// A talk with much laughter.
    Laughter,
}

/// All scenes; common ones stand here more often.
const SCENES: [Scene; 10] = [
    Scene::Monologue,
    Scene::Monologue,
    Scene::Monologue,
    Scene::Monologue,
    Scene::Monologue,
    Scene::Dialogue,
    Scene::Dialogue,
    Scene::Crowd,
    Scene::Oration,
    Scene::Laughter,
];

impl Scene {
    /// One of all, by the weights of the list.
    pub fn draw(rng: &mut Rng) -> Scene {
        *rng.pick(&SCENES)
    }
}

/// Talks for so many seconds.
pub fn talk(scene: Scene, rng: &mut Rng, seconds: f32, rate: f32) -> Vec<f32> {
    let mut out = vec![0.0; (seconds * rate) as usize];
    let language = Language::draw(rng);
    match scene {
        Scene::Monologue => {
            let (speaker, manner) = (person(rng), Manner::draw(rng));
            speak(&speaker, &language, &manner, rng, rate, &mut out);
        }
        Scene::Oration => {
            let speaker = Speaker::draw(rng).raised(rng.uniform_in(0.5, 1.2));
            let mut manner = Manner::draw(rng);
            manner.whisper = false;
            manner.clarity = rng.uniform_in(0.8, 1.0);
            manner.syllables_per_s *= 0.85;
            speak(&speaker, &language, &manner, rng, rate, &mut out);
        }
        Scene::Dialogue => dialogue(&language, rng, rate, &mut out),
        Scene::Crowd => {
            let (speaker, manner) = (person(rng), Manner::draw(rng));
            speak(&speaker, &language, &manner, rng, rate, &mut out);
            let level = rms(&out) * 10f32.powf(-rng.uniform_in(3.0, 20.0) / 20.0);
            let mut crowd = babble(&language, rng, rate, out.len());
            set_level(&mut crowd, level);
            out.iter_mut().zip(&crowd).for_each(|(out, x)| *out += x);
        }
        Scene::Laughter => {
            dialogue(&language, rng, rate, &mut out);
            let mut start_s = rng.uniform_in(0.0, 3.0);
            while start_s < seconds {
                let start = (start_s * rate) as usize;
                let length = laugh(rng, rate, &mut out[start..]);
                start_s += length + rng.log_uniform_in(1.0, 6.0);
            }
        }
    }
    out
}

fn person(rng: &mut Rng) -> Speaker {
    let effort = if rng.chance(0.3) { rng.uniform_in(0.0, 0.8) } else { 0.0 };
    Speaker::draw(rng).raised(effort)
}

/// Two or three people in turn. Turns overlap a little, or leave a gap.
fn dialogue(language: &Language, rng: &mut Rng, rate: f32, out: &mut [f32]) {
    let mut people: Vec<(Speaker, Manner, f32)> = Vec::new();
    for _ in 0..2 + rng.below(2) {
        people.push((person(rng), Manner::draw(rng), 10f32.powf(rng.uniform_in(-8.0, 0.0) / 20.0)));
    }
    let seconds = out.len() as f32 / rate;
    let mut start_s = 0.0f32;
    let mut turn = 0;
    while start_s < seconds {
        let length_s = rng.log_uniform_in(0.6, 6.0);
        let start = (start_s * rate) as usize;
        let end = (start + (length_s * rate) as usize).min(out.len());
        let (speaker, manner, distance) = &people[turn % people.len()];
        let mut said = vec![0.0; end - start];
        speak(speaker, language, manner, rng, rate, &mut said);
        out[start..end].iter_mut().zip(&said).for_each(|(out, x)| *out += distance * x);
        start_s += (length_s + rng.uniform_in(-0.4, 0.8)).max(0.3);
        turn += 1 + usize::from(rng.chance(0.2));
    }
}

/// Many people at once, far away: their highs are lost on the way.
fn babble(language: &Language, rng: &mut Rng, rate: f32, samples: usize) -> Vec<f32> {
    let mut some = vec![0.0; samples];
    for _ in 0..3 {
        let (speaker, manner) = (Speaker::draw(rng), Manner::draw(rng));
        speak(&speaker, language, &manner, rng, rate, &mut some);
    }
    // The same three, said at another time, are three more.
    let times: Vec<usize> = (0..1 + rng.below(3)).map(|_| rng.below(samples)).collect();
    let all = |n: usize| some[n] + times.iter().map(|t| some[(n + t) % samples]).sum::<f32>();
    let mut crowd: Vec<f32> = (0..samples).map(all).collect();
    Biquad::low_pass(rng.uniform_in(1500.0, 5000.0), 0.7, rate).run_all(&mut crowd);
    crowd
}

/// A laugh: bursts of breath and voice, four to six a second, weaker and lower each time. Returns its
/// length in seconds.
fn laugh(rng: &mut Rng, rate: f32, out: &mut [f32]) -> f32 {
    use super::voice::tract::{FRAME_RATE, Frame, utter};
    let speaker = person(rng);
    let bursts = 3 + rng.below(9);
    let per_burst = (FRAME_RATE / rng.uniform_in(3.8, 6.0)) as usize;
    let voiced = rng.uniform_in(0.2, 1.0);
    let formants = [rng.uniform_in(500.0, 800.0), rng.uniform_in(1200.0, 1700.0), 2500.0];
    let mut track = Vec::new();
    for burst in 0..bursts {
        let fade = 1.0 - 0.7 * burst as f32 / bursts as f32;
        for i in 0..per_burst {
            let x = i as f32 / per_burst as f32;
            let open = (std::f32::consts::PI * (x / 0.6).min(1.0)).sin();
            track.push(Frame {
                f0_hz: speaker.f0_hz * (1.3 + 0.5 * fade) * (1.0 - 0.15 * x),
                voicing: voiced * fade * open,
                breath: 0.6 * fade * if x < 0.7 { open.max(0.2) } else { 0.1 },
                formants,
                ..Frame::REST
            });
        }
    }
    utter(&speaker, &track, rng, rate, out);
    track.len() as f32 / FRAME_RATE
}

/// Hands: many short bursts at random, as after a song or a speech.
pub fn applause(rng: &mut Rng, rate: f32, out: &mut [f32], level: f32) {
    let mut noise = Noise::new(rng.next_u32());
    let mut hands = Biquad::band_pass(rng.uniform_in(900.0, 1800.0), 0.6, rate);
    let claps_per_s = rng.log_uniform_in(20.0, 300.0);
    let decay = super::instrument::decay_per_sample(0.03, rate);
    let mut energy = 0.0f32;
    for out in out {
        energy *= decay;
        if 0.5 + 0.5 * noise.sample() < claps_per_s / rate {
            energy += 0.5 + 0.5 * noise.sample();
        }
        *out += level * hands.run(energy * noise.sample());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scene_is_heard() {
        for (i, &scene) in SCENES.iter().enumerate() {
            let sound = talk(scene, &mut Rng::at(i as u64, 0, 0, 0), 4.0, 16_000.0);
            assert_eq!(sound.len(), 64_000);
            assert!(sound.iter().all(|x| x.is_finite()));
            assert!(rms(&sound) > 1e-3, "{scene:?} is silent");
        }
    }

    /// Speech has gaps, which is what tells it from most music: even in a dense monologue, more than one
    /// frame of 20 ms in twenty lies 30 dB below the whole.
    #[test]
    fn a_monologue_has_gaps() {
        let (rate, frame) = (16_000.0, 320);
        let mut shares = Vec::new();
        for seed in 0..20 {
            let sound = talk(Scene::Monologue, &mut Rng::at(seed, 0, 0, 0), 6.0, rate);
            let limit = rms(&sound) * 10f32.powf(-30.0 / 20.0);
            let frames = sound.chunks_exact(frame);
            let n = frames.len() as f32;
            shares.push(frames.filter(|frame| rms(frame) < limit).count() as f32 / n);
        }
        let mean = shares.iter().sum::<f32>() / shares.len() as f32;
        assert!(mean > 0.05, "{mean}: {shares:?}");
    }
}
