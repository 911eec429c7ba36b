//! Rooms: what reaches the microphone after one wall or a thousand.
//!
//! A feedback delay network: eight delay lines of different lengths, whose ends are mixed by an
//! orthogonal matrix and fed back to their beginnings.
//!
//! ```text
//! y[i] = line i, delayed by d_i;      line i <- x + g_i low-pass(sum over j of H[i][j] y[j])
//! ```
//!
//! H is the Hadamard matrix over sqrt(8), which loses no energy, so that the gain
//! g_i = 10^(-3 d_i / (T60 rate)) alone decides how fast the sound dies: by 60 dB in T60 seconds.
//!
//! Jot and Chaigne, "Digital delay networks for designing artificial reverberators" (AES 90, 1991).

use super::filter::{OnePole, QUIET};
use crate::rng::Rng;

/// A room with a microphone in it.
#[derive(Debug, Clone)]
pub struct Room {
    /// Seconds in which an echo falls by 60 dB: 0.2 a studio, 2 a hall, 5 a cathedral.
    pub t60_s: f32,
    /// Size: the mean of the delays in seconds, 0.005 to 0.06.
    pub size_s: f32,
    /// Above this frequency walls and air swallow the echo sooner, in Hz.
    pub damping_hz: f32,
    /// Loudness of the echo beside the direct sound.
    pub wet: f32,
}

/// Lengths relative to the mean, far from simple ratios.
const LENGTHS: [f32; 8] = [0.521, 0.643, 0.787, 0.907, 1.039, 1.171, 1.327, 1.605];

impl Room {
    /// Studios, living rooms, halls and churches.
    pub fn draw(rng: &mut Rng) -> Room {
        let t60_s = rng.log_uniform_in(0.15, 3.5);
        Room {
            t60_s,
            size_s: (0.012 * t60_s.sqrt() * rng.uniform_in(0.7, 1.8)).clamp(0.005, 0.06),
            damping_hz: rng.log_uniform_in(1500.0, 8000.0),
            wet: rng.log_uniform_in(0.05, 0.9),
        }
    }

    /// Adds the room to a signal, in place.
    pub fn apply(&self, x: &mut [f32], rate: f32) {
        let mut lines: [Vec<f32>; 8] =
            std::array::from_fn(|i| vec![0.0; ((LENGTHS[i] * self.size_s * rate) as usize).max(2)]);
        let gains: [f32; 8] = std::array::from_fn(|i| {
            10f32.powf(-3.0 * lines[i].len() as f32 / (self.t60_s * rate)) / 8f32.sqrt()
        });
        let mut walls = [OnePole::new(self.damping_hz, rate); 8];
        let mut at = [0usize; 8];
        for x in x {
            let mut y: [f32; 8] = std::array::from_fn(|i| lines[i][at[i]]);
            let echo = y[0] - y[1] + y[2] - y[3] + y[4] - y[5] + y[6] - y[7];
            // The Hadamard matrix as three rounds of sums and differences.
            for half in [1, 2, 4] {
                for i in (0..8).filter(|i| i & half == 0) {
                    (y[i], y[i + half]) = (y[i] + y[i + half], y[i] - y[i + half]);
                }
            }
            for i in 0..8 {
                lines[i][at[i]] = *x + walls[i].low(gains[i] * y[i] + QUIET);
                at[i] += 1;
                if at[i] == lines[i].len() {
                    at[i] = 0;
                }
            }
            *x += 0.35 * self.wet * echo;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_echo_falls_by_60_db_in_t60() {
        let room = Room { t60_s: 0.8, size_s: 0.02, damping_hz: 20_000.0, wet: 1.0 };
        let rate = 22050.0;
        let mut x = vec![0.0; 22050];
        x[0] = 1.0;
        room.apply(&mut x, rate);
        let db = |from: f32| {
            let from = (from * rate) as usize;
            let power: f32 = x[from..from + 2205].iter().map(|x| x * x).sum();
            10.0 * power.log10()
        };
        // 30 dB in 0.4 s.
        let fall = db(0.1) - db(0.5);
        assert!((fall - 30.0).abs() < 4.0, "{fall}");
    }
}
