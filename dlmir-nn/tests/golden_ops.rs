//! Operations against PyTorch and Keras: values and gradients, see `tools/golden/torch_ops.py`.

#[path = "common/cases.rs"]
mod cases;

use cases::{Cases, close};
use dlmir_nn::ops::*;
use dlmir_nn::{Op, Params, Pool, Tape, Var};

/// A few roundings of numbers of up to 10: one is 6e-8 of each.
const TOLERANCE: f32 = 1e-6;

#[test]
fn values_and_gradients_are_those_of_pytorch_and_keras() {
    let mut cases = Cases::read("ops/torch_ops.txt");
    macro_rules! check {
        ($($case:literal: $op:expr;)*) => { $(check(&mut cases, $case, $op);)* };
    }
    fn check<const N: usize, O: Op<N>>(cases: &mut Cases, case: &str, op: O) {
        cases.check(case, op, TOLERANCE);
    }
    check! {
        "relu": Relu;
        "leaky_relu_pytorch": LeakyRelu::PYTORCH;
        "leaky_relu_keras": LeakyRelu::KERAS;
        "elu": Elu::default();
        "elu_0.7": Elu { alpha: 0.7 };
        "elu_keras": Elu::default();
        "gelu_exact": Gelu::Exact;
        "gelu_tanh": Gelu::Tanh;
        "gelu_keras": Gelu::Exact;
        "sigmoid": Sigmoid;
        "tanh": Tanh;
        "softmax": Softmax;
        "log_softmax": LogSoftmax;
        "scale": Scale { factor: -0.5 };
        "add": Add;
        "sub": Sub;
        "multiply": Multiply;
        "reshape": ReshapeOp { shape: vec![2, 12] };
        "permute": PermuteOp { axes: vec![2, 0, 1] };
        "sum": Sum { axes: vec![1, 2] };
        "sum_all": Sum { axes: vec![0, 1] };
        "mean": Mean { axes: vec![1, 2] };
        "mean_batch": Mean { axes: vec![0] };
        "mse": Mse;
        "mse_keras": Mse;
        "l1_keras": Penalty::L1(0.1);
        "l2_keras": Penalty::L2(0.1);
        "l2_pytorch": Penalty::L2(0.05);
    }
    // These take different numbers of inputs.
    cases.check::<3, _>("linear", LinearOp, TOLERANCE);
    cases.check::<2, _>("matmul", LinearOp, TOLERANCE);
    cases.check::<3, _>("concat", Concat { axis: 1 }, TOLERANCE);
    cases.check::<2, _>("bce", BceWithLogits, TOLERANCE);
    cases.check::<2, _>("bce_keras", BceWithLogits, TOLERANCE);
    cases.check::<3, _>("bce_weighted", BceWithLogits, TOLERANCE);
    let class_weights = Some(vec![0.5, 1.0, 2.0, 3.0]);
    for (name, class_weights, label_smoothing) in [
        ("", None, 0.0),
        ("_weights", class_weights.clone(), 0.0),
        ("_smooth", None, 0.1),
        ("_both", class_weights, 0.1),
    ] {
        let op = CrossEntropy { class_weights, label_smoothing };
        cases.check::<2, _>(&format!("cross_entropy{name}"), op.clone(), TOLERANCE);
        cases.check::<2, _>(&format!("cross_entropy_soft{name}"), op.clone(), TOLERANCE);
        cases.check::<3, _>(&format!("cross_entropy_items{name}"), op, TOLERANCE);
    }
    let op = CrossEntropy { class_weights: None, label_smoothing: 0.1 };
    cases.check::<2, _>("cross_entropy_keras_smooth", op, TOLERANCE);
    // These are made of other operations on the tape.
    type Pool2d = fn(&mut Tape<'_>, Var) -> Var;
    let pools: [(_, Pool2d); 2] = [
        ("global_mean", |tape, x| tape.global_mean_pool(x)),
        ("global_max", |tape, x| tape.global_max_pool(x)),
    ];
    for (name, f) in pools {
        for case in [name.to_string(), format!("{name}_keras")] {
            let tensors = cases.take(&case);
            let (params, mut pool) = (Params::new(), Pool::poisoned());
            let mut tape = Tape::record(&params, &mut pool);
            let (x, g) = (tape.leaf(tensors["x0"].clone()), tape.borrowed(&tensors["g"]));
            let y = f(&mut tape, x);
            close(&format!("{case}.y"), tape.value(y), &tensors["y"], TOLERANCE);
            let weighted = tape.multiply(y, g);
            let loss = tape.sum(weighted, &[0, 1]);
            let grads = tape.backward(loss);
            let grad_x = grads.of(x).expect("the loss depends on x");
            close(&format!("{case}.d0"), grad_x, &tensors["d0"], TOLERANCE);
        }
    }
    cases.finish();
}
