//! Names of initialisers in descriptions.

use dlmir_nn::Init;
use serde_json::{Value, json};

use crate::ModelError;
use crate::json::Fields;

pub(super) fn to_json(init: Init) -> Value {
    match init {
        Init::GlorotUniform => json!("glorot_uniform"),
        other => unreachable!("{other:?} has no name in descriptions"),
    }
}

pub(super) fn from_fields(fields: &mut Fields<'_>) -> Result<Init, ModelError> {
    Ok(match fields.str("init")? {
        "glorot_uniform" => Init::GlorotUniform,
        other => return Err(fields.error(format!("unknown init `{other}`"))),
    })
}
