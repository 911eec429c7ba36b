//! Constraints, clipping and schedules against PyTorch and Keras; see `tools/golden/torch_optim.py`.

mod common;

use common::{assert_near, fixture, tensor};
use dlmir_nn::optim::{Mode, global_norm};
use dlmir_nn::{
    Constraint, Gradients, Params, ReduceOnPlateau, Schedule, Tensor, clip_by_global_norm,
    clip_by_value,
};

fn numbers(tensor: &Tensor) -> impl Iterator<Item = f64> {
    tensor.as_slice().iter().map(|&x| f64::from(x))
}

/// Keras adds 1e-7 to each length before it divides: with lengths from 0.3, a relative 4e-7.
#[test]
fn constraints_are_those_of_keras() {
    let golden = fixture("optim/constraints");
    for (key, constraint) in [
        ("max_norm", Constraint::MaxNorm(1.5)),
        ("unit_norm", Constraint::UnitNorm),
        ("non_negative", Constraint::NonNegative),
    ] {
        let mut weight = tensor(&golden["weight"][0]).reshape(&[2, 3, 2, 4]);
        constraint.apply(&mut weight);
        assert_near(numbers(&weight), &golden[key][0], 5e-7);
    }
}

/// PyTorch adds 1e-6 to the length (7.3 here), Keras does not.
#[test]
fn clipping_is_that_of_pytorch_and_keras() {
    let golden = fixture("optim/clip");
    let mut params = Params::new();
    let a = params.add("a", Tensor::zeros(&[7]));
    let b = params.add("b", Tensor::zeros(&[2, 4]));
    let gradients = || {
        let mut grads = Gradients::default();
        grads.set_param(a, tensor(&golden["a"][0]));
        grads.set_param(b, tensor(&golden["b"][0]).reshape(&[2, 4]));
        grads
    };
    for limit in [1.0, 100.0] {
        let mut grads = gradients();
        let length = clip_by_global_norm(&mut grads, limit);
        assert_near([length], &golden[&format!("norm_{limit}")][0], 1e-14);
        assert!((global_norm(&grads) - length.min(limit)).abs() < 1e-6);
        for (id, name) in [(a, "a"), (b, "b")] {
            let got = grads.of_param(id).unwrap();
            assert_near(numbers(got), &golden[&format!("keras_{name}_{limit}")][0], 2e-7);
            assert_near(numbers(got), &golden[&format!("torch_{name}_{limit}")][0], 4e-7);
        }
    }
    let mut grads = gradients();
    clip_by_value(&mut grads, 0.5);
    for (id, key) in [(a, "value_a"), (b, "value_b")] {
        assert_near(numbers(grads.of_param(id).unwrap()), &golden[key][0], 0.0);
    }
}

#[test]
fn schedules_are_those_of_pytorch_and_keras() {
    let golden = fixture("optim/schedules");
    let warm = |then| Schedule::WarmUp { updates: 5, then: Box::new(then) };
    let cosine = |updates, floor| Schedule::Cosine { updates, floor };
    for (key, schedule) in [
        ("inverse_time_0.02", Schedule::InverseTime { decay: 0.02 }),
        ("step_7_0.5", Schedule::Step { every: 7, factor: 0.5 }),
        ("exponential_0.9", Schedule::Exponential { factor: 0.9 }),
        ("cosine_29_0.01", cosine(29, 0.01)),
        ("cosine_20_0.01", cosine(20, 0.01)),
        ("warm_up_5_cosine_25_0", warm(cosine(25, 0.0))),
    ] {
        // One batch an epoch, so that updates and epochs run together.
        let rates = (0..30).map(|i| schedule.learning_rate(0.1, i, i));
        assert_near(rates, &golden[key][0], 1e-12);
    }
}

#[test]
fn reduction_on_a_plateau_is_that_of_keras() {
    let golden = fixture("optim/plateau");
    let usual = ReduceOnPlateau::default();
    let half =
        ReduceOnPlateau { factor: 0.5, patience: 2, min_delta: 0.01, cooldown: 3, ..usual.clone() };
    let floor = ReduceOnPlateau {
        factor: 0.3,
        patience: 1,
        min_delta: 0.0,
        min_learning_rate: 0.002,
        ..usual.clone()
    };
    let impatient = ReduceOnPlateau { factor: 0.9, patience: 0, min_delta: 0.01, ..usual.clone() };
    for (values, key, mut plateau) in [
        ("falling", "default", ReduceOnPlateau { patience: 3, ..usual }),
        ("falling", "cooldown", half.clone()),
        ("falling", "floor", floor),
        ("rising", "rising_cooldown", ReduceOnPlateau { mode: Mode::Max, ..half }),
        ("falling", "impatient", impatient),
    ] {
        let mut rate = 0.1;
        let rates = golden[values][0].iter().map(|&value| {
            rate = plateau.after_epoch(value, rate);
            rate
        });
        assert_near(rates.collect::<Vec<_>>(), &golden[key][0], 1e-12);
    }
}
