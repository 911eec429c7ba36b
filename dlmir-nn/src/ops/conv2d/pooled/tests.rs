//! The operation against the convolution and the pooling one after the other.

use proptest::prelude::*;

use super::super::{Conv2dOp, reference, reference_grad};
use super::*;
use crate::gradcheck::{check_op, random};
use crate::ops::MaxPool2dOp;
use crate::ops::testing::{assert_close, for_many, run, wide};
use crate::rng::Rng;

fn op(stride: [usize; 2], padding: Padding, window: [usize; 2]) -> Conv2dMaxPoolOp {
    Conv2dMaxPoolOp { stride, padding, window }
}

#[test]
fn the_operation_is_convolution_and_pooling() {
    let padding = prop_oneof![
        Just(Padding::Valid),
        Just(Padding::Same),
        [[0..4usize, 0..4], [0..4, 0..4]].prop_map(Padding::Explicit),
    ];
    let maps = (prop_oneof![0..4usize, Just(9)], [4..12usize, 4..20], [1..4usize, 1..18]);
    let sizes = ([1..5usize, 1..5], [1..3usize, 1..3], padding, [1..4usize, 1..5]);
    let cases = (maps, sizes, any::<u64>()).prop_filter("the window fits", |(maps, sizes, _)| {
        let ((_, input, _), (kernel, stride, padding, window)) = (*maps, *sizes);
        let sides = padding.sides(input, kernel, stride);
        (0..2).all(|i| {
            let padded = input[i] + sides[i][0] + sides[i][1];
            padded >= kernel[i] && (padded - kernel[i]) / stride[i] + 1 >= window[i]
        })
    });
    for_many(cases, |((batch, [h, w], channels), (kernel, stride, padding, window), seed)| {
        let op = op(stride, padding, window);
        let mut rng = Rng::new(seed, 0);
        let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
        let x = draw(&[batch, h, w, channels[0]]);
        let weight = draw(&[kernel[0], kernel[1], channels[0], channels[1]]);
        let bias = draw(&[channels[1]]);
        let (geo, windows) = op.geometry(&x, &weight);
        let grad = draw(&windows.y_shape());
        let (y, grads) = run(&op, [&x, &weight, &bias], &grad, [true; 3]);

        // One after the other: the same bits forward.
        let mut pool = Pool::poisoned();
        let conv = Conv2dOp::new(stride, padding);
        let (map, ()) = Op::<3>::forward(&conv, [&x, &weight, &bias], &mut pool);
        let (want, winners) = MaxPool2dOp { window, stride: window }.forward([&map], &mut pool);
        assert_eq!(y, want);

        // By the definitions backward, in 64 bits; sums of some hundred products.
        let winners: Vec<usize> = winners.as_slice().iter().map(|&tap| tap as usize).collect();
        let grad_map = max_pool2d::reference_grad(&windows, &winners, &wide(&grad));
        let want = reference_grad(&geo, &wide(&x), &wide(&weight), &grad_map);
        for (got, want) in grads.iter().zip(want) {
            assert_close(got.as_ref().unwrap(), &want, 1e-4);
        }
        let map = reference(&geo, &wide(&x), &wide(&weight), &wide(&bias));
        assert_close(&y, &max_pool2d::reference(&windows, &map).0, 1e-4);
    });
}

#[test]
fn the_operation_passes_the_check() {
    // No two numbers of a window lie near each other, so that no step of the check changes a winner.
    let mut x: Vec<f32> = (0..96).map(|i| i as f32 / 10.0).collect();
    Rng::new(3, 0).shuffle(&mut x);
    let x = Tensor::from_vec(&[2, 6, 8, 1], x);
    let weight = Tensor::from_vec(&[1, 2, 1, 2], vec![1.0, -0.5, 0.013, 0.31]);
    let bias = Tensor::from_vec(&[2], vec![0.3, -0.2]);
    check_op(&op([1, 1], Padding::Same, [2, 4]), [&x, &weight, &bias]).unwrap();
}

#[test]
fn a_band_of_the_tower_is_the_whole_map() {
    // Kernel and windows of the similarity lessons.
    let mut rng = Rng::new(5, 0);
    let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
    let inputs = [draw(&[2, 40, 40, 1]), draw(&[21, 11, 1, 16]), draw(&[16])];
    let op = op([1, 1], Padding::Same, [20, 4]);
    let grad = draw(&[2, 2, 10, 16]);
    let (y, [_, grad_w, _]) = run(&op, inputs.each_ref(), &grad, [true; 3]);
    let mut pool = Pool::new();
    let conv = Conv2dOp::new(op.stride, op.padding);
    let (map, ()) = Op::<3>::forward(&conv, inputs.each_ref(), &mut pool);
    let pooling = MaxPool2dOp { window: op.window, stride: op.window };
    let (want, saved) = pooling.forward([&map], &mut pool);
    assert_eq!(y, want);
    let at = At { inputs: [&map], output: &want, saved, needs: [true] };
    let [grad_map] = pooling.backward(at, grad, &mut pool);
    let inputs = inputs.each_ref();
    let at = At { inputs, output: &map, saved: (), needs: [false, true, false] };
    let [_, want, _] = Op::<3>::backward(&conv, at, grad_map.unwrap(), &mut pool);
    assert_close(&grad_w.unwrap(), &wide(&want.unwrap()), 1e-4);
}

#[test]
#[should_panic(
    expected = "conv2d_max_pool: the window [3, 2] needs 3 elements on axis 1 of x [1, 2, 2, 1]"
)]
fn a_window_larger_than_the_map_is_named() {
    let shapes: [&[usize]; 3] = [&[1, 2, 2, 1], &[1, 1, 1, 1], &[1]];
    let [x, w, b] = shapes.map(Tensor::zeros);
    let _ = op([1, 1], Padding::Same, [3, 2]).forward([&x, &w, &b], &mut Pool::new());
}
