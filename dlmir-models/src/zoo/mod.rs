//! Networks by name: those of the papers and tutorials behind the course.
//!
//! Each function gives a description ([`Architecture`]) to print, change, build or train. Inputs are
//! spectrograms `[bands, frames, 1]`; kernels and windows are `[freq, time]`. Each ends in the layers `output` and
//! `probability`; [`with_labels`] exchanges them. The tests hold sizes and shapes against the published tables.

mod card;
mod cards;
mod choi;
mod compact_cnn;
mod large;
mod pons;
mod similarity;
mod tagging;
mod tutorial;
mod vienna;
mod vision;

pub use card::{InputContract, ModelCard, Origin, Reported};
pub use cards::{by_name, card, cards};
pub use choi::{choi_compact, choi_fcn3, choi_fcn4, choi_fcn5, choi_fcn6, choi_fcn7, choi_tagger};
pub use compact_cnn::{CompactCnn, compact_cnn};
pub use large::{harmonic_cnn, short_chunk, short_chunk_res, vggish, vggish_s};
pub use pons::{pons_2016_blackbox, pons_2016_frequency, pons_2016_time, pons_2016_timefreq};
pub use similarity::{dimsim_triplet, siamese_parallel, triplet_parallel};
pub use tagging::{dieleman_2014, musicnn, musicnn_big, sample_cnn, vgg_pons};
pub use tutorial::{
    cnn_1layer, cnn_2layer, cnn_2layer_music_speech, mirex2015_cnn, mlp_basic, parallel_simple,
};
pub use vienna::{
    lidy_schindler_2016_cqt, lidy_schindler_2016_m1, lidy_schindler_2016_m2,
    lidy_schindler_2016_m3, multires_parallel, schindler_2016_deep, schindler_2016_shallow,
};
pub use vision::{Shortcut, alexnet_s, inception_s, lenet_s, resnet20, vgg_s};

use dlmir_nn::{ConvOptions, Padding};

use crate::{Architecture, LayerSpec, Output};

/// Layers of a branch with their names.
type Layers = Vec<(&'static str, LayerSpec)>;

/// Filters inside the map, without padding.
fn conv_valid(channels: usize, kernel: [usize; 2]) -> LayerSpec {
    let options = ConvOptions { padding: Padding::Valid, ..ConvOptions::default() };
    LayerSpec::conv2d_with(channels, kernel, options)
}

/// Filters with zeros around the map and without bias, for a batch norm after them.
fn plain_conv(channels: usize, kernel: [usize; 2], stride: [usize; 2]) -> LayerSpec {
    let options = ConvOptions { stride, bias: false, ..ConvOptions::default() };
    LayerSpec::conv2d_with(channels, kernel, options)
}

/// The last two layers of a network: a number for each label, and what makes probabilities of them, if the output has
/// such.
fn with_head(architecture: Architecture, output: Output, labels: usize) -> Architecture {
    let net = architecture.with("output", LayerSpec::linear(labels));
    match output {
        Output::Binary | Output::AnyOf => net.with("probability", LayerSpec::Sigmoid),
        Output::OneOf => net.with("probability", LayerSpec::Softmax),
        Output::Values => net,
    }
}

/// One logit, one probability.
fn with_answer(architecture: Architecture) -> Architecture {
    with_head(architecture, Output::Binary, 1)
}

/// The same network for other labels: its layers from `output` on are exchanged for a linear layer with `labels` numbers and
/// the activation that `output` wants.
///
/// ```
/// use dlmir_models::{Output, zoo};
///
/// let moods = zoo::with_labels(zoo::schindler_2016_deep(10), Output::AnyOf, 4);
/// assert_eq!(moods.summary()?.output(), [4]);
/// # Ok::<(), dlmir_models::ModelError>(())
/// ```
pub fn with_labels(mut architecture: Architecture, output: Output, labels: usize) -> Architecture {
    let end = architecture.layers.iter().position(|(name, _)| name == "output");
    architecture.layers.truncate(end.unwrap_or(architecture.layers.len()));
    with_head(architecture, output, labels)
}

#[cfg(test)]
mod tests;
