//! Every operation of the crate passes the gradient check, and a gradient that is wrong by 5 % in any one input does not.
//!
//! A new operation adds a line to `rows`; a file or folder in `src/ops` that has an operation (a struct, or a method of the tape
//! that is made of others) and no line fails the test.

use std::collections::BTreeSet;

use dlmir_nn::gradcheck::{GradientError, check_op_inputs, check_tape, random};
use dlmir_nn::ops::*;
use dlmir_nn::{At, Op, Padding, Params, Pool, Rng, Tape, Tensor, Training, Var};

/// An operation whose gradient of one input is multiplied by a factor.
struct Planted<O> {
    op: O,
    input: usize,
    factor: f32,
}

impl<const N: usize, O: Op<N>> Op<N> for Planted<O> {
    type Saved = O::Saved;

    fn name(&self) -> &'static str {
        self.op.name()
    }

    fn forward(&self, x: [&Tensor; N], pool: &mut Pool) -> (Tensor, O::Saved) {
        self.op.forward(x, pool)
    }

    fn backward(
        &self,
        at: At<'_, N, O::Saved>,
        grad: Tensor,
        pool: &mut Pool,
    ) -> [Option<Tensor>; N] {
        let mut grads = self.op.backward(at, grad, pool);
        let chosen = grads[self.input].iter_mut().flat_map(|grad| grad.as_mut_slice());
        chosen.for_each(|grad| *grad *= self.factor);
        grads
    }
}

/// One operation at inputs that show its gradient.
struct Row {
    /// The file or folder in `src/ops`, then what tells several rows of one file apart.
    name: &'static str,
    /// The inputs that have a gradient.
    differentiable: Vec<usize>,
    /// Checks the gradients with that of one input multiplied by a factor.
    check: Box<dyn Fn(usize, f32) -> Result<(), GradientError>>,
}

/// `needs` says which inputs have a gradient; the others are data.
fn row<const N: usize, O: Op<N> + Clone>(
    name: &'static str,
    op: O,
    inputs: [Tensor; N],
    needs: [bool; N],
) -> Row {
    Row {
        name,
        differentiable: (0..N).filter(|&i| needs[i]).collect(),
        check: Box::new(move |input, factor| {
            let planted = Planted { op: op.clone(), input, factor };
            check_op_inputs(&planted, inputs.each_ref(), needs)
        }),
    }
}

/// An operation that is made of others on the tape; the error is planted in front of it.
fn composed(name: &'static str, f: fn(&mut Tape<'_>, Var) -> Var, x: Tensor) -> Row {
    let check = move |input, factor| {
        check_tape(&Params::new(), std::slice::from_ref(&x), |tape, x| {
            let same = Scale { factor: 1.0 };
            let x = tape.apply(Planted { op: same, input, factor }, [x[0]]);
            let y = f(tape, x);
            let weights = random(tape.shape(y), 0.5, &mut Rng::new(17, 0));
            let weights = tape.constant(weights);
            let y = tape.multiply(y, weights);
            let axes: Vec<usize> = (0..tape.shape(y).len()).collect();
            tape.sum(y, &axes)
        })
    };
    Row { name, differentiable: vec![0], check: Box::new(check) }
}

fn rows() -> Vec<Row> {
    let mut rng = Rng::new(11, 0);
    // Away from 0, where some operations have a kink.
    let mut x = |shape: &[usize]| random(shape, 0.1, &mut rng);
    let training = Training { seed: 1, epoch: 2, items: [3, 5, 8].into() };
    let stream = 1;
    let conv = Conv2dOp::new([1, 2], Padding::Same);
    let classes = Tensor::from_vec(&[3], vec![2.0, 0.0, 3.0]);
    let yes_no = Tensor::from_vec(&[3, 2], vec![1.0, 0.0, 0.0, 1.0, 0.3, 1.0]);
    let weights = Tensor::from_vec(&[3], vec![1.0, 0.5, 2.0]);
    let smooth = CrossEntropy { class_weights: Some(vec![1., 2., 0.5, 3.]), label_smoothing: 0.1 };
    // No two numbers closer than 0.1, so that no step of the check changes a maximum.
    let mut apart: Vec<f32> = (0..80).map(|i| i as f32 / 10.0).collect();
    Rng::new(3, 0).shuffle(&mut apart);
    let apart = Tensor::from_vec(&[2, 5, 4, 2], apart);
    let (window, stride_2d) = ([3, 2], [2, 1]);
    // A kernel of one place, which keeps them apart.
    let thin = Tensor::from_vec(&[1, 1, 2, 2], vec![1.0, 0.0, 0.0, -1.0]);
    // Nearer than the margin, and farther.
    let distances = Tensor::from_vec(&[4], vec![0.4, 0.6, 1.7, 0.2]);
    let alike = Tensor::from_vec(&[4], vec![1.0, 0.0, 0.0, 0.3]);
    vec![
        row("add", Add, [x(&[2, 3]), x(&[2, 3])], [true; 2]),
        row("avg_pool2d", AvgPool2dOp { window, stride: stride_2d }, [x(&[2, 5, 4, 2])], [true]),
        row(
            "batch_norm",
            BatchNormOp { axis: 3, epsilon: 1e-3 },
            [x(&[3, 2, 4, 2]), x(&[2]), x(&[2])],
            [true; 3],
        ),
        row(
            "batch_norm, over frequency",
            BatchNormOp { axis: 1, epsilon: 1e-3 },
            [x(&[3, 2, 4, 2]), x(&[2]), x(&[2])],
            [true; 3],
        ),
        row(
            "batch_norm, with given moments",
            BatchNormOp { axis: 3, epsilon: 1e-3 },
            [x(&[3, 2, 4, 2]), x(&[2]), x(&[2]), x(&[2]), Tensor::full(&[2], 0.7)],
            [true, true, true, false, false],
        ),
        row(
            "batch_norm, with max-pooling",
            BatchNormMaxPoolOp { epsilon: 1e-3, window },
            [apart.clone(), x(&[2]), x(&[2])],
            [true; 3],
        ),
        row("bce", BceWithLogits, [x(&[3, 2]), yes_no.clone()], [true, false]),
        row(
            "bce, weighted",
            BceWithLogits,
            [x(&[3, 2]), yes_no, weights.clone()],
            [true, false, false],
        ),
        row("concat", Concat { axis: 1 }, [x(&[2, 1, 3]), x(&[2, 4, 3])], [true; 2]),
        row("conv2d", conv, [x(&[2, 4, 5, 2]), x(&[3, 2, 2, 3]), x(&[3])], [true; 3]),
        row("conv2d, without bias", conv, [x(&[2, 4, 5, 2]), x(&[3, 2, 2, 3])], [true; 2]),
        row(
            "conv2d, dilated",
            conv.dilated([1, 2]),
            [x(&[2, 4, 5, 2]), x(&[3, 2, 2, 3])],
            [true; 2],
        ),
        row(
            "conv2d, with max-pooling",
            Conv2dMaxPoolOp { stride: [1, 1], padding: Padding::Valid, window: [4, 2] },
            [apart.clone(), thin, x(&[2])],
            [true; 3],
        ),
        row("contrastive", Contrastive { margin: 1.0 }, [distances, alike], [true, false]),
        row("cross_entropy", CrossEntropy::default(), [x(&[3, 4]), classes.clone()], [true, false]),
        row(
            "cross_entropy, weighted",
            smooth,
            [x(&[3, 4]), classes, weights],
            [true, false, false],
        ),
        row("distance", Distance::default(), [x(&[3, 4]), x(&[3, 4])], [true; 2]),
        row(
            "dropout",
            DropoutOp { rate: 0.4, training: training.clone(), stream },
            [x(&[3, 8])],
            [true],
        ),
        row("elu", Elu { alpha: 0.7 }, [x(&[3, 4])], [true]),
        row(
            "gaussian_noise",
            GaussianNoiseOp { stddev: 0.3, training: training.clone(), stream },
            [x(&[3, 4])],
            [true],
        ),
        row("gelu", Gelu::Exact, [x(&[3, 4])], [true]),
        row("gelu, by tanh", Gelu::Tanh, [x(&[3, 4])], [true]),
        composed("global_pool, mean", |tape, x| tape.global_mean_pool(x), x(&[2, 3, 4, 2])),
        composed("global_pool, max", |tape, x| tape.global_max_pool(x), apart.clone()),
        row("l2_normalize", L2Normalize::default(), [x(&[3, 4])], [true]),
        row(
            "layer_norm",
            LayerNormOp { epsilon: 1e-5 },
            [x(&[3, 2, 5]), x(&[5]), x(&[5])],
            [true; 3],
        ),
        row("leaky_relu", LeakyRelu::KERAS, [x(&[3, 4])], [true]),
        row("linear", LinearOp, [x(&[3, 4]), x(&[4, 2]), x(&[2])], [true; 3]),
        row("linear, without bias", LinearOp, [x(&[3, 4]), x(&[4, 2])], [true; 2]),
        row("log_softmax", LogSoftmax, [x(&[3, 4])], [true]),
        row("max_pool2d", MaxPool2dOp { window, stride: stride_2d }, [apart], [true]),
        row("mean", Mean { axes: vec![1] }, [x(&[3, 4, 2])], [true]),
        row("mse", Mse, [x(&[3, 4]), x(&[3, 4])], [true; 2]),
        row("multiply", Multiply, [x(&[2, 3]), x(&[2, 3])], [true; 2]),
        row("multiply_channels", MultiplyChannels, [x(&[2, 4, 3]), x(&[2, 3])], [true; 2]),
        row(
            "pad",
            PadOp { axis: 1, sides: [1, 2], margin: Margin::Zeros },
            [x(&[2, 3, 2])],
            [true],
        ),
        row(
            "pad, with the edge",
            PadOp { axis: 1, sides: [1, 2], margin: Margin::Edge },
            [x(&[2, 3, 2])],
            [true],
        ),
        row("penalty, L1", Penalty::L1(0.1), [x(&[3, 4])], [true]),
        row("penalty, L2", Penalty::L2(0.1), [x(&[3, 4])], [true]),
        row("permute", PermuteOp { axes: vec![2, 0, 1] }, [x(&[2, 3, 4])], [true]),
        row("relu", Relu, [x(&[3, 4])], [true]),
        row("reshape", ReshapeOp { shape: vec![4, 3] }, [x(&[2, 6])], [true]),
        row("scale", Scale { factor: -0.5 }, [x(&[3, 4])], [true]),
        row("selu", Selu, [x(&[3, 4])], [true]),
        row("sigmoid", Sigmoid, [x(&[3, 4])], [true]),
        row("slice", SliceOp { axis: 1, start: 1, length: 2 }, [x(&[2, 4, 3])], [true]),
        row("softmax", Softmax, [x(&[3, 4])], [true]),
        row(
            "spatial_dropout",
            SpatialDropoutOp { rate: 0.4, training, stream },
            [x(&[3, 2, 5])],
            [true],
        ),
        row("sub", Sub, [x(&[2, 3]), x(&[2, 3])], [true; 2]),
        row("sum", Sum { axes: vec![0, 2] }, [x(&[3, 4, 2])], [true]),
        row("tanh", Tanh, [x(&[3, 4])], [true]),
        row("triplet", Triplet { margin: 2.0 }, [x(&[3, 4]), x(&[3, 4]), x(&[3, 4])], [true; 3]),
    ]
}

#[test]
fn every_gradient_passes_and_every_planted_error_is_caught() {
    for Row { name, differentiable, check } in rows() {
        for input in differentiable {
            assert_eq!(check(input, 1.0), Ok(()), "{name}");
            for factor in [1.05, 0.95] {
                let caught = check(input, factor);
                let wrong =
                    matches!(caught, Err(GradientError::Wrong { input: i, .. }) if i == input);
                assert!(wrong, "{name}: input {input} times {factor} gives {caught:?}");
            }
        }
    }
}

/// The text of a file, or of all files of a folder.
fn text_of(path: &std::path::Path) -> String {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("the folder can be read");
        return entries.map(|entry| text_of(&entry.expect("so can its entries").path())).collect();
    }
    std::fs::read_to_string(path).expect("the source can be read")
}

/// What is no operation: it implements none and gives the tape no method.
const HELPERS: [&str; 6] = ["elementwise", "mod", "reduce", "testing", "weighted", "windows"];

#[test]
fn every_operation_has_a_row() {
    let mut files = BTreeSet::new();
    for entry in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_string();
        let text = text_of(&path);
        let is_operation = ["Op<", "Tape<"]
            .iter()
            .any(|what| text.lines().any(|line| line.starts_with("impl") && line.contains(what)));
        // A file is one or the other: nothing is left out because of how it is written.
        assert_ne!(is_operation, HELPERS.contains(&name.as_str()), "{name}");
        if is_operation {
            files.insert(name);
        }
    }
    let first_word = |row: &Row| row.name.split(',').next().unwrap().to_string();
    assert_eq!(rows().iter().map(first_word).collect::<BTreeSet<_>>(), files);
}
