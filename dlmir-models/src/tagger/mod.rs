//! Using a model on sound: which labels a recording has, and when.

mod timeline;

use dlmir_audio::Signal;
use ndarray::{Array2, Axis};

use crate::{FrontEnd, Model, ModelError, Output};

/// Windows of the timeline overlap this many times: each moment is heard in eight contexts.
const OVERLAP: usize = 8;

/// What one change of label costs in [`Tagger::segments`], in nats: a change pays if the evidence for it
/// is larger than e^4 : 1.
const CHANGE_COST: f64 = 4.0;

/// Numbers of the segments that are cut out of a spectrogram at a time: 16 MiB.
const AT_ONCE: usize = 1 << 22;

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
    /// If the model has no front end, or no labels, or its outputs are no probabilities, or its public
    /// fields were changed so that they do not fit its network.
    pub fn new(model: Model) -> Result<Tagger, ModelError> {
        model.check()?;
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
        let spectrogram = self.front_end.spectrogram(signal)?;
        let starts = self.front_end.starts(spectrogram.ncols());
        let probabilities = self.probabilities(&spectrogram, &starts, AT_ONCE)?;
        let mean = probabilities.mean_axis(Axis(0)).expect("there is at least one segment");
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
        let windows = self.probabilities(&spectrogram, &starts, AT_ONCE)?;
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

    /// The probabilities `[starts, labels]` of the segments that start in these frames of a spectrogram.
    /// Segments overlap: all of a long recording, cut out at once, would be many times its size. So no
    /// more than `at_once` numbers are cut out at a time, or one segment.
    fn probabilities(
        &self,
        spectrogram: &Array2<f32>,
        starts: &[usize],
        at_once: usize,
    ) -> Result<Array2<f64>, ModelError> {
        let segment: usize = self.front_end.item_shape().iter().product();
        let mut all = Array2::zeros((starts.len(), self.model.labels.len()));
        let mut rest = all.view_mut();
        for starts in starts.chunks((at_once / segment).max(1)) {
            let part =
                self.model.label_probabilities(&self.front_end.cut_at(spectrogram, starts))?;
            let (mut here, after) = rest.split_at(Axis(0), starts.len());
            here.assign(&part);
            rest = after;
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use dlmir_audio::LogMelConfig;
    use dlmir_nn::{GlobalPool, Rng, Tensor};

    use super::*;
    use crate::{Architecture, LayerSpec};

    const RATE: u32 = 8000;

    fn front_end() -> FrontEnd {
        let config = LogMelConfig {
            n_mels: 20,
            n_fft: 512,
            hop_length: 256,
            f_max_hz: 4000.0,
            ..LogMelConfig::new(RATE)
        };
        FrontEnd::new(config, 32, 16).unwrap().standardized(&[-35.0; 20], &[5.0; 20]).unwrap()
    }

    /// Hears loudness and nothing else: sigmoid of the mean level above -35 dB (half-way between
    /// the noises below, at 0 and -70 dB), in 5 dB.
    fn model(output: Output, labels: &[&str], weights: &[f32]) -> Model {
        let last = if output == Output::OneOf { LayerSpec::Softmax } else { LayerSpec::Sigmoid };
        let net = Architecture::new("loudness", &[20, 32, 1])
            .with("mean", LayerSpec::GlobalPool(GlobalPool::Mean))
            .with("output", LayerSpec::linear(weights.len()))
            .with("probability", last);
        let mut model = Model::new(net, output, labels, 1).unwrap();
        let id = model.params.id("output/weight").unwrap();
        model.params.set(id, Tensor::from_vec(&[1, weights.len()], weights.to_vec()));
        model.with_front_end(front_end()).unwrap()
    }

    /// 3 s of noise, 4 s of faint noise, 2 s of noise.
    fn recording() -> Signal {
        let mut rng = Rng::new(1, 0);
        let mut samples = Vec::new();
        for (seconds, level) in [(3, 0.3), (4, 0.0001), (2, 0.3)] {
            samples.extend((0..seconds * RATE).map(|_| level * rng.normal()));
        }
        Signal::new(samples, RATE)
    }

    fn loud_stretches(segments: &[Segment], label: &str) {
        let times: Vec<(f64, f64)> = segments
            .iter()
            .filter(|segment| segment.label == label)
            .map(|segment| (segment.start_s, segment.end_s))
            .collect();
        assert_eq!(times.len(), 2, "{segments:?}");
        for (found, wanted) in times.iter().zip([(0.0, 3.0), (7.0, 9.0)]) {
            // Within a quarter of the window of 1 s.
            let near = (found.0 - wanted.0).abs() < 0.25 && (found.1 - wanted.1).abs() < 0.25;
            assert!(near, "{segments:?}");
        }
    }

    #[test]
    fn a_recording_is_cut_where_the_sound_changes() {
        for (output, weights) in [(Output::Binary, &[1.0][..]), (Output::OneOf, &[1.0, -1.0])] {
            let tagger = Tagger::new(model(output, &["loud", "quiet"], weights)).unwrap();
            let segments = tagger.segments(&recording()).unwrap();
            loud_stretches(&segments, "loud");
            assert_eq!(segments.len(), 3);
            assert_eq!((segments[0].start_s, segments[2].end_s), (0.0, 9.0));
            assert!(segments.windows(2).all(|pair| pair[0].end_s == pair[1].start_s));
            assert!(segments.iter().all(|segment| segment.probability > 0.5));
        }
    }

    #[test]
    fn labels_that_do_not_exclude_each_other_are_listed_where_they_are_present() {
        let model = model(Output::AnyOf, &["loud", "never"], &[1.0, 0.0]);
        let mut model = model;
        let id = model.params.id("output/bias").unwrap();
        model.params.set(id, Tensor::from_vec(&[2], vec![0.0, -5.0]));
        let segments = Tagger::new(model).unwrap().segments(&recording()).unwrap();
        loud_stretches(&segments, "loud");
        assert_eq!(segments.len(), 2);
    }

    #[test]
    fn tags_are_means_over_segments_highest_first() {
        let tagger = Tagger::new(model(Output::Binary, &["quiet", "loud"], &[-1.0])).unwrap();
        let tags = tagger.tag(&recording()).unwrap();
        assert_eq!((tags[0].label.as_str(), tags.len()), ("loud", 2));
        assert!((tags[0].probability + tags[1].probability - 1.0).abs() < 1e-9);
        // About five of nine seconds are loud.
        assert!((tags[0].probability - 5.0 / 9.0).abs() < 0.06, "{tags:?}");
        // Other rates, and less than a window.
        let short = Signal::new(recording().samples()[..500].to_vec(), 44_100);
        assert_eq!(tagger.tag(&short).unwrap()[0].label, "loud");
        let segments = tagger.segments(&short).unwrap();
        assert_eq!((segments.len(), segments[0].end_s), (1, short.duration_s()));
        assert!(tagger.tag(&Signal::new(vec![], RATE)).is_err());
    }

    #[test]
    fn how_many_segments_are_cut_out_at_once_does_not_matter() {
        let tagger = Tagger::new(model(Output::OneOf, &["loud", "quiet"], &[1.0, -1.0])).unwrap();
        let spectrogram = tagger.front_end.spectrogram(&recording()).unwrap();
        let starts = tagger.front_end.starts(spectrogram.ncols());
        let run = |at_once| tagger.probabilities(&spectrogram, &starts, at_once).unwrap();
        let all = run(usize::MAX);
        assert_eq!(all.dim(), (starts.len(), 2));
        assert_eq!((run(0), run(3 * 20 * 32 + 1)), (all.clone(), all));
        assert_eq!(tagger.probabilities(&spectrogram, &[], 9).unwrap().dim(), (0, 2));
    }

    #[test]
    fn the_front_end_is_stored_with_the_model_and_must_fit_it() {
        let model = model(Output::Binary, &["loud", "quiet"], &[1.0]);
        let loaded = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(loaded.front_end(), Some(&front_end()));
        let tags = |model| Tagger::new(model).unwrap().tag(&recording()).unwrap();
        assert_eq!(tags(loaded), tags(model));

        let other = FrontEnd::new(*front_end().config(), 33, 16).unwrap();
        let net = Architecture::new("flat", &[20, 32, 1]).with("flatten", LayerSpec::Flatten);
        let model = || Model::new(net.clone(), Output::Values, &[], 1).unwrap();
        let error = model().with_front_end(other).err().unwrap().to_string();
        assert_eq!(error, "front end: makes [20, 33, 1], the network wants [20, 32, 1]");
        assert!(Tagger::new(model()).is_err());
        let mut relabelled = self::model(Output::Binary, &["loud", "quiet"], &[1.0]);
        relabelled.labels.push(String::from("third"));
        assert!(Tagger::new(relabelled).is_err());
    }
}
