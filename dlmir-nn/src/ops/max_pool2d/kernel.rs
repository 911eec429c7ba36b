//! Max-pooling of one map, all channels side by side.

use crate::ops::windows::WindowGeometry;
use crate::simd::Kernel;

/// y and winners of one map. All are written in full.
pub(super) struct Forward<'a> {
    pub geo: &'a WindowGeometry,
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    /// For each number of y, the tap that it came from.
    pub winners: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Forward { geo, x, y, winners } = self;
        let outputs = y.chunks_exact_mut(geo.channels).zip(winners.chunks_exact_mut(geo.channels));
        for (position, (y, winners)) in outputs.enumerate() {
            y.copy_from_slice(&x[geo.at(position, 0)..][..geo.channels]);
            winners.fill(0.0);
            for tap in 1..geo.taps() {
                let x = &x[geo.at(position, tap)..][..geo.channels];
                let tap = tap as f32;
                for ((y, winner), &x) in y.iter_mut().zip(&mut *winners).zip(x) {
                    let wins = x > *y || x.is_nan();
                    *y = if wins { x } else { *y };
                    *winner = if wins { tap } else { *winner };
                }
            }
        }
    }
}

/// dL/dx of one map, written in full.
pub(super) struct Backward<'a> {
    pub geo: &'a WindowGeometry,
    pub grad_y: &'a [f32],
    pub winners: &'a [f32],
    pub grad_x: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Backward { geo, grad_y, winners, grad_x } = self;
        grad_x.fill(0.0);
        let outputs = grad_y.chunks_exact(geo.channels).zip(winners.chunks_exact(geo.channels));
        for (position, (grad_y, winners)) in outputs.enumerate() {
            for tap in 0..geo.taps() {
                let grad_x = &mut grad_x[geo.at(position, tap)..][..geo.channels];
                let tap = tap as f32;
                for ((grad_x, &grad_y), &winner) in grad_x.iter_mut().zip(grad_y).zip(winners) {
                    *grad_x += if winner == tap { grad_y } else { 0.0 };
                }
            }
        }
    }
}
