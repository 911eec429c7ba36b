//! Layers that change only the shape.

use crate::layers::Layer;
use crate::shape::{ShapeError, Show};
use crate::tape::{Tape, Var};

/// Makes one axis of all axes but the batch: `[batch, freq, time, channels]` to `[batch, features]`,
/// channel fastest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flatten;

/// Gives each item another shape with as many elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reshape {
    shape: Vec<usize>,
}

impl Reshape {
    /// To items of this shape.
    pub fn new(shape: &[usize]) -> Reshape {
        Reshape { shape: shape.to_vec() }
    }
}

impl Layer for Flatten {
    fn kind(&self) -> &'static str {
        "flatten"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.flatten(x)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(vec![input.iter().product()])
    }
}

impl Layer for Reshape {
    fn kind(&self) -> &'static str {
        "reshape"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        let Some(&batch) = tape.shape(x).first() else {
            panic!("reshape: x {} has no batch axis", Show(tape.shape(x)));
        };
        tape.reshape(x, &[&[batch], &self.shape[..]].concat())
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let (wanted, found): (usize, usize) = (self.shape.iter().product(), input.iter().product());
        if wanted != found {
            let problem = format!("wants {wanted} elements for {}", Show(&self.shape));
            return Err(ShapeError::new("reshape", problem, input));
        }
        Ok(self.shape.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Pool, Tensor};

    #[test]
    fn shapes_change_and_the_batch_stays() {
        let params = Params::new();
        let mut pool = Pool::new();
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::zeros(&[5, 2, 3, 4]));
        let flat = Flatten.forward(&mut tape, x);
        assert_eq!(tape.shape(flat), [5, 24]);
        let back = Reshape::new(&[4, 6]).forward(&mut tape, flat);
        assert_eq!(tape.shape(back), [5, 4, 6]);
        assert_eq!(Flatten.output_shape(&[2, 3, 4]), Ok(vec![24]));
        let error = Reshape::new(&[5, 5]).output_shape(&[24]).unwrap_err();
        assert!(error.to_string().contains("wants 25 elements for [5, 5]"), "{error}");
    }

    #[test]
    #[should_panic(expected = "reshape: x [] has no batch axis")]
    fn a_single_number_is_refused() {
        let (params, mut pool) = (crate::Params::new(), crate::Pool::new());
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.leaf(crate::Tensor::scalar(1.0));
        Reshape::new(&[1]).forward(&mut tape, x);
    }
}
