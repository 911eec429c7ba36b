//! The report and the tables of results: what the experiment found, to look at and to listen to.

use std::error::Error;

use dlmir_audio::{Signal, WavFormat, wav_bytes};
use dlmir_data::Pieces;
use dlmir_data::synthetic::music_speech;
use dlmir_eval::plot::{
    Bar, LearningCurve, Segment, Spectrogram, Timeline, bar_chart, confusion_matrix,
    learning_curves, roc_curves, spectrogram, timeline,
};
use dlmir_eval::{Report, roc_curve};
use dlmir_examples::{Output, Receipt, Recordings};
use dlmir_models::{FrontEnd, Model, Segment as Heard};
use ndarray::Array2;
use serde_json::{Map, Value, json};

use crate::compare::{HEADER, Trial};
use crate::folds::{Run, group_count};
use crate::judge::Answers;

/// Seconds of a recording that the report plays.
const CLIP_S: f64 = 5.0;

/// A player for the first seconds of a recording.
fn player(report: &mut Report, label: &str, signal: &Signal) -> Result<(), Box<dyn Error>> {
    let clip = signal.slice_s(0.0, CLIP_S.min(signal.duration_s()));
    report.audio(label, &wav_bytes(&clip, WavFormat::Pcm16)?);
    Ok(())
}

/// 1 and 2: the recordings, and what the network sees of them.
pub fn data(
    report: &mut Report,
    set: &Recordings,
    pieces: &Pieces,
    front_end: &FrontEnd,
    spectrograms: &[Array2<f32>],
) -> Result<(), Box<dyn Error>> {
    report.section("Recordings");
    report.paragraph(&format!(
        "{}: {} recordings in {} groups. Recordings of one group, such as two parts of one piece, are \
         never divided between training and test. Clips in this report are cut to {CLIP_S} s.",
        set.origin,
        set.list.len(),
        group_count(pieces),
    ));
    let config = front_end.config();
    let mel = dlmir_audio::MelScale::Slaney;
    let edges =
        dlmir_audio::mel_frequencies(config.n_mels + 2, config.f_min_hz, config.f_max_hz, mel);
    let band_hz: Vec<f32> = edges[1..=config.n_mels].iter().map(|&hz| hz as f32).collect();
    for (class, name) in set.classes.iter().enumerate() {
        let of_class = |i: &usize| set.list[*i].class == class;
        for i in (0..set.list.len()).filter(of_class).take(2) {
            let recording = &set.list[i];
            let frames = spectrograms[i].ncols().min((CLIP_S / front_end.seconds(1)) as usize);
            let shown = spectrograms[i].slice(ndarray::s![.., ..frames]);
            let values: Vec<f32> = shown.iter().copied().collect();
            let picture = spectrogram(&Spectrogram {
                title: name,
                values: &values,
                band_hz: &band_hz,
                start_s: 0.0,
                frame_s: front_end.seconds(1),
                unit: "dB",
                range: Some((-80.0, 0.0)),
            });
            report.svg(&recording.name, &picture);
            let signal = recording.signal().map_err(|error| error.to_string())?;
            player(report, &recording.name, &signal)?;
        }
    }
    Ok(())
}

/// 3 and 4: the experiments on one fold.
pub fn trials(report: &mut Report, standardisation: &[Trial], optimizers: &[Trial]) {
    report.section("Standardisation, right and wrong");
    report.paragraph(
        "One fully connected network, one fold, figures on validation recordings. Raw decibels are hard to \
         learn from. One mean per pixel suits photographs cut alike; in sound, where in an excerpt something \
         happens is chance. The last line lets the scaler see what it is later tested on: whether it looks \
         better or not, its figure is worth nothing.",
    );
    report.table(&HEADER, standardisation.iter().map(Trial::cells));
    report.section("Optimisers");
    report.paragraph(
        "The same network, start and batches; each optimiser with a usual learning rate.",
    );
    report.table(&HEADER, optimizers.iter().map(Trial::cells));
    let losses: Vec<Vec<f64>> =
        optimizers.iter().map(|trial| trial.history.column(|row| row.loss)).collect();
    let curves: Vec<LearningCurve> = optimizers
        .iter()
        .zip(&losses)
        .map(|(trial, train)| LearningCurve { name: &trial.name, train, validation: &[] })
        .collect();
    report.svg("Training loss", &learning_curves("Optimisers", "loss", &curves));
}

/// 5: the two networks and how they learned on the first fold.
pub fn networks(
    report: &mut Report,
    front_end: &FrontEnd,
    runs: &[Run],
) -> Result<(), Box<dyn Error>> {
    report.section("Two networks");
    for (_, architecture) in crate::NETWORKS {
        report.code(&architecture(front_end).summary()?.to_string());
    }
    let losses: Vec<(Vec<f64>, Vec<f64>)> = runs
        .iter()
        .map(|run| {
            let first = &run.histories[0];
            (first.column(|row| row.loss), first.column(|row| row.val_loss))
        })
        .collect();
    let curves: Vec<LearningCurve> = runs
        .iter()
        .zip(&losses)
        .map(|(run, (train, validation))| LearningCurve { name: run.name, train, validation })
        .collect();
    report.svg("The first fold", &learning_curves("Learning", "loss", &curves));
    Ok(())
}

/// 6: the figures, beside baselines.
pub fn figures(
    report: &mut Report,
    set: &Recordings,
    runs: &[Run],
    chosen: &Run,
    baselines: &[(&str, Answers)],
    intervals: &Map<String, Value>,
) {
    let classes: Vec<usize> = set.list.iter().map(|recording| recording.class).collect();
    report.section("What the figures are worth");
    report.paragraph(&format!(
        "Each recording was asked once, by a network that had not heard it nor any of its group. {} was \
         chosen by its validation loss; the test had no say in it. The interval is a 95 % bootstrap over \
         groups: how far the figure would move with other pieces of the same kind.",
        chosen.name,
    ));
    let interval = |name: &str| {
        intervals.get(name).map_or(String::new(), |ends| {
            format!(
                "{:.3} to {:.3}",
                ends[0].as_f64().unwrap_or(0.0),
                ends[1].as_f64().unwrap_or(0.0)
            )
        })
    };
    let names = ["accuracy", "macro_f1", "precision", "recall", "roc_auc"];
    let mut rows = Vec::new();
    let judged = runs.iter().map(|run| (run.name, run.metrics.clone()));
    let base =
        baselines.iter().map(|(name, answers)| (*name, answers.metrics(&classes, &set.classes)));
    for (name, metrics) in judged.chain(base) {
        let figure = |metric: &&str| {
            metrics.get(*metric).and_then(Value::as_f64).map_or("-".into(), |x| format!("{x:.3}"))
        };
        let mut row = vec![name.to_string()];
        row.extend(names.iter().map(figure));
        row.push(if name == chosen.name { interval("accuracy") } else { String::new() });
        rows.push(row);
    }
    let header = ["", "accuracy", "macro F1", "precision", "recall", "ROC-AUC", "95 % of accuracy"];
    report.table(&header, &rows);

    let accuracies: Vec<(String, f64)> =
        rows.iter().map(|row| (row[0].clone(), row[1].parse().unwrap_or(f64::NAN))).collect();
    let bars: Vec<Bar> = accuracies
        .iter()
        .map(|(name, value)| {
            let ends = intervals.get("accuracy").filter(|_| *name == chosen.name);
            let interval = ends.and_then(|ends| Some((ends[0].as_f64()?, ends[1].as_f64()?)));
            Bar { name, value: *value, interval }
        })
        .collect();
    report.svg("Accuracy, beside what needs no network", &bar_chart("Accuracy", "accuracy", &bars));
    let confusion = chosen.answers.confusion(&classes, &set.classes);
    report
        .svg("Rows: what it was. Columns: the answer.", &confusion_matrix("Confusion", &confusion));
    let positive: Vec<bool> =
        chosen.answers.truth(&classes).iter().map(|&class| class == 0).collect();
    let scores: Vec<f64> = chosen.answers.scores.iter().map(|&(_, score)| score).collect();
    if let Ok(curve) = roc_curve(&positive, &scores) {
        report.svg("Every threshold at once", &roc_curves("ROC", &[(chosen.name, &curve)]));
    }
}

/// 8: a mixed recording, what it was and what was heard.
pub fn label_track(
    report: &mut Report,
    mixed: &Signal,
    truth: &[music_speech::Segment],
    heard: &[Heard],
    labels: &[String],
) -> Result<(), Box<dyn Error>> {
    report.section("A label track");
    report.paragraph("A generated programme in which music and speech alternate, and where the model hears which.");
    let true_segments: Vec<Segment> = truth
        .iter()
        .map(|part| Segment {
            start_s: f64::from(part.start_s),
            end_s: f64::from(part.end_s),
            class: part.class,
            label: part.label(),
        })
        .collect();
    let heard_segments: Vec<Segment> = heard
        .iter()
        .map(|part| Segment {
            start_s: part.start_s,
            end_s: part.end_s,
            class: labels.iter().position(|label| *label == part.label).unwrap_or(0),
            label: &part.label,
        })
        .collect();
    let picture = timeline(&Timeline {
        title: "Music and speech",
        duration_s: mixed.duration_s(),
        rows: &[("true", &true_segments), ("heard", &heard_segments)],
        curve: ("", &[]),
    });
    report.svg("Labels change in the middle of each crossfade.", &picture);
    player(report, "The beginning of the programme", mixed)
}

/// Where the network erred most, to listen to.
pub fn errors(
    report: &mut Report,
    set: &Recordings,
    answers: &Answers,
) -> Result<(), Box<dyn Error>> {
    report.section("Errors to listen to");
    let doubt =
        |&(i, score): &(usize, f64)| if set.list[i].class == 0 { score } else { 1.0 - score };
    let mut worst = answers.scores.clone();
    worst.sort_by(|a, b| doubt(a).total_cmp(&doubt(b)));
    report.paragraph(
        "The recordings whose true class got the least probability, wrong or nearly so.",
    );
    for &(i, score) in worst.iter().take(4) {
        let recording = &set.list[i];
        let label = format!("{}: {:.2} for {}", recording.name, score, set.classes[0]);
        let signal = recording.signal().map_err(|error| error.to_string())?;
        player(report, &label, &signal)?;
    }
    Ok(())
}

/// Solutions are in `docs/solutions/lesson2.md`.
pub fn exercises(report: &mut Report) {
    report.section("Exercises");
    for exercise in [
        "1. Split by recording instead of by group: copy each file of a folder under another name, run \
         again, and compare. Then tell the truth with a groups.csv.",
        "2. Make the network half as wide and twice as wide. What happens to loss, validation loss, seconds?",
        "3. You want to cut all speech out of a broadcast and may lose no word. Choose a threshold for that \
         from predictions.csv, and say what it costs.",
        "4. Train on generated sound only and test on your own recordings (--test). Listen to the errors: \
         what did the generator forget?",
    ] {
        report.paragraph(exercise);
    }
}

/// One line per recording that was asked: path, truth, answer, a score for each class.
pub fn predictions(set: &Recordings, answers: &Answers) -> String {
    let quote = |text: &str| {
        let plain = !text.contains([',', '"', '\n', '\r']);
        if plain { text.to_string() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
    };
    let scores: String =
        set.classes.iter().map(|class| format!(",{}", quote(&format!("score_{class}")))).collect();
    let mut csv = format!("path,true,predicted{scores}\n");
    for (&(i, score), predicted) in answers.scores.iter().zip(answers.predicted()) {
        let Some(recording) = set.list.get(i) else { continue };
        let (truth, answer) = (&set.classes[recording.class], &set.classes[predicted]);
        let row = [quote(&recording.name), quote(truth), quote(answer)].join(",");
        csv.push_str(&format!("{row},{score:.6},{:.6}\n", 1.0 - score));
    }
    csv
}

/// `metrics.json` and the receipt over weights and figures.
pub fn finish(
    output: &Output,
    set: &Recordings,
    runs: &[Run],
    chosen: &Run,
    baselines: &[(&str, Answers)],
    intervals: Map<String, Value>,
    model: &Model,
) -> Result<(), Box<dyn Error>> {
    let classes: Vec<usize> = set.list.iter().map(|recording| recording.class).collect();
    let mut receipt = Receipt::new();
    for (_, param) in model.params.iter() {
        receipt.array(&param.name, param.value.as_slice());
    }
    let mut metrics = chosen.metrics.clone();
    for run in runs {
        for (name, value) in &run.metrics {
            receipt.number(&format!("{} {name}", run.name), value.as_f64().unwrap_or(f64::NAN));
        }
        for &(_, score) in &run.answers.scores {
            receipt.number(run.name, score);
        }
        metrics.insert(run.name.into(), Value::Object(run.metrics.clone()));
    }
    let mut base = Map::new();
    for (name, answers) in baselines {
        base.insert((*name).into(), Value::Object(answers.metrics(&classes, &set.classes)));
    }
    let mut entries = Map::new();
    entries.insert("chosen".into(), json!(chosen.name));
    entries.insert("metrics".into(), Value::Object(metrics));
    entries.insert("baselines".into(), Value::Object(base));
    entries.insert("intervals".into(), Value::Object(intervals));
    output.finish(entries, &receipt)?;
    Ok(())
}
