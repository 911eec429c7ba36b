//! Sun AU (`.au`, `.snd`), the oldest sound file still met: GTZAN and many course materials come as AU.
//!
//! Six big-endian 32-bit numbers, a comment, then interleaved big-endian samples:
//!
//! ```text
//! bytes  0..4   ".snd"
//! bytes  4..8   where the samples begin, at least 24
//! bytes  8..12  size of the samples in bytes; 0xffffffff if the writer could not know it (a pipe)
//! bytes 12..16  encoding: 1 mu-law, 2 to 5 integers of 8, 16, 24, 32 bits, 6 and 7 floats of 32, 64 bits, 27 A-law
//! bytes 16..20  sample rate in Hz
//! bytes 20..24  channels
//! ```
//!
//! The decoding library does not know the format, so we read it ourselves. mu-law and A-law store 8 bits on a roughly logarithmic
//! scale, the telephone's way to spend bits where the ear notices: ITU-T G.711 (1988), tables 1 and 2.

use super::Failure;

/// The four bytes every AU file begins with.
pub(super) const MAGIC: [u8; 4] = *b".snd";

const UNKNOWN_SIZE: u32 = u32::MAX;

/// What an AU file holds.
pub(super) struct Au {
    pub interleaved: Vec<f32>,
    pub channels: usize,
    pub sample_rate: u32,
    /// Frames that the header promises, if it says.
    pub declared_frames: Option<u64>,
}

/// Reads a whole AU file.
pub(super) fn read(bytes: &[u8]) -> Result<Au, Failure> {
    let field = |i: usize| -> Result<u32, Failure> {
        let at = bytes.get(4 * i..4 * i + 4).and_then(|b| b.first_chunk::<4>());
        at.map(|b| u32::from_be_bytes(*b))
            .ok_or_else(|| Failure::Malformed("AU header is cut off".into()))
    };
    let (offset, size, encoding) = (field(1)?, field(2)?, field(3)?);
    let (sample_rate, channels) = (field(4)?, field(5)?);

    let convert: fn(&[u8]) -> f32 = match encoding {
        1 => |b| mu_law(b[0]),
        2 => |b| f32::from(b[0] as i8) / 128.0,
        3 => |b| f32::from(i16::from_be_bytes([b[0], b[1]])) / 32_768.0,
        4 => |b| i32::from_be_bytes([b[0], b[1], b[2], 0]) as f32 / 2_147_483_648.0,
        5 => |b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2_147_483_648.0,
        6 => |b| f32::from_be_bytes([b[0], b[1], b[2], b[3]]),
        7 => |b| f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32,
        27 => |b| a_law(b[0]),
        other => return Err(Failure::Unsupported(format!("AU encoding {other}"))),
    };
    let bytes_per_sample = match encoding {
        3 => 2,
        4 => 3,
        5 | 6 => 4,
        7 => 8,
        _ => 1,
    };
    if channels == 0 || channels > 256 {
        return Err(Failure::Malformed(format!("AU header with {channels} channels")));
    }
    let channels = channels as usize;
    let frame_bytes = bytes_per_sample * channels;
    if offset < 24 || offset as usize > bytes.len() {
        let reason = format!("AU samples begin at byte {offset} of {}", bytes.len());
        return Err(Failure::Malformed(reason));
    }

    let mut data = &bytes[offset as usize..];
    let mut declared_frames = None;
    if size != UNKNOWN_SIZE {
        declared_frames = Some((size as usize / frame_bytes) as u64);
        data = &data[..data.len().min(size as usize)];
    }
    let whole_frames = &data[..data.len() - data.len() % frame_bytes];
    let interleaved = whole_frames.chunks_exact(bytes_per_sample).map(convert).collect();
    Ok(Au { interleaved, channels, sample_rate, declared_frames })
}

/// mu-law: all bits inverted; sign, 3-bit exponent e, 4-bit mantissa m.
///
/// ```text
/// |x| = ((2 m + 33) 2^e - 33) * 4 / 32768
/// ```
fn mu_law(byte: u8) -> f32 {
    let code = !byte;
    let exponent = (code >> 4) & 7;
    let magnitude = ((i32::from(code & 15) * 2 + 33) << exponent) - 33;
    signed(code & 0x80 != 0, magnitude * 4)
}

/// A-law: every other bit inverted; sign (set: positive), 3-bit exponent e, 4-bit mantissa m.
///
/// ```text
/// |x| = (2 m + 1) * 8 / 32768              where e = 0
/// |x| = (2 m + 33) 2^(e - 1) * 8 / 32768   elsewhere
/// ```
fn a_law(byte: u8) -> f32 {
    let code = byte ^ 0x55;
    let exponent = (code >> 4) & 7;
    let mantissa = i32::from(code & 15) * 2;
    let magnitude = match exponent {
        0 => mantissa + 1,
        e => (mantissa + 33) << (e - 1),
    };
    signed(code & 0x80 == 0, magnitude * 8)
}

fn signed(negative: bool, magnitude: i32) -> f32 {
    (if negative { -magnitude } else { magnitude }) as f32 / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(encoding: u32, channels: u32, size: u32, samples: &[u8]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for field in [28, size, encoding, 8000, channels] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(b"note");
        bytes.extend(samples);
        bytes
    }

    fn samples(encoding: u32, data: &[u8]) -> Vec<f32> {
        read(&file(encoding, 1, data.len() as u32, data))
            .unwrap_or_else(|_| panic!("well formed"))
            .interleaved
    }

    #[test]
    fn every_encoding_is_scaled_to_full_scale() {
        assert_eq!(samples(2, &[0x80, 0x40]), [-1.0, 0.5]);
        assert_eq!(samples(3, &[0x80, 0, 0x40, 0]), [-1.0, 0.5]);
        assert_eq!(samples(4, &[0x80, 0, 0, 0x40, 0, 0]), [-1.0, 0.5]);
        assert_eq!(samples(5, &[0x80, 0, 0, 0, 0x40, 0, 0, 0]), [-1.0, 0.5]);
        assert_eq!(samples(6, &(-0.3f32).to_be_bytes()), [-0.3]);
        assert_eq!(samples(7, &0.25f64.to_be_bytes()), [0.25]);
    }

    #[test]
    fn the_telephone_codes_follow_g711() {
        // The largest and smallest magnitudes of G.711 on the 16-bit scale, and the two codes of zero in mu-law.
        let on_16_bits = |x: f32| (x * 32_768.0) as i32;
        assert_eq!(on_16_bits(mu_law(0x80)), 32_124);
        assert_eq!(on_16_bits(mu_law(0x00)), -32_124);
        assert_eq!(on_16_bits(mu_law(0xff)), 0);
        assert_eq!(on_16_bits(mu_law(0x7f)), 0);
        assert_eq!(on_16_bits(mu_law(0xfe)), 8);
        assert_eq!(on_16_bits(a_law(0xaa)), 32_256);
        assert_eq!(on_16_bits(a_law(0x2a)), -32_256);
        assert_eq!(on_16_bits(a_law(0xd5)), 8);
        assert_eq!(on_16_bits(a_law(0x55)), -8);
    }

    #[test]
    fn a_streamed_file_ends_where_the_bytes_end() {
        let au = read(&file(3, 2, UNKNOWN_SIZE, &[0, 1, 0, 2, 0, 3, 0, 4, 9]))
            .unwrap_or_else(|_| panic!("a stream"));
        assert_eq!(au.interleaved.len(), 4);
        assert_eq!(au.declared_frames, None);
    }

    #[test]
    fn a_short_file_keeps_whole_frames_and_tells_what_was_promised() {
        let au = read(&file(3, 2, 400, &[0; 10])).unwrap_or_else(|_| panic!("a cut file"));
        assert_eq!((au.interleaved.len(), au.declared_frames), (4, Some(100)));
    }

    #[test]
    fn bad_headers_are_refused() {
        let reason = |bytes: &[u8]| match read(bytes) {
            Err(Failure::Malformed(reason) | Failure::Unsupported(reason)) => reason,
            _ => panic!("not refused"),
        };
        assert!(reason(b".snd\0\0\0\x18").contains("cut off"));
        assert!(reason(&file(23, 1, 0, &[])).contains("encoding 23"));
        assert!(reason(&file(3, 0, 0, &[])).contains("0 channels"));
        let mut beyond = file(3, 1, 0, &[]);
        beyond[4..8].copy_from_slice(&5000u32.to_be_bytes());
        assert!(reason(&beyond).contains("byte 5000 of 28"));
    }
}
