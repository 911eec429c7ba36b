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
//! each of several is compiled. The distance is nearly always 1: for dL/dW lines are channels of a tap, and on the way
//! forward they are neighbours in time, because maps are copied into rows of channels along with their padding
//! ([`batch`](super::batch)). All addresses of a tile are then one address and constants; to compute them one by one
//! took as long as the products. A stride along time makes the distance larger, and has tiles of its own.

use crate::simd::{self, Avx2, Avx512, InstructionSet, Kernel, Level, Portable};

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

    /// Where the last element lies, or `None` if there is none.
    fn last(&self) -> Option<usize> {
        let last = |axis: usize| Some(self.len[axis].checked_sub(1)? * self.stride[axis]);
        Some(last(0)? + last(1)? + last(2)?)
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
        if let (Some(line), Some(step)) = (lines.last(), steps.last()) {
            // Strides are not negative, so no element lies beyond the last.
            let last = line + step;
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
        let (steps, adjacent) = (self.a.steps.count(), self.a.lines.stride[2] == 1);
        let mut column = 0;
        while column < self.columns {
            let panel = &self.b[column * steps..];
            match (self.columns - column > S::LANES, adjacent) {
                (true, true) => self.panel::<2, true>(&panel[..2 * S::LANES * steps], column),
                (true, false) => self.panel::<2, false>(&panel[..2 * S::LANES * steps], column),
                (false, true) => self.panel::<1, true>(&panel[..S::LANES * steps], column),
                (false, false) => self.panel::<1, false>(&panel[..S::LANES * steps], column),
            }
            column += 2 * S::LANES;
        }
    }
}

impl<S: InstructionSet> Product<'_, S> {
    /// Loops 2 and 3 for the panel of NV vectors that begins at `column`.
    #[inline(always)]
    fn panel<const NV: usize, const ADJACENT: bool>(&mut self, b: &[f32], column: usize) {
        let Walk { len: [outer, middle, inner], stride } = self.a.lines;
        let mr = lines_of_a_tile(inner, S::ACCUMULATORS / NV, ADJACENT);
        let mut line = 0;
        for i in 0..outer {
            for j in 0..middle {
                let row = i * stride[0] + j * stride[1];
                for tile in (0..inner).step_by(mr) {
                    // The last tile of a row begins early enough to be whole, and computes some lines a second time.
                    let first = tile.min(inner - mr);
                    let at = TileAt {
                        place: row + first * stride[2],
                        line: line + first,
                        done: tile - first,
                        column,
                    };
                    match mr {
                        1 => self.tile::<1, NV, ADJACENT>(b, at),
                        3 => self.tile::<3, NV, ADJACENT>(b, at),
                        5 => self.tile::<5, NV, ADJACENT>(b, at),
                        8 => self.tile::<8, NV, ADJACENT>(b, at),
                        9 => self.tile::<9, NV, ADJACENT>(b, at),
                        12 => self.tile::<12, NV, ADJACENT>(b, at),
                        16 => self.tile::<16, NV, ADJACENT>(b, at),
                        _ => unreachable!("one of LINES"),
                    }
                }
                line += inner;
            }
        }
    }

    /// Loops 4 and 5, and the result's way to C.
    #[inline(always)]
    fn tile<const MR: usize, const NV: usize, const ADJACENT: bool>(
        &mut self,
        b: &[f32],
        at: TileAt,
    ) {
        // Tiles that `lines_of_a_tile` never chooses are not compiled at all.
        if const { MR * NV <= S::ACCUMULATORS && is_among(MR, lines(ADJACENT)) } {
            let acc = tile::<S, MR, NV, ADJACENT>(self.s, self.a, at.place, b);
            self.store(acc, at);
        } else {
            unreachable!("`lines_of_a_tile` has left it out");
        }
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

/// The lines that a tile may have. Each costs the compiler time at each level, so there are few.
const fn lines(adjacent: bool) -> &'static [usize] {
    if adjacent { &[1, 3, 5, 8, 9, 12, 16] } else { &[1, 3, 8] }
}

const fn is_among(mr: usize, mut lines: &[usize]) -> bool {
    while let [first, rest @ ..] = lines {
        if *first == mr {
            return true;
        }
        lines = rest;
    }
    false
}

/// MR for an axis of so many lines: that with the least work, where the loads of a row of B count as one line.
fn lines_of_a_tile(inner: usize, most: usize, adjacent: bool) -> usize {
    let work = |mr: usize| inner.div_ceil(mr) * (mr + 1);
    let candidates = lines(adjacent).iter().copied().filter(|&mr| mr <= inner.min(most));
    candidates.min_by_key(|&mr| work(mr)).unwrap_or(1)
}

/// Steps ahead of which a row of B is asked for: it comes from the second-level cache.
const AHEAD: usize = 8;

/// Loops 4 and 5 for one tile of C, in registers:
///
/// ```text
/// acc[i][j] = sum over steps p of x[first + i * distance + step(p)] * b[p, j]
/// ```
///
/// ADJACENT says that the distance of the lines is 1.
#[inline(always)]
fn tile<S: InstructionSet, const MR: usize, const NV: usize, const ADJACENT: bool>(
    s: S,
    a: Windows,
    first: usize,
    b: &[f32],
) -> [[S::Vector; NV]; MR] {
    let (Walk { len, stride }, width) = (a.steps, NV * S::LANES);
    let distance = if ADJACENT { 1 } else { a.lines.stride[2] };
    let mut acc = [[s.splat(0.0); NV]; MR];
    let mut rest = b;
    for outer in 0..len[0] {
        for middle in 0..len[1] {
            let (rows, others) = rest.split_at(len[2] * width);
            rest = others;
            let mut x = a.x.as_ptr().wrapping_add(first + outer * stride[0] + middle * stride[1]);
            for row in rows.chunks_exact(width) {
                for v in 0..NV {
                    simd::prefetch(row, AHEAD * width + v * S::LANES);
                }
                add_step(s, &mut acc, x, distance, row);
                x = x.wrapping_add(stride[2]);
            }
        }
    }
    acc
}

/// One step of a tile: acc\[i\] += x\[i * distance\] * row, for the number that `x` points at and those behind it. Only for
/// [`tile`]. (A pointer and not an index, so that the tile's addresses take one register.)
#[inline(always)]
#[allow(unsafe_code)]
fn add_step<S: InstructionSet, const MR: usize, const NV: usize>(
    s: S,
    acc: &mut [[S::Vector; NV]; MR],
    x: *const f32,
    distance: usize,
    row: &[f32],
) {
    let mut b = [s.splat(0.0); NV];
    for v in 0..NV {
        b[v] = s.load(&row[v * S::LANES..]);
    }
    for i in 0..MR {
        // SAFETY: the tile's lines are lines of A on one inner axis, and the steps are steps of A, so this is the number
        // line + step of the map, which `Windows::new` has found to be below its length for all of them.
        let a = s.splat(unsafe { *x.add(i * distance) });
        for v in 0..NV {
            acc[i][v] = s.fma(a, b[v], acc[i][v]);
        }
    }
}

/// The lanes of the longest vectors.
const MOST_LANES: usize = Avx512::LANES;

/// Where a tile lies in C, and how many of its first lines have been written already.
#[derive(Clone, Copy)]
struct TileAt {
    /// The first line's place in x.
    place: usize,
    line: usize,
    done: usize,
    column: usize,
}
