//! Everything that is known about a piece, in one JAMS file.
//!
//! | namespace | what |
//! |---|---|
//! | `beat` | beats with their position in the bar |
//! | `tempo` | beats a minute from each beat to the next: the tempo curve |
//! | `key_mode`, `chord`, `segment_open` | key, chords, sections of the form |
//! | `note_midi`, one for each instrument | notes; the sandbox has the instrument |
//! | `onset`, one for each class of drums | strokes; the sandbox has the class |
//! | `onset` | all of these together, merged within 30 ms |
//! | `tag_open`, three | genre, moods, and all tags |

use dlmir_data::annotation::{Jams, JamsAnnotation, Observation, merge_onsets};
use dlmir_data::synthetic::band::{Piece, tags};
use serde_json::{Map, Value, json};

/// The labels of a piece that lasts so many seconds.
pub fn everything(piece: &Piece, title: &str, duration_s: f64) -> Jams {
    let of = |namespace: &str, sandbox: Value, data: Vec<Observation>| {
        let mut annotation = JamsAnnotation::new(namespace, data);
        annotation.time_s = Some(0.0);
        annotation.duration_s = Some(duration_s);
        annotation.annotation_metadata = object(json!({
            "corpus": "dlmir generated band",
            "data_source": "program",
            "version": env!("CARGO_PKG_VERSION"),
        }));
        annotation.sandbox = object(sandbox);
        annotation
    };
    let moment = |time_s: f64| Observation::new(time_s, 0.0, Value::Null);
    let all = |label: &str| Observation::new(0.0, duration_s, label);
    let segments = |segments: &[dlmir_data::annotation::LabelledSegment]| -> Vec<Observation> {
        let part = |s: &dlmir_data::annotation::LabelledSegment| {
            Observation::new(s.start_s, micro(s.end_s - s.start_s), s.label.as_str())
        };
        segments.iter().map(part).collect()
    };
    let none = || json!({});

    let beats = piece.beats.iter().map(|beat| Observation::new(beat.time_s, 0.0, beat.position));
    let tempi = piece.tempi.iter();
    let tempi = tempi.map(|tempo| Observation {
        confidence: Some(1.0),
        ..Observation::new(tempo.start_s, micro(tempo.end_s - tempo.start_s), tempo.bpm)
    });
    let mut annotations = vec![
        of("beat", json!({"meter": piece.meter.name()}), beats.collect()),
        of("tempo", json!({"median": micro(piece.bpm)}), tempi.collect()),
        of("key_mode", json!({"scale": piece.key.name()}), vec![all(&piece.key.label())]),
        of("chord", none(), segments(&piece.chords)),
        of("segment_open", none(), segments(&piece.sections)),
    ];
    for instrument in piece.instruments() {
        let played = piece.notes.iter().filter(|note| note.label.as_ref() == Some(&instrument));
        let notes: Vec<Observation> = played
            .map(|n| Observation::new(n.onset_s, micro(n.offset_s - n.onset_s), n.pitch_midi))
            .collect();
        if !notes.is_empty() {
            annotations.push(of("note_midi", json!({"instrument": instrument}), notes));
        }
    }
    let mut classes: Vec<_> = piece.strokes.iter().map(|stroke| stroke.class.code()).collect();
    classes.sort_unstable();
    classes.dedup();
    for class in classes {
        let strokes = piece.strokes.iter().filter(|stroke| stroke.class.code() == class);
        let strokes = strokes.map(|stroke| moment(stroke.time_s)).collect();
        annotations.push(of("onset", json!({"drums": class}), strokes));
    }
    let together = merge_onsets(&piece.onsets(), 0.03).into_iter().map(moment).collect();
    annotations.push(of("onset", json!({"merged_within_s": 0.03}), together));
    let labels = |labels: &[&str]| labels.iter().map(|label| all(label)).collect();
    annotations.extend([
        of("tag_open", json!({"what": "genre"}), labels(&[piece.order.genre.name()])),
        of("tag_open", json!({"what": "moods"}), labels(&tags::moods(piece))),
        of("tag_open", json!({"what": "tags"}), labels(&tags::tags(piece))),
    ]);
    Jams {
        file_metadata: object(json!({
            "title": title,
            "artist": piece.artist.name(),
            "release": format!("{}_album_{}", piece.artist.name(), piece.album),
            "duration": duration_s,
            "identifiers": {},
            "jams_version": "0.3.4",
        })),
        annotations,
        sandbox: Map::new(),
    }
}

/// A time with six decimals, as all times of a piece have.
pub fn micro(time_s: f64) -> f64 {
    (time_s * 1e6).round() / 1e6
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
