//! Audio for music information retrieval: decoding, resampling, STFT, mel filter banks, log-mel.

mod au;
pub mod decode;
pub mod error;
pub mod fft;
pub mod frame;
pub mod log_mel;
pub mod mel;
pub mod resample;
pub mod scale;
pub mod signal;
pub mod stft;
pub mod synth;
pub mod wav;
pub mod window;

pub use decode::{Decoded, Problem, decode, decode_lenient, load, load_at};
pub use error::AudioError;
pub use fft::{RealFft, dft};
pub use frame::{Framing, PadMode};
pub use log_mel::{LogMel, LogMelConfig, LogScale, MelSpectrogram};
pub use mel::{
    MelBank, MelConfig, MelNorm, MelScale, hz_to_mel, mel_filter_bank, mel_frequencies, mel_to_hz,
};
pub use resample::resample;
pub use rustfft::num_complex::Complex32;
pub use scale::{DbConfig, DbReference, amplitude_to_db, log1p, power_to_db};
pub use signal::{Audio, Signal};
pub use stft::{Stft, StftConfig, stft};
pub use wav::{WavFormat, wav_bytes, write_wav};
pub use window::Window;
