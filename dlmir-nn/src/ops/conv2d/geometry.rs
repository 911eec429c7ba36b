//! The sizes of a convolution, worked out once and checked once.

use super::Conv2dOp;
use crate::shape::{Show, window_count};

/// All sizes of a convolution. Pairs are `[freq, time]`, the two axes that the kernel moves on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2dGeometry {
    /// Maps in the batch.
    pub batch: usize,
    /// The size of an input map.
    pub input: [usize; 2],
    /// Channels of the input.
    pub in_channels: usize,
    /// The size of the kernel.
    pub kernel: [usize; 2],
    /// Channels of the output.
    pub out_channels: usize,
    /// How far the kernel moves from one output to the next.
    pub stride: [usize; 2],
    /// How far its numbers lie apart on the map; 1 for neighbours.
    pub dilation: [usize; 2],
    /// Zeros around each map, `[before, after]` on each axis.
    pub padding: [[usize; 2]; 2],
    /// The size of an output map.
    pub output: [usize; 2],
}

impl Conv2dGeometry {
    /// The sizes for x `[batch, freq, time, in_channels]` and a weight
    /// `[kernel_h, kernel_w, in_channels, out_channels]`.
    ///
    /// # Panics
    /// If the channels differ, if the kernel is larger than the padded map, or if a stride, a dilation or a
    /// size of the weight is 0.
    #[track_caller]
    pub fn new(
        x: &[usize],
        weight: &[usize],
        Conv2dOp { stride, padding, dilation }: Conv2dOp,
    ) -> Conv2dGeometry {
        let shapes = format!("(x {}, weight {})", Show(x), Show(weight));
        let (&[batch, h, w, in_channels], &[kernel_h, kernel_w, wanted, out_channels]) =
            (x, weight)
        else {
            panic!(
                "conv2d: wants x [batch, freq, time, channels] and weight [h, w, in, out] {shapes}"
            );
        };
        assert!(
            wanted == in_channels,
            "conv2d: weight wants {wanted} input channels, x has {in_channels} {shapes}"
        );
        let (input, kernel) = ([h, w], [kernel_h, kernel_w]);
        assert!(
            stride.iter().chain(&dilation).chain(weight).all(|&size| size > 0),
            "conv2d: stride {}, dilation {} and all sizes of the weight must be at least 1 {shapes}",
            Show(&stride),
            Show(&dilation)
        );
        let reach = reach(kernel, dilation);
        let padding = padding.sides(input, reach, stride);
        let padded = [0, 1].map(|axis| input[axis] + padding[axis][0] + padding[axis][1]);
        for axis in 0..2 {
            assert!(
                reach[axis] <= padded[axis],
                "conv2d: the kernel needs {} elements on axis {} of x, with padding there are {} {shapes}",
                reach[axis],
                axis + 1,
                padded[axis]
            );
        }
        let output = [0, 1].map(|axis| window_count(padded[axis], reach[axis], stride[axis]));
        Conv2dGeometry {
            batch,
            input,
            in_channels,
            kernel,
            out_channels,
            stride,
            dilation,
            padding,
            output,
        }
    }

    /// The elements of a map from the kernel's first to its last.
    pub fn reach(&self) -> [usize; 2] {
        reach(self.kernel, self.dilation)
    }

    /// The shape of the input.
    pub fn x_shape(&self) -> [usize; 4] {
        [self.batch, self.input[0], self.input[1], self.in_channels]
    }

    /// The shape of the output.
    pub fn y_shape(&self) -> [usize; 4] {
        [self.batch, self.output[0], self.output[1], self.out_channels]
    }

    /// The shape of the weight.
    pub fn weight_shape(&self) -> [usize; 4] {
        [self.kernel[0], self.kernel[1], self.in_channels, self.out_channels]
    }

    /// The size of an input map with its padding.
    pub fn padded(&self) -> [usize; 2] {
        [0, 1].map(|axis| self.input[axis] + self.padding[axis][0] + self.padding[axis][1])
    }

    /// The same convolution of maps that have their padding already.
    pub fn on_padded(&self) -> Conv2dGeometry {
        Conv2dGeometry { input: self.padded(), padding: [[0, 0]; 2], ..*self }
    }

    /// Output positions of one map.
    pub fn positions(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// Numbers under the kernel at one position: the length of the sum that makes one output.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1] * self.in_channels
    }

    /// The time of the convolution on one core, for [`crate::parallel`]: 20 multiply-adds a nanosecond.
    pub(super) fn work_ns(&self) -> usize {
        self.batch * self.positions() * self.taps() * self.out_channels / 20
    }
}

/// The elements that a kernel spans on each axis, with its gaps.
pub(crate) fn reach(kernel: [usize; 2], dilation: [usize; 2]) -> [usize; 2] {
    [0, 1].map(|axis| (kernel[axis] - 1) * dilation[axis] + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::Padding;

    #[test]
    fn sizes_of_the_tutorials_networks() {
        let geo = Conv2dGeometry::new(
            &[32, 80, 80, 1],
            &[3, 3, 1, 16],
            Conv2dOp::new([1, 1], Padding::Valid),
        );
        assert_eq!((geo.y_shape(), geo.taps()), ([32, 78, 78, 16], 9));
        let geo = Conv2dGeometry::new(
            &[1, 80, 80, 1],
            &[10, 23, 1, 16],
            Conv2dOp::new([1, 1], Padding::Same),
        );
        assert_eq!((geo.y_shape(), geo.padding), ([1, 80, 80, 16], [[4, 5], [11, 11]]));
        let explicit = Padding::Explicit([[0, 1], [2, 0]]);
        let geo =
            Conv2dGeometry::new(&[1, 9, 9, 2], &[4, 2, 2, 3], Conv2dOp::new([2, 3], explicit));
        assert_eq!((geo.output, geo.padded()), ([4, 4], [10, 11]));
        // A tap every fourth frame: five of them reach over 17.
        let dilated = Conv2dOp::new([1, 1], Padding::Same).dilated([1, 4]);
        let geo = Conv2dGeometry::new(&[1, 1, 100, 16], &[1, 5, 16, 16], dilated);
        assert_eq!((geo.reach(), geo.padding, geo.output), ([1, 17], [[0, 0], [8, 8]], [1, 100]));
    }

    #[test]
    #[should_panic(
        expected = "conv2d: weight wants 16 input channels, x has 1 (x [32, 80, 80, 1], weight [3, 3, 16, 32])"
    )]
    fn channels_that_differ_are_named() {
        Conv2dGeometry::new(
            &[32, 80, 80, 1],
            &[3, 3, 16, 32],
            Conv2dOp::new([1, 1], Padding::Valid),
        );
    }

    #[test]
    #[should_panic(
        expected = "conv2d: the kernel needs 12 elements on axis 2 of x, with padding there are 8 (x [1, 40, 8, 1], weight [8, 12, 1, 15])"
    )]
    fn a_kernel_larger_than_the_map_is_named() {
        Conv2dGeometry::new(&[1, 40, 8, 1], &[8, 12, 1, 15], Conv2dOp::new([1, 1], Padding::Valid));
    }
}
