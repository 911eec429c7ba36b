use serde_json::json;

use super::*;
use crate::test_folder::TestFolder;

fn parse(text: &str) -> Result<Jams, String> {
    parse_jams(text.as_bytes(), "x.jams").map_err(|e| e.to_string())
}

/// A file with one annotation.
fn one(namespace: &str, data: Value) -> JamsAnnotation {
    let file = json!({"annotations": [{"namespace": namespace, "data": data}]});
    parse(&file.to_string()).unwrap().annotations.remove(0)
}

fn observation(time: f64, value: Value) -> Value {
    json!({"time": time, "duration": 0.5, "value": value, "confidence": null})
}

#[test]
fn namespaces_give_what_they_mean() {
    let data = json!([observation(1.0, json!(2)), observation(0.5, json!(1.0))]);
    let beats = one("beat", data).beats().unwrap();
    assert_eq!(beats[0], Beat { time_s: 0.5, position: Some(1) });
    let position = json!({"position": 3, "measure": 1, "num_beats": 4, "beat_units": 4});
    let beats = one("beat_position", json!([observation(0.5, position)])).beats().unwrap();
    assert_eq!(beats, [Beat { time_s: 0.5, position: Some(3) }]);
    let beats = one("beat", json!([observation(0.5, json!(null))])).beats().unwrap();
    assert_eq!(beats, [Beat { time_s: 0.5, position: None }]);

    let notes = one("note_midi", json!([observation(1.0, json!(60.5))])).notes().unwrap();
    assert_eq!((notes[0].onset_s, notes[0].offset_s, notes[0].pitch_midi), (1.0, 1.5, 60.5));
    let data = json!([observation(1.0, json!(880)), observation(2.0, json!(0.0))]);
    let notes = one("note_hz", data).notes().unwrap();
    assert_eq!(notes.iter().map(|n| n.pitch_midi).collect::<Vec<_>>(), [81.0]);

    let tempo = json!([{"time": 0, "duration": 30.0, "value": 139.0, "confidence": 0.25}]);
    let tempo = one("tempo", tempo).tempi().unwrap();
    assert_eq!(tempo, [Tempo { bpm: 139.0, strength: Some(0.25) }]);

    for namespace in ["segment_open", "segment_salami_upper", "chord", "chord_harte", "tag_open"] {
        let segments = one(namespace, json!([observation(0.0, json!("A"))])).segments().unwrap();
        assert_eq!(segments[0].label, "A", "{namespace}");
        assert_eq!((segments[0].start_s, segments[0].end_s), (0.0, 0.5));
    }
    let data = json!([observation(2.0, json!(null)), observation(1.0, json!(1.0))]);
    assert_eq!(one("onset", data).onsets(), [1.0, 2.0]);
}

#[test]
fn dense_data_are_the_same_as_sparse() {
    let dense = json!({
        "time": [0.5, 1.0], "duration": [0.5, 0.5], "value": [1, 2], "confidence": [null, null],
    });
    let sparse = json!([observation(0.5, json!(1)), observation(1.0, json!(2))]);
    assert_eq!(one("beat", dense), one("beat", sparse));
}

#[test]
fn unknown_namespaces_are_kept_and_named() {
    let contour =
        json!([observation(0.5, json!({"index": 0, "frequency": 440.0, "voiced": true}))]);
    let file = json!({
        "annotations": [
            {"namespace": "pitch_contour", "data": contour},
            {"namespace": "onset", "data": []},
            {"namespace": "pitch_contour", "data": []},
        ],
    });
    let jams = parse(&file.to_string()).unwrap();
    assert_eq!(jams.unknown_namespaces(), ["pitch_contour"]);
    let kept = jams.of_namespace("pitch_contour").next().unwrap();
    assert_eq!(kept.data[0].value["frequency"], 440.0);
    let error = kept.beats().unwrap_err().to_string();
    assert_eq!(error, "x.jams: annotations[0].namespace: `pitch_contour` does not hold beats");
}

#[test]
fn what_is_not_jams_is_named_with_its_place() {
    let annotation = |inner: &str| format!(r#"{{"annotations": [{inner}]}}"#);
    for (text, wanted) in [
        ("", "x.jams:1: not JSON"),
        ("{\n\n\"annotations\": [nan]}", "x.jams:3: not JSON"),
        ("[]", "x.jams: annotations: there is no such list: not a JAMS file"),
        ("{}", "x.jams: annotations: there is no such list"),
        (&annotation("{}"), "x.jams: annotations[0].namespace: no text here"),
        (&annotation(r#"{"namespace": "beat"}"#), "x.jams: annotations[0].data: neither a list"),
        (
            &annotation(r#"{"namespace": "beat", "data": [{"time": 1}, {"time": null}]}"#),
            "x.jams: annotations[0].data[1].time: null is no time from 0 to 1000000 s",
        ),
        (
            &annotation(r#"{"namespace": "beat", "data": [{"time": 1, "duration": -1}]}"#),
            "x.jams: annotations[0].data[0].duration: -1 is no time",
        ),
        (
            &annotation(r#"{"namespace": "beat", "data": {"time": [1, 2], "value": [1]}}"#),
            "x.jams: annotations[0].data.value: 1 values for 2 times",
        ),
        (
            &annotation(r#"{"namespace": "beat", "data": [], "duration": -2}"#),
            "x.jams: annotations[0].duration: -2 is no time",
        ),
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.starts_with(wanted), "{text}: {error}");
    }
    // No stack is exhausted by brackets within brackets.
    assert!(parse(&"[".repeat(100_000)).unwrap_err().contains("recursion"));
}

#[test]
fn values_are_checked_when_they_are_read() {
    let data = |value| json!([observation(0.0, json!("1")), observation(0.5, value)]);
    let error = one("tempo", data(json!(0))).tempi().unwrap_err().to_string();
    assert_eq!(
        error,
        "x.jams: annotations[0].data[0].value: \"1\" is no tempo above 0 to 10000 bpm"
    );
    let one_value = |namespace, value| one(namespace, json!([observation(0.0, value)]));
    assert!(one_value("beat", json!(1.5)).beats().is_err());
    assert!(one_value("beat", json!(-1)).beats().is_err());
    assert!(one_value("note_midi", json!(128)).notes().is_err());
    assert!(one_value("note_hz", json!(1e9)).notes().is_err());
    assert!(one_value("chord", json!(5)).segments().is_err());
    assert!(one_value("chord", json!("C")).notes().is_err());
}

#[test]
fn what_is_written_is_read() {
    let folder = TestFolder::new("jams-written", &[]);
    let path = folder.path().join("a.jams");
    let mut beat = JamsAnnotation::new(
        "beat",
        vec![
            Observation::new(0.1, 0.0, 1),
            Observation { confidence: Some(0.5), ..Observation::new(1.0 / 3.0, 0.0, 2) },
        ],
    );
    beat.time_s = Some(0.0);
    beat.duration_s = Some(30.0);
    beat.annotation_metadata.insert("corpus".into(), json!("a \"set\""));
    let other = JamsAnnotation::new(
        "unheard_of",
        vec![Observation::new(0.0, 1.0, json!({"x": [1, null]}))],
    );
    let mut jams = Jams { annotations: vec![beat, other], ..Jams::default() };
    jams.file_metadata.insert("duration".into(), json!(30.0));
    jams.sandbox.insert("note".into(), json!("é"));
    write_jams(&path, &jams).unwrap();
    let read = read_jams(&path).unwrap();
    assert_eq!(read, jams);
    assert_eq!(read.duration_s(), Some(30.0));
}
