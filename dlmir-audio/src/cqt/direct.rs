//! The definition of the constant-Q transform, in double precision.

use ndarray::{Array2, ShapeBuilder};
use rayon::prelude::*;
use rustfft::num_complex::{Complex, Complex32};

use super::CqtConfig;
use super::filters::wavelet;
use crate::Framing;

/// Every filter at the full rate: `[n_bins, frames]`.
pub(super) fn direct(x: &[f32], config: &CqtConfig) -> Array2<Complex32> {
    let rate = f64::from(config.sample_rate);
    let filters: Vec<(Vec<Complex<f64>>, f64)> = config
        .frequencies()
        .iter()
        .map(|f| {
            let length = config.q() * rate / f;
            let gain = if config.scale { length.sqrt() } else { length };
            (wavelet(f / rate, length, config.window), gain)
        })
        .collect();
    let longest = filters.iter().map(|(filter, _)| filter.len()).max().unwrap_or(0);
    let n = longest.next_power_of_two().max(2);
    let framing = Framing::new(n, config.hop_length).centered(config.pad);

    let mut out = Array2::default((config.n_bins, framing.count(x.len())).f());
    let values = out.as_slice_memory_order_mut().expect("made as one piece");
    values.par_chunks_mut(config.n_bins).enumerate().for_each_init(
        || vec![0.0; n],
        |frame, (t, column)| {
            framing.copy(x, t, frame);
            for (y, (filter, gain)) in column.iter_mut().zip(&filters) {
                // The middle of the frame is time 0; time m of the filter meets time -m of the frame.
                let last = n / 2 + filter.len().div_ceil(2);
                let mut sum = Complex::<f64>::default();
                for (i, b) in filter.iter().enumerate() {
                    sum += b * f64::from(*frame.get(last - i).unwrap_or(&0.0));
                }
                *y = Complex32::new((sum.re * gain) as f32, (sum.im * gain) as f32);
            }
        },
    );
    out
}
