//! A filter bank as runs of weights: what mel bands and logarithmic bands have in common.
//!
//! A bank is a matrix, [bands, bins], that is nearly all zeros: each band hears a short run of neighbouring bins. [`BandRuns`] keeps the
//! runs only, and adds eight products at a time.

use std::ops::Range;

use ndarray::ArrayView2;

use crate::simd;

/// Products that are added at once.
const LANES: usize = 8;

/// The runs of a filter bank.
#[derive(Clone, Debug)]
pub(crate) struct BandRuns {
    bins: usize,
    /// The bins that a band hears.
    used: Vec<Range<usize>>,
    /// Where each band's run of [`LANES`] bins or a multiple begins; runs are lengthened by weights of 0.
    starts: Vec<usize>,
    weights: Vec<Vec<[f32; LANES]>>,
}

impl BandRuns {
    /// The runs of `all` weights, `[bands, bins]`; none is negative.
    pub(crate) fn new(all: ArrayView2<f32>) -> BandRuns {
        let (mut used, mut starts, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for row in all.rows() {
            let heard = |w: &f32| *w > 0.0;
            let first = row.iter().position(heard).unwrap_or(0);
            let end = row.iter().rposition(heard).map_or(0, |last| last + 1);
            // A run may begin earlier or end later than it need, but not outside of the spectrum (unless that is very short).
            let length = (end - first).next_multiple_of(LANES);
            let start = first.min(row.len().saturating_sub(length));
            let weight = |k: usize| row.get(k).copied().unwrap_or(0.0);
            let chunk = |c: usize| std::array::from_fn(|i| weight(start + c * LANES + i));
            used.push(first..end);
            starts.push(start);
            weights.push((0..length / LANES).map(chunk).collect());
        }
        BandRuns { bins: all.ncols(), used, starts, weights }
    }

    /// The bins that each band hears; an empty range for a band that hears none.
    pub(crate) fn used(&self) -> &[Range<usize>] {
        &self.used
    }

    /// `bands[b] = sum over k of w[b, k] spectrum[k]`; `spectrum`, `[bins]`, and `bands`, `[bands]`.
    ///
    /// # Panics
    /// If a slice has another length; `bank` names whose.
    #[track_caller]
    pub(crate) fn apply(&self, bank: &str, spectrum: &[f32], bands: &mut [f32]) {
        assert_eq!(spectrum.len(), self.bins, "{bank}: number of bins");
        assert_eq!(bands.len(), self.used.len(), "{bank}: number of bands");
        simd::widest(|| {
            for ((y, &start), weights) in bands.iter_mut().zip(&self.starts).zip(&self.weights) {
                *y = match spectrum.get(start..start + weights.len() * LANES) {
                    Some(run) => dot(weights, run),
                    None => {
                        let rest = spectrum[start..].iter();
                        rest.zip(weights.as_flattened()).map(|(x, w)| x * w).sum()
                    }
                };
            }
        });
    }
}

/// The sum of products, in as many partial sums as the compiler can keep in a register or two.
#[inline(always)]
fn dot(weights: &[[f32; LANES]], spectrum: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    for (w, x) in weights.iter().zip(spectrum.as_chunks::<LANES>().0) {
        for i in 0..LANES {
            sums[i] += w[i] * x[i];
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}

#[cfg(test)]
mod tests {
    use ndarray::array;

    use super::*;

    #[test]
    fn a_spectrum_shorter_than_a_run_and_a_band_without_bins() {
        let runs = BandRuns::new(array![[0.0, 2.0, 3.0], [0.0, 0.0, 0.0]].view());
        let mut bands = [f32::NAN; 2];
        runs.apply("test", &[1.0, 10.0, 100.0], &mut bands);
        assert_eq!(bands, [320.0, 0.0]);
        assert_eq!(runs.used(), [1..3, 0..0]);
    }
}
