//! A broadcast to label: music and speech in turn, with exact truth, and of sound that the labelling
//! network has not heard in training.

use std::error::Error;

use dlmir_audio::Signal;
use dlmir_data::Fold;
use dlmir_data::synthetic::music_speech;
use dlmir_examples::{Flags, Recordings};
use dlmir_models::Segment;

/// A part of one class.
pub struct Part {
    pub start_s: f64,
    pub end_s: f64,
    pub class: usize,
}

/// The broadcast.
pub struct Programme {
    pub sound: Signal,
    pub parts: Vec<Part>,
    /// Whether the generator made it; else it is put together from held-out recordings.
    pub generated: bool,
}

/// A generated programme where everything is generated. Otherwise held-out recordings of the first fold,
/// in turns of up to eight seconds, to be labelled by that fold's network.
pub fn make(
    flags: &Flags,
    set: &Recordings,
    fold: &Fold,
    sample_rate: u32,
) -> Result<Programme, Box<dyn Error>> {
    if flags.data.is_none() && flags.test.is_none() {
        let seconds = if flags.quick { 30.0 } else { 60.0 };
        let (sound, parts) = music_speech::mixed_recording(flags.seed, seconds, sample_rate);
        let parts = parts.into_iter().map(|part| Part {
            start_s: f64::from(part.start_s),
            end_s: f64::from(part.end_s),
            class: part.class,
        });
        return Ok(Programme { sound, parts: parts.collect(), generated: true });
    }
    let turns = if flags.quick { 2 } else { 4 };
    let of_class = |class| fold.test.iter().copied().filter(move |&i| set.list[i].class == class);
    let mut samples = Vec::new();
    let mut parts = Vec::new();
    for (first, second) in of_class(0).zip(of_class(1)).take(turns) {
        for i in [first, second] {
            let signal = set.list[i].signal().map_err(|error| error.to_string())?;
            let turn = dlmir_audio::resample(
                &signal.slice_s(0.0, TURN_S.min(signal.duration_s())),
                sample_rate,
            )?;
            let start_s = samples.len() as f64 / f64::from(sample_rate);
            samples.extend(faded(turn));
            let end_s = samples.len() as f64 / f64::from(sample_rate);
            parts.push(Part { start_s, end_s, class: set.list[i].class });
        }
    }
    if parts.is_empty() {
        return Err(
            "the first fold has no two recordings of different classes to make a programme of"
                .into(),
        );
    }
    Ok(Programme { sound: Signal::new(samples, sample_rate), parts, generated: false })
}

/// The longest turn of one recording.
const TURN_S: f64 = 8.0;

/// The same sound, 20 ms faded in and out: no clicks where turns meet.
fn faded(turn: Signal) -> Vec<f32> {
    let fade = turn.sample_rate() as usize / 50;
    let mut samples = turn.into_samples();
    let len = samples.len();
    for i in 0..fade.min(len / 2) {
        let gain = i as f32 / fade as f32;
        samples[i] *= gain;
        samples[len - 1 - i] *= gain;
    }
    samples
}

impl Programme {
    /// The share of time in which a label track names the right class.
    pub fn share_right(&self, track: &[Segment], classes: &[String]) -> f64 {
        let overlap = |part: &Part, segment: &Segment| {
            let seconds = part.end_s.min(segment.end_s) - part.start_s.max(segment.start_s);
            if classes[part.class] == segment.label { seconds.max(0.0) } else { 0.0 }
        };
        let right = |part: &Part| track.iter().map(|segment| overlap(part, segment)).sum::<f64>();
        self.parts.iter().map(right).sum::<f64>() / self.sound.duration_s()
    }

    /// The share of time of the class that there is most of: what one constant answer would get.
    pub fn share_of_larger(&self) -> f64 {
        let of_first = self.parts.iter().filter(|part| part.class == 0);
        let first = of_first.map(|part| part.end_s - part.start_s).sum::<f64>();
        let share = first / self.sound.duration_s();
        share.max(1.0 - share)
    }
}
