//! What a training run computes, and what it says when it cannot.

use dlmir_models::train::{Batch, Callback, Clip, EarlyStopping, Loss, Trainer};
use dlmir_models::{Architecture, LayerSpec, Model, Output};
use dlmir_nn::ops::Penalty;
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

#[test]
fn a_layer_that_overflows_is_named() {
    let mut model = one_weight(LayerSpec::linear(1), Output::Values);
    for (name, weight) in [("out/weight", 1e30), ("last/weight", 1e30)] {
        let id = model.params.id(name).unwrap();
        model.params.set(id, Tensor::full(&[1, 1], weight));
    }
    let wanted = "epoch 1, batch 1: `last` is the first with a NaN or an infinity";
    let mut sgd = Sgd::default();
    let error = Trainer::of(&mut model, &mut sgd).fit(|_| [batch()], || []).unwrap_err();
    assert_eq!(error.to_string(), wanted);
}

/// The loss (1e15)^2 = 1e30 is a number, and so is the gradient of `last`, 2e15 * 1e5 = 2e20; that of
/// `out`, 2e15 * 1e10 * (x = 1e20), is none. Clipping must not hide it.
#[test]
fn a_gradient_that_overflows_is_named() {
    for clip in [None, Some(Clip::Value(1.0)), Some(Clip::GlobalNorm(1.0))] {
        let linear = LayerSpec::Linear { units: 1, bias: false, init: dlmir_nn::Init::Ones };
        let net = Architecture::new("two", &[1]).with("out", linear.clone()).with("last", linear);
        let mut model = Model::new(net, Output::Values, &[], 1).unwrap();
        for (name, weight) in [("out/weight", 1e-15), ("last/weight", 1e10)] {
            let id = model.params.id(name).unwrap();
            model.params.set(id, Tensor::full(&[1, 1], weight));
        }
        let mut sgd = Sgd::default();
        let mut trainer = Trainer::of(&mut model, &mut sgd);
        if let Some(clip) = clip {
            trainer = trainer.clip(clip);
        }
        let batch = || Batch { x: Tensor::full(&[1, 1], 1e20), ..batch() };
        let error = trainer.fit(|_| [batch()], || []).unwrap_err();
        let wanted =
            "epoch 1, batch 1: `gradient of out/weight` is the first with a NaN or an infinity";
        assert_eq!(error.to_string(), wanted, "{clip:?}");
    }
}

/// The message of a run over one batch of this kind, with another one for validation.
fn message(batch: &Batch, validation: &Batch, loss: Loss) -> String {
    let mut model = one_weight(LayerSpec::Sigmoid, Output::Binary);
    let mut sgd = Sgd::default();
    let trainer = Trainer::of(&mut model, &mut sgd).loss(loss);
    let end = trainer.fit(|_| [batch.clone()], || [validation.clone()]);
    end.expect_err("the batches do not fit").to_string()
}

#[test]
fn batches_that_do_not_fit_are_errors_before_anything_is_computed() {
    let bce = Loss::BinaryCrossEntropy;
    let wide = Batch { x: Tensor::zeros(&[1, 3]), ..batch() };
    let text = message(&wide, &batch(), bce.clone());
    assert!(text.contains("`out`") && text.contains("[3]"), "{text}");
    let flat = Batch { target: Tensor::zeros(&[1]), ..batch() };
    let wanted = "binary_cross_entropy: the network makes [1, 1], so it wants targets of this shape, \
                  they are [1]";
    assert_eq!(message(&flat, &batch(), bce.clone()), wanted);
    assert_eq!(message(&batch(), &flat, bce), wanted);
    let wanted = "cross_entropy: the network makes [1, 1], so it wants outputs [batch, classes] and \
                  targets [batch], they are [1, 1]";
    assert_eq!(message(&batch(), &flat, Loss::CrossEntropy), wanted);
}

#[test]
#[should_panic(expected = "a batch [1, 1] wants as many items as its first axis, not 2")]
fn a_batch_has_a_number_for_each_item() {
    message(&Batch { items: [0, 1].into(), ..batch() }, &batch(), Loss::BinaryCrossEntropy);
}

#[test]
#[should_panic(expected = "trainer: no weight's name ends in `/kernel`")]
fn a_penalty_on_nothing_is_a_mistake() {
    let mut model = one_weight(LayerSpec::Sigmoid, Output::Binary);
    _ = Trainer::of(&mut model, &mut Sgd::default()).penalty("/kernel", Penalty::L2(0.1));
}

#[test]
#[should_panic(expected = "trainer: two callbacks are called `early_stopping`")]
fn callbacks_have_names_of_their_own() {
    let mut model = one_weight(LayerSpec::Sigmoid, Output::Binary);
    let (mut one, mut two) = (EarlyStopping::new(3), EarlyStopping::keep_best());
    let mut sgd = Sgd::default();
    let trainer = Trainer::of(&mut model, &mut sgd).callback(&mut one).callback(&mut two);
    _ = trainer.fit(|_| [batch()], || []);
}

#[test]
#[should_panic(expected = "trainer: `optimizer` cannot be the name of a callback")]
fn a_callback_cannot_have_the_optimisers_place() {
    struct Greedy;
    impl Callback for Greedy {
        fn name(&self) -> &'static str {
            "optimizer"
        }
    }
    let mut model = one_weight(LayerSpec::Sigmoid, Output::Binary);
    _ = Trainer::of(&mut model, &mut Sgd::default())
        .callback(&mut Greedy)
        .fit(|_| [batch()], || []);
}
