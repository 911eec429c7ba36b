//! JAMS, the JSON annotated music specification: several annotations of one recording in one file.
//!
//! ```text
//! { "file_metadata": {"title": ..., "artist": ..., "duration": 30.0, ...},
//!   "annotations": [
//!     { "namespace": "beat",
//!       "annotation_metadata": {...who, how...},  "sandbox": {...},  "time": 0.0, "duration": 30.0,
//!       "data": [ {"time": 0.5, "duration": 0.0, "value": 1, "confidence": null}, ... ] } ] }
//! ```
//!
//! The namespace says what `value` means. Known here:
//!
//! | namespace | value | read by |
//! | --- | --- | --- |
//! | `onset` | nothing | [`JamsAnnotation::onsets`] |
//! | `beat`, `beat_position` | position in the bar, or an object with it | [`JamsAnnotation::beats`] |
//! | `note_midi`, `note_hz`, `pitch_midi`, `pitch_hz` | MIDI number, frequency | [`JamsAnnotation::notes`] |
//! | `tempo` | beats per minute; `confidence` is its strength | [`JamsAnnotation::tempi`] |
//! | `segment_*`, `tag_*`, `chord`, `chord_harte`, `chord_roman`, `key_mode`, `lyrics`, `lyrics_bow` | a label | [`JamsAnnotation::segments`] |
//!
//! Other namespaces are kept as they are, observation by observation, and [`Jams::unknown_namespaces`] names them. What is written
//! ([`write_jams`]) reads back the same.
//!
//! E. Humphrey, J. Salamon, O. Nieto, J. Forsyth, R. Bittner, J. Bello, "JAMS: a JSON annotated music specification for reproducible
//! MIR research", ISMIR 2014; namespaces as in the schema of version 0.3.

mod observation;

use std::path::Path;

use serde_json::{Map, Value, json};

pub use observation::Observation;

use super::text::{self, is_time};
use super::{AnnotationError, Beat, LabelledSegment, Note, Tempo, hz_to_midi};

/// A JAMS file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Jams {
    /// Title, artist, release, duration and identifiers, as in the file; empty if it has none.
    pub file_metadata: Map<String, Value>,
    /// The annotations.
    pub annotations: Vec<JamsAnnotation>,
    /// Whatever else the file's maker stored.
    pub sandbox: Map<String, Value>,
}

/// One annotation: all observations of one kind by one annotator.
#[derive(Debug, Clone, PartialEq)]
pub struct JamsAnnotation {
    /// What the values mean, as in `beat`.
    pub namespace: String,
    /// The observations, in the order of the file.
    pub data: Vec<Observation>,
    /// Where the annotated part begins, in seconds.
    pub time_s: Option<f64>,
    /// How long the annotated part is, in seconds.
    pub duration_s: Option<f64>,
    /// Curator, annotator, version, rules, as in the file.
    pub annotation_metadata: Map<String, Value>,
    /// Whatever else the annotation's maker stored.
    pub sandbox: Map<String, Value>,
    /// The annotation's place in the file, and the file, for messages.
    origin: Origin,
}

/// Where an annotation came from. It does not count in a comparison.
#[derive(Debug, Clone, Default)]
struct Origin {
    name: std::path::PathBuf,
    index: usize,
}

impl PartialEq for Origin {
    fn eq(&self, _: &Origin) -> bool {
        true
    }
}

impl Jams {
    /// The length of the recording in seconds, if the file says.
    pub fn duration_s(&self) -> Option<f64> {
        self.file_metadata.get("duration").and_then(Value::as_f64)
    }

    /// The annotations of a namespace, in the order of the file.
    pub fn of_namespace<'a>(
        &'a self,
        namespace: &'a str,
    ) -> impl Iterator<Item = &'a JamsAnnotation> {
        self.annotations.iter().filter(move |a| a.namespace == namespace)
    }

    /// The names of the namespaces that no reader here knows, each once, in the order of the file: to be told to the user.
    pub fn unknown_namespaces(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for annotation in &self.annotations {
            let name = annotation.namespace.as_str();
            if kind(name) == Kind::Unknown && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// What a namespace's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Onset,
    Beat,
    Midi,
    Hertz,
    Tempo,
    Text,
    Unknown,
}

fn kind(namespace: &str) -> Kind {
    match namespace {
        "onset" => Kind::Onset,
        "beat" | "beat_position" => Kind::Beat,
        "note_midi" | "pitch_midi" => Kind::Midi,
        "note_hz" | "pitch_hz" => Kind::Hertz,
        "tempo" => Kind::Tempo,
        "chord" | "chord_harte" | "chord_roman" | "key_mode" | "lyrics" | "lyrics_bow" => {
            Kind::Text
        }
        other if other.starts_with("segment_") || other.starts_with("tag_") => Kind::Text,
        _ => Kind::Unknown,
    }
}

impl JamsAnnotation {
    /// An annotation of these observations and nothing else.
    pub fn new(namespace: impl Into<String>, data: Vec<Observation>) -> JamsAnnotation {
        JamsAnnotation {
            namespace: namespace.into(),
            data,
            time_s: None,
            duration_s: None,
            annotation_metadata: Map::new(),
            sandbox: Map::new(),
            origin: Origin::default(),
        }
    }

    /// The times of the observations in seconds, ascending, of any namespace: those of `onset`, of notes, of beats.
    pub fn onsets(&self) -> Vec<f64> {
        let mut times: Vec<f64> = self.data.iter().map(|o| o.time_s).collect();
        times.sort_by(f64::total_cmp);
        times
    }

    /// The beats, ascending in time. The value is the position in the bar (`beat`) or an object with `position`
    /// (`beat_position`).
    ///
    /// # Errors
    /// If the namespace is another, or a value is neither null nor a whole number from 0 to 255.
    pub fn beats(&self) -> Result<Vec<Beat>, AnnotationError> {
        self.want(&[Kind::Beat], "beats")?;
        self.each(|o| {
            let value =
                if self.namespace == "beat_position" { &o.value["position"] } else { &o.value };
            let whole = |p: &f64| p.fract() == 0.0 && (0.0..=255.0).contains(p);
            let position = match value {
                Value::Null => None,
                value => {
                    Some(value.as_f64().filter(whole).ok_or("no whole number from 0 to 255")? as u8)
                }
            };
            Ok((o.time_s, Some(Beat { time_s: o.time_s, position })))
        })
    }

    /// The notes, ascending in onset. A frequency that is not above 0 means unvoiced, and is left out.
    ///
    /// # Errors
    /// If the namespace is another, or a value is no pitch from MIDI 0 to 127.
    pub fn notes(&self) -> Result<Vec<Note>, AnnotationError> {
        let kind = self.want(&[Kind::Midi, Kind::Hertz], "notes")?;
        self.each(|o| {
            let number = o.value.as_f64().ok_or("no number")?;
            if kind == Kind::Hertz && number <= 0.0 {
                return Ok((o.time_s, None));
            }
            let pitch_midi = if kind == Kind::Hertz { hz_to_midi(number) } else { number };
            if !(0.0..=127.0).contains(&pitch_midi) {
                return Err("no pitch from MIDI 0 to 127");
            }
            let (onset_s, offset_s) = (o.time_s, o.time_s + o.duration_s);
            let (velocity, label) = (None, None);
            Ok((o.time_s, Some(Note { onset_s, offset_s, pitch_midi, velocity, label })))
        })
    }

    /// The tempi, in the order of their times, with the observation's confidence as strength.
    ///
    /// # Errors
    /// If the namespace is another, or a value is not above 0 and at most 10 000 bpm.
    pub fn tempi(&self) -> Result<Vec<Tempo>, AnnotationError> {
        self.want(&[Kind::Tempo], "tempi")?;
        self.each(|o| {
            let bpm = o.value.as_f64().filter(|&bpm| bpm > 0.0 && bpm <= 1e4);
            let bpm = bpm.ok_or("no tempo above 0 to 10000 bpm")?;
            Ok((o.time_s, Some(Tempo { bpm, strength: o.confidence })))
        })
    }

    /// The observations as segments with labels, ascending in start: song sections, chords, tags, keys, words.
    ///
    /// # Errors
    /// If the namespace is another, or a value is not a text.
    pub fn segments(&self) -> Result<Vec<LabelledSegment>, AnnotationError> {
        self.want(&[Kind::Text], "labelled segments")?;
        self.each(|o| {
            let text = match &o.value {
                Value::Null => "",
                // `chord_roman` and hierarchical segments keep theirs in an object.
                Value::Object(fields) => ["chord", "label"]
                    .iter()
                    .find_map(|&key| fields.get(key)?.as_str())
                    .ok_or("no text, nor an object with `label` or `chord`")?,
                value => value.as_str().ok_or("no text")?,
            };
            let (start_s, end_s) = (o.time_s, o.time_s + o.duration_s);
            Ok((start_s, Some(LabelledSegment { start_s, end_s, label: text.to_owned() })))
        })
    }

    fn want(&self, kinds: &[Kind], what: &str) -> Result<Kind, AnnotationError> {
        let kind = kind(&self.namespace);
        if kinds.contains(&kind) {
            return Ok(kind);
        }
        Err(self
            .error("namespace", format!("`{}` does not hold {what}", text::short(&self.namespace))))
    }

    /// What `read` makes of each observation, sorted by the time that it gives.
    fn each<T>(
        &self,
        read: impl Fn(&Observation) -> Result<(f64, Option<T>), &'static str>,
    ) -> Result<Vec<T>, AnnotationError> {
        let mut all = Vec::with_capacity(self.data.len());
        for (i, observation) in self.data.iter().enumerate() {
            let (time, item) = read(observation).map_err(|problem| {
                let value = text::short(&observation.value.to_string());
                self.error(&format!("data[{i}].value"), format!("{value} is {problem}"))
            })?;
            all.extend(item.map(|item| (time, item)));
        }
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(all.into_iter().map(|(_, item)| item).collect())
    }

    fn error(&self, place: &str, problem: String) -> AnnotationError {
        let Origin { name, index } = &self.origin;
        let place = format!("annotations[{index}].{place}");
        AnnotationError::Jams { path: name.clone(), place, problem }
    }
}

/// Reads a JAMS file.
///
/// # Errors
/// If the file cannot be read, is not JSON (nor is NaN, which Python may write), or not JAMS: an annotation without namespace, an
/// observation without time, a time or duration that is negative.
pub fn read_jams(path: impl AsRef<Path>) -> Result<Jams, AnnotationError> {
    let path = path.as_ref();
    parse_jams(&text::read_bytes(path)?, path)
}

/// As [`read_jams`], from bytes; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_jams`].
pub fn parse_jams(bytes: &[u8], name: impl AsRef<Path>) -> Result<Jams, AnnotationError> {
    let name = name.as_ref();
    let value: Value = serde_json::from_str(text::decode(bytes, name)?).map_err(|error| {
        let problem = error.to_string();
        AnnotationError::Json { path: name.to_owned(), line: error.line(), problem }
    })?;
    let wrong = |(place, problem): (String, String)| {
        let path = name.to_owned();
        AnnotationError::Jams { path, place, problem }
    };
    let list = value.get("annotations").and_then(Value::as_array);
    let none = || ("annotations".to_string(), "there is no such list: not a JAMS file".to_string());
    let list = list.ok_or_else(none).map_err(wrong)?;
    let annotation = |(index, value)| annotation(value, name, index);
    let annotations = list.iter().enumerate().map(annotation).collect::<Result<_, _>>();
    Ok(Jams {
        file_metadata: object(&value, "file_metadata"),
        annotations: annotations.map_err(wrong)?,
        sandbox: object(&value, "sandbox"),
    })
}

fn annotation(
    value: &Value,
    name: &Path,
    index: usize,
) -> Result<JamsAnnotation, (String, String)> {
    let place = |field: &str| format!("annotations[{index}].{field}");
    let namespace = value.get("namespace").and_then(Value::as_str);
    let namespace = namespace.ok_or_else(|| (place("namespace"), "no text here".into()))?;
    let seconds = |field: &str| match value.get(field) {
        None | Some(Value::Null) => Ok(None),
        Some(number) => match number.as_f64().filter(|&s| is_time(s)) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err((place(field), format!("{} is no time", text::short(&number.to_string())))),
        },
    };
    let data =
        observation::read(value.get("data")).map_err(|(at, problem)| (place(&at), problem))?;
    Ok(JamsAnnotation {
        time_s: seconds("time")?,
        duration_s: seconds("duration")?,
        annotation_metadata: object(value, "annotation_metadata"),
        sandbox: object(value, "sandbox"),
        origin: Origin { name: name.to_owned(), index },
        ..JamsAnnotation::new(namespace, data)
    })
}

/// The object in a field; empty if there is none.
fn object(value: &Value, field: &str) -> Map<String, Value> {
    value.get(field).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Writes a JAMS file. The file is replaced as a whole.
///
/// # Errors
/// If the file cannot be written.
pub fn write_jams(path: impl AsRef<Path>, jams: &Jams) -> Result<(), AnnotationError> {
    let annotations = jams.annotations.iter().map(|a| {
        json!({
            "namespace": a.namespace,
            "data": a.data.iter().map(Observation::to_json).collect::<Vec<_>>(),
            "time": a.time_s,
            "duration": a.duration_s,
            "annotation_metadata": a.annotation_metadata,
            "sandbox": a.sandbox,
        })
    });
    let value = json!({
        "file_metadata": jams.file_metadata,
        "annotations": annotations.collect::<Vec<_>>(),
        "sandbox": jams.sandbox,
    });
    text::write_text(path.as_ref(), &format!("{value:#}\n"))
}

#[cfg(test)]
mod tests;
