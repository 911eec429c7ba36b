//! Generated music and speech: the default data of the second lesson, and the only data its shipped model
//! is trained on.
//!
//! Item I is a function of (seed, I, seconds, sample rate) and nothing else: it may be made alone, in a
//! batch, on any thread. Even numbers are music, odd ones speech. The recording is drawn for both alike.
//!
//! ```
//! use dlmir_data::synthetic::music_speech::{self, CLASSES};
//!
//! let item = music_speech::item(1, 731, 2.0, 22_050);
//! assert_eq!(CLASSES[item.class], "speech");
//! assert_eq!(item.signal.len(), 44_100);
//! assert_eq!(item.signal, music_speech::item(1, 731, 2.0, 22_050).signal);
//! ```

use dlmir_audio::Signal;

use super::band::set::any_piece;
use super::ensemble::{Ensemble, perform};
use super::recording::Recording;
use super::talk::{Scene, applause, talk};
use crate::rng::{Rng, stream};

/// The classes, in byte order as a folder would have them.
pub const CLASSES: [&str; 2] = ["music", "speech"];

/// One generated item.
#[derive(Debug, Clone)]
pub struct Generated {
    /// The recording.
    pub signal: Signal,
    /// 0 music, 1 speech: an index into [`CLASSES`].
    pub class: usize,
    /// What it is, for tables.
    pub details: Details,
}

/// What a generated item is.
#[derive(Debug, Clone, PartialEq)]
pub struct Details {
    /// The band, ensemble or scene, such as `jazz band`, `VocalBand` or `Dialogue`.
    pub kind: String,
    /// Beats a minute, of music.
    pub bpm: Option<f32>,
    /// The mode, of music, such as `minor`.
    pub mode: Option<&'static str>,
}

/// A stretch of a recording with one label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Where it begins, in the middle of the crossfade.
    pub start_s: f32,
    /// Where it ends.
    pub end_s: f32,
    /// An index into [`CLASSES`].
    pub class: usize,
}

impl Segment {
    /// The class's name.
    pub fn label(&self) -> &'static str {
        CLASSES[self.class]
    }
}

/// Item `index` of the set with this seed.
///
/// # Panics
/// If `seconds` is not positive, or the sample rate is below 4000.
#[track_caller]
pub fn item(seed: u64, index: u64, seconds: f32, sample_rate: u32) -> Generated {
    check(seconds, sample_rate);
    let class = (index % 2) as usize;
    let rate = sample_rate as f32;
    let mut rng = Rng::at(seed, 0, index, stream::PLAY);
    let (mut samples, details) = perform_class(class, &mut rng, seconds, rate);
    Recording::draw(&mut Rng::at(seed, 0, index, stream::RECORD)).apply(&mut samples, rate);
    Generated { signal: Signal::new(samples, sample_rate), class, details }
}

/// A recording in which music and speech alternate, with exact labels: for timelines.
///
/// Parts last 4 to 12 s and fade into one another in 0.05 to 0.5 s; a label changes in the middle of the
/// fade. Recording conditions are those of one programme: the same for all parts.
///
/// # Panics
/// If `seconds` is not positive, or the sample rate is below 4000.
#[track_caller]
pub fn mixed_recording(seed: u64, seconds: f32, sample_rate: u32) -> (Signal, Vec<Segment>) {
    check(seconds, sample_rate);
    let rate = sample_rate as f32;
    let mut rng = Rng::at(seed, 0, 0, stream::MIXTURE);
    let mut samples = vec![0.0; (seconds * rate) as usize];
    let mut segments = Vec::new();
    let mut class = rng.below(2);
    let (mut start_s, mut fade_in_s) = (0.0, 0.0);
    while start_s < seconds {
        let length_s = rng.uniform_in(4.0, 12.0);
        let fade_out_s = rng.uniform_in(0.05, 0.5);
        // A rest too short for a part of its own is left to this one.
        let last = seconds - (start_s + length_s) < 2.0;
        let end_s = if last { seconds } else { start_s + length_s };
        let heard_from = (start_s - 0.5 * fade_in_s).max(0.0);
        let heard_to = if last { seconds } else { end_s + 0.5 * fade_out_s };
        let (mut part, _) = perform_class(class, &mut rng, heard_to - heard_from, rate);
        super::effect::set_level(&mut part, 0.1 * 10f32.powf(rng.uniform_in(-4.0, 4.0) / 20.0));
        fade(&mut part, fade_in_s * rate, if last { 0.0 } else { fade_out_s * rate });
        let at = (heard_from * rate) as usize;
        samples[at.min((seconds * rate) as usize)..]
            .iter_mut()
            .zip(&part)
            .for_each(|(mix, x)| *mix += x);
        segments.push(Segment { start_s, end_s, class });
        (start_s, fade_in_s, class) = (end_s, fade_out_s, 1 - class);
    }
    Recording::draw(&mut rng).apply(&mut samples, rate);
    (Signal::new(samples, sample_rate), segments)
}

/// The share of pieces by the generated band ([`band`](super::band)) among the music; the rest is played by the smaller
/// ensembles of `ensemble`, choirs and lone singers among them.
const BAND_SHARE: f32 = 0.5;

/// Seconds that are played before the excerpt begins, at most: excerpts start anywhere in a piece.
const LEAD_S: f32 = 2.0;

pub(super) fn perform_class(
    class: usize,
    rng: &mut Rng,
    seconds: f32,
    rate: f32,
) -> (Vec<f32>, Details) {
    let lead_s = rng.uniform_in(0.0, LEAD_S);
    let (mut sound, details) = if class == 0 && rng.chance(BAND_SHARE) {
        let piece = any_piece(rng, seconds + LEAD_S);
        let kind = format!("{} band", piece.order.genre.name());
        let mode = Some(piece.key.mode.name());
        (piece.render(rate as u32), Details { kind, bpm: Some(piece.bpm as f32), mode })
    } else if class == 0 {
        let ensemble = Ensemble::draw(rng);
        let piece = perform(ensemble, rng, seconds + LEAD_S, rate);
        let kind = format!("{ensemble:?}");
        (piece.sound, Details { kind, bpm: Some(piece.bpm), mode: Some(piece.mode) })
    } else {
        let scene = Scene::draw(rng);
        let sound = talk(scene, rng, seconds + LEAD_S, rate);
        (sound, Details { kind: format!("{scene:?}"), bpm: None, mode: None })
    };
    let lead = (lead_s * rate) as usize;
    let samples = (seconds * rate) as usize;
    sound.drain(..lead.min(sound.len() - samples));
    sound.truncate(samples);
    // An audience, before or after, in a hall as well as at a rally.
    if rng.chance(0.04) {
        let level = 3.0 * super::effect::rms(&sound);
        let (from, to) =
            if rng.chance(0.5) { (0, samples / 4) } else { (samples - samples / 4, samples) };
        applause(rng, rate, &mut sound[from..to], level);
    }
    (sound, details)
}

/// Fades in and out with equal power.
fn fade(x: &mut [f32], fade_in: f32, fade_out: f32) {
    let n = x.len() as f32;
    for (i, x) in x.iter_mut().enumerate() {
        let i = i as f32;
        let rise = if fade_in > 0.0 { (i / fade_in).min(1.0) } else { 1.0 };
        let fall = if fade_out > 0.0 { ((n - i) / fade_out).min(1.0) } else { 1.0 };
        *x *= (rise * fall).sqrt();
    }
}

#[track_caller]
fn check(seconds: f32, sample_rate: u32) {
    assert!(seconds > 0.0, "music_speech: {seconds} s of sound");
    assert!(sample_rate >= 4000, "music_speech: {sample_rate} Hz is too low for speech");
}

#[cfg(test)]
mod tests {
    use rayon::prelude::*;

    use super::*;

    #[test]
    fn an_item_is_a_function_of_its_address() {
        let alone = item(3, 5, 1.0, 8000).signal;
        let many: Vec<Signal> =
            (0..8u64).into_par_iter().map(|i| item(3, i, 1.0, 8000).signal).collect();
        assert_eq!(many[5], alone);
        assert_ne!(many[3], alone);
        assert_ne!(item(4, 5, 1.0, 8000).signal, alone);
    }

    #[test]
    fn items_have_the_asked_length_and_are_sound() {
        for rate in [8000, 22_050, 44_100] {
            for index in 0..6 {
                let item = item(1, index, 0.7, rate);
                let samples = item.signal.samples();
                assert_eq!(samples.len(), (0.7 * rate as f32) as usize);
                assert!(samples.iter().all(|x| x.is_finite() && x.abs() <= 1.0));
                assert!(samples.iter().any(|x| x.abs() > 0.01));
                assert_eq!(item.class, (index % 2) as usize);
            }
        }
    }

    #[test]
    fn a_mixture_is_labelled_from_end_to_end() {
        let (signal, segments) = mixed_recording(2, 30.0, 8000);
        assert_eq!(signal.len(), 240_000);
        assert_eq!(segments[0].start_s, 0.0);
        assert_eq!(segments[segments.len() - 1].end_s, 30.0);
        for pair in segments.windows(2) {
            assert_eq!(pair[0].end_s, pair[1].start_s);
            assert_ne!(pair[0].label(), pair[1].label());
        }
        assert!(segments.len() >= 3);
        assert_eq!(mixed_recording(2, 30.0, 8000), (signal, segments));
    }
}
