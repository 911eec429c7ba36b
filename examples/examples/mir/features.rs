//! `mir features`: spectrograms as `.npy`, with librosa's defaults.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Once;

use clap::ValueEnum;
use dlmir_audio::{
    C1_HZ, ChromaConfig, Cqt, CqtConfig, DbConfig, LogFiltered, LogFilteredConfig, LogMel,
    LogMelConfig, LogScale, MelSpectrogram, MfccConfig, Signal, Stft, chroma_stft, estimate_tuning,
    mfcc,
};
use dlmir_data::cache::{FeatureCache, Origin};
use dlmir_data::class_folder::is_audio;
use dlmir_data::npy;
use indicatif::{ProgressBar, ProgressStyle};
use ndarray::Array2;
use rayon::prelude::*;

use crate::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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

#[derive(clap::Args, Clone, Debug)]
pub struct Features {
    /// An audio file, or a folder of them (searched with its sub-folders)
    path: PathBuf,
    /// logmel, mel, stft, mfcc, cqt, chroma and logfilt exist; the others are not yet there
    #[arg(long, value_enum)]
    kind: Kind,
    /// Resample to this rate first [default: the file's own]
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u32).range(1000..=192_000))]
    sample_rate: Option<u32>,
    /// Samples per frame [default: 2048]
    #[arg(long, value_name = "N", value_parser = size(1 << 20))]
    n_fft: Option<u64>,
    /// Samples from frame to frame [default: 512; logfilt: a hundredth of the sample rate]
    #[arg(long, value_name = "N", value_parser = size(1 << 20))]
    hop: Option<u64>,
    /// Mel bands [default: 128]
    #[arg(long, value_name = "N", value_parser = size(4096))]
    n_mels: Option<u64>,
    /// Lowest frequency of the mel bands in Hz [default: 0], of the constant-Q transform [default: C1, 32.70], or of logfilt [default: 30]
    #[arg(long, value_name = "HZ")]
    fmin: Option<f64>,
    /// Highest frequency of the mel bands in Hz [default: half the sample rate], or of logfilt [default: 17000]
    #[arg(long, value_name = "HZ")]
    fmax: Option<f64>,
    /// HTK's mel scale instead of Slaney's
    #[arg(long)]
    htk: bool,
    /// Where to write: a .npy file, or a folder if the input is one
    #[arg(long, value_name = "PATH")]
    out: Option<PathBuf>,
    /// Keep results in this folder, and take from it what was computed before
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

/// Part of what a cached array is found by: raise it with every change that moves a bit of any kind.
const CACHE_VERSION: u32 = 2;

/// A count from 1 to the largest that makes sense.
fn size(largest: u64) -> clap::builder::RangedU64ValueParser<u64> {
    clap::value_parser!(u64).range(1..=largest)
}

impl Features {
    pub fn run(&self) -> Outcome {
        if matches!(self.kind, Kind::Rp | Kind::Ssd | Kind::Rh) {
            let exist = "logmel, mel, stft, mfcc, cqt, chroma and logfilt exist so far";
            return Err(format!("not yet: of the kinds, {exist}").into());
        }
        let of_mel = self.n_mels.is_some() || self.fmax.is_some() || self.htk;
        match self.kind {
            Kind::Stft | Kind::Chroma if of_mel || self.fmin.is_some() => crate::wrong_usage(
                "--n-mels, --fmin, --fmax and --htk make no sense with --kind stft and chroma",
            ),
            Kind::Cqt if of_mel || self.n_fft.is_some() => crate::wrong_usage(
                "--n-fft, --n-mels, --fmax and --htk make no sense with --kind cqt",
            ),
            Kind::Logfilt if self.n_mels.is_some() || self.htk => {
                crate::wrong_usage("--n-mels and --htk make no sense with --kind logfilt");
            }
            _ => {}
        }
        if self.path.is_dir() { self.folder() } else { self.file() }
    }

    fn file(&self) -> Outcome {
        let array = self.compute(&self.path, self.open_cache()?.as_ref())?;
        if let Some(out) = &self.out {
            npy::write(out, array.view().into_dyn())?;
        }
        say!("{} {}", array.nrows(), array.ncols());
        Ok(())
    }

    /// All files of a folder, in parallel. A bad file is named and does not stop the others.
    fn folder(&self) -> Outcome {
        let mut files = Vec::new();
        find_audio(&self.path, &mut files)?;
        if files.is_empty() {
            return Err(format!("{}: no audio file in this folder", self.path.display()).into());
        }
        let cache = self.open_cache()?;
        let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}")?;
        let bar = ProgressBar::new(files.len() as u64).with_style(style);
        let results: Vec<Result<[usize; 2], String>> = files
            .par_iter()
            .map(|file| {
                let result =
                    self.one_of_folder(file, cache.as_ref()).map_err(|error| error.to_string());
                bar.inc(1);
                result
            })
            .collect();
        bar.finish_and_clear();
        let mut bad = 0;
        for (file, result) in files.iter().zip(results) {
            let name = file.strip_prefix(&self.path).unwrap_or(file).display();
            match result {
                Ok([bands, frames]) => say!("{name}\t{bands} {frames}"),
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

    fn one_of_folder(
        &self,
        file: &Path,
        cache: Option<&FeatureCache>,
    ) -> Result<[usize; 2], Box<dyn Error>> {
        let array = self.compute(file, cache)?;
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
    fn compute(
        &self,
        path: &Path,
        cache: Option<&FeatureCache>,
    ) -> Result<Array2<f32>, Box<dyn Error>> {
        let Some(cache) = cache else { return self.compute_anew(path) };
        let (array, origin) = cache.get_or_compute(path, || self.compute_anew(path))?;
        match origin {
            Origin::Replaced(damage) => {
                eprintln!("mir: {}: damaged in the cache ({damage}), made anew", path.display());
            }
            Origin::NotStored(reason) => eprintln!("mir: not kept in the cache: {reason}"),
            Origin::Cache => FROM_CACHE.call_once(|| {
                eprintln!("mir: taken from the cache, computed before with the same flags");
            }),
            _ => {}
        }
        Ok(array)
    }

    /// The cache for these flags, if one is wanted.
    fn open_cache(&self) -> Result<Option<FeatureCache>, Box<dyn Error>> {
        // All flags but those that say from where and to where: a new one is part of it by itself.
        let nowhere = PathBuf::new();
        let settings = Features { path: nowhere, out: None, cache: None, ..self.clone() };
        let version = env!("CARGO_PKG_VERSION");
        let parameters = format!("mir features {version}.{CACHE_VERSION} {settings:?}");
        let open = |folder| FeatureCache::open(folder, &parameters);
        Ok(self.cache.as_ref().map(open).transpose()?)
    }

    /// The same, without looking into the cache.
    fn compute_anew(&self, path: &Path) -> Result<Array2<f32>, Box<dyn Error>> {
        let signal = match self.sample_rate {
            Some(rate) => dlmir_audio::load_at(path, rate)?,
            None => dlmir_audio::load(path)?,
        };
        self.spectrogram(&signal).map_err(|error| format!("{}: {error}", path.display()).into())
    }

    fn spectrogram(&self, signal: &Signal) -> Result<Array2<f32>, Box<dyn Error>> {
        let defaults = LogMelConfig::new(signal.sample_rate());
        let or = |given: Option<u64>, default: usize| given.map_or(default, |n| n as usize);
        let config = LogMelConfig {
            n_fft: or(self.n_fft, defaults.n_fft),
            hop_length: or(self.hop, defaults.hop_length),
            n_mels: or(self.n_mels, defaults.n_mels),
            f_min_hz: self.fmin.unwrap_or(defaults.f_min_hz),
            f_max_hz: self.fmax.unwrap_or(defaults.f_max_hz),
            htk: self.htk,
            scale: LogScale::Db(DbConfig::default()),
            ..defaults
        };
        let nyquist = f64::from(signal.sample_rate()) / 2.0;
        if self.of_mel() && config.f_max_hz > nyquist {
            return Err(
                format!("--fmax {}: nothing above {nyquist} Hz is there", config.f_max_hz).into()
            );
        }
        if self.kind == Kind::Logfilt {
            return self.logarithmically_filtered(signal);
        }
        DEFAULTS.call_once(|| self.tell(&config));
        Ok(match self.kind {
            Kind::Stft => Stft::new(config.stft())?.magnitude(signal.samples()),
            Kind::Mel => MelSpectrogram::new(&config)?.compute(signal),
            Kind::Mfcc => mfcc(&LogMel::new(config)?.compute(signal), &MfccConfig::default())?,
            Kind::Chroma => {
                let power = Stft::new(config.stft())?.power(signal.samples());
                let defaults = ChromaConfig::new(config.sample_rate, config.n_fft);
                let tuning =
                    estimate_tuning(&power, config.sample_rate, config.n_fft, defaults.n_chroma);
                chroma_stft(&power, &ChromaConfig { tuning, ..defaults })?
            }
            Kind::Cqt => Cqt::new(CqtConfig {
                hop_length: config.hop_length,
                f_min_hz: self.fmin.unwrap_or(C1_HZ),
                ..CqtConfig::new(config.sample_rate)
            })?
            .magnitude(signal),
            _ => LogMel::new(config)?.compute(signal),
        })
    }

    /// As the spectral flux of `mir onsets` sees it.
    fn logarithmically_filtered(&self, signal: &Signal) -> Result<Array2<f32>, Box<dyn Error>> {
        let defaults = LogFilteredConfig::new(signal.sample_rate());
        let config = LogFilteredConfig {
            n_fft: self.n_fft.map_or(defaults.n_fft, |n| n as usize),
            hop_length: self.hop.map_or(defaults.hop_length, |n| n as f64),
            f_min_hz: self.fmin.unwrap_or(defaults.f_min_hz),
            f_max_hz: self.fmax.unwrap_or(defaults.f_max_hz),
            ..defaults
        };
        let front_end = LogFiltered::new(config)?;
        DEFAULTS.call_once(|| {
            let LogFilteredConfig { sample_rate, n_fft, hop_length, f_min_hz, f_max_hz, .. } =
                config;
            eprint!(
                "mir: {sample_rate} Hz, n_fft {n_fft}, hop {hop_length}, symmetric Hann, centred"
            );
            eprint!(
                "; {} bands, 12 per octave, {f_min_hz} to {f_max_hz} Hz",
                front_end.bank().bands()
            );
            eprintln!(", not normalised; log10(1 + magnitude)");
        });
        Ok(front_end.compute(signal))
    }

    /// Whether there are mel bands on the way.
    fn of_mel(&self) -> bool {
        matches!(self.kind, Kind::Mel | Kind::Logmel | Kind::Mfcc)
    }
}

/// What was not asked for but matters is said once, for the first file.
static DEFAULTS: Once = Once::new();

/// That a result is an old one is said once too.
static FROM_CACHE: Once = Once::new();

impl Features {
    fn tell(&self, config: &LogMelConfig) {
        let LogMelConfig { sample_rate, n_fft, hop_length, n_mels, f_min_hz, f_max_hz, .. } =
            config;
        if self.kind == Kind::Cqt {
            let lowest = self.fmin.unwrap_or(C1_HZ);
            eprint!("mir: {sample_rate} Hz, hop {hop_length}, Hann, centred with zeros");
            eprintln!("; magnitude, 84 bins, 12 per octave, from {lowest:.2} Hz");
            return;
        }
        eprint!("mir: {sample_rate} Hz, n_fft {n_fft}, hop {hop_length}, Hann, centred with zeros");
        let scale = if self.htk { "HTK" } else { "Slaney" };
        let bands = format!("{n_mels} bands, {f_min_hz} to {f_max_hz} Hz, {scale} scale");
        let db = "dB (ref 1, amin 1e-10, top_db 80)";
        match self.kind {
            Kind::Stft => eprintln!("; magnitude"),
            Kind::Chroma => {
                eprintln!("; 12 classes from C, tuned to the recording, largest of each frame 1")
            }
            Kind::Mel => eprintln!("; {bands}, power"),
            Kind::Mfcc => eprintln!("; {bands}, {db}; 20 coefficients (DCT-II, ortho)"),
            _ => eprintln!("; {bands}, {db}"),
        }
    }
}

/// All audio files below a folder, in byte order. Names that begin with a dot are left out, and links to
/// folders are not followed: they may lead in a circle.
pub fn find_audio(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    let named = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(named)? {
        let entry = entry.map_err(named)?;
        let is_folder = entry.file_type().map_err(named)?.is_dir();
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push((entry.path(), is_folder));
        }
    }
    entries.sort();
    for (path, is_folder) in entries {
        if is_folder {
            find_audio(&path, files)?;
        } else if is_audio(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}
