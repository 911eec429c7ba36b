//! Global pooling: one number per channel of a whole map.
//!
//! ```text
//! mean:  y[n, c] = 1 / (freq time)  sum over h, w of x[n, h, w, c]
//! max:   y[n, c] = max over h, w of x[n, h, w, c]
//!
//! x: [batch, freq, time, channels]     y: [batch, channels]
//! ```
//!
//! Made of other operations: the mean is a mean over axes 1 and 2, the maximum is max-pooling with a
//! window as large as the map. Lin, Chen, Yan (2014), arXiv:1312.4400, section 3.2.

use crate::shape::Show;
use crate::tape::{Tape, Var};

impl Tape<'_> {
    /// The mean of each channel's map: `[batch, freq, time, channels]` to `[batch, channels]`.
    ///
    /// # Panics
    /// If x has not four axes.
    #[track_caller]
    pub fn global_mean_pool(&mut self, x: Var) -> Var {
        self.map_axes("global_mean_pool", x);
        self.mean(x, &[1, 2])
    }

    /// The largest number of each channel's map: `[batch, freq, time, channels]` to `[batch, channels]`.
    ///
    /// # Panics
    /// If x has not four axes or the map has no elements.
    #[track_caller]
    pub fn global_max_pool(&mut self, x: Var) -> Var {
        let [batch, h, w, channels] = self.map_axes("global_max_pool", x);
        let shape = Show(self.shape(x));
        assert!(h * w > 0, "global_max_pool: the maps of x {shape} have no elements");
        let y = self.max_pool2d(x, [h, w], [1, 1]);
        self.reshape(y, &[batch, channels])
    }

    #[track_caller]
    fn map_axes(&self, op: &str, x: Var) -> [usize; 4] {
        let shape = self.shape(x);
        let Ok(axes) = shape.try_into() else {
            panic!("{op}: wants x [batch, freq, time, channels], got {}", Show(shape));
        };
        axes
    }
}

#[cfg(test)]
mod tests {
    use crate::gradcheck::{check_tape, random};
    use crate::params::Params;
    use crate::pool::Pool;
    use crate::rng::Rng;
    use crate::tape::Tape;
    use crate::tensor::Tensor;

    #[test]
    fn a_map_becomes_its_mean_or_its_largest_number() {
        let (params, mut pool) = (Params::new(), Pool::poisoned());
        let mut tape = Tape::record(&params, &mut pool);
        let x = Tensor::from_vec(&[1, 2, 2, 2], vec![1., -8., 2., -2., 3., -4., 6., -6.]);
        let x = tape.constant(x);
        let (mean, max) = (tape.global_mean_pool(x), tape.global_max_pool(x));
        assert_eq!(
            (tape.shape(mean), tape.value(mean).as_slice()),
            (&[1, 2][..], &[3.0, -5.0][..])
        );
        assert_eq!((tape.shape(max), tape.value(max).as_slice()), (&[1, 2][..], &[6.0, -2.0][..]));
    }

    #[test]
    fn both_pass_the_check() {
        // No two numbers lie closer than 0.1, so that no step of the check changes a winner.
        let mut x: Vec<f32> = (0..120).map(|i| i as f32 / 10.0).collect();
        Rng::new(12, 0).shuffle(&mut x);
        let x = Tensor::from_vec(&[2, 3, 4, 5], x);
        let weights = random(&[2, 5], 0.5, &mut Rng::new(12, 1));
        check_tape(&Params::new(), &[x], |tape, x| {
            let (mean, max) = (tape.global_mean_pool(x[0]), tape.global_max_pool(x[0]));
            let weights = tape.constant(weights.clone());
            let (mean, max) = (tape.multiply(mean, weights), tape.multiply(max, weights));
            let both = tape.add(mean, max);
            tape.sum(both, &[0, 1])
        })
        .unwrap();
    }

    #[test]
    #[should_panic(expected = "global_max_pool: the maps of x [2, 0, 4, 3] have no elements")]
    fn an_empty_map_has_no_largest_number() {
        let (params, mut pool) = (Params::new(), Pool::new());
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::zeros(&[2, 0, 4, 3]));
        tape.global_max_pool(x);
    }

    #[test]
    #[should_panic(expected = "global_max_pool: wants x [batch, freq, time, channels], got [3, 4]")]
    fn a_matrix_is_refused() {
        let (params, mut pool) = (Params::new(), Pool::new());
        let mut tape = Tape::record(&params, &mut pool);
        let x = tape.constant(Tensor::zeros(&[3, 4]));
        tape.global_max_pool(x);
    }
}
