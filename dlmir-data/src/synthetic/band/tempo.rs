//! Metre and tempo: when each beat comes.
//!
//! A beat lasts 60 / bpm seconds, and no two of a human performance last equally long. Three things bend
//! the tempo here, each as real players do it:
//!
//! ```text
//! ln bpm(i) = ln bpm + drift d(i) + rubato r(i)
//!
//! d(i) = 0.97 d(i-1) + sqrt(1 - 0.97^2) n(i)     a slow walk of standard deviation 1, n normal
//! r(i) = sin(pi x) - 1/2 - 2 x^6                 x: place in the phrase, 0 to 1; hurries, then lingers
//! ```
//!
//! Swing bends time within the beat, and leaves the beats alone.

use crate::rng::Rng;

/// The metre, with what listeners tap as its beat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meter {
    /// Two quarters.
    TwoFour,
    /// Three quarters.
    ThreeFour,
    /// Four quarters.
    FourFour,
    /// Five quarters, three and two.
    FiveFour,
    /// Two beats of three eighths: the beat is the dotted quarter.
    SixEight,
    /// Seven eighths, two and two and three: too fast for quarters, so the eighth is the beat.
    SevenEight,
}

impl Meter {
    /// All of them.
    pub const ALL: [Meter; 6] = [
        Meter::TwoFour,
        Meter::ThreeFour,
        Meter::FourFour,
        Meter::FiveFour,
        Meter::SixEight,
        Meter::SevenEight,
    ];

    /// As it is written, such as `6/8`.
    pub fn name(self) -> &'static str {
        match self {
            Meter::TwoFour => "2/4",
            Meter::ThreeFour => "3/4",
            Meter::FourFour => "4/4",
            Meter::FiveFour => "5/4",
            Meter::SixEight => "6/8",
            Meter::SevenEight => "7/8",
        }
    }

    /// Beats in a bar: 2 in 6/8, 7 in 7/8.
    pub fn beats(self) -> usize {
        match self {
            Meter::TwoFour | Meter::SixEight => 2,
            Meter::ThreeFour => 3,
            Meter::FourFour => 4,
            Meter::FiveFour => 5,
            Meter::SevenEight => 7,
        }
    }

    /// Slots of the finest grid in a beat: sixteenths, whatever the beat is.
    pub fn slots_per_beat(self) -> usize {
        match self {
            Meter::SixEight => 6,
            Meter::SevenEight => 2,
            _ => 4,
        }
    }

    /// Slots of the finest grid in a bar.
    pub fn slots(self) -> usize {
        self.beats() * self.slots_per_beat()
    }

    /// The beats on which the bar leans, counted from 0; the first is the downbeat.
    pub fn accents(self) -> &'static [usize] {
        match self {
            Meter::TwoFour | Meter::ThreeFour => &[0],
            Meter::FourFour => &[0, 2],
            Meter::FiveFour => &[0, 3],
            Meter::SixEight => &[0, 1],
            Meter::SevenEight => &[0, 2, 4],
        }
    }
}

/// Which notes swing.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Swing {
    /// All are even.
    Straight,
    /// The second eighth of a beat comes at this share of the beat: 0.5 even, 0.67 triplets.
    Eighths(f64),
    /// The second sixteenth of each eighth comes at this share of the eighth (hip hop, funk).
    Sixteenths(f64),
}

/// How time is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Feel {
    /// Beats a minute, in the long run.
    pub bpm: f64,
    /// What swings.
    pub swing: Swing,
    /// Standard deviation of the logarithm of the tempo over minutes: 0 a machine, 0.02 a band.
    pub drift: f64,
    /// Depth of the tempo's breathing with the phrases: 0 none, 0.05 some, 0.2 a romantic pianist.
    pub rubato: f64,
    /// Beats in a phrase.
    pub phrase_beats: usize,
}

/// The time of every beat.
#[derive(Debug, Clone)]
pub struct TempoCurve {
    times_s: Vec<f64>,
    swing: Swing,
}

impl TempoCurve {
    /// Beat 0 comes at time 0; the curve goes on until `seconds` are over.
    ///
    /// # Panics
    /// If the tempo is not positive.
    #[track_caller]
    pub fn draw(feel: &Feel, seconds: f64, rng: &mut Rng) -> TempoCurve {
        assert!(feel.bpm > 0.0, "tempo: {} beats a minute", feel.bpm);
        let mut times_s = vec![0.0];
        let mut drift = f64::from(rng.normal());
        let mut time_s = 0.0;
        // One beat more than needed, so that the last one has an end.
        while time_s <= seconds + 120.0 / feel.bpm {
            let beat = times_s.len() - 1;
            drift = 0.97 * drift + 0.243 * f64::from(rng.normal());
            let x = (beat % feel.phrase_beats) as f64 / feel.phrase_beats as f64;
            let breath = (std::f64::consts::PI * x).sin() - 0.5 - 2.0 * x.powi(6);
            let bpm = feel.bpm * (feel.drift * drift + feel.rubato * breath).exp();
            time_s += 60.0 / bpm;
            times_s.push(time_s);
        }
        TempoCurve { times_s, swing: feel.swing }
    }

    /// The number of beats that have an end.
    pub fn beats(&self) -> usize {
        self.times_s.len() - 1
    }

    /// When a beat, or a place between two, comes. Places before the first and after the last beat go on
    /// in the tempo next to them.
    pub fn seconds(&self, beat: f64) -> f64 {
        let whole = (beat.floor().max(0.0) as usize).min(self.times_s.len() - 2);
        let part = beat - whole as f64;
        let bent = match self.swing {
            Swing::Straight => part,
            Swing::Eighths(late) => bend(part, late),
            Swing::Sixteenths(late) if (0.0..1.0).contains(&part) => {
                let half = (2.0 * part).floor();
                0.5 * (half + bend(2.0 * part - half, late))
            }
            Swing::Sixteenths(_) => part,
        };
        let length = self.times_s[whole + 1] - self.times_s[whole];
        self.times_s[whole] + bent * length
    }

    /// The first beat, or place between two, at or after a time.
    pub fn beat_at(&self, time_s: f64) -> f64 {
        let next = self.times_s.partition_point(|&t| t < time_s);
        if next == 0 || next == self.times_s.len() {
            return next as f64;
        }
        let (before, after) = (self.times_s[next - 1], self.times_s[next]);
        (next - 1) as f64 + (time_s - before) / (after - before)
    }

    /// Beats a minute at a beat: 60 over the time to the next.
    pub fn bpm_at(&self, beat: usize) -> f64 {
        let beat = beat.min(self.times_s.len() - 2);
        60.0 / (self.times_s[beat + 1] - self.times_s[beat])
    }
}

/// Piecewise linear: 1/2 goes to `late`; 0 and 1 stay.
fn bend(part: f64, late: f64) -> f64 {
    if !(0.0..1.0).contains(&part) {
        part
    } else if part < 0.5 {
        2.0 * part * late
    } else {
        late + (2.0 * part - 1.0) * (1.0 - late)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(swing: Swing, drift: f64, rubato: f64, seed: u64) -> TempoCurve {
        let feel = Feel { bpm: 120.0, swing, drift, rubato, phrase_beats: 16 };
        TempoCurve::draw(&feel, 60.0, &mut Rng::at(seed, 0, 0, 0))
    }

    #[test]
    fn a_machine_keeps_its_tempo() {
        let even = curve(Swing::Straight, 0.0, 0.0, 1);
        assert!((even.seconds(17.25) - 8.625).abs() < 1e-9);
        assert!((even.bpm_at(50) - 120.0).abs() < 1e-6);
        assert!((even.beat_at(8.625) - 17.25).abs() < 1e-9);
        assert!((even.seconds(-0.5) + 0.25).abs() < 1e-9);
    }

    #[test]
    fn swing_moves_what_lies_between_the_beats() {
        let jazz = curve(Swing::Eighths(0.66), 0.0, 0.0, 1);
        assert!((jazz.seconds(3.0) - 1.5).abs() < 1e-9);
        assert!((jazz.seconds(3.5) - 1.83).abs() < 1e-9);
        let funk = curve(Swing::Sixteenths(0.6), 0.0, 0.0, 1);
        assert!((funk.seconds(3.5) - 1.75).abs() < 1e-9);
        assert!((funk.seconds(3.75) - (1.75 + 0.6 * 0.25)).abs() < 1e-9);
    }

    #[test]
    fn time_goes_forward_and_tempi_stay_near_the_middle() {
        for seed in 0..50 {
            let human = curve(Swing::Eighths(0.6), 0.03, 0.2, seed);
            let times: Vec<f64> = (0..8 * 100).map(|i| human.seconds(i as f64 / 8.0)).collect();
            assert!(times.windows(2).all(|w| w[1] > w[0]));
            let mean = 100.0 / human.seconds(100.0) * 60.0;
            assert!((95.0..140.0).contains(&mean), "{mean}");
            assert!((0..100).all(|beat| (70.0..180.0).contains(&human.bpm_at(beat))));
        }
    }

    #[test]
    fn metres_are_what_they_are_called() {
        for meter in Meter::ALL {
            let (count, unit) = meter.name().split_once('/').unwrap();
            let sixteenths = count.parse::<usize>().unwrap() * 16 / unit.parse::<usize>().unwrap();
            assert_eq!(meter.slots(), sixteenths, "{meter:?}");
            assert!(meter.accents().iter().all(|&beat| beat < meter.beats()));
        }
    }
}
