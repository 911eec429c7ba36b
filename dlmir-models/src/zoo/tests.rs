//! What the tests of all networks share.

use dlmir_nn::gradcheck::check_tape;
use dlmir_nn::{Adam, GlobalPool, Rng, Tensor};

use super::*;
use crate::train::{Batch, Trainer};
use crate::{Model, Output};

/// Every network, at the sizes of its card.
fn all() -> impl Iterator<Item = Architecture> {
    cards().iter().map(|card| (card.build)())
}

/// The counts of the cards; the families' tests hold them, and shapes, against the sources.
#[test]
fn cards_tell_the_truth() {
    for card in cards() {
        let net = (card.build)();
        assert_eq!(net.name, card.id);
        let summary = net.summary().unwrap();
        assert_eq!([summary.params(), summary.trainable()], card.params, "{}", card.id);
        assert_eq!(summary.output(), card.output, "{}", card.id);
        assert_eq!(card.to_json()["architecture"]["name"], card.id);
        assert!(!card.paper.is_empty() && !card.recipe.is_empty() && !card.tags.is_empty());
        assert!((1990..2030).contains(&card.year), "{}", card.id);
    }
    let mut names: Vec<&str> = cards().iter().map(|card| card.id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), cards().len());
    assert!(by_name("no such network").is_none());
}

#[test]
fn parameters_are_those_of_the_published_tables() {
    let counts: Vec<usize> = all().take(6).map(|net| net.summary().unwrap().params()).collect();
    assert_eq!(counts, [1_902_081, 6_230_689, 1_330_097, 1_189_729, 3_067_856, 13_587_038]);
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
    let parallel = shapes(parallel_simple());
    assert_eq!(parallel[2], [19_344]);
    assert_eq!(parallel[5..7], [vec![33_725], vec![53_069]]);
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

/// Eight random items with random labels: a network that cannot learn these by heart is broken. Three that take little time.
#[test]
fn families_overfit_one_batch_and_are_stored_as_they_are() {
    let compact = CompactCnn {
        bands: 64,
        channels: vec![4, 4],
        dense: vec![16],
        labels: 4,
        ..CompactCnn::default()
    };
    let nets = [
        compact_cnn(&compact),
        pons_2016_timefreq(4),
        with_labels(dieleman_2014(50), Output::OneOf, 4),
    ];
    for net in nets {
        let name = net.name.clone();
        let mut rng = Rng::new(5, 0);
        let shape = [&[8], &net.input[..]].concat();
        let x = (0..shape.iter().product()).map(|_| rng.normal()).collect();
        let target = Tensor::from_vec(&[8], vec![1., 0., 3., 2., 1., 2., 1., 0.]);
        let batch = Batch { x: Tensor::from_vec(&shape, x), target, items: (0..8).collect() };
        let mut model = Model::new(net, Output::OneOf, &["a", "b", "c", "d"], 3).unwrap();
        let mut adam = Adam::default();
        let trainer = Trainer::of(&mut model, &mut adam).epochs(40).learning_rate(0.003);
        trainer.fit(|_| [batch.clone()], std::iter::empty).unwrap();
        let y = model.predict(&batch.x).unwrap();
        for (row, &label) in y.as_slice().chunks(4).zip(batch.target.as_slice()) {
            let largest = row.iter().fold(0f32, |a, &b| a.max(b));
            assert_eq!(row[label as usize], largest, "{name}: {row:?}, label {label}");
        }
        let loaded = Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(loaded.predict(&batch.x).unwrap(), y, "{name}");
        assert_eq!(loaded.architecture(), model.architecture());
    }
}

/// Branches, shortcuts and gates in one small network, with tanh instead of ReLU, because a kink spoils the comparison.
#[test]
fn gradients_of_blocks_within_blocks_pass_the_check() {
    use dlmir_nn::Join;
    let conv = |channels| LayerSpec::conv2d(channels, [3, 3]);
    let gate = vec![
        ("mean", LayerSpec::GlobalPool(GlobalPool::Mean)),
        ("dense", LayerSpec::linear(2)),
        ("sigmoid", LayerSpec::Sigmoid),
    ];
    let detour = vec![
        ("conv", conv(2)),
        ("tanh", LayerSpec::Tanh),
        ("gate", LayerSpec::parallel(Join::Multiply, vec![("x", vec![]), ("gate", gate)])),
    ];
    let residual = LayerSpec::parallel(Join::Add, vec![("detour", detour), ("shortcut", vec![])]);
    let wide = vec![("same", vec![]), ("more", vec![("conv", conv(1)), ("tanh", LayerSpec::Tanh)])];
    let net = Architecture::new("blocks", &[4, 5, 2])
        .with("residual", residual)
        .with("wide", LayerSpec::parallel(Join::Concat(None), wide))
        .with("pool", LayerSpec::AvgPool2d { window: [2, 2], stride: [2, 2] })
        .with("slice", LayerSpec::Slice { axis: 3, start: 1, length: 2 })
        .with("flatten", LayerSpec::Flatten)
        .with("direction", LayerSpec::L2Normalize)
        .with("output", LayerSpec::linear(1));
    let (network, params) = net.build(2).unwrap();
    let x = dlmir_nn::gradcheck::random(&[3, 4, 5, 2], 0.1, &mut Rng::new(1, 0));
    let result = check_tape(&params, &[x], |tape, x| {
        let y = dlmir_nn::Layer::forward(&network, tape, x[0]);
        tape.sum(y, &[0, 1])
    });
    result.unwrap();
}
