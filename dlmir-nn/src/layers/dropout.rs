//! Layers that disturb: only in training, each time differently.

use crate::layers::Layer;
use crate::shape::ShapeError;
use crate::tape::{Tape, Var};

/// Sets each element to 0 with probability `rate` and scales the others up, in training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    rate: f32,
}

impl Dropout {
    /// Drops this share of the elements, 0 to below 1: 0.5 is usual between dense layers, 0.1 to 0.3 on an
    /// input or after a convolution.
    ///
    /// # Panics
    /// If the rate is outside [0, 1).
    #[track_caller]
    pub fn new(rate: f32) -> Dropout {
        assert!((0.0..1.0).contains(&rate), "dropout: rate {rate} is not in [0, 1)");
        Dropout { rate }
    }
}

/// As [`Dropout`], for whole channels: all of a feature map or none of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpatialDropout {
    rate: f32,
}

impl SpatialDropout {
    /// Drops this share of the channels, 0 to below 1: 0.1 to 0.3 is usual.
    ///
    /// # Panics
    /// If the rate is outside [0, 1).
    #[track_caller]
    pub fn new(rate: f32) -> SpatialDropout {
        assert!((0.0..1.0).contains(&rate), "spatial dropout: rate {rate} is not in [0, 1)");
        SpatialDropout { rate }
    }
}

/// Adds normal noise of this standard deviation, in training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GaussianNoise {
    stddev: f32,
}

impl GaussianNoise {
    /// Noise of this standard deviation, 0 or more: 0.01 to 0.3 for inputs of standard deviation 1.
    ///
    /// # Panics
    /// If it is negative or not finite.
    #[track_caller]
    pub fn new(stddev: f32) -> GaussianNoise {
        let fits = stddev >= 0.0 && stddev.is_finite();
        assert!(fits, "gaussian noise: standard deviation {stddev} is not 0 or more");
        GaussianNoise { stddev }
    }
}

impl Layer for Dropout {
    fn kind(&self) -> &'static str {
        "dropout"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.dropout(x, self.rate)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

impl Layer for SpatialDropout {
    fn kind(&self) -> &'static str {
        "spatial_dropout"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.spatial_dropout(x, self.rate)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        match input {
            [] => Err(ShapeError::new("spatial_dropout", "wants a channel axis, the last", input)),
            _ => Ok(input.to_vec()),
        }
    }
}

impl Layer for GaussianNoise {
    fn kind(&self) -> &'static str {
        "gaussian_noise"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.gaussian_noise(x, self.stddev)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Params, Pool, Tensor, Training};

    #[test]
    fn they_disturb_in_training_only_and_by_the_address_of_the_item() {
        let params = Params::new();
        let mut pool = Pool::poisoned();
        let layers: [&dyn Layer; 3] =
            [&Dropout::new(0.5), &SpatialDropout::new(0.5), &GaussianNoise::new(1.0)];
        for layer in layers {
            let mut run = |items: Option<&[u64]>| {
                let mut tape = match items {
                    Some(items) => {
                        let training = Training { seed: 1, epoch: 2, items: items.into() };
                        Tape::train(&params, &mut pool, training)
                    }
                    None => Tape::record(&params, &mut pool),
                };
                let x = tape.constant(Tensor::full(&[2, 3, 64], 1.0));
                let y = layer.forward(&mut tape, x);
                tape.into_value(y).into_vec()
            };
            assert_eq!(run(None), vec![1.0; 384], "{}", layer.kind());
            let (ab, ba) = (run(Some(&[7, 9])), run(Some(&[9, 7])));
            assert_ne!(ab[..192], ab[192..], "{}", layer.kind());
            assert_eq!(ab[..192], ba[192..], "{}", layer.kind());
        }
    }

    #[test]
    #[should_panic(expected = "dropout: rate 1 is not in [0, 1)")]
    fn dropping_everything_is_refused() {
        Dropout::new(1.0);
    }
}
