//! The feature cache: an entry's header and values.
//!
//! The key and the checksum keep nearly every changed entry out, so both are made right first.
#![no_main]

use dlmir_data::cache;
use hmac_sha256::Hash;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut key = [0; 32];
    if let Some(found) = bytes.get(8..40) {
        key.copy_from_slice(found);
    }
    let _ = cache::parse(bytes, &key);
    let mut bytes = bytes.to_vec();
    if bytes.len() < 88 {
        return;
    }
    let mut hash = Hash::new();
    hash.update(&bytes[..56]);
    hash.update(&bytes[88..]);
    bytes[56..88].copy_from_slice(&hash.finalize());
    let Ok(array) = cache::parse(&bytes, &key) else { return };
    assert_eq!(bytes.len(), 88 + 4 * array.len());
    assert!(array.iter().flat_map(|x| x.to_le_bytes()).eq(bytes[88..].iter().copied()));
});
