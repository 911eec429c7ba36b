use crate::{AudioError, PadMode, Window};

/// The frequency of C1 in Hz, 45 semitones below A4 = 440 Hz.
pub const C1_HZ: f64 = 32.703_195_662_574_83;

/// How a constant-Q transform is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CqtMethod {
    /// One octave's filters at each halved rate: fast, and what other toolkits compute.
    #[default]
    Recursive,
    /// The definition: every filter at the full rate, nothing dropped.
    Direct,
}

/// Settings of a constant-Q transform. The defaults are librosa's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CqtConfig {
    /// Rate of the signals in Hz.
    pub sample_rate: u32,
    /// Samples from one frame to the next. Where it can't be halved for every octave, lower octaves share a rate and cost more.
    pub hop_length: usize,
    /// The frequency of bin 0; C1. For another tuning, multiply it.
    pub f_min_hz: f64,
    /// Number of bins; 84, seven octaves.
    pub n_bins: usize,
    /// Bins in an octave; 12, semitones.
    pub bins_per_octave: usize,
    /// Factor of the filters' lengths, above 0; 1. Below 1, times are sharper and notes less so.
    pub filter_scale: f64,
    /// The share of each filter's spectrum that is dropped, 0 to 1; 0.01.
    pub sparsity: f64,
    /// Division by the square root of the filters' lengths, so that white noise gives equal bins; true.
    pub scale: bool,
    /// The window of the filters; Hann.
    pub window: Window,
    /// What stands outside of the signal; zeros.
    pub pad: PadMode,
    /// The algorithm.
    pub method: CqtMethod,
}

impl CqtConfig {
    /// librosa's defaults.
    pub fn new(sample_rate: u32) -> CqtConfig {
        CqtConfig {
            sample_rate,
            hop_length: 512,
            f_min_hz: C1_HZ,
            n_bins: 84,
            bins_per_octave: 12,
            filter_scale: 1.0,
            sparsity: 0.01,
            scale: true,
            window: Window::Hann,
            pad: PadMode::Zero,
            method: CqtMethod::Recursive,
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
            ("n_bins", self.n_bins),
            ("bins_per_octave", self.bins_per_octave),
        ] {
            if value == 0 {
                return Err(AudioError::setting(name, value, "it must be at least 1"));
            }
        }
        for (name, value) in [("f_min_hz", self.f_min_hz), ("filter_scale", self.filter_scale)] {
            if !(value > 0.0 && value.is_finite()) {
                return Err(AudioError::setting(name, value, "it must be above 0"));
            }
        }
        if !(0.0..1.0).contains(&self.sparsity) {
            let rule = "it must be at least 0 and below 1";
            return Err(AudioError::setting("sparsity", self.sparsity, rule));
        }
        let (edge, nyquist) = (self.upper_edge_hz(), f64::from(self.sample_rate) / 2.0);
        if edge > nyquist {
            let rule =
                format!("the highest filter reaches {edge:.1} Hz, above half the rate, {nyquist}");
            return Err(AudioError::setting("n_bins", self.n_bins, rule));
        }
        Ok(())
    }

    /// The frequency of each bin in Hz, `[n_bins]`.
    pub fn frequencies(&self) -> Vec<f64> {
        let octaves = |k: usize| k as f64 / self.bins_per_octave as f64;
        (0..self.n_bins).map(|k| self.f_min_hz * octaves(k).exp2()).collect()
    }

    /// Frequency over bandwidth, the same for every bin: Q.
    pub fn q(&self) -> f64 {
        let ratio = (2.0 / self.bins_per_octave as f64).exp2();
        self.filter_scale * (ratio + 1.0) / (ratio - 1.0)
    }

    /// Where the highest filter ends: half the bandwidth of its window above its frequency.
    pub(super) fn upper_edge_hz(&self) -> f64 {
        let highest = ((self.n_bins - 1) as f64 / self.bins_per_octave as f64).exp2();
        // The window's equivalent noise bandwidth in bins.
        let w = self.window.periodic_f64(1000);
        let (sum, squares) = w.iter().fold((0.0, 0.0), |(s, q), w| (s + w, q + w * w));
        let bandwidth = 1000.0 * squares / (sum * sum);
        self.f_min_hz * highest * (1.0 + 0.5 * bandwidth / self.q())
    }
}
