//! `mir summary` and `mir predict`: any saved network, and the table of any network of the zoo.

use std::error::Error;
use std::path::{Path, PathBuf};

use dlmir_data::npy;
use dlmir_models::{Model, zoo};
use dlmir_nn::{Show, Tensor};

use crate::Outcome;

#[derive(clap::Args)]
pub struct Summary {
    /// The network's file, or the name of a network such as musicnn
    model: PathBuf,
    /// Take a file without our checksum
    #[arg(long)]
    foreign: bool,
}

impl Summary {
    pub fn run(&self) -> Outcome {
        // A file of this name comes first.
        let card = self.model.to_str().filter(|_| !self.model.exists()).and_then(zoo::card);
        if let Some(card) = card {
            say!("{}, {}", card.paper, card.year);
            say!("{}", (card.build)().summary()?);
            return Ok(());
        }
        let model = open(&self.model, self.foreign)?;
        say!("{}", model.summary());
        Ok(())
    }
}

#[derive(clap::Args)]
pub struct Predict {
    /// The network's file
    model: PathBuf,
    /// The input: .npy of 32-bit numbers, [batch, freq, time, channels] or [batch, features]
    #[arg(long, value_name = "F.npy")]
    input: PathBuf,
    /// Where the output goes
    #[arg(long, value_name = "F.npy")]
    out: PathBuf,
    /// The output before the last activation
    #[arg(long)]
    logits: bool,
    /// Take a file without our checksum
    #[arg(long)]
    foreign: bool,
}

impl Predict {
    pub fn run(&self) -> Outcome {
        let model = open(&self.model, self.foreign)?;
        let x = Tensor::from_array(npy::read(&self.input)?);
        let y = if self.logits { model.logits(&x) } else { model.predict(&x) };
        let y = y.map_err(|error| format!("{}: {error}", self.input.display()))?;
        npy::write(&self.out, y.view())?;
        say!("{}", Show(y.shape()));
        Ok(())
    }
}

/// Opens a model after verifying its checksum, or, if asked to, without.
pub fn open(path: &Path, foreign: bool) -> Result<Model, Box<dyn Error>> {
    Ok(if foreign { Model::load_foreign(path)? } else { Model::load(path)? })
}
