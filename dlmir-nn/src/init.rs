//! Initialisers: how weights are drawn before training.

use crate::rng::Rng;
use crate::tensor::Tensor;

/// How the weights of a layer are drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// Uniform in [-l, l] with l = sqrt(6 / (fan_in + fan_out)): Glorot and Bengio (2010), eq. 16.
    GlorotUniform,
}

impl Init {
    /// A tensor of this shape, `[..., in, out]`; the axes before the last two are a kernel's.
    pub fn tensor(self, shape: &[usize], rng: &mut Rng) -> Tensor {
        let (fan_in, fan_out) = fans(shape);
        let Init::GlorotUniform = self;
        let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
        let len = shape.iter().product();
        Tensor::from_vec(shape, (0..len).map(|_| rng.uniform_in(-limit, limit)).collect())
    }
}

/// How many inputs feed one output, and how many outputs one input feeds, for a weight
/// `[kernel..., in, out]`.
pub fn fans(shape: &[usize]) -> (usize, usize) {
    match shape {
        [] => (1, 1),
        [n] => (*n, *n),
        [kernel @ .., n_in, n_out] => {
            let receptive: usize = kernel.iter().product();
            (receptive * n_in, receptive * n_out)
        }
    }
}
