//! How a network is trained: batches, augmentation, and a film of its filters.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use dlmir_audio::SpecAugment;
use dlmir_data::{Batches, CropKey, Fold, Rng, random_crop};
use dlmir_models::Model;
use dlmir_models::train::{
    Batch, Callback, CallbackError, EarlyStopping, EpochEnd, Flow, History, Trainer,
};
use dlmir_nn::optim::{Adam, Schedule};
use dlmir_nn::{Gradients, Params, Tensor};
use ndarray::Array2;

/// How a network is trained.
#[derive(Debug, Clone)]
pub struct Recipe {
    pub epochs: u64,
    pub batch: usize,
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// Epochs without a better validation loss after which training stops.
    pub patience: u64,
    pub augment: Augment,
    pub seed: u64,
}

/// What is done to a picture of the training part, another thing each time it is shown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Augment {
    /// Cut out at a random place, instead of always the same places.
    pub crop: bool,
    /// Louder or softer by at most this many units of the picture.
    pub gain: f32,
    /// Holes, filled with the picture's mean.
    pub holes: bool,
}

/// The holes: a share of the picture that leaves enough to see.
const HOLES: SpecAugment = SpecAugment {
    freq_masks: 1,
    freq_width: 12,
    time_masks: 1,
    time_width: 20,
    time_share: 1.0,
    fill: 0.0,
};

/// The random stream of gains and holes.
const STREAM: u64 = 910;

impl Augment {
    /// One showing of a recording: the same for the same key, on any number of threads.
    fn picture(
        self,
        sound: &Array2<f32>,
        frames: usize,
        place: usize,
        key: CropKey,
    ) -> Array2<f32> {
        let mut picture = if self.crop {
            random_crop(sound.view(), frames, key)
        } else {
            dlmir_data::segment(sound.view(), place * frames, frames)
        };
        let mut rng = Rng::at(key.seed, key.epoch, key.item, STREAM);
        if self.gain > 0.0 {
            picture += rng.uniform_in(-self.gain, self.gain);
        }
        if self.holes {
            let fill = picture.mean().unwrap_or(0.0);
            let holes = SpecAugment { fill, ..HOLES };
            // The settings are within their ranges, so there is nothing that could be wrong.
            holes.apply(&mut picture, || rng.uniform()).expect("settings of a constant");
        }
        picture
    }
}

/// What a network is trained on: spectrograms `[bands, frames]` with their classes, and which of them are
/// for training and for validation.
#[derive(Clone, Copy)]
pub struct Task<'a> {
    pub sounds: &'a [Array2<f32>],
    pub classes: &'a [usize],
    pub fold: &'a Fold,
}

/// Trains a model on the training part of a fold, with Adam.
///
/// An epoch shows each recording as often as pictures fit into it. Classes take turns, so that a small one
/// is heard as often as a large one: its recordings come round again, and the number of the round makes
/// their cuts new ones. Validation uses fixed pictures.
pub fn fit(
    model: &mut Model,
    Task { sounds, classes, fold }: Task<'_>,
    recipe: &Recipe,
    checkpoint: Option<(&Path, &str)>,
    watchers: &mut [&mut dyn Callback],
) -> Result<History, Box<dyn Error>> {
    let [bands, frames, _] = model.architecture().input[..] else {
        return Err("the network wants no spectrogram".into());
    };
    let shows = |i: usize| (sounds[i].ncols() / frames).max(1);
    let n_cuts: usize = (0..sounds.len()).map(shows).sum();
    // The items of an epoch: (recording, which of its pictures, number across the whole set).
    let items: Vec<(usize, usize, u64)> = (0..sounds.len())
        .flat_map(|i| (0..shows(i)).map(move |place| (i, place)))
        .zip(0..)
        .filter(|((i, _), _)| fold.train.binary_search(i).is_ok())
        .map(|((i, place), number)| (i, place, number))
        .collect();
    let batches = Batches::new((0..items.len()).collect(), recipe.batch)
        .balanced(|item| classes[items[item].0]);

    let stack = |pictures: Vec<Array2<f32>>, owners: &[usize], numbers: Arc<[u64]>| {
        let pixels = pictures.iter().flat_map(|picture| picture.iter().copied()).collect();
        // The number of the true class: the loss wants no more.
        let target = owners.iter().map(|&i| classes[i] as f32).collect();
        Batch {
            x: Tensor::from_vec(&[owners.len(), bands, frames, 1], pixels),
            target: Tensor::from_vec(&[owners.len()], target),
            items: numbers,
        }
    };
    let (items, stack, augment) = (&items, &stack, recipe.augment);
    let train = |epoch: u64| {
        let batches = batches.epoch_with_rounds(recipe.seed, epoch);
        batches.map(move |batch| {
            let showing = |&(item, round): &(usize, u64)| {
                let (i, place, number) = items[item];
                let item = number + round * n_cuts as u64;
                let key = CropKey { seed: recipe.seed, epoch, item };
                (i, item, augment.picture(&sounds[i], frames, place, key))
            };
            let (mut owners, mut numbers, mut pictures) = (Vec::new(), Vec::new(), Vec::new());
            for (i, number, picture) in batch.iter().map(showing) {
                owners.push(i);
                numbers.push(number);
                pictures.push(picture);
            }
            stack(pictures, &owners, numbers.into())
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
    let mut adam = Adam::default();
    let mut trainer = Trainer::of(model, &mut adam)
        .epochs(recipe.epochs)
        .learning_rate(recipe.learning_rate)
        .schedule(recipe.schedule.clone())
        .seed(recipe.seed);
    if !fold.validation.is_empty() {
        trainer = trainer.callback(&mut stopping);
    }
    for watcher in watchers {
        trainer = trainer.callback(&mut **watcher);
    }
    if let Some((path, settings)) = checkpoint {
        trainer = trainer.checkpoint(path, settings);
    }
    Ok(trainer.fit(train, validation)?)
}

/// A film of one array, such as the filters of a layer: as it was at the start and after each epoch.
pub struct Film {
    /// The array's name; without one, nothing is filmed.
    pub array: Option<String>,
    /// (epochs done, the numbers).
    pub frames: Vec<(u64, Tensor)>,
}

impl Film {
    pub fn of(array: Option<String>) -> Film {
        Film { array, frames: Vec::new() }
    }

    fn shoot(&mut self, epoch: u64, params: &Params) {
        if let Some(id) = self.array.as_deref().and_then(|name| params.id(name)) {
            self.frames.push((epoch, params.value(id).clone()));
        }
    }
}

impl Callback for Film {
    fn name(&self) -> &'static str {
        "film"
    }

    fn on_batch(&mut self, _: u64, params: &Params, _: &Gradients) -> Result<(), CallbackError> {
        if self.frames.is_empty() {
            self.shoot(0, params);
        }
        Ok(())
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        self.shoot(end.row.epoch, end.params);
        Ok(Flow::Continue)
    }

    fn memory(&self) -> Vec<(String, Tensor)> {
        self.frames.iter().map(|(epoch, frame)| (epoch.to_string(), frame.clone())).collect()
    }

    fn remember(&mut self, memory: &[(String, Tensor)], _: &Params) -> Result<(), CallbackError> {
        self.frames = memory
            .iter()
            .map(|(epoch, frame)| Ok((epoch.parse()?, frame.clone())))
            .collect::<Result<_, CallbackError>>()?;
        self.frames.sort_by_key(|&(epoch, _)| epoch);
        Ok(())
    }
}
