//! Networks by name: those of the papers and tutorials behind the course.
//!
//! Each function gives a description ([`Architecture`]) to print, change, build or train. Inputs are
//! log-mel segments `[bands, frames, 1]`; kernels and windows are `[freq, time]`. All end in a sigmoid for
//! one yes-or-no question, and the tests hold their sizes against the published tables.

use dlmir_nn::{Init, Padding};

use crate::{Architecture, LayerSpec};

/// Filters inside the map, without padding.
fn conv_valid(channels: usize, kernel: [usize; 2]) -> LayerSpec {
    let (stride, padding, init) = ([1, 1], Padding::Valid, Init::GlorotUniform);
    LayerSpec::Conv2d { channels, kernel, stride, padding, bias: true, init }
}

/// The last two layers of all networks here: one logit, one probability.
fn with_answer(architecture: Architecture) -> Architecture {
    architecture.with("output", LayerSpec::linear(1)).with("probability", LayerSpec::Sigmoid)
}

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

#[cfg(test)]
mod tests {
    use dlmir_nn::gradcheck::check_tape;
    use dlmir_nn::{Adam, GlobalPool, Rng, Tensor};

    use super::*;
    use crate::train::{Batch, Trainer};
    use crate::{Model, Output};

    fn all() -> [Architecture; 5] {
        [mlp_basic(), cnn_1layer(), cnn_2layer(), cnn_2layer_music_speech(), mirex2015_cnn()]
    }

    #[test]
    fn parameters_are_those_of_the_published_tables() {
        let counts = all().map(|net| net.summary().unwrap().params());
        assert_eq!(counts, [1_902_081, 6_230_689, 1_330_097, 1_189_729, 3_067_856]);
    }

    #[test]
    fn shapes_are_those_of_the_published_tables() {
        let shapes = |net: Architecture| -> Vec<Vec<usize>> {
            let rows = net.summary().unwrap().rows;
            rows.into_iter().map(|row| row.output).collect()
        };
        let cnn = shapes(cnn_1layer());
        assert_eq!(cnn[..3], [vec![78, 78, 16], vec![39, 39, 16], vec![24_336]]);
        assert_eq!(shapes(cnn_2layer())[3..5], [vec![18, 18, 16], vec![5184]]);
        assert_eq!(shapes(cnn_2layer_music_speech())[4..6], [vec![8, 18, 32], vec![4608]]);
        assert_eq!(shapes(mirex2015_cnn())[2..4], [vec![14, 73, 15], vec![15_330]]);
        assert!(all().into_iter().all(|net| shapes(net).last() == Some(&vec![1])));
    }

    #[test]
    fn descriptions_come_back_from_json() {
        for net in all() {
            let text = net.to_json().to_string();
            let back = Architecture::from_json(&serde_json::from_str(&text).unwrap()).unwrap();
            assert_eq!(back, net);
        }
    }

    /// Eight random items with random answers: a network that cannot learn these by heart is broken.
    #[test]
    fn a_small_network_overfits_one_batch_and_is_stored_as_it_is() {
        let net = with_answer(
            Architecture::new("small", &[12, 10, 1])
                .with("conv1", LayerSpec::conv2d(16, [3, 3]))
                .with("relu1", LayerSpec::Relu)
                .with("pool1", LayerSpec::max_pool2d([2, 2]))
                .with("conv2", LayerSpec::conv2d(32, [3, 3]))
                .with("relu2", LayerSpec::Relu)
                .with("mean_max", LayerSpec::GlobalPool(GlobalPool::MeanMax)),
        );
        let mut rng = Rng::new(5, 0);
        let x = (0..8 * 12 * 10).map(|_| rng.normal()).collect();
        let x = Tensor::from_vec(&[8, 12, 10, 1], x);
        let target = Tensor::from_vec(&[8, 1], vec![1., 0., 0., 1., 1., 0., 1., 0.]);
        let batch = Batch { x, target, items: (0..8).collect() };
        let mut model = Model::new(net, Output::Binary, &["yes", "no"], 3).unwrap();
        let mut adam = Adam::default();
        let trainer = Trainer::of(&mut model, &mut adam).epochs(200).learning_rate(0.01);
        let history = trainer.fit(|_| [batch.clone()], std::iter::empty).unwrap();
        assert!(history.rows.last().unwrap().loss < 0.05, "{:?}", history.rows.last());

        let loaded = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
        let (before, after) = (model.predict(&batch.x).unwrap(), loaded.predict(&batch.x).unwrap());
        assert_eq!(before, after);
        let right = before.as_slice().iter().zip(batch.target.as_slice());
        assert!(right.into_iter().all(|(p, t)| (p - t).abs() < 0.5));
        // The logits are what the sigmoid at the end was given.
        for (z, p) in model.logits(&batch.x).unwrap().as_slice().iter().zip(before.as_slice()) {
            assert!((1.0 / (1.0 + (-z).exp()) - p).abs() < 1e-6);
        }
    }

    /// A shrunken instance: sigmoids instead of ReLU, because a kink spoils the comparison.
    #[test]
    fn gradients_of_a_whole_network_pass_the_check() {
        let net = Architecture::new("shrunken", &[7, 6, 1])
            .with("conv1", conv_valid(2, [3, 2]))
            .with("tanh1", LayerSpec::Tanh)
            .with("conv2", LayerSpec::conv2d(3, [3, 3]))
            .with("mean", LayerSpec::GlobalPool(GlobalPool::Mean))
            .with("output", LayerSpec::linear(1));
        let (network, params) = net.build(2).unwrap();
        let x = dlmir_nn::gradcheck::random(&[3, 7, 6, 1], 0.0, &mut Rng::new(1, 0));
        let result = check_tape(&params, &[x], |tape, x| {
            let y = dlmir_nn::Layer::forward(&network, tape, x[0]);
            tape.sum(y, &[0, 1])
        });
        result.unwrap();
    }

    #[test]
    fn training_and_use_differ_by_dropout_only() {
        let (network, params) = cnn_2layer_music_speech().build(1).unwrap();
        let mut pool = dlmir_nn::Pool::new();
        let x = dlmir_nn::gradcheck::random(&[2, 40, 80, 1], 0.0, &mut Rng::new(1, 0));
        let mut run = |training: bool, skip: usize| {
            let training =
                training.then(|| dlmir_nn::Training { seed: 1, epoch: 0, items: [0, 1].into() });
            let mut tape = match training {
                Some(training) => dlmir_nn::Tape::train(&params, &mut pool, training),
                None => dlmir_nn::Tape::record(&params, &mut pool),
            };
            let x = tape.borrowed(&x);
            let y = network.forward_without(&mut tape, x, skip);
            tape.value(y).clone()
        };
        assert_eq!(run(false, 0), run(false, 0));
        assert_eq!(run(true, 0), run(true, 0));
        assert_ne!(run(true, 0), run(false, 0));
        // Before the dropout layer there is no difference.
        let before = network.len() - 2;
        assert_eq!(run(true, before), run(false, before));
    }
}
