//! The convolution as a matrix product with a matrix that is not stored.
//!
//! Write down, for each output position i of a padded map x, the numbers under the kernel there: a row of
//! a matrix A. With the weight as a matrix `[taps, out]`, y = A W, and dL/dW = A^T dL/dy. But A holds
//! each number of x once per tap (nine times for a 3 x 3 kernel), and to write it costs more than the
//! product of a thin layer. There is no need to: with channels last,
//!
//! ```text
//! A[i, p] = x[line(i) + step(p)]
//!
//! line(i) = h * stride_h * row + w * stride_w * channels          position i = (h, w)
//! step(p) = i * dilation_h * row + j * dilation_w * channels + c      tap p = (i, j, c)
//! ```
//!
//! where `row` is the length of a row of the padded map. Both are walks along up to three nested axes ([`Walk`]):
//! A is nothing but x with other strides, and A^T is A with lines and steps exchanged. So one loop over
//! tiles serves y and dL/dW, and dL/dx as well, which is a convolution of dL/dy.
//!
//! ```text
//! LOOP 1  columns of B and C in panels of one or two vectors     a panel of B: a cache near the core
//!   LOOP 2  the outer axes of the lines                            (a row of the map)
//!     LOOP 3  the inner axis in tiles of MR lines                    the tile [MR, panel] of C: registers
//!       LOOP 4  the outer axes of the steps                            (a row of the kernel)
//!         LOOP 5  the inner axis of the steps                            MR numbers of A times a row of the panel
//! ```
//!
//! The lines of a tile lie at equal distances from each other, because a tile never goes beyond an inner axis: so MR
//! addresses are one address and one distance. Which MR leaves least over depends on the length of that axis, and so
//! each of several is compiled.

use crate::simd::{Avx2, Avx512, InstructionSet, Kernel, Level, Portable};

/// Three nested axes walked as one: element (i, j, k) lies at `i * stride[0] + j * stride[1] + k * stride[2]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub len: [usize; 3],
    pub stride: [usize; 3],
}

impl Walk {
    /// How many elements there are.
    pub fn count(&self) -> usize {
        self.len[0] * self.len[1] * self.len[2]
    }

    /// Where element `i` lies.
    #[inline(always)]
    pub fn at(&self, i: usize) -> usize {
        let (row, k) = (i / self.len[2], i % self.len[2]);
        let (i, j) = (row / self.len[1], row % self.len[1]);
        i * self.stride[0] + j * self.stride[1] + k * self.stride[2]
    }
}

/// A matrix inside of a slice: element (i, p) is `x[line(i) + step(p)]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows<'a> {
    pub x: &'a [f32],
    pub lines: Walk,
    pub steps: Walk,
}

impl<'a> Windows<'a> {
    /// The matrix of these lines and steps.
    ///
    /// # Panics
    /// If an element lies beyond the end of x. The kernel below relies on this.
    pub fn new(x: &'a [f32], lines: Walk, steps: Walk) -> Windows<'a> {
        let (rows, columns) = (lines.count(), steps.count());
        if rows > 0 && columns > 0 {
            // Strides are not negative, so no element lies beyond the last.
            let last = lines.at(rows - 1) + steps.at(columns - 1);
            assert!(last < x.len(), "conv2d: a map of {} has no element {last}", x.len());
        }
        Windows { x, lines, steps }
    }

    /// The transposed matrix.
    pub fn transposed(self) -> Windows<'a> {
        Windows { lines: self.steps, steps: self.lines, ..self }
    }
}

/// What a product is added to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    /// Zero: the old content of C is not read.
    Zero,
    /// The same row of numbers (a bias) for every row of C, whose old content is not read.
    Row(&'a [f32]),
    /// The old content of C.
    Sum,
}

/// The numbers in a vector.
fn lanes(level: Level) -> usize {
    match level {
        Level::Portable => Portable::LANES,
        Level::Avx2 => Avx2::LANES,
        Level::Avx512 => Avx512::LANES,
    }
}

/// The numbers of a matrix with `columns` in panels: each row is filled up with zeros to whole vectors.
pub(super) fn filled(level: Level, columns: usize) -> usize {
    columns.next_multiple_of(lanes(level))
}

/// Whether a matrix with `columns` is its own only panel.
pub(super) fn is_panel(level: Level, columns: usize) -> bool {
    columns == lanes(level) || columns == 2 * lanes(level)
}

/// Copies a matrix `[rows, columns]` in the order in which [`product`] reads it: panels of two vectors, the last one of
/// one where that is enough, each row after row, with zeros beyond the last column.
///
/// # Panics
/// If `panels` has not as many rows as the matrix.
pub(super) fn pack(level: Level, matrix: &[f32], columns: usize, panels: &mut [f32]) {
    let rows = matrix.len() / columns;
    assert_eq!(panels.len(), rows * filled(level, columns), "conv2d: panels do not fit B");
    let mut rest = panels;
    for column in (0..columns).step_by(2 * lanes(level)) {
        let used = (columns - column).min(2 * lanes(level));
        let width = filled(level, used);
        let (panel, others) = rest.split_at_mut(rows * width);
        for (row, source) in panel.chunks_exact_mut(width).zip(matrix.chunks_exact(columns)) {
            row[..used].copy_from_slice(&source[column..][..used]);
            row[used..].fill(0.0);
        }
        rest = others;
    }
}

/// C = start + A B, for A `[lines, steps]`, B in panels of `steps` rows ([`pack`]), C `[lines, columns]`.
///
/// Every element of C is the sum over the steps in their order, at each level.
///
/// # Panics
/// If B or C does not have the size that goes with A.
pub(super) fn product(
    level: Level,
    a: Windows,
    b: &[f32],
    c: &mut [f32],
    columns: usize,
    start: Start,
) {
    assert_eq!(b.len(), a.steps.count() * filled(level, columns), "conv2d: B does not fit A");
    assert_eq!(c.len(), a.lines.count() * columns, "conv2d: C does not fit A");
    if c.is_empty() {
        return;
    }
    match level {
        Level::Portable => Portable.run(Product { s: Portable, a, b, c, columns, start }),
        Level::Avx2 => Avx2::new().run(Product { s: Avx2::new(), a, b, c, columns, start }),
        Level::Avx512 => Avx512::new().run(Product { s: Avx512::new(), a, b, c, columns, start }),
    }
}

/// [`product`] with the vectors of S.
struct Product<'a, S> {
    s: S,
    a: Windows<'a>,
    b: &'a [f32],
    c: &'a mut [f32],
    columns: usize,
    start: Start<'a>,
}

impl<S: InstructionSet> Kernel for Product<'_, S> {
    type Output = ();

    /// Loop 1.
    #[inline(always)]
    fn run<const FUSED: bool>(mut self) {
        let steps = self.a.steps.count();
        let mut column = 0;
        while column < self.columns {
            let panel = &self.b[column * steps..];
            if self.columns - column > S::LANES {
                self.panel::<2>(&panel[..2 * S::LANES * steps], column);
            } else {
                self.panel::<1>(&panel[..S::LANES * steps], column);
            }
            column += 2 * S::LANES;
        }
    }
}

impl<S: InstructionSet> Product<'_, S> {
    /// Loops 2 and 3 for the panel of NV vectors that begins at `column`.
    #[inline(always)]
    fn panel<const NV: usize>(&mut self, b: &[f32], column: usize) {
        let [outer, middle, inner] = self.a.lines.len;
        let mr = lines_of_a_tile(inner, S::ACCUMULATORS / NV);
        for row in 0..outer * middle {
            for tile in (0..inner).step_by(mr) {
                // The last tile of a row begins early enough to be whole, and computes some lines a second time.
                let first = tile.min(inner - mr);
                let at = TileAt { line: row * inner + first, done: tile - first, column };
                match mr {
                    1 => self.tile::<1, NV>(b, at),
                    2 => self.tile::<2, NV>(b, at),
                    3 => self.tile::<3, NV>(b, at),
                    4 => self.tile::<4, NV>(b, at),
                    5 => self.tile::<5, NV>(b, at),
                    6 => self.tile::<6, NV>(b, at),
                    8 => self.tile::<8, NV>(b, at),
                    10 => self.tile::<10, NV>(b, at),
                    12 => self.tile::<12, NV>(b, at),
                    16 => self.tile::<16, NV>(b, at),
                    24 => self.tile::<24, NV>(b, at),
                    _ => unreachable!("one of LINES"),
                }
            }
        }
    }

    /// Loops 4 and 5, and the result's way to C.
    #[inline(always)]
    fn tile<const MR: usize, const NV: usize>(&mut self, b: &[f32], at: TileAt) {
        if MR * NV > S::ACCUMULATORS {
            unreachable!("`lines_of_a_tile` has left it out");
        }
        let acc = tile::<S, MR, NV>(self.s, self.a, self.a.lines.at(at.line), b);
        self.store(acc, at);
    }

    /// Writes or adds the part of a tile that lies inside of C and is new.
    #[inline(always)]
    fn store<const MR: usize, const NV: usize>(&mut self, acc: [[S::Vector; NV]; MR], at: TileAt) {
        let (s, columns) = (self.s, self.columns);
        let one = s.splat(1.0);
        for i in 0..MR {
            if i < at.done {
                continue;
            }
            let c = &mut self.c[(at.line + i) * columns..][..columns];
            for v in 0..NV {
                let column = at.column + v * S::LANES;
                let c = &mut c[column..];
                if c.len() >= S::LANES {
                    let sum = match self.start {
                        Start::Zero => acc[i][v],
                        Start::Row(row) => s.fma(one, acc[i][v], s.load(&row[column..])),
                        Start::Sum => s.fma(one, acc[i][v], s.load(c)),
                    };
                    s.store(sum, c);
                    continue;
                }
                let mut part = [0.0; MOST_LANES];
                s.store(acc[i][v], &mut part);
                match self.start {
                    Start::Zero => c.copy_from_slice(&part[..c.len()]),
                    Start::Sum => c.iter_mut().zip(part).for_each(|(c, x)| *c += x),
                    Start::Row(row) => {
                        let terms = part.iter().zip(&row[column..]);
                        c.iter_mut().zip(terms).for_each(|(c, (x, row))| *c = x + row);
                    }
                }
            }
        }
    }
}

/// The lines that a tile may have.
const LINES: [usize; 11] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24];

/// MR for an axis of so many lines: that with the least work, where the loads of a row of B count as one line.
fn lines_of_a_tile(inner: usize, most: usize) -> usize {
    let work = |mr: usize| inner.div_ceil(mr) * (mr + 1);
    let candidates = LINES.into_iter().filter(|&mr| mr <= inner.min(most));
    candidates.min_by_key(|&mr| work(mr)).unwrap_or(1)
}

/// Loops 4 and 5 for one tile of C, in registers:
///
/// ```text
/// acc[i][j] = sum over steps p of x[first + i * distance + step(p)] * b[p, j]
/// ```
#[inline(always)]
#[allow(unsafe_code)]
fn tile<S: InstructionSet, const MR: usize, const NV: usize>(
    s: S,
    a: Windows,
    first: usize,
    b: &[f32],
) -> [[S::Vector; NV]; MR] {
    let (Walk { len, stride }, distance) = (a.steps, a.lines.stride[2]);
    let width = NV * S::LANES;
    let mut acc = [[s.splat(0.0); NV]; MR];
    let mut rows = b.chunks_exact(width);
    for outer in 0..len[0] {
        for middle in 0..len[1] {
            let mut step = first + outer * stride[0] + middle * stride[1];
            for b in rows.by_ref().take(len[2]) {
                let mut row = [s.splat(0.0); NV];
                for v in 0..NV {
                    row[v] = s.load(&b[v * S::LANES..]);
                }
                for i in 0..MR {
                    // SAFETY: the tile's lines are lines of A on one inner axis, and the steps are steps of A, so this is
                    // x[line + step], which `Windows::new` has found to be below the length of x for all of them.
                    let a = s.splat(unsafe { *a.x.get_unchecked(step + i * distance) });
                    for v in 0..NV {
                        acc[i][v] = s.fma(a, row[v], acc[i][v]);
                    }
                }
                step += stride[2];
            }
        }
    }
    acc
}

/// The lanes of the longest vectors.
const MOST_LANES: usize = Avx512::LANES;

/// Where a tile lies in C, and how many of its first lines have been written already.
#[derive(Clone, Copy)]
struct TileAt {
    line: usize,
    done: usize,
    column: usize,
}
