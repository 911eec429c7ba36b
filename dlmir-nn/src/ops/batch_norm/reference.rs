//! The definition of batch normalisation as plain loops, and its gradients.

use num_traits::Float;

use super::Layout;

/// Mean and (biased) variance of each channel over the batch.
pub fn reference_moments<F: Float>(layout: &Layout, x: &[F]) -> [Vec<F>; 2] {
    let count = (0..layout.count()).fold(F::zero(), |n, _| n + F::one());
    let mut mean = vec![F::zero(); layout.channels];
    for (i, &x) in x.iter().enumerate() {
        let c = layout.channel(i);
        mean[c] = mean[c] + x / count;
    }
    let mut variance = vec![F::zero(); layout.channels];
    for (i, &x) in x.iter().enumerate() {
        let c = layout.channel(i);
        variance[c] = variance[c] + (x - mean[c]).powi(2) / count;
    }
    [mean, variance]
}

/// The definition: y from x, `[gamma, beta]` and the moments `[mean, variance]` of each channel.
pub fn reference<F: Float>(
    layout: &Layout,
    x: &[F],
    [gamma, beta]: [&[F]; 2],
    [mean, variance]: [&[F]; 2],
    epsilon: F,
) -> Vec<F> {
    let y = |(i, &x): (usize, &F)| {
        let c = layout.channel(i);
        gamma[c] * (x - mean[c]) / (variance[c] + epsilon).sqrt() + beta[c]
    };
    x.iter().enumerate().map(y).collect()
}

/// The gradients of the definition for dL/dy: (dL/dx, dL/dgamma, dL/dbeta). `from_batch` says that the
/// moments are those of x and move with it; otherwise they are constants.
pub fn reference_grad<F: Float>(
    layout: &Layout,
    x: &[F],
    gamma: &[F],
    [mean, variance]: [&[F]; 2],
    epsilon: F,
    grad_y: &[F],
    from_batch: bool,
) -> [Vec<F>; 3] {
    let count = (0..layout.count()).fold(F::zero(), |n, _| n + F::one());
    let scale = |c: usize| F::one() / (variance[c] + epsilon).sqrt();
    let normed = |i: usize| (x[i] - mean[layout.channel(i)]) * scale(layout.channel(i));
    let (mut grad_gamma, mut grad_beta) =
        (vec![F::zero(); gamma.len()], vec![F::zero(); gamma.len()]);
    for (i, &grad) in grad_y.iter().enumerate() {
        let c = layout.channel(i);
        grad_gamma[c] = grad_gamma[c] + grad * normed(i);
        grad_beta[c] = grad_beta[c] + grad;
    }
    let grad_x = grad_y.iter().enumerate().map(|(i, &grad)| {
        let c = layout.channel(i);
        let through_moments = (grad_beta[c] + normed(i) * grad_gamma[c]) / count;
        gamma[c] * scale(c) * if from_batch { grad - through_moments } else { grad }
    });
    [grad_x.collect(), grad_gamma, grad_beta]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gradcheck::random;
    use crate::ops::testing::{assert_gradient, dot, wide};
    use crate::rng::Rng;

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let epsilon = 1e-3;
        for axis in [1, 2, 3] {
            let shape = [3, 2, 4, 3];
            let layout = Layout::new(&shape, axis);
            let mut rng = Rng::new(11, axis as u64);
            let mut draw = |shape: &[usize]| wide(&random(shape, 0.0, &mut rng));
            let (x, grad) = (draw(&shape), draw(&shape));
            let channels = [layout.channels];
            let (gamma, beta) = (draw(&channels), draw(&channels));
            let fixed = reference_moments(&layout, &x);
            for from_batch in [true, false] {
                let loss = |x: &[f64], gamma: &[f64], beta: &[f64]| {
                    let [mean, variance] =
                        if from_batch { reference_moments(&layout, x) } else { fixed.clone() };
                    let y = reference(&layout, x, [gamma, beta], [&mean, &variance], epsilon);
                    dot(&y, &grad)
                };
                let moments = [&fixed[0][..], &fixed[1]];
                let [grad_x, grad_gamma, grad_beta] =
                    reference_grad(&layout, &x, &gamma, moments, epsilon, &grad, from_batch);
                assert_gradient(|x| loss(x, &gamma, &beta), &x, &grad_x);
                assert_gradient(|gamma| loss(&x, gamma, &beta), &gamma, &grad_gamma);
                assert_gradient(|beta| loss(&x, &gamma, beta), &beta, &grad_beta);
            }
        }
    }
}
