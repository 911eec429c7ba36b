//! A run that was interrupted anywhere ends in the same bits as one that was left alone.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use dlmir_models::ModelError;
use dlmir_models::train::{Batch, EarlyStopping, TrainError, Trainer};
use dlmir_nn::optim::{Adam, Optimizer, Schedule, Sgd};
use dlmir_nn::{Activation, Layer, Linear, Params, Rng, Sequential, ShapeError, Tape, Tensor, Var};

const EPOCHS: u64 = 5;
const ITEMS: usize = 48;
const BATCH: usize = 16;

/// Dropout, so that random numbers matter.
struct Forgetful;

impl Layer for Forgetful {
    fn kind(&self) -> &'static str {
        "forgetful"
    }

    fn forward(&self, tape: &mut Tape<'_>, x: Var) -> Var {
        tape.dropout(x, 0.3)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>, ShapeError> {
        Ok(input.to_vec())
    }
}

fn network() -> (Sequential, Params) {
    let (mut params, mut network) = (Params::new(), Sequential::new());
    let mut rng = Rng::new(3, 0);
    network.push("dense1", Linear::new(&mut params, "dense1", 6, 8, &mut rng));
    network.push("relu1", Activation::Relu);
    network.push("dropout1", Forgetful);
    network.push("dense2", Linear::new(&mut params, "dense2", 8, 1, &mut rng));
    (network, params)
}

/// Item i is drawn from a stream of its own; its class is whether its first two numbers agree in sign.
fn batch(items: &[usize]) -> Batch {
    let rows: Vec<Vec<f32>> = items
        .iter()
        .map(|&i| {
            let mut rng = Rng::at(9, 0, i as u64, 0);
            (0..6).map(|_| rng.normal()).collect()
        })
        .collect();
    let target = rows.iter().map(|row| f32::from(u8::from(row[0] * row[1] > 0.0))).collect();
    Batch {
        x: Tensor::from_vec(&[items.len(), 6], rows.concat()),
        target: Tensor::from_vec(&[items.len(), 1], target),
        items: items.iter().map(|&i| i as u64).collect(),
    }
}

fn epoch(epoch: u64) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..ITEMS).collect();
    Rng::at(5, epoch, 0, 7).shuffle(&mut order);
    order.chunks(BATCH).map(<[usize]>::to_vec).collect()
}

/// Trains, but is killed (here: panics) when `batches` batches have been asked for.
fn train(
    checkpoint: Option<&Path>,
    epochs: u64,
    batches: Option<usize>,
) -> Result<Params, TrainError> {
    let (network, mut params) = network();
    let mut adam = Adam::default();
    let mut stopping = EarlyStopping::new(9);
    let mut trainer = Trainer::new(&network, &mut params, &mut adam)
        .epochs(epochs)
        .learning_rate(0.02)
        .schedule(Schedule::InverseTime { decay: 0.01 })
        .callback(&mut stopping);
    if let Some(path) = checkpoint {
        trainer = trainer.checkpoint(path, "tiny network, 48 items");
    }
    let asked = Cell::new(0);
    let next = |items: Vec<usize>| {
        assert_ne!(Some(asked.get()), batches, "killed");
        asked.set(asked.get() + 1);
        batch(&items)
    };
    let validation: Vec<usize> = (1000..1024).collect();
    trainer.fit(|at| epoch(at).into_iter().map(next), || [batch(&validation)])?;
    Ok(params)
}

fn killed_after(checkpoint: &Path, batches: usize) {
    let path = checkpoint.to_path_buf();
    let run = std::panic::catch_unwind(move || train(Some(&path), EPOCHS, Some(batches)));
    assert!(run.is_err(), "the run was not killed");
}

fn bits(params: &Params) -> Vec<u32> {
    let values = params.iter().flat_map(|(_, param)| param.value.as_slice());
    values.map(|x| x.to_bits()).collect()
}

fn checkpoint(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("dlmir-resume-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a temporary folder");
    let path = dir.join(name);
    _ = std::fs::remove_file(&path);
    path
}

#[test]
fn killed_anywhere_and_resumed_it_ends_in_the_same_bits() {
    let alone = bits(&train(None, EPOCHS, None).unwrap());
    // Three batches an epoch: before the first checkpoint, at epochs' ends, in the middle of epochs.
    for batches in [0, 1, 3, 4, 6, 8, 11, 14] {
        let path = checkpoint(&format!("killed-{batches}.safetensors"));
        killed_after(&path, batches);
        let resumed = train(Some(&path), EPOCHS, None).unwrap();
        assert_eq!(bits(&resumed), alone, "killed after {batches} batches");
    }
}

#[test]
fn a_finished_run_resumes_to_itself_and_more_epochs_continue() {
    let path = checkpoint("finished.safetensors");
    let once = bits(&train(Some(&path), 3, None).unwrap());
    assert_eq!(bits(&train(Some(&path), 3, None).unwrap()), once);
    let continued = bits(&train(Some(&path), EPOCHS, None).unwrap());
    assert_eq!(continued, bits(&train(None, EPOCHS, None).unwrap()));
    let fewer = train(Some(&path), 2, None).map(|_| ()).unwrap_err();
    assert!(fewer.to_string().contains("it is of a run of 5 epochs, this one has 2"), "{fewer}");
}

#[test]
fn a_checkpoint_of_other_settings_or_with_a_flipped_bit_is_refused() {
    let path = checkpoint("other.safetensors");
    train(Some(&path), 1, None).unwrap();
    let (network, mut params) = network();
    let mut adam = Adam::default();
    let run = Trainer::new(&network, &mut params, &mut adam).checkpoint(&path, "another network");
    let error = run.fit(|_| [batch(&[1])], || []).unwrap_err();
    assert!(matches!(error, TrainError::OtherSettings { .. }), "{error}");

    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = train(Some(&path), 1, None).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("other.safetensors") && error.contains("SHA-256"), "{error}");
}

/// What the caller's text leaves out, the trainer knows itself.
#[test]
fn a_checkpoint_of_another_learning_rate_seed_or_optimiser_is_refused() {
    let path = checkpoint("own-settings.safetensors");
    train(Some(&path), 1, None).unwrap();
    let refused = |optimizer: &mut dyn Optimizer, rate: f64, seed: u64, stopping: bool| {
        let (network, mut params) = network();
        let mut callback = EarlyStopping::new(9);
        let mut trainer = Trainer::new(&network, &mut params, optimizer)
            .learning_rate(rate)
            .seed(seed)
            .schedule(Schedule::InverseTime { decay: 0.01 })
            .checkpoint(&path, "tiny network, 48 items");
        if stopping {
            trainer = trainer.callback(&mut callback);
        }
        match trainer.fit(|_| [batch(&[1])], || []) {
            Ok(_) => None,
            Err(error) => Some(error.to_string()),
        }
    };
    assert_eq!(refused(&mut Adam::default(), 0.02, 1, true), None);
    for (other, wanted) in [
        (refused(&mut Adam::default(), 0.01, 1, true), "learning rate 0.01"),
        (refused(&mut Adam::default(), 0.02, 2, true), "seed 2"),
        (refused(&mut Sgd::default(), 0.02, 1, true), "optimizer sgd"),
        (refused(&mut Adam::default(), 0.02, 1, false), "callbacks []"),
    ] {
        let message = other.expect("it is another run");
        assert!(message.contains(wanted), "{message}");
    }
}

/// A path that cannot be looked at is not a run that begins anew.
#[cfg(unix)]
#[test]
fn a_checkpoint_that_cannot_be_looked_for_is_an_error() {
    let file = checkpoint("file");
    std::fs::write(&file, "no folder").unwrap();
    let error = train(Some(&file.join("run")), 1, None).map(|_| ()).unwrap_err();
    let TrainError::Checkpoint(error) = error else { panic!("{error}") };
    assert!(matches!(error, ModelError::Io { .. }), "{error}");
}

#[test]
fn the_number_of_threads_does_not_matter() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bits(&train(None, EPOCHS, None).unwrap()))
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(3));
}

#[test]
fn a_nan_stops_the_run_names_the_layer_and_leaves_the_checkpoint() {
    let path = checkpoint("nan.safetensors");
    train(Some(&path), 2, None).unwrap();
    let before = std::fs::read(&path).unwrap();
    let (network, mut params) = network();
    let mut adam = Adam::default();
    let mut stopping = EarlyStopping::new(9);
    let run = Trainer::new(&network, &mut params, &mut adam)
        .epochs(3)
        .learning_rate(0.02)
        .schedule(Schedule::InverseTime { decay: 0.01 })
        .callback(&mut stopping)
        .checkpoint(&path, "tiny network, 48 items");
    let mut bad = batch(&[1, 2]);
    bad.x.as_mut_slice()[3] = f32::NAN;
    let error = run.fit(|_| [bad.clone()], || []).unwrap_err();
    assert_eq!(
        error.to_string(),
        "epoch 3, batch 1: `input` is the first with a NaN or an infinity"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
