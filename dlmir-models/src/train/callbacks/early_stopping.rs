//! Early stopping: the cheapest cure for overfitting.
//!
//! While a network learns what its training items have in common, the validation loss falls with the
//! training loss. When it goes on by learning them by heart, the validation loss rises again. So stop
//! when it has not fallen for some epochs, and go back to the weights of the best one.
//!
//! Prechelt (1998), "Early stopping - but when?".

use dlmir_nn::{Params, Show, Tensor};

use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow};
use crate::train::exact::{exact, from_exact};

/// Stops when the validation loss (without validation: the training loss) has not fallen for
/// `patience` epochs, and restores the best weights.
#[derive(Debug, Clone)]
pub struct EarlyStopping {
    patience: u64,
    min_delta: f64,
    best: f64,
    waited: u64,
    weights: Vec<(String, Tensor)>,
}

impl EarlyStopping {
    /// Stops after `patience` epochs in a row that were not better than the best; 0 and 1 both mean the
    /// first such epoch.
    pub fn new(patience: u64) -> EarlyStopping {
        EarlyStopping {
            patience,
            min_delta: 0.0,
            best: f64::INFINITY,
            waited: 0,
            weights: Vec::new(),
        }
    }

    /// Never stops, but restores the best weights at the end.
    pub fn keep_best() -> EarlyStopping {
        EarlyStopping::new(u64::MAX)
    }

    /// Counts only improvements by more than this; default 0.
    pub fn min_delta(mut self, min_delta: f64) -> EarlyStopping {
        self.min_delta = min_delta;
        self
    }

    /// The best loss so far.
    pub fn best(&self) -> f64 {
        self.best
    }
}

impl Callback for EarlyStopping {
    fn name(&self) -> &'static str {
        "early_stopping"
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        let loss = end.row.judged();
        if loss < self.best - self.min_delta {
            self.best = loss;
            self.waited = 0;
            let values = end.params.iter().map(|(_, p)| (p.name.clone(), p.value.clone()));
            self.weights = values.collect();
        } else {
            self.waited += 1;
        }
        Ok(if self.waited >= self.patience.max(1) { Flow::Stop } else { Flow::Continue })
    }

    fn on_end(&mut self, params: &mut Params) -> Result<(), CallbackError> {
        for (name, value) in &self.weights {
            if let Some(id) = params.id(name) {
                params.set(id, value.clone());
            }
        }
        Ok(())
    }

    fn memory(&self) -> Vec<(String, Tensor)> {
        let mut memory = self.weights.clone();
        memory.push((String::from("#best"), exact(self.best)));
        memory.push((String::from("#waited"), exact(self.waited as f64)));
        memory
    }

    fn remember(
        &mut self,
        memory: &[(String, Tensor)],
        params: &Params,
    ) -> Result<(), CallbackError> {
        let (best, waited) = (from_exact(memory, "#best")?, from_exact(memory, "#waited")?);
        let weights: Vec<_> = memory.iter().filter(|(name, _)| !name.starts_with('#')).collect();
        for (name, value) in &weights {
            let shape = params.id(name).map(|id| params.value(id).shape());
            if shape != Some(value.shape()) {
                return Err(format!("the network has no `{name}` {}", Show(value.shape())).into());
            }
        }
        // Before the first epoch that was better than none there are no best weights, otherwise all.
        if !weights.is_empty() && weights.len() != params.len() {
            return Err(format!("{} of {} best weights", weights.len(), params.len()).into());
        }
        self.weights = weights.into_iter().cloned().collect();
        (self.best, self.waited) = (best, waited as u64);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::HistoryRow;

    fn tell(stopping: &mut EarlyStopping, params: &Params, val_loss: f64) -> Flow {
        let row = HistoryRow::example(1, 0.0, val_loss);
        stopping.on_epoch_end(&mut EpochEnd { row: &row, params, rate_factor: &mut 1.0 }).unwrap()
    }

    #[test]
    fn without_patience_it_stops_at_the_first_epoch_that_is_not_better() {
        let mut stopping = EarlyStopping::new(0);
        let flows = [0.5, 0.4, 0.4].map(|loss| tell(&mut stopping, &Params::new(), loss));
        assert_eq!(flows, [Flow::Continue, Flow::Continue, Flow::Stop]);
    }

    #[test]
    fn stops_after_its_patience_and_goes_back_to_the_best() {
        let mut params = Params::new();
        let w = params.add("w", Tensor::zeros(&[1]));
        let mut stopping = EarlyStopping::new(2).min_delta(0.01);
        let mut flows = Vec::new();
        for (epoch, loss) in [0.5, 0.4, 0.395, 0.3, 0.35, 0.31].into_iter().enumerate() {
            params.set(w, Tensor::full(&[1], epoch as f32));
            flows.push(tell(&mut stopping, &params, loss));
            // What is remembered is as good as what was never forgotten.
            let memory = stopping.memory();
            stopping = EarlyStopping::new(2).min_delta(0.01);
            stopping.remember(&memory, &params).unwrap();
        }
        assert_eq!(flows.iter().position(|&flow| flow == Flow::Stop), Some(5));
        stopping.on_end(&mut params).unwrap();
        assert_eq!((params.value(w).item(), stopping.best()), (3.0, 0.3));
    }

    #[test]
    fn a_memory_of_another_network_is_refused() {
        let (mut params, mut other) = (Params::new(), Params::new());
        let _ = (params.add("w", Tensor::zeros(&[1])), other.add("w", Tensor::zeros(&[2])));
        let mut stopping = EarlyStopping::new(2);
        tell(&mut stopping, &params, 0.5);
        let memory = stopping.memory();
        let mut message = |memory: &[_], params: &Params| {
            stopping.remember(memory, params).unwrap_err().to_string()
        };
        assert_eq!(message(&memory, &other), "the network has no `w` [1]");
        assert_eq!(message(&memory[..1], &params), "`#best` is missing");
        params.add("b", Tensor::zeros(&[1]));
        assert_eq!(message(&memory, &params), "1 of 2 best weights");
    }
}
