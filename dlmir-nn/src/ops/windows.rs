//! The sizes of a pooling operation, and its windows.

use crate::shape::{Show, window_count};

/// All sizes of a pooling operation. Pairs are `[freq, time]`, the two axes that the window moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowGeometry {
    /// Maps in the batch.
    pub batch: usize,
    /// The size of an input map.
    pub input: [usize; 2],
    /// Channels, of the input and of the output.
    pub channels: usize,
    /// The size of the window.
    pub window: [usize; 2],
    /// How far the window moves from one output to the next.
    pub stride: [usize; 2],
    /// The size of an output map. What is left over at the end of an axis is dropped.
    pub output: [usize; 2],
}

impl WindowGeometry {
    /// The sizes for x `[batch, freq, time, channels]`.
    ///
    /// # Panics
    /// If x has not four axes, if the window is larger than the map, or if a stride is 0; `op` is named.
    #[track_caller]
    pub fn new(op: &str, x: &[usize], window: [usize; 2], stride: [usize; 2]) -> WindowGeometry {
        let &[batch, h, w, channels] = x else {
            panic!("{op}: wants x [batch, freq, time, channels], got {}", Show(x));
        };
        let input = [h, w];
        for axis in 0..2 {
            assert!(
                window[axis] > 0 && stride[axis] > 0,
                "{op}: window {} and stride {} must be at least 1",
                Show(&window),
                Show(&stride)
            );
            assert!(
                window[axis] <= input[axis],
                "{op}: the window {} needs {} elements on axis {} of x {}",
                Show(&window),
                window[axis],
                axis + 1,
                Show(x)
            );
        }
        let output = [0, 1].map(|axis| window_count(input[axis], window[axis], stride[axis]));
        WindowGeometry { batch, input, channels, window, stride, output }
    }

    /// The shape of the output.
    pub fn y_shape(&self) -> [usize; 4] {
        [self.batch, self.output[0], self.output[1], self.channels]
    }

    /// How many numbers each window holds.
    pub fn taps(&self) -> usize {
        self.window[0] * self.window[1]
    }

    /// The length of an input map.
    pub(super) fn input_len(&self) -> usize {
        self.input[0] * self.input[1] * self.channels
    }

    /// The length of an output map.
    pub(super) fn output_len(&self) -> usize {
        self.output[0] * self.output[1] * self.channels
    }

    /// Where the channels of a tap (i, j) lie within an input map, for the window of an output position (h, w).
    #[inline(always)]
    pub(super) fn at(&self, [h, w]: [usize; 2], [i, j]: [usize; 2]) -> usize {
        ((h * self.stride[0] + i) * self.input[1] + w * self.stride[1] + j) * self.channels
    }

    /// [`at`](WindowGeometry::at) with positions and taps counted row by row.
    pub(super) fn at_counted(&self, position: usize, tap: usize) -> usize {
        let [row, width] = [self.output[1], self.window[1]];
        self.at([position / row, position % row], [tap / width, tap % width])
    }

    /// The time of one pass over all windows on one core: about 3 numbers a nanosecond.
    pub(super) fn work_ns(&self) -> usize {
        self.batch * self.output_len() * self.taps() / 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_over_is_dropped() {
        let geo = WindowGeometry::new("max_pool2d", &[2, 13, 81, 4], [3, 4], [3, 4]);
        assert_eq!((geo.output, geo.y_shape()), ([4, 20], [2, 4, 20, 4]));
        let overlapping = WindowGeometry::new("max_pool2d", &[2, 13, 81, 4], [4, 1], [2, 2]);
        assert_eq!(overlapping.output, [5, 41]);
        assert_eq!(overlapping.at_counted(41 + 2, 3), ((2 + 3) * 81 + 4) * 4);
    }

    #[test]
    #[should_panic(
        expected = "max_pool2d: the window [2, 4] needs 4 elements on axis 2 of x [1, 8, 3, 1]"
    )]
    fn a_window_larger_than_the_map_is_named() {
        WindowGeometry::new("max_pool2d", &[1, 8, 3, 1], [2, 4], [2, 4]);
    }
}
