//! Max-pooling of one map, sixteen channels side by side.

use crate::ops::windows::WindowGeometry;
use crate::simd::Kernel;

/// Channels taken together: the widest vector.
const LANES: usize = 16;

/// The largest of f(l, x) for the numbers x of one window in channel `first + l`, and the tap that it came from, for W neighbouring
/// channels. `first` is the place of the window's first number in the map.
///
/// Of equals the first wins; NaN wins over all.
#[inline(always)]
pub(in crate::ops) fn largest<const W: usize>(
    geo: &WindowGeometry,
    x: &[f32],
    first: usize,
    f: impl Fn(usize, f32) -> f32,
) -> ([f32; W], [f32; W]) {
    let (mut best, mut winner, mut tap) = ([f32::NEG_INFINITY; W], [0.0; W], 0.0);
    for i in 0..geo.window[0] {
        for j in 0..geo.window[1] {
            let x = &x[first + (i * geo.input[1] + j) * geo.channels..][..W];
            for l in 0..W {
                let y = f(l, x[l]);
                let wins = y > best[l] || y.is_nan();
                best[l] = if wins { y } else { best[l] };
                winner[l] = if wins { tap } else { winner[l] };
            }
            tap += 1.0;
        }
    }
    (best, winner)
}

/// y and winners of one map. All are written in full.
pub(in crate::ops) struct Forward<'a> {
    pub geo: &'a WindowGeometry,
    pub x: &'a [f32],
    pub y: &'a mut [f32],
    /// For each number of y, the tap that it came from.
    pub winners: &'a mut [f32],
}

impl Forward<'_> {
    #[inline(always)]
    fn strip<const W: usize>(&mut self, window: usize, to: usize) {
        let (best, winner) = largest::<W>(self.geo, self.x, window, |_, x| x);
        self.y[to..to + W].copy_from_slice(&best);
        self.winners[to..to + W].copy_from_slice(&winner);
    }
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let channels = self.geo.channels;
        let whole = channels - channels % LANES;
        for position in 0..self.y.len() / channels {
            let (window, to) = (self.geo.at(position, 0), position * channels);
            (0..whole).step_by(LANES).for_each(|c| self.strip::<LANES>(window + c, to + c));
            (whole..channels).for_each(|c| self.strip::<1>(window + c, to + c));
        }
    }
}

/// dL/dx of one map, written in full.
pub(in crate::ops) struct Backward<'a> {
    pub geo: &'a WindowGeometry,
    pub grad_y: &'a [f32],
    pub winners: &'a [f32],
    pub grad_x: &'a mut [f32],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        self.grad_x.fill(0.0);
        add_to_winners(self.geo, self.grad_y, self.winners, self.grad_x, |_| 1.0);
    }
}

/// grad_x += factor(channel) dL/dy for the winner of each window.
#[inline(always)]
pub(in crate::ops) fn add_to_winners(
    geo: &WindowGeometry,
    grad_y: &[f32],
    winners: &[f32],
    grad_x: &mut [f32],
    factor: impl Fn(usize) -> f32,
) {
    let (channels, width) = (geo.channels, geo.window[1] as u32);
    let outputs = grad_y.chunks_exact(channels).zip(winners.chunks_exact(channels));
    for (position, (grad_y, winners)) in outputs.enumerate() {
        let grad_x = &mut grad_x[geo.at(position, 0)..];
        for (c, (grad, winner)) in grad_y.iter().zip(winners).enumerate() {
            let tap = *winner as u32;
            let place = (tap / width) as usize * geo.input[1] + (tap % width) as usize;
            grad_x[place * channels + c] += factor(c) * grad;
        }
    }
}
