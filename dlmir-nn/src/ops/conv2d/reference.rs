//! The definition of the convolution as plain loops, and its gradients.

use num_traits::Float;

use super::Conv2dGeometry;

/// The definition: y from x, weight and bias, all row by row in the shapes of the geometry.
pub fn reference<F: Float>(geo: &Conv2dGeometry, x: &[F], weight: &[F], bias: &[F]) -> Vec<F> {
    let mut y = vec![F::zero(); geo.y_shape().iter().product()];
    for (position, y) in y.chunks_mut(geo.out_channels).enumerate() {
        y.copy_from_slice(bias);
        for_each_tap(geo, position, |x_at, tap| {
            for o in 0..geo.out_channels {
                y[o] = y[o] + x[x_at] * weight[tap * geo.out_channels + o];
            }
        });
    }
    y
}

/// The gradients of the definition for dL/dy: (dL/dx, dL/dweight, dL/dbias).
pub fn reference_grad<F: Float>(
    geo: &Conv2dGeometry,
    x: &[F],
    weight: &[F],
    grad_y: &[F],
) -> [Vec<F>; 3] {
    let mut grads = [x.len(), weight.len(), geo.out_channels].map(|len| vec![F::zero(); len]);
    let [grad_x, grad_w, grad_b] = &mut grads;
    for (position, grad_y) in grad_y.chunks(geo.out_channels).enumerate() {
        for_each_tap(geo, position, |x_at, tap| {
            for o in 0..geo.out_channels {
                let w_at = tap * geo.out_channels + o;
                grad_x[x_at] = grad_x[x_at] + grad_y[o] * weight[w_at];
                grad_w[w_at] = grad_w[w_at] + grad_y[o] * x[x_at];
            }
        });
        for o in 0..geo.out_channels {
            grad_b[o] = grad_b[o] + grad_y[o];
        }
    }
    grads
}

/// Calls `f(index into x, index of the tap)` for every number under the kernel at one position of the
/// batch's output, without those that lie in the padding.
///
/// Taps are counted over (kernel_h, kernel_w, in_channels), positions over (batch, freq, time).
fn for_each_tap(geo: &Conv2dGeometry, position: usize, mut f: impl FnMut(usize, usize)) {
    let [height, width] = geo.input;
    let (n, in_map) = (position / geo.positions(), position % geo.positions());
    let (out_h, out_w) = (in_map / geo.output[1], in_map % geo.output[1]);
    for kernel_h in 0..geo.kernel[0] {
        for kernel_w in 0..geo.kernel[1] {
            // Counted from the start of the padding, which lies before the map.
            let h = out_h * geo.stride[0] + kernel_h * geo.dilation[0];
            let w = out_w * geo.stride[1] + kernel_w * geo.dilation[1];
            let (Some(h), Some(w)) =
                (h.checked_sub(geo.padding[0][0]), w.checked_sub(geo.padding[1][0]))
            else {
                continue;
            };
            if h >= height || w >= width {
                continue;
            }
            for c in 0..geo.in_channels {
                let x_at = ((n * height + h) * width + w) * geo.in_channels + c;
                let tap = (kernel_h * geo.kernel[1] + kernel_w) * geo.in_channels + c;
                f(x_at, tap);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Conv2dOp;
    use super::*;
    use crate::gradcheck::numeric_gradient;
    use crate::rng::Rng;
    use crate::shape::Padding;

    #[test]
    fn an_example_by_hand() {
        // One map, one channel: no flip, and the even kernel's extra zero comes at the end.
        let op = Conv2dOp::new([1, 1], Padding::Same);
        let geo = Conv2dGeometry::new(&[1, 1, 3, 1], &[1, 2, 1, 1], op);
        let y = reference(&geo, &[1.0, 2.0, 3.0], &[10.0, 1.0], &[0.5]);
        assert_eq!(y, [12.5, 23.5, 30.5]);
    }

    #[test]
    fn the_gradient_is_that_of_the_definition() {
        let mut rng = Rng::new(6, 0);
        let mut draw = |n: usize| (0..n).map(|_| f64::from(rng.normal())).collect::<Vec<_>>();
        for (stride, padding, dilation) in [
            ([1, 1], Padding::Valid, [1, 1]),
            ([1, 1], Padding::Same, [1, 2]),
            ([2, 3], Padding::Same, [2, 1]),
            ([2, 1], Padding::Explicit([[0, 2], [3, 1]]), [2, 3]),
        ] {
            let op = Conv2dOp { stride, padding, dilation };
            let geo = Conv2dGeometry::new(&[2, 4, 5, 2], &[3, 2, 2, 3], op);
            let (x, w, b) = (draw(80), draw(36), draw(3));
            let grad_y = draw(geo.y_shape().iter().product());
            let loss = |x: &[f64], w: &[f64], b: &[f64]| -> f64 {
                reference(&geo, x, w, b).iter().zip(&grad_y).map(|(y, g)| y * g).sum()
            };
            let numeric = [
                numeric_gradient(|x| loss(x, &w, &b), &x),
                numeric_gradient(|w| loss(&x, w, &b), &w),
                numeric_gradient(|b| loss(&x, &w, b), &b),
            ];
            for (analytic, numeric) in reference_grad(&geo, &x, &w, &grad_y).iter().zip(&numeric) {
                assert!(analytic.iter().zip(numeric).all(|(a, n)| (a - n).abs() < 1e-6));
            }
        }
    }
}
