//! Schedules: the learning rate as a function of how far training has come.

use std::f64::consts::PI;

/// How the learning rate changes over training, as a function of the base rate, the number of updates
/// and the number of epochs that are done, both from 0. A schedule remembers nothing: a run that is taken
/// up again needs the two counts only.
///
/// For one that reacts to how well it goes, see [`ReduceOnPlateau`](crate::ReduceOnPlateau).
///
/// ```
/// use dlmir_nn::Schedule;
///
/// // Ten updates to get up to speed, then down to 0 over the next 90.
/// let schedule = Schedule::WarmUp {
///     updates: 10,
///     then: Box::new(Schedule::Cosine { updates: 90, floor: 0.0 }),
/// };
/// assert_eq!(schedule.learning_rate(0.5, 4, 0), 0.25);
/// assert_eq!(schedule.learning_rate(0.5, 10, 0), 0.5);
/// assert_eq!(schedule.learning_rate(0.5, 55, 0), 0.25);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Schedule {
    /// The base rate throughout, for short runs and for rules that scale each weight's step themselves.
    #[default]
    Constant,
    /// base / (1 + decay * updates): half the base rate after 1 / decay updates. What `decay` means in
    /// Keras 2's optimisers; counts mini-batches, not epochs. Falls like the steps of Robbins and Monro (1951).
    InverseTime {
        /// The decay per update; 1e-4 or less is usual.
        decay: f64,
    },
    /// base * factor^floor(epoch / every): from time to time a step down.
    Step {
        /// The number of epochs between steps; 0 counts as 1.
        every: u64,
        /// What is left after a step, for instance 0.1.
        factor: f64,
    },
    /// base * factor^epoch: by the same share each epoch.
    Exponential {
        /// What is left after an epoch, for instance 0.95.
        factor: f64,
    },
    /// floor + (base - floor) * (1 + cos(pi * update / updates)) / 2: half a period of a cosine, from the
    /// base rate to the floor, where it stays. Loshchilov and Hutter (2017), "SGDR", eq. 5, without
    /// restarts.
    Cosine {
        /// The number of updates on the way down: epochs times batches per epoch.
        updates: u64,
        /// The rate at the end.
        floor: f64,
    },
    /// Goyal et al. (2017), "Accurate, large minibatch SGD", arXiv:1706.02677, section 2.2:
    /// base * (update + 1) / updates for the first updates, a straight line up to the base rate; then
    /// another schedule, for which updates are counted from the end of the warm-up (epochs are not).
    WarmUp {
        /// The number of updates on the way up; with 0 there is none, and `then` begins at once.
        updates: u64,
        /// What comes afterwards.
        then: Box<Schedule>,
    },
}

impl Schedule {
    /// The learning rate for the update after `update` updates, in epoch number `epoch`, both from 0.
    pub fn learning_rate(&self, base: f64, update: u64, epoch: u64) -> f64 {
        match self {
            Schedule::Constant => base,
            Schedule::InverseTime { decay } => base / (1.0 + decay * update as f64),
            Schedule::Step { every, factor } => base * factor.powf((epoch / every.max(&1)) as f64),
            Schedule::Exponential { factor } => base * factor.powf(epoch as f64),
            Schedule::Cosine { updates, floor } => {
                let way = update.min(*updates) as f64 / (*updates).max(1) as f64;
                floor + (base - floor) * (1.0 + (PI * way).cos()) / 2.0
            }
            Schedule::WarmUp { updates, .. } if update < *updates => {
                base * (update + 1) as f64 / *updates as f64
            }
            Schedule::WarmUp { updates, then } => then.learning_rate(base, update - updates, epoch),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_zero_are_none() {
        let step = Schedule::Step { every: 0, factor: 0.5 };
        assert_eq!(step.learning_rate(1.0, 0, 2), 0.25);
        let warm = Schedule::WarmUp { updates: 0, then: Box::new(Schedule::Constant) };
        assert_eq!(warm.learning_rate(1.0, 0, 0), 1.0);
    }

    #[test]
    fn updates_and_epochs_are_not_confused() {
        let inverse = Schedule::InverseTime { decay: 0.5 };
        assert_eq!(inverse.learning_rate(1.0, 2, 7), 0.5);
        let step = Schedule::Step { every: 2, factor: 0.5 };
        assert_eq!(step.learning_rate(1.0, 900, 3), 0.5);
        let warm = Schedule::WarmUp { updates: 4, then: Box::new(step) };
        assert_eq!(warm.learning_rate(1.0, 2, 3), 0.75);
        assert_eq!(warm.learning_rate(1.0, 4, 4), 0.25);
    }

    #[test]
    fn a_cosine_stays_at_its_floor() {
        let cosine = Schedule::Cosine { updates: 10, floor: 0.1 };
        assert_eq!(cosine.learning_rate(1.0, 0, 0), 1.0);
        assert!((cosine.learning_rate(1.0, 5, 0) - 0.55).abs() < 1e-15);
        assert_eq!(cosine.learning_rate(1.0, 10, 0), 0.1);
        assert_eq!(cosine.learning_rate(1.0, 25, 0), 0.1);
    }
}
