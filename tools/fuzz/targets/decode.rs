//! The decode entry: any bytes, recognised by content.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: dlmir_fuzz::let_symphonia_panic(), |bytes: &[u8]| dlmir_fuzz::decode(bytes));
