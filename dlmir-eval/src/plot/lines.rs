//! Curves: loss over epochs, ROC, anything over anything.

use plotters::prelude::*;

use super::axis::{Axis, Chart, chart};
use super::canvas::{Drawn, INK, Key, color, draw, legend, px};
use super::{Svg, digits};
use crate::RocCurve;

/// One curve of a [`LineChart`].
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// Shown in the legend.
    pub name: &'a str,
    /// (x, y) in the order in which they are joined. A point that is not finite interrupts the line.
    pub points: &'a [(f64, f64)],
    /// Drawn with dashes.
    pub dashed: bool,
    /// Number of the colour: 0 blue, 1 orange, 2 green, 3 vermilion, 4 purple, 5 sky blue, then again.
    pub color: usize,
}

/// What [`line_chart`] draws.
#[derive(Debug, Clone, Copy)]
pub struct LineChart<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// What runs to the right, with its unit.
    pub x_label: &'a str,
    /// What runs upwards, with its unit.
    pub y_label: &'a str,
    /// The curves.
    pub series: &'a [Series<'a>],
}

/// Curves over a common x axis; the axes are made wide enough for all of them.
pub fn line_chart(plot: &LineChart<'_>) -> Svg {
    let points = || plot.series.iter().flat_map(|series| series.points).filter(finite);
    let x = Axis::around(plot.x_label, points().map(|p| p.0), 8);
    let y = Axis::around(plot.y_label, points().map(|p| p.1), 6);
    curves(plot, (580.0, 330.0), (&x, &y), |_| Ok(()))
}

/// Training and validation values of one model, an entry per epoch from the first on.
#[derive(Debug, Clone, Copy)]
pub struct LearningCurve<'a> {
    /// Name of the model.
    pub name: &'a str,
    /// Values on the training data.
    pub train: &'a [f64],
    /// Values on the validation data; may be empty.
    pub validation: &'a [f64],
}

/// Learning curves: solid lines for training, dashed ones for validation, a colour per model. `y_label`
/// names the quantity, e.g. `loss`.
pub fn learning_curves(title: &str, y_label: &str, models: &[LearningCurve<'_>]) -> Svg {
    let by_epoch = |values: &[f64]| -> Vec<(f64, f64)> {
        values.iter().enumerate().map(|(k, &value)| ((k + 1) as f64, value)).collect()
    };
    let mut owned = Vec::new();
    for (color, model) in models.iter().enumerate() {
        for (values, what, dashed) in
            [(model.train, "training", false), (model.validation, "validation", true)]
        {
            if !values.is_empty() {
                let name = format!("{} {what}", model.name).trim_start().to_owned();
                owned.push((name, by_epoch(values), dashed, color));
            }
        }
    }
    let series: Vec<Series<'_>> = owned
        .iter()
        .map(|(name, points, dashed, color)| Series {
            name,
            points,
            dashed: *dashed,
            color: *color,
        })
        .collect();

    let epochs = series.iter().map(|series| series.points.len()).max().unwrap_or(0);
    let x = Axis::exact("epoch", 1.0, epochs.max(2) as f64, 10);
    let x = Axis { ticks: x.ticks.into_iter().filter(|tick| tick.0.fract() == 0.0).collect(), ..x };
    let values = series.iter().flat_map(|series| series.points).map(|p| p.1);
    let y = Axis::around(y_label, values, 6);
    let plot = LineChart { title, x_label: "", y_label: "", series: &series };
    curves(&plot, (580.0, 330.0), (&x, &y), |_| Ok(()))
}

/// ROC curves, with the name of each and the area under it in the legend, and the diagonal that a coin
/// would score.
pub fn roc_curves(title: &str, models: &[(&str, &RocCurve)]) -> Svg {
    let owned: Vec<(String, Vec<(f64, f64)>)> = models
        .iter()
        .map(|(name, curve)| {
            let corners = curve.corners();
            let x = corners.false_positive_rate.into_iter();
            let points = x.zip(corners.true_positive_rate).collect();
            (format!("{name} (AUC {:.3})", curve.area()), points)
        })
        .collect();
    let series: Vec<Series<'_>> = owned
        .iter()
        .enumerate()
        .map(|(color, (name, points))| Series { name, points, dashed: false, color })
        .collect();
    let axes = (Axis::unit("false positive rate"), Axis::unit("true positive rate"));
    let plot = LineChart { title, x_label: "", y_label: "", series: &series };
    curves(&plot, (440.0, 440.0), (&axes.0, &axes.1), |chart| {
        let diagonal = [(0.0, 0.0), (1.0, 1.0)].into_iter();
        let style = INK.mix(0.5).stroke_width(px(1.0) as u32);
        chart.draw_series(DashedLineSeries::new(
            diagonal,
            px(4.0) as u32,
            px(4.0) as u32,
            style,
        ))?;
        Ok(())
    })
}

fn finite(point: &&(f64, f64)) -> bool {
    point.0.is_finite() && point.1.is_finite()
}

/// A legend where there is more than one curve, axes, what `below` draws, and the curves on top.
pub(super) fn curves(
    plot: &LineChart<'_>,
    size: (f64, f64),
    (x, y): (&Axis, &Axis),
    below: impl FnOnce(&mut Chart<'_>) -> Drawn,
) -> Svg {
    let mut numbers = Vec::new();
    for series in plot.series {
        let row = |p: &(f64, f64)| vec![series.name.to_owned(), digits(p.0), digits(p.1)];
        numbers.extend(series.points.iter().map(row));
    }
    draw(plot.title, size, |area, _| {
        let key = |dashed| if dashed { Key::Dashes } else { Key::Line };
        let entries: Vec<_> = plot
            .series
            .iter()
            .map(|s| (s.name.to_owned(), color(s.color), key(s.dashed)))
            .collect();
        let area = legend(area, &entries)?;
        let mut chart = chart(&area, x, y, true)?;
        below(&mut chart)?;
        for series in plot.series {
            let color = color(series.color);
            let style = color.stroke_width(px(2.0) as u32);
            for piece in series.points.split(|point| !finite(&point)) {
                let points = piece.iter().copied();
                if let [alone] = piece {
                    chart.draw_series([Circle::new(*alone, px(3.0), color.filled())])?;
                } else if series.dashed {
                    let (dash, gap) = (px(6.0) as u32, px(4.0) as u32);
                    chart.draw_series(DashedLineSeries::new(points, dash, gap, style))?;
                } else {
                    chart.draw_series(LineSeries::new(points, style))?;
                }
            }
        }
        Ok(())
    })
    .with_numbers(&["curve", &x.label, &y.label], numbers)
}
