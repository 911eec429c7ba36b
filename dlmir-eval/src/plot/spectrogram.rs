//! A spectrogram with its axes.

use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Axis, chart, picture_behind, time_axis};
use super::canvas::{Picture, draw, px, text};
use super::colormap::heat;
use super::musical::{FrequencyScale, TimeScale};
use super::{Svg, digits};
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
/// logarithmic) gets correct labels. The table of numbers below it sums up each band.
///
/// # Panics
///
/// If there are no bands or no frames, or the bands are not all of the same length.
#[track_caller]
pub fn spectrogram(plot: &Spectrogram<'_>) -> Svg {
    musical_spectrogram(plot, FrequencyScale::Hz, TimeScale::Seconds)
}

/// [`spectrogram()`] with the axes that a musician reads: mel or note names instead of Hz, bars instead of
/// seconds. The picture is the same, only what is written beside it changes.
///
/// # Panics
///
/// As [`spectrogram()`].
#[track_caller]
pub fn musical_spectrogram(
    plot: &Spectrogram<'_>,
    frequency: FrequencyScale,
    time: TimeScale<'_>,
) -> Svg {
    let (levels, frames, (low, high)) = levels(plot);
    let bands = plot.band_hz.len();
    let palette: Vec<u8> = (0..=255).flat_map(|k| heat(f64::from(k) / 255.0)).collect();

    // A frame or band fills the space half way to its neighbours, hence the halves.
    let start = plot.start_s - 0.5 * plot.frame_s;
    let x = time.axis(start, start + plot.frame_s * frames as f64, 10);
    let ticks = frequency.ticks(plot.band_hz);
    let y = Axis { label: frequency.label(), low: -0.5, high: bands as f64 - 0.5, ticks };

    draw(plot.title, (600.0, 300.0), |area, extras| {
        let (area, bar) = area.split_horizontally(area.dim_in_pixel().0 as i32 - px(64.0));
        let chart = chart(&area, &x, &y, false)?;
        extras.time = Some(time_axis(&chart, &x));
        let field =
            picture_behind(&chart, png_image::encode_indexed(frames, bands, &levels, &palette));

        // The colour bar: 256 levels from top to bottom, its ends labelled.
        let (left, base) = bar.get_base_pixel();
        let (top, height) = (field.top, field.height);
        let png = png_image::encode_indexed(1, 256, &(0..=255).rev().collect::<Vec<_>>(), &palette);
        extras
            .pictures
            .extend([field, Picture { left, top, width: px(12.0), height, png, cells: false }]);
        let style = |v_pos| text(12.0, HPos::Left, v_pos);
        for (value, v_pos, y) in [(high, VPos::Top, top), (low, VPos::Bottom, top + height)] {
            let value = (10.0 * value).round() / 10.0 + 0.0; // the sum turns -0 into 0
            bar.draw_text(&format!("{value:.1}"), &style(v_pos), (px(17.0), y - base))?;
        }
        let middle = top + height / 2 - base;
        bar.draw_text(plot.unit, &style(VPos::Center), (px(17.0), middle))
    })
    .with_numbers(
        &["band", "centre (Hz)", "lowest", "mean", "highest"],
        plot.values.chunks(frames).enumerate().map(|(k, row)| of_band(plot, k, row)).collect(),
    )
}

/// The picture of a spectrogram alone, as the bytes of a PNG file: a pixel per band and frame, the lowest
/// band at the bottom, in the colours of [`heat`]. For slides, thumbnails and TensorBoard.
///
/// # Panics
///
/// As [`spectrogram()`].
#[track_caller]
pub fn spectrogram_png(plot: &Spectrogram<'_>) -> Vec<u8> {
    let (levels, frames, _) = levels(plot);
    let palette: Vec<u8> = (0..=255).flat_map(|k| heat(f64::from(k) / 255.0)).collect();
    png_image::encode_indexed(frames, plot.band_hz.len(), &levels, &palette)
}

/// Values as 256 steps between the ends of the range, highest band first; the number of frames; the range.
#[track_caller]
fn levels(plot: &Spectrogram<'_>) -> (Vec<u8>, usize, (f32, f32)) {
    let (bands, values) = (plot.band_hz.len(), plot.values.len());
    assert!(
        bands > 0 && values > 0 && values.is_multiple_of(bands),
        "spectrogram: {values} values are no frames of {bands} bands"
    );
    let frames = values / bands;
    let (low, high) = plot.range.unwrap_or_else(|| extent(plot.values));
    let shade = |value: f32| f64::from((value - low) / (high - low).max(f32::MIN_POSITIVE));
    let rows = plot.values.chunks(frames).rev();
    let levels = rows.flatten().map(|&v| (255.0 * shade(v).clamp(0.0, 1.0)).round() as u8);
    (levels.collect(), frames, (low, high))
}

/// A picture has too many numbers for a table; this sums up a band.
fn of_band(plot: &Spectrogram<'_>, band: usize, row: &[f32]) -> Vec<String> {
    let finite: Vec<f64> = row.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v)).collect();
    let mean = finite.iter().sum::<f64>() / finite.len() as f64;
    let low = finite.iter().copied().fold(f64::NAN, f64::min);
    let high = finite.iter().copied().fold(f64::NAN, f64::max);
    let hz = f64::from(plot.band_hz[band]);
    vec![band.to_string(), digits(hz), digits(low), digits(mean), digits(high)]
}

/// Smallest and largest finite value; 0 and 1 if there is none.
pub(super) fn extent(values: &[f32]) -> (f32, f32) {
    let finite = values.iter().filter(|value| value.is_finite());
    let (low, high) = finite
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), v| (low.min(*v), high.max(*v)));
    if low <= high { (low, high) } else { (0.0, 1.0) }
}
