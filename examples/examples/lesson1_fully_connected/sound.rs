//! 8. From points to sound: the same kind of network on something to hear.
//!
//! A point had two coordinates; a sound gets eighty: for each of forty mel bands, how loud it is on
//! average and how much that varies. Is it music or speech? Lesson 2 asks the same of the whole picture.

use std::error::Error;

use dlmir_audio::{LogMel, LogMelConfig};
use dlmir_data::synthetic::music_speech;
use dlmir_data::{Batches, Fold, Pieces, hold_out};
use dlmir_eval::plot::{LearningCurve, learning_curves};
use dlmir_eval::{Report, bootstrap_interval};
use dlmir_examples::{Flags, Output, Receipt};
use dlmir_models::train::{Batch, CsvHistory, EarlyStopping, Progress, TensorBoard, Trainer};
use dlmir_models::{Architecture, LayerSpec, Model, Output as Meaning};
use dlmir_nn::Tensor;
use dlmir_nn::optim::Adam;
use rayon::prelude::*;
use serde_json::{Map, Value, json};

const BANDS: usize = 40;
const SAMPLE_RATE: u32 = 22_050;

/// Trains on generated clips, tests on others; returns the entries of `metrics.json`.
pub fn lesson(
    flags: &Flags,
    output: &Output,
    report: &mut Report,
    receipt: &mut Receipt,
) -> Result<Map<String, Value>, Box<dyn Error>> {
    // Sounds become rows of eighty numbers.
    let items: u64 = if flags.quick { 120 } else { 600 };
    let config = LogMelConfig { n_mels: BANDS, f_max_hz: 8000.0, ..LogMelConfig::new(SAMPLE_RATE) };
    let log_mel = LogMel::new(config)?;
    let made: Vec<(Vec<f32>, usize)> = (0..items)
        .into_par_iter()
        .map(|item| {
            let item = music_speech::item(flags.seed, item, 2.0, SAMPLE_RATE);
            let spectrogram = log_mel.compute(&item.signal);
            let row = spectrogram.rows().into_iter().flat_map(|band| {
                let mean = band.iter().sum::<f32>() / band.len() as f32;
                let variance = band.iter().map(|x| (x - mean).powi(2)).sum::<f32>();
                [mean, (variance / band.len() as f32).sqrt()]
            });
            (row.collect(), item.class)
        })
        .collect();
    let (mut rows, classes): (Vec<Vec<f32>>, Vec<usize>) = made.into_iter().unzip();
    println!("  {items} clips of 2 s, {} numbers each", rows[0].len());

    // A fifth is held out for the test, a sixth of the rest for validation; the scale of each number is
    // learned from the training part alone.
    let pieces = Pieces::ungrouped(classes.clone());
    let fold = hold_out(&pieces, 5, flags.seed)?.with_validation(&pieces, 6, flags.seed)?;
    standardize(&mut rows, &fold);

    // Three layers, described as data so that the weights file can say what they are.
    let architecture = Architecture::new("clip_mlp", &[2 * BANDS])
        .with("hidden1", LayerSpec::linear(64))
        .with("relu1", LayerSpec::Relu)
        .with("dropout1", LayerSpec::Dropout { rate: 0.3 })
        .with("hidden2", LayerSpec::linear(32))
        .with("relu2", LayerSpec::Relu)
        .with("opinion", LayerSpec::linear(1))
        .with("probability", LayerSpec::Sigmoid);
    let mut model = Model::new(architecture, Meaning::Binary, &music_speech::CLASSES, flags.seed)?;
    let summary = model.summary().to_string();
    println!("{summary}");
    report.code(&summary);

    // The loop of section 3 is now the trainer's: with checkpoints, logs and a bar.
    let batch_of = |items: &[usize]| Batch {
        x: Tensor::from_vec(
            &[items.len(), 2 * BANDS],
            items.iter().flat_map(|&i| rows[i].clone()).collect(),
        ),
        target: Tensor::from_vec(
            &[items.len(), 1],
            items.iter().map(|&i| if classes[i] == 0 { 1.0 } else { 0.0 }).collect(),
        ),
        items: items.iter().map(|&i| i as u64).collect(),
    };
    let batches = Batches::new(fold.train.clone(), 32);
    let epochs = flags.epochs_or(40, 5);
    let mut adam = Adam::default();
    let mut stopping = EarlyStopping::new(10);
    let mut csv = CsvHistory::new(output.path("history.csv"), "clip_mlp", 1);
    let mut log = TensorBoard::new(output.dir());
    let mut bar = Progress::new("clip_mlp", flags.progress());
    let settings = format!("seed {}, quick {}", flags.seed, flags.quick);
    let history = Trainer::of(&mut model, &mut adam)
        .epochs(epochs)
        .seed(flags.seed)
        .learning_rate(0.002)
        .callback(&mut stopping)
        .callback(&mut csv)
        .callback(&mut log)
        .callback(&mut bar)
        .checkpoint(output.checkpoint("clip_mlp"), settings)
        .fit(
            |epoch| batches.epoch(flags.seed, epoch).map(|items| batch_of(&items)),
            || [batch_of(&fold.validation)],
        )?;
    let (train, validation) = (history.column(|row| row.loss), history.column(|row| row.val_loss));
    let curve = LearningCurve { name: "clip_mlp", train: &train, validation: &validation };
    report.svg("Loss over epochs", &learning_curves("Music or speech", "loss", &[curve]));

    // The test clips are asked once.
    let answers = model.predict(&batch_of(&fold.test).x)?;
    let right: Vec<f64> = answers
        .as_slice()
        .iter()
        .zip(&fold.test)
        .map(|(&p, &i)| f64::from(u8::from((p > 0.5) == (classes[i] == 0))))
        .collect();
    let share = |which: &[usize]| which.iter().map(|&k| right[k]).sum::<f64>() / which.len() as f64;
    let everyone: Vec<usize> = (0..right.len()).collect();
    let accuracy = share(&everyone);
    let (low, high) = bootstrap_interval(&everyone, 2000, flags.seed, 0.95, share);
    let music = fold.test.iter().filter(|&&i| classes[i] == 0).count() as f64;
    let majority = (music / right.len() as f64).max(1.0 - music / right.len() as f64);
    let best = history.best().map_or(0, |row| row.epoch);
    println!(
        "  best epoch {best}; {} test clips: accuracy {accuracy:.3} ({low:.3} to {high:.3})",
        right.len()
    );
    println!("  always the larger class: {majority:.3}");
    report.table(
        &["", "test accuracy", "95 % interval"],
        [
            ["clip_mlp".to_string(), format!("{accuracy:.3}"), format!("{low:.3} to {high:.3}")],
            ["always the larger class".to_string(), format!("{majority:.3}"), String::new()],
        ],
    );

    model.training = json!({
        "lesson": "lesson1_fully_connected", "data": "generated", "clips": items, "seed": flags.seed,
    });
    model.save(output.path("model.safetensors"))?;
    model
        .params
        .iter()
        .for_each(|(_, param)| _ = receipt.array(&param.name, param.value.as_slice()));
    receipt.number("accuracy", accuracy);
    let mut entries = Map::new();
    entries.insert("metrics".into(), json!({ "accuracy": accuracy }));
    entries.insert("baselines".into(), json!({ "majority": { "accuracy": majority } }));
    entries.insert("intervals".into(), json!({ "accuracy": [low, high] }));
    Ok(entries)
}

/// Zero mean and unit variance for each number over the training rows.
fn standardize(rows: &mut [Vec<f32>], fold: &Fold) {
    let n = fold.train.len() as f32;
    for k in 0..rows[0].len() {
        let mean = fold.train.iter().map(|&i| rows[i][k]).sum::<f32>() / n;
        let variance = fold.train.iter().map(|&i| (rows[i][k] - mean).powi(2)).sum::<f32>() / n;
        let deviation = variance.sqrt().max(1e-6);
        rows.iter_mut().for_each(|row| row[k] = (row[k] - mean) / deviation);
    }
}
