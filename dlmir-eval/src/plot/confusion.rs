//! The confusion matrix as a picture.

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, VPos};

use super::Svg;
use super::canvas::{INK, color, draw, fitted, px, text, text_width};
use crate::ConfusionMatrix;

/// Counts in a grid, true classes in rows, predicted ones in columns. The colour of a cell is its share of
/// its row, so that the diagonal shows the recall of each class; the share is written below the count
/// where there is room.
pub fn confusion_matrix(title: &str, matrix: &ConfusionMatrix) -> Svg {
    const SIZE: f64 = 12.0;
    let n = matrix.n_classes();
    let cell = (420.0 / n.max(1) as f64).clamp(30.0, 76.0);
    let names: Vec<String> = matrix.names().iter().map(|name| fitted(name, SIZE, 150.0)).collect();
    let longest = names.iter().map(|name| text_width(name, SIZE)).fold(0.0, f64::max);
    let (left, top) = (36.0 + longest, 4.0);
    let side = cell * n as f64;
    // Names below the columns lie if they fit there, else they stand.
    let lying = longest < cell - 4.0;
    let bottom = if lying { 44.0 } else { 36.0 + longest };
    let width = (left + side + 16.0).max(text_width(title, 14.0) + 24.0);

    draw(title, (width, top + side + bottom), |area, _| {
        let middle = |k: usize| cell * (k as f64 + 0.5);
        for truth in 0..n {
            let support: usize = matrix.row(truth).iter().sum();
            for predicted in 0..n {
                let count = matrix.count(truth, predicted);
                let share = count as f64 / support.max(1) as f64;
                let (x, y) = (left + cell * predicted as f64, top + cell * truth as f64);
                let corners = [(px(x), px(y)), (px(x + cell), px(y + cell))];
                area.draw(&Rectangle::new(corners, color(0).mix(share).filled()))?;
                let edge = INK.mix(0.25).stroke_width(px(1.0) as u32);
                area.draw(&Rectangle::new(corners, edge))?;

                let ink = if share > 0.6 { WHITE } else { INK };
                let two_lines = cell >= 44.0 && support > 0;
                let (x, y) = (x + cell / 2.0, y + cell / 2.0);
                let style =
                    text(if cell >= 44.0 { 14.0 } else { 11.0 }, HPos::Center, VPos::Center);
                let at = (px(x), px(if two_lines { y - 7.0 } else { y }));
                area.draw_text(&count.to_string(), &style.color(&ink), at)?;
                if two_lines {
                    let style = text(10.0, HPos::Center, VPos::Center).color(&ink);
                    let share = format!("{:.0} %", 100.0 * share);
                    area.draw_text(&share, &style, (px(x), px(y + 11.0)))?;
                }
            }
        }
        for (k, name) in names.iter().enumerate() {
            let right = text(SIZE, HPos::Right, VPos::Center);
            area.draw_text(name, &right, (px(left - 8.0), px(top + middle(k))))?;
            let below = (px(left + middle(k)), px(top + side + 8.0));
            let style = if lying {
                text(SIZE, HPos::Center, VPos::Top)
            } else {
                text(SIZE, HPos::Right, VPos::Center).transform(FontTransform::Rotate270)
            };
            area.draw_text(name, &style, below)?;
        }
        let below = (px(left + side / 2.0), px(top + side + bottom - 4.0));
        area.draw_text("predicted", &text(SIZE, HPos::Center, VPos::Bottom), below)?;
        let upright = text(SIZE, HPos::Center, VPos::Center).transform(FontTransform::Rotate270);
        area.draw_text("true", &upright, (px(12.0), px(top + side / 2.0)))
    })
    .with_numbers(
        &["true", "predicted", "count"],
        (0..n * n)
            .map(|k| (k / n, k % n))
            .map(|(truth, predicted)| {
                let [from, to] = [truth, predicted].map(|class| matrix.names()[class].clone());
                vec![from, to, matrix.count(truth, predicted).to_string()]
            })
            .collect(),
    )
}
