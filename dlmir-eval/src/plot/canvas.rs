//! What all plots share: paper, ink, colours, text, legends and pictures.

use plotters::coord::Shift;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::Svg;
use crate::base64;

/// The part of the paper that something is drawn on.
pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// Drawing into a string does not fail, but plotters' signatures allow for it.
pub(super) type Drawn<T = ()> = Result<T, DrawingAreaErrorKind<std::io::Error>>;

/// Stands for `currentColor`, which plotters can't express; [`draw`] puts it in. No plot uses this
/// almost black for anything else.
pub(super) const INK: RGBColor = RGBColor(1, 2, 3);

/// plotters rounds to whole units, which would make steps of flat curves: a unit is a quarter pixel.
const UNITS_PER_PIXEL: u32 = 4;

/// Colours for series and classes that everybody can tell apart: Okabe and Ito (2008), "Color universal
/// design", without black and yellow, which vanish on a dark or on a light page.
const PALETTE: [RGBColor; 6] = [
    RGBColor(0, 114, 178),   // blue
    RGBColor(230, 159, 0),   // orange
    RGBColor(0, 158, 115),   // bluish green
    RGBColor(213, 94, 0),    // vermilion
    RGBColor(204, 121, 167), // reddish purple
    RGBColor(86, 180, 233),  // sky blue
];

/// The colour of series or class number `k`; they repeat after six.
pub(super) fn color(k: usize) -> RGBColor {
    PALETTE[k % PALETTE.len()]
}

/// Pixels in drawing units.
pub(super) fn px(pixels: f64) -> i32 {
    (pixels * f64::from(UNITS_PER_PIXEL)).round() as i32
}

/// Text of a height in pixels, placed with this corner or edge at the point it is drawn at.
pub(super) fn text<'a>(pixels: f64, h_pos: HPos, v_pos: VPos) -> TextStyle<'a> {
    // plotters divides font sizes by 1.24 when it writes SVG.
    let size = pixels * 1.24 * f64::from(UNITS_PER_PIXEL);
    TextStyle::from(("sans-serif", size).into_font()).color(&INK).pos(Pos::new(h_pos, v_pos))
}

/// Roughly how wide a text will be, in pixels. The font is the reader's, so nobody knows.
pub(super) fn text_width(text: &str, pixels: f64) -> f64 {
    0.56 * pixels * text.chars().count() as f64
}

/// The text, cut to about `width` pixels with an ellipsis.
pub(super) fn fitted(text: &str, pixels: f64, width: f64) -> String {
    let fits = (width / text_width("x", pixels)).floor().max(1.0) as usize;
    if text.chars().count() <= fits {
        return text.to_owned();
    }
    text.chars().take(fits.saturating_sub(1)).chain(['…']).collect()
}

/// What a plot has beside its lines.
#[derive(Default)]
pub(super) struct Extras {
    pub pictures: Vec<Picture>,
    pub time: Option<TimeAxis>,
}

/// Where time is in a plot, so that a player can show where it is.
pub(super) struct TimeAxis {
    /// Left and right end, in drawing units, and the times there, in seconds.
    pub x: (i32, i32),
    pub seconds: (f64, f64),
    /// Top and bottom of the plane, in drawing units.
    pub y: (i32, i32),
}

/// A picture behind the lines of a plot; place in drawing units.
pub(super) struct Picture {
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
    pub png: Vec<u8>,
    /// Whether pixels are cells with edges, or samples of something smooth.
    pub cells: bool,
}

/// Height of the title above the area that a plot draws on, in pixels.
pub(super) const TITLE_HEIGHT: f64 = 30.0;

/// Makes a drawing of `width` x `height` pixels below a title.
pub(super) fn draw(
    title: &str,
    (width, height): (f64, f64),
    paint: impl FnOnce(&Area<'_>, &mut Extras) -> Drawn,
) -> Svg {
    let (unit_width, unit_height) = (px(width), px(height + TITLE_HEIGHT));
    let mut drawing = String::new();
    let mut extras = Extras::default();
    {
        let size = (unit_width as u32, unit_height as u32);
        let paper = SVGBackend::with_string(&mut drawing, size).into_drawing_area();
        let (heading, body) = paper.split_vertically(px(TITLE_HEIGHT));
        let style = text(14.0, HPos::Left, VPos::Center);
        let place = (px(8.0), px(TITLE_HEIGHT / 2.0));
        let drawn = heading
            .draw_text(title, &style, place)
            .and_then(|()| paint(&body, &mut extras))
            .and_then(|()| paper.present());
        drawn.expect("memory takes every drawing");
    }

    // The opening tag is ours: size in pixels, scaled units inside, the title for those who listen, and for
    // the player of a report the place of the time axis.
    let inside = drawing.split_once('>').map_or("", |(_, inside)| inside);
    let heading_text = title.to_owned();
    let title = escape(title);
    let time = extras.time.map_or(String::new(), |TimeAxis { x, seconds, y }| {
        format!(" data-time=\"{} {} {} {} {} {}\"", x.0, x.1, y.0, y.1, seconds.0, seconds.1)
    });
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{}\" \
         style=\"min-width:min({width}px,20rem)\" viewBox=\"0 0 {unit_width} {unit_height}\" role=\"img\" aria-label=\"{title}\"{time}>\n",
        height + TITLE_HEIGHT
    );
    for Picture { left, top, width, height, png, cells } in extras.pictures {
        let data = base64::data_uri("image/png", &png);
        let sharp = if cells { " style=\"image-rendering:pixelated\"" } else { "" };
        svg.push_str(&format!(
            "<image{sharp} x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" \
             preserveAspectRatio=\"none\" href=\"{data}\"/>\n"
        ));
    }
    svg.push_str(&inside.replace("\"#010203\"", "\"currentColor\""));
    Svg { title: heading_text, ..Svg::from_markup(svg) }
}

fn escape(text: &str) -> String {
    maud::html! { (text) }.into_string()
}

/// What stands before a name in a legend.
#[derive(Clone, Copy)]
pub(super) enum Key {
    Line,
    Dashes,
    Box,
    Mark(usize),
}

/// Writes a legend into the top of the area, in as many rows as need be, and returns the rest of it.
/// Legends stand outside the plot, where they hide nothing.
pub(super) fn legend<'a>(area: &Area<'a>, entries: &[(String, RGBColor, Key)]) -> Drawn<Area<'a>> {
    const ROW: f64 = 20.0;
    const SIZE: f64 = 12.0;
    let width = f64::from(area.dim_in_pixel().0) / f64::from(UNITS_PER_PIXEL);
    let (mut x, mut y) = (12.0, 0.0);
    for (name, color, key) in entries {
        let entry_width = 46.0 + text_width(name, SIZE);
        if x > 12.0 && x + entry_width > width {
            (x, y) = (12.0, y + ROW);
        }
        let middle = y + ROW / 2.0;
        let line = |from: f64, to: f64| {
            let ends = vec![(px(x + from), px(middle)), (px(x + to), px(middle))];
            PathElement::new(ends, color.stroke_width(px(2.0) as u32))
        };
        match key {
            Key::Line => area.draw(&line(0.0, 22.0))?,
            Key::Dashes => {
                for from in [0.0, 8.0, 16.0] {
                    area.draw(&line(from, from + 5.0))?;
                }
            }
            Key::Box => {
                let corners = [(px(x + 6.0), px(middle - 6.0)), (px(x + 20.0), px(middle + 6.0))];
                area.draw(&Rectangle::new(corners, color.filled()))?;
            }
            Key::Mark(shape) => mark(area, (px(x + 13.0), px(middle)), *shape, *color)?,
        }
        let style = text(SIZE, HPos::Left, VPos::Center);
        area.draw_text(name, &style, (px(x + 28.0), px(middle)))?;
        x += entry_width;
    }
    let rows_height = if entries.is_empty() { 0.0 } else { y + ROW + 2.0 };
    Ok(area.split_vertically(px(rows_height)).1)
}

/// Draws mark number `shape` (circle, triangle, square, cross; then again) around a point.
pub(super) fn mark(area: &Area<'_>, at: (i32, i32), shape: usize, color: RGBColor) -> Drawn {
    let filled = color.filled();
    // Marks stand on light pictures, on a dark page as well.
    let edge = BLACK.mix(0.8).stroke_width(px(0.75) as u32);
    let r = px(4.0);
    match shape % 4 {
        0 => {
            area.draw(&Circle::new(at, r, filled))?;
            area.draw(&Circle::new(at, r, edge))
        }
        1 => {
            let (x, y) = at;
            let mut corners = vec![(x, y - r), (x + r, y + r), (x - r, y + r)];
            area.draw(&Polygon::new(corners.clone(), filled))?;
            corners.push(corners[0]);
            area.draw(&PathElement::new(corners, edge))
        }
        2 => {
            let corners = [(at.0 - r, at.1 - r), (at.0 + r, at.1 + r)];
            area.draw(&Rectangle::new(corners, filled))?;
            area.draw(&Rectangle::new(corners, edge))
        }
        _ => area.draw(&Cross::new(at, r, color.stroke_width(px(2.5) as u32))),
    }
}
