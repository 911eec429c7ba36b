//! The same training run on 1, 2 and 3 threads ends in the same bits.

use dlmir_nn::ops::{CrossEntropy, Gelu, Penalty};
use dlmir_nn::{
    Activation, Adam, BatchNorm, BatchNormOptions, Conv2d, ConvOptions, Dropout, GaussianNoise,
    GlobalPool, Layer, LayerNorm, Linear, MaxPool2d, Optimizer, Padding, Parallel, Params, Permute,
    Pool, Rng, Sequential, ShapeError, SpatialDropout, Tape, Tensor, Training, Var, gradcheck,
};

const FEATURES: usize = 40;
const CLASSES: usize = 5;
const BATCH: usize = 128;

/// A network wide enough that every kind of work is shared out to threads, on made-up data.
fn train(steps: u64) -> (Vec<f32>, Vec<Tensor>) {
    let mut params = Params::new();
    let mut rng = Rng::new(1, 0);
    let mut parallel = Parallel::new();
    for (name, activation) in
        [("left", Activation::Elu(1.0)), ("right", Activation::Gelu(Gelu::Exact))]
    {
        let mut branch = Sequential::new();
        branch.push(name, Linear::new(&mut params, name, FEATURES, 600, &mut rng));
        branch.push("act", activation);
        parallel.push(branch);
    }
    let mut network = Sequential::new();
    network.push("noise", GaussianNoise::new(0.1));
    network.push("parallel", parallel);
    network.push("drop", Dropout::new(0.3));
    network.push("middle", Linear::new(&mut params, "middle", 1200, 200, &mut rng));
    network.push("relu", Activation::Relu);
    network.push("out", Linear::new(&mut params, "out", 200, CLASSES, &mut rng));
    let penalised =
        ["left/weight", "out/weight"].map(|name| params.id(name).expect("the layer is there"));

    let labels: Vec<f32> = (0..BATCH).map(|n| (n % CLASSES) as f32).collect();
    let x = (0..BATCH * FEATURES).map(|i| {
        let bump = if i % FEATURES % CLASSES == i / FEATURES % CLASSES { 1.0 } else { 0.0 };
        bump + rng.normal()
    });
    let x = Tensor::from_vec(&[BATCH, FEATURES], x.collect());
    let labels = Tensor::from_vec(&[BATCH], labels);

    let mut pool = Pool::new();
    let mut adam = Adam::default();
    let (mut losses, mut misses) = (Vec::new(), Vec::new());
    let smooth = CrossEntropy { class_weights: None, label_smoothing: 0.1 };
    for epoch in 0..steps {
        let training = Training { seed: 7, epoch, items: (0..BATCH as u64).collect() };
        let mut tape = Tape::train(&params, &mut pool, training);
        let (input, target) = (tape.borrowed(&x), tape.borrowed(&labels));
        let logits = network.forward(&mut tape, input);
        let loss = tape.cross_entropy_with(smooth.clone(), logits, target);
        let loss = tape.add_penalty(loss, Penalty::L2(1e-4), &penalised);
        losses.push(tape.value(loss).item());
        let grads = tape.backward(loss);
        adam.update(&mut params, &grads, 1e-3);
        grads.give_back(&mut pool);
        misses.push(pool.misses());
    }
    assert_eq!(misses.last(), misses.get(1), "a warm step allocates no tensor: {misses:?}");
    (losses, params.iter().map(|(_, param)| param.value.clone()).collect())
}

#[test]
fn one_two_and_three_threads_end_in_the_same_bits() {
    assert_same_bits(|| train(5));
}

#[test]
fn so_does_training_on_maps() {
    assert_same_bits(|| train_on_maps(5));
}

fn assert_same_bits(train: impl Fn() -> (Vec<f32>, Vec<Tensor>) + Sync) {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started").install(&train)
    };
    let (losses, weights) = run(1);
    assert!(losses[4] < 0.9 * losses[0], "nothing was learned: {losses:?}");
    for threads in [2, 3] {
        let (other_losses, other_weights) = run(threads);
        assert_eq!(losses, other_losses, "{threads} threads");
        let same = weights.iter().zip(&other_weights).all(|(a, b)| {
            a.as_slice().iter().map(|x| x.to_bits()).eq(b.as_slice().iter().map(|x| x.to_bits()))
        });
        assert!(same, "{threads} threads");
    }
}

/// As `train`, for maps: convolutions, pooling and batch norm over both axes.
fn train_on_maps(steps: u64) -> (Vec<f32>, Vec<Tensor>) {
    const MAPS: usize = 11; // not a multiple of the eight chunks
    let mut params = Params::new();
    let mut rng = Rng::new(2, 0);
    let bands = BatchNormOptions { axis: Some(1), ..BatchNormOptions::KERAS };
    let mut network = Sequential::new();
    network.push("bands", BatchNorm::new(&mut params, "bands", 20, bands));
    for (i, channels) in [[1, 16], [16, 33]].into_iter().enumerate() {
        let name = |what: &str| format!("{what}{i}");
        let options = ConvOptions { padding: Padding::Same, ..ConvOptions::default() };
        let conv = Conv2d::new(&mut params, &name("conv"), channels, [3, 4], options, &mut rng);
        network.push(&name("conv"), conv);
        let norm = BatchNorm::torch(&mut params, &name("norm"), channels[1]);
        network.push(&name("norm"), norm);
        network.push(&name("relu"), Activation::Relu);
        network.push(&name("pool"), MaxPool2d::new([2, 2]));
    }
    let options = ConvOptions::default();
    let conv = |params: &mut Params, name: &str, channels| {
        Conv2d::new(params, name, channels, [3, 5], options, &mut Rng::new(3, 0))
    };
    network.push(
        "pooled at once",
        PooledAtOnce {
            dense: conv(&mut params, "dense", [33, 8]),
            norm: BatchNorm::torch(&mut params, "dense/norm", 8),
            sparse: conv(&mut params, "sparse", [8, 33]),
        },
    );
    network.push("spatial", SpatialDropout::new(0.1));
    network.push("turned", Permute::new(&[2, 1, 3]));
    network.push("both", GlobalPool::MeanMax);
    network.push("rows", LayerNorm::new(&mut params, "rows", 66));
    network.push("out", Linear::new(&mut params, "out", 66, CLASSES, &mut rng));
    let x = gradcheck::random(&[MAPS, 20, 30, 1], 0.0, &mut rng);
    let labels = Tensor::from_vec(&[MAPS], (0..MAPS).map(|n| (n % CLASSES) as f32).collect());

    let (mut pool, mut adam, mut losses) = (Pool::new(), Adam::default(), Vec::new());
    let mut misses = Vec::new();
    for epoch in 0..steps {
        let training = Training { seed: 7, epoch, items: (0..MAPS as u64).collect() };
        let mut tape = Tape::train(&params, &mut pool, training);
        let (input, target) = (tape.borrowed(&x), tape.borrowed(&labels));
        let logits = network.forward(&mut tape, input);
        let loss = tape.cross_entropy(logits, target);
        losses.push(tape.value(loss).item());
        let mut grads = tape.backward(loss);
        adam.update(&mut params, &grads, 1e-2);
        grads.update_states(&mut params, &mut pool);
        grads.give_back(&mut pool);
        misses.push(pool.misses());
    }
    assert_eq!(misses.last(), misses.get(1), "a warm step allocates no tensor: {misses:?}");
    (losses, params.iter().map(|(_, param)| param.value.clone()).collect())
}

/// Convolutions and a norm that are pooled at once, in small windows and in large ones, and noise.
struct PooledAtOnce {
    dense: Conv2d,
    norm: BatchNorm,
    sparse: Conv2d,
}

impl Layer for PooledAtOnce {
    fn kind(&self) -> &'static str {
        "pooled_at_once"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let x = tape.gaussian_noise(x, 0.1);
        let wide = tape.concat([x, x], 2);
        let y = self.dense.forward(tape, wide);
        let y = self.norm.forward_max_pool(tape, y, [1, 2]);
        let y = self.sparse.forward_max_pool(tape, y, [2, 1]);
        let y = tape.relu(y);
        let wide = tape.concat([y, y, y, y], 1);
        let y = tape.concat([wide, wide], 2);
        // Back to 33 channels: a window of nine numbers, whose winners are sparse.
        let y = self.dense.forward_max_pool(tape, y, [3, 3]);
        self.sparse.forward(tape, y)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

/// What the networks above have no use for, on tensors large enough to be shared out.
#[test]
fn and_so_does_every_other_operation() {
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.expect("threads can be started").install(|| {
            let (params, mut pool, mut rng) = (Params::new(), Pool::new(), Rng::new(5, 0));
            let x = gradcheck::random(&[11, 40, 60, 16], 0.0, &mut rng);
            let targets = Tensor::full(x.shape(), 0.25);
            let mut found = Vec::new();
            type Loss = fn(&mut Tape<'_>, Var, Var) -> Var;
            let losses: [Loss; 7] = [
                |tape, x, t| tape.bce_with_logits(x, t),
                |tape, x, t| tape.mse(x, t),
                |tape, x, t| {
                    let y = tape.softmax(x);
                    tape.mse(y, t)
                },
                |tape, x, t| {
                    let y = tape.log_softmax(x);
                    tape.mse(y, t)
                },
                |tape, x, t| {
                    let y = tape.sigmoid(x);
                    tape.mse(y, t)
                },
                |tape, x, t| {
                    let y = tape.tanh(x);
                    tape.mse(y, t)
                },
                |tape, x, _| {
                    let y = tape.avg_pool2d(x, [3, 2], [2, 2]);
                    tape.mean(y, &[0, 1, 2, 3])
                },
            ];
            for loss in losses {
                let mut tape = Tape::record(&params, &mut pool);
                let (leaf, t) = (tape.leaf(x.clone()), tape.borrowed(&targets));
                let loss = loss(&mut tape, leaf, t);
                found.push(tape.value(loss).item().to_bits());
                let grads = tape.backward(loss);
                let grad = grads.of(leaf).expect("the loss depends on it");
                found.extend(grad.as_slice().iter().map(|g| g.to_bits()));
            }
            found
        })
    };
    let first = run(1);
    assert!([2, 3].iter().all(|&threads| run(threads) == first));
}
