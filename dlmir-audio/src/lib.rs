//! Audio for music information retrieval: decoding, resampling, STFT, mel filter banks, log-mel.

mod au;
pub mod decode;
pub mod error;
pub mod resample;
pub mod signal;
pub mod synth;
pub mod wav;

pub use decode::{Decoded, Problem, decode, decode_lenient, load, load_at};
pub use error::AudioError;
pub use resample::resample;
pub use signal::{Audio, Signal};
pub use wav::{WavFormat, wav_bytes, write_wav};
