//! Models and checkpoints: a safetensors file with a checksum and a description.
//!
//! The checksum keeps nearly every changed file out, so it is made right first; as a foreign file is read
//! without one, that road is as open to the public.
#![no_main]

use std::sync::OnceLock;

use dlmir_fuzz::file;
use dlmir_models::train::{Batch, Trainer};
use dlmir_models::{Architecture, LayerSpec, Model, Output};
use dlmir_nn::{Adam, Tensor};
use hmac_sha256::Hash;
use libfuzzer_sys::fuzz_target;

const SETTINGS: &str = "fuzz";

fuzz_target!(|bytes: &[u8]| {
    let bytes = with_checksum(bytes);
    if let Ok(model) = Model::from_bytes(&bytes) {
        let again = model.to_bytes().expect("what was read can be written");
        let again = Model::from_bytes(&again).expect("what was written is read");
        assert_eq!(again.to_bytes().ok(), model.to_bytes().ok());
        let _ = model.summary();
    }
    let path = file(&bytes);
    let _ = Model::load_foreign(&path);
    // A run of no epochs: if the file is a checkpoint of this run, it is taken up, and nothing is trained.
    let mut model = small();
    let mut adam = Adam::default();
    let trainer = Trainer::of(&mut model, &mut adam).epochs(1).checkpoint(path, SETTINGS);
    let _ = trainer.fit(|_| std::iter::empty::<Batch>(), std::iter::empty);
});

/// A network of three weights.
fn small() -> Model {
    static SMALL: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = SMALL.get_or_init(|| {
        let net = Architecture::new("and", &[2])
            .with("output", LayerSpec::linear(1))
            .with("probability", LayerSpec::Sigmoid);
        let model = Model::new(net, Output::Binary, &["both", "not both"], 1);
        let mut model = model.expect("a sound model");
        if let Some(folder) = std::env::var_os("DLMIR_FUZZ_SEEDS") {
            write_seeds(&mut model, folder.as_ref());
        }
        model.to_bytes().expect("a sound model")
    });
    Model::from_bytes(bytes).expect("our own bytes")
}

/// Writes `model` and `run`, the seeds of this target, to a folder.
fn write_seeds(model: &mut Model, folder: &std::path::Path) {
    model.save(folder.join("model")).expect("the folder exists");
    let x = Tensor::from_vec(&[2, 2], vec![0., 0., 1., 1.]);
    let target = Tensor::from_vec(&[2, 1], vec![0., 1.]);
    let batch = Batch { x, target, items: vec![0, 1].into() };
    let mut adam = Adam::default();
    let trainer = Trainer::of(model, &mut adam).checkpoint(folder.join("run"), SETTINGS);
    trainer.fit(|_| [batch.clone()], std::iter::empty).expect("one update");
}

/// The file with the digits that its checksum should have, if it has a place for them.
fn with_checksum(bytes: &[u8]) -> Vec<u8> {
    const PREFIX: &[u8] = br#"{"__metadata__":{"dlmir":"{\"sha256\":\""#;
    let (start, end) = (8 + PREFIX.len(), 8 + PREFIX.len() + 64);
    let mut bytes = bytes.to_vec();
    if bytes.len() >= end && bytes[8..].starts_with(PREFIX) {
        bytes[start..end].fill(b'0');
        let digits: String = Hash::hash(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        bytes[start..end].copy_from_slice(digits.as_bytes());
    }
    bytes
}
