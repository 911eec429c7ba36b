use proptest::prelude::*;

use super::*;
use crate::gradcheck::{check_op_inputs, random};
use crate::ops::testing::{assert_close, assert_gradient, for_many, length, run, wide};
use crate::rng::Rng;

fn uniform(shape: &[usize], rng: &mut Rng) -> Tensor {
    let len: usize = shape.iter().product();
    Tensor::from_vec(shape, (0..len).map(|_| rng.uniform()).collect())
}

fn numbers(rows: &[usize], classes: usize, rng: &mut Rng) -> Tensor {
    let len: usize = rows.iter().product();
    Tensor::from_vec(rows, (0..len).map(|_| rng.below(classes) as f32).collect())
}

fn one_hot(numbers: &Tensor, classes: usize) -> Tensor {
    let row = |&t: &f32| (0..classes).map(move |c| f32::from(t == c as f32));
    let shape = [numbers.shape(), &[classes]].concat();
    Tensor::from_vec(&shape, numbers.as_slice().iter().flat_map(row).collect())
}

#[test]
fn the_gradient_is_that_of_the_definition() {
    let mut rng = Rng::new(1, 0);
    let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| f64::from(rng.uniform())).collect() };
    let (x, t, v, w) = (draw(6), draw(6), draw(2), draw(3));
    for epsilon in [0.0, 0.2] {
        let grad = reference_grad(&x, &t, &v, &w, epsilon);
        assert_gradient(|x| reference(x, &t, &v, &w, epsilon), &x, &grad);
    }
    assert_eq!(reference(&x, &t, &[0.0; 2], &w, 0.1), 0.0);
}

#[test]
fn the_operation_is_the_definition() {
    let strategy = (length(), length(), 1..9usize, any::<u64>());
    for_many(strategy, |(batch, frames, classes, seed)| {
        let mut rng = Rng::new(seed, 0);
        let shape = [batch, frames, classes];
        let x = random(&shape, 0.0, &mut rng);
        let v = if seed % 3 == 0 {
            uniform(&[batch], &mut rng)
        } else {
            uniform(&shape[..2], &mut rng)
        };
        let w = uniform(&[classes], &mut rng);
        let numbered = numbers(&shape[..2], classes, &mut rng);
        let settings = CrossEntropy {
            class_weights: (seed % 2 == 0).then(|| w.as_slice().to_vec()),
            label_smoothing: if seed % 4 < 2 { 0.0 } else { 0.1 },
        };
        let epsilon = f64::from(settings.label_smoothing);
        let weights = if seed % 2 == 0 { wide(&w) } else { vec![1.0; classes] };
        let every: Vec<f64> = (0..batch * frames)
            .map(|n| f64::from(v.as_slice()[n * v.len() / (batch * frames)]))
            .collect();
        let ones = vec![1.0; batch * frames];
        let soft = uniform(&shape, &mut rng);
        for (targets, t) in [(&numbered, wide(&one_hot(&numbered, classes))), (&soft, wide(&soft))]
        {
            let grad = Tensor::scalar(2.0);
            let (y, [grad_x, _]) = run(&settings, [&x, targets], &grad, [true, false]);
            let (yv, [grad_v, ..]) = run(&settings, [&x, targets, &v], &grad, [true, false, false]);
            let x = wide(&x);
            for (y, grad, v) in [(y, grad_x, &ones), (yv, grad_v, &every)] {
                // A few roundings of terms up to 15, weighted; the sums over rows are in 64 bits.
                let want = reference(&x, &t, v, &weights, epsilon);
                assert_close(&y, &[want], 3e-6);
                let want = reference_grad(&x, &t, v, &weights, epsilon);
                let want: Vec<f64> = want.iter().map(|g| 2.0 * g).collect();
                assert_close(&grad.unwrap(), &want, 3e-6);
            }
        }
    });
}

#[test]
fn the_operation_passes_the_check() {
    let mut rng = Rng::new(1, 0);
    let x = random(&[4, 3], 0.0, &mut rng);
    let (t, soft, v) =
        (numbers(&[4], 3, &mut rng), uniform(&[4, 3], &mut rng), uniform(&[4], &mut rng));
    let settings = CrossEntropy { class_weights: Some(vec![0.5, 1.0, 2.0]), label_smoothing: 0.1 };
    for settings in [CrossEntropy::default(), settings] {
        for t in [&t, &soft] {
            check_op_inputs(&settings, [&x, t], [true, false]).unwrap();
            check_op_inputs(&settings, [&x, t, &v], [true, false, false]).unwrap();
        }
    }
}

#[test]
fn the_loss_of_a_guess_is_the_logarithm_of_the_number_of_classes() {
    let x = Tensor::full(&[5, 10], 3.0);
    let t = Tensor::zeros(&[5]);
    let (y, _) = CrossEntropy::default().forward([&x, &t], &mut Pool::poisoned());
    assert!((y.item() - 10f32.ln()).abs() < 1e-6);
}

#[test]
fn an_impossible_class_that_is_not_the_target_costs_nothing() {
    let x = Tensor::from_vec(&[1, 2], vec![1.0, f32::NEG_INFINITY]);
    let t = Tensor::zeros(&[1]);
    let grad = Tensor::scalar(1.0);
    let (y, [grad, _]) = run(&CrossEntropy::default(), [&x, &t], &grad, [true, false]);
    assert_eq!((y.item(), grad.unwrap().as_slice()), (0.0, &[0.0, 0.0][..]));
}

#[test]
#[should_panic(expected = "the targets [3] fit neither the logits [2, 5] nor their rows [2]")]
fn a_misfit_names_both_shapes() {
    let inputs = [&Tensor::zeros(&[2, 5]), &Tensor::zeros(&[3])];
    let _ = CrossEntropy::default().forward(inputs, &mut Pool::new());
}

#[test]
#[should_panic(expected = "cross_entropy: the target 5 of row 1 is none of 5 classes")]
fn a_target_beyond_the_classes_is_refused() {
    let inputs = [&Tensor::zeros(&[2, 5]), &Tensor::from_vec(&[2], vec![4.0, 5.0])];
    let _ = CrossEntropy::default().forward(inputs, &mut Pool::new());
}

#[test]
#[should_panic(expected = "cross_entropy: 2 class weights for logits [2, 5]")]
fn class_weights_of_another_number_are_refused() {
    let settings = CrossEntropy { class_weights: Some(vec![1.0; 2]), label_smoothing: 0.0 };
    let _ = settings.forward([&Tensor::zeros(&[2, 5]), &Tensor::zeros(&[2])], &mut Pool::new());
}
