//! Convolution, pooling and normalisation against PyTorch and Keras: values, gradients, running moments, see
//! `tools/golden/torch_conv.py`.

#[path = "common/cases.rs"]
mod cases;

use cases::Cases;
use dlmir_nn::ops::*;
use dlmir_nn::{BatchNorm, BatchNormOptions, Layer, Padding, Params, Pool, Tape, Tensor, Training};

/// Sums of up to 60 products of numbers of up to 10, which are rounded by 6e-8 of their size each.
const TOLERANCE: f32 = 4e-6;

#[test]
fn values_and_gradients_are_those_of_pytorch_and_keras() {
    let mut cases = Cases::read("conv/torch_conv.txt");
    let (valid, same) = (Padding::Valid, Padding::Same);
    let explicit = Padding::Explicit([[2, 2], [1, 1]]);
    for (case, stride, padding) in [
        ("conv_valid", [1, 1], valid),
        ("conv_same", [1, 1], same),
        ("conv_same_even", [1, 1], same),
        ("conv_same_even_keras", [1, 1], same),
        ("conv_strided", [2, 3], valid),
        ("conv_same_strided_keras", [2, 3], same),
        ("conv_explicit", [1, 2], explicit),
        ("conv_tall", [1, 1], same),
        ("conv_wide_keras", [1, 1], same),
    ] {
        cases.check::<3, _>(case, Conv2dOp::new(stride, padding), TOLERANCE);
    }
    let op = Conv2dOp::new([1, 1], valid);
    cases.check::<2, _>("conv_no_bias", op, TOLERANCE);

    let max = |window, stride| MaxPool2dOp { window, stride };
    let avg = |window, stride| AvgPool2dOp { window, stride };
    cases.check("max_pool", max([2, 3], [2, 3]), TOLERANCE);
    cases.check("max_pool_overlapping", max([4, 1], [2, 2]), TOLERANCE);
    cases.check("max_pool_ties", max([2, 2], [2, 2]), TOLERANCE);
    cases.check("max_pool_keras", max([2, 3], [2, 3]), TOLERANCE);
    cases.check("avg_pool", avg([2, 3], [2, 3]), TOLERANCE);
    cases.check("avg_pool_overlapping", avg([3, 2], [1, 2]), TOLERANCE);
    cases.check("avg_pool_keras", avg([2, 3], [2, 3]), TOLERANCE);

    cases.check("layer_norm", LayerNormOp { epsilon: 1e-5 }, TOLERANCE);
    cases.check("layer_norm_keras", LayerNormOp { epsilon: 1e-3 }, TOLERANCE);
    for (name, axis) in [("", 3), ("_freq", 1)] {
        for (toolkit, epsilon) in [("", 1e-5), ("_keras", 1e-3)] {
            let op = BatchNormOp { axis, epsilon };
            let case = format!("batch_norm{name}{toolkit}");
            cases.check::<3, _>(&case, op, TOLERANCE);
            let case = format!("batch_norm{name}_use{toolkit}");
            cases.check::<5, _>(&case, op, TOLERANCE);
        }
        check_running(&mut cases, &format!("running{name}"), axis, BatchNormOptions::PYTORCH);
        check_running(&mut cases, &format!("running{name}_keras"), axis, BatchNormOptions::KERAS);
    }
    cases.finish();
}

/// Three training steps of the layer, its running moments, and its output in use.
fn check_running(cases: &mut Cases, case: &str, axis: usize, convention: BatchNormOptions) {
    let tensors = cases.take(case);
    let batches = [&tensors["x0"], &tensors["x1"], &tensors["x2"]];
    let (mut params, mut pool) = (Params::new(), Pool::poisoned());
    let options = BatchNormOptions { axis: Some(axis), ..convention };
    let norm = BatchNorm::new(&mut params, "norm", batches[0].shape()[axis], options);
    for x in batches {
        let training = Training { seed: 1, epoch: 0, items: [0, 1, 2].into() };
        let mut tape = Tape::train(&params, &mut pool, training);
        let x = tape.borrowed(x);
        norm.forward(&mut tape, x);
        let loss = tape.leaf(Tensor::scalar(0.0));
        let mut grads = tape.backward(loss);
        grads.update_states(&mut params, &mut pool);
    }
    for what in ["mean", "variance"] {
        let id = params.id(&format!("norm/{what}")).expect("the layer keeps its moments");
        cases::close(&format!("{case}.{what}"), params.value(id), &tensors[what], TOLERANCE);
    }
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.borrowed(batches[0]);
    let y = norm.forward(&mut tape, x);
    cases::close(&format!("{case}.y"), tape.value(y), &tensors["y"], TOLERANCE);
}
