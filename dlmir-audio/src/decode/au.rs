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

use std::io::{ErrorKind, Read, Seek, SeekFrom};

use super::{About, Blocks, Failure};

/// The four bytes every AU file begins with.
pub(super) const MAGIC: [u8; 4] = *b".snd";

const UNKNOWN_SIZE: u32 = u32::MAX;

/// Frames in a block.
const BLOCK: u64 = 4096;

/// The samples of an AU file, some at a time.
pub(super) struct Au<R> {
    source: R,
    about: About,
    convert: fn(&[u8]) -> f32,
    bytes_per_sample: usize,
    /// Bytes of samples that are still to come.
    left: u64,
}

impl<R: Read + Seek> Au<R> {
    /// Reads the header. `source` is at its start and has `length` bytes.
    pub(super) fn open(mut source: R, length: u64) -> Result<Au<R>, Failure> {
        let mut header = [[0; 4]; 6];
        for field in &mut header {
            source.read_exact(field).map_err(|e| match e.kind() {
                ErrorKind::UnexpectedEof => Failure::Malformed("AU header is cut off".into()),
                _ => Failure::Io(e),
            })?;
        }
        let [_, offset, size, encoding, sample_rate, channels] = header.map(u32::from_be_bytes);

        let (bytes_per_sample, convert): (usize, fn(&[u8]) -> f32) = match encoding {
            1 => (1, |b| mu_law(b[0])),
            2 => (1, |b| f32::from(b[0] as i8) / 128.0),
            3 => (2, |b| f32::from(i16::from_be_bytes([b[0], b[1]])) / 32_768.0),
            4 => (3, |b| i32::from_be_bytes([b[0], b[1], b[2], 0]) as f32 / 2_147_483_648.0),
            5 => (4, |b| i32::from_be_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2_147_483_648.0),
            6 => (4, |b| f32::from_be_bytes([b[0], b[1], b[2], b[3]])),
            7 => {
                (8, |b| f64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
            }
            27 => (1, |b| a_law(b[0])),
            other => return Err(Failure::Unsupported(format!("AU encoding {other}"))),
        };
        if channels == 0 || channels > 256 {
            return Err(Failure::Malformed(format!("AU header with {channels} channels")));
        }
        let channels = channels as usize;
        let frame_bytes = (bytes_per_sample * channels) as u64;
        if offset < 24 || u64::from(offset) > length {
            let reason = format!("AU samples begin at byte {offset} of {length}");
            return Err(Failure::Malformed(reason));
        }
        source.seek(SeekFrom::Start(offset.into())).map_err(Failure::Io)?;

        let mut left = length - u64::from(offset);
        let mut declared_frames = None;
        if size != UNKNOWN_SIZE {
            declared_frames = Some(u64::from(size) / frame_bytes);
            left = left.min(size.into());
        }
        left -= left % frame_bytes;
        let (problems, lossy) = (Vec::new(), false);
        let about = About { channels, sample_rate, declared_frames, problems, lossy };
        Ok(Au { source, about, convert, bytes_per_sample, left })
    }
}

impl<R: Read + Seek> Blocks for Au<R> {
    fn about(&mut self) -> &mut About {
        &mut self.about
    }

    fn next(&mut self, block: &mut Vec<f32>) -> Result<bool, Failure> {
        block.clear();
        let size = self.left.min(BLOCK * (self.bytes_per_sample * self.about.channels) as u64);
        self.left -= size;
        let mut bytes = vec![0; size as usize];
        self.source.read_exact(&mut bytes).map_err(Failure::Io)?;
        block.extend(bytes.chunks_exact(self.bytes_per_sample).map(self.convert));
        Ok(!block.is_empty())
    }
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
    use std::io::Cursor;

    use super::super::collect;
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

    /// The samples and the declared number of frames.
    fn read(bytes: &[u8]) -> Result<(Vec<f32>, Option<u64>), Failure> {
        let mut au = Au::open(Cursor::new(bytes), bytes.len() as u64)?;
        let samples = collect(&mut au, usize::MAX)?;
        Ok((samples, au.about.declared_frames))
    }

    fn samples(encoding: u32, data: &[u8]) -> Vec<f32> {
        read(&file(encoding, 1, data.len() as u32, data))
            .unwrap_or_else(|_| panic!("well formed"))
            .0
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
        let (samples, declared) = read(&file(3, 2, UNKNOWN_SIZE, &[0, 1, 0, 2, 0, 3, 0, 4, 9]))
            .unwrap_or_else(|_| panic!("a stream"));
        assert_eq!((samples.len(), declared), (4, None));
    }

    #[test]
    fn a_short_file_keeps_whole_frames_and_tells_what_was_promised() {
        let (samples, declared) =
            read(&file(3, 2, 400, &[0; 10])).unwrap_or_else(|_| panic!("a cut file"));
        assert_eq!((samples.len(), declared), (4, Some(100)));
    }

    #[test]
    fn blocks_join_without_a_seam() {
        let data: Vec<u8> = (0..3 * 2 * 10_000u32).map(|i| (i / 7 % 251) as u8).collect();
        let (samples, _) =
            read(&file(4, 2, data.len() as u32, &data)).unwrap_or_else(|_| panic!("long"));
        let whole: Vec<f32> = data
            .as_chunks::<3>()
            .0
            .iter()
            .map(|b| i32::from_be_bytes([b[0], b[1], b[2], 0]) as f32 / 2_147_483_648.0)
            .collect();
        assert!(samples.len() > 2 * BLOCK as usize && samples == whole);
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
