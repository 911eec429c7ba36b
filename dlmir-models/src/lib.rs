//! Networks for music information retrieval: described, trained, stored, and used on sound.
//!
//! `dlmir-nn` computes with layers; this crate is about whole networks and what surrounds them. Read the
//! files in this order:
//!
//! 1. [`Architecture`] (`architecture/`) is a network as data: a list of named [`LayerSpec`]s that can be
//!    printed, stored and built. [`zoo`] has those of the course.
//! 2. [`train`] is the loop: batches in, weights out, with validation, history, callbacks, and checkpoints
//!    from which a killed run ends in the same bits.
//! 3. [`FrontEnd`] (`front_end/`) is the way from sound to a network's input, the same in training and use.
//! 4. [`Model`] (`model/`) is weights with all that is needed to use them: architecture, front end, labels,
//!    and what the output means ([`Output`]). `container.rs` is its file, safetensors with a checksum.
//! 5. [`Tagger`] (`tagger/`) says which labels a recording has, and when; [`Pretrained`] has trained ones.
//!
//! A network from its description to its file and back:
//!
//! ```
//! use dlmir_models::train::{Batch, Trainer};
//! use dlmir_models::{Architecture, LayerSpec, Model, Output};
//! use dlmir_nn::{Adam, Tensor};
//!
//! let net = Architecture::new("and", &[2])
//!     .with("output", LayerSpec::linear(1))
//!     .with("probability", LayerSpec::Sigmoid);
//! let mut model = Model::new(net, Output::Binary, &["both", "not both"], 1)?;
//! let x = Tensor::from_vec(&[4, 2], vec![0., 0., 0., 1., 1., 0., 1., 1.]);
//! let target = Tensor::from_vec(&[4, 1], vec![0., 0., 0., 1.]);
//! let batch = Batch { x: x.clone(), target, items: (0..4).collect() };
//! let mut adam = Adam::default();
//! let trainer = Trainer::of(&mut model, &mut adam).epochs(300).learning_rate(0.1);
//! trainer.fit(|_epoch| [batch.clone()], std::iter::empty)?;
//!
//! let again = Model::from_bytes(&model.to_bytes()?)?;
//! let both: Vec<bool> = again.predict(&x)?.as_slice().iter().map(|&p| p > 0.5).collect();
//! assert_eq!(both, [false, false, false, true]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

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

// The README's program is run as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
