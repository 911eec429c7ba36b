//! The networks of the lesson: what they see, how they are laid out, how fast they learn.

use std::error::Error;

use dlmir_audio::{DbConfig, DbReference, LogMelConfig, LogScale};
use dlmir_models::{Architecture, FrontEnd, LayerSpec, zoo};
use dlmir_nn::BatchNormOptions;
use dlmir_nn::optim::Schedule;

/// From sound to pictures: 80 mel bands in decibels below the recording's loudest moment, a frame every
/// 23 ms, 80 frames (1.9 s) a picture, one picture after the other.
pub fn front_end() -> Result<FrontEnd, Box<dyn Error>> {
    let decibels = DbConfig { reference: DbReference::Max, ..DbConfig::default() };
    let config = LogMelConfig {
        n_fft: 1024,
        hop_length: 512,
        n_mels: 80,
        scale: LogScale::Db(decibels),
        ..LogMelConfig::new(22_050)
    };
    Ok(FrontEnd::new(config, 80, 80)?)
}

/// A network of the lesson, by name.
#[derive(Clone, Copy)]
pub struct Network {
    pub name: &'static str,
    layout: fn() -> Architecture,
    /// Whether it takes raw decibels, because its first layer is a batch norm per band. The others get
    /// bands that are standardised by the training part.
    pub takes_decibels: bool,
    /// The learning rate of Adam, and how much it falls with each update: rate / (1 + decay updates).
    pub rate: f64,
    pub decay: f64,
}

impl Network {
    /// The layers, for so many classes: those of the zoo answer one yes-or-no question, so their last two
    /// layers make room for a number per class, and a softmax, by which these become shares of 1.
    pub fn architecture(&self, classes: usize) -> Architecture {
        one_of(Architecture { name: self.name.into(), ..(self.layout)() }, classes)
    }

    /// The learning rate over the updates.
    pub fn schedule(&self) -> Schedule {
        Schedule::InverseTime { decay: self.decay }
    }

    /// The network of this name.
    pub fn named(name: &str) -> Option<Network> {
        ALL.into_iter().find(|network| network.name == name)
    }
}

const fn zoo_network(name: &'static str, layout: fn() -> Architecture) -> Network {
    Network { name, layout, takes_decibels: false, rate: 0.001, decay: 0.0 }
}

/// Those that compete unless `--model` names one: one convolution, two, and three with batch norm.
pub const COMPARED: [&str; 3] = ["one_layer", "two_layers", "compact_cnn"];

/// All networks, for `--model`.
pub const ALL: [Network; 10] = [
    zoo_network("one_layer", one_layer),
    zoo_network("two_layers", two_layers),
    zoo_network("cnn_1layer", zoo::cnn_1layer),
    zoo_network("cnn_2layer", zoo::cnn_2layer),
    Network {
        takes_decibels: true,
        rate: 0.003,
        decay: 0.01,
        ..zoo_network("compact_cnn", compact)
    },
    zoo_network("mlp_basic", zoo::mlp_basic),
    zoo_network("cnn_2layer_music_speech", zoo::cnn_2layer_music_speech),
    zoo_network("mirex2015_cnn", zoo::mirex2015_cnn),
    zoo_network("tall_filters", tall_filters),
    zoo_network("wide_filters", wide_filters),
];

/// Pictures of this size for any network: shapes are inferred from it, layer by layer.
const INPUT: [usize; 3] = [80, 80, 1];

fn one_of(mut network: Architecture, classes: usize) -> Architecture {
    network.input = INPUT.to_vec();
    network.layers.retain(|(name, _)| name != "output" && name != "probability");
    network.with("output", LayerSpec::linear(classes)).with("probability", LayerSpec::Softmax)
}

/// The first CNN of the tutorial (`cnn_1layer`), slim: of that one's six million weights, nearly all lie
/// between the map and a dense layer of 256. Pooling over 4 x 4 and 64 units leave 370 000.
fn one_layer() -> Architecture {
    Architecture::new("one_layer", &INPUT)
        .with("conv1", LayerSpec::conv2d(16, [3, 3]))
        .with("bend1", LayerSpec::Relu)
        .with("pool1", LayerSpec::max_pool2d([4, 4]))
        .with("flatten", LayerSpec::Flatten)
        .with("dense1", LayerSpec::linear(64))
        .with("relu1", LayerSpec::Relu)
}

/// The second one (`cnn_2layer`), slim as well: deeper, and smaller still.
fn two_layers() -> Architecture {
    Architecture::new("two_layers", &INPUT)
        .with("conv1", LayerSpec::conv2d(16, [3, 3]))
        .with("bend1", LayerSpec::Relu)
        .with("pool1", LayerSpec::max_pool2d([2, 2]))
        .with("conv2", LayerSpec::conv2d(16, [3, 3]))
        .with("bend2", LayerSpec::Relu)
        .with("pool2", LayerSpec::max_pool2d([4, 4]))
        .with("flatten", LayerSpec::Flatten)
        .with("dense1", LayerSpec::linear(64))
        .with("relu1", LayerSpec::Relu)
}

/// The compact CNN of the ISMIR 2018 tutorial, after K. Choi's auto-tagger: a batch norm for every band;
/// three blocks of convolution, batch norm, ELU and max-pooling; one dense layer. 107 016 parameters with
/// eight classes.
fn compact() -> Architecture {
    compact_with(Switches::default())
}

/// What the comparison of the lesson switches off.
#[derive(Clone, Copy)]
pub struct Switches {
    pub band_norm: bool,
    pub batch_norm: bool,
    pub elu: bool,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches { band_norm: true, batch_norm: true, elu: true }
    }
}

fn compact_with(Switches { band_norm, batch_norm, elu }: Switches) -> Architecture {
    let mut network = Architecture::new("compact_cnn", &INPUT);
    if band_norm {
        let per_band = BatchNormOptions { axis: Some(1), ..BatchNormOptions::PYTORCH };
        network = network.with("band_norm", LayerSpec::BatchNorm(per_band));
    }
    for (block, channels, window) in [(1, 32, [2, 4]), (2, 64, [3, 4]), (3, 64, [2, 5])] {
        network = network.with(&format!("conv{block}"), LayerSpec::conv2d(channels, [3, 3]));
        if batch_norm {
            network = network.with(&format!("norm{block}"), LayerSpec::batch_norm());
        }
        let bend = if elu { LayerSpec::Elu { alpha: 1.0 } } else { LayerSpec::Relu };
        network = network
            .with(&format!("bend{block}"), bend)
            .with(&format!("pool{block}"), LayerSpec::max_pool2d(window));
    }
    network
        .with("flatten", LayerSpec::Flatten)
        .with("dropout", LayerSpec::Dropout { rate: 0.2 })
        .with("dense1", LayerSpec::linear(128))
        .with("relu1", LayerSpec::Relu)
}

/// The compact CNN with parts switched off, for so many classes.
pub fn compact_variant(switches: Switches, classes: usize) -> Architecture {
    one_of(compact_with(switches), classes)
}

/// Filters that reach over a third of all bands and few frames: they see timbre, chords, strokes. Pooling
/// over time keeps the pitch and forgets when.
fn tall_filters() -> Architecture {
    shallow("tall_filters", [23, 10], [1, 20])
}

/// Filters that reach over a quarter of all frames: they see rhythm. Pooling over the bands keeps when, and
/// forgets the pitch.
fn wide_filters() -> Architecture {
    shallow("wide_filters", [10, 21], [20, 1])
}

fn shallow(name: &str, kernel: [usize; 2], window: [usize; 2]) -> Architecture {
    Architecture::new(name, &INPUT)
        .with("conv1", LayerSpec::conv2d(16, kernel))
        .with("bend1", LayerSpec::LeakyRelu { alpha: 0.3 })
        .with("pool1", LayerSpec::max_pool2d(window))
        .with("flatten", LayerSpec::Flatten)
        .with("dropout", LayerSpec::Dropout { rate: 0.1 })
        .with("dense1", LayerSpec::linear(200))
        .with("relu1", LayerSpec::Relu)
}

/// The first convolution's weight, if there is one: `conv1/weight`.
pub fn first_filters(architecture: &Architecture) -> Option<String> {
    let mut layers = architecture.layers.iter();
    let (name, _) = layers.find(|(_, layer)| matches!(layer, LayerSpec::Conv2d { .. }))?;
    Some(format!("{name}/weight"))
}
