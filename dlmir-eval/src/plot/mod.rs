//! Plots as SVG: vector drawings that an HTML page shows as they are.
//!
//! Lines, axes and text are drawn in `currentColor`, the colour of the text around the plot, on no
//! background of their own, so that a plot is readable on a light and on a dark page. Series take their
//! colours from Okabe and Ito's palette, which people with any kind of colour blindness can tell apart;
//! what matters is also told by dashes, shapes or text. Fields (spectrograms, class probabilities) are
//! pictures inside the SVG.
//!
//! [`learning_curves`], [`line_chart`] and [`roc_curves`] show curves, [`bar_chart`] values with their
//! intervals, [`confusion_matrix`] counts, [`decision_boundary`] a classifier in the plane,
//! [`spectrogram()`] sound, [`timeline()`] segments of a recording.

mod axis;
mod bars;
mod boundary;
mod canvas;
mod colormap;
mod confusion;
mod lines;
mod spectrogram;
mod timeline;

pub use bars::{Bar, bar_chart};
pub use boundary::{DecisionBoundary, decision_boundary};
pub use colormap::heat;
pub use confusion::confusion_matrix;
pub use lines::{LearningCurve, LineChart, Series, learning_curves, line_chart, roc_curves};
pub use spectrogram::{Spectrogram, spectrogram};
pub use timeline::{Segment, Timeline, timeline};

/// An SVG drawing: text that may be put into an HTML page or a file as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Svg(String);

impl Svg {
    /// Takes over a drawing made elsewhere. It goes into reports unchanged, so it must be well-formed and
    /// any text in it escaped.
    pub fn from_markup(markup: impl Into<String>) -> Self {
        Self(markup.into())
    }

    /// The drawing, from `<svg` to `</svg>`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests;
