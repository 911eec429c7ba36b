//! Constraints: what a weight must obey after each update.
//!
//! The length of a unit is taken over all axes of a weight but the last, that is, over everything that
//! feeds one output: for W `[..., in, out]`,
//!
//! ```text
//! length[o] = sqrt(sum over ..., i of W[..., i, o]^2)
//! ```
//!
//! A parameter with a single axis (a bias) is one unit as a whole. For dense weights these are the units
//! of Keras's default, `axis=0`; for convolutions they are those of `axis=[0, 1, 2]`, which Keras's
//! documentation recommends there.

use crate::tensor::Tensor;

/// A rule that the optimiser enforces on a weight after each update.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Constraint {
    /// A unit longer than this is shortened to this length; its direction is kept. Srebro and Shraibman
    /// (2005), "Rank, trace-norm and max-norm"; with dropout, lengths of 2 to 4 are usual.
    MaxNorm(f32),
    /// Each unit is given the length 1; a unit of zeros stays as it is.
    UnitNorm,
    /// Negative weights become 0.
    NonNegative,
}

impl Constraint {
    /// Makes `weight` obey.
    pub fn apply(self, weight: &mut Tensor) {
        match self {
            Constraint::NonNegative => {
                for w in weight.as_mut_slice() {
                    if *w < 0.0 {
                        *w = 0.0;
                    }
                }
            }
            Constraint::MaxNorm(most) => {
                let most = f64::from(most);
                scale_units(weight, |length| if length > most { most / length } else { 1.0 });
            }
            Constraint::UnitNorm => {
                scale_units(weight, |length| if length > 0.0 { 1.0 / length } else { 1.0 });
            }
        }
    }
}

/// Multiplies each unit by a factor that depends on its length. Lengths are summed in 64 bits.
fn scale_units(weight: &mut Tensor, factor: impl Fn(f64) -> f64) {
    let units = match weight.shape() {
        [.., units] if weight.shape().len() > 1 => *units,
        _ => 1,
    };
    if units == 0 {
        return;
    }
    let mut squares = vec![0.0; units];
    for row in weight.as_slice().chunks_exact(units) {
        for (sum, &w) in squares.iter_mut().zip(row) {
            *sum += f64::from(w) * f64::from(w);
        }
    }
    let factors: Vec<f32> = squares.iter().map(|s| factor(s.sqrt()) as f32).collect();
    for row in weight.as_mut_slice().chunks_exact_mut(units) {
        row.iter_mut().zip(&factors).for_each(|(w, factor)| *w *= factor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two units, of the lengths 5 and 1, over kernel and input axes.
    fn weight() -> Tensor {
        Tensor::from_vec(&[2, 1, 2], vec![3.0, 0.6, -4.0, 0.8])
    }

    #[test]
    fn max_norm_shortens_what_is_too_long_and_nothing_else() {
        let mut w = weight();
        Constraint::MaxNorm(2.5).apply(&mut w);
        assert_eq!(w.as_slice(), [1.5, 0.6, -2.0, 0.8]);
        let mut bias = Tensor::from_vec(&[2], vec![3.0, -4.0]);
        Constraint::MaxNorm(2.5).apply(&mut bias);
        assert_eq!(bias.as_slice(), [1.5, -2.0]);
    }

    #[test]
    fn unit_norm_gives_every_unit_but_zero_the_length_one() {
        let mut w = Tensor::from_vec(&[2, 2], vec![3.0, 0.0, -4.0, 0.0]);
        Constraint::UnitNorm.apply(&mut w);
        assert_eq!(w.as_slice(), [0.6, 0.0, -0.8, 0.0]);
    }

    #[test]
    fn non_negative_cuts_off_and_keeps_a_nan_visible() {
        let mut w = Tensor::from_vec(&[3], vec![-1.0, f32::NAN, 2.0]);
        Constraint::NonNegative.apply(&mut w);
        assert!(w.as_slice()[0] == 0.0 && w.as_slice()[1].is_nan() && w.as_slice()[2] == 2.0);
    }

    #[test]
    fn weights_without_elements_are_left_alone() {
        for shape in [&[0, 3][..], &[3, 0], &[0], &[]] {
            Constraint::UnitNorm.apply(&mut Tensor::zeros(shape));
        }
    }
}
