//! Bars with intervals: one number per model.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::axis::{Axis, chart};
use super::canvas::{INK, color, draw, fitted, px, text};
use super::{Svg, digits};

/// One bar of a [`bar_chart`].
#[derive(Debug, Clone, Copy)]
pub struct Bar<'a> {
    /// What is measured, left of the bar.
    pub name: &'a str,
    /// Its length.
    pub value: f64,
    /// Lower and upper end of its interval, drawn as a whisker.
    pub interval: Option<(f64, f64)>,
}

/// Horizontal bars from 0, first on top, with the numbers written beside them. Values that are not finite
/// are written, but have no bar.
pub fn bar_chart(title: &str, x_label: &str, bars: &[Bar<'_>]) -> Svg {
    const ROW: f64 = 34.0;
    let ends = bars.iter().flat_map(|bar| {
        let (low, high) = bar.interval.unwrap_or((bar.value, bar.value));
        [0.0, bar.value, low, high]
    });
    let x = Axis::around(x_label, ends, 5);
    let n = bars.len();
    // Bar k is centred at n - k - 1/2 on an axis from 0 to n.
    let middle = |k: usize| (n - k) as f64 - 0.5;
    let names = bars.iter().map(|bar| fitted(bar.name, 11.0, 200.0));
    let ticks = names.enumerate().map(|(k, name)| (middle(k), name)).collect();
    let y = Axis { label: String::new(), low: 0.0, high: n.max(1) as f64, ticks };

    draw(title, (600.0, 56.0 + ROW * n.max(1) as f64), |area, _| {
        let (area, numbers) = area.split_horizontally(area.dim_in_pixel().0 as i32 - px(140.0));
        let mut chart = chart(&area, &x, &y, false)?;
        for (k, bar) in bars.iter().enumerate() {
            let y = middle(k);
            let at = chart.plotting_area().map_coordinate(&(0.0, y)).1;
            let place = (px(4.0), at - numbers.get_base_pixel().1);
            numbers.draw_text(&number(bar), &text(12.0, HPos::Left, VPos::Center), place)?;
            if !bar.value.is_finite() {
                continue;
            }
            let corners = [(0.0, y - 0.32), (bar.value, y + 0.32)];
            chart.draw_series([Rectangle::new(corners, color(0).mix(0.75).filled())])?;
            let Some((low, high)) = bar.interval.filter(|(l, h)| l.is_finite() && h.is_finite())
            else {
                continue;
            };
            let whisker = INK.stroke_width(px(1.5) as u32);
            let stroke =
                |from: (f64, f64), to: (f64, f64)| PathElement::new(vec![from, to], whisker);
            chart.draw_series([
                stroke((low, y), (high, y)),
                stroke((low, y - 0.16), (low, y + 0.16)),
                stroke((high, y - 0.16), (high, y + 0.16)),
            ])?;
        }
        Ok(())
    })
    .with_numbers(
        &["", x_label, "low", "high"],
        bars.iter()
            .map(|bar| {
                let end = |f: fn(&(f64, f64)) -> f64| {
                    bar.interval.as_ref().map_or(String::new(), |interval| digits(f(interval)))
                };
                vec![bar.name.to_owned(), digits(bar.value), end(|i| i.0), end(|i| i.1)]
            })
            .collect(),
    )
}

/// `0.912 [0.871, 0.948]`
fn number(bar: &Bar<'_>) -> String {
    let interval = bar.interval.map(|(low, high)| format!(" [{low:.3}, {high:.3}]"));
    format!("{:.3}{}", bar.value, interval.unwrap_or_default())
}
