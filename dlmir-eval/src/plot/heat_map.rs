//! A matrix of values as a picture: self-similarity, distances, correlations of tags.

use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Axis, chart, picture_behind};
use super::canvas::{Picture, draw, fitted, px, text};
use super::colormap::heat;
use super::{Svg, digits};
use crate::png_image;

/// What [X draws.
#[derive(Debug, Clone, Copy)]
pub struct HeatMap<'a> {
    /// Above the plot.
    pub title: &'a str,
    /// `[rows, columns]`, row-major, the first row on top.
    pub values: &'a [f32],
    /// A name for each row; where there are many, as many as fit are written.
    pub rows: &'a [&'a str],
    /// A name for each column.
    pub columns: &'a [&'a str],
    /// Values of the darkest and the lightest colour; `None`: the smallest and the largest value.
    pub range: Option<(f32, f32)>,
}

/// A cell for each value, light where it is large, with a bar that tells which colour is which value.
///
/// # Panics
///
/// If there are no values, or not as many as rows times columns.
#[track_caller]
pub fn heat_map(plot: &HeatMap<'_>) -> Svg {
    let (rows, columns, n) = (plot.rows.len(), plot.columns.len(), plot.values.len());
    assert!(n > 0 && n == rows * columns, "heat map: {n} values are not {rows} x {columns}");
    let (low, high) = plot.range.unwrap_or_else(|| super::spectrogram::extent(plot.values));
    let shade = |v: f32| f64::from((v - low) / (high - low).max(f32::MIN_POSITIVE)).clamp(0.0, 1.0);
    let levels: Vec<u8> = plot.values.iter().map(|&v| (255.0 * shade(v)).round() as u8).collect();
    let palette: Vec<u8> = (0..=255).flat_map(|k| heat(f64::from(k) / 255.0)).collect();

    // Cell k is centred at k; rows count from the top.
    let x = Axis {
        label: String::new(),
        low: -0.5,
        high: columns as f64 - 0.5,
        ticks: written(plot.columns, 8).map(|(k, name)| (k as f64, name)).collect(),
    };
    let y = Axis {
        label: String::new(),
        low: -0.5,
        high: rows as f64 - 0.5,
        ticks: written(plot.rows, 20).map(|(k, name)| ((rows - 1 - k) as f64, name)).collect(),
    };
    draw(plot.title, (520.0, 420.0), |area, extras| {
        let (area, bar) = area.split_horizontally(area.dim_in_pixel().0 as i32 - px(64.0));
        let chart = chart(&area, &x, &y, false)?;
        let field =
            picture_behind(&chart, png_image::encode_indexed(columns, rows, &levels, &palette));
        let (left, base) = bar.get_base_pixel();
        let (top, height) = (field.top, field.height);
        let png = png_image::encode_indexed(1, 256, &(0..=255).rev().collect::<Vec<_>>(), &palette);
        extras.pictures.extend([
            Picture { cells: true, ..field },
            Picture { left, top, width: px(12.0), height, png, cells: false },
        ]);
        for (value, v_pos, y) in [(high, VPos::Top, top), (low, VPos::Bottom, top + height)] {
            let style = text(12.0, HPos::Left, v_pos);
            bar.draw_text(&digits(f64::from(value)), &style, (px(17.0), y - base))?;
        }
        Ok(())
    })
    .with_numbers(
        &["row", "column", "value"],
        plot.values
            .iter()
            .enumerate()
            .map(|(k, &value)| {
                let (row, column) = (plot.rows[k / columns], plot.columns[k % columns]);
                vec![row.to_owned(), column.to_owned(), digits(f64::from(value))]
            })
            .collect(),
    )
}

/// Every name, or every second, third, ... so that there are at most `most`.
fn written<'a>(names: &'a [&str], most: usize) -> impl Iterator<Item = (usize, String)> + 'a {
    let every = names.len().div_ceil(most).max(1);
    names.iter().enumerate().step_by(every).map(|(k, name)| (k, fitted(name, 11.0, 90.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_is_on_top_and_every_value_in_the_table() {
        let (values, rows, columns) = (&[0.0, 85.0, 170.0, 255.0], &["a", "b"], &["c", "d"]);
        let svg = heat_map(&HeatMap { title: "", values, rows, columns, range: None });
        let palette: Vec<u8> = (0..=255).flat_map(|k| heat(f64::from(k) / 255.0)).collect();
        let picture = png_image::encode_indexed(2, 2, &[0, 85, 170, 255], &palette);
        assert!(svg.as_str().contains(&crate::base64::data_uri("image/png", &picture)));
        assert!(svg.as_str().contains("image-rendering:pixelated"), "cells have edges");
        assert_eq!(svg.numbers().unwrap().rows[2], ["b", "c", "170.0"]);
    }

    #[test]
    fn many_names_are_thinned_out() {
        let names = vec!["x"; 100];
        assert_eq!(written(&names, 20).count(), 20);
        assert_eq!(written(&names[..5], 20).count(), 5);
        assert_eq!(written(&[], 20).count(), 0);
    }

    #[test]
    #[should_panic(expected = "heat map: 3 values are not 2 x 2")]
    fn a_heat_map_is_full() {
        let (rows, columns) = (&["a", "b"], &["c", "d"]);
        heat_map(&HeatMap { title: "", values: &[0.0; 3], rows, columns, range: None });
    }
}
