//! Smaller steps when the loss stands still: near a minimum, long steps jump from one side to the other.

use dlmir_nn::optim::{Progress, ReduceOnPlateau};
use dlmir_nn::{Params, Tensor};

use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow};
use crate::train::exact::{exact, from_exact};

/// Reduces the learning rate by the rule of [`ReduceOnPlateau`], which looks at the validation loss
/// (without validation: the training loss).
#[derive(Debug, Clone)]
pub struct Plateau {
    rule: ReduceOnPlateau,
}

impl Plateau {
    /// By this rule.
    pub fn new(rule: ReduceOnPlateau) -> Plateau {
        Plateau { rule }
    }
}

impl Callback for Plateau {
    fn name(&self) -> &'static str {
        "plateau"
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        let loss = end.row.judged();
        let before = end.row.learning_rate;
        let after = self.rule.after_epoch(loss, before);
        if after != before {
            *end.rate_factor *= after / before;
        }
        Ok(Flow::Continue)
    }

    fn memory(&self) -> Vec<(String, Tensor)> {
        let Progress { best, waited, cooldown_left } = self.rule.progress;
        let best = best.unwrap_or(f64::NAN);
        let numbers =
            [("best", best), ("waited", waited as f64), ("cooldown", cooldown_left as f64)];
        numbers.map(|(name, x)| (String::from(name), exact(x))).to_vec()
    }

    fn remember(&mut self, memory: &[(String, Tensor)], _: &Params) -> Result<(), CallbackError> {
        let number = |name| from_exact(memory, name);
        self.rule.progress = Progress {
            best: Some(number("best")?).filter(|best| !best.is_nan()),
            waited: number("waited")? as u64,
            cooldown_left: number("cooldown")? as u64,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::HistoryRow;

    fn factors(losses: &[f64], forget: bool) -> Vec<f64> {
        let rule =
            || ReduceOnPlateau { factor: 0.5, patience: 2, cooldown: 1, ..Default::default() };
        let (mut plateau, mut rate_factor) = (Plateau::new(rule()), 1.0);
        let epoch = |(&val_loss, epoch)| {
            let row = HistoryRow {
                learning_rate: 0.1 * rate_factor,
                ..HistoryRow::example(epoch, 0.0, val_loss)
            };
            let params = Params::new();
            let mut end = EpochEnd { row: &row, params: &params, rate_factor: &mut rate_factor };
            plateau.on_epoch_end(&mut end).unwrap();
            if forget {
                let memory = plateau.memory();
                plateau = Plateau::new(rule());
                plateau.remember(&memory, &params).unwrap();
            }
            rate_factor
        };
        losses.iter().zip(1..).map(epoch).collect()
    }

    #[test]
    fn the_rate_falls_on_a_plateau_and_memory_is_complete() {
        let losses = [1.0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.4, 0.5, 0.5];
        let expected = [1.0, 1.0, 1.0, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25, 0.125];
        for (factor, expected) in factors(&losses, false).iter().zip(expected) {
            assert!((factor - expected).abs() < 1e-12, "{:?}", factors(&losses, false));
        }
        assert_eq!(factors(&losses, true), factors(&losses, false));
    }
}
