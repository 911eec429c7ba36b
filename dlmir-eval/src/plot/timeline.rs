//! Segments of a recording over time, and the probability they were decided by.

use std::collections::BTreeMap;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Axis, chart, time_axis};
use super::canvas::{INK, Key, color, draw, fitted, legend, px, text, text_width};
use super::{Svg, digits};

/// A stretch of time with a label.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment<'a> {
    /// In seconds.
    pub start_s: f64,
    /// In seconds.
    pub end_s: f64,
    /// Number of the class: its colour.
    pub class: usize,
    /// Written into the segment where there is room.
    pub label: &'a str,
}

/// What [`timeline`] draws.
#[derive(Debug, Clone, Copy)]
pub struct Timeline<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// Length of the recording in seconds.
    pub duration_s: f64,
    /// Rows of segments from the top, each with a name, e.g. `true` and `predicted`.
    pub rows: &'a [(&'a str, &'a [Segment<'a>])],
    /// Name of the curve, e.g. `P(music)`, and its points: time in seconds, probability. May be empty.
    pub curve: (&'a str, &'a [(f64, f64)]),
}

/// Rows of coloured segments over a common time axis, and below them a curve between 0 and 1 with a line
/// at one half.
pub fn timeline(plot: &Timeline<'_>) -> Svg {
    const ROW: f64 = 30.0;
    let has_curve = !plot.curve.1.is_empty();
    // One unit of the vertical axis is the height of the curve; rows stand above it, first on top.
    let curve_height = if has_curve { 130.0 } else { 0.0 };
    let total = curve_height + ROW * plot.rows.len().max(1) as f64;
    let unit = if has_curve { curve_height } else { ROW };
    let row_bottom = |k: usize| (total - ROW * (k + 1) as f64) / unit;
    let names = plot.rows.iter().enumerate();
    let mut ticks: Vec<_> = names
        .map(|(k, (name, _))| (row_bottom(k) + 0.5 * ROW / unit, fitted(name, 11.0, 90.0)))
        .collect();
    if has_curve {
        ticks.extend([
            (0.0, "0.0".to_owned()),
            (0.5 * CURVE_TOP, "0.5".to_owned()),
            (CURVE_TOP, "1.0".to_owned()),
        ]);
    }
    let y = Axis { label: String::new(), low: 0.0, high: total / unit, ticks };
    let x = Axis::exact("time (s)", 0.0, plot.duration_s, 12);

    let mut entries: Vec<_> = labels(plot.rows)
        .iter()
        .map(|(k, label)| (label.to_string(), color(*k), Key::Box))
        .collect();
    if has_curve {
        entries.push((plot.curve.0.to_owned(), INK, Key::Line));
    }
    let height = total + 52.0 + if entries.is_empty() { 0.0 } else { 22.0 };
    draw(plot.title, (600.0, height), |area, extras| {
        let area = legend(area, &entries)?;
        let mut chart = chart(&area, &x, &y, false)?;
        extras.time = Some(time_axis(&chart, &x));
        let pixels_per_second = {
            let (columns, _) = chart.plotting_area().get_pixel_range();
            f64::from(columns.end - columns.start) / f64::from(px(1.0)) / (x.high - x.low)
        };
        for (k, (_, segments)) in plot.rows.iter().enumerate() {
            let (bottom, top) = (row_bottom(k) + 3.0 / unit, row_bottom(k) + (ROW - 3.0) / unit);
            for segment in *segments {
                let (start, end) = (segment.start_s.max(0.0), segment.end_s.min(plot.duration_s));
                if start >= end {
                    continue;
                }
                let corners = [(start, bottom), (end, top)];
                let (fill, edge) = (color(segment.class).mix(0.45), color(segment.class));
                chart.draw_series([
                    Rectangle::new(corners, fill.filled()),
                    Rectangle::new(corners, edge.stroke_width(px(1.0) as u32)),
                ])?;
                let room = (end - start) * pixels_per_second - 6.0;
                if text_width(segment.label, 11.0) <= room {
                    let middle = ((start + end) / 2.0, (bottom + top) / 2.0);
                    let style = text(11.0, HPos::Center, VPos::Center);
                    chart.draw_series([Text::new(segment.label.to_owned(), middle, style)])?;
                }
            }
        }
        if has_curve {
            let half = [(x.low, 0.5 * CURVE_TOP), (x.high, 0.5 * CURVE_TOP)].into_iter();
            let style = INK.mix(0.5).stroke_width(px(1.0) as u32);
            chart.draw_series(DashedLineSeries::new(
                half,
                px(4.0) as u32,
                px(4.0) as u32,
                style,
            ))?;
            let points = plot.curve.1.iter().filter(|p| p.0.is_finite() && p.1.is_finite());
            let points = points.map(|&(t, p)| (t, p.clamp(0.0, 1.0) * CURVE_TOP));
            chart.draw_series(LineSeries::new(points, INK.stroke_width(px(1.5) as u32)))?;
        }
        Ok(())
    })
    .with_numbers(&["row", "from (s)", "to (s)", "value"], numbers(plot))
}

/// The segments of every row, then the points of the curve.
fn numbers(plot: &Timeline<'_>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for (name, segments) in plot.rows {
        for s in *segments {
            let label = s.label.to_owned();
            rows.push(vec![name.to_string(), digits(s.start_s), digits(s.end_s), label]);
        }
    }
    let (name, points) = plot.curve;
    for &(t, p) in points {
        rows.push(vec![name.to_owned(), digits(t), digits(t), digits(p)]);
    }
    rows
}

/// Each class that occurs, with its label.
fn labels<'a>(rows: &[(&str, &[Segment<'a>])]) -> BTreeMap<usize, &'a str> {
    let segments = rows.iter().flat_map(|row| row.1);
    segments.map(|segment| (segment.class, segment.label)).collect()
}

/// Probability 1 on the vertical axis: a little below the rows.
const CURVE_TOP: f64 = 0.94;
