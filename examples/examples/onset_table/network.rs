//! A small network for onsets, trained on generated sound alone.
//!
//! ```text
//! sound at 44.1 kHz, 100 frames a second -> log-mel, 80 bands from 27.5 Hz to 16 kHz, frames of 1024, 2048 and 4096 samples
//! 15 frames around each -> [80, 15, 3] -> 10 filters of 3 x 7 -> max of 3 bands -> 20 filters of 3 x 3 -> max of 3 bands
//!                       -> 64 units -> the probability that something begins in the frame in the middle
//! ```
//!
//! Filters and input are those of Schlueter and Boeck (2014), "Improved musical onset detection with convolutional neural networks",
//! ICASSP; the hidden layer is a quarter of theirs, and decibels are below the recording's loudest moment, so that its level does not
//! matter. The target is 1 in the frame of an onset and 1/2 in its two neighbours.

use std::error::Error;
use std::sync::Arc;

use dlmir_audio::{
    DbConfig, DbReference, LogMel, LogMelConfig, LogScale, PeakPicker, PeakPickingConfig, Signal,
    resample,
};
use dlmir_data::{Batches, Rng};
use dlmir_eval::{ONSET_WINDOW_S, OnsetCounts};
use dlmir_models::train::{Batch, EarlyStopping, Progress, Trainer};
use dlmir_models::{Architecture, LayerSpec, Model, Output};
use dlmir_nn::optim::Adam;
use dlmir_nn::{Init, Padding, Tensor};
use rayon::prelude::*;

use crate::generated::{self, Part, RATE};

const BANDS: usize = 80;
const FRAME_LENGTHS: [usize; 3] = [1024, 2048, 4096];
const CHANNELS: usize = FRAME_LENGTHS.len();
const FRAMES_PER_S: f64 = 100.0;
/// Frames that the network sees at once, and how many of them lie before the middle one.
const SEEN: usize = 15;
const BEFORE: usize = SEEN / 2;

/// Items for choosing the epoch and the threshold.
const CHOOSING: usize = 40;

/// Frames of a batch.
const BATCH: usize = 256;

/// The share of frames far from any onset that an epoch shows; others every epoch.
const QUIET_SHARE: f32 = 0.15;

/// What the network looks at.
struct Ears {
    spectra: Vec<LogMel>,
}

/// A recording as the network sees it: `[bands, frames, channels]`, with seven copies of the first frame before it and of the last one
/// after it.
struct Picture {
    values: Vec<f32>,
    frames: usize,
}

impl Ears {
    fn new() -> Result<Ears, Box<dyn Error>> {
        let db = DbConfig { reference: DbReference::Max, ..DbConfig::default() };
        let spectrum = |n_fft: usize| {
            LogMel::new(LogMelConfig {
                n_fft,
                hop_length: (f64::from(RATE) / FRAMES_PER_S) as usize,
                n_mels: BANDS,
                f_min_hz: 27.5,
                f_max_hz: 16_000.0,
                scale: LogScale::Db(db),
                ..LogMelConfig::new(RATE)
            })
        };
        let spectra: Result<Vec<LogMel>, _> = FRAME_LENGTHS.into_iter().map(spectrum).collect();
        Ok(Ears { spectra: spectra? })
    }

    fn look(&self, signal: &Signal) -> Picture {
        let views: Vec<_> = self.spectra.iter().map(|spectrum| spectrum.compute(signal)).collect();
        let frames = views[0].ncols();
        let width = frames + SEEN - 1;
        let mut values = Vec::with_capacity(BANDS * width * CHANNELS);
        for band in 0..BANDS {
            for t in 0..width {
                let t = t.saturating_sub(BEFORE).min(frames - 1);
                values.extend(views.iter().map(|view| view[[band, t]]));
            }
        }
        Picture { values, frames }
    }
}

impl Picture {
    /// Each band of each channel, as its place in the row and its numbers.
    fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact((self.frames + SEEN - 1) * CHANNELS)
    }

    /// Subtracts the mean of each band and channel, and divides by its deviation.
    fn standardize(&mut self, scale: &[(f32, f32)]) {
        let width = (self.frames + SEEN - 1) * CHANNELS;
        for (row, scale) in self.values.chunks_exact_mut(width).zip(scale.chunks_exact(CHANNELS)) {
            for (i, x) in row.iter_mut().enumerate() {
                let (mean, deviation) = scale[i % CHANNELS];
                *x = (*x - mean) / deviation;
            }
        }
    }

    /// Adds what the network sees around frame t.
    fn window(&self, t: usize, out: &mut Vec<f32>) {
        for row in self.rows() {
            out.extend_from_slice(&row[t * CHANNELS..(t + SEEN) * CHANNELS]);
        }
    }
}

/// Mean and deviation of each band and channel over pictures.
fn measure(pictures: &[Picture]) -> Vec<(f32, f32)> {
    let mut sums = vec![(0.0f64, 0.0f64, 0.0f64); BANDS * CHANNELS];
    for picture in pictures {
        for (row, sums) in picture.rows().zip(sums.chunks_exact_mut(CHANNELS)) {
            for (i, &x) in row.iter().enumerate() {
                let x = f64::from(x);
                let (n, sum, squares) = &mut sums[i % CHANNELS];
                (*n, *sum, *squares) = (*n + 1.0, *sum + x, *squares + x * x);
            }
        }
    }
    let of = |(n, sum, squares): (f64, f64, f64)| {
        let mean = sum / n;
        (mean as f32, (squares / n - mean * mean).max(1e-6).sqrt() as f32)
    };
    sums.into_iter().map(of).collect()
}

fn architecture() -> Architecture {
    let filters = |channels, kernel| LayerSpec::Conv2d {
        channels,
        kernel,
        stride: [1, 1],
        dilation: [1, 1],
        padding: Padding::Valid,
        bias: true,
        init: Init::GlorotUniform,
    };
    Architecture::new("small_onset_cnn", &[BANDS, SEEN, CHANNELS])
        .with("conv1", filters(10, [3, 7]))
        .with("relu1", LayerSpec::Relu)
        .with("pool1", LayerSpec::max_pool2d([3, 1]))
        .with("conv2", filters(20, [3, 3]))
        .with("relu2", LayerSpec::Relu)
        .with("pool2", LayerSpec::max_pool2d([3, 1]))
        .with("flatten", LayerSpec::Flatten)
        .with("dropout", LayerSpec::Dropout { rate: 0.3 })
        .with("hidden", LayerSpec::linear(64))
        .with("hidden_relu", LayerSpec::Relu)
        .with("opinion", LayerSpec::linear(1))
        .with("probability", LayerSpec::Sigmoid)
}

/// Generated items as pictures, with their onsets.
struct Heard {
    pictures: Vec<Picture>,
    onsets: Vec<Vec<f64>>,
}

impl Heard {
    fn listen(ears: &Ears, seed: u64, part: Part, count: usize) -> Heard {
        let (pictures, onsets) = generated::numbers(seed, part, count)
            .into_par_iter()
            .map(|number| {
                let item = generated::item(seed, number);
                (ears.look(&item.signal), generated::onsets(&item.piece))
            })
            .unzip();
        Heard { pictures, onsets }
    }

    /// The target of every frame of an item: 1 at an onset, 1/2 beside it.
    fn target(&self, item: usize) -> Vec<f32> {
        let mut target = vec![0.0f32; self.pictures[item].frames];
        for &onset in &self.onsets[item] {
            let middle = (onset * FRAMES_PER_S).round() as usize;
            for (t, worth) in [(middle.wrapping_sub(1), 0.5), (middle, 1.0), (middle + 1, 0.5)] {
                if let Some(target) = target.get_mut(t) {
                    *target = target.max(worth);
                }
            }
        }
        target
    }

    fn batch(&self, targets: &[Vec<f32>], frames: &[(usize, usize)]) -> Batch {
        let mut x = Vec::with_capacity(frames.len() * BANDS * SEEN * CHANNELS);
        frames.iter().for_each(|&(item, t)| self.pictures[item].window(t, &mut x));
        let numbers = frames.iter().map(|&(item, t)| ((item as u64) << 12) + t as u64);
        Batch {
            x: Tensor::from_vec(&[frames.len(), BANDS, SEEN, CHANNELS], x),
            target: Tensor::from_vec(
                &[frames.len(), 1],
                frames.iter().map(|&(item, t)| targets[item][t]).collect(),
            ),
            items: numbers.collect::<Vec<u64>>().into(),
        }
    }
}

/// A trained network with its threshold.
pub struct OnsetNetwork {
    ears: Ears,
    scale: Vec<(f32, f32)>,
    model: Model,
    picker: PeakPicker,
}

/// Trains on so many generated items, for so many epochs at most, and chooses the threshold on others.
pub fn train(items: u64, epochs: u64, seed: u64) -> Result<OnsetNetwork, Box<dyn Error>> {
    let ears = Ears::new()?;
    eprintln!("listening to {items} generated items to train on, {CHOOSING} to choose with");
    let mut train = Heard::listen(&ears, seed, Part::Train, items as usize);
    let mut choose = Heard::listen(&ears, seed, Part::Choose, CHOOSING);
    let scale = measure(&train.pictures);
    for picture in train.pictures.iter_mut().chain(&mut choose.pictures) {
        picture.standardize(&scale);
    }

    let mut model = Model::new(architecture(), Output::Binary, &["onset", "nothing"], seed)?;
    let targets = |heard: &Heard| -> Vec<Vec<f32>> {
        (0..heard.pictures.len()).map(|item| heard.target(item)).collect()
    };
    let (train_targets, choose_targets) = (targets(&train), targets(&choose));
    // An epoch shows every frame near an onset, and some of the others.
    let epoch = |epoch: u64| {
        let mut frames = Vec::new();
        for (item, target) in train_targets.iter().enumerate() {
            let mut rng = Rng::at(seed, epoch, item as u64, 1);
            let near = |t: usize| {
                target[t.saturating_sub(3)..(t + 4).min(target.len())].iter().any(|&x| x > 0.0)
            };
            frames.extend(
                (0..target.len())
                    .filter(|&t| near(t) || rng.chance(QUIET_SHARE))
                    .map(|t| (item, t)),
            );
        }
        eprintln!("epoch {}: {} frames", epoch + 1, frames.len());
        let frames = Arc::new(frames);
        let batches: Vec<Vec<usize>> = Batches::new((0..frames.len()).collect(), BATCH)
            .drop_last()
            .epoch(seed, epoch)
            .collect();
        let (train, targets) = (&train, &train_targets);
        batches.into_iter().map(move |batch| {
            let chosen: Vec<(usize, usize)> = batch.iter().map(|&i| frames[i]).collect();
            train.batch(targets, &chosen)
        })
    };
    // Every third frame is enough to see when to stop.
    let validation = || {
        (0..choose.pictures.len()).map(|item| {
            let frames: Vec<(usize, usize)> =
                (0..choose.pictures[item].frames).step_by(3).map(|t| (item, t)).collect();
            choose.batch(&choose_targets, &frames)
        })
    };
    let (mut stopping, mut progress) = (EarlyStopping::new(4), Progress::new("onsets", true));
    let history = Trainer::of(&mut model, &mut Adam::default())
        .epochs(epochs)
        .learning_rate(0.001)
        .seed(seed)
        .callback(&mut stopping)
        .callback(&mut progress)
        .fit(epoch, validation)?;
    for row in &history.rows {
        eprintln!(
            "epoch {:>2}  loss {:.4}  loss on other artists {:.4}",
            row.epoch, row.loss, row.val_loss
        );
    }

    // The threshold with the best F on the artists that are there for choosing.
    let activations: Result<Vec<Vec<f32>>, Box<dyn Error>> =
        choose.pictures.iter().map(|picture| activation(&model, picture)).collect();
    let activations = activations?;
    let mut best = (0.0, -1.0);
    for threshold in (1..40).map(|step| 0.05 * f64::from(step)) {
        let picker = PeakPicker::new(PeakPickingConfig::of_network(threshold), FRAMES_PER_S)?;
        let counts: OnsetCounts = activations
            .iter()
            .zip(&choose.onsets)
            .map(|(x, onsets)| OnsetCounts::of(onsets, &picker.pick(x), ONSET_WINDOW_S))
            .sum();
        if counts.scores().f1 > best.1 {
            best = (threshold, counts.scores().f1);
        }
    }
    eprintln!(
        "{} parameters; threshold {:.2} after smoothing, F {:.3} on {CHOOSING} items of other artists",
        model.params.count(),
        best.0,
        best.1
    );
    let picker = PeakPicker::new(PeakPickingConfig::of_network(best.0), FRAMES_PER_S)?;
    Ok(OnsetNetwork { ears, scale, model, picker })
}

/// The network's opinion on every frame.
fn activation(model: &Model, picture: &Picture) -> Result<Vec<f32>, Box<dyn Error>> {
    let mut opinions = Vec::with_capacity(picture.frames);
    let frames: Vec<usize> = (0..picture.frames).collect();
    for some in frames.chunks(4 * BATCH) {
        let mut x = Vec::with_capacity(some.len() * BANDS * SEEN * CHANNELS);
        some.iter().for_each(|&t| picture.window(t, &mut x));
        let x = Tensor::from_vec(&[some.len(), BANDS, SEEN, CHANNELS], x);
        opinions.extend_from_slice(model.predict(&x)?.as_slice());
    }
    Ok(opinions)
}

impl OnsetNetwork {
    /// The onsets' times in seconds.
    pub fn detect(&self, signal: &Signal) -> Result<Vec<f64>, Box<dyn Error>> {
        let mut picture = self.ears.look(&resample(signal, RATE)?);
        picture.standardize(&self.scale);
        Ok(self.picker.pick(&activation(&self.model, &picture)?))
    }
}
