//! The report and the tables of results: what the experiment found, to look at and to listen to.

use std::error::Error;

use dlmir_audio::{Signal, WavFormat, wav_bytes};
use dlmir_eval::plot::{
    Bar, LearningCurve, Segment, Spectrogram, Svg, Timeline, bar_chart, confusion_matrix,
    learning_curves, roc_curves, spectrogram, timeline,
};
use dlmir_eval::{Report, roc_curve};
use dlmir_examples::{Output, Prediction, Receipt, Recordings, say};
use dlmir_models::{FrontEnd, Model, Segment as Heard};
use dlmir_nn::Show;
use ndarray::Array2;
use serde_json::{Map, Value, json};

use crate::compare::{HEADER, Trial};
use crate::folds::Run;
use crate::judge::{Answers, figure};
use crate::programme::Programme;

/// Seconds of a recording that the report plays, and the rate to which it is reduced.
const CLIP_S: f64 = 5.0;
const CLIP_RATE: u32 = 22_050;

/// A player for the first seconds of a recording, below pictures of it.
fn player(
    report: &mut Report,
    label: &str,
    signal: &Signal,
    pictures: &[&Svg],
) -> Result<(), Box<dyn Error>> {
    let clip = signal.slice_s(0.0, CLIP_S.min(signal.duration_s()));
    let clip = dlmir_audio::resample(&clip, clip.sample_rate().min(CLIP_RATE))?;
    report.player(label, &wav_bytes(&clip, WavFormat::Pcm16)?, 0.0, pictures);
    Ok(())
}

/// 2: what the network sees of the recordings.
pub fn pictures(
    report: &mut Report,
    set: &Recordings,
    front_end: &FrontEnd,
    spectrograms: &[Array2<f32>],
) -> Result<(), Box<dyn Error>> {
    let config = front_end.config();
    say(
        report,
        &format!(
            "A mel spectrogram is a picture of sound: {} bands from bottom to top, spaced as the ear hears, \
             up to {:.0} Hz; a column every {:.1} ms; brightness is the level in dB below the loudest moment. \
             The first recording becomes {:?}. The networks see {} columns at a time, {:.1} s, as an array \
             {}: freq, time, and one channel, as a grey picture has one. The answer for a recording is the \
             mean over its segments.",
            config.n_mels,
            config.f_max_hz,
            1e3 * front_end.seconds(1),
            spectrograms[0].shape(),
            front_end.frames(),
            front_end.seconds(front_end.frames()),
            Show(&front_end.item_shape()),
        ),
    );
    report.paragraph(&format!(
        "Clips in this report are cut to {CLIP_S} s and at most {CLIP_RATE} Hz."
    ));
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
            let signal = recording.signal().map_err(|error| error.to_string())?;
            player(report, &recording.name, &signal, &[&picture])?;
        }
    }
    Ok(())
}

/// 3: standardisation.
pub fn standardisation(report: &mut Report, trials: &[Trial]) {
    say(
        report,
        "One fully connected network, one fold, the first segment of each recording; figures on validation \
         recordings. One mean and deviation per pixel suits photographs cut alike; in sound, where in an \
         excerpt something happens is chance, so one per band is enough and learns it from more numbers. \
         The last line lets the scaler see the validation recordings: whether it looks better or not, its \
         figure is worth nothing.",
    );
    crate::compare::print(trials);
    report.table(&HEADER, trials.iter().map(Trial::cells));
    let raw = trials[0].history.rows.last().map_or(f64::NAN, |row| row.loss);
    if (raw - std::f64::consts::LN_2).abs() < 0.01 {
        say(
            report,
            &format!(
                "On raw decibels the loss stays at {raw:.3}, which is ln 2: the network answers one half to \
                 everything. Inputs around -50 drove its units to where they have no slope."
            ),
        );
    }
}

/// 4: optimisers.
pub fn optimizers(report: &mut Report, optimizers: &[Trial]) {
    say(
        report,
        "The same network, start and batches; each optimiser with a usual learning rate, not a tuned one.",
    );
    crate::compare::print(optimizers);
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

/// 5: what the two networks are, before they are trained.
pub fn explain_networks(report: &mut Report, folds: usize) {
    say(
        report,
        &format!(
            "Both are chains of layers. The fully connected one has a weight for every pixel and must learn \
             anew, for each place in time, what a drum or a vowel looks like. The convolutional one slides \
             small filters over the picture: the same weights everywhere, so far fewer, and each pooling \
             keeps the strongest answer of four. Batch norm keeps the layers' inputs in one range; dropout \
             keeps units from relying on one another; training segments are cut at random places, which is \
             the simplest augmentation; batches hold as many recordings of either class. Five choices are \
             made before training: binary cross-entropy, Adam, accuracy, epochs and batch size. {folds} \
             fold(s); in each, a sixth of the training part tells when to stop."
        ),
    );
}

/// 5: how they learned on the first fold.
pub fn learning(report: &mut Report, runs: &[Run]) {
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
}

/// 7: the figures, beside baselines.
pub fn figures(
    report: &mut Report,
    set: &Recordings,
    runs: &[Run],
    chosen: &Run,
    baselines: &[(&str, Answers)],
    intervals: &Map<String, Value>,
) {
    let classes: Vec<usize> = set.list.iter().map(|recording| recording.class).collect();
    let asked = chosen.answers.scores.len();
    say(
        report,
        &format!(
            "{asked} of {} recordings were asked, each once, by a network that had not heard it nor any of \
             its group. {} was chosen by its validation loss; the test had no say in it. Accuracy is the \
             share answered rightly. Precision: of those called {first}, how many were. Recall: of the \
             {first}, how many were found. F1: their harmonic mean; macro F1: its mean over classes. \
             ROC-AUC: the chance that a random {first} scores higher than a random {second}; 0.5 is \
             guessing. One recording is worth {:.1} points. The interval is a 95 % bootstrap over groups: how \
             far the figure would move with other pieces of the same kind.",
            set.list.len(),
            chosen.name,
            100.0 / asked.max(1) as f64,
            first = set.classes[0],
            second = set.classes[1],
        ),
    );
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
        let cell = |metric: &&str| match figure(&metrics, metric) {
            x if x.is_nan() => String::from("-"),
            x => format!("{x:.3}"),
        };
        let mut row = vec![name.to_string()];
        row.extend(names.iter().map(cell));
        row.push(if name == chosen.name { interval("accuracy") } else { String::new() });
        rows.push(row);
    }
    let header = ["", "accuracy", "macro F1", "precision", "recall", "ROC-AUC", " 95 % of acc."];
    println!("  {}", header.map(|cell| format!("{cell:>13}")).concat());
    rows.iter().for_each(|row| {
        println!("  {}", row.iter().map(|cell| format!("{cell:>13}")).collect::<String>());
    });
    report.table(&header, &rows);
    let ours = figure(&chosen.metrics, "accuracy");
    for (name, answers) in baselines {
        let theirs = figure(&answers.metrics(&classes, &set.classes), "accuracy");
        if theirs > ours {
            say(
                report,
                &format!(
                    "Without a network, {name} scores {theirs:.3}, more than {}'s {ours:.3}.",
                    chosen.name
                ),
            );
        }
    }
    if ours == 1.0 {
        say(
            report,
            &format!(
                "No error in {asked} recordings does not mean that there are none: up to {:.1} % of errors would \
                 show none among so many in one case of twenty. A bootstrap of no errors cannot tell that.",
                100.0 * (1.0 - 0.05f64.powf(1.0 / asked as f64)),
            ),
        );
    }
    if baselines.iter().any(|(name, _)| *name == "group_lookup") {
        say(
            report,
            "group_lookup answers the class of the group, without listening, after a split that tears groups \
             apart: so much would be a gift of a careless split. Where every recording is a group of its \
             own, it can only guess.",
        );
    }

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

/// 8: a programme, what it was and what was heard.
pub fn label_track(
    report: &mut Report,
    programme: &Programme,
    heard: &[Heard],
    classes: &[String],
) -> Result<(), Box<dyn Error>> {
    let right = programme.share_right(heard, classes);
    say(
        report,
        &format!(
            "{} The label is right for {:.0} % of the time; always the same class would be right for {:.0} %. \
             Segment by segment is harder than file by file: there are no other segments to outvote a wrong \
             one, and a change within a segment belongs to both.",
            if programme.generated {
                "A generated programme in which music and speech alternate."
            } else {
                "Held-out recordings of the first fold in turns, labelled by that fold's network."
            },
            100.0 * right,
            100.0 * programme.share_of_larger(),
        ),
    );
    for segment in heard {
        println!("  {:>7.2} {:>7.2}  {}", segment.start_s, segment.end_s, segment.label);
    }
    let truth: Vec<Segment> = programme
        .parts
        .iter()
        .map(|part| Segment {
            start_s: part.start_s,
            end_s: part.end_s,
            class: part.class,
            label: &classes[part.class],
        })
        .collect();
    let heard: Vec<Segment> = heard
        .iter()
        .map(|part| Segment {
            start_s: part.start_s,
            end_s: part.end_s,
            class: classes.iter().position(|label| *label == part.label).unwrap_or(0),
            label: &part.label,
        })
        .collect();
    let picture = timeline(&Timeline {
        title: "Labels over time",
        duration_s: programme.sound.duration_s(),
        rows: &[("true", &truth), ("heard", &heard)],
        curve: ("", &[]),
    });
    report.paragraph("What it was, and what was heard.");
    player(report, "The beginning of the programme", &programme.sound, &[&picture])
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
        player(report, &label, &signal, &[])?;
    }
    Ok(())
}

/// One line per recording that was asked: path, truth, answer, a score for each class.
pub fn predictions(set: &Recordings, answers: &Answers) -> String {
    let row = |(&(i, score), answer): (&(usize, f64), usize)| Prediction {
        path: &set.list[i].name,
        truth: set.list[i].class,
        answer,
        scores: vec![score, 1.0 - score],
    };
    let rows: Vec<Prediction> = answers.scores.iter().zip(answers.predicted()).map(row).collect();
    dlmir_examples::predictions(&set.classes, &rows)
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
