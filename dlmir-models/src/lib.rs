//! Networks for music information retrieval, the trainer, weights files and pretrained models.

mod architecture;
mod container;
mod error;
mod front_end;
mod json;
mod model;
mod output;
mod pretrained;
mod tagger;
#[cfg(test)]
mod test_folder;
pub mod train;
pub mod zoo;

pub use architecture::{Architecture, LayerSpec, Summary};
pub use error::ModelError;
pub use front_end::FrontEnd;
pub use model::Model;
pub use output::Output;
pub use pretrained::Pretrained;
pub use tagger::{Segment, Tag, Tagger};
