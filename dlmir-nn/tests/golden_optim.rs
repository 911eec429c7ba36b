//! Optimisers step by step against PyTorch and Keras; see `tools/golden/torch_optim.py`.

mod common;

use common::{fixture, tensor};
use dlmir_nn::{AdaGrad, Adam, AdamW, Gradients, Nadam, Optimizer, Params, RmsProp, Sgd};

/// Twenty updates with the given gradients and learning rates; after each, every weight within 1e-6 of
/// the 64-bit result, relative to the larger of its own size and 1.
fn check(name: &str, mut optimizer: impl Optimizer) {
    let problem = fixture("optim/problem");
    let path = &fixture(&format!("optim/{name}"))["weights"];
    let start = &problem["start"][0];
    let mut params = Params::new();
    let id = params.add("w", tensor(start));
    assert_eq!((path.len(), problem["grad"].len(), problem["rates"][0].len()), (20, 20, 20));
    for (step, wanted) in path.iter().enumerate() {
        let mut grads = Gradients::default();
        grads.set_param(id, tensor(&problem["grad"][step]));
        optimizer.update(&mut params, &grads, problem["rates"][0][step]);
        for (i, (&got, &wanted)) in params.value(id).as_slice().iter().zip(wanted).enumerate() {
            let error = (f64::from(got) - wanted).abs();
            assert!(
                error <= 1e-6 * wanted.abs().max(1.0),
                "{name}, step {step}, weight {i}: {got}, should be {wanted}"
            );
        }
    }
}

#[test]
fn sgd() {
    check("sgd", Sgd::default());
    check("sgd_decay", Sgd { weight_decay: 0.1, ..Sgd::default() });
    check("sgd_momentum", Sgd { momentum: 0.9, ..Sgd::default() });
    let nesterov = Sgd { momentum: 0.8, nesterov: true, weight_decay: 0.1, ..Sgd::default() };
    check("sgd_nesterov_decay", nesterov);
    check("keras_sgd_momentum", Sgd { momentum: 0.9, ..Sgd::keras() });
    check("keras_sgd_nesterov", Sgd { momentum: 0.9, nesterov: true, ..Sgd::keras() });
}

#[test]
fn adagrad() {
    check("adagrad", AdaGrad::default());
    check("keras_adagrad", AdaGrad::keras());
}

#[test]
fn rmsprop() {
    check("rmsprop", RmsProp::default());
    check("keras_rmsprop", RmsProp::keras());
}

#[test]
fn adam() {
    check("adam", Adam::default());
    check("adam_betas", Adam { beta1: 0.5, beta2: 0.9, epsilon: 1e-6, ..Adam::default() });
    check("keras_adam", Adam::keras());
}

#[test]
fn adamw() {
    check("adamw", AdamW { weight_decay: 0.1, ..AdamW::default() });
    check("keras_adamw", AdamW::keras());
}

#[test]
fn nadam() {
    check("nadam", Nadam::default());
    check("keras_nadam", Nadam::keras());
}

/// The two libraries' rules differ by more than the tolerance, so the tests above tell them apart.
#[test]
fn pytorch_and_keras_differ() {
    for (one, other) in [
        ("sgd_momentum", "keras_sgd_momentum"),
        ("adagrad", "keras_adagrad"),
        ("rmsprop", "keras_rmsprop"),
        ("adam", "keras_adam"),
        ("nadam", "keras_nadam"),
    ] {
        let (one, other) = (
            &fixture(&format!("optim/{one}"))["weights"][19],
            &fixture(&format!("optim/{other}"))["weights"][19],
        );
        let apart = one.iter().zip(other).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f64::max) > 1e-3);
    }
}
