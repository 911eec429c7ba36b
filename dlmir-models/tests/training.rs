//! What a training run computes, and what it says when it cannot.

use dlmir_models::train::{Batch, Loss, Trainer};
use dlmir_models::{Architecture, LayerSpec, Model, Output};
use dlmir_nn::{Sgd, Tensor};

/// y = f(w x) with w = 2 and one item x = 1, whose answer should be 0.
fn one_weight(last: LayerSpec, output: Output) -> Model {
    let linear = LayerSpec::Linear { units: 1, bias: false, init: dlmir_nn::Init::Constant(2.0) };
    let net = Architecture::new("one", &[1]).with("out", linear).with("last", last);
    Model::new(net, output, &[], 1).expect("the network can be built")
}

fn batch() -> Batch {
    let (x, target) = (Tensor::full(&[1, 1], 1.0), Tensor::zeros(&[1, 1]));
    Batch { x, target, items: [0].into() }
}

/// The loss of the first update, and how far it moved the weight with the learning rate 1.
fn first_step(mut model: Model, loss: Option<Loss>) -> (f64, f64) {
    let mut sgd = Sgd::default();
    let mut trainer = Trainer::of(&mut model, &mut sgd).learning_rate(1.0);
    if let Some(loss) = loss {
        trainer = trainer.loss(loss);
    }
    let history = trainer.fit(|_| [batch()], || []).expect("one update");
    let id = model.params.id("out/weight").expect("there is a layer `out`");
    (history.rows[0].loss, 2.0 - f64::from(model.params.value(id).item()))
}

fn assert_near(found: (f64, f64), wanted: (f64, f64)) {
    let near = (found.0 - wanted.0).abs() < 1e-6 && (found.1 - wanted.1).abs() < 1e-6;
    assert!(near, "{found:?} instead of {wanted:?}");
}

#[test]
fn a_squared_error_is_that_of_what_the_model_answers() {
    let p = 1.0 / (1.0 + (-2.0f64).exp());
    let squared = (p * p, 2.0 * p * p * (1.0 - p));
    assert_near(first_step(one_weight(LayerSpec::Sigmoid, Output::Values), None), squared);
    let mse = Some(Loss::MeanSquaredError);
    assert_near(first_step(one_weight(LayerSpec::Sigmoid, Output::Binary), mse), squared);
    // The softmax of one number is 1 whatever the weight.
    assert_near(first_step(one_weight(LayerSpec::Softmax, Output::Values), None), (1.0, 0.0));
}

#[test]
fn cross_entropies_contain_the_last_activation() {
    let p = 1.0 / (1.0 + (-2.0f64).exp());
    let entropy = (-(1.0 - p).ln(), p);
    assert_near(first_step(one_weight(LayerSpec::Sigmoid, Output::Binary), None), entropy);
    let bce = Some(Loss::BinaryCrossEntropy);
    assert_near(first_step(one_weight(LayerSpec::Sigmoid, Output::Values), bce), entropy);
}
