//! The instruments by name.
//!
//! The physics are those of the folder `instrument`; here stand the numbers that make a violin of a
//! driven string and a harpsichord of a plucked one. Each maker draws one instrument out of many of its
//! kind, as no two violins are alike. An artist plays the same one in all pieces.

use crate::rng::Rng;
use crate::synthetic::instrument::fm::Fm;
use crate::synthetic::instrument::modal::{Modal, Partials};
use crate::synthetic::instrument::organ::Organ;
use crate::synthetic::instrument::plucked::Plucked;
use crate::synthetic::instrument::subtractive::Synth;
use crate::synthetic::instrument::sustained::{Sustained, Wave};
use crate::synthetic::instrument::{Instrument, Note};

/// An instrument by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Patch {
    /// A grand or upright piano.
    Piano,
    /// A struck tine or bar with a pickup.
    ElectricPiano,
    /// A church or electric organ.
    Organ,
    /// Plucked by quills, loud or not at all.
    Harpsichord,
    /// Free reeds.
    Accordion,
    /// Nylon or steel strings over a wooden box.
    AcousticGuitar,
    /// Through a clean amplifier.
    ElectricGuitar,
    /// Through an amplifier that is driven too hard.
    DistortedGuitar,
    /// Steel strings over a membrane: bright and short.
    Banjo,
    /// One violin.
    Violin,
    /// One cello.
    Cello,
    /// Many violins, violas and cellos.
    Strings,
    /// A flute or recorder.
    Flute,
    /// A clarinet.
    Clarinet,
    /// An alto or tenor saxophone.
    Saxophone,
    /// A trumpet.
    Trumpet,
    /// Several trumpets and trombones.
    Brass,
    /// A harmonica.
    Harmonica,
    /// Metal bars over tubes.
    Vibraphone,
    /// Wooden bars.
    Marimba,
    /// A synthesiser's lead sound.
    SynthLead,
    /// A synthesiser's slow, wide sound.
    SynthPad,
    /// A bass guitar.
    BassGuitar,
    /// A plucked double bass.
    DoubleBass,
    /// A synthesiser's bass.
    SynthBass,
}

impl Patch {
    /// All of them.
    pub const ALL: [Patch; 25] = [
        Patch::Piano,
        Patch::ElectricPiano,
        Patch::Organ,
        Patch::Harpsichord,
        Patch::Accordion,
        Patch::AcousticGuitar,
        Patch::ElectricGuitar,
        Patch::DistortedGuitar,
        Patch::Banjo,
        Patch::Violin,
        Patch::Cello,
        Patch::Strings,
        Patch::Flute,
        Patch::Clarinet,
        Patch::Saxophone,
        Patch::Trumpet,
        Patch::Brass,
        Patch::Harmonica,
        Patch::Vibraphone,
        Patch::Marimba,
        Patch::SynthLead,
        Patch::SynthPad,
        Patch::BassGuitar,
        Patch::DoubleBass,
        Patch::SynthBass,
    ];

    /// Its name, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Patch::Piano => "piano",
            Patch::ElectricPiano => "electric piano",
            Patch::Organ => "organ",
            Patch::Harpsichord => "harpsichord",
            Patch::Accordion => "accordion",
            Patch::AcousticGuitar => "acoustic guitar",
            Patch::ElectricGuitar => "electric guitar",
            Patch::DistortedGuitar => "distorted guitar",
            Patch::Banjo => "banjo",
            Patch::Violin => "violin",
            Patch::Cello => "cello",
            Patch::Strings => "strings",
            Patch::Flute => "flute",
            Patch::Clarinet => "clarinet",
            Patch::Saxophone => "saxophone",
            Patch::Trumpet => "trumpet",
            Patch::Brass => "brass",
            Patch::Harmonica => "harmonica",
            Patch::Vibraphone => "vibraphone",
            Patch::Marimba => "marimba",
            Patch::SynthLead => "synth lead",
            Patch::SynthPad => "synth pad",
            Patch::BassGuitar => "bass guitar",
            Patch::DoubleBass => "double bass",
            Patch::SynthBass => "synth bass",
        }
    }

    /// The lowest and the highest MIDI pitch that it is asked for.
    pub fn range(self) -> [f32; 2] {
        match self {
            Patch::Piano => [33.0, 96.0],
            Patch::ElectricPiano | Patch::Organ | Patch::SynthPad => [40.0, 88.0],
            Patch::Harpsichord => [36.0, 86.0],
            Patch::Accordion | Patch::Strings => [45.0, 88.0],
            Patch::AcousticGuitar | Patch::ElectricGuitar | Patch::DistortedGuitar => [40.0, 83.0],
            Patch::Banjo => [50.0, 84.0],
            Patch::Violin => [55.0, 93.0],
            Patch::Cello => [36.0, 69.0],
            Patch::Flute => [60.0, 93.0],
            Patch::Clarinet => [50.0, 86.0],
            Patch::Saxophone => [46.0, 80.0],
            Patch::Trumpet => [54.0, 82.0],
            Patch::Brass => [45.0, 79.0],
            Patch::Harmonica => [60.0, 88.0],
            Patch::Vibraphone | Patch::Marimba => [53.0, 89.0],
            Patch::SynthLead => [48.0, 91.0],
            Patch::BassGuitar | Patch::DoubleBass | Patch::SynthBass => [28.0, 55.0],
        }
    }

    /// The seconds in which a tone gets within 6 dB of its level, at most: 0.01 where it is struck or
    /// plucked, and so long that the ear is in doubt where bow or breath begin gently.
    pub fn slowest_attack_s(self) -> f32 {
        match self {
            Patch::Strings | Patch::Cello => 0.12,
            Patch::Violin | Patch::Flute | Patch::Brass => 0.08,
            Patch::Clarinet | Patch::Saxophone | Patch::Trumpet | Patch::Harmonica => 0.05,
            Patch::Accordion | Patch::Organ => 0.05,
            Patch::SynthPad => 0.5,
            _ => 0.01,
        }
    }

    /// True if it goes on as long as the player wishes.
    pub fn sustains(self) -> bool {
        self.slowest_attack_s() > 0.01 || matches!(self, Patch::SynthLead | Patch::SynthBass)
    }

    /// The share of pieces in which its held notes are played with a trembling bow; 0 for what has none.
    pub fn tremolo_share(self) -> f32 {
        match self {
            Patch::Strings => 0.25,
            Patch::Violin | Patch::Cello => 0.1,
            _ => 0.0,
        }
    }

    /// Makes one.
    pub fn make(self, rng: &mut Rng) -> Sound {
        match self {
            Patch::Piano => Sound::Modal(Modal::draw_piano(rng)),
            Patch::ElectricPiano => Sound::Fm(electric_piano(rng)),
            Patch::Organ => Sound::Organ(Organ::draw(rng)),
            Patch::Harpsichord => Sound::Plucked(harpsichord(rng)),
            Patch::Accordion => Sound::Sustained(Sustained::draw_reeds(rng)),
            Patch::AcousticGuitar => Sound::Plucked(guitar(rng, [1500.0, 7000.0], [0.1, 0.45])),
            Patch::ElectricGuitar => Sound::Plucked(guitar(rng, [1200.0, 4500.0], [0.05, 0.3])),
            Patch::DistortedGuitar => Sound::Plucked(guitar(rng, [2500.0, 8000.0], [0.02, 0.15])),
            Patch::Banjo => Sound::Plucked(banjo(rng)),
            Patch::Violin => Sound::Sustained(bowed(rng, 1, [1500.0, 6000.0], 0.09)),
            Patch::Cello => Sound::Sustained(bowed(rng, 1, [800.0, 3500.0], 0.13)),
            Patch::Strings => Sound::Sustained(bowed(rng, 3, [900.0, 5000.0], 0.14)),
            Patch::Flute => Sound::Sustained(blown(rng, Wave::Sine, [900.0, 4000.0], 0.15)),
            Patch::Clarinet => Sound::Sustained(blown(rng, Wave::Square, [700.0, 3000.0], 0.02)),
            Patch::Saxophone => Sound::Sustained(saxophone(rng)),
            Patch::Trumpet => Sound::Sustained(brass(rng, 1)),
            Patch::Brass => Sound::Sustained(brass(rng, 3)),
            Patch::Harmonica => Sound::Sustained(harmonica(rng)),
            Patch::Vibraphone => Sound::Modal(bars(rng, [2.5, 7.0], [2.0, 5.0])),
            Patch::Marimba => Sound::Modal(bars(rng, [0.4, 1.2], [3.0, 9.0])),
            Patch::SynthLead => Sound::Synth(Synth::draw_lead(rng)),
            Patch::SynthPad => Sound::Synth(pad(rng)),
            Patch::BassGuitar => Sound::Plucked(Plucked::draw_bass(rng)),
            Patch::DoubleBass => Sound::Plucked(double_bass(rng)),
            Patch::SynthBass => Sound::Synth(Synth::draw_bass(rng)),
        }
    }
}

/// A made instrument.
#[derive(Debug, Clone)]
pub enum Sound {
    /// A delay line that feeds back.
    Plucked(Plucked),
    /// Decaying partials.
    Modal(Modal),
    /// A driven wave.
    Sustained(Sustained),
    /// Steady partials.
    Organ(Organ),
    /// A modulated phase.
    Fm(Fm),
    /// A rich wave through a moving filter.
    Synth(Synth),
}

impl Sound {
    /// The same with this many strokes of the bow a second on held notes, if it has a bow.
    pub fn with_tremolo(self, strokes_hz: f32) -> Sound {
        match self {
            Sound::Sustained(sound) => {
                Sound::Sustained(Sustained { tremolo_hz: strokes_hz, ..sound })
            }
            other => other,
        }
    }
}

/// Strokes a second of a trembling bow, from and to.
pub const TREMOLO_HZ: [f32; 2] = [8.0, 14.0];

impl Instrument for Sound {
    fn play(&self, note: &Note, rng: &mut Rng, rate: f32, out: &mut [f32]) {
        match self {
            Sound::Plucked(sound) => sound.play(note, rng, rate, out),
            Sound::Modal(sound) => sound.play(note, rng, rate, out),
            Sound::Sustained(sound) => sound.play(note, rng, rate, out),
            Sound::Organ(sound) => sound.play(note, rng, rate, out),
            Sound::Fm(sound) => sound.play(note, rng, rate, out),
            Sound::Synth(sound) => sound.play(note, rng, rate, out),
        }
    }
}

fn electric_piano(rng: &mut Rng) -> Fm {
    Fm {
        ratio: *rng.pick(&[1.0, 1.0, 14.0, 2.0]),
        index: rng.log_uniform_in(0.5, 2.2),
        index_decay_s: rng.log_uniform_in(0.3, 2.0),
        attack_s: 0.003,
        decay_s: rng.log_uniform_in(2.0, 6.0),
        tremolo_hz: if rng.chance(0.4) { rng.uniform_in(3.0, 6.0) } else { 0.0 },
    }
}

fn harpsichord(rng: &mut Rng) -> Plucked {
    Plucked {
        decay_s: rng.log_uniform_in(2.0, 5.0),
        damping: rng.uniform_in(0.02, 0.08),
        pluck_hz: rng.log_uniform_in(7000.0, 14_000.0),
        position: rng.uniform_in(0.05, 0.15),
        release_s: 0.08,
        courses: 1 + rng.below(2),
    }
}

fn guitar(rng: &mut Rng, pluck_hz: [f32; 2], damping: [f32; 2]) -> Plucked {
    Plucked {
        decay_s: rng.log_uniform_in(2.0, 7.0),
        damping: rng.uniform_in(damping[0], damping[1]),
        pluck_hz: rng.log_uniform_in(pluck_hz[0], pluck_hz[1]),
        position: rng.uniform_in(0.08, 0.4),
        release_s: rng.log_uniform_in(0.06, 0.3),
        courses: if rng.chance(0.1) { 2 } else { 1 },
    }
}

fn banjo(rng: &mut Rng) -> Plucked {
    Plucked {
        decay_s: rng.log_uniform_in(0.5, 1.2),
        damping: rng.uniform_in(0.05, 0.2),
        pluck_hz: rng.log_uniform_in(5000.0, 10_000.0),
        position: rng.uniform_in(0.05, 0.2),
        release_s: 0.1,
        courses: 1,
    }
}

fn double_bass(rng: &mut Rng) -> Plucked {
    Plucked {
        decay_s: rng.log_uniform_in(0.8, 2.0),
        damping: rng.uniform_in(0.35, 0.5),
        pluck_hz: rng.log_uniform_in(300.0, 1200.0),
        position: rng.uniform_in(0.25, 0.45),
        release_s: 0.08,
        courses: 1,
    }
}

fn bowed(rng: &mut Rng, players: usize, brightness_hz: [f32; 2], slowest_s: f32) -> Sustained {
    Sustained {
        attack_s: rng.log_uniform_in(0.03, slowest_s),
        brightness_hz: rng.log_uniform_in(brightness_hz[0], brightness_hz[1]),
        ..Sustained::draw_strings(rng, players)
    }
}

fn blown(rng: &mut Rng, wave: Wave, brightness_hz: [f32; 2], breath: f32) -> Sustained {
    Sustained {
        wave,
        attack_s: rng.log_uniform_in(0.015, 0.06),
        brightness_hz: rng.log_uniform_in(brightness_hz[0], brightness_hz[1]),
        breath: rng.log_uniform_in(0.004, breath),
        ..Sustained::draw_wind(rng)
    }
}

fn saxophone(rng: &mut Rng) -> Sustained {
    let scoop_cents = rng.uniform_in(20.0, 100.0);
    Sustained { scoop_cents, ..blown(rng, Wave::Saw, [1500.0, 5000.0], 0.06) }
}

fn brass(rng: &mut Rng, players: usize) -> Sustained {
    Sustained {
        attack_s: rng.log_uniform_in(0.02, 0.07),
        brightness_hz: rng.log_uniform_in(1200.0, 5000.0),
        ..Sustained::draw_brass(rng, players)
    }
}

fn harmonica(rng: &mut Rng) -> Sustained {
    let (vibrato_cents, scoop_cents) = (rng.uniform_in(0.0, 30.0), rng.uniform_in(0.0, 150.0));
    let reeds = Sustained { players: 1, ..Sustained::draw_reeds(rng) };
    Sustained { vibrato_cents, scoop_cents, breath: 0.02, ..reeds }
}

fn bars(rng: &mut Rng, decay_s: [f32; 2], brightness: [f32; 2]) -> Modal {
    Modal {
        partials: Partials::Bar,
        decay_s: rng.log_uniform_in(decay_s[0], decay_s[1]),
        brightness: rng.log_uniform_in(brightness[0], brightness[1]),
        ..Modal::draw_mallet(rng)
    }
}

fn pad(rng: &mut Rng) -> Synth {
    Synth { attack_s: rng.log_uniform_in(0.05, 0.5), ..Synth::draw_pad(rng) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synthetic::instrument::play_all;

    /// The seconds in which the level rises to half of its mean over a second, in steps of 5 ms.
    fn attack_s(sound: &[f32], rate: f32) -> f32 {
        let frame = (0.005 * rate) as usize;
        let levels: Vec<f32> = sound.chunks(frame).map(crate::synthetic::effect::rms).collect();
        let mean = crate::synthetic::effect::rms(&sound[..rate as usize]);
        let at = levels.iter().position(|&level| level >= 0.5 * mean).unwrap();
        0.005 * (at + 1) as f32
    }

    /// A label is the start of a note: this is how far the ear may be behind it.
    #[test]
    fn tones_begin_at_once_or_as_slowly_as_told() {
        let rate = 22_050.0;
        for patch in Patch::ALL {
            let [low, high] = patch.range();
            let pitch = (0.5 * (low + high)).round();
            let note = Note { start_s: 0.0, duration_s: 1.0, pitch, velocity: 0.8 };
            for seed in 0..8 {
                let mut rng = Rng::at(seed, 0, 0, 0);
                let sound = patch.make(&mut rng);
                let track = play_all(&sound, &[note], &mut rng, rate, 33_075);
                assert!(track.iter().all(|x| x.is_finite()), "{patch:?}");
                let attack = attack_s(&track, rate);
                // A struck tone needs a few of its own periods.
                let limit = patch.slowest_attack_s() + 0.05;
                assert!(attack <= limit, "{patch:?} {seed}: {attack} s, wanted {limit}");
            }
        }
    }

    #[test]
    fn names_are_distinct() {
        let mut names: Vec<&str> = Patch::ALL.iter().map(|p| p.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Patch::ALL.len());
    }
}
