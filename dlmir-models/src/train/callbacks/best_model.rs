//! The best epoch's weights as a model's file, there as soon as the epoch has ended.

use std::path::PathBuf;

use dlmir_eval::write_atomically;
use dlmir_nn::{Params, Tensor};

use crate::model::Frame;
use crate::train::callback::{Callback, CallbackError, EpochEnd, Flow};
use crate::train::exact::{exact, from_exact};
use crate::{Model, ModelError};

/// Writes the model to a file after each epoch whose validation loss (without validation: training loss)
/// is the lowest so far. The last epoch's weights are in the trainer's checkpoint.
///
/// A run that is killed leaves the best model behind, ready for [`Model::load`].
pub struct BestModel {
    path: PathBuf,
    frame: Frame,
    best: f64,
}

impl BestModel {
    /// Keeps the best of this model in a file, which is replaced as a whole. Layers, labels, front end
    /// and training facts are those of this moment.
    ///
    /// # Errors
    /// If the model's output, labels or weights do not fit its network.
    pub fn new(model: &Model, path: impl Into<PathBuf>) -> Result<BestModel, ModelError> {
        Ok(BestModel { path: path.into(), frame: model.frame()?, best: f64::INFINITY })
    }
}

impl Callback for BestModel {
    fn name(&self) -> &'static str {
        "best_model"
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        let loss = end.row.judged();
        if loss < self.best {
            self.best = loss;
            write_atomically(&self.path, &self.frame.to_bytes(end.params)?)?;
        }
        Ok(Flow::Continue)
    }

    fn memory(&self) -> Vec<(String, Tensor)> {
        vec![(String::from("best"), exact(self.best))]
    }

    fn remember(&mut self, memory: &[(String, Tensor)], _: &Params) -> Result<(), CallbackError> {
        self.best = from_exact(memory, "best")?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_folder::TestFolder;
    use crate::train::HistoryRow;
    use crate::{Architecture, LayerSpec, Output};

    #[test]
    fn the_file_is_that_of_the_best_epoch_also_after_a_kill() {
        let folder = TestFolder::new("best_model");
        let path = folder.join("best.safetensors");
        let net = Architecture::new("tiny", &[2]).with("out", LayerSpec::linear(1));
        let mut model = Model::new(net, Output::Values, &["x"], 1).unwrap();
        let mut best = BestModel::new(&model, &path).unwrap();
        let bias = model.params.id("out/bias").unwrap();
        for (epoch, val_loss) in (1..).zip([0.9, 0.3, 0.5, 0.3, f64::NAN]) {
            model.params.set(bias, Tensor::full(&[1], epoch as f32));
            let row = HistoryRow::example(epoch, 0.4, val_loss);
            let mut end = EpochEnd { row: &row, params: &model.params, rate_factor: &mut 1.0 };
            assert_eq!(best.on_epoch_end(&mut end).unwrap(), Flow::Continue);
            let memory = best.memory();
            best = BestModel::new(&model, &path).unwrap();
            best.remember(&memory, &model.params).unwrap();
        }
        let kept = Model::load(&path).unwrap();
        assert_eq!(kept.params.value(bias).item(), 2.0);
        assert_eq!(kept.labels, model.labels);
    }
}
