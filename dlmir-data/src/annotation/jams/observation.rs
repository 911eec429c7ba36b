//! Observations, and the two forms in which JAMS stores them: a list of objects, or an object of lists ("dense").

use serde_json::{Value, json};

use crate::annotation::text::{TIME_RANGE, is_time, short};

/// One observation: what was heard from when to when.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The start in seconds.
    pub time_s: f64,
    /// The length in seconds, 0 for a moment.
    pub duration_s: f64,
    /// What was heard; the namespace says how to read it.
    pub value: Value,
    /// How sure the annotator is, in a unit of his own.
    pub confidence: Option<f64>,
}

impl Observation {
    /// An observation without confidence.
    pub fn new(time_s: f64, duration_s: f64, value: impl Into<Value>) -> Observation {
        Observation { time_s, duration_s, value: value.into(), confidence: None }
    }

    pub(super) fn to_json(&self) -> Value {
        let Observation { time_s, duration_s, value, confidence } = self;
        json!({"time": time_s, "duration": duration_s, "value": value, "confidence": confidence})
    }
}

/// What is wrong and where: `data[3].time`.
type Wrong = (String, String);

/// The observations of an annotation's `data`.
pub(super) fn read(data: Option<&Value>) -> Result<Vec<Observation>, Wrong> {
    match data {
        Some(Value::Array(list)) => list.iter().enumerate().map(sparse).collect(),
        Some(Value::Object(columns)) => {
            let column = |key: &str| columns.get(key).and_then(Value::as_array);
            let times = column("time").ok_or(("data.time".into(), "no list here".into()))?;
            for key in ["duration", "value", "confidence"] {
                let length = column(key).map_or(times.len(), Vec::len);
                if length != times.len() {
                    let problem = format!("{length} values for {} times", times.len());
                    return Err((format!("data.{key}"), problem));
                }
            }
            let cell = |key: &str, i: usize| column(key).map_or(&Value::Null, |list| &list[i]);
            let place = |key: &str, i: usize| format!("data.{key}[{i}]");
            let row = |i| observation(|key| cell(key, i), |key| place(key, i));
            (0..times.len()).map(row).collect()
        }
        _ => Err(("data".into(), "neither a list nor an object of lists".into())),
    }
}

fn sparse((i, value): (usize, &Value)) -> Result<Observation, Wrong> {
    observation(|key| &value[key], |key| format!("data[{i}].{key}"))
}

/// An observation from its four cells; those not there are null.
fn observation<'a>(
    cell: impl Fn(&str) -> &'a Value,
    place: impl Fn(&str) -> String,
) -> Result<Observation, Wrong> {
    let seconds = |key: &str| {
        let value = cell(key);
        value.as_f64().filter(|&s| is_time(s)).ok_or_else(|| {
            (place(key), format!("{} is no time from {TIME_RANGE}", short(&value.to_string())))
        })
    };
    let time_s = seconds("time")?;
    let duration_s = if cell("duration").is_null() { 0.0 } else { seconds("duration")? };
    let confidence = match cell("confidence") {
        Value::Null => None,
        value => {
            let wrong =
                || (place("confidence"), format!("{} is no number", short(&value.to_string())));
            Some(value.as_f64().ok_or_else(wrong)?)
        }
    };
    Ok(Observation { time_s, duration_s, value: cell("value").clone(), confidence })
}
