//! Instruments: each turns a [`Note`] into sound.
//!
//! | file | physics | instruments |
//! |---|---|---|
//! | [`plucked`] | a delay line that feeds back (Karplus and Strong) | guitar, harp, harpsichord, bass, banjo |
//! | [`modal`] | decaying partials | piano, vibraphone, marimba, bells, steel drum |
//! | [`sustained`] | a driven wave and a filter that follows loudness | violin to tuba, flute, accordion |
//! | [`organ`] | steady partials | church organ, electric organ |
//! | [`fm`] | a phase that is modulated | electric piano, synthetic bell and brass |
//! | [`subtractive`] | rich wave, moving filter | synthesiser bass, lead, pad, pluck |
//!
//! An instrument is drawn once and then keeps its character, as a real one does; only what a player
//! changes from note to note (loudness, length, small errors) is drawn by note.

pub mod fm;
pub mod modal;
pub mod organ;
pub mod plucked;
pub mod subtractive;
pub mod sustained;

use crate::rng::Rng;

/// What a player is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Note {
    /// When it begins.
    pub start_s: f32,
    /// How long it is held.
    pub duration_s: f32,
    /// MIDI pitch; 69 is A4.
    pub pitch: f32,
    /// Loudness of the stroke, 0 to 1.
    pub velocity: f32,
}

/// Something that can play notes.
pub trait Instrument {
    /// Adds a note to `out`, whose first sample is the note's beginning. What rings on after the note's
    /// end is added too, as far as `out` goes.
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]);
}

/// Plays all notes into one track of `samples`.
pub fn play_all(
    instrument: &dyn Instrument,
    notes: &[Note],
    rng: &mut Rng,
    rate: f32,
    samples: usize,
) -> Vec<f32> {
    let mut track = vec![0.0; samples];
    for note in notes {
        let start = (note.start_s.max(0.0) * rate) as usize;
        if start < samples {
            instrument.play(note, rng, rate, &mut track[start..]);
        }
    }
    track
}

/// The number of samples in a time, at most `limit`.
pub(crate) fn samples(seconds: f32, rate: f32, limit: usize) -> usize {
    ((seconds * rate) as usize).min(limit)
}

/// The factor a sample by which a sound falls 60 dB in `seconds`.
pub(crate) fn decay_per_sample(seconds: f32, rate: f32) -> f32 {
    (-6.91 / (seconds * rate)).exp()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The level of one frequency under a sine window, by Goertzel's recursion.
    pub fn level_at(sound: &[f32], hz: f32, rate: f32) -> f32 {
        let w = f64::from(hz / rate) * std::f64::consts::TAU;
        let (mut y1, mut y2) = (0.0, 0.0);
        for (n, &x) in sound.iter().enumerate() {
            let window = (std::f32::consts::PI * n as f32 / sound.len() as f32).sin();
            (y1, y2) = (f64::from(x * window) + 2.0 * w.cos() * y1 - y2, y1);
        }
        (y1 * y1 + y2 * y2 - 2.0 * w.cos() * y1 * y2).max(0.0).sqrt() as f32
    }

    /// Plays A4 for half a second and finds the strongest frequency between 400 and 480 Hz.
    pub fn played_pitch_hz(instrument: &dyn Instrument) -> f32 {
        let rate = 22050.0;
        let note = Note { start_s: 0.0, duration_s: 0.6, pitch: 69.0, velocity: 0.7 };
        let mut rng = Rng::at(1, 0, 0, 0);
        let sound = play_all(instrument, &[note], &mut rng, rate, 22050);
        assert!(sound.iter().all(|x| x.is_finite()));
        let level = sound[2000..12000].iter().map(|x| x * x).sum::<f32>() / 10_000.0;
        assert!(level > 1e-6, "silent: {level}");
        let power = |hz: f32| level_at(&sound[1000..12000], hz, rate);
        let candidates = (400..480).map(|hz| hz as f32);
        candidates.max_by(|&a, &b| power(a).total_cmp(&power(b))).unwrap()
    }
}
