//! Optimisers at work: they find minima through the tape, stop and go on with the same bits, and leave
//! alone what is not theirs.

use dlmir_nn::gradcheck::random;
use dlmir_nn::{
    AdaGrad, Adam, AdamW, Constraint, Gradients, Nadam, OptimError, Optimizer, Params, Pool,
    RmsProp, Rng, Sgd, Tape, Tensor, Var,
};

/// Every optimiser, in both libraries' forms, with a learning rate that suits the problems below.
fn all() -> Vec<(Box<dyn Optimizer>, f64)> {
    let momentum = Sgd { momentum: 0.9, ..Sgd::default() };
    let nesterov = Sgd { momentum: 0.9, nesterov: true, ..Sgd::keras() };
    let decay = AdamW { weight_decay: 1e-4, ..AdamW::default() };
    vec![
        (Box::new(Sgd::default()), 0.1),
        (Box::new(momentum), 0.05),
        (Box::new(nesterov), 0.05),
        (Box::new(AdaGrad::default()), 0.5),
        (Box::new(AdaGrad::keras()), 0.5),
        (Box::new(RmsProp::default()), 0.005),
        (Box::new(RmsProp::keras()), 0.005),
        (Box::new(Adam::default()), 0.05),
        (Box::new(Adam::keras()), 0.05),
        (Box::new(decay), 0.05),
        (Box::new(Nadam::default()), 0.05),
        (Box::new(Nadam::keras()), 0.05),
    ]
}

/// Records a loss, goes backwards, updates; returns the loss before the update.
fn step(
    params: &mut Params,
    optimizer: &mut dyn Optimizer,
    learning_rate: f64,
    loss: &dyn Fn(&mut Tape<'_>) -> Var,
) -> f32 {
    let mut pool = Pool::new();
    let mut tape = Tape::record(params, &mut pool);
    let loss = loss(&mut tape);
    let value = tape.value(loss).item();
    let grads = tape.backward(loss);
    optimizer.update(params, &grads, learning_rate);
    value
}

/// A least-squares problem with a known solution: 3 weights and a bias from 16 points without noise.
fn line() -> (Params, impl Fn(&mut Tape<'_>) -> Var) {
    let mut rng = Rng::new(11, 0);
    let x = random(&[16, 3], 0.0, &mut rng);
    let target = x.view().outer_iter().map(|x| 2.0 * x[0] - x[1] + 0.5 * x[2] + 1.0).collect();
    let target = Tensor::from_vec(&[16, 1], target);
    let mut params = Params::new();
    let weight = params.add("weight", Tensor::zeros(&[3, 1]));
    let bias = params.add("bias", Tensor::zeros(&[1]));
    let loss = move |tape: &mut Tape<'_>| {
        let (x, target) = (tape.constant(x.clone()), tape.constant(target.clone()));
        let (weight, bias) = (tape.param(weight), tape.param(bias));
        let y = tape.linear(x, weight, bias);
        tape.mse(y, target)
    };
    (params, loss)
}

#[test]
fn each_optimiser_solves_least_squares() {
    for (mut optimizer, rate) in all() {
        let (mut params, loss) = line();
        for _ in 0..1000 {
            step(&mut params, optimizer.as_mut(), rate, &loss);
        }
        let (weight, bias) = (params.id("weight").unwrap(), params.id("bias").unwrap());
        let found = [params.value(weight).as_slice(), params.value(bias).as_slice()].concat();
        for (found, wanted) in found.iter().zip([2.0, -1.0, 0.5, 1.0]) {
            let name = optimizer.name();
            assert!((found - wanted).abs() < 0.01, "{name}: {found} instead of {wanted}");
        }
    }
}

/// Rosenbrock's valley (1 - x)^2 + 100 (y - x^2)^2 from its usual start (-1.2, 1), where it is 24.2.
#[test]
fn momentum_and_adaptive_rates_follow_a_curved_valley() {
    for (mut optimizer, rate) in [
        (Box::new(Sgd { momentum: 0.9, ..Sgd::default() }) as Box<dyn Optimizer>, 0.0002),
        (Box::new(Adam::default()), 0.02),
        (Box::new(Nadam::default()), 0.02),
    ] {
        let mut params = Params::new();
        let x = params.add("x", Tensor::from_vec(&[1], vec![-1.2]));
        let y = params.add("y", Tensor::from_vec(&[1], vec![1.0]));
        let loss = |tape: &mut Tape<'_>| {
            let (x, y) = (tape.param(x), tape.param(y));
            let one = tape.constant(Tensor::full(&[1], 1.0));
            let square = tape.multiply(x, x);
            let (along, across) = (tape.mse(x, one), tape.mse(y, square));
            let across = tape.scale(across, 100.0);
            tape.add(along, across)
        };
        let first = step(&mut params, optimizer.as_mut(), rate, &loss);
        assert!((first - 24.2).abs() < 1e-3, "{first}");
        let last = (0..4000).map(|_| step(&mut params, optimizer.as_mut(), rate, &loss)).last();
        assert!(last.unwrap() < 0.01, "{}: {last:?}", optimizer.name());
    }
}

#[test]
fn a_run_taken_up_again_ends_in_the_same_bits() {
    for ((mut whole, rate), (mut again, _)) in all().into_iter().zip(all()) {
        let (mut params, loss) = line();
        for _ in 0..7 {
            step(&mut params, whole.as_mut(), rate, &loss);
        }
        let (state, mut resumed) = (whole.state(), params.clone());
        again.restore(&state, &resumed).unwrap();
        for _ in 0..7 {
            // The rate changes, so that a velocity of steps differs from one of gradients.
            step(&mut params, whole.as_mut(), rate / 2.0, &loss);
            step(&mut resumed, again.as_mut(), rate / 2.0, &loss);
        }
        for (id, param) in params.iter() {
            assert_eq!(&param.value, resumed.value(id), "{}, {}", whole.name(), param.name);
        }
        assert_eq!(whole.state(), again.state());
    }
}

#[test]
fn a_state_is_refused_by_another_optimiser() {
    let (mut params, loss) = line();
    let mut adam = Adam::default();
    step(&mut params, &mut adam, 0.1, &loss);
    let error = Sgd::default().restore(&adam.state(), &params).unwrap_err();
    assert_eq!(error, OptimError::Unknown { name: "bias/first_moment".into() });
}

#[test]
fn frozen_weights_and_states_stay_and_constraints_hold() {
    let mut params = Params::new();
    let ids = ["free", "frozen", "bounded"].map(|name| params.add(name, Tensor::full(&[2], 1.0)));
    let state = params.add_state("state", Tensor::full(&[2], 1.0));
    params.set_frozen("frozen", true);
    params.get_mut(ids[2]).constraint = Some(Constraint::NonNegative);
    for (mut optimizer, _) in all() {
        let mut params = params.clone();
        let mut grads = Gradients::default();
        for id in ids.into_iter().chain([state]) {
            grads.set_param(id, Tensor::full(&[2], 100.0));
        }
        optimizer.update(&mut params, &grads, 10.0);
        assert!(params.value(ids[0]).as_slice()[0] < -1.0);
        assert_eq!(params.value(ids[1]).as_slice(), [1.0; 2]);
        assert_eq!(params.value(ids[2]).as_slice(), [0.0; 2]);
        assert_eq!(params.value(state).as_slice(), [1.0; 2]);
    }
}

/// A layer that joins late gets Adam's correction for a first step, not for the hundredth: its first
/// step has the length of the learning rate.
#[test]
fn a_weight_thawed_late_starts_like_a_new_one() {
    let mut params = Params::new();
    let ids = ["old", "late"].map(|name| params.add(name, Tensor::zeros(&[1])));
    params.set_frozen("late", true);
    let mut adam = Adam::default();
    let mut grads = Gradients::default();
    for id in ids {
        grads.set_param(id, Tensor::full(&[1], 0.3));
    }
    for _ in 0..100 {
        adam.update(&mut params, &grads, 0.1);
    }
    params.set_frozen("late", false);
    adam.update(&mut params, &grads, 0.1);
    assert!((params.value(ids[1]).item() + 0.1).abs() < 1e-6, "{}", params.value(ids[1]));
}

#[test]
fn large_tensors_get_the_same_bits_on_any_number_of_threads() {
    let run = |threads| {
        let mut params = Params::new();
        let mut rng = Rng::new(3, 0);
        let id = params.add("w", random(&[300, 500], 0.0, &mut rng));
        let mut grads = Gradients::default();
        grads.set_param(id, random(&[300, 500], 0.0, &mut rng));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut adam = Adam::default();
        pool.install(|| (0..3).for_each(|_| adam.update(&mut params, &grads, 0.01)));
        params.value(id).clone()
    };
    assert_eq!(run(1), run(3));
}
