//! Reducing the learning rate when nothing improves any more.

/// Multiplies the learning rate by a factor when a value (the validation loss, say) has not improved for
/// some epochs.
///
/// This follows Keras. PyTorch differs in three points: its patience is one epoch longer (it waits for
/// *more* than `patience` bad epochs), its improvement is relative (`threshold` times the best value)
/// unless told otherwise, and it takes no step that would change the rate by less than 1e-8.
///
/// ```
/// use dlmir_nn::ReduceOnPlateau;
///
/// let mut plateau = ReduceOnPlateau { factor: 0.5, patience: 2, ..ReduceOnPlateau::default() };
/// let mut rate = 0.1;
/// for loss in [0.9, 0.8, 0.8, 0.8] {
///     rate = plateau.after_epoch(loss, rate);
/// }
/// assert_eq!(rate, 0.05);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ReduceOnPlateau {
    /// What is left of the learning rate after a reduction, in (0, 1). 0.1.
    pub factor: f64,
    /// How many epochs in a row may pass without improvement; the last one of them reduces. 10.
    pub patience: u64,
    /// By how much a value must be better than the best so far to count as an improvement. 1e-4.
    pub min_delta: f64,
    /// How many epochs after a reduction pass before bad ones are counted again. 0.
    pub cooldown: u64,
    /// The rate below which there is no reduction. 0.
    pub min_learning_rate: f64,
    /// Which values are better.
    pub mode: Mode,
    /// What has been seen. Save it to go on later; it starts as the default.
    pub progress: Progress,
}

/// Whether smaller or larger values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Smaller is better: losses, errors.
    #[default]
    Min,
    /// Larger is better: accuracies.
    Max,
}

/// What a [`ReduceOnPlateau`] remembers.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Progress {
    /// The best value so far.
    pub best: Option<f64>,
    /// The number of epochs without improvement that count.
    pub waited: u64,
    /// The number of epochs until they count again.
    pub cooldown_left: u64,
}

/// Keras's numbers.
impl Default for ReduceOnPlateau {
    fn default() -> ReduceOnPlateau {
        ReduceOnPlateau {
            factor: 0.1,
            patience: 10,
            min_delta: 1e-4,
            cooldown: 0,
            min_learning_rate: 0.0,
            mode: Mode::Min,
            progress: Progress::default(),
        }
    }
}

impl ReduceOnPlateau {
    /// Takes the value of the epoch that has ended and returns the learning rate to go on with. A NaN is
    /// never an improvement.
    pub fn after_epoch(&mut self, value: f64, learning_rate: f64) -> f64 {
        let improved = match (self.progress.best, self.mode) {
            (None, _) => !value.is_nan(),
            (Some(best), Mode::Min) => value + self.min_delta < best,
            (Some(best), Mode::Max) => value - self.min_delta > best,
        };
        let progress = &mut self.progress;
        if progress.cooldown_left > 0 {
            progress.cooldown_left -= 1;
            progress.waited = 0;
        }
        if improved {
            progress.best = Some(value);
            progress.waited = 0;
            return learning_rate;
        }
        if progress.cooldown_left > 0 {
            return learning_rate;
        }
        progress.waited += 1;
        if progress.waited < self.patience || learning_rate <= self.min_learning_rate {
            return learning_rate;
        }
        progress.cooldown_left = self.cooldown;
        progress.waited = 0;
        (learning_rate * self.factor).max(self.min_learning_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_progress_goes_on_where_it_stopped() {
        let settings = ReduceOnPlateau { factor: 0.5, patience: 3, ..ReduceOnPlateau::default() };
        let values = [5.0, 4.0, 4.0, 4.5, 4.0, 4.0, 3.0, 3.5, 3.5, 3.5];
        let (mut whole, mut rate) = (settings.clone(), 1.0);
        values.iter().for_each(|&v| rate = whole.after_epoch(v, rate));
        let (mut first, mut resumed, mut rate_again) = (settings.clone(), settings, 1.0);
        values[..5].iter().for_each(|&v| rate_again = first.after_epoch(v, rate_again));
        resumed.progress = first.progress;
        values[5..].iter().for_each(|&v| rate_again = resumed.after_epoch(v, rate_again));
        assert_eq!((rate, &whole), (rate_again, &resumed));
        assert_eq!(rate, 0.25);
    }

    #[test]
    fn a_nan_is_no_improvement_and_no_obstacle() {
        let mut plateau = ReduceOnPlateau { patience: 2, ..ReduceOnPlateau::default() };
        let mut rate = 1.0;
        for value in [f64::NAN, 1.0, f64::NAN] {
            rate = plateau.after_epoch(value, rate);
        }
        assert_eq!((rate, plateau.progress.best), (1.0, Some(1.0)));
        assert_eq!(plateau.after_epoch(f64::NAN, rate), 0.1);
    }
}
