//! Tensors: arrays of `f32` with any number of axes.
//!
//! A [`Tensor`] is an [`ndarray::ArrayD`] that promises one thing more: its elements lie in memory in
//! row-major order without gaps. The last axis varies fastest, so `x[n, h, w, c]` of a shape
//! `[N, H, W, C]` is element `((n * H + h) * W + w) * C + c` of [`Tensor::as_slice`]. Definitions are
//! written on the array view ([`Tensor::view`]), fast kernels on the slice.

use std::fmt;

use ndarray::{Array, ArrayD, ArrayViewD, Dimension, IxDyn};

use crate::shape::Show;

/// A contiguous, row-major array of `f32`.
#[derive(Clone, PartialEq)]
pub struct Tensor {
    array: ArrayD<f32>,
}

impl Tensor {
    /// A tensor of the given shape with every element 0.
    pub fn zeros(shape: &[usize]) -> Tensor {
        Tensor::full(shape, 0.0)
    }

    /// A tensor of the given shape with every element `value`.
    pub fn full(shape: &[usize], value: f32) -> Tensor {
        Tensor { array: ArrayD::from_elem(IxDyn(shape), value) }
    }

    /// A tensor without axes, holding one number; losses have this shape.
    pub fn scalar(value: f32) -> Tensor {
        Tensor::full(&[], value)
    }

    /// A tensor over `data`, which is taken in row-major order and not copied.
    ///
    /// # Panics
    /// If `data` does not hold exactly the product of `shape` elements.
    #[track_caller]
    pub fn from_vec(shape: &[usize], data: Vec<f32>) -> Tensor {
        let wanted: usize = shape.iter().product();
        assert!(
            wanted == data.len(),
            "tensor: shape {} holds {wanted} elements, the data has {}",
            Show(shape),
            data.len()
        );
        let array = ArrayD::from_shape_vec(IxDyn(shape), data)
            .expect("the length was checked against the shape");
        Tensor { array }
    }

    /// A tensor with the elements of `array`; copies only if they are not in row-major order.
    pub fn from_array<D: Dimension>(array: Array<f32, D>) -> Tensor {
        let array = array.into_dyn();
        if array.is_standard_layout() {
            Tensor { array }
        } else {
            Tensor { array: array.as_standard_layout().into_owned() }
        }
    }

    /// The number of elements along each axis.
    pub fn shape(&self) -> &[usize] {
        self.array.shape()
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether the tensor has no element, that is, whether some axis has length 0.
    pub fn is_empty(&self) -> bool {
        self.array.is_empty()
    }

    /// All elements in row-major order.
    #[expect(clippy::missing_panics_doc, reason = "contiguity is this type's invariant")]
    pub fn as_slice(&self) -> &[f32] {
        self.array.as_slice().expect("a tensor is contiguous")
    }

    /// All elements in row-major order, to be written.
    #[expect(clippy::missing_panics_doc, reason = "contiguity is this type's invariant")]
    pub fn as_mut_slice(&mut self) -> &mut [f32] {
        self.array.as_slice_mut().expect("a tensor is contiguous")
    }

    /// The tensor as an ndarray view, to index, slice and iterate.
    pub fn view(&self) -> ArrayViewD<'_, f32> {
        self.array.view()
    }

    /// The elements in row-major order; moved within their own memory if other numbers stand before
    /// them there, otherwise untouched.
    pub fn into_vec(self) -> Vec<f32> {
        // An array that was cut out of a larger one still owns all of the larger one's memory.
        let len = self.len();
        let (mut data, offset) = self.array.into_raw_vec_and_offset();
        data.drain(..offset.unwrap_or(0));
        data.truncate(len);
        data
    }

    /// The same elements under another shape, without a copy.
    ///
    /// # Panics
    /// If the two shapes hold different numbers of elements.
    #[track_caller]
    pub fn reshape(self, shape: &[usize]) -> Tensor {
        let wanted: usize = shape.iter().product();
        assert!(
            wanted == self.len(),
            "reshape: {} has {} elements, {} wants {wanted}",
            Show(self.shape()),
            self.len(),
            Show(shape)
        );
        Tensor::from_vec(shape, self.into_vec())
    }

    /// The only element, for losses and other scalars.
    ///
    /// # Panics
    /// If the tensor has more or fewer elements than one.
    #[track_caller]
    pub fn item(&self) -> f32 {
        assert!(self.len() == 1, "item: {} is not a single number", Show(self.shape()));
        self.as_slice()[0]
    }

    /// Whether no element is NaN or infinite.
    pub fn all_finite(&self) -> bool {
        self.as_slice().iter().all(|x| x.is_finite())
    }
}

/// Shape first, then at most eight elements: `[2, 3] 1 2 3 4 5 6`.
impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Show(self.shape()))?;
        for x in self.as_slice().iter().take(8) {
            write!(f, " {x}")?;
        }
        if self.len() > 8 {
            write!(f, " ...")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Axis, array, s};

    #[test]
    fn elements_are_row_major_whatever_the_source_layout() {
        let transposed = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].reversed_axes();
        let t = Tensor::from_array(transposed);
        assert_eq!(t.shape(), [3, 2]);
        assert_eq!(t.as_slice(), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(t.view()[[2, 1]], 6.0);
    }

    #[test]
    fn a_part_of_an_array_has_no_more_than_its_own_elements() {
        let rows = array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]];
        let middle = Tensor::from_array(rows.clone().index_axis_move(Axis(0), 1));
        assert_eq!(middle.clone().reshape(&[2, 1]).as_slice(), [3.0, 4.0]);
        assert_eq!(middle.into_vec(), [3.0, 4.0]);
        assert_eq!(Tensor::from_array(rows.slice_move(s![1.., ..])).into_vec(), [3., 4., 5., 6.]);
        assert_eq!(Tensor::from_array(array![1.0, 2.0].slice_move(s![2..])).into_vec(), []);
    }

    #[test]
    fn reshape_keeps_the_elements() {
        let t = Tensor::from_vec(&[2, 3], vec![1., 2., 3., 4., 5., 6.]).reshape(&[3, 2]);
        assert_eq!(t.view()[[1, 0]], 3.0);
        assert_eq!(t.to_string(), "[3, 2] 1 2 3 4 5 6");
    }

    #[test]
    #[should_panic(expected = "reshape: [4] has 4 elements, [3, 2] wants 6")]
    fn reshape_names_both_shapes() {
        let _ = Tensor::zeros(&[4]).reshape(&[3, 2]);
    }

    #[test]
    #[should_panic(expected = "tensor: shape [2, 2] holds 4 elements, the data has 3")]
    fn from_vec_names_both_sizes() {
        let _ = Tensor::from_vec(&[2, 2], vec![0.0; 3]);
    }
}
