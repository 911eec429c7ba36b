//! Sound for music information retrieval: from a file to the picture that a network looks at.
//!
//! A recording is a long row of numbers in which nothing is to be seen. This crate reads it from whatever file it is in and computes the
//! representations in which notes, beats and voices show: spectra, mel bands, decibels. Read the files in this order:
//!
//! 1. [`Signal`] (`signal.rs`) is samples with their rate; [`synth`] makes signals about which everything is known.
//! 2. `decode/mod.rs`: what to believe of a file, and what not ([`load`], [`decode()`]). `packets.rs` calls the codecs, `au.rs` reads a whole
//!    format in a hundred lines. [`write_wav`] (`wav.rs`) is the way back, [`replace_file`] (`replace.rs`) keeps it from stopping half-way.
//! 3. [`resample()`] (`resample.rs`) changes the rate without moving anything in time.
//! 4. [`Framing`] (`frame.rs`) cuts a signal into overlapping frames, [`Window`] (`window.rs`) fades each in and out.
//! 5. [`dft`] (`fft/mod.rs`) asks a frame how much of each frequency it holds. [`stft()`] (`stft/mod.rs`) asks every frame: the first
//!    picture, frequency against time. [`Stft::inverse`] is the way back.
//! 6. [`MelBank`] (`mel.rs`) sums bins to the bands of hearing, [`power_to_db`] (`scale.rs`) turns power to loudness.
//! 7. [`LogMel`] (`log_mel.rs`) is all of this at once and fast: what most networks for music start from. [`Pcen`] (`pcen.rs`) is another
//!    way to make loudness of power, [`mfcc()`] (`mfcc.rs`) keeps the outline alone.
//! 8. [`Cqt`] (`cqt/mod.rs`) has a bin per note, [`chroma_stft`] and [`chroma_cqt`] (`chroma.rs`) a row per note name;
//!    [`estimate_tuning()`] (`tuning.rs`) finds where the notes lie.
//! 9. What a frame is like, in one number: [`rms`] and [`zero_crossing_rate`] (`energy.rs`), [`spectral_centroid`] and its kin
//!    (`spectral_shape.rs`), [`spectral_contrast`] (`contrast.rs`).
//! 10. Where notes begin: [`LogFilterBank`] (`filterbank.rs`) has bands of equal width in octaves, [`LogFiltered`] (`log_filtered.rs`) the
//!     picture in them; [`spectral_flux()`] and [`superflux`] (`spectral_flux.rs`) and [`complex_flux()`] (`complex_flux.rs`) turn it into a
//!     curve, [`PeakPicker`] (`peaks.rs`) the curve into times, and [`OnsetDetector`] (`onset_detector.rs`) is all of that.
//! 11. To take a sound apart or change it: [`hpss()`] (`hpss.rs`), [`time_stretch`] and [`pitch_shift`] (`phase_vocoder.rs`), `augment.rs`,
//!     [`SpecAugment`], [`mixup()`].
//! 12. [`AudioStream`] (`decode/stream.rs`), [`Resampler`] and [`FrameStream`] (`frame_stream.rs`) do it in constant memory, while the
//!     sound goes on.
//!
//! Spectra and bands are arrays of shape `[bands, frames]`: spectra with one frame behind the other in memory, all others in standard
//! layout. Whatever is computed fast has its definition beside it ([`stft::reference`], [`mel::reference`], [`log_mel::reference`]) and is
//! tested against it and against librosa 0.11 (`PARITY.md`). What is wrong with files or settings is an [`AudioError`]; mistakes of a
//! program panic, and so do spectra of samples that are no numbers ([`decode()`] lets none pass). Results do not depend on the number
//! of threads.
//!
//! ```
//! use dlmir_audio::{LogMel, LogMelConfig, resample, synth};
//!
//! let recording = synth::chirp(200.0, 4000.0, 2.0, 44_100); // or load("song.mp3")?
//! let signal = resample(&recording, 22_050)?;
//! let front_end = LogMel::new(LogMelConfig { n_mels: 80, ..LogMelConfig::new(22_050) })?;
//! let picture = front_end.compute(&signal); // [bands, frames]
//! assert_eq!(picture.dim(), (80, 87));
//! let loudest = |t: usize| (0..80).max_by(|&a, &b| picture[[a, t]].total_cmp(&picture[[b, t]]));
//! assert!(loudest(10) < loudest(40) && loudest(40) < loudest(80)); // the tone rises
//! # Ok::<(), dlmir_audio::AudioError>(())
//! ```

pub mod augment;
mod band_runs;
pub mod chroma;
mod columns;
pub mod complex_flux;
pub mod contrast;
pub mod cqt;
pub mod decode;
pub mod energy;
pub mod error;
pub mod fft;
pub mod filterbank;
pub mod frame;
pub mod frame_stream;
pub mod hpss;
pub mod log_filtered;
pub mod log_mel;
mod math;
pub mod mel;
pub mod mfcc;
pub mod mixup;
pub mod onset_detector;
pub mod pcen;
pub mod peaks;
pub mod phase_vocoder;
pub mod replace;
pub mod resample;
pub mod scale;
pub mod signal;
mod simd;
pub mod spec_augment;
pub mod spectral_flux;
pub mod spectral_shape;
pub mod stft;
pub mod synth;
pub mod tuning;
pub mod wav;
pub mod window;

pub use augment::{Biquad, FilterKind, add_noise, gain};
pub use chroma::{ChromaBank, ChromaConfig, chroma_filter_bank, chroma_of_cqt, chroma_stft};
pub use complex_flux::complex_flux;
pub use contrast::{ContrastConfig, spectral_contrast};
pub use cqt::{C1_HZ, Cqt, CqtConfig, CqtMethod, chroma_cqt};
pub use decode::{AudioStream, Decoded, Problem, decode, decode_lenient, load, load_at};
pub use energy::{
    frame_rms, frame_rms_of_spectrum, frame_zero_crossing_rate, rms, rms_of_spectrogram,
    zero_crossing_rate,
};
pub use error::AudioError;
pub use fft::{RealFft, dft};
pub use filterbank::{LogFilterBank, LogFilterBankConfig};
pub use frame::{Framing, PadMode};
pub use frame_stream::{FrameStream, MelStream, SpectrumStream};
pub use hpss::{HpssConfig, hpss, hpss_masks, hpss_signal, median_filter};
pub use log_filtered::{LogFiltered, LogFilteredConfig};
pub use log_mel::{LogMel, LogMelConfig, LogScale, MelSpectrogram};
pub use mel::{
    MelBank, MelConfig, MelNorm, MelScale, hz_to_mel, mel_filter_bank, mel_frequencies, mel_to_hz,
};
pub use mfcc::{Mfcc, MfccConfig, delta, mfcc};
pub use mixup::{mixup, mixup_share};
pub use onset_detector::{OnsetDetector, OnsetMethod};
pub use pcen::{Pcen, PcenConfig, PcenStream};
pub use peaks::{PeakPicker, PeakPickingConfig, combine_left};
pub use phase_vocoder::{phase_vocoder, pitch_shift, time_stretch};
pub use replace::replace_file;
pub use resample::{Resampler, resample};
pub use rustfft::num_complex::Complex32;
pub use scale::{DbConfig, DbReference, amplitude_to_db, log1p, power_to_db};
pub use signal::{Audio, MAX_SAMPLE, Signal};
pub use spec_augment::SpecAugment;
pub use spectral_flux::{flux_lag, spectral_flux, superflux};
pub use spectral_shape::{
    FLATNESS_AMIN, ROLLOFF, fft_frequencies, frame_bandwidth, frame_centroid, frame_flatness,
    frame_rolloff, spectral_bandwidth, spectral_centroid, spectral_flatness, spectral_rolloff,
};
pub use stft::{Stft, StftConfig, stft};
pub use tuning::estimate_tuning;
pub use wav::{WavFormat, wav_bytes, write_wav};
pub use window::Window;

/// The program in the README is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
