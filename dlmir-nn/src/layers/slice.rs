//! A stretch of one axis.

use crate::layers::Layer;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// Some neighbours along one axis of each item: one channel of a map, the lower half of its bands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    axis: usize,
    start: usize,
    length: usize,
}

impl Slice {
    /// `length` elements from `start` on along `axis`, counted from 1 because axis 0 is the batch.
    ///
    /// # Panics
    /// If the axis is that of the batch.
    #[track_caller]
    pub fn new(axis: usize, start: usize, length: usize) -> Slice {
        assert!(axis > 0, "slice: axis 0 is the batch");
        Slice { axis, start, length }
    }
}

impl Layer for Slice {
    fn kind(&self) -> &'static str {
        "slice"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.slice(x, self.axis, self.start, self.length)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let Slice { axis, start, length } = *self;
        let end = start.saturating_add(length);
        if input.get(axis - 1).is_none_or(|&size| end > size) {
            let problem = format!("wants at least {end} elements on axis {axis}");
            return Err(ShapeError::new("slice", problem, input));
        }
        let mut output = input.to_vec();
        output[axis - 1] = length;
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Pool, Tensor};

    #[test]
    fn the_shape_is_foretold() {
        let (params, mut pool) = (Params::new(), Pool::new());
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::from_vec(&[1, 2, 3], vec![1., 2., 3., 4., 5., 6.]));
        let y = Slice::new(2, 1, 2).forward(&mut tape, x);
        assert_eq!(tape.value(y).as_slice(), [2., 3., 5., 6.]);
        assert_eq!(Slice::new(2, 1, 2).output_shape(&[2, 3]), Ok(vec![2, 2]));
        let error = Slice::new(1, 1, 2).output_shape(&[2, 3]).unwrap_err().to_string();
        assert_eq!(
            error,
            "layer `slice`: wants at least 3 elements on axis 1, but its input is [2, 3]"
        );
        assert!(Slice::new(3, 0, 1).output_shape(&[2, 3]).is_err());
    }

    #[test]
    #[should_panic(expected = "slice: axis 0 is the batch")]
    fn the_batch_stays_whole() {
        Slice::new(0, 0, 1);
    }
}
