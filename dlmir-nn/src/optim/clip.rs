//! Clipping: gradients that are too large are cut before the update.
//!
//! One batch with an enormous gradient can undo hours of training; recurrent networks are known for it.
//! By norm, the whole gradient is shortened and keeps its direction; by value, each element is cut by
//! itself.

use crate::gradients::Gradients;

/// Cuts each element of each parameter's gradient to [-limit, limit]. A NaN stays one.
///
/// # Panics
/// If the limit is negative or NaN.
#[track_caller]
pub fn clip_by_value(grads: &mut Gradients, limit: f32) {
    assert!(limit >= 0.0, "clip_by_value: the limit is {limit}, it must not be negative");
    for (_, grad) in grads.iter_mut() {
        grad.as_mut_slice().iter_mut().for_each(|g| *g = g.clamp(-limit, limit));
    }
}

/// Shortens the gradients of all parameters together to the length `limit` if they are longer, and
/// returns how long they were:
///
/// ```text
/// length = sqrt(sum over all parameters and elements of g^2)
/// g <- g * limit / length    where length > limit
/// ```
///
/// Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks",
/// algorithm 1. PyTorch divides by length + 1e-6. If the length is not finite, nothing is changed: no
/// factor could mend it, and the caller can tell from the answer.
///
/// # Panics
/// If the limit is negative or NaN.
#[track_caller]
pub fn clip_by_global_norm(grads: &mut Gradients, limit: f64) -> f64 {
    assert!(limit >= 0.0, "clip_by_global_norm: the limit is {limit}, it must not be negative");
    let length = global_norm(grads);
    if length.is_finite() && length > limit {
        let factor = (limit / length) as f32;
        for (_, grad) in grads.iter_mut() {
            grad.as_mut_slice().iter_mut().for_each(|g| *g *= factor);
        }
    }
    length
}

/// The length of the gradients of all parameters together. Summed in 64 bits and always in the same
/// order, parameter by parameter.
pub fn global_norm(grads: &Gradients) -> f64 {
    grads.iter().map(|(_, grad)| sum_of_squares(grad.as_slice())).sum::<f64>().sqrt()
}

/// Eight sums side by side, which the processor can add at once.
fn sum_of_squares(x: &[f32]) -> f64 {
    let mut sums = [0.0; 8];
    let (rows, rest) = x.as_chunks::<8>();
    for row in rows {
        for (sum, &x) in sums.iter_mut().zip(row) {
            *sum += f64::from(x) * f64::from(x);
        }
    }
    let rest = rest.iter().map(|&x| f64::from(x) * f64::from(x));
    sums.into_iter().chain(rest).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;
    use crate::tensor::Tensor;

    fn gradients(values: &[&[f32]]) -> Gradients {
        let (mut params, mut grads) = (Params::new(), Gradients::default());
        for (i, values) in values.iter().enumerate() {
            let id = params.add(&i.to_string(), Tensor::zeros(&[values.len()]));
            grads.set_param(id, Tensor::from_vec(&[values.len()], values.to_vec()));
        }
        grads
    }

    fn all(grads: &Gradients) -> Vec<f32> {
        grads.iter().flat_map(|(_, grad)| grad.as_slice().to_vec()).collect()
    }

    #[test]
    fn by_norm_takes_all_parameters_together() {
        let mut grads = gradients(&[&[3.0, 0.0], &[-4.0]]);
        assert_eq!(clip_by_global_norm(&mut grads, 6.0), 5.0);
        assert_eq!(all(&grads), [3.0, 0.0, -4.0]);
        assert_eq!(clip_by_global_norm(&mut grads, 2.5), 5.0);
        assert_eq!(all(&grads), [1.5, 0.0, -2.0]);
        assert_eq!(global_norm(&gradients(&[&[2.0; 25], &[0.0; 3], &[]])), 10.0);
    }

    #[test]
    fn by_value_takes_each_element_by_itself() {
        let mut grads = gradients(&[&[3.0, -0.2], &[-4.0, f32::NEG_INFINITY]]);
        clip_by_value(&mut grads, 0.5);
        assert_eq!(all(&grads), [0.5, -0.2, -0.5, -0.5]);
    }

    #[test]
    #[should_panic(expected = "clip_by_global_norm: the limit is -1, it must not be negative")]
    fn a_negative_length_is_refused() {
        clip_by_global_norm(&mut gradients(&[&[3.0]]), -1.0);
    }

    #[test]
    #[should_panic(expected = "clip_by_value: the limit is -0.5, it must not be negative")]
    fn a_negative_value_is_refused() {
        clip_by_value(&mut gradients(&[&[3.0]]), -0.5);
    }

    #[test]
    fn a_nan_is_neither_hidden_nor_spread() {
        let mut grads = gradients(&[&[3.0], &[f32::NAN]]);
        assert!(clip_by_global_norm(&mut grads, 1.0).is_nan());
        clip_by_value(&mut grads, 5.0);
        assert!(all(&grads)[0] == 3.0 && all(&grads)[1].is_nan());
    }
}
