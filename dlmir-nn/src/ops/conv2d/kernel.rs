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
//! line(i) = h * stride_h * row + w * stride_w * channels      position i = (h, w)
//! step(p) = kernel_h * row     + kernel_w * channels + c      tap p = (kernel_h, kernel_w, c)
//! ```
//!
//! where `row` is the length of a row of the padded map. Both are walks along two nested axes ([`Walk`]):
//! A is nothing but x with other strides, and A^T is A with lines and steps exchanged. So one loop over
//! tiles serves y and dL/dW, and dL/dx as well, which is a convolution of dL/dy.

use crate::simd::{self, Avx2, Avx512, InstructionSet, Kernel, Level, Portable};

/// Two nested axes walked as one: element (i, j) lies at `i * stride[0] + j * stride[1]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walk {
    pub len: [usize; 2],
    pub stride: [usize; 2],
}

impl Walk {
    /// How many elements there are.
    pub fn count(&self) -> usize {
        self.len[0] * self.len[1]
    }

    /// Where element `i` lies.
    #[inline(always)]
    fn at(&self, i: usize) -> usize {
        i / self.len[1] * self.stride[0] + i % self.len[1] * self.stride[1]
    }
}

/// A matrix inside of a slice: element (i, p) is `x[line(i) + step(p)]`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows<'a> {
    x: &'a [f32],
    lines: Walk,
    steps: Walk,
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

/// How many columns B must have, the last of them zeros, for C to have `columns`: whole vectors.
pub(super) fn filled(level: Level, columns: usize) -> usize {
    columns.next_multiple_of(match level {
        Level::Portable => 8,
        Level::Avx2 | Level::Avx512 => 16,
    })
}

/// C = start + A B, for A `[lines, steps]`, B `[steps, filled(columns)]`, C `[lines, columns]`.
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
    let b_columns = filled(level, columns);
    assert_eq!(b.len(), a.steps.count() * b_columns, "conv2d: B does not fit A");
    assert_eq!(c.len(), a.lines.count() * columns, "conv2d: C does not fit A");
    if c.is_empty() {
        return;
    }
    // Each tile fills the registers that its level has.
    match level {
        Level::Portable => {
            let s = Portable;
            s.run(Product::<_, 4, 8, 2> { s, a, b, b_columns, c, columns, start });
        }
        Level::Avx2 => {
            let s = Avx2::new();
            s.run(Product::<_, 6, 16, 2> { s, a, b, b_columns, c, columns, start });
        }
        Level::Avx512 => {
            let s = Avx512::new();
            s.run(Product::<_, 12, 16, 1> { s, a, b, b_columns, c, columns, start });
        }
    }
}

/// [`product`] in tiles of MR lines and NR columns, which are NV vectors.
struct Product<'a, S, const MR: usize, const NR: usize, const NV: usize> {
    s: S,
    a: Windows<'a>,
    b: &'a [f32],
    b_columns: usize,
    c: &'a mut [f32],
    columns: usize,
    start: Start<'a>,
}

impl<S: InstructionSet, const MR: usize, const NR: usize, const NV: usize> Kernel
    for Product<'_, S, MR, NR, NV>
{
    type Output = ();

    /// C in panels of NR columns, each from top to bottom in tiles of MR lines.
    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let Product { s, a, b, b_columns, c, columns, start } = self;
        let last = a.lines.count() - 1;
        let mut acc = [[0.0; NR]; MR];
        for column in (0..columns).step_by(NR) {
            let panel = column..columns.min(column + NR);
            for (tile, c) in c.chunks_mut(MR * columns).enumerate() {
                // Lines beyond the last are computed like the last, and not stored.
                let lines = simd::array(|i| a.lines.at((tile * MR + i).min(last)));
                let b = (&b[column..], b_columns);
                windows_tile::<S, MR, NR, NV>(s, a, lines, b, &mut acc);
                for (acc, c) in acc.iter().zip(c.chunks_exact_mut(columns)) {
                    let c = &mut c[panel.clone()];
                    match start {
                        Start::Zero => c.copy_from_slice(&acc[..c.len()]),
                        Start::Sum => c.iter_mut().zip(acc).for_each(|(c, x)| *c += x),
                        Start::Row(row) => {
                            let terms = acc.iter().zip(&row[panel.clone()]);
                            c.iter_mut().zip(terms).for_each(|(c, (x, row))| *c = x + row);
                        }
                    }
                }
            }
        }
    }
}

/// The product of MR lines of A and the first NR columns of B, which has rows of `b_columns`, in registers.
///
/// ```text
/// out[i][j] = sum over steps p of x[lines[i] + step(p)] * b[p, j]
/// ```
#[inline(always)]
#[allow(unsafe_code)]
fn windows_tile<S: InstructionSet, const MR: usize, const NR: usize, const NV: usize>(
    s: S,
    a: Windows,
    lines: [usize; MR],
    (b, b_columns): (&[f32], usize),
    out: &mut [[f32; NR]; MR],
) {
    const { assert!(NV * S::LANES == NR) };
    let Walk { len, stride } = a.steps;
    let mut acc = [[s.splat(0.0); NV]; MR];
    for outer in 0..len[0] {
        for inner in 0..len[1] {
            let step = outer * stride[0] + inner * stride[1];
            let b = &b[(outer * len[1] + inner) * b_columns..][..NR];
            let mut row = [s.splat(0.0); NV];
            for v in 0..NV {
                row[v] = s.load(&b[v * S::LANES..]);
            }
            for i in 0..MR {
                // SAFETY: every line(i) + step(p) is below the length of x: `Windows::new` has compared
                // the largest of them, and `lines` holds nothing but values of line(i).
                let a = s.splat(unsafe { *a.x.get_unchecked(lines[i] + step) });
                for v in 0..NV {
                    acc[i][v] = s.fma(a, row[v], acc[i][v]);
                }
            }
        }
    }
    for i in 0..MR {
        for v in 0..NV {
            s.store(acc[i][v], &mut out[i][v * S::LANES..]);
        }
    }
}
