//! Reading JSON strictly: every field of an object is asked for by name, and none may be left over.
//!
//! A description that silently ignores `"strid": [2, 2]` builds another network than its author meant.

use serde_json::{Map, Value};

use crate::ModelError;

/// A JSON object whose fields are taken one by one.
pub(crate) struct Fields<'a> {
    place: String,
    map: &'a Map<String, Value>,
    taken: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`, which `place` names in error messages.
    pub(crate) fn of(value: &'a Value, place: impl Into<String>) -> Result<Self, ModelError> {
        let place = place.into();
        match value {
            Value::Object(map) => Ok(Fields { place, map, taken: Vec::new() }),
            _ => Err(ModelError::description(place, format!("wants an object, found {value}"))),
        }
    }

    /// Changes the name in messages, for instance once the object's own name has been read.
    pub(crate) fn rename(&mut self, place: impl Into<String>) {
        self.place = place.into();
    }

    /// The field's value; `null` counts as a value, absence is an error.
    pub(crate) fn value(&mut self, name: &'static str) -> Result<&'a Value, ModelError> {
        self.taken.push(name);
        self.map.get(name).ok_or_else(|| self.error(format!("the field `{name}` is missing")))
    }

    fn typed<T>(
        &mut self,
        name: &'static str,
        wanted: &str,
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Result<T, ModelError> {
        let value = self.value(name)?;
        read(value).ok_or_else(|| self.error(format!("`{name}` wants {wanted}, found {value}")))
    }

    pub(crate) fn str(&mut self, name: &'static str) -> Result<&'a str, ModelError> {
        self.typed(name, "a text", Value::as_str)
    }

    pub(crate) fn bool(&mut self, name: &'static str) -> Result<bool, ModelError> {
        self.typed(name, "true or false", Value::as_bool)
    }

    pub(crate) fn usize(&mut self, name: &'static str) -> Result<usize, ModelError> {
        self.typed(name, "a whole number below 2^32", as_usize)
    }

    /// A count without a bound, for what is compared and counted on but never allocated.
    pub(crate) fn u64(&mut self, name: &'static str) -> Result<u64, ModelError> {
        self.typed(name, "a whole number", Value::as_u64)
    }

    pub(crate) fn f64(&mut self, name: &'static str) -> Result<f64, ModelError> {
        self.typed(name, "a number", Value::as_f64)
    }

    /// A number that [`decimal`] wrote.
    pub(crate) fn f32(&mut self, name: &'static str) -> Result<f32, ModelError> {
        self.typed(name, "a number", |v| v.as_f64().map(|x| x as f32))
    }

    pub(crate) fn list(&mut self, name: &'static str) -> Result<&'a [Value], ModelError> {
        self.typed(name, "a list", |v| v.as_array().map(Vec::as_slice))
    }

    /// A list of whole numbers, such as a shape.
    pub(crate) fn sizes(&mut self, name: &'static str) -> Result<Vec<usize>, ModelError> {
        self.typed(name, "a list of whole numbers", |v| {
            v.as_array()?.iter().map(as_usize).collect()
        })
    }

    /// Two whole numbers: `[freq, time]`.
    pub(crate) fn pair(&mut self, name: &'static str) -> Result<[usize; 2], ModelError> {
        let sizes = self.sizes(name)?;
        let wrong = || self.error(format!("`{name}` wants two whole numbers, found {sizes:?}"));
        <[usize; 2]>::try_from(sizes.as_slice()).map_err(|_| wrong())
    }

    /// A list of texts.
    pub(crate) fn strings(&mut self, name: &'static str) -> Result<Vec<String>, ModelError> {
        let text = |v: &Value| v.as_str().map(str::to_string);
        self.typed(name, "a list of texts", |v| v.as_array()?.iter().map(text).collect())
    }

    /// A field that may be absent, read by `read`.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl Fn(&mut Self, &'static str) -> Result<T, ModelError>,
    ) -> Result<Option<T>, ModelError> {
        self.map.contains_key(name).then(|| read(self, name)).transpose()
    }

    /// An error about this object.
    pub(crate) fn error(&self, problem: impl Into<String>) -> ModelError {
        ModelError::description(&self.place, problem)
    }

    /// Ends the reading; a field that nobody asked for is an error.
    pub(crate) fn finish(self) -> Result<(), ModelError> {
        match self.map.keys().find(|key| !self.taken.contains(&key.as_str())) {
            Some(key) => Err(self.error(format!("unknown field `{key}`"))),
            None => Ok(()),
        }
    }
}

/// Below 2^32, so that the sum of a few sizes cannot overflow.
fn as_usize(value: &Value) -> Option<usize> {
    u32::try_from(value.as_u64()?).ok().map(|size| size as usize)
}

/// A 32-bit number with as few digits as tell it from its neighbours: 0.001, not
/// 0.0010000000474974513. Not a number and infinity become `null`.
pub(crate) fn decimal(x: f32) -> Value {
    x.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_wrong_is_named() {
        let value = json!({"units": 3, "rate": "fast", "extra": 1});
        let mut fields = Fields::of(&value, "layer `dense1`").unwrap();
        assert_eq!(fields.usize("units").unwrap(), 3);
        let message = |result: Result<f32, ModelError>| result.unwrap_err().to_string();
        assert_eq!(
            message(fields.f32("rate")),
            "layer `dense1`: `rate` wants a number, found \"fast\""
        );
        assert_eq!(message(fields.f32("bias")), "layer `dense1`: the field `bias` is missing");
        assert_eq!(
            fields.finish().unwrap_err().to_string(),
            "layer `dense1`: unknown field `extra`"
        );
        let error = Fields::of(&json!([1]), "layer 1").err().unwrap();
        assert_eq!(error.to_string(), "layer 1: wants an object, found [1]");
    }

    #[test]
    fn sizes_are_whole_and_not_negative() {
        let value = json!({"a": [2, 3], "b": [2, -3], "c": [2.5, 1], "d": [1]});
        let mut fields = Fields::of(&value, "x").unwrap();
        assert_eq!(fields.pair("a").unwrap(), [2, 3]);
        for name in ["b", "c", "d"] {
            assert!(fields.pair(name).is_err(), "{name}");
        }
    }

    proptest! {
        #[test]
        fn decimals_come_back_bit_for_bit(bits: u32) {
            let x = f32::from_bits(bits);
            prop_assume!(x.is_finite());
            let text = decimal(x).to_string();
            let back = serde_json::from_str::<Value>(&text).unwrap().as_f64().unwrap() as f32;
            prop_assert_eq!(back.to_bits(), bits, "{}", text);
        }
    }
}
