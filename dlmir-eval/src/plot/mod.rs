//! Plots as SVG: vector drawings that an HTML page shows as they are.
//!
//! Lines, axes and text are drawn in `currentColor`, the colour of the text around the plot, on no
//! background of their own, so that a plot is readable on a light and on a dark page. Series take their
//! colours from Okabe and Ito's palette, which people with any kind of colour blindness can tell apart;
//! what matters is also told by dashes, shapes or text. Fields (spectrograms, class probabilities) are
//! pictures inside the SVG.
//!
//! [`learning_curves`], [`line_chart`], [`roc_curves`], [`precision_recall_curves`] and
//! [`reliability_diagram`] show curves, [`bar_chart`] values with their intervals, [`confusion_matrix`]
//! counts, [`heat_map()`] values, [`decision_boundary`] a classifier in the plane,
//! [`waveform()`] and [`spectrogram()`] sound, with notes and bars at the axes by [`musical_spectrogram`];
//! [`timeline()`] segments of a recording.

mod axis;
mod bars;
mod boundary;
mod canvas;
mod colormap;
mod confusion;
mod heat_map;
mod lines;

mod musical;
mod scores;
mod spectrogram;
mod timeline;
mod waveform;

pub use bars::{Bar, bar_chart};
pub use boundary::{DecisionBoundary, decision_boundary};
pub use colormap::heat;
pub use confusion::confusion_matrix;
pub use heat_map::{HeatMap, heat_map};
pub use lines::{LearningCurve, LineChart, Series, learning_curves, line_chart, roc_curves};
pub use musical::{FrequencyScale, TimeScale};
pub use scores::{precision_recall_curves, reliability_diagram};
pub use spectrogram::{Spectrogram, musical_spectrogram, spectrogram, spectrogram_png};
pub use timeline::{Segment, Timeline, timeline};
pub use waveform::{Waveform, waveform};

/// An SVG drawing: text that may be put into an HTML page or a file as it is.
///
/// The plots of this module bring the numbers that they show, for those who would rather read than look;
/// a [`Report`](crate::Report) puts them into a table below the plot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg {
    markup: String,
    /// What stands above the plot; empty for drawings made elsewhere.
    title: String,
    numbers: Option<Numbers>,
}

/// A table of what a plot shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Numbers {
    pub header: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Svg {
    /// Takes over a drawing made elsewhere. It goes into reports unchanged, so it must be well-formed and
    /// any text in it escaped.
    pub fn from_markup(markup: impl Into<String>) -> Self {
        Self { markup: markup.into(), title: String::new(), numbers: None }
    }

    /// The drawing with the table of the numbers that it shows, in place of the one it may have: a header
    /// and rows of as many cells.
    ///
    /// # Panics
    ///
    /// If a row has more or fewer cells than the header.
    #[must_use]
    #[track_caller]
    pub fn with_numbers(self, header: &[&str], rows: Vec<Vec<String>>) -> Self {
        for (k, row) in rows.iter().enumerate() {
            let (cells, columns) = (row.len(), header.len());
            assert!(cells == columns, "numbers: row {k} has {cells} cells, the header {columns}");
        }
        let header = header.iter().map(|name| name.to_string()).collect();
        Self { numbers: (!rows.is_empty()).then_some(Numbers { header, rows }), ..self }
    }

    /// The drawing, from `<svg` to `</svg>`.
    pub fn as_str(&self) -> &str {
        &self.markup
    }

    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn numbers(&self) -> Option<&Numbers> {
        self.numbers.as_ref()
    }
}

/// A number for a table, with four digits that count.
fn digits(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return format!("{}", value + 0.0);
    }
    let before = value.abs().log10().floor();
    if !(-5.0..9.0).contains(&before) {
        return format!("{value:.3e}");
    }
    format!("{value:.0$}", (3.0 - before).max(0.0) as usize)
}

#[cfg(test)]
mod tests;
