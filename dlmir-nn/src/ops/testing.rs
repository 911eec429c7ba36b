//! What the tests of the operations share.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use crate::gradcheck::{check_op, numeric_gradient, numeric_slope, random};
use crate::op::{At, Op};
use crate::pool::Pool;
use crate::rng::Rng;
use crate::simd::forced::at_every_level;
use crate::tensor::Tensor;

/// Lengths that go wrong: nothing, one, and both sides of the width of vector instructions.
pub fn length() -> BoxedStrategy<usize> {
    select(vec![0, 1, 2, 3, 7, 8, 9, 15, 17]).boxed()
}

/// Shapes of one to three such axes.
pub fn shape() -> BoxedStrategy<Vec<usize>> {
    vec(length(), 1..=3).boxed()
}

/// Runs `test` on many values of a strategy, on each at every instruction set of this machine. As the macro `proptest!` does, but
/// inside a function, and compiled once for each kind of value.
pub fn for_many<T: Debug + Clone>(strategy: impl Strategy<Value = T> + 'static, test: impl Fn(T)) {
    fn run<T: Debug + Clone>(strategy: &BoxedStrategy<T>, test: &dyn Fn(T)) {
        let config = Config {
            failure_persistence: None,
            cases: if cfg!(miri) { 3 } else { 64 },
            ..Config::default()
        };
        let outcome = TestRunner::new(config).run(strategy, |value| {
            at_every_level(|| test(value.clone()));
            Ok(())
        });
        outcome.unwrap_or_else(|failure| panic!("{failure}"));
    }
    run(&strategy.boxed(), &test);
}

/// The same numbers in 64 bits.
pub fn wide(x: &Tensor) -> Vec<f64> {
    x.as_slice().iter().map(|&x| f64::from(x)).collect()
}

/// Every number is within `tolerance` of the wanted one, relative to it or to 1, whichever is larger.
#[track_caller]
pub fn assert_close(got: &Tensor, want: &[f64], tolerance: f64) {
    assert_eq!(got.len(), want.len());
    for (i, (got, want)) in wide(got).into_iter().zip(want).enumerate() {
        let error = (got - want).abs() / want.abs().max(1.0);
        assert!(error <= tolerance, "element {i}: {got} instead of {want}, error {error:.1e}");
    }
}

/// Every number is within `tolerance` times its bound of the wanted one.
#[track_caller]
pub fn assert_within(got: &Tensor, want: &[f64], bound: &[f64], tolerance: f64) {
    assert_eq!((got.len(), got.len()), (want.len(), bound.len()));
    for (i, got) in wide(got).into_iter().enumerate() {
        let (error, allowed) = ((got - want[i]).abs(), tolerance * bound[i]);
        assert!(error <= allowed, "element {i}: {got} instead of {}, error {error:.1e}", want[i]);
    }
}

/// The gradient of a reference agrees with central differences of `loss` at `x`.
#[track_caller]
pub fn assert_gradient(loss: impl Fn(&[f64]) -> f64, x: &[f64], grad: &[f64]) {
    assert_eq!(x.len(), grad.len());
    for (i, (numeric, grad)) in numeric_gradient(loss, x).into_iter().zip(grad).enumerate() {
        let error = (numeric - grad).abs() / grad.abs().max(1.0);
        assert!(error < 1e-6, "element {i}: {grad} instead of {numeric}, error {error:.1e}");
    }
}

/// sum over i of a[i] b[i].
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Runs an operation forward and backward on poisoned buffers: (y, gradients).
pub fn run<const N: usize, O: Op<N>>(
    op: &O,
    inputs: [&Tensor; N],
    grad: &Tensor,
    needs: [bool; N],
) -> (Tensor, [Option<Tensor>; N]) {
    let mut pool = Pool::poisoned();
    let (y, saved) = op.forward(inputs, &mut pool);
    let at = At { inputs, output: &y, saved, needs };
    let grad = pool.copy_of(grad);
    let grads = op.backward(at, grad, &mut pool);
    (y, grads)
}

/// All three tests of an operation that acts on each element for itself, where `tolerance` is what the
/// operation may deviate from `value` and `slope` (of x), its definition.
#[track_caller]
pub fn elementwise<O: Op<1>>(
    op: &O,
    value: impl Fn(f64) -> f64,
    slope: impl Fn(f64) -> f64,
    tolerance: f64,
) {
    for x in [-20.0, -3.1, -1.0, -0.3, -1e-3, 1e-3, 0.4, 1.0, 2.7, 20.0] {
        let (numeric, analytic) = (numeric_slope(&value, x), slope(x));
        assert!((numeric - analytic).abs() < 1e-6, "at {x}: {analytic} instead of {numeric}");
    }
    for_many((shape(), any::<u64>(), 0.1..30f32), |(shape, seed, scale)| {
        let mut rng = Rng::new(seed, 0);
        let mut x = random(&shape, 0.0, &mut rng);
        x.as_mut_slice().iter_mut().for_each(|x| *x *= scale);
        let grad = random(&shape, 0.0, &mut rng);
        let (y, [grad_x]) = run(op, [&x], &grad, [true]);
        assert_eq!(y.shape(), shape);
        let want: Vec<f64> = wide(&x).into_iter().map(&value).collect();
        assert_close(&y, &want, tolerance);
        let pairs = wide(&x).into_iter().zip(wide(&grad));
        let want: Vec<f64> = pairs.map(|(x, g)| g * slope(x)).collect();
        // dL/dy is up to 5, and a slope takes a few more steps than a value.
        assert_close(&grad_x.expect("an activation has a gradient"), &want, 10.0 * tolerance);
    });
    check_op(op, [&random(&[4, 5], 0.1, &mut Rng::new(1, 0))]).unwrap();
}

/// All three tests of an operation that acts on the elements of two tensors, pair by pair. `value` and `slopes` (along a and
/// along b) are its definition.
#[track_caller]
pub fn pairwise<O: Op<2>>(
    op: &O,
    value: impl Fn(f64, f64) -> f64,
    slopes: impl Fn(f64, f64) -> [f64; 2],
) {
    for (a, b) in [(0.0, 0.0), (1.5, -2.0), (-0.3, 20.0), (7.0, 0.1)] {
        let numeric = [numeric_slope(|a| value(a, b), a), numeric_slope(|b| value(a, b), b)];
        for (numeric, slope) in numeric.into_iter().zip(slopes(a, b)) {
            assert!((numeric - slope).abs() < 1e-6, "at {a}, {b}: {slope} instead of {numeric}");
        }
    }
    for_many((shape(), any::<u64>(), 0..3usize), |(shape, seed, without)| {
        let mut rng = Rng::new(seed, 0);
        let [a, b, grad] = [(); 3].map(|()| random(&shape, 0.0, &mut rng));
        // Whatever an input needs not must not change what the other gets.
        let needs = [without != 1, without != 2];
        let (y, grads) = run(op, [&a, &b], &grad, needs);
        assert_eq!(y.shape(), shape);
        let (a, b, g) = (wide(&a), wide(&b), wide(&grad));
        let pairs = || a.iter().zip(&b);
        // One rounding.
        assert_close(&y, &pairs().map(|(&a, &b)| value(a, b)).collect::<Vec<_>>(), 6e-8);
        for (i, grad) in grads.iter().enumerate().filter(|(i, _)| needs[*i]) {
            let want = pairs().zip(&g).map(|((&a, &b), g)| g * slopes(a, b)[i]);
            assert_close(grad.as_ref().expect("it needs one"), &want.collect::<Vec<_>>(), 6e-8);
        }
    });
    let mut rng = Rng::new(2, 0);
    check_op(op, [&random(&[2, 3], 0.1, &mut rng), &random(&[2, 3], 0.1, &mut rng)]).unwrap();
}

/// Compares an operation on the last axis with `value` and `gradient` (of x and dL/dy) of one row.
#[track_caller]
pub fn row_by_row<O: Op<1>>(
    op: &O,
    value: impl Fn(&[f64]) -> Vec<f64>,
    gradient: impl Fn(&[f64], &[f64]) -> Vec<f64>,
    tolerance: f64,
) {
    for_many((shape(), any::<u64>(), 0.1..10f32), |(shape, seed, scale)| {
        let mut rng = Rng::new(seed, 0);
        let mut x = random(&shape, 0.0, &mut rng);
        x.as_mut_slice().iter_mut().for_each(|x| *x *= scale);
        let grad = random(&shape, 0.0, &mut rng);
        let (y, [grad_x]) = run(op, [&x], &grad, [true]);
        assert_eq!(y.shape(), shape);
        let len = shape[shape.len() - 1].max(1);
        let (x, grad) = (wide(&x), wide(&grad));
        let want: Vec<f64> = x.chunks(len).flat_map(&value).collect();
        assert_close(&y, &want, tolerance);
        let rows = x.chunks(len).zip(grad.chunks(len));
        let want: Vec<f64> = rows.flat_map(|(x, grad)| gradient(x, grad)).collect();
        assert_close(&grad_x.expect("x has a gradient"), &want, 10.0 * tolerance);
    });
}
