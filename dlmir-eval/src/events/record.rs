//! The container of event files (TFRecord): records with checksums.
//!
//! ```text
//! length   u64    of the data, in bytes
//! crc      u32    masked CRC-32C of the eight bytes of the length
//! data     bytes
//! crc      u32    masked CRC-32C of the data              all little-endian
//! ```
//!
//! The length has a checksum of its own, so that damage there does not send a reader astray. The mask
//! (rotate, then add a constant) keeps the CRC of data that contain CRCs from losing its strength.

use std::io::{self, Read};

/// CRC-32C (Castagnoli) of `data`, masked.
pub(super) fn masked_crc(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The record that holds `data`.
pub(super) fn frame(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend_from_slice(&length);
    record.extend_from_slice(&masked_crc(&length).to_le_bytes());
    record.extend_from_slice(data);
    record.extend_from_slice(&masked_crc(data).to_le_bytes());
    record
}

/// Why a record can't be read.
#[derive(Debug)]
pub(super) enum BadRecord {
    /// The file ends inside the record: its writer was killed, or is still writing.
    Truncated,
    /// A checksum does not fit.
    Damaged(&'static str),
    Io(io::Error),
}

/// Reads the data of the next record, of which at most `remaining` bytes are there; `None` at the end.
pub(super) fn read(input: &mut impl Read, remaining: u64) -> Result<Option<Vec<u8>>, BadRecord> {
    if remaining == 0 {
        return Ok(None);
    }
    let length: [u8; 8] = array(input)?;
    if u32::from_le_bytes(array(input)?) != masked_crc(&length) {
        return Err(BadRecord::Damaged("the length of a record has a wrong checksum"));
    }
    let length = u64::from_le_bytes(length);
    if length > remaining.saturating_sub(16) {
        return Err(BadRecord::Truncated); // checked before memory is asked for
    }
    let mut data = vec![0; length as usize];
    input.read_exact(&mut data).map_err(bad)?;
    if u32::from_le_bytes(array(input)?) != masked_crc(&data) {
        return Err(BadRecord::Damaged("the data of a record has a wrong checksum"));
    }
    Ok(Some(data))
}

fn array<const N: usize>(input: &mut impl Read) -> Result<[u8; N], BadRecord> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes).map_err(bad)?;
    Ok(bytes)
}

fn bad(error: io::Error) -> BadRecord {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => BadRecord::Truncated,
        _ => BadRecord::Io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, bit by bit: the remainder of the reflected polynomial 0x82f63b78.
    fn crc_reference(data: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for &byte in data {
            crc ^= u32::from(byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
            }
        }
        !crc
    }

    #[test]
    fn the_checksum_is_crc32c() {
        // RFC 3720, B.4: 32 bytes of zeros, and 0..32 in rising order.
        assert_eq!(crc_reference(&[0; 32]), 0x8a91_36aa);
        let rising: Vec<u8> = (0..32).collect();
        assert_eq!(crc_reference(&rising), 0x46dd_794e);
        for data in [&[][..], &[0; 32], &rising, b"brain.Event:2"] {
            assert_eq!(crc32c::crc32c(data), crc_reference(data));
        }
    }

    #[test]
    fn a_record_comes_back() {
        for data in [&b""[..], b"x", &[7; 1000]] {
            let record = frame(data);
            assert_eq!(record.len(), data.len() + 16);
            let back = read(&mut record.as_slice(), record.len() as u64).unwrap();
            assert_eq!(back.as_deref(), Some(data));
        }
    }

    #[test]
    fn a_length_beyond_the_file_asks_for_no_memory() {
        let mut record = u64::MAX.to_le_bytes().to_vec();
        record.extend(masked_crc(&u64::MAX.to_le_bytes()).to_le_bytes());
        let result = read(&mut record.as_slice(), record.len() as u64);
        assert!(matches!(result, Err(BadRecord::Truncated)));
    }
}
