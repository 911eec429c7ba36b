//! Products in which A has very few rows or B very few columns: a layer with one or two outputs, a single input.
//!
//! Here each number of the large matrix is used only [`MAX`] times or less, so copying it into panels first would cost
//! more than the product. The large ("fat") matrix is read once where it lies, and the small ("thin") one stays in the
//! cache. A few rows are the same task as a few columns of the transposed product, C^T = B^T A^T.

use super::{Accumulate, MatMut, MatRef, Scratch, work_ns};
use crate::parallel;
use crate::simd::{self, Kernel, Level, fma};

/// Up to this many rows of A or columns of B this way is the faster one.
const MAX: usize = 4;
/// Lines of the fat matrix in one task.
const LINES: usize = 256;

/// Whether C `[m, n]` is a case for this file.
pub(super) fn fits([m, n]: [usize; 2]) -> bool {
    m.min(n) <= MAX
}

/// C (+)= A B for a C of few rows or few columns.
pub(super) fn gemm(
    level: Level,
    a: MatRef,
    b: MatRef,
    mut c: MatMut,
    accumulate: Accumulate,
    scratch: &mut Scratch,
) {
    let few_columns = b.cols() <= MAX;
    let (fat, thin) = if few_columns { (a, b.t()) } else { (b.t(), a) };
    let ([lines, k], q) = (fat.shape(), thin.rows());
    let [thin_pack, products] = scratch.take([q * k, lines.div_ceil(LINES) * q * LINES]);
    for (i, row) in thin_pack.chunks_exact_mut(k).enumerate() {
        (0..k).for_each(|p| row[p] = thin.at(i, p));
    }

    let thin = &*thin_pack;
    parallel::for_each_chunk(products, q * LINES, work_ns([lines, q, 4 * k]), |i, products| {
        let fat = fat.block(i * LINES..lines.min((i + 1) * LINES), 0..k);
        match q {
            1 => simd::run(level, Lines::<1> { fat, thin, products }),
            2 => simd::run(level, Lines::<2> { fat, thin, products }),
            3 => simd::run(level, Lines::<3> { fat, thin, products }),
            _ => simd::run(level, Lines::<MAX> { fat, thin, products }),
        }
    });

    for line in 0..lines {
        for j in 0..q {
            let product = products[(line / LINES * q + j) * LINES + line % LINES];
            let [row, column] = if few_columns { [line, j] } else { [j, line] };
            let c = &mut c.row_mut(row)[column];
            *c = if accumulate == Accumulate::Add { *c + product } else { product };
        }
    }
}

/// The products of up to [`LINES`] lines of the fat matrix with the Q rows of the thin one.
struct Lines<'a, const Q: usize> {
    fat: MatRef<'a>,         // [lines, k]
    thin: &'a [f32],         // [Q, k]
    products: &'a mut [f32], // [Q, LINES]
}

impl<const Q: usize> Kernel for Lines<'_, Q> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let ([lines, k], [line_stride, p_stride]) = (self.fat.shape(), self.fat.strides());
        let data = self.fat.data();
        let thin: [&[f32]; Q] = simd::array(|j| &self.thin[j * k..][..k]);
        if p_stride == 1 {
            for i in 0..lines {
                let sums = dots::<FUSED, Q>(&data[i * line_stride..][..k], thin);
                (0..Q).for_each(|j| self.products[j * LINES + i] = sums[j]);
            }
        } else if line_stride == 1 {
            let (products, _) = self.products.as_chunks_mut::<LINES>();
            for (products, thin) in products.iter_mut().zip(thin) {
                products.fill(0.0);
                add_scaled::<FUSED>(data, p_stride, thin, &mut products[..lines]);
            }
        } else {
            for i in 0..lines {
                for j in 0..Q {
                    let product = |sum, p| fma::<FUSED>(self.fat.at(i, p), thin[j][p], sum);
                    self.products[j * LINES + i] = (0..k).fold(0.0, product);
                }
            }
        }
    }
}

/// Q dot products with one line, for a fat matrix whose lines are contiguous. Element p is added to partial sum p mod 32,
/// and the partial sums are added as a binary tree: the order is the same at each level.
#[inline(always)]
fn dots<const FUSED: bool, const Q: usize>(line: &[f32], thin: [&[f32]; Q]) -> [f32; Q] {
    const LANES: usize = 32;
    let (steps, tail) = line.as_chunks::<LANES>();
    simd::array(|j| {
        let (thin_steps, thin_tail) = thin[j].as_chunks::<LANES>();
        let mut acc = [0.0; LANES];
        for (x, t) in steps.iter().zip(thin_steps) {
            for l in 0..LANES {
                acc[l] = fma::<FUSED>(x[l], t[l], acc[l]);
            }
        }
        for l in 0..tail.len() {
            acc[l] = fma::<FUSED>(tail[l], thin_tail[l], acc[l]);
        }
        let mut half = LANES / 2;
        while half > 0 {
            (0..half).for_each(|l| acc[l] += acc[l + half]);
            half /= 2;
        }
        acc[0]
    })
}

/// sums[i] += sum over p of data[p * stride + i] * scale[p], for a fat matrix whose columns are contiguous: four columns
/// at a time, so that the sums are fetched and put back a quarter as often.
#[inline(always)]
fn add_scaled<const FUSED: bool>(data: &[f32], stride: usize, scale: &[f32], sums: &mut [f32]) {
    let n = sums.len();
    let column = |p: usize| &data[p * stride..][..n];
    let (fours, rest) = scale.as_chunks::<4>();
    for (p, s) in fours.iter().enumerate() {
        let [a, b, c, d] = simd::array(|q| column(4 * p + q));
        for i in 0..n {
            let sum = fma::<FUSED>(b[i], s[1], fma::<FUSED>(a[i], s[0], sums[i]));
            sums[i] = fma::<FUSED>(d[i], s[3], fma::<FUSED>(c[i], s[2], sum));
        }
    }
    for (p, &s) in rest.iter().enumerate() {
        let a = column(4 * fours.len() + p);
        for i in 0..n {
            sums[i] = fma::<FUSED>(a[i], s, sums[i]);
        }
    }
}
