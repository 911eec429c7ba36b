//! Networks for music information retrieval, the trainer, weights files and pretrained models.

mod architecture;
mod container;
mod error;
mod json;
mod model;
mod output;
#[cfg(test)]
mod test_folder;
pub mod train;

pub use architecture::{Architecture, LayerSpec, Summary};
pub use error::ModelError;
pub use model::Model;
pub use output::Output;
