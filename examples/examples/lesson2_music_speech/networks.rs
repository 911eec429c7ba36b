//! The two networks of the lesson, and how they are trained.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use dlmir_audio::{DbConfig, DbReference, LogMelConfig, LogScale};
use dlmir_data::{Batches, CropKey, Fold, random_crop};
use dlmir_models::train::{Batch, Callback, EarlyStopping, History, Trainer};
use dlmir_models::{Architecture, FrontEnd, LayerSpec, Model};
use dlmir_nn::optim::Optimizer;
use dlmir_nn::{GlobalPool, Tensor};
use ndarray::Array2;

/// From sound to pictures: 40 mel bands up to 8 kHz in decibels below the recording's loudest moment, a
/// frame every 23 ms, 80 frames (1.9 s) a picture, a picture every 0.9 s.
pub fn front_end() -> Result<FrontEnd, Box<dyn Error>> {
    let decibels = DbConfig { reference: DbReference::Max, ..DbConfig::default() };
    let config = LogMelConfig {
        n_fft: 1024,
        hop_length: 512,
        n_mels: 40,
        f_max_hz: 8000.0,
        scale: LogScale::Db(decibels),
        ..LogMelConfig::new(22_050)
    };
    Ok(FrontEnd::new(config, 80, 40)?)
}

/// A fully connected network: every unit of the hidden layer sees every pixel of the spectrogram. It has
/// to learn anew for each place in time what a drum or a vowel looks like.
#[allow(dead_code, reason = "the pretrain command uses the other network only")]
pub fn dense(front_end: &FrontEnd) -> Architecture {
    Architecture::new("dense", &[front_end.bands(), front_end.frames(), 1])
        .with("flatten", LayerSpec::Flatten)
        .with("hidden", LayerSpec::linear(64))
        .with("hidden_relu", LayerSpec::Relu)
        .with("hidden_dropout", LayerSpec::Dropout { rate: 0.5 })
        .with("opinion", LayerSpec::linear(1))
        .with("probability", LayerSpec::Sigmoid)
}

/// A small convolutional network: filters of 3 x 3 pixels that are the same everywhere. Each block halves
/// the picture and looks at wider surroundings; at the end, each of 32 feature maps is asked for its mean
/// and its maximum, wherever in the picture that is.
pub fn small_cnn(front_end: &FrontEnd) -> Architecture {
    let mut network = Architecture::new("small_cnn", &[front_end.bands(), front_end.frames(), 1]);
    for (block, channels) in [(1, 8), (2, 16), (3, 32)] {
        network = network
            .with(&format!("conv{block}"), LayerSpec::conv2d(channels, [3, 3]))
            .with(&format!("norm{block}"), LayerSpec::batch_norm())
            .with(&format!("relu{block}"), LayerSpec::Relu)
            .with(&format!("pool{block}"), LayerSpec::max_pool2d([2, 2]));
    }
    network
        .with("pool", LayerSpec::GlobalPool(GlobalPool::MeanMax))
        .with("dropout", LayerSpec::Dropout { rate: 0.3 })
        .with("opinion", LayerSpec::linear(1))
        .with("probability", LayerSpec::Sigmoid)
}

/// How a network is trained.
#[derive(Debug, Clone, Copy)]
pub struct Recipe {
    pub epochs: u64,
    pub batch: usize,
    pub learning_rate: f64,
    /// Epochs without a better validation loss after which training stops.
    pub patience: u64,
    pub seed: u64,
}

/// What a network is trained on: standardised spectrograms `[bands, frames]` with their classes, and
/// which of them are for training and for validation.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub sounds: &'a [Array2<f32>],
    pub classes: &'a [usize],
    pub fold: &'a Fold,
}

/// Trains a model on the training part of a fold.
///
/// An epoch shows each recording as often as segments fit into it, each time cut out at another, random
/// place: the network hardly ever sees the same picture twice. Where one class has fewer pictures, its
/// recordings come round again in the same epoch; the number of the round makes their cuts new ones.
/// Validation uses the fixed segments.
pub fn fit(
    model: &mut Model,
    optimizer: &mut dyn Optimizer,
    Task { sounds, classes, fold }: Task<'_>,
    recipe: Recipe,
    checkpoint: Option<(&Path, &str)>,
    watchers: &mut [Box<dyn Callback>],
) -> Result<History, Box<dyn Error>> {
    let [bands, frames, _] = model.architecture().input[..] else {
        return Err("the network wants no spectrogram".into());
    };
    let shows = |i: usize| (sounds[i].ncols() / frames).max(1);
    let n_cuts: usize = (0..sounds.len()).map(shows).sum();
    // The items of an epoch: (recording, which of its cuts), numbered across the whole set.
    let items: Vec<(usize, u64)> = (0..sounds.len())
        .flat_map(|i| (0..shows(i)).map(move |_| i))
        .zip(0..)
        .filter(|(i, _)| fold.train.binary_search(i).is_ok())
        .collect();
    let batches = Batches::new((0..items.len()).collect(), recipe.batch)
        .balanced(|item| classes[items[item].0]);

    let stack = |pictures: Vec<Array2<f32>>, owners: &[usize], numbers: Arc<[u64]>| {
        let pixels = pictures.iter().flat_map(|picture| picture.iter().copied()).collect();
        // The model answers with the probability of the first class.
        let target = owners.iter().map(|&i| if classes[i] == 0 { 1.0 } else { 0.0 }).collect();
        Batch {
            x: Tensor::from_vec(&[owners.len(), bands, frames, 1], pixels),
            target: Tensor::from_vec(&[owners.len(), 1], target),
            items: numbers,
        }
    };
    let (items, stack) = (&items, &stack);
    let train = |epoch: u64| {
        let batches = batches.epoch_with_rounds(recipe.seed, epoch);
        batches.map(move |batch| {
            let showing = |&(item, round): &(usize, u64)| {
                let (i, number) = items[item];
                (i, number + round * n_cuts as u64)
            };
            let chosen: Vec<(usize, u64)> = batch.iter().map(showing).collect();
            let cut = |&(i, number): &(usize, u64)| {
                let key = CropKey { seed: recipe.seed, epoch, item: number };
                random_crop(sounds[i].view(), frames, key)
            };
            let owners: Vec<usize> = chosen.iter().map(|&(i, _)| i).collect();
            let numbers = chosen.iter().map(|&(_, number)| number).collect();
            stack(chosen.iter().map(cut).collect(), &owners, numbers)
        })
    };
    let validation = || {
        fold.validation.iter().map(|&i| {
            let pictures = dlmir_data::segments(sounds[i].view(), frames, frames);
            let owners = vec![i; pictures.len()];
            stack(pictures, &owners, (0..owners.len() as u64).collect())
        })
    };

    let mut stopping = EarlyStopping::new(recipe.patience);
    let mut trainer = Trainer::of(model, optimizer)
        .epochs(recipe.epochs)
        .learning_rate(recipe.learning_rate)
        .seed(recipe.seed);
    if !fold.validation.is_empty() {
        trainer = trainer.callback(&mut stopping);
    }
    for watcher in watchers {
        trainer = trainer.callback(watcher.as_mut());
    }
    if let Some((path, settings)) = checkpoint {
        trainer = trainer.checkpoint(path, settings);
    }
    Ok(trainer.fit(train, validation)?)
}
