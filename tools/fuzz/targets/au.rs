//! AU: the header's six numbers and the samples behind them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // With its first four bytes in place, every input reaches our own reader.
    let mut file = b".snd".to_vec();
    file.extend(bytes.get(4..).unwrap_or_default());
    dlmir_fuzz::decode(&file);
});
