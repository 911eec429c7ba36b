//! A front end's settings as JSON.

use dlmir_audio::{DbConfig, DbReference, LogMelConfig, LogScale, MelNorm, PadMode, Window};
use serde_json::{Value, json};

use super::FrontEnd;
use crate::ModelError;
use crate::json::{Fields, decimal};

/// The settings that are choices. Each has its word in an exhaustive match below, so that a choice that
/// comes later cannot be forgotten there.
const WINDOWS: [Window; 4] = [Window::Hann, Window::Hamming, Window::Blackman, Window::Rectangular];
const PADS: [PadMode; 5] =
    [PadMode::Zero, PadMode::Reflect, PadMode::Symmetric, PadMode::Edge, PadMode::LinearRamp];
const NORMS: [MelNorm; 2] = [MelNorm::Slaney, MelNorm::None];

fn window_word(window: Window) -> &'static str {
    match window {
        Window::Hann => "hann",
        Window::Hamming => "hamming",
        Window::Blackman => "blackman",
        Window::Rectangular => "rectangular",
    }
}

fn pad_word(pad: PadMode) -> &'static str {
    match pad {
        PadMode::Zero => "zero",
        PadMode::Reflect => "reflect",
        PadMode::Symmetric => "symmetric",
        PadMode::Edge => "edge",
        PadMode::LinearRamp => "linear_ramp",
    }
}

fn norm_word(norm: MelNorm) -> &'static str {
    match norm {
        MelNorm::Slaney => "slaney",
        MelNorm::None => "none",
    }
}

pub(super) fn write(front_end: &FrontEnd) -> Value {
    let config = front_end.config();
    json!({
        "kind": "log_mel",
        "sample_rate": config.sample_rate,
        "n_fft": config.n_fft,
        "win_length": config.win_length.unwrap_or(config.n_fft),
        "hop_length": config.hop_length,
        "window": window_word(config.window),
        "center": config.center,
        "pad": pad_word(config.pad),
        "n_mels": config.n_mels,
        "f_min_hz": config.f_min_hz,
        "f_max_hz": config.f_max_hz,
        "htk": config.htk,
        "norm": norm_word(config.norm),
        "scale": write_scale(config.scale),
        "frames": front_end.frames,
        "segment_hop": front_end.segment_hop,
    })
}

pub(super) fn read(value: &Value) -> Result<FrontEnd, ModelError> {
    let mut fields = Fields::of(value, "front end")?;
    match fields.str("kind")? {
        "log_mel" => {}
        other => return Err(fields.error(format!("unknown kind `{other}`"))),
    }
    let config = LogMelConfig {
        sample_rate: fields.usize("sample_rate")? as u32,
        n_fft: fields.usize("n_fft")?,
        win_length: Some(fields.usize("win_length")?),
        hop_length: fields.usize("hop_length")?,
        window: choice(&WINDOWS, window_word, "window", &mut fields)?,
        center: fields.bool("center")?,
        pad: choice(&PADS, pad_word, "pad", &mut fields)?,
        n_mels: fields.usize("n_mels")?,
        f_min_hz: fields.f64("f_min_hz")?,
        f_max_hz: fields.f64("f_max_hz")?,
        htk: fields.bool("htk")?,
        norm: choice(&NORMS, norm_word, "norm", &mut fields)?,
        scale: read_scale(fields.value("scale")?)?,
    };
    let (frames, segment_hop) = (fields.usize("frames")?, fields.usize("segment_hop")?);
    fields.finish()?;
    FrontEnd::new(config, frames, segment_hop)
}

fn write_scale(scale: LogScale) -> Value {
    match scale {
        LogScale::Db(DbConfig { reference, amin, top_db }) => json!({
            "kind": "db",
            "reference": match reference {
                DbReference::Value(value) => decimal(value),
                DbReference::Max => json!("max"),
            },
            "amin": decimal(amin),
            "top_db": top_db.map(decimal),
        }),
        LogScale::Log1p { gain } => json!({"kind": "log1p", "gain": decimal(gain)}),
    }
}

fn read_scale(value: &Value) -> Result<LogScale, ModelError> {
    let mut fields = Fields::of(value, "front end, scale")?;
    let scale = match fields.str("kind")? {
        "db" => LogScale::Db(DbConfig {
            reference: match fields.value("reference")? {
                Value::String(word) if word == "max" => DbReference::Max,
                _ => DbReference::Value(fields.f32("reference")?),
            },
            amin: fields.f32("amin")?,
            top_db: match fields.value("top_db")? {
                Value::Null => None,
                _ => Some(fields.f32("top_db")?),
            },
        }),
        "log1p" => LogScale::Log1p { gain: fields.f32("gain")? },
        other => return Err(fields.error(format!("unknown kind `{other}`"))),
    };
    fields.finish()?;
    Ok(scale)
}

fn choice<T: Copy>(
    choices: &[T],
    word: impl Fn(T) -> &'static str,
    name: &'static str,
    fields: &mut Fields<'_>,
) -> Result<T, ModelError> {
    let text = fields.str(name)?;
    let found = choices.iter().copied().find(|choice| word(*choice) == text);
    let unknown = || fields.error(format!("`{name}` cannot be `{text}`"));
    found.ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_scale(scale: LogScale) -> FrontEnd {
        let config = LogMelConfig {
            window: Window::Blackman,
            pad: PadMode::Reflect,
            norm: MelNorm::None,
            f_min_hz: 27.5,
            scale,
            ..LogMelConfig::new(22_050)
        };
        FrontEnd::new(config, 80, 40).unwrap()
    }

    #[test]
    fn settings_come_back_from_text() {
        let db = DbConfig { reference: DbReference::Max, amin: 1e-10, top_db: None };
        let fixed = DbConfig { reference: DbReference::Value(0.1), top_db: Some(60.0), ..db };
        for scale in [LogScale::Db(db), LogScale::Db(fixed), LogScale::Log1p { gain: 1e4 }] {
            let front_end = with_scale(scale);
            let text = front_end.to_json().to_string();
            let back = FrontEnd::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(back, front_end);
        }
    }

    #[test]
    fn wrong_fields_are_named() {
        let message = |name: &str, value: Value| {
            let mut json = with_scale(LogScale::Log1p { gain: 1.0 }).to_json();
            json[name] = value;
            FrontEnd::from_json(&json).unwrap_err().to_string()
        };
        assert_eq!(message("window", json!("kaiser")), "front end: `window` cannot be `kaiser`");
        assert_eq!(message("hop", json!(512)), "front end: unknown field `hop`");
        assert_eq!(message("kind", json!("cqt")), "front end: unknown kind `cqt`");
        assert_eq!(
            message("scale", json!({"kind": "db", "reference": 1, "amin": "small", "top_db": 80})),
            "front end, scale: `amin` wants a number, found \"small\""
        );
    }
}
