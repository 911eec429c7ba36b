//! 8. From points to sound: the same kind of network on something to hear.
//!
//! A point had two coordinates; a sound gets eighty: for each of forty mel bands, how loud it is on
//! average and how much that varies. Is it music or speech? Lesson 2 asks the same of the whole picture.

use std::error::Error;

use dlmir_audio::{LogMel, LogMelConfig};
use dlmir_data::synthetic::music_speech;
use dlmir_data::{Batches, Fold, Pieces, hold_out};
use dlmir_eval::plot::{LearningCurve, confusion_matrix, learning_curves};
use dlmir_eval::{ConfusionMatrix, Report, bootstrap_interval};
use dlmir_examples::{Flags, Output, Prediction, Receipt, predictions, say};
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
    // A fifth is held out for the test, a sixth of the rest for validation; the scale of each number is
    // learned from the training part alone.
    let pieces = Pieces::ungrouped(classes.clone());
    let fold = hold_out(&pieces, 5, flags.seed)?.with_validation(&pieces, 6, flags.seed)?;
    let raw = rows.clone();
    let scaler = standardize(&mut rows, &fold);
    say(
        report,
        &format!(
            "{items} generated clips of 2 s, half of them music, half speech. Each becomes {} numbers: for \
             {BANDS} mel bands, mean and deviation in dB. {} clips train the network, {} tell when to stop, \
             {} are asked at the end. Each number is brought to mean 0 and deviation 1 by the training \
             clips alone, so that none shouts down the others.",
            2 * BANDS,
            fold.train.len(),
            fold.validation.len(),
            fold.test.len(),
        ),
    );

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
    let epochs = flags.epochs_or(40, 20);
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
    output.trained(&history);
    say(
        report,
        "The same loop is now the trainer's, with a checkpoint after each epoch and a log: see it with \
         `tensorboard --logdir` and the output folder.",
    );
    let (train, validation) = (history.column(|row| row.loss), history.column(|row| row.val_loss));
    let curve = LearningCurve { name: "clip_mlp", train: &train, validation: &validation };
    report.svg("Loss over epochs", &learning_curves("Music or speech", "loss", &[curve]));

    // The scale becomes part of the first layer, so that whoever has the file can give it raw numbers.
    fold_in(&mut model, &scaler);

    // The test clips are asked once.
    let x = fold.test.iter().flat_map(|&i| raw[i].clone()).collect();
    let answers = model.predict(&Tensor::from_vec(&[fold.test.len(), 2 * BANDS], x))?;
    let answers: Vec<f64> = answers.as_slice().iter().map(|&p| f64::from(p)).collect();
    let truth: Vec<usize> = fold.test.iter().map(|&i| classes[i]).collect();
    let answered: Vec<usize> = answers.iter().map(|&p| usize::from(p < 0.5)).collect();
    let right: Vec<f64> =
        truth.iter().zip(&answered).map(|(a, b)| f64::from(u8::from(a == b))).collect();
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

    let confusion = ConfusionMatrix::from_labels(&music_speech::CLASSES, &truth, &answered);
    report
        .svg("Rows: what it was. Columns: the answer.", &confusion_matrix("Confusion", &confusion));
    say(
        report,
        "The interval says how far the figure would move with other clips from the same generator. It says \
         nothing about other people's sound; lesson 2 asks that. A test set of one class only could not \
         even show false alarms.",
    );
    let names: Vec<String> = fold
        .test
        .iter()
        .map(|&i| format!("{}/music_speech_{i:06}.wav", music_speech::CLASSES[classes[i]]))
        .collect();
    let rows: Vec<Prediction> = (0..names.len())
        .map(|k| Prediction {
            path: &names[k],
            truth: truth[k],
            answer: answered[k],
            scores: vec![answers[k], 1.0 - answers[k]],
        })
        .collect();
    output.write("predictions.csv", predictions(&music_speech::CLASSES, &rows))?;

    model.training = json!({
        "lesson": "lesson1_fully_connected", "data": "generated", "clips": items, "seed": flags.seed,
        "input": "mean and deviation in dB of 40 mel bands, in turn",
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

/// Mean and deviation of each of the eighty numbers.
struct Scaler {
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

/// Zero mean and unit variance for each number over the training rows.
fn standardize(rows: &mut [Vec<f32>], fold: &Fold) -> Scaler {
    let n = fold.train.len() as f32;
    let mut scaler = Scaler { mean: Vec::new(), deviation: Vec::new() };
    for k in 0..rows[0].len() {
        let mean = fold.train.iter().map(|&i| rows[i][k]).sum::<f32>() / n;
        let variance = fold.train.iter().map(|&i| (rows[i][k] - mean).powi(2)).sum::<f32>() / n;
        let deviation = variance.sqrt().max(1e-6);
        rows.iter_mut().for_each(|row| row[k] = (row[k] - mean) / deviation);
        scaler.mean.push(mean);
        scaler.deviation.push(deviation);
    }
    scaler
}

/// ((x - mean) / deviation) W + b = x W' + b'  with  W' = W / deviation,  b' = b - mean W': a scale before
/// a linear layer is a linear layer too.
fn fold_in(model: &mut Model, Scaler { mean, deviation }: &Scaler) {
    let params = &mut model.params;
    let ids = ["hidden1/weight", "hidden1/bias"].map(|name| params.id(name));
    let [Some(weight), Some(bias)] = ids else { return };
    let units = params.value(bias).len();
    let mut w = params.value(weight).as_slice().to_vec();
    let mut b = params.value(bias).as_slice().to_vec();
    for (k, row) in w.chunks_mut(units).enumerate() {
        row.iter_mut().for_each(|w| *w /= deviation[k]);
        b.iter_mut().zip(row).for_each(|(b, w)| *b -= mean[k] * *w);
    }
    params.set(weight, Tensor::from_vec(&[mean.len(), units], w));
    params.set(bias, Tensor::from_vec(&[units], b));
}
