//! .npy: the header and the numbers.
#![no_main]

use dlmir_data::npy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(array) = npy::read_from(bytes, "fuzz.npy") else { return };
    let mut again = Vec::new();
    npy::write_to(&mut again, array.view()).expect("a vector takes all bytes");
    let read = npy::read_from(again.as_slice(), "again.npy").expect("what was written is read");
    assert_eq!(read.shape(), array.shape());
    // By bits, because NaN does not equal itself.
    assert!(read.iter().map(|x| x.to_bits()).eq(array.iter().map(|x| x.to_bits())));
});
