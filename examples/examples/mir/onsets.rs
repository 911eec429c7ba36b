//! `mir onsets`: where notes begin.

use std::error::Error;
use std::path::PathBuf;

use clap::ValueEnum;
use dlmir_audio::{OnsetDetector, OnsetMethod, PeakPickingConfig};
use dlmir_data::npy;
use ndarray::ArrayView1;

use crate::Outcome;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Method {
    /// Spectral flux: what gets louder, band by band
    Flux,
    /// Spectral flux that does not mind vibrato
    Superflux,
    /// SuperFlux that does not mind tremolo
    Complexflux,
    /// A recurrent network (not yet)
    Rnn,
    /// A recurrent network that does not look ahead (not yet)
    RnnOnline,
    /// A convolutional network (not yet)
    Cnn,
}

#[derive(clap::Args)]
pub struct Onsets {
    /// An audio file
    file: PathBuf,
    /// How onsets are detected; flux, superflux and complexflux exist
    #[arg(long, value_enum, default_value = "superflux")]
    method: Method,
    /// A model of your own, for the methods with a network (not yet)
    #[arg(long, value_name = "F.safetensors")]
    model: Option<PathBuf>,
    /// How far a peak must stand out [default: flux 1.6, superflux 1.1, complexflux 0.25]
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    threshold: Option<f64>,
    /// Write the onset function, one value per frame, here
    #[arg(long, value_name = "F.npy")]
    activations: Option<PathBuf>,
}

impl Onsets {
    /// A line per onset: its time in seconds.
    pub fn run(&self) -> Outcome {
        let method = self.method()?;
        let signal = dlmir_audio::load(&self.file)?;
        let named = |error| format!("{}: {error}", self.file.display());
        let defaults = method.peak_picking();
        let threshold = self.threshold.unwrap_or(defaults.threshold);
        let picking = PeakPickingConfig { threshold, ..defaults };
        let detector = OnsetDetector::with_peak_picking(method, signal.sample_rate(), picking)
            .map_err(named)?;
        let config = detector.front_end().config();
        eprintln!(
            "mir: {} Hz, {} frames per second of {} samples, {} bands; threshold {threshold}",
            config.sample_rate,
            config.frames_per_second(),
            config.n_fft,
            detector.front_end().bank().bands(),
        );
        let activation = detector.activation(&signal);
        if let Some(out) = &self.activations {
            npy::write(out, ArrayView1::from(&activation).into_dyn())?;
        }
        for onset in detector.picker().pick(&activation) {
            say!("{onset:.3}");
        }
        Ok(())
    }

    /// The method, if it exists and everything given belongs to it.
    fn method(&self) -> Result<OnsetMethod, Box<dyn Error>> {
        let method = match self.method {
            Method::Flux => OnsetMethod::SpectralFlux,
            Method::Superflux => OnsetMethod::SuperFlux,
            Method::Complexflux => OnsetMethod::ComplexFlux,
            Method::Rnn | Method::RnnOnline | Method::Cnn => {
                return Err("not yet: flux, superflux and complexflux exist so far".into());
            }
        };
        if self.model.is_some() {
            crate::wrong_usage("--model makes no sense with flux, superflux and complexflux");
        }
        Ok(method)
    }
}
