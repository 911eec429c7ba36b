//! From the performance to the microphone: every track is played, shaped, levelled and added up.

use dlmir_audio::Signal;

use super::artist::{Effect, Player};
use super::orchestra::{Patch, Sound, TREMOLO_HZ};
use super::piece::{Piece, Track};
use crate::rng::{Rng, stream};
use crate::synthetic::effect;
use crate::synthetic::instrument::{Note, play_all};

impl Piece {
    /// Plays the piece: the sum of all tracks at no particular level, as loud in each other's company as a mix would have
    /// them, without room or noise.
    ///
    /// # Panics
    /// If the sample rate is below 4000.
    #[track_caller]
    pub fn render(&self, sample_rate: u32) -> Vec<f32> {
        assert!(sample_rate >= 4000, "piece: {sample_rate} Hz is too low for music");
        let rate = sample_rate as f32;
        let samples = (self.order.seconds * f64::from(sample_rate)) as usize;
        let lead = (self.lead_s * f64::from(sample_rate)) as usize;
        let mut mix = vec![0.0; lead + samples];
        for (k, track) in self.tracks.iter().enumerate() {
            let mut rng = Rng::at(self.sound_seed, 0, k as u64, stream::SOUND);
            let (mut sound, gain_db) = match track {
                Track::Player(player, notes) => {
                    let mut sound = play_all(&player.sound, notes, &mut rng, rate, mix.len());
                    shape(player, &mut sound, self.bpm as f32, rate);
                    (sound, player.gain_db + role_db(k))
                }
                Track::Voice(notes) => {
                    let mut sound = vec![0.0; mix.len()];
                    if let Some(singer) = &self.artist.singer {
                        singer.sing(notes, &mut rng, rate, &mut sound);
                    }
                    (sound, 1.0)
                }
                Track::Drums(hits) => match &self.artist.drums {
                    Some((kit, _)) => (kit.play_all(hits, &mut rng, rate, mix.len()), 1.0),
                    None => continue,
                },
            };
            set_active_level(&mut sound, 10f32.powf(gain_db / 20.0), rate);
            mix.iter_mut().zip(&sound).for_each(|(mix, x)| *mix += x);
        }
        mix.drain(..lead);
        mix
    }
}

/// A few notes of an instrument, 3.2 s, as they are before any mix: a middle one, softly a low and a high one, and the middle one again,
/// loud. The instrument and its player are drawn with `seed`.
///
/// # Panics
/// If the sample rate is below 4000.
#[track_caller]
pub fn notes_of(patch: Patch, seed: u64, sample_rate: u32) -> Signal {
    assert!(sample_rate >= 4000, "notes_of: {sample_rate} Hz is too low for music");
    let mut own = Rng::at(seed, 0, patch as u64, stream::SOUND);
    let player = Player::draw(patch, &mut own);
    notes_by(&player, &mut own, sample_rate)
}

/// The notes of [`notes_of`], with a trembling bow; none for an instrument that has no bow.
///
/// # Panics
/// If the sample rate is below 4000.
#[track_caller]
pub fn tremolo_of(patch: Patch, seed: u64, sample_rate: u32) -> Option<Signal> {
    assert!(sample_rate >= 4000, "tremolo_of: {sample_rate} Hz is too low for music");
    if patch.tremolo_share() == 0.0 {
        return None;
    }
    let mut own = Rng::at(seed, 0, patch as u64, stream::SOUND);
    let mut player = Player::draw(patch, &mut own);
    player.sound = player.sound.with_tremolo(0.5 * (TREMOLO_HZ[0] + TREMOLO_HZ[1]));
    Some(notes_by(&player, &mut own, sample_rate))
}

fn notes_by(player: &Player, own: &mut Rng, sample_rate: u32) -> Signal {
    let rate = sample_rate as f32;
    let patch = player.patch;
    let [low, high] = patch.range();
    let middle = (0.5 * (low + high)).round();
    let notes = [(middle, 0.6), (low + 2.0, 0.35), (high - 2.0, 0.35), (middle, 0.95)];
    let notes: Vec<Note> = notes
        .into_iter()
        .zip([0.0, 0.8, 1.6, 2.4])
        .map(|((pitch, velocity), start_s)| Note { start_s, duration_s: 0.65, pitch, velocity })
        .collect();
    let mut sound = play_all(&player.sound, &notes, own, rate, (3.2 * rate) as usize);
    shape(player, &mut sound, 100.0, rate);
    effect::set_level(&mut sound, 0.1);
    let peak = sound.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
    sound.iter_mut().for_each(|x| *x *= 1.0 / peak.max(1.0));
    Signal::new(sound, sample_rate)
}

/// Those who were added first, bass and drums, are a little louder than those who fill in.
fn role_db(track: usize) -> f32 {
    if track < 2 { -0.5 } else { -2.0 }
}

/// An instrument's body, the same in all pieces, and its effect.
fn shape(player: &Player, sound: &mut [f32], bpm: f32, rate: f32) {
    let mut own = Rng::at(u64::from(player.body), 0, 0, stream::SOUND);
    match player.effect {
        Effect::Drive(drive) => effect::distort(sound, drive, rate),
        Effect::Tremolo(hz, depth) => effect::tremolo(sound, hz, depth, rate),
        Effect::Chorus => effect::chorus(sound, &mut own, rate),
        Effect::Echo(beats, feedback) => effect::echo(sound, beats * 60.0 / bpm, feedback, rate),
        Effect::None => {}
    }
    // Wood and metal resonate; what comes from a loudspeaker has no body of its own.
    if matches!(player.sound, Sound::Plucked(_) | Sound::Modal(_) | Sound::Sustained(_)) {
        effect::body(sound, &mut own, rate);
    }
}

/// Brings a track to this root mean square over the time in which it plays. Over all of the time a player who comes in
/// for one bar would be the loudest of all.
fn set_active_level(sound: &mut [f32], level: f32, rate: f32) {
    let frame = (0.05 * rate) as usize;
    let levels: Vec<f32> = sound.chunks(frame).map(effect::rms).collect();
    let loudest = levels.iter().copied().fold(0.0, f32::max);
    let active = levels.iter().filter(|&&level| level > 0.03 * loudest);
    let (power, count) = active.fold((0.0, 0.0f32), |(p, n), level| (p + level * level, n + 1.0));
    let gain = level / (power / count.max(1.0)).sqrt().max(1e-9);
    sound.iter_mut().for_each(|x| *x *= gain);
}
