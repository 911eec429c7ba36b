//! The few numbers of a WAV file that TensorBoard wants to be told.

/// Sample rate in Hz, channels, and samples per channel.
#[derive(Debug, PartialEq)]
pub(super) struct WavHeader {
    pub sample_rate: u32,
    pub channels: u16,
    pub frames: u32,
}

/// Walks over the chunks of a RIFF/WAVE file; `None` if it is none. A chunk is four letters, its length as
/// a `u32` and its bytes, padded to an even length. `fmt ` holds at 2 the channels, at 4 the rate and at 12
/// the bytes per frame; `data` the samples.
pub(super) fn wav_header(wav: &[u8]) -> Option<WavHeader> {
    if wav.get(..4)? != b"RIFF" || wav.get(8..12)? != b"WAVE" {
        return None;
    }
    let mut format = None;
    let mut at = 12;
    loop {
        let length = u32_at(wav, at + 4)?;
        let body = wav.get(at + 8..)?;
        match (wav.get(at..at + 4)?, format) {
            (b"fmt ", _) => format = Some((u16_at(body, 2)?, u32_at(body, 4)?, u16_at(body, 12)?)),
            (b"data", Some((channels, sample_rate, frame_bytes))) => {
                let frames = length.checked_div(u32::from(frame_bytes))?;
                return Some(WavHeader { sample_rate, channels, frames });
            }
            _ => {}
        }
        at = at.checked_add(8)?.checked_add(length as usize)?.checked_add(length as usize % 2)?;
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A 16-bit WAV file with an odd chunk between header and samples.
    pub(crate) fn wav_file(sample_rate: u32, channels: u16, samples: &[i16]) -> Vec<u8> {
        let data: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
        let mut wav = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0".to_vec();
        wav.extend(channels.to_le_bytes());
        wav.extend(sample_rate.to_le_bytes());
        wav.extend((sample_rate * 2 * u32::from(channels)).to_le_bytes());
        wav.extend((2 * channels).to_le_bytes());
        wav.extend(16_u16.to_le_bytes());
        wav.extend(b"note\x03\0\0\0abc\0data");
        wav.extend((data.len() as u32).to_le_bytes());
        wav.extend(data);
        let size = (wav.len() - 8) as u32;
        wav[4..8].copy_from_slice(&size.to_le_bytes());
        wav
    }

    #[test]
    fn reads_the_header() {
        let header = wav_header(&wav_file(22_050, 2, &[0; 20])).unwrap();
        assert_eq!(header, WavHeader { sample_rate: 22_050, channels: 2, frames: 10 });
    }

    #[test]
    fn what_is_no_wav_file_is_none() {
        let wav = wav_file(8000, 1, &[1, 2, 3]);
        for end in 0..wav.len() - 6 {
            assert_eq!(wav_header(&wav[..end]), None, "{end} bytes");
        }
        assert_eq!(wav_header(b"OggS and so on, long enough"), None);
    }
}
