//! Whole training steps of the course's networks: forward, loss, backward, Adam. Inputs are random, since time does not depend on them.

use std::sync::Arc;

use dlmir_nn::{
    Activation, Adam, BatchNorm, BatchNormOptions, Conv2d, ConvOptions, Layer, Linear, Optimizer,
    Padding, Params, Pool, Rng, Tape, Tensor, Training, Var,
};

use crate::noise;
use crate::workloads::Step;

/// A step of training: `forward` puts the data on the tape and builds the loss.
fn train<const N: usize>(
    mut params: Params,
    data: [Tensor; N],
    forward: impl for<'a> Fn(&mut Tape<'a>, [Var; N]) -> Var + Send + 'static,
) -> Step {
    let batch = data[0].shape()[0];
    let (mut pool, mut adam) = (Pool::new(), Adam::default());
    let items: Arc<[u64]> = (0..batch as u64).collect();
    let mut epoch = 0;
    Box::new(move || {
        let training = Training { seed: 1, epoch, items: items.clone() };
        epoch += 1;
        let mut tape = Tape::train(&params, &mut pool, training);
        let data = data.each_ref().map(|tensor| tape.borrowed(tensor));
        let loss = forward(&mut tape, data);
        let mut grads = tape.backward(loss);
        grads.update_states(&mut params, &mut pool);
        adam.update(&mut params, &grads, 0.001);
        grads.give_back(&mut pool);
    })
}

/// Random numbers of this shape.
fn random(shape: &[usize]) -> Tensor {
    Tensor::from_vec(shape, noise(shape.iter().product()))
}

/// 0, 1, ..., `classes` - 1, 0, 1, ...
fn cycle(shape: &[usize], classes: usize) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::from_vec(shape, (0..len).map(|i| (i % classes) as f32).collect())
}

fn conv(
    params: &mut Params,
    name: &str,
    channels: [usize; 2],
    kernel: [usize; 2],
    padding: Padding,
) -> Conv2d {
    let options = ConvOptions { padding, ..ConvOptions::default() };
    Conv2d::new(params, name, channels, kernel, options, &mut Rng::new(1, 1))
}

/// The compact network of the genre lesson: batch norm over 80 bands, three blocks of convolution, batch norm, ELU and
/// max-pooling, a hidden layer of 128, eight classes.
pub fn compact_cnn(batch: usize) -> Step {
    let (mut params, mut rng) = (Params::new(), Rng::new(1, 1));
    let bands = BatchNormOptions { axis: Some(1), ..BatchNormOptions::PYTORCH };
    let bands = BatchNorm::new(&mut params, "bands", 80, bands);
    let sizes = [([1, 32], [2, 4]), ([32, 64], [3, 4]), ([64, 64], [2, 5])];
    let blocks = sizes.map(|(channels, pool)| {
        let name = format!("block{}{}", channels[0], channels[1]);
        let conv = conv(&mut params, &format!("{name}/conv"), channels, [3, 3], Padding::Same);
        (conv, BatchNorm::torch(&mut params, &format!("{name}/norm"), channels[1]), pool)
    });
    let hidden = Linear::new(&mut params, "hidden", 64 * 6, 128, &mut rng);
    let output = Linear::new(&mut params, "output", 128, 8, &mut rng);
    let data = [random(&[batch, 80, 80, 1]), cycle(&[batch], 8)];
    train(params, data, move |tape, [x, targets]| {
        let mut h = bands.forward(tape, x);
        for (conv, norm, pool) in &blocks {
            h = conv.forward(tape, h);
            // The maximum before the activation: the same values, for a part of the work.
            h = norm.forward_max_pool(tape, h, *pool);
            h = tape.elu(h, 1.0);
        }
        h = tape.flatten(h);
        h = tape.dropout(h, 0.2);
        h = hidden.forward(tape, h);
        h = Activation::Relu.forward(tape, h);
        let logits = output.forward(tape, h);
        tape.cross_entropy(logits, targets)
    })
}

/// The two-branch tower of the similarity lessons: large kernels, one along time and one along frequency.
struct Tower {
    norm: BatchNorm,
    branches: [(Conv2d, [usize; 2], BatchNorm); 2],
    output: Linear,
}

impl Tower {
    fn new(params: &mut Params) -> Tower {
        let norm = BatchNorm::torch(params, "norm", 1);
        let branches = [("a", [21, 11], [20, 4]), ("b", [11, 21], [4, 20])];
        let branches = branches.map(|(name, kernel, pool)| {
            let conv = conv(params, &format!("{name}/conv"), [1, 16], kernel, Padding::Same);
            (conv, pool, BatchNorm::torch(params, &format!("{name}/norm"), 16))
        });
        let rng = &mut Rng::new(1, 1);
        Tower { norm, branches, output: Linear::new(params, "output", 16 * 4 * 20 * 2, 256, rng) }
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let x = tape.gaussian_noise(x, 0.2);
        let x = self.norm.forward(tape, x);
        let parts = self.branches.each_ref().map(|(conv, pool, norm)| {
            // The maximum before the rectifier: the same values, for an eightieth of the work.
            let h = conv.forward_max_pool(tape, x, *pool);
            let h = tape.relu(h);
            let h = norm.forward(tape, h);
            tape.flatten(h)
        });
        let h = tape.concat(parts, 1);
        let h = self.output.forward(tape, h);
        tape.elu(h, 1.0)
    }
}

/// Pairs through one tower, Euclidean distance, contrastive loss.
pub fn siamese(batch: usize) -> Step {
    let mut params = Params::new();
    let tower = Tower::new(&mut params);
    let [a, b] = [(); 2].map(|()| random(&[batch, 80, 80, 1]));
    train(params, [a, b, cycle(&[batch], 2)], move |tape, [a, b, targets]| {
        let [a, b] = [a, b].map(|x| tower.forward(tape, x));
        let distance = tape.distance(a, b);
        tape.contrastive(distance, targets, 1.0)
    })
}

/// Triplets through one tower, triplet loss.
pub fn triplet(batch: usize) -> Step {
    let mut params = Params::new();
    let tower = Tower::new(&mut params);
    let x = [(); 3].map(|()| random(&[batch, 80, 80, 1]));
    train(params, x, move |tape, x| {
        let [a, p, q] = x.map(|x| tower.forward(tape, x));
        tape.triplet(a, p, q, 0.2)
    })
}

/// Schlüter and Böck's onset network: 15 frames of 80 bands in three resolutions.
pub fn onset_cnn(batch: usize) -> Step {
    let (mut params, mut rng) = (Params::new(), Rng::new(1, 1));
    let first = conv(&mut params, "conv1", [3, 10], [7, 3], Padding::Valid);
    let second = conv(&mut params, "conv2", [10, 20], [3, 3], Padding::Valid);
    let hidden = Linear::new(&mut params, "hidden", 20 * 7 * 8, 256, &mut rng);
    let output = Linear::new(&mut params, "output", 256, 1, &mut rng);
    let data = [random(&[batch, 15, 80, 3]), cycle(&[batch, 1], 2)];
    train(params, data, move |tape, [x, targets]| {
        let mut h = x;
        for conv in [&first, &second] {
            h = conv.forward_max_pool(tape, h, [1, 3]);
            h = tape.relu(h);
        }
        h = tape.flatten(h);
        h = tape.dropout(h, 0.5);
        h = hidden.forward(tape, h);
        h = tape.sigmoid(h);
        let logits = output.forward(tape, h);
        tape.bce_with_logits(logits, targets)
    })
}

/// A deep network that is bound by computation: eight convolutions of 3 x 3 on 96 bands and 128 frames.
struct Vgg {
    convolutions: Vec<(Conv2d, BatchNorm)>,
    output: Linear,
}

impl Vgg {
    fn new(params: &mut Params) -> Vgg {
        let mut convolutions = Vec::new();
        let mut n_in = 1;
        for n_out in [32, 64, 128, 256] {
            for i in 0..2 {
                let name = format!("block{n_out}/{i}");
                let conv =
                    conv(params, &format!("{name}/conv"), [n_in, n_out], [3, 3], Padding::Same);
                convolutions.push((conv, BatchNorm::torch(params, &format!("{name}/norm"), n_out)));
                n_in = n_out;
            }
        }
        Vgg { convolutions, output: Linear::new(params, "output", 256, 10, &mut Rng::new(1, 1)) }
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let mut h = x;
        for (i, (conv, norm)) in self.convolutions.iter().enumerate() {
            let map = conv.forward(tape, h);
            let normed = match i % 2 {
                0 => norm.forward(tape, map),
                _ => norm.forward_max_pool(tape, map, [2, 2]),
            };
            // In use, nobody asks for these again.
            [h, map].into_iter().for_each(|x| tape.release(x));
            h = tape.relu(normed);
            tape.release(normed);
        }
        h = tape.global_mean_pool(h);
        self.output.forward(tape, h)
    }
}

/// A training step of the deep network.
pub fn vgg_train(batch: usize) -> Step {
    let mut params = Params::new();
    let vgg = Vgg::new(&mut params);
    let data = [random(&[batch, 96, 128, 1]), cycle(&[batch], 10)];
    train(params, data, move |tape, [x, targets]| {
        let logits = vgg.forward(tape, x);
        tape.cross_entropy(logits, targets)
    })
}

/// The deep network in use: forward alone, with the moments that it learned.
pub fn vgg_infer(batch: usize) -> Step {
    let mut params = Params::new();
    let vgg = Vgg::new(&mut params);
    let x = random(&[batch, 96, 128, 1]);
    let mut pool = Pool::new();
    Box::new(move || {
        let mut tape = Tape::infer(&params, &mut pool);
        let x = tape.borrowed(&x);
        let logits = vgg.forward(&mut tape, x);
        let logits = tape.into_value(logits);
        std::hint::black_box(&logits);
    })
}
