//! The definition of max-pooling as plain loops, and its gradient.

use num_traits::Float;

use crate::ops::windows::WindowGeometry;

/// The definition: y, and for each number of y the tap of the window that it came from.
pub fn reference<F: Float>(geo: &WindowGeometry, x: &[F]) -> (Vec<F>, Vec<usize>) {
    let (mut y, mut winners) = (Vec::new(), Vec::new());
    for map in x.chunks(geo.input_len().max(1)) {
        for position in 0..geo.output[0] * geo.output[1] {
            for c in 0..geo.channels {
                let mut winner = 0;
                for tap in 1..geo.taps() {
                    let [best, x] = [winner, tap].map(|tap| map[geo.at_counted(position, tap) + c]);
                    if x > best || x.is_nan() {
                        winner = tap;
                    }
                }
                y.push(map[geo.at_counted(position, winner) + c]);
                winners.push(winner);
            }
        }
    }
    (y, winners)
}

/// The gradient of the definition for dL/dy: dL/dx.
pub fn reference_grad<F: Float>(geo: &WindowGeometry, winners: &[usize], grad_y: &[F]) -> Vec<F> {
    let mut grad_x = vec![F::zero(); geo.batch * geo.input_len()];
    for (i, (&grad, &winner)) in grad_y.iter().zip(winners).enumerate() {
        let (n, in_map) = (i / geo.output_len(), i % geo.output_len());
        let (position, c) = (in_map / geo.channels, in_map % geo.channels);
        let at = n * geo.input_len() + geo.at_counted(position, winner) + c;
        grad_x[at] = grad_x[at] + grad;
    }
    grad_x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::testing::{assert_gradient, dot};
    use crate::rng::Rng;

    #[test]
    fn the_first_of_equals_wins_and_nan_wins_over_all() {
        let geo = WindowGeometry::new("max_pool2d", &[1, 1, 4, 1], [1, 2], [1, 2]);
        let (y, winners) = reference(&geo, &[3.0, 3.0, 1.0, f32::NAN]);
        assert_eq!((y[0], winners[0]), (3.0, 0));
        assert!(y[1].is_nan());
        let (y, _) = reference(&geo, &[f32::NAN, 5.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
        assert!(y[0].is_nan());
        assert_eq!(y[1], f32::NEG_INFINITY);
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        for (window, stride) in [([2, 2], [2, 2]), ([3, 2], [1, 2]), ([1, 2], [2, 3])] {
            let geo = WindowGeometry::new("max_pool2d", &[2, 5, 6, 2], window, stride);
            // All numbers differ by at least 1 / 120, so no step of 1e-6 changes a winner.
            let mut x: Vec<f64> = (0..120).map(|i| f64::from(i) / 120.0).collect();
            Rng::new(3, 0).shuffle(&mut x);
            let (y, winners) = reference(&geo, &x);
            let grad: Vec<f64> = (0..y.len()).map(|i| (i as f64).sin()).collect();
            let analytic = reference_grad(&geo, &winners, &grad);
            assert_gradient(|x| dot(&reference(&geo, x).0, &grad), &x, &analytic);
        }
    }
}
