//! Per-channel energy normalisation: every band set against its own recent past.
//!
//! A logarithm makes soft sounds visible, and with them the noise of the room. PCEN divides each band by a running mean M of itself, which
//! takes constant noise and the colour of a microphone away and leaves what begins:
//!
//! ```text
//! M[t] = (1 - b) M[t - 1] + b R[t]            M[-1] = 1;  R = S, or the largest of max_size neighbouring bands
//! P[t] = (S[t] / (eps + M[t])^gain + bias)^power - bias^power
//! b    = (sqrt(1 + 4 T^2) - 1) / (2 T^2)      T = time_constant * sample_rate / hop_length, in frames
//! ```
//!
//! M has to start somewhere; 1 is librosa's choice. It means that quiet material begins with an adaption of some time constants, and that S
//! should be in the scale of 16 or 32-bit integers for the defaults to fit (a magnitude of samples in -1 ... 1 times 2^31), as the paper
//! has it.
//!
//! [`PcenStream`] carries M from frame to frame; [`Pcen::compute`] does the same for a whole array, with the same bits.
//!
//! Sources: Wang, Getreuer, Hughes, Lyon, Saurous (2017), "Trainable frontend for robust and far-field keyword spotting", ICASSP; Lostanlen
//! et al. (2019), "Per-channel energy normalization: why and how", IEEE Signal Processing Letters 26(1); conventions of librosa's `pcen`
//! (0.11).

use ndarray::{Array2, ArrayView1, Axis};
use rayon::prelude::*;

use crate::AudioError;

/// Settings of PCEN. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PcenConfig {
    /// Rate of the signal in Hz.
    pub sample_rate: u32,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// How much of a band's own level is taken away: 0 nothing, 1 all. At least 0; 0.98.
    pub gain: f64,
    /// Where the root begins, at least 0; 2.
    pub bias: f64,
    /// Exponent of the compression, at least 0; 0.5 is a square root. 0 stands for its limit, ln(1 + S / (eps + M)^gain).
    pub power: f64,
    /// Memory of the running mean in seconds, above 0; 0.4.
    pub time_constant_s: f64,
    /// Keeps silence from dividing by 0, above 0; 1e-6.
    pub eps: f64,
    /// Bands whose largest is what the mean follows, at least 1; 1: each its own.
    pub max_size: usize,
}

impl PcenConfig {
    /// librosa's defaults.
    pub fn new(sample_rate: u32, hop_length: usize) -> PcenConfig {
        PcenConfig {
            sample_rate,
            hop_length,
            gain: 0.98,
            bias: 2.0,
            power: 0.5,
            time_constant_s: 0.4,
            eps: 1e-6,
            max_size: 1,
        }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        for (name, value) in [
            ("sample_rate", self.sample_rate as usize),
            ("hop_length", self.hop_length),
            ("max_size", self.max_size),
        ] {
            if value == 0 {
                return Err(AudioError::setting(name, value, "it must be at least 1"));
            }
        }
        for (name, value) in [("gain", self.gain), ("bias", self.bias), ("power", self.power)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(AudioError::setting(name, value, "it must be at least 0"));
            }
        }
        for (name, value) in [("time_constant_s", self.time_constant_s), ("eps", self.eps)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(AudioError::setting(name, value, "it must be above 0"));
            }
        }
        Ok(())
    }

    /// The weight b of a new frame in the running mean, 0 to 1.
    pub fn smoothing(&self) -> f64 {
        let t = self.time_constant_s * f64::from(self.sample_rate) / self.hop_length as f64;
        ((1.0 + 4.0 * t * t).sqrt() - 1.0) / (2.0 * t * t)
    }
}

/// Planned PCEN.
#[derive(Clone, Copy, Debug)]
pub struct Pcen {
    config: PcenConfig,
    smoothing: f64,
}

impl Pcen {
    /// Plans it.
    ///
    /// # Errors
    /// [`AudioError::Setting`] for a setting outside its range.
    pub fn new(config: PcenConfig) -> Result<Pcen, AudioError> {
        config.validate()?;
        Ok(Pcen { config, smoothing: config.smoothing() })
    }

    /// A whole spectrogram, `[bands, frames]`, of values of 0 and above: an array of the same shape.
    ///
    /// ```
    /// use dlmir_audio::{Pcen, PcenConfig};
    /// use ndarray::Array2;
    ///
    /// // A constant hum fades away, what enters later stands out.
    /// let s = Array2::from_shape_fn((2, 200), |(b, t)| if b == 0 || t >= 150 { 1e4f32 } else { 0.0 });
    /// let p = Pcen::new(PcenConfig::new(22_050, 512))?.compute(&s);
    /// assert!(p[[1, 150]] > 2.0 * p[[0, 150]]);
    /// # Ok::<(), dlmir_audio::AudioError>(())
    /// ```
    pub fn compute(&self, s: &Array2<f32>) -> Array2<f32> {
        let mut out = Array2::zeros(s.dim());
        let reference = match self.config.max_size {
            1 => None,
            size => Some(max_filter(s, size)),
        };
        let reference = reference.as_ref().unwrap_or(s);
        let rows: Vec<_> = out.outer_iter_mut().enumerate().collect();
        rows.into_par_iter().for_each(|(band, mut row)| {
            let mut mean = 1.0;
            for ((p, &s), &r) in row.iter_mut().zip(s.row(band)).zip(reference.row(band)) {
                *p = self.step(&mut mean, s, r);
            }
        });
        out
    }

    /// The same, frame by frame.
    pub fn stream(&self, bands: usize) -> PcenStream {
        PcenStream { pcen: *self, means: vec![1.0; bands] }
    }

    /// One value: moves the mean on, and normalises.
    fn step(&self, mean: &mut f64, s: f32, reference: f32) -> f32 {
        let PcenConfig { gain, bias, power, eps, .. } = self.config;
        *mean += self.smoothing * (f64::from(reference) - *mean);
        // (eps + M)^-gain, through a logarithm that keeps its digits for small M.
        let smooth = (-gain * (eps.ln() + (*mean / eps).ln_1p())).exp();
        let level = f64::from(s) * smooth;
        let y = if power == 0.0 {
            level.ln_1p()
        } else if bias == 0.0 {
            level.powf(power)
        } else {
            // (level + bias)^power - bias^power without the loss of the difference.
            bias.powf(power) * (power * (level / bias).ln_1p()).exp_m1()
        };
        y as f32
    }
}

/// PCEN of a stream: keeps the running mean of each band.
#[derive(Clone, Debug)]
pub struct PcenStream {
    pcen: Pcen,
    means: Vec<f64>,
}

impl PcenStream {
    /// The next frame: from `frame` to `out`, both `[bands]`.
    ///
    /// # Panics
    /// If a slice has another length.
    #[track_caller]
    pub fn push(&mut self, frame: &[f32], out: &mut [f32]) {
        let bands = self.means.len();
        assert!(
            frame.len() == bands && out.len() == bands,
            "pcen: {} and {} values for {bands} bands",
            frame.len(),
            out.len()
        );
        for (b, (mean, y)) in self.means.iter_mut().zip(out).enumerate() {
            let reference =
                max_of_neighbours(ArrayView1::from(frame), b, self.pcen.config.max_size);
            *y = self.pcen.step(mean, frame[b], reference);
        }
    }
}

/// The largest of the `size` bands around each (one more below than above for even sizes), as far as they exist.
fn max_filter(s: &Array2<f32>, size: usize) -> Array2<f32> {
    let mut out = Array2::zeros(s.dim());
    for (t, mut column) in out.axis_iter_mut(Axis(1)).enumerate() {
        for (b, y) in column.iter_mut().enumerate() {
            *y = max_of_neighbours(s.column(t), b, size);
        }
    }
    out
}

fn max_of_neighbours(frame: ArrayView1<f32>, band: usize, size: usize) -> f32 {
    let start = band.saturating_sub(size / 2);
    let end = (band + size - size / 2).min(frame.len());
    (start..end).map(|b| frame[b]).fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_definition_by_hand() {
        let config =
            PcenConfig { time_constant_s: 512.0 / 22_050.0, ..PcenConfig::new(22_050, 512) };
        let b = (5f64.sqrt() - 1.0) / 2.0; // one frame
        assert!((config.smoothing() - b).abs() < 1e-12);
        let p = Pcen::new(config).expect("valid").compute(&Array2::from_elem((1, 1), 3.0));
        let mean = (1.0 - b) + b * 3.0;
        let expected = (3.0 / (1e-6 + mean).powf(0.98) + 2.0).sqrt() - 2f64.sqrt();
        assert!((f64::from(p[[0, 0]]) - expected).abs() < 1e-6);
    }

    #[test]
    fn silence_stays_silent() {
        let pcen = Pcen::new(PcenConfig::new(22_050, 512)).expect("valid");
        assert!(pcen.compute(&Array2::zeros((3, 400))).iter().all(|&v| v == 0.0));
    }

    #[test]
    fn every_setting_has_its_range() {
        let good = PcenConfig::new(22_050, 512);
        let field = |config: PcenConfig| match Pcen::new(config) {
            Err(AudioError::Setting { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(PcenConfig { hop_length: 0, ..good }), "hop_length");
        assert_eq!(field(PcenConfig { max_size: 0, ..good }), "max_size");
        assert_eq!(field(PcenConfig { gain: -0.1, ..good }), "gain");
        assert_eq!(field(PcenConfig { bias: f64::NAN, ..good }), "bias");
        assert_eq!(field(PcenConfig { power: -1.0, ..good }), "power");
        assert_eq!(field(PcenConfig { time_constant_s: 0.0, ..good }), "time_constant_s");
        assert_eq!(field(PcenConfig { eps: 0.0, ..good }), "eps");
    }

    proptest! {
        #[test]
        fn frame_by_frame_gives_the_same_bits(
            values in prop::collection::vec(0.0f32..1e5, 60), max_size in 1usize..5, kind in 0usize..3
        ) {
            let (power, bias) = [(0.5, 2.0), (0.0, 2.0), (0.25, 0.0)][kind];
            let config = PcenConfig { max_size, power, bias, ..PcenConfig::new(22_050, 512) };
            let pcen = Pcen::new(config).expect("valid");
            let s = Array2::from_shape_vec((5, 12), values).expect("5 x 12");
            let whole = pcen.compute(&s);
            let (mut stream, mut out) = (pcen.stream(5), [0.0; 5]);
            for (frame, expected) in s.columns().into_iter().zip(whole.columns()) {
                stream.push(&frame.to_vec(), &mut out);
                prop_assert_eq!(out.to_vec(), expected.to_vec());
            }
        }
    }
}
