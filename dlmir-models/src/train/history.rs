//! What happened in each epoch.

/// One epoch of a training run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HistoryRow {
    /// The epoch, from 1.
    pub epoch: u64,
    /// Mean loss over the training items, each judged by the weights of its moment, with dropout on.
    pub loss: f64,
    /// Share of training items answered rightly, under the same conditions; NaN where a loss has no
    /// right and wrong.
    pub accuracy: f64,
    /// Mean loss over the validation items with the weights at the epoch's end; NaN without any.
    pub val_loss: f64,
    /// Share of validation items answered rightly.
    pub val_accuracy: f64,
    /// The learning rate of the epoch's last update.
    pub learning_rate: f64,
    /// How long the epoch took. Not part of what must be equal between runs.
    pub seconds: f64,
}

impl HistoryRow {
    /// The loss by which epochs are compared: that of the validation set, or without one the training's.
    pub fn judged(&self) -> f64 {
        if self.val_loss.is_nan() { self.loss } else { self.val_loss }
    }
}

/// All epochs of a training run, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// One row per epoch.
    pub rows: Vec<HistoryRow>,
}

impl History {
    /// One column, for a plot: `history.column(|row| row.val_loss)`.
    pub fn column(&self, of: impl Fn(&HistoryRow) -> f64) -> Vec<f64> {
        self.rows.iter().map(of).collect()
    }

    /// The epoch with the smallest validation loss (training loss, if there is no validation).
    pub fn best(&self) -> Option<&HistoryRow> {
        self.rows.iter().min_by(|a, b| a.judged().total_cmp(&b.judged()))
    }
}

#[cfg(test)]
impl HistoryRow {
    /// An epoch for tests.
    pub(crate) fn example(epoch: u64, loss: f64, val_loss: f64) -> HistoryRow {
        HistoryRow {
            epoch,
            loss,
            val_loss,
            accuracy: 0.75,
            val_accuracy: f64::NAN,
            learning_rate: 0.1,
            seconds: 9.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_is_by_validation_and_the_first_of_equals() {
        let row = HistoryRow::example;
        let mut history =
            History { rows: vec![row(1, 3.0, 0.5), row(2, 2.0, 0.4), row(3, 1.0, 0.4)] };
        assert_eq!(history.best().map(|row| row.epoch), Some(2));
        history.rows.iter_mut().for_each(|row| row.val_loss = f64::NAN);
        assert_eq!(history.best().map(|row| row.epoch), Some(3));
        assert_eq!(History::default().best(), None);
    }
}
