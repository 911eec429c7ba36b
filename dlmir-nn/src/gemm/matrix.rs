//! Matrices as views of slices: a slice, two lengths and two strides.

use std::ops::Range;

/// A matrix to read. Element (i, j) is `data[i * row_stride + j * col_stride]`, so a transpose only swaps two numbers.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T = f32> {
    data: &'a [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'a, T: Copy> MatRef<'a, T> {
    /// A matrix stored row after row without gaps.
    ///
    /// # Panics
    /// If `data` does not have `rows * cols` elements.
    #[track_caller]
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "MatRef: data does not fit a [{rows}, {cols}] matrix");
        Self { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// A matrix with any strides, in elements.
    ///
    /// # Panics
    /// If the last element lies beyond the end of `data`.
    #[track_caller]
    pub fn with_strides(
        data: &'a [T],
        [rows, cols]: [usize; 2],
        [row_stride, col_stride]: [usize; 2],
    ) -> Self {
        let needed = extent([rows, cols], [row_stride, col_stride]);
        assert!(
            needed <= data.len(),
            "MatRef: a [{rows}, {cols}] matrix with strides [{row_stride}, {col_stride}] needs {needed} elements, \
             data has {}",
            data.len()
        );
        Self { data, rows, cols, row_stride, col_stride }
    }

    /// The transpose, of the same data.
    pub fn t(self) -> Self {
        let Self { data, rows, cols, row_stride, col_stride } = self;
        Self { data, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Element (i, j).
    ///
    /// # Panics
    /// If `i` or `j` is out of range.
    #[inline]
    #[track_caller]
    pub fn at(&self, i: usize, j: usize) -> T {
        assert!(
            i < self.rows && j < self.cols,
            "MatRef: no element ({i}, {j}) in {:?}",
            self.shape()
        );
        self.data[i * self.row_stride + j * self.col_stride]
    }

    /// The sub-matrix of the given rows and columns.
    ///
    /// # Panics
    /// If a range ends beyond the matrix.
    #[track_caller]
    pub fn block(&self, rows: Range<usize>, cols: Range<usize>) -> Self {
        assert!(
            rows.start <= rows.end
                && rows.end <= self.rows
                && cols.start <= cols.end
                && cols.end <= self.cols,
            "MatRef: no block {rows:?}, {cols:?} in {:?}",
            self.shape()
        );
        let start = rows.start * self.row_stride + cols.start * self.col_stride;
        let data = &self.data[start.min(self.data.len())..];
        Self { data, rows: rows.len(), cols: cols.len(), ..*self }
    }

    pub(super) fn shape(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    pub(super) fn strides(&self) -> [usize; 2] {
        [self.row_stride, self.col_stride]
    }

    pub(super) fn data(&self) -> &'a [T] {
        self.data
    }
}

/// A matrix to write: rows are contiguous and may have gaps between them.
///
/// There is no transposed form. Whoever wants C^T = A B computes C = B^T A^T, which costs nothing.
#[derive(Debug)]
pub struct MatMut<'a, T = f32> {
    data: &'a mut [T],
    rows: usize,
    cols: usize,
    row_stride: usize,
}

impl<'a, T: Copy> MatMut<'a, T> {
    /// A matrix stored row after row without gaps.
    ///
    /// # Panics
    /// If `data` does not have `rows * cols` elements.
    #[track_caller]
    pub fn new(data: &'a mut [T], rows: usize, cols: usize) -> Self {
        assert_eq!(data.len(), rows * cols, "MatMut: data does not fit a [{rows}, {cols}] matrix");
        Self { data, rows, cols, row_stride: cols }
    }

    /// A matrix whose rows start `row_stride` elements apart: a range of columns of a wider one.
    ///
    /// # Panics
    /// If rows would overlap or the last element lies beyond the end of `data`.
    #[track_caller]
    pub fn with_row_stride(data: &'a mut [T], [rows, cols]: [usize; 2], row_stride: usize) -> Self {
        assert!(
            row_stride >= cols,
            "MatMut: rows of {cols} elements overlap at a stride of {row_stride}"
        );
        let needed = extent([rows, cols], [row_stride, 1]);
        assert!(
            needed <= data.len(),
            "MatMut: a [{rows}, {cols}] matrix with row stride {row_stride} needs {needed} elements, data has {}",
            data.len()
        );
        Self { data: &mut data[..needed], rows, cols, row_stride }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The distance of two rows in elements.
    pub fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// Row i.
    ///
    /// # Panics
    /// If `i` is out of range.
    #[inline]
    #[track_caller]
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        assert!(i < self.rows, "MatMut: no row {i} in a matrix of {} rows", self.rows);
        &mut self.data[i * self.row_stride..][..self.cols]
    }

    /// The same matrix for a shorter time: lends it to a function that takes it by value.
    pub fn reborrow(&mut self) -> MatMut<'_, T> {
        MatMut { data: self.data, rows: self.rows, cols: self.cols, row_stride: self.row_stride }
    }

    pub(super) fn shape(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    /// The elements from the first to the last one of the matrix, gaps between rows included.
    pub(super) fn into_data(self) -> &'a mut [T] {
        self.data
    }
}

/// The number of elements from the first to the last one of a matrix.
fn extent([rows, cols]: [usize; 2], [row_stride, col_stride]: [usize; 2]) -> usize {
    if rows == 0 || cols == 0 { 0 } else { (rows - 1) * row_stride + (cols - 1) * col_stride + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposes_and_blocks_are_views() {
        let data: Vec<f32> = (0..12).map(|x| x as f32).collect();
        let a = MatRef::new(&data, 3, 4);
        assert_eq!(a.at(1, 2), 6.0);
        assert_eq!(a.t().at(2, 1), 6.0);
        let b = a.block(1..3, 2..4);
        assert_eq!((b.rows(), b.cols(), b.at(1, 1)), (2, 2, 11.0));
        assert_eq!(a.t().block(2..4, 1..3).at(0, 1), 10.0);
        assert_eq!(a.block(3..3, 4..4).shape(), [0, 0]);
    }

    #[test]
    fn rows_may_have_gaps() {
        let mut data = [0.0; 11];
        let mut c = MatMut::with_row_stride(&mut data, [3, 3], 4);
        c.row_mut(1).fill(1.0);
        c.reborrow().row_mut(2)[2] = 2.0;
        assert_eq!(data, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 2.0]);
    }

    #[test]
    #[should_panic(expected = "needs 12 elements, data has 11")]
    fn a_short_slice_is_refused() {
        MatRef::with_strides(&[0.0; 11], [3, 4], [4, 1]);
    }

    #[test]
    #[should_panic(expected = "overlap")]
    fn overlapping_rows_are_refused() {
        MatMut::with_row_stride(&mut [0.0; 12], [3, 4], 3);
    }
}
