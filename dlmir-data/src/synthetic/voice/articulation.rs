//! The inertia of tongue, lips and glottis: how they move from target to target.
//!
//! A sound is a place that the articulators head for, and mostly leave again before they have arrived;
//! each sound is coloured by its neighbours. Formants take some 50 ms for a move, levels some 10 ms, and
//! the burst of a stop no time at all.

use super::Manner;
use super::tract::{FRAME_RATE, Frame};
use crate::rng::Rng;
use crate::synthetic::filter::OnePole;

/// What the mouth heads for, and for how long.
#[derive(Debug, Clone)]
pub struct Target {
    /// Time spent on it.
    pub seconds: f32,
    /// Where to go; the pitch is not used.
    pub frame: Frame,
    /// The tongue beats about 26 times a second and cuts the voice.
    pub trill: bool,
}

/// Appends the movement through these targets to the track. `pitch` gives Hz at a time in seconds.
pub fn move_through(
    targets: &[Target],
    pitch: impl Fn(f32) -> f32,
    manner: &Manner,
    rng: &mut Rng,
    track: &mut Vec<Frame>,
) {
    let Some(first) = targets.first() else { return };
    let mut tongue = Glide::new(first.frame.formants, 0.010 + 0.012 * (1.0 - manner.clarity));
    let mut levels = [OnePole::smoother(0.006, FRAME_RATE); 3];
    let mut drift = OnePole::smoother(0.05, FRAME_RATE);
    let mut hiss = first.frame.hiss;
    let (mut t, mut end) = (0.0, 0.0);
    // A last rest lets the levels die away; the tongue stays where it is.
    let rest = Target {
        seconds: 0.03,
        frame: Frame { formants: targets[targets.len() - 1].frame.formants, ..Frame::REST },
        trill: false,
    };
    for target in targets.iter().chain([&rest]) {
        end += target.seconds;
        while t < end {
            let mut goal = target.frame;
            if target.trill && (t * 26.0).fract() < 0.4 {
                goal.voicing *= 0.2;
            }
            if manner.whisper {
                goal.breath += 0.5 * goal.voicing;
                goal.voicing = 0.0;
            }
            if goal.hiss_level > 0.0 {
                hiss = goal.hiss;
            }
            let swelling = levels[2].low(goal.hiss_level);
            track.push(Frame {
                f0_hz: pitch(t) * (1.0 + 0.02 * drift.low(3.0 * rng.normal())),
                voicing: levels[0].low(goal.voicing),
                breath: levels[1].low(goal.breath),
                formants: tongue.go(goal.formants),
                nasal: goal.nasal,
                hiss,
                // Half at once, half swelling: a burst must not be smoothed away.
                hiss_level: 0.5 * (swelling + goal.hiss_level),
            });
            t += 1.0 / FRAME_RATE;
        }
    }
}

/// Three formants that move smoothly: two smoothers in a row, so that a move starts gently too.
#[derive(Debug, Clone)]
pub struct Glide([[OnePole; 2]; 3]);

impl Glide {
    /// Starts at these formants; each smoother has this time constant.
    pub fn new(formants: [f32; 3], seconds: f32) -> Glide {
        Glide(formants.map(|hz| {
            let mut smoother = OnePole::smoother(seconds, FRAME_RATE);
            smoother.reset(hz);
            [smoother; 2]
        }))
    }

    /// Moves for one frame.
    pub fn go(&mut self, formants: [f32; 3]) -> [f32; 3] {
        std::array::from_fn(|k| {
            let [first, second] = &mut self.0[k];
            second.low(first.low(formants[k]))
        })
    }
}
