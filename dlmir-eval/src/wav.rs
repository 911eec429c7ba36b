//! The little of the WAV format that this crate needs: what a file holds, and its beginning.

/// Where the samples of a WAV file are, and how they are stored.
#[derive(Debug, PartialEq)]
pub(crate) struct WavHeader {
    pub sample_rate: u32,
    pub channels: u16,
    /// Samples per channel.
    pub frames: u32,
    /// Bytes of one sample of every channel.
    frame_bytes: u16,
    /// First byte of the samples.
    data_at: usize,
}

/// Walks over the chunks of a RIFF/WAVE file; `None` if it is none. A chunk is four letters, its length as
/// a `u32` and its bytes, padded to an even length. `fmt ` holds at 2 the channels, at 4 the rate and at 12
/// the bytes per frame; `data` the samples.
pub(crate) fn wav_header(wav: &[u8]) -> Option<WavHeader> {
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
                let data_at = at + 8;
                return Some(WavHeader { sample_rate, channels, frames, frame_bytes, data_at });
            }
            _ => {}
        }
        at = at.checked_add(8)?.checked_add(length as usize)?.checked_add(length as usize % 2)?;
    }
}

/// The first `seconds` of a WAV file, and how long it was, where it is longer. What follows the samples
/// (titles, cue points) is left out.
pub(crate) fn first_seconds(wav: &[u8], seconds: f64) -> Option<(Vec<u8>, f64)> {
    let header = wav_header(wav)?;
    let WavHeader { sample_rate, frames, frame_bytes, data_at, .. } = header;
    let wanted = (seconds * f64::from(sample_rate)).round() as u32;
    if sample_rate == 0 || frames <= wanted {
        return None;
    }
    let bytes = wanted * u32::from(frame_bytes);
    let mut cut = wav.get(..data_at + bytes as usize)?.to_vec();
    cut[data_at - 4..data_at].copy_from_slice(&bytes.to_le_bytes());
    if !cut.len().is_multiple_of(2) {
        cut.push(0);
    }
    let size = u32::try_from(cut.len() - 8).ok()?;
    cut[4..8].copy_from_slice(&size.to_le_bytes());
    Some((cut, f64::from(frames) / f64::from(sample_rate)))
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
        assert_eq!((header.sample_rate, header.channels, header.frames), (22_050, 2, 10));
    }

    #[test]
    fn a_long_file_is_cut_to_its_beginning() {
        let samples: Vec<i16> = (0..100).collect();
        let wav = wav_file(10, 2, &samples);
        let (cut, seconds) = first_seconds(&wav, 1.5).unwrap();
        assert_eq!(seconds, 5.0);
        assert_eq!(cut, wav_file(10, 2, &samples[..30]));
        for whole in [&wav[..], &cut[..3], b""] {
            assert_eq!(first_seconds(whole, 5.0), None);
        }
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
