//! Axes with ticks at round numbers.

use plotters::chart::ChartContext;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::canvas::{Area, Drawn, INK, Picture, TimeAxis, px, text, text_width};

/// A plane with axes, ready to be drawn on.
pub(super) type Chart<'a> = ChartContext<'a, SVGBackend<'a>, Cartesian2d<Axis, Axis>>;

/// One axis: its range, and where which text stands along it.
#[derive(Clone)]
pub(super) struct Axis {
    pub label: String,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// From `low` to `high` exactly, with about `n` round ticks between. An empty range is widened.
    pub fn exact(label: &str, low: f64, high: f64, n: usize) -> Self {
        let (low, high) = if low < high { (low, high) } else { widened(low) };
        let step = round_step((high - low) / n as f64);
        let ticks = (low / step - 1e-9).ceil() as i64..=(high / step + 1e-9).floor() as i64;
        let ticks = ticks.map(|k| k as f64 * step).map(|at| (at, format_tick(at, step))).collect();
        Self { label: label.to_owned(), low, high, ticks }
    }

    /// Wide enough for all the values that are finite, from one tick to another.
    pub fn around(label: &str, values: impl Iterator<Item = f64>, n: usize) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (low, high) = finite
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = match low.partial_cmp(&high) {
            Some(std::cmp::Ordering::Less) => (low, high),
            Some(std::cmp::Ordering::Equal) => widened(low),
            _ => (0.0, 1.0),
        };
        let step = round_step((high - low) / n as f64);
        let (low, high) = ((low / step + 1e-9).floor() * step, (high / step - 1e-9).ceil() * step);
        Self::exact(label, low, high, n)
    }

    /// From 0 to 1.
    pub fn unit(label: &str) -> Self {
        Self::exact(label, 0.0, 1.0, 5)
    }

    fn widest_tick(&self) -> f64 {
        self.ticks.iter().map(|tick| text_width(&tick.1, TICK_SIZE)).fold(0.0, f64::max)
    }
}

/// What plotters asks of an axis.
impl Ranged for Axis {
    type ValueType = f64;
    type FormatOption = NoDefaultFormatting;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let share = (value - self.low) / (self.high - self.low);
        from + (share * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|tick| tick.0).collect()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|tick| tick.0 == *value).map_or(String::new(), |t| t.1.clone())
    }
}

fn widened(value: f64) -> (f64, f64) {
    let by = if value == 0.0 { 1.0 } else { value.abs() * 0.1 };
    (value - by, value + by)
}

/// The smallest of 1, 2, 5 times a power of ten that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    factor.unwrap_or(10.0) * power
}

/// As many decimals as the step between ticks needs.
fn format_tick(at: f64, step: f64) -> String {
    if !(1e-5..1e6).contains(&step) {
        return format!("{at:e}");
    }
    let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
    let at = if at.abs() < step / 2.0 { 0.0 } else { at }; // no "-0.0"
    format!("{at:.decimals$}")
}

const TICK_SIZE: f64 = 12.0;

/// Space right of a chart and above it, in pixels, so that the last tick's text is not cut.
pub(super) const MARGIN: f64 = 14.0;

/// Draws the axes, with grid lines at the ticks, and gives back the plane between them.
pub(super) fn chart<'a>(area: &Area<'a>, x: &Axis, y: &Axis, grid: bool) -> Drawn<Chart<'a>> {
    let description = |axis: &Axis| if axis.label.is_empty() { 6.0 } else { 24.0 };
    let mut chart = ChartBuilder::on(area)
        .margin_right(px(MARGIN))
        .margin_top(px(6.0))
        .x_label_area_size(px(description(x) + 18.0))
        .y_label_area_size(px(description(y) + 10.0 + y.widest_tick()))
        .build_cartesian_2d(x.clone(), y.clone())?;
    let tick_text = text(TICK_SIZE, HPos::Center, VPos::Center);
    let mut mesh = chart.configure_mesh();
    if !grid {
        mesh.disable_mesh();
    }
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(INK.mix(0.15).stroke_width(px(1.0) as u32))
        .axis_style(INK.mix(0.7).stroke_width(px(1.0) as u32))
        .set_all_tick_mark_size(px(4.0))
        .label_style(tick_text.clone())
        .axis_desc_style(text(13.0, HPos::Center, VPos::Center))
        .x_desc(x.label.as_str())
        .y_desc(y.label.as_str())
        .draw()?;
    Ok(chart)
}

/// A picture that fills the plane of a chart.
pub(super) fn picture_behind(chart: &Chart<'_>, png: Vec<u8>) -> Picture {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    Picture {
        left: columns.start,
        top: rows.start,
        width: columns.end - columns.start,
        height: rows.end - rows.start,
        png,
        cells: false,
    }
}

/// Where time runs to the right in a chart.
pub(super) fn time_axis(chart: &Chart<'_>, x: &Axis) -> TimeAxis {
    let (columns, rows) = chart.plotting_area().get_pixel_range();
    TimeAxis {
        x: (columns.start, columns.end),
        seconds: (x.low, x.high),
        y: (rows.start, rows.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.1.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(&Axis::unit("")), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::exact("", 0.0, 30.0, 6)), ["0", "5", "10", "15", "20", "25", "30"]);
        assert_eq!(
            texts(&Axis::exact("", -0.02, 0.02, 4)),
            ["-0.02", "-0.01", "0.00", "0.01", "0.02"]
        );
        assert_eq!(texts(&Axis::exact("", 0.0, 4e-7, 2)), ["0e0", "2e-7", "4e-7"]);
    }

    #[test]
    fn values_lie_between_ticks() {
        let axis = Axis::around("", [0.13, 0.77, f64::NAN].into_iter(), 5);
        assert_eq!((axis.low, axis.high), (0.0, 0.8));
        for values in [&[][..], &[f64::NAN], &[0.0], &[-3.0], &[1e-30, 2e-30], &[1e300, -1e300]] {
            let axis = Axis::around("", values.iter().copied(), 5);
            assert!(axis.low < axis.high && axis.ticks.len() >= 2, "{values:?}");
            assert!(values.iter().all(|&v| v.is_nan() || (axis.low <= v && v <= axis.high)));
        }
    }
}
