//! Headers that contradict their contents: what a decoder passes over in silence.
//!
//! A WAV file is a list of chunks, each with four letters, a size and that many bytes; an odd size is followed by a byte of padding. Decoders
//! are generous with wrong sizes, which is right for playing and wrong for trusting: samples may be lost without a word. An MP3 is a row of
//! frames, each of which says how long it is; what lies between two frames was put there by an accident.

use super::Finding;

const UNKNOWN_SIZE: u32 = u32::MAX;

/// The last 14 bytes of the sub-formats that Microsoft defined; the first two are the format tag.
const SUBFORMAT: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

/// What is wrong with the chunks of a WAV file that a decoder has accepted. `read_at(place, count)` reads bytes of the file, fewer at its end.
pub(super) fn wav(length: u64, mut read_at: impl FnMut(u64, usize) -> Vec<u8>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let lost = |what: String| Finding::Lost { what };
    let header = |what: String| Finding::Header { what };
    let (mut place, mut frame_bytes, mut data_chunks) = (12, 0_u64, 0);
    // No honest file has more chunks than this.
    for _ in 0..1000 {
        let chunk = read_at(place, 8);
        let (Some(id), Some(size)) = (chunk.first_chunk::<4>(), chunk.get(4..8)) else { break };
        let size = size.first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
        let found = length.saturating_sub(place + 8);
        match id {
            b"fmt " => {
                let fmt = read_at(place + 8, 40);
                let field = |i: usize| match fmt.get(i..i + 2) {
                    Some(&[low, high]) => u64::from(u16::from_le_bytes([low, high])),
                    _ => 0,
                };
                let (tag, channels, align, bits) = (field(0), field(2), field(12), field(14));
                frame_bytes = channels * bits.div_ceil(8);
                if matches!(tag, 1 | 3 | 0xfffe) && align != frame_bytes {
                    findings.push(header(format!(
                        "{channels} channels of {bits} bits, but frames of {align} bytes"
                    )));
                }
                if tag == 0xfffe && fmt.len() == 40 && fmt[26..40] != SUBFORMAT {
                    findings.push(lost("extensible WAV with an unknown sub-format".into()));
                }
            }
            b"data" => {
                data_chunks += 1;
                if data_chunks == 2 {
                    findings.push(lost("only the first of several data chunks is read".into()));
                }
                if size == UNKNOWN_SIZE && found < u64::from(size) {
                    findings.push(header("its length was never filled in".into()));
                } else if frame_bytes > 0 && u64::from(size) % frame_bytes != 0 {
                    findings.push(lost(format!(
                        "{size} bytes of samples are no whole number of frames of {frame_bytes}"
                    )));
                }
            }
            _ => {}
        }
        place += 8 + u64::from(size) + u64::from(size % 2);
        if place >= length {
            break;
        }
    }
    let riff = read_at(4, 4).first_chunk().map_or(0, |b| u32::from_le_bytes(*b));
    // One byte of padding more or less is common, and no one's loss.
    if riff != UNKNOWN_SIZE && (u64::from(riff) + 8).abs_diff(length) > 1 && findings.is_empty() {
        let says = u64::from(riff) + 8;
        findings.push(header(format!("it declares a file of {says} bytes, there are {length}")));
    }
    findings
}

/// Samples that follow a data chunk of size zero, as an interrupted recorder leaves them: how many bytes, of a file of this length that begins
/// so.
pub(super) fn orphaned_samples(head: &[u8], length: u64) -> Option<u64> {
    let place = head.windows(8).position(|w| w == b"data\0\0\0\0")?;
    Some(length.saturating_sub(place as u64 + 8)).filter(|&rest| rest > 8)
}

/// Bytes between the frames of an MP3 that are no frame, or none if the frames follow each other.
pub(super) fn mp3_gap(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut place = after_id3v2(bytes);
    // In front of the first frame there may be padding of a tag.
    while frame_length(bytes, place).is_none() && place < bytes.len() {
        place += 1;
    }
    while let Some(length) = frame_length(bytes, place) {
        place += length;
    }
    // What follows the last frame is a tag or a cut frame; a gap is followed by frames, three of which are no accident.
    let rest = bytes.get(place..)?;
    let next = (1..rest.len()).find(|&skip| {
        let mut at = place + skip;
        (0..3).all(|_| frame_length(bytes, at).inspect(|length| at += length).is_some())
    })?;
    Some((place, next))
}

fn after_id3v2(bytes: &[u8]) -> usize {
    match bytes {
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            // Four digits of seven bits.
            10 + [a, b, c, d].iter().fold(0, |sum, &&digit| sum << 7 | usize::from(digit & 0x7f))
        }
        _ => 0,
    }
}

/// Bytes of the layer III frame that begins at `place`: ISO/IEC 11172-3, 2.4.3.1, and 13818-3.
fn frame_length(bytes: &[u8], place: usize) -> Option<usize> {
    const MPEG1: [usize; 15] = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
    const MPEG2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let &[first, second, third, _] = bytes.get(place..)?.first_chunk::<4>()?;
    if first != 0xff || second & 0xe6 != 0xe2 {
        return None;
    }
    let rate = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
    let (kbit, slots, rate) = match second >> 3 & 3 {
        3 => (MPEG1, 144, *rate),
        2 => (MPEG2, 72, rate / 2),
        0 => (MPEG2, 72, rate / 4),
        _ => return None,
    };
    let kbit = *kbit.get(usize::from(third >> 4)).filter(|&&kbit| kbit > 0)?;
    Some(slots * kbit * 1000 / rate + usize::from(third >> 1 & 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(chunks: &[(&[u8; 4], u32, &[u8])], riff: Option<u32>) -> Vec<Finding> {
        let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
        for (id, size, contents) in chunks {
            bytes.extend(*id);
            bytes.extend(size.to_le_bytes());
            bytes.extend(*contents);
        }
        let size = riff.unwrap_or(bytes.len() as u32 - 8);
        bytes[4..8].copy_from_slice(&size.to_le_bytes());
        wav(bytes.len() as u64, |place, count| {
            let start = (place as usize).min(bytes.len());
            bytes[start..(start + count).min(bytes.len())].to_vec()
        })
    }

    /// PCM, mono, 8 kHz, 16 bits.
    const FMT: [u8; 16] = [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0];

    #[test]
    fn a_sound_file_is_passed() {
        assert_eq!(file(&[(b"fmt ", 16, &FMT), (b"data", 4, &[1, 2, 3, 4])], None), []);
        let odd: (&[u8; 4], u32, &[u8]) = (b"LIST", 3, &[0; 4]);
        assert_eq!(file(&[odd, (b"fmt ", 16, &FMT), (b"data", 2, &[1, 2])], None), []);
    }

    #[test]
    fn what_is_lost_is_said() {
        let one = |chunks: &[(&[u8; 4], u32, &[u8])], riff| match &file(chunks, riff)[..] {
            [finding] => finding.clone(),
            other => panic!("{other:?}"),
        };
        let data: (&[u8; 4], u32, &[u8]) = (b"data", 2, &[1, 2]);
        let fmt: (&[u8; 4], u32, &[u8]) = (b"fmt ", 16, &FMT);
        assert!(matches!(one(&[fmt, data, data], None), Finding::Lost { .. }));
        assert!(matches!(one(&[fmt, (b"data", 3, &[1, 2, 3])], None), Finding::Lost { .. }));
        assert!(matches!(one(&[fmt, (b"data", u32::MAX, &[1, 2])], None), Finding::Header { .. }));
        assert!(matches!(one(&[fmt, data], Some(0)), Finding::Header { .. }));
        let mut wrong = FMT;
        wrong[12] = 7;
        assert!(matches!(one(&[(b"fmt ", 16, &wrong), data], None), Finding::Header { .. }));
        // Sizes that lead back to the beginning do not lead in a circle.
        file(&[fmt, (b"LOOP", u32::MAX - 7, &[0; 64])], None);
    }

    #[test]
    fn bytes_between_frames_are_found() {
        // 32 kbit/s at 48 kHz: 96 bytes a frame.
        let mut frame = vec![0; 96];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x14, 0]);
        let mut bytes = b"ID3\x04\0\0\0\0\0\x05.....".to_vec();
        let head = bytes.len();
        (0..4).for_each(|_| bytes.extend(&frame));
        assert_eq!(mp3_gap(&bytes), None);
        bytes.extend([7; 700]);
        assert_eq!(mp3_gap(&bytes), None, "a tag at the end is none");
        (0..4).for_each(|_| bytes.extend(&frame));
        assert_eq!(mp3_gap(&bytes), Some((head + 4 * 96, 700)));
    }
}
