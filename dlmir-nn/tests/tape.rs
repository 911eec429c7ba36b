//! The tape as a whole: shared values, unused branches, constants, and buffers that come back.

use dlmir_nn::gradcheck::{check_tape, random};
use dlmir_nn::{Layer, Linear, Params, Pool, Rng, Tape, Tensor, Training};

#[test]
fn a_value_used_twice_gets_the_sum_of_its_gradients() {
    let params = Params::new();
    let mut pool = Pool::new();
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.leaf(Tensor::from_vec(&[1], vec![3.0]));
    let two_x = tape.add(x, x);
    let three_x = tape.add(two_x, x);
    let grads = tape.backward(three_x);
    assert_eq!(grads.of(x).unwrap().as_slice(), [3.0]);
}

#[test]
fn shared_weights_fan_out_and_unused_branches_pass_the_check() {
    let mut params = Params::new();
    let mut rng = Rng::new(4, 0);
    let twin = Linear::new(&mut params, "twin", 4, 4, &mut rng);
    let sum = Linear::new(&mut params, "sum", 4, 1, &mut rng);
    let x = [random(&[1, 4], 0.0, &mut rng), random(&[1, 4], 0.0, &mut rng)];
    check_tape(&params, &x, |tape, x| {
        let a = twin.forward(tape, x[0]);
        let b = twin.forward(tape, x[1]);
        let _unused = tape.relu(b);
        let both = tape.add(a, b);
        let again = twin.forward(tape, both);
        sum.forward(tape, again)
    })
    .unwrap();
}

#[test]
fn constants_and_frozen_weights_get_no_gradient() {
    let mut params = Params::new();
    let mut rng = Rng::new(4, 0);
    let first = Linear::new(&mut params, "first", 3, 2, &mut rng);
    let last = Linear::new(&mut params, "last", 2, 1, &mut rng);
    params.set_frozen("last/", true);
    let mut pool = Pool::poisoned();
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.constant(Tensor::full(&[1, 3], 0.5));
    let h = first.forward(&mut tape, x);
    let y = last.forward(&mut tape, h);
    let grads = tape.backward(y);
    assert!(grads.of(x).is_none());
    assert!(grads.of_param(last.weight()).is_none());
    assert!(grads.of_param(first.weight()).unwrap().all_finite());
}

#[test]
fn a_warm_step_allocates_no_tensor() {
    let mut params = Params::new();
    let mut rng = Rng::new(4, 0);
    let layer = Linear::new(&mut params, "layer", 3, 1, &mut rng);
    let data = Tensor::full(&[1, 3], 0.5);
    let mut pool = Pool::new();
    let mut misses = Vec::new();
    for epoch in 0..4 {
        let training = Training { seed: 1, epoch, items: [0].into() };
        let mut tape = Tape::train(&params, &mut pool, training);
        let x = tape.borrowed(&data);
        let x = tape.relu(x);
        let y = layer.forward(&mut tape, x);
        let grads = tape.backward(y);
        grads.give_back(&mut pool);
        misses.push(pool.misses());
    }
    assert_eq!(misses[1], misses[3], "{misses:?}");
}

#[test]
#[should_panic(expected = "backward: the loss is [2, 1], not a number")]
fn a_loss_is_one_number() {
    let params = Params::new();
    let mut pool = Pool::new();
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.leaf(Tensor::zeros(&[2, 1]));
    tape.backward(x);
}

#[test]
#[should_panic(expected = "tape: this value is of another tape")]
fn a_value_of_another_tape_is_refused() {
    let params = Params::new();
    let (mut pool, mut other_pool) = (Pool::new(), Pool::new());
    let mut other = Tape::record(&params, &mut other_pool);
    other.leaf(Tensor::zeros(&[1]));
    let stranger = other.leaf(Tensor::zeros(&[1]));
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.leaf(Tensor::zeros(&[1]));
    tape.add(x, stranger);
}

#[test]
#[should_panic(expected = "tape: the state `mean` is [2], its new value [3]")]
fn a_state_of_another_shape_is_refused() {
    let mut params = Params::new();
    let mean = params.add_state("mean", Tensor::zeros(&[2]));
    let mut pool = Pool::new();
    Tape::record(&params, &mut pool).update_state(mean, Tensor::zeros(&[3]));
}

#[test]
fn states_noted_on_a_tape_that_is_dropped_go_back_to_the_pool() {
    let mut params = Params::new();
    let mean = params.add_state("mean", Tensor::zeros(&[2]));
    let mut pool = Pool::new();
    for _ in 0..3 {
        let mut tape = Tape::record(&params, &mut pool);
        let value = tape.pool().take_zeroed(&[2]);
        tape.update_state(mean, value);
    }
    assert_eq!((pool.misses(), pool.held()), (1, 2));
}

#[test]
fn a_network_in_use_holds_two_values_at_a_time() {
    let mut params = Params::new();
    let mut network = dlmir_nn::Sequential::new();
    let mut rng = Rng::new(1, 0);
    for i in 0..6 {
        let name = format!("dense{i}");
        network.push(&name, Linear::new(&mut params, &name, 50, 50, &mut rng));
    }
    let x = random(&[40, 50], 0.0, &mut rng);
    let run = |infer: bool| {
        let mut pool = Pool::new();
        let y = {
            let mut tape = match infer {
                true => Tape::infer(&params, &mut pool),
                false => Tape::record(&params, &mut pool),
            };
            let x = tape.borrowed(&x);
            let y = network.forward(&mut tape, x);
            tape.into_value(y)
        };
        (y, pool.held())
    };
    let ((y, held), (want, all)) = (run(true), run(false));
    assert_eq!(y, want);
    // The value that was taken out is not the pool's any more.
    assert_eq!((held, all), (40 * 50, 5 * 40 * 50));
}

#[test]
fn a_value_is_not_released_where_the_way_back_needs_it() {
    let (params, mut pool) = (Params::new(), Pool::new());
    let mut tape = Tape::record(&params, &mut pool);
    let x = tape.leaf(Tensor::full(&[3], 2.0));
    let y = tape.multiply(x, x);
    tape.release(x);
    let loss = tape.sum(y, &[0]);
    let grads = tape.backward(loss);
    assert_eq!(grads.of(x).expect("a leaf").as_slice(), [4.0; 3]);
}
