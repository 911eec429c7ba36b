//! `mir features`: spectrograms as `.npy`, with librosa's defaults.

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use dlmir_audio::{DbConfig, LogMel, LogMelConfig, LogScale, MelSpectrogram, Signal, Stft};
use dlmir_data::class_folder::is_audio;
use dlmir_data::npy;
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::Array2;
use rayon::prelude::*;

use crate::Outcome;

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    Logmel,
    Mel,
    Stft,
    Mfcc,
    Cqt,
    Chroma,
    Rp,
    Ssd,
    Rh,
    Logfilt,
}

#[derive(clap::Args)]
pub struct Features {
    /// An audio file, or a folder of them (searched with its sub-folders)
    path: PathBuf,
    /// logmel, mel and stft exist; the others are not yet there
    #[arg(long, value_enum)]
    kind: Kind,
    /// Resample to this rate first [default: the file's own]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1000..=192_000))]
    sample_rate: Option<u32>,
    /// Samples per frame [default: 2048]
    #[arg(long, value_name = "N")]
    n_fft: Option<usize>,
    /// Samples from frame to frame [default: 512]
    #[arg(long, value_name = "N")]
    hop: Option<usize>,
    /// Mel bands [default: 128]
    #[arg(long, value_name = "N")]
    n_mels: Option<usize>,
    /// Lowest frequency of the mel bands in Hz [default: 0]
    #[arg(long, value_name = "HZ")]
    fmin: Option<f64>,
    /// Highest frequency of the mel bands in Hz [default: half the sample rate]
    #[arg(long, value_name = "HZ")]
    fmax: Option<f64>,
    /// HTK's mel scale instead of Slaney's
    #[arg(long)]
    htk: bool,
    /// Where to write: a .npy file, or a folder if the input is one
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
}

impl Features {
    pub fn run(&self) -> Outcome {
        if !matches!(self.kind, Kind::Logmel | Kind::Mel | Kind::Stft) {
            return Err("not yet: of the kinds, logmel, mel and stft exist so far".into());
        }
        if self.path.is_dir() { self.folder() } else { self.file() }
    }

    fn file(&self) -> Outcome {
        let array = self.compute(&self.path)?;
        if let Some(out) = &self.out {
            npy::write(out, array.view().into_dyn())?;
        }
        println!("{} {}", array.nrows(), array.ncols());
        Ok(())
    }

    /// All files of a folder, in parallel. A bad file is named and does not stop the others.
    fn folder(&self) -> Outcome {
        let mut files = Vec::new();
        find_audio(&self.path, &mut files)?;
        if files.is_empty() {
            return Err(format!("{}: no audio file in this folder", self.path.display()).into());
        }
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}")?;
        let bar = ProgressBar::new(files.len() as u64).with_style(style);
        let results: Vec<Result<[usize; 2], String>> = files
            .par_iter()
            .map(|file| {
                let result = self.one_of_folder(file).map_err(|error| error.to_string());
                bar.inc(1);
                result
            })
            .collect();
        bar.finish_and_clear();
        let mut bad = 0;
        for (file, result) in files.iter().zip(results) {
            let name = file.strip_prefix(&self.path).unwrap_or(file).display();
            match result {
                Ok([bands, frames]) => println!("{name}\t{bands} {frames}"),
                Err(error) => {
                    eprintln!("mir: {error}");
                    bad += 1;
                }
            }
        }
        if bad > 0 {
            Err(format!("{bad} of {} files could not be used", files.len()).into())
        } else {
            Ok(())
        }
    }

    fn one_of_folder(&self, file: &Path) -> Result<[usize; 2], Box<dyn Error>> {
        let array = self.compute(file)?;
        if let Some(out) = &self.out {
            // The whole name and one more ending, so that a.wav and a.mp3 do not meet.
            let below = file.strip_prefix(&self.path)?;
            let mut name = below.as_os_str().to_os_string();
            name.push(".npy");
            let target = out.join(name);
            if let Some(folder) = target.parent() {
                std::fs::create_dir_all(folder)
                    .map_err(|e| format!("{}: {e}", folder.display()))?;
            }
            npy::write(&target, array.view().into_dyn())?;
        }
        Ok([array.nrows(), array.ncols()])
    }

    /// The array of one file, `[bands, frames]`.
    fn compute(&self, path: &Path) -> Result<Array2<f32>, Box<dyn Error>> {
        let signal = match self.sample_rate {
            Some(rate) => dlmir_audio::load_at(path, rate)?,
            None => dlmir_audio::load(path)?,
        };
        self.spectrogram(&signal).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn spectrogram(&self, signal: &Signal) -> Result<Array2<f32>, Box<dyn Error>> {
        let defaults = LogMelConfig::new(signal.sample_rate());
        let n_fft = self.n_fft.unwrap_or(defaults.n_fft);
        let config = LogMelConfig {
            n_fft,
            hop_length: self.hop.unwrap_or(defaults.hop_length),
            n_mels: self.n_mels.unwrap_or(defaults.n_mels),
            f_min_hz: self.fmin.unwrap_or(defaults.f_min_hz),
            f_max_hz: self.fmax.unwrap_or(defaults.f_max_hz),
            htk: self.htk,
            scale: LogScale::Db(DbConfig::default()),
            ..defaults
        };
        Ok(match self.kind {
            Kind::Stft => Stft::new(config.stft())?.magnitude(signal.samples()),
            Kind::Mel => MelSpectrogram::new(&config)?.compute(signal),
            _ => LogMel::new(config)?.compute(signal),
        })
    }
}

/// All audio files below a folder, in byte order.
pub fn find_audio(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let named = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(named)? {
        entries.push(entry.map_err(named)?.path());
    }
    entries.sort();
    for path in entries {
        if path.is_dir() {
            find_audio(&path, files)?;
        } else if is_audio(&path) {
            files.push(path);
        }
    }
    Ok(())
}
