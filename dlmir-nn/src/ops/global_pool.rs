//! Global pooling: one number per channel of a whole map.
//!
//! ```text
//! mean:  y[n, c] = 1 / (freq time)  sum over h, w of x[n, h, w, c]
//! max:   y[n, c] = max over h, w of x[n, h, w, c]
//!
//! x: [batch, freq, time, channels]     y: [batch, channels]
//! ```
//!
//! with the gradients
//!
//! ```text
//! mean:  dL/dx[n, h, w, c] = dL/dy[n, c] / (freq time)
//! max:   dL/dx[n, h, w, c] = dL/dy[n, c] at the first of the largest numbers, row by row; else 0
//! ```
//!
//! Made of other operations: the mean is a mean over axes 1 and 2, the maximum is max-pooling with a
//! window as large as the map. Lin, Chen, Yan (2014), arXiv:1312.4400, section 3.2.

use num_traits::Float;

use crate::shape::Show;
use crate::tape::{Tape, Var};

/// The definition of the mean, for x `[batch, positions, channels]`: y `[batch, channels]`.
pub fn reference_mean<F: Float>(x: &[F], positions: usize, channels: usize) -> Vec<F> {
    let count = (0..positions).fold(F::zero(), |n, _| n + F::one());
    let mean = |map: &[F], c: usize| {
        map.iter().skip(c).step_by(channels).fold(F::zero(), |sum, &x| sum + x) / count
    };
    let maps = x.chunks((positions * channels).max(1));
    maps.flat_map(|map| (0..channels).map(move |c| mean(map, c))).collect()
}

/// The definition of the maximum, likewise: for each number of y, where in x it is.
pub fn reference_argmax<F: Float>(x: &[F], positions: usize, channels: usize) -> Vec<usize> {
    let mut winners = Vec::new();
    for start in (0..x.len()).step_by((positions * channels).max(1)) {
        for c in 0..channels {
            let at = |position: usize| start + position * channels + c;
            let better = |best: usize, p: usize| x[at(p)] > x[at(best)] || x[at(p)].is_nan();
            let winner = (1..positions).fold(0, |best, p| if better(best, p) { p } else { best });
            winners.push(at(winner));
        }
    }
    winners
}

/// The gradient of the mean for g = dL/dy: dL/dx.
pub fn reference_mean_grad<F: Float>(g: &[F], positions: usize, channels: usize) -> Vec<F> {
    let count = (0..positions).fold(F::zero(), |n, _| n + F::one());
    let rows = g.chunks(channels.max(1));
    rows.flat_map(|g| (0..positions).flat_map(move |_| g.iter().map(move |&g| g / count))).collect()
}

/// The gradient of the maximum for g = dL/dy and the places of the largest numbers: dL/dx, `len` numbers.
pub fn reference_max_grad<F: Float>(g: &[F], winners: &[usize], len: usize) -> Vec<F> {
    let mut grad_x = vec![F::zero(); len];
    g.iter().zip(winners).for_each(|(&g, &at)| grad_x[at] = grad_x[at] + g);
    grad_x
}

impl Tape<'_> {
    /// The mean of each channel's map: `[batch, freq, time, channels]` to `[batch, channels]`.
    ///
    /// # Panics
    /// If x has not four axes.
    #[track_caller]
    pub fn global_mean_pool(&mut self, x: Var) -> Var {
        self.map_axes("global_mean_pool", x);
        self.mean(x, &[1, 2])
    }

    /// The largest number of each channel's map: `[batch, freq, time, channels]` to `[batch, channels]`.
    ///
    /// # Panics
    /// If x has not four axes or the map has no elements.
    #[track_caller]
    pub fn global_max_pool(&mut self, x: Var) -> Var {
        let [batch, h, w, channels] = self.map_axes("global_max_pool", x);
        let shape = Show(self.shape(x));
        assert!(h * w > 0, "global_max_pool: the maps of x {shape} have no elements");
        let y = self.max_pool2d(x, [h, w], [1, 1]);
        self.reshape(y, &[batch, channels])
    }

    #[track_caller]
    fn map_axes(&self, op: &str, x: Var) -> [usize; 4] {
        let shape = self.shape(x);
        let Ok(axes) = shape.try_into() else {
            panic!("{op}: wants x [batch, freq, time, channels], got {}", Show(shape));
        };
        axes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gradcheck::{check_tape, random};
    use crate::ops::testing::{assert_close, assert_gradient, dot, for_many, length, wide};
    use crate::params::Params;
    use crate::pool::Pool;
    use crate::rng::Rng;
    use crate::tensor::Tensor;

    #[test]
    fn a_map_becomes_its_mean_or_its_largest_number() {
        let (params, mut pool) = (Params::new(), Pool::poisoned());
        let mut tape = Tape::record(&params, &mut pool);
        let x = Tensor::from_vec(&[1, 2, 2, 2], vec![1., -8., 2., -2., 3., -4., 6., -6.]);
        let x = tape.constant(x);
        let (mean, max) = (tape.global_mean_pool(x), tape.global_max_pool(x));
        assert_eq!(
            (tape.shape(mean), tape.value(mean).as_slice()),
            (&[1, 2][..], &[3.0, -5.0][..])
        );
        assert_eq!((tape.shape(max), tape.value(max).as_slice()), (&[1, 2][..], &[6.0, -2.0][..]));
    }

    #[test]
    fn the_gradients_are_those_of_the_definitions() {
        let mut rng = Rng::new(12, 2);
        let (x, g) = (wide(&random(&[36], 0.0, &mut rng)), wide(&random(&[6], 0.0, &mut rng)));
        let grad = reference_mean_grad(&g, 6, 3);
        assert_gradient(|x| dot(&reference_mean(x, 6, 3), &g), &x, &grad);
        let largest =
            |x: &[f64]| reference_argmax(x, 6, 3).iter().map(|&at| x[at]).collect::<Vec<_>>();
        let grad = reference_max_grad(&g, &reference_argmax(&x, 6, 3), 36);
        assert_gradient(|x| dot(&largest(x), &g), &x, &grad);
    }

    #[test]
    fn both_are_their_definitions() {
        let sizes = [length(), (1..12usize).boxed(), (1..12usize).boxed(), length()];
        for_many((sizes, any::<u64>()), |(shape, seed)| {
            let mut rng = Rng::new(seed, 0);
            let (params, mut pool) = (Params::new(), Pool::poisoned());
            let mut tape = Tape::record(&params, &mut pool);
            let (positions, channels) = (shape[1] * shape[2], shape[3]);
            let x = random(&shape, 0.0, &mut rng);
            let g = random(&[shape[0], channels], 0.0, &mut rng);
            let leaves = [(); 2].map(|()| tape.leaf(x.clone()));
            let (mean, max) = (tape.global_mean_pool(leaves[0]), tape.global_max_pool(leaves[1]));
            let (x, wide_g) = (wide(&x), wide(&g));
            // Sums of up to 121 numbers below 5, in chains of 64 links, over their number.
            assert_close(
                tape.value(mean),
                &reference_mean(&x, positions, channels),
                64.0 * 5.0 * 6e-8,
            );
            let winners = reference_argmax(&x, positions, channels);
            let largest: Vec<f64> = winners.iter().map(|&at| x[at]).collect();
            assert_close(tape.value(max), &largest, 0.0);
            let g = tape.constant(g);
            let both = [mean, max].map(|y| tape.multiply(y, g));
            let both = tape.add(both[0], both[1]);
            let loss = tape.sum(both, &[0, 1]);
            let grads = tape.backward(loss);
            let want = reference_mean_grad(&wide_g, positions, channels);
            assert_close(grads.of(leaves[0]).unwrap(), &want, 2e-7);
            let want = reference_max_grad(&wide_g, &winners, x.len());
            assert_close(grads.of(leaves[1]).unwrap(), &want, 0.0);
        });
    }

    #[test]
    fn both_pass_the_check() {
        // No two numbers lie closer than 0.1, so that no step of the check changes a winner.
        let mut x: Vec<f32> = (0..120).map(|i| i as f32 / 10.0).collect();
        Rng::new(12, 0).shuffle(&mut x);
        let x = Tensor::from_vec(&[2, 3, 4, 5], x);
        let weights = random(&[2, 5], 0.5, &mut Rng::new(12, 1));
        check_tape(&Params::new(), &[x], |tape, x| {
            let (mean, max) = (tape.global_mean_pool(x[0]), tape.global_max_pool(x[0]));
            let weights = tape.constant(weights.clone());
            let (mean, max) = (tape.multiply(mean, weights), tape.multiply(max, weights));
            let both = tape.add(mean, max);
            tape.sum(both, &[0, 1])
        })
        .unwrap();
    }

    #[test]
    #[should_panic(expected = "global_max_pool: the maps of x [2, 0, 4, 3] have no elements")]
    fn an_empty_map_has_no_largest_number() {
        let (params, mut pool) = (Params::new(), Pool::new());
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::zeros(&[2, 0, 4, 3]));
        tape.global_max_pool(x);
    }

    #[test]
    #[should_panic(expected = "global_max_pool: wants x [batch, freq, time, channels], got [3, 4]")]
    fn a_matrix_is_refused() {
        let (params, mut pool) = (Params::new(), Pool::new());
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::zeros(&[3, 4]));
        tape.global_max_pool(x);
    }
}
