//! More elements along one axis.

use crate::layers::Layer;
use crate::ops::Margin;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// Zeros, or repetitions of the edge, before and after an item along one axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pad {
    axis: usize,
    sides: [usize; 2],
    margin: Margin,
}

impl Pad {
    /// So many elements before and after along `axis`, counted from 1 because axis 0 is the batch.
    ///
    /// # Panics
    /// If the axis is that of the batch.
    #[track_caller]
    pub fn new(axis: usize, sides: [usize; 2], margin: Margin) -> Pad {
        assert!(axis > 0, "pad: axis 0 is the batch");
        Pad { axis, sides, margin }
    }
}

impl Layer for Pad {
    fn kind(&self) -> &'static str {
        "pad"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.pad(x, self.axis, self.sides, self.margin)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let mut output = input.to_vec();
        let wanted = match self.margin {
            Margin::Zeros => format!("wants an axis {}", self.axis),
            Margin::Edge => format!("wants an element to repeat on axis {}", self.axis),
        };
        match output.get_mut(self.axis - 1) {
            Some(size) if *size > 0 || self.margin == Margin::Zeros => {
                *size = size.saturating_add(self.sides[0]).saturating_add(self.sides[1]);
                Ok(output)
            }
            _ => Err(ShapeError::new("pad", wanted, input)),
        }
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
        let x = tape.constant(Tensor::from_vec(&[1, 3], vec![1., 2., 3.]));
        let y = Pad::new(1, [1, 2], Margin::Zeros).forward(&mut tape, x);
        assert_eq!(tape.value(y).as_slice(), [0., 1., 2., 3., 0., 0.]);
        let y = Pad::new(1, [1, 2], Margin::Edge).forward(&mut tape, x);
        assert_eq!(tape.value(y).as_slice(), [1., 1., 2., 3., 3., 3.]);
        assert_eq!(Pad::new(1, [1, 2], Margin::Edge).output_shape(&[3]), Ok(vec![6]));
        let error = Pad::new(2, [1, 2], Margin::Zeros).output_shape(&[3]).unwrap_err().to_string();
        assert_eq!(error, "layer `pad`: wants an axis 2, but its input is [3]");
        assert!(Pad::new(1, [1, 0], Margin::Edge).output_shape(&[0]).is_err());
    }
}
