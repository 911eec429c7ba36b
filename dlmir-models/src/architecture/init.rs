//! Initialisers in descriptions: a word, or an object where there are numbers.

use dlmir_nn::Init;
use serde_json::{Value, json};

use crate::ModelError;
use crate::json::{Fields, decimal};

const WORDS: [(Init, &str); 9] = [
    (Init::Zeros, "zeros"),
    (Init::Ones, "ones"),
    (Init::GlorotUniform, "glorot_uniform"),
    (Init::GlorotNormal, "glorot_normal"),
    (Init::HeUniform, "he_uniform"),
    (Init::HeNormal, "he_normal"),
    (Init::LeCunUniform, "lecun_uniform"),
    (Init::LeCunNormal, "lecun_normal"),
    (Init::PyTorchUniform, "pytorch_uniform"),
];

pub(super) fn to_json(init: Init) -> Value {
    let normal = |kind: &str, mean, stddev| json!({"kind": kind, "mean": decimal(mean), "stddev": decimal(stddev)});
    match init {
        Init::Constant(value) => json!({"kind": "constant", "value": decimal(value)}),
        Init::Uniform { low, high } => {
            json!({"kind": "uniform", "low": decimal(low), "high": decimal(high)})
        }
        Init::Normal { mean, stddev } => normal("normal", mean, stddev),
        Init::TruncatedNormal { mean, stddev } => normal("truncated_normal", mean, stddev),
        Init::Orthogonal { gain } => json!({"kind": "orthogonal", "gain": decimal(gain)}),
        // The engine may get initialisers that this file does not know yet: a reader will name them.
        other => {
            let found = WORDS.iter().find(|(word, _)| *word == other);
            found.map_or_else(|| json!(format!("{other:?}")), |(_, word)| json!(word))
        }
    }
}

pub(super) fn from_fields(fields: &mut Fields<'_>) -> Result<Init, ModelError> {
    let value = fields.value("init")?;
    if let Some(text) = value.as_str() {
        let found = WORDS.iter().find(|(_, word)| *word == text);
        let unknown = || fields.error(format!("unknown init `{text}`"));
        return found.map(|(init, _)| *init).ok_or_else(unknown);
    }
    let mut fields = Fields::of(value, "init")?;
    let init = match fields.str("kind")? {
        "constant" => Init::Constant(fields.f32("value")?),
        "uniform" => Init::Uniform { low: fields.f32("low")?, high: fields.f32("high")? },
        "normal" => Init::Normal { mean: fields.f32("mean")?, stddev: fields.f32("stddev")? },
        "truncated_normal" => {
            Init::TruncatedNormal { mean: fields.f32("mean")?, stddev: fields.f32("stddev")? }
        }
        "orthogonal" => Init::Orthogonal { gain: fields.f32("gain")? },
        other => return Err(fields.error(format!("unknown kind `{other}`"))),
    };
    fields.finish()?;
    Ok(init)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_initialiser_comes_back() {
        let with_numbers = [
            Init::Constant(0.1),
            Init::Uniform { low: -0.3, high: 0.7 },
            Init::Normal { mean: 0.0, stddev: 0.05 },
            Init::TruncatedNormal { mean: 0.5, stddev: 0.05 },
            Init::Orthogonal { gain: 1.0 },
        ];
        for init in WORDS.map(|(init, _)| init).into_iter().chain(with_numbers) {
            let layer = json!({"init": to_json(init)});
            let mut fields = Fields::of(&layer, "layer").unwrap();
            assert_eq!(from_fields(&mut fields).unwrap(), init, "{layer}");
        }
    }
}
