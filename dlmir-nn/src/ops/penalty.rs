//! Penalties: terms of the loss that pull weights towards 0.
//!
//! ```text
//! L1:  L = lambda sum over i of |w[i]|          dL/dw[i] = lambda sign(w[i])       (0 where w[i] is 0)
//! L2:  L = lambda sum over i of w[i]^2          dL/dw[i] = 2 lambda w[i]           w: any shape
//! ```
//!
//! L2 makes all weights small, L1 makes many of them 0. The factors are those of Keras's `regularizers.L1` and `L2`; the
//! textbook's and PyTorch's "weight decay d" has the gradient d w, which is lambda = d / 2. With Adam, a penalty in the loss
//! and weight decay in the optimiser (AdamW) are not the same.

use num_traits::{Float, FromPrimitive};

use crate::op::{At, Op};
use crate::ops::elementwise::{Cost, map};
use crate::params::ParamId;
use crate::pool::Pool;
use crate::tape::{Tape, Var};
use crate::tensor::Tensor;

/// A penalty as an operation. See the module's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Penalty {
    /// lambda sum |w|, for this lambda.
    L1(f32),
    /// lambda sum w^2, for this lambda.
    L2(f32),
}

/// The definition.
///
/// # Panics
/// Never: lambda is a float.
pub fn reference<F: Float + FromPrimitive>(w: &[F], penalty: Penalty) -> F {
    let (lambda, terms): (_, Vec<F>) = match penalty {
        Penalty::L1(lambda) => (lambda, w.iter().map(|w| w.abs()).collect()),
        Penalty::L2(lambda) => (lambda, w.iter().map(|&w| w * w).collect()),
    };
    let lambda = F::from_f32(lambda).expect("a float is a float");
    lambda * terms.into_iter().fold(F::zero(), |sum, term| sum + term)
}

/// The gradient of the definition.
///
/// # Panics
/// Never: lambda is a float.
pub fn reference_grad<F: Float + FromPrimitive>(w: &[F], penalty: Penalty) -> Vec<F> {
    let float = |x| F::from_f32(x).expect("a float is a float");
    let slope = |w: F| match penalty {
        Penalty::L1(_) if w.is_zero() => F::zero(),
        Penalty::L1(lambda) => float(lambda) * w.signum(),
        Penalty::L2(lambda) => float(2.0) * float(lambda) * w,
    };
    w.iter().map(|&w| slope(w)).collect()
}

impl Op<1> for Penalty {
    type Saved = ();

    fn name(&self) -> &'static str {
        match self {
            Penalty::L1(_) => "l1",
            Penalty::L2(_) => "l2",
        }
    }

    fn forward(&self, [w]: [&Tensor; 1], pool: &mut Pool) -> (Tensor, ()) {
        let w = w.as_slice().iter().map(|&w| f64::from(w));
        let sum = match *self {
            Penalty::L1(lambda) => f64::from(lambda) * w.map(f64::abs).sum::<f64>(),
            Penalty::L2(lambda) => f64::from(lambda) * w.map(|w| w * w).sum::<f64>(),
        };
        let mut loss = pool.take(&[]);
        loss.as_mut_slice()[0] = sum as f32;
        (loss, ())
    }

    fn backward(&self, at: At<'_, 1, ()>, grad: Tensor, pool: &mut Pool) -> [Option<Tensor>; 1] {
        let g = grad.item();
        pool.give(grad);
        let w = at.inputs[0];
        let grad_w = match *self {
            Penalty::L1(lambda) => {
                map(w, pool, Cost::Plain, |w| if w == 0.0 { 0.0 } else { g * lambda * w.signum() })
            }
            Penalty::L2(lambda) => map(w, pool, Cost::Plain, |w| g * 2.0 * lambda * w),
        };
        [Some(grad_w)]
    }
}

impl Tape<'_> {
    /// The loss plus a penalty on each of the given parameters.
    ///
    /// # Panics
    /// If the loss is not a single number of shape `[]`.
    #[track_caller]
    pub fn add_penalty(&mut self, loss: Var, penalty: Penalty, weights: &[ParamId]) -> Var {
        weights.iter().fold(loss, |loss, &weight| {
            let weight = self.param(weight);
            let term = self.apply(penalty, [weight]);
            self.add(loss, term)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::{check_op, check_tape, random};
    use crate::ops::testing::{assert_close, assert_gradient, for_many, run, shape, wide};
    use crate::params::Params;
    use crate::rng::Rng;
    use proptest::prelude::*;

    const BOTH: [Penalty; 2] = [Penalty::L1(0.1), Penalty::L2(0.3)];

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let w = [0.3, -1.0, 2.0];
        for penalty in BOTH {
            assert_gradient(|w| reference(w, penalty), &w, &reference_grad(&w, penalty));
            assert_eq!(reference_grad(&[0.0], penalty), [0.0]);
        }
    }

    #[test]
    fn the_operation_is_the_definition() {
        for_many((shape(), any::<u64>(), 0.0..1f32), |(shape, seed, lambda)| {
            for penalty in [Penalty::L1(lambda), Penalty::L2(lambda)] {
                let mut w = random(&shape, 0.0, &mut Rng::new(seed, 0));
                w.as_mut_slice().iter_mut().take(1).for_each(|w| *w = 0.0);
                let (y, [grad]) = run(&penalty, [&w], &Tensor::scalar(-0.5), [true]);
                let w = wide(&w);
                // The sum is in 64 bits; the gradient is three products.
                assert_close(&y, &[reference(&w, penalty)], 6e-8);
                let want: Vec<f64> = reference_grad(&w, penalty).iter().map(|g| -0.5 * g).collect();
                assert_close(&grad.unwrap(), &want, 2e-7);
            }
        });
    }

    #[test]
    fn the_operation_passes_the_check_and_adds_to_a_loss() {
        let mut params = Params::new();
        let mut rng = Rng::new(1, 0);
        let weights = ["a", "b"].map(|name| params.add(name, random(&[2, 2], 0.5, &mut rng)));
        for penalty in BOTH {
            check_op(&penalty, [params.value(weights[0])]).unwrap();
            check_tape(&params, &[], |tape, _| {
                let zero = tape.constant(Tensor::scalar(0.0));
                tape.add_penalty(zero, penalty, &weights)
            })
            .unwrap();
        }
    }
}
