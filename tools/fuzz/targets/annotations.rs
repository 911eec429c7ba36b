//! Annotations: onsets, beats, drum strokes, notes, segments, tempi. The same bytes go to each reader.
#![no_main]

use dlmir_data::annotation::*;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    const NAME: &str = "fuzz.txt";
    let ascending =
        |times: &[f64]| times.is_sorted() && times.iter().all(|t| *t >= 0.0 && *t <= 1e6);
    if let Ok(onsets) = parse_onsets(bytes, NAME) {
        assert!(ascending(&onsets));
        // What is accepted reads the same when it is written again.
        let text: String = onsets.iter().map(|t| format!("{t}\n")).collect();
        assert_eq!(parse_onsets(text.as_bytes(), NAME).ok(), Some(onsets));
    }
    if let Ok(beats) = parse_beats(bytes, NAME) {
        assert!(ascending(&beat_times(&beats)));
    }
    if let Ok(onsets) = parse_labelled_onsets(bytes, NAME) {
        assert!(ascending(&onsets.iter().map(|o| o.time_s).collect::<Vec<_>>()));
        assert!(onsets.iter().all(|o| !o.label.is_empty()));
    }
    let _ = parse_drum_onsets(bytes, NAME);
    if let Ok(notes) = parse_notes(bytes, NAME) {
        assert!(notes.iter().all(|n| n.offset_s >= n.onset_s && n.offset_s <= 1e6));
        assert!(notes.iter().all(|n| (0.0..=127.0).contains(&n.pitch_midi)));
    }
    let named = [NoteColumn::Onset, NoteColumn::Duration, NoteColumn::Name];
    let _ = parse_notes_as(bytes, NAME, &named);
    if let Ok(segments) = parse_segments(bytes, NAME) {
        assert!(segments.iter().all(|s| s.end_s >= s.start_s));
    }
    if let Ok(tempi) = parse_tempi(bytes, NAME) {
        assert!(tempi.iter().all(|t| t.bpm > 0.0 && t.bpm <= 1e4));
    }
});
