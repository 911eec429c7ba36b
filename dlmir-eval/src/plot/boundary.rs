//! A classifier in the plane: what it would answer everywhere, and the points it was asked about.

use plotters::prelude::*;

use super::axis::{Axis, chart, picture_behind};
use super::canvas::{Key, color, draw, legend, mark};
use super::{Svg, digits};
use crate::png_image;

/// What [`decision_boundary`] draws.
#[derive(Debug, Clone, Copy)]
pub struct DecisionBoundary<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// Names of the two features.
    pub axis_labels: (&'a str, &'a str),
    /// Lowest and highest value of the first feature.
    pub x_range: (f64, f64),
    /// Lowest and highest value of the second feature.
    pub y_range: (f64, f64),
    /// Class names.
    pub classes: &'a [&'a str],
    /// Class probabilities on a grid that covers the ranges, `[rows, columns, classes]`: row 0 at the lower
    /// end of y, column 0 at the lower end of x, each value for the middle of its cell. May be empty: then
    /// only the points are drawn.
    pub probabilities: &'a [f32],
    /// Number of columns of the grid.
    pub columns: usize,
    /// First feature, second feature, class.
    pub points: &'a [(f64, f64, usize)],
}

/// A scatter plot, each class with its colour and shape, over the colours of the class probabilities: a
/// cell that belongs to one class alone has its colour, a cell in doubt a mixture, and the boundary lies
/// where the mixture is even. Points outside the ranges are left out.
///
/// # Panics
///
/// If `probabilities` is no grid of whole rows, or a point's class has no name.
#[track_caller]
pub fn decision_boundary(plot: &DecisionBoundary<'_>) -> Svg {
    let n_classes = plot.classes.len();
    if let Some(point) = plot.points.iter().find(|point| point.2 >= n_classes) {
        panic!("decision boundary: a point of class {} of {n_classes}", point.2);
    }
    let background = (!plot.probabilities.is_empty()).then(|| background_png(plot));
    let x = Axis::exact(plot.axis_labels.0, plot.x_range.0, plot.x_range.1, 6);
    let y = Axis::exact(plot.axis_labels.1, plot.y_range.0, plot.y_range.1, 6);
    draw(plot.title, (480.0, 440.0), |area, extras| {
        let names = plot.classes.iter().enumerate();
        let entries: Vec<_> = names.map(|(k, n)| (n.to_string(), color(k), Key::Mark(k))).collect();
        let area = legend(area, &entries)?;
        let chart = chart(&area, &x, &y, background.is_none())?;
        extras.pictures.extend(background.map(|png| picture_behind(&chart, png)));
        let plane = chart.plotting_area();
        let (left, top) = area.get_base_pixel();
        for &(at_x, at_y, class) in plot.points {
            if (x.low..=x.high).contains(&at_x) && (y.low..=y.high).contains(&at_y) {
                let (column, row) = plane.map_coordinate(&(at_x, at_y));
                mark(&area, (column - left, row - top), class, color(class))?;
            }
        }
        Ok(())
    })
    .with_numbers(
        &[plot.axis_labels.0, plot.axis_labels.1, "class"],
        plot.points
            .iter()
            .map(|&(x, y, class)| vec![digits(x), digits(y), plot.classes[class].to_owned()])
            .collect(),
    )
}

/// The grid as pixels, top row first: the mean of the class colours, weighted by probability, made lighter
/// so that the points stand out.
#[track_caller]
fn background_png(plot: &DecisionBoundary<'_>) -> Vec<u8> {
    let n_classes = plot.classes.len();
    let row_length = plot.columns * n_classes;
    assert!(
        row_length > 0 && plot.probabilities.len().is_multiple_of(row_length),
        "decision boundary: {} probabilities are no rows of {} columns and {n_classes} classes",
        plot.probabilities.len(),
        plot.columns
    );
    let rows = plot.probabilities.chunks(row_length).rev();
    let pixels = rows.flat_map(|row| row.chunks(n_classes)).flat_map(|cell| {
        let sum: f32 = cell.iter().sum();
        let mixture = |channel: fn(RGBColor) -> u8| {
            let parts = cell.iter().enumerate();
            let mean: f32 = parts.map(|(k, p)| p / sum * f32::from(channel(color(k)))).sum();
            (255.0 - 0.5 * (255.0 - mean)).round() as u8
        };
        [mixture(|c| c.0), mixture(|c| c.1), mixture(|c| c.2)]
    });
    let rgb: Vec<u8> = pixels.collect();
    png_image::encode_rgb(plot.columns, plot.probabilities.len() / row_length, &rgb)
}
