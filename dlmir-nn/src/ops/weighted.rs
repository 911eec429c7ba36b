//! What the losses share: weights of items, and data that has no gradient.

use crate::shape::Show;
use crate::tensor::Tensor;

/// A weight for each element (or row) of a loss. The weights' axes are the leading ones of the elements': one weight can stand
/// for a whole item, or for a frame of it.
pub(super) struct Weights<'a> {
    weights: Option<&'a [f32]>,
    /// How many neighbouring elements share a weight.
    run: usize,
}

impl<'a> Weights<'a> {
    /// Weights for `elements` (a shape), all 1 if there are none.
    ///
    /// # Panics
    /// If the shape of the weights does not begin that of the elements.
    #[track_caller]
    pub fn new(name: &str, weights: Option<&'a Tensor>, elements: &[usize]) -> Weights<'a> {
        let shape = weights.map_or(&[][..], |weights| weights.shape());
        assert!(
            elements.starts_with(shape),
            "{name}: the weights {} are not for elements {}",
            Show(shape),
            Show(elements)
        );
        let run = elements[shape.len()..].iter().product();
        Weights { weights: weights.map(|weights| weights.as_slice()), run }
    }

    /// The weight of element `i`.
    pub fn of(&self, i: usize) -> f32 {
        self.weights.map_or(1.0, |weights| weights[i / self.run])
    }
}

/// What a sum is multiplied by to make a mean: 1 / total, and 0 for a total of 0, so that the loss of a batch in which nothing
/// counts is 0 and not NaN.
pub(super) fn one_over(total: f64) -> f64 {
    if total == 0.0 { 0.0 } else { 1.0 / total }
}

/// # Panics
/// If a gradient of targets or weights is asked for.
pub(super) fn assert_data(name: &str, needs: &[bool]) {
    assert!(!needs.contains(&true), "{name}: targets and weights are data, without a gradient");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_counts_for_all_axes_that_follow() {
        let per_item = Tensor::from_vec(&[2], vec![1.0, 3.0]);
        let weights = Weights::new("bce", Some(&per_item), &[2, 3]);
        let each: Vec<f32> = (0..6).map(|i| weights.of(i)).collect();
        assert_eq!(each, [1.0, 1.0, 1.0, 3.0, 3.0, 3.0]);
        assert_eq!(Weights::new("bce", None, &[2, 3]).of(5), 1.0);
    }

    #[test]
    #[should_panic(expected = "bce: the weights [3] are not for elements [2, 3]")]
    fn weights_of_another_shape_are_refused() {
        Weights::new("bce", Some(&Tensor::zeros(&[3])), &[2, 3]);
    }
}
