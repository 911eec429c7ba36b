//! A radio programme: music, and speech over it, labelled as overlapping segments.
//!
//! Music plays from beginning to end. Now and then somebody speaks for some seconds, and the music is turned
//! down meanwhile, by 6 to 18 dB within a third of a second, as a sound engineer does it. Both labels hold
//! while both are heard. Two detectors, one for music and one for speech, are what such programmes need; a
//! classifier that must choose one is wrong half of the time by construction.

use dlmir_audio::Signal;

use super::effect::set_level;
use super::filter::OnePole;
use super::music_speech::{Segment, perform_class};
use super::recording::Recording;
use crate::rng::{Rng, stream};

/// Programme `index` of the set with this seed: the recording, and its segments by start.
///
/// # Panics
/// If `seconds` is not positive, or the sample rate is below 4000.
#[track_caller]
pub fn programme(seed: u64, index: u64, seconds: f32, sample_rate: u32) -> (Signal, Vec<Segment>) {
    assert!(seconds > 0.0, "programme: {seconds} s of sound");
    assert!(sample_rate >= 4000, "programme: {sample_rate} Hz is too low for speech");
    let rate = sample_rate as f32;
    let mut own = Rng::at(seed, 1, index, stream::MIXTURE);
    let rng = &mut own;
    let samples = (seconds * rate) as usize;
    let (mut music, _) = perform_class(0, rng, seconds, rate);
    set_level(&mut music, 0.1);

    // When somebody speaks.
    let mut segments = vec![Segment { start_s: 0.0, end_s: seconds, class: 0 }];
    let mut from_s = rng.uniform_in(0.0, 0.4 * seconds);
    let mut speech = vec![0.0; samples];
    while from_s < seconds - 0.5 {
        let end_s = (from_s + rng.uniform_in(2.0, 8.0)).min(seconds);
        let (mut said, _) = perform_class(1, rng, end_s - from_s, rate);
        set_level(&mut said, 0.1);
        let start = (from_s * rate) as usize;
        speech[start..].iter_mut().zip(&said).for_each(|(out, x)| *out += x);
        segments.push(Segment { start_s: from_s, end_s, class: 1 });
        from_s = end_s + rng.uniform_in(1.0, 6.0);
    }

    let down = 10f32.powf(-rng.uniform_in(6.0, 18.0) / 20.0);
    let mut hand = OnePole::smoother(0.1, rate);
    hand.reset(1.0);
    let spoken = &segments[1..];
    for (n, (music, speech)) in music.iter_mut().zip(&speech).enumerate() {
        // The hand is on the fader a third of a second before the first word.
        let t = n as f32 / rate;
        let speaks = spoken.iter().any(|s| (s.start_s - 0.3..s.end_s).contains(&t));
        *music = *music * hand.low(if speaks { down } else { 1.0 }) + speech;
    }
    let mut recording = Rng::at(seed, 1, index, stream::RECORD);
    Recording::draw_for_album(&mut recording.clone(), &mut recording).apply(&mut music, rate);
    (Signal::new(music, sample_rate), segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_labels_hold_while_both_are_heard() {
        let mut spoken = 0;
        for index in 0..6 {
            let (signal, segments) = programme(1, index, 12.0, 8000);
            assert_eq!(signal.len(), 96_000);
            assert!(signal.samples().iter().all(|x| x.is_finite() && x.abs() <= 1.0));
            assert_eq!(segments[0], Segment { start_s: 0.0, end_s: 12.0, class: 0 });
            for pair in segments[1..].windows(2) {
                assert!(pair[0].end_s < pair[1].start_s && pair[1].class == 1);
            }
            assert!(segments.iter().all(|s| s.start_s < s.end_s && s.end_s <= 12.0));
            spoken += segments.len() - 1;
            assert_eq!(programme(1, index, 12.0, 8000), (signal, segments));
        }
        assert!(spoken >= 6, "{spoken}");
    }
}
