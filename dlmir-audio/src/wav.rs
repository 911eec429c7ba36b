//! Writing WAV files: a short header, then the samples.
//!
//! Integer formats count in steps of full scale / 2^(bits - 1):
//!
//! ```text
//! q = round(x * 2^(bits - 1)),   limited to -2^(bits - 1) ... 2^(bits - 1) - 1
//! ```
//!
//! so a sample beyond full scale is held at the limit (it clips) and never wraps around. The decoder divides by the same power of
//! two: what was read from a 16-bit file is written back bit by bit. `Float32` keeps every finite value as it is.

use std::io::{Cursor, Seek, Write};
use std::path::Path;

use crate::{AudioError, Signal, replace_file};

/// How samples are stored in a WAV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WavFormat {
    /// 16-bit integers, as on a CD: a noise floor 98 dB below a full-scale sine.
    Pcm16,
    /// 24-bit integers: a noise floor 146 dB below a full-scale sine.
    Pcm24,
    /// 32-bit floating point: nothing is rounded or clipped.
    Float32,
}

impl WavFormat {
    fn bits(self) -> u16 {
        match self {
            WavFormat::Pcm16 => 16,
            WavFormat::Pcm24 => 24,
            WavFormat::Float32 => 32,
        }
    }
}

/// Writes `signal` as a mono WAV file, replacing a file of that name as a whole: see [`replace_file`].
///
/// # Errors
/// [`AudioError::Io`] if the file cannot be written, and what [`wav_bytes`] returns.
pub fn write_wav(
    path: impl AsRef<Path>,
    signal: &Signal,
    format: WavFormat,
) -> Result<(), AudioError> {
    let path = path.as_ref();
    let bytes = wav_bytes(signal, format)?;
    replace_file(path, |file| file.write_all(&bytes))
        .map_err(|source| AudioError::Io { path: path.to_owned(), source })
}

/// A whole mono WAV file in memory, for an `<audio>` element in a report or an event file.
///
/// ```
/// use dlmir_audio::{Signal, WavFormat, wav_bytes};
///
/// let bytes = wav_bytes(&Signal::new(vec![0.0, 0.5, -0.5], 22_050), WavFormat::Pcm16)?;
/// assert_eq!(&bytes[..4], b"RIFF");
/// assert_eq!(bytes.len(), 44 + 3 * 2);
/// # Ok::<(), dlmir_audio::AudioError>(())
/// ```
///
/// # Errors
/// [`AudioError::NotFinite`] for a NaN or infinite sample, [`AudioError::TooLong`] beyond the format's 4 GiB.
pub fn wav_bytes(signal: &Signal, format: WavFormat) -> Result<Vec<u8>, AudioError> {
    const HEADER_LIMIT: usize = 68;
    let bytes_per_sample = usize::from(format.bits() / 8);
    let samples = signal.len();
    let size = samples.saturating_mul(bytes_per_sample).saturating_add(HEADER_LIMIT);
    if u32::try_from(size).is_err() {
        return Err(AudioError::TooLong { samples, bytes_per_sample });
    }
    if let Some((index, &value)) = signal.samples().iter().enumerate().find(|(_, x)| !x.is_finite())
    {
        return Err(AudioError::NotFinite { index, value });
    }

    Ok(to_memory(signal, format, size))
}

fn to_memory(signal: &Signal, format: WavFormat, size: usize) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::with_capacity(size));
    encode(&mut bytes, signal, format).expect("writing checked samples to memory cannot fail");
    bytes.into_inner()
}

fn encode<W: Write + Seek>(sink: W, signal: &Signal, format: WavFormat) -> hound::Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: signal.sample_rate(),
        bits_per_sample: format.bits(),
        sample_format: match format {
            WavFormat::Float32 => hound::SampleFormat::Float,
            WavFormat::Pcm16 | WavFormat::Pcm24 => hound::SampleFormat::Int,
        },
    };
    let mut writer = hound::WavWriter::new(sink, spec)?;
    for &x in signal.samples() {
        match format {
            WavFormat::Float32 => writer.write_sample(x)?,
            WavFormat::Pcm16 | WavFormat::Pcm24 => {
                writer.write_sample(quantise(x, format.bits()))?;
            }
        }
    }
    writer.finalize()
}

/// The nearest integer step to `x`, held at the ends of the range.
fn quantise(x: f32, bits: u16) -> i32 {
    let full_scale = f64::from(1u32 << (bits - 1));
    (f64::from(x) * full_scale).round().clamp(-full_scale, full_scale - 1.0) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_back(bytes: Vec<u8>) -> Vec<i32> {
        let mut reader = hound::WavReader::new(Cursor::new(bytes)).expect("our own header");
        reader.samples::<i32>().map(|s| s.expect("our own samples")).collect()
    }

    #[test]
    fn sixteen_bits_round_to_the_nearest_step_and_clip() {
        let step = 1.0 / 32768.0;
        let x = vec![0.0, 0.4 * step, 0.6 * step, 0.5, -1.0, 1.0, 7.0, -7.0, 1e30];
        let bytes = wav_bytes(&Signal::new(x, 8000), WavFormat::Pcm16).expect("finite");
        assert_eq!(read_back(bytes), vec![0, 0, 1, 16384, -32768, 32767, 32767, -32768, 32767]);
    }

    #[test]
    fn twenty_four_bits_keep_every_step() {
        let steps = [-8_388_608, -8_388_607, -1, 0, 1, 4_194_305, 8_388_607];
        let x = steps.iter().map(|&q| q as f32 / 8_388_608.0).collect();
        let bytes = wav_bytes(&Signal::new(x, 48_000), WavFormat::Pcm24).expect("finite");
        assert_eq!(read_back(bytes), steps);
    }

    #[test]
    fn floats_are_stored_bit_by_bit() {
        let x = vec![0.1, -3.5, 1e-40, f32::MAX, -0.0];
        let bytes = wav_bytes(&Signal::new(x.clone(), 22_050), WavFormat::Float32).expect("finite");
        let mut reader = hound::WavReader::new(Cursor::new(bytes)).expect("our own header");
        assert_eq!(reader.spec().sample_rate, 22_050);
        let y: Vec<f32> = reader.samples::<f32>().map(|s| s.expect("our own samples")).collect();
        assert!(x.iter().zip(&y).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn an_empty_signal_is_a_header() {
        let bytes = wav_bytes(&Signal::new(vec![], 8000), WavFormat::Pcm16).expect("no samples");
        assert_eq!(bytes.len(), 44);
    }

    #[test]
    fn nan_is_refused_with_its_place() {
        let error = wav_bytes(&Signal::new(vec![0.0, f32::NAN], 8000), WavFormat::Float32);
        assert!(matches!(error, Err(AudioError::NotFinite { index: 1, .. })));
    }

    /// The old file is still there under its other name: it was replaced, not emptied and filled again.
    #[test]
    fn a_file_is_replaced_as_a_whole() {
        let names = ["a", "b"].map(|x| format!("dlmir-wav-{x}-{}.wav", std::process::id()));
        let [path, other] = names.map(|name| std::env::temp_dir().join(name));
        let (old, new) = (Signal::new(vec![0.25; 9], 8000), Signal::new(vec![0.5; 3], 8000));
        write_wav(&path, &old, WavFormat::Pcm16).expect("room");
        std::fs::hard_link(&path, &other).expect("a second name");
        write_wav(&path, &new, WavFormat::Pcm16).expect("room");
        let found = [&path, &other].map(|path| crate::load(path).expect("a whole file"));
        assert_eq!(found, [new, old]);
        for path in [path, other] {
            std::fs::remove_file(path).expect("our own file");
        }
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        let path = std::env::temp_dir().join("dlmir-no-such-folder").join("x.wav");
        let error = write_wav(&path, &Signal::new(vec![0.0], 8000), WavFormat::Pcm16);
        assert!(error.expect_err("no folder").to_string().contains("dlmir-no-such-folder"));
    }
}
