//! The same as `resume.rs` with all at once: batch norm, dropout, clipping, a penalty, a schedule, all
//! callbacks that remember or write, and kills in training, in validation and in a callback. Weights,
//! history, table and best model must be those of a run that was left alone.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use dlmir_models::train::{
    Batch, BestModel, Callback, CallbackError, Clip, CsvHistory, EarlyStopping, EpochEnd, Flow,
    HistoryRow, Plateau, Trainer,
};
use dlmir_models::{Architecture, LayerSpec, Model, Output};
use dlmir_nn::ops::Penalty;
use dlmir_nn::optim::{Adam, Optimizer, ReduceOnPlateau, RmsProp, Schedule};
use dlmir_nn::{Rng, Tensor};

const EPOCHS: u64 = 12;

/// Where a run is killed (here: panics): at the so-manyth batch, validation or end of an epoch.
#[derive(Clone, Copy, Debug)]
enum Kill {
    Never,
    Batch(usize),
    Validation(usize),
    EpochEnd(u64),
}

/// A callback in which the run is killed, after others have been told of the epoch.
struct Killer(Kill);

impl Callback for Killer {
    fn name(&self) -> &'static str {
        "killer"
    }

    fn on_epoch_end(&mut self, end: &mut EpochEnd<'_>) -> Result<Flow, CallbackError> {
        let now = matches!(self.0, Kill::EpochEnd(epoch) if epoch == end.row.epoch);
        assert!(!now, "killed");
        Ok(Flow::Continue)
    }
}

/// A folder for the files of one run, empty.
fn folder(name: &str) -> PathBuf {
    let dir = std::env::temp_dir().join(format!("dlmir-everything-{}-{name}", std::process::id()));
    _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir_all(&dir).expect("a temporary folder");
    dir
}

/// Item i is six random numbers; its class is noisy, so that validation soon gets no better.
fn batch(items: std::ops::Range<u64>) -> Batch {
    let (mut x, mut target) = (Vec::new(), Vec::new());
    for i in items.clone() {
        let mut rng = Rng::at(9, 0, i, 0);
        x.extend((0..6).map(|_| rng.normal()));
        target.push(f32::from(u8::from(x[x.len() - 6] + rng.normal() > 0.0)));
    }
    let count = target.len();
    Batch {
        x: Tensor::from_vec(&[count, 6], x),
        target: Tensor::from_vec(&[count, 1], target),
        items: items.collect(),
    }
}

/// What is left of a run: weights, history, table, best model.
#[derive(Debug, PartialEq)]
struct Left {
    weights: Vec<u32>,
    history: Vec<[u64; 6]>,
    table: String,
    best: Vec<u8>,
}

fn bits(row: &HistoryRow) -> [u64; 6] {
    let HistoryRow { loss, accuracy, val_loss, val_accuracy, learning_rate, .. } = *row;
    let [a, b, c, d, e] = [loss, accuracy, val_loss, val_accuracy, learning_rate].map(f64::to_bits);
    [row.epoch, a, b, c, d, e]
}

/// Trains on 3 batches an epoch, validates on 2.
fn run(dir: &Path, optimizer: &mut dyn Optimizer, patience: u64, kill: Kill) -> Left {
    let net = Architecture::new("small", &[6])
        .with("dense1", LayerSpec::linear(8))
        .with("norm1", LayerSpec::batch_norm())
        .with("relu1", LayerSpec::Relu)
        .with("dropout1", LayerSpec::Dropout { rate: 0.3 })
        .with("dense2", LayerSpec::linear(1))
        .with("probability", LayerSpec::Sigmoid);
    let mut model = Model::new(net, Output::Binary, &[], 3).expect("the network can be built");
    let rule = ReduceOnPlateau { factor: 0.5, patience: 2, cooldown: 1, ..Default::default() };
    let mut plateau = Plateau::new(rule);
    let mut stopping = EarlyStopping::new(patience);
    let mut best = BestModel::new(&model, dir.join("best")).expect("the model is whole");
    let mut csv = CsvHistory::new(dir.join("history.csv"), "small", 1);
    let mut killer = Killer(kill);
    let trainer = Trainer::of(&mut model, optimizer)
        .epochs(EPOCHS)
        .learning_rate(0.05)
        .schedule(Schedule::InverseTime { decay: 0.01 })
        .clip(Clip::GlobalNorm(0.5))
        .penalty("/weight", Penalty::L2(0.001))
        .callback(&mut plateau)
        .callback(&mut stopping)
        .callback(&mut best)
        .callback(&mut csv)
        .callback(&mut killer)
        .checkpoint(dir.join("checkpoint"), "everything");
    let (trained, validated) = (Cell::new(0), Cell::new(0));
    let train = |epoch: u64| {
        let trained = &trained;
        (0..3).map(move |i| {
            assert!(!matches!(kill, Kill::Batch(n) if n == trained.get()), "killed");
            trained.set(trained.get() + 1);
            let first = (epoch * 5 + i) % 3 * 16;
            batch(first..first + 16)
        })
    };
    let validation = || {
        [1000..1016, 1016..1030].into_iter().map(|items| {
            assert!(!matches!(kill, Kill::Validation(n) if n == validated.get()), "killed");
            validated.set(validated.get() + 1);
            batch(items)
        })
    };
    let history = trainer.fit(train, validation).expect("nothing goes wrong but kills");
    let weights = model.params.iter().flat_map(|(_, param)| param.value.as_slice());
    Left {
        weights: weights.map(|x| x.to_bits()).collect(),
        history: history.rows.iter().map(bits).collect(),
        table: std::fs::read_to_string(dir.join("history.csv")).expect("the table"),
        best: std::fs::read(dir.join("best")).expect("the best model"),
    }
}

fn killed_and_resumed(name: &str, make: fn() -> Box<dyn Optimizer>, patience: u64) -> Left {
    let alone = run(&folder(&format!("{name}-alone")), &mut *make(), patience, Kill::Never);
    let kills = [
        Kill::Batch(2),
        Kill::Batch(7),
        Kill::Validation(0),
        Kill::Validation(5),
        Kill::EpochEnd(1),
        Kill::EpochEnd(3),
    ];
    for kill in kills {
        let dir = folder(&format!("{name}-{kill:?}"));
        let end = std::panic::catch_unwind(|| run(&dir, &mut *make(), patience, kill));
        assert!(end.is_err(), "{kill:?} did not kill");
        assert!(run(&dir, &mut *make(), patience, Kill::Never) == alone, "{name}, {kill:?}");
        // A finished run, also one that was stopped early, resumes to itself.
        assert!(run(&dir, &mut *make(), patience, Kill::Never) == alone, "{name}, {kill:?}, again");
    }
    alone
}

#[test]
fn everything_comes_back_after_a_kill() {
    let whole = killed_and_resumed("adam", || Box::new(Adam::default()), u64::MAX);
    assert_eq!(whole.history.len() as u64, EPOCHS);
    // The learning rate was halved on a plateau, or the test would not see what that remembers.
    let rate = |row: &[u64; 6]| f64::from_bits(row[5]);
    let halved = whole.history.windows(2).any(|pair| rate(&pair[1]) < 0.6 * rate(&pair[0]));
    assert!(halved, "{}", whole.table);
    killed_and_resumed("rmsprop", || Box::new(RmsProp::default()), u64::MAX);
}

#[test]
fn a_run_that_was_stopped_early_stays_stopped() {
    let stopped = killed_and_resumed("stopped", || Box::new(Adam::default()), 2);
    let epochs = stopped.history.len() as u64;
    assert!((3..EPOCHS).contains(&epochs), "{}", stopped.table);
}
