//! The operation against the definition, for any shape and axis.

use proptest::prelude::*;

use super::*;
use crate::gradcheck::{check_op, check_op_inputs, random};
use crate::ops::testing::{assert_close, for_many, length, run, wide};
use crate::rng::Rng;

const EPSILON: f32 = 1e-3;

/// x away from mean 0 and deviation 1, gamma, beta, mean, variance, dL/dy.
fn draw(shape: &[usize], axis: usize, seed: u64) -> [Tensor; 6] {
    let mut rng = Rng::new(seed, 0);
    let mut x = random(shape, 0.0, &mut rng);
    x.as_mut_slice().iter_mut().for_each(|x| *x = 3.0 * *x - 2.0);
    let [gamma, beta, mean] = [(); 3].map(|()| random(&[shape[axis]], 0.0, &mut rng));
    let mut variance = random(&[shape[axis]], 0.0, &mut rng);
    variance.as_mut_slice().iter_mut().for_each(|v| *v = *v * *v + 0.5);
    [x, gamma, beta, mean, variance, random(shape, 0.0, &mut rng)]
}

#[test]
fn the_operation_with_given_moments_is_the_definition() {
    let few = (1..4usize).boxed();
    let strategy = ([length(), length(), length(), few], 1..4usize, any::<u64>());
    for_many(strategy, |(shape, axis, seed)| {
        let [x, gamma, beta, mean, variance, grad] = draw(&shape, axis, seed);
        let op = BatchNormOp { axis, epsilon: EPSILON };
        let layout = Layout::new(&shape, axis);
        let inputs = [&x, &gamma, &beta, &mean, &variance];
        let (y, grads) = run(&op, inputs, &grad, [true, true, true, false, false]);
        let [x, gamma, beta, mean, variance] = inputs.map(wide);
        let (moments, epsilon) = ([&mean[..], &variance], f64::from(EPSILON));
        let want = reference(&layout, &x, [&gamma, &beta], moments, epsilon);
        // Six roundings of numbers below 5 * (5 * 3 + 2 + 5) / 0.7.
        assert_close(&y, &want, 6.0 * 160.0 * 6e-8);
        let want = reference_grad(&layout, &x, &gamma, moments, epsilon, &wide(&grad), false);
        // Sums of at most 17 * 17 * 3 terms, each below 5 * 32, in chains of at most 64 + 17 links.
        let tolerances = [6.0 * 40.0, 90.0 * 5.0 * 32.0, 90.0 * 5.0].map(|t| t * 6e-8);
        for ((got, want), tolerance) in grads.iter().zip(&want).zip(tolerances) {
            assert_close(got.as_ref().unwrap(), want, tolerance);
        }
        assert!(grads[3].is_none() && grads[4].is_none());
    });
}

#[test]
fn the_operation_with_moments_of_the_batch_is_the_definition() {
    // Two samples at least: a variance of nothing but rounding errors would tell nothing.
    let sizes = ([2..20usize, 1..18, 1..35], 1..3usize, any::<u64>());
    for_many(sizes, |(shape, axis, seed)| {
        let [x, gamma, beta, _, _, grad] = draw(&shape, axis, seed);
        let op = BatchNormOp { axis, epsilon: EPSILON };
        let layout = Layout::new(&shape, axis);
        let (y, grads) = run(&op, [&x, &gamma, &beta], &grad, [true; 3]);
        let (_, (mean, variance)) =
            Op::<3>::forward(&op, [&x, &gamma, &beta], &mut Pool::poisoned());
        let [x, gamma, beta, grad] = [&x, &gamma, &beta, &grad].map(wide);
        let moments = reference_moments(&layout, &x);
        // Chains of at most 64 + 16 links of numbers below 20 (their squares: 400).
        assert_close(&mean, &moments[0], 80.0 * 20.0 * 6e-8);
        assert_close(&variance, &moments[1], 80.0 * 6e-8 * 4.0);
        let (moments, epsilon) = ([&moments[0][..], &moments[1]], f64::from(EPSILON));
        // A mean that is off by 1e-5 moves y by that over the deviation, which may be as small as 0.03.
        let deviation = moments[1].iter().fold(1.0, |a: f64, v| a.min((v + epsilon).sqrt()));
        let scale = 1e-5 * 5.0 / deviation;
        assert_close(&y, &reference(&layout, &x, [&gamma, &beta], moments, epsilon), 2.0 * scale);
        let want = reference_grad(&layout, &x, &gamma, moments, epsilon, &grad, true);
        for (got, want) in grads.iter().zip(&want) {
            assert_close(got.as_ref().unwrap(), want, 20.0 * scale / deviation);
        }
    });
}

#[test]
fn a_small_variance_far_from_zero_keeps_its_digits() {
    let x: Vec<f32> = (0..4096).map(|i| 1000.0 + (i % 4) as f32 / 8.0).collect();
    let x = Tensor::from_vec(&[4096, 1], x);
    let (gamma, beta) = (Tensor::full(&[1], 1.0), Tensor::zeros(&[1]));
    let op = BatchNormOp { axis: 1, epsilon: EPSILON };
    let (_, (mean, variance)) = Op::<3>::forward(&op, [&x, &gamma, &beta], &mut Pool::new());
    // 0, 1/8, 2/8 and 3/8 have the variance 5/4 / 64.
    assert!((mean.item() - 1000.1875).abs() < 1e-3, "{mean}");
    assert!((variance.item() - 1.25 / 64.0).abs() < 1e-5, "{variance}");
}

#[test]
fn the_operation_passes_the_check() {
    for axis in [1, 2, 3] {
        let [x, gamma, beta, mean, variance, _] = draw(&[4, 3, 5, 2], axis, 7);
        let op = BatchNormOp { axis, epsilon: EPSILON };
        check_op(&op, [&x, &gamma, &beta]).unwrap();
        let inputs = [&x, &gamma, &beta, &mean, &variance];
        check_op_inputs(&op, inputs, [true, true, true, false, false]).unwrap();
    }
}

#[test]
#[should_panic(
    expected = "batch_norm: x [2, 8, 4, 3] has 8 channels on axis 1, a parameter is [3]"
)]
fn a_parameter_of_another_axis_is_named() {
    let (x, gamma) = (Tensor::zeros(&[2, 8, 4, 3]), Tensor::zeros(&[3]));
    let op = BatchNormOp { axis: 1, epsilon: EPSILON };
    let _ = Op::<3>::forward(&op, [&x, &gamma, &gamma], &mut Pool::new());
}

#[test]
#[should_panic(expected = "batch_norm: x [2, 3] has no channels on axis 3")]
fn an_axis_too_many_is_named() {
    Layout::new(&[2, 3], 3);
}
