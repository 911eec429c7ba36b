//! What can be chosen of a short-time Fourier transform.

use crate::{AudioError, Framing, PadMode, Window};

/// Settings of the short-time Fourier transform. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StftConfig {
    /// Samples per frame, and length of the transform. 2048: 93 ms at 22.05 kHz.
    pub n_fft: usize,
    /// Samples under the window, 1 to `n_fft`; `None`: all of the frame. What is left of the frame is zero, which gives more bins but
    /// no finer resolution.
    pub win_length: Option<usize>,
    /// Samples from one frame to the next. 512: 23 ms at 22.05 kHz, frames overlap by three quarters.
    pub hop_length: usize,
    /// The shape of the window.
    pub window: Window,
    /// Whether frame t has sample t * hop_length in its middle; otherwise it begins there.
    pub center: bool,
    /// What stands before the start and after the end of the signal where frames are centred.
    pub pad: PadMode,
}

impl Default for StftConfig {
    fn default() -> StftConfig {
        StftConfig::new(2048, 512)
    }
}

impl StftConfig {
    /// Hann windows as long as the frame, centred, zeros outside of the signal.
    pub fn new(n_fft: usize, hop_length: usize) -> StftConfig {
        let (window, center, pad) = (Window::Hann, true, PadMode::Zero);
        StftConfig { n_fft, win_length: None, hop_length, window, center, pad }
    }

    /// Checks the settings' ranges.
    ///
    /// # Errors
    /// [`AudioError::Setting`] naming the field.
    pub fn validate(&self) -> Result<(), AudioError> {
        if self.n_fft == 0 {
            return Err(AudioError::setting("n_fft", self.n_fft, "it must be at least 1"));
        }
        if self.hop_length == 0 {
            return Err(AudioError::setting(
                "hop_length",
                self.hop_length,
                "it must be at least 1",
            ));
        }
        match self.win_length {
            Some(win_length) if !(1..=self.n_fft).contains(&win_length) => {
                let rule = format!("it must be 1 to n_fft, {}", self.n_fft);
                Err(AudioError::setting("win_length", win_length, rule))
            }
            _ => Ok(()),
        }
    }

    /// Rows of the result: floor(n_fft / 2) + 1.
    pub fn bins(&self) -> usize {
        self.n_fft / 2 + 1
    }

    /// How the signal is cut.
    ///
    /// # Panics
    /// If `n_fft` or `hop_length` is 0.
    #[track_caller]
    pub fn framing(&self) -> Framing {
        let framing = Framing::new(self.n_fft, self.hop_length);
        if self.center { framing.centered(self.pad) } else { framing }
    }

    /// Columns of the result for a signal of `samples` samples.
    ///
    /// # Panics
    /// If `n_fft` or `hop_length` is 0.
    #[track_caller]
    pub fn frames(&self, samples: usize) -> usize {
        self.framing().count(samples)
    }

    /// The time in seconds of the middle of frame `t`.
    pub fn frame_time_s(&self, t: usize, sample_rate: u32) -> f64 {
        let lead = if self.center { 0 } else { self.n_fft / 2 };
        (t * self.hop_length + lead) as f64 / f64::from(sample_rate)
    }

    /// Samples that `frames` frames stand for if nothing else is known: what [`frames`](StftConfig::frames) counts as so many, at least.
    ///
    /// # Panics
    /// If `hop_length` is 0.
    #[track_caller]
    pub fn samples(&self, frames: usize) -> usize {
        assert!(self.hop_length > 0, "StftConfig: a hop of 0 samples");
        let padded = if frames == 0 { 0 } else { self.n_fft + self.hop_length * (frames - 1) };
        padded.saturating_sub(if self.center { 2 * (self.n_fft / 2) } else { 0 })
    }

    /// The window in the middle of `n_fft` samples.
    pub(super) fn padded_window(&self) -> Vec<f64> {
        let mut padded = vec![0.0; self.n_fft];
        let win_length = self.win_length.unwrap_or(self.n_fft);
        let start = (self.n_fft - win_length) / 2;
        padded[start..start + win_length].copy_from_slice(&self.window.periodic_f64(win_length));
        padded
    }
}
