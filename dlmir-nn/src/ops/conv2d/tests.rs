//! The kernel against the definition, at every level, for any shape.

use proptest::prelude::*;

use super::*;
use crate::gradcheck::{check_op, random};
use crate::ops::testing::{for_many, wide};
use crate::rng::Rng;

/// A convolution of random numbers: geometry, x, weight, bias, dL/dy.
struct Case {
    geo: Conv2dGeometry,
    tensors: [Tensor; 4],
}

impl Case {
    fn new(x: [usize; 4], weight: [usize; 4], op: Conv2dOp) -> Case {
        let geo = Conv2dGeometry::new(&x, &weight, op);
        let mut rng = Rng::new(9, 0);
        let mut draw = |shape: &[usize]| random(shape, 0.0, &mut rng);
        let tensors = [draw(&x), draw(&weight), draw(&weight[3..]), draw(&geo.y_shape())];
        Case { geo, tensors }
    }

    /// y, dL/dx, dL/dW and dL/db by the kernel.
    fn fast(&self, level: simd::Level) -> [Tensor; 4] {
        let (geo, [x, weight, bias, grad]) = (&self.geo, &self.tensors);
        let pool = &mut Pool::poisoned();
        [
            batch::forward(level, geo, x, weight, Some(bias), pool),
            batch::grad_x(level, geo, weight, grad, pool),
            batch::grad_weight(level, geo, x, grad, pool),
            batch::grad_bias(geo, grad, pool),
        ]
    }

    /// The same by the definition, of the numbers themselves and of their absolute values.
    fn exact(&self) -> [[Vec<f64>; 4]; 2] {
        let results = |f: fn(f64) -> f64| {
            let [x, w, b, grad] =
                &self.tensors.each_ref().map(|t| wide(t).into_iter().map(f).collect::<Vec<_>>());
            let [grad_x, grad_w, grad_b] = reference_grad(&self.geo, x, w, grad);
            [reference(&self.geo, x, w, b), grad_x, grad_w, grad_b]
        };
        [results(|x| x), results(f64::abs)]
    }
}

/// A sum of n products, added one after the other in f32, is off by at most n u / (1 - n u) of the sum of
/// their absolute values, with u = 2^-24 (Higham, "Accuracy and Stability of Numerical Algorithms", 3.5);
/// the second term leaves room for numbers that cancel to 0.
fn assert_close(case: &Case, level: simd::Level) {
    let (geo, [exact, absolute]) = (&case.geo, case.exact());
    let positions = geo.batch * geo.positions();
    let lengths =
        [geo.taps() + 1, geo.kernel[0] * geo.kernel[1] * geo.out_channels, positions, positions];
    for (i, fast) in case.fast(level).iter().enumerate() {
        assert_eq!(fast.len(), exact[i].len());
        for (j, &fast) in fast.as_slice().iter().enumerate() {
            let allowed = (lengths[i] + 2) as f64 * 2f64.powi(-24) * absolute[i][j];
            let error = (f64::from(fast) - exact[i][j]).abs();
            assert!(error <= allowed, "result {i}, element {j}: {fast}, not {}", exact[i][j]);
        }
    }
}

/// Lengths around nothing, one, and a vector.
fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![1..4usize, Just(7), Just(8), Just(9), 15..18usize, 31..34usize]
}

#[test]
fn the_kernel_is_the_definition() {
    let padding = prop_oneof![
        Just(Padding::Valid),
        Just(Padding::Same),
        [[0..6usize, 0..6], [0..6, 0..6]].prop_map(Padding::Explicit),
    ];
    let maps = (prop_oneof![0..4usize, Just(9)], [1..9usize, 1..15], channels(), channels());
    let gaps = prop_oneof![Just([1, 1]), [1..4usize, 1..4]];
    let window = ([1..5usize, 1..5], [1..4usize, 1..4], padding, gaps);
    let cases = (maps, window).prop_filter("the kernel fits", |(maps, window)| {
        let (input, (kernel, stride, padding, gaps)) = (maps.1, *window);
        let reach = geometry::reach(kernel, gaps);
        let sides: [[usize; 2]; 2] = Padding::sides(padding, input, reach, stride);
        (0..2).all(|i| reach[i] <= input[i] + sides[i][0] + sides[i][1])
    });
    for_many(
        cases,
        |((batch, [h, w], n_in, n_out), ([kernel_h, kernel_w], stride, padding, dilation))| {
            let weight = [kernel_h, kernel_w, n_in, n_out];
            let op = Conv2dOp { stride, padding, dilation };
            let case = Case::new([batch, h, w, n_in], weight, op);
            for level in simd::available() {
                assert_close(&case, level);
            }
        },
    );
}

#[test]
fn the_tutorials_shapes_are_the_definition() {
    for (x, weight, padding) in [
        ([2, 40, 80, 1], [3, 3, 1, 16], Padding::Valid),
        ([1, 80, 80, 1], [21, 11, 1, 16], Padding::Same),
        ([2, 19, 39, 16], [3, 3, 16, 32], Padding::Same),
    ] {
        assert_close(&Case::new(x, weight, Conv2dOp::new([1, 1], padding)), simd::level());
    }
}

/// In one chain over its 54 640 positions, the sum over half a minute of maps came out wrong by 5e-4. Here, a row of 683
/// positions and then 80 rows are 763 roundings at most.
#[test]
fn the_weights_gradient_of_a_large_map_keeps_its_digits() {
    let (x, weight) = ([1, 80, 683, 1], [1, 1, 1, 1]);
    let mut case = Case::new(x, weight, Conv2dOp::new([1, 1], Padding::Valid));
    case.tensors[0].as_mut_slice().fill(1.0);
    case.tensors[3].as_mut_slice().fill(0.1);
    let exact = (80.0 * 683.0) * f64::from(0.1f32);
    for level in simd::available() {
        let [_, _, grad_w, _] = case.fast(level);
        let error = (f64::from(grad_w.item()) / exact - 1.0).abs();
        assert!(error < 763.0 * 6e-8, "{level:?}: {error:.1e}");
    }
}

#[test]
fn the_operation_passes_the_check() {
    let op = Conv2dOp::new([1, 2], Padding::Same).dilated([2, 1]);
    let [x, w, b, _] = Case::new([2, 5, 6, 3], [3, 2, 3, 4], op).tensors;
    check_op::<3, _>(&op, [&x, &w, &b]).unwrap();
    check_op::<2, _>(&op, [&x, &w]).unwrap();
}

#[test]
#[should_panic(expected = "conv2d: weight [1, 1, 1, 2] wants bias [2], got [3]")]
fn a_bias_that_does_not_fit_is_named() {
    let shapes: [&[usize]; 3] = [&[1, 4, 4, 1], &[1, 1, 1, 2], &[3]];
    let [x, w, b] = shapes.map(Tensor::zeros);
    let op = Conv2dOp::new([1, 1], Padding::Valid);
    let _ = Op::<3>::forward(&op, [&x, &w, &b], &mut Pool::new());
}
