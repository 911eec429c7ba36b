//! Using a model on sound: which labels a recording has, and when.

mod timeline;

use dlmir_audio::Signal;
use ndarray::Array2;

use crate::{FrontEnd, Model, ModelError, Output};

/// Windows of the timeline overlap this many times: each moment is heard in eight contexts.
const OVERLAP: usize = 8;

/// What one change of label costs in [`Tagger::segments`], in nats: a change pays if the evidence for it
/// is larger than e^4 : 1.
const CHANGE_COST: f64 = 4.0;

/// A label with its probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The label.
    pub label: String,
    /// Its probability, 0 to 1.
    pub probability: f64,
}

/// A stretch of a recording with one label.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// Where it starts, in seconds.
    pub start_s: f64,
    /// Where it ends, in seconds.
    pub end_s: f64,
    /// The label.
    pub label: String,
    /// The label's mean probability in this stretch.
    pub probability: f64,
}

/// A model that answers with labels. Any [`Model`] with a front end and labels will do.
pub struct Tagger {
    model: Model,
    front_end: FrontEnd,
}

impl Tagger {
    /// A tagger by this model.
    ///
    /// # Errors
    /// If the model has no front end, or no labels, or its outputs are no probabilities.
    pub fn new(model: Model) -> Result<Tagger, ModelError> {
        let lacking = |what: &str| {
            ModelError::description(format!("model `{}`", model.architecture().name), what)
        };
        if model.labels.is_empty() || model.output == Output::Values {
            return Err(lacking("its outputs are no probabilities of labels"));
        }
        let front_end = model.front_end().cloned();
        let front_end =
            front_end.ok_or_else(|| lacking("there is no front end to give it sound"))?;
        Ok(Tagger { model, front_end })
    }

    /// The model.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The labels of a recording, the most probable first. The probability of a recording is the mean
    /// over its segments.
    ///
    /// # Errors
    /// A signal without samples or with one that is not finite.
    #[expect(clippy::missing_panics_doc, reason = "a front end cuts at least one segment")]
    pub fn tag(&self, signal: &Signal) -> Result<Vec<Tag>, ModelError> {
        let x = self.front_end.tensor(signal)?;
        let probabilities = self.model.label_probabilities(&x)?;
        let mean =
            probabilities.mean_axis(ndarray::Axis(0)).expect("there is at least one segment");
        let tag =
            |(label, &probability): (&String, &f64)| Tag { label: label.clone(), probability };
        let mut tags: Vec<Tag> = self.model.labels.iter().zip(&mean).map(tag).collect();
        tags.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        Ok(tags)
    }

    /// The recording cut into stretches of one label, from its start to its end, in order of time.
    ///
    /// A window slides over the recording in eighths of its length. Each moment has the mean probability
    /// of all windows that contain it, and the path of labels through these is the one that fits them
    /// best while every change costs something, so that a single odd window makes no stretch of its own.
    /// Where labels exclude each other there is exactly one at each moment; otherwise each label is
    /// present or not by itself, stretches may overlap, and only those where it is present are listed.
    ///
    /// # Errors
    /// A signal without samples or with one that is not finite.
    pub fn segments(&self, signal: &Signal) -> Result<Vec<Segment>, ModelError> {
        let spectrogram = self.front_end.spectrogram(signal)?;
        let (window, frames) = (self.front_end.frames(), spectrogram.ncols());
        let step = window.div_ceil(OVERLAP);
        let last = frames.saturating_sub(window);
        let starts: Vec<usize> = (0..=last).step_by(step).collect();
        let windows =
            self.model.label_probabilities(&self.front_end.cut_at(&spectrogram, &starts))?;
        let cells = timeline::spread(&windows, window.div_ceil(step));

        let end_s = signal.duration_s();
        let time_s = |cell: usize| match cell {
            cell if cell == cells.nrows() => end_s,
            cell => self.front_end.seconds(cell * step).min(end_s),
        };
        let mut segments = Vec::new();
        let mut list = |states: &Array2<f64>, labels: &[Option<&String>]| {
            for (from, to, state) in timeline::runs(&timeline::best_path(states, CHANGE_COST)) {
                let Some(label) = labels[state].cloned() else { continue };
                let probability =
                    (from..to).map(|cell| states[[cell, state]]).sum::<f64>() / (to - from) as f64;
                let (start_s, end_s) = (time_s(from), time_s(to));
                if start_s < end_s {
                    segments.push(Segment { start_s, end_s, label, probability });
                }
            }
        };
        if self.model.output == Output::AnyOf {
            for (column, label) in cells.columns().into_iter().zip(&self.model.labels) {
                let present = Array2::from_shape_fn((column.len(), 2), |(cell, state)| {
                    if state == 0 { 1.0 - column[cell] } else { column[cell] }
                });
                list(&present, &[None, Some(label)]);
            }
            segments.sort_by(|a, b| a.start_s.total_cmp(&b.start_s));
        } else {
            list(&cells, &self.model.labels.iter().map(Some).collect::<Vec<_>>());
        }
        Ok(segments)
    }
}
