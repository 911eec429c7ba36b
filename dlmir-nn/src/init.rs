//! Initialisers: how weights are drawn before training.
//!
//! If all weights were equal, all units would stay equal for ever; if they were too large or too small,
//! signals would grow or fade from layer to layer. A weight `[kernel..., in, out]` has
//!
//! ```text
//! fan_in  = product of the kernel's sizes * in         how many numbers feed one output
//! fan_out = product of the kernel's sizes * out        how many outputs one number feeds
//! ```
//!
//! With variance 1 / fan_in a sum of fan_in terms is as large as one of them. That is LeCun's rule;
//! ReLU loses half of the signal and He's rule doubles the variance; Glorot's looks at both directions.
//! *Uniform* and *normal* forms of a rule have the same variance (a uniform number in [-l, l] has
//! l^2 / 3). The normal forms are Keras's, truncated at two standard deviations; PyTorch's are not.

use ndarray::Array2;

use crate::linalg;
use crate::rng::Rng;
use crate::shape::Show;
use crate::tensor::Tensor;

/// How the weights of a layer are drawn. See the module's text for fan_in and fan_out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Init {
    /// All 0: for biases.
    Zeros,
    /// All 1: for scales.
    Ones,
    /// All the same.
    Constant(f32),
    /// Uniform in [low, high].
    Uniform {
        /// The lower end.
        low: f32,
        /// The upper end.
        high: f32,
    },
    /// Normal.
    Normal {
        /// The mean.
        mean: f32,
        /// The standard deviation.
        stddev: f32,
    },
    /// Normal, but drawn again where it is more than two standard deviations from the mean, as in Keras.
    /// What comes out has a standard deviation of 0.88 `stddev`.
    TruncatedNormal {
        /// The mean.
        mean: f32,
        /// The standard deviation before truncation.
        stddev: f32,
    },
    /// Variance 2 / (fan_in + fan_out), uniform in [-l, l] with l = sqrt(6 / (fan_in + fan_out)): Glorot
    /// and Bengio (2010), eq. 16. Keras's default for dense and convolution layers.
    GlorotUniform,
    /// Variance 2 / (fan_in + fan_out), truncated normal.
    GlorotNormal,
    /// Variance 2 / fan_in, uniform: He, Zhang, Ren, Sun (2015), arXiv:1502.01852, eq. 10. For ReLU.
    HeUniform,
    /// Variance 2 / fan_in, truncated normal.
    HeNormal,
    /// Variance 1 / fan_in, uniform: LeCun, Bottou, Orr, Mueller (1998), "Efficient BackProp", eq. 16.
    LeCunUniform,
    /// Variance 1 / fan_in, truncated normal.
    LeCunNormal,
    /// `gain` times a random orthogonal matrix: seen as a matrix `[kernel * in, out]`, its columns are at
    /// right angles to each other, or, if there are more columns than rows, its rows. For the recurrent
    /// weights of a network, through which a signal goes again and again: it comes out as long as it went
    /// in. Saxe, McClelland, Ganguli (2014), arXiv:1312.6120.
    Orthogonal {
        /// The length of each column (or row).
        gain: f32,
    },
    /// Uniform in [-l, l] with l = 1 / sqrt(fan_in): PyTorch's default for linear and convolution layers,
    /// there called Kaiming-uniform with a = sqrt(5). For the bias that goes with it see
    /// [`Init::pytorch_bias`].
    PyTorchUniform,
}

/// The standard deviation of a normal variable that is truncated at two standard deviations:
/// sqrt(1 - 4 phi(2) / (2 Phi(2) - 1)), with the density phi and the distribution function Phi.
const TRUNCATED_STDDEV: f64 = 0.87962566103423978;

impl Init {
    /// PyTorch's default for the bias of a layer whose weight has this shape: uniform in [-l, l] with
    /// l = 1 / sqrt(fan_in) of the *weight*.
    pub fn pytorch_bias(weight_shape: &[usize]) -> Init {
        let high = (1.0 / (fans(weight_shape).0 as f64).sqrt()) as f32;
        Init::Uniform { low: -high, high }
    }

    /// A tensor of this shape, `[..., in, out]`; the axes before the last two are a kernel's.
    ///
    /// # Panics
    /// If an orthogonal tensor is asked for that has fewer than two axes.
    #[track_caller]
    pub fn tensor(self, shape: &[usize], rng: &mut Rng) -> Tensor {
        let (fan_in, fan_out) = fans(shape);
        let (fan_in, fan_both) = (fan_in as f64, (fan_in + fan_out) as f64 / 2.0);
        match self {
            Init::Zeros => Tensor::zeros(shape),
            Init::Ones => Tensor::full(shape, 1.0),
            Init::Constant(value) => Tensor::full(shape, value),
            Init::Uniform { low, high } => fill(shape, || rng.uniform_in(low, high)),
            Init::Normal { mean, stddev } => fill(shape, || mean + stddev * rng.normal()),
            Init::TruncatedNormal { mean, stddev } => {
                fill(shape, || mean + stddev * truncated_normal(rng))
            }
            Init::GlorotUniform => uniform(1.0 / fan_both, shape, rng),
            Init::GlorotNormal => normal(1.0 / fan_both, shape, rng),
            Init::HeUniform => uniform(2.0 / fan_in, shape, rng),
            Init::HeNormal => normal(2.0 / fan_in, shape, rng),
            Init::LeCunUniform => uniform(1.0 / fan_in, shape, rng),
            Init::LeCunNormal => normal(1.0 / fan_in, shape, rng),
            Init::Orthogonal { gain } => orthogonal(gain, shape, rng),
            Init::PyTorchUniform => uniform(1.0 / (3.0 * fan_in), shape, rng),
        }
    }
}

/// How many inputs feed one output, and how many outputs one input feeds, for a weight
/// `[kernel..., in, out]`. For a bias `[n]` both are n, for a single number `[]` both are 1.
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

fn fill(shape: &[usize], mut draw: impl FnMut() -> f32) -> Tensor {
    let len = shape.iter().product();
    Tensor::from_vec(shape, (0..len).map(|_| draw()).collect())
}

fn uniform(variance: f64, shape: &[usize], rng: &mut Rng) -> Tensor {
    let limit = (3.0 * variance).sqrt() as f32;
    fill(shape, || rng.uniform_in(-limit, limit))
}

fn normal(variance: f64, shape: &[usize], rng: &mut Rng) -> Tensor {
    let stddev = (variance.sqrt() / TRUNCATED_STDDEV) as f32;
    fill(shape, || stddev * truncated_normal(rng))
}

fn truncated_normal(rng: &mut Rng) -> f32 {
    loop {
        let x = rng.normal();
        if x.abs() <= 2.0 {
            return x;
        }
    }
}

/// Q of the QR decomposition of a normal matrix. Because the diagonal of R is not negative, every
/// orthogonal matrix is equally likely: Mezzadri (2007), arXiv:math-ph/0609050.
#[track_caller]
fn orthogonal(gain: f32, shape: &[usize], rng: &mut Rng) -> Tensor {
    let Some((&columns, rows @ [_, ..])) = shape.split_last() else {
        panic!("orthogonal: wants two axes at least, got {}", Show(shape));
    };
    let rows: usize = rows.iter().product();
    let tall = (rows.max(columns), rows.min(columns));
    let random = Array2::from_shape_simple_fn(tall, || f64::from(rng.normal()));
    // Never LAPACK's, so that a seed gives the same weights with and without that feature.
    let mut q = linalg::plain::qr(random.view()).expect("normal numbers are finite").q;
    if rows < columns {
        q = q.reversed_axes();
    }
    Tensor::from_array(q.mapv(|x| gain * x as f32)).reshape(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: [usize; 4] = [3, 5, 40, 20];

    /// Draws 12000 weights of fan_in 600, fan_out 300 and returns their mean, variance and largest size.
    fn moments(init: Init) -> (f64, f64, f64) {
        let w = init.tensor(&SHAPE, &mut Rng::new(21, 0));
        assert_eq!(w.shape(), SHAPE);
        let n = w.len() as f64;
        let mean = w.as_slice().iter().map(|&x| f64::from(x)).sum::<f64>() / n;
        let square = |&x: &f32| (f64::from(x) - mean).powi(2);
        let variance = w.as_slice().iter().map(square).sum::<f64>() / n;
        let largest = w.as_slice().iter().fold(0.0, |largest: f32, x| largest.max(x.abs()));
        (mean, variance, f64::from(largest))
    }

    /// Standard errors of 12000 draws: stddev / 110 for a mean, at most 1.3 % for a variance. Five each.
    #[track_caller]
    fn check(init: Init, mean: f64, variance: f64, bound: f64) {
        let (m, v, largest) = moments(init);
        assert!((m - mean).abs() < 0.046 * variance.sqrt(), "{init:?}: mean {m}, not {mean}");
        assert!((v / variance - 1.0).abs() < 0.065, "{init:?}: variance {v}, not {variance}");
        assert!(largest <= bound * 1.000001, "{init:?}: {largest} beyond {bound}");
        assert!(largest > 0.98 * bound || bound.is_infinite(), "{init:?}: never near {bound}");
    }

    #[test]
    fn uniform_rules_have_their_variance_and_limit() {
        let rules = [
            (Init::GlorotUniform, 1.0 / 450.0),
            (Init::HeUniform, 2.0 / 600.0),
            (Init::LeCunUniform, 1.0 / 600.0),
            (Init::PyTorchUniform, 1.0 / 1800.0),
            (Init::pytorch_bias(&SHAPE), 1.0 / 1800.0),
        ];
        for (init, variance) in rules {
            check(init, 0.0, variance, f64::sqrt(3.0 * variance));
        }
        check(Init::Uniform { low: -1.0, high: 3.0 }, 1.0, 16.0 / 12.0, 3.0);
    }

    #[test]
    fn normal_rules_have_their_variance_and_truncation() {
        let rules = [
            (Init::GlorotNormal, 1.0 / 450.0),
            (Init::HeNormal, 2.0 / 600.0),
            (Init::LeCunNormal, 1.0 / 600.0),
        ];
        for (init, variance) in rules {
            check(init, 0.0, variance, 2.0 * f64::sqrt(variance) / TRUNCATED_STDDEV);
        }
        check(Init::Normal { mean: 2.0, stddev: 0.5 }, 2.0, 0.25, f64::INFINITY);
        let truncated = Init::TruncatedNormal { mean: 0.0, stddev: 0.5 };
        check(truncated, 0.0, (0.5 * TRUNCATED_STDDEV).powi(2), 1.0);
    }

    #[test]
    fn constants_are_constant() {
        for (init, value) in [(Init::Zeros, 0.0), (Init::Ones, 1.0), (Init::Constant(-2.5), -2.5)] {
            let w = init.tensor(&[2, 3], &mut Rng::new(0, 0));
            assert_eq!(w.as_slice(), [value; 6]);
        }
    }

    #[test]
    fn orthogonal_columns_or_rows_have_length_gain_and_right_angles() {
        for shape in [&[6, 6][..], &[3, 4, 5], &[2, 3, 9], &[1, 4], &[4, 1]] {
            let w = Init::Orthogonal { gain: 2.0 }.tensor(shape, &mut Rng::new(5, 0));
            let columns = *shape.last().unwrap();
            let w = w.view().into_shape_with_order((w.len() / columns, columns)).unwrap();
            let tall = if w.nrows() >= w.ncols() { w } else { w.reversed_axes() };
            let products = tall.t().dot(&tall);
            for ((i, j), &x) in products.indexed_iter() {
                assert!((x - if i == j { 4.0 } else { 0.0 }).abs() < 1e-5, "{shape:?}: {products}");
            }
        }
        // Both rotations and reflections occur: the determinant of a 1 x 1 matrix is its sign.
        let sign = |seed| Init::Orthogonal { gain: 1.0 }.tensor(&[1, 1], &mut Rng::new(seed, 0));
        assert!((0..20).any(|s| sign(s).item() == 1.0) && (0..20).any(|s| sign(s).item() == -1.0));
    }

    #[test]
    #[should_panic(expected = "orthogonal: wants two axes at least, got [7]")]
    fn a_bias_cannot_be_orthogonal() {
        let _ = Init::Orthogonal { gain: 1.0 }.tensor(&[7], &mut Rng::new(0, 0));
    }

    #[test]
    fn fans_count_the_kernel() {
        assert_eq!(fans(&[3, 4, 5, 6]), (60, 72));
        assert_eq!((fans(&[5, 6]), fans(&[7]), fans(&[])), ((5, 6), (7, 7), (1, 1)));
    }
}
