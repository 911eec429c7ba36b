//! JAMS: JSON of several namespaces.
#![no_main]

use dlmir_data::annotation::{parse_jams, read_jams, write_jams};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(jams) = parse_jams(bytes, "fuzz.jams") else { return };
    for annotation in &jams.annotations {
        assert_eq!(annotation.onsets().len(), annotation.data.len());
        let _ = (annotation.beats(), annotation.tempi(), annotation.segments());
        if let Ok(notes) = annotation.notes() {
            assert!(notes.iter().all(|n| n.offset_s >= n.onset_s));
        }
    }
    let _ = jams.unknown_namespaces();
    let path = dlmir_fuzz::file(b"");
    write_jams(&path, &jams).expect("a file of one's own can be written");
    assert_eq!(read_jams(&path).expect("what was written is read"), jams);
});
