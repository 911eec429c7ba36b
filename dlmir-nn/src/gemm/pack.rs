//! Packing: copies of blocks of A and B in the order in which the micro-kernel reads them.
//!
//! The micro-kernel wants, for each reduction index p, W neighbouring numbers: W = MR rows of A, or W = NR columns of
//! B. So a block is cut into *panels* of W rows (columns), and each panel is stored p after p:
//!
//! ```text
//!   panel[p * W + w] = block[w, p]        w = 0 .. W, p = 0 .. kc
//! ```
//!
//! It is the same function for both matrices: B is given transposed. Lines beyond the edge of the matrix are zeros, so
//! the micro-kernel never asks where it is. Packing reads each element once and costs a few per cent of a large product;
//! it pays because the micro-kernel then walks through memory in one straight line, whatever the strides were.

use super::MatRef;

/// Copies a block `[lines, kc]` of at most W lines into one panel of `kc * W` elements.
#[inline(always)]
pub(super) fn pack_panel<const W: usize>(block: MatRef, panel: &mut [f32]) {
    let [lines, kc] = block.shape();
    let [line_stride, p_stride] = block.strides();
    assert!(lines <= W && panel.len() == kc * W);
    let data = block.data();
    let (steps, _) = panel.as_chunks_mut::<W>();
    if line_stride == 1 && lines == W {
        // The W numbers of a step are neighbours already.
        for (p, step) in steps.iter_mut().enumerate() {
            step.copy_from_slice(&data[p * p_stride..][..W]);
        }
        return;
    }
    if lines < W {
        steps.as_flattened_mut().fill(0.0);
    }
    if p_stride == 1 {
        // Each line is contiguous: take a cache line of it at a time.
        const LINE: usize = 16;
        let whole = kc - kc % LINE;
        for p in (0..whole).step_by(LINE) {
            let steps = steps[p..].first_chunk_mut::<LINE>().expect("p + LINE <= kc");
            for w in 0..lines {
                let line: &[f32; LINE] =
                    data[w * line_stride + p..].first_chunk().expect("inside the block");
                for q in 0..LINE {
                    steps[q][w] = line[q];
                }
            }
        }
        for p in whole..kc {
            for w in 0..lines {
                steps[p][w] = data[w * line_stride + p];
            }
        }
        return;
    }
    for (p, step) in steps.iter_mut().enumerate() {
        for w in 0..lines {
            step[w] = data[w * line_stride + p * p_stride];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panel_is_step_after_step_with_zeros_below_the_edge() {
        let data: Vec<f32> = (0..6).map(|x| x as f32).collect();
        let mut panel = [f32::NAN; 12];
        pack_panel::<4>(MatRef::new(&data, 2, 3), &mut panel);
        assert_eq!(panel, [0.0, 3.0, 0.0, 0.0, 1.0, 4.0, 0.0, 0.0, 2.0, 5.0, 0.0, 0.0]);
        let mut panel = [f32::NAN; 6];
        pack_panel::<3>(MatRef::new(&data, 2, 3).t(), &mut panel);
        assert_eq!(panel, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    }
}
