//! The axes of an item in another order.

use crate::layers::Layer;
use crate::shape::{ShapeError, Show};
use crate::tape::{Tape, Var};

/// The axes of each item in another order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permute {
    axes: Vec<usize>,
}

impl Permute {
    /// A layer whose output axis k is input axis `axes[k - 1]`, counted from 1 because axis 0, the batch, stays: `[2, 1]`
    /// swaps the two axes of an item, as in Keras.
    ///
    /// # Panics
    /// If `axes` does not name each of 1, 2, ... once.
    #[track_caller]
    pub fn new(axes: &[usize]) -> Permute {
        let mut sorted = axes.to_vec();
        sorted.sort_unstable();
        let fits = sorted.into_iter().eq(1..=axes.len());
        assert!(fits, "permute: {} is no order of the axes from 1 on", Show(axes));
        Permute { axes: axes.to_vec() }
    }
}

impl Layer for Permute {
    fn kind(&self) -> &'static str {
        "permute"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.permute(x, &[&[0], &self.axes[..]].concat())
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        if input.len() == self.axes.len() {
            Ok(self.axes.iter().map(|axis| input[axis - 1]).collect())
        } else {
            let problem = format!("wants {} axes", self.axes.len());
            Err(ShapeError::new("permute", problem, input))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Pool, Tensor};

    #[test]
    fn the_shape_is_foretold() {
        let params = Params::new();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::zeros(&[2, 3, 4, 5]));
        let layer = Permute::new(&[3, 1, 2]);
        let y = layer.forward(&mut tape, x);
        assert_eq!(tape.shape(y), [2, 5, 3, 4]);
        assert_eq!(layer.output_shape(&[3, 4, 5]), Ok(vec![5, 3, 4]));
        let error = layer.output_shape(&[3, 4]).unwrap_err().to_string();
        assert_eq!(error, "layer `permute`: wants 3 axes, but its input is [3, 4]");
    }

    #[test]
    #[should_panic(expected = "permute: [0, 1] is no order of the axes from 1 on")]
    fn the_batch_axis_stays() {
        Permute::new(&[0, 1]);
    }
}
