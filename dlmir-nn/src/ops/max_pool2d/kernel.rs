//! Max-pooling of one map, up to sixteen channels side by side.

use crate::ops::windows::WindowGeometry;
use crate::simd::Kernel;

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
        let (geo, mut to) = (self.geo, 0);
        for h in 0..geo.output[0] {
            for w in 0..geo.output[1] {
                let window = geo.at([h, w], [0, 0]);
                let mut c = 0;
                while c < geo.channels {
                    let strip = Strip::of(geo.channels - c);
                    match strip {
                        Strip::Sixteen => self.strip::<16>(window + c, to + c),
                        Strip::Four => self.strip::<4>(window + c, to + c),
                        Strip::One => self.strip::<1>(window + c, to + c),
                    }
                    c += strip as usize;
                }
                to += geo.channels;
            }
        }
    }
}

/// How many channels are taken together.
#[derive(Clone, Copy)]
pub(in crate::ops) enum Strip {
    Sixteen = 16,
    Four = 4,
    One = 1,
}

impl Strip {
    /// The next strip where so many channels are left. (No closure over a range here: what an iterator calls may be compiled
    /// for no level.)
    #[inline(always)]
    pub fn of(left: usize) -> Strip {
        match left {
            16.. => Strip::Sixteen,
            4.. => Strip::Four,
            _ => Strip::One,
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
    if channels == 0 {
        return;
    }
    let mut outputs = grad_y.chunks_exact(channels).zip(winners.chunks_exact(channels));
    for h in 0..geo.output[0] {
        for w in 0..geo.output[1] {
            let (grad_y, winners) = outputs.next().expect("a number for each window");
            let grad_x = &mut grad_x[geo.at([h, w], [0, 0])..];
            for c in 0..channels {
                let tap = winners[c] as u32;
                let place = (tap / width) as usize * geo.input[1] + (tap % width) as usize;
                grad_x[place * channels + c] += factor(c) * grad_y[c];
            }
        }
    }
}
