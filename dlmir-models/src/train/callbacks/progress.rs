//! A progress bar on standard error.

use dlmir_nn::{Gradients, Params};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow, Start};
use crate::train::history::HistoryRow;

/// Shows epoch, batch and losses while training goes on. Where standard error is no terminal (a file, a
/// script), nothing is shown.
pub struct Progress {
    bar: ProgressBar,
    label: String,
    epoch: u64,
    losses: String,
}

impl Progress {
    /// A bar with this label before it; with `shown` false, none (`--no-progress`).
    pub fn new(label: &str, shown: bool) -> Progress {
        let target =
            if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let style = ProgressStyle::with_template("{prefix} {bar:24} {pos}/{len} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        Progress { bar, label: label.to_string(), epoch: 0, losses: String::new() }
    }
}

impl Callback for Progress {
    fn name(&self) -> &'static str {
        "progress"
    }

    fn on_start(&mut self, start: &Start<'_>) -> Result<(), CallbackError> {
        self.epoch = start.history.rows.len() as u64;
        self.losses = start.history.rows.last().map(losses).unwrap_or_default();
        self.bar.set_prefix(self.label.clone());
        self.bar.set_length(start.epochs);
        self.bar.set_position(self.epoch);
        Ok(())
    }

    fn on_batch(&mut self, batch: u64, _: &Params, _: &Gradients) -> Result<(), CallbackError> {
        self.bar.set_message(format!("batch {batch} {}", self.losses));
        Ok(())
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        self.epoch = end.row.epoch;
        self.losses = losses(end.row);
        self.bar.set_position(self.epoch);
        self.bar.set_message(self.losses.clone());
        Ok(Flow::Continue)
    }

    fn on_end(&mut self, _: &mut Params) -> Result<(), CallbackError> {
        self.bar.finish_and_clear();
        Ok(())
    }
}

fn losses(row: &HistoryRow) -> String {
    match row.val_loss.is_nan() {
        true => format!("loss {:.4}", row.loss),
        false => format!("loss {:.4} val_loss {:.4}", row.loss, row.val_loss),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::History;

    #[test]
    fn the_bar_stands_where_the_run_stands() {
        let row = |epoch, val_loss| HistoryRow::example(epoch, 0.5, val_loss);
        let mut progress = Progress::new("mlp", false);
        let history = History { rows: vec![row(1, f64::NAN), row(2, f64::NAN)] };
        progress.on_start(&Start { history: &history, epochs: 9 }).unwrap();
        assert_eq!((progress.bar.position(), progress.bar.length()), (2, Some(9)));
        progress.on_batch(7, &Params::new(), &Gradients::default()).unwrap();
        assert_eq!(progress.bar.message(), "batch 7 loss 0.5000");
        let (row, params, mut rate_factor) = (row(3, 0.25), Params::new(), 1.0);
        let mut end = EpochEnd { row: &row, params: &params, rate_factor: &mut rate_factor };
        progress.on_epoch_end(&mut end).unwrap();
        assert_eq!(progress.bar.position(), 3);
        assert_eq!(progress.bar.message(), "loss 0.5000 val_loss 0.2500");
        progress.on_end(&mut Params::new()).unwrap();
        assert!(progress.bar.is_finished());
    }
}
