//! The networks of the two tutorials that the course grew from: ISMIR 2018 (Paris) and Machine Learning Prague 2018, by
//! Schindler, Lidy and Böck (github.com/slychief/ismir2018_tutorial, github.com/slychief/mlprague2018_tutorial).
//!
//! Inputs are log-mel segments `[bands, frames, 1]`. All end in a sigmoid for one yes-or-no question.

use dlmir_nn::Join;

use super::{conv_valid, with_answer};
use crate::{Architecture, LayerSpec};

/// The smallest complete network of the Machine Learning Prague 2018 tutorial: 40 bands x 80 frames, two
/// hidden layers of 512 units. 1 902 081 parameters.
pub fn mlp_basic() -> Architecture {
    with_answer(
        Architecture::new("mlp_basic", &[40, 80, 1])
            .with("flatten", LayerSpec::Flatten)
            .with("dense1", LayerSpec::linear(512))
            .with("sigmoid1", LayerSpec::Sigmoid)
            .with("dense2", LayerSpec::linear(512))
            .with("sigmoid2", LayerSpec::Sigmoid),
    )
}

/// The first CNN of the ISMIR 2018 tutorial (instrumental or vocal): 80 bands x 80 frames, one
/// convolution. As in the tutorial, the convolution has no activation; max-pooling is the only bend before
/// the dense layer. 6 230 689 parameters, nearly all of them between the map and the dense layer.
pub fn cnn_1layer() -> Architecture {
    with_answer(
        Architecture::new("cnn_1layer", &[80, 80, 1])
            .with("conv1", conv_valid(16, [3, 3]))
            .with("pool1", LayerSpec::max_pool2d([2, 2]))
            .with("flatten", LayerSpec::Flatten)
            .with("dense1", LayerSpec::linear(256))
            .with("sigmoid1", LayerSpec::Sigmoid),
    )
}

/// The second CNN of the ISMIR 2018 tutorial: two convolutions, and again no activation but max-pooling
/// before the sigmoid at the end. 1 330 097 parameters: deeper and smaller.
pub fn cnn_2layer() -> Architecture {
    with_answer(
        Architecture::new("cnn_2layer", &[80, 80, 1])
            .with("conv1", conv_valid(16, [3, 3]))
            .with("pool1", LayerSpec::max_pool2d([2, 2]))
            .with("conv2", conv_valid(16, [3, 3]))
            .with("pool2", LayerSpec::max_pool2d([2, 2]))
            .with("flatten", LayerSpec::Flatten)
            .with("dense1", LayerSpec::linear(256)),
    )
}

/// The same for music and speech (Machine Learning Prague 2018): 40 bands x 80 frames, 32 filters, dropout
/// after the first block. 1 189 729 parameters.
pub fn cnn_2layer_music_speech() -> Architecture {
    with_answer(
        Architecture::new("cnn_2layer_music_speech", &[40, 80, 1])
            .with("conv1", conv_valid(32, [3, 3]))
            .with("pool1", LayerSpec::max_pool2d([2, 2]))
            .with("dropout1", LayerSpec::Dropout { rate: 0.25 })
            .with("conv2", conv_valid(32, [3, 3]))
            .with("pool2", LayerSpec::max_pool2d([2, 2]))
            .with("flatten", LayerSpec::Flatten)
            .with("dense1", LayerSpec::linear(256))
            .with("sigmoid1", LayerSpec::Sigmoid),
    )
}

/// The network that won the MIREX 2015 music/speech classification (Lidy 2015): 40 bands x 80 frames, 15
/// filters of 12 bands x 8 frames, sigmoids. 3 067 856 parameters.
pub fn mirex2015_cnn() -> Architecture {
    with_answer(
        Architecture::new("mirex2015_cnn", &[40, 80, 1])
            .with("conv1", conv_valid(15, [12, 8]))
            .with("sigmoid1", LayerSpec::Sigmoid)
            .with("pool1", LayerSpec::max_pool2d([2, 1]))
            .with("flatten", LayerSpec::Flatten)
            .with("dense1", LayerSpec::linear(200))
            .with("sigmoid2", LayerSpec::Sigmoid)
            .with("dropout1", LayerSpec::Dropout { rate: 0.5 }),
    )
}

/// The first network with two branches of the Machine Learning Prague 2018 tutorial: 40 bands x 80 frames, filters that are
/// high in frequency beside filters that are long in time. An exhibit of overfitting: 13 587 038 parameters, which
/// learn the tutorial's 96 training items by heart.
pub fn parallel_simple() -> Architecture {
    let branch = |channels, kernel, window| {
        vec![
            ("conv1", conv_valid(channels, kernel)),
            ("pool1", LayerSpec::max_pool2d(window)),
            ("flatten", LayerSpec::Flatten),
        ]
    };
    let branches =
        vec![("freq", branch(16, [10, 2], [1, 2])), ("time", branch(25, [2, 10], [2, 1]))];
    with_answer(
        Architecture::new("parallel_simple", &[40, 80, 1])
            .with("branches", LayerSpec::parallel(Join::Concat(None), branches))
            .with("dense1", LayerSpec::linear(256))
            .with("relu1", LayerSpec::Relu),
    )
}
