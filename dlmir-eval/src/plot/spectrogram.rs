//! A spectrogram with its axes.

use plotters::style::text_anchor::{HPos, VPos};

use super::Svg;
use super::axis::{Axis, chart, picture_behind};
use super::canvas::{Picture, draw, px, text};
use super::colormap::heat;
use crate::png_image;

/// What [`spectrogram`] draws.
#[derive(Debug, Clone, Copy)]
pub struct Spectrogram<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// `[bands, frames]`, row-major, the lowest band first.
    pub values: &'a [f32],
    /// Centre of each band in Hz, rising; also tells the number of bands.
    pub band_hz: &'a [f32],
    /// Time of the first frame, in seconds.
    pub start_s: f64,
    /// Time from a frame to the next, in seconds: hop length over sample rate.
    pub frame_s: f64,
    /// Unit of the values, e.g. `dB`.
    pub unit: &'a str,
    /// Values of the darkest and the lightest colour; `None`: the smallest and the largest value.
    pub range: Option<(f32, f32)>,
}

/// Time to the right in seconds, frequency upwards in Hz wherever its bands are, light where there is
/// energy. Frequencies between two bands are placed by interpolation, so that any scale (linear, mel,
/// logarithmic) gets correct labels.
///
/// # Panics
///
/// If there are no bands or no frames, or the bands are not all of the same length.
#[track_caller]
pub fn spectrogram(plot: &Spectrogram<'_>) -> Svg {
    let (bands, values) = (plot.band_hz.len(), plot.values.len());
    assert!(
        bands > 0 && values > 0 && values.is_multiple_of(bands),
        "spectrogram: {values} values are no frames of {bands} bands"
    );
    let frames = values / bands;
    let (low, high) = plot.range.unwrap_or_else(|| extent(plot.values));
    let shade = |value: f32| f64::from((value - low) / (high - low).max(f32::MIN_POSITIVE));
    let rows = plot.values.chunks(frames).rev();
    let levels: Vec<u8> =
        rows.flatten().map(|&v| (255.0 * shade(v).clamp(0.0, 1.0)).round() as u8).collect();
    let palette: Vec<u8> = (0..=255).flat_map(|k| heat(f64::from(k) / 255.0)).collect();

    // A frame or band fills the space half way to its neighbours, hence the halves.
    let start = plot.start_s - 0.5 * plot.frame_s;
    let x = Axis::exact("time (s)", start, start + plot.frame_s * frames as f64, 10);
    let ticks = frequency_ticks(plot.band_hz);
    let y = Axis { label: "frequency (Hz)".into(), low: -0.5, high: bands as f64 - 0.5, ticks };

    draw(plot.title, (720.0, 300.0), |area, pictures| {
        let (area, bar) = area.split_horizontally(area.dim_in_pixel().0 as i32 - px(64.0));
        let chart = chart(&area, &x, &y, false)?;
        let field =
            picture_behind(&chart, png_image::encode_indexed(frames, bands, &levels, &palette));

        // The colour bar: 256 levels from top to bottom, its ends labelled.
        let (left, base) = bar.get_base_pixel();
        let (top, height) = (field.top, field.height);
        let png = png_image::encode_indexed(1, 256, &(0..=255).rev().collect::<Vec<_>>(), &palette);
        pictures.extend([field, Picture { left, top, width: px(12.0), height, png }]);
        let style = |v_pos| text(11.0, HPos::Left, v_pos);
        for (value, v_pos, y) in [(high, VPos::Top, top), (low, VPos::Bottom, top + height)] {
            let value = (10.0 * value).round() / 10.0 + 0.0; // the sum turns -0 into 0
            bar.draw_text(&format!("{value:.1}"), &style(v_pos), (px(17.0), y - base))?;
        }
        let middle = top + height / 2 - base;
        bar.draw_text(plot.unit, &style(VPos::Center), (px(17.0), middle))
    })
}

/// Smallest and largest finite value; 0 and 1 if there is none.
fn extent(values: &[f32]) -> (f32, f32) {
    let finite = values.iter().filter(|value| value.is_finite());
    let (low, high) = finite
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}

/// Round frequencies at the place between the bands where they belong, far enough apart to be read.
fn frequency_ticks(band_hz: &[f32]) -> Vec<(f64, String)> {
    let mut ticks: Vec<(f64, String)> = Vec::new();
    let closest = band_hz.len() as f64 / 14.0;
    let (first, last) = (band_hz[0], band_hz[band_hz.len() - 1]);
    let decades = [10.0, 100.0, 1000.0, 10_000.0_f32];
    // Where they collide the rounder number stays: first all ones, then fives, then twos and the rest.
    for factor in [1.0, 5.0, 2.0, 3.0, 7.0, 4.0, 6.0, 8.0, 9.0, 1.5] {
        for hz in decades.map(|decade| decade * factor) {
            if hz < first || hz > last {
                continue;
            }
            let at = place(band_hz, hz);
            if ticks.iter().all(|tick| (tick.0 - at).abs() >= closest) {
                ticks.push((at, format!("{hz}")));
            }
        }
    }
    ticks
}

/// The band number, with a fraction, at which a frequency lies.
fn place(band_hz: &[f32], hz: f32) -> f64 {
    let above = band_hz.partition_point(|&band| band < hz).min(band_hz.len() - 1);
    let below = above.saturating_sub(1);
    let gap = band_hz[above] - band_hz[below];
    if gap > 0.0 { below as f64 + f64::from((hz - band_hz[below]) / gap) } else { above as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequencies_are_placed_between_bands() {
        let bands = [0.0, 100.0, 300.0, 300.0];
        assert_eq!(place(&bands, 50.0), 0.5);
        assert_eq!(place(&bands, 200.0), 1.5);
        assert_eq!(place(&bands, 0.0), 0.0);
        assert_eq!(place(&[440.0], 440.0), 0.0);
    }

    #[test]
    fn ticks_keep_their_distance() {
        let linear: Vec<f32> = (0..1025).map(|k| k as f32 * 22_050.0 / 2048.0).collect();
        let logarithmic: Vec<f32> = (0..84).map(|k| 32.7 * 2_f32.powf(k as f32 / 12.0)).collect();
        for bands in [linear, logarithmic] {
            let ticks = frequency_ticks(&bands);
            assert!((4..=14).contains(&ticks.len()), "{ticks:?}");
            assert!(ticks.iter().any(|tick| tick.1 == "1000"), "{ticks:?}");
        }
    }
}
